"""The reader that loses nothing: it agrees with the standard library, and knows where each string stands."""

from __future__ import annotations

import json
import random
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ccgate.privacy import jsontext
from tests.privacy.requests import styles
from tests.privacy.requests import write

values = st.recursive(
    st.one_of(
        st.none(),
        st.text(alphabet=st.characters(), max_size=12),
        st.integers(),
        st.floats(allow_nan=False, allow_infinity=False),
    ),
    lambda inner: st.one_of(
        st.lists(inner, max_size=4), st.dictionaries(st.text(max_size=8), inner, max_size=4)
    ),
    max_leaves=20,
)


def strings(value: Any) -> Iterator[Any]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for key, member in value.items():
            yield key
            yield from strings(member)
    elif isinstance(value, list):
        for item in value:
            yield from strings(item)


def without_scalars(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: without_scalars(member) for key, member in value.items()}
    if isinstance(value, list):
        return [without_scalars(item) for item in value]
    return value if isinstance(value, str) else None


@given(values, styles)
def test_same_value_and_each_string_in_its_place(value: Any, style: random.Random | None) -> None:
    """An edit at a wrong place would tear a request apart."""
    text = write(value, style)
    read = jsontext.parse(text)
    assert read == without_scalars(json.loads(text))
    for string in strings(read):
        assert json.loads(text[string.start : string.end]) == string


@given(st.text(alphabet='{}[]",:\\u0aD8 1e-.tfnull'))
def test_no_more_and_no_less_than_json(text: str) -> None:
    """What one reader takes and another does not is where values slip through."""
    try:
        expected = json.loads(text, parse_constant=_refuse, object_pairs_hook=_once)
    except ValueError:
        with pytest.raises((jsontext.NotJson, jsontext.DuplicateKey)):
            jsontext.parse(text)
    else:
        assert jsontext.parse(text) == without_scalars(expected)


def _refuse(name: str) -> None:
    raise ValueError(name)


def _once(members: list[tuple[str, Any]]) -> dict[str, Any]:
    if len(dict(members)) < len(members):
        raise ValueError("twice")
    return dict(members)


@pytest.mark.parametrize(
    "text", ["NaN", "[1,]", "{,}", '{"a":1,}', "{1:2}", "01", "+1", "'a'", "\u0661", "", "nul"]
)
def test_near_misses(text: str) -> None:
    """Lenient readers exist; the provider's need not be one."""
    with pytest.raises(jsontext.NotJson):
        jsontext.parse(text)


def test_a_key_twice() -> None:
    """Also when it is written in two ways."""
    with pytest.raises(jsontext.DuplicateKey):
        jsontext.parse('{"a":1,"\\u0061":2}')


def test_not_utf_8() -> None:
    """Half a character is no text."""
    with pytest.raises(jsontext.NotJson):
        jsontext.text_of(b"\xff")
