"""How random a text is: what tells a key from a name, where a pattern alone cannot.

Two measures, because neither is enough. Shannon's entropy is low for repetitions and for words that use few
letters, but a long identifier reaches that of a key. The share of common pairs of letters is high for words
of whatever length, and low for what a generator made.
"""

from __future__ import annotations

import math
import re
import string
from functools import cache
from itertools import repeat
from operator import add

# The commonest pairs of letters in the names and comments of CPython's standard library: nine of ten there.
_COMMON = frozenset(
    "in er re te on es en at ti ed se le or st nt al ng co de ar me th it et li io ro ec ri ra ta ce an "
    "pe ne tr ve he ct is ns ea si nd as di ac ca pr ex la ma ss il na un fi ll pa lo nc el mp ge ic rt "
    "ch rs ts pl am ou om ur od im em rr ha to po ul ly su us no ut ep ad ai ho op ni mo bl ot ee ab pt "
    "ef tu ck cl fo va sp hi ke os ue tt oc pp ol ap rn ir id ty be ie ow up um so ls wi mi ig rm iv lt "
    "if ia do lu fa ev da sh ba ib ci sa ry cu wa wh bu qu rd ff cr rg fu ag fe ov ds sc vi pi ip ru ld "
    "xt gi yp au du oo ze nu gs iz ui av ob bo eg fr ub we yt ak wr bi tl nv gu mu pu py mb uc xc rc fl "
    "ua gn gh eq nf tc xp dd dl ay sy oi ki gr cc nn mm wo nl ht ey ok".split()
)
_MANY = 1 << 40
_PAIRS = {
    first + second: 1 + _MANY * (first + second in _COMMON)
    for first in string.ascii_lowercase
    for second in string.ascii_lowercase
}
"""Each pair of letters; those that are common count `_MANY` more, so that one sum tells both numbers."""

_RUNS = re.compile(r"[a-z]+|[A-Z]+|[0-9]+|[^A-Za-z0-9]")
_HEX = re.compile(r"[0-9a-fA-F]+(?:-[0-9a-fA-F]+)*")

WORDS = 0.7
"""From this share of common pairs on, a text is made of words: nine of ten identifiers have more, and one
random text of a hundred."""


def shannon(text: str) -> float:
    """Shannon entropy of a text's characters, in bits per character; 0 for an empty text."""
    length = len(text)
    if not length:
        return 0.0
    # Sorted, because the sum of the same numbers in another order is another in its last digit.
    counts = sorted(map(text.count, set(text)))
    return math.log2(length) - sum(map(_count_bits, counts)) / length


@cache
def _count_bits(count: int) -> float:
    return count * math.log2(count)


def wordiness(text: str) -> float:
    """Which share of the pairs of neighbouring letters is common in words, 0 to 1; 0 without any pair."""
    lowered = text.lower()
    common, letters = divmod(sum(map(_PAIRS.get, map(add, lowered, lowered[1:]), repeat(0))), _MANY)
    return common / letters if letters else 0.0


def digits(text: str) -> int:
    """How many digits a text has."""
    return sum(map(text.count, string.digits))


def is_wordy(text: str) -> bool:
    """Whether a text is made of words: hardly any digits, and pairs of letters as in words."""
    return digits(text) * 8 < len(text) and wordiness(text) >= WORDS


def is_hex(text: str) -> bool:
    """Whether a text has hexadecimal digits alone, hyphens between them allowed."""
    return _HEX.fullmatch(text) is not None


def is_random(text: str) -> bool:
    """Whether a text looks made by a generator of keys rather than by a person.

    It changes between small letters, capitals and digits often, the more so the fewer digits it has, and is
    not made of words. Sixteen characters of an alphabet of keys mostly pass; fewer are never enough.
    """
    length = len(text)
    if length < 16:
        return False
    count = digits(text)
    runs = len(_RUNS.findall(text))
    # Capitals and digits alone, or small letters and digits alone, change less often.
    if runs * (5 if text.isalnum() and (text.islower() or text.isupper()) else 4) < length:
        return False
    if count < 2 and (text.lower() == text or text.upper() == text or runs * 5 < length * 2 - count):
        return False
    if shannon(text) < (2.7 if is_hex(text) else 3.4):
        return False
    return count * 4 >= length or wordiness(text) < WORDS
