"""A client's token: random enough, recognised exactly, and never kept in clear."""

from __future__ import annotations

import base64
import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ccgate.admission import tokens


def test_a_token_holds_256_random_bits_behind_its_prefix() -> None:
    """Fewer than 192 could be guessed by someone with time."""
    token = tokens.new_token()
    assert token.startswith(tokens.TOKEN_PREFIX)
    assert len(base64.urlsafe_b64decode(token.removeprefix("ccg_") + "=")) == 32
    assert len({tokens.new_token() for _ in range(1000)}) == 1000


def test_every_new_token_is_recognised() -> None:
    """A token that its own gateway does not recognise locks its client out, once in a while."""
    assert all(tokens.looks_like_token(tokens.new_token()) for _ in range(1000))


@pytest.mark.parametrize(
    "text",
    [
        "",
        "ccg_",
        "ccg_" + "a" * 42,
        "ccg_" + "a" * 44,
        "CCG_" + "a" * 43,
        "xccg_" + "a" * 43,
        "ccg_" + "a" * 43 + "\n",
        " ccg_" + "a" * 43,
        "ccg_" + "ä" * 43,
        "ccg_" + "a" * 42 + "=",
        "ccg_" * 10**6,
    ],
)
def test_anything_else_is_not(text: str) -> None:
    """What is not a token is refused before the database is asked."""
    assert not tokens.looks_like_token(text)


def test_what_is_kept_of_a_token_is_its_sha256() -> None:
    """The hash is in people's databases: another one would lock every client out."""
    token = "ccg_" + "a" * 43
    assert tokens.hash_token(token) == hashlib.sha256(token.encode()).digest()


@given(st.text())
def test_hashing_takes_any_text(text: str) -> None:
    """A header decodes to any text at all, and none may break the look-up."""
    assert len(tokens.hash_token(text)) == 32
    assert len(tokens.hash_token("\udc80")) == 32
