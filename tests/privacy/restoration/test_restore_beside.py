"""What stands beside a placeholder decides whether its value would be found again there.

That the rules here agree with the real detector's is shown with `restore`; here is each rule by itself.
"""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ccgate.privacy.placeholders import CATEGORIES
from ccgate.privacy.placeholders import Category
from ccgate.privacy.restoration.restore_beside import fits

VALUES: dict[Category, str] = {
    "home": "alice",
    "email": "alice@corp.io",
    "network": "db.corp.io",
    "term": "Nightingale",
    "secret": "hunter2hunter2",
}


@pytest.mark.parametrize(
    ("category", "before", "after", "expected"),
    [
        # A name is a whole word, and nothing that makes it a longer one follows.
        ("home", "ask ", "", None),
        ("home", "ask ", " ", True),
        ("home", "ask ", "s", False),
        ("home", "ask_", " ", True),
        ("home", "é", " ", False),
        ("home", "/home/", "/", True),
        ("home", "/home/", ".", None),
        ("home", "/home/", ". ", True),
        ("home", "/home/", ".b", False),
        ("home", "/home/", "_b", False),
        ("home", "/home/", "…", False),
        ("home", "/home/x-", " ", False),
        ("home", "C:\\Users\\", "\\", True),
        ("home", "C:\\Users\\", " is", False),
        ("home", "C:\\Users\\it is ", " ", False),
        ("home", "-home-", "-work", None),
        ("home", "-home-", "-work/", True),
        ("home", "-home-", "_", False),
        ("home", "%2Fhome%2F", "%2F", None),
        ("home", "%2Fhome%2F", "%2F ", True),
        ("home", "xF", " ", False),
        ("home", "ssh ", "@", None),
        ("home", "ssh ", "@nas ", True),
        ("home", "ssh ", "@nas.io ", False),
        ("home", "bob@mail.", " ", False),
        # An address has neither more of a name before it nor more of a host after it.
        ("email", "<", ">", True),
        ("email", "x", " ", False),
        ("email", "x.", " ", False),
        ("email", "'", "'", True),
        ("email", "", ".", None),
        ("email", "", ". ", True),
        ("email", "", ".x", False),
        ("email", "", "-x", False),
        ("email", "/home/", " ", False),
        ("email", "Bearer ", " ", False),
        ("email", "PASSWORD=", " ", False),
        ("email", "postgres://u:", "@", False),
        # A host has no more labels on either side.
        ("network", "https://", "/", True),
        ("network", "https://", ":8080 ", True),
        ("network", "www.", " ", False),
        ("network", "x-", " ", False),
        ("network", "", ".x", False),
        ("network", "", ". ", True),
        ("network", "bob@", " ", False),
        ("network", "ssh://git@", "/", True),
        ("term", "(", ")", True),
        ("term", "x", " ", False),
        ("term", " ", "@x.io ", False),
        # A secret stands where one is assigned, or where a URL has its password.
        ("secret", "KEY=", "", None),
        ("secret", "KEY=", "\n", True),
        ("secret", 'token": "', '"', True),
        ("secret", "KEY=", "; next", True),
        ("secret", "KEY=x/", "&b=1", True),
        ("secret", "postgres://u:", "@db", True),
        ("secret", "mysql -p", " shop", True),
        ("secret", "KEY=x", "\n", False),
        ("secret", "KEY=x-", "\n", False),
        ("secret", "KEY=", "x", False),
        ("secret", "KEY=", "_x", False),
    ],
)
def test_what_stands_beside(category: Category, before: str, after: str, expected: bool | None) -> None:
    """Each sign that glues: without its rule the next turn would send another placeholder."""
    assert fits(VALUES[category], category, before, after, final=False) is expected


def test_a_host_behind_a_known_password() -> None:
    """A connection string is whole again; behind what nobody knows, the two may be an e-mail address."""
    for known in (True, False):
        fit = fits("db.corp.io", "network", "postgres://u:pw@", ":", final=True, after_secret=known)
        assert fit is known


@pytest.mark.parametrize("value", ["max", "al", "Max"])
@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        ("ask ", " ", False),
        ("/home/", "/", True),
        ("/home/", " ", True),
        ("(/Users/", ")", True),
        ("file:///home/", "/", True),
        ("x/home/", "/", False),
        ("./home/", "/", False),
        ("%2Fhome%2F", "%2F ", True),
        ("x%2Fhome%2F", "%2F ", False),
        ("C:\\Users\\", "\\", True),
        ("c:\\\\users\\\\", "\\\\", True),
        ("C:\\Users\\", ":", False),
        ("C:\\Users\\", "", None),
        (" -home-", "-", None),
        (" -home-", "-w/", True),
        ("C--Users-", "/", True),
        ("x-home-", "-w/", False),
        ("~", "/", False),
    ],
)
def test_a_name_that_is_found_in_paths_alone(
    value: str, before: str, after: str, expected: bool | None
) -> None:
    """A common word put back elsewhere would not be redacted in the next turn: the name would leave."""
    assert fits(value, "home", before, after, final=False) is expected


@pytest.mark.parametrize("category", [category for category in CATEGORIES if category != "home"])
def test_what_is_too_short_to_be_found_stays(category: Category) -> None:
    """Only its own rule finds it, by what stands around it; nobody can tell that from here."""
    short = {"secret": "abc", "email": "a@", "network": "::", "term": ""}[category]
    assert fits(short, category, " ", " ", final=True) is False


SIDES = st.lists(
    st.sampled_from([*" /\\-_.@:='\"x9é", "/home/", "C:\\Users\\", "-home-", "://", "token", "%2F"]),
    max_size=6,
).map("".join)


@given(category=st.sampled_from(CATEGORIES), before=SIDES, after=SIDES, more=SIDES)
def test_what_is_told_early_is_told_right(category: Category, before: str, after: str, more: str) -> None:
    """However the answer is cut, the decision is the one that its end would have brought."""
    early = fits(VALUES[category], category, before, after, final=False)
    if early is not None:
        assert fits(VALUES[category], category, before, after + more, final=False) is early
        assert bool(fits(VALUES[category], category, before, after + more, final=True)) is early
    assert fits(VALUES[category], category, before, after, final=True) is not None
