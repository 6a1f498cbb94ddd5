"""What the upstream answers reaches the client as it is, whatever it is and however it ends."""

from __future__ import annotations

import itertools
import json
import time
from collections.abc import Iterator
from dataclasses import dataclass

import httpx
import pytest

from tests.e2e import wire
from tests.e2e.conftest import OWN_KEY
from tests.e2e.conftest import Admit
from tests.e2e.conftest import Admitted
from tests.e2e.conftest import Upstream
from tests.standin.script import Delivery
from tests.standin.script import Error
from tests.standin.script import Reply
from tests.standin.script import Script
from tests.standin.script import Text
from tests.standin.script import Thinking
from tests.standin.script import ToolUse

pytestmark = pytest.mark.e2e

TALK = (Thinking("Hm, \U0001f914. "), Text("Grüße, 世界. "), Text("x" * 500))
LIMITED = {
    "retry-after": "7",
    "x-should-retry": "true",
    "anthropic-ratelimit-unified-status": "rejected",
    "anthropic-ratelimit-unified-reset": "1790000000",
}

SCRIPT: Script = {
    "429": (
        Reply(
            status=429,
            headers=LIMITED,
            error=Error("rate_limit_error", "This request would exceed your rate limit."),
        ),
    ),
    "529": (Reply(status=529, error=Error("overloaded_error", "Overloaded")),),
    "500": (Reply(status=500, headers={"x-should-retry": "true"}),),
    "400": (
        Reply(
            status=400,
            error=Error("invalid_request_error", "prompt is too long: 214315 tokens > 200000 maximum"),
        ),
    ),
    "html": (Reply(status=502, body="<html><h1>502 Bad Gateway</h1></html>"),),
    "html-200": (Reply(body="<html>Please sign in</html>"),),
    "talk": (Reply(blocks=TALK),),
    "crumbs": (Reply(blocks=TALK, delivery=Delivery(split=(1, 2, 3), piece=5)),),
    "crlf": (Reply(blocks=TALK, delivery=Delivery(newline="\r\n", split=(1,))),),
    "error": (Reply(blocks=TALK, delivery=Delivery(error_after=6)),),
    "unknown": (Reply(blocks=TALK, usage={"a_new_thing": {"x": 1}}),),
    "hang-up": (Reply(blocks=TALK, delivery=Delivery(abort_after=6, pace=0.02)),),
    "paced": (Reply(blocks=(Text("0123456789" * 4),), delivery=Delivery(piece=4, pace=0.1)),),
    "late": (Reply(delivery=Delivery(first_byte_after=0.5)),),
    "refusal": (Reply(blocks=(), stop_reason="refusal"),),
    "tool": (Reply(blocks=(ToolUse("weather", {"place": 'Köln "\\ \n'}),), delivery=Delivery(piece=1)),),
    **{
        encoding: (Reply(blocks=TALK, delivery=Delivery(encoding=encoding, split=(3, 50))),)
        for encoding in ("gzip", "deflate", "br", "zstd")
    },
}
AS_THEY_ARE = [name for name in SCRIPT if name not in ("hang-up", "paced", "gzip", "deflate", "br", "zstd")]


@dataclass(frozen=True, slots=True)
class Road:
    """A client, and an HTTP client that speaks for it, in one version of HTTP."""

    client: Admitted
    speaker: httpx.Client
    version: str


@pytest.fixture(
    params=[
        pytest.param(("proxy", "own", "HTTP/1.1"), id="proxy"),
        pytest.param(("proxy", "own", "HTTP/2"), id="proxy-http2"),
        pytest.param(("api", "organisation", "HTTP/1.1"), id="api"),
    ]
)
def road(request: pytest.FixtureRequest, admit: Admit, upstream: Upstream) -> Iterator[Road]:
    """The ways in."""
    way, holder, version = request.param
    upstream.standin.conversations.add(SCRIPT)
    client = admit(way, holder)
    with wire.speaker(client, http2=version == "HTTP/2") as speaker:
        yield Road(client, speaker, version)


