"""Rules: what a pattern finds, and what a value must be like to count.

Patterns are in RE2's syntax (https://github.com/google/re2/wiki/Syntax), which vectorscan reads too: no look
around, no back references, so that matching takes linear time whatever the text. They match bytes of UTF-8.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from ccgate.privacy.placeholders import Category

RULES = Path(__file__).with_name("rules.yaml")
"""Our own rules."""

_KEYS = frozenset(
    {"id", "kind", "category", "check", "pattern", "generic", "run", "until", "examples", "not"}
)


@dataclass(frozen=True, slots=True)
class Condition:
    """What a found value must be like, beyond its pattern.

    `entropy` is the least Shannon entropy in bits per character, `natural` whether it may be made of words;
    `deny` and `require` are patterns in RE2's syntax, `without` texts that a value must not contain.
    """

    entropy: float = 0.0
    natural: bool = True
    deny: tuple[str, ...] = ()
    require: tuple[str, ...] = ()
    without: tuple[str, ...] = ()


ANY = Condition()
"""No condition."""


@dataclass(frozen=True, slots=True)
class Rule:
    """What finds a value in a text.

    The span is the first of the groups `v`, `v1`, `v2`… that matched; without such a group it is the
    pattern's first group where `first_group` says so, else the whole match. `check` names a function of
    `checks`. A `generic` rule goes by what stands around a value, and gives way to all others. Each match of
    a rule with `run` has 22 letters and digits in a row. `until` are characters, as in
    brackets of a pattern, of which the first behind a value's beginning ends it at the latest: what stands
    behind that decides nothing.
    """

    id: str
    kind: str
    pattern: str
    category: Category = "secret"
    check: str = ""
    generic: bool = False
    first_group: bool = False
    run: bool = False
    until: str = ""
    condition: Condition = ANY
    needs: tuple[str, ...] = ()
    """Rules of which one must fire in the same text."""


@dataclass(frozen=True, slots=True)
class Case:
    """A rule with texts that it must find something in, the spans marked «so», and texts that it must not."""

    rule: Rule
    examples: tuple[str, ...]
    never: tuple[str, ...]


@cache
def own_rules() -> tuple[Rule, ...]:
    """The rules of `rules.yaml`, in its order."""
    return tuple(case.rule for case in own_cases())


@cache
def own_cases() -> tuple[Case, ...]:
    """The rules of `rules.yaml` with their examples, in its order."""
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    document: dict[str, Any] = yaml.load(RULES.read_bytes(), loader)  # noqa: S506  safe, and five times as fast
    parts: dict[str, str] = {}
    for name, part in document["parts"].items():
        parts[name] = expanded(part, parts)
    return tuple(_cases(document["rules"], parts))


def expanded(pattern: str, parts: dict[str, str]) -> str:
    """A pattern with `%{name}` replaced by the part of that name.

    Raises:
        KeyError: there is no such part.
    """
    return re.sub(r"%\{(\w+)\}", lambda found: parts[found[1]], pattern)


def _cases(items: Iterable[dict[str, Any]], parts: dict[str, str]) -> Iterable[Case]:
    for item in items:
        if unknown := item.keys() - _KEYS:
            raise KeyError(f"{item['id']}: {', '.join(sorted(unknown))}")
        rule = Rule(
            id=item["id"],
            kind=item["kind"],
            pattern=expanded(item["pattern"], parts),
            category=item.get("category", "secret"),
            check=item.get("check", ""),
            generic=item.get("generic", False),
            run=item.get("run", False),
            until=item.get("until", ""),
        )
        yield Case(rule, tuple(item["examples"]), tuple(item["not"]))


def value_groups(names: dict[str, int], groups: int, first_group: bool) -> tuple[int, ...]:
    """The numbers of the groups that may hold the value, in order; (0,) for the whole match."""
    named = tuple(names[name] for name in ("v", "v1", "v2", "v3", "v4", "v5") if name in names)
    return named or ((1, 0) if first_group and groups else (0,))
