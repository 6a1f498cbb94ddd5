"""Known values are found wherever they come again, and names of people not in the middle of words."""

from __future__ import annotations

import re
import time
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ccgate.privacy.known import CODE_WORDS
from ccgate.privacy.known import SHORTEST
from ccgate.privacy.known import Known
from ccgate.privacy.known import findable_alone
from ccgate.privacy.placeholders import CATEGORIES
from ccgate.privacy.placeholders import Category
from ccgate.privacy.placeholders import Minter

MINTER = Minter(b"k" * 32)


def known(*values: tuple[Category, str]) -> Known:
    made = Known(MINTER)
    for category, value in values:
        made.add(value, category, MINTER.mint(category, value))
    return made


def found(text: str, *values: tuple[Category, str]) -> list[str]:
    return sorted(text[start:end] for start, end, _, _ in known(*values).hits(text))


values = st.tuples(st.sampled_from(CATEGORIES), st.text(alphabet="abc@.-é", min_size=3, max_size=12))


@given(st.lists(values, max_size=40), st.text(alphabet="abc@.-é ", max_size=60))
def test_as_by_looking_for_each(several: list[tuple[Category, str]], text: str) -> None:
    """The automaton for many values finds what looking for each one finds, values within values too."""
    firsts = {value: category for category, value in reversed(several)}
    expected = set()
    for value, category in firsts.items():
        bounded = not (category == "email" or (category == "secret" and len(value) >= 8))
        if len(value) < (4 if category == "secret" else 3):
            continue
        for match in re.finditer(f"(?={re.escape(value)})", text):
            start, end = match.start(), match.start() + len(value)
            if not bounded or not re.search("[abcé]", text[start - 1 : start][-1:] + text[end : end + 1]):
                expected.add((start, end))
    slugs = {re.sub("[^A-Za-z0-9]", "-", value) for value, category in firsts.items() if category == "home"}
    hits = {(start, end) for start, end, _, _ in known(*several).hits(text)}
    assert all((start, end) in expected or text[start:end] in slugs for start, end in hits)
    covered = {at for start, end in hits for at in range(start, end)}
    assert all(at in covered for start, end in expected for at in range(start, end))


@pytest.mark.parametrize("count", [1, 17, 500])
def test_few_and_many(count: int) -> None:
    """A listing of five hundred authors is one tool result."""
    several = known(*(("email", f"person{n}@corp.example") for n in range(count)))
    several.add("hunter2hunter2", "secret", "P")
    text = f"by person{count - 1}@corp.example, xhunter2hunter2x, é person{count}@corp.example"
    assert sorted(text[hit[0] : hit[1]] for hit in several.hits(text)) == [
        "hunter2hunter2",
        f"person{count - 1}@corp.example",
    ]


@pytest.mark.parametrize(
    ("text", "category", "value", "times"),
    [
        ("alice alice_x -alice- /alice/ alice", "home", "alice", 5),
        ("malice alice2 éalice", "home", "alice", 0),
        ("pin=12345; 123456", "secret", "12345", 1),
        ("xhunter22x", "secret", "hunter22", 1),
        ("xhunter2x", "secret", "hunter2", 0),
        ("xa@b.cdx", "email", "a@b.cd", 1),
        ("x = xy", "home", "x", 0),
        ("Math.max(a)", "home", "max", 0),
        ("abab ababab", "term", "abab", 1),
        ("aaaaaaaaaa", "secret", "aaaaaaaa", 2),
    ],
)
def test_neighbours(text: str, category: Category, value: str, times: int) -> None:
    """A name that is half a word is none; a long secret is one wherever it stands."""
    assert found(text, (category, value)) == [value] * times


def test_names_that_code_is_full_of() -> None:
    """Whoever is called max must still be able to have their code read."""
    assert found("/home/max max", ("home", "max")) == []
    assert all(word.islower() for word in CODE_WORDS)


@given(
    st.sampled_from(CATEGORIES), st.one_of(st.sampled_from(sorted(CODE_WORDS)), st.from_regex(r"[a-z]{1,9}"))
)
def test_what_is_findable_alone_is_found_alone(category: Category, value: str) -> None:
    """What restores leaves a name as a placeholder where the redactor would not find it in the next turn."""
    value = value.strip()
    assert found(f"ask {value}, please", (category, value)) == [value] * findable_alone(value, category)
    assert findable_alone(value, category) == (
        len(value) >= SHORTEST[category] and not (category == "home" and value in CODE_WORDS)
    )


@given(st.lists(values, max_size=8), st.text(alphabet="abc@. ", max_size=40), st.data())
def test_what_is_taken_is_not_told_again(
    several: list[tuple[Category, str]], text: str, data: st.DataObject
) -> None:
    """Whatever of the places a rule has found already, the others are found."""
    whole = known(*several)
    every = sorted({hit[:2] for hit in whole.hits(text)})
    taken = data.draw(st.lists(st.sampled_from(every), unique=True)) if every else []
    assert sorted({hit[:2] for hit in whole.hits(text, taken)} | set(taken)) == every
    assert not {hit[:2] for hit in whole.hits(text, taken)} & set(taken)


def test_the_slug_of_a_name() -> None:
    """The client turns every character that is no letter and no digit into a dash."""
    text = "-home-alice-b-smith-x alice.b smith"
    (hit,) = known(("home", "alice.b_smith")).hits(text)
    assert text[hit[0] : hit[1]] == "alice-b-smith"
    assert hit[3] == MINTER.mint("home", "alice-b-smith")


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("aaaaaaaa", "a" * 100_000),
        ("redacted", f"redacted {MINTER.mint('home', 'alice')} " * 2_500),
        ("abcdefgh", "abcdefgh" * 12_500),
        ("aaaa", "a" * 100_000),
    ],
)
def test_hostile_texts_take_no_time(value: str, text: str) -> None:
    """A tool result that a stranger wrote must not hold up every other client of the gateway."""
    several = known(("secret", value), *(("secret", f"secret-number-{n}") for n in range(20)))
    begun = time.thread_time()
    several.hits(text)
    assert time.thread_time() - begun < 0.5


def test_nothing_within_a_placeholder() -> None:
    """A value that is a word of ours must not tear a placeholder apart."""
    placeholder = MINTER.mint("email", "alice@corp.example")
    assert found(f"redacted {placeholder} email", ("secret", "redacted"), ("home", "email")) == [
        "email",
        "redacted",
    ]


def test_the_first_placeholder_stays() -> None:
    """One value is one placeholder, whatever finds it later."""
    several = known(("home", "alice"), ("term", "alice"))
    assert several.placeholder("alice") == ("home", MINTER.mint("home", "alice"))
    assert several.placeholder("bob") is None


def test_prefixes_of_each_other() -> None:
    """Of values that begin alike each is found where it stands alone."""
    names = ["alice" + "-b" * n for n in range(30)]
    text = " ".join(names)
    spans = [hit[:2] for hit in known(*(("term", name) for name in names)).hits(text)]
    assert {text[a:b] for a, b in spans} == set(names)
    assert all(a <= b for a, b in pairwise(sorted(spans)))
