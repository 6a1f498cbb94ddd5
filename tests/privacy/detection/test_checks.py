from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ccgate.privacy.detection.checks import CHECKS
from ccgate.privacy.detection.checks import Context
from tests.bench.detection.templates import filled


@given(st.sampled_from(sorted(CHECKS)), st.text(max_size=60), st.text(max_size=20))
def test_no_check_fails_on_any_value(name: str, value: str, around: str) -> None:
    """A request would be refused for an odd character in it."""
    if name == "ipv4":
        value = "10.1.2.3"
    assert CHECKS[name](value, Context(around, around, around)) in (True, False)


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


@pytest.mark.parametrize(
    ("check", "value", "counts"),
    [
        ("prefixed", "acme_live_<<alnum:32>>", True),
        ("prefixed", "pk_live_<<alnum:24>>", False),
        ("prefixed", "sz_xF86DGAQueryVersionReplyTemplate", False),
        ("prefixed", "msg_<<alnum:24>>", False),
        ("url_key", "<<hex:32>>", True),
        ("url_key", "<<digits:18>>", False),
        ("url_key", "push-events", False),
        ("setting", "<<alnum:12>>7", True),
        ("setting", "entry.", False),
        ("grouped", "qzxv-jwkp-vbxq-zkjw", True),
        ("grouped", "user-name-then-here", False),
        ("digit_lines", "<<digits:80>>", True),
        ("digit_lines", "1.1", False),
        ("host", "db1.internal", True),
        ("host", "host.docker.internal", False),
        ("person", "alice", True),
        ("person", "All Users", False),
        ("person", "runner2", False),
    ],
)
def test_a_check_tells_a_secret_from_what_resembles_it(check: str, value: str, counts: bool) -> None:
    """A secret would leave, or code would be full of placeholders."""
    assert CHECKS[check](filled(value, check), Context()) is counts
