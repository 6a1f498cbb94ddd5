"""Names of people in the paths of their homes, and the forms that one name takes."""

from __future__ import annotations

import re
from collections.abc import Iterable
from urllib.parse import quote

_NO_LETTER = re.compile(r"[^A-Za-z0-9]")


def home_variants(name: str) -> tuple[str, ...]:
    """The forms in which a home's name stands in a conversation: itself first, each form once.

    The client turns every character of a path that is no letter and no digit into a hyphen where it names a
    folder after it (`/home/first.last` becomes `-home-first-last`); a URL has it percent-encoded.
    """
    forms = (name, _NO_LETTER.sub("-", name), quote(name, safe=""))
    return tuple(dict.fromkeys(forms))


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
