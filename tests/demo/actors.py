"""Who speaks in the demonstration: the real Claude Code where there is one, else the `anthropic` SDK."""

from __future__ import annotations

import shutil
import ssl
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Protocol

from tests.e2e.claude_code import VERSIONS
from tests.e2e.claude_code import ClaudeCode
from tests.e2e.claude_code import confined
from tests.e2e.claude_code import installed

MODEL = "claude-opus-5-5"
"""What the SDK asks for; Claude Code has a default of its own."""

SECONDS = 25
"""How long one conversation may take."""


@dataclass(frozen=True, slots=True)
class Said:
    """How a conversation ended; `cost` is the client's own sum in USD, where it makes one."""

    answer: str
    cost: Decimal | None


class Actor(Protocol):
    """Somebody who can hold a conversation."""

    name: str
    uses_tools: bool

    def ask(self, prompt: str, variables: Mapping[str, str], home: Path) -> Said:
        """Hold one, in `home`, with what `client env` prints for a client."""


class ActorError(Exception):
    """A conversation did not come to a good end; the message says why."""


class RealClaudeCode:
    """Claude Code, in a process of its own, with nothing of the person's own set-up."""

    uses_tools = True

    def __init__(self, program: Path, version: str) -> None:
        self._program = program
        self.name = f"Claude Code {version}"

    def ask(self, prompt: str, variables: Mapping[str, str], home: Path) -> Said:
        """Run `claude -p`."""
        claude = ClaudeCode(self._program, home)
        process = claude.start(prompt, confined(variables), tools=["Bash", "Write"])
        try:
            run = ClaudeCode.finish(process, SECONDS)
        except subprocess.TimeoutExpired:
            raise ActorError(f"{self.name} did not answer within {SECONDS} s") from None
        if run.code:
            raise ActorError(f"{self.name} ended with {run.code}: {run.said or run.complaints}")
        return Said(run.said, run.cost)


class Sdk:
    """The `anthropic` SDK, in this process."""

    uses_tools = False

    def __init__(self) -> None:
        import anthropic

        self._sdk = anthropic
        self.name = f"the anthropic SDK {anthropic.__version__}"

    def ask(self, prompt: str, variables: Mapping[str, str], home: Path) -> Said:
        """Ask one question, streamed."""
        proxy = variables.get("HTTPS_PROXY")
        trusted = variables.get("NODE_EXTRA_CA_CERTS")
        http = self._sdk.DefaultHttpxClient(
            proxy=proxy, verify=ssl.create_default_context(cafile=trusted), trust_env=False
        )
        try:
            with (
                self._sdk.Anthropic(
                    auth_token=variables["ANTHROPIC_AUTH_TOKEN"],
                    base_url=variables.get("ANTHROPIC_BASE_URL", "https://api.anthropic.com"),
                    http_client=http,
                    max_retries=0,
                    timeout=SECONDS,
                ) as client,
                client.messages.stream(
                    model=MODEL, max_tokens=1000, messages=[{"role": "user", "content": prompt}]
                ) as stream,
            ):
                return Said(stream.get_final_text(), None)
        except self._sdk.AnthropicError as e:
            raise ActorError(f"{self.name}: {e}") from e


def best(home: Path) -> Actor:
    """Who is there: Claude Code on the PATH, the one that is installed for the tests, or the SDK."""
    on_path = shutil.which("claude")
    for program in (Path(on_path) if on_path else None, installed(VERSIONS[-1])):
        version = _version(program, home) if program else None
        if program and version:
            return RealClaudeCode(program, version)
    return Sdk()


def _version(program: Path, home: Path) -> str | None:
    """What a program says of itself, or None when it does not run here."""
    try:
        said = subprocess.run(
            [program, "--version"],
            env={"HOME": str(home), "PATH": str(program.parent) + ":/usr/bin:/bin"},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=10,
            check=True,
        )
    except (OSError, subprocess.SubprocessError):
        return None
    return said.stdout.split(" ")[0].strip() or None
