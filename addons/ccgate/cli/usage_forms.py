"""The forms that `usage` has: a table for a person; JSON and CSV with every digit for a program.

Names come from clients. In a table they are plain text, never markup; in CSV what a spreadsheet would
take for a formula gets an apostrophe before it (https://owasp.org/www-community/attacks/CSV_Injection).
"""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterable
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING

from ccgate.accounting.metered import Tokens
from ccgate.accounting.report import Line
from ccgate.accounting.report import Period
from ccgate.accounting.report import Row
from ccgate.accounting.report import Totals

if TYPE_CHECKING:
    from rich.table import Table

WIDTH = 1000
"""Wider than any row: on a narrow terminal a row wraps, instead of losing the names in it."""

_FORMULA = ("=", "+", "-", "@", "\t", "\r")


@dataclass(frozen=True, slots=True)
class Report:
    """What is to be shown: sums by `by`, or without it the last entries; and the sums over all."""

    period: Period
    by: tuple[str, ...]
    rows: Sequence[Row]
    entries: Sequence[Line]
    total: Totals


def as_json(report: Report) -> str:
    """The report as one JSON object; costs are strings, because they are exact."""
    since, until = report.period.since, report.period.until
    document: dict[str, object] = {
        "since": since and since.isoformat(),
        "until": until and until.isoformat(),
        "total": _sums(report.total),
    }
    if report.by:
        document["by"] = report.by
        document["rows"] = [
            {**dict(zip(report.by, row.keys, strict=True)), **_sums(row.totals)} for row in report.rows
        ]
    else:
        document["entries"] = [_entry(line) for line in report.entries]
    return json.dumps(document, indent=2, ensure_ascii=False)


