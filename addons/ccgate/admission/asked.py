"""What a Messages request asks for, read without building the conversation.

A body may be megabytes long; of those, admission and the ledger need two fields.
"""

from __future__ import annotations

import json

import msgspec

from ccgate.errors import Refusal

_MODEL_LENGTH = 200


class Asked(msgspec.Struct, frozen=True):
    """The fields of a request body that decide. `model` is what the client wrote."""

    model: str
    stream: bool | None = False


_decoder = msgspec.json.Decoder(Asked)


def read(body: bytes) -> Asked:
    """What the body asks for.

    Raises:
        Refusal: 400; the body is not JSON, or is no request for a model.
    """
    try:
        asked = _decoder.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        asked = _read_leniently(body)
    if not asked.model or len(asked.model) > _MODEL_LENGTH or not asked.model.isprintable():
        raise Refusal(400, "the request's `model` is no model name")
    return asked


def _read_leniently(body: bytes) -> Asked:
    """The same by the standard library, which takes the lone surrogates that real clients send."""
    try:
        return msgspec.convert(json.loads(body.decode("utf-8", "surrogatepass")), Asked)
    except msgspec.ValidationError as e:
        raise Refusal(400, f"the request body is no Messages request: {e}") from None
    except (ValueError, RecursionError):
        raise Refusal(400, "the request body is not valid JSON") from None
