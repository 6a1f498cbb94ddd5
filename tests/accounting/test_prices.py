"""Prices: exact to the last digit, the same as the list's own calculation, and never a guess."""

from __future__ import annotations

import json
import subprocess
import sys
from datetime import UTC
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import genai_prices
import pytest
from genai_prices.types import ModelPrice
from genai_prices.types import TieredPrices
from hypothesis import given
from hypothesis import settings
from hypothesis import strategies as st

from ccgate.accounting import prices
from ccgate.accounting.metered import Metered
from ccgate.accounting.metered import Tokens
from ccgate.accounting.prices import Cost
from ccgate.accounting.prices import Pricer
from ccgate.accounting.usage import Meter
from tests.accounting.cases import CASES
from tests.accounting.cases import TODAY
from tests.accounting.cases import Case

PRICER = Pricer()
ADDONS = Path(prices.__file__).parents[2]


def test_there_are_enough_cases() -> None:
    assert len(CASES) >= 60
    assert len({case.name for case in CASES}) == len(CASES)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_cost_by_hand(case: Case) -> None:
    meter = Meter()
    meter.message(json.dumps(case.message).encode())
    metered = meter.result()
    assert metered is not None
    cost = PRICER.cost(metered, case.on)
    assert cost.amount == case.dollars
    if case.says:
        assert case.says in (cost.reason or "")
    else:
        assert cost.reason is None


COUNTS = st.integers(0, 300_000) | st.integers(0, 10**12)
MODELS = [
    "claude-fable-5-2", "claude-fable-5-1", "claude-opus-5-5", "claude-opus-5", "claude-opus-4-8",
    "claude-opus-4-6", "claude-sonnet-5-5", "claude-sonnet-4-6", "claude-sonnet-4-5", "claude-haiku-5-5",
    "claude-haiku-4-5",
]  # fmt: skip
FAST = {"claude-fable-5-2", "claude-opus-5-5", "claude-opus-5", "claude-opus-4-8"}


@settings(max_examples=1000, deadline=None)
@given(
    model=st.sampled_from(MODELS),
    tokens=st.builds(Tokens, COUNTS, COUNTS, COUNTS, COUNTS, COUNTS, st.integers(0, 1000)),
    way=st.sampled_from(["standard", "fast", "batch"]),
    geo=st.sampled_from([None, "us"]),
)
def test_the_same_as_the_lists_own_calculation(model: str, tokens: Tokens, way: str, geo: str | None) -> None:
    """The rates are taken out of genai-prices for speed; its own slow calculation is the judge."""
    way = "standard" if way == "fast" and model not in FAST else way
    context = {"fast": {"speed": "fast"}, "batch": {"processing": "batch"}}.get(way, {})
    usage = {
        "input_tokens": tokens.prompt,
        "cache_write_tokens": tokens.cache_write_5m + tokens.cache_write_1h,
        "cache_write_1h_tokens": tokens.cache_write_1h,
        "cache_read_tokens": tokens.cache_read,
        "output_tokens": tokens.output,
    }

    def listed(**counts: int) -> Decimal:
        return genai_prices.calc_price(
            genai_prices.Usage(**counts),
            model,
            provider_id="anthropic",
            genai_request_timestamp=TODAY,
            price_context=context,
        ).total_price

    metered = Metered(
        model_served=model,
        tokens=tokens,
        service_tier="batch" if way == "batch" else "standard",
        speed="fast" if way == "fast" else "standard",
        inference_geo=geo,
        complete=True,
    )
    tenth_more = Decimal("1.1") if geo and model not in {"claude-sonnet-4-5", "claude-haiku-4-5"} else 1
    expected = listed(**usage) * tenth_more + listed(web_searches=tokens.web_searches)
    assert PRICER.cost(metered, TODAY) == Cost(expected)


def answer(**changes: Any) -> Metered:
    known = {"model_served": "claude-opus-5", "tokens": Tokens(1000, output=1), "complete": True}
    return Metered(**{**known, **changes})


def test_what_broke_off_says_that_it_is_the_least() -> None:
    cost = PRICER.cost(answer(complete=False), TODAY)
    assert cost.amount == Decimal("0.005025")
    assert "broke off" in (cost.reason or "")