@pytest.mark.parametrize("stream", [True, False], ids=["streamed", "whole"])
@pytest.mark.parametrize("scenario", AS_THEY_ARE)
def test_an_answer_as_it_is(road: Road, upstream: Upstream, scenario: str, stream: bool) -> None:
    """Status, headers and body are those that the client would get without a gateway."""
    body = wire.body(scenario, stream=stream)
    with wire.direct(upstream.url, OWN_KEY) as direct:
        expected = wire.comparable(direct.post("/v1/messages", json=body))
    assert wire.comparable(road.speaker.post("/v1/messages", json=body)) == expected


@pytest.mark.parametrize("encoding", ["gzip", "deflate", "br", "zstd"])
def test_an_answer_that_is_compressed_all_the_same(road: Road, encoding: str) -> None:
    """An upstream that compresses unasked is readable for the client and for the meter."""
    response = road.speaker.post("/v1/messages", json=wire.body(encoding))
    assert "message_stop" in response.text
    assert "世界" in json.loads(f'"{"".join(deltas(response.text))}"', strict=False)
    (entry,) = road.client.entries()
    assert (entry.state, entry.error) == ("done", None)
    assert entry.output > 100
    assert entry.cost is not None and entry.cost > 0


def test_a_hang_up(road: Road) -> None:
    """What came before the end reaches the client, and the end does not look like a good one."""
    got = b""
    with (
        pytest.raises(httpx.RemoteProtocolError),
        road.speaker.stream("POST", "/v1/messages", json=wire.body("hang-up")) as response,
    ):
        for piece in response.iter_raw():
            got += piece
    assert got.count(b"event: ") == 6
    (entry,) = road.client.entries()
    assert (entry.state, entry.status) == ("failed", 200)
    assert entry.input > 0


def test_events_come_as_they_are_sent(road: Road) -> None:
    """Each event passes at once: nobody waits for the next one, or for the end."""
    moments = []
    with road.speaker.stream("POST", "/v1/messages", json=wire.body("paced")) as response:
        for piece in response.iter_raw():
            moments += [time.monotonic()] * piece.count(b"event: ")
    gaps = [later - earlier for earlier, later in itertools.pairwise(moments)]
    assert response.http_version == road.version
    assert len(moments) == 16
    assert sum(0.05 < gap < 0.3 for gap in gaps) >= 13, gaps


def test_a_client_that_hangs_up(road: Road, upstream: Upstream) -> None:
    """A client that goes away stops the generation within two seconds."""
    with road.speaker.stream("POST", "/v1/messages", json=wire.body("paced")) as response:
        next(response.iter_raw())
    road.speaker.close()
    left = time.monotonic()
    (request,) = upstream.standin.record.requests
    while request.ended is None and time.monotonic() < left + 3:
        time.sleep(0.01)
    assert request.outcome == "client left"
    assert request.ended is not None and request.ended - left < 2
    (entry,) = road.client.entries()
    assert entry.state == "aborted"


def test_an_answer_of_a_hundred_megabytes(road: Road, upstream: Upstream) -> None:
    """A huge answer flows through without a loss."""
    size = 100 * 1024 * 1024
    huge = Reply(blocks=(Text("#" * 1024, repeat=size // 1024),), delivery=Delivery(piece=1024 * 1024))
    upstream.standin.conversations.add({"huge": (huge,)})
    total = 0
    with road.speaker.stream("POST", "/v1/messages", json=wire.body("huge")) as response:
        for piece in response.iter_raw():
            total += piece.count(b"#")
    assert total == size
    (entry,) = road.client.entries()
    assert entry.state == "done"
    assert entry.output == size // 4


def deltas(events: str) -> Iterator[str]:
    """The pieces of text in a stream, as they stand in its JSON."""
    for line in events.splitlines():
        _, found, rest = line.partition('"type":"text_delta","text":"')
        if found:
            yield rest.removesuffix('"}}')
