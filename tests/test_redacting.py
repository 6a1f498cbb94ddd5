"""The privacy room's work on flows, with a real gateway: what leaves, what comes back, what is stored."""

from __future__ import annotations

import http.client
import json
import re
import sqlite3
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from mitmproxy import http as mitm
from mitmproxy.io import FlowReader

from ccgate.privacy.placeholders import PATTERN
from ccgate.redacting import listed
from tests.support.gateway import GatewayProcess
from tests.support.gateway import copy_of_the_gateway
from tests.support.recorder import Answer
from tests.support.recorder import Received
from tests.support.recorder import Recorder

PROFILE = """\
version: 1
upstream: {upstream}
admission:
  hosts: {{govern: [api.anthropic.com], tunnel: []}}
  endpoints: {{unknown: {unknown}}}
privacy: {{secrets: {secrets}, emails: redact, home: redact, device_id: pseudonym}}
telemetry: allow
"""

NAME = "annegret.hollerbusch"
EMAIL = "annegret@hollerbusch-werke.de"
TOKEN = "ghp_" + "k7Qm2xV9bT4wZ8nR1cY6sL3dF5gH0jAEuPqi"
DEVICE = "7d1f0c9ab2e34f5687a9b0c1d2e3f405162738495a6b7c8d9e0f1a2b3c4d5e6f"
ORIGINALS = (NAME, EMAIL, TOKEN, DEVICE)

SAID = f"In /home/{NAME}/shop the file .env has GITHUB_TOKEN={TOKEN}; ask {EMAIL}."


def request(text: str = SAID, *, stream: bool = False) -> bytes:
    """A Messages request in which a person says a text."""
    user = {"device_id": DEVICE, "account_uuid": "a-1", "session_id": "s-1"}
    return json.dumps(
        {
            "model": "claude-sonnet-4-5",
            "max_tokens": 5,
            "stream": stream,
            "metadata": {"user_id": json.dumps(user)},
            "messages": [{"role": "user", "content": [{"type": "text", "text": text}]}],
        }
    ).encode()


def blocks(received: Received) -> list[dict[str, Any]]:
    """What a model says that repeats what it read, and writes it into two tools."""
    read = json.loads(received.body)["messages"][-1]["content"][0]["text"]
    secret = re.search(r"REDACTED_\w+", read)
    assert secret is not None
    command = {"command": f"echo {secret[0]} > /home/{read.split('/')[2]}/x"}
    return [
        {"type": "thinking", "thinking": read, "signature": "c2ln"},
        {"type": "text", "text": read},
        {"type": "tool_use", "id": "t1", "name": "Write", "input": {"file_path": "x", "content": read}},
        {"type": "tool_use", "id": "t2", "name": "Bash", "input": command},
    ]


def whole(received: Received) -> Answer:
    """An answer in one document."""
    usage = {"input_tokens": 10, "output_tokens": 5}
    message = {"type": "message", "role": "assistant", "content": blocks(received), "usage": usage}
    return Answer([json.dumps(message).encode()])


def streamed(received: Received) -> Answer:
    """The same in events, whose bytes come in pieces that were cut anywhere."""
    events: list[dict[str, Any]] = [{"type": "message_start", "message": {"content": [], "usage": {}}}]
    for index, block in enumerate(blocks(received)):
        fields: dict[str, tuple[str, str, dict[str, Any]]] = {
            "thinking": ("thinking_delta", "thinking", {"thinking": "", "signature": ""}),
            "text": ("text_delta", "text", {"text": ""}),
            "tool_use": ("input_json_delta", "partial_json", {"input": {}}),
        }
        kind, name, empty = fields[block["type"]]
        text = json.dumps(block["input"]) if "input" in block else block[name]
        events.append({"type": "content_block_start", "index": index, "content_block": {**block, **empty}})
        for start in range(0, len(text), 7):
            delta = {"type": kind, name: text[start : start + 7]}
            events.append({"type": "content_block_delta", "index": index, "delta": delta})
        events.append({"type": "content_block_stop", "index": index})
    events += [
        {"type": "message_delta", "delta": {}, "usage": {"output_tokens": 5}},
        {"type": "message_stop"},
    ]
    data = b"".join(b"event: %b\ndata: %b\n\n" % (e["type"].encode(), json.dumps(e).encode()) for e in events)
    return Answer(
        [data[start : start + 1000] for start in range(0, len(data), 1000)],
        {"content-type": "text/event-stream; charset=utf-8"},
    )


