from __future__ import annotations

import pytest

from ccgate.privacy.detection.words import all_placeholders
from ccgate.privacy.detection.words import words


@pytest.mark.parametrize(
    "text", ["your-api-key-1", "Password123", "changeme", "test_token", "secret", "", "xxx"]
)
def test_what_stands_for_a_secret_is_known(text: str) -> None:
    """Documentation would be full of placeholders for placeholders."""
    assert all_placeholders(text)


@pytest.mark.parametrize("text", ["hunter2", "Tr0ub4dor&3", "k8Xk29dkLLqp", "test-9f3kq2"])
def test_a_secret_is_not_taken_for_documentation(text: str) -> None:
    """A password with a plain word in it would leave."""
    assert not all_placeholders(text)


@pytest.mark.parametrize(
    "section", ["accounts", "mailboxes", "domains", "endings", "placeholders", "published", "identifiers"]
)
def test_words_are_in_the_form_that_they_are_compared_in(section: str) -> None:
    """A word with a capital would never match."""
    assert words(section)
    if section != "published":
        assert all(word == word.lower() for word in words(section))


def test_a_misspelt_section_is_an_error() -> None:
    """An empty list would be used in its place."""
    with pytest.raises(KeyError):
        words("missing")
