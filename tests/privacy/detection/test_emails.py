from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ccgate.privacy.detection.emails import find
from ccgate.privacy.detection.emails import is_persons


def found(text: str) -> list[str]:
    return [text[start:end] for start, end in find(text)]


@pytest.mark.parametrize(
    ("text", "addresses"),
    [
        ("Author: Ada <ada.lovelace@corp.io>", ["ada.lovelace@corp.io"]),
        ("a+b@x.co.uk, c_d@sub.y.de; e-f@z.org.", ["a+b@x.co.uk", "c_d@sub.y.de", "e-f@z.org"]),
        ("git config user.email ada@corp.io", ["ada@corp.io"]),
        ("mailto:ada@corp.io?x", ["ada@corp.io"]),
        ("jürgen@müller.de", ["jürgen@müller.de"]),
        ("12345+ada@users.noreply.github.com", ["12345+ada@users.noreply.github.com"]),
        ("'ada@corp.io'", ["ada@corp.io"]),
        ("x=ada@corp.io:y", ["ada@corp.io"]),
        ("ada@163.com", ["ada@163.com"]),
        (r"a\nada@corp.io\n", ["ada@corp.io"]),
        (r"\u003cada@corp.io\u003e", ["ada@corp.io"]),
        ("&lt;ada@corp.io&gt;", ["ada@corp.io"]),
        ("'ada+git@mail.cs.corp.io'", ["ada+git@mail.cs.corp.io"]),
        ("ada@xn--mller-kva.de", ["ada@xn--mller-kva.de"]),
    ],
)
def test_addresses_of_people_are_found_exactly(text: str, addresses: list[str]) -> None:
    """An address would leave, or the text around it would change with it."""
    assert found(text) == addresses


@pytest.mark.parametrize(
    "text",
    [
        "git@github.com:ada/shop.git", "deploy@prod.corp.io:/srv/app", "user@example.com",
        "x@mail.example.org",
        "noreply@anthropic.com", "no-reply@corp.io", "@types/node@20.1.2", "lodash@4.17.21", "logo@2x.png",
        "@app.route('/x')", "@dataclass", "a@b", "x@self.weight", "q@k.T", "https://ada@git.corp.io/x",
        "name@host.invalid", "q@k.transpose(1)", "a @ b.co", "@corp.io", "foo@bar@", "actions/checkout@v4.1",
    ],
)  # fmt: skip
def test_what_is_no_persons_address_is_left_alone(text: str) -> None:
    """A remote, a package or a line of code would break."""
    assert found(text) == []


@given(st.text(st.sampled_from("ab.@-+%40 /:\n1"), max_size=60))
def test_places_are_in_order_and_in_range(text: str) -> None:
    """Spans out of order would garble what is sent."""
    last = 0
    for start, end in find(text):
        assert last <= start < end <= len(text)
        last = end


def test_an_address_in_parts_is_judged_like_one_in_a_text() -> None:
    """The same address would be found in prose and not in a URL."""
    assert is_persons("ada", "corp.io")
    assert not is_persons("noreply", "corp.io")
    assert not is_persons("ada", "EXAMPLE.com")
