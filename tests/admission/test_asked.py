"""What a body asks for, by a fast reader and a lenient one, which must not disagree."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ccgate.admission.asked import Asked
from ccgate.admission.asked import read
from ccgate.admission.asked import read_chat
from ccgate.errors import Refusal

names = st.text(st.characters(categories=("L", "N", "P", "S")), min_size=1, max_size=30)
# Lone surrogates: what a client that cuts UTF-16 text in the middle of an emoji sends.
texts = st.text(st.characters() | st.sampled_from("\ud800\udfff"), max_size=10)
values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.integers(10**300, 10**310) | st.floats() | texts,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(texts, inner, max_size=4),
    max_leaves=12,
)
rest = st.dictionaries(
    st.text(max_size=8).filter(lambda key: key not in ("model", "stream")), values, max_size=4
)


def encoded(pairs: list[tuple[str, Any]], *, escaped: bool = True) -> bytes:
    """An object with these members in this order, also where a name is there twice."""
    members = (
        f"{json.dumps(k, ensure_ascii=escaped)}: {json.dumps(v, ensure_ascii=escaped)}" for k, v in pairs
    )
    return ("{" + ", ".join(members) + "}").encode("utf-8", "surrogatepass")


@given(
    body=rest.flatmap(lambda more: st.permutations([("model", "claude-x"), ("stream", True), *more.items()])),
    escaped=st.booleans(),
)
def test_whatever_else_is_in_a_body_the_two_fields_are_read(
    body: list[tuple[str, Any]], escaped: bool
) -> None:
    """Conversations hold any text, number and nesting; none of it may keep a request from its model."""
    assert read(encoded(body, escaped=escaped)) == Asked("claude-x", True)


@given(
    models=st.lists(names, min_size=1, max_size=3),
    streams=st.lists(st.booleans(), max_size=3),
    more=rest,
    order=st.randoms(use_true_random=False),
)
def test_both_readers_say_the_same_and_of_two_members_the_last_counts(
    models: list[str], streams: list[bool], more: dict[str, Any], order: Any
) -> None:
    """What was admitted is what is served: upstream reads the last of two members, so the gateway does."""
    pairs: list[tuple[str, Any]] = [("model", m) for m in models] + [("stream", s) for s in streams]
    order.shuffle(pairs)
    pairs += more.items()
    reference = json.loads(encoded(pairs))
    expected = Asked(reference["model"], reference.get("stream", False))
    assert read(encoded(pairs)) == expected
    # The fast reader gives up at a lone surrogate, so that this one goes by the standard library.
    assert read(encoded([*pairs, ("x", ["\ud83d"])])) == expected


def read_or_refused(body: bytes) -> None:
    """The only two ends that a body may come to."""
    try:
        assert read(body).model
    except Refusal as refused:
        assert refused.status == 400


@given(st.binary(max_size=60) | st.builds(lambda a, b: b'{"model": "m"' + a + b, st.binary(), st.binary()))
def test_any_bytes_are_read_or_refused_with_a_400(body: bytes) -> None:
    """Malformed JSON is the client's mistake: the answer says so, and the gateway does not stumble."""
    read_or_refused(body)


@pytest.mark.parametrize(
    "body",
    [
        pytest.param(b'{"model": "\xff"}', id="a model that is not UTF-8"),
        pytest.param(b'{"model": "m", "x": "\xff"}', id="a text that is not UTF-8"),
        pytest.param(b'{"model": "m", "\xff": 1}', id="a name that is not UTF-8"),
        pytest.param(b'{"model": "m", "x": "\xed\xa0\x80"}', id="a surrogate in UTF-8"),
        pytest.param(b'{"model": "m", "x": ' + b"[" * 100_000 + b"]" * 100_000 + b"}", id="deep lists"),
        pytest.param(b'{"model": "m", "x": ' + b"[" * 100_000, id="deep lists without an end"),
        pytest.param(b'{"model": ' + b'{"a":' * 100_000 + b"1" + b"}" * 100_001, id="a deep model"),
        pytest.param(b'{"model": "m", "x": NaN, "y": ' + b"9" * 5000 + b"}", id="a number of 5,000 digits"),
        pytest.param(b'{"model": "m", "\\ud800": 1}', id="a name with half an emoji"),
    ],
)
def test_no_body_makes_the_reader_stumble(body: bytes) -> None:
    """What nobody foresaw is logged as the gateway's own mistake, and the client learns nothing from it."""
    read_or_refused(body)


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"null",
        b"[]",
        b'"claude-x"',
        b"{}",
        b'{"stream": true}',
        b'{"model": null}',
        b'{"model": 5}',
        b'{"model": ["claude-x"]}',
        b'{"model": "claude-x", "stream": "yes"}',
        b'{"model": "claude-x"} {}',
        b'{"model": "claude-x"',
        b"{'model': 'claude-x'}",
    ],
)
def test_what_is_no_messages_request_is_refused(body: bytes) -> None:
    """It would cost nobody anything upstream, but nobody could say what for."""
    with pytest.raises(Refusal) as refused:
        read(body)
    assert refused.value.status == 400


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-16-be", "utf-32"])
def test_a_body_that_is_not_utf_8_is_refused(encoding: str) -> None:
    """JSON on the wire is UTF-8 (RFC 8259, 8.1); what upstream makes of another encoding is not known."""
    with pytest.raises(Refusal):
        read('{"model": "claude-x"}'.encode(encoding))


@pytest.mark.parametrize(
    "model", ["", "a\nb", "a\tb", "\x1b[31m", "a\u2028b", "\ud83d", "x" * 201], ids=ascii
)
def test_a_model_name_that_would_spoil_a_log_is_refused(model: str) -> None:
    """The name ends in the ledger, in the log and on terminals."""
    with pytest.raises(Refusal) as refused:
        read(json.dumps({"model": model}).encode())
    assert refused.value.status == 400
    assert "model" in refused.value.message


@pytest.mark.parametrize("path", ["fast", "lenient"])
def test_no_answer_quotes_the_body(path: str) -> None:
    """A refusal is logged and shown; the prompt in the request is not its business."""
    body: dict[str, Any] = {"model": {"secret": "canary"}, "messages": ["canary"]}
    if path == "lenient":
        body["x"] = "\ud83d"
    with pytest.raises(Refusal) as refused:
        read(json.dumps(body).encode())
    assert "canary" not in refused.value.message


def test_a_streamed_chat_completion_has_to_tell_its_usage() -> None:
    """Without, its cost could never be known; the mend is in the message."""
    body = {"model": "claude-x", "stream": True}
    for options in ({}, {"stream_options": None}, {"stream_options": {"include_usage": False}}):
        with pytest.raises(Refusal) as refused:
            read_chat(json.dumps({**body, **options}).encode())
        assert refused.value.status == 400
        assert '"stream_options": {"include_usage": true}' in refused.value.message
    assert read_chat(json.dumps({**body, "stream_options": {"include_usage": True}}).encode()).stream
    assert not read_chat(b'{"model": "claude-x"}').stream
