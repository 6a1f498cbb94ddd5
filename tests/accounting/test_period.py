"""Points in time as a person gives them."""

from __future__ import annotations

from datetime import UTC
from datetime import datetime

import pytest

from ccgate.accounting.period import parse_moment

NOW = datetime(2026, 11, 21, 5, 30, 15, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("30m", "2026-11-21T05:00:15Z"),
        ("24h", "2026-11-20T05:30:15Z"),
        ("7d", "2026-11-14T05:30:15Z"),
        ("2w", "2026-11-07T05:30:15Z"),
        ("today", "2026-11-21T00:00:00Z"),
        ("yesterday", "2026-11-20T00:00:00Z"),
        ("2026-11-01", "2026-11-01T00:00:00Z"),
        ("2026-11-01T09:30", "2026-11-01T09:30:00Z"),
        ("2026-11-01 09:30:01", "2026-11-01T09:30:01Z"),
        ("2026-11-01T09:30+02:00", "2026-11-01T07:30:00Z"),
    ],
)
def test_since(text: str, moment: str) -> None:
    assert parse_moment(text, NOW, "since") == datetime.fromisoformat(moment)


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("today", "2026-11-22T00:00:00Z"),
        ("2026-11-01", "2026-11-02T00:00:00Z"),
        ("2026-11-01T09:30", "2026-11-01T09:30:00Z"),
        ("7d", "2026-11-14T05:30:15Z"),
    ],
)
def test_until_takes_its_day_in(text: str, moment: str) -> None:
    """Who asks until the 1st means the 1st as well."""
    assert parse_moment(text, NOW, "until") == datetime.fromisoformat(moment)


@pytest.mark.parametrize("text", ["", "soon", "7", "7y", "-7d", "2026-13-01", "9" * 9 + "d", "1.5h"])
def test_anything_else_is_a_sentence(text: str) -> None:
    with pytest.raises(ValueError, match="is no time; give a date"):
        parse_moment(text, NOW, "since")
