"""The gateway: carries a flow through the rooms, in the order in which they are read here.

This is the only module with mitmproxy's hooks, apart from the guard behind it. It decides nothing by
itself; each step is a room's. Whatever goes wrong on the way out, expected or not, ends in an answer to
the client and never in a forwarded request.
"""

from __future__ import annotations

import asyncio
import gc
import logging
import sys
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC
from datetime import datetime
from pathlib import Path
from secrets import token_hex

from mitmproxy import addonmanager
from mitmproxy import ctx
from mitmproxy import exceptions
from mitmproxy import http
from mitmproxy.proxy import layer
from mitmproxy.proxy import layers
from mitmproxy.proxy import mode_specs
from mitmproxy.proxy import server_hooks
from mitmproxy.utils import asyncio_utils

from ccgate import errorpages
from ccgate import flowkeys
from ccgate import guard
from ccgate import header_fields
from ccgate import options
from ccgate import outbound
from ccgate import own
from ccgate import profile
from ccgate import redacting
from ccgate.accounting.chat_usage import ChatMeter
from ccgate.accounting.entry import Opening
from ccgate.accounting.metering import Ending
from ccgate.accounting.metering import Metering
from ccgate.accounting.usage import Meter
from ccgate.admission import asked
from ccgate.admission import permit
from ccgate.admission import scope
from ccgate.admission.clients import Client
from ccgate.admission.door import Door
from ccgate.admission.endpoints import Endpoint
from ccgate.admission.resolve import public_address
from ccgate.credentials import injection
from ccgate.database import checkpoint
from ccgate.errors import EX_CONFIG
from ccgate.errors import OperatorError
from ccgate.errors import Refusal
from ccgate.errors import StoreError
from ccgate.flowstate import FlowState
from ccgate.proof import line
from ccgate.rooms import Rooms
from ccgate.rooms import furnish
from ccgate.state import state_folder
from ccgate.streaming.tap import Tap

logger = logging.getLogger(__name__)

METERED = "inference"
"""The kind of endpoint whose answers cost money."""

READ = ("inference", "count_tokens")
"""The kinds of endpoint whose request bodies name a model."""

CHAT = "/v1/chat/"
"""Where the provider speaks OpenAI's format."""

REPORTS = ("telemetry", "flags")
"""The kinds of endpoint whose request bodies say what device a client is on."""

NEEDS_CREDENTIAL = ("inference", "count_tokens", "models")
"""The kinds of endpoint that nobody can use without a credential."""

GARBAGE = (20_000, 20, 50)
"""How many new objects there are before the garbage among them is looked for, and how often among older."""

SWITCH_SECONDS = 0.0005
"""How long the event loop may have to wait for what is read beside it; Python's own 5 ms add up."""

PROGRESS_SECONDS = 0.25
"""How often the ledger is told what answers under way have said of their usage."""

CLOSE_SECONDS = 0.02
"""How long an entry may wait to be closed together with others."""

CHECKPOINT_SECONDS = 2.0
"""How often what the ledger wrote is carried into its file."""

BROKEN = "something went wrong inside the gateway, so the request was not forwarded; its log says where"
DRAINING = "the gateway is shutting down; try again"
DRAINING_RETRY_SECONDS = 5
UNWRITABLE = "the ledger cannot be written, so the request was not forwarded; the gateway's log says why"
GONE = "the client went away while its request was read"
KEYLESS = "the gateway cannot read its own credential, so the request was not forwarded; its log says why"
NOT_CONNECT = (
    "this port is a forward proxy for HTTPS (HTTPS_PROXY) and takes CONNECT alone; "
    "the API endpoint (ANTHROPIC_BASE_URL) is another port"
)


