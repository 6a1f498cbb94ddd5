"""What in a text must not leave: the spans of secrets, e-mail addresses, homes' names, hosts and terms.

A text is a decoded string of a request, as a person would read it: in escaped JSON a third of all secrets is
not recognised. Secrets are found by a union of others' catalogue and our own rules.
"""

from __future__ import annotations

from collections.abc import Iterable
from collections.abc import Iterator
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import accumulate
from pathlib import Path

from ccgate.privacy import emails
from ccgate.privacy.candidates import RANK
from ccgate.privacy.candidates import Candidate
from ccgate.privacy.candidates import Span
from ccgate.privacy.candidates import in_characters
from ccgate.privacy.candidates import overlaps
from ccgate.privacy.candidates import resolved
from ccgate.privacy.catalogue import catalogue_rules
from ccgate.privacy.checks import CHECKS
from ccgate.privacy.checks import Context
from ccgate.privacy.conditions import Conditions
from ccgate.privacy.engine import SEPARATOR
from ccgate.privacy.engine import Engine
from ccgate.privacy.engine import Fired
from ccgate.privacy.engine import Pattern
from ccgate.privacy.engine import Spans
from ccgate.privacy.homes import slug_end
from ccgate.privacy.placeholders import PATTERN
from ccgate.privacy.placeholders import Category
from ccgate.privacy.policyrules import TermRule
from ccgate.privacy.policyrules import domain_rules
from ccgate.privacy.policyrules import term_rules
from ccgate.privacy.rules import ANY
from ccgate.privacy.rules import Rule
from ccgate.privacy.rules import own_rules

_LONGEST_VALUE = 2000
"""Of a longer value, its beginning is checked: enough to tell, and the time for a check is bounded."""


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

        Without what an earlier start left there, this takes seconds.

        Raises:
            hyperscan.error, re2.error: a rule cannot be compiled.
        """
        self._policy = policy
        self._categories = policy.categories
        self._engines = [shared_engine(cache)] if self._categories - {"term"} else []
        own = [*term_rules(policy.terms), *(domain_rules(policy.domains) if policy.network else ())]
        if own:
            self._engines.append(Engine(own))
        self._conditions = Conditions()

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
        found: dict[int, list[Candidate]] = {}
        for engine in self._engines:
            for number, fired in engine.fired_among(SEPARATOR.join(pieces), _ends(pieces)).items():
                found.setdefault(number, []).extend(self._by_rules(engine, fired, pieces[number]))
        for number, candidates in found.items():
            found[number] = _slugs(in_characters(candidates, pieces[number], len(texts[number])), texts[number])
        if self._policy.emails:
            for number, text in enumerate(texts):
                if "@" in text:
                    found.setdefault(number, []).extend(_addresses(text))
        spans: list[tuple[Span, ...]] = [()] * len(texts)
        for number, candidates in found.items():
            if candidates:
                spans[number] = tuple(resolved(self._allowed(candidates, texts[number])))
        return spans

    def _by_rules(self, engine: Engine, fired: Fired, data: bytes) -> Iterator[Candidate]:
        wanted = {index: ends for index, ends in fired.items() if self._applies(engine, index, fired, data)}
        for pattern, spans in engine.matches(data, wanted):
            rule = pattern.rule
            start, end = pattern.value(spans)
            value = data[start : min(end, start + _LONGEST_VALUE)]
            if value and self._counts(pattern, spans, value, data):
                rank = 1 if rule.generic else RANK[rule.category]
                yield Candidate(start, end, rank, rule.kind, rule.id, rule.category)

    def _applies(self, engine: Engine, index: int, fired: Fired, data: bytes) -> bool:
        rule = engine.rules[index]
        if rule.category not in self._categories:
            return False
        if not rule.needs:
            return True
        needed = {other: ends for other, ends in fired.items() if engine.rules[other].id in rule.needs}
        return any(True for _ in engine.matches(data, needed))

    def _counts(self, pattern: Pattern, spans: Spans, value: bytes, data: bytes) -> bool:
        rule = pattern.rule
        if rule.category == "term" or (rule.category == "network" and not rule.check):
            return True
        text = value.decode("utf-8", "replace")
        if rule.condition is not ANY and not self._conditions.hold(rule.condition, text):
            return False
        return CHECKS[rule.check or "anything"](text, _context(pattern, spans, data))

    def _allowed(self, found: Iterable[Candidate], text: str) -> Iterator[Candidate]:
        own = [match.span() for match in PATTERN.finditer(text)] if "redacted" in text.lower() else []
        for candidate in found:
            if own and overlaps(candidate, own):
                continue
            if self._policy.allow and text[candidate.start : candidate.end] in self._policy.allow:
                continue
            yield candidate


def _ends(pieces: Iterable[bytes]) -> list[int]:
    """Where each piece ends in all of them with separators between."""
    step = len(SEPARATOR)
    return [end - step for end in accumulate(len(piece) + step for piece in pieces)]


def _addresses(text: str) -> Iterator[Candidate]:
    rank = RANK["email"]
    for start, end in emails.find(text):
        yield Candidate(start, end, rank, "EMAIL", "email", "email")


def prepare(cache: Path) -> None:
    """Compile all rules and leave the result in a folder, so that a `Detector` starts at once."""
    shared_engine(cache)


@lru_cache(maxsize=4)
def shared_engine(cache: Path | None) -> Engine:
    """The engine for the catalogue and our own rules, which do not depend on a policy."""
    return Engine((*catalogue_rules(), *own_rules()), cache)


def _context(pattern: Pattern, spans: Spans, data: bytes) -> Context:
    names = pattern.names
    if "n" in names:
        start, end = spans[names["n"]]
        before = data[max(0, start - _LONGEST_NAME) : start]
        name = before[len(before.rstrip(_NAME)) :] + data[start:end]
        line = data[data.rfind(b"\n", max(0, start - _LONGEST_LINE), start) + 1 : start]
        return Context(
            name.decode("latin-1"),
            _group(names, "q", spans, data),
            data[end : pattern.value(spans)[0]].decode("latin-1"),
            line.decode("utf-8", "replace"),
        )
    if pattern.rule.check == "storage_key":
        start = pattern.value(spans)[0]
        return Context(before=data[max(0, start - 24) : start].decode("latin-1"))
    return _NOTHING


_NOTHING = Context()
_LONGEST_NAME = 40
_LONGEST_LINE = 120
_NAME = b"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.-"


def _group(names: dict[str, int], name: str, spans: Spans, data: bytes) -> str:
    if name not in names:
        return ""
    start, end = spans[names[name]]
    return data[start:end].decode("latin-1") if start >= 0 else ""


def _slugs(found: list[Candidate], text: str) -> list[Candidate]:
    if not any(item.rule == "home-slug" for item in found):
        return found
    homes = {text[item.start : item.end] for item in found if item.category == "home"}
    names = [name for name in homes if not name.isalnum()]
    return [
        item._replace(end=slug_end(text, item.start, item.end, names)) if item.rule == "home-slug" else item
        for item in found
    ]
