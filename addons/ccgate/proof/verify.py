"""What would become of a request: what would be replaced in it, and whether it would leave.

The redactor of the running gateway does the work, with the same key, so what is reported is what would be
done. Nothing is sent.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from collections.abc import Mapping
from dataclasses import dataclass
from dataclasses import field
from typing import Any
from typing import Literal

from ccgate.errors import Refusal
from ccgate.privacy import walk
from ccgate.privacy.layout import lay_out
from ccgate.privacy.placeholders import PATTERN
from ccgate.privacy.room import PrivacyRoom
from ccgate.proof.changes import Place
from ccgate.proof.changes import places
from ccgate.proof.excerpt import Secrets
from ccgate.proof.excerpt import excerpts
from ccgate.proof.excerpt import first_of
from ccgate.proof.excerpt import plain

Outcome = Literal["leaves", "blocked", "unreadable"]

_CHAT_FIELDS = frozenset(
    {
        "frequency_penalty",
        "functions",
        "logit_bias",
        "logprobs",
        "max_completion_tokens",
        "modalities",
        "n",
        "parallel_tool_calls",
        "presence_penalty",
        "reasoning_effort",
        "response_format",
        "seed",
        "stop",
        "stream_options",
    }
)
"""Fields that a Messages request does not have."""

_MESSAGES_FIELDS = frozenset({"anthropic_version", "betas", "stop_sequences", "system", "thinking", "top_k"})
"""Fields that a chat completions request does not have."""

_CHAT_ROLES = ("developer", "function", "tool")


@dataclass(frozen=True, slots=True)
class Report:
    """What would become of one request; its repr shows nothing of it."""

    outcome: Outcome
    """`leaves`, changed or not; `blocked`, because of what is in it; `unreadable`, and so it stays here."""
    form: walk.Format
    status: int | None = None
    """With which the gateway would refuse it."""
    reason: str | None = None
    """Why it would not leave: the rule and the place, never the value."""
    places: tuple[Place, ...] = ()
    """Where something would be replaced."""
    missed: tuple[str, ...] = ()
    """Places at which a secret would leave: it was found further on, and what came before stays as it was."""
    placeholders: int = 0
    """How many placeholders are in it as it comes; they stay as they are."""
    device: Literal["absent", "unknown", "pseudonym"] = "absent"
    """`unknown`: who sent it is told in a form that is not known, and so would leave as it is."""
    secrets: Secrets = field(default_factory=Secrets, repr=False)

    @property
    def counts(self) -> dict[str, int]:
        """How many places would be changed, by category, the names in order."""
        counted = Counter(change.category for place in self.places for change in place.changes)
        return dict(sorted(counted.items()))

    def as_json(self, show: bool = False) -> dict[str, Any]:
        """The report as JSON:

            {"outcome": "leaves", "form": "messages", "status": null, "reason": null,
             "counts": {"home": 12, "secret": 1}, "missed": [], "placeholders": 0, "device": "absent",
             "places": [{
                "path": "messages[3].content[0].text",
                "is_key": false,
                "changes": [{
                    "start": 120, "end": 160,       # in the string there, in characters (code points)
                    "line": 12,                     # of that string, from 1
                    "category": "secret", "kind": "TOKEN", "rule": "github",
                    "placeholder": "REDACTED_TOKEN_…",
                    "length": 40,
                    "first": null,                  # first character; null for a secret
                    "value": "…"                    # only with `show`
                }],
                "lines": [{"line": 12, "before": "export T=<40 characters>", "after": "export T=REDACTED…"}]
             }]}

        Without `show` it holds no secret, and of other values no more than length and first character;
        what is around them is shown as it stands. A line of which each placeholder was in a line before
        is left out of `lines`, and a long one is cut.
        """
        return {
            "outcome": self.outcome,
            "form": self.form,
            "status": self.status,
            "reason": self.reason,
            "counts": self.counts,
            "missed": list(self.missed),
            "placeholders": self.placeholders,
            "device": self.device,
            "places": [self._place(place, show=show) for place in self.places],
        }

    def _place(self, place: Place, *, show: bool) -> dict[str, Any]:
        return {
            "path": place.path,
            "is_key": place.is_key,
            "changes": [
                {
                    "start": one.start,
                    "end": one.end,
                    "line": one.line,
                    "category": one.category,
                    "kind": one.kind,
                    "rule": one.rule,
                    "placeholder": one.placeholder,
                    "length": one.end - one.start,
                    "first": first_of(one, place.text),
                    **({"value": place.text[one.start : one.end]} if show else {}),
                }
                for one in place.changes
            ],
            "lines": [
                {"line": one.line, "before": plain(one.before), "after": plain(one.after)}
                for one in excerpts(place, self.secrets, show=show)
            ],
        }


def report(body: bytes, form: walk.Format, room: PrivacyRoom | None) -> Report:
    """What would become of a request in a room; None: the profile has nothing redacted."""
    placeholders = len(PATTERN.findall(body.decode("utf-8", "replace")))
    if room is None:
        return Report("leaves", form, placeholders=placeholders)
    try:
        redaction = room.redactor.redact(body, form)
    except Refusal as e:
        return refused(e, form)
    secrets = Secrets(one.value for _, one in redaction.vault.items() if one.category == "secret")
    return Report(
        "leaves",
        form,
        places=tuple(_without(place, secrets) for place in places(body, form, redaction)),
        missed=tuple(_missed(redaction.body, form, secrets)) if secrets else (),
        placeholders=placeholders,
        device=redaction.device,
        secrets=secrets,
    )


def refused(refusal: Refusal, form: walk.Format) -> Report:
    """The report on a request that the gateway would refuse."""
    outcome: Outcome = "blocked" if refusal.status == 451 else "unreadable"
    reason = refusal.message.removeprefix("the request was not sent: ")
    return Report(outcome, form, status=refusal.status, reason=reason)


def form_of(body: bytes) -> walk.Format | None:
    """The format of a captured request, by its fields; None when it is JSON and no request of either.

    What cannot be read counts as `messages`: it is refused in either format.
    """
    try:
        request = json.loads(body.decode(), parse_int=float)
    except (ValueError, RecursionError):
        return "messages"
    if not isinstance(request, Mapping) or not isinstance(request.get("messages"), list):
        return None
    if not _MESSAGES_FIELDS.isdisjoint(request):
        return "messages"
    return "chat" if not _CHAT_FIELDS.isdisjoint(request) or _speaks_chat(request) else "messages"


def _speaks_chat(request: Mapping[str, Any]) -> bool:
    tools = request.get("tools")
    if isinstance(tools, list) and any(isinstance(tool, dict) and "function" in tool for tool in tools):
        return True
    messages = [one for one in request["messages"] if isinstance(one, dict)]
    return any(
        one.get("role") in _CHAT_ROLES or "tool_calls" in one or "function_call" in one for one in messages
    )


def _without(place: Place, secrets: Secrets) -> Place:
    """The same, with no secret in its path: a key may be one that is found further on."""
    path = secrets.masked(place.path)
    return place if path == place.path else Place(path, place.is_key, place.text, place.changes)


def _missed(body: bytes, form: walk.Format, secrets: Secrets) -> Iterator[str]:
    for part in lay_out(body, form).parts:
        value = json.loads(body[part.start : part.end].decode(), parse_int=float)
        for leaf in walk.leaves(part.kind, [value], 0):
            if next(secrets.within(leaf.text), None) is not None:
                yield secrets.masked(part.path + walk.path(leaf.trail))
