"""Text restored in pieces is the text restored whole, and nothing waits that need not."""

from __future__ import annotations

from itertools import combinations_with_replacement
from time import process_time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ccgate.privacy.placeholders import LONGEST
from ccgate.privacy.restoration.restore_text import MOST_HELD
from ccgate.privacy.restoration.restore_text import Table
from ccgate.privacy.restoration.restore_text import TextRestorer
from ccgate.privacy.vault import Original
from ccgate.privacy.vault import Vault
from tests.privacy.restoration.answers import ALICE
from tests.privacy.restoration.answers import INVENTED
from tests.privacy.restoration.answers import MAIL
from tests.privacy.restoration.answers import MINTER
from tests.privacy.restoration.answers import NAMES
from tests.privacy.restoration.answers import originals
from tests.privacy.restoration.answers import pieces_of
from tests.privacy.restoration.answers import restored
from tests.privacy.restoration.answers import table
from tests.privacy.restoration.answers import texts
from tests.privacy.restoration.answers import waiting


def ignore(placeholder: str, replaced: bool) -> None:
    """Nobody counts."""


def fed(pieces: list[str], of: Table, names: dict[str, str]) -> str:
    """The pieces restored; what waits after each is checked on the way."""
    restorer = TextRestorer(of, ignore)
    out = ""
    for piece in pieces:
        out += restorer.feed(piece)
        assert restorer.held == "" or waiting(restorer.held, names), "held back without need"
        assert len(restorer.held) <= MOST_HELD
    return out + restorer.feed("", final=True)


@pytest.mark.property
@given(data=st.data(), text=texts(), secrets=st.booleans())
def test_pieces_restore_to_the_whole(data: st.DataObject, text: str, secrets: bool) -> None:
    """However the model's words are cut, the person reads the same."""
    names = originals(secrets=secrets)
    pieces = pieces_of(data.draw, text)
    assert fed(pieces, table(secrets=secrets), names) == restored(text, names)


@pytest.mark.parametrize("secrets", [True, False])
def test_every_two_cuts(secrets: bool) -> None:
    """No cut, and no two, within a placeholder, before one or behind one, change what is read."""
    text = f"r{MAIL[:9]} {MAIL}. {ALICE}'s\n{INVENTED} {ALICE}@x.y {ALICE[:-1]}"
    names = originals(secrets=secrets)
    whole = restored(text, names)
    assert whole.startswith(f"r{MAIL[:9]} alice@corp.example.com. alice's\n{INVENTED} {ALICE}@")
    of = table(secrets=secrets)
    for a, b in combinations_with_replacement(range(len(text) + 1), 2):
        assert fed([text[:a], text[a:b], text[b:]], of, names) == whole, (a, b)


@pytest.mark.parametrize("name", sorted(NAMES.values()))
def test_what_follows_tells(name: str) -> None:
    """What can be told is told at once, and one space after a placeholder is enough."""
    restorer = TextRestorer(table(secrets=True), ignore)
    assert restorer.feed(f"see {name[:12]}") == "see "
    assert restorer.feed(name[12:]) == ""
    assert restorer.feed(" ") == originals(secrets=True)[name] + " "
    assert restorer.held == ""


@pytest.mark.parametrize("name", sorted(NAMES.values()))
def test_what_follows_does_not_keep_it_for_ever(name: str) -> None:
    """A placeholder with an endless word at its end is given as it is, and a secret at once."""
    restorer = TextRestorer(table(secrets=True), ignore)
    text = name + "." * LONGEST
    expected = (
        text.replace(name, originals(secrets=True)[name]) if name.startswith("REDACTED_SECRET") else text
    )
    out = ""
    for letter in text:
        out += restorer.feed(letter)
        assert len(restorer.held) <= MOST_HELD
    assert out + restorer.feed("", final=True) == expected == restored(text, originals(secrets=True))


def test_ordinary_text_never_waits() -> None:
    """Nothing is held when the end cannot be the beginning of a placeholder of this request."""
    homes = Vault()
    homes.put(ALICE, Original("alice", "home"))
    for of, text in (
        (table(secrets=False), "The order: read, redactor, redactede, REDACTEX"),
        (Table(homes, ["home"]), f"redacted-, {MAIL[:20]}, REDACTED_"),
        (Table(homes, ["home"]), f"{INVENTED[:14]}"),
        (Table(homes, ["home"]), "REDACT"),
        (Table(Vault(), ["home"]), "redacted"),
    ):
        restorer = TextRestorer(of, ignore)
        assert restorer.feed(text) == text


def test_a_value_that_is_a_part_of_another() -> None:
    """Beside the rest of a longer value, a placeholder stays: together they would be that value."""
    made = Vault()
    names = {}
    for category, value in (
        ("term", "blue falcon"),
        ("home", "falcon"),
        ("home", "ann.bee"),
        ("home", "ann"),
    ):
        names[value] = MINTER.mint(category, value)
        made.put(names[value], Original(value, category))
    for text, expected in (
        (f"blue {names['falcon']}!", f"blue {names['falcon']}!"),
        (f"red {names['falcon']}!", "red falcon!"),
        (f"{names['ann']}-bee ", f"{names['ann']}-bee "),
        (f"{names['ann']}-bo ", "ann-bo "),
        (f"{names['ann']} ", "ann "),
    ):
        restorer = TextRestorer(Table(made, ["term", "home"]), ignore)
        assert "".join(map(restorer.feed, text)) + restorer.feed("", final=True) == expected


def test_what_is_restored_is_told() -> None:
    """The flow's counters count every placeholder once, and whether it was replaced."""
    told: list[tuple[str, bool]] = []
    restorer = TextRestorer(table(secrets=False), lambda name, replaced: told.append((name, replaced)))
    restorer.feed(f"{ALICE} {MAIL} {ALICE}x {ALICE[:5]}")
    restorer.feed(ALICE[5:])
    restorer.feed("", final=True)
    assert told == [(ALICE, True), (MAIL, True), (ALICE, False), (ALICE, True)]


def test_a_hostile_text_is_read_in_linear_time() -> None:
    """A megabyte of beginnings of placeholders does not hold the event loop."""
    restorer = TextRestorer(table(secrets=True), ignore)
    text = (MAIL[:-1] + "R") * 20_000
    began = process_time()
    assert restorer.feed(text) + restorer.feed("", final=True) == text
    assert process_time() - began < 2
