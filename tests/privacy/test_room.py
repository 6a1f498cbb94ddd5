"""What a profile's `privacy` comes to: each key does what it says, or nothing at all is touched."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from ccgate.errors import ConfigError
from ccgate.errors import Refusal
from ccgate.privacy.key import KEY_FILE
from ccgate.privacy.placeholders import PATTERN
from ccgate.privacy.room import PrivacyRoom
from ccgate.privacy.room import detection
from ccgate.privacy.room import furnish
from ccgate.privacy.work import Redaction
from ccgate.profile import Privacy
from ccgate.profile import Term
from ccgate.state import StateFolder

NOTHING = Privacy(
    secrets="allow",
    emails="allow",
    home="allow",
    network="allow",
    domains=(),
    device_id="keep",
    terms=(),
    allow=(),
    attachments="allow",
    restore_secrets_in=(),
    key=None,
)
"""Every key set to what changes nothing."""

SECRET = "ghp_" + "k7Qm2xV9bT4wZ8nR1cY6sL3dF5gH0jAEuPqi"
VALUES = {
    "secrets": SECRET,
    "emails": "annegret@hollerbusch-werke.de",
    "home": "jonas.r",
    "network": "10.42.17.5",
    "domains": "build7.corp.hollerbusch-werke.de",
    "terms": "Nightingale",
}
SAID = (
    "In /home/{home}/shop is GITHUB_TOKEN={secrets}; ask {emails} about {terms} on {network} or {domains}."
).format(**VALUES)
DEVICE = "7d" * 32
IMAGE: dict[str, Any] = {
    "type": "image",
    "source": {"type": "base64", "media_type": "image/png", "data": "iVBORw0KGgo="},
}

Furnish = Callable[..., PrivacyRoom]


@pytest.fixture
def folder(tmp_path: Path) -> StateFolder:
    (tmp_path / "state").mkdir(mode=0o700)
    return StateFolder(tmp_path / "state")


@pytest.fixture(scope="module")
def kept(tmp_path_factory: pytest.TempPathFactory) -> StateFolder:
    """One that all rooms share: to compile the rules for each of them would take seconds."""
    return StateFolder(tmp_path_factory.mktemp("state"))


@pytest.fixture
def furnished(kept: StateFolder) -> Furnish:
    """`furnished(key=value)`: the room where only these keys ask for something."""

    def make(**keys: Any) -> PrivacyRoom:
        room = furnish(dataclasses.replace(NOTHING, **keys), kept)
        assert room is not None
        return room

    return make


def redacted(room: PrivacyRoom, *blocks: dict[str, Any]) -> Redaction:
    """What becomes of a request of one message."""
    body = {
        "model": "claude-sonnet-4-5",
        "metadata": {"user_id": json.dumps({"device_id": DEVICE, "session_id": "s-1"})},
        "messages": [{"role": "user", "content": [{"type": "text", "text": SAID}, *blocks]}],
    }
    return room.redactor.redact(json.dumps(body).encode(), "messages")


def test_nothing_asked_is_no_room(folder: StateFolder) -> None:
    """Who only meters has every byte passed on, pays nothing for it, and needs no key."""
    assert furnish(NOTHING, folder) is None
    assert not (folder.root / KEY_FILE).exists()
    assert furnish(dataclasses.replace(NOTHING, domains=("corp.example",), allow=("x",)), folder) is None


@pytest.mark.parametrize(
    ("keys", "gone"),
    [
        ({"secrets": "redact"}, ["secrets"]),
        ({"emails": "redact"}, ["emails"]),
        ({"home": "redact"}, ["home"]),
        ({"network": "redact"}, ["network"]),
        ({"network": "redact", "domains": ("corp.hollerbusch-werke.de",)}, ["network", "domains"]),
        ({"terms": (Term("project", ("nightingale",), True, True),)}, ["terms"]),
        ({"emails": "redact", "allow": (VALUES["emails"],)}, []),
    ],
)
def test_each_key_redacts_its_own(furnished: Furnish, keys: dict[str, Any], gone: list[str]) -> None:
    """A key that redacts less leaks; one that redacts more takes from the model what the operator allowed."""
    room = furnished(**keys)
    assert room.redacts
    assert room.pseudonym is None
    redaction = redacted(room)
    sent = redaction.body.decode()
    assert [name for name, value in VALUES.items() if value not in sent] == gone
    assert len(PATTERN.findall(sent)) == len(redaction.vault) == len(gone)
    assert redaction.device == "absent"
    assert DEVICE in sent


def test_a_term_in_the_operators_own_way(furnished: Furnish) -> None:
    """Case and word borders are the operator's choice."""
    exact = furnished(terms=(Term("project", ("nightingale", "ight"), False, True),))
    assert not redacted(exact).vault
    within = furnished(terms=(Term("project", ("ight",), False, False),))
    assert len(redacted(within).vault) == 1


