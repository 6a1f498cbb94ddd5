"""What a request to a model asks for, read without building the conversation.

A body may be megabytes long; of those, admission and the ledger need few fields.
"""

from __future__ import annotations

import json

import msgspec

from ccgate.errors import Refusal

_MODEL_LENGTH = 200

USAGE_UNASKED = (
    "a streamed chat completion tells what it cost only when it is asked to, and the gateway lets none pass "
    'that it cannot meter; add "stream_options": {"include_usage": true}'
)


class StreamOptions(msgspec.Struct, frozen=True):
    """What a chat completion's stream is to hold."""

    include_usage: bool | None = False


class Asked(msgspec.Struct, frozen=True):
    """The fields of a request body that decide. `model` is what the client wrote."""

    model: str
    stream: bool | None = False


class AskedChat(Asked, frozen=True):
    """The same of a chat completion."""

    stream_options: StreamOptions | None = None


_decoder = msgspec.json.Decoder(Asked)
_chat_decoder = msgspec.json.Decoder(AskedChat)


def read(body: bytes) -> Asked:
    """What the body asks for.

    Raises:
        Refusal: 400; the body is not JSON, or is no request for a model.
    """
    return _read(body, _decoder)


def read_chat(body: bytes) -> AskedChat:
    """What the body of a chat completion asks for.

    Raises:
        Refusal: 400; as `read`, or its answer would not say what it cost.
    """
    asked = _read(body, _chat_decoder)
    if asked.stream and not (asked.stream_options and asked.stream_options.include_usage):
        raise Refusal(400, USAGE_UNASKED)
    return asked


def _read[T: Asked](body: bytes, decoder: msgspec.json.Decoder[T]) -> T:
    try:
        asked = decoder.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        asked = _read_leniently(body, decoder.type)
    if not asked.model or len(asked.model) > _MODEL_LENGTH or not asked.model.isprintable():
        raise Refusal(400, "the request's `model` is no model name")
    return asked


def _read_leniently[T: Asked](body: bytes, form: type[T]) -> T:
    """The same by the standard library, which takes the lone surrogates that real clients send."""
    try:
        return msgspec.convert(json.loads(body.decode("utf-8", "surrogatepass")), form)
    except msgspec.ValidationError as e:
        raise Refusal(400, f"the request body is no request to a model: {e}") from None
    except (ValueError, RecursionError):
        raise Refusal(400, "the request body is not valid JSON") from None
