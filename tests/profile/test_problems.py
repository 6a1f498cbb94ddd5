"""Errors reach logs and terminals: they must help, and must never carry a credential there."""

from __future__ import annotations

from pathlib import Path

import pytest

from ccgate.errors import ConfigError
from ccgate.profile.problems import MOST_REPORTED
from ccgate.profile.problems import Reading
from ccgate.profile.problems import looks_secret
from ccgate.profile.problems import shown
from ccgate.profile.problems import shown_key

FILE = Path("p.yaml")

SECRETS = [
    "sk-ant-api03-abc",
    "'sk-ant-x",
    "ccg_abc",
    "ghp_abc",
    "github_pat_abc",
    "xoxb-1",
    "AKIAIOSFODNN7EXAMPLE",
    "AIzaSyA",
    "eyJhbGciOi",
    "glpat-abc",
    "Bearer abc",
    "-----BEGIN PRIVATE KEY-----",
    "0123456789abcdef0123456789abcdef",
    "x" * 23 + "1",
]

ORDINARY = [
    "redactt",
    "api.anthropic.com",
    "downloads.claude.ai:443",
    "https://10.0.0.1/path",
    "restore_secrets_in",
    "requests_per_minute",
    "claude-sonnet-*",
    "task-force",
    "a-word-of-many-hyphens-and-no-digit",
    "",
]


@pytest.mark.parametrize("text", SECRETS)
def test_a_pasted_secret_is_not_shown(text: str) -> None:
    assert looks_secret(text)
    assert text not in shown(text)
    assert text not in shown_key(text)


@pytest.mark.parametrize("text", ORDINARY)
def test_an_ordinary_mistake_is_shown_so_that_a_person_finds_it(text: str) -> None:
    assert shown(text) == repr(text)


def test_a_long_line_is_judged_at_once() -> None:
    """An error about a large value must not take a minute to write."""
    for text in ("9" * 200_000, "a" * 200_000, "a1 " * 70_000):
        assert not looks_secret(text)


def test_what_is_shown_cannot_write_to_the_terminal_or_fill_it() -> None:
    assert shown("\x1b[2Jx") == r"'\x1b[2Jx'"
    assert shown_key("a\x1b[2J") == r"'a\x1b[2J'"
    assert len(shown("ab " * 1000)) < 100


def test_no_problem_no_error() -> None:
    Reading(FILE).stop()


def test_problems_come_in_the_order_of_the_file_with_file_line_and_key() -> None:
    reading = Reading(FILE)
    reading.wrong(7, "b.c", "late; mend")
    reading.wrong(2, "a", "early; mend")
    reading.wrong(7, "", "no key; mend")
    with pytest.raises(ConfigError) as raised:
        reading.stop()
    assert str(raised.value) == "p.yaml:2: a: early; mend\np.yaml:7: b.c: late; mend\np.yaml:7: no key; mend"


def test_a_file_of_another_sort_does_not_flood_the_terminal() -> None:
    reading = Reading(FILE)
    for line in range(1000):
        reading.wrong(line, "a", "bad")
    with pytest.raises(ConfigError) as raised:
        reading.stop()
    rows = str(raised.value).splitlines()
    assert len(rows) == MOST_REPORTED + 1
    assert "970 more" in rows[-1]


def test_what_is_left_out_is_looked_for_at_the_section_that_is_there() -> None:
    reading = Reading(FILE, lines={"privacy": 4, "privacy.emails": 6})
    assert reading.line("privacy.emails") == 6
    assert reading.line("privacy.secrets") == 4
    assert reading.line("telemetry") == 1
