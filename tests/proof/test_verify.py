"""The report says what the gateway would do, and can be handed on: what must not leave is not in it."""

from __future__ import annotations

import contextlib
import io
import json
import random
import time
from typing import Any

import pytest
from hypothesis import given
from hypothesis import settings

from ccgate.cli.verify_forms import print_reports
from ccgate.privacy.device import pseudonyms
from ccgate.privacy.room import PrivacyRoom
from ccgate.privacy.walk import Format
from ccgate.proof.captured import Capture
from ccgate.proof.captured import Captured
from ccgate.proof.verify import Report
from ccgate.proof.verify import form_of
from ccgate.proof.verify import report
from tests.privacy.requests import KEY
from tests.privacy.requests import chats
from tests.privacy.requests import redactor
from tests.privacy.requests import requests
from tests.privacy.requests import styles
from tests.privacy.requests import write
from tests.proof.test_changes import TOKEN
from tests.proof.test_changes import body_of


def room_of(**policy: Any) -> PrivacyRoom:
    return PrivacyRoom(
        redactor=redactor(**policy),
        redacts=True,
        pseudonym=policy.get("pseudonym"),
        restore_secrets_in=frozenset(),
    )


def said(body: bytes, one: Report) -> str:
    """What a person reads, and what a program does."""
    out = io.StringIO()
    with contextlib.redirect_stdout(out):
        print_reports(Capture((Captured(1, "", "", one.form, body),)), [one])
    return out.getvalue() + json.dumps(one.as_json()) + json.dumps(one.as_json(), ensure_ascii=False)


def check(request: Any, form: Format, style: random.Random | None) -> None:
    body = write(request, style).encode()
    done = report(body, form, room_of())
    if done.outcome == "unreadable":
        assert done.reason == "an object in it has the same key twice"
        return
    told = said(body, done)
    redaction = redactor().redact(body, form)
    for _, original in redaction.vault.items():
        if original.category == "secret" and len(original.value) >= 8:
            assert original.value not in told
    counts: dict[str, int] = {}
    for finding in redaction.findings:
        counts[finding.category] = counts.get(finding.category, 0) + finding.count
    assert done.counts == counts


@given(requests, styles)
@settings(deadline=None)
def test_no_secret_is_in_a_report(request: Any, style: random.Random | None) -> None:
    """It is made to be looked at by others, and pasted into tickets."""
    check(request, "messages", style)


@given(chats, styles)
@settings(deadline=None)
def test_no_secret_is_in_a_report_on_the_other_format(request: Any, style: random.Random | None) -> None:
    check(request, "chat", style)


def test_a_report_as_a_program_reads_it() -> None:
    """The schema of the docstring, whole."""
    document = report(body_of(f"a\nT={TOKEN};"), "messages", room_of()).as_json()
    placeholder = document["places"][0]["changes"][0]["placeholder"]
    assert document == {
        "outcome": "leaves",
        "form": "messages",
        "status": None,
        "reason": None,
        "counts": {"secret": 1},
        "missed": [],
        "placeholders": 0,
        "device": "absent",
        "places": [
            {
                "path": "messages[0].content",
                "is_key": False,
                "changes": [
                    {
                        "start": 4,
                        "end": 20,
                        "line": 2,
                        "category": "secret",
                        "kind": "TOKEN",
                        "rule": "token",
                        "placeholder": placeholder,
                        "length": 16,
                        "first": None,
                    }
                ],
                "lines": [{"line": 2, "before": "T=<16 characters>;", "after": f"T={placeholder};"}],
            }
        ],
    }


def test_values_are_shown_to_who_asks_for_them() -> None:
    document = report(body_of(f"T={TOKEN} in /home/alice/"), "messages", room_of()).as_json(show=True)
    (place,) = document["places"]
    assert [one["value"] for one in place["changes"]] == [TOKEN, "alice"]
    assert [one["first"] for one in place["changes"]] == [None, "a"]
    assert place["lines"][0]["before"] == f"T={TOKEN} in /home/alice/"


def test_what_would_be_blocked_is_told_by_rule_and_place() -> None:
    """Exit 1 without a reason helps nobody to take it out."""
    done = report(body_of("hello", f"see {TOKEN}"), "messages", room_of(block_secrets=True))
    assert (done.outcome, done.status, done.places) == ("blocked", 451, ())
    assert done.reason == "it holds a secret (rule token) at messages[1].content; take it out"
    assert TOKEN not in said(b"", done)


def test_an_attachment_that_may_not_leave_blocks_too() -> None:
    image = {"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": "AAAA"}}
    done = report(body_of([image]), "messages", room_of(deny_attachments=True))
    assert (done.outcome, done.status) == ("blocked", 451)
    assert done.reason is not None
    assert "messages[0].content[0]" in done.reason


