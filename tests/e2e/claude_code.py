"""Runs the real Claude Code, in a home of its own and with nothing of this machine's environment."""

from __future__ import annotations

import json
import os
import signal
import subprocess
from collections.abc import Mapping
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

VERSIONS = ("claude-code-older", "claude-code-newest")
"""The names under which `package.json` pins them."""

SECONDS = 60
"""How long one run may take."""

QUIET = {"CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC": "1"}
"""Keeps the client to its conversation; without it, it talks to other hosts as well."""

BLACK_HOLE = "http://127.0.0.1:9"
"""A proxy that nobody runs: where a client that is given an endpoint must not find a way around it."""

_MODULES = Path(__file__).parent / "node_modules"


def installed(version: str) -> Path | None:
    """The program of a version that `package.json` pins, or None where it is not installed."""
    if not (_MODULES / version).is_dir():
        return None
    for folder in (_MODULES / version / "node_modules", _MODULES):
        # Of the packages for all platforms one is there, with the program itself in it.
        for program in folder.glob("@anthropic-ai/claude-code-*/claude"):
            return program
    return None


def confined(variables: Mapping[str, str]) -> dict[str, str]:
    """Variables that lead a client to a gateway, so completed that nothing leads it anywhere else."""
    if "HTTPS_PROXY" in variables:
        return {**variables, **QUIET}
    return {**variables, **QUIET, "HTTPS_PROXY": BLACK_HOLE, "NO_PROXY": "127.0.0.1"}


@dataclass(frozen=True, slots=True)
class Sums:
    """What a client, or the ledger, has counted for one model."""

    input: int
    cache_write: int
    cache_read: int
    output: int
    cost: Decimal


@dataclass(frozen=True, slots=True)
class Run:
    """How a run ended: its exit code, and all lines of JSON that it printed."""

    code: int
    lines: list[dict[str, Any]]
    complaints: str

    @property
    def result(self) -> dict[str, Any]:
        """The line that sums up the run."""
        results = [line for line in self.lines if line.get("type") == "result"]
        assert results, f"the client printed no result; it ended with {self.code}: {self.complaints}"
        return results[-1]

    @property
    def said(self) -> str:
        """The last words: the model's, or the client's about an error."""
        return str(self.result.get("result") or "").strip()

    @property
    def cost(self) -> Decimal:
        """The client's own total, in USD."""
        return as_money(self.result["total_cost_usd"])

    @property
    def sums(self) -> dict[str, Sums]:
        """The client's own count by model, subagents and all."""
        return {
            # `claude-opus-4-8[1m]` is the client's name for a model with its long context switched on.
            model.partition("[")[0]: Sums(
                used["inputTokens"],
                used["cacheCreationInputTokens"],
                used["cacheReadInputTokens"],
                used["outputTokens"],
                as_money(used["costUSD"]),
            )
            for model, used in self.result["modelUsage"].items()
        }


def as_money(amount: float) -> Decimal:
    """The decimal that a client meant which adds up in binary floating point.

    No price is finer than a thousandth of a millionth of a dollar for a token, and no error of a double
    of this size reaches the twelfth decimal place.
    """
    return Decimal(repr(amount)).quantize(Decimal("1e-12")).normalize()


class ClaudeCode:
    """One program, in one home folder, which is also where it works."""

    def __init__(self, program: Path, home: Path) -> None:
        self._program = program
        self.home = home
        home.mkdir(parents=True, exist_ok=True)

    def command(self, arguments: Sequence[str]) -> list[str]:
        """What is executed in the home folder to run the program with its arguments."""
        return list(arguments)

    def start(
        self,
        prompt: str,
        environ: Mapping[str, str],
        *,
        tools: Sequence[str] = (),
        form: str = "json",
        options: Sequence[str] = (),
    ) -> subprocess.Popen[str]:
        """Start a run, in a process group of its own; `options` are further ones of the program's."""
        arguments = [str(self._program), "-p", prompt, "--output-format", form, *options]
        if form == "stream-json":
            arguments.append("--verbose")
        if tools:
            arguments += ["--allowedTools", ",".join(tools)]
        return subprocess.Popen(
            self.command(arguments),
            cwd=self.home,
            env={"HOME": str(self.home), "PATH": os.environ["PATH"], **environ},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )

    def run(
        self,
        prompt: str,
        environ: Mapping[str, str],
        *,
        tools: Sequence[str] = (),
        form: str = "json",
        options: Sequence[str] = (),
    ) -> Run:
        """Run to the end."""
        return self.finish(self.start(prompt, environ, tools=tools, form=form, options=options))

    @staticmethod
    def finish(process: subprocess.Popen[str], seconds: float = SECONDS) -> Run:
        """Wait for a run's end; whatever happens, nothing of it is left."""
        try:
            output, complaints = process.communicate(timeout=seconds)
        finally:
            kill_group(process)
        lines = [json.loads(line) for line in output.splitlines() if line.startswith("{")]
        return Run(process.returncode, lines, complaints)


def kill_group(process: subprocess.Popen[str]) -> None:
    """End a process and whatever it has started."""
    try:
        os.killpg(process.pid, signal.SIGKILL)
    except ProcessLookupError:
        pass
    process.communicate()
