"""The texts that stand for what was redacted.

A placeholder is a keyed hash of category and value, so one value is one placeholder in every turn, session
and instance with the same key, and nobody without the key can try values against it. Its visible kind is
read from the value alone, never from the rule or the place that found it, because the same password in a
`.env` and in a URL must not become two: what stands around a password says already that it is one.

The hash is 20 letters of an alphabet without `r`, so no placeholder can begin within another's hash:
`PATTERN` finds each one in any surrounding text, whatever stands before it or after it.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
from collections.abc import Mapping
from typing import Literal
from typing import get_args

Category = Literal["secret", "email", "home", "network", "term"]
"""What a redacted value is; decides where it is restored."""

CATEGORIES: tuple[Category, ...] = get_args(Category)

HASH_LENGTH = 20
"""Letters of a placeholder's hash, 5 bits each: 100 bits."""

ALPHABET = "abcdefghijklmnopq8stuvwxyz234567"
"""RFC 4648's base 32 in lower case, with `8` for `r`."""

_SHAPES: tuple[tuple[str, re.Pattern[str]], ...] = (
    ("PRIVATE_KEY", re.compile(r"-----BEGIN ")),
    ("JWT", re.compile(r"ey[JKL][A-Za-z0-9_-]+\.ey[A-Za-z0-9_-]+\.")),
    ("CLOUD_KEY", re.compile(r"(?:AKIA|ASIA|ABIA|ACCA|AIza|LTAI|AKID)[A-Za-z0-9_-]{12}")),
    ("CONNECTION_SECRET", re.compile(r"[A-Za-z][A-Za-z0-9+.-]*://")),
    (
        "TOKEN",
        re.compile(
            r"(?:gh[opusr]_|github_pat_|gl[a-z]{2,5}-|xox[a-z]-|xapp-|npm_|pypi-|hf_|ya29\.|dop_v1_|dckr_pat_|hvs\.)"
        ),
    ),
    ("API_KEY", re.compile(r"(?:sk|pk|rk|ak|api|key|whsec|SG|ccg)[-_.][A-Za-z0-9]")),
)
"""Kind → what a value of that kind begins with; the first that fits counts."""

KINDS: tuple[str, ...] = (*(kind for kind, _ in _SHAPES), "SECRET")
"""What a secret's placeholder can say of it. SECRET: the value itself does not tell."""

_HASH = f"[{ALPHABET}]{{{HASH_LENGTH}}}"

PATTERN: re.Pattern[str] = re.compile(
    rf"REDACTED_(?:{'|'.join(KINDS)}|TERM)_{_HASH}"
    rf"|redacted-email-{_HASH}@redacted\.invalid"
    rf"|redacted-host-{_HASH}\.invalid"
    rf"|redacteduser{_HASH}"
)
"""Matches each placeholder, wherever it stands, and nothing else."""

_FORMS: Mapping[Category, tuple[str, str]] = {
    "email": ("redacted-email-", "@redacted.invalid"),
    "home": ("redacteduser", ""),
    "network": ("redacted-host-", ".invalid"),
    "term": ("REDACTED_TERM_", ""),
}
"""Category → what stands before and after the hash. `redacteduser` has letters and digits alone, so that it
is the same in `/home/x`, in `C:\\Users\\x` and in the client's slug `-home-x-`."""

LONGEST = HASH_LENGTH + max(
    *(len(f"REDACTED_{kind}_") for kind in KINDS), *(len(before + after) for before, after in _FORMS.values())
)
"""No placeholder has more characters than this."""

_TO_ALPHABET = str.maketrans("ABCDEFGHIJKLMNOPQRSTUVWXYZ", ALPHABET[:26])


def is_placeholder(text: str) -> bool:
    """Whether a text is one placeholder and nothing more."""
    return PATTERN.fullmatch(text) is not None


def kind_of(value: str) -> str:
    """The member of `KINDS` that a secret's own beginning tells."""
    return next((kind for kind, shape in _SHAPES if shape.match(value)), "SECRET")


def keyed_letters(key: bytes, purpose: str, value: str, length: int) -> str:
    """HMAC-SHA256 of a purpose and a value, as `length` letters of `ALPHABET` (at most 48)."""
    message = f"ccgate 1\0{purpose}\0{value}".encode("utf-8", "surrogatepass")
    digest = hmac.digest(key, message, hashlib.sha256)
    enough = digest[: (length + 7) // 8 * 5]
    return base64.b32encode(enough).decode("ascii")[:length].translate(_TO_ALPHABET)


class Minter:
    """Makes placeholders with one key."""

    def __init__(self, key: bytes) -> None:
        self._key = key

    def mint(self, category: Category, value: str) -> str:
        """The placeholder of a value: ASCII, and as long as all others of its kind."""
        letters = keyed_letters(self._key, category, value, HASH_LENGTH)
        if category == "secret":
            return f"REDACTED_{kind_of(value)}_{letters}"
        before, after = _FORMS[category]
        return f"{before}{letters}{after}"
