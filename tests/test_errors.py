"""What a person or a client gets when something is wrong."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ccgate.errors import ENVELOPE_TYPES
from ccgate.errors import CcgateError
from ccgate.errors import ConfigError
from ccgate.errors import OperatorError
from ccgate.errors import Refusal
from ccgate.errors import StoreError

messages = st.text(st.characters() | st.sampled_from('\ud800\udfff\x00"\\\u2028'), max_size=60)


@given(status=st.sampled_from(sorted(ENVELOPE_TYPES)), message=messages, request_id=st.text(max_size=40))
def test_every_refusal_is_the_providers_envelope(status: int, message: str, request_id: str) -> None:
    """Claude Code shows the sentence only if it finds it where the provider puts its own."""
    body = json.loads(Refusal(status, message).body(request_id).decode("utf-8"))
    assert body["type"] == "error"
    assert body["error"] == {"type": ENVELOPE_TYPES[status], "message": f"ccgate: {message}"}
    assert body["request_id"] == request_id


def test_a_refusal_ends_the_clients_tries() -> None:
    """Without the header the real client repeats a 401 for two minutes and shows nothing."""
    headers = Refusal(401, "no").headers()
    assert headers["x-should-retry"] == "false"
    assert headers["content-type"] == "application/json"
    assert "retry-after" not in headers


def test_a_refusal_that_will_pass_says_when() -> None:
    """A client that has to wait for a restart must try again, and is told so in whole seconds."""
    headers = Refusal(503, "later", retry_after=5).headers()
    assert headers["retry-after"] == "5"
    assert "x-should-retry" not in headers


def test_a_refusals_own_headers_are_part_of_the_answer() -> None:
    """A 407 is of no use without proxy-authenticate."""
    refusal = Refusal(407, "who?", headers={"proxy-authenticate": "Basic"})
    assert refusal.headers()["proxy-authenticate"] == "Basic"
    assert refusal.headers()["x-should-retry"] == "false"


def test_one_answers_headers_are_not_the_nexts() -> None:
    """Refusals may be kept and given more than once."""
    refusal = Refusal(401, "no")
    refusal.headers()["x-mine"] = "1"
    assert "x-mine" not in refusal.headers()


@pytest.mark.parametrize(
    ("kind", "code"), [(OperatorError, 1), (ConfigError, 78), (StoreError, 74)], ids=lambda value: str(value)
)
def test_each_kind_has_its_exit_code(kind: type[OperatorError], code: int) -> None:
    """Service managers restart on some codes and not on others (sysexits.h)."""
    assert kind.exit_code == code
    assert str(kind("a sentence")) == "a sentence"


def test_the_tree() -> None:
    """A command catches OperatorError, a flow catches Refusal; neither may swallow the other's."""
    assert issubclass(ConfigError, OperatorError)
    assert issubclass(StoreError, OperatorError)
    assert issubclass(OperatorError, CcgateError)
    assert issubclass(Refusal, CcgateError)
    assert not issubclass(Refusal, OperatorError)
    assert str(Refusal(403, "a sentence")) == "a sentence"
