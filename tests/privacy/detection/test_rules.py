from __future__ import annotations

import re
from collections.abc import Iterator

import pytest

from ccgate.privacy.detection.checks import CHECKS
from ccgate.privacy.detection.linear import compile_bytes
from ccgate.privacy.detection.rules import Case
from ccgate.privacy.detection.rules import expanded
from ccgate.privacy.detection.rules import own_cases
from ccgate.privacy.detection.rules import value_groups
from ccgate.privacy.placeholders import CATEGORIES
from tests.bench.detection.detectors import detector
from tests.bench.detection.templates import filled
from tests.bench.detection.templates import marked

TIMES = 3
"""Each template is tried with so many random bodies."""


def texts(kind: str) -> list[object]:
    return list(_texts(kind))


def _texts(kind: str) -> Iterator[object]:
    for case in own_cases():
        templates = case.examples if kind == "examples" else case.never
        for number, template in enumerate(templates):
            yield pytest.param(case, template, id=f"{case.rule.id}-{number}")


@pytest.mark.parametrize(("case", "template"), texts("examples"))
def test_a_rules_examples_are_found_and_nothing_beside_them(case: Case, template: str) -> None:
    """A secret of this form would leave, or more than the secret would be replaced."""
    for number in range(TIMES):
        text, spans = marked(filled(template, f"{case.rule.id} {number}"))
        found = [(span.start, span.end) for span in detector().find(text)]
        assert found == spans, (text, [text[start:end] for start, end in found])


@pytest.mark.parametrize(("case", "template"), texts("not"))
def test_what_a_rule_must_not_match_is_left_alone(case: Case, template: str) -> None:
    """A person's code would be changed for nothing."""
    for number in range(TIMES):
        text = filled(template, f"{case.rule.id} {number}")
        assert [text[span.start : span.end] for span in detector().find(text)] == []


def test_every_rule_finds_its_first_example_itself() -> None:
    """A rule that others do all the work of is dead weight in each request."""
    for case in own_cases():
        text, _ = marked(filled(case.examples[0], case.rule.id))
        assert compile_bytes(case.rule.pattern).search(text.encode()) is not None, case.rule.id


@pytest.mark.parametrize("case", own_cases(), ids=lambda case: case.rule.id)
def test_a_rule_is_complete(case: Case) -> None:
    """A rule without examples is not tested; one with a misspelt check fails at a user's first request."""
    assert case.examples
    assert case.never
    assert case.rule.category in CATEGORIES
    assert case.rule.check in ("", *CHECKS)


def test_rules_have_names_of_their_own() -> None:
    """A finding names its rule: two of one name could not be told apart."""
    names = [case.rule.id for case in own_cases()]
    assert len(names) == len(set(names))


def test_no_secret_stands_in_the_rules() -> None:
    """The repository would be reported by every scanner, and people would learn to ignore that."""
    for case in own_cases():
        for template in case.examples:
            for _, start, end in [("", *span) for span in marked(template)[1]]:
                written = re.sub(r"<<\w+(?::\d+)?>>", "", marked(template)[0][start:end])
                assert not re.search(r"[A-Za-z0-9+/]{30}", re.sub(r"LS0tLS1C\w+", "", written)), case.rule.id


def test_parts_are_put_into_patterns() -> None:
    """A part that is not replaced would make a pattern that never matches."""
    assert expanded("a%{b}c", {"b": "[x]"}) == "a[x]c"
    with pytest.raises(KeyError):
        expanded("%{missing}", {})


def test_the_value_is_the_named_group_or_the_whole_match() -> None:
    """With another group the name of a variable would be replaced, not its value."""
    assert value_groups({"v": 2}, 2, first_group=True) == (2,)
    assert value_groups({"v1": 1, "v2": 2}, 2, first_group=False) == (1, 2)
    assert value_groups({}, 1, first_group=True) == (1, 0)
    assert value_groups({}, 1, first_group=False) == (0,)
