"""Reads captured requests: a body, the flows that `mitmdump -w` saved, or a HAR.

HAR: http://www.softwareishard.com/blog/har-12-spec/ ; only what says which request it was is asked for.
"""

from __future__ import annotations

import io
import json
import re
from collections.abc import Iterable
from collections.abc import Iterator
from dataclasses import dataclass
from dataclasses import field
from typing import Any
from urllib.parse import urlsplit

from ccgate.admission.endpoints import classify
from ccgate.admission.permit import COMPRESSED
from ccgate.errors import ConfigError
from ccgate.errors import Refusal
from ccgate.privacy.walk import Format
from ccgate.proof.verify import form_of

_FLOWS = re.compile(rb"[0-9]{1,12}:")
"""How a tnetstring begins, of which a file of flows is a series."""

_BOM = b"\xef\xbb\xbf"
_CHAT_PATH = "/v1/chat/completions"
_CONVERSATIONS = ("inference", "count_tokens")

NOT_A_CAPTURE = (
    "is no captured request: not JSON with `messages`, no file of flows (mitmdump -w), no HAR; "
    "where it is a request's body all the same, name its format with --form"
)


@dataclass(frozen=True, slots=True)
class Captured:
    """One request that carries a conversation."""

    number: int
    """Its place in the file, from 1."""
    method: str
    path: str
    """Without the query; both are empty where there is the body alone."""
    form: Format
    body: bytes = field(repr=False)
    refusal: Refusal | None = None
    """Why the gateway would refuse it before it looked at the body."""


@dataclass(frozen=True, slots=True)
class Capture:
    """What a file holds."""

    requests: tuple[Captured, ...]
    others: int = 0
    """Requests that are no conversations."""
    empty: int = 0
    """Conversations whose body was not kept."""
    is_cut: bool = False
    """The file breaks off; what was in it before is here."""


@dataclass(frozen=True, slots=True)
class _Request:
    method: str
    path: str
    encoding: str
    body: bytes


def read(data: bytes, name: str, form: Format | None = None) -> Capture:
    """The requests in a file's bytes; `name` is what messages call it, `form` the requests' format if told.

    Raises:
        ConfigError: it is empty, no capture, or one without a conversation.
    """
    if not data.strip():
        raise ConfigError(f"{name}: is empty")
    if _FLOWS.match(data):
        return _from_flows(data, name, form)
    entries = _har(data)
    if entries is not None:
        return _capture(_of_har(entries, name), name, form)
    recognised = form or (form_of(data) if data.lstrip().startswith(b"{") else None)
    if recognised is None:
        raise ConfigError(f"{name}: {NOT_A_CAPTURE}")
    return Capture((Captured(1, "", "", recognised, data),))


def _from_flows(data: bytes, name: str, form: Format | None) -> Capture:
    # Here, because a body and a HAR do without mitmproxy.
    from mitmproxy import exceptions
    from mitmproxy import http
    from mitmproxy.io import FlowReader

    requests = []
    is_cut = False
    try:
        for flow in FlowReader(io.BytesIO(data)).stream():
            if isinstance(flow, http.HTTPFlow):
                asked = flow.request
                encoding = asked.headers.get("content-encoding", "")
                requests.append(_Request(asked.method, asked.path, encoding, asked.raw_content or b""))
    # A file that is damaged may state anything of a flow.
    except (exceptions.FlowReadException, AttributeError, LookupError, TypeError, ValueError):
        is_cut = True
    if is_cut and not requests:
        raise ConfigError(f"{name}: {NOT_A_CAPTURE}")
    return _capture(requests, name, form, is_cut=is_cut)


def _har(data: bytes) -> list[Any] | None:
    """The entries of a HAR; None: it is none."""
    if b'"entries"' not in data:
        return None
    try:
        document = json.loads(data.removeprefix(_BOM).decode(), parse_int=float)
    except (ValueError, RecursionError):
        return None
    log = document.get("log") if isinstance(document, dict) else None
    entries = log.get("entries") if isinstance(log, dict) else None
    return entries if isinstance(entries, list) else None


def _of_har(entries: list[Any], name: str) -> Iterator[_Request]:
    for number, entry in enumerate(entries, 1):
        try:
            asked = entry["request"]
            text = (asked.get("postData") or {}).get("text") or ""
            url = urlsplit(asked["url"])
            yield _Request(str(asked["method"]), url.path or "/", "", text.encode("utf-8", "surrogatepass"))
        except (AttributeError, LookupError, TypeError, ValueError):
            raise ConfigError(f"{name}: entry {number} of this HAR is no request") from None


def _capture(
    requests: Iterable[_Request], name: str, form: Format | None, *, is_cut: bool = False
) -> Capture:
    found = []
    others = empty = 0
    for number, one in enumerate(requests, 1):
        path = one.path.partition("?")[0]
        spoken = _form(one.method, path)
        if spoken is None:
            others += 1
        elif not one.body:
            empty += 1
        else:
            found.append(
                Captured(number, one.method, path, form or spoken, one.body, _compressed(one.encoding))
            )
    if not found:
        plural = "" if others == 1 else "s"
        rest = f"{others} other request{plural}, {empty} without a body"
        raise ConfigError(f"{name}: there is no conversation in it ({rest})")
    return Capture(tuple(found), others, empty, is_cut)


def _form(method: str, path: str) -> Format | None:
    """The format of the conversations that are sent to a path; None: none are."""
    if classify(method, path).kind not in _CONVERSATIONS:
        return None
    return "chat" if path == _CHAT_PATH else "messages"


def _compressed(encoding: str) -> Refusal | None:
    is_plain = encoding.strip().lower() in ("", "identity")
    return None if is_plain else Refusal(415, COMPRESSED)
