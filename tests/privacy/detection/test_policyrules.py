from __future__ import annotations

from ccgate.privacy.detection.linear import compile_bytes
from ccgate.privacy.detection.policyrules import TermRule
from ccgate.privacy.detection.policyrules import domain_rules
from ccgate.privacy.detection.policyrules import term_rules


def matches(pattern: str, text: str) -> bool:
    return compile_bytes(pattern).search(text.encode()) is not None


def test_signs_in_a_term_stand_for_themselves() -> None:
    """`a.b` would match `axb`, and `(` would stop the start."""
    (rule,) = term_rules([TermRule("t", ("a.b(c",), ignore_case=True, whole_word=False)])
    assert matches(rule.pattern, "x A.B(C y")
    assert not matches(rule.pattern, "axb(c")


def test_a_term_without_texts_makes_no_rule() -> None:
    """An empty pattern matches everywhere."""
    assert list(term_rules([TermRule("t", ())])) == []
    assert list(term_rules([TermRule("t", ("",))])) == []


def test_letters_beyond_ascii_have_both_cases() -> None:
    """A project called Ärger would be found in one spelling alone."""
    (rule,) = term_rules([TermRule("t", ("Ärger",))])
    assert matches(rule.pattern, "ÄRGER")
    assert matches(rule.pattern, "ärger")
    assert not matches(rule.pattern, "ärgerlich")


def test_a_domain_is_found_with_its_hosts_and_no_others() -> None:
    """Another company's host would be replaced, or ours would leave."""
    (rule,) = domain_rules(["corp.io"])
    for text in ("corp.io", "a.b.corp.io", "x corp.io.", "https://CORP.io/", "a.corp.io:8080"):
        assert matches(rule.pattern, text), text
    for text in ("corp.io.example", "mycorp.io", "corpxio", "corp.ion"):
        assert not matches(rule.pattern, text), text
