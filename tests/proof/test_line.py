"""The line that a person reads of a request, in the log and in mitmweb."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC
from datetime import datetime
from decimal import Decimal

import pytest

from ccgate.accounting.entry import Closing
from ccgate.accounting.entry import Opening
from ccgate.accounting.metered import Iteration
from ccgate.accounting.metered import Metered
from ccgate.accounting.metered import Tokens
from ccgate.accounting.prices import Cost
from ccgate.proof.line import line

NOW = datetime(2026, 11, 21, 5, 0, tzinfo=UTC)
OPENING = Opening(
    id="ccg-1",
    started_at=NOW,
    client="alice-laptop",
    owner="alice",
    session_id="s-1",
    agent_id=None,
    parent_agent_id=None,
    model_asked="claude-opus-5-5",
    streamed=True,
    path="/v1/messages",
    request_bytes=48_000,
)
METERED = Metered(
    model_served="claude-opus-5-5",
    tokens=Tokens(input=1000, cache_write_5m=150, cache_write_1h=50, cache_read=40_000, output=350),
    complete=True,
)
CLOSING = Closing(
    state="done",
    ended_at=NOW,
    status=200,
    first_byte_ms=300.0,
    total_ms=2100.0,
    response_bytes=5000,
    upstream_request_id="req_1",
    error=None,
    metered=METERED,
    cost=Cost(Decimal("0.0160")),
)


def test_who_asked_which_model_for_what() -> None:
    """The example of the documentation is what is printed; written cache is part of what went in."""
    assert line(OPENING, CLOSING) == (
        "alice-laptop (alice) claude-opus-5-5 · in 1,200 cached 40,000 out 350 · $0.0160 · 2.1 s"
    )


def test_a_cost_that_is_not_known_is_not_shown_as_nought() -> None:
    assert "· cost unknown ·" in line(OPENING, replace(CLOSING, cost=Cost(None, "unknown model x")))


@pytest.mark.parametrize(
    ("amount", "shown"),
    [("0", "$0.0000"), ("12.34567", "$12.3457"), ("0.00005", "$0.0000"), ("0.00006", "$0.0001")],
)
def test_money_is_shown_to_a_hundredth_of_a_cent(amount: str, shown: str) -> None:
    """The exact amount is in the ledger."""
    assert f"· {shown} ·" in line(OPENING, replace(CLOSING, cost=Cost(Decimal(amount))))


def test_iterations_are_counted_in() -> None:
    """An advisor's tokens are left out of an answer's own usage, and are paid for all the same."""
    metered = replace(
        METERED,
        iterations=(
            Iteration("message", None, METERED.tokens),
            Iteration("advisor_message", "claude-fable-5", Tokens(input=5000, output=700)),
        ),
    )
    assert "in 6,200 cached 40,000 out 1,050" in line(OPENING, replace(CLOSING, metered=metered))


@pytest.mark.parametrize(
    ("change", "shown"),
    [
        ({"state": "failed", "error": "overloaded_error"}, "failed: overloaded_error"),
        ({"state": "failed", "status": 529}, "failed: HTTP 529"),
        ({"state": "aborted", "error": "the client went away"}, "aborted: the client went away"),
    ],
)
def test_an_end_that_was_not_good_says_why(change: dict[str, object], shown: str) -> None:
    """Somebody who scans a log sees which requests went wrong, and where to look."""
    assert f"· {shown} ·" in line(OPENING, replace(CLOSING, **change))  # type: ignore[arg-type]


def test_without_an_answer_the_model_is_the_one_that_was_asked_for() -> None:
    """No tokens are shown where none were told."""
    closing = replace(
        CLOSING,
        state="failed",
        status=None,
        error="no answer",
        metered=None,
        cost=Cost(None, "no answer came"),
    )
    assert line(OPENING, closing) == (
        "alice-laptop (alice) claude-opus-5-5 · cost unknown · failed: no answer · 2.1 s"
    )


def test_the_model_that_served_counts_more_than_the_one_asked_for() -> None:
    """After a fallback another model is paid for."""
    served = replace(METERED, model_served="claude-sonnet-5-5")
    assert "claude-sonnet-5-5 ·" in line(OPENING, replace(CLOSING, metered=served))
    assert "claude-opus-5-5 ·" in line(OPENING, replace(CLOSING, metered=replace(METERED, model_served=None)))
    assert "(alice) no model ·" in line(replace(OPENING, model_asked=None), replace(CLOSING, metered=None))
