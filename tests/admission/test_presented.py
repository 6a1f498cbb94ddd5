"""Which headers are ours and are stripped, which are the client's own and are left alone."""

from __future__ import annotations

import base64

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ccgate.admission import presented
from ccgate.admission.presented import Presented
from ccgate.admission.presented import PresentedToken
from ccgate.admission.presented import contains_token
from ccgate.admission.presented import present
from ccgate.admission.tokens import new_token
from ccgate.errors import Refusal

TOKEN = "ccg_" + "Az09_-" * 7 + "x"
OTHER = "ccg_" + "b" * 43
OWN = b"Bearer sk-ant-oat01-own"


def basic(text: str) -> bytes:
    return b"Basic " + base64.b64encode(text.encode())


def refused(*fields: tuple[bytes, bytes]) -> str:
    with pytest.raises(Refusal) as caught:
        present(fields)
    assert caught.value.status == 401
    assert TOKEN not in caught.value.message
    return caught.value.message


def test_without_any_of_the_headers_nothing_is_presented() -> None:
    """Telemetry of an anonymous client carries none of them."""
    assert present([(b"host", b"api.anthropic.com"), (b"user-agent", b"x")]) == Presented()
    assert Presented().token is None


@pytest.mark.parametrize(
    ("field", "name", "header"),
    [
        ((b"proxy-authorization", basic(f"laptop:{TOKEN}")), "laptop", "proxy-authorization"),
        (
            (b"Proxy-Authorization", b"bAsIc  " + basic(f"laptop:{TOKEN}")[6:]),
            "laptop",
            "proxy-authorization",
        ),
        ((b"Proxy-Authorization", basic(f"laptop:{TOKEN}").rstrip(b"=")), "laptop", "proxy-authorization"),
        ((b"proxy-authorization", basic(f":{TOKEN}")), None, "proxy-authorization"),
        ((b"proxy-authorization", f"Bearer {TOKEN}".encode()), None, "proxy-authorization"),
        ((b"PROXY-AUTHORIZATION", f" bearer \t {TOKEN} ".encode()), None, "proxy-authorization"),
        ((b"authorization", f"Bearer {TOKEN}".encode()), None, "authorization"),
        ((b"Authorization", f"BEARER\t{TOKEN}".encode()), None, "authorization"),
        ((b"authorization", TOKEN.encode()), None, "authorization"),
        ((b"authorization", f"Token {TOKEN}".encode()), None, "authorization"),
        ((b"authorization", basic(f"laptop:{TOKEN}")), "laptop", "authorization"),
        ((b"x-api-key", TOKEN.encode()), None, "x-api-key"),
        ((b"X-Api-Key", f"Bearer {TOKEN}".encode()), None, "x-api-key"),
    ],
)
def test_each_way_to_present_a_token(field: tuple[bytes, bytes], name: str | None, header: str) -> None:
    """Each client has its own way, and each of them is read and stripped."""
    found = present([(b"host", b"x"), field])
    assert found.tokens == (PresentedToken(name, TOKEN, header),)
    assert found.strip == (header.encode(),)
    assert found.own_credential is None


@pytest.mark.parametrize(
    ("fields", "own"),
    [
        ([(b"authorization", OWN)], "authorization"),
        ([(b"x-api-key", b"sk-ant-api03-own")], "x-api-key"),
        ([(b"Authorization", OWN), (b"X-API-Key", b"sk-ant-own")], "authorization"),
        ([(b"authorization", basic("alice:secret"))], "authorization"),
        ([(b"authorization", OWN), (b"authorization", OWN)], "authorization"),
        ([(b"authorization", b"Bearer \xff\xfe")], "authorization"),
        ([(b"authorization", b"")], None),
        ([(b"authorization", b"Bearer ")], None),
        ([(b"x-api-key", b" \t")], None),
        ([(b"authorization", b"Bearer"), (b"x-api-key", b"sk-ant-own")], "x-api-key"),
    ],
)
def test_a_credential_without_our_prefix_is_the_clients_own(
    fields: list[tuple[bytes, bytes]], own: str | None
) -> None:
    """Stripping it would log the person out; taking it for a token would book it as a bad try."""
    found = present(fields)
    assert found == Presented((), (), own)  # type: ignore[arg-type]


def test_the_token_stands_beside_the_persons_own_login() -> None:
    """The pass-through of ANTHROPIC_CUSTOM_HEADERS: one header leaves, the other does not."""
    found = present([(b"Authorization", OWN), (b"Proxy-Authorization", f"Bearer {TOKEN}".encode())])
    assert found.token == PresentedToken(None, TOKEN, "proxy-authorization")
    assert found.strip == (b"proxy-authorization",)
    assert found.own_credential == "authorization"


