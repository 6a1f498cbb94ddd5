"""An upstream that compresses against our wish is metered all the same, whole or in pieces."""

import gzip
import zlib

import brotli
import pytest
import zstandard
from hypothesis import given
from hypothesis import strategies as st

from ccgate.streaming.encoding import UnreadableError
from ccgate.streaming.encoding import decoder

ENCODERS = {
    "gzip": gzip.compress,
    "x-gzip": gzip.compress,
    "deflate": zlib.compress,
    "br": brotli.compress,
    "zstd": zstandard.ZstdCompressor().compress,
    "identity": bytes,
    "": bytes,
    " GZIP ": gzip.compress,
}


@given(
    encoding=st.sampled_from(sorted(ENCODERS)),
    body=st.binary(max_size=2000),
    size=st.integers(1, 50),
)
def test_pieces_decode_to_the_whole(encoding: str, body: bytes, size: int) -> None:
    """Wherever the network cuts a compressed answer, the meter reads what upstream wrote."""
    wire = ENCODERS[encoding](body)
    decode = decoder(encoding)
    assert b"".join(decode(wire[i : i + size]) for i in range(0, len(wire), size)) == body


@pytest.mark.parametrize("encoding", ["snappy", "gzip, br", "identity, gzip"])
def test_an_unknown_encoding_is_said_to_be_unreadable(encoding: str) -> None:
    """Guessing would book a wrong amount; the entry says that it was not read."""
    with pytest.raises(UnreadableError, match="unknown"):
        decoder(encoding)


@pytest.mark.parametrize("encoding", ["gzip", "br", "zstd"])
def test_broken_data_is_unreadable(encoding: str) -> None:
    """One kind of error for the caller, whatever the library."""
    with pytest.raises(UnreadableError, match="broken"):
        decoder(encoding)(b"this is no compressed data, whatever the header says" * 10)


def test_a_bomb_is_not_unpacked() -> None:
    """A few kilobytes of an upstream that was taken over cannot fill the gateway's memory."""
    bomb = gzip.compress(bytes(300_000_000), compresslevel=1)
    decode = decoder("gzip")
    with pytest.raises(UnreadableError, match="too much"):
        for i in range(0, len(bomb), 65536):
            decode(bomb[i : i + 65536])
