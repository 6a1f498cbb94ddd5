"""The vault holds what a request's placeholders stand for, and nothing else is ever restored."""

import pytest

from ccgate.privacy.vault import Original
from ccgate.privacy.vault import Vault
from ccgate.privacy.vault import as_in_file
from ccgate.privacy.vault import end_of


def filled() -> Vault:
    vault = Vault()
    vault.put("P1", Original("alice", "home"))
    vault.put("P2", Original("hunter2", "secret"))
    return vault


def test_what_was_put_is_there_and_nothing_else() -> None:
    """A placeholder that a model invents stands for nothing."""
    vault = filled()
    assert vault.original("P1") == Original("alice", "home")
    assert vault.original("P3") is None
    assert "P1" in vault
    assert "P3" not in vault
    assert len(vault) == 2


def test_categories() -> None:
    """Secrets are restored in fewer places than names."""
    vault = filled()
    assert vault.placeholders() == ("P1", "P2") == tuple(vault)
    assert vault.placeholders(["secret", "term"]) == ("P2",)
    assert vault.placeholders([]) == ()


def test_values_do_not_show() -> None:
    """A flow's state is printed in tracebacks and debuggers."""
    vault = filled()
    assert "alice" not in repr(vault) + repr(vault.original("P1")) + repr(list(vault.items()))


KEY = "-----BEGIN RSA PRIVATE KEY-----\nMIIEow\n12345\nQ==\n-----END RSA PRIVATE KEY-----"


@pytest.mark.parametrize("number", ["{}\t", "{:>6}→", "{:>6}\t"])
def test_a_key_that_was_read_with_line_numbers_is_the_key(number: str) -> None:
    """Else an edit of the file that holds it would not match, or would write the numbers into it."""
    first, *others = KEY.split("\n")
    shown = "\n".join([first, *(number.format(n) + line for n, line in enumerate(others, 2))])
    assert shown != KEY
    assert as_in_file(shown) == KEY
    assert as_in_file(KEY) == KEY
    assert end_of(KEY, f"x{shown}y", 1) == 1 + len(shown)
    assert end_of(KEY, f"x{KEY}y", 1) == 1 + len(KEY)
    assert end_of(KEY, shown.replace("Q==", "Q=="[:2]), 0) is None


def test_other_values_keep_their_numbers() -> None:
    """A password may have a line that looks like one."""
    assert as_in_file("a\n1\tb") == "a\n1\tb"
