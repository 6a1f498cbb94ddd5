"""Another body in an answer's place: it is given once, and nothing of the answer is."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from ccgate.streaming.instead import Instead

BODY = b'{"type":"error"}'


@given(st.lists(st.binary(min_size=1, max_size=20), max_size=6))
def test_the_client_gets_the_body_once_and_nothing_else(pieces: list[bytes]) -> None:
    """However the answer comes, also not at all: the client would hang, or read what nobody could restore."""
    instead = Instead(BODY)
    given_for = [instead(piece) for piece in [*pieces, b""]]
    assert given_for == [[BODY], *([] for _ in pieces)]
    assert instead.size == len(b"".join(pieces))
    assert instead.copy == BODY


def test_an_answer_that_was_not_read_says_so_in_the_ledger() -> None:
    """The request may have cost something, and nobody knows what."""
    instead = Instead(BODY)
    instead(b"\x1f\x8b")
    assert instead.catch_up(ended=False) == instead.catch_up(ended=True) == "unreadable answer"
