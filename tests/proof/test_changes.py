"""A diff is what people trust the gateway by, or do not: it shows all that is done, and no more."""

from __future__ import annotations

import json
import random
from collections import Counter
from collections.abc import Iterable
from collections.abc import Iterator
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import settings

from ccgate.errors import Refusal
from ccgate.privacy.device import pseudonyms
from ccgate.privacy.redact import Redactor
from ccgate.privacy.walk import Format
from ccgate.privacy.work import Redaction
from ccgate.proof.changes import Place
from ccgate.proof.changes import places
from tests.privacy.requests import KEY
from tests.privacy.requests import chats
from tests.privacy.requests import compared
from tests.privacy.requests import read
from tests.privacy.requests import redactor
from tests.privacy.requests import requests
from tests.privacy.requests import styles
from tests.privacy.requests import write

TOKEN = "tok_abcdefgh1234"


def body_of(*texts: Any, **more: Any) -> bytes:
    return json.dumps({"messages": [{"role": "user", "content": text} for text in texts], **more}).encode()


def found_in(body: bytes, form: Format = "messages", by: Redactor | None = None) -> list[Place]:
    return list(places(body, form, (by or redactor()).redact(body, form)))


def applied(place: Place) -> str:
    """The string of a place with its changes made."""
    pieces = []
    at = 0
    for change in place.changes:
        pieces += [place.text[at : change.start], change.placeholder]
        at = change.end
    return "".join((*pieces, place.text[at:]))


def by_finding(found: Iterable[tuple[str, str, int]]) -> Counter[tuple[str, str]]:
    counts: Counter[tuple[str, str]] = Counter()
    for path, category, count in found:
        counts[path, category] += count
    return counts


def strings(value: Any) -> Iterator[str]:
    """All strings in a value, in order."""
    if isinstance(value, str):
        yield value
    for member in value if isinstance(value, list) else value.values() if isinstance(value, dict) else ():
        yield from strings(member)


def pairs(before: str, after: str) -> Iterator[tuple[str, str]]:
    """Strings as they were and as they are; of a text that is JSON, those in it, as it may be either."""
    try:
        both = [list(strings(json.loads(text))) for text in (before, after)]
    except (ValueError, RecursionError):
        both = [[before], [after]]
    yield from ((one, other) for one, other in zip(*both, strict=True) if one != other)


def check(request: Any, form: Format, style: random.Random | None) -> None:
    body = write(request, style).encode()
    try:
        redaction = redactor().redact(body, form)
    except Refusal as e:
        assert "same key twice" in e.message
        return
    found = list(places(body, form, redaction))
    every = compared(request, read(redaction.body))
    changed = Counter(pair for before, after, _ in every for pair in pairs(str(before), str(after)))
    assert Counter(pair for place in found for pair in pairs(place.text, applied(place))) == changed
    for place in found:
        assert all(a.end <= b.start for a, b in pairwise(place.changes))
        for change in place.changes:
            original = redaction.vault.original(change.placeholder)
            assert original is not None
            assert (original.value, original.category) == (
                place.text[change.start : change.end],
                change.category,
            )
            assert change.line == place.text[: change.start].count("\n") + 1
    told = by_finding((place.path, one.category, 1) for place in found for one in place.changes)
    assert told == by_finding((one.path, one.category, one.count) for one in redaction.findings)


@given(requests, styles)
@settings(deadline=None)
def test_the_changes_make_what_came_into_what_leaves(request: Any, style: random.Random | None) -> None:
    """Each change that is done is shown, at its place, and none that is not done."""
    check(request, "messages", style)


@given(chats, styles)
@settings(deadline=None)
def test_in_the_other_format_too(request: Any, style: random.Random | None) -> None:
    """Arguments are JSON within a string; their changes are shown in the strings of that."""
    check(request, "chat", style)


def test_a_key_is_told_from_what_stands_under_it() -> None:
    """Both go by one path, and one of them is easily overlooked."""
    given_input = {"/home/alice/x": "/home/alice/x"}
    found = found_in(body_of([{"type": "tool_use", "id": "t", "name": "W", "input": given_input}]))
    assert [(place.path, place.is_key) for place in found] == [
        ("messages[0].content[0].input{0}", True),
        ("messages[0].content[0].input{0}", False),
    ]


