from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ccgate.privacy.checks import CHECKS
from ccgate.privacy.checks import Context
from tests.bench.detection.templates import filled


@given(st.sampled_from(sorted(CHECKS)), st.text(max_size=60), st.text(max_size=20))
def test_no_check_fails_on_any_value(name: str, value: str, around: str) -> None:
    """A request would be refused for an odd character in it."""
    if name == "ipv4":
        value = "10.1.2.3"
    assert CHECKS[name](value, Context(around, around, around)) in (True, False)


@pytest.mark.parametrize(
    ("name", "value", "counts"),
    [
        ("db_password", "hunter2", True),
        ("db_password", "Tr0ub4dor&3", True),
        ("db_password", "changeme1", False),
        ("password", "${DB_PASSWORD}", False),
        ("password", "os.environ['X1']", False),
        ("password", "1.2.3", False),
        ("password_field", "input-2", False),
        ("token", "cl100k_base", False),
        ("token_url", "https://x.io/1", False),
        ("api_key", "<<hex:32>>", True),
        ("api_key", "<<uuid>>", True),
        ("cache_key", "<<hex:32>>", False),
        ("CACHE_KEY", "<<alnum:32>>", True),
        ("secret_name", "prod/db-1", False),
        ("client_secret", "<<alnum:40>>", True),
        ("token", "sha512-<<b64:86>>==", False),
        ("token", "2026-11-21T10:00:00Z", False),
        ("secret", "a1", False),
    ],
)
def test_a_value_counts_by_its_name_and_its_shape(name: str, value: str, counts: bool) -> None:
    """A secret would leave, or a person's configuration would be changed for nothing."""
    assert CHECKS["assigned"](filled(value, name), Context(name, '"')) is counts


def test_a_key_block_needs_a_body() -> None:
    """The header alone stands in every program that reads keys."""
    header = "-----BEGIN PRIVATE KEY-----"
    assert not CHECKS["pem"](header, Context())
    assert CHECKS["pem"](header + "\n" + filled("<<b64:64>>", "x"), Context())


def test_an_address_has_four_parts_below_256() -> None:
    """A version number would be taken for a host."""
    assert CHECKS["ipv4"]("10.1.2.3", Context())
    assert not CHECKS["ipv4"]("10.1.2.300", Context())
    assert not CHECKS["ipv4"]("10.1.2", Context())
    assert CHECKS["ipv6"]("fd00::1", Context())
    assert not CHECKS["ipv6"]("fd00:::1", Context())
