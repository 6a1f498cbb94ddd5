"""Answers and what they cost, computed by hand from Anthropic's price list.

Dollars per million tokens, as https://platform.claude.com/docs/en/about-claude/pricing had them in
November 2026 (input · 5m write · 1h write · read · output):

    fable-5-2  8 · 10 · 16 · 0.20 · 40 (fast: twice)       sonnet-5    2 · 2.5 · 4 · 0.2 · 10
    fable-5-1  10 · 12.5 · 20 · 0.25 · 50                  sonnet-4-6  3 · 3.75 · 6 · 0.3 · 15
    fable-5    10 · 12.5 · 20 · 1 · 50                     sonnet-4-5  the same; all twice above 200k
    opus-5-5   4 · 5 · 8 · 0.20 · 20 (fast: twice)                     of prompt, output 1.5 times
    opus-5     5 · 6.25 · 10 · 0.5 · 25 (fast: twice)      haiku-5-5   0.10 · 0.125 · 0.20 · 0.01 · 0.50;
    opus-4-8   the same; 4-7, 4-6, 4-5 too, but not fast               all five times above 100k of prompt
    sonnet-5-5 2 · 2.5 · 4 · 0.10 · 10                     haiku-4-5   1 · 1.25 · 2 · 0.1 · 5

Web searches are 10 dollars a thousand.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC
from datetime import datetime
from decimal import Decimal
from typing import Any

TODAY = datetime(2026, 11, 21, 5, 0, tzinfo=UTC)


@dataclass(frozen=True)
class Case:
    """A whole answer, and its cost on a day; None is unknown, and then `says` is part of the reason."""

    name: str
    message: dict[str, Any]
    dollars: Decimal | None
    says: str | None = None
    on: datetime = TODAY


def usage(
    input: int = 0,
    w5: int = 0,
    w1h: int = 0,
    read: int = 0,
    output: int = 0,
    searches: int = 0,
    **more: Any,
) -> dict[str, Any]:
    """A `usage` object as the API sends it."""
    sent: dict[str, Any] = {
        "input_tokens": input,
        "cache_creation_input_tokens": w5 + w1h,
        "cache_read_input_tokens": read,
        "cache_creation": {"ephemeral_5m_input_tokens": w5, "ephemeral_1h_input_tokens": w1h},
        "output_tokens": output,
        **more,
    }
    if searches:
        sent["server_tool_use"] = {"web_search_requests": searches, "web_fetch_requests": 4}
    return sent


def message(model: str, counts: dict[str, Any], **more: Any) -> dict[str, Any]:
    """An answer with one block of text, unless `content` says otherwise."""
    return {
        "id": "msg_01",
        "type": "message",
        "role": "assistant",
        "model": model,
        "content": [{"type": "text", "text": "hello"}],
        "stop_reason": "end_turn",
        "usage": counts,
        **more,
    }


def step(kind: str, model: str | None = None, **counts: int) -> dict[str, Any]:
    """An entry of `usage.iterations`."""
    entry = {"type": kind, **usage(**counts)}
    return entry if model is None else {**entry, "model": model}


def _plain(
    name: str,
    model: str,
    dollars: str | None,
    says: str | None = None,
    on: datetime = TODAY,
    tier: str | None = "standard",
    speed: str | None = None,
    geo: str | None = None,
    **counts: int,
) -> Case:
    sent = usage(**counts, service_tier=tier, speed=speed, inference_geo=geo)
    return Case(name, message(model, sent), None if dollars is None else Decimal(dollars), says, on)


ALL = {"input": 1000, "w5": 2000, "w1h": 3000, "read": 10_000, "output": 500}
"""Every class at once: dollars = (in + 2·5m + 3·1h + 10·read + 0.5·out) / 1000."""

_ALL_CLASSES = (
    # 8 + 20 + 48 + 2 + 20 = 98
    _plain("fable-5-2", "claude-fable-5-2", "0.098", **ALL),
    _plain("mythos-5-2", "claude-mythos-5-2", "0.098", **ALL),
    # 10 + 25 + 60 + 2.5 + 25
    _plain("fable-5-1", "claude-fable-5-1", "0.1225", **ALL),
    # 10 + 25 + 60 + 10 + 25
    _plain("fable-5", "claude-fable-5", "0.13", **ALL),
    # 4 + 10 + 24 + 2 + 10
    _plain("opus-5-5", "claude-opus-5-5", "0.05", **ALL),
    # 5 + 12.5 + 30 + 5 + 12.5
    _plain("opus-5", "claude-opus-5", "0.065", **ALL),
    _plain("opus-4-8", "claude-opus-4-8", "0.065", **ALL),
    _plain("opus-4-7", "claude-opus-4-7", "0.065", **ALL),
    _plain("opus-4-6", "claude-opus-4-6", "0.065", **ALL),
    _plain("opus-4-5", "claude-opus-4-5", "0.065", **ALL),
    # 2 + 5 + 12 + 1 + 5
    _plain("sonnet-5-5", "claude-sonnet-5-5", "0.025", **ALL),
    # 2 + 5 + 12 + 2 + 5
    _plain("sonnet-5", "claude-sonnet-5", "0.026", **ALL),
    # 3 + 7.5 + 18 + 3 + 7.5
    _plain("sonnet-4-6", "claude-sonnet-4-6", "0.039", **ALL),
    _plain("sonnet-4-5", "claude-sonnet-4-5", "0.039", **ALL),
    # 0.1 + 0.25 + 0.6 + 0.1 + 0.25
    _plain("haiku-5-5", "claude-haiku-5-5", "0.0013", **ALL),
    # 1 + 2.5 + 6 + 1 + 2.5
    _plain("haiku-4-5", "claude-haiku-4-5", "0.013", **ALL),
)

_SINGLE_CLASSES = (
    _plain("one token in", "claude-haiku-5-5", "0.0000001", input=1),
    _plain("one token read", "claude-haiku-5-5", "0.00000001", read=1),
    _plain("input alone", "claude-opus-5-5", "0.004", input=1000),
    _plain("5m writes alone", "claude-opus-5-5", "0.005", w5=1000),
    _plain("1h writes alone", "claude-opus-5-5", "0.008", w1h=1000),
    _plain("reads alone", "claude-opus-5-5", "0.0002", read=1000),
    _plain("output alone", "claude-opus-5-5", "0.02", output=1000),
    _plain("searches alone", "claude-opus-5-5", "0.03", searches=3),
    _plain("nothing at all", "claude-opus-5-5", "0"),
    _plain("fable reads at a fortieth", "claude-fable-5-2", "0.2", read=1_000_000),
)

_LENGTHS = (
    _plain("haiku-5-5 at 100,000", "claude-haiku-5-5", "0.0105", input=100_000, output=1000),
    _plain("haiku-5-5 above 100,000", "claude-haiku-5-5", "0.0525005", input=100_001, output=1000),
    # 1·0.5 + 50,000·0.625 + 10,000·1 + 40,001·0.05, all by a million; then 100 out at 2.5
    _plain(
        "haiku-5-5: the cache counts to the length",
        "claude-haiku-5-5",
        "0.04350055",
        **{"input": 1, "w5": 50_000, "w1h": 10_000, "read": 40_001, "output": 100},
    ),
    _plain("sonnet-4-5 at 200,000", "claude-sonnet-4-5", "0.615", input=200_000, output=1000),
    _plain("sonnet-4-5 above 200,000", "claude-sonnet-4-5", "1.222506", input=200_001, output=1000),
    _plain("opus-4-8 has one price for a million", "claude-opus-4-8", "4.5", input=900_000),
    _plain("sonnet-4-6 has one price for a million", "claude-sonnet-4-6", "2.7", input=900_000),
)

_MODIFIERS = (
    _plain("fast opus-5-5", "claude-opus-5-5", "0.1", speed="fast", **ALL),
    _plain("fast opus-5", "claude-opus-5", "0.13", speed="fast", **ALL),
    _plain("fast opus-4-8", "claude-opus-4-8", "0.13", speed="fast", **ALL),
    _plain("fast fable-5-2", "claude-fable-5-2", "0.196", speed="fast", **ALL),
    _plain("opus-4-6 asked fast, served standard", "claude-opus-4-6", "0.065", speed="standard", **ALL),
    _plain("opus-4-6 is never fast", "claude-opus-4-6", "0.065", speed="fast", **ALL),
    _plain(
        "fast opus-4-8 on its last day",
        "claude-opus-4-8",
        "0.13",
        on=datetime(2026, 11, 29, 23, 59, tzinfo=UTC),
        speed="fast",
        **ALL,
    ),
    _plain(
        "fast opus-4-8 has ended",
        "claude-opus-4-8",
        "0.065",
        on=datetime(2026, 11, 30, tzinfo=UTC),
        speed="fast",
        **ALL,
    ),
    _plain("fast haiku-4-5 has no price", "claude-haiku-4-5", None, "no fast price", speed="fast", **ALL),
    _plain("batch opus-5-5", "claude-opus-5-5", "0.025", tier="batch", **ALL),
    _plain("batch haiku-4-5", "claude-haiku-4-5", "0.0065", tier="batch", **ALL),
    _plain("batch haiku-5-5 above", "claude-haiku-5-5", "0.02500025", tier="batch", input=100_001),
    _plain("batch is never fast", "claude-opus-5-5", "0.025", tier="batch", speed="fast", **ALL),
    _plain("searches cost the same in a batch", "claude-opus-5-5", "0.01", tier="batch", searches=1),
    _plain("batch opus-4-1 has no price", "claude-opus-4-1", None, "no batch price", tier="batch", **ALL),
    _plain("priority at list price", "claude-opus-5-5", "0.05", "priority", tier="priority", **ALL),
    _plain("unknown tier", "claude-opus-5-5", None, "tier gold", tier="gold", **ALL),
    _plain("unknown speed", "claude-opus-5-5", None, "speed warp", speed="warp", **ALL),
    _plain("in the US", "claude-opus-5-5", "0.055", geo="us", **ALL),
    _plain("in the US, 4-6", "claude-opus-4-6", "0.0715", geo="us", **ALL),
    _plain("in the US before 4-6", "claude-opus-4-5", "0.065", geo="us", **ALL),
    _plain("in the US, haiku-4-5", "claude-haiku-4-5", "0.013", geo="us", **ALL),
    _plain("anywhere", "claude-opus-5-5", "0.05", geo="global", **ALL),
    _plain("place not told", "claude-haiku-4-5", "0.013", geo="not_available", **ALL),
    _plain("unknown place", "claude-opus-5-5", None, "geo mars", geo="mars", **ALL),
    _plain("fast in the US", "claude-opus-5", "0.143", speed="fast", geo="us", **ALL),
    _plain("batch in the US", "claude-opus-5-5", "0.0275", tier="batch", geo="us", **ALL),
    _plain("searches cost the same in the US", "claude-opus-5-5", "0.0144", geo="us", input=1000, searches=1),
    _plain(
        "sonnet-5-5 reads before the cut",
        "claude-sonnet-5-5",
        "0.2",
        on=datetime(2026, 10, 6, 23, 59, tzinfo=UTC),
        read=1_000_000,
    ),
    _plain(
        "sonnet-5-5 reads after the cut",
        "claude-sonnet-5-5",
        "0.1",
        on=datetime(2026, 10, 7, tzinfo=UTC),
        read=1_000_000,
    ),
)

_NAMES = (
    _plain("dated", "claude-sonnet-4-5-20250929", "0.039", **ALL),
    _plain("dated with dashes", "claude-opus-5-2026-07-01", "0.065", **ALL),
    _plain("latest", "claude-opus-5-latest", "0.065", **ALL),
    _plain("dated without a minor", "claude-opus-4-20250514", "0.195", **ALL),
    _plain("old order", "claude-3-7-sonnet-20250219", "0.039", **ALL),
    _plain("a model to come is not its prefix", "claude-opus-4-10", None, "unknown model", **ALL),
    _plain("a model to come", "claude-opus-6", None, "unknown model claude-opus-6", **ALL),
    _plain("mythos-5 has no public price", "claude-mythos-5", None, "unknown model", **ALL),
    _plain("mythos-5-1 has no public price", "claude-mythos-5-1", None, "unknown model", **ALL),
    _plain("mythos-preview", "claude-mythos-preview", None, "unknown model", **ALL),
    _plain("Bedrock's name", "us.anthropic.claude-opus-4-5-20251101-v1:0", None, "unknown model", **ALL),
    _plain("Vertex's name", "claude-opus-4-5@20251101", None, "unknown model", **ALL),
    _plain("another maker's", "gpt-5", None, "unknown model gpt-5", **ALL),
)

_REFUSED = {"content": [], "stop_reason": "refusal"}
_FELL_BACK = [
    {"type": "fallback", "from": {"model": "claude-fable-5"}, "to": {"model": "claude-opus-4-8"}},
    {"type": "text", "text": "hello"},
]

_COMPOSED = (
    Case(
        "one iteration that says what the top level says",
        message("claude-opus-5-5", usage(**ALL, iterations=[step("message", **ALL)])),
        Decimal("0.05"),
    ),
    Case(
        # 180,000·5 + 3500·25 for the compaction; 23,000·5 + 1000·25
        "compaction is left out above",
        message(
            "claude-opus-5",
            usage(
                input=23_000,
                output=1000,
                iterations=[
                    step("compaction", input=180_000, output=3500),
                    step("message", input=23_000, output=1000),
                ],
            ),
        ),
        Decimal("1.1275"),
    ),
    Case(
        # The documentation's own example: haiku 412·1 + 89·5 and 1348·1 + 412·0.1 + 442·5,
        # the advisor 823·5 + 1612·25
        "an advisor at its own price, and every step of the one advised",
        message(
            "claude-haiku-4-5",
            usage(
                input=412,
                output=531,
                iterations=[
                    step("message", input=412, output=89),
                    step("advisor_message", "claude-opus-4-7", input=823, output=1612),
                    step("message", input=1348, read=412, output=442),
                ],
            ),
        ),
        Decimal("0.0488712"),
    ),
    Case(
        # opus-5 fast 1000·10 + 100·50; the advisor standard 1000·10 + 100·50
        "an advisor of a fast answer is not fast",
        message(
            "claude-opus-5",
            usage(
                input=1000,
                output=100,
                speed="fast",
                iterations=[
                    step("message", input=1000, output=100),
                    step("advisor_message", "claude-fable-5", input=1000, output=100),
                ],
            ),
        ),
        Decimal("0.03"),
    ),
    Case(
        "an advisor of an unknown model",
        message(
            "claude-haiku-4-5",
            usage(output=1, iterations=[step("message", output=1), step("advisor_message", "claude-x-9")]),
        ),
        None,
        "unknown model claude-x-9",
    ),
    Case(
        "an advisor without a name",
        message("claude-haiku-4-5", usage(iterations=[step("advisor_message", output=1)])),
        None,
        "no model",
    ),
    Case(
        # 412·5 + 264·25; what fable-5 refused in silence is free
        "a fallback after silence",
        message(
            "claude-opus-4-8",
            usage(
                input=412,
                output=264,
                iterations=[
                    step("message", "claude-fable-5", input=408),
                    step("fallback_message", "claude-opus-4-8", input=412, output=264),
                ],
            ),
            content=_FELL_BACK,
        ),
        Decimal("0.00866"),
        "not charged",
    ),
    Case(
        # The counted four tokens are of no use to anyone: no content stands before the fallback.
        "a fallback after silence that counts some output",
        message(
            "claude-opus-4-8",
            usage(
                input=412,
                output=264,
                iterations=[
                    step("message", "claude-fable-5", input=408, output=4),
                    step("fallback_message", "claude-opus-4-8", input=412, output=264),
                ],
            ),
            content=_FELL_BACK,
        ),
        Decimal("0.00866"),
        "not charged",
    ),
    Case(
        # fable-5 408·10 + 120·50, and opus-4-8 412·5 + 264·25
        "a fallback in the middle is charged for both",
        message(
            "claude-opus-4-8",
            usage(
                input=412,
                output=264,
                iterations=[
                    step("message", "claude-fable-5", input=408, output=120),
                    step("fallback_message", "claude-opus-4-8", input=412, output=264),
                ],
            ),
            content=[{"type": "text", "text": "I beg"}, *_FELL_BACK],
        ),
        Decimal("0.01874"),
    ),
    Case(
        # sonnet-5 1000·2 + 100·10; fable-5 and opus-5 were silent
        "a fallback of a fallback",
        message(
            "claude-sonnet-5",
            usage(
                input=1000,
                output=100,
                iterations=[
                    step("message", "claude-fable-5", input=1000),
                    step("message", "claude-opus-5", input=1000),
                    step("fallback_message", "claude-sonnet-5", input=1000, output=100),
                ],
            ),
            content=[
                {"type": "fallback", "from": {"model": "claude-fable-5"}, "to": {"model": "claude-opus-5"}},
                {"type": "fallback", "from": {"model": "claude-opus-5"}, "to": {"model": "claude-sonnet-5"}},
                {"type": "text", "text": "hello"},
            ],
        ),
        Decimal("0.003"),
        "not charged",
    ),
    Case(
        # 3 searches once, beside 100·4 + 10·20 and 200·4 + 20·20
        "searches among iterations are charged once",
        message(
            "claude-opus-5-5",
            usage(
                input=300,
                output=30,
                searches=3,
                iterations=[step("message", input=100, output=10), step("message", input=200, output=20)],
            ),
        ),
        Decimal("0.0318"),
    ),
    Case(
        # each of the two steps is under 100,000, so both at 0.10
        "the length of a prompt is that of its step",
        message(
            "claude-haiku-5-5",
            usage(
                input=160_000,
                output=2,
                iterations=[step("message", input=80_000, output=1), step("message", input=80_000, output=1)],
            ),
        ),
        Decimal("0.016001"),
    ),
    Case(
        "in the US every iteration costs more",
        message("claude-opus-5", usage(**ALL, inference_geo="us", iterations=[step("message", **ALL)])),
        Decimal("0.0715"),
    ),
    Case(
        # Iterations that tell 10 of 500 output tokens are those of a stream that broke off.
        "iterations that lag behind",
        message("claude-opus-5-5", usage(**ALL, iterations=[step("message", input=1, output=10)])),
        Decimal("0.05"),
    ),
    Case(
        "a refusal before output",
        message("claude-fable-5", usage(input=106, output=1), **_REFUSED),
        Decimal(0),
        "not charged",
    ),
    Case(
        "a refusal before output by every model",
        message(
            "claude-opus-4-8",
            usage(
                input=106,
                output=1,
                iterations=[
                    step("message", "claude-fable-5", input=106, output=1),
                    step("fallback_message", "claude-opus-4-8", input=106, output=1),
                ],
            ),
            **{**_REFUSED, "content": _FELL_BACK[:1]},
        ),
        Decimal(0),
        "not charged",
    ),
    Case(
        # 106·10 + 30·50
        "a refusal in the middle is charged",
        message("claude-fable-5", usage(input=106, output=30), stop_reason="refusal"),
        Decimal("0.00256"),
    ),
    Case(
        # the compaction alone: 1000·10 + 100·50
        "a compaction is charged though the answer is refused",
        message(
            "claude-fable-5",
            usage(
                input=500,
                output=1,
                iterations=[
                    step("compaction", input=1000, output=100),
                    step("message", input=500, output=1),
                ],
            ),
            **{**_REFUSED, "content": [{"type": "compaction", "content": "so far"}]},
        ),
        Decimal("0.015"),
        "not charged",
    ),
    Case(
        "a refusal of an unknown model is free all the same",
        message("claude-x-9", usage(input=106), **_REFUSED),
        Decimal(0),
        "not charged",
    ),
    Case("no usage", message("claude-opus-5", {}) | {"usage": None}, None, "could not be read"),
    Case(
        "a count that is none",
        message("claude-opus-5", usage() | {"output_tokens": "many"}),
        None,
        "could not be read",
    ),
    Case(
        "a breakdown that is missing counts as 5m",
        message("claude-opus-5-5", usage(w5=1000) | {"cache_creation": None}),
        Decimal("0.005"),
    ),
)

CASES = (*_ALL_CLASSES, *_SINGLE_CLASSES, *_LENGTHS, *_MODIFIERS, *_NAMES, *_COMPOSED)