def assembled(body: bytes) -> list[dict[str, Any]]:
    """The blocks that a client makes of a stream."""
    found: dict[int, dict[str, Any]] = {}
    texts: dict[int, str] = {}
    for line in body.splitlines():
        if not line.startswith(b"data: "):
            continue
        event = json.loads(line[6:])
        if event["type"] == "content_block_start":
            found[event["index"]] = event["content_block"]
            texts[event["index"]] = ""
        elif event["type"] == "content_block_delta":
            delta = event["delta"]
            texts[event["index"]] += next(value for key, value in delta.items() if key != "type")
    for index, block in found.items():
        if block["type"] == "tool_use":
            block["input"] = json.loads(texts[index])
        else:
            block[block["type"]] = texts[index]
    return list(found.values())


@pytest.fixture(scope="module")
def upstream() -> Iterator[Recorder]:
    with Recorder() as recorder:
        yield recorder


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("redacting") / "home"


@pytest.fixture(scope="module")
def stored(home: Path) -> Path:
    """Where the gateway stores its flows."""
    return home / "flows"


@pytest.fixture(scope="module")
def gateway(home: Path, stored: Path, upstream: Recorder) -> Iterator[GatewayProcess]:
    """A gateway that redacts, and stores each flow."""
    policy = PROFILE.format(upstream=upstream.url, secrets="redact", unknown="allow")
    with GatewayProcess(home, policy, extra=["-w", str(stored)]) as process:
        yield process


@pytest.fixture(scope="module")
def token(gateway: GatewayProcess) -> str:
    return gateway.add_client("laptop", "owner")


def post(gateway: GatewayProcess, token: str, body: bytes, path: str = "/v1/messages") -> tuple[int, bytes]:
    """The status and the body of the answer to a request."""
    connection = http.client.HTTPConnection("127.0.0.1", gateway.api_port, timeout=60)
    headers = {"x-api-key": "sk-own", "proxy-authorization": f"Bearer {token}"}
    try:
        connection.request("POST", path, body, headers)
        response = connection.getresponse()
        return response.status, response.read()
    finally:
        connection.close()


def message(answer: bytes) -> str:
    return str(json.loads(answer)["error"]["message"])


def flows(stored: Path, number: int) -> list[mitm.HTTPFlow]:
    """The flows that were stored, once there are that many."""
    for _ in range(250):
        with stored.open("rb") as file:
            found = [flow for flow in FlowReader(file).stream() if isinstance(flow, mitm.HTTPFlow)]
        if len(found) >= number:
            return found
        time.sleep(0.02)
    raise AssertionError(f"{len(found)} of {number} flows were stored")


# What leaves, and what comes back.


@pytest.mark.parametrize("stream", [False, True])
def test_nothing_leaves_and_the_tools_still_work(
    gateway: GatewayProcess, token: str, upstream: Recorder, *, stream: bool
) -> None:
    """Upstream sees placeholders; the client gets its own values back where they belong."""
    upstream.answer_with(streamed if stream else whole)
    status, answer = post(gateway, token, request(stream=stream))
    assert status == 200
    received = upstream.requests[-1].body.decode()
    assert not [one for one in ORIGINALS if one in received]
    thinking, text, write, bash = assembled(answer) if stream else json.loads(answer)["content"]
    secret = re.search(r"REDACTED_\w+", received)
    assert secret is not None
    assert text["text"] == SAID.replace(TOKEN, secret[0])
    assert write["input"]["content"] == SAID
    assert bash["input"]["command"] == f"echo {secret[0]} > /home/{NAME}/x"
    assert thinking["thinking"] == json.loads(received)["messages"][0]["content"][0]["text"]
    assert thinking["signature"] == ("" if stream else "c2ln")


def test_the_same_conversation_leaves_in_the_same_bytes(
    gateway: GatewayProcess, token: str, upstream: Recorder
) -> None:
    """Else the provider's cache misses in every turn, and each turn is billed in full."""
    upstream.answer_with(whole)
    post(gateway, token, request())
    post(gateway, token, request())
    assert upstream.requests[-1].body == upstream.requests[-2].body


def test_what_needs_no_change_leaves_byte_for_byte(
    gateway: GatewayProcess, token: str, upstream: Recorder
) -> None:
    """Lone surrogates, big integers, escapes and spaces: a new form of them may confuse somebody else."""
    body = (
        rb'{ "model":"claude-sonnet-4-5","max_tokens": 5,"x_big": 123456789012345678901234567890, '
        rb'"x_float":1e5, "messages":[{"role":"user","content":"\u00e9\/ \ud800 ok"}]}'
    )
    upstream.answer_with(lambda _: Answer([b"{}"]))
    assert post(gateway, token, body)[0] == 200
    assert upstream.requests[-1].body == body


