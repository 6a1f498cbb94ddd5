"""Refuses what the real service refuses: headers, fields, the order of roles, the pairing of tool calls.

The messages' wording is the real one where it is known, because real clients match on it.
"""

from __future__ import annotations

from collections.abc import Collection
from collections.abc import Mapping
from typing import Any

from tests.standin.canonical import as_blocks
from tests.standin.problems import Invalid
from tests.standin.problems import NotFound
from tests.standin.problems import Unauthenticated

FIELDS = frozenset(
    "model messages system tools tool_choice metadata max_tokens thinking context_management output_config "
    "stream temperature top_p top_k stop_sequences service_tier container mcp_servers speed inference_geo "
    "cache_control safeguards tags diagnostics".split()
)
"""Top-level fields of a request; any other is refused."""

BETA_FIELDS = {"context_management": "context-management-2025-06-27"}
"""Fields that are refused without their value in `anthropic-beta`."""

VERSIONS = ("2023-06-01", "2026-10-21")
"""Values of `anthropic-version`: what Claude Code sends, and the SDK."""

ROLES = ("user", "assistant", "system")


def check_headers(headers: Mapping[str, str]) -> None:
    """Check what every governed request must carry.

    Raises:
        Invalid: a header is missing or has an unknown value.
    """
    if "anthropic-version" not in headers:
        raise Invalid("anthropic-version: header is required")
    if headers["anthropic-version"] not in VERSIONS:
        raise Invalid(f"anthropic-version: {headers['anthropic-version']!r} is not a valid version")


def check_content_type(headers: Mapping[str, str]) -> None:
    """Check that the body says that it is JSON.

    Raises:
        Invalid: it does not.
    """
    if headers.get("content-type", "").partition(";")[0].strip() != "application/json":
        raise Invalid("Content-Type: must be application/json")


def credential_of(headers: Mapping[str, str], accepted: Collection[str]) -> str:
    """The credential of a request; with nothing in `accepted`, any will do.

    Raises:
        Unauthenticated: there is none, or not one of the accepted ones.
    """
    scheme, _, bearer = headers.get("authorization", "").partition(" ")
    key = headers.get("x-api-key", "")
    if not key and scheme.lower() != "bearer":
        raise Unauthenticated("x-api-key header is required")
    credential = key or bearer
    if accepted and credential not in accepted:
        raise Unauthenticated("invalid x-api-key" if key else "Invalid bearer token")
    return credential


def check_body(body: Any, headers: Mapping[str, str], *, counting: bool = False) -> None:
    """Check a request to `/v1/messages`, or to its `count_tokens` when `counting`.

    Raises:
        Invalid: a field is missing, unknown or of a wrong type, or the messages are out of order.
        NotFound: there is no such model.
    """
    if not isinstance(body, Mapping):
        raise Invalid("Input should be a valid dictionary")
    required = {"model": str, "messages": list} | ({} if counting else {"max_tokens": int})
    for name, kind in required.items():
        if name not in body:
            raise Invalid(f"{name}: Field required")
        if not isinstance(body[name], kind) or isinstance(body[name], bool):
            raise Invalid(f"{name}: Input should be a valid {kind.__name__}")
    for name in body:
        if name not in FIELDS:
            raise Invalid(f"{name}: Extra inputs are not permitted")
        if name in BETA_FIELDS and BETA_FIELDS[name] not in headers.get("anthropic-beta", ""):
            raise Invalid(f"{name}: Extra inputs are not permitted")
    if "claude" not in body["model"]:
        raise NotFound(f"model: {body['model']}")
    if not counting and body["max_tokens"] < 1:
        raise Invalid("max_tokens: Input should be greater than or equal to 1")
    _check_messages(body["messages"])


def _check_messages(messages: list[Any]) -> None:
    if not messages:
        raise Invalid("messages: at least one message is required")
    for position, message in enumerate(messages):
        if not isinstance(message, Mapping) or message.get("role") not in ROLES:
            raise Invalid(f"messages.{position}.role: Input should be 'user', 'assistant' or 'system'")
        if not isinstance(message.get("content"), str | list):
            raise Invalid(f"messages.{position}.content: Input should be a valid list")
        if not message["content"] and position < len(messages) - 1:
            raise Invalid(
                f"messages.{position}: all messages must have non-empty content "
                "except for the optional final assistant message"
            )
        for place, block in enumerate(as_blocks(message["content"])):
            _check_block(block, f"messages.{position}.content.{place}")
    if messages[0]["role"] != "user":
        raise Invalid('messages: first message must use the "user" role')
    _check_tool_calls([(number, m) for number, m in enumerate(messages) if m["role"] != "system"])


def _check_block(block: Any, where: str) -> None:
    if not isinstance(block, Mapping) or not isinstance(block.get("type"), str):
        raise Invalid(f"{where}.type: Field required")
    if block["type"] == "text" and not block.get("text"):
        raise Invalid("messages: text content blocks must be non-empty")


def _check_tool_calls(messages: list[tuple[int, Mapping[str, Any]]]) -> None:
    """Every call is answered in the next message, and every answer has its call in the one before."""
    open_calls: list[str] = []
    asked_at = 0
    seen: set[str] = set()
    for position, message in messages:
        blocks = as_blocks(message["content"])
        if message["role"] == "user":
            answers = [block["tool_use_id"] for block in blocks if block["type"] == "tool_result"]
            for place, answer in enumerate(answers):
                if answer not in open_calls:
                    raise Invalid(
                        f"messages.{position}.content.{place}: unexpected `tool_use_id` found in "
                        f"`tool_result` blocks: {answer}. Each `tool_result` block must have a "
                        "corresponding `tool_use` block in the previous message."
                    )
            open_calls = [call for call in open_calls if call not in answers]
        if open_calls:
            raise Invalid(
                f"messages.{asked_at}: `tool_use` ids were found without `tool_result` blocks immediately "
                f"after: {', '.join(open_calls)}. Each `tool_use` block must have a corresponding "
                "`tool_result` block in the next message."
            )
        if message["role"] == "assistant":
            open_calls = [block["id"] for block in blocks if block["type"] == "tool_use"]
            asked_at = position
            if seen.intersection(open_calls) or len(set(open_calls)) < len(open_calls):
                raise Invalid(f"messages.{position}: `tool_use` ids must be unique")
            seen.update(open_calls)
