"""The vault holds what a request's placeholders stand for, and nothing else is ever restored."""

from ccgate.privacy.vault import Original
from ccgate.privacy.vault import Vault


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
