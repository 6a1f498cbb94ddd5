"""Reads the points in time that a person gives to a report."""

from __future__ import annotations

import re
from datetime import UTC
from datetime import date
from datetime import datetime
from datetime import time
from datetime import timedelta
from typing import Literal

_SPAN = re.compile(r"(\d{1,5})(m|h|d|w)")
_UNITS = {"m": "minutes", "h": "hours", "d": "days", "w": "weeks"}


def parse_moment(text: str, now: datetime, edge: Literal["since", "until"]) -> datetime:
    """The moment that a text names, in UTC.

    `7d`, `24h`, `30m`, `2w` reach back from `now`; `today` and `yesterday` are days in UTC; the rest is
    an ISO date or time, in UTC unless it says otherwise. A day counts as a whole: as `since` it means
    its beginning, as `until` its end.

    Raises:
        ValueError: it is none of these; the text says what would be.
    """
    if match := _SPAN.fullmatch(text):
        return now - timedelta(**{_UNITS[match[2]]: int(match[1])})
    day = _day(text, now)
    if day is not None:
        if edge == "until":
            day += timedelta(days=1)
        return datetime.combine(day, time(), UTC)
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise ValueError(
            f"{text!r} is no time; give a date (2026-11-21), a time (2026-11-21T09:30), "
            "a span (7d, 24h, 30m) or today"
        ) from None
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)


def _day(text: str, now: datetime) -> date | None:
    if text == "today":
        return now.date()
    if text == "yesterday":
        return now.date() - timedelta(days=1)
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None
