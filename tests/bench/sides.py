"""The sides of the comparison: the gateway, that which observes and that which redacts, and a bare mitmdump;
with the same options of mitmproxy's."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from collections.abc import Mapping
from contextlib import closing
from dataclasses import dataclass
from dataclasses import replace
from pathlib import Path

from ccgate import launch
from ccgate import options
from ccgate import profile as profiles
from ccgate.admission.clients import ClientRegistry
from ccgate.database import open_database
from ccgate.state import StateFolder
from ccgate.state import state_folder
from tests.bench.processes import ROOT
from tests.bench.processes import BenchError
from tests.bench.processes import Process
from tests.bench.processes import environ
from tests.bench.processes import free_port

STREAMING = Path(__file__).with_name("streaming.py")
PROVIDER = "https://api.anthropic.com"
REDACTED = ("secrets", "emails", "home")
"""What of `privacy` is redacted by the gateway that redacts."""


@dataclass(frozen=True, slots=True)
class Side:
    """One of them, running. `started` is how many seconds passed until its port took connections."""

    process: Process
    port: int
    token: str
    started: float
    redacts: bool = False


class Maker:
    """Starts sides that share an upstream; their state is below `folder`."""

    def __init__(self, folder: Path, upstream_port: int) -> None:
        self._folder = folder
        self._observe = self._profile("observe", {PROVIDER: f"http://127.0.0.1:{upstream_port}"})
        self._redact = self._profile(
            "redact",
            {
                PROVIDER: f"http://127.0.0.1:{upstream_port}",
                **{f"  {key}: allow\n": f"  {key}: redact\n" for key in REDACTED},
            },
        )
        self._tokens = {name: self._new_token(name) for name in ("gateway", "redacting")}

    def gateway(self) -> Side:
        """The gateway with the profile `observe`, started as `run.sh start` starts it."""
        return self._start("gateway", self._observe, lambda arguments: arguments)

    def redacting(self) -> Side:
        """The same with a profile that redacts."""
        return replace(self._start("redacting", self._redact, lambda arguments: arguments), redacts=True)

    def bare(self) -> Side:
        """mitmdump with the streaming script, and the options that the gateway sets for itself."""

        def plain(arguments: list[str]) -> list[str]:
            arguments[arguments.index(str(launch.SCRIPT))] = str(STREAMING)
            own = next(i for i, each in enumerate(arguments) if each.startswith(f"{options.PROFILE}="))
            del arguments[own - 1 : own + 1]
            for name, value in {**options.FORCED, "body_size_limit": options.BODY_LIMIT}.items():
                arguments += ["--set", f"{name}={str(value).lower()}"]
            return arguments

        return self._start("bare", self._observe, plain)

    def _profile(self, name: str, changes: Mapping[str, str]) -> Path:
        """The profile `observe` with other values."""
        text = (ROOT / "profiles" / "observe.yaml").read_text()
        for old, new in changes.items():
            if old not in text:
                raise BenchError(f"profiles/observe.yaml does not say {old.strip()}")
            text = text.replace(old, new)
        file = self._folder / f"{name}.yaml"
        file.write_text(text)
        return file

    def _new_token(self, name: str) -> str:
        with closing(open_database(self._state(name).database)) as connection:
            return ClientRegistry(connection).add("bench", "bench")

    def _state(self, name: str) -> StateFolder:
        return state_folder({"CCGATE_HOME": str(self._folder / name)})

    def _start(self, name: str, file: Path, adapt: Callable[[list[str]], list[str]]) -> Side:
        port, state = free_port(), self._state(name)
        profile = profiles.load(file)
        arguments = adapt(launch.argv(profile, "127.0.0.1", free_port(), port, state, ["-q"]))
        mitmdump = str(Path(sys.executable).with_name("mitmdump"))
        home = str(state.root)
        began = time.monotonic()
        process = Process(
            name,
            [sys.executable, "-P", mitmdump, *arguments],
            environ(HOME=home, CCGATE_HOME=home),
            state.root / "log",
        )
        try:
            started = process.wait_for(port) - began
        except BaseException:
            process.stop()
            raise
        return Side(process, port, self._tokens.get(name, ""), started)
