"""What a client may ask for; what an upstream might take for something else is refused."""

from __future__ import annotations

from urllib.parse import unquote

import pytest
from hypothesis import given
from hypothesis import strategies as st
from mitmproxy import http

from ccgate.admission.permit import check_endpoint
from ccgate.admission.permit import check_model
from ccgate.errors import Refusal

NONE = http.Headers()
MESSAGES = "/v1/messages"


def refusal(method: str, path: str, headers: http.Headers = NONE, *, unknown: str = "allow") -> Refusal:
    """The refusal that this request meets."""
    with pytest.raises(Refusal) as refused:
        check_endpoint(method, path, headers, unknown=unknown)  # type: ignore[arg-type]
    return refused.value


def lenient(path: str) -> str:
    """What an upstream that decodes, tidies and folds case takes a path for."""
    for _ in range(3):
        path = unquote(path, errors="replace")
    path = path.partition("?")[0].partition("#")[0].replace("\\", "/").lower()
    parts: list[str] = []
    for raw in path.split("/"):
        part = "".join(c for c in raw.partition(";")[0] if c.isprintable()).strip()
        if part == "..":
            del parts[-1:]
        elif part not in ("", "."):
            parts.append(part)
    return "/" + "/".join(parts)


PIECES = [
    *(
        "/",
        "//",
        "/./",
        "/../",
        "/x/../",
        "\\",
        "v1",
        "V1",
        "messages",
        "Messages",
        "count_tokens",
        "batches",
    ),
    *("%2f", "%2F", "%6d", "%6D", "essages", "%252f", "%2e%2e", "%00", ";x=1", "?", "?beta=true", "#x"),
    *(" ", "\t", "\x00", "\u200b", "\xad", "\u017f", "."),
]
paths = st.builds(lambda parts: "/" + "".join(parts), st.lists(st.sampled_from(PIECES), max_size=8))
mutated = st.builds(
    lambda at, piece, path: path[:at] + piece + path[at:],
    st.integers(0, 14),
    st.sampled_from([*PIECES, "%"]),
    st.sampled_from([MESSAGES, MESSAGES + "/count_tokens", MESSAGES + "?beta=true"]),
)


@given(
    path=paths | mutated | st.text(max_size=30),
    method=st.sampled_from(["POST", "post", "GET", "PUT", "HEAD", "OPTIONS", "PATCH"]),
    unknown=st.sampled_from(["deny", "allow"]),
)
def test_what_could_be_taken_for_the_messages_api_is_exactly_that_or_refused(
    path: str, method: str, unknown: str
) -> None:
    """A path that only a lenient upstream reads as /v1/messages would pass unmetered and unread."""
    try:
        endpoint = check_endpoint(method, path, NONE, unknown=unknown)  # type: ignore[arg-type]
    except Refusal as refused:
        assert refused.status == 403
        return
    canonical = path.partition("?")[0]
    if endpoint.kind == "inference":
        assert (method, canonical) == ("POST", MESSAGES)
    if (lenient(path) + "/").startswith(MESSAGES + "/"):
        assert method == "POST"
        assert canonical in (MESSAGES, MESSAGES + "/count_tokens")


@pytest.mark.parametrize("path", [MESSAGES, MESSAGES + "?beta=true", MESSAGES + "?"])
def test_the_messages_api_is_inference(path: str) -> None:
    """Claude Code asks with ?beta=true, the SDK without."""
    assert check_endpoint("POST", path, NONE, unknown="deny").kind == "inference"


def test_an_unknown_path_is_the_profiles_decision() -> None:
    """A new feature of the client fails with the key that would allow it, and works once it is set."""
    assert "admission.endpoints.unknown" in refusal("GET", "/v9/new", unknown="deny").message
    assert check_endpoint("GET", "/v9/new", NONE, unknown="allow").kind == "unknown"


@pytest.mark.parametrize("unknown", ["deny", "allow"])
@pytest.mark.parametrize("path", ["/v1/messages/batches", "/v1/complete", "/v1/files/abc"])
def test_what_cannot_be_metered_never_passes(path: str, unknown: str) -> None:
    """A side door around the ledger stays shut, also where unknown paths are open."""
    refused = refusal("POST", path, unknown=unknown)
    assert refused.status == 403
    assert "meter" in refused.message


@pytest.mark.parametrize("name", ["upgrade", "Upgrade", "UPGRADE"])
@pytest.mark.parametrize("value", ["websocket", "h2c", ""])
def test_another_protocol_is_refused(name: str, value: str) -> None:
    """After a switch of protocol nobody looks at what passes."""
    headers = http.Headers([(name.encode(), value.encode())])
    assert refusal("GET", "/v1/models", headers).status == 403


@pytest.mark.parametrize(
    "fields",
    [
        [(b"Content-Encoding", b"gzip")],
        [(b"content-encoding", b"GZIP ")],
        [(b"content-encoding", b"identity, br")],
        [(b"content-encoding", b"identity"), (b"CONTENT-ENCODING", b"zstd")],
        [(b"content-encoding", b""), (b"content-encoding", b"gzip")],
    ],
)
def test_a_compressed_body_is_refused(fields: list[tuple[bytes, bytes]]) -> None:
    """The gateway would meter and redact bytes that it cannot read."""
    refused = refusal("POST", MESSAGES, http.Headers(fields))
    assert refused.status == 415
    assert "content-encoding" in refused.message


@pytest.mark.parametrize("value", [b"identity", b"Identity", b" identity ", b""])
def test_a_body_that_says_that_it_is_plain_passes(value: bytes) -> None:
    """Some clients name the encoding that is none."""
    headers = http.Headers([(b"content-encoding", value)])
    assert check_endpoint("POST", MESSAGES, headers, unknown="deny").kind == "inference"


def test_no_globs_allow_every_model() -> None:
    """A profile that does not speak of models does not hinder anyone."""
    check_model("claude-anything", ())


@pytest.mark.parametrize("model", ["claude-sonnet-5", "claude-sonnet-5-5-20261001", "claude-haiku-5-5"])
def test_a_model_that_a_glob_names_passes(model: str) -> None:
    check_model(model, ("claude-sonnet-*", "claude-haiku-5-5"))


@pytest.mark.parametrize(
    "model", ["claude-opus-5", "Claude-Sonnet-5", "claude-haiku-5-5x", "xclaude-sonnet-5"]
)
def test_a_model_that_no_glob_names_is_refused(model: str) -> None:
    """The answer names the model and the key, so that the person knows whom to ask for what."""
    with pytest.raises(Refusal) as refused:
        check_model(model, ("claude-sonnet-*", "claude-haiku-5-5"))
    assert refused.value.status == 403
    assert model in refused.value.message
    assert "admission.models" in refused.value.message
