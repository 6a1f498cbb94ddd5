"""Each kind takes what it means to take, not YAML's surprises; a wrong guess would be a wrong policy."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ccgate.profile.kinds import Amount
from ccgate.profile.kinds import Choice
from ccgate.profile.kinds import Flag
from ccgate.profile.kinds import Kind
from ccgate.profile.kinds import ListOf
from ccgate.profile.kinds import Text
from ccgate.profile.kinds import Whole
from ccgate.profile.problems import Reading
from ccgate.profile.tree import Node
from ccgate.profile.tree import read_tree

CHOICE = Choice("redact", "allow")


def node(folder: Path, written: str) -> Node:
    """The value of a key that is written so."""
    file = folder / "p.yaml"
    file.write_text(f"k: {written}\n")
    return read_tree(Reading(file)).entries["k"]


def accepted(kind: Kind, value: Node) -> Any:
    """What the kind reads, without any problem."""
    reading = Reading(Path("p.yaml"))
    result = kind.read(value, "k", reading)
    assert reading.found == []
    return result


def refused(kind: Kind, value: Node) -> str:
    """The problems that the kind notes, all in line 1."""
    reading = Reading(Path("p.yaml"))
    kind.read(value, "k", reading)
    assert reading.found
    assert {line for line, _ in reading.found} == {1}
    return "\n".join(text for _, text in reading.found)


@pytest.mark.parametrize(
    ("kind", "written", "value"),
    [
        (CHOICE, "redact", "redact"),
        (CHOICE, "'allow'", "allow"),
        (Choice(1), "1", 1),
        (Text("x"), "'no'", "no"),
        (Text("x", str.lower), "ABC", "abc"),
        (Flag(), "true", True),
        (Flag(), "false", False),
        (Whole(), "0", 0),
        (Whole(), "999999999", 999_999_999),
        (Amount(), "20", Decimal(20)),
        (Amount(), "0.1", Decimal("0.1")),
        (Amount(optional=True), "", None),
        (ListOf(CHOICE), "[]", ()),
        (ListOf(CHOICE, least=1), "[allow, redact]", ("allow", "redact")),
    ],
)
def test_a_good_value_is_read(tmp_path: Path, kind: Kind, written: str, value: object) -> None:
    result = accepted(kind, node(tmp_path, written))
    assert result == value
    assert type(result) is type(value)


@pytest.mark.parametrize(
    ("kind", "written", "problem"),
    [
        (CHOICE, "redactt", "k: is 'redactt'; write redact or allow"),
        (CHOICE, "off", "k: is 'off'; write redact or allow"),
        (CHOICE, "[redact]", "k: is a list; write redact or allow"),
        (CHOICE, "{a: 1}", "k: is a section; write redact or allow"),
        (CHOICE, "", "k: is empty; write redact or allow"),
        (CHOICE, "!x redact", "k: is 'redact'; write redact or allow"),
        (Choice(1), "'1'", "k: is '1', in quotes; write 1"),
        (Choice(1), "2", "k: is '2'; write 1"),
        (Choice(1), "1.0", "k: is '1.0'; write 1"),
        (Choice(1), "true", "k: is 'true'; write 1"),
        (
            Text("x"),
            "no",
            "k: must be text, not 'no', what YAML reads as true or false; write it in quotes, like 'x'",
        ),
        (Text("x"), "12", "k: must be text, not '12', a number; write it in quotes, like 'x'"),
        (Text("x"), "", "k: is empty; write it in quotes, like 'x', or leave the key out"),
        (Text("x"), "' '", "k: is blank or holds a control character; write x"),
        (Text("x"), r'"a\0b"', "k: is blank or holds a control character; write x"),
        (
            Flag(),
            "yes",
            "k: must be a truth value, not 'yes', what YAML reads as true or false; write true or false",
        ),
        (Flag(), "'true'", "k: must be a truth value, not text; write true or false"),
        (Whole(), "-1", "k: must be a whole number, not '-1', a number; write digits, like 0"),
        (Whole(), "010", "k: must be a whole number, not '010', a number; write digits, like 0"),
        (Whole(), "1:30", "k: must be a whole number, not '1:30', a number; write digits, like 0"),
        (Whole(), "1_0", "k: must be a whole number, not '1_0', a number; write digits, like 0"),
        (Whole(), "1.5", "k: must be a whole number, not '1.5', a number; write digits, like 0"),
        (ListOf(CHOICE), "redact", "k: must be a list, not text; write [redact or allow]"),
        (ListOf(CHOICE), "", "k: is empty; write [redact or allow], or leave the key out"),
        (ListOf(CHOICE, least=1), "[]", "k: is an empty list; write [redact or allow]"),
        (
            ListOf(CHOICE),
            "[redact, x, y]",
            "k: is 'x'; write redact or allow\nk: is 'y'; write redact or allow",
        ),
    ],
)
def test_a_bad_value_is_named_with_the_mend(tmp_path: Path, kind: Kind, written: str, problem: str) -> None:
    assert refused(kind, node(tmp_path, written)) == problem


@pytest.mark.parametrize(
    "written", ["1e3", "-1", "+1", ".5", "1.", ".inf", ".nan", "1_0.0", "1:30.5", "11", "''", ""]
)
def test_an_amount_is_a_plain_decimal(tmp_path: Path, written: str) -> None:
    """A budget that is read as another number than the one that is written costs money."""
    assert "write a plain decimal from 0 to 10, like 20.00" in refused(
        Amount(most=10), node(tmp_path, written)
    )


@given(st.decimals(min_value=0, max_value=999_999_999, places=9))
def test_an_amount_is_exact(amount: Decimal) -> None:
    assert accepted(Amount(), Node(1, "float", f"{amount:f}")) == amount


@given(st.integers(0, 999_999_999))
def test_a_whole_number_is_itself(number: int) -> None:
    assert accepted(Whole(), Node(1, "int", str(number))) == number


def test_a_number_of_any_length_is_refused_not_computed() -> None:
    """Python refuses to convert very long numbers, with an error of its own."""
    for kind in (Whole(), Amount()):
        assert len(refused(kind, Node(1, "int", "9" * 100_000))) < 300


def test_a_check_of_text_gives_the_reason() -> None:
    def never(text: str) -> str:
        raise ValueError("is never right; write nothing")

    assert refused(Text("x", never), Node(1, "str", "a")) == "k: is never right; write nothing"


@pytest.mark.parametrize("kind", [CHOICE, Text("x"), Flag(), Whole(), Amount(), ListOf(CHOICE)])
def test_a_secret_in_the_wrong_place_is_not_repeated(kind: Kind) -> None:
    assert "sk-ant" not in refused(kind, Node(1, "int", "sk-ant-api03-abc"))


@pytest.mark.parametrize(
    ("kind", "schema"),
    [
        (CHOICE, {"enum": ["redact", "allow"]}),
        (Text("x", pattern="^a$"), {"type": "string", "pattern": "^a$"}),
        (Flag(), {"type": "boolean"}),
        (Whole(), {"type": "integer", "minimum": 0, "maximum": 999_999_999}),
        (Amount(most=1), {"type": "number", "minimum": 0, "maximum": 1}),
        (Amount(most=1, optional=True), {"type": ["number", "null"], "minimum": 0, "maximum": 1}),
        (ListOf(Flag()), {"type": "array", "items": {"type": "boolean"}}),
        (ListOf(Flag(), least=2), {"type": "array", "items": {"type": "boolean"}, "minItems": 2}),
    ],
)
def test_a_kind_says_the_same_to_an_editor(kind: Kind, schema: dict[str, Any]) -> None:
    assert kind.schema() == schema