def test_a_key_helper_presents_its_value_in_both_headers() -> None:
    """`apiKeyHelper` does; both are to be stripped."""
    found = present([(b"authorization", f"Bearer {TOKEN}".encode()), (b"x-api-key", TOKEN.encode())])
    assert found.strip == (b"authorization", b"x-api-key")
    assert len(found.tokens) == 2


def test_a_name_counts_wherever_it_was_given() -> None:
    """With a name, the token must be that client's; a second header without one does not undo this."""
    found = present(
        [(b"authorization", basic(f"laptop:{TOKEN}")), (b"proxy-authorization", f"Bearer {TOKEN}".encode())]
    )
    assert found.token == PresentedToken("laptop", TOKEN, "authorization")


def test_different_tokens_are_refused() -> None:
    """Whose costs would they be?"""
    for second in ((b"x-api-key", OTHER.encode()), (b"proxy-authorization", f"Bearer {OTHER}".encode())):
        assert refused((b"authorization", f"Bearer {TOKEN}".encode()), second) == presented.DIFFERENT_TOKENS
    message = refused(
        (b"proxy-authorization", basic(f"laptop:{TOKEN}")), (b"proxy-authorization", basic(f"ci:{TOKEN}"))
    )
    assert message == presented.DIFFERENT_TOKENS


def test_a_header_given_twice_with_different_values_is_refused() -> None:
    """Stripping by name would take the person's login along, or leave the token there."""
    ours, own = (b"authorization", f"Bearer {TOKEN}".encode()), (b"authorization", OWN)
    assert "more than once" not in refused(ours, own) == refused(own, ours)
    assert "authorization" in refused(own, (b"Authorization", b"Bearer else"))
    assert "x-api-key" in refused((b"x-api-key", b"a"), (b"X-Api-Key", b"b"))


def test_a_token_within_the_clients_own_header_is_refused() -> None:
    """Two headers joined into one by a proxy would carry our token upstream."""
    assert "send the token alone" in refused((b"authorization", OWN + b", Bearer " + TOKEN.encode()))
    assert "send the token alone" in refused((b"x-api-key", b"sk-ant-own," + TOKEN.encode()))


@pytest.mark.parametrize(
    "value",
    [
        b"",
        b"Basic",
        b"Basic ",
        b"Basic !!!",
        b"Basic \xff\xff",
        b"Basic YQ",
        b"Basic " + base64.b64encode(b"\xff:x"),
        basic("laptop:"),
        basic("laptop"),
        b"Bearer",
        b"Bearer ",
        b"Negotiate abc",
        b"Basic " + b"YTpi" * 1000,
        TOKEN.encode(),
        b"Digest username=x",
    ],
)
def test_a_proxy_authorization_that_cannot_be_read_is_refused(value: bytes) -> None:
    """It is ours whatever it says, so it says who comes or nobody does."""
    assert refused((b"proxy-authorization", value)) == presented.UNREADABLE


def test_no_token_shows_in_a_repr() -> None:
    """Objects end up in tracebacks and debuggers."""
    assert TOKEN not in repr(present([(b"authorization", basic(f"laptop:{TOKEN}"))]))


HEADERS = st.sampled_from([b"Authorization", b"x-api-key", b"PROXY-AUTHORIZATION", b"x-other"])
VALUES = st.one_of(
    st.binary(max_size=60),
    st.builds(
        lambda scheme, rest: scheme + rest, st.sampled_from([b"Basic ", b"bearer ", b"ccg_"]), st.binary()
    ),
    st.sampled_from([TOKEN.encode(), OTHER.encode(), basic(f"a:{TOKEN}"), OWN, f"Bearer {TOKEN}".encode()]),
)


@given(st.lists(st.tuples(HEADERS, VALUES), max_size=5))
def test_any_headers_end_in_an_answer_and_no_token_is_left(fields: list[tuple[bytes, bytes]]) -> None:
    """Whatever comes, it is read or refused; what stays after stripping holds no token of ours."""
    try:
        found = present(fields)
    except Refusal as refusal:
        assert refusal.status == 401
        return
    left = [(name.lower(), value) for name, value in fields if name.lower() not in found.strip]
    assert not any(contains_token(value) for name, value in left if name != b"x-other")
    assert not any(name == b"proxy-authorization" for name, _ in left)
    assert bool(found.tokens) == bool(found.strip)
    assert (found.own_credential is None) or any(name == found.own_credential.encode() for name, _ in left)


@given(st.binary(max_size=50), st.binary(max_size=50))
def test_a_token_is_found_anywhere_in_a_value(before: bytes, after: bytes) -> None:
    """A token in a header of the client's own making must not leave either."""
    assert contains_token(before + new_token().encode() + after)


def test_what_only_begins_like_a_token_is_not_one() -> None:
    """Refusing a header for four letters would break who writes about ccgate."""
    assert not contains_token(b"ccg_ is the prefix; ccg_" + b"a" * 42)
