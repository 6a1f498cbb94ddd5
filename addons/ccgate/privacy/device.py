"""A device's pseudonym in place of its identifier: keyed, one to one, the same for ever.

The client sends a JSON text in `metadata.user_id` with the device, the account and the session. The provider
may tell devices apart and find abuse, and must not be told that two devices are one; so each keeps a
pseudonym of its own, which says of itself that it is one. Account and session leave as they came.
"""

from __future__ import annotations

import hashlib
import json
import re
import secrets
from collections.abc import Callable
from typing import Any
from typing import Literal

from ccgate.privacy import jsontext
from ccgate.privacy.layout import unreadable
from ccgate.privacy.placeholders import ALPHABET
from ccgate.privacy.placeholders import keyed_letters
from ccgate.privacy.splice import ByteEdit
from ccgate.privacy.splice import in_bytes
from ccgate.privacy.splice import within_literal

Outcome = Literal["absent", "unknown", "pseudonym"]
"""`absent`: no user_id with a device. `unknown`: a user_id of another form, which leaves as it came."""

PREFIX = "redacted-device-"
LETTERS = 32
"""Letters of a pseudonym, 5 bits each: among 10^12 devices two become one with a chance of 10^-24."""

_REMEMBERED = 4096

PSEUDONYM = re.compile(rf"{PREFIX}[{ALPHABET}]{{{LETTERS}}}")

_EARLY_FORM = re.compile(r"user_([0-9a-f]{64})_account_[0-9a-f-]*_session_[0-9a-f-]+")
"""What clients wrote before they wrote JSON."""

Pseudonym = Callable[[str], str]
"""Device identifier → its pseudonym."""


def pseudonyms(key: bytes) -> Pseudonym:
    """The pseudonyms that a placeholder key gives."""

    def pseudonym(device: str) -> str:
        if PSEUDONYM.fullmatch(device):
            return device
        return PREFIX + keyed_letters(key, "device", device, LETTERS)

    return pseudonym


class Devices:
    """Puts pseudonyms into the field `metadata`, and remembers what it did by keyed hash: it comes again."""

    def __init__(self, pseudonym: Pseudonym) -> None:
        self._pseudonym = pseudonym
        self._key = secrets.token_bytes(32)
        self._done: dict[bytes, tuple[Outcome, list[ByteEdit]]] = {}

    def in_metadata(self, raw: bytes) -> tuple[Outcome, list[ByteEdit]]:
        """What to change in the bytes of the field.

        Raises:
            Refusal: 400, it cannot be read.
        """
        key = hashlib.blake2b(raw, key=self._key).digest()
        done = self._done.get(key)
        if done is None:
            if len(self._done) >= _REMEMBERED:
                self._done.clear()
            done = self._done[key] = in_metadata(raw, self._pseudonym)
        return done


def in_metadata(raw: bytes, pseudonym: Pseudonym) -> tuple[Outcome, list[ByteEdit]]:
    """What to change in the bytes of the field `metadata`.

    Raises:
        Refusal: 400, it cannot be read.
    """
    try:
        text = jsontext.text_of(raw)
        metadata = jsontext.parse(text)
    except (jsontext.NotJson, RecursionError):
        raise unreadable() from None
    user = metadata.get("user_id") if isinstance(metadata, dict) else None
    if not isinstance(user, jsontext.At):
        return "absent", []
    place = _device(user)
    if place is None:
        return "unknown", []
    if place[0] == place[1]:
        return "absent", []
    value = pseudonym(json.loads(f'"{user[slice(*place)]}"'))
    first = user.start + 1
    places = within_literal(text[first : user.end - 1], user, place)
    start, end = in_bytes(text, [first + at for at in places])
    return "pseudonym", [(start, end, value.encode())]


def _device(user: str) -> tuple[int, int] | None:
    """Where the device stands in a `user_id`; None when it is in neither of the client's forms."""
    if early := _EARLY_FORM.fullmatch(user):
        return early.span(1)
    try:
        value: Any = jsontext.parse(user)
    except (jsontext.NotJson, jsontext.DuplicateKey, RecursionError):
        return None
    device = value.get("device_id") if isinstance(value, dict) else None
    return (device.start + 1, device.end - 1) if isinstance(device, jsontext.At) else None
