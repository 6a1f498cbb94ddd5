"""The guard by itself: what is left when the gateway is gone lets nothing out."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path

import pytest
from mitmproxy import connection
from mitmproxy.options import Options
from mitmproxy.proxy import server_hooks
from mitmproxy.test import tflow
from mitmproxy.tools.dump import DumpMaster

from ccgate import options
from ccgate.guard import Guard
from ccgate.guard import install


def refused(flow) -> bool:  # type: ignore[no-untyped-def]
    return (
        flow.response is not None
        and flow.response.status_code == 503
        and json.loads(flow.response.content)["error"]["type"] == "api_error"
    )


def test_a_stamp_is_for_one_request_and_one_destination() -> None:
    """A request that was let through is not a pass for a second one, nor for another host."""
    guard = Guard()
    flow = tflow.tflow()
    guard.stamp(flow)
    guard.request(flow)
    assert flow.response is None
    assert flow.id in guard.departed
    guard.request(flow)
    assert refused(flow)
    other = tflow.tflow()
    guard.stamp(other)
    other.request.host = "elsewhere.example"
    guard.request(other)
    assert refused(other)
    assert other.id not in guard.departed


@pytest.mark.parametrize("part", ["scheme", "host", "port"])
def test_every_part_of_the_destination_counts(part: str) -> None:
    """Plain http to the same host and port is another destination: the credential would be readable."""
    guard = Guard()
    flow = tflow.tflow()
    guard.stamp(flow)
    setattr(flow.request, part, {"scheme": "https", "host": "x", "port": 1}[part])
    guard.request(flow)
    assert refused(flow)


def test_an_unstamped_connect_is_refused() -> None:
    """Without the gateway there is no tunnel to anywhere."""
    flow = tflow.tflow()
    flow.request.method = "CONNECT"
    Guard().http_connect(flow)
    assert refused(flow)


def test_a_body_never_streams_out_before_it_was_seen() -> None:
    """Another script that turns request streaming on does not get a body past the walk."""
    flow = tflow.tflow()
    flow.request.stream = True
    Guard().requestheaders(flow)
    assert flow.request.stream is False


def test_what_was_presented_is_not_shown_without_the_gateway() -> None:
    """mitmweb and saved flows hold no credential either when the script is gone."""
    flow = tflow.tflow()
    flow.request.headers["x-api-key"] = "canary"
    flow.request.headers["proxy-authorization"] = "Bearer canary"
    Guard().requestheaders(flow)
    assert b"canary" not in bytes(flow.request.headers)
    connect = tflow.tflow()
    connect.request.headers["proxy-authorization"] = "Basic canary"
    Guard().http_connect(connect)
    assert b"canary" not in bytes(connect.request.headers)


def test_connections_go_to_approved_addresses_alone() -> None:
    """One client's approval is not another's; a connection that nobody approved is not opened."""
    guard = Guard()
    mine, other = tflow.tclient_conn(), tflow.tclient_conn()
    guard.approve(mine, ("192.0.2.1", 443))
    for client, address, allowed in (
        (mine, ("192.0.2.1", 443), True),
        (mine, ("192.0.2.1", 80), False),
        (mine, ("192.0.2.2", 443), False),
        (other, ("192.0.2.1", 443), False),
    ):
        server = connection.Server(address=address)
        guard.server_connect(server_hooks.ServerConnectionHookData(server=server, client=client))
        assert (server.error is None) is allowed


@pytest.mark.parametrize(
    ("hook", "flow"),
    [
        ("tcp_start", tflow.ttcpflow()),
        ("udp_start", tflow.tudpflow()),
        ("dns_request", tflow.tdnsflow()),
        ("websocket_start", tflow.twebsocketflow()),
    ],
)
def test_what_is_not_http_is_ended(hook, flow) -> None:  # type: ignore[no-untyped-def]
    """Nobody looks into it, so it does not pass."""
    flow.live = True
    getattr(Guard(), hook)(flow)
    assert flow.error is not None


@pytest.mark.asyncio
async def test_there_is_one_guard_and_it_is_the_last(tmp_path: Path) -> None:
    """A reload of the script finds the guard that is there, with the flows under way in it.

    That it refuses unsafe options is in `test_options`.
    """
    master = DumpMaster(Options(confdir=str(tmp_path)), with_termlog=False, with_dumper=False)
    options.enforce(master.options)
    first = install(master.addons)
    assert install(master.addons) is first
    assert master.addons.chain[-1] is first
    await master.done()
    master.addons.get("errorcheck").finish()


@pytest.mark.asyncio
async def test_a_shutdown_waits_for_answers_under_way() -> None:
    """`done` returns when the last answer has ended, and new requests are told to come later."""
    guard = Guard()
    flow = tflow.tflow()
    guard.requestheaders(flow)
    done = asyncio.create_task(guard.done())
    await asyncio.sleep(0.1)
    assert guard.draining
    assert not done.done()
    guard.response(flow)
    await asyncio.wait_for(done, 5)


def test_nothing_is_kept_of_a_flow_that_has_ended() -> None:
    """A day of requests leaves no more in memory than an hour."""
    guard = Guard()
    for end in ("response", "error"):
        flow = tflow.tflow()
        guard.requestheaders(flow)
        guard.flows[flow.id] = object()
        guard.stamp(flow)
        guard.request(flow)
        getattr(guard, end)(flow)
        assert (guard.flows, guard.departed, guard._stamps, guard._under_way) == ({}, set(), {}, set())
