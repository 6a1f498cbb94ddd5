"""Redaction as a whole: nothing planted leaves, and nothing else changes, whatever the request is like."""

from __future__ import annotations

import json
import random
import re
from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import settings
from hypothesis import strategies as st

from ccgate.errors import Refusal
from ccgate.privacy import work
from ccgate.privacy.cache import SpanCache
from ccgate.privacy.device import pseudonyms
from ccgate.privacy.layout import lay_out
from ccgate.privacy.placeholders import Minter
from ccgate.privacy.placeholders import is_placeholder
from ccgate.privacy.redact import Redactor
from ccgate.privacy.walk import Format
from ccgate.privacy.work import Policy
from ccgate.privacy.work import Redaction
from tests.privacy.requests import MINTER
from tests.privacy.requests import VALUES
from tests.privacy.requests import PlainDetector
from tests.privacy.requests import chats
from tests.privacy.requests import compared
from tests.privacy.requests import messages
from tests.privacy.requests import read
from tests.privacy.requests import redactor
from tests.privacy.requests import requests
from tests.privacy.requests import restored
from tests.privacy.requests import styles
from tests.privacy.requests import systems
from tests.privacy.requests import write

STRING = re.compile(rb'"[^"\\]*(?:\\.[^"\\]*)*"')
PASSWORD = "zq7-uncommon"


def encoded(request: Any) -> bytes:
    return json.dumps(request, ensure_ascii=False, separators=(",", ":")).encode()


def said(*texts: str, role: str = "user") -> dict[str, Any]:
    return {"messages": [{"role": role, "content": text} for text in texts]}


def texts_of(redaction: Redaction) -> list[str]:
    return [message["content"] for message in json.loads(redaction.body)["messages"]]


def outcome(request: Any, form: Format, style: random.Random | None) -> tuple[bytes, Redaction] | None:
    """The bytes sent and what became of them; None when two keys of an input become one."""
    raw = write(request, style).encode()
    try:
        return raw, redactor().redact(raw, form)
    except Refusal as e:
        assert "same key twice" in e.message
        return None


def check(request: Any, form: Format, style: random.Random | None) -> None:
    done = outcome(request, form, style)
    if done is None:
        return
    raw, redaction = done
    for before, after, content in compared(request, read(redaction.body)):
        if content:
            assert not any(value in after for value in VALUES)
            assert "/home/alice" not in after
            assert restored(after, redaction.vault) == before
        else:
            assert after == before
    # Between the strings, and in strings that stay, every byte is as it came.
    assert STRING.split(redaction.body) == STRING.split(raw)
    for old, new in zip(STRING.findall(raw), STRING.findall(redaction.body), strict=True):
        if json.loads(old) == json.loads(new):
            assert new == old


@pytest.mark.property
@given(requests, styles)
@settings(deadline=None)
def test_nothing_planted_leaves_and_nothing_else_changes(request: Any, style: random.Random | None) -> None:
    """What this holds together is what ccgate is for: each position of content, however it is written."""
    check(request, "messages", style)


@given(chats, styles)
@settings(deadline=None)
def test_nothing_planted_leaves_in_the_other_format(request: Any, style: random.Random | None) -> None:
    """A client of the other format is not worse off; arguments stay JSON within a string."""
    check(request, "chat", style)


@pytest.mark.property
@given(systems, messages, messages)
@settings(deadline=None)
def test_what_was_sent_stays_as_it_was_sent(system: Any, told: Any, more: Any) -> None:
    """The provider's cache, and the signatures of its thinking, hold on to every earlier byte."""
    request = {"system": system, "messages": told}
    longer = {**request, "messages": [*told, *more]}
    cache = SpanCache()
    try:
        first = redactor(cache).redact(write(request, None).encode(), "messages").body
        second = redactor(cache).redact(write(longer, None).encode(), "messages").body
        assert redactor().redact(write(longer, None).encode(), "messages").body == second
    except Refusal:
        return
    before = [first[part.start : part.end] for part in lay_out(first, "messages").parts]
    after = [second[part.start : part.end] for part in lay_out(second, "messages").parts]
    assert after[: len(before)] == before


