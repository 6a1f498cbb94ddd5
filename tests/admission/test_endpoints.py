"""The table of paths, and that no spelling leads past it."""

from __future__ import annotations

import string
from urllib.parse import unquote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ccgate.admission import endpoints
from ccgate.admission.endpoints import Endpoint
from ccgate.admission.endpoints import classify


@pytest.mark.parametrize(
    ("method", "path", "kind"),
    [
        ("POST", "/v1/messages", "inference"),
        ("POST", "/v1/messages?beta=true", "inference"),
        ("POST", "/v1/messages/count_tokens?beta=true", "count_tokens"),
        ("GET", "/v1/models?limit=1000", "models"),
        ("GET", "/v1/models/claude-opus-5-5", "models"),
        ("HEAD", "/", "probe"),
        ("HEAD", "/api/hello", "probe"),
        ("POST", "/api/eval/sdk-zAZezfDKGoZuXXKe", "flags"),
        ("GET", "/api/claude_code/policy_limits", "settings"),
        ("GET", "/api/claude_code/settings", "settings"),
        ("GET", "/api/claude_cli/bootstrap?entrypoint=sdk-cli&model=claude-opus-5-5", "settings"),
        ("GET", "/api/claude_code_penguin_mode", "settings"),
        ("GET", "/api/claude_code/organizations/metrics_enabled", "settings"),
        ("GET", "/mcp-registry/v0/servers?version=latest&limit=100", "registry"),
        ("GET", "/api/web/domain_info?domain=example.com", "registry"),
        ("POST", "/api/event_logging/v2/batch", "telemetry"),
        ("POST", "/api/claude_code/metrics", "telemetry"),
        ("GET", "/api/oauth/usage?skip_spend=1", "account"),
        ("GET", "/api/oauth/profile", "account"),
        ("POST", "/api/oauth/claude_cli/create_api_key", "account"),
        ("GET", "/api/oauth/organizations/8f1c/referral/eligibility?campaign=x", "account"),
        ("POST", "/v1/oauth/token", "account"),
    ],
)
def test_what_the_real_clients_ask_for_is_known(method: str, path: str, kind: str) -> None:
    """Each of these was measured or stands in the client; denied, Claude Code loses a feature."""
    assert classify(method, path) == Endpoint(kind, known=True)  # type: ignore[arg-type]


def test_a_chat_completion_costs_money() -> None:
    """It is a side door around a meter or a redactor that knows Messages alone."""
    assert classify("POST", "/v1/chat/completions") == Endpoint("inference", known=True)
    assert classify("GET", "/v1/chat/completions").suspicious


@pytest.mark.parametrize(
    "path",
    [
        "/v1/messages/batches",
        "/v1/messages/batches/b1/results",
        "/v1/messages/cache_touch",
        "/v1/complete",
        "/v1/chat/completions/c1",
        "/v1/files",
        "/v1/files/f1/content",
        "/v1/code/sessions",
        "/v1/sessions/s1/events",
        "/v1/agents",
        "/api/claude_cli_feedback",
        "/api/oauth/file_upload",
        "/v2/ccr-sessions/x/mcp",
    ],
)
@pytest.mark.parametrize("method", ["GET", "POST", "DELETE"])
def test_what_cannot_be_metered_yet_is_known_as_such(path: str, method: str) -> None:
    """With `unknown: allow` it would otherwise cost money, or carry a conversation, unseen."""
    assert classify(method, path) == Endpoint("unmetered", known=True)


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/v1/nothing"),
        ("GET", "/api"),
        ("POST", "/api/claude_code/settings"),
        ("POST", "/metrics"),
        ("GET", "/v1"),
        ("POST", "/v1/models"),
        ("GET", "/v1/messagesx"),
        ("GET", "/v1/Users/Alice"),
        ("DELETE", "/api/oauth/organizations/1/marketplaces/2"),
        ("get", "/v1/models"),
    ],
)
def test_anything_else_is_unknown(method: str, path: str) -> None:
    """The profile decides on these, so nothing about them may look dangerous."""
    assert classify(method, path) == Endpoint("unknown", known=False)


