"""The meter: what it reads from answers, whole, streamed, broken off and broken."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ccgate.accounting.metered import Iteration
from ccgate.accounting.metered import Metered
from ccgate.accounting.metered import Tokens
from ccgate.accounting.usage import MAX_COUNT
from ccgate.accounting.usage import Meter
from tests.accounting.cases import CASES
from tests.accounting.cases import Case
from tests.accounting.cases import message
from tests.accounting.cases import step
from tests.accounting.cases import usage
from tests.accounting.streams import Event
from tests.accounting.streams import event
from tests.accounting.streams import stream_of

ANSWER = message(
    "claude-opus-5-5",
    usage(1, 2, 3, 4, 50, 6, service_tier="standard", speed="fast", inference_geo="us"),
)
COUNTS = st.integers(0, 10**6)


def whole(sent: dict[str, Any]) -> Metered | None:
    meter = Meter()
    meter.message(json.dumps(sent).encode())
    return meter.result()


def streamed(events: list[Event]) -> Metered | None:
    meter = Meter()
    for name, data in events:
        meter.event(name, data)
    return meter.result()


def test_a_whole_answer_tells_everything() -> None:
    assert whole(ANSWER) == Metered(
        model_served="claude-opus-5-5",
        tokens=Tokens(1, 2, 3, 4, 50, 6),
        service_tier="standard",
        speed="fast",
        inference_geo="us",
        stop_reason="end_turn",
        complete=True,
    )


@pytest.mark.parametrize(
    "case",
    [case for case in CASES if "could not be read" not in (case.says or "")],
    ids=lambda case: case.name,
)
def test_a_stream_tells_the_same_as_the_whole(case: Case) -> None:
    """What an answer costs must not depend on how the client asked for it."""
    assert streamed(stream_of(case.message)) == whole(case.message)


@given(
    model=st.sampled_from(["claude-opus-5", "claude-haiku-5-5", "x"]),
    counts=st.tuples(COUNTS, COUNTS, COUNTS, COUNTS, COUNTS, COUNTS),
    steps=st.lists(
        st.tuples(st.sampled_from(["message", "compaction", "advisor_message"]), COUNTS), max_size=3
    ),
    reason=st.sampled_from(["end_turn", "refusal", "tool_use", None]),
    empty=st.booleans(),
    on_the_way=st.lists(COUNTS, max_size=3),
)
def test_any_stream_tells_the_same_as_its_whole(
    model: str,
    counts: tuple[int, ...],
    steps: list[tuple[str, int]],
    reason: str | None,
    empty: bool,
    on_the_way: list[int],
) -> None:
    sent = message(model, usage(*counts), stop_reason=reason)
    if steps:
        sent["usage"]["iterations"] = [step(kind, "claude-opus-4-8", output=count) for kind, count in steps]
    if empty:
        sent["content"] = []
    assert streamed(stream_of(sent, tuple(on_the_way))) == whole(sent)


@given(st.lists(COUNTS, min_size=1, max_size=8))
def test_cumulative_counts_replace_each_other(counts: list[int]) -> None:
    """Adding them up would bill a long answer many times over."""
    meter = Meter()
    for name, data in stream_of(ANSWER)[:2]:
        meter.event(name, data)
    for count in counts:
        meter.event(*event("message_delta", delta={}, usage={"output_tokens": count}))
        known = meter.result()
        assert known is not None
        assert known.tokens == Tokens(1, 2, 3, 4, count, 6)
        assert not known.complete


def test_a_delta_keeps_what_it_does_not_name() -> None:
    delta = {
        "input_tokens": None,
        "cache_read_input_tokens": 9,
        "output_tokens": 7,
        "cache_creation_input_tokens": 5,
    }
    events = [*stream_of(ANSWER)[:1], event("message_delta", delta={"stop_reason": None}, usage=delta)]
    known = streamed(events)
    assert known is not None
    assert known.tokens == Tokens(1, 2, 3, 9, 7, 6)
    assert known.stop_reason is None


@pytest.mark.parametrize(
    ("total", "five", "hour"),
    [(5, 2, 3), (9, 6, 3), (2, 0, 2), (0, 0, 0)],
)
def test_a_total_without_a_breakdown_keeps_the_hour_that_is_known(total: int, five: int, hour: int) -> None:
    """A write for an hour costs more than one for five minutes; its share must not get lost."""
    events = [
        *stream_of(ANSWER)[:1],
        event("message_delta", delta={}, usage={"cache_creation_input_tokens": total}),
    ]
    known = streamed(events)
    assert known is not None
    assert (known.tokens.cache_write_5m, known.tokens.cache_write_1h) == (five, hour)


def test_a_breakdown_that_leaves_some_out() -> None:
    sent = message(
        "m", {"cache_creation_input_tokens": 9, "cache_creation": {"ephemeral_1h_input_tokens": 4}}
    )
    known = whole(sent)
    assert known is not None
    assert known.tokens == Tokens(cache_write_5m=5, cache_write_1h=4)


def test_a_stream_that_breaks_off_keeps_its_prompt() -> None:
    """Whoever aborts has used the prompt all the same."""
    for end in range(1, 5):
        known = streamed(stream_of(ANSWER)[:end])
        assert known is not None
        assert known.tokens == Tokens(1, 2, 3, 4, 1, 6)
        assert not known.complete
        assert not known.damaged


def test_nothing_told_is_nothing_known() -> None:
    assert Meter().result() is None
    assert streamed([event("ping"), event("content_block_stop", index=0)]) is None


def test_an_error_before_the_answer() -> None:
    meter = Meter()
    meter.message(b'{"type":"error","error":{"type":"overloaded_error","message":"secret"},"request_id":"r"}')
    assert meter.result() is None
    assert meter.error == "overloaded_error"


def test_an_error_in_the_stream_keeps_what_was_told() -> None:
    meter = Meter()
    for name, data in stream_of(ANSWER)[:4]:
        meter.event(name, data)
    meter.event(*event("error", error={"type": "overloaded_error", "message": "secret"}))
    known = meter.result()
    assert meter.error == "overloaded_error"
    assert known is not None
    assert known.tokens.input == 1
    assert not known.complete


def test_an_error_of_another_shape_is_an_error() -> None:
    for data in (b"{}", b"not json", b'{"error": "text"}', b'{"error": {"type": 7}}'):
        meter = Meter()
        meter.event("error", data)
        assert meter.error == "error"


def test_events_without_a_name_are_known_by_their_type() -> None:
    assert streamed([(b"", data) for _, data in stream_of(ANSWER)]) == whole(ANSWER)


def test_names_may_be_text() -> None:
    meter = Meter()
    for name, data in stream_of(ANSWER):
        meter.event(name.decode(), data)
    assert meter.result() == whole(ANSWER)


def test_a_fallback_changes_who_served() -> None:
    """message_start can only name the first model; its price would be the wrong one."""
    swap = {"type": "fallback", "from": {"model": "claude-fable-5"}, "to": {"model": "claude-opus-5"}}
    events = stream_of(message("claude-fable-5", usage(output=9), content=[swap]))
    known = streamed(events)
    assert known is not None
    assert known.model_served == "claude-opus-5"
    assert known.declined == {"claude-fable-5"}


def test_a_fallback_message_names_who_served() -> None:
    steps = [step("message", "claude-fable-5"), step("fallback_message", "claude-opus-5", output=9)]
    known = whole(message("claude-fable-5", usage(output=9, iterations=steps)))
    assert known is not None
    assert known.model_served == "claude-opus-5"
    assert known.iterations == (
        Iteration("message", "claude-fable-5", Tokens()),
        Iteration("fallback_message", "claude-opus-5", Tokens(output=9)),
    )


@pytest.mark.parametrize(
    ("content", "before"),
    [
        ([], True),
        ([{"type": "text", "text": ""}], False),
        ([{"type": "thinking", "thinking": "", "signature": "x"}], False),
        ([{"type": "fallback", "from": {}, "to": {}}], True),
        ([{"type": "a_block_to_come"}], False),
    ],
)
def test_a_refusal_is_free_only_without_output(content: list[dict[str, Any]], before: bool) -> None:
    sent = message("claude-fable-5", usage(106, output=1), stop_reason="refusal", content=content)
    for known in (whole(sent), streamed(stream_of(sent))):
        assert known is not None
        assert known.refused_before_output is before


def test_a_block_that_cannot_be_read_counts_as_output() -> None:
    """Otherwise damage would make a charged refusal look free."""
    sent = message("claude-fable-5", usage(106, output=1), stop_reason="refusal", content=[])
    events = stream_of(sent)
    events.insert(1, (b"content_block_start", b'{"content_block": 7}'))
    known = streamed(events)
    assert known is not None
    assert not known.refused_before_output


@pytest.mark.parametrize("value", ["7", 1.5, -1, True, MAX_COUNT + 1, 10**30, [], {}])
def test_a_count_that_is_none_is_damage(value: object) -> None:
    """A cost that is too low by an unread count must not look exact."""
    known = whole(message("m", {"input_tokens": 5, "output_tokens": value}))
    assert known is not None
    assert known.damaged
    assert known.tokens == Tokens(input=5)


@pytest.mark.parametrize(
    "sent",
    [
        message("m", {}) | {"usage": None},
        message("m", {}) | {"usage": "none"},
        message("m", {"iterations": ["x"]}),
        message("m", {"iterations": [{"output_tokens": -1}]}),
        message("m", {"cache_creation": {"ephemeral_1h_input_tokens": "x"}}),
        message("m", {"server_tool_use": {"web_search_requests": "x"}}),
        message("m", {}) | {"content": "text"},
    ],
)
def test_other_damage_is_told(sent: dict[str, Any]) -> None:
    known = whole(sent)
    assert known is not None
    assert known.damaged


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b"null", b"\xff", b"[" * 100_000, b'"\\ud800"'])
def test_a_body_that_is_no_answer_is_damage(body: bytes) -> None:
    meter = Meter()
    meter.message(body)
    known = meter.result()
    assert known is not None
    assert known.damaged


@pytest.mark.parametrize("name", ["message_start", "message_delta"])
@pytest.mark.parametrize("data", [b"", b"{", b"[]", b'{"usage": 1}', b"\xff", b'{"usage":' + b"[" * 50_000])
def test_an_event_that_cannot_be_read_is_damage(name: str, data: bytes) -> None:
    known = streamed([*stream_of(ANSWER)[:1], (name.encode(), data)])
    assert known is not None
    assert known.damaged
    assert known.tokens.input == 1


def test_unknown_events_and_fields_are_passed_over() -> None:
    events = stream_of(message("m", usage(1, output=2, toll={"road": 3}, iterations=None)))
    events.insert(1, event("a_word_to_come", usage={"output_tokens": 99}))
    known = streamed(events)
    assert known is not None
    assert known.tokens == Tokens(input=1, output=2)
    assert not known.damaged


def test_names_are_one_printable_line_of_bounded_length() -> None:
    """They end in a log and on a terminal."""
    known = whole(message("claude\n\x1b[31m" + "x" * 500, usage()))
    assert known is not None
    assert known.model_served is not None
    assert known.model_served.startswith("claude??[31mxxx")
    assert len(known.model_served) == 120


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)
FIELDS = st.sampled_from(
    ["message", "usage", "delta", "error", "content_block", "model", "content", "iterations", "from", "type"]
)
NESTED = st.recursive(
    JSON,
    lambda inner: st.dictionaries(FIELDS, inner, max_size=4) | st.lists(inner, max_size=3),
    max_leaves=12,
)
NAMES = st.sampled_from(
    [
        b"message_start",
        b"message_delta",
        b"message_stop",
        b"content_block_start",
        b"error",
        b"ping",
        b"",
        b"x",
    ]
)


@given(st.lists(st.tuples(NAMES, NESTED.map(lambda v: json.dumps(v).encode()) | st.binary(max_size=30))))
def test_no_sequence_of_events_makes_it_raise(events: list[Event]) -> None:
    """The meter stands beside the answer; if it raised, the answer would be lost."""
    meter = Meter()
    for name, data in events:
        meter.event(name, data)
        meter.result()
    meter.message(events[0][1] if events else b"")
    meter.result()