def as_csv(report: Report) -> str:
    """The report's rows as CSV, the sums over all left out, so that a column can be added up."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    if report.by:
        writer.writerow((*report.by, *_sums(report.total)))
        for row in report.rows:
            writer.writerow((*map(_cell, row.keys), *_sums(row.totals).values()))
    else:
        writer.writerow(_ENTRY_COLUMNS)
        for line in report.entries:
            writer.writerow([_cell(value) for value in _entry(line).values()])
    return text.getvalue()


def print_table(report: Report) -> None:
    """Print the report for a person."""
    # Here, because only a table needs it.
    from rich.console import Console

    console = Console(width=WIDTH, highlight=False)
    console.print(_grouped_table(report) if report.by else _entries_table(report))
    if not report.by:
        console.print(_sentence(report.total), markup=False)


def money(cost: Decimal | None) -> str:
    """Dollars with at least four digits that say something."""
    if cost is None:
        return "unknown"
    if not cost:
        return "$0"
    digits = max(4, 3 - cost.adjusted())
    return f"${cost:,.{digits}f}"


def exact(cost: Decimal) -> str:
    """Dollars with all their digits and no exponent."""
    return f"{cost.normalize():f}"


def _sums(totals: Totals) -> dict[str, int | str]:
    return {
        "requests": totals.requests,
        **_tokens(totals.tokens),
        "cost_usd": exact(totals.cost),
        "unknown_cost": totals.unknown,
        "open": totals.open,
        "interrupted": totals.interrupted,
        "aborted": totals.aborted,
        "failed": totals.failed,
    }


def _entry(line: Line) -> dict[str, int | float | str | None]:
    return {
        "started_at": line.started_at,
        "id": line.id,
        "client": line.client,
        "owner": line.owner,
        "model": line.model,
        "session": line.session_id,
        **_tokens(line.tokens),
        "cost_usd": None if line.cost is None else exact(line.cost),
        "cost_note": line.cost_note,
        "state": line.state,
        "status": line.status,
        "error": line.error,
        "total_ms": line.total_ms,
    }


def _tokens(tokens: Tokens) -> dict[str, int]:
    return {
        "input_tokens": tokens.input,
        "cache_write_5m_tokens": tokens.cache_write_5m,
        "cache_write_1h_tokens": tokens.cache_write_1h,
        "cache_read_tokens": tokens.cache_read,
        "output_tokens": tokens.output,
        "web_searches": tokens.web_searches,
    }


_ENTRY_COLUMNS = (
    *("started_at", "id", "client", "owner", "model", "session"),
    *_tokens(Tokens()),
    *("cost_usd", "cost_note", "state", "status", "error", "total_ms"),
)


def _cell(value: object) -> object:
    return f"'{value}" if isinstance(value, str) and value.startswith(_FORMULA) else value


def _table(texts: Iterable[str], numbers: Iterable[str]) -> Table:
    from rich.table import Table

    table = Table(box=None, pad_edge=False)
    for text in texts:
        table.add_column(text, overflow="fold")
    for number in numbers:
        table.add_column(number, justify="right", no_wrap=True)
    return table


def _grouped_table(report: Report) -> Table:
    from rich.text import Text

    table = _table((f"\n{group}" for group in report.by), _counts(report.total, report.total))
    for row in report.rows:
        keys = (Text(key or "-") for key in row.keys)
        table.add_row(*keys, *_counts(row.totals, report.total).values())
    names = ["total", *[""] * (len(report.by) - 1)]
    table.add_row(*names, *_counts(report.total, report.total).values(), style="bold")
    return table


def _counts(totals: Totals, overall: Totals) -> dict[str, str]:
    """The numbers of a row by their headings; a class that was not used at all has no column."""
    of_row, of_all = (
        {
            **_classes(one.tokens),
            "\nsearches": one.tokens.web_searches,
            "cost\nunknown": one.unknown,
            "\nopen": one.open,
            "inter-\nrupted": one.interrupted,
            "\naborted": one.aborted,
            "\nfailed": one.failed,
        }
        for one in (totals, overall)
    )
    used = {heading: f"{count:,}" for heading, count in of_row.items() if of_all[heading]}
    return {"\nrequests": f"{totals.requests:,}", "\ncost": _sum(totals), **used}


def _entries_table(report: Report) -> Table:
    from rich.text import Text

    used = [heading for heading, count in _classes(report.total.tokens).items() if count]
    table = _table(("\ntime (UTC)", "\nclient", "\nmodel"), ("\ncost", *used))
    table.add_column("\nstate")
    for line in report.entries:
        names = (line.started_at[:19].replace("T", " "), line.client, line.model or "-")
        counts = _classes(line.tokens)
        ended = " ".join(one for one in (line.state, line.error) if one)
        numbers = (f"{counts[heading]:,}" for heading in used)
        table.add_row(*map(Text, names), money(line.cost), *numbers, Text(ended))
    return table


def _classes(tokens: Tokens) -> dict[str, int]:
    return {
        "\ninput": tokens.input,
        "write\n5m": tokens.cache_write_5m,
        "write\n1h": tokens.cache_write_1h,
        "cache\nread": tokens.cache_read,
        "\noutput": tokens.output,
    }


def _sum(totals: Totals) -> str:
    """What is known of a cost: a sum that lacks something must not look like one that does not."""
    if not totals.unknown:
        return money(totals.cost)
    return f"{money(totals.cost)} + ?" if totals.cost else "unknown"


def _remarks(totals: Totals) -> str:
    told = {
        "of unknown cost": totals.unknown,
        "open": totals.open,
        "interrupted": totals.interrupted,
        "aborted": totals.aborted,
        "failed": totals.failed,
    }
    return ", ".join(f"{count:,} {what}" for what, count in told.items() if count)


def _sentence(totals: Totals) -> str:
    tokens = totals.tokens
    requests = f"{totals.requests:,} request{'' if totals.requests == 1 else 's'}"
    sentence = f"{requests}, {tokens.prompt:,} tokens in, {tokens.output:,} out, {_sum(totals)}"
    remarks = _remarks(totals)
    return f"{sentence} ({remarks})" if remarks else sentence