def test_secrets_may_stop_a_request(furnished: Furnish) -> None:
    """`block`: to say where the secret is, and not to send it."""
    with pytest.raises(Refusal) as refused:
        redacted(furnished(secrets="block"))
    assert refused.value.status == 451
    assert SECRET not in refused.value.message


def test_attachments_may_stop_a_request(furnished: Furnish) -> None:
    """`deny`: what nobody can look into does not leave; a room is needed even when that is all."""
    room = furnished(attachments="deny")
    assert not room.redacts
    with pytest.raises(Refusal) as refused:
        redacted(room, IMAGE)
    assert refused.value.status == 451
    assert redacted(room).vault.placeholders() == ()
    assert IMAGE["source"]["data"] in redacted(furnished(secrets="redact"), IMAGE).body.decode()


def test_a_device_alone(furnished: Furnish) -> None:
    """Its pseudonym is the room's for conversations and reports; nothing has to be restored."""
    room = furnished(device_id="pseudonym")
    assert not room.redacts
    assert room.pseudonym is not None
    redaction = redacted(room)
    user = json.loads(json.loads(redaction.body)["metadata"]["user_id"])
    assert user == {"device_id": room.pseudonym(DEVICE), "session_id": "s-1"}
    assert not redaction.vault


def test_secrets_are_put_back_where_the_profile_says(furnished: Furnish) -> None:
    """In the inputs of those tools, in no others'."""
    room = furnished(secrets="redact", restore_secrets_in=("Write",))
    redaction = redacted(room)
    (placeholder,) = PATTERN.findall(redaction.body.decode())
    tools = [
        {"type": "tool_use", "id": name, "name": name, "input": {"text": placeholder}}
        for name in ("Write", "Bash")
    ]
    answer = {"type": "message", "role": "assistant", "content": tools}
    restored = json.loads(room.restorer(redaction.vault, "messages").document(json.dumps(answer).encode()))
    assert [tool["input"]["text"] for tool in restored["content"]] == [SECRET, placeholder]


def test_one_key_gives_one_placeholder_in_every_room(furnished: Furnish, kept: StateFolder) -> None:
    """A restart, another instance, another profile: the provider's cache and signatures hold."""
    first = furnished(secrets="redact", device_id="pseudonym")
    again = furnished(secrets="redact", emails="redact", device_id="pseudonym")
    assert set(redacted(first).vault.placeholders()) < set(redacted(again).vault.placeholders())
    assert first.pseudonym is not None
    assert again.pseudonym is not None
    assert first.pseudonym(DEVICE) == again.pseudonym(DEVICE)
    assert (kept.root / KEY_FILE).stat().st_mode & 0o777 == 0o600


def test_the_key_of_a_fleet(folder: StateFolder) -> None:
    """Given from outside, it is used, and none is made in the state folder."""
    policy = dataclasses.replace(NOTHING, device_id="pseudonym", key="env:PLACEHOLDERS")
    secrets = {"PLACEHOLDERS": "00112233445566778899aabbccddeeff" * 2}
    room = furnish(policy, folder, secrets)
    other = furnish(policy, folder, {"PLACEHOLDERS": "ffeeddccbbaa99887766554433221100" * 2})
    assert room is not None
    assert other is not None
    assert room.pseudonym is not None
    assert other.pseudonym is not None
    assert room.pseudonym(DEVICE) != other.pseudonym(DEVICE)
    assert not (folder.root / KEY_FILE).exists()
    with pytest.raises(ConfigError, match="PLACEHOLDERS"):
        furnish(policy, folder, {})


def test_a_changed_policy_is_another_version(furnished: Furnish) -> None:
    """Rooms may come to share what was found before: no request passes by what an older policy saw."""
    rooms = [furnished(secrets="redact"), furnished(secrets="redact", allow=("x",))]
    states = [room.redactor.begin(b'{"messages":[]}', "messages")._state for room in rooms]
    assert states[0] != states[1]


def test_what_is_looked_for() -> None:
    """Each key of the profile reaches the detector; blocked secrets have to be found as well."""
    policy = dataclasses.replace(NOTHING, secrets="block", allow=("a", "b"), domains=("corp.example",))
    wanted = detection(policy)
    assert wanted.categories == {"secret", "term"}
    assert wanted.allow == {"a", "b"}
    assert wanted.domains == ("corp.example",)
