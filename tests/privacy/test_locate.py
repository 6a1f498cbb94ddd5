"""Where edits lie in the bytes: each way of finding it agrees with the one that is plainly right."""

from __future__ import annotations

import json
import random
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import example
from hypothesis import given
from hypothesis import settings

from ccgate.errors import Refusal
from ccgate.privacy import locate
from ccgate.privacy.examine import Examined
from ccgate.privacy.examine import examine
from ccgate.privacy.fold import Fold
from ccgate.privacy.reading import read
from ccgate.privacy.splice import spliced_bytes
from ccgate.privacy.vault import Vault
from tests.privacy.requests import MINTER
from tests.privacy.requests import PlainDetector
from tests.privacy.requests import messages
from tests.privacy.requests import styles
from tests.privacy.requests import write


def examined(raw: bytes) -> Examined | str:
    reading = read("message", raw)
    fold = Fold(MINTER, block_secrets=False, vault=Vault())
    try:
        return examine(fold, reading, PlainDetector().find_all(reading.texts), "messages[0]", {})
    except Refusal as e:
        return e.message


def without(ways: dict[str, Callable[..., Any]], raw: bytes) -> Examined | str:
    with pytest.MonkeyPatch.context() as patched:
        for name, instead in ways.items():
            patched.setattr(locate, name, instead)
        return examined(raw)


def text(*texts: str) -> list[Any]:
    return [{"role": "user", "content": [{"type": "text", "text": one} for one in texts]}]


@given(messages, styles)
@example(text("/home/aa aaa aa", "baab aa"), None)
@example(text("\x7falice@corp.example \x7f /home/alice"), None)
@example(text("password=\x7fab \x7fab", "x\x7fabx"), None)
@example([{"role": "alice@corp.example", "content": "alice@corp.example"}], None)
@example(text("alice@corp.example malice@corp.example"), None)
@example(text("password=abababab", "abababababab abababab"), None)
@example(text("/home/bob/bobob bob"), None)
@settings(deadline=None)
def test_all_ways_agree(several: Any, style: random.Random | None) -> None:
    """The fastest way is the one that is used; the slowest is the one that is plainly right."""
    for message in several:
        raw = write(message, style).encode()
        used = examined(raw)
        assert without({"_by_counting": lambda *_: None}, raw) == used
        assert without({"_by_writing": lambda *_: None}, raw) == used


def test_the_real_clients_way_of_writing_is_read_fast() -> None:
    """The slow parser would cost every new message several times as much."""

    def never(*_: Any) -> Any:
        pytest.fail("read by the slow parser")

    message = {"role": "user", "content": [
        {"type": "text", "text": 'é "quoted" \\ \n\t\x1b[0m \x7f \u2028 /home/bob/x alice@corp.example'},
        {"type": "tool_use", "id": "t", "name": "n", "input": {"alice@corp.example": 1.5, "n": [0, True]}},
    ]}  # fmt: skip
    raw = json.dumps(message, ensure_ascii=False, separators=(",", ":")).encode()
    for ways in ({"_by_parsing": never}, {"_by_parsing": never, "_by_counting": lambda *_: None}):
        result = without(ways, raw)
        assert isinstance(result, Examined)
        assert len(result.edits) == 3
    assert isinstance(without({"_by_parsing": never, "_by_marks": never}, raw), Examined)


def test_a_value_that_also_stands_in_an_id_stays_there() -> None:
    """Not each place of a value is one of content, and an id that changes is another id."""
    block = {
        "type": "tool_use",
        "id": "alice@corp.example",
        "name": "n",
        "input": {"a": "alice@corp.example"},
    }
    raw = write({"role": "assistant", "content": [block]}, None).encode()
    result = examined(raw)
    assert isinstance(result, Examined)
    after = json.loads(spliced_bytes(raw, [(0, result.edits)]))["content"][0]
    assert after["id"] == "alice@corp.example"
    assert after["input"] == {"a": MINTER.mint("email", "alice@corp.example")}
