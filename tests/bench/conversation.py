"""Conversations as Claude Code sends them, with something private in most of what its tools returned.

A body has the client's instructions and tools, and then rounds of a tool call and its result: files that
were read, searches, test runs, commits. Source code in them is the standard library's. Home paths stand in
most of the results, two people's addresses in some, two secrets in one; all of them are made up here.

How much of a body has been seen before is its `kind`:

* `KNOWN`: all but the last two messages, byte for byte, once a session has asked once. That is the next turn
  of a conversation, without its growing: all requests of a session have the same size.
* `NEW`: nothing but the model's name and the like. Every message, the instructions and every tool differ
  from those of all other requests.
* `HOSTILE`: as new, and a tool result in it is made to take long; every seventh is 5 MB of the usual
  instead.
"""

from __future__ import annotations

import json
import random
import string
import sysconfig
from collections.abc import Iterator
from functools import cache
from itertools import chain
from itertools import cycle
from itertools import islice
from pathlib import Path
from typing import Any

from tests.bench import payloads
from tests.bench.payloads import COUNTER
from tests.bench.payloads import Request

KNOWN, NEW, HOSTILE = "known", "new", "hostile"

HUGE = 5_000_000
"""Bytes of the biggest bodies of a hostile client."""

RESULT = 1_500
"""About how many characters a tool result has in a short conversation. In one of a megabyte it is some 3,000,
because what makes a conversation that long is what was read, not how often something was said."""

USER = "mlindqvist"
PATH = f"/home/{USER}/work/shop"
ADDRESS = "mia.lindqvist@north-shop.se"
COLLEAGUE = "jonas.berg@north-shop.se"


_KINDS = ("read", "tests", "read", "search", "read", "commits", "read", "tests")


def _made_up(seed: str, size: int) -> str:
    # Made here, so that nothing that looks like a key stands in a file.
    return "".join(random.Random(seed).choices(string.ascii_letters + string.digits, k=size))


KEY = f"sk-ant-api03-{_made_up('key', 93)}AA"
PASSWORD = _made_up("password", 16)

ORIGINALS: tuple[bytes, ...] = tuple(
    text.encode() for text in (f"/home/{USER}", f"-home-{USER}-", ADDRESS, COLLEAGUE, KEY, PASSWORD)
)
"""What stands in every conversation and must not leave a gateway that redacts."""


def requests(kind: str, size: int, session: str, token: str, answer: str) -> list[Request]:
    """The requests of a session, to be sent in turn, each with a number that no other has.

    `size` is the bytes of a body. `session` is a UUID in text, `answer` a value of the control header.

    Raises:
        ValueError: nothing realistic is as small as that, or there is no such kind.
    """
    if kind == HOSTILE:
        return list(_hostile(session, token, answer))
    if kind not in (KNOWN, NEW):
        raise ValueError(f"there is no conversation {kind!r}")
    return [_request(kind, size, session, token, answer)]


def _hostile(session: str, token: str, answer: str) -> Iterator[Request]:
    # Here, because it needs the rules of the catalogue.
    from tests.bench.detection.hostile import hostile

    texts = list(hostile().values())
    huge = _request(NEW, HUGE, session, token, answer)
    for first in range(0, len(texts), 6):
        for text in texts[first : first + 6]:
            # Escapes make it longer; a quarter of this is instructions and tools.
            size = len(_compact(text)) + 40_000
            yield _request(NEW, size, session, token, answer, text)
        yield huge


