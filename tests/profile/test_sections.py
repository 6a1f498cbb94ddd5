"""Sections: an unknown key is a policy that somebody believes in and that nothing would enforce."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from ccgate.errors import ConfigError
from ccgate.profile.kinds import Amount
from ccgate.profile.kinds import Choice
from ccgate.profile.kinds import ListOf
from ccgate.profile.kinds import Text
from ccgate.profile.kinds import Whole
from ccgate.profile.problems import Reading
from ccgate.profile.sections import Key
from ccgate.profile.sections import Named
from ccgate.profile.sections import Section
from ccgate.profile.sections import flow
from ccgate.profile.tree import read_tree

INNER = Section(Key("speed", Whole(), 3, "how fast"), Key("names", ListOf(Text("a")), ("x",), "who"))
SECTION = Section(
    Key("mode", Choice("on-time", "late"), "late", "when", built=("late",)),
    Key("inner", INNER, None, "more"),
    Key("by_name", Named(Section(Key("limit", Amount(), None, "how much", required=True))), {}, "for each"),
)


def read(folder: Path, text: str) -> Mapping[str, Any]:
    """The values of a file with this text; problems are raised."""
    file = folder / "p.yaml"
    file.write_text(text)
    reading = Reading(file)
    values = SECTION.read(read_tree(reading), "", reading)
    reading.stop()
    assert values is not None
    return values


def test_what_is_left_out_has_its_default_at_any_depth(tmp_path: Path) -> None:
    assert read(tmp_path, "inner: {speed: 5}") == {
        "mode": "late",
        "inner": {"speed": 5, "names": ("x",)},
        "by_name": {},
    }


def test_one_reading_does_not_change_the_defaults_of_the_next(tmp_path: Path) -> None:
    before = SECTION.defaults()
    read(tmp_path, "mode: on-time\ninner: {speed: 5}\nby_name: {me: {limit: 2}}")
    assert SECTION.defaults() == before


def test_names_of_the_persons_own_are_kept_as_written(tmp_path: Path) -> None:
    assert read(tmp_path, 'by_name: {"*": {limit: 2.50}, Ann B.: {limit: 1}}')["by_name"] == {
        "*": {"limit": Decimal("2.50")},
        "Ann B.": {"limit": Decimal(1)},
    }


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("\nmodus: late", "2: modus: is not a key; did you mean mode?"),
        ("Mode: late", "1: Mode: is not a key; did you mean mode?"),
        ("xyz: 1", "1: xyz: is not a key; the keys here are mode, inner, by_name"),
        ("inner:\n  sped: 1", "2: inner.sped: is not a key; did you mean speed?"),
        ("inner: fast", "1: inner: must be a section, not text; write {speed: 0}"),
        ("inner:", "1: inner: is empty; write {speed: 0}, or leave the key out"),
        ("by_name: []", "1: by_name: must be a section, not a list; write {NAME: {limit: 20.00}}"),
        ("by_name:\n  me: {}", "2: by_name.me.limit: is missing; write `limit: 20.00`"),
        ("by_name:\n  me: {limt: 1, limit: 1}", "2: by_name.me.limt: is not a key; did you mean limit?"),
    ],
)
def test_a_mistake_is_named_with_its_line_its_whole_key_and_the_mend(
    tmp_path: Path, text: str, problem: str
) -> None:
    with pytest.raises(ConfigError) as raised:
        read(tmp_path, text)
    assert str(raised.value) == f"{tmp_path / 'p.yaml'}:{problem}"


def test_all_mistakes_are_told_at_once(tmp_path: Path) -> None:
    with pytest.raises(ConfigError) as raised:
        read(tmp_path, "mode: x\ninner: {speed: y, z: 1}\nq: 1")
    assert [row.split(":")[2].strip() for row in str(raised.value).splitlines()] == [
        "mode",
        "inner.speed",
        "inner.z",
        "q",
    ]


def test_the_line_of_each_key_is_remembered(tmp_path: Path) -> None:
    file = tmp_path / "p.yaml"
    file.write_text("mode: late\ninner:\n  speed: 1\n")
    reading = Reading(file)
    SECTION.read(read_tree(reading), "", reading)
    assert reading.lines == {"mode": 1, "inner": 2, "inner.speed": 3}


@pytest.mark.parametrize(
    ("built", "value", "enforced"),
    [
        (None, "anything", True),
        (("allow",), "allow", True),
        (("allow",), "redact", False),
        ((None, "env:"), None, True),
        ((None, "env:"), "env:A", True),
        ((None, "env:"), "file:A", False),
        (("env:",), None, False),
        (((),), (), True),
        (((),), ("a",), False),
        (({},), {}, True),
        (({},), {"a": 1}, False),
        ((Decimal("1.0"),), Decimal("1"), True),
    ],
)
def test_what_a_key_enforces(built: tuple[Any, ...] | None, value: object, enforced: bool) -> None:
    assert Key("k", Text("x"), None, "help", built=built).enforces(value) is enforced


def test_leaves_go_through_sections_but_not_through_names() -> None:
    assert [name for name, _ in SECTION.leaves()] == ["mode", "inner.speed", "inner.names", "by_name"]


def test_the_schema_allows_no_other_key_and_says_what_is_not_built() -> None:
    schema = SECTION.schema()
    assert schema["additionalProperties"] is False
    assert schema["properties"]["mode"] == {
        "description": "when (built yet: only late)",
        "enum": ["on-time", "late"],
        "default": "late",
    }
    assert schema["properties"]["inner"]["properties"]["names"]["default"] == ["x"]
    assert schema["properties"]["by_name"]["additionalProperties"]["required"] == ["limit"]


@pytest.mark.parametrize(
    ("value", "text"),
    [(("a", "b"), "[a, b]"), ((), "[]"), ({}, "{}"), (True, "true"), (0, "0"), (Decimal("1.0"), "1.0")],
)
def test_values_are_shown_as_yaml(value: object, text: str) -> None:
    assert flow(value) == text
