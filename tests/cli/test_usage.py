"""`usage`: what a person and a program read from the ledger."""

from __future__ import annotations

import csv
import io
import json
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC
from datetime import datetime
from decimal import Decimal
from pathlib import Path

import pytest
from click.testing import CliRunner
from click.testing import Result

from ccgate.cli import usage as module
from ccgate.cli.main import ccgate
from tests.accounting.test_report import Book

ADDONS = Path(module.__file__).resolve().parents[2]


def run(*arguments: str) -> Result:
    return CliRunner().invoke(ccgate, ["usage", *arguments])


@pytest.fixture
def book(tmp_state: Path) -> Iterator[Book]:
    tmp_state.mkdir()
    book = Book(tmp_state)
    yield book
    book.close()


def test_no_ledger_yet_is_a_sentence(tmp_state: Path) -> None:
    result = run()
    assert result.exit_code == 0
    assert result.stdout == ""
    assert result.stderr == f"nothing was used yet: there is no ledger at {tmp_state / 'ccgate.sqlite3'}\n"
    assert not (tmp_state / "ccgate.sqlite3").exists()


@pytest.mark.usefixtures("tmp_state")
def test_no_ledger_yet_is_a_complete_and_empty_document() -> None:
    """A program that reads it must not need a case of its own."""
    document = json.loads(run("--format", "json", "--by", "owner").stdout)
    assert (document["rows"], document["total"]["requests"], document["total"]["cost_usd"]) == ([], 0, "0")
    assert run("--format", "csv", "--by", "owner").stdout.startswith("owner,requests,input_tokens,")


@pytest.mark.usefixtures("book")
def test_an_empty_ledger_is_a_sentence() -> None:
    assert run().stderr == "nothing was used yet\n"
    assert run("--since", "7d").stderr == "nothing was used in that time\n"


def test_the_summary_and_the_latest(book: Book) -> None:
    book.put(client="laptop", output=5, cost=Decimal("0.0123456789"))
    book.put(client="ci", hours=1, cost=None)
    book.put(client="ci", hours=2, state=None)
    result = run()
    assert result.exit_code == 0
    lines = result.stdout.splitlines()
    assert [line.split()[2] for line in lines if "claude" in line] == ["ci", "ci", "laptop"]
    assert "$0.01235" in result.stdout
    assert "unknown" in result.stdout
    assert lines[-1] == "3 requests, 20 tokens in, 5 out, $0.01235 + ? (1 of unknown cost, 1 open)"


def test_last_limits_the_list(book: Book) -> None:
    for _ in range(3):
        book.put()
    assert len(json.loads(run("--last", "2", "--format", "json").stdout)["entries"]) == 2
    assert "3 requests" in run("--last", "0").stdout


def test_by_one_and_by_two(book: Book) -> None:
    book.put(owner="ann", model="m1", cost=Decimal(1))
    book.put(owner="ann", model="m2", cost=Decimal(2))
    book.put(owner="bob", model="m1", cost=Decimal(4))
    rows = json.loads(run("--by", "owner", "--format", "json").stdout)["rows"]
    assert [(row["owner"], row["cost_usd"]) for row in rows] == [("bob", "4"), ("ann", "3")]
    rows = json.loads(run("--by", "owner", "--by", "model", "--format", "json").stdout)["rows"]
    assert [(row["owner"], row["model"]) for row in rows] == [("bob", "m1"), ("ann", "m2"), ("ann", "m1")]
    table = run("--by", "owner").stdout
    assert [line.split()[0] for line in table.splitlines() if "$" in line] == ["bob", "ann", "total"]
    assert "$7.0000" in table


def test_json_has_every_digit(book: Book) -> None:
    book.put(cost=Decimal("1234567.000000000001"), output=7)
    document = json.loads(run("--format", "json").stdout)
    assert document["total"]["cost_usd"] == "1234567.000000000001"
    assert document["entries"][0]["cost_usd"] == "1234567.000000000001"
    assert document["entries"][0]["output_tokens"] == 7
    assert (document["since"], document["until"]) == (None, None)


def test_json_tells_the_period_that_it_is_of(book: Book) -> None:
    book.put()
    document = json.loads(run("--since", "2026-11-20", "--until", "2026-11-20", "--format", "json").stdout)
    assert document["since"] == "2026-11-20T00:00:00+00:00"
    assert document["until"] == "2026-11-21T00:00:00+00:00"
    assert document["total"]["requests"] == 1


def test_csv_has_a_line_for_each_row_and_no_total(book: Book) -> None:
    """A total among the rows would be added up with them."""
    book.put(owner="ann", cost=Decimal("0.5"))
    book.put(owner="bob", cost=None)
    rows = list(csv.DictReader(io.StringIO(run("--by", "owner", "--format", "csv").stdout)))
    assert [(row["owner"], row["cost_usd"], row["unknown_cost"]) for row in rows] == [
        ("ann", "0.5", "0"),
        ("bob", "0", "1"),
    ]
    entries = list(csv.DictReader(io.StringIO(run("--format", "csv").stdout)))
    assert [(row["owner"], row["cost_usd"], row["cost_note"]) for row in entries] == [
        ("bob", "", "why"),
        ("ann", "0.5", ""),
    ]


@pytest.mark.parametrize(
    "options",
    [("--since", "soon"), ("--until", "7x"), ("--by", "weather"), ("--since", "1h", "--until", "2h")],
)
@pytest.mark.usefixtures("tmp_state")
def test_a_wrong_option_is_a_sentence(options: tuple[str, ...]) -> None:
    result = run(*options)
    assert result.exit_code == 2
    assert "Error: " in result.stderr


def test_a_ledger_that_cannot_be_read_is_a_sentence(tmp_state: Path) -> None:
    tmp_state.mkdir()
    (tmp_state / "ccgate.sqlite3").write_text("my notes, and certainly not a database" * 20)
    result = run()
    assert result.exit_code == 74
    assert "is not a SQLite database; move the file away" in result.stderr


def test_a_gateway_that_died_shows(book: Book) -> None:
    """Whoever looks first after a crash has to see it, not only the next gateway."""
    book.put(state=None)
    book.connection.execute("UPDATE entries SET instance = 'of a gateway that is gone'")
    document = json.loads(run("--format", "json").stdout)
    assert (document["total"]["interrupted"], document["total"]["unknown_cost"]) == (1, 1)
    assert document["entries"][0]["cost_note"] == "the gateway ended first"


def test_a_span_reaches_back_from_now(book: Book) -> None:
    book.put(hours=-24 * 365)
    recent = book.put()
    now = datetime.now(UTC).isoformat()[:23] + "Z"
    book.connection.execute("UPDATE entries SET started_at = ? WHERE id = ?", (now, recent))
    found = json.loads(run("--since", "1h", "--format", "json").stdout)["entries"]
    assert [entry["id"] for entry in found] == [recent]


def test_help_waits_for_nothing() -> None:
    """rich and the report are loaded when there is something to report."""
    script = (
        "import sys, ccgate.cli.usage;"
        "print({'rich', 'genai_prices', 'ccgate.accounting.report'} & set(sys.modules))"
    )
    told = subprocess.run(
        [sys.executable, "-c", script], env={"PYTHONPATH": str(ADDONS)}, capture_output=True, check=True
    )
    assert told.stdout == b"set()\n"
