from __future__ import annotations

from ccgate.privacy.detection.checks import Context
from ccgate.privacy.detection.contexts import NOTHING
from ccgate.privacy.detection.contexts import context
from ccgate.privacy.detection.patterns import Pattern
from ccgate.privacy.detection.prefilter import Prefilter
from ccgate.privacy.detection.rules import Rule


def told(pattern: str, data: bytes, check: str = "") -> Context:
    found = Pattern(Rule(id="r", kind="SECRET", pattern=pattern, check=check), pattern)
    ends = [end for _, end in Prefilter([found.gate.encode()]).ends(data)]
    (spans,) = found.matches(data, ends)
    return context(found, spans, data)


def test_the_whole_name_is_told_though_the_pattern_has_its_end_alone() -> None:
    """`MAX_TOKENS=16384` would count as a token."""
    around = told(r"""(?P<n>token)(?P<q>")?\s*=\s*(?P<v>\w+)""", b"x\n  my.api-token = abc")
    assert around == Context("my.api-token", "", " = ", "  my.api-")


def test_the_quote_is_told() -> None:
    """A name in quotes and one in code have other values."""
    assert told(r"""(?P<n>key)=(?P<q>["'])(?P<v>\w+)""", b"key='abc'").quote == "'"


def test_what_needs_nothing_gets_nothing() -> None:
    """Each of a thousand e-mail addresses would pay for what nobody asks."""
    assert told(r"(?P<v>\w+)", b"abc") is NOTHING


def test_a_storage_key_is_judged_by_what_stands_before() -> None:
    """The digest of a package would be replaced as a key."""
    assert told(r"(?P<v>k{3})", b"sha512-kkk", "storage_key").before == "sha512-"


def test_of_a_long_line_the_nearest_part_is_told_as_one() -> None:
    """In a long line each value would cost its length, or a part of it pass for its beginning."""
    around = told(r"(?P<n>key)=(?P<v>\w+)", b"a" * 5000 + b" key=abc")
    assert around.before == "\0" + "a" * 119 + " "
