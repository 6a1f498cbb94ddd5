"""Adds up the ledger: for a period, by whoever or whatever one asks for.

Sums are exact: costs are added as integers, in two halves that cannot overflow, and leave as Decimals.
A cost that is not known is counted, never added as nought.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from ccgate.accounting.ledger import from_pico
from ccgate.accounting.ledger import timestamp
from ccgate.accounting.metered import Tokens

GROUPS = {
    "owner": "owner",
    "client": "client",
    "model": "COALESCE(model_served, model_asked, '')",
    "session": "COALESCE(session_id, '')",
    "day": "substr(started_at, 1, 10)",
}
"""What can be reported by, and the SQL for it. A model is the one that served, else the one asked for."""

_SPLIT = 1_000_000
_TOKENS = (
    "input_tokens",
    "cache_write_5m_tokens",
    "cache_write_1h_tokens",
    "cache_read_tokens",
    "output_tokens",
    "web_searches",
)
_SUMS = f"""
    count(*), {", ".join(f"COALESCE(sum({one}), 0)" for one in _TOKENS)},
    COALESCE(sum(cost / {_SPLIT}), 0), COALESCE(sum(cost % {_SPLIT}), 0),
    count(*) FILTER (WHERE cost IS NULL AND state <> 'open'),
    count(*) FILTER (WHERE state = 'open'),
    count(*) FILTER (WHERE state = 'interrupted'),
    count(*) FILTER (WHERE state = 'aborted'),
    count(*) FILTER (WHERE state = 'failed')
"""


@dataclass(frozen=True, slots=True)
class Period:
    """From `since`, inclusive, to `until`, exclusive; None is open-ended."""

    since: datetime | None = None
    until: datetime | None = None


@dataclass(frozen=True, slots=True)
class Totals:
    """Sums over entries. `cost` is of those whose cost is known; `unknown` counts the ended ones without."""

    requests: int
    tokens: Tokens
    cost: Decimal
    unknown: int
    open: int
    interrupted: int
    aborted: int
    failed: int


NOTHING = Totals(0, Tokens(), Decimal(0), 0, 0, 0, 0, 0)


@dataclass(frozen=True, slots=True)
class Row:
    """The sums of one group; `keys` are its values in the order of what was asked for."""

    keys: tuple[str, ...]
    totals: Totals


@dataclass(frozen=True, slots=True)
class Line:
    """One entry, as a list shows it. `cost` is None when it is not known."""

    id: str
    started_at: str
    client: str
    owner: str
    model: str
    session_id: str | None
    tokens: Tokens
    cost: Decimal | None
    cost_note: str | None
    state: str
    status: int | None
    error: str | None
    total_ms: float | None


def totals(connection: sqlite3.Connection, period: Period) -> Totals:
    """The sums over a period."""
    where, bounds = _where(period)
    return _totals(connection.execute(f"SELECT {_SUMS} FROM entries {where}", bounds).fetchone())  # noqa: S608


def grouped(connection: sqlite3.Connection, by: Sequence[str], period: Period) -> list[Row]:
    """The sums over a period for each combination of `by`, keys of GROUPS: days in order, else by cost."""
    where, bounds = _where(period)
    keys = ", ".join(GROUPS[one] for one in by)
    rows = connection.execute(
        f"SELECT {keys}, {_SUMS} FROM entries {where} GROUP BY {keys}",  # noqa: S608
        bounds,
    )
    found = [Row(tuple(row[: len(by)]), _totals(row[len(by) :])) for row in rows]
    if by[0] == "day":
        return sorted(found, key=lambda row: (row.keys[0], -row.totals.cost, row.keys))
    return sorted(found, key=lambda row: (-row.totals.cost, row.keys))


def latest(connection: sqlite3.Connection, period: Period, limit: int) -> list[Line]:
    """The last entries of a period, newest first."""
    where, bounds = _where(period)
    rows = connection.execute(
        f"""
        SELECT id, started_at, client, owner, {GROUPS["model"]}, session_id,
            {", ".join(f"COALESCE({one}, 0)" for one in _TOKENS)},
            cost, cost_note, state, status, error, total_ms
        FROM entries {where} ORDER BY started_at DESC, number DESC LIMIT ?
        """,  # noqa: S608
        (*bounds, limit),
    )
    return [_line(row) for row in rows]


def _where(period: Period) -> tuple[str, tuple[str, ...]]:
    conditions = {"started_at >= ?": period.since, "started_at < ?": period.until}
    given = {text: moment for text, moment in conditions.items() if moment is not None}
    where = f"WHERE {' AND '.join(given)}" if given else ""
    return where, tuple(timestamp(moment) for moment in given.values())


def _totals(row: Sequence[int]) -> Totals:
    requests, *tokens = row[:7]
    millionths, rest, unknown, still_open, interrupted, aborted, failed = row[7:]
    return Totals(
        requests=requests,
        tokens=Tokens(*tokens),
        cost=from_pico(millionths * _SPLIT + rest),
        unknown=unknown,
        open=still_open,
        interrupted=interrupted,
        aborted=aborted,
        failed=failed,
    )


def _line(row: Sequence[Any]) -> Line:
    entry, started_at, client, owner, model, session_id = row[:6]
    cost, cost_note, state, status, error, total_ms = row[12:]
    return Line(
        id=entry,
        started_at=started_at,
        client=client,
        owner=owner,
        model=model,
        session_id=session_id,
        tokens=Tokens(*row[6:12]),
        cost=None if cost is None else from_pico(cost),
        cost_note=cost_note,
        state=state,
        status=status,
        error=error,
        total_ms=total_ms,
    )