@given(messages, styles)
@settings(deadline=None)
def test_twice_is_once(several: Any, style: random.Random | None) -> None:
    """A gateway behind a gateway changes nothing, and a placeholder that comes in is left alone."""
    done = outcome({"messages": several}, "messages", style)
    if done is not None:
        again = redactor().redact(done[1].body, "messages")
        assert again.body == done[1].body
        assert len(again.vault) == 0


@given(st.lists(messages, min_size=2, max_size=2), st.integers(600, 20_000))
@settings(deadline=None)
def test_a_cache_changes_nothing(several: list[Any], most: int) -> None:
    """Neither a hit, nor another conversation's entries, nor entries that were dropped show in an answer."""
    shared = redactor(SpanCache(most))
    for conversation in [*several, several[0]]:
        raw = write({"messages": conversation}, None).encode()
        try:
            expected = redactor().redact(raw, "messages")
        except Refusal:
            continue
        found = shared.redact(raw, "messages")
        assert found.body == expected.body
        assert list(found.vault.items()) == list(expected.vault.items())
        assert found.findings == expected.findings


@given(systems, messages, styles)
@settings(deadline=None)
def test_all_at_once_is_one_by_one(system: Any, told: Any, style: random.Random | None) -> None:
    """What is found in a string must not depend on the strings that were looked through with it."""
    raw = write({"system": system, "messages": told}, style).encode()
    outcomes = []
    for batch in (work._BATCH, 1):
        with pytest.MonkeyPatch.context() as patched:
            patched.setattr(work, "_BATCH", batch)
            try:
                done = redactor().redact(raw, "messages")
                outcomes.append((done.body, list(done.vault.items()), done.findings))
            except Refusal as e:
                outcomes.append(e.message)
    assert outcomes[0] == outcomes[1]


turns = st.lists(
    st.sampled_from(
        [
            "nothing",
            f"see {PASSWORD}",
            f"password={PASSWORD}",
            "I am alice@corp.example",
            "/home/alice and alice",
            "only alice",
            "corp.example",
        ]
    ),
    max_size=7,
)


@given(st.lists(turns, min_size=2, max_size=6), st.booleans())
@settings(deadline=None)
def test_what_is_known_before_a_message_decides_about_it(conversations: Any, long: bool) -> None:
    """The same message, in the cache from a conversation that knew more or less, is another message."""
    shared = redactor()
    for conversation in conversations:
        raw = encoded(said(*conversation))
        with pytest.MonkeyPatch.context() as patched:
            patched.setattr(work, "_BATCH", 10_000 if long else 60)
            found = shared.redact(raw, "messages")
        expected = redactor().redact(raw, "messages")
        assert found.body == expected.body
        assert list(found.vault.items()) == list(expected.vault.items())
        assert found.findings == expected.findings


def test_known_values_go_forward_and_never_back() -> None:
    """The next command's output holds the password alone; what was sent before is not sent otherwise."""
    done = redactor().redact(
        encoded(said(f"see {PASSWORD}", f"password={PASSWORD}", f"got {PASSWORD}!")), "messages"
    )
    early, found, late = texts_of(done)
    assert early == f"see {PASSWORD}"
    placeholder = found.removeprefix("password=")
    assert is_placeholder(placeholder)
    assert late == f"got {placeholder}!"
    assert [(f.path, f.rule) for f in done.findings] == [
        ("messages[1].content", "password"),
        ("messages[2].content", "known"),
    ]


def test_what_was_seen_before_is_known_for_what_is_new() -> None:
    """In the next turn the message that gave the password away is not read again, and still counts."""
    cache = SpanCache()
    redactor(cache).redact(encoded(said(f"password={PASSWORD}")), "messages")
    early = redactor(cache).redact(encoded(said(f"got {PASSWORD}!")), "messages")
    assert texts_of(early) == [f"got {PASSWORD}!"]
    later = redactor(cache).redact(encoded(said(f"password={PASSWORD}", f"got {PASSWORD}!")), "messages")
    assert PASSWORD not in texts_of(later)[1]


def test_a_string_knows_all_of_itself() -> None:
    """A listing names the password before the line that gives it away."""
    (text,) = texts_of(redactor().redact(encoded(said(f"{PASSWORD}\npassword={PASSWORD}")), "messages"))
    assert PASSWORD not in text


