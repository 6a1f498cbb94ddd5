"""The stand-in refuses what the provider refuses, so that a test cannot pass with a broken request."""

from __future__ import annotations

from typing import Any

import pytest

from tests.standin.checks import check_body
from tests.standin.checks import credential_of
from tests.standin.problems import Invalid
from tests.standin.problems import Problem
from tests.standin.problems import Unauthenticated

USER = {"role": "user", "content": "Hello"}
CALL = {"type": "tool_use", "id": "t1", "name": "Bash", "input": {}}
RESULT = {"type": "tool_result", "tool_use_id": "t1", "content": "ok"}


def request(**changes: Any) -> dict[str, Any]:
    """A good request but for these changes; None takes a field away."""
    body = {"model": "claude-opus-5-5", "max_tokens": 10, "messages": [USER]} | changes
    return {name: value for name, value in body.items() if value is not None}


def said(role: str, *blocks: dict[str, Any]) -> dict[str, Any]:
    return {"role": role, "content": list(blocks)}


GOOD = [
    request(),
    request(messages=[USER, {"role": "system", "content": "Env"}]),
    request(messages=[USER, said("assistant", CALL), said("user", RESULT)]),
    request(
        messages=[USER, said("assistant", CALL), {"role": "system", "content": "x"}, said("user", RESULT)]
    ),
]


@pytest.mark.parametrize("body", GOOD)
def test_good_requests(body: dict[str, Any]) -> None:
    check_body(body, {})


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ([], "valid dictionary"),
        (request(model=None), "model: Field required"),
        (request(max_tokens=None), "max_tokens: Field required"),
        (request(max_tokens="many"), "max_tokens: Input should be"),
        (request(max_tokens=0), "greater than or equal to 1"),
        (request(messages=[]), "at least one message"),
        (request(surprise=1), "surprise: Extra inputs are not permitted"),
        (request(context_management={}), "context_management: Extra inputs are not permitted"),
        (request(model="gpt-5"), "model: gpt-5"),
        (request(messages=[{"role": "robot", "content": "x"}]), "messages.0.role"),
        (request(messages=[{"role": "user", "content": 3}]), "messages.0.content"),
        (request(messages=[said("assistant", {"type": "text", "text": "x"})]), 'must use the "user" role'),
        (request(messages=[{"role": "user", "content": ""}, USER]), "non-empty content"),
        (request(messages=[said("user", {"type": "text", "text": ""})]), "blocks must be non-empty"),
        (request(messages=[USER, said("assistant", CALL), USER]), "without `tool_result` blocks"),
        (request(messages=[USER, said("user", RESULT)]), "unexpected `tool_use_id`"),
        (request(messages=[USER, said("assistant", CALL, CALL)]), "ids must be unique"),
    ],
)
def test_bad_requests(body: Any, message: str) -> None:
    with pytest.raises(Problem, match=message):
        check_body(body, {})


def test_a_field_and_its_beta_belong_together() -> None:
    """A gateway that loses a beta header is found out."""
    body = request(context_management={})
    check_body(body, {"anthropic-beta": "a,context-management-2025-06-27"})
    with pytest.raises(Invalid):
        check_body(body, {"anthropic-beta": "a"})


def test_credentials() -> None:
    assert credential_of({"x-api-key": "k"}, ["k"]) == "k"
    assert credential_of({"authorization": "Bearer k"}, ["k"]) == "k"
    assert credential_of({"authorization": "Bearer anything"}, []) == "anything"
    for headers in ({}, {"x-api-key": "other"}, {"authorization": "Basic k"}):
        with pytest.raises(Unauthenticated):
            credential_of(headers, ["k"])
