"""What a gateway has written into its ledger, as a test wants to see it."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass
from dataclasses import replace
from decimal import Decimal
from pathlib import Path

from tests.e2e.claude_code import Sums


@dataclass(frozen=True, slots=True)
class Entry:
    """One request. `cost` is in USD, None when it is not known."""

    state: str
    owner: str
    session_id: str | None
    agent_id: str | None
    model_asked: str
    model_served: str | None
    streamed: bool
    status: int | None
    error: str | None
    stop_reason: str | None
    input: int
    cache_write: int
    cache_read: int
    output: int
    cost: Decimal | None
    first_byte_ms: float | None
    total_ms: float | None
    response_bytes: int | None
    upstream_request_id: str | None


def entries(home: Path, client: str, seconds: float = 5) -> list[Entry]:
    """A client's entries in the order of their requests, once all of them are closed."""
    deadline = time.monotonic() + seconds
    while True:
        found = _read(home, client)
        if all(entry.state != "open" for entry in found) or time.monotonic() > deadline:
            return found
        time.sleep(0.02)


def sums(found: Sequence[Entry]) -> dict[str, Sums]:
    """Entries added up by the model that served."""
    added: dict[str, Sums] = {}
    for entry in found:
        assert entry.cost is not None, entry
        model = entry.model_served or entry.model_asked
        one = Sums(entry.input, entry.cache_write, entry.cache_read, entry.output, entry.cost)
        added[model] = plus(added[model], one) if model in added else one
    return {model: replace(one, cost=one.cost.normalize()) for model, one in added.items()}


def total(found: Sequence[Entry]) -> Decimal:
    """What entries cost together, in USD."""
    return sum((entry.cost for entry in found if entry.cost is not None), Decimal(0)).normalize()


def plus(one: Sums, other: Sums) -> Sums:
    """Both together."""
    return Sums(
        one.input + other.input,
        one.cache_write + other.cache_write,
        one.cache_read + other.cache_read,
        one.output + other.output,
        one.cost + other.cost,
    )


def _read(home: Path, client: str) -> list[Entry]:
    with closing(sqlite3.connect(home / "ccgate.sqlite3")) as connection:
        connection.row_factory = sqlite3.Row
        rows = connection.execute(
            """
            SELECT state, owner, session_id, agent_id, model_asked, model_served, streamed, status, error,
                stop_reason, COALESCE(input_tokens, 0) AS input,
                COALESCE(cache_write_5m_tokens, 0) + COALESCE(cache_write_1h_tokens, 0) AS cache_write,
                COALESCE(cache_read_tokens, 0) AS cache_read, COALESCE(output_tokens, 0) AS output, cost,
                first_byte_ms, total_ms, response_bytes, upstream_request_id
            FROM entries WHERE client = ? ORDER BY number
            """,
            (client,),
        ).fetchall()
    return [Entry(**{**row, "cost": _dollars(row["cost"])}) for row in rows]


def _dollars(pico: int | None) -> Decimal | None:
    return None if pico is None else Decimal(pico).scaleb(-12)