def test_counting_tokens_counts_what_would_leave(
    gateway: GatewayProcess, token: str, upstream: Recorder
) -> None:
    """Its body is the same conversation."""
    upstream.answer_with(lambda _: Answer([b'{"input_tokens": 7}']))
    status, answer = post(gateway, token, request(), "/v1/messages/count_tokens")
    assert (status, json.loads(answer)) == (200, {"input_tokens": 7})
    assert not [one for one in ORIGINALS if one in upstream.requests[-1].body.decode()]


CHAT = {
    "model": "claude-sonnet-4-5",
    "messages": [{"role": "user", "content": SAID}, {"role": "user", "content": "And now?"}],
}


def test_a_chat_completion_is_redacted_and_restored_and_metered(
    gateway: GatewayProcess, token: str, upstream: Recorder, home: Path
) -> None:
    """The provider's OpenAI-compatible endpoint is no side door."""

    def complete(received: Received) -> Answer:
        read = json.loads(received.body)["messages"][0]["content"]
        usage = {"prompt_tokens": 1000, "completion_tokens": 10}
        answer = {"model": "claude-sonnet-4-5", "choices": [{"message": {"content": read}}], "usage": usage}
        return Answer([json.dumps(answer).encode()])

    upstream.answer_with(complete)
    status, answer = post(gateway, token, json.dumps(CHAT).encode(), "/v1/chat/completions")
    assert status == 200
    assert not [one for one in ORIGINALS if one in upstream.requests[-1].body.decode()]
    said = json.loads(answer)["choices"][0]["message"]["content"]
    assert re.sub(r"REDACTED_\w+", TOKEN, said) == SAID
    with closing(sqlite3.connect(home / "ccgate.sqlite3")) as database:
        for _ in range(100):
            rows = database.execute("SELECT state, cost FROM entries WHERE path LIKE '%chat%'").fetchall()
            if rows and rows[0][0] != "open":
                break
            time.sleep(0.02)
    # 1,000 tokens at $3 and 10 at $15 a million, in picodollars.
    assert rows == [("done", 3_000_000_000 + 150_000_000)]


def test_a_streamed_chat_completion_is_restored(
    gateway: GatewayProcess, token: str, upstream: Recorder
) -> None:
    """Its chunks are cut anywhere, too."""

    def stream(received: Received) -> Answer:
        read = json.loads(received.body)["messages"][0]["content"]
        chunks = [
            {"choices": [{"index": 0, "delta": {"content": read[n : n + 5]}}]} for n in range(0, len(read), 5)
        ]
        chunks.append({"choices": [{"index": 0, "delta": {}, "finish_reason": "stop"}]})
        chunks.append({"choices": [], "usage": {"prompt_tokens": 1, "completion_tokens": 1}})
        texts = [*map(json.dumps, chunks), "[DONE]"]
        return Answer([f"data: {text}\n\n".encode() for text in texts], {"content-type": "text/event-stream"})

    upstream.answer_with(stream)
    body = {**CHAT, "stream": True, "stream_options": {"include_usage": True}}
    status, answer = post(gateway, token, json.dumps(body).encode(), "/v1/chat/completions")
    assert status == 200
    lines = [json.loads(line[6:]) for line in answer.splitlines() if line.startswith(b"data: {")]
    deltas = [choice["delta"].get("content", "") for line in lines for choice in line["choices"]]
    assert re.sub(r"REDACTED_\w+", TOKEN, "".join(deltas)) == SAID
    assert answer.endswith(b"data: [DONE]\n\n")


def test_an_error_of_upstream_names_the_clients_own_path(
    gateway: GatewayProcess, token: str, upstream: Recorder
) -> None:
    """A person has to be able to act on it."""

    def refuse(received: Received) -> Answer:
        path = re.search(r"/home/\w+", received.body.decode())
        assert path is not None
        error = {"type": "error", "error": {"type": "invalid_request_error", "message": f"bad {path[0]}"}}
        return Answer([json.dumps(error).encode()], status=400)

    upstream.answer_with(refuse)
    status, answer = post(gateway, token, request())
    assert (status, message(answer)) == (400, f"bad /home/{NAME}")


