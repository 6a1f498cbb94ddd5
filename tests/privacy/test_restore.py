"""The way back and the way out together: the next turn sends what the model said."""

from __future__ import annotations

import json
from typing import Any
from typing import NamedTuple

import pytest
from hypothesis import given
from hypothesis import settings
from hypothesis import strategies as st

from ccgate.privacy.cache import SpanCache
from ccgate.privacy.placeholders import PATTERN
from ccgate.privacy.placeholders import Category
from ccgate.privacy.redact import Policy
from ccgate.privacy.redact import Redactor
from ccgate.privacy.restore import Restorer
from ccgate.privacy.vault import Original
from tests.privacy.answers import ALICE
from tests.privacy.answers import INVENTED
from tests.privacy.answers import MAIL
from tests.privacy.answers import MINTER
from tests.privacy.answers import NAMES
from tests.privacy.answers import SECRET
from tests.privacy.answers import VALUES
from tests.privacy.answers import delta
from tests.privacy.answers import vault


def redacted(text: str) -> str:
    """Known values replaced as the next request's redaction does, in the plainest way.

    The leftmost counts, and there the longest. E-mails and secrets of eight characters or more are replaced
    anywhere, all else between characters that are neither letters nor digits. Placeholders are left alone.
    """
    out = []
    at = 0
    while at < len(text):
        own = PATTERN.match(text, at)
        here = (
            []
            if own
            else [value for _, value in VALUES if text.startswith(value, at) and _stands(text, value, at)]
        )
        value = max(here, key=len, default=None)
        out.append(own[0] if own else text[at] if value is None else NAMES[value])
        at += len(own[0]) if own else 1 if value is None else len(value)
    return "".join(out)


def _stands(text: str, value: str, at: int) -> bool:
    if "@" in value or value in (VALUES[3][1], VALUES[4][1]):
        return True
    end = at + len(value)
    return not (text[at - 1 : at].isalnum() and at) and not text[end : end + 1].isalnum()


WORDS = st.one_of(
    st.sampled_from(sorted(NAMES.values())),
    st.sampled_from(sorted(NAMES.values())).flatmap(
        lambda name: st.integers(0, len(name) - 1).map(lambda n: name[:n])
    ),
    st.just(INVENTED),
    st.text("xyz0é😀", max_size=4),
)
BETWEEN = st.text(" \n/\\-_.:\"'(){}%", min_size=1, max_size=3)


@given(words=st.lists(st.tuples(WORDS, BETWEEN), max_size=8))
@settings(max_examples=500, deadline=None)
def test_what_the_model_said_is_sent_again(words: list[tuple[str, str]]) -> None:
    """Else every later turn misses the cache, and newer models reject the conversation."""
    said = "".join(word + between for word, between in words)
    restorer = Restorer(vault(), ("Write",))
    answer = {
        "content": [
            {"type": "text", "text": said},
            {"type": "tool_use", "name": "Write", "input": {"c": said}},
        ]
    }
    out = json.loads(restorer.document(json.dumps(answer).encode()))["content"]
    assert redacted(out[0]["text"]) == said
    assert redacted(out[1]["input"]["c"]) == said


class Found(NamedTuple):
    """A value where a rule found it."""

    start: int
    end: int
    category: Category
    kind: str = "x"
    rule: str = "x"


class OnceTold:
    """Finds each value where its user tells it, and nowhere else: in a string that begins with `My`."""

    def find(self, text: str) -> list[Found]:
        # A detector is shown another character for half of a pair.
        told = [(category, "My " + value.replace("\ud800", "\ufffd")) for category, value in VALUES]
        return [Found(3, len(text), category) for category, said in told if text == said]


@given(words=st.lists(st.tuples(WORDS, BETWEEN), max_size=8))
@settings(max_examples=200, deadline=None)
def test_the_next_turn_begins_with_what_was_sent(words: list[tuple[str, str]]) -> None:
    """The whole loop with the real redactor: the first turn's request is the beginning of the second's."""
    said = "".join(word + between for word, between in words)
    told = [{"type": "text", "text": f"My {value}"} for _, value in VALUES]
    messages: list[Any] = [{"role": "user", "content": told}]
    redactor = Redactor(OnceTold(), MINTER, Policy(version=b"1"), SpanCache())
    first = redactor.redact(json.dumps({"messages": messages}).encode(), "messages")
    assert {first.vault.original(name) for name in first.vault} == {Original(v, c) for c, v in VALUES}
    answer = [{"type": "text", "text": said}, {"type": "tool_use", "name": "Write", "input": {"c": said}}]
    restorer = Restorer(first.vault, ("Write",))
    content = json.loads(restorer.document(json.dumps({"content": answer}).encode()))["content"]
    messages.append({"role": "assistant", "content": content})
    second = redactor.redact(json.dumps({"messages": messages}).encode(), "messages")
    sent = json.loads(second.body)["messages"]
    assert sent == [*json.loads(first.body)["messages"], {"role": "assistant", "content": answer}]


@pytest.mark.parametrize(
    ("said", "again"),
    [
        (f"{ALICE}s", "alices"),
        (f"x{ALICE}", "xalice"),
        (f"m{MAIL}", NAMES["malice@corp.example.com"]),
        ("ask alice", f"ask {ALICE}"),
    ],
)
def test_where_the_inverse_ends(said: str, again: str) -> None:
    """The limits that the module names; whoever lifts one has to say so there.

    A name right beside a letter is none to the redactor; a value that together with what stands before it is
    another one becomes that; and an original that the model came upon by itself was never a placeholder.
    """
    out = Restorer(vault(), ()).document(json.dumps({"content": [{"type": "text", "text": said}]}).encode())
    assert redacted(json.loads(out)["content"][0]["text"]) == again != said


def test_one_restorer_for_each_format() -> None:
    """The format decides how events are read, and the counters are of the whole answer."""
    messages, chat = Restorer(vault(), ()), Restorer(vault(), (), "chat")
    data = json.dumps(delta(0, "text_delta", text=ALICE)).encode()
    assert messages.event(data) == ([], data.replace(ALICE.encode(), b"alice"))
    assert chat.event(data) is None
    chunk = {"choices": [{"index": 0, "delta": {"content": f"{ALICE}r"}}]}
    assert chat.event(json.dumps(chunk).encode()) is not None
    assert messages.event(json.dumps(chunk).encode()) is None
    assert len(chat.close()) == 1
    assert messages.close() == []
    assert messages.restored.by_category == {"home": 1}


def test_nothing_of_the_vault_shows() -> None:
    """A restorer in a traceback or a log tells no value."""
    restorer = Restorer(vault(), ())
    restorer.event(json.dumps(delta(0, "text_delta", text=f"{ALICE} {SECRET}")).encode())
    assert "alice" not in f"{restorer!r} {restorer.restored!r}"
