"""Token counts as values."""

from __future__ import annotations

from dataclasses import astuple

from hypothesis import given
from hypothesis import strategies as st

from ccgate.accounting.metered import MAX_TEXT
from ccgate.accounting.metered import Tokens
from ccgate.accounting.metered import one_line

TOKENS = st.builds(Tokens, *[st.integers(0, 10**6)] * 6)


@given(TOKENS, TOKENS)
def test_tokens_add_up_class_by_class(left: Tokens, right: Tokens) -> None:
    both = zip(astuple(left), astuple(right), strict=True)
    assert astuple(left + right) == tuple(a + b for a, b in both)


def test_a_prompt_is_everything_that_goes_in() -> None:
    """Prices that depend on its length would be wrong by what the cache holds."""
    assert Tokens(1, 2, 4, 8, 16, 32).prompt == 15


@given(st.text())
def test_a_line_can_be_stored_and_printed(text: str) -> None:
    """A lone surrogate, as header bytes become, would make the database refuse the whole entry."""
    line = one_line(text + "\udcff")
    assert line.isprintable()
    assert len(line) <= MAX_TEXT
    line.encode()


def test_a_good_name_stays_as_it_is() -> None:
    assert one_line("Zoë's laptop") == "Zoë's laptop"
