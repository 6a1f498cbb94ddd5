"""Rules that an operator's policy makes: terms, and host names under domains."""

from __future__ import annotations

import re
from collections.abc import Iterable
from collections.abc import Iterator
from dataclasses import dataclass

from ccgate.privacy.detection.rules import Rule

_WORD = r"0-9A-Za-z_\x80-\xff"


@dataclass(frozen=True, slots=True)
class TermRule:
    """A word of the operator's own, redacted wherever one of `match` stands."""

    name: str
    match: tuple[str, ...]
    ignore_case: bool = True
    whole_word: bool = True


def term_rules(terms: Iterable[TermRule]) -> Iterator[Rule]:
    """A rule for each term."""
    for term in terms:
        # The longest first: RE2 takes the first alternative that fits.
        texts = sorted((text for text in term.match if text), key=len, reverse=True)
        if not texts:
            continue
        found = "|".join(_any_case(text) if term.ignore_case else re.escape(text) for text in texts)
        pattern = f"(?P<v>{found})"
        if term.whole_word:
            pattern = f"(?:^|[^{_WORD}]){pattern}(?:[^{_WORD}]|$)"
        yield Rule(id=f"term:{term.name}", kind="TERM", pattern=pattern, category="term")


def domain_rules(domains: Iterable[str]) -> Iterator[Rule]:
    """A rule for each domain: itself and the host names under it, whatever their case."""
    for domain in domains:
        name = _any_case(domain.strip("."))
        host = rf"(?P<v>(?:[0-9A-Za-z_-]{{1,63}}\.)*{name})"
        pattern = rf"(?:^|[^0-9A-Za-z_.-]){host}(?:\.(?:[^0-9A-Za-z]|$)|[^0-9A-Za-z_.-]|$)"
        yield Rule(id=f"domain:{domain}", kind="HOST", pattern=pattern, category="network")


def _any_case(text: str) -> str:
    """A pattern for bytes that matches a text in each case; `(?i)` knows ASCII alone there."""
    characters = []
    for character in text:
        forms = dict.fromkeys((character, character.lower(), character.upper(), character.casefold()))
        characters.append(
            f"(?:{'|'.join(map(re.escape, forms))})" if len(forms) > 1 else re.escape(character)
        )
    return "".join(characters)
