"""The schema that editors use agrees with the loader, and the shipped file with both."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import jsonschema
import pytest
import yaml

from ccgate.errors import ConfigError
from ccgate.profile.find import PROFILES
from ccgate.profile.find import shipped
from ccgate.profile.loader import load
from ccgate.profile.schema import json_schema
from ccgate.profile.schema import schema_text

VALIDATOR = jsonschema.Draft202012Validator(json_schema())

HEAD = "version: 1\nprivacy: {secrets: allow, emails: allow, home: allow}\ntelemetry: allow\n"

GOOD = [
    HEAD,
    HEAD + "upstream: http://127.0.0.1:9000",
    HEAD + "upstream: https://gateway.example:8443/",
    HEAD + "admission: {hosts: {govern: [API.anthropic.com.], tunnel: []}, models: ['claude-*']}",
    HEAD + "admission: {limits: {requests_per_minute: 0, concurrent: 0}, clients: optional}",
    HEAD + "credential: {kind: api-key, from: 'file:~/key'}",
    HEAD + "accounting: {store: sqlite, chargeback_rate: 1, budgets: {}}",
]

NOT_BUILT = [
    HEAD + "accounting: {budgets: {'*': {daily: 20.00, weekly: , warn_at: 0.5}}}",
    HEAD + "credentials: {ci: {kind: api-key, from: 'env:A'}}",
    HEAD + "credential: {kind: api-key, from: 'keyring:a/b'}",
    "version: 1\nprivacy: {terms: [{name: p, match: [Nightingale], ignore_case: true}]}",
]

BAD = [
    "version: 2",
    "version: '1'",
    "{}",
    "[]",
    HEAD + "telemetri: allow",
    HEAD + "upstream: http://example.com",
    HEAD + "upstream: https://example.com/v1",
    HEAD + "upstream: https://me@example.com",
    HEAD + "upstream: 5",
    HEAD + "admission: required",
    HEAD + "admission: {clients: none}",
    HEAD + "admission: {hosts: {govern: []}}",
    HEAD + "admission: {hosts: {govern: api.anthropic.com}}",
    HEAD + "admission: {hosts: {tunnel: ['*.claude.ai']}}",
    HEAD + "admission: {hosts: {tunnel: ['claude.ai:443']}}",
    HEAD + "admission: {hosts: {tunnel: [localhost]}}",
    HEAD + "admission: {endpoints: {unknown: no}}",
    HEAD + "admission: {models: [no]}",
    HEAD + "admission: {models: [' ']}",
    HEAD + "admission: {limits: {concurrent: -1}}",
    HEAD + "admission: {limits: {concurrent: 1.5}}",
    HEAD + "admission: {limits: {concurrent: true}}",
    HEAD + "credential: {kind: apikey}",
    HEAD + "credential: {kind: api-key, from: sk-ant-abc}",
    HEAD + "credential: {kind: api-key, from: 'env:A-B'}",
    HEAD + "credentials: {ci: {kind: api-key, form: 'env:A'}}",
    HEAD + "accounting: {store: postgres}",
    HEAD + "accounting: {chargeback_rate: '1.0'}",
    HEAD + "accounting: {chargeback_rate: -1}",
    HEAD + "accounting: {budgets: {ann: {daily: lots}}}",
    HEAD + "accounting: {budgets: {ann: {warn_at: 2}}}",
    "version: 1\nprivacy: {terms: [{name: p}]}",
    "version: 1\nprivacy: {terms: [{name: p, match: []}]}",
    "version: 1\nprivacy: {terms: [{name: p, match: [x], whole_word: 1}]}",
]


def refusal(folder: Path, text: str) -> str | None:
    """What the loader has against a text."""
    file = folder / "p.yaml"
    file.write_text(text)
    try:
        load(file)
    except ConfigError as e:
        return str(e)
    return None


def test_the_schema_is_one() -> None:
    jsonschema.Draft202012Validator.check_schema(json_schema())


def test_the_shipped_schema_is_that_of_the_table() -> None:
    remedy = "write it anew: PYTHONPATH=addons python -m ccgate.profile.schema > profiles/schema.json"
    assert (PROFILES / "schema.json").read_text(encoding="utf-8") == schema_text(), remedy


def test_the_command_prints_it() -> None:
    package = PROFILES.parent / "addons"
    command = [sys.executable, "-m", "ccgate.profile.schema"]
    ran = subprocess.run(command, capture_output=True, env={"PYTHONPATH": str(package)}, check=True)
    assert ran.stdout.decode() == schema_text()


@pytest.mark.parametrize("path", shipped().values(), ids=lambda path: path.stem)
def test_the_shipped_profiles_hold_to_the_schema_and_name_it(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    VALIDATOR.validate(yaml.safe_load(text))
    assert text.startswith("# yaml-language-server: $schema=schema.json\n")


@pytest.mark.parametrize("text", GOOD)
def test_what_loads_is_right_for_the_editor_too(tmp_path: Path, text: str) -> None:
    assert refusal(tmp_path, text) is None
    VALIDATOR.validate(yaml.safe_load(text))


@pytest.mark.parametrize("text", NOT_BUILT)
def test_what_is_not_built_is_no_mistake_of_form(tmp_path: Path, text: str) -> None:
    """The file stays as it is when the feature comes; the editor does not draw a line under it."""
    rows = (refusal(tmp_path, text) or "").splitlines()
    assert rows
    assert all("is not built yet" in row for row in rows)
    VALIDATOR.validate(yaml.safe_load(text))


@pytest.mark.parametrize("text", BAD)
def test_what_the_loader_refuses_the_editor_marks(tmp_path: Path, text: str) -> None:
    problem = refusal(tmp_path, text)
    assert problem is not None
    assert "is not built yet" not in problem
    assert not VALIDATOR.is_valid(yaml.safe_load(text))
