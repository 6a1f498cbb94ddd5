"""Reading one part: what is replaced in it, where its originals stand, and what is refused."""

from __future__ import annotations

import json
import random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import settings

from ccgate.errors import Refusal
from ccgate.privacy import walk
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


def fold() -> Fold:
    return Fold(MINTER, block_secrets=False, vault=Vault())


def examined(raw: bytes, one: Fold | None = None) -> Examined:
    reading = read("message", raw)
    spans = PlainDetector().find_all(reading.texts)
    return examine(fold() if one is None else one, reading, spans, "messages[0]", {})


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


@pytest.mark.parametrize(
    ("key", "place"), [("file_path", ".content[0].input.file_path"), ("a b", ".content[0].input{0}")]
)
def test_findings_tell_where(key: str, place: str) -> None:
    """A report names the parameter, and a key that does not look like a name might itself be content."""
    block = {"type": "tool_use", "name": "Read", "input": {key: "alice@corp.example"}}
    ((trail, *rest),) = examined(json.dumps({"content": [block]}).encode()).found
    assert (trail if isinstance(trail, str) else walk.path(trail)) == place
    assert rest == ["email", "EMAIL", "email", 1]


def test_a_key_that_was_found_shows_nowhere() -> None:
    """It looks like a name, and is a token; what stands below it is reported without it."""
    block = {"type": "tool_use", "name": "x", "input": {"tok_abcdefgh1234": ["alice@corp.example"]}}
    found = examined(json.dumps({"content": [block]}).encode()).found
    assert [trail for trail, *_ in found] == [".content[0].input{0}", ".content[0].input{0}[0]"]
