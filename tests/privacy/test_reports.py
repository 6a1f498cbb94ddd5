"""Devices' pseudonyms in reports, whose forms below are those of the real client (2.1.197 and 2.1.329)."""

from __future__ import annotations

import base64
import json
import time
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ccgate.errors import Refusal
from ccgate.privacy.device import in_metadata
from ccgate.privacy.device import pseudonyms
from ccgate.privacy.reports import with_pseudonyms
from ccgate.privacy.splice import spliced_bytes

of = pseudonyms(b"k" * 32)

DEVICE = "7d1f0c9ab2e34f5687a9b0c1d2e3f405162738495a6b7c8d9e0f1a2b3c4d5e6f"
OTHER = "0" + DEVICE[1:]
SESSION = "b49d89c1-9d1d-4951-8ba6-b963b7f58a47"


def written(value: Any) -> bytes:
    """As the real client writes JSON."""
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False).encode()


def in_base64(value: Any) -> str:
    """As the real client writes what it knows about an event, and about its process."""
    return base64.b64encode(written(value)).decode()


EVENT = {
    "event_type": "ClaudeCodeInternalEvent",
    "event_data": {
        "event_id": "d56766ab-19a0-4c4e-ba5c-b8d719d12f49",
        "event_name": "tengu_exit",
        "device_id": DEVICE,
        "session_id": SESSION,
        "env": {"platform": "linux", "version": "2.1.329"},
        "process": in_base64({"uptime": 1.25, "rss": 339398656}),
        "additional_metadata": in_base64({"digest": "ab" * 32}),
    },
}
EXPERIMENT = {
    "event_type": "GrowthbookExperimentEvent",
    "event_data": {"device_id": DEVICE, "user_attributes": '{"appVersion":"2.1.329"}', "session_id": SESSION},
}
REPORTS = {
    "events": {"events": [EVENT, EXPERIMENT]},
    "flags": {
        "attributes": {"id": DEVICE, "sessionId": SESSION, "deviceID": DEVICE, "platform": "linux"},
        "forcedFeatures": [],
        "url": "",
    },
    "metrics": {
        "resource_attributes": {"service.name": "claude-code"},
        "metrics": [
            {
                "name": "claude_code.cost.usage",
                "data_points": [{"attributes": {"user.id": DEVICE, "session.id": SESSION}, "value": 0.1}],
            }
        ],
    },
}


@pytest.mark.parametrize("name", REPORTS)
def test_the_clients_reports(name: str) -> None:
    """Its device is nowhere in them any more, and stands under the name that conversations give it."""
    body = written(REPORTS[name])
    user = written({"user_id": json.dumps({"device_id": DEVICE})})
    in_conversation = json.loads(spliced_bytes(user, [(0, in_metadata(user, of)[1])]))["user_id"]
    after = with_pseudonyms(body, of)
    assert DEVICE.encode() not in after
    assert after == body.replace(DEVICE.encode(), json.loads(in_conversation)["device_id"].encode())


devices = st.integers(0, 2**256 - 1).map("{:064x}".format)
keys = st.one_of(st.sampled_from(["id", "event", "x", "user.id"]), st.text(max_size=5))
scalars = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.text(max_size=8),
    st.sampled_from(['"', "\\", "\ud83d", '{"device_id":"', "eyJ", 'device_id":"', "é"]),
)


@st.composite
def reports(draw: st.DrawFn) -> tuple[list[str], Any]:
    """Some devices, and a report that names each of them, and holds them in other places as well."""
    named = draw(st.lists(devices, min_size=1, max_size=3, unique=True))
    device = st.sampled_from(named)
    leaves = st.one_of(scalars, device, device.map(lambda one: f"of {one}."))
    rest = st.recursive(
        leaves,
        lambda inner: st.one_of(
            st.lists(inner, max_size=2),
            st.dictionaries(keys, inner, max_size=2),
            inner.map(lambda value: json.dumps({"deep": value})),
        ),
        max_leaves=5,
    )
    names = st.sampled_from(["device_id", "deviceID", "deviceId", "DEVICE_ID", "stable_id", "user.id", "id"])
    naming = [{draw(names): one, "rest": draw(rest)} for one in named]
    return named, draw(st.permutations([*naming, draw(rest)]))


@given(reports(), st.sampled_from([None, (", ", ": "), (" ,\n", " :\t")]), st.booleans())
def test_each_named_device_wherever_it_is(
    report: tuple[list[str], Any], separators: tuple[str, str] | None, as_ascii: bool
) -> None:
    """In whatever form a client reports: no device leaves, and no other byte changes."""
    named, value = report
    text = json.dumps(value, separators=separators, ensure_ascii=as_ascii).replace("\ud83d", "")
    expected = text
    for device in named:
        expected = expected.replace(device, of(device))
    assert with_pseudonyms(text.encode(), of).decode() == expected


