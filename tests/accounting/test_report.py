"""Reports: every sum exact, every entry in one row and one alone."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC
from datetime import datetime
from datetime import timedelta
from decimal import Decimal
from functools import reduce
from itertools import count
from operator import add
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import settings
from hypothesis import strategies as st

from ccgate.accounting.ledger import Ledger
from ccgate.accounting.metered import Tokens
from ccgate.accounting.prices import Cost
from ccgate.accounting.report import GROUPS
from ccgate.accounting.report import NOTHING
from ccgate.accounting.report import Period
from ccgate.accounting.report import Totals
from ccgate.accounting.report import grouped
from ccgate.accounting.report import latest
from ccgate.accounting.report import totals
from ccgate.database import open_database
from tests.accounting.test_ledger import CLOSING
from tests.accounting.test_ledger import METERED
from tests.accounting.test_ledger import OPENING

START = datetime(2026, 11, 20, 22, 0, tzinfo=UTC)
ALWAYS = Period()


class Book:
    """A ledger that entries are put into with one call."""

    def __init__(self, folder: Path) -> None:
        (folder / "run").mkdir()
        self.connection = open_database(folder / "ccgate.sqlite3")
        self.ledger = Ledger(self.connection, folder / "run")
        self._numbers = count()

    def put(
        self,
        owner: str = "ann",
        client: str = "laptop",
        model: str | None = "claude-opus-5",
        session: str | None = "s",
        hours: int = 0,
        output: int = 0,
        cost: Decimal | None = Decimal(0),
        state: str | None = "done",
    ) -> str:
        name = f"flow-{next(self._numbers)}"
        opening = replace(OPENING, id=name, owner=owner, client=client, session_id=session)
        self.ledger.open(replace(opening, started_at=START + timedelta(hours=hours)))
        if state is not None:
            metered = replace(METERED, model_served=model, tokens=Tokens(1, 2, 3, 4, output, 0))
            closing = replace(
                CLOSING, state=state, metered=metered, cost=Cost(cost, "why" if cost is None else None)
            )
            self.ledger.close(name, closing)
        return name

    def close(self) -> None:
        self.ledger.shutdown()
        self.connection.close()


@pytest.fixture
def book(tmp_path: Path) -> Iterator[Book]:
    book = Book(tmp_path)
    yield book
    book.close()


def test_an_empty_ledger_adds_up_to_nothing(book: Book) -> None:
    assert totals(book.connection, ALWAYS) == NOTHING
    assert grouped(book.connection, ["owner"], ALWAYS) == []
    assert latest(book.connection, ALWAYS, 10) == []


def test_everything_is_added_up(book: Book) -> None:
    book.put(output=5, cost=Decimal("0.000000000001"))
    book.put(output=6, cost=Decimal("123456.789"))
    book.put(cost=None)
    book.put(state="aborted", cost=Decimal(1))
    book.put(state="failed", cost=Decimal(0))
    book.put(state=None)
    book.connection.execute("UPDATE entries SET state = 'interrupted' WHERE id = 'flow-5'")
    book.put(state=None)
    assert totals(book.connection, ALWAYS) == Totals(
        requests=7,
        tokens=Tokens(5, 10, 15, 20, 11, 0),
        cost=Decimal("123457.789000000001"),
        unknown=2,
        open=1,
        interrupted=1,
        aborted=1,
        failed=1,
    )


def test_a_sum_beyond_sqlites_integers_is_exact(book: Book) -> None:
    """SQLite fails on a sum above nine million dollars; a fleet may get there."""
    for _ in range(3):
        book.put(cost=Decimal("9000000.000000000001"))
    assert totals(book.connection, ALWAYS).cost == Decimal("27000000.000000000003")


def test_groups(book: Book) -> None:
    book.put(owner="ann", client="a1", model="m1", session="s1", cost=Decimal(1))
    book.put(owner="ann", client="a2", model="m2", session=None, cost=Decimal(2), hours=3)
    book.put(owner="bob", client="b1", model="m1", session="s2", cost=Decimal(5))
    found = {
        by: [(row.keys, row.totals.cost) for row in grouped(book.connection, [by], ALWAYS)] for by in GROUPS
    }
    assert found == {
        "owner": [(("bob",), 5), (("ann",), 3)],
        "client": [(("b1",), 5), (("a2",), 2), (("a1",), 1)],
        "model": [(("m1",), 6), (("m2",), 2)],
        "session": [(("s2",), 5), (("",), 2), (("s1",), 1)],
        "day": [(("2026-11-20",), 6), (("2026-11-21",), 2)],
    }


def test_two_groups_at_once(book: Book) -> None:
    book.put(owner="ann", model="m1", cost=Decimal(1))
    book.put(owner="ann", model="m2", cost=Decimal(2))
    book.put(owner="ann", model="m1", cost=Decimal(4))
    rows = grouped(book.connection, ["model", "owner"], ALWAYS)
    assert [(row.keys, row.totals.cost) for row in rows] == [(("m1", "ann"), 5), (("m2", "ann"), 2)]


def test_a_model_that_never_answered_is_the_one_asked_for(book: Book) -> None:
    book.put(state=None)
    assert grouped(book.connection, ["model"], ALWAYS)[0].keys == ("claude-opus-5",)


def test_a_period_takes_its_beginning_in_and_leaves_its_end_out(book: Book) -> None:
    for hours in range(5):
        book.put(hours=hours)
    period = Period(START + timedelta(hours=1), START + timedelta(hours=3))
    assert totals(book.connection, period).requests == 2
    assert totals(book.connection, Period(since=START + timedelta(hours=4))).requests == 1
    assert totals(book.connection, Period(until=START)).requests == 0


def test_the_latest_come_first(book: Book) -> None:
    book.put(hours=2, cost=None)
    book.put(hours=1)
    book.put(hours=2, state=None)
    lines = latest(book.connection, ALWAYS, 2)
    assert [(line.id, line.state, line.cost, line.cost_note) for line in lines] == [
        ("flow-2", "open", None, None),
        ("flow-0", "done", None, "why"),
    ]
    assert lines[1].tokens == Tokens(1, 2, 3, 4, 0, 0)
    assert lines[0].tokens == Tokens()


def test_reports_by_time_need_no_scan(book: Book) -> None:
    """A year's ledger must not be read for today's report."""
    plan = book.connection.execute(
        "EXPLAIN QUERY PLAN SELECT owner, sum(cost) FROM entries WHERE started_at >= '2026' GROUP BY owner"
    ).fetchall()
    assert any("entries_by_time" in step[3] for step in plan)


ENTRY = st.fixed_dictionaries(
    {
        "owner": st.sampled_from(["ann", "bob", "=x"]),
        "client": st.sampled_from(["a", "b"]),
        "model": st.sampled_from([None, "m1", "m2"]),
        "session": st.sampled_from([None, "s1"]),
        "hours": st.integers(0, 60),
        "output": st.integers(0, 10**9),
        "cost": st.none() | st.integers(0, 10**18).map(lambda pico: Decimal(pico).scaleb(-12)),
        "state": st.sampled_from(["done", "failed", "aborted", None]),
    }
)


@settings(max_examples=25, deadline=None)
@given(
    entries=st.lists(ENTRY, max_size=8),
    by=st.lists(st.sampled_from(sorted(GROUPS)), min_size=1, max_size=2, unique=True),
)
def test_the_rows_add_up_to_the_total(
    tmp_path_factory: pytest.TempPathFactory, entries: list[dict[str, object]], by: list[str]
) -> None:
    book = Book(tmp_path_factory.mktemp("book"))
    for entry in entries:
        book.put(**entry)  # type: ignore[arg-type]
    total = totals(book.connection, ALWAYS)
    rows = [row.totals for row in grouped(book.connection, by, ALWAYS)]
    assert sum(row.requests for row in rows) == total.requests == len(entries)
    assert sum((row.cost for row in rows), Decimal(0)) == total.cost
    assert reduce(add, (row.tokens for row in rows), Tokens()) == total.tokens
    assert sum(row.unknown + row.open for row in rows) == total.unknown + total.open
    known = [entry["cost"] for entry in entries if entry["state"] and entry["cost"] is not None]
    assert total.cost == sum(known, Decimal(0))  # type: ignore[arg-type]
    book.close()


def test_reports_only_read(book: Book) -> None:
    """A report may run while gateways write."""
    book.put()
    book.connection.execute("PRAGMA query_only = 1")
    assert totals(book.connection, ALWAYS).requests == 1
    assert grouped(book.connection, ["day"], ALWAYS)[0].keys == ("2026-11-20",)
    assert len(latest(book.connection, ALWAYS, 5)) == 1
    book.connection.execute("PRAGMA query_only = 0")