def test_an_answer_that_cannot_be_read_does_not_pass(
    gateway: GatewayProcess, token: str, upstream: Recorder
) -> None:
    """Its placeholders would reach the client's files."""
    headers = {"content-type": "application/json", "content-encoding": "made-up"}
    upstream.answer_with(lambda _: Answer([b"\x01\x02"], headers))
    status, answer = post(gateway, token, request())
    assert status == 502
    assert message(answer).startswith("ccgate: the upstream's answer is compressed")


# What is refused.


@pytest.mark.parametrize("path", ["/v1/messages/batches", "/v1/files", "/api/claude_cli_feedback"])
def test_what_could_not_be_restored_is_refused(
    gateway: GatewayProcess, token: str, upstream: Recorder, path: str
) -> None:
    """The answers to batches and files come later, on another flow, with nothing to restore them by."""
    before = len(upstream.requests)
    status, answer = post(gateway, token, request(), path)
    assert status == 451
    assert "could not restore the answers" in message(answer)
    assert len(upstream.requests) == before


def test_a_body_of_an_unknown_kind_is_refused_even_where_unknown_paths_are_allowed(
    gateway: GatewayProcess, token: str, upstream: Recorder
) -> None:
    """What nobody can read, nobody can redact; a path without a body still passes."""
    before = len(upstream.requests)
    assert post(gateway, token, request(), "/v9/new")[0] == 451
    assert len(upstream.requests) == before
    upstream.answer_with(lambda _: Answer([b"{}"]))
    assert post(gateway, token, b"", "/v9/new")[0] == 200


@pytest.mark.parametrize(
    "body",
    [
        pytest.param(b'{"model": "claude-sonnet-4-5", "messages": [', id="cut short"),
        pytest.param(b'{"model": "claude-sonnet-4-5", "messages": ["\xff"]}', id="not UTF-8"),
        pytest.param(
            b'{"model":"m","messages":[{"role":"user","content":"a","content":"b"}]}', id="key twice"
        ),
        pytest.param(b'{"model":"m","messages":' + b"[" * 100_000 + b"]" * 100_000 + b"}", id="nested"),
    ],
)
def test_what_cannot_be_read_does_not_leave(
    gateway: GatewayProcess, token: str, upstream: Recorder, body: bytes
) -> None:
    """What is not understood cannot be redacted."""
    before = len(upstream.requests)
    assert post(gateway, token, body)[0] == 400
    assert len(upstream.requests) == before


def test_block_names_the_rule_and_the_place_and_not_the_value(tmp_path: Path, upstream: Recorder) -> None:
    """A person has to find it, and a log must not hold it."""
    policy = PROFILE.format(upstream=upstream.url, secrets="block", unknown="deny")
    with GatewayProcess(tmp_path / "home", policy, extra=["-w", str(tmp_path / "flows")]) as gateway:
        before = len(upstream.requests)
        status, answer = post(gateway, gateway.add_client("laptop"), request())
        assert status == 451
        assert "messages[0].content[0].text" in message(answer)
        assert re.search(r"rule [\w./-]+github", message(answer))
        assert TOKEN not in answer.decode()
        assert len(upstream.requests) == before
        assert TOKEN.encode() not in (tmp_path / "flows").read_bytes()
        assert TOKEN not in gateway.log


# What is stored.


def test_stored_flows_hold_placeholders(
    gateway: GatewayProcess, token: str, upstream: Recorder, stored: Path
) -> None:
    """Request and answer, and why the flow is marked."""
    upstream.answer_with(streamed)
    post(gateway, token, request(stream=True))
    *_, flow = flows(stored, len(upstream.requests))
    assert flow.response is not None
    kept = (flow.request.raw_content or b"") + (flow.response.raw_content or b"")
    assert not [one for one in ORIGINALS if one.encode() in kept]
    assert len(PATTERN.findall(json.dumps(assembled(flow.response.raw_content or b"")))) > 3
    assert flow.metadata["ccgate.outcome"] == "changed"
    assert flow.metadata["ccgate.redacted"] == "device 1, email 1, home 1, secret 1"
    assert flow.metadata["ccgate.restored"] == "email 2, home 3, secret 1"
    assert flow.metadata["ccgate.withheld"] == "Bash 1"
    assert flow.marked


def test_stored_flows_of_refused_requests_hold_nothing(
    gateway: GatewayProcess, token: str, upstream: Recorder, stored: Path
) -> None:
    """A request without a token, or one that was not redacted, never had its body looked at."""
    seen = len(flows(stored, 0))
    assert post(gateway, "ccg_wrong", request())[0] == 401
    assert post(gateway, token, request()[:-1])[0] == 400
    assert post(gateway, token, request(), "/v1/messages/batches")[0] == 451
    for flow in flows(stored, seen + 3)[seen:]:
        assert not flow.request.raw_content
    assert not [one for one in ORIGINALS if one.encode() in stored.read_bytes()]