def test_tools_come_before_system_and_system_before_messages() -> None:
    """What is known goes in the order of the provider's cache, wherever the fields stand in the request."""
    request = {
        "messages": [{"role": "user", "content": PASSWORD}],
        "system": f"{PASSWORD} /home/alice",
        "tools": [{"name": "t", "description": f"password={PASSWORD} ; alice", "input_schema": {}}],
    }
    after = json.loads(redactor().redact(encoded(request), "messages").body)
    assert is_placeholder(after["messages"][0]["content"])
    assert PASSWORD not in after["system"]
    assert after["tools"][0]["description"].endswith(" ; alice")


def test_what_the_client_restored_becomes_the_same_placeholder() -> None:
    """The model wrote placeholders; its words come back with originals, and must be its words again."""
    opening = {
        "role": "user",
        "content": "I am alice@corp.example in /home/alice/shop; password=hunter2hunter2",
    }
    first = redactor().redact(encoded({"messages": [opening]}), "messages")
    home, mail, secret = (first.vault.placeholders([c])[0] for c in ("home", "email", "secret"))
    words = [
        {"type": "thinking", "thinking": f"{home} and {secret}", "signature": "c2ln"},
        {"type": "text", "text": f"Dear {mail}, /home/{home}/shop is yours, {home}. Not shown: {secret}."},
        {"type": "tool_use", "id": "1", "name": "Edit", "input": {
            "file_path": f"C:\\Users\\{home}\\.env", home: [mail],
            "new_string": f"password={secret}\nX={secret}"}},
    ]  # fmt: skip

    def put_back(value: Any, *, secrets: bool) -> Any:
        if isinstance(value, str):
            keep = {} if secrets else {secret: secret}
            return value if value in keep else restored(value.replace(secret, "\0"), first.vault).replace(
                "\0", "hunter2hunter2" if secrets else secret)  # fmt: skip
        if isinstance(value, list):
            return [put_back(item, secrets=secrets) for item in value]
        return {put_back(k, secrets=secrets): put_back(v, secrets=secrets) for k, v in value.items()}

    held = [
        words[0],
        put_back(words[1], secrets=False),
        {**words[2], "input": put_back(words[2]["input"], secrets=True)},
    ]
    assert "hunter2hunter2" in json.dumps(held[2])
    turn = encoded({"messages": [opening, {"role": "assistant", "content": held}]})
    assert json.loads(redactor().redact(turn, "messages").body)["messages"][1]["content"] == words


def test_the_clients_slug_of_a_dotted_name() -> None:
    """The client writes `/home/alice.smith` as `-home-alice-smith`, and half a name is a name."""
    (text,) = texts_of(
        redactor().redact(
            encoded(said("/home/alice.smith/.claude/projects/-home-alice-smith-work/memory")), "messages"
        )
    )
    assert "smith" not in text
    assert "alice" not in text


@pytest.mark.parametrize(
    ("value", "path"),
    [
        ({"messages": [{"role": "user", "content": "x tok_abcdefgh1234"}]}, "messages[0].content"),
        (
            {"messages": [{"role": "user", "content": [{"type": "text", "text": "tok_abcdefgh1234"}]}]},
            "messages[0].content[0].text",
        ),
        (
            {"messages": [{"role": "assistant", "content": [
                {"type": "tool_use", "id": "1", "name": "Bash", "input": {"command": "tok_abcdefgh1234"}}]}]},
            "messages[0].content[0].input.command",
        ),
        (
            {"messages": [{"role": "assistant", "content": [
                {"type": "tool_use", "id": "1", "name": "x", "input": {"a": 1, "tok_abcdefgh1234": "y"}}]}]},
            "messages[0].content[0].input{1}",
        ),
        ({"system": "tok_abcdefgh1234"}, "system"),
        ({"tools": [{"name": "x", "description": "tok_abcdefgh1234"}]}, "tools[0].description"),
    ],
)  # fmt: skip
def test_block_says_what_and_where_and_not_the_value(value: Any, path: str) -> None:
    """The person mends what is named; the answer itself is logged and shown, so it must not tell."""
    with pytest.raises(Refusal) as refused:
        redactor(block_secrets=True).redact(encoded(value), "messages")
    assert refused.value.status == 451
    assert "rule token" in refused.value.message
    assert f" {path};" in refused.value.message
    assert "tok_" not in refused.value.message