class Gateway:
    """ccgate's addon. One instance lives until its script is loaded again."""

    rooms: Rooms
    guard: guard.Guard

    # mitmproxy's life.

    def load(self, loader: addonmanager.Loader) -> None:
        """Declare the options, set what a gateway needs, and put the guard behind everything."""
        loader.add_option(
            options.PROFILE,
            str,
            "",
            "ccgate's profile: a name such as `team`, or a file. Empty: profiles/default.yaml.",
        )
        errorpages.install()
        # Before the guard is there: it would object to what is not yet set.
        options.enforce(ctx.options)
        self.guard = guard.install(ctx.master.addons)

    def configure(self, updated: set[str]) -> None:
        """Refuse options that undo the gateway; furnish the rooms when the profile has changed."""
        try:
            options.check(ctx.options)
            if options.PROFILE in updated or not hasattr(self, "rooms"):
                self.rooms = self._furnish()
            if self.rooms.profile.admission.clients == "optional":
                scope.require_loopback(self.rooms.profile.path, options.listen_hosts(ctx.options))
        except (OperatorError, exceptions.OptionsError) as e:
            if self.guard.trim is not None:
                raise exceptions.OptionsError(str(e)) from e
            # The start has failed. An exit of our own says in which way, and without a traceback.
            sys.stderr.write(f"ccgate: {e}\n")
            sys.exit(e.exit_code if isinstance(e, OperatorError) else EX_CONFIG)

    def running(self) -> None:
        """Begin what runs beside the flows.

        The price list takes a while to load; until then, the first answer would wait for it.
        """
        loop = asyncio.get_running_loop()
        loop.run_in_executor(None, self.rooms.books.pricer.warm)
        # What is there by now stays, and need not be looked through for garbage again and again. A flow's own
        # garbage can wait until there is some of it.
        gc.collect()
        gc.freeze()
        gc.set_threshold(*GARBAGE)
        sys.setswitchinterval(SWITCH_SECONDS)
        for task in self.guard.beside:
            task.cancel()
        self.guard.beside = [
            asyncio_utils.create_task(self._record_progress(), name="ccgate progress", keep_ref=False),
            asyncio_utils.create_task(self._checkpoint(), name="ccgate checkpoint", keep_ref=False),
        ]

    async def _record_progress(self) -> None:
        while True:
            await asyncio.sleep(PROGRESS_SECONDS)
            for state in self.guard.flows.values():
                if state.metering is not None:
                    state.metering.record_progress()

    async def _checkpoint(self) -> None:
        loop = asyncio.get_running_loop()
        while True:
            await asyncio.sleep(CHECKPOINT_SECONDS)
            try:
                await loop.run_in_executor(None, checkpoint, self.rooms.books.folder.database)
            except StoreError as e:
                logger.error(f"ccgate: {e}")

    def _furnish(self) -> Rooms:
        chosen = profile.load(profile.resolve(getattr(ctx.options, options.PROFILE)))
        books = self.guard.rooms.books if self.guard.rooms else None
        rooms = furnish(chosen, state_folder(), books)
        self.guard.rooms = rooms
        return rooms

    # A connection, on its way in.

    async def http_connect(self, flow: http.HTTPFlow) -> None:
        """Admit who opens a tunnel, and only to where it may lead."""
        with self._closed(flow):
            fields = flow.request.headers.fields
            flow.request.headers.pop("proxy-authorization", None)
            admitted = await self._door().connect(fields, _address(flow))
            host, port = flow.request.host, flow.request.port
            decision = self._scope(host, port)
            if decision == "tunnel":
                # The address is looked up and checked once, here, and then dialled as it is: a name
                # cannot lead elsewhere by being looked up again.
                flow.request.data.host = await public_address(host, port)
                self.guard.approve(flow.client_conn, (flow.request.host, port))
            self.guard.admitted[flow.client_conn] = (admitted, decision)
            self.guard.stamp(flow)

    def next_layer(self, data: layer.NextLayer) -> None:
        """Pass tunnels through unread."""
        _, decision = self.guard.admitted.get(data.context.client, (None, None))
        if decision == "tunnel":
            data.layer = layers.TCPLayer(data.context, ignore=True)

    # A request, on its way out.

    async def requestheaders(self, flow: http.HTTPFlow) -> None:
        """Admit the client, and refuse what no body could mend."""
        fields = flow.request.headers.fields
        # From here on nobody who looks at the flow sees a credential, whatever becomes of the request.
        flow.request.headers = injection.seal(header_fields.without(fields, header_fields.HOP))
        state = FlowState(request_id=f"ccg-{token_hex(16)}", headers=header_fields.DECIDING.among(fields))
        self.guard.flows[flow.id] = state
        flow.metadata[flowkeys.REQUEST_ID] = state.request_id
        with self._closed(flow):
            earlier, _ = self.guard.admitted.get(flow.client_conn, (None, None))
            if earlier is None and not _came_to_api_port(flow):
                raise Refusal(403, NOT_CONNECT)
            admitted, presented = await self._door().request(fields, _address(flow), earlier)
            if not set(presented.strip) <= set(header_fields.HOP):
                ours = (*header_fields.HOP, *presented.strip)
                flow.request.headers = injection.seal(header_fields.without(fields, ours))
            state.client = admitted.client
            flow.metadata[flowkeys.CLIENT] = admitted.client.name
            flow.metadata[flowkeys.OWNER] = admitted.client.owner
            if own.is_own(flow.request.path):
                state.endpoint = Endpoint("own", known=True)
                return
            state.endpoint = permit.check_endpoint(
                flow.request.method,
                flow.request.path,
                state.headers,
                unknown=self.rooms.profile.admission.endpoints.unknown,
                redacts=self.rooms.privacy is not None and self.rooms.privacy.redacts,
            )
            if flow.request.path.startswith(CHAT):
                state.form = "chat"

    async def request(self, flow: http.HTTPFlow) -> None:
        """Redact, open the ledger, put the credential in, and let the request leave."""
        state = self.guard.flows.get(flow.id)
        if flow.response or state is None or state.client is None or state.endpoint is None:
            self._withhold(flow)
            return
        with self._closed(flow):
            if self.guard.draining:
                raise Refusal(503, DRAINING, retry_after=DRAINING_RETRY_SECONDS)
            if state.endpoint.kind == "own":
                flow.response = await own.answer(flow, self.rooms.privacy)
                return
            wanted = None
            if state.endpoint.kind in READ:
                read = asked.read_chat if state.form == "chat" else asked.read
                wanted = read(flow.request.raw_content or b"")
                permit.check_model(wanted.model, self.rooms.profile.admission.models)
            flow.metadata[flowkeys.OUTCOME] = "passed"
            await self._redact(flow, state, state.endpoint)
            self._direct(flow, state, state.endpoint)
            if wanted is not None and state.endpoint.kind == METERED:
                state.metering = self._open_entry(flow, state, state.client, wanted)
            self.guard.stamp(flow)
        if flow.response:
            self._withhold(flow)

    def server_connect(self, data: server_hooks.ServerConnectionHookData) -> None:
        """Speak HTTP/1.1 to the upstream, and by TLS to its own name, whatever the client speaks to us.

        The credential is written by the HTTP/1 serialisation alone.
        """
        upstream = self.rooms.profile.upstream
        if data.server.address == (upstream.host, upstream.port):
            data.server.alpn_offers = (b"http/1.1",)
            data.server.sni = upstream.host

    # The answer, on its way back.

    def responseheaders(self, flow: http.HTTPFlow) -> None:
        """Forget the credential, and let the answer stream past the meter."""
        state = self.guard.flows.get(flow.id)
        if state is None or flow.response is None or flow.id not in self.guard.departed:
            return
        flow.request.headers = injection.forget(flow.request.headers)
        answer = header_fields.ANSWERING.among(flow.response.headers.fields)
        if "alt-svc" in answer:
            # It names other ways to reach the upstream, which lead past the gateway.
            del flow.response.headers["alt-svc"]
        state.upstream_request_id = answer.get("request-id")
        if state.restorer is not None:
            state.tap = redacting.restoring(flow, state, answer, shown=self.guard.shown)
        else:
            state.tap = Tap(
                state.metering,
                answer.get("content-type", ""),
                answer.get("content-encoding", ""),
                keep=self.guard.shown,
            )
        flow.response.stream = state.tap
        if state.metering is not None:
            state.metering.catch_up = state.tap.catch_up

    def response(self, flow: http.HTTPFlow) -> None:
        """Close the ledger entry, and keep a copy of the answer for those who look at the flow."""
        self._end(flow)

    def error(self, flow: http.HTTPFlow) -> None:
        """The same for an answer that did not come to its end."""
        self._end(flow)

    # Steps of the walk.

    @contextmanager
    def _closed(self, flow: http.HTTPFlow) -> Iterator[None]:
        """Turn whatever goes wrong inside into an answer to the client."""
        refusal = None
        try:
            yield
        except Refusal as e:
            refusal = e
        except OperatorError as e:
            logger.error(f"ccgate: {e}")
            refusal = Refusal(503, UNWRITABLE if isinstance(e, StoreError) else KEYLESS)
        except Exception as e:
            # The message of an unforeseen error may hold a part of the request, so it is not logged.
            logger.error(f"ccgate: {describe(e)}")
            refusal = Refusal(503, BROKEN)
        if refusal is not None:
            request_id = flow.metadata.get(flowkeys.REQUEST_ID, flow.id)
            flow.response = guard.answer(refusal, request_id)
            flow.metadata[flowkeys.OUTCOME] = "refused"

    def _door(self) -> Door:
        books = self.rooms.books
        required = self.rooms.profile.admission.clients == "required"
        return Door(books.clients, books.throttle, required=required)

    def _scope(self, host: str, port: int) -> str:
        hosts = self.rooms.profile.admission.hosts
        return scope.connect_decision(host, port, hosts.govern, hosts.tunnel, self.rooms.profile.upstream)

    async def _redact(self, flow: http.HTTPFlow, state: FlowState, endpoint: Endpoint) -> None:
        """Let nothing leave that the profile has redacted."""
        room = self.rooms.privacy
        if room is None:
            return
        if endpoint.kind in READ:
            await redacting.redact(flow, state, room, shown=self.guard.shown)
        elif endpoint.kind in REPORTS and room.pseudonym is not None:
            await redacting.redact_report(flow, room.pseudonym)
        elif endpoint.kind == "unknown" and flow.request.raw_content:
            raise Refusal(451, redacting.UNKNOWN_BODY)
        if flow.id not in self.guard.flows:
            raise Refusal(503, GONE)

    def _withhold(self, flow: http.HTTPFlow) -> None:
        """Keep what was not redacted out of a flow that may be shown or stored."""
        if self.rooms.privacy is not None:
            redacting.take(flow)

    def _direct(self, flow: http.HTTPFlow, state: FlowState, endpoint: Endpoint) -> None:
        """Point the request at the upstream, with the credential that it leaves with."""
        upstream = self.rooms.profile.upstream
        outbound.direct(flow.request, upstream, plain_answer=endpoint.kind == METERED)
        required = endpoint.kind in NEEDS_CREDENTIAL
        if self.rooms.credential is None:
            if required:
                injection.pass_through(flow.request.headers)
        else:
            key = self.rooms.credential.read()
            flow.request.headers = injection.replace(
                flow.request.headers, key, required=required, as_bearer=state.form == "chat"
            )
        self.guard.approve(flow.client_conn, (upstream.host, upstream.port))

    def _open_entry(
        self, flow: http.HTTPFlow, state: FlowState, client: Client, wanted: asked.Asked
    ) -> Metering:
        """Open the ledger entry. From here on, this request is accounted for, whatever happens."""
        opening = Opening(
            id=state.request_id,
            started_at=datetime.now(UTC),
            client=client.name,
            owner=client.owner,
            session_id=state.headers.get("x-claude-code-session-id"),
            agent_id=state.headers.get("x-claude-code-agent-id"),
            parent_agent_id=state.headers.get("x-claude-code-parent-agent-id"),
            model_asked=wanted.model,
            streamed=bool(wanted.stream),
            path=flow.request.path.partition("?")[0],
            request_bytes=len(flow.request.raw_content or b""),
        )
        meter = ChatMeter() if state.form == "chat" else Meter()
        return Metering(self.rooms.books.ledger, self.rooms.books.pricer, opening, meter)

    def _end(self, flow: http.HTTPFlow) -> None:
        state = self.guard.flows.pop(flow.id, None)
        if state is None:
            return
        flow.request.headers = injection.forget(flow.request.headers)
        if state.tap is not None and flow.response is not None:
            # Flows wait for the garbage collector; what was at work on this one need not.
            flow.response.stream = False
            if self.guard.shown:
                # Only for show: this body has been streamed to the client already.
                flow.response.data.content = state.tap.copy
                redacting.mark(flow, state)
        if (reason := redacting.unrestored(state)) is not None:
            logger.error(
                f"ccgate: the answer to {state.request_id} reached its client with placeholders: {reason}"
            )
        if state.metering is not None:
            self._close_entry(flow, state.metering, _ending(flow, state))

    def _close_entry(self, flow: http.HTTPFlow, metering: Metering, ending: Ending) -> None:
        """Close the ledger entry: at once where the flow is shown or kept, else with others, soon."""
        if self.guard.draining or self.guard.shown:
            closing = metering.close(ending)
            flow.comment = line.line(metering.opening, closing)
            logger.info(flow.comment)
        elif self.rooms.books.closings.add(metering, ending):
            asyncio.get_running_loop().call_later(CLOSE_SECONDS, self.rooms.books.closings.write)


