"""The README's reference is complete and renders as one table."""

from __future__ import annotations

import re

from ccgate.profile.keys import PROFILE
from ccgate.profile.reference import reference_markdown


def test_every_key_has_a_row_of_four_cells() -> None:
    head, rule, *rows = reference_markdown().splitlines()
    assert head == "| key | default | meaning | built yet |"
    assert rule == "|---|---|---|---|"
    assert [re.match(r"\| `([a-z_.]+)` \|", row)[1] for row in rows] == [name for name, _ in PROFILE.leaves()]  # type: ignore[index]
    assert {row.count("|") for row in rows} == {5}


def test_a_row_says_default_choices_and_what_is_built() -> None:
    text = reference_markdown()
    assert "| `privacy.secrets` | `redact` | `redact`, `block`, `allow`: keys, tokens" in text
    assert re.search(r"`privacy\.secrets`.* \| yes \|$", text, re.MULTILINE)
    assert re.search(r"`telemetry`.* \| only `allow` \|$", text, re.MULTILINE)
    assert re.search(r"`credential\.from` \| none \| .* \| only `env:…` or `file:…` \|$", text, re.MULTILINE)
    assert re.search(r"`admission\.clients`.* \| yes \|$", text, re.MULTILINE)
    assert "| `version` | required |" in text
