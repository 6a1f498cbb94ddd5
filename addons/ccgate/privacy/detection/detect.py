"""What in a text must not leave: the spans of secrets, e-mail addresses, homes' names, hosts and terms.

A text is a decoded string of a request, as a person would read it: in escaped JSON a third of all secrets is
not recognised. Secrets are found by a union of others' catalogue and our own rules.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from collections.abc import Iterator
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from importlib.metadata import version
from pathlib import Path

from ccgate.privacy.detection import emails
from ccgate.privacy.detection.candidates import RANK
from ccgate.privacy.detection.candidates import Candidate
from ccgate.privacy.detection.candidates import Span
from ccgate.privacy.detection.candidates import in_characters
from ccgate.privacy.detection.candidates import joined
from ccgate.privacy.detection.candidates import overlaps
from ccgate.privacy.detection.candidates import resolved
from ccgate.privacy.detection.catalogue import catalogue_rules
from ccgate.privacy.detection.checks import CHECKS
from ccgate.privacy.detection.conditions import Conditions
from ccgate.privacy.detection.contexts import NOTHING
from ccgate.privacy.detection.contexts import context
from ccgate.privacy.detection.engine import SEPARATOR
from ccgate.privacy.detection.engine import Engine
from ccgate.privacy.detection.engine import Fired
from ccgate.privacy.detection.engine import text_ends
from ccgate.privacy.detection.homes import slug_end
from ccgate.privacy.detection.nearby import Spans
from ccgate.privacy.detection.patterns import Pattern
from ccgate.privacy.detection.policyrules import TermRule
from ccgate.privacy.detection.policyrules import domain_rules
from ccgate.privacy.detection.policyrules import term_rules
from ccgate.privacy.detection.rules import ANY
from ccgate.privacy.detection.rules import Rule
from ccgate.privacy.detection.rules import own_rules
from ccgate.privacy.detection.selection import Selection
from ccgate.privacy.placeholders import PATTERN
from ccgate.privacy.placeholders import Category

_LONGEST_VALUE = 2000
"""Of a longer value, its beginning is checked: enough to tell, and the time for a check is bounded."""

_MOST_PERSONS = 4096
"""Names of homes that are remembered."""


@dataclass(frozen=True, slots=True)
class Policy:
    """What is looked for. Values in `allow` never are."""

    secrets: bool = True
    emails: bool = True
    home: bool = True
    network: bool = False
    domains: tuple[str, ...] = ()
    terms: tuple[TermRule, ...] = ()
    allow: frozenset[str] = frozenset()

    @property
    def categories(self) -> frozenset[Category]:
        """The categories of rules that apply; `terms` apply where there are any."""
        wanted: dict[Category, bool] = {
            "secret": self.secrets,
            "email": self.emails,
            "home": self.home,
            "network": self.network,
            "term": True,
        }
        return frozenset(category for category, on in wanted.items() if on)


class Detector:
    """Finds what a policy wants found. Usable from any thread."""

    def __init__(self, policy: Policy, cache: Path | None = None) -> None:
        """Compile the rules; `cache` is a folder of the owner's alone for what was compiled.

        Without what an earlier start left there, this takes a second.

        Raises:
            hyperscan.error, re2.error: a rule cannot be compiled.
        """
        self._policy = policy
        self._categories = policy.categories
        engines = [shared_engine(cache)] if self._categories - {"term"} else []
        own = [*term_rules(policy.terms), *(domain_rules(policy.domains) if policy.network else ())]
        if own:
            engines.append(Engine(own))
        self._engines = [Selection(engine, self._categories) for engine in engines]
        self._conditions = Conditions()
        self.version = _version(policy)
        """Differs whenever a detector would find something else: of the rules, the code and the policy."""
        self._persons: dict[tuple[str, bytes], bool] = {}

    def find(self, text: str) -> tuple[Span, ...]:
        """What must not leave of a text: sorted spans that do not overlap, none of them in a placeholder.

        Raises:
            hyperscan.error: the scan failed; nothing is known of the text then.
        """
        return self.find_all((text,))[0]

    def find_all(self, texts: Sequence[str]) -> list[tuple[Span, ...]]:
        """What `find` gives for each of many texts, for the cost of a scan of all of them.

        Raises:
            hyperscan.error: the scan failed; nothing is known of the texts then.
        """
        # One character stays one character: a lone surrogate becomes a question mark.
        pieces = [text.encode("utf-8", "replace") for text in texts]
        data = SEPARATOR.join(pieces)
        found: dict[int, list[Candidate]] = {}
        ends = text_ends(pieces)
        for selected in self._engines:
            for number, fired in selected.engine.fired_among(data, ends).items():
                if candidates := self._by_rules(selected, fired, pieces[number]):
                    found[number] = found[number] + candidates if number in found else candidates
        for number, candidates in found.items():
            found[number] = _slugs(
                in_characters(candidates, pieces[number], len(texts[number])), texts[number]
            )
        if self._policy.emails:
            for number, text in enumerate(texts):
                if "@" in text and (addresses := list(_addresses(text))):
                    found[number] = found[number] + addresses if number in found else addresses
        spans: list[tuple[Span, ...]] = [()] * len(texts)
        marked = _has_mark(data)
        for number, candidates in found.items():
            spans[number] = resolved(self._allowed(candidates, texts[number], marked))
        return spans

    def _by_rules(self, selected: Selection, fired: Fired, data: bytes) -> list[Candidate]:
        engine = selected.engine
        found = self._checked(engine.matches(data, selected.specific(fired, data)), data, [])
        if generic := selected.generic(fired):
            found += self._checked(engine.matches(data, generic), data, self._taken(found, data))
        return found

    def _checked(
        self, matches: Iterable[tuple[Pattern, Spans]], data: bytes, taken: list[tuple[int, int]]
    ) -> list[Candidate]:
        """What counts of some matches; `taken` are places of secrets that win over what overlaps them."""
        found = []
        for pattern, spans in matches:
            rule = pattern.rule
            start, end = pattern.value(spans)
            if start >= end or (taken and overlaps(start, end, taken)):
                continue
            if self._counts(pattern, spans, data[start : min(end, start + _LONGEST_VALUE)], data):
                found.append(Candidate(start, end, pattern.rank, rule.kind, rule.id, rule.category))
        return found

    def _taken(self, found: Iterable[Candidate], data: bytes) -> list[tuple[int, int]]:
        """Where secrets are sure to stand, so that nothing generic has to be looked at there."""
        if _has_mark(data):  # what is in a placeholder does not count in the end
            return []
        allow = self._policy.allow
        places = ((item.start, item.end) for item in found if item.category == "secret")
        return joined(
            place
            for place in places
            if not allow or data[slice(*place)].decode("utf-8", "replace") not in allow
        )

    def _counts(self, pattern: Pattern, spans: Spans, value: bytes, data: bytes) -> bool:
        rule = pattern.rule
        if rule.category == "term" or (rule.category == "network" and not rule.check):
            return True
        if rule.category == "home":
            return self._is_person(rule, value)
        text = value.decode("utf-8", "replace")
        if rule.condition is not ANY and not self._conditions.hold(rule.condition, text):
            return False
        return CHECKS[rule.check or "anything"](text, context(pattern, spans, data))

    def _is_person(self, rule: Rule, name: bytes) -> bool:
        """The check of a home's name, remembered: in a conversation there are few, in nearly every text."""
        known = self._persons.get((rule.check, name))
        if known is None:
            if len(self._persons) >= _MOST_PERSONS:
                self._persons.clear()
            known = CHECKS[rule.check](name.decode("utf-8", "replace"), NOTHING)
            self._persons[rule.check, name] = known
        return known

    def _allowed(self, found: list[Candidate], text: str, marked: bool) -> list[Candidate]:
        if marked and (own := [match.span() for match in PATTERN.finditer(text)]):
            found = [item for item in found if not overlaps(item.start, item.end, own)]
        if allow := self._policy.allow:
            found = [item for item in found if text[item.start : item.end] not in allow]
        return found