def describe(error: BaseException) -> str:
    """An unforeseen error by its type and the place it came from, without its message."""
    frames = traceback.extract_tb(error.__traceback__)
    place = " < ".join(f"{Path(f.filename).name}:{f.lineno} {f.name}" for f in reversed(frames[-3:]))
    return f"{type(error).__name__} at {place}"


def _ending(flow: http.HTTPFlow, state: FlowState) -> Ending:
    """How the answer of a flow ended, from what mitmproxy says of it."""
    cut = None
    by_client = False
    if flow.error is not None:
        # A client of HTTP/2 may also give up one stream, and keep its connection for the others; then
        # the proxy core's words are all that tells.
        by_client = not flow.client_conn.connected or "by client" in flow.error.msg
        cut = "the client went away" if by_client else "the upstream connection broke"
    tap = state.tap
    return Ending(
        status=flow.response.status_code if flow.response else None,
        upstream_request_id=state.upstream_request_id,
        first_byte=tap.started if tap else None,
        size=tap.size if tap else 0,
        cut=cut,
        by_client=by_client,
    )


def _address(flow: http.HTTPFlow) -> str:
    peer = flow.client_conn.peername
    return str(peer[0]) if peer else ""


def _came_to_api_port(flow: http.HTTPFlow) -> bool:
    return isinstance(flow.client_conn.proxy_mode, mode_specs.ReverseMode)
