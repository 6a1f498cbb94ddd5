"""A client's token: how one is made, recognised and kept.

A token is `ccg_` and 32 random bytes as base64url, 47 characters in all. The prefix lets people, secret
scanners and ccgate itself recognise one wherever it turns up.
"""

from __future__ import annotations

import hashlib
import re
import secrets

TOKEN_PREFIX = "ccg_"  # noqa: S105 - it begins every token and is part of none

TOKEN_SHAPE = TOKEN_PREFIX + "[A-Za-z0-9_-]{43}"
"""A token as a regular expression."""

_RANDOM_BYTES = 32
_WHOLE = re.compile(TOKEN_SHAPE)


def new_token() -> str:
    """A new token with 256 random bits."""
    return TOKEN_PREFIX + secrets.token_urlsafe(_RANDOM_BYTES)


def hash_token(token: str) -> bytes:
    """What is kept of a token: its SHA-256, 32 bytes.

    A slow, salted hash protects what people think up. 256 random bits cannot be guessed, however fast
    the hash is, and each request needs it.
    """
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).digest()


def looks_like_token(text: str) -> bool:
    """Whether the text has a token's exact shape; costs the same for a text of any length."""
    return _WHOLE.fullmatch(text) is not None
