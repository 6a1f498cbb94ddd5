"""The README is what a person goes by; what it leaves out does not exist for them."""

from __future__ import annotations

import re

import pytest
import yaml

from ccgate import errors
from ccgate import options
from ccgate.cli.main import COMMANDS
from ccgate.profile import shipped
from ccgate.profile.reference import reference_markdown
from tests.support.gateway import ROOT

README = (ROOT / "README.md").read_text()


def test_every_profile_key_is_in_the_reference() -> None:
    """The table is the code's own; `python -m ccgate.profile.reference` prints it."""
    assert reference_markdown().strip() in README


@pytest.mark.parametrize("command", sorted(COMMANDS))
def test_every_command_is_listed(command: str) -> None:
    assert f"./run.sh {command}" in README


@pytest.mark.parametrize("profile", sorted(shipped()))
def test_every_shipped_profile_is_listed(profile: str) -> None:
    assert f"| `{profile}` |" in README


@pytest.mark.parametrize("code", [errors.EX_CONFIG, errors.EX_IOERR])
def test_every_exit_code_of_the_gateway_is_listed(code: int) -> None:
    assert re.search(rf"^\| [\d, ]*\b{code}\b[\d, ]* \|", README, re.MULTILINE)


def test_every_exit_code_of_run_sh_is_listed() -> None:
    codes = re.findall(r"^EX_[A-Z]+=(\d+)$", (ROOT / "run.sh").read_text(), re.MULTILINE)
    assert codes
    for code in codes:
        assert re.search(rf"^\| [\d, ]*\b{code}\b[\d, ]* \|", README, re.MULTILINE), code


def test_our_option_is_named() -> None:
    assert f"--set {options.PROFILE}=" in README


def test_the_test_command_is_what_ci_calls() -> None:
    """CI and a newcomer run the same thing."""
    assert "\n./run.sh test\n" in README
    assert "\n./run.sh test\n" in (ROOT / ".ci" / "run").read_text()


def test_the_line_has_a_section() -> None:
    assert "\n## The line that we do not cross\n" in README


def test_the_shipped_profiles_are_yaml_for_everybody() -> None:
    for path in shipped().values():
        assert yaml.safe_load(path.read_text())["version"] == 1
