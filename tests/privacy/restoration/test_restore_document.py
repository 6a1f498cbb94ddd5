"""An answer in one piece: restored where a stream would be, all other bytes as they came."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ccgate.errors import Refusal
from ccgate.privacy.restoration.restore_document import restore_document
from ccgate.privacy.restoration.restore_places import Places
from tests.privacy.restoration.answers import ALICE
from tests.privacy.restoration.answers import MAIL
from tests.privacy.restoration.answers import SECRET
from tests.privacy.restoration.answers import TRUSTED
from tests.privacy.restoration.answers import originals
from tests.privacy.restoration.answers import restored
from tests.privacy.restoration.answers import same
from tests.privacy.restoration.answers import texts
from tests.privacy.restoration.answers import vault
from tests.privacy.restoration.answers import written

OPEN = originals(secrets=False)
ALL = originals(secrets=True)


def restore(document: Any, seed: int = 0) -> Any:
    """A document, there and back."""
    body = written(document, seed).encode()
    return json.loads(restore_document(body, Places(vault(), TRUSTED)))


@given(text=texts(), seed=st.integers(0, 1000))
def test_a_text_block(text: str, seed: int) -> None:
    """A person reads real names whether the client streams or not."""
    out = restore({"type": "message", "content": [{"type": "text", "text": text}]}, seed)
    assert same(out["content"][0]["text"]) == same(restored(text, OPEN))


def test_what_is_restored_and_what_is_not() -> None:
    """Every place of an answer has its rule, the same as in a stream."""
    said = f"{ALICE} {SECRET}"
    given_, all_ = f"alice {SECRET}", "alice hunter2hunter2"
    cited = {"type": "t", "cited_text": said, "document_title": said, "url": said, "encrypted_index": said}
    content = [
        {"type": "text", "text": said, "citations": [cited]},
        {"type": "thinking", "thinking": said, "signature": said},
        {"type": "redacted_thinking", "data": said},
        {"type": "tool_use", "id": said, "name": "Write", "input": {ALICE: [said, {"a": said}], "n": 1}},
        {"type": "tool_use", "name": "Bash", "input": {"command": said}},
        {"type": "tool_use", "name": "WebFetch", "input": {"url": said}},
        {"type": "server_tool_use", "name": "web_search", "input": {"query": said}},
        {"type": "web_search_tool_result", "content": [{"title": said, "encrypted_content": said}]},
        {"type": "news_of_tomorrow", "text": said},
    ]
    expected = json.loads(json.dumps(content))
    expected[0] |= {"text": given_}
    expected[0]["citations"][0] |= {"cited_text": given_, "document_title": given_, "url": given_}
    expected[3]["input"] = {"alice": [all_, {"a": all_}], "n": 1}
    expected[4]["input"]["command"] = given_
    assert restore({"id": said, "model": said, "content": content})["content"] == expected


@pytest.mark.parametrize("envelope", [{"type": "error"}, {}])
def test_an_error(envelope: dict[str, str]) -> None:
    """The message names the person's real path; the request id stays."""
    out = restore({**envelope, "error": {"type": ALICE, "message": f"no {MAIL}"}, "request_id": ALICE})
    assert out["error"] == {"type": ALICE, "message": "no alice@corp.example.com"}
    assert out["request_id"] == ALICE


def test_a_chat_completion() -> None:
    """The other format: text, refusals, and arguments that are JSON text within a string."""
    said = f"{ALICE} {SECRET}"
    calls = [
        {"index": 0, "function": {"name": name, "arguments": json.dumps({"a": said})}}
        for name in ("Write", "Bash", "WebSearch")
    ]
    message = {"content": said, "refusal": said, "tool_calls": calls, "reasoning_content": said}
    parts = {"message": {"content": [{"type": "text", "text": said}]}}
    out = restore({"choices": [{"message": message}, parts, {"message": None}, 7]})
    got = out["choices"][0]["message"]
    assert got["content"] == got["refusal"] == f"alice {SECRET}"
    assert [json.loads(call["function"]["arguments"])["a"] for call in got["tool_calls"]] == [
        "alice hunter2hunter2",
        f"alice {SECRET}",
        said,
    ]
    assert got["reasoning_content"] == said
    assert out["choices"][1]["message"]["content"][0]["text"] == f"alice {SECRET}"


def test_all_other_bytes_stay() -> None:
    """Numbers, escapes, blanks and bytes that are no UTF-8 leave as they came."""
    body = b' {"n": 1e5, "content":[ {"type":"text","text":"\\u00e9\\/%b\xff"} ], "m":"\\ud800" }\n'
    assert restore_document(body % ALICE.encode(), Places(vault(), ())) == body % b"alice"


@pytest.mark.parametrize(
    "body",
    [
        b"[]",
        b'"redacteduser"',
        b"17",
        b'{"content": "text", "error": "text", "choices": {}}',
        b'{"content": [1, {"type": "text", "text": 5, "citations": 5}, {"type": "tool_use", "input": null}]}',
        b'{"choices": [{"message": {"tool_calls": [5, {"function": 5}, {"function": {"arguments": 5}}]}}]}',
        b'{"data": [{"id": "claude"}], "input_tokens": 5}',
    ],
)
def test_other_documents_pass(body: bytes) -> None:
    """Lists of models, counts, and whatever comes next are not ours to read."""
    assert restore_document(body, Places(vault(), ())) == body


@pytest.mark.parametrize(
    ("body", "error"),
    [
        (b"<html>", ValueError),
        (b'{"content": [', ValueError),
        (b'{"a": 1, "a": 2}', Refusal),
        (b"[" * 100_000, RecursionError),
    ],
)
def test_what_is_no_document_is_said(body: bytes, error: type[Exception]) -> None:
    """The caller learns that nothing was restored; it must not take half an answer for a whole one."""
    with pytest.raises(error):
        restore_document(body, Places(vault(), ()))
