"""The demonstration: a stand-in of the provider, a gateway, and two clients who really talk through it.

Everything is on loopback and in a temporary folder. Whatever happens, it is all stopped and removed again.
"""

from __future__ import annotations

import contextlib
import os
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from dataclasses import field
from decimal import Decimal
from pathlib import Path

import httpx
from rich.console import Console
from rich.markup import escape

from ccgate.cli import client_env
from tests.demo.actors import Actor
from tests.demo.actors import Said
from tests.demo.actors import best
from tests.standin.running import running
from tests.standin.script import Reply
from tests.standin.script import Script
from tests.standin.script import Text
from tests.standin.script import Thinking
from tests.standin.script import ToolUse
from tests.standin.server import StandIn
from tests.support.gateway import OPEN_POLICY
from tests.support.gateway import ROOT
from tests.support.gateway import GatewayProcess

KEY = "sk-ant-api03-the-demo-organisations-own-key"
POLICY = (
    OPEN_POLICY.replace("allow, emails: allow, home: allow", "redact, emails: redact, home: redact")
    + 'credential: {{kind: api-key, from: "env:DEMO_KEY"}}\n'
)
LOG_LINES = 15
"""How much of the gateway's log is shown when something went wrong."""

HAIKU = "A gate, and a ledger:\\nwhat passes is counted once,\\nwho passes is known.\\n"
SCRIPT: Script = {
    "haiku": (
        Reply(
            blocks=(
                Thinking("A haiku, and then a file. The shell will do."),
                ToolUse("Bash", {"command": f"printf '{HAIKU}' > haiku.txt", "description": "Write"}),
            )
        ),
        Reply(blocks=(Thinking("It is written."), Text("I have written a haiku into haiku.txt."))),
    ),
    "review": (
        Reply(
            blocks=(Text("«file» is fine. «mail» can ship it."),),
            seen={"file": r"/home/\S+\.py", "mail": r"[\w.+-]+@[\w.-]+\w"},
        ),
    ),
    "greeting": (Reply(blocks=(Text("Good morning. What shall we build today?"),)),),
}


PRIVATE = (
    "rosa.albrecht",
    "rosa.albrecht@albrecht-und-co.de",
    "ghp_" + "t8Kd2mZpQ7xWv4nRt5yUb1cLe9sJf0hGq3oA",
)
"""What must not leave: made up, like all of it."""

REVIEW = f"Please review /home/{PRIVATE[0]}/shop/prices.py for {PRIVATE[1]}, GITHUB_TOKEN={PRIVATE[2]}."


class DemoError(Exception):
    """The demonstration could not go on; the message says why, and ends with the gateway's log."""


@dataclass(frozen=True, slots=True)
class Part:
    """A client in the demonstration: who it is, which way it takes, and what it asks for."""

    client: str
    owner: str
    way: client_env.Way
    asks: str
    scenario: str
    tool: bool = False

    @property
    def prompt(self) -> str:
        """What is said to the model; the last words choose what the stand-in answers."""
        return f"{self.asks} standin:{self.scenario}"


@dataclass
class Stage:
    """What is set up for the demonstration."""

    console: Console
    home: Path
    standin: StandIn
    gateway: GatewayProcess
    tokens: dict[str, str] = field(default_factory=dict, repr=False)
    costs: list[Decimal | None] = field(default_factory=list)

    def variables(self, part: Part) -> dict[str, str]:
        """What `client env` prints for a client."""
        place = client_env.Gateway(
            "127.0.0.1",
            self.gateway.proxy_port,
            self.gateway.api_port,
            self.gateway.ca,
            own_login=False,
        )
        return client_env.variables(part.way, part.client, self.tokens[part.client], place)

    def say(self, text: str = "", *, head: str = "") -> None:
        """Tell the person; a `head` starts a step."""
        if head:
            self.console.print(f"\n[bold]{head}[/bold]", soft_wrap=True)
        if text:
            self.console.print(f"   {text}", soft_wrap=True)


def perform(console: Console, command: str) -> None:
    """Show it all; `command` is how the person calls ccgate.

    Raises:
        DemoError: something did not go as it should.
    """
    console.print("[bold]ccgate demo[/bold]: the whole job, on this machine alone", soft_wrap=True)
    with tempfile.TemporaryDirectory(prefix="ccgate-demo-") as folder, _stage(console, Path(folder)) as stage:
        actor = best(stage.home)
        parts = _parts(actor)
        _admit(stage, parts)
        for number, part in enumerate(parts, start=4):
            _converse(stage, actor, part, number)
        _turn_away(stage)
        _account(stage, command)
        _look_upstream(stage)
    console.print("\nAll of it is stopped and removed again. [bold]Next:[/bold]", soft_wrap=True)
    for arguments, purpose in (
        ("client add NAME", "a token for your machine, and what to set there"),
        ("start", "the gateway, before the provider's real API"),
        ("usage --by owner", "what was used and what it cost"),
    ):
        console.print(f"   {command} {arguments:<18} {purpose}", soft_wrap=True)


