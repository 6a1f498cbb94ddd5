from __future__ import annotations

import pytest
import re2

from ccgate.privacy import engine as engine_module
from ccgate.privacy.engine import Engine
from ccgate.privacy.engine import Pattern
from ccgate.privacy.rules import Rule


def rule(pattern: str, name: str = "r", **more: object) -> Rule:
    return Rule(id=name, kind="SECRET", pattern=pattern, **more)  # type: ignore[arg-type]


def found(engine: Engine, text: bytes) -> list[tuple[str, bytes]]:
    matches = engine.matches(text, engine.fired(text))
    return [(pattern.rule.id, text[slice(*pattern.value(spans))]) for pattern, spans in matches]


def test_matches_of_all_rules_are_given_with_their_values() -> None:
    """A finding would name the wrong rule, or replace the variable's name."""
    engine = Engine(
        [rule(r"a(?P<v>[0-9]+)", "one"), rule(r"(b)x", "two", first_group=True), rule("zz", "three")]
    )
    assert found(engine, b"a12 bx a3") == [("one", b"12"), ("one", b"3"), ("two", b"b")]
    assert found(engine, b"nothing") == []
    assert found(engine, b"") == []


def test_what_ends_one_value_may_begin_the_next() -> None:
    """Of two values that share a separator the second would leave."""
    engine = Engine([rule(r"(?:^|[ ,])(?P<v>[0-9]{3})(?:[ ,]|$)")])
    assert [value for _, value in found(engine, b"123,456 789")] == [b"123", b"456", b"789"]


def test_a_rule_behind_a_run_is_tried_where_there_is_one() -> None:
    """The rule would never be tried, or cost its time in each text."""
    engine = Engine([rule("secret", "plain"), rule(r"\b[0-9a-f]{32}\b", "behind", run=True)])
    assert found(engine, b"x " + b"0123456789abcdef" * 2 + b" secret") == [
        ("plain", b"secret"),
        ("behind", b"0123456789abcdef" * 2),
    ]
    assert found(engine, b"0123") == []


@pytest.mark.parametrize("size", [1, 600, 5000])
def test_windows_give_what_the_whole_text_gives(monkeypatch: pytest.MonkeyPatch, size: int) -> None:
    """A secret that lies across the edge of a window would leave."""
    rules = [rule(rf"k{number:02}=(?P<v>[a-z]{{5,}})(?:;|$)", f"r{number:02}") for number in range(30)]
    engine = Engine(rules)
    text = (
        b"".join(b"k%02d=%s;" % (number, b"q" * (5 + number * 7 % 300)) for number in range(30)) * 4
        + b"x" * size
    )
    whole = sorted(set(found(engine, text)))
    monkeypatch.setattr(engine_module, "_WHOLE", 0)
    assert sorted(set(found(engine, text))) == whole


def test_a_match_longer_than_a_window_is_found_as_a_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    """Of a long key the first part alone would be replaced."""
    monkeypatch.setattr(engine_module, "_WHOLE", 0)
    engine = Engine([rule(r"BEGIN[a-z]+END"), rule("[x]y")])
    key = b"BEGIN" + b"a" * 9000 + b"END"
    assert ("r", key) in found(engine, b"xy " * 700 + key + b" xy" * 700)


def test_a_pattern_that_is_none_stops_the_start() -> None:
    """A rule with a mistake would never match, silently."""
    with pytest.raises(re2.error):
        Pattern(rule("(unclosed"))
