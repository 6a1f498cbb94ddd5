"""Decides what the stand-in says next, from the conversation alone.

A person's text chooses the scenario by the words `standin:NAME`. How many turns of the model follow that
text says which step comes next; so a retry gets the same step, a subagent (whose conversation holds
its own text) plays its own scenario, and no session state is needed. Without the words, the scenario
is `default`.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from dataclasses import field
from typing import Any

import msgspec

from tests.standin.canonical import turns
from tests.standin.problems import Invalid
from tests.standin.script import Reply
from tests.standin.script import Script
from tests.standin.script import ToolUse
from tests.standin.seen import with_seen

DIRECTIVE = re.compile(r"\bstandin:([A-Za-z0-9_-]+)")
DEFAULT: Script = {"default": (Reply(),)}


@dataclass
class Conversations:
    """The script, and how often each step was tried."""

    script: Script = field(default_factory=dict)
    _tries: Counter[tuple[str, int]] = field(default_factory=Counter)

    def add(self, script: Script) -> None:
        """Add scenarios, in place of those of the same name."""
        self.script.update(script)
        for scenario, step in list(self._tries):
            if scenario in script:
                del self._tries[scenario, step]

    def next_reply(self, body: Mapping[str, Any]) -> Reply:
        """The answer to the request `body`.

        Raises:
            Invalid: the text names a scenario that the script does not have, or the step calls a tool
                that the request does not offer, or uses what the request does not hold.
        """
        scenario, done = _place(body["messages"])
        steps = (DEFAULT | self.script).get(scenario)
        if not steps:
            raise Invalid(f"stand-in: no scenario named {scenario!r}")
        number = min(done, len(steps) - 1)
        step = steps[number]
        if isinstance(step, tuple):
            tries = self._tries[scenario, number]
            self._tries[scenario, number] += 1
            step = step[min(tries, len(step) - 1)]
        return with_seen(_with_offered_tools(step, body), body)


def _place(messages: list[Mapping[str, Any]]) -> tuple[str, int]:
    """The scenario that the last directive names, and the number of the model's turns since."""
    scenario, done = "default", 0
    for role, blocks in turns(messages):
        if role == "assistant":
            done += 1
        elif role == "user":
            text = " ".join(block.get("text", "") for block in blocks if block["type"] == "text")
            named = DIRECTIVE.findall(text)
            if named:
                scenario, done = named[-1], 0
    return scenario, done


def _with_offered_tools(reply: Reply, body: Mapping[str, Any]) -> Reply:
    offered = {tool.get("name") for tool in body.get("tools") or []}
    blocks = []
    for block in reply.blocks:
        if isinstance(block, ToolUse):
            names = [name for name in block.name.split("|") if name in offered]
            if not names:
                raise Invalid(f"stand-in: the step calls {block.name}, which the request does not offer")
            block = msgspec.structs.replace(block, name=names[0])
        blocks.append(block)
    return msgspec.structs.replace(reply, blocks=tuple(blocks))
