"""The upstream as a process: it says where it is, answers as it is told, and ends with whoever started it."""

from __future__ import annotations

import http.client
import subprocess
import sys
from collections.abc import Iterator

import pytest

from tests.bench import conversation
from tests.bench import payloads
from tests.bench import quoting
from tests.bench.processes import ROOT
from tests.bench.processes import environ

CONVERSATION = (
    conversation.requests(conversation.KNOWN, 60_000, "0b1c2d3e-0000-4000-8000-000000000000", "", "")[0]
    .numbered(1)
    .partition(b"\r\n\r\n")[2]
)


@pytest.fixture
def process() -> Iterator[subprocess.Popen[str]]:
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.bench.upstream"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env=environ(),
        cwd=ROOT,
    )
    with process:
        yield process
        process.kill()


def ask(port: int, control: str, body: bytes = b"{}") -> tuple[int, bytes]:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    try:
        connection.request("POST", "/v1/messages", body=body, headers={payloads.CONTROL: control})
        answer = connection.getresponse()
        return answer.status, answer.read()
    finally:
        connection.close()


def test_it_answers_as_told_and_ends_with_its_starter(process: subprocess.Popen[str]) -> None:
    """Seen by another HTTP client, so that generator and upstream do not share a mistake."""
    assert process.stdin is not None
    assert process.stdout is not None
    port = int(process.stdout.readline())
    for control in ("short", "paced:3:1", "bulk:200000"):
        kind, *numbers = control.split(":")
        status, body = ask(port, control)
        assert status == 200
        assert len(body) == payloads.length(kind, int(numbers[0]) if numbers else 0)
        assert body.endswith(payloads.MESSAGE_STOP)
    assert ask(port, "nonsense")[0] == 400
    for control in ("short", "paced:5:1"):
        kind, _, count = control.partition(":")
        status, body = ask(port, f"{control} originals", CONVERSATION)
        assert (status, quoting.text_of(body)) == (200, quoting.whole_text(kind, int(count[:1] or 0)))
        assert ask(port, f"{control} placeholders", CONVERSATION)[0] == 422
    process.stdin.close()
    assert process.wait(10) == 0