def test_damage_is_never_priced() -> None:
    assert PRICER.cost(answer(damaged=True), TODAY).amount is None


def test_no_model_is_no_price() -> None:
    assert PRICER.cost(answer(model_served=None), TODAY) == Cost(None, "the answer named no model")


def test_a_day_is_a_day_in_utc() -> None:
    """The cut of 7 October came at midnight UTC, not where the gateway's clock is set."""
    read = answer(model_served="claude-sonnet-5-5", tokens=Tokens(cache_read=10**6))
    assert PRICER.cost(read, datetime.fromisoformat("2026-10-07T01:00:00+02:00")).amount == Decimal("0.2")
    assert PRICER.cost(read, datetime.fromisoformat("2026-10-06T23:00:00-02:00")).amount == Decimal("0.1")


def test_the_longer_prices_of_opus_4_6_ended_in_march() -> None:
    """Dates in the list itself are honoured."""
    long = answer(model_served="claude-opus-4-6", tokens=Tokens(300_000))
    assert PRICER.cost(long, datetime(2026, 3, 12, tzinfo=UTC)).amount == Decimal(3)
    assert PRICER.cost(long, datetime(2026, 3, 13, tzinfo=UTC)).amount == Decimal("1.5")


@pytest.mark.parametrize(
    ("status", "amount", "reason"),
    [
        (None, None, "no answer came"),
        (200, None, "the answer told no usage"),
        (429, Decimal(0), "not charged: HTTP 429"),
        (529, Decimal(0), "not charged: HTTP 529"),
    ],
)
def test_without_usage(status: int | None, amount: Decimal | None, reason: str) -> None:
    assert prices.unmetered(status) == Cost(amount, reason)


def test_a_list_of_another_kind_is_not_trusted(monkeypatch: pytest.MonkeyPatch) -> None:
    """A later genai-prices may know a class that ccgate does not read; the cost must not be too low."""
    real = genai_prices.calc_price

    def dearer(*args: Any, **options: Any) -> Any:
        found = real(*args, **options)
        found.total_price += Decimal("0.000001")
        return found

    monkeypatch.setattr(genai_prices, "calc_price", dearer)
    cost = Pricer().cost(answer(), TODAY)
    assert cost.amount is None
    assert "does not know" in (cost.reason or "")


def test_a_list_without_a_price_is_no_price(monkeypatch: pytest.MonkeyPatch) -> None:
    real = genai_prices.calc_price

    def priceless(*args: Any, **options: Any) -> Any:
        found = real(*args, **options)
        found.model_price = ModelPrice(input_mtok=Decimal(1))
        return found

    monkeypatch.setattr(genai_prices, "calc_price", priceless)
    assert Pricer().cost(answer(), TODAY) == Cost(None, "no price of claude-opus-5 on 2026-11-21")


def test_names_from_outside_do_not_fill_the_memory() -> None:
    pricer = Pricer()
    for number in range(prices.MAX_RATES + 10):
        pricer.cost(answer(model_served=f"nonsense-{number}"), TODAY)
    assert len(pricer._tariffs) <= prices.MAX_RATES


def test_a_tier_holds_above_its_start_alone() -> None:
    tiers = TieredPrices(base=Decimal(1), tiers=[genai_prices.types.Tier(start=10, price=Decimal(2))])
    tariff = prices._tariff_of(
        ModelPrice(input_mtok=tiers, output_mtok=Decimal(4)), corrections={}, multiplier=Decimal(1)
    )
    assert tariff.price(Tokens(10)) == Decimal("0.00001")
    assert tariff.price(Tokens(11)) == Decimal("0.000022")


def test_the_list_is_loaded_when_warmed_and_not_before() -> None:
    """It takes a good part of a second, which no command and no request may pay."""
    script = (
        "import sys; from ccgate.accounting.prices import Pricer; pricer = Pricer();"
        "before = 'genai_prices' in sys.modules; pricer.warm(); print(before, 'genai_prices' in sys.modules)"
    )
    told = subprocess.run(
        [sys.executable, "-c", script], env={"PYTHONPATH": str(ADDONS)}, capture_output=True, check=True
    )
    assert told.stdout.split() == [b"False", b"True"]
