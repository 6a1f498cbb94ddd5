"""The forms of a usage report, above all what they do with names that clients choose."""

from __future__ import annotations

import csv
import io
import json
from dataclasses import replace
from decimal import Decimal

import pytest

from ccgate.accounting.metered import Tokens
from ccgate.accounting.report import NOTHING
from ccgate.accounting.report import Line
from ccgate.accounting.report import Period
from ccgate.accounting.report import Row
from ccgate.accounting.report import Totals
from ccgate.cli.usage_forms import Report
from ccgate.cli.usage_forms import as_csv
from ccgate.cli.usage_forms import as_json
from ccgate.cli.usage_forms import exact
from ccgate.cli.usage_forms import money
from ccgate.cli.usage_forms import print_table

TOTAL = Totals(1234, Tokens(1000, 2, 3, 4, 5, 6), Decimal("1234.5"), 1, 2, 3, 4, 5)


def line(client: str = "laptop", cost: Decimal | None = Decimal(1)) -> Line:
    return Line(
        id="flow-1",
        started_at="2026-11-21T05:00:00.123Z",
        client=client,
        owner="ann",
        model="claude-opus-5",
        session_id=None,
        tokens=Tokens(1, 2, 3, 4, 5, 6),
        cost=cost,
        cost_note=None,
        state="failed",
        status=529,
        error="overloaded_error",
        total_ms=1.5,
    )


def by(*keys: str) -> Report:
    return Report(Period(), ("owner",), [Row((key,), TOTAL) for key in keys], [], TOTAL)


@pytest.mark.parametrize(
    ("cost", "shown"),
    [
        (None, "unknown"),
        (Decimal(0), "$0"),
        (Decimal("1234567.891"), "$1,234,567.8910"),
        (Decimal("0.5"), "$0.5000"),
        (Decimal("0.0239832"), "$0.02398"),
        (Decimal("0.00000001"), "$0.00000001000"),
    ],
)
def test_money_shows_at_least_four_digits_that_say_something(cost: Decimal | None, shown: str) -> None:
    assert money(cost) == shown


@pytest.mark.parametrize(
    ("cost", "shown"),
    [
        ("1.500000000000", "1.5"),
        ("100.000000000000", "100"),
        ("0E-12", "0"),
        ("0.000000000001", "0.000000000001"),
    ],
)
def test_exact_money_has_all_digits_and_no_exponent(cost: str, shown: str) -> None:
    assert exact(Decimal(cost)) == shown


@pytest.mark.parametrize("name", ["=1+1", "+1", "-1", "@SUM(A1)", "\tx", '=HYPERLINK("http://x")'])
def test_a_name_is_no_formula_in_a_spreadsheet(name: str) -> None:
    """A client's name would otherwise run in the book-keeper's spreadsheet."""
    grouped = list(csv.reader(io.StringIO(as_csv(by(name)))))
    assert grouped[1][0] == f"'{name}"
    entries = list(csv.DictReader(io.StringIO(as_csv(Report(Period(), (), [], [line(name)], NOTHING)))))
    assert entries[0]["client"] == f"'{name}"


def test_json_has_names_as_they_are() -> None:
    assert json.loads(as_json(by("=1+1 [red]Zoë")))["rows"][0]["owner"] == "=1+1 [red]Zoë"


def test_a_name_is_no_markup_in_a_table(capsys: pytest.CaptureFixture[str]) -> None:
    """A client called [/] would end the report with a traceback; one called [red] would vanish."""
    print_table(by("[red]a", "[/]"))
    print_table(Report(Period(), (), [], [line("[link=x]b")], TOTAL))
    shown = capsys.readouterr().out
    for name in ("[red]a", "[/]", "[link=x]b"):
        assert name in shown


def test_a_table_loses_no_name_on_a_narrow_terminal(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "40")
    name = "n" * 100
    print_table(by(name))
    assert name in capsys.readouterr().out


def test_a_row_tells_what_is_special_about_it(capsys: pytest.CaptureFixture[str]) -> None:
    print_table(by("ann"))
    _, headings, row, total = capsys.readouterr().out.splitlines()
    assert headings.split() == [
        *("owner", "requests", "cost", "input", "5m", "1h", "read", "output", "searches"),
        *("unknown", "open", "rupted", "aborted", "failed"),
    ]
    numbers = ["1,234", "$1,234.5000", "+", "?", "1,000", "2", "3", "4", "5", "6", "1", "2", "3", "4", "5"]
    assert row.split() == ["ann", *numbers]
    assert total.split() == ["total", *numbers]


def test_a_sum_of_nothing_known_is_unknown(capsys: pytest.CaptureFixture[str]) -> None:
    """$0 would read as free."""
    lost = replace(NOTHING, requests=1, unknown=1)
    print_table(Report(Period(), ("owner",), [Row(("ann",), lost)], [], lost))
    assert capsys.readouterr().out.splitlines()[2].split() == ["ann", "1", "unknown", "1"]


def test_a_table_has_no_column_of_noughts(capsys: pytest.CaptureFixture[str]) -> None:
    """Thirteen columns fit on no terminal, and most are empty for most people."""
    plain = replace(NOTHING, requests=1, tokens=Tokens(output=5), cost=Decimal(1))
    print_table(Report(Period(), ("owner",), [Row(("ann",), plain)], [], plain))
    assert capsys.readouterr().out.splitlines()[1].split() == ["owner", "requests", "cost", "output"]


def test_an_entry_tells_how_it_ended(capsys: pytest.CaptureFixture[str]) -> None:
    print_table(Report(Period(), (), [], [line(cost=None)], replace(NOTHING, requests=1)))
    shown = capsys.readouterr().out
    assert "2026-11-21 05:00:00" in shown
    assert "unknown" in shown
    assert "failed overloaded_error" in shown
    assert "1 request, 0 tokens in, 0 out, $0\n" in shown
