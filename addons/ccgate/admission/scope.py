"""Where may it go: which hosts the forward proxy reaches, and which addresses never.

The list of the profile decides; a name that is not on it is refused, whatever it is. An address is
refused in every notation that some resolver still reads, because a list of names says nothing about
addresses. The one exception is the configured upstream, which the operator may put anywhere.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Collection
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING
from typing import Literal

from ccgate.errors import ConfigError
from ccgate.errors import Refusal

if TYPE_CHECKING:
    from ccgate.profile import Upstream

Decision = Literal["govern", "tunnel"]

HTTPS_PORT = 443

_LABEL = r"[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?"
_NAME = re.compile(rf"(?=.{{1,253}}\Z){_LABEL}(?:\.{_LABEL})*")
# As browsers decide it (https://url.spec.whatwg.org/#ends-in-a-number-checker): a host whose last label is a
# number is an IPv4 address or nothing, so 127.1, 0177.0.0.1, 0x7f.1 and 2130706433 all are.
_NUMERIC_END = re.compile(r"(?:.*\.)?(?:[0-9]+|0x[0-9a-f]*)")
_LOCAL_NAME = re.compile(r"(?:.*\.)?(?:localhost|localdomain|local|internal)")

_GLOBAL_UNICAST = ipaddress.IPv6Network("2000::/3")
_NAT64 = ipaddress.IPv6Network("64:ff9b::/96")

IPAddress = ipaddress.IPv4Address | ipaddress.IPv6Address


def connect_decision(
    host: str,
    port: int,
    govern: Collection[str],
    tunnel: Collection[str],
    upstream: Upstream,
) -> Decision:
    """What happens to a connection to this host and port; the lists hold names as the profile does.

    Raises:
        Refusal: 403; it may not be reached. The message names the key of the profile that would allow it.
    """
    name = _canonical(host)
    if port == upstream.port and name == upstream.host:
        return "govern"
    if _is_address(name):
        raise Refusal(403, f"{_shown(host)} is an address; clients reach hosts by name, and only listed ones")
    if _NAME.fullmatch(name) is None:
        raise Refusal(403, f"{_shown(host)} is not a host's name")
    if _LOCAL_NAME.fullmatch(name):
        raise Refusal(403, f"{name} is a loopback or private name, which clients may not reach")
    if name not in govern and name not in tunnel:
        raise Refusal(
            403,
            f"{name} may not be reached through this gateway; its operator can add it to "
            "admission.hosts.tunnel in the profile",
        )
    if port != HTTPS_PORT:
        raise Refusal(
            403,
            f"{name} may be reached on port {HTTPS_PORT} alone, not {port}; another port is for the "
            "profile's upstream",
        )
    return "govern" if name in govern else "tunnel"


def is_forbidden_address(ip: str) -> bool:
    """Whether a name must not lead to this address: anything but a public unicast one.

    That covers loopback, private, link-local, shared (CGNAT), multicast and reserved ranges, also where an
    IPv4 address hides in an IPv6 one (mapped, NAT64, 6to4). What cannot be read is forbidden.
    """
    try:
        address: IPAddress = ipaddress.ip_address(ip)
    except ValueError:
        return True
    if isinstance(address, ipaddress.IPv4Address):
        return _is_forbidden_4(address)
    if address.scope_id is not None:
        return True
    if address.ipv4_mapped is not None:
        return _is_forbidden_4(address.ipv4_mapped)
    if address in _NAT64:
        return _is_forbidden_4(_last_32_bits(address))
    if address.sixtofour is not None:
        return _is_forbidden_4(address.sixtofour)
    return address not in _GLOBAL_UNICAST or not address.is_global


def require_loopback(profile: Path, hosts: Iterable[str]) -> None:
    """Refuse to listen where strangers could call while clients are optional; "" means all addresses.

    Raises:
        ConfigError: one of the addresses is not of this machine alone.
    """
    beyond = sorted(host or "all addresses" for host in hosts if not listens_on_loopback(host))
    if beyond:
        raise ConfigError(
            f"{profile}: admission.clients: optional, while listening on {', '.join(beyond)}, would let "
            "anybody in; use required, or listen on 127.0.0.1"
        )


def listens_on_loopback(host: str) -> bool:
    """Whether a listener on this host can be reached from this machine alone; in doubt, no."""
    if host.lower() == "localhost":
        return True
    try:
        address = ipaddress.ip_address(host.removeprefix("[").removesuffix("]"))
    except ValueError:
        return False
    if isinstance(address, ipaddress.IPv6Address) and address.ipv4_mapped is not None:
        address = address.ipv4_mapped
    return address.is_loopback


def _canonical(host: str) -> str:
    """The host as profiles write it: a lower-case name without the final dot, an address without brackets.

    What is neither comes back as it is, and matches nothing.
    """
    lower = host.lower() if host.isascii() else host
    if lower.startswith("[") and lower.endswith("]"):
        lower = lower[1:-1]
        return _plain_address(lower) or host
    return _plain_address(lower) or lower.removesuffix(".")


def _plain_address(text: str) -> str | None:
    """An address in its usual notation, brought into its shortest form; None for anything else."""
    try:
        return str(ipaddress.ip_address(text))
    except ValueError:
        return None


def _is_address(name: str) -> bool:
    return ":" in name or "%" in name or _NUMERIC_END.fullmatch(name) is not None


def _is_forbidden_4(address: ipaddress.IPv4Address) -> bool:
    return not address.is_global or address.is_multicast


def _last_32_bits(address: ipaddress.IPv6Address) -> ipaddress.IPv4Address:
    return ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)


def _shown(host: str) -> str:
    """A host in a message: escaped and short, because the client chose it."""
    return ascii(host[:100])
