"""What `verify` prints for a person: a diff of each changed string, and in one sentence what it comes to.

What comes from a request is plain text here, never markup, and without control characters.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from collections.abc import Iterator
from collections.abc import Mapping
from collections.abc import Sequence
from typing import TYPE_CHECKING

from ccgate.proof.captured import Capture
from ccgate.proof.captured import Captured
from ccgate.proof.changes import Change
from ccgate.proof.changes import Place
from ccgate.proof.excerpt import Excerpt
from ccgate.proof.excerpt import Piece
from ccgate.proof.excerpt import excerpts
from ccgate.proof.excerpt import visible
from ccgate.proof.verify import Report

if TYPE_CHECKING:
    from rich.text import Text

STYLES = {"context": "", "old": "red", "new": "green"}

_MOST_MISSED = 10


def print_reports(capture: Capture, reports: Sequence[Report], *, show: bool = False) -> None:
    """Print the reports on a capture's requests, coloured where a person looks on."""
    # Here, because JSON does without it.
    from rich.console import Console

    console = Console(highlight=False, soft_wrap=True)
    for request, report in zip(capture.requests, reports, strict=True):
        for line in _request(request, report, show=show):
            console.print(line)
    for text in _rest(capture):
        console.print(text, markup=False)


def _request(request: Captured, report: Report, *, show: bool) -> Iterator[Text]:
    subject = "this request"
    if request.method:
        subject = f"request {request.number}"
        yield _styled(f"{subject}: {visible(f'{request.method} {request.path}')}", "bold")
    told: set[str] = set()
    for place in report.places:
        yield from _place(place, list(excerpts(place, report.secrets, show=show, told=told)))
    if report.places:
        yield _styled("", "")
    yield _styled(_verdict(subject, report), "bold" if report.outcome == "leaves" else "bold red")
    for sentence in _remarks(report):
        yield _styled(sentence, "yellow")
    if request.method:
        yield _styled("", "")


def _place(place: Place, shown: Sequence[Excerpt]) -> Iterator[Text]:
    yield _styled(f"{place.path}{' (the key)' if place.is_key else ''}", "cyan")
    for one in shown:
        yield _diff("-", one.before)
        yield _diff("+", one.after)
        yield _styled(f"    line {one.line}: {', '.join(_names(one.changes))}", "dim")
    rest = Counter(change.category for change in place.changes)
    rest.subtract(change.category for one in shown for change in one.changes)
    if listed := _listed(rest):
        yield _styled(f"    {'and ' if shown else ''}{listed}, as shown above", "dim")


def _names(changes: Iterable[Change]) -> Iterator[str]:
    """What was found, and by which rule; each of them once."""
    named = ((one.category, one.kind, one.rule) for one in changes)
    for category, kind, rule in dict.fromkeys(named):
        yield f"{category}{'' if kind == category.upper() else f' {kind}'} by {rule}"


def _verdict(subject: str, report: Report) -> str:
    if report.outcome != "leaves":
        return f"{subject} would not leave ({report.status}): {visible(report.reason or '')}"
    if not report.places:
        return f"{subject} would leave as it is: nothing in it is to be replaced"
    changes = [change for place in report.places for change in place.changes]
    values = len({change.placeholder for change in changes})
    replaced = f"{_count(len(changes), 'replacement')} of {_count(values, 'value')}"
    return f"{subject} would leave with {replaced}: {_listed(report.counts)}"


def _remarks(report: Report) -> Iterator[str]:
    if report.placeholders:
        held = _count(report.placeholders, "placeholder")
        yield f"it came with {held}, as a gateway has sent it on; they stay"
    if report.missed:
        where = ", ".join(report.missed[:_MOST_MISSED])
        more = ", …" if len(report.missed) > _MOST_MISSED else ""
        yield (
            f"a secret leaves all the same at {where}{more}: it is known from further on only, and what was "
            "sent before is not sent otherwise later"
        )
    if report.device == "unknown":
        yield "metadata.user_id is of a form that the gateway does not know; it leaves as it is"


def _rest(capture: Capture) -> Iterator[str]:
    if capture.others:
        are = "is no conversation, and was" if capture.others == 1 else "are no conversations, and were"
        yield f"{_count(capture.others, 'other request')} {are} not looked at"
    if capture.empty:
        have = "has" if capture.empty == 1 else "have"
        yield f"{_count(capture.empty, 'conversation')} {have} no body here"


def _listed[K: str](counts: Mapping[K, int]) -> str:
    return ", ".join(f"{name} {count:,}" for name, count in sorted(counts.items()) if count)


def _count(number: int, noun: str) -> str:
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


def _diff(sign: str, pieces: Iterable[Piece]) -> Text:
    from rich.text import Text

    style = STYLES["old" if sign == "-" else "new"]
    return Text.assemble((f"  {sign} ", style), *((text, STYLES[name]) for text, name in pieces))


def _styled(text: str, style: str) -> Text:
    from rich.text import Text

    return Text(text, style=style)
