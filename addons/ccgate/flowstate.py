"""What the gateway knows of one flow under way: made in `requestheaders`, gone with the flow's end."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from ccgate.accounting.metering import Metering
from ccgate.admission.clients import Client
from ccgate.admission.endpoints import Endpoint
from ccgate.streaming.tap import Tap


@dataclass(slots=True)
class FlowState:
    """One flow's way through the rooms; each room adds what it found."""

    request_id: str
    headers: Mapping[str, str]
    """Those that decide something, by lower-case name, as they came."""
    client: Client | None = None
    endpoint: Endpoint | None = None
    metering: Metering | None = None
    tap: Tap | None = None
    upstream_request_id: str | None = None
