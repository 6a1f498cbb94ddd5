"""A request in one line: for the log, and for the comment that mitmweb shows beside a flow."""

from __future__ import annotations

from ccgate.accounting.bill import counted
from ccgate.accounting.entry import Closing
from ccgate.accounting.entry import Opening


def line(opening: Opening, closing: Closing) -> str:
    """Who asked which model for what, and how it ended.

    Such as `alice-laptop (alice) claude-opus-5-5 · in 1,200 cached 40,000 out 350 · $0.0160 · 2.1 s`.
    """
    parts = [f"{opening.client} ({opening.owner}) {_model(opening, closing)}"]
    if closing.metered is not None:
        tokens = counted(closing.metered)
        written = tokens.cache_write_5m + tokens.cache_write_1h
        parts.append(f"in {tokens.input + written:,} cached {tokens.cache_read:,} out {tokens.output:,}")
    cost = closing.cost.amount
    parts.append("cost unknown" if cost is None else f"${cost:.4f}")
    if closing.state != "done":
        parts.append(f"{closing.state}: {closing.error or f'HTTP {closing.status}'}")
    parts.append(f"{closing.total_ms / 1000:.1f} s")
    return " · ".join(parts)


def _model(opening: Opening, closing: Closing) -> str:
    served = closing.metered.model_served if closing.metered else None
    return served or opening.model_asked or "no model"
