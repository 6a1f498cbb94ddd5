"""What of an answer is charged, at which model. The amounts are in `cases`; here are the parts."""

from __future__ import annotations

import json
from functools import reduce
from operator import add
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ccgate.accounting.bill import Part
from ccgate.accounting.bill import counted
from ccgate.accounting.bill import parts
from ccgate.accounting.metered import Iteration
from ccgate.accounting.metered import Metered
from ccgate.accounting.metered import Tokens
from ccgate.accounting.usage import Meter
from tests.accounting.cases import CASES
from tests.accounting.cases import Case
from tests.accounting.cases import message
from tests.accounting.cases import step
from tests.accounting.cases import usage


def metered(sent: dict[str, Any]) -> Metered:
    meter = Meter()
    meter.message(json.dumps(sent).encode())
    result = meter.result()
    assert result is not None
    return result


def test_a_plain_answer_is_one_part() -> None:
    answer = metered(message("claude-opus-5", usage(1, 2, 3, 4, 5, 6)))
    assert parts(answer) == (Part("message", "claude-opus-5", Tokens(1, 2, 3, 4, 5, 6)),)


def test_an_iteration_without_a_model_is_of_the_one_that_served() -> None:
    answer = metered(message("claude-opus-5", usage(iterations=[step("compaction", output=1)])))
    assert parts(answer) == (Part("compaction", "claude-opus-5", Tokens(output=1)),)


def test_an_advisor_without_a_model_is_of_nobody() -> None:
    """The price of the model that it advised would be a guess."""
    answer = metered(message("claude-haiku-4-5", usage(iterations=[step("advisor_message", output=1)])))
    assert parts(answer) == (Part("advisor_message", None, Tokens(output=1)),)


def test_an_iteration_of_a_kind_to_come_is_charged() -> None:
    """Anthropic: the sum over all entries is what is billed."""
    answer = metered(message("claude-opus-5", usage(iterations=[step("review", "claude-fable-5", output=1)])))
    assert parts(answer) == (Part("review", "claude-fable-5", Tokens(output=1)),)


def test_silence_counts_without_a_fallback_block_when_no_output_is_counted() -> None:
    """Later turns of a conversation that fell back carry no block."""
    steps = [step("message", "claude-fable-5", input=9), step("fallback_message", "claude-opus-5", output=1)]
    charged = [part.charged for part in parts(metered(message("x", usage(output=1, iterations=steps))))]
    assert charged == [False, True]


def test_an_iteration_without_output_is_charged_when_nothing_fell_back() -> None:
    """An answer of no tokens, as when a cache is warmed, is paid for."""
    answer = metered(message("claude-opus-5", usage(7, iterations=[step("message", input=7)])))
    assert [part.charged for part in parts(answer)] == [True]


def test_what_broke_off_is_charged_beside_its_compaction() -> None:
    steps = [step("compaction", input=100, output=10), step("message", input=5, output=1)]
    answer = metered(message("claude-opus-5", usage(5, output=40, iterations=steps)))
    assert parts(answer) == (
        Part("compaction", "claude-opus-5", Tokens(input=100, output=10)),
        Part("message", "claude-opus-5", Tokens(input=5, output=40)),
    )


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_what_is_counted_is_the_sum_of_the_parts(case: Case) -> None:
    answer = metered(case.message)
    assert counted(answer) == reduce(add, (part.tokens for part in parts(answer)), Tokens())


TOKENS = st.builds(Tokens, *[st.integers(0, 1000)] * 5)
STEPS = st.builds(
    Iteration,
    st.sampled_from(["message", "compaction", "advisor_message", "fallback_message", "else"]),
    st.sampled_from([None, "a", "b"]),
    TOKENS,
)


@given(
    st.builds(
        Metered,
        model_served=st.sampled_from(["a", "b", None]),
        tokens=TOKENS,
        iterations=st.lists(STEPS, max_size=4).map(tuple),
        refused_before_output=st.booleans(),
        declined=st.frozensets(st.sampled_from(["a", "b"])),
    )
)
def test_no_output_and_no_search_gets_lost(answer: Metered) -> None:
    """Whatever the iterations say, what the top level counts of the model that served is in the parts."""
    total = counted(answer)
    assert total.output >= answer.tokens.output
    assert total.web_searches == answer.tokens.web_searches
