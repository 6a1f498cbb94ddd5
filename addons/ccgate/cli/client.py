"""`client`: who may come in. Adds, lists, revokes and rotates, and says what a client has to set.

stdout carries the data alone, so that it can be piped; everything said to a person goes to stderr.
"""

from __future__ import annotations

import csv
import io
import json
import re
import sys
from collections.abc import Callable
from collections.abc import Iterable
from collections.abc import Iterator
from contextlib import closing
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Literal

import click

from ccgate.admission.clients import ClientRecord
from ccgate.admission.clients import ClientRegistry
from ccgate.admission.scope import listens_on_loopback
from ccgate.cli import client_env
from ccgate.cli.client_env import Gateway
from ccgate.cli.client_env import Way
from ccgate.database import open_database
from ccgate.errors import OperatorError
from ccgate.state import state_folder

LIST_COLUMNS = ("name", "owner", "state", "created_at", "rotated_at", "revoked_at")

_HOST = re.compile(r"[A-Za-z0-9._-]+|\[?[0-9A-Fa-f:.]*:[0-9A-Fa-f:.]*\]?")
_UNSPECIFIED = ("0.0.0.0", "::", "[::]")  # noqa: S104 - refused, not bound


def _check_host(_context: click.Context, _option: click.Parameter, host: str) -> str:
    if _HOST.fullmatch(host) is None or host in _UNSPECIFIED:
        raise click.BadParameter("give the name or address by which clients reach the gateway")
    return host.removeprefix("[").removesuffix("]")


def _gateway_options(command: Callable[..., None]) -> Callable[..., None]:
    """The options that say where the gateway is, and by which profile it works."""
    port = click.IntRange(1, 65535)
    for decorate in (
        click.option("--profile", default="", metavar="NAME-or-FILE", help="The gateway's profile."),
        click.option("--api-port", type=port, default=8081, show_default=True, help="Port of the endpoint."),
        click.option("--proxy-port", type=port, default=8080, show_default=True, help="Port of the proxy."),
        click.option(
            "--host",
            default="127.0.0.1",
            show_default=True,
            callback=_check_host,
            help="The gateway, as the client reaches it.",
        ),
    ):
        command = decorate(command)
    return command


@click.group()
def client() -> None:
    """Who may come in: clients, their owners and tokens."""


@client.command()
@click.argument("name")
@click.option("--owner", help="Person or team that the costs are booked to; default: NAME.")
@_gateway_options
def add(name: str, owner: str | None, host: str, proxy_port: int, api_port: int, profile: str) -> None:
    """Add a client, and print its token, once."""
    gateway = _gateway(host, proxy_port, api_port, profile)
    with _registry() as registry:
        token = registry.add(name, name if owner is None else owner)
    _hand_out(name, token, gateway)


@client.command("list")
@click.option("--format", "form", type=click.Choice(["table", "json", "csv"]), default="table")
def list_clients(form: str) -> None:
    """List all clients, those revoked included."""
    with _registry() as registry:
        records = registry.list()
    rows = [_row(record) for record in records]
    if form == "json":
        click.echo(json.dumps([dict(zip(LIST_COLUMNS, row, strict=True)) for row in rows], indent=2))
    elif form == "csv":
        click.echo(_csv(LIST_COLUMNS, [[cell or "" for cell in row] for row in rows]), nl=False)
    elif not rows:
        click.echo(f"no clients yet; `{_program()} client add NAME` adds one", err=True)
    else:
        _table(records)


@client.command()
@click.argument("name")
def revoke(name: str) -> None:
    """Let a client in no more, at once."""
    with _registry() as registry:
        was_active = registry.revoke(name)
    said = "is revoked; its token is bad from now on" if was_active else "was revoked before"
    click.echo(f"{name} {said}", err=True)


@client.command()
@click.argument("name")
@click.option("--readmit", is_flag=True, help="Let a revoked client in again.")
@_gateway_options
def rotate(name: str, readmit: bool, host: str, proxy_port: int, api_port: int, profile: str) -> None:
    """Replace a client's token, and print the new one, once."""
    gateway = _gateway(host, proxy_port, api_port, profile)
    with _registry() as registry:
        token = registry.rotate(name, readmit=readmit)
    _hand_out(name, token, gateway)


@client.command(short_help="Print what a client has to set, for both ways in.")
@click.argument("name")
@click.option("--token", envvar="CCGATE_TOKEN", show_envvar=True, help="The client's token.")
@click.option("--way", type=click.Choice(["proxy", "api"]), help="One of the two ways alone.")
@click.option("--format", "form", type=click.Choice(["shell", "json"]), default="shell", show_default=True)
@_gateway_options
def env(
    name: str,
    token: str | None,
    way: Way | None,
    form: Literal["shell", "json"],
    host: str,
    proxy_port: int,
    api_port: int,
    profile: str,
) -> None:
    """Print what a client has to set, for both ways in: exports, and the settings.json `env` block."""
    gateway = _gateway(host, proxy_port, api_port, profile)
    with _registry() as registry:
        _check_usable(registry, name, token)
    ways = _ways(name, token or client_env.PLACEHOLDER, gateway, way)
    click.echo(client_env.as_json(ways) if form == "json" else client_env.as_shell(ways))
    if not token:
        click.echo(
            f"{client_env.PLACEHOLDER} stands for the token, of which only a hash is kept: put it in, give "
            f"it as CCGATE_TOKEN, or get a new one by `{_program()} client rotate {name}`",
            err=True,
        )
    _note_certificate(gateway, ways)