@pytest.mark.parametrize(
    "path",
    [
        "/v1//messages",
        "//v1/messages",
        "/v1/messages/",
        "/V1/Messages",
        "/v1/MESSAGES",
        "/v1/%6dessages",
        "/v1/%6Dessages",
        "/v1%2fmessages",
        "/v1/x/../messages",
        "/v1/./messages",
        "/v1/messages/.",
        "/../v1/messages",
        "/v1/messages/..",
        "/v1/messages;x=1",
        "/v1;x/messages",
        "/v1/messages%3Fx",
        "/v1/messages#x",
        "/v1\\messages",
        "/v1/messages%00",
        "/v1/messages\t",
        "/v1/messages ",
        " /v1/messages",
        "v1/messages",
        "",
        "*",
        "?x",
        "/v1/messages\n",
        "/v1/message\N{LATIN SMALL LETTER LONG S}",
        "/v1/messages\u200b",
        "/v1/%256dessages",
        "http://x/v1/messages",
        "/v1/messages/%2e%2e/x",
        "/V1/messages/batches",
        "/v1/Models",
        "/API/hello",
        "/v1/messages&x",
        "/v1/messages,",
        "/v1/messages\udcff",
    ],
)
def test_path_games_are_suspicious(path: str) -> None:
    """The upstream may fold what ccgate does not, and read an inference in it."""
    assert classify("POST", path) == Endpoint("unknown", known=False, suspicious=True)


@pytest.mark.parametrize("method", ["GET", "PUT", "PATCH", "DELETE", "OPTIONS", "post", "PO ST", "", "TRACE"])
def test_another_method_of_a_conversations_path_is_suspicious(method: str) -> None:
    """Its body would be a conversation that nobody looks at."""
    for path in ("/v1/messages", "/v1/messages/count_tokens"):
        assert classify(method, path).suspicious


def test_a_query_does_not_change_what_a_path_is() -> None:
    """The client adds what it likes there, also slashes and dots."""
    assert classify("POST", "/v1/messages?/../v1/models#%00").kind == "inference"


def folded(path: str) -> str:
    """As a lenient server might read it."""
    path = unquote(unquote(path)).lower().replace("\\", "/").partition("?")[0].partition("#")[0]
    segments: list[str] = []
    for segment in path.split("/"):
        segment = segment.partition(";")[0].strip()
        if segment == "..":
            segments[-1:] = []
        elif segment not in ("", "."):
            segments.append(segment)
    return "/" + "/".join(segments)


PIECES = st.sampled_from(
    [
        "/",
        "//",
        "v1",
        "V1",
        "messages",
        "m%65ssages",
        "Messages",
        "%2f",
        "%2F",
        ".",
        "..",
        ";a",
        "?",
        "#",
        "\\",
        " ",
        "x",
        "count_tokens",
        "models",
        "%252f",
    ]
)


@given(st.lists(PIECES, max_size=8).map("".join), st.sampled_from(["POST", "GET"]))
def test_what_a_lenient_server_takes_for_inference_is_inference_or_suspicious(path: str, method: str) -> None:
    """Never something that is let through as another kind, or as merely unknown."""
    found = classify(method, path)
    if folded(path) == "/v1/messages":
        assert found.suspicious or (found.kind == "inference" and method == "POST")
    if found.kind == "inference":
        assert path.partition("?")[0] == "/v1/messages"


@given(st.text(), st.text())
def test_any_request_gets_an_answer(method: str, path: str) -> None:
    """The walk has to end in a decision."""
    found = classify(method, path)
    assert found.known is (found.kind != "unknown")
    assert not (found.known and found.suspicious)


def test_the_table_is_in_canonical_form() -> None:
    """A row that no request can meet protects nothing."""
    plain = set(string.ascii_lowercase + string.digits + "/_-")
    for path, (methods, kind) in [*endpoints.PATHS.items(), *endpoints.TREES.items()]:
        assert set(path) <= plain
        assert path == "/" or not path.endswith("/")
        assert methods == "*" or set(methods.split()) <= {"GET", "HEAD", "POST", "PATCH"}
        assert (methods == "*") is (kind == "unmetered")
