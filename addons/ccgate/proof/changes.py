"""What a redaction changed, string by string: read off a request as it came and as it would leave.

A redaction says which rules found how much in which string, and what its placeholders stand for; where they
stand in a string follows from holding the two requests against each other. Both have the same shape, because
only strings change.
"""

from __future__ import annotations

import json
from collections import deque
from collections.abc import Iterable
from collections.abc import Iterator
from collections.abc import Sequence
from dataclasses import dataclass
from dataclasses import field
from functools import partial
from typing import Any
from typing import Literal

from ccgate.privacy import jsontext
from ccgate.privacy import walk
from ccgate.privacy.device import PSEUDONYM
from ccgate.privacy.examine import Finding
from ccgate.privacy.layout import lay_out
from ccgate.privacy.placeholders import PATTERN
from ccgate.privacy.placeholders import Category
from ccgate.privacy.vault import Vault
from ccgate.privacy.vault import end_of
from ccgate.privacy.work import Redaction

DEVICE_RULE = "device_id"
"""Names as a rule what the profile's `device_id` has changed."""

_nothing = partial(lambda _: None)
_decoder = json.JSONDecoder(parse_int=_nothing, parse_float=_nothing)
"""Reads lone surrogates too; numbers do not matter here, and may have more digits than Python takes."""


@dataclass(frozen=True, slots=True)
class Change:
    """What stands for a stretch of a string."""

    start: int
    end: int
    """Offsets in the string as it came, in characters."""
    line: int
    """The line of the string on which it begins, from 1."""
    category: Category | Literal["device"]
    kind: str
    rule: str
    """`a or b` (and the kind likewise) where several rules found values of that category in the string, and
    which of them found which is not told."""
    placeholder: str


@dataclass(frozen=True, slots=True)
class Place:
    """A string of a request in which something is changed; its repr does not show it."""

    path: str
    """`messages[3].content[0].text`."""
    is_key: bool
    """It is a key, not what stands under it."""
    text: str = field(repr=False)
    """As it came."""
    changes: tuple[Change, ...]
    """In order, and apart."""


@dataclass(frozen=True, slots=True)
class _Span:
    start: int
    end: int
    category: Category
    placeholder: str


def places(body: bytes, form: walk.Format, redaction: Redaction) -> Iterator[Place]:
    """The strings that a redaction changed, in the order of its findings; the device's comes last.

    Raises:
        ValueError: the redaction is not of this request.
    """
    findings = deque(redaction.findings)
    before, after = lay_out(body, form), lay_out(redaction.body, form)
    for old, new in zip(before.parts, after.parts, strict=True):
        raw, changed = body[old.start : old.end], redaction.body[new.start : new.end]
        if raw == changed:
            continue
        value = [_decoded(raw)]
        for leaf, text in _rewritten(value, [_decoded(changed)], walk.leaves(old.kind, value, 0)):
            spans = list(_spans(leaf.text, text, redaction.vault))
            yield _place(leaf, spans, _taken(findings, len(spans)))
    if findings:
        raise ValueError("a redaction says more than it did")
    if redaction.device == "pseudonym" and before.metadata is not None and after.metadata is not None:
        user = _decoded(body[before.metadata.start : before.metadata.end])["user_id"]
        changed_user = _decoded(redaction.body[after.metadata.start : after.metadata.end])["user_id"]
        if user != changed_user:
            yield _device(user, changed_user)


def _decoded(raw: bytes) -> Any:
    return _decoder.decode(raw.decode())


def _rewritten(
    before: list[Any], after: list[Any], leaves: Iterable[walk.Leaf]
) -> Iterator[tuple[walk.Leaf, str]]:
    """The leaves of a value that are others in the value after it, with what they are there.

    A leaf whose text is JSON gives the leaves in that.
    """
    twins = _Twins(before, after)
    for leaf in leaves:
        text = twins.text(leaf)
        if text == leaf.text:
            continue
        inner = _parsed(leaf.text) if leaf.is_json else None
        if inner is None:
            yield leaf, text
        else:
            within = walk.free_leaves(inner, 0, leaf.trail)
            yield from _rewritten(inner, [jsontext.parse(text)], within)


