"""The detector under test, with what it compiles kept between runs."""

from __future__ import annotations

from functools import cache
from pathlib import Path

from platformdirs import user_cache_path

from ccgate.privacy.detection.detect import Detector
from ccgate.privacy.detection.detect import Policy

EVERYTHING = Policy(network=True)
"""All categories that need no list of the operator's."""


def cache_folder() -> Path:
    """Where compiled rules are kept for tests and measurements."""
    return user_cache_path("ccgate") / "detection"


@cache
def detector(policy: Policy = EVERYTHING) -> Detector:
    """A detector; the same for the same policy."""
    return Detector(policy, cache_folder())
