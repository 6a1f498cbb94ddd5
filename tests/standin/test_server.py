"""The stand-in as a whole, over real sockets: what other tests rely on."""

from __future__ import annotations

import base64
import json
import signal
import ssl
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.standin.certificate import make_certificate
from tests.standin.certificate import server_context
from tests.standin.running import running
from tests.standin.script import Delivery
from tests.standin.script import Reply
from tests.standin.script import Script
from tests.standin.script import Text
from tests.standin.script import Thinking
from tests.standin.script import ToolUse
from tests.standin.script import script_from_json
from tests.standin.script import script_to_json
from tests.standin.server import StandIn
from tests.support.gateway import ROOT

HEADERS = {"x-api-key": "key", "anthropic-version": "2023-06-01"}
SCRIPT: Script = {
    "once": ((Reply(status=529), Reply(blocks=(Text("again"),))),),
    "steps": (
        Reply(blocks=(Thinking("Hm. "), ToolUse("Shell|Bash", {"command": "ls ü"}))),
        Reply(blocks=(Text("done"),)),
    ),
    "slow": (Reply(delivery=Delivery(pace=0.05)),),
    "crumbs": (Reply(delivery=Delivery(split=(1, 2), piece=1)),),
}


@pytest.fixture
def standin() -> StandIn:
    return StandIn(SCRIPT, accepted=["key"])


@pytest.fixture
def client(standin: StandIn) -> Iterator[httpx.Client]:
    with running(standin) as url, httpx.Client(base_url=url, headers=HEADERS, trust_env=False) as client:
        yield client


def body(scenario: str = "default", **more: Any) -> dict[str, Any]:
    message = {"role": "user", "content": f"standin:{scenario}"}
    return {"model": "claude-opus-5-5", "max_tokens": 9, "messages": [message], **more}


def events(response: httpx.Response) -> list[dict[str, Any]]:
    return [json.loads(line[5:]) for line in response.text.splitlines() if line.startswith("data:")]


@pytest.mark.parametrize("scenario", ["default", "crumbs"])
def test_a_stream_in_the_real_order(client: httpx.Client, scenario: str) -> None:
    """Start, content, usage, end; the pieces are the whole, however they are cut."""
    got = events(client.post("/v1/messages", json=body(scenario, stream=True)))
    kinds = [event["type"] for event in got if event["type"] not in ("ping", "content_block_delta")]
    assert kinds == [
        "message_start",
        "content_block_start",
        "content_block_stop",
        "message_delta",
        "message_stop",
    ]
    assert "".join(e["delta"].get("text", "") for e in got if "delta" in e) == "Hello from the stand-in."
    assert got[-2]["usage"]["output_tokens"] == 6
    assert got[-2]["usage"]["input_tokens"] == got[0]["message"]["usage"]["input_tokens"] > 0


def test_a_conversation_in_steps(client: httpx.Client, standin: StandIn) -> None:
    """The next step follows from the conversation; a signed block comes back and is accepted."""
    asked = body("steps", tools=[{"name": "Bash"}])
    first = client.post("/v1/messages", json=asked).json()
    assert [block["type"] for block in first["content"]] == ["thinking", "tool_use"]
    assert (first["content"][1]["name"], first["stop_reason"]) == ("Bash", "tool_use")
    result = {"type": "tool_result", "tool_use_id": first["content"][1]["id"], "content": "x"}
    asked["messages"] += [
        {"role": "assistant", "content": first["content"]},
        {"role": "user", "content": [result]},
    ]
    assert client.post("/v1/messages", json=asked).json()["content"][0]["text"] == "done"
    asked["messages"][0]["content"] += "!"
    refused = client.post("/v1/messages", json=asked)
    assert refused.status_code == 400
    assert "bound to a different conversation" in refused.json()["error"]["message"]
    assert standin.record.requests[-1].problem == refused.json()["error"]["message"]


