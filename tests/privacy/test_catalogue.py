from __future__ import annotations

from functools import cache

import pytest

from ccgate.privacy import catalogue
from ccgate.privacy.catalogue import HELPERS
from ccgate.privacy.catalogue import REPLACED
from ccgate.privacy.detect import catalogue_rules
from ccgate.privacy.linear import compile_bytes
from ccgate.privacy.rules import Condition
from ccgate.privacy.rules import Rule
from tests.bench.detection.detectors import cache_folder


def rules() -> tuple[Rule, ...]:
    return catalogue_rules(cache_folder())


@cache
def package() -> dict[str, dict[str, object]]:
    from kingfisher_sdk.rules import Rules

    loaded = Rules(confidence="low", cache_dir=str(cache_folder() / "package"))
    return {item["id"]: loaded.detail(item["id"]) for item in loaded.metadata()}


def test_the_catalogue_is_there() -> None:
    """A new version of the package with another interface would leave us without it, silently."""
    names = {rule.id for rule in rules()}
    assert len(names) > 380
    assert {
        "betterleaks.github-pat",
        "betterleaks.stripe-access-token",
        "veles.secrets/postmanapikey",
    } <= names
    assert not names & REPLACED


def test_what_is_left_out_is_in_the_package() -> None:
    """A rule that was renamed in the package would come back beside ours."""
    assert package().keys() >= REPLACED | HELPERS


def test_what_is_read_is_what_the_package_says() -> None:
    """The kept file would go stale with a new version of the package."""
    for rule in rules():
        assert rule.pattern == package()[rule.id]["detection_regex"]


@pytest.mark.parametrize("rule", rules(), ids=lambda rule: rule.id)
def test_a_rule_can_be_used(rule: Rule) -> None:
    """One pattern that our engine cannot read would stop the start."""
    compile_bytes(rule.pattern)
    for pattern in (*rule.condition.deny, *rule.condition.require):
        compile_bytes(pattern)


def test_filters_are_read_for_what_they_say_of_the_value() -> None:
    """Without its filter a rule finds words and examples; with a wrong one it finds nothing."""
    condition = {rule.id: rule.condition for rule in rules()}["betterleaks.aws-access-token"]
    assert condition.entropy == 3.0
    assert ".+EXAMPLE$" in condition.deny
    assert any(not rule.condition.natural for rule in rules())


def test_a_filter_that_drops_everything_drops_the_rule() -> None:
    """The catalogue's authors have replaced such a rule by another."""
    always = {
        "kind": "binary",
        "operator": "||",
        "left": {"kind": "bool", "value": True},
        "right": {"kind": "bool", "value": False},
    }
    assert catalogue._condition(always) is None
    assert catalogue._condition(None) == Condition()


def test_rules_survive_being_kept() -> None:
    """The second start would work with other rules than the first."""
    assert catalogue.restore(catalogue.dump(rules())) == rules()


def test_a_kept_file_goes_by_version() -> None:
    """A new version of the package would go on with the old one's rules."""
    assert len(catalogue.fingerprint()) == 24
