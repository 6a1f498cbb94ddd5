"""What of an answer is charged, and at which model: Anthropic's billing rules, and nothing else.

1. Without `usage.iterations`, the top level of `usage` is what was sampled and what is billed.
2. With them, every entry is billed at its own model, one without a model at the one that served. The
   top level leaves out `compaction` and `advisor_message`; with an advisor its input is that of the first
   step alone; after a fallback it is that of the attempt that served.
   https://platform.claude.com/docs/en/build-with-claude/compaction ("sum across all entries"),
   https://platform.claude.com/docs/en/agents-and-tools/tool-use/advisor-tool,
   https://platform.claude.com/docs/en/build-with-claude/refusals-and-fallback
3. Web searches are counted at the top level alone, and billed once.
4. What is refused before any output is counted and not billed, be it the answer or an attempt that a
   fallback left behind; a refusal after output has begun is billed. An attempt is known to have been
   silent when no content stands before its `fallback` block, or, where that block is missing, when it
   counts no output. (Same source.)
5. Entries that tell less output than the top level are those of a stream that broke off between them:
   the top level then stands for the attempt that served.
"""

from __future__ import annotations

from dataclasses import dataclass

from ccgate.accounting.metered import Iteration
from ccgate.accounting.metered import Metered
from ccgate.accounting.metered import Tokens

ASIDE = frozenset({"compaction", "advisor_message"})
"""Iterations that the top level of `usage` leaves out, and that an answer's refusal does not undo."""


@dataclass(frozen=True, slots=True)
class Part:
    """Tokens that one model was asked for. `kind` is the iteration's type, `charged` whether they cost."""

    kind: str
    model: str | None
    tokens: Tokens
    charged: bool = True


def parts(metered: Metered) -> tuple[Part, ...]:
    """Everything that was sampled for an answer, in order, and what of it is charged."""
    served = metered.model_served
    if not metered.iterations:
        return (Part("message", served, metered.tokens, not metered.refused_before_output),)
    listed = tuple(
        Part(one.type, one.model or _unnamed(one, served), one.tokens, not _refused(one, metered))
        for one in metered.iterations
    )
    output = sum(part.tokens.output for part in listed if part.model == served and part.kind not in ASIDE)
    if output < metered.tokens.output:
        others = tuple(part for part in listed if part.model != served or part.kind in ASIDE)
        return (*others, Part("message", served, metered.tokens, not metered.refused_before_output))
    if metered.tokens.web_searches:
        return (*listed, Part("web_search", served, Tokens(web_searches=metered.tokens.web_searches)))
    return listed


def counted(metered: Metered) -> Tokens:
    """All tokens of an answer, charged or not: the sum of its parts."""
    if not metered.iterations:
        return metered.tokens
    return sum((part.tokens for part in parts(metered)), Tokens())


def _unnamed(one: Iteration, served: str | None) -> str | None:
    """Whose an iteration without a model is: the one that served, but an advisor is another by nature."""
    return None if one.type == "advisor_message" else served


def _refused(one: Iteration, metered: Metered) -> bool:
    if one.type in ASIDE:
        return False
    if metered.refused_before_output:
        return True
    if one.type != "message" or not _fell_back(metered):
        return False
    if one.model in metered.declined:
        return True
    return one.model != metered.model_served and one.tokens.output == 0


def _fell_back(metered: Metered) -> bool:
    return bool(metered.declined) or any(one.type == "fallback_message" for one in metered.iterations)