@given(st.recursive(scalars, lambda inner: st.dictionaries(keys, inner, max_size=4), max_leaves=20))
def test_a_report_without_devices_is_as_it_was(value: Any) -> None:
    """What a device is not keeps its bytes, whatever it looks like."""
    body = json.dumps(value).encode()
    assert with_pseudonyms(body, of) == body


@pytest.mark.parametrize("inner", [{"deviceId": DEVICE, "é": '"'}, {"a": [{"b": {"stable_id": DEVICE}}]}])
@pytest.mark.parametrize("depth", [1, 2, 3])
def test_json_in_a_string(inner: Any, depth: int) -> None:
    """Where only a text within the report names the device."""
    text = inner
    for _ in range(depth):
        text = json.dumps({"text": text} if text is inner else text, ensure_ascii=False)
    body = written({"user_attributes": text})
    assert with_pseudonyms(body, of) == body.replace(DEVICE.encode(), of(DEVICE).encode())


def test_json_in_base64() -> None:
    """Where only what stands in base64 names the device, it is replaced there and everywhere."""
    hidden = {"deviceID": DEVICE, "text": json.dumps({"of": f"{DEVICE}/é"})}
    body = written({"a": in_base64(hidden), "b": f"x-{DEVICE}", "c": in_base64({"d": [1, OTHER]})})
    after = json.loads(with_pseudonyms(body, of))
    assert json.loads(base64.b64decode(after["a"])) == {
        "deviceID": of(DEVICE),
        "text": json.dumps({"of": f"{of(DEVICE)}/é"}),
    }
    assert after["b"] == f"x-{of(DEVICE)}"
    assert after["c"] == in_base64({"d": [1, OTHER]})


@pytest.mark.parametrize(
    "value",
    [
        {"user.id": "auth0|annegret", "id": SESSION, "userID": 7},
        {"digest": DEVICE},
        {"identity": DEVICE, "device": DEVICE, "device_ids": 3},
        {"device_id": ""},
        {"device_id": None, "stable_id": []},
        {"text": "device_id", "eyJ": f"eyJ{DEVICE}"},
        {"device_id": of(DEVICE), "note": of(DEVICE)},
        ["device_id", DEVICE],
    ],
)
def test_what_names_no_device(value: Any) -> None:
    """A person's name at an identity provider, a hash, a session; and a pseudonym is left alone."""
    assert with_pseudonyms(written(value), of) == written(value)


def test_a_device_in_another_form() -> None:
    """What is short may be a word of the language, and is replaced only where it is called a device."""
    body = written({"device_id": "box 7", "note": "box 7", "deviceId": "laptop"})
    assert json.loads(with_pseudonyms(body, of)) == {
        "device_id": of("box 7"),
        "note": "box 7",
        "deviceId": of("laptop"),
    }


def test_the_same_key_twice() -> None:
    """Whichever of them upstream reads."""
    body = f'{{"device_id":"{DEVICE}","device_id" : "{OTHER}"}}'
    assert with_pseudonyms(body.encode(), of).decode() == (
        f'{{"device_id":"{of(DEVICE)}","device_id" : "{of(OTHER)}"}}'
    )


@pytest.mark.parametrize(
    "body",
    [
        b'{"device_id":',
        b"\xff",
        b'{"device_id":"a"} x',
        b"[" * 100_000,
        rb'{"device_id":"a\u0062cd"}',
        rb'{"device_id":"a\"b"}',
        rb'{"x":"{\"device_id\":\"a\\\"b\"}"}',
    ],
)
def test_what_cannot_be_read_is_refused(body: bytes) -> None:
    """It might name a device, and not in full where the gateway believes that it ends."""
    with pytest.raises(Refusal) as refused:
        with_pseudonyms(body, of)
    assert refused.value.status == 400


def test_an_empty_body() -> None:
    """A request for flags may have none."""
    assert with_pseudonyms(b"", of) == b""


@pytest.mark.parametrize(
    "text",
    [
        '\\"' * 100_000,
        '\\"id' * 60_000,
        '\\"device_id\\":\\"a' * 12_000,
        '\\"id\\":' * 40_000,
        "\\\\" * 100_000,
        "eyJ" * 80_000,
    ],
)
def test_time_grows_with_the_length_alone(text: str) -> None:
    """A report that is made to be slow would hold up everybody else's answers."""
    body = b'["' + text.encode() + b'"]'
    started = time.thread_time()
    with_pseudonyms(body, of)
    assert time.thread_time() - started < 1