@pytest.mark.parametrize("body", [b"", b"{", b'{"messages": [}', b"\xff", b'{"messages":[{"a":1,"a":2}]}'])
def test_what_cannot_be_read_does_not_leave(body: bytes) -> None:
    done = report(body, "messages", room_of())
    assert (done.outcome, done.status) == ("unreadable", 400)


def test_where_nothing_is_redacted_all_leaves_as_it_is() -> None:
    done = report(body_of(TOKEN), "messages", None)
    assert (done.outcome, done.places, done.counts) == ("leaves", (), {})


def test_what_was_redacted_already_is_told_as_such() -> None:
    """A flow that a gateway saved: a person would otherwise take it for a request without secrets."""
    once = redactor().redact(body_of(f"{TOKEN} {TOKEN} /home/alice/"), "messages").body
    done = report(once, "messages", room_of())
    assert (done.outcome, done.places, done.placeholders) == ("leaves", (), 3)


def test_a_secret_that_was_sent_before_it_was_known_is_told() -> None:
    """It leaves, because an earlier turn is never rewritten; a diff alone would hide that."""
    password = "zq7-uncommon"
    body = body_of(f"see {password} in /home/alice/", f"password={password}", f"got {password}")
    done = report(body, "messages", room_of())
    assert done.missed == ("messages[0].content",)
    assert [place.path for place in done.places] == [f"messages[{index}].content" for index in range(3)]
    assert password not in said(body, done)


def test_a_key_that_is_a_secret_further_on_is_not_shown() -> None:
    """A path shows keys; one that nobody took for a secret there may be one."""
    password = "zq7uncommon"
    tool = {"type": "tool_use", "id": "t", "name": "W", "input": {password: "/home/alice/"}}
    body = body_of([tool], f"password={password}")
    done = report(body, "messages", room_of())
    assert done.places[0].path == "messages[0].content[0].input.<11 characters>"
    assert done.missed == ("messages[0].content[0].input.<11 characters>",)
    assert password not in said(body, done)


def test_a_device_with_a_pseudonym_is_a_change_and_one_of_an_unknown_form_is_told() -> None:
    room = room_of(pseudonym=pseudonyms(KEY))
    user = json.dumps({"device_id": "d" * 64})
    assert report(body_of("hi", metadata={"user_id": user}), "messages", room).counts == {"device": 1}
    unknown = report(body_of("hi", metadata={"user_id": "somebody"}), "messages", room)
    assert (unknown.device, unknown.counts) == ("unknown", {})
    assert "form that the gateway does not know" in said(b"", unknown)


def test_a_report_does_not_show_itself_in_a_log() -> None:
    assert TOKEN not in repr(report(body_of(f"see {TOKEN}"), "messages", room_of()))


@pytest.mark.parametrize(
    ("request_body", "form"),
    [
        ({"messages": []}, "messages"),
        ({"messages": [{"role": "user", "content": "hi"}], "max_tokens": 5}, "messages"),
        ({"messages": [], "system": "be brief", "tools": [{"name": "W", "input_schema": {}}]}, "messages"),
        ({"messages": [], "stop": "x"}, "chat"),
        ({"messages": [{"role": "developer", "content": "hi"}]}, "chat"),
        ({"messages": [{"role": "assistant", "tool_calls": []}]}, "chat"),
        ({"messages": [], "tools": [{"type": "function", "function": {}}]}, "chat"),
        ({"messages": ["\ud800"], "n": 1}, "chat"),
        ({"messages": {}}, None),
        ({"model": "m"}, None),
        ([], None),
    ],
)
def test_the_format_of_a_body_is_recognised(request_body: Any, form: Format | None) -> None:
    """A capture does not say what it is, and a chat is walked in another way."""
    assert form_of(json.dumps(request_body).encode()) == form


@pytest.mark.parametrize("body", [b"{", b"\xff", b"[" * 100_000])
def test_what_cannot_be_read_is_of_some_format(body: bytes) -> None:
    """So that it comes to be called unreadable, not unknown."""
    assert form_of(body) == "messages"


@given(requests, chats)
def test_each_format_is_recognised_whatever_a_conversation_holds(request: Any, chat: Any) -> None:
    assert form_of(write({"system": "x", **request}, None).encode()) == "messages"
    assert form_of(write({"stop": "x", **chat}, None).encode()) == "chat"


def test_a_megabyte_is_reported_soon() -> None:
    """A person waits for it, with a secret or a path in each line."""
    line = "const x = require('/home/alice/shop/src/index.js'); // {} \n"
    lines = "".join(f"tok_{number:012} {line}" for number in range(1500))
    body = body_of(*[lines] * 10, "long " * 10_000)
    assert len(body) > 1_000_000
    begun = time.process_time()
    done = report(body, "messages", room_of())
    redacted = time.process_time()
    said(body, done)
    assert done.counts == {"home": 15_000, "secret": 15_000}
    assert redacted - begun < 2
    assert time.process_time() - redacted < 4