def test_tries_of_one_step(client: httpx.Client) -> None:
    """A failure that happens once happens once."""
    assert client.post("/v1/messages", json=body("once")).status_code == 529
    assert client.post("/v1/messages", json=body("once")).json()["content"][0]["text"] == "again"


@pytest.mark.parametrize(
    "headers",
    [
        {"x-api-key": "ccg_abc"},
        {"x-note": "ccg_abc"},
        {"authorization": "Basic " + base64.b64encode(b"name:ccg_abc").decode()},
        {"proxy-authorization": "Bearer x"},
    ],
)
def test_a_token_that_leaks_is_found(client: httpx.Client, standin: StandIn, headers: dict[str, str]) -> None:
    """In whatever header it arrives, and in whatever form."""
    assert client.post("/v1/messages", json=body(), headers=headers).status_code == 403
    assert len(standin.record.violations) == 1
    assert client.get("/_standin/violations").json() == standin.record.violations


def test_a_token_in_the_body_is_found(client: httpx.Client, standin: StandIn) -> None:
    assert client.post("/v1/messages", json=body("ccg_abc")).status_code == 403
    assert standin.record.violations == ["a gateway token in the body on /v1/messages"]


def test_a_client_that_leaves_is_noticed(client: httpx.Client, standin: StandIn) -> None:
    """At once, not at the end of the answer."""
    with client.stream("POST", "/v1/messages", json=body("slow", stream=True)) as response:
        next(response.iter_raw())
    client.close()
    (request,) = standin.record.requests
    deadline = time.monotonic() + 5
    while request.ended is None and time.monotonic() < deadline:
        time.sleep(0.01)
    assert request.outcome == "client left"


def test_errors_have_the_providers_form(client: httpx.Client) -> None:
    for answer, kind in (
        (client.post("/v1/messages", content=b"{", headers={"content-type": "application/json"}), "invalid"),
        (client.post("/v1/messages", content=b"{}"), "invalid"),
        (client.post("/v1/messages", json=body(), headers={"x-api-key": "no"}), "authentication"),
        (client.get("/v1/nothing"), "not_found"),
        (client.get("/v1/models", headers={"anthropic-version": "1"}), "invalid"),
    ):
        envelope = answer.json()
        assert envelope["error"]["type"].startswith(kind)
        assert envelope["request_id"] == answer.headers["request-id"]


def test_scripts_survive_json() -> None:
    """A script can be handed to a process."""
    assert script_from_json(script_to_json(SCRIPT)) == SCRIPT


def test_as_a_process(tmp_path: Path) -> None:
    """`python -m tests.standin` says where it listens, takes scripts, shows its record and ends."""
    script = tmp_path / "script.json"
    script.write_bytes(script_to_json({"filed": (Reply(blocks=(Text("from a file"),)),)}))
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.standin", "--script", str(script), "--accept", "key", "--tls"],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        assert process.stdout is not None
        told = json.loads(process.stdout.readline())
        context = ssl.create_default_context(cafile=told["certificate"])
        with httpx.Client(base_url=told["url"], headers=HEADERS, verify=context, trust_env=False) as client:
            added = script_to_json({"added": (Reply(blocks=(Text("added later"),)),)})
            assert client.post("/_standin/script", content=added).status_code == 200
            said = [
                client.post("/v1/messages", json=body(name)).json()["content"][0]["text"]
                for name in ("filed", "added")
            ]
            assert said == ["from a file", "added later"]
            assert len(client.get("/_standin/requests").json()) == 2
            client.delete("/_standin/requests")
            assert client.get("/_standin/requests").json() == []
    finally:
        process.send_signal(signal.SIGTERM)
        process.communicate(timeout=10)
    assert process.returncode == 0


def test_tls_in_a_thread(tmp_path: Path) -> None:
    pem = make_certificate(tmp_path)
    context = ssl.create_default_context(cafile=str(pem))
    with (
        running(StandIn(), server_context(pem)) as url,
        httpx.Client(base_url=url, verify=context, trust_env=False) as client,
    ):
        assert client.get("/api/hello").json() == {"message": "hello"}
