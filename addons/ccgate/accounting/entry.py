"""What a ledger entry is opened and closed with."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from ccgate.accounting.metered import Metered
from ccgate.accounting.prices import Cost

EndState = Literal["done", "failed", "aborted"]
"""How an answer ended: whole; an error instead of it or within it; broken off by the client."""


@dataclass(frozen=True, slots=True)
class Opening:
    """What is known when a request leaves. `started_at` is aware; the body is counted, never kept."""

    id: str
    started_at: datetime
    client: str
    owner: str
    session_id: str | None
    agent_id: str | None
    parent_agent_id: str | None
    model_asked: str | None
    streamed: bool
    path: str
    request_bytes: int


@dataclass(frozen=True, slots=True)
class Closing:
    """What is known when an answer has ended.

    `error` is a short kind, never content. Times are in milliseconds since the request left. `cost` is
    what `Pricer` or `prices.unmetered` said; the ledger itself computes nothing.
    """

    state: EndState
    ended_at: datetime
    status: int | None
    first_byte_ms: float | None
    total_ms: float
    response_bytes: int
    upstream_request_id: str | None
    error: str | None
    metered: Metered | None
    cost: Cost
