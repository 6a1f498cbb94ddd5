"""`start` and `web`: become mitmdump or mitmweb with ccgate in it.

Everything that a person can get wrong is looked at before, where one sentence can still say what to mend.
The process is then replaced, so that signals reach mitmproxy itself.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING
from typing import NoReturn

import click

from ccgate import launch
from ccgate import profile as profiles
from ccgate.admission import scope
from ccgate.admission.clients import ClientRegistry
from ccgate.database import open_database
from ccgate.errors import ConfigError
from ccgate.state import state_folder

if TYPE_CHECKING:
    from collections.abc import Callable

    from ccgate.profile import Profile
    from ccgate.state import StateFolder

PROXY_PORT = 8080
API_PORT = 8081
WEB_PORT = 8082
"""mitmweb's own default, 8081, is the API endpoint's."""

_EPILOG = "What stands after -- goes to mitmproxy as it is; options that would undo the gateway are refused."


def _options(command: Callable[..., None]) -> Callable[..., None]:
    """The options that `start` and `web` have in common."""
    port = click.IntRange(1, 65535)
    for decorate in (
        click.argument("extra", nargs=-1, type=click.UNPROCESSED, metavar="[-- MITMPROXY OPTIONS]"),
        click.option(
            "--api-port", type=port, default=API_PORT, show_default=True, help="Port of the endpoint."
        ),
        click.option(
            "--proxy-port", type=port, default=PROXY_PORT, show_default=True, help="Port of the proxy."
        ),
        click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on."),
        click.option(
            "--profile", default="", metavar="NAME-or-FILE", help="Policy; default: profiles/default.yaml."
        ),
    ):
        command = decorate(command)
    return command


@click.command(epilog=_EPILOG)
@_options
def start(profile: str, host: str, proxy_port: int, api_port: int, extra: tuple[str, ...]) -> None:
    """Forward proxy and API endpoint in one process, until it is stopped."""
    _become("mitmdump", profile, host, {"--proxy-port": proxy_port, "--api-port": api_port}, extra)


@click.command(epilog=_EPILOG)
@click.option(
    "--web-port",
    type=click.IntRange(1, 65535),
    default=WEB_PORT,
    show_default=True,
    help="Port of mitmweb's page, always on this machine.",
)
@_options
def web(
    profile: str, host: str, proxy_port: int, api_port: int, web_port: int, extra: tuple[str, ...]
) -> None:
    """The same as start, in mitmweb."""
    if "web_port" not in launch.set_names(extra) and "--web-port" not in extra:
        launch.check_port("127.0.0.1", web_port, "--web-port")
        extra = ("--set", f"web_port={web_port}", *extra)
    _become("mitmweb", profile, host, {"--proxy-port": proxy_port, "--api-port": api_port}, extra)


def _become(
    program: str, profile_name: str, host: str, ports: dict[str, int], extra: Sequence[str]
) -> NoReturn:
    if "ccgate_profile" in launch.set_names(extra):
        raise ConfigError("ccgate_profile stands after --; name the profile with --profile instead")
    profile = profiles.load(profiles.resolve(profile_name))
    if profile.admission.clients == "optional":
        scope.require_loopback(profile.path, [host])
    if len(set(ports.values())) < len(ports):
        raise ConfigError(f"{' and '.join(ports)} are the same port; choose two")
    for option, port in ports.items():
        launch.check_port(host, port, option)
    state = state_folder()
    arguments = launch.argv(profile, host, ports["--proxy-port"], ports["--api-port"], state, extra)
    click.echo(_welcome(profile, host, ports, state), err=True)
    # By way of the interpreter: a script's first line breaks when its folder was moved.
    script = Path(sys.executable).parent / program
    # -u: a log that goes to a file has to be there when it is looked at.
    os.execv(sys.executable, [sys.executable, "-Pu", str(script), *arguments])  # noqa: S606


def _welcome(profile: Profile, host: str, ports: dict[str, int], state: StateFolder) -> str:
    """What a person wants to know first, for the terminal."""
    ccgate = click.get_current_context().find_root().info_name
    shown = f"[{host}]" if ":" in host else host
    lines = [
        f"ccgate: profile {profile.path}, upstream {profile.upstream.url}",
        f"  forward proxy   http://{shown}:{ports['--proxy-port']}   (HTTPS_PROXY)",
        f"  API endpoint    http://{shown}:{ports['--api-port']}   (ANTHROPIC_BASE_URL)",
        f"  state           {state.root}",
    ]
    if not scope.listens_on_loopback(host):
        lines.append("  network         tokens cross it as plain text: use it inside a VPN, or behind TLS")
    if _has_clients(state):
        lines.append(f"  next            {ccgate} client env NAME   prints what a client sets")
    elif profile.admission.clients == "required":
        lines.append(f"  next            {ccgate} client add NAME   nobody gets in before that")
    lines.append("  stop            Ctrl-C")
    return "\n".join(lines)


def _has_clients(state: StateFolder) -> bool:
    """Whether anybody is admitted; a database that the gateway could not use ends the start here."""
    connection = open_database(state.database)
    try:
        return any(client.revoked_at is None for client in ClientRegistry(connection).list())
    finally:
        connection.close()