def _parsed(text: str) -> list[Any] | None:
    try:
        return [jsontext.parse(text)]
    except (jsontext.NotJson, jsontext.DuplicateKey):
        return None


class _Twins:
    """What became of each list, object and key of a value; both have one shape."""

    def __init__(self, before: list[Any], after: list[Any]) -> None:
        self._twins: dict[int, tuple[Any, dict[str, str]]] = {}
        pairs: list[tuple[Any, Any]] = [(before, after)]
        while pairs:
            old, new = pairs.pop()
            is_object = isinstance(old, dict)
            self._twins[id(old)] = (new, dict(zip(old, new, strict=True)) if is_object else {})
            members = (old.values(), new.values()) if is_object else (old, new)
            pairs += [(a, b) for a, b in zip(*members, strict=True) if isinstance(a, dict | list)]

    def text(self, leaf: walk.Leaf) -> str:
        """What became of a leaf of the value."""
        holder, keys = self._twins[id(leaf.holder)]
        place = keys.get(leaf.place, leaf.place)
        return str(place if leaf.is_key else holder[place])


def _spans(before: str, after: str, vault: Vault) -> Iterator[_Span]:
    """What was replaced in a string."""
    behind = 0  # How much further the same place is in the string as it came.
    for match in PATTERN.finditer(after):
        placeholder, start = match[0], match.start() + behind
        if before.startswith(placeholder, start):
            continue  # It came so.
        original = vault.original(placeholder)
        end = None if original is None else end_of(original.value, before, start)
        if original is None or end is None:
            raise ValueError("a redaction does not say what a placeholder stands for")
        yield _Span(start, end, original.category, placeholder)
        behind = end - match.end()
    if len(after) + behind != len(before):
        raise ValueError("a redaction changed more than it says")


def _taken(findings: deque[Finding], count: int) -> list[Finding]:
    """The next findings, which are those of one string with so many places."""
    taken: list[Finding] = []
    while count > 0 and findings:
        taken.append(findings.popleft())
        count -= taken[-1].count
    if count or not taken:
        raise ValueError("a redaction did other than it says")
    return taken


def _place(leaf: walk.Leaf, spans: Sequence[_Span], findings: Sequence[Finding]) -> Place:
    names = {span.category: _names(span.category, findings) for span in spans}
    changes = []
    line, last = 1, 0
    for span in spans:
        line += leaf.text.count("\n", last, span.start)
        last = span.start
        kind, rule = next(names[span.category])
        changes.append(Change(span.start, span.end, line, span.category, kind, rule, span.placeholder))
    return Place(findings[0].path, leaf.is_key, str(leaf.text), tuple(changes))


def _names(category: Category, findings: Iterable[Finding]) -> Iterator[tuple[str, str]]:
    """Kind and rule of one place of a category after the other, as far as findings tell.

    The findings of a string come in the order of their first places.
    """
    of_it = [one for one in findings if one.category == category]
    if not of_it:
        raise ValueError("a redaction did other than it says")
    if all(one.count == 1 for one in of_it):
        yield from ((one.kind, one.rule) for one in of_it)
    kinds = " or ".join(dict.fromkeys(one.kind for one in of_it))
    rules = " or ".join(dict.fromkeys(one.rule for one in of_it))
    while True:
        yield kinds, rules


def _device(before: str, after: str) -> Place:
    """The one change in `user_id`."""
    for match in PSEUDONYM.finditer(after):
        start, end = match.start(), len(before) - len(after) + match.end()
        if before[:start] == after[:start] and before[end:] == after[match.end() :]:
            line = before.count("\n", 0, start) + 1
            change = Change(start, end, line, "device", "DEVICE", DEVICE_RULE, match[0])
            return Place("metadata.user_id", False, before, (change,))
    raise ValueError("a redaction does not say where it put a device's pseudonym")
