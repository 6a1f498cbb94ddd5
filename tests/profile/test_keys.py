"""The table of keys is the contract with everybody who wrote a profile; it must not change by accident."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from ccgate.profile.keys import PROFILE
from ccgate.profile.problems import Reading
from ccgate.profile.sections import Key
from ccgate.profile.tree import read_tree

DEFAULTS: dict[str, Any] = {
    "version": None,
    "upstream": "https://api.anthropic.com",
    "admission.clients": "required",
    "admission.hosts.govern": ("api.anthropic.com",),
    "admission.hosts.tunnel": ("platform.claude.com", "claude.ai", "claude.com", "downloads.claude.ai"),
    "admission.endpoints.unknown": "deny",
    "admission.models": (),
    "admission.limits.requests_per_minute": 0,
    "admission.limits.concurrent": 0,
    "privacy.secrets": "redact",
    "privacy.emails": "redact",
    "privacy.home": "redact",
    "privacy.network": "allow",
    "privacy.domains": (),
    "privacy.device_id": "keep",
    "privacy.terms": (),
    "privacy.allow": (),
    "privacy.attachments": "allow",
    "privacy.restore_secrets_in": ("Read", "Edit", "MultiEdit", "Write", "NotebookEdit"),
    "privacy.key": None,
    "telemetry": "absorb",
    "credential.kind": "pass-through",
    "credential.from": None,
    "credentials": {},
    "accounting.store": "sqlite",
    "accounting.chargeback_rate": Decimal("1.0"),
    "accounting.budgets": {},
}


def test_the_names_and_the_defaults_are_the_contract() -> None:
    assert {name: key.default for name, key in PROFILE.leaves()} == DEFAULTS


@pytest.mark.parametrize(("name", "key"), list(PROFILE.leaves()))
def test_each_key_has_one_line_of_help(name: str, key: Key) -> None:
    """It goes into a table and into an editor's hint."""
    assert key.help, name
    assert "\n" not in key.help
    assert "|" not in key.help


@pytest.mark.parametrize(("name", "key"), list(PROFILE.leaves()))
def test_what_is_built_is_something_that_the_key_can_hold(name: str, key: Key, tmp_path: Path) -> None:
    """Else the mend of "not built yet" would be refused in turn."""
    if key.built is None:
        return
    values = [value for value in key.built if value is not None]
    assert values
    for value in values:
        text = {"env:": "env:A", "file:": "file:a"}.get(value, value) if isinstance(value, str) else value
        file = tmp_path / "p.yaml"
        written = "[" + ", ".join(text) + "]" if isinstance(text, tuple) else str(text)
        file.write_text(f'k: "{written}"' if isinstance(text, str) and ":" in text else f"k: {written}")
        reading = Reading(file)
        read = key.kind.read(read_tree(reading).entries["k"], name, reading)
        reading.stop()
        assert read == text
        assert key.enforces(read)
