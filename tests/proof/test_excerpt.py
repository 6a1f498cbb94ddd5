"""Excerpts are read by people, on terminals and over shoulders: cut, masked, and harmless."""

from __future__ import annotations

import json
import time
from collections.abc import Sequence
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ccgate.proof.changes import Change
from ccgate.proof.changes import Place
from ccgate.proof.changes import places
from ccgate.proof.excerpt import CONTEXT
from ccgate.proof.excerpt import Excerpt
from ccgate.proof.excerpt import Secrets
from ccgate.proof.excerpt import excerpts
from ccgate.proof.excerpt import plain
from ccgate.proof.excerpt import visible
from tests.privacy.requests import VALUES
from tests.privacy.requests import redactor
from tests.privacy.requests import texts

TOKEN = "tok_abcdefgh1234"
OTHER = "tok_zzzzzzzz9999"


def place_of(text: str) -> Place:
    body = json.dumps({"messages": [{"role": "user", "content": text}]}).encode()
    (place,) = places(body, "messages", redactor().redact(body, "messages"))
    return place


def shown(text: str, secrets: Sequence[str] = (), **how: Any) -> list[Excerpt]:
    return list(excerpts(place_of(text), Secrets(secrets), **how))


def before(text: str, secrets: Sequence[str] = (), **how: Any) -> list[str]:
    return [plain(one.before) for one in shown(text, secrets, **how)]


def test_a_line_is_shown_with_the_value_masked() -> None:
    """A secret by its length alone; of another value the first character helps to see which it is."""
    (one,) = shown(f"first\nT={TOKEN} # mine\nlast")
    assert one.line == 2
    assert one.before == (("T=", "context"), ("<16 characters>", "old"), (" # mine", "context"))
    assert plain(one.after) == f"T={one.changes[0].placeholder} # mine"
    assert before("cd /home/alice/x") == ["cd /home/<a…, 5 characters>/x"]


def test_a_line_is_shown_with_the_value_where_that_is_asked_for() -> None:
    assert before(f"T={TOKEN}\r\nlast", show=True) == [f"T={TOKEN}"]


@given(texts.filter(lambda text: any(value in text for value in VALUES)), st.booleans())
def test_no_terminal_carries_out_what_is_shown(text: str, show: bool) -> None:
    """A tool result may hold escape sequences, and characters that turn the order of others around."""
    for one in shown(f"{text}\x1b]0;x\x07 \u202e \x9b {TOKEN}\x1b[2J", show=show):
        assert plain(one.before).isprintable()
        assert plain(one.after).isprintable()


@given(st.text())
def test_what_is_visible_says_what_is_there(text: str) -> None:
    """Printable text is left alone; all else has one escape for each character."""
    assert visible(text).isprintable()
    assert (visible(text) == text) == text.isprintable()


@given(texts, texts, st.integers(0, 2 * CONTEXT))
def test_no_secret_is_in_sight(left: str, right: str, gap: int) -> None:
    """Not in the line of another value either, and not cut in two by the edge of what is shown."""
    secret = "open-sesame-open"
    text = f"{left}{secret}{'.' * gap}/home/alice/{'.' * gap}{secret}{right}"
    for one in shown(text, [secret, *VALUES]):
        for side in (plain(one.before), plain(one.after)):
            assert not any(value in side for value in (secret, "tok_abcdefgh1234", "tok_zzzzzzzz9999"))
            assert secret[:8] not in side
            assert secret[-8:] not in side


def test_a_long_line_is_cut_around_its_changes() -> None:
    """A minified file is one line of a megabyte."""
    far = "x" * 1000
    one, two = before(f"{far}{TOKEN}{far}/home/alice/{far}")
    assert one == f"…{'x' * CONTEXT}<16 characters>{'x' * CONTEXT}…"
    assert two == f"…{'x' * (CONTEXT - 6)}/home/<a…, 5 characters>/{'x' * (CONTEXT - 1)}…"


def test_a_long_value_is_shown_in_one_line_and_cut() -> None:
    """A private key is fifty lines long, and two of them tell which it is."""
    value = "\\n".join(f"{number:02}{'k' * 30}" for number in range(40))
    text = f"password={value}"
    assert before(text) == ["password=<1,358 characters>"]
    (line,) = before(text, show=True)
    assert line.startswith(f"password={visible(value[:80])}<… 1,258 characters>")
    assert line.endswith(value[-20:])


def test_lines_that_say_nothing_new_are_left_out() -> None:
    """A listing names one home a thousand times."""
    listing = "\n".join(f"/home/alice/{number}" for number in range(1000))
    assert [one.line for one in shown(f"{listing}\n{TOKEN}\n{TOKEN} {OTHER}")] == [1, 1001, 1002]


def test_what_was_told_of_another_place_is_left_out_too() -> None:
    """A conversation names one home in each of its messages."""
    told: set[str] = set()
    counts = [len(shown(text, told=told)) for text in ("/home/alice/", "in /home/alice/x", TOKEN)]
    assert counts == [1, 0, 1]


def test_values_that_stand_together_are_shown_together() -> None:
    (one,) = shown(f"{TOKEN}:{OTHER}")
    assert len(one.changes) == 2
    assert plain(one.before) == "<16 characters>:<16 characters>"


def test_a_row_of_values_is_shown_in_several_excerpts() -> None:
    """And what is cut is never a value."""
    many = " ".join(f"tok_{number:012}" for number in range(30))
    assert sum(len(one.changes) for one in shown(many)) == 30
    assert all("tok_" not in line for line in before(many))


@pytest.mark.parametrize("short", ["hunter2", ""])
def test_short_secrets_are_not_looked_for_everywhere(short: str) -> None:
    """They may be ordinary words, and what is shown would be full of holes."""
    assert not Secrets([short])
    assert Secrets([short]).masked(f"a {short} b") == f"a {short} b"


def test_the_longest_secret_is_masked() -> None:
    assert Secrets(["12345678", "1234567890"]).masked("a 1234567890 b 12345678") == (
        "a <10 characters> b <8 characters>"
    )


def test_many_values_in_one_text_take_no_more_time() -> None:
    """The same; and a log of a megabyte may name somebody in each of its lines."""
    lines = [f"{number:06}{'.' * 100}\n" for number in range(30_000)]
    changes = tuple(
        Change(n * 107, n * 107 + 6, n + 1, "term", "TERM", "t", f"REDACTED_TERM_{n}") for n in range(30_000)
    )
    place = Place("x", False, "".join(lines), changes)
    begun = time.thread_time()
    assert len(list(excerpts(place, Secrets()))) == 30_000
    assert time.thread_time() - begun < 3


def test_many_secrets_with_one_beginning_take_no_more_time() -> None:
    """Whoever may ask what would leave must not be able to keep the gateway busy."""
    secrets = Secrets(f"password{number:06}" for number in range(20_000))
    text = "password99999x " * 20_000
    begun = time.thread_time()
    assert list(secrets.within(text)) == []
    assert time.thread_time() - begun < 1
