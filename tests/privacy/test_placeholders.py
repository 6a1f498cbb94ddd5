"""Placeholders: one for each value, found wherever they stand, and telling nothing but a kind."""

from __future__ import annotations

import html
import json
import shlex
import urllib.parse

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ccgate.privacy.placeholders import ALPHABET
from ccgate.privacy.placeholders import CATEGORIES
from ccgate.privacy.placeholders import KINDS
from ccgate.privacy.placeholders import LONGEST
from ccgate.privacy.placeholders import PATTERN
from ccgate.privacy.placeholders import Category
from ccgate.privacy.placeholders import Minter
from ccgate.privacy.placeholders import is_placeholder
from ccgate.privacy.placeholders import keyed_letters
from ccgate.privacy.placeholders import kind_of

MINTER = Minter(b"k" * 32)
ONE_OF_EACH = [
    *((c, "alice") for c in CATEGORIES),
    ("secret", "-----BEGIN PRIVATE KEY-----"),
    ("secret", "eyJhbGciOi.eyJzdWIi.c2ln"),
    ("secret", "AKIAIOSFODNN7EXAMPLE"),
    ("secret", "postgres://u:p@h/d"),
    ("secret", "ghp_0123456789"),
    ("secret", "sk-ant-0123456789"),
]
EACH = [MINTER.mint(category, value) for category, value in ONE_OF_EACH]  # type: ignore[arg-type]

categories = st.sampled_from(CATEGORIES)
values = st.text(alphabet=st.characters(), max_size=40)
placeholders = st.builds(MINTER.mint, categories, values)
anything = st.one_of(
    st.text(max_size=30),
    st.text(alphabet=ALPHABET, max_size=30),
    st.lists(st.sampled_from([*(p[:-n] for p in EACH for n in (1, 5, 21)), "REDACTED_", "redacted"])).map(
        "".join
    ),
)


def test_one_of_each_kind() -> None:
    """Every kind that a placeholder can name is tried by the tests below."""
    assert {kind_of(value) for category, value in ONE_OF_EACH if category == "secret"} == set(KINDS)


@given(categories, values, categories, values)
def test_one_value_is_one_placeholder(c: Category, v: str, other_c: Category, other_v: str) -> None:
    """Two values that became one could not be told apart on the way back."""
    assert (MINTER.mint(c, v) == MINTER.mint(other_c, other_v)) == ((c, v) == (other_c, other_v))
    assert MINTER.mint(c, v) == Minter(b"k" * 32).mint(c, v)
    assert MINTER.mint(c, v) != Minter(b"o" * 32).mint(c, v)


@given(st.sampled_from(EACH), anything, anything)
def test_found_in_any_text(placeholder: str, before: str, after: str) -> None:
    """Neither what stands before it, be it the beginning of another, nor what follows hides one."""
    found = PATTERN.findall(before + placeholder + after)
    assert placeholder in found


@given(placeholders)
def test_shape(placeholder: str) -> None:
    """A fixed length keeps what a client holds back short, and ASCII survives what tools do to it."""
    assert is_placeholder(placeholder)
    assert not is_placeholder(placeholder[:-1])
    assert not is_placeholder(placeholder + "x")
    assert len(placeholder) <= LONGEST
    for survives in (
        json.dumps(placeholder)[1:-1],
        shlex.quote(placeholder),
        urllib.parse.quote(placeholder, safe="@"),
        html.escape(placeholder),
    ):
        assert survives == placeholder


@given(st.sampled_from(EACH), st.sampled_from(EACH))
def test_none_holds_another(one: str, other: str) -> None:
    """A replacement within a replacement would leave half a placeholder."""
    assert (one in other) == (one == other)
    assert PATTERN.findall(one) == [one]


def test_longest_is_one_that_exists() -> None:
    """What restores holds back no more than it must."""
    assert max(map(len, EACH)) == LONGEST


def test_fixed_length_per_kind() -> None:
    """The length of a value does not show."""
    for category in CATEGORIES:
        assert len({len(MINTER.mint(category, "x" * n)) for n in range(50)}) == 1


@pytest.mark.parametrize("place", ["/home/{}/work", "C:\\Users\\{}\\x", "-home-{}-work", "{}@host", "~{}"])
def test_a_homes_name_has_letters_and_digits_alone(place: str) -> None:
    """The client makes slugs of paths, in which every other character becomes a dash."""
    name = MINTER.mint("home", "alice")
    assert name.isalnum()
    assert PATTERN.findall(place.format(name)) == [name]


def test_an_address_stays_an_address() -> None:
    """The model and its tools read what it stands for by its form; `.invalid` never resolves (RFC 2606)."""
    assert MINTER.mint("email", "alice@corp.example").endswith("@redacted.invalid")
    assert MINTER.mint("network", "10.0.0.1").endswith(".invalid")


def test_the_kind_is_the_values_own() -> None:
    """A password that is found once in a URL and once in a `.env` stays one value in the model's eyes."""
    assert kind_of("hunter2") == "SECRET"
    assert kind_of("ghp_0123456789abcdef") == "TOKEN"


def test_letters_are_the_hash() -> None:
    """Other placeholders than yesterday's would cost every conversation its cache."""
    assert MINTER.mint("home", "alice") == "redacteduser" + keyed_letters(b"k" * 32, "home", "alice", 20)
    assert len(set(ALPHABET)) == 32
    assert "r" not in ALPHABET
    assert MINTER.mint("home", "alice") == "redacteduser" + FROZEN


def test_the_key_does_not_show() -> None:
    """A minter is held by what gets printed in a traceback."""
    assert "kkkk" not in repr(MINTER)


FROZEN = "vjhhij3pyndu65v8mcb8"