@contextlib.contextmanager
def _stage(console: Console, folder: Path) -> Iterator[Stage]:
    """Start everything; stop it again at the end, and explain a failure with the gateway's log."""
    standin = StandIn(SCRIPT, accepted=[KEY])
    with running(standin) as url:
        gateway = GatewayProcess(
            folder / "state", POLICY.format(upstream=url), upstream=url, environ={"DEMO_KEY": KEY}
        )
        stage = Stage(console, folder, standin, gateway)
        stage.say(f"listens on {url}, and is as strict as the real one", head="1  A stand-in of the API")
        started = time.monotonic()
        try:
            with gateway:
                stage.say(
                    f"is ready after {time.monotonic() - started:.1f} s; "
                    "it alone has the organisation's API key",
                    head="2  The gateway",
                )
                stage.say(f"forward proxy  http://127.0.0.1:{gateway.proxy_port}")
                stage.say(f"API endpoint   {gateway.url}")
                yield stage
        except Exception as e:
            log = "\n".join(gateway.log.splitlines()[-LOG_LINES:])
            told = str(e) if log in str(e) else f"{e}\nThe end of the gateway's log:\n{log}"
            raise DemoError(told) from e


def _parts(actor: Actor) -> list[Part]:
    """The SDK runs no tools by itself, so it is asked for something simpler."""
    if actor.uses_tools:
        first = Part("alice-laptop", "alice", "proxy", "Write a haiku into a file.", "haiku", tool=True)
    else:
        first = Part("alice-laptop", "alice", "proxy", "Good morning!", "greeting")
    return [first, Part("ci-runner", "platform team", "api", REVIEW, "review")]


def _admit(stage: Stage, parts: list[Part]) -> None:
    stage.say(head="3  Two clients, each with a token of its own")
    for part in parts:
        token = stage.gateway.add_client(part.client, part.owner)
        stage.tokens[part.client] = token
        stage.say(f"{part.client:<13} owner: {part.owner:<14} token: {token[:12]}…")


def _converse(stage: Stage, actor: Actor, part: Part, number: int) -> None:
    way = "the forward proxy" if part.way == "proxy" else "the API endpoint"
    stage.say(head=f"{number}  {part.client} through {way}, with {actor.name}")
    home = stage.home / part.client
    home.mkdir()
    started = time.monotonic()
    said = actor.ask(part.prompt, stage.variables(part), home)
    seconds = time.monotonic() - started
    stage.say(f"asks: {part.asks}")
    stage.say(f"gets: {escape(said.answer)}")
    if part.tool:
        stage.say(f"haiku.txt has {len((home / 'haiku.txt').read_text().splitlines())} lines")
    stage.say(f"[dim]{seconds:.1f} s{_own_sum(said)}[/dim]")
    stage.costs.append(said.cost)


def _own_sum(said: Said) -> str:
    return "" if said.cost is None else f"; the client's own sum: ${said.cost:.4f}"


def _turn_away(stage: Stage) -> None:
    stage.say(head="6  A stranger with a token that nobody gave out")
    answer = httpx.post(
        f"{stage.gateway.url}/v1/messages",
        headers={"authorization": f"Bearer ccg_{'x' * 43}"},
        json={},
        timeout=20,
        trust_env=False,
    )
    if answer.status_code != 401:
        raise DemoError(f"the stranger was answered with {answer.status_code} instead of 401")
    stage.say(f"{answer.status_code}: {escape(answer.json()['error']['message'])}")


def _account(stage: Stage, command: str) -> None:
    arguments = ("usage", "--by", "owner", "--by", "client", "--by", "model")
    stage.say(head=f"7  What it cost: {command} {' '.join(arguments)}")
    environ = {"CCGATE_HOME": str(stage.gateway.home), "PYTHONPATH": str(ROOT / "addons"), "COLUMNS": "200"}
    report = subprocess.run(
        [sys.executable, "-m", "ccgate.cli", *arguments],
        env={"PATH": os.environ["PATH"], **environ},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )
    if report.returncode:
        raise DemoError(f"the usage report failed: {report.stderr}")
    for line in report.stdout.splitlines():
        stage.say(escape(line))
    known = [cost for cost in stage.costs if cost is not None]
    if known:
        stage.say(f"The clients' own sums together: ${sum(known):.4f}")


def _look_upstream(stage: Stage) -> None:
    record = stage.standin.record
    answered = [one for one in record.requests if one.path.startswith("/v1/messages")]
    stage.say(f"{len(answered)} requests of conversations", head="8  What the upstream has received")
    if record.violations:
        raise DemoError(f"something reached the upstream that must not: {record.violations[0]}")
    bodies = [one.body.decode() for one in answered]
    if any(value in body for body in bodies for value in PRIVATE):
        raise DemoError("something private reached the upstream")
    stage.say(f"read in place of a name, an address and a secret: {escape(_asked_for_review(bodies))}")
    stage.say("tokens of the gateway: none, in no header and no body")
    if any(one.header("x-api-key") != KEY for one in answered):
        raise DemoError("a request reached the upstream without the organisation's key")
    stage.say("credential: the organisation's key, which no client has seen")


def _asked_for_review(bodies: list[str]) -> str:
    """What the upstream has read of the request for a review."""
    found = (re.search("Please review (.+?) standin:", body) for body in bodies)
    return next((match[1] for match in found if match), "")
