"""Whose credential leaves: the person's own, untouched, or the organisation's; never both, never neither."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from mitmproxy import http

from ccgate.credentials import injection
from ccgate.credentials.sealed import WITHHELD
from ccgate.errors import Refusal

OWN = [(b"authorization", b"Bearer sk-own"), (b"X-Api-Key", b"own-key")]
OTHER = [(b"user-agent", b"claude-cli/2"), (b"x-app", b"cli"), (b"anthropic-beta", b"a,b")]


@given(st.permutations([*OWN, *OTHER]))
def test_pass_through_changes_nothing_on_the_wire(fields: list[tuple[bytes, bytes]]) -> None:
    """A person's own login reaches the provider byte for byte, in its place among the headers."""
    headers = injection.seal(fields)
    injection.pass_through(headers)
    assert bytes(headers) == bytes(http.Headers(fields))
    assert [v for n, v in headers.fields if n.lower() in (b"authorization", b"x-api-key")] == [WITHHELD] * 2


def test_pass_through_without_a_credential_says_what_to_set() -> None:
    """Who set the token alone would otherwise meet the provider's 401 and look in the wrong place."""
    with pytest.raises(Refusal) as refused:
        injection.pass_through(injection.seal(OTHER))
    assert refused.value.status == 401
    assert "ANTHROPIC_CUSTOM_HEADERS" in refused.value.message


@given(st.permutations([*OWN, *OTHER]), st.booleans())
def test_the_gateways_key_replaces_all_others(fields: list[tuple[bytes, bytes]], required: bool) -> None:
    """No credential of a client's leaves beside the organisation's, whichever header it came in."""
    wire = bytes(injection.replace(http.Headers(fields), "sk-org", required=required))
    assert wire.count(b"sk-org") == 1
    assert b"own" not in wire
    for name, value in OTHER:
        assert name + b": " + value in wire


def test_the_gateways_key_as_a_bearer() -> None:
    """The provider's OpenAI-compatible endpoint takes it in no other way; nobody who looks sees it."""
    headers = injection.replace(http.Headers([*OWN, *OTHER]), "sk-org", required=True, as_bearer=True)
    assert b"authorization: Bearer sk-org" in bytes(headers)
    assert b"own" not in bytes(headers)
    assert "sk-org" not in repr(headers) + str(headers.items())


def test_the_gateways_key_goes_where_it_is_needed() -> None:
    """Inference gets the key though the client sent none; a request that needs none is not given it."""
    assert b"sk-org" in bytes(injection.replace(http.Headers(OTHER), "sk-org", required=True))
    assert b"sk-org" not in bytes(injection.replace(http.Headers(OTHER), "sk-org", required=False))


def test_forgetting_leaves_nothing_to_find() -> None:
    """Once the request is out, its credential is in no object of the flow."""
    headers = injection.forget(injection.replace(http.Headers(OTHER), "sk-org", required=True))
    assert b"sk-org" not in bytes(headers)
    assert type(headers) is http.Headers
