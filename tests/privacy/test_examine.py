"""Reading one part: both ways of finding positions agree, and what they find is where they say."""

from __future__ import annotations

import json
import random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import settings

from ccgate.errors import Refusal
from ccgate.privacy import examine as module
from ccgate.privacy.examine import Examined
from ccgate.privacy.examine import examine
from ccgate.privacy.fold import Fold
from ccgate.privacy.splice import spliced_bytes
from ccgate.privacy.vault import Vault
from tests.privacy.requests import MINTER
from tests.privacy.requests import PlainDetector
from tests.privacy.requests import messages
from tests.privacy.requests import styles
from tests.privacy.requests import write


def fold() -> Fold:
    return Fold(PlainDetector(), MINTER, block_secrets=False, vault=Vault())


def examined(raw: bytes, one: Fold | None = None) -> Examined:
    return examine(fold() if one is None else one, "message", "messages[0]", raw)


@given(messages)
@settings(deadline=None)
def test_both_ways_agree(several: Any) -> None:
    """The fast way is the one that is used; the slow one is the one that is plainly right."""
    for message in several:
        raw = write(message, None).encode()
        fast = _outcome(raw)
        with pytest.MonkeyPatch.context() as patched:
            patched.setattr(module, "_by_writing", lambda *_: None)
            assert _outcome(raw) == fast


def _outcome(raw: bytes) -> Examined | str:
    try:
        return examined(raw)
    except Refusal as e:
        return e.message


@given(messages, styles)
@settings(deadline=None)
def test_sources_are_where_the_originals_stand(several: Any, style: random.Random | None) -> None:
    """On the next turn the vault is filled from these bytes alone."""
    one = fold()
    for message in several:
        raw = write(message, style).encode()
        try:
            result = examined(raw, one)
        except Refusal:
            return
        for source in result.sources:
            value = raw[source.start : source.end].decode()
            for _ in range(source.depth):
                value = json.loads(f'"{value}"')
            held = one.vault.original(source.placeholder)
            assert held is not None
            assert (value, source.category) == (held.value, held.category)


def test_the_real_clients_way_of_writing_is_read_fast(monkeypatch: pytest.MonkeyPatch) -> None:
    """The slow parser would cost every new message several times as much."""
    monkeypatch.setattr(module._Reading, "_by_parsing", None)
    message = {"role": "user", "content": [
        {"type": "text", "text": 'é "quoted" \\ \n\t\x1b[0m \x7f \u2028 /home/alice/x alice@corp.example'},
        {"type": "tool_use", "id": "t", "name": "n", "input": {"alice@corp.example": 1.5, "n": [0, True]}},
    ]}  # fmt: skip
    assert len(examined(json.dumps(message, ensure_ascii=False, separators=(",", ":")).encode()).edits) == 3


def test_a_hidden_string_does_not_hide_behind_numbers() -> None:
    """Numbers that are written longer make up for a string that one parser drops; both are told apart."""
    dropped = '"content":"tok_abcdefgh1234......",'
    raw = f'{{"n":[{",".join(["1e5"] * (len(dropped) // 5))}],{dropped}"content":"alice@corp.example"}}'
    assert len(dropped) % 5 == 0
    with pytest.raises(Refusal, match="twice"):
        examined(raw.encode())


def test_a_placeholder_that_was_there_does_not_shift_another() -> None:
    """The model repeats a placeholder, and then the original comes again in the same message."""
    placeholder = MINTER.mint("email", "alice@corp.example")
    for text in (
        f"{placeholder} alice@corp.example {placeholder}",
        f"alice@corp.example{placeholder}alice@corp.example",
    ):
        raw = write({"role": "user", "content": [{"text": placeholder}, {"text": text}]}, None).encode()
        result = examined(raw)
        after = spliced_bytes(raw, [(0, result.edits)])
        assert after == raw.replace(b"alice@corp.example", placeholder.encode())


@pytest.mark.parametrize("raw", [b"", b"{", b'{"a":"\xff"}', b'{"content":"\\ud800\xff"}', b"[" * 100_000])
def test_what_cannot_be_read_is_refused(raw: bytes) -> None:
    """Nothing leaves unread."""
    with pytest.raises(Refusal) as refused:
        examined(raw)
    assert refused.value.status == 400


def test_an_error_of_the_detector_is_not_the_clients() -> None:
    """It must fail closed as an error of ours, with a traceback in the log, not blame the request."""

    class Broken:
        def find(self, text: str) -> list[Any]:
            raise ValueError("broken")

    with pytest.raises(ValueError, match="broken"):
        examined(b'{"content":"x"}', Fold(Broken(), MINTER, block_secrets=False, vault=Vault()))
