"""Headers looked through once: nothing that decides is missed, and nothing else is touched."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from mitmproxy import http

from ccgate import header_fields

NAMES = st.sampled_from(
    [*header_fields.DECIDING.names, *header_fields.HOP, b"host", b"X-App", b"Upgrade", b"UPGRADE"]
)
FIELDS = st.lists(st.tuples(NAMES, st.binary(max_size=6)), max_size=12).map(tuple)


@given(FIELDS)
def test_what_decides_is_read_as_mitmproxy_reads_it(fields: header_fields.Fields) -> None:
    """A second header of a name cannot hide the first one, however it is spelt."""
    found = header_fields.DECIDING.among(fields)
    headers = http.Headers(
        (name, value.decode("latin-1").encode("utf-8", "surrogateescape")) for name, value in fields
    )
    for name in header_fields.DECIDING.names:
        assert found.get(name.decode()) == headers.get(name.decode())
    assert set(found) <= {name.decode() for name in header_fields.DECIDING.names}


@given(FIELDS)
def test_what_is_between_client_and_proxy_is_taken_out(fields: header_fields.Fields) -> None:
    """Proxy headers never leave, in any spelling; all others keep their place and their bytes."""
    rest = header_fields.without(fields, header_fields.HOP)
    assert not {name.lower() for name, _ in rest} & set(header_fields.HOP)
    assert rest == tuple(field for field in fields if field in rest)
