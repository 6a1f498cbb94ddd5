from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ccgate.privacy.detection.values import is_code
from ccgate.privacy.detection.values import is_mixed
from ccgate.privacy.detection.values import is_no_value
from ccgate.privacy.detection.values import is_placeholder_text
from ccgate.privacy.detection.values import is_plain_data
from ccgate.privacy.detection.values import may_be_password
from tests.bench.detection.templates import filled


@given(st.text(max_size=80))
def test_any_value_can_be_asked_about(value: str) -> None:
    """A request would be refused for an odd character in it."""
    for question in (is_code, is_mixed, is_no_value, is_placeholder_text, is_plain_data, may_be_password):
        assert question(value) in (True, False)


@pytest.mark.parametrize(
    "value", ["your-api-key", "changeme", "xxxxxxxx", "${TOKEN}", "<token>", "********", "aaa"]
)
def test_what_documentation_puts_in_a_secrets_place_is_a_placeholder(value: str) -> None:
    """Examples and templates would be rewritten."""
    assert is_placeholder_text(value)


@pytest.mark.parametrize(
    "value",
    [
        "1.2.3", "2026-11-21", "/etc/ssl/key", "https://x.io/1", "a@b.io", "RFC4519", "utf-16-le", "Ed25519",
        "sha256-<<b64:43>>=", "LS0tLS1CRUdJTiBDRVJU<<b64:20>>", "MFkwEwYHKoZI<<b64:20>>",
    ],
)  # fmt: skip
def test_plain_data_is_no_secret(value: str) -> None:
    """Versions, digests, certificates and public keys stand beside secrets everywhere."""
    assert is_plain_data(filled(value, value))


@pytest.mark.parametrize(
    ("value", "may"),
    [("hunter2", True), ("etGvrKOO", True), ("Kaiser-7Stein!", True), ("get_password", False), ("a1", False)],
)
def test_a_password_is_nobodys_variable(value: str, may: bool) -> None:
    """A password would leave, or a name in code would be replaced."""
    assert may_be_password(value) is may


def test_small_letters_and_capitals_alternate_in_no_name() -> None:
    """A class would be taken for a password."""
    assert is_mixed("etGvrKOO")
    assert not is_mixed("PasswordHasher")
