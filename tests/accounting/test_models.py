"""Model names: a wrong reading is a wrong bill."""

from __future__ import annotations

import pytest

from ccgate.accounting.models import Model
from ccgate.accounting.models import parse_model


@pytest.mark.parametrize(
    ("name", "model"),
    [
        ("claude-opus-5", Model("opus", 5, 0)),
        ("claude-opus-5-5", Model("opus", 5, 5)),
        ("claude-opus-4.8", Model("opus", 4, 8)),
        ("claude-opus-4-20250514", Model("opus", 4, 0)),
        ("claude-opus-4-0", Model("opus", 4, 0)),
        ("claude-opus-4-10", Model("opus", 4, 10)),
        ("claude-sonnet-4-5-20250929", Model("sonnet", 4, 5)),
        ("claude-sonnet-4-5-2025-09-29", Model("sonnet", 4, 5)),
        ("claude-opus-5-latest", Model("opus", 5, 0)),
        ("claude-3-5-haiku-latest", Model("haiku", 3, 5)),
        ("claude-3-opus-20240229", Model("opus", 3, 0)),
    ],
)
def test_names_of_anthropics_own(name: str, model: Model) -> None:
    assert parse_model(name) == model


@pytest.mark.parametrize(
    "name",
    [
        None,
        "",
        "gpt-5",
        "claude",
        "claude-opus",
        "claude-opus-4-8-fast",
        "claude-opus-4-8@20260101",
        "anthropic.claude-opus-4-8-v1:0",
        "anthropic/claude-opus-4-8",
        "claude-opus-4-8\n",
        "CLAUDE-OPUS-4-8",
    ],
)
def test_other_names_are_unknown(name: str | None) -> None:
    assert parse_model(name) is None


@pytest.mark.parametrize("name", ["claude-opus-4-8", "claude-fable-5", "claude-3-5-haiku", "claude-3-opus"])
def test_a_name_without_a_date_round_trips(name: str) -> None:
    model = parse_model(name)
    assert model is not None
    assert model.name == name
