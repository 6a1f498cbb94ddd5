"""What the gateway knows of one flow under way: made in `requestheaders`, gone with the flow's end."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from ccgate.accounting.metering import Metering
from ccgate.admission.clients import Client
from ccgate.admission.endpoints import Endpoint
from ccgate.privacy.restoration.restore import Restorer
from ccgate.privacy.walk import Format
from ccgate.streaming.instead import Instead
from ccgate.streaming.rewrite import Rewrite
from ccgate.streaming.tap import Tap


@dataclass(slots=True)
class FlowState:
    """One flow's way through the rooms; each room adds what it found."""

    request_id: str
    headers: Mapping[str, str]
    """Those that decide something, by lower-case name, as they came."""
    client: Client | None = None
    endpoint: Endpoint | None = None
    form: Format = "messages"
    restorer: Restorer | None = None
    """None: nothing was replaced in the request."""
    metering: Metering | None = None
    tap: Tap | Rewrite | Instead | None = None
    """What the answer streams through."""
    upstream_request_id: str | None = None