@client.command("import", short_help="Add all clients of a file, and print their tokens, once.")
@click.argument("file", type=click.Path(path_type=Path))
def import_file(file: Path) -> None:
    """Add all clients of a CSV, JSON or YAML file or none, and print their tokens, once, as CSV."""
    # Here, because the other commands do without YAML.
    from ccgate.cli import client_file

    clients = client_file.read_clients(file)
    with _registry() as registry:
        issued = registry.import_clients(clients)
    click.echo(_csv(("name", "token"), [(each.name, each.token) for each in issued]), nl=False)
    click.echo(f"{len(issued)} added; these tokens are shown this once", err=True)


@contextmanager
def _registry() -> Iterator[ClientRegistry]:
    with closing(open_database(state_folder().database)) as connection:
        yield ClientRegistry(connection)


def _gateway(host: str, proxy_port: int, api_port: int, profile: str) -> Gateway:
    # Here, because `list` and `revoke` do without a profile, and should work when it is broken.
    from ccgate import profile as profiles

    chosen = profiles.load(profiles.resolve(profile))
    own_login = chosen.credential.kind == "pass-through"
    return Gateway(host, proxy_port, api_port, state_folder().ca_certificate, own_login)


def _ways(name: str, token: str, gateway: Gateway, way: Way | None = None) -> dict[Way, dict[str, str]]:
    chosen: tuple[Way, ...] = ("proxy", "api") if way is None else (way,)
    return {each: client_env.variables(each, name, token, gateway) for each in chosen}


def _hand_out(name: str, token: str, gateway: Gateway) -> None:
    """Show a new token: on stdout alone, unless a person looks at both."""
    click.echo(token)
    watched = sys.stdout.isatty() and sys.stderr.isatty()
    ways = _ways(name, token if watched else client_env.PLACEHOLDER, gateway)
    click.echo(f"This is the token of {name}, shown this once. Its machine sets:\n", err=True)
    click.echo(client_env.as_shell(ways), err=True)
    _note_certificate(gateway, ways)


def _note_certificate(gateway: Gateway, ways: Iterable[Way]) -> None:
    """Say what is not seen from the variables: the certificate may not be there, or not yet."""
    if "proxy" not in ways:
        return
    if not gateway.ca_certificate.exists():
        click.echo(f"{gateway.ca_certificate} is made when the gateway starts for the first time", err=True)
    if not listens_on_loopback(gateway.host):
        click.echo(
            f"Copy {gateway.ca_certificate} to the client's machine, and name it in NODE_EXTRA_CA_CERTS",
            err=True,
        )


def _check_usable(registry: ClientRegistry, name: str, token: str | None) -> None:
    """Refuse to print what would not let the client in."""
    if registry.get(name).revoked_at is not None:
        raise OperatorError(
            f"{name} is revoked; `client rotate --readmit {name}` lets it in again with a new token"
        )
    if token and registry.by_name_and_token(name, token) is None:
        raise OperatorError(f"this is not the token of {name}; `client rotate {name}` gives it a new one")


def _row(record: ClientRecord) -> tuple[str | None, ...]:
    times = (record.created_at, record.rotated_at, record.revoked_at)
    state = "active" if record.revoked_at is None else "revoked"
    return (record.name, record.owner, state, *(time.isoformat() if time else None for time in times))


def _csv(columns: Iterable[str], rows: Iterable[Iterable[str]]) -> str:
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(columns)
    writer.writerows(rows)
    return text.getvalue()


def _table(records: Iterable[ClientRecord]) -> None:
    # Here, because only a table needs it.
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    table = Table("client", "owner", "state", "added", "token since", box=None, pad_edge=False)
    for record in records:
        since = "" if record.revoked_at else _day(record.rotated_at or record.created_at)
        state = f"revoked {_day(record.revoked_at)}" if record.revoked_at else "active"
        cells = (record.name, record.owner, state, _day(record.created_at), since)
        # As Text, because a name may hold what rich takes for markup.
        table.add_row(*map(Text, cells))
    console = Console()
    if not console.is_terminal:
        console.width = 240  # more than the longest row, so that nothing is cut in a file
    console.print(table)


def _day(time: datetime) -> str:
    return f"{time:%Y-%m-%d}"


def _program() -> str:
    return click.get_current_context().find_root().info_name or "ccgate"