def test_block_looks_again_every_time() -> None:
    """A second try does not slip through a cache, nor one that was allowed under another policy."""
    cache = SpanCache()
    raw = encoded(said("tok_abcdefgh1234"))
    redactor(cache).redact(raw, "messages")
    for _ in range(2):
        with pytest.raises(Refusal):
            redactor(cache, block_secrets=True).redact(raw, "messages")


def test_another_policy_is_another_entry() -> None:
    """What a value was found by yesterday decides nothing after the profile has changed."""

    class Nothing(PlainDetector):
        rules = ()

    cache = SpanCache()
    raw = encoded(said("tok_abcdefgh1234"))
    assert Redactor(Nothing(), MINTER, Policy(b"0"), cache).redact(raw, "messages").body == raw
    assert redactor(cache).redact(raw, "messages").body != raw
    other = Redactor(PlainDetector(), Minter(b"o" * 32), Policy(b"1"), cache).redact(raw, "messages").body
    assert other != redactor(cache).redact(raw, "messages").body


def test_what_was_seen_is_not_read_again() -> None:
    """The cost of a turn follows what is new in it."""
    detector = PlainDetector()
    once = Redactor(detector, MINTER, Policy(b"1"), SpanCache())
    long = [f"message {n} of alice@corp.example " + "x" * 80 for n in range(50)]
    once.redact(encoded(said(*long)), "messages")
    assert detector.calls == 1
    detector.texts = 0
    done = once.redact(encoded(said(*long, "one more " + "y" * 80)), "messages")
    assert detector.texts == 1
    assert len(done.findings) == 50


def test_unread_tells_what_is_left_to_do() -> None:
    """By it the gateway decides whether a request is read at once, or by a thread beside its event loop."""
    cache = SpanCache()
    old = encoded(said("a" * 1000, "/home/alice " + "b" * 1000))
    new = encoded(said("a" * 1000, "/home/alice " + "b" * 1000, "alice " + "c" * 500))
    work = redactor(cache).begin(old, "messages")
    assert 2000 < work.unread <= len(old)
    work.finish()
    assert redactor(cache).begin(old, "messages").unread == 0
    rest = redactor(cache).begin(new, "messages")
    assert 500 < rest.unread < 600
    assert b"alice" not in rest.finish().body


def test_begin_does_not_look_through_anything() -> None:
    """It runs on the event loop, where all clients wait for it."""
    detector = PlainDetector()
    work = Redactor(detector, MINTER, Policy(b"1"), SpanCache()).begin(
        encoded(said("alice@corp.example")), "messages"
    )
    assert detector.texts == 0
    assert b"alice" not in work.finish().body
    assert detector.texts == 1


def test_many_threads_finish_what_one_began() -> None:
    """The event loop goes on with other requests, over the same cache, while a thread reads a long one."""
    shared = redactor(SpanCache(20_000), pseudonym=pseudonyms(b"k" * 32))
    user = {"user_id": json.dumps({"device_id": "d" * 64})}
    bodies = [
        encoded(
            {
                **said(*(f"password=zz{n}x{m % 5}yyyyyy and zz{n}x0yyyyyy " for m in range(30))),
                "metadata": user,
            }
        )
        for n in range(6)
    ]
    expected = [redactor(pseudonym=pseudonyms(b"k" * 32)).redact(raw, "messages") for raw in bodies]
    with ThreadPoolExecutor(4) as pool:
        for _ in range(10):
            begun = [shared.begin(raw, "messages") for raw in bodies]
            running = [pool.submit(work.finish) for work in begun]
            again = [shared.redact(raw, "messages").body for raw in bodies]
            assert again == [one.body for one in expected]
            for future, one in zip(running, expected, strict=True):
                assert future.result().body == one.body
                assert list(future.result().vault.items()) == list(one.vault.items())


PICTURE = {"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": "AAAA"}}


