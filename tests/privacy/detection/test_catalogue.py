from __future__ import annotations

import pytest

from ccgate.privacy.detection.catalogue import CATALOGUE
from ccgate.privacy.detection.catalogue import LICENCES
from ccgate.privacy.detection.catalogue import catalogue_rules
from ccgate.privacy.detection.linear import compile_bytes
from ccgate.privacy.detection.rules import Condition
from ccgate.privacy.detection.rules import Rule
from tests.privacy.detection import kingfisher
from tests.privacy.detection.kingfisher import HELPERS
from tests.privacy.detection.kingfisher import REPLACED
from tests.privacy.detection.kingfisher import package


def test_the_catalogue_is_there() -> None:
    """A catalogue that was cut short would leave us without most rules, silently."""
    names = {rule.id for rule in catalogue_rules()}
    assert len(names) > 380
    assert {
        "betterleaks.github-pat",
        "betterleaks.stripe-access-token",
        "veles.secrets/postmanapikey",
    } <= names
    assert not names & REPLACED


def test_the_catalogue_is_the_installed_packages() -> None:
    """The kept file would go stale with a new version of the package, or be edited by hand."""
    assert CATALOGUE.read_text("utf-8") == kingfisher.catalogue(package().values())
    assert LICENCES.read_text("utf-8") == kingfisher.licences()


def test_each_pattern_is_as_the_package_says() -> None:
    """What was written in our form would not be what is read from it."""
    for rule in catalogue_rules():
        detail = package()[rule.id]
        assert rule.pattern == detail["detection_regex"]
        assert rule.condition == kingfisher.condition(detail["betterleaks_filter"])


def test_what_is_replaced_is_what_the_package_has() -> None:
    """A rule that was renamed in the package would come back beside ours."""
    assert package().keys() >= REPLACED | HELPERS


def test_whose_the_rules_are_is_told() -> None:
    """The licences ask for their notices beside what is theirs."""
    told = LICENCES.read_text("utf-8")
    for words in ("MongoDB, Inc.", "Google LLC", "Zachary Rice", "MIT License", "Apache License"):
        assert words in told


@pytest.mark.parametrize("rule", catalogue_rules(), ids=lambda rule: rule.id)
def test_a_rule_can_be_used(rule: Rule) -> None:
    """One pattern that our engine cannot read would fail each request in which it fires."""
    compile_bytes(rule.pattern)
    for pattern in (*rule.condition.deny, *rule.condition.require):
        compile_bytes(pattern)


def test_filters_are_read_for_what_they_say_of_the_value() -> None:
    """Without its filter a rule finds words and examples; with a wrong one it finds nothing."""
    condition = {rule.id: rule.condition for rule in catalogue_rules()}["betterleaks.aws-access-token"]
    assert condition.entropy == 3.0
    assert ".+EXAMPLE$" in condition.deny
    assert any(not rule.condition.natural for rule in catalogue_rules())


def test_a_filter_that_drops_everything_drops_the_rule() -> None:
    """The catalogue's authors have replaced such a rule by another."""
    always = {
        "kind": "binary",
        "operator": "||",
        "left": {"kind": "bool", "value": True},
        "right": {"kind": "bool", "value": False},
    }
    assert kingfisher.condition(always) is None
    assert kingfisher.condition(None) == Condition()
