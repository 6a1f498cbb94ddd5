from __future__ import annotations

from ccgate.privacy.detection.engine import Engine
from ccgate.privacy.detection.rules import Rule
from ccgate.privacy.detection.selection import Selection


def rule(name: str, pattern: str, **more: object) -> Rule:
    return Rule(id=name, kind="SECRET", pattern=pattern, **more)  # type: ignore[arg-type]


ENGINE = Engine(
    [
        rule("plain", "a[0-9]"),
        rule("home", "b[0-9]", category="home"),
        rule("generic", "c[0-9]", generic=True),
        rule("tied", "d[0-9]", needs=("other",)),
        rule("other", r"e[0-9]{3}\z"),
    ]
)


def names(data: bytes, *categories: str) -> tuple[set[str], set[str]]:
    selection = Selection(ENGINE, frozenset(categories))  # type: ignore[arg-type]
    fired = ENGINE.fired(data)
    found = selection.specific(fired, data), selection.generic(fired)
    one, other = ({ENGINE.patterns[index].rule.id for index in part} for part in found)
    return one, other


def test_a_category_that_is_off_is_not_looked_for() -> None:
    """What the operator left alone would be redacted all the same, in long texts too."""
    assert names(b"a1 b1 c1", "secret") == ({"plain"}, {"generic"})
    assert names(b"a1 b1 c1", "home") == ({"home"}, set())


def test_part_of_a_credential_counts_where_the_other_part_is_found() -> None:
    """Thirty letters beside a provider's name are mostly a digest; that a gate opens is not enough."""
    assert names(b"d1 e123", "secret") == ({"tied", "other"}, set())
    assert names(b"d1", "secret") == (set(), set())
    assert names(b"d1 e123\nx", "secret") == ({"other"}, set())
