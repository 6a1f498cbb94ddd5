"""The values that metering deals in: token counts, and what an answer says of itself."""

from __future__ import annotations

from dataclasses import dataclass

MAX_TEXT = 120
"""Names are cut to this length: they come from outside and end in a database and in logs."""


@dataclass(frozen=True, slots=True)
class Tokens:
    """Counts by the classes that have a price of their own; `input` is what no cache was involved in."""

    input: int = 0
    cache_write_5m: int = 0
    cache_write_1h: int = 0
    cache_read: int = 0
    output: int = 0
    web_searches: int = 0

    @property
    def prompt(self) -> int:
        """The whole prompt; some prices depend on its length."""
        return self.input + self.cache_write_5m + self.cache_write_1h + self.cache_read

    def __add__(self, other: Tokens) -> Tokens:
        """The sum, class by class."""
        return Tokens(
            self.input + other.input,
            self.cache_write_5m + other.cache_write_5m,
            self.cache_write_1h + other.cache_write_1h,
            self.cache_read + other.cache_read,
            self.output + other.output,
            self.web_searches + other.web_searches,
        )


@dataclass(frozen=True, slots=True)
class Iteration:
    """One entry of `usage.iterations`: a sampling step, with its own model when it names one."""

    type: str
    model: str | None
    tokens: Tokens


@dataclass(frozen=True, slots=True)
class Metered:
    """What an answer has said of itself so far.

    `tokens` are those of `usage` itself; `bill.parts` says how they and the iterations add up.
    `refused_before_output` is a refusal with no content. `declined` are the models that a server-side
    fallback left behind before they had put anything out. `complete` says that the answer came to its
    end, `damaged` that some of it could not be read, so that the counts may be too low.
    """

    model_served: str | None = None
    tokens: Tokens = Tokens()
    iterations: tuple[Iteration, ...] = ()
    service_tier: str | None = None
    speed: str | None = None
    inference_geo: str | None = None
    stop_reason: str | None = None
    refused_before_output: bool = False
    declined: frozenset[str] = frozenset()
    complete: bool = False
    damaged: bool = False


def one_line(text: str) -> str:
    """A name that is fit for a database, a log and a terminal: one printable line of bounded length."""
    text = text[:MAX_TEXT]
    return text if text.isprintable() else "".join(c if c.isprintable() else "?" for c in text)