def test_attachments_leave_as_they_came_or_not_at_all() -> None:
    """A picture cannot be redacted; who lets none leave is told which one, and where."""
    request = {"messages": [{"role": "user", "content": [{"type": "text", "text": "/home/alice"}, PICTURE]}]}
    cache = SpanCache()
    done = redactor(cache).redact(encoded(request), "messages")
    assert json.loads(done.body)["messages"][0]["content"][1] == PICTURE
    for _ in range(2):
        with pytest.raises(Refusal) as refused:
            redactor(cache, deny_attachments=True).redact(encoded(request), "messages")
        assert refused.value.status == 451
        assert "(image) at messages[0].content[1];" in refused.value.message
    request["messages"][0]["content"].pop()  # type: ignore[attr-defined]
    raw = encoded(request)
    allowed = redactor(cache, deny_attachments=True).redact(raw, "messages").body
    assert allowed == redactor().redact(raw, "messages").body


def test_attachments_of_the_other_format() -> None:
    """Its pictures are links or data in a block of another type."""
    part = {"type": "image_url", "image_url": {"url": "https://pictures.example/1"}}
    request = {"messages": [{"role": "user", "content": [part]}]}
    redactor().redact(encoded(request), "chat")
    with pytest.raises(Refusal, match=r"image_url\) at messages\[0\]\.content\[0\];"):
        redactor(deny_attachments=True).redact(encoded(request), "chat")


def test_the_attribution_block_leaves_as_it_came() -> None:
    """The provider takes it away by its form; but what is merged into it is no attribution."""
    line = "x-anthropic-billing-header: cc_version=2.1.329.a; cc_entrypoint=tok_abcdefgh1234; cch=0;"
    block = {"type": "text", "text": line}
    raw = encoded({"system": [block], "messages": []})
    assert redactor().redact(raw, "messages").body == raw
    for system in (
        [{"type": "text", "text": line + "\nI am alice@corp.example"}],
        [{"type": "text", "text": "."}, block],
        line,
    ):
        assert b"tok_" not in redactor().redact(encoded({"system": system, "messages": []}), "messages").body
    twice = redactor().redact(encoded({"system": [block, block], "messages": []}), "messages")
    assert twice.body.count(b"tok_") == 1


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"{",
        b"[]",
        b'"text"',
        b"\xef\xbb\xbf{}",
        b"{} {}",
        b'{"messages":{}}',
        b'{"messages":[{"role":"user","content":"\xff"}]}',
        b'{"messages":[],"model":"\xff"}',
        b'{"messages":[],"\xff":1}',
        b'{"messages":[],"of_tomorrow":"\xff"}',
        b'{"messages":[{"content":NaN}]}',
        b'{"messages":[{"content":"a\nb"}]}',
        b'{"messages":[{"content":"\\x"}]}',
        b'{"messages":[{"content":01}]}',
        b'{"messages":[{"content":"a"},]}',
        b'{"messages":' + b"[" * 100_000,
        b'{"messages":[{"content":' + b"[" * 5_000 + b"]" * 5_000 + b"}]}",
        b'{"messages":[{"content":"\\ud800","x":' + b"[" * 5_000 + b"]" * 5_000 + b"}]}",
        '{"messages":[]}'.encode("utf-16"),
        b"\x1f\x8b\x08\x00",
    ],
)
def test_what_cannot_be_read_does_not_leave(raw: bytes) -> None:
    """A body that ccgate reads in another way than the provider could hold anything."""
    with pytest.raises(Refusal) as refused:
        redactor().redact(raw, "messages")
    assert refused.value.status == 400


@pytest.mark.parametrize("depth", [50, 150, 300, 480, 700, 950, 1_500, 20_000])
@pytest.mark.parametrize(
    ("opening", "closing"),
    [
        ('{"content":[', "]}"),
        ('{"content":[{"type":"tool_use","name":"x","input":{"a":[', "]}}]}"),
        ('{"content":["\\ud800",', "]}"),
    ],
)
def test_hostile_nesting_is_read_or_refused(opening: str, closing: str, depth: int) -> None:
    """Neither an error of another kind nor a dead process, on the event loop and in a thread beside it."""
    nested = "[" * depth + '"/home/alice/x"' + "]" * depth
    raw = f'{{"messages":[{opening}{nested}{closing}]}}'.encode()

    def leaves() -> bytes:
        try:
            return redactor(deny_attachments=True).redact(raw, "messages").body
        except Refusal as e:
            assert e.status == 400
            return b""

    with ThreadPoolExecutor(1) as pool:
        for body in (leaves(), pool.submit(leaves).result()):
            assert b"alice" not in body
            assert bool(body) or depth > 50


