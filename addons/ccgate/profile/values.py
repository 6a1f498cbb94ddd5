"""Texts with a meaning: the upstream's URL, host names, and where a credential comes from.

Pure functions from text to text in its one canonical form. Each raises ValueError with what is wrong
and the mend, and quotes a value only where it cannot be a secret.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from ccgate.profile.problems import looks_secret
from ccgate.profile.problems import shown

type Check = Callable[[str], str]
"""Text to its canonical form; raises ValueError with what is wrong and the mend."""

PORTS = {"https": 443, "http": 80}

PRIVATE_SUFFIXES = frozenset(
    {
        "localhost",
        "localdomain",
        "local",
        "internal",
        "intranet",
        "private",
        "corp",
        "home",
        "lan",
        "home.arpa",
    },
)
"""Names that never lead to the public internet (RFC 6761, RFC 6762 appendix G, RFC 8375)."""

_LOOPBACK_4 = ipaddress.IPv4Network("127.0.0.0/8")
_LOOPBACK_6 = ipaddress.IPv6Address("::1")

_LABEL = r"[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?"
_NAME = re.compile(rf"(?=.{{1,253}}\Z){_LABEL}(?:\.{_LABEL})*")
# The last label of an address in any of the notations that resolvers still read: 127.1, 0x7f.1, 2130706433.
_NUMERIC_END = re.compile(r"(?:.*\.)?(?:[0-9]+|0x[0-9a-f]*)")

_SOURCES: dict[str, tuple[str, str]] = {
    "env": (r"[A-Za-z_][A-Za-z0-9_]*", "env:NAME takes the name of an environment variable"),
    "file": (r"[^~].*|~/.+", "file:PATH takes the path of a file"),
    "keyring": (r"[^/]+/.+", "keyring:SERVICE/USER takes a service and a user"),
    "command": (r".+", "command:… takes a command line"),
}


@dataclass(frozen=True, slots=True)
class Upstream:
    """Where governed requests go. `host` is a lower-case name or an address without brackets."""

    scheme: str
    host: str
    port: int

    @property
    def url(self) -> str:
        """The URL without a path, the port only where it is not the scheme's own."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{self.scheme}://{host}" + ("" if self.port == PORTS[self.scheme] else f":{self.port}")

    @property
    def is_loopback(self) -> bool:
        """Whether it is on this machine: 127.0.0.0/8, ::1 or localhost."""
        if self.host == "localhost":
            return True
        address = _address(self.host)
        return address is not None and (address in _LOOPBACK_4 or address == _LOOPBACK_6)

    @classmethod
    def parse(cls, text: str) -> Upstream:
        """The upstream that a URL names.

        Raises:
            ValueError: it is not `https://HOST[:PORT]`, or `http://` for a loopback address.
        """
        form = "write https://HOST or https://HOST:PORT"
        try:
            parts = urlsplit(text)
            port = parts.port
        except ValueError:
            raise ValueError(f"is not a URL; {form}") from None
        if (
            not (text.isascii() and text.isprintable())
            or " " in text
            or "\\" in text
            or parts.scheme not in PORTS
            or not parts.hostname
        ):
            raise ValueError(f"is not a URL with https; {form}")
        if "@" in parts.netloc:
            raise ValueError("holds a user or a password; leave them out, see credential")
        if parts.path not in ("", "/") or "?" in text or "#" in text:
            raise ValueError(f"has a path, a query or a fragment; {form}, clients send the path")
        if parts.netloc.endswith(":") or port == 0:
            raise ValueError(f"has no valid port; {form}")
        address = _address(parts.hostname)
        host = str(address) if address else _name(parts.hostname)
        upstream = cls(parts.scheme, host, port or PORTS[parts.scheme])
        if upstream.scheme != "https" and not upstream.is_loopback:
            raise ValueError(
                "is plain http beyond this machine, anyone on the way could read it; write https://"
            )
        return upstream


def upstream_url(text: str) -> str:
    """An upstream's URL in canonical form; see `Upstream.parse`."""
    return Upstream.parse(text).url


def host_name(text: str) -> str:
    """A host's name, lower-case and without the final dot; no address, scheme, port, path or wildcard."""
    if "://" in text or "/" in text:
        raise ValueError(f"{shown(text)} is a URL; write the host's name alone")
    if "*" in text or "?" in text:
        raise ValueError(f"{shown(text)} has a wildcard; write each host's name")
    if _address(text.strip("[]")) or _NUMERIC_END.fullmatch(text.lower().rstrip(".")):
        raise ValueError(f"{shown(text)} is an address; write the host's name")
    if ":" in text:
        raise ValueError(f"{shown(text)} has a port; write the host's name alone")
    return _name(text)


def public_host_name(text: str) -> str:
    """A host's name that can lead to the public internet."""
    name = host_name(text)
    labels = name.split(".")
    if len(labels) == 1 or labels[-1] in PRIVATE_SUFFIXES or ".".join(labels[-2:]) in PRIVATE_SUFFIXES:
        raise ValueError(
            f"{shown(text)} is a loopback or private name, which clients may not reach; remove it"
        )
    return name


def credential_source(text: str) -> str:
    """Where a credential is read from: env:NAME, file:PATH, keyring:SERVICE/USER or command:…; never itself.

    The value is not quoted in any error, because a person may have pasted the credential.
    """
    scheme, colon, rest = text.partition(":")
    if not colon or scheme not in _SOURCES:
        raise ValueError("is not a source; write env:NAME or file:PATH, never the credential itself")
    pattern, mend = _SOURCES[scheme]
    if re.fullmatch(pattern, rest) is None or (scheme == "env" and looks_secret(rest)):
        raise ValueError(f"is not a source: {mend}, never the credential itself")
    return text


def placeholder_key_source(text: str) -> str:
    """Where the placeholder key is read from: env:NAME or file:PATH; never itself, and never quoted."""
    if text.partition(":")[0] not in ("env", "file"):
        raise ValueError("is not a source; write env:NAME or file:PATH, never the key itself")
    return credential_source(text)


def store(text: str) -> str:
    """Where the ledger is: `sqlite`, or env:NAME of a variable that holds a PostgreSQL URL."""
    if text == "sqlite" or re.fullmatch(f"env:(?:{_SOURCES['env'][0]})", text):
        return text
    raise ValueError("is neither sqlite nor env:NAME (a variable that holds the URL); write sqlite")


def anchored(source: str, folder: Path) -> str:
    """A source with a file's path made absolute: `~` is the home folder, else from `folder`.

    Raises:
        ValueError: there is no home folder.
    """
    scheme, _, path = source.partition(":")
    if scheme != "file":
        return source
    try:
        return f"file:{folder.absolute() / Path(path).expanduser()}"
    except RuntimeError:
        raise ValueError(
            "~ has no meaning here, this user has no home folder; write the whole path"
        ) from None


def _name(text: str) -> str:
    name = text.lower().removesuffix(".")
    if _NAME.fullmatch(name) is None or _NUMERIC_END.fullmatch(name):
        raise ValueError(f"{shown(text)} is not a host's name; write it in ASCII, like api.anthropic.com")
    return name


def _address(text: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    try:
        address = ipaddress.ip_address(text)
    except ValueError:
        return None
    return None if getattr(address, "scope_id", None) else address
