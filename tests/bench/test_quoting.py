"""What upstream makes of a body, and what the client makes of the answer to it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ccgate.privacy.placeholders import Minter
from ccgate.privacy.restoration.restore import Restorer
from ccgate.privacy.vault import Original
from ccgate.privacy.vault import Vault
from ccgate.streaming.rewrite import Rewrite
from tests.bench import payloads
from tests.bench import quoting
from tests.bench.conversation import ADDRESS
from tests.bench.conversation import ORIGINALS
from tests.bench.conversation import PATH
from tests.bench.conversation import USER
from tests.bench.quoting import ORIGINAL
from tests.bench.quoting import Said
from tests.bench.quoting import WrongBodyError

NAMES = st.binary(min_size=32, max_size=32).map(Minter)
"""Placeholders of any key: their hashes begin and end with whatever may be there."""


def redacted(minter: Minter) -> Said:
    home = PATH.replace(USER, minter.mint("home", USER))
    return Said(home.encode(), minter.mint("email", ADDRESS).encode())


def body(said: Said, *more: bytes) -> bytes:
    prompt = b"Attempt 000000000007: look at %b and write to %b about it." % said
    return b" ".join([b"Attempt to read", *more, prompt, b"tools"])


@given(NAMES)
def test_placeholders_are_heard_where_they_are_expected(minter: Minter) -> None:
    """And originals where these are; each is wrong where the other is wanted."""
    said = redacted(minter)
    assert quoting.heard(body(said), payloads.PLACEHOLDERS, 1) == said
    assert quoting.heard(body(ORIGINAL, *ORIGINALS), payloads.ORIGINALS, 1) == ORIGINAL
    with pytest.raises(WrongBodyError, match="does not hold the originals"):
        quoting.heard(body(said), payloads.ORIGINALS, 1)
    with pytest.raises(WrongBodyError, match="nothing is redacted"):
        quoting.heard(body(ORIGINAL), payloads.PLACEHOLDERS, 1)


@pytest.mark.parametrize("half", [{"path": ORIGINAL.path}, {"address": ORIGINAL.address}])
def test_one_original_in_the_prompt_is_enough(half: dict[str, bytes]) -> None:
    """A gateway that redacts homes and no addresses does half of the work."""
    with pytest.raises(WrongBodyError, match="nothing is redacted"):
        quoting.heard(body(redacted(Minter(b"k"))._replace(**half)), payloads.PLACEHOLDERS, 2)


@pytest.mark.parametrize("original", ORIGINALS)
def test_an_original_anywhere_in_a_body_is_noticed(original: bytes) -> None:
    """In the first requests of a connection, and in every tenth; and the message does not say it."""
    sent = body(redacted(Minter(b"k")), b'{"content":"%b"}' % original)
    for number in (1, 10, 20, 30):
        with pytest.raises(WrongBodyError, match="not redacted everywhere") as caught:
            quoting.heard(sent, payloads.PLACEHOLDERS, number)
        assert original.decode() not in str(caught.value)
    quoting.heard(sent, payloads.PLACEHOLDERS, 11)


def test_missing_originals_and_another_prompt_are_noticed() -> None:
    """A bare side whose bodies were changed would be compared with something else."""
    with pytest.raises(WrongBodyError, match="originals are missing"):
        quoting.heard(body(ORIGINAL, *ORIGINALS[:-1]), payloads.ORIGINALS, 1)
    for wrong in (b"{}", body(ORIGINAL).replace(b"look", b"Look")):
        with pytest.raises(WrongBodyError, match="the prompt is not"):
            quoting.heard(wrong, payloads.ORIGINALS, 1)


def paced(said: Said, count: int) -> bytes:
    events = b"".join(quoting.stamped(place, said, 10**19 + place) for place in range(count))
    return payloads.opening(1) + events + payloads.ending(1)


@given(st.integers(1, 30))
def test_the_client_knows_what_it_will_be_told(cycles: int) -> None:
    """Whole addresses and the times of all events are in it, whatever their number."""
    count = cycles * quoting.CYCLE
    answer = paced(ORIGINAL, count)
    assert quoting.text_of(answer) == quoting.whole_text(payloads.PACED, count)
    assert len(payloads.STAMP.findall(answer)) == count
    assert quoting.whole_text(payloads.PACED, count).count(ADDRESS.encode()) == cycles
    short = quoting.short_answer(1, ORIGINAL)
    assert quoting.text_of(short) == quoting.whole_text(payloads.SHORT, 0)


@given(NAMES, st.lists(st.integers(1, 200), min_size=1, max_size=20))
def test_a_restored_answer_is_right_and_one_that_is_not_is_wrong(minter: Minter, sizes: list[int]) -> None:
    """However the answer is cut on its way, and wherever the two halves of a placeholder come."""
    said, count = redacted(minter), 2 * quoting.CYCLE
    vault = Vault()
    vault.put(minter.mint("home", USER), Original(USER, "home"))
    vault.put(minter.mint("email", ADDRESS), Original(ADDRESS, "email"))
    for answer, kind in (
        (paced(said, count), payloads.PACED),
        (quoting.short_answer(1, said), payloads.SHORT),
    ):
        assert quoting.text_of(answer) != quoting.whole_text(kind, count)
        rewrite = Rewrite(None, Restorer(vault, (), "messages"), "text/event-stream", "")
        given_back: list[bytes] = []
        rest, turn = answer, 0
        while rest:
            size = sizes[turn % len(sizes)]
            given_back += rewrite(rest[:size])
            rest, turn = rest[size:], turn + 1
        given_back += rewrite(b"")
        assert quoting.text_of(b"".join(given_back)) == quoting.whole_text(kind, count)


@pytest.mark.parametrize(("kind", "count"), [(payloads.PACED, 3), (payloads.BULK, 100)])
def test_an_answer_that_would_end_within_an_address_is_not_asked_for(kind: str, count: int) -> None:
    """What is still held back then comes in an event more, which nobody would wait for."""
    with pytest.raises(ValueError, match="quotes nothing, or not all of it"):
        quoting.whole_text(kind, count)