def test_the_log_and_the_ledger_hold_nothing(gateway: GatewayProcess, home: Path) -> None:
    """After all of the above."""
    held = gateway.log.encode() + b"".join(
        path.read_bytes() for path in home.iterdir() if path.is_file() and path.name != "placeholder.key"
    )
    assert not [one for one in ORIGINALS if one.encode() in held]


# When it breaks.


def broken(tmp_path: Path, damage: str) -> Path:
    """A gateway whose detector does something else."""
    script = copy_of_the_gateway(tmp_path)
    lines = [
        "",
        "from ccgate.privacy.detection import detect",
        "from ccgate.privacy.restoration import restore",
        damage,
        "",
    ]
    script.write_text(script.read_text() + "\n".join(lines))
    return script


RAISES = f"""
def _broken(*_):
    raise ValueError({SAID!r})
"""


@pytest.mark.parametrize("size", [1, 100_000])
def test_a_detector_that_fails_lets_nothing_leave(tmp_path: Path, upstream: Recorder, size: int) -> None:
    """At once or beside the event loop: an error message, and not a word of the request in the log."""
    script = broken(tmp_path, f"{RAISES}\ndetect.Detector.find_all = _broken")
    policy = PROFILE.format(upstream=upstream.url, secrets="redact", unknown="deny")
    with GatewayProcess(tmp_path / "home", policy, script=script) as gateway:
        before = len(upstream.requests)
        status, answer = post(gateway, gateway.add_client("laptop"), request(SAID * size))
        gateway.wait_for_log("ValueError at")
    assert status == 503
    assert message(answer).startswith("ccgate: something went wrong inside the gateway")
    assert len(upstream.requests) == before
    assert not [one for one in ORIGINALS if one in gateway.log + answer.decode()]


def test_a_restorer_that_fails_gives_placeholders(tmp_path: Path, upstream: Recorder) -> None:
    """The request has left and is paid for; what comes back is harmless as upstream wrote it."""
    script = broken(tmp_path, f"{RAISES}\nrestore.Restorer.event = _broken")
    policy = PROFILE.format(upstream=upstream.url, secrets="redact", unknown="deny")
    with GatewayProcess(tmp_path / "home", policy, script=script) as gateway:
        upstream.answer_with(streamed)
        status, answer = post(gateway, gateway.add_client("laptop"), request(stream=True))
        gateway.wait_for_log("with placeholders: not restored (ValueError)")
    assert status == 200
    assert not [one for one in ORIGINALS if one in gateway.log]
    said = json.loads(upstream.requests[-1].body)["messages"][0]["content"][0]["text"]
    assert [block.get("text") for block in assembled(answer)][1] == said


# A device's pseudonym.


def test_a_devices_pseudonym_is_one_in_conversations_and_reports(
    gateway: GatewayProcess, token: str, upstream: Recorder
) -> None:
    """Two names for one device would make it two; the session leaves as it came."""
    upstream.answer_with(lambda _: Answer([b"{}"]))
    post(gateway, token, request())
    user = json.loads(json.loads(upstream.requests[-1].body)["metadata"]["user_id"])
    events = {"events": [{"event_data": {"device_id": DEVICE, "session_id": "s-1"}}]}
    post(gateway, token, json.dumps(events).encode(), "/api/event_logging/v2/batch")
    reported = json.loads(upstream.requests[-1].body)["events"][0]["event_data"]
    assert user["device_id"] == reported["device_id"]
    assert user["device_id"].startswith("redacted-device-")
    assert user["session_id"] == reported["session_id"] == "s-1"


# The event loop.


def test_a_big_new_body_holds_up_nobody_else(gateway: GatewayProcess, token: str, upstream: Recorder) -> None:
    """It is read beside the event loop, and leaves redacted all the same."""
    upstream.answer_with(lambda _: Answer([b"{}"]))
    lines = "".join(f"{number}: see /home/{NAME}/file-{number}.py\n" for number in range(60_000))
    assert post(gateway, token, request(lines))[0] == 200
    assert not [one for one in ORIGINALS if one in upstream.requests[-1].body.decode()]


def test_counts_are_told_in_one_order() -> None:
    """So that the same request is described by the same words."""
    assert listed({"secret": 1, "email": 2}) == "email 2, secret 1"
    assert listed({}) == ""
