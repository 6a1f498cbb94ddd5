"""A device's pseudonym: one to one, stable, and nothing else of the metadata changes."""

from __future__ import annotations

import json
import random
import re
from typing import Any

import pytest

from ccgate.errors import Refusal
from ccgate.privacy.device import PSEUDONYM
from ccgate.privacy.device import Devices
from ccgate.privacy.device import in_metadata
from ccgate.privacy.device import pseudonyms
from ccgate.privacy.placeholders import PATTERN
from ccgate.privacy.splice import spliced_bytes
from tests.privacy.requests import write

of = pseudonyms(b"k" * 32)


def test_no_two_devices_become_one() -> None:
    """To make many devices look like one would deceive the provider: the line that is not crossed."""
    seen = {of(f"{number:064x}") for number in range(100_000)}
    assert len(seen) == 100_000
    assert all(PSEUDONYM.fullmatch(one) for one in seen)


def test_stable_and_keyed() -> None:
    """The provider sees the same device for ever; nobody without the key can tell which."""
    assert of("d") == pseudonyms(b"k" * 32)("d") == of(of("d"))
    assert of("d") != pseudonyms(b"o" * 32)("d")
    assert of("d") == "redacted-device-" + "hv46cwwlxpsta555ivvt8hzuvbabkmmn"
    assert not PATTERN.search(of("d"))


@pytest.mark.parametrize("seed", range(30))
def test_only_the_device_changes(seed: int) -> None:
    """Session and account are what the provider answers to, in whatever way they are written."""
    style = random.Random(seed)
    user = {"device_id": 'dé"\\' + "0" * 60, "account_uuid": "d", "session_id": "dé"}
    value = {"user_id": write(user, style), "other": "é"}
    raw = write(value, style).encode()
    outcome, edits = in_metadata(raw, of)
    assert outcome == "pseudonym"
    (start, end, _) = edits[0]
    after = json.loads(spliced_bytes(raw, [(0, edits)]))
    assert json.loads(after["user_id"]) == {**user, "device_id": of(user["device_id"])}
    assert after["other"] == "é"
    assert len(edits) == 1
    assert re.search(rb"0|3", raw[start:end])


@pytest.mark.parametrize(
    ("value", "outcome"),
    [
        ({}, "absent"),
        ({"user_id": 1}, "absent"),
        ([], "absent"),
        ({"user_id": "user-7"}, "unknown"),
        ({"user_id": "{"}, "unknown"),
        ({"user_id": "[]"}, "unknown"),
        ({"user_id": "{}"}, "unknown"),
        ({"user_id": '{"device_id":1}'}, "unknown"),
        ({"user_id": '{"device_id":"a","device_id":"b"}'}, "unknown"),
        ({"user_id": "[" * 100_000}, "unknown"),
        ({"user_id": '{"device_id":""}'}, "absent"),
    ],
)
def test_what_is_not_the_clients_form_stays(value: Any, outcome: str) -> None:
    """Another client's user id is its own affair, and the operator is told that it was left."""
    assert in_metadata(json.dumps(value).encode(), of) == (outcome, [])


@pytest.mark.parametrize("raw", [b"{", b"\xff", b"[" * 100_000, b'{"user_id":"a","user_id":"b"}'])
def test_what_cannot_be_read_is_refused(raw: bytes) -> None:
    """It might hold a device."""
    with pytest.raises(Refusal) as refused:
        in_metadata(raw, of)
    assert refused.value.status == 400


def test_what_comes_again_is_remembered_by_its_hash() -> None:
    """The same metadata comes with every request of a session, and no device is kept in the process."""
    asked = []

    def counted(device: str) -> str:
        asked.append(device)
        return of(device)

    devices = Devices(counted)
    raws = [json.dumps({"user_id": json.dumps({"device_id": name * 20})}).encode() for name in "ab"]
    for raw in raws * 3:
        assert devices.in_metadata(raw) == in_metadata(raw, of)
    assert len(asked) == 2
    assert "aaaa" not in repr(vars(devices)) + repr(devices)


def test_it_is_bounded() -> None:
    """A fleet behind one gateway must not fill it, and no device loses its pseudonym."""
    devices = Devices(of)
    for number in range(10_000):
        devices.in_metadata(json.dumps({"user_id": json.dumps({"device_id": f"{number:064x}"})}).encode())
    assert len(devices._done) < 5_000
    raw = json.dumps({"user_id": json.dumps({"device_id": f"{1:064x}"})}).encode()
    assert devices.in_metadata(raw) == in_metadata(raw, of)


def test_the_form_of_earlier_clients() -> None:
    """A fleet has old clients too; their devices would leave under a profile that says otherwise."""
    early = f"user_{'ab' * 32}_account__session_0b1c2d3e-0000-4000-8000-000000000000"
    raw = json.dumps({"user_id": early}).encode()
    outcome, edits = in_metadata(raw, of)
    assert outcome == "pseudonym"
    changed = json.loads(spliced_bytes(raw, [(0, edits)]))["user_id"]
    assert changed == early.replace("ab" * 32, of("ab" * 32))