def test_a_value_with_escapes_in_arguments_is_shown_as_it_is() -> None:
    """Arguments are JSON in a string: what is escaped twice there has one place, and is one value."""
    arguments = json.dumps({"command": "login password=zq\\7-x\u00e9 now"})
    call = {"id": "c", "type": "function", "function": {"name": "Bash", "arguments": arguments}}
    body = json.dumps({"messages": [{"role": "assistant", "tool_calls": [call]}]}).encode()
    (place,) = found_in(body, "chat")
    (change,) = place.changes
    assert place.path == "messages[0].tool_calls[0].function.arguments.command"
    assert place.text[change.start : change.end] == "zq\\7-x\u00e9"


def test_each_of_several_rules_is_told_where_each_found_one() -> None:
    """A person who tunes a rule has to know what it took."""
    (place,) = found_in(body_of(f"password=open-sesame and {TOKEN}"))
    assert [(one.kind, one.rule) for one in place.changes] == [("PASSWORD", "password"), ("TOKEN", "token")]


def test_nothing_is_told_of_a_rule_that_is_not_known() -> None:
    """Findings are counts: of three values and two rules it is not known which found which."""
    (place,) = found_in(body_of(f"password=open-sesame {TOKEN} {TOKEN} /home/alice/"))
    assert [(one.kind, one.rule) for one in place.changes] == [
        *[("PASSWORD or TOKEN", "password or token")] * 3,
        ("HOME", "home"),
    ]


def test_a_placeholder_that_came_in_is_no_change() -> None:
    """Else everything that a gateway saved would look as if it were redacted now."""
    once = redactor().redact(body_of(f"see {TOKEN}"), "messages").body
    sent = json.loads(once)["messages"][0]["content"]
    assert found_in(once) == []
    (place,) = found_in(body_of(f"{sent} and {TOKEN}, {sent}"))
    assert [(one.start, one.end) for one in place.changes] == [(len(sent) + 5, len(sent) + 5 + len(TOKEN))]


@pytest.mark.parametrize("spaces", [None, 1])
def test_a_device_is_shown_with_its_pseudonym(spaces: int | None) -> None:
    """Wherever it stands in a `user_id`, whose other ids stay."""
    user = json.dumps({"session_id": "s" * 64, "device_id": "d" * 64}, indent=spaces)
    pseudonym = pseudonyms(KEY)
    body = body_of("hello", metadata={"user_id": user})
    (place,) = found_in(body, by=redactor(pseudonym=pseudonym))
    (change,) = place.changes
    assert (place.path, change.category, change.rule) == ("metadata.user_id", "device", "device_id")
    assert place.text[change.start : change.end] == "d" * 64
    assert change.placeholder == pseudonym("d" * 64)
    assert change.line == (1 if spaces is None else 3)
    again = body_of("hello", metadata={"user_id": applied(place)})
    assert found_in(again, by=redactor(pseudonym=pseudonym)) == []


def test_numbers_of_any_length_are_no_hindrance() -> None:
    """Python refuses to read integers of more than 4300 digits, which JSON may hold."""
    content = [{"type": "text", "text": TOKEN, "size": 0}]
    body = body_of(content).replace(b'"size": 0', b'"size": ' + b"9" * 5000)
    assert [place.path for place in found_in(body)] == ["messages[0].content[0].text"]


def test_a_redaction_of_another_request_is_refused() -> None:
    """A report that does not fit is worse than none."""
    one, other = body_of(f"see {TOKEN}"), body_of("see /home/alice/x and more")
    redactions = [redactor().redact(body, "messages") for body in (one, other)]
    for body, redaction in zip((other, one), redactions, strict=True):
        with pytest.raises(ValueError, match="a redaction"):
            list(places(body, "messages", redaction))


def test_a_redaction_that_did_less_than_it_says_is_refused() -> None:
    redaction = redactor().redact(body_of(TOKEN), "messages")
    undone = Redaction(body_of("x"), redaction.vault, redaction.device, redaction.examined)
    with pytest.raises(ValueError, match="more than it did"):
        list(places(body_of("x"), "messages", undone))


def test_a_place_does_not_show_itself_in_a_log() -> None:
    (place,) = found_in(body_of(f"see {TOKEN}"))
    assert TOKEN not in repr(place)
