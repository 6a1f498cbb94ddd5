"""E-mail addresses of people in a text.

Looked for from each @ outwards, with C-speed searches in between, so that the time is linear in the text and
one without an @ costs nothing. An address is what RFC 5322 calls a dot-atom on both sides, and not all that
has an @ in it: no Git remote, no package with a version, no picture for a sharp screen, no code.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache

from ccgate.privacy.detection.words import words

_DOMAIN_PATTERN = r"@((?:[^\W_](?:[^\W_]|-){0,62}\.){1,8}(?:[^\W\d_]{2,24}|xn--[a-z0-9-]{2,40}))(?![\w(])"
_DOMAIN = re.compile(_DOMAIN_PATTERN, re.ASCII)
_WIDE_DOMAIN = re.compile(_DOMAIN_PATTERN)
_LOCAL_BACKWARDS = re.compile(r"[\w+](?:[\w.%+'&~-]{0,62}[\w+])?")
_ENCODED = re.compile(r".*%(?:3[ADad]|2[0-9A-Ca-c])")
_REMOTE = re.compile(r":[\w./~-]*[/.~][\w./~-]*")
_VERSION = re.compile(r"[0-9]+\.[0-9]")
_NOBODY = re.compile(r"(?:.*[.+_-])?(?:no-?reply|donotreply)(?:[.+_-].*)?")
_ESCAPE = re.compile(r"[nrt]|u[0-9a-fA-F]{4}|x[0-9a-fA-F]{2}")
_LONGEST_LOCAL = 64


def find(text: str) -> Iterator[tuple[int, int]]:
    """Where e-mail addresses of people stand, in order."""
    domain = (_DOMAIN if text.isascii() else _WIDE_DOMAIN).match
    backwards = _LOCAL_BACKWARDS.match
    at = text.find("@")
    while at >= 0:
        host = domain(text, at)
        if host is not None and (local := backwards(text[max(0, at - _LONGEST_LOCAL) : at][::-1])):
            start = at - local.end()
            if "%" in local[0] and (encoded := _ENCODED.match(text, start, at)):
                start = encoded.end()
            if text[start - 1 : start] == "\\" and (escape := _ESCAPE.match(text, start, at)):
                start = escape.end()  # in a text with escapes, such as source code or JSON in JSON
            if is_persons(text[start:at], host[1]) and _stands_alone(text, start, host.end()):
                yield start, host.end()
        at = text.find("@", at + 1)


def is_persons(local: str, host: str) -> bool:
    """Whether the parts before and after an @ may be a person's mailbox."""
    if not _host_counts(host.lower()):
        return False
    local = local.lower()
    return bool(local) and not (local in words("mailboxes") or local.isdigit() or _NOBODY.fullmatch(local))


def _stands_alone(text: str, start: int, end: int) -> bool:
    """Whether an address is no part of a URL, a package's name or a remote path (`user@host:path`)."""
    before = text[max(0, start - 3) : start]
    if before.endswith(("://", "@")):
        return False
    return text[end : end + 1] != ":" or _REMOTE.match(text, end, end + 80) is None


@lru_cache(maxsize=4096)
def _host_counts(host: str) -> bool:
    """Whether a host may have people's mailboxes: no file's name, no version, none made for documentation."""
    parts = host.split(".")
    if parts[-1] in words("endings") or _VERSION.match(host):
        return False
    names = words("domains")
    return not any(".".join(parts[index:]) in names for index in range(len(parts) - 1))
