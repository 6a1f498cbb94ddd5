"""A stand-in that lets changed conversations pass would prove nothing about a gateway."""

from __future__ import annotations

import copy
from typing import Any

import pytest

from tests.standin.problems import Invalid
from tests.standin.thinking import BOUND_ELSEWHERE
from tests.standin.thinking import Signer

NEWER, OLDER = "claude-opus-5-5", "claude-opus-4-8"


def second_turn(model: str) -> dict[str, Any]:
    """A request that hands a signed block back."""
    body: dict[str, Any] = {
        "model": model,
        "system": [
            {"type": "text", "text": "x-anthropic-billing-header: cch=1;"},
            {"type": "text", "text": "Be."},
        ],
        "tools": [{"name": "Bash", "input_schema": {"type": "object"}}],
        "messages": [{"role": "user", "content": "Hello"}],
    }
    block = {"type": "thinking", "thinking": "Hm.", "signature": Signer().sign(body, "Hm.")}
    return body | {
        "messages": [
            *body["messages"],
            {"role": "assistant", "content": [block, {"type": "text", "text": "Yes?"}]},
            {"role": "user", "content": "Go on"},
        ]
    }


@pytest.mark.parametrize("model", [NEWER, OLDER])
def test_what_was_not_changed_passes(model: str) -> None:
    """Also when only the form differs: lists for strings, cache marks, another attribution block."""
    body = second_turn(model)
    Signer().check(body)
    same = copy.deepcopy(body)
    mark = {"cache_control": {"type": "ephemeral"}}
    same["messages"][0]["content"] = [{"text": "Hello", "type": "text"} | mark]
    same["system"][0]["text"] = "x-anthropic-billing-header: cch=2;"
    same["tools"][0] |= mark
    Signer().check(same)


@pytest.mark.parametrize("model", [NEWER, OLDER])
@pytest.mark.parametrize("part", ["thinking", "signature"])
def test_a_changed_block(model: str, part: str) -> None:
    body = second_turn(model)
    body["messages"][1]["content"][0][part] += "x"
    if (model, part) == (OLDER, "signature"):
        body["messages"][1]["content"][0][part] = "x"
    with pytest.raises(Invalid, match="signature"):
        Signer().check(body)


@pytest.mark.parametrize("place", ["system", "tools", "messages"])
def test_a_changed_prefix(place: str) -> None:
    """The newer models notice; the older do not."""
    for model in (NEWER, OLDER):
        body = second_turn(model)
        changed = {"system": ("text", "Do."), "tools": ("name", "Zsh"), "messages": ("content", "Hallo")}
        key, value = changed[place]
        body[place][-1 if place == "system" else 0][key] = value
        if model == OLDER:
            Signer().check(body)
        else:
            with pytest.raises(Invalid, match=BOUND_ELSEWHERE):
                Signer().check(body)
