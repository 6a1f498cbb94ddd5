from __future__ import annotations

import hyperscan
import pytest
from hypothesis import given
from hypothesis import settings
from hypothesis import strategies as st

from ccgate.privacy.detection import engine as engine_module
from ccgate.privacy.detection.engine import Engine
from ccgate.privacy.detection.engine import Fired
from ccgate.privacy.detection.rules import Rule


def rule(pattern: str, name: str = "r", **more: object) -> Rule:
    return Rule(id=name, kind="SECRET", pattern=pattern, **more)  # type: ignore[arg-type]


def found(engine: Engine, text: bytes) -> list[tuple[str, bytes]]:
    return found_in(engine, text, engine.fired(text))


def found_in(engine: Engine, text: bytes, fired: Fired) -> list[tuple[str, bytes]]:
    matches = engine.matches(text, fired)
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


def test_a_rule_of_many_forms_is_known_by_its_name() -> None:
    """A finding would name a part of a rule, or one form of a key would leave."""
    engine = Engine([rule(r"(?P<v>a1|b2|c3|d4)", "forms")])
    assert found(engine, b"d4 a1 d4") == [("forms", b"a1"), ("forms", b"d4"), ("forms", b"d4")]


@settings(max_examples=200, deadline=None)
@given(
    st.lists(
        st.lists(st.sampled_from(["k1=abc", "k2", "=", ";", "\n", "a" * 22, "é", "z"]), max_size=6).map(
            "".join
        )
    )
)
def test_texts_among_others_fire_as_they_do_alone(texts: list[str]) -> None:
    """A secret at the edge of a text would leave because of the text beside it."""
    engine = Engine(
        [
            rule(r"(?:^|[;\n])k1=(?P<v>[a-z]{3})(?:;|$)", "whole"),
            rule(r"\Ak2\z", "alone"),
            rule(r"\b[a-z]{22}\b", "run", run=True),
        ]
    )
    pieces = [text.encode() for text in texts]
    ends = [sum(map(len, pieces[: place + 1])) + place for place in range(len(pieces))]
    among = engine.fired_among(b"\n".join(pieces), ends)
    for number, piece in enumerate(pieces):
        assert found_in(engine, piece, among.get(number, {})) == found(engine, piece)


def test_very_many_runs_are_as_good_as_runs_everywhere(monkeypatch: pytest.MonkeyPatch) -> None:
    """A key behind thousands of digests would leave."""
    monkeypatch.setattr(engine_module, "_MANY_RUNS", 3)
    engine = Engine([rule(r"\b[0-9]{22}\b", "run", run=True)])
    pieces = [b"a" * 30, b"x", b"0" * 22]
    among = engine.fired_among(b"\n".join(pieces), [30, 32, 55])
    assert [found_in(engine, piece, among.get(place, {})) for place, piece in enumerate(pieces)] == [
        [],
        [],
        [("run", b"0" * 22)],
    ]


def test_a_pattern_that_is_none_stops_the_start() -> None:
    """A rule with a mistake would never match, silently."""
    with pytest.raises(hyperscan.error):
        Engine([rule("a(?<unclosed")])
