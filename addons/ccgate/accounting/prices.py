"""What tokens cost, in exact US dollars.

The list prices are those of genai-prices, asked once for each model, tier and day; what it does not know
is added here as data, each with its source:

* `inference_geo`: https://platform.claude.com/docs/en/about-claude/pricing#data-residency-pricing
* prices that changed within a model's life: CORRECTIONS
* fast mode that has ended: https://platform.claude.com/docs/en/build-with-claude/fast-mode
* iterations and refusals: see `bill`

Whatever is not known, be it a model, a tier, a place or a count, makes the cost unknown. It is never
guessed and never nought.

Why the rates are taken out of genai-prices: its own calculation takes some 80 µs, a third of what a
request may cost the gateway as a whole. Its public `calc_price` names the prices that it applied; they
are read from there, tiers included, and before they are used they have to yield the same amount as the
library's own calculation on a few prompts around each tier. If a later version prices in another way,
the cost becomes unknown and says so.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC
from datetime import date
from datetime import datetime
from decimal import Decimal
from typing import TYPE_CHECKING
from typing import Any

from ccgate.accounting.bill import parts
from ccgate.accounting.metered import Metered
from ccgate.accounting.metered import Tokens
from ccgate.accounting.models import Model
from ccgate.accounting.models import parse_model

if TYPE_CHECKING:
    from genai_prices.types import ModelPrice

MILLION = Decimal(1_000_000)
NOTHING = Decimal(0)

GEO_MULTIPLIERS: Mapping[str, Decimal] = {
    "us": Decimal("1.1"),
    "global": Decimal(1),
    "not_available": Decimal(1),
}
"""`usage.inference_geo` → what every token price is multiplied by."""

GEO_SINCE = (4, 6)
"""The first version that is priced by place; older models cost the same everywhere."""

FAST_ENDED: Mapping[Model, date] = {
    Model("opus", 4, 6): date.min,
    Model("opus", 4, 8): date(2026, 11, 30),
}
"""From this day (UTC) the model is served, and billed, at standard speed whatever was asked for."""

MAX_RATES = 1024
"""How many resolved rates are kept; names come from outside."""


@dataclass(frozen=True, slots=True)
class Correction:
    """A list price, in dollars per million tokens, that held before a day (UTC)."""

    model: Model
    before: date
    token_class: str
    price: Decimal


CORRECTIONS = (Correction(Model("sonnet", 5, 5), date(2026, 10, 7), "cache_read", Decimal("0.20")),)


@dataclass(frozen=True, slots=True)
class Cost:
    """US dollars. `amount` is None when it is not known; `reason` says why, or what is special about it."""

    amount: Decimal | None
    reason: str | None = None


@dataclass(frozen=True, slots=True)
class Rates:
    """Dollars for one token of each class, and for one web search."""

    input: Decimal
    cache_write_5m: Decimal
    cache_write_1h: Decimal
    cache_read: Decimal
    output: Decimal
    web_search: Decimal

    def price(self, tokens: Tokens) -> Decimal:
        """What the tokens cost at these rates."""
        total = self.input * tokens.input + self.output * tokens.output
        if tokens.cache_write_5m:
            total += self.cache_write_5m * tokens.cache_write_5m
        if tokens.cache_write_1h:
            total += self.cache_write_1h * tokens.cache_write_1h
        if tokens.cache_read:
            total += self.cache_read * tokens.cache_read
        if tokens.web_searches:
            total += self.web_search * tokens.web_searches
        return total


@dataclass(frozen=True, slots=True)
class Tariff:
    """Rates by the length of the prompt: (length that has to be exceeded, rates), longest first.

    The last length is -1, which every prompt exceeds.
    """

    steps: tuple[tuple[int, Rates], ...]

    def price(self, tokens: Tokens) -> Decimal:
        """What the tokens cost; all of them at the rates of the step that their prompt reaches."""
        prompt = tokens.prompt
        return next(rates for start, rates in self.steps if prompt > start).price(tokens)


def unmetered(status: int | None) -> Cost:
    """The cost of a request whose answer told no usage; `status` is its HTTP status, if one came."""
    if status is None:
        return Cost(None, "no answer came")
    if status >= 400:
        return Cost(NOTHING, f"not charged: HTTP {status}")
    return Cost(None, "the answer told no usage")


class Pricer:
    """Prices what was metered. Keeps the rates that it has looked up."""

    def __init__(self) -> None:
        self._tariffs: dict[tuple[str | None, date, str | None, str | None, str | None], Tariff | str] = {}

    def warm(self) -> None:
        """Load the price list, which takes most of a second; safe in a thread."""
        self._tariff("claude-sonnet-5", datetime.now(UTC).date(), None, None, None)

    def cost(self, metered: Metered, on: datetime) -> Cost:
        """The cost of an answer that was asked for at `on`, an aware time."""
        if metered.damaged:
            return Cost(None, "the usage could not be read in full")
        day = on.astimezone(UTC).date()
        total = NOTHING
        waived = None
        for part in parts(metered):
            if not part.charged:
                waived = "refused before output: not charged"
                continue
            # Speed is a property of the answer; an advisor is another call, which cannot ask for it.
            speed = None if part.kind == "advisor_message" else metered.speed
            tariff = self._tariff(part.model, day, metered.service_tier, speed, metered.inference_geo)
            if isinstance(tariff, str):
                return Cost(None, tariff)
            total += tariff.price(part.tokens)
        if not metered.complete:
            return Cost(total, "broke off: the least it cost, by what was told until then")
        if metered.service_tier == "priority":
            return Cost(total, "priority tier: list price, without what was committed to")
        return Cost(total, waived)

    def _tariff(
        self, model: str | None, day: date, tier: str | None, speed: str | None, geo: str | None
    ) -> Tariff | str:
        key = (model, day, tier, speed, geo)
        known = self._tariffs.get(key)
        if known is None:
            if len(self._tariffs) >= MAX_RATES:
                self._tariffs.clear()
            known = self._tariffs[key] = _resolve(*key)
        return known


def _resolve(
    name: str | None, day: date, tier: str | None, speed: str | None, geo: str | None
) -> Tariff | str:
    """The tariff, or the reason why there is none."""
    model = parse_model(name)
    if model is None:
        return f"unknown model {name}" if name else "the answer named no model"
    if tier not in (None, "standard", "priority", "batch"):
        return f"unknown service tier {tier}"
    if speed not in (None, "standard", "fast"):
        return f"unknown speed {speed}"
    multiplier = GEO_MULTIPLIERS.get(geo or "global")
    if multiplier is None:
        return f"unknown inference geo {geo}"
    if (model.major, model.minor) < GEO_SINCE:
        multiplier = Decimal(1)
    if speed == "fast" and day >= FAST_ENDED.get(model, date.max):
        speed = None
    context = {"processing": "batch"} if tier == "batch" else {"speed": "fast"} if speed == "fast" else {}
    prices = _list_prices(model, day, context)
    if isinstance(prices, str):
        return prices
    return _tariff_of(prices, _corrections(model, day), multiplier)


def _list_prices(model: Model, day: date, context: Mapping[str, str]) -> ModelPrice | str:
    """What genai-prices holds for the model on the day, once it is certain that it is read rightly."""
    # Imported here because it takes most of a second, which the start and every command would pay.
    from genai_prices import Usage
    from genai_prices import calc_price

    def ask(usage: Usage, context: Mapping[str, str]) -> Any:
        noon = datetime(day.year, day.month, day.day, 12, tzinfo=UTC)
        return calc_price(
            usage, model.name, provider_id="anthropic", genai_request_timestamp=noon, price_context=context
        )

    try:
        found = ask(Usage(), context)
    except LookupError:
        return f"unknown model {model.name}"
    # Its matching is by prefix: it would take an unheard-of opus-4-10 for opus-4-1.
    if parse_model(found.model.id) != model:
        return f"unknown model {model.name}"
    prices: ModelPrice = found.model_price
    if prices.input_mtok is None or prices.output_mtok is None:
        return f"no price of {model.name} on {day}"
    if context and prices == ask(Usage(), {}).model_price:
        return f"no {' '.join(context.values())} price of {model.name} on {day}"
    tariff = _tariff_of(prices, {}, Decimal(1))
    for tokens in _probes(tariff):
        usage = Usage(
            input_tokens=tokens.prompt,
            cache_write_tokens=tokens.cache_write_5m + tokens.cache_write_1h,
            cache_write_1h_tokens=tokens.cache_write_1h,
            cache_read_tokens=tokens.cache_read,
            output_tokens=tokens.output,
            web_searches=tokens.web_searches,
        )
        if ask(usage, context).total_price != tariff.price(tokens):
            return f"the prices of {model.name} are of a kind that this ccgate does not know"
    return prices


def _probes(tariff: Tariff) -> list[Tokens]:
    """Usages with every class in them, on both sides of every step."""
    lengths = {1000} | {start + more for start, _ in tariff.steps for more in (0, 1) if start > 0}
    return [Tokens(length - 60, 10, 20, 30, 7, 3) for length in lengths]


def _corrections(model: Model, day: date) -> dict[str, Decimal]:
    return {one.token_class: one.price for one in CORRECTIONS if one.model == model and day < one.before}


def _tariff_of(prices: ModelPrice, corrections: Mapping[str, Decimal], multiplier: Decimal) -> Tariff:
    """The tariff of a list of prices per million; a class without a price costs what the wider one does."""
    # Its attributes are made up at run time from the list of units.
    listed: Any = prices
    write = listed.cache_write_mtok or listed.input_mtok
    by_class = {
        "input": listed.input_mtok,
        "cache_write_5m": listed.cache_write_5m_mtok or write,
        "cache_write_1h": listed.cache_write_1h_mtok or write,
        "cache_read": listed.cache_read_mtok or listed.input_mtok,
        "output": listed.output_mtok,
        **corrections,
    }
    search = (listed.web_searches_kcount or NOTHING) / 1000
    starts = {tier.start for price in by_class.values() for tier in getattr(price, "tiers", ())}
    return Tariff(
        tuple(
            (
                start,
                Rates(
                    **{name: _at(price, start) * multiplier / MILLION for name, price in by_class.items()},
                    web_search=search,
                ),
            )
            for start in sorted(starts | {-1}, reverse=True)
        )
    )


def _at(price: Any, start: int) -> Decimal:
    """A price, tiered or flat, for prompts just above a length."""
    value: Decimal = getattr(price, "base", price)
    for tier in getattr(price, "tiers", ()):
        if tier.start <= start:
            value = tier.price
    return value