def _has_mark(data: bytes) -> bool:
    """Whether a placeholder of ours may stand in a text."""
    return b"redacted" in data or b"REDACTED" in data


def _addresses(text: str) -> Iterator[Candidate]:
    rank = RANK["email"]
    for start, end in emails.find(text):
        yield Candidate(start, end, rank, "EMAIL", "email", "email")


def _version(policy: Policy) -> bytes:
    asked = [policy.secrets, policy.emails, policy.home, policy.network, policy.domains, policy.terms]
    digest = hashlib.sha256(repr([asked, sorted(policy.allow), version("google-re2")]).encode())
    digest.update(_code())
    return digest.digest()


@lru_cache(maxsize=1)
def _code() -> bytes:
    """A digest of this folder: of all rules, words and checks, and of what else decides what is found."""
    digest = hashlib.sha256()
    for path in sorted(Path(__file__).parent.iterdir()):
        if path.suffix in (".py", ".yaml", ".json"):
            digest.update(hashlib.sha256(path.read_bytes()).digest())
    return digest.digest()


@lru_cache(maxsize=4)
def shared_engine(cache: Path | None) -> Engine:
    """The engine for the catalogue and our own rules, which do not depend on a policy."""
    return Engine((*catalogue_rules(), *own_rules()), cache)


def _slugs(found: list[Candidate], text: str) -> list[Candidate]:
    if "home-slug" not in [item.rule for item in found]:
        return found
    homes = {text[item.start : item.end] for item in found if item.category == "home"}
    names = [name for name in homes if not name.isalnum()]
    return [
        item._replace(end=slug_end(text, item.start, item.end, names)) if item.rule == "home-slug" else item
        for item in found
    ]
