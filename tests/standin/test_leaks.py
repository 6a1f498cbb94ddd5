"""A check for leaks that overlooks a form would let a gateway pass that leaks in that form."""

from __future__ import annotations

import base64
import json
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.standin.leaks import held
from tests.standin.leaks import leaked
from tests.standin.record import Recorded

VALUE = "maría@x.org/ä+"
OTHER = "nobody@y.org"


def request(body: bytes = b"{}", path: str = "/", headers: tuple[tuple[str, str], ...] = ()) -> Recorded:
    return Recorded("POST", path, list(headers), body)


@pytest.mark.parametrize(
    "text",
    [
        VALUE,
        json.dumps({"a": [VALUE]}),
        json.dumps({VALUE: 1}),
        json.dumps({"a": json.dumps({"b": json.dumps([VALUE])})}),
        quote(VALUE, safe=""),
        json.dumps({"url": "https://x/?" + quote(VALUE)}),
        VALUE.encode().hex(),
        json.dumps({"a": VALUE.encode().hex().upper()}),
    ],
    ids=["bytes", "json", "name", "nested", "percent", "percent in json", "hex", "hex in json"],
)
def test_every_form_is_read(text: str) -> None:
    assert held(text.encode(), [VALUE, OTHER]) == {VALUE}
    assert held(text.replace(VALUE[:3], "xyz").encode(), [OTHER]) == set()


@given(st.binary(max_size=9), st.binary(max_size=9), st.booleans())
def test_base64_is_read_wherever_the_value_lies_in_it(before: bytes, after: bytes, url: bool) -> None:
    """What stands before a value decides how its letters come out."""
    encode = base64.urlsafe_b64encode if url else base64.b64encode
    encoded = encode(before + VALUE.encode() + after).decode()
    assert held(json.dumps({"data": f"data:text/plain;base64,{encoded}"}).encode(), [VALUE]) == {VALUE}


def test_all_of_a_request_is_looked_at() -> None:
    """A name can leave in a header or in a path as well."""
    for one in (
        request(body=json.dumps({"x": VALUE}).encode()),
        request(path="/v1/x?who=" + quote(VALUE)),
        request(headers=(("x-who", quote(VALUE)),)),
    ):
        assert leaked(one, [VALUE, OTHER]) == {VALUE}
    assert leaked(request(), [VALUE]) == set()
