"""The last addon in the chain: nothing leaves without the stamp.

mitmproxy fails open. A hook that raises is logged and the request goes on; a script that no longer loads,
or that was deleted, leaves a proxy without any rule. So the gateway adds this guard to the end of the
chain, where it outlives the script: it answers 503 to every request and every CONNECT that the gateway
has not stamped for just this destination, opens no connection to an address that the gateway has not
approved, and ends whatever is not HTTP. On shutdown it lets the answers under way come to their end.

It also keeps what has to outlive a reload of the script: the flows under way, and the rooms.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from typing import Any
from weakref import WeakKeyDictionary

from mitmproxy import connection
from mitmproxy import ctx
from mitmproxy import dns
from mitmproxy import http
from mitmproxy import tcp
from mitmproxy import udp
from mitmproxy.proxy import server_hooks

from ccgate import header_fields
from ccgate import options
from ccgate import trim
from ccgate.credentials import injection
from ccgate.credentials.sealed import SealedHeaders
from ccgate.errors import Refusal

logger = logging.getLogger(__name__)

Destination = tuple[str, str, int]
"""Scheme, host and port that a request goes to."""

Address = tuple[str, int]

DRAIN_SECONDS = 30.0
"""How long answers under way may take to end once a shutdown has begun."""

UNSTAMPED = "the gateway is not in working order, so nothing is forwarded; its log says why"


class Guard:
    """Answers what the gateway has not let through. One instance lives as long as mitmproxy does."""

    name = "ccgate-guard"

    def __init__(self) -> None:
        self.flows: dict[str, Any] = {}
        """What the gateway knows of each flow under way, by flow id."""
        self.rooms: Any = None
        """The gateway's rooms, kept for when its script is loaded again."""
        self.admitted: WeakKeyDictionary[connection.Client, Any] = WeakKeyDictionary()
        """Who came in by CONNECT, by client connection."""
        self.beside: list[asyncio.Task[None]] = []
        """What the gateway runs beside the flows; it goes on while answers come to their end."""
        self.draining = False
        """Whether a shutdown has begun; the gateway then turns new requests away."""
        self.trim: trim.Trim | None = None
        """Which addons are out of the way; None until everything is running."""
        self.departed: set[str] = set()
        """The flows whose requests have left; any answer of another flow was made here."""
        self._stamps: dict[str, Destination] = {}
        self._addresses: WeakKeyDictionary[connection.Client, set[Address]] = WeakKeyDictionary()
        self._under_way: set[str] = set()

    @property
    def shown(self) -> bool:
        """Whether somebody looks at flows, or they are kept in a file."""
        return self.trim is None or self.trim.shown

    # What the gateway calls.

    def stamp(self, flow: http.HTTPFlow) -> None:
        """Let this flow leave, once, to the destination that it has now."""
        self._stamps[flow.id] = _destination(flow)

    def approve(self, client: connection.Client, address: Address) -> None:
        """Let connections to this address be opened on behalf of this client connection."""
        self._addresses.setdefault(client, set()).add(address)

    # mitmproxy's hooks, in the order in which a flow passes.

    def configure(self, updated: set[str]) -> None:
        """Refuse unsafe options even when the gateway itself is gone."""
        options.check(ctx.options)
        if self.trim is not None:
            self.trim.options_changed(updated)

    def running(self) -> None:
        """Take idle addons out of the way; from now on a wrong option is undone and ends nothing."""
        self.trim = trim.Trim(ctx.master)
        logger.info("ccgate: ready")

    def http_connect(self, flow: http.HTTPFlow) -> None:
        """Refuse a CONNECT without a stamp; nobody sees what it presented."""
        flow.request.headers.pop("proxy-authorization", None)
        if self._stamps.pop(flow.id, None) != _destination(flow) and not flow.response:
            self._refuse(flow)

    def requestheaders(self, flow: http.HTTPFlow) -> None:
        """Count the flow, and never let its body leave before `request` has seen it."""
        self._under_way.add(flow.id)
        flow.request.stream = False
        if not isinstance(flow.request.headers, SealedHeaders):
            # The gateway is gone; nothing leaves, and nobody is to see what was presented.
            rest = header_fields.without(flow.request.headers.fields, header_fields.HOP)
            flow.request.headers = injection.forget(injection.seal(rest))

    def request(self, flow: http.HTTPFlow) -> None:
        """Refuse a request without a stamp for where it would go."""
        stamped = self._stamps.pop(flow.id, None)
        if flow.response:
            return
        if stamped == _destination(flow):
            self.departed.add(flow.id)
        else:
            self._refuse(flow)

    def server_connect(self, data: server_hooks.ServerConnectionHookData) -> None:
        """Refuse to open a connection to an address that was not approved for this client."""
        address = data.server.address
        if address is None or address[:2] not in self._addresses.get(data.client, ()):
            data.server.error = "ccgate: this address was not approved"
            logger.error("ccgate: refused to connect to an address that was not approved")

    def response(self, flow: http.HTTPFlow) -> None:
        """The flow has ended."""
        self._forget(flow)

    def error(self, flow: http.HTTPFlow) -> None:
        """The flow has ended early."""
        self._forget(flow)

    def tcp_start(self, flow: tcp.TCPFlow) -> None:
        """Nothing but HTTP is governed, so nothing else passes."""
        flow.kill()

    def udp_start(self, flow: udp.UDPFlow) -> None:
        """See `tcp_start`."""
        flow.kill()

    def websocket_start(self, flow: http.HTTPFlow) -> None:
        """See `tcp_start`."""
        flow.kill()

    def dns_request(self, flow: dns.DNSFlow) -> None:
        """See `tcp_start`."""
        flow.kill()

    async def done(self) -> None:
        """Wait for the answers under way; mitmproxy keeps serving until this returns."""
        self.draining = True
        deadline = asyncio.get_running_loop().time() + DRAIN_SECONDS
        if self._under_way:
            logger.info(f"ccgate: waiting for {len(self._under_way)} answers under way")
        # Polled, because an event would have to be set and cleared in four hooks.
        while self._under_way and asyncio.get_running_loop().time() < deadline:  # noqa: ASYNC110
            await asyncio.sleep(0.05)
        if self.rooms is not None:
            self.rooms.books.closings.write()
            self.rooms.books.ledger.shutdown()

    def _forget(self, flow: http.HTTPFlow) -> None:
        self._stamps.pop(flow.id, None)
        self._under_way.discard(flow.id)
        self.departed.discard(flow.id)
        # The gateway has taken its own share out by now, if it is still there.
        self.flows.pop(flow.id, None)

    def _refuse(self, flow: http.HTTPFlow) -> None:
        logger.error("ccgate: refused a request that the gateway has not let through")
        # Nobody has redacted it, and flows are shown and stored.
        flow.request.data.content = b""
        flow.response = answer(Refusal(503, UNSTAMPED), flow.id)


def answer(refusal: Refusal, request_id: str) -> http.Response:
    """The refusal as an HTTP response."""
    return http.Response.make(refusal.status, refusal.body(request_id), refusal.headers())


def install(addons: Any, make: Callable[[], Guard] = Guard) -> Guard:
    """The guard at the end of the chain; put there when it is missing."""
    guard: Guard | None = addons.get(Guard.name)
    if guard is None:
        guard = make()
        addons.add(guard)
    return guard


def _destination(flow: http.HTTPFlow) -> Destination:
    return (flow.request.scheme, flow.request.host, flow.request.port)
