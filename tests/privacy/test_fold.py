"""The fold over the strings of a request: what stands for what, and from where on."""

from __future__ import annotations

import time
from collections.abc import Callable
from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ccgate.privacy.fold import Blocked
from ccgate.privacy.fold import Fold
from ccgate.privacy.placeholders import PATTERN
from ccgate.privacy.placeholders import Category
from ccgate.privacy.splice import spliced
from ccgate.privacy.vault import Original
from ccgate.privacy.vault import Vault
from tests.privacy.requests import MINTER
from tests.privacy.requests import PlainDetector
from tests.privacy.requests import Span
from tests.privacy.requests import restored

DETECTOR = PlainDetector()
Find = Callable[[str], Sequence[Span]]


class Finds:
    """Finds the same spans in every text."""

    def __init__(self, *spans: tuple[int, int, Category]) -> None:
        self._spans = [Span(start, end, category, "K", "r") for start, end, category in spans]

    def __call__(self, text: str) -> list[Span]:
        return [span for span in self._spans if span.end <= len(text)]


def fold(*, block: bool = False) -> Fold:
    return Fold(MINTER, block_secrets=block, vault=Vault())


def after(one: Fold, text: str, find: Find = DETECTOR.find) -> str:
    replacements, _ = one.text(text, find(text))
    return spliced(text, [(r.start, r.end, r.placeholder) for r in replacements])


fragments = st.lists(
    st.sampled_from(
        [
            "password=abcdefgh",
            "password=efghijkl ",
            "password=cdef ",
            "abcdefgh",
            "efghijkl",
            "cdef",
            " ",
            "/home/abcd",
            "abcd",
            "x",
        ]
    ),
    max_size=8,
).map("".join)


@given(st.lists(fragments, max_size=6))
def test_nothing_known_stays_and_all_comes_back(texts: list[str]) -> None:
    """Values that contain and overlap each other: none stays in sight, and the way back is exact."""
    one = fold()
    for text in texts:
        new = after(one, text)
        assert restored(new, one.vault) == text
        plain = PATTERN.split(new)
        for _, original in one.vault.items():
            if original.category == "secret" and len(original.value) >= 8:
                assert not any(original.value in piece for piece in plain)


@given(st.lists(fragments, max_size=6), st.integers(0, 6))
def test_state_is_the_vault(texts: list[str], cut: int) -> None:
    """What parts that were not read again put into the vault decides as if they had been."""
    whole = fold()
    expected = [after(whole, text) for text in texts]
    first = fold()
    for text in texts[:cut]:
        after(first, text)
    second = fold()
    for placeholder, original in first.vault.items():
        second.vault.put(placeholder, original)
    second.learn()
    assert [after(second, text) for text in texts[cut:]] == expected[cut:]
    assert list(second.vault.items()) == list(whole.vault.items())


@given(st.lists(fragments, max_size=4))
def test_origins_tell_all_that_became_known(texts: list[str]) -> None:
    """From where the values stand, the vault can be built again."""
    one = fold()
    rebuilt = {}
    for text in texts:
        _, origins = one.text(text, DETECTOR.find(text))
        rebuilt.update({o.placeholder: Original(text[o.start : o.end], o.category) for o in origins})
    assert rebuilt == dict(one.vault.items())


def test_of_what_overlaps_the_outer_counts() -> None:
    """A name within an address is the address's."""
    one = fold()
    after(one, "/home/alice")
    assert after(one, "alice@corp.example") == MINTER.mint("email", "alice@corp.example")


def test_what_is_found_within_a_known_value_is_known_too() -> None:
    """It is not replaced there, and still counts from there on, for who reads the vault as well."""

    one = fold()
    one.vault.put("P", Original("abcdefgh", "secret"))
    one.learn()
    assert after(one, "abcdefgh", Finds((2, 6, "secret"))) == "P"
    inner = MINTER.mint("secret", "cdef")
    assert one.vault.original(inner) == Original("cdef", "secret")
    assert after(one, "a cdef") == f"a {inner}"


def test_what_overlaps_in_part_is_one() -> None:
    """Replacing the first alone would show half the second; the stricter category counts."""
    one = fold()
    one.vault.put("P", Original("defghijk", "secret"))
    one.learn()
    assert after(one, "abcdefghijkl", Finds((2, 6, "home"))) == f"ab{MINTER.mint('secret', 'cdefghijk')}l"


def test_a_run_of_one_letter_takes_no_time() -> None:
    """Each place of it overlaps the next; their union is made once."""
    one = fold()
    one.vault.put("P", Original("aaaaaaaa", "secret"))
    one.learn()
    begun = time.thread_time()
    assert after(one, "a" * 100_000, Finds()) == MINTER.mint("secret", "a" * 100_000)
    assert time.thread_time() - begun < 0.5


def test_one_value_is_one_placeholder_whatever_finds_it() -> None:
    """The first kind counts, from then on."""
    one = fold()
    one.vault.put("P", Original("abcdefgh", "term"))
    one.learn()
    assert after(one, "abcdefgh", Finds((0, 8, "secret"))) == "P"


def test_the_rule_is_the_detectors_where_both_find() -> None:
    """A report tells which rule of the policy fires."""
    one = fold()
    for _ in range(2):
        replacements, _ = one.text("/home/alice alice", DETECTOR.find("/home/alice alice"))
        assert [r.rule for r in replacements] == ["home", "known"]


def test_blocked_tells_the_rule() -> None:
    """Secrets stop a request, names do not."""
    one = fold(block=True)
    assert "alice" not in after(one, "/home/alice")
    with pytest.raises(Blocked) as blocked:
        one.text("tok_abcdefgh1234", DETECTOR.find("tok_abcdefgh1234"))
    assert blocked.value.rule == "token"
