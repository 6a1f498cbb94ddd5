from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ccgate.privacy.detection.entropy import digits
from ccgate.privacy.detection.entropy import is_hex
from ccgate.privacy.detection.entropy import is_random
from ccgate.privacy.detection.entropy import is_wordy
from ccgate.privacy.detection.entropy import shannon
from ccgate.privacy.detection.entropy import wordiness
from tests.bench.detection.templates import filled

NAMES = (
    "get_user_token_value_from_header", "SimpleHTTPRequestHandlerFactory", "kubernetes.default.svc.cluster",
    "correct-horse-battery-staple", "my-super-secret-key-number-123", "configuration_error_message2",
)  # fmt: skip


@given(st.text())
def test_measures_of_any_text_are_in_range(text: str) -> None:
    """A check that raises would refuse a person's request for an odd character."""
    assert 0 <= shannon(text) <= 21
    assert 0 <= wordiness(text) <= 1
    assert 0 <= digits(text) <= len(text)
    assert is_random(text) in (True, False)


def test_entropy_of_known_texts() -> None:
    """The catalogue's thresholds are bits per character; another unit would drop or keep everything."""
    assert shannon("") == 0
    assert shannon("aaaa") == 0
    assert shannon("abcd") == 2
    assert shannon("aabb") == pytest.approx(1)


def test_words_are_told_by_the_share_of_common_pairs() -> None:
    """Letters without a neighbour, signs and digits say nothing of words."""
    assert wordiness("there") == 1
    assert wordiness("xqzk") == 0
    assert wordiness("inqz") == pytest.approx(1 / 3)
    assert wordiness("a1b2-c") == 0
    assert digits("a1b22-") == 3


@pytest.mark.parametrize("name", NAMES)
def test_names_are_no_keys(name: str) -> None:
    """Code would be full of placeholders."""
    assert is_wordy(name)
    assert not is_random(name)


@pytest.mark.parametrize(
    "slot", ["hex:32", "alnum:24", "alnum:40", "b64:40", "b64url:43", "lowernum:32", "uppernum:26"]
)
def test_keys_are_random(slot: str) -> None:
    """Keys that only their randomness tells would leave."""
    passed = sum(is_random(filled(f"<<{slot}>>", str(number))) for number in range(500))
    assert passed >= 470


def test_hexadecimal_with_hyphens_is_hexadecimal() -> None:
    """Identifiers would count as keys."""
    assert is_hex("de305d54-75b4-431b-adb2-eb6b9e546014")
    assert not is_hex("de305d54--75b4")
