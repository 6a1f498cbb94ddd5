"""What tests of every room share."""

from __future__ import annotations

import os
import shutil
from pathlib import Path
from typing import NoReturn

import pytest
from hypothesis import settings

settings.register_profile("default", deadline=None)
settings.register_profile("thorough", deadline=None, max_examples=10_000)
# `--hypothesis-profile thorough` is for CI, and for whoever has changed what splits, merges or round-trips.
settings.load_profile("default")


def missing(reason: str) -> NoReturn:
    """Skip the test because this machine lacks something; in CI that is a failure, never a skip."""
    if os.environ.get("CI"):
        pytest.fail(f"CI skips nothing: {reason}", pytrace=False)
    pytest.skip(reason)


def require(tool: str) -> str:
    """The path of a program that the test needs; without it the test is skipped, in CI it fails."""
    path = shutil.which(tool)
    if path is None:
        missing(f"{tool} is not on the PATH")
    return path


@pytest.fixture
def tmp_state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A state folder of the test's own, named by CCGATE_HOME; it is not made yet."""
    folder = tmp_path / "state"
    monkeypatch.setenv("CCGATE_HOME", str(folder))
    return folder
