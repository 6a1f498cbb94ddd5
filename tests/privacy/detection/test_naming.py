from __future__ import annotations

import pytest

from ccgate.privacy.detection.naming import says_of


@pytest.mark.parametrize(
    ("name", "says"),
    [
        ("DB_PASSWORD", "password"),
        ("psk", "password"),
        ("clientSecret", "password"),
        ("api_key", "key"),
        ("routing_key", "key"),
        ("CLARIFAI_PAT", "key"),
        ("secret_id", "key"),
        ("secret_name", "otherwise"),
        ("token_url", "otherwise"),
        ("createdAt", "otherwise"),
        ("PublicKey", "public"),
        ("certificate-authority-data", "public"),
        ("colour", ""),
    ],
)
def test_a_name_says_what_its_value_is(name: str, says: str) -> None:
    """The measure for a value goes by that: a wrong one lets passwords leave, or breaks code."""
    assert says_of(name) == says
