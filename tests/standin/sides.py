"""The small requests that the real client makes beside its conversation, and what they get."""

from __future__ import annotations

import re
from typing import Any

ANSWERS: tuple[tuple[str, str, int, dict[str, Any]], ...] = (
    ("HEAD", r"/", 404, {}),
    ("GET|HEAD", r"/api/hello", 200, {"message": "hello"}),
    ("POST", r"/api/eval/sdk-.+", 200, {"features": {}, "experiments": {}}),
    ("GET", r"/api/claude_code/policy_limits", 200, {"restrictions": {}}),
    ("GET", r"/api/claude_code/settings", 404, {"error": "not_found"}),
    ("GET", r"/api/claude_cli/bootstrap", 200, {"client_data": {}, "additional_model_options": []}),
    ("GET", r"/api/claude_code_penguin_mode", 200, {"enabled": False}),
    ("GET", r"/api/claude_code/organizations/metrics_enabled", 200, {"metrics_logging_enabled": True}),
    ("POST", r"/api/claude_code/metrics", 200, {"accepted_count": 0, "rejected_count": 0}),
    ("GET", r"/mcp-registry/v0/servers", 200, {"servers": [], "metadata": {"count": 0}}),
    ("GET", r"/api/directory/server-urls", 200, {"servers": []}),
    ("POST", r"/api/event_logging/(v2/)?batch", 200, {"accepted_count": 0, "rejected_count": 0}),
)
"""Method, path, status and JSON of each, as expressions that match in full."""


def side_answer(method: str, path: str) -> tuple[int, dict[str, Any]] | None:
    """Status and JSON for a side request, or None when it is not known as one."""
    for methods, pattern, status, answer in ANSWERS:
        if re.fullmatch(methods, method) and re.fullmatch(pattern, path):
            return status, answer
    return None
