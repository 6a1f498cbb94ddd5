"""The conversations that the stand-in plays with the real clients, and the prompts that call for them."""

from __future__ import annotations

from tests.standin.script import Block
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

IN_CRUMBS = Delivery(piece=5, split=(1, 2, 3, 50))
"""Cuts whatever was put into an answer in several places."""

READ = {
    "project": r"working directory: (\S+)",
    "email": r"<([^<>\s]+@[^<>\s]+)>",
    "key": r"PAYMENT_API_KEY=(\S+)",
}
"""What a model that works on a person's project knows of it, in the form in which it came."""

REMEMBERED = Thinking(
    "The project is «project», «email» answers for it, and its key is «key». "
    "Or is it gesa.brandt@tidewater-books.shop, in /home/gesa/shop? "
)
"""What the model read, and what it makes up; neither may be touched where it thinks."""


def _works(*blocks: Block) -> Reply:
    """A turn of a model that has read all there is."""
    return Reply(blocks=(REMEMBERED, *blocks), seen=READ, delivery=IN_CRUMBS)


WORK: Script = {
    "work": (
        Reply(blocks=(THOUGHT, ToolUse("Bash", {"command": "pwd; ls -a; cat .env"}))),
        Reply(
            blocks=(
                THOUGHT,
                ToolUse("Bash", {"command": "git log --format='%h %an <%ae> %s'"}),
                ToolUse("Bash", {"command": "git config --list --show-origin | head -20"}),
            )
        ),
        _works(
            ToolUse("Read", {"file_path": "«project»/.env"}),
            ToolUse("Read", {"file_path": "«project»/signing.yaml"}),
            ToolUse("Read", {"file_path": "«project»/prices.py"}),
        ),
        _works(
            ToolUse(
                "Edit",
                {
                    "file_path": "«project»/.env",
                    "old_string": "PAYMENT_API_KEY=«key»\n",
                    "new_string": "PAYMENT_API_KEY=«key»\nPAYMENT_API_KEY_OLD=«key»\nPAYMENT_OWNER=«email»\n",
                },
            )
        ),
        _works(
            Text("The key «key» is «email»'s; a note goes to «project»."),
            ToolUse(
                "Write",
                {
                    "file_path": "«project»/NOTES.md",
                    "content": '# "Notes"\n\n\\ «email»\nkey\t«key»\nin «project»/\nEnde: ü\n',
                },
            ),
        ),
        _works(
            ToolUse(
                "Bash",
                {"command": "printf '%s\\n' '«project»/prices.py' > path.txt && cat «project»/path.txt"},
            ),
            ToolUse("Bash", {"command": "printf '%s\\n' '«key»' > key.txt; cat key.txt; git status --short"}),
        ),
        _works(
            ToolUse(
                "Agent|Task",
                {
                    "description": "Ask who works here",
                    "prompt": "Who but <«email»> works there? Its working directory: «project» standin:ask",
                    "subagent_type": "general-purpose",
                    "run_in_background": False,
                },
            )
        ),
        _works(
            ToolUse(
                "Edit",
                {
                    "file_path": "«project»/prices.py",
                    "old_string": 'line["price"] for',
                    "new_string": 'line["price"] * line["quantity"] for',
                },
            )
        ),
        _works(ToolUse("Bash", {"command": "cd «project» && python -m unittest 2>&1 && git log -1 --stat"})),
        _works(Text("The tests pass in «project». Tell «email»; the key is still «key».")),
    ),
    "ask": (
        Reply(
            blocks=(
                THOUGHT,
                ToolUse("Bash", {"command": "git log --format='<%ae>' | sort -u | tee people.txt"}),
            )
        ),
        Reply(
            blocks=(THOUGHT, Text("In «project» it is «email».")),
            seen={name: READ[name] for name in ("project", "email")},
            delivery=IN_CRUMBS,
        ),
    ),
    "sign": (
        Reply(blocks=(THOUGHT, ToolUse("Read", {"file_path": "signing.yaml"}))),
        Reply(
            blocks=(
                THOUGHT,
                ToolUse(
                    "Edit",
                    {
                        "file_path": "signing.yaml",
                        "old_string": "  «private_key»\nrotate: yearly",
                        "new_string": "  «private_key»\nrotate: monthly",
                    },
                ),
                ToolUse("Write", {"file_path": "copy.yaml", "content": "copy: |\n  «private_key»\n"}),
            ),
            seen={"private_key": r"REDACTED_PRIVATE_KEY_\w+"},
            delivery=IN_CRUMBS,
        ),
        Reply(blocks=(THOUGHT, Text("Signed."))),
    ),
    "again": (
        _works(ToolUse("Bash", {"command": "git status --short «project»; cat NOTES.md"})),
        _works(Text("Nothing new in «project», says «email».")),
    ),
}
"""What a model does that is asked to work in a household (`tests.e2e.household`)."""


def prompt(scenario: str) -> str:
    """What to say to a client for a scenario."""
    return f"Please do this: standin:{scenario}"
