"""The catalogue of secrets that others keep: Betterleaks' and Veles' rules, as Kingfisher ships them.

They stand in `catalogue.json`, written from Kingfisher's package, so that the gateway needs neither the
package's 36 MB of native code nor the seconds that it takes to read them; `catalogue.licences.txt` says whose
they are.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Any

from ccgate.privacy.detection.rules import Condition
from ccgate.privacy.detection.rules import Rule

CATALOGUE = Path(__file__).with_name("catalogue.json")
"""The rules: `lists` of texts, and `rules` that name some of them by number."""

LICENCES = Path(__file__).with_name("catalogue.licences.txt")
"""The notices and licences that go with the rules."""


@cache
def catalogue_rules() -> tuple[Rule, ...]:
    """The catalogue's rules, in its order."""
    document = json.loads(CATALOGUE.read_bytes())
    lists = [tuple(texts) for texts in document["lists"]]
    return tuple(_rule(item, lists) for item in document["rules"])


def _rule(item: dict[str, Any], lists: Sequence[tuple[str, ...]]) -> Rule:
    def shared(name: str) -> tuple[str, ...]:
        return lists[item[name]] if name in item else ()

    condition = Condition(
        entropy=item.get("entropy", 0.0),
        natural=item.get("natural", True),
        deny=shared("deny"),
        require=shared("require"),
        without=shared("without"),
    )
    return Rule(
        id=item["id"],
        kind=item["kind"],
        pattern=item["pattern"],
        first_group=True,
        condition=condition,
        needs=tuple(item.get("needs", ())),
    )
