"""What an entry is opened and closed with."""

from __future__ import annotations

from dataclasses import FrozenInstanceError
from datetime import UTC
from datetime import datetime

import pytest

from ccgate.accounting.entry import Opening


def test_an_opening_cannot_be_changed_after_the_request_has_left() -> None:
    opening = Opening("1", datetime.now(UTC), "c", "o", None, None, None, None, True, "/v1/messages", 1)
    with pytest.raises(FrozenInstanceError):
        opening.owner = "someone else"  # type: ignore[misc]