@pytest.mark.parametrize(
    "raw",
    [
        b'{"messages":[],"messages":[{"role":"user","content":"x"}]}',
        b'{"messages":[],"m\\u0065ssages":[]}',
        b'{"model":"a","messages":[],"model":"b"}',
        b'{"messages":[{"role":"user","content":"tok_abcdefgh1234","content":"x"}]}',
        b'{"messages":[{"role":"user","content":[{"type":"text","text":"a","te\\u0078t":"tok_abcdefgh1234"}]}]}',
        b'{"messages":[{"role":"user","content":"alice@corp.example","content":"alice@corp.example"}]}',
        b'{"messages":[{"content":[{"type":"tool_use","input":{"alice@corp.example":1,"%s":2}}]}]}'
        % MINTER.mint("email", "alice@corp.example").encode(),
    ],
)
def test_a_key_twice_does_not_leave(raw: bytes) -> None:
    """Which of the two counts is the reader's choice: ccgate would see the one, the provider the other."""
    with pytest.raises(Refusal, match=r"same key twice|not JSON") as refused:
        redactor().redact(raw, "messages")
    assert refused.value.status == 400


def test_arguments_that_are_no_json_are_text() -> None:
    """A model may break off in the middle of its arguments, and the conversation goes on."""
    call = {"function": {"name": "f", "arguments": '{"path": "/home/alice/x'}}
    raw = encoded({"messages": [{"role": "assistant", "tool_calls": [call]}]})
    assert b"alice" not in redactor().redact(raw, "chat").body


def test_arguments_stay_json() -> None:
    """A value that JSON escapes twice over is cut out at the right bytes, and its original is kept right."""
    value = {"k": 'password=a\\b"c\té\U0001f600 '}
    for inner in (json.dumps(value), json.dumps(value, ensure_ascii=False), json.dumps(value, indent=2)):
        call = {"function": {"name": "f", "arguments": inner}}
        raw = encoded({"messages": [{"role": "assistant", "tool_calls": [call]}]})
        cache = SpanCache()
        for _ in range(2):
            done = redactor(cache).redact(raw, "chat")
            after = json.loads(json.loads(done.body)["messages"][0]["tool_calls"][0]["function"]["arguments"])
            placeholder = after["k"].removeprefix("password=").partition('"')[0]
            original = done.vault.original(placeholder)
            assert original is not None
            assert original.value == "a\\b"


def test_the_device_and_nothing_else_of_the_metadata() -> None:
    """The session and the account are what the provider answers to; they leave as they came."""
    user = json.dumps({"device_id": "d" * 64, "account_uuid": "alice@corp.example", "session_id": "s"})
    raw = encoded({"metadata": {"user_id": user}, "messages": []})
    assert redactor().redact(raw, "messages").body == raw
    done = redactor(pseudonym=pseudonyms(b"k" * 32)).redact(raw, "messages")
    assert done.device == "pseudonym"
    assert done.body == raw.replace(b"d" * 64, pseudonyms(b"k" * 32)("d" * 64).encode())
    odd = encoded({"metadata": {"user_id": "alice@corp.example"}, "messages": []})
    left = redactor(pseudonym=pseudonyms(b"k" * 32)).redact(odd, "messages")
    assert (left.body, left.device) == (odd, "unknown")


def test_nothing_shows_originals() -> None:
    """A redaction is held in a flow's state, which a traceback or a debugger prints."""
    done = redactor().redact(encoded(said("password=hunter2hunter2")), "messages")
    placeholder = done.vault.placeholders()[0]
    assert "hunter2" not in repr(done) + repr(done.vault) + repr(done.vault.original(placeholder))


def test_parts_that_follow_each_other_do_not_mix() -> None:
    """Values that overlap are replaced as one, and no end of either stays in sight."""
    done = redactor().redact(
        encoded(said("password=abcdefghij", "password=ghijklmnop", "xabcdefghijklmnopx abcdefghijx")),
        "messages",
    )
    assert not re.search("[a-f]{4}|[k-p]{4}", re.sub(r"REDACTED_SECRET_\w{20}", "", texts_of(done)[2]))
    assert list(pairwise(done.vault.placeholders()))