def _request(kind: str, size: int, session: str, token: str, answer: str, result: str = "") -> Request:
    """A request; the counter stands in each part of it that is new. `result` is a tool result of its own."""
    mark = f" ({COUNTER})" if kind == NEW else ""
    rounds = _rounds(session, mark, max(RESULT, size // 333))
    history = [message for _ in range(2) for message in next(rounds)]
    if result:
        history += _round("toolu_01hostile", "Bash", {"command": "cat log"}, f"{result} {COUNTER}", mark)
    empty = len(_compact(_body(session, mark, history, "")))
    left = size - empty
    if left < 0:
        raise ValueError(f"such a request has at least {empty} bytes, not {size}")
    for messages in rounds:
        needed = sum(len(_compact(message)) + 1 for message in messages)
        if needed > left:
            break
        history += messages
        left -= needed
    body = _compact(_body(session, mark, history, payloads.prose(5, left)))
    return payloads.over_http(body, session, token, answer)


def _body(session: str, mark: str, history: list[dict[str, Any]], filler: str) -> dict[str, Any]:
    """The body as JSON values, ending with a tool result and a prompt that are new in every request."""
    body = payloads.frame(session)
    cached = {"type": "ephemeral", "ttl": "1h"}
    instructions = (
        f"{payloads.prose(3, 6_000)}{mark}\n\n<env>\nWorking directory: {PATH}\nPlatform: linux\n</env>\n"
        f"Memory: /home/{USER}/.claude/projects/-home-{USER}-work-shop/memory\n{filler}"
    )
    body["system"].append({"type": "text", "text": instructions, "cache_control": cached})
    for number in range(14):
        tool = payloads.tool(number)
        tool["description"] += mark
        body["tools"].append(tool)
    file = {"file_path": f"{PATH}/src/basket.py"}
    result = _numbered(_code(f"{session} newest"), RESULT)
    asked, answered = _round("toolu_01newest", "Read", file, result, f" {COUNTER}")
    prompt = f"Attempt {COUNTER}: look at {PATH} and write to {ADDRESS} about it."
    answered["content"].append({"type": "text", "text": prompt, "cache_control": cached})
    opening = {"type": "text", "text": f"Look at the shop's basket.{mark}"}
    body["messages"] = [{"role": "user", "content": [opening]}, *history, asked, answered]
    return body


def _rounds(session: str, mark: str, length: int) -> Iterator[list[dict[str, Any]]]:
    """Rounds of a session without end, their results about as long as this; the secrets are in the first."""
    lines = _code(session)
    settings = (
        f"ANTHROPIC_API_KEY={KEY}\nDATABASE_URL=postgres://shop:{PASSWORD}@db:5432/shop\nOWNER={COLLEAGUE}"
    )
    first = _numbered(iter(settings.splitlines()), length)
    yield _round("toolu_01first", "Read", {"file_path": f"{PATH}/.env"}, first, mark)
    for number, kind in enumerate(cycle(_KINDS)):
        file = f"{PATH}/src/part_{number}.py"
        call = f"toolu_01{number:022d}"
        if kind == "read":
            yield _round(call, "Read", {"file_path": file}, _numbered(lines, length), mark)
        elif kind == "search":
            files = (
                f"{PATH}/src/m{n}.py\n{n}:{next(lines)}\n{n + 1}:{next(lines)}\n"
                for n in range(length // 125)
            )
            found = "\n".join(files)
            yield _round(call, "Grep", {"pattern": "basket", "path": PATH}, found, mark)
        elif kind == "tests":
            said = f"rootdir: {PATH}\n"
            said += "\n".join(f"tests/test_m{n}.py::test_that_{n} ✓ PASSED" for n in range(length // 40))
            yield _round(call, "Bash", {"command": f"cd {PATH} && pytest -v"}, said, mark)
        else:
            commit = f"commit {number:040x}\nAuthor: Mia <{ADDRESS}>\nReviewed-by: Jonas <{COLLEAGUE}>\n\n"
            log = commit + "".join(f"    {next(lines)}\n" for _ in range(length // 45))
            yield _round(call, "Bash", {"command": "git log -1 -p"}, log, mark)


def _round(call: str, tool: str, given: dict[str, str], result: str, mark: str) -> list[dict[str, Any]]:
    """A call with the thinking before it, and its result."""
    thought = {"type": "thinking", "thinking": "", "signature": _made_up(call, 240)}
    asked = {"type": "tool_use", "id": call, "name": tool, "input": {**given, "description": f"Next.{mark}"}}
    answered = {"type": "tool_result", "tool_use_id": call, "content": result + mark}
    return [{"role": "assistant", "content": [thought, asked]}, {"role": "user", "content": [answered]}]


def _numbered(lines: Iterator[str], length: int) -> str:
    """A file of about this length as the client's tool shows it."""
    return "\n".join(f"{number}\t{line}" for number, line in enumerate(islice(lines, length // 40), 1))


def _code(seed: str) -> Iterator[str]:
    """Lines of source code without end, from another place on for each seed."""
    lines = _library()
    start = random.Random(seed).randrange(len(lines))
    return cycle(chain(lines[start:], lines[:start]))


@cache
def _library() -> list[str]:
    """The lines of the standard library's modules that say something."""
    files = sorted(Path(sysconfig.get_path("stdlib")).glob("*.py"))
    lines = chain.from_iterable(file.read_text("utf-8").splitlines() for file in files)
    return [line for line in lines if line.strip() and len(line) < 200]


def _compact(value: object) -> bytes:
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False).encode()
