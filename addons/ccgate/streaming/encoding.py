"""Reads compressed answers piece by piece, for those who only look at them.

Upstream is asked for `identity`, so this is for the upstream that compresses all the same.
"""

from __future__ import annotations

import zlib
from collections.abc import Callable

import brotli
import zstandard

_LIMIT = 256 * 1024 * 1024
"""A compressed answer that grows beyond this is not looked at any more: it may be a bomb."""


class UnreadableError(Exception):
    """The bytes are in no encoding that we know, or they are broken."""


def decoder(content_encoding: str) -> Callable[[bytes], bytes]:
    """A function that takes the pieces of a body in turn and gives what they decode to.

    Raises:
        UnreadableError: the encoding is unknown; and from the function: the bytes are broken or a bomb.
    """
    match content_encoding.strip().lower():
        case "" | "identity":
            return _same
        case "gzip" | "x-gzip" | "deflate":
            # 32 + 15: gzip and zlib headers are told apart by zlib itself.
            return _guarded(zlib.decompressobj(wbits=47).decompress)
        case "br":
            return _guarded(brotli.Decompressor().process)
        case "zstd":
            return _guarded(zstandard.ZstdDecompressor().decompressobj().decompress)
        case _:
            raise UnreadableError("unknown content-encoding")


def _same(data: bytes) -> bytes:
    return data


def _guarded(decompress: Callable[[bytes], bytes]) -> Callable[[bytes], bytes]:
    total = 0

    def decode(data: bytes) -> bytes:
        nonlocal total
        try:
            decoded = decompress(data)
        except (zlib.error, brotli.error, zstandard.ZstdError) as e:
            raise UnreadableError("broken compressed data") from e
        total += len(decoded)
        if total > _LIMIT:
            raise UnreadableError("decompresses to too much")
        return decoded

    return decode
