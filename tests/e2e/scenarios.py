"""The conversations that the stand-in plays with the real clients, and the prompts that call for them."""

from __future__ import annotations

from tests.standin.script import Delivery
from tests.standin.script import Error
from tests.standin.script import Reply
from tests.standin.script import Script
from tests.standin.script import Text
from tests.standin.script import Thinking
from tests.standin.script import ToolUse

FOX = Text("The quick brown fox jumps over the lazy dog. ", repeat=20)
"""A text of 38 events; the answer's `message_delta` with the usage is event 42, counted from 0."""

THOUGHT = Thinking("The person wants a file. A shell command will do. ")

SHELL_WRITES = "printf 'grüße, %s\\n' wörld > greeting.txt && cat greeting.txt"
"""What the model has the client do; its result is in the client's folder."""

SCRIPT: Script = {
    "tools": (
        Reply(blocks=(THOUGHT, ToolUse("Bash", {"command": SHELL_WRITES, "description": "Write a file"}))),
        Reply(
            blocks=(
                THOUGHT,
                Text("Now the tool for writing."),
                ToolUse("Write", {"file_path": "NOTES", "content": 'A "note" with \\ and ü\n'}),
            )
        ),
        Reply(blocks=(THOUGHT, Text("Both files are written."))),
    ),
    "parent": (
        Reply(
            blocks=(
                ToolUse(
                    "Agent|Task",
                    {
                        "description": "Look around",
                        "prompt": "Look around: standin:child",
                        "subagent_type": "general-purpose",
                        "run_in_background": False,
                    },
                ),
            )
        ),
        Reply(blocks=(Text("The subagent has looked."),)),
    ),
    "child": (
        Reply(blocks=(ToolUse("Bash", {"command": "echo looked > looked.txt"}),)),
        Reply(blocks=(Text("I have looked."),)),
    ),
    # The connection ends in the middle of the text, or before it; the next try gets an answer. Paced, so
    # that the client has read all that came before the end.
    "hangs-up": ((Reply(blocks=(FOX,), delivery=Delivery(abort_after=12, pace=0.05)), Reply(blocks=(FOX,))),),
    "hangs-up-early": (
        (Reply(blocks=(FOX,), delivery=Delivery(abort_after=3, pace=0.05)), Reply(blocks=(FOX,))),
    ),
    # An error event, when all that the answer costs has been said already.
    "fails-late": (
        (
            Reply(blocks=(FOX,), delivery=Delivery(error_after=43)),
            Reply(status=400, error=Error("invalid_request_error", "stand-in: the answer was whole")),
        ),
    ),
    "overloaded-once": (
        (Reply(status=529, error=Error("overloaded_error", "Overloaded")), Reply(blocks=(FOX,))),
    ),
    "slow": (Reply(blocks=(FOX,), delivery=Delivery(pace=0.2)),),
    "chopped": (Reply(blocks=(THOUGHT, FOX), delivery=Delivery(split=(1, 2, 3, 5, 7, 11, 100), piece=7)),),
    "refuses": (Reply(blocks=(), stop_reason="refusal"),),
    "an-hour": (
        Reply(
            usage={
                "input_tokens": 1000,
                "cache_creation_input_tokens": 300,
                "cache_creation": {"ephemeral_5m_input_tokens": 100, "ephemeral_1h_input_tokens": 200},
                "cache_read_input_tokens": 50_000,
            }
        ),
    ),
}


def prompt(scenario: str) -> str:
    """What to say to a client for a scenario."""
    return f"Please do this: standin:{scenario}"
