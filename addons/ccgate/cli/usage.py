"""`usage`: what was used and what it cost.

stdout carries the report alone; everything else that is said goes to stderr. Nothing used is not an
error: the exit code is 0, and JSON and CSV are complete and empty. 74 is a ledger that cannot be read,
2 a wrong option.

JSON is one object: `since`, `until` (ISO times or null), `total`, and with `--by` also `by` and `rows`,
else `entries`, newest first. `total` and each row have `requests`, `input_tokens`,
`cache_write_5m_tokens`, `cache_write_1h_tokens`, `cache_read_tokens`, `output_tokens`, `web_searches`,
`cost_usd`, `unknown_cost`, `open`, `interrupted`, `aborted` and `failed`; a row has its groups' values
before them. `cost_usd` is a string with every digit. It is the sum of the costs that are known;
`unknown_cost` counts the entries that have ended without one. An entry whose cost is not known has null,
and the reason in `cost_note`. CSV has the same columns, one line for each row or entry.
"""

from __future__ import annotations

import sqlite3
from datetime import UTC
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING
from typing import Literal

import click

from ccgate.state import locate

if TYPE_CHECKING:
    from ccgate.accounting.report import Period
    from ccgate.cli.usage_forms import Report

GROUPS = ("owner", "client", "model", "session", "day")


@click.command()
@click.option(
    "--by", multiple=True, type=click.Choice(GROUPS), help="Sums for each; may be given more than once."
)
@click.option("--since", metavar="TIME", help="A date or time, a span such as 7d or 24h, today.")
@click.option("--until", metavar="TIME", help="The same; a date includes its day.")
@click.option(
    "--last",
    type=click.IntRange(min=0),
    default=20,
    show_default=True,
    help="How many entries to list without --by.",
)
@click.option("--format", "form", type=click.Choice(["table", "json", "csv"]), default="table")
def usage(
    by: tuple[str, ...],
    since: str | None,
    until: str | None,
    last: int,
    form: Literal["table", "json", "csv"],
) -> None:
    """What was used and what it cost. Days and times are in UTC."""
    from ccgate.cli import usage_forms

    by = tuple(dict.fromkeys(by))
    state = locate()
    report = _report(state.database, state.run, by, _period(since, until), last)
    if form == "json":
        click.echo(usage_forms.as_json(report))
    elif form == "csv":
        click.echo(usage_forms.as_csv(report), nl=False)
    elif report.total.requests:
        usage_forms.print_table(report)
    else:
        when = "in that time" if since or until else "yet"
        where = "" if state.database.exists() else f": there is no ledger at {state.database}"
        click.echo(f"nothing was used {when}{where}", err=True)


def _period(since: str | None, until: str | None) -> Period:
    from ccgate.accounting.period import parse_moment
    from ccgate.accounting.report import Period

    now = datetime.now(UTC)
    try:
        period = Period(
            parse_moment(since, now, "since") if since else None,
            parse_moment(until, now, "until") if until else None,
        )
    except ValueError as e:
        raise click.UsageError(str(e)) from None
    if period.since and period.until and period.since >= period.until:
        raise click.UsageError("--since is not before --until")
    return period


def _report(database: Path, run_folder: Path, by: tuple[str, ...], period: Period, last: int) -> Report:
    from ccgate.accounting import report
    from ccgate.accounting.ledger import reap
    from ccgate.cli.usage_forms import Report
    from ccgate.database import open_database
    from ccgate.database import store_error

    if not database.exists():
        return Report(period, by, [], [], report.NOTHING)
    connection = open_database(database)
    try:
        reap(connection, run_folder)
        # One snapshot, so that the rows add up to the total while gateways go on writing.
        connection.execute("BEGIN")
        rows = report.grouped(connection, by, period) if by else []
        entries = [] if by else report.latest(connection, period, last)
        return Report(period, by, rows, entries, report.totals(connection, period))
    except sqlite3.Error as e:
        raise store_error(database, e) from e
    finally:
        connection.close()
