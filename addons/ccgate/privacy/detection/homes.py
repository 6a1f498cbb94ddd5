"""Names of people in the paths of their homes, as the client's slugs have them."""

from __future__ import annotations

import re
from collections.abc import Iterable

_NO_LETTER = re.compile(r"[^A-Za-z0-9]")


def slug_end(text: str, start: int, end: int, names: Iterable[str]) -> int:
    """Where a name ends in a slug, in which a hyphen may be part of the name or stand for a slash.

    The names that stand in paths of the same text decide; without one the first hyphen ends it.
    """
    ends = [end]
    for name in names:
        slug = _NO_LETTER.sub("-", name)
        stop = start + len(slug)
        if text.startswith(slug, start) and not text[stop : stop + 1].isalnum():
            ends.append(stop)
    return max(ends)
