"""From a profile and an address to the command line of mitmdump: what `run.sh start` is made of.

Pure but for the look at addresses and ports, so that a wrong one ends in a sentence instead of a log. What
the gateway sets itself, however it is started, is in `ccgate.options` and not repeated here.
"""

from __future__ import annotations

import errno
import socket
import sys
from collections.abc import Iterator
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from ccgate.errors import ConfigError

if TYPE_CHECKING:
    from ccgate.profile import Profile
    from ccgate.state import StateFolder

SCRIPT = Path(__file__).resolve().parent.parent / "gateway.py"
"""What mitmproxy loads."""


def argv(
    profile: Profile,
    host: str,
    proxy_port: int,
    api_port: int,
    state: StateFolder,
    extra: Sequence[str],
) -> list[str]:
    """The arguments for mitmdump or mitmweb, without the program's name; all paths are absolute.

    `extra` comes last. A setting that is also in `extra` is left to it, because mitmproxy refuses two
    values for one option.
    """
    settings = {
        "ccgate_profile": str(profile.path.absolute()),
        "confdir": str(state.ca),
        "listen_host": host,
        "onboarding": "false",  # it would hand out mitmproxy's own pages to anybody who asks for mitm.it
        "flow_detail": "0",
    }
    overridden = set(set_names(extra))
    arguments = ["-s", str(SCRIPT)]
    arguments += ["--mode", f"regular@{host}:{proxy_port}"]
    arguments += ["--mode", f"reverse:{profile.upstream.url}@{host}:{api_port}"]
    for name, value in settings.items():
        if name not in overridden:
            arguments += ["--set", f"{name}={value}"]
    return arguments + list(extra)


def set_names(arguments: Sequence[str]) -> Iterator[str]:
    """The options that mitmproxy's arguments set with `--set NAME=VALUE` or `--set=NAME=VALUE`."""
    for position, argument in enumerate(arguments):
        if argument == "--set" and position + 1 < len(arguments):
            yield arguments[position + 1].partition("=")[0]
        elif argument.startswith("--set="):
            yield argument.removeprefix("--set=").partition("=")[0]


def check_port(host: str, port: int, option: str) -> None:
    """Find out whether mitmproxy will be able to listen, before it is started.

    Raises:
        ConfigError: it will not; the message names the address, the cause and `option` as the mend.
    """
    shown = f"[{host}]:{port}" if ":" in host else f"{host or '*'}:{port}"
    for family, address in _addresses(host, port):
        with socket.socket(family, socket.SOCK_STREAM) as probe:
            # As asyncio does, or a port would seem taken for a minute after a restart.
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            if family == socket.AF_INET6:
                probe.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
            try:
                probe.bind((address, port))
                probe.listen(1)
            except OSError as e:
                raise ConfigError(f"{shown}: {why_not(e, port, option)}") from e


def why_not(error: OSError, port: int, option: str) -> str:
    """Why a port cannot be listened on, and the mend, for a person."""
    if error.errno == errno.EADDRINUSE:
        on_mac = sys.platform == "darwin"
        lister = f"lsof -nP -iTCP:{port} -sTCP:LISTEN" if on_mac else f"ss -ltnp sport = :{port}"
        return (
            "the port is in use, perhaps by a ccgate or mitmproxy that still runs "
            f"(`{lister}` shows by what); stop that, or choose another port with {option}"
        )
    if error.errno == errno.EADDRNOTAVAIL:
        return "this machine does not have that address; choose another with --host"
    if error.errno == errno.EACCES:
        return f"only root may listen there; choose a port above 1023 with {option}"
    return f"cannot listen there ({error.strerror}); choose another with --host or {option}"


def _addresses(host: str, port: int) -> list[tuple[socket.AddressFamily, str]]:
    try:
        found = socket.getaddrinfo(host or None, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
    except OSError as e:
        raise ConfigError(
            f"{host}: no address has that name ({e.strerror}); choose another with --host"
        ) from e
    return [(family, str(sockaddr[0])) for family, _, _, _, sockaddr in found]
