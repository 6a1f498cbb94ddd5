"""The two sides of the comparison: the gateway and a bare mitmdump, with the same options of mitmproxy's."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
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


@dataclass(frozen=True, slots=True)
class Side:
    """One of the two, running. `started` is how many seconds passed until its port took connections."""

    process: Process
    port: int
    token: str
    started: float


class Maker:
    """Starts sides that share an upstream; their state is below `folder`."""

    def __init__(self, folder: Path, upstream_port: int) -> None:
        self._folder = folder
        upstream = f"http://127.0.0.1:{upstream_port}"
        observe = (ROOT / "profiles" / "observe.yaml").read_text()
        if f"upstream: {PROVIDER}" not in observe:
            raise BenchError(f"profiles/observe.yaml does not send to {PROVIDER}")
        self._profile = folder / "observe.yaml"
        self._profile.write_text(observe.replace(f"upstream: {PROVIDER}", f"upstream: {upstream}"))
        with closing(open_database(self._state("gateway").database)) as connection:
            self._token = ClientRegistry(connection).add("bench", "bench")

    def gateway(self) -> Side:
        """The gateway with the profile `observe`, started as `run.sh start` starts it."""
        return self._start("gateway", self._state("gateway"), lambda arguments: arguments)

    def bare(self) -> Side:
        """mitmdump with the streaming script, and the options that the gateway sets for itself."""

        def plain(arguments: list[str]) -> list[str]:
            arguments[arguments.index(str(launch.SCRIPT))] = str(STREAMING)
            own = next(i for i, each in enumerate(arguments) if each.startswith(f"{options.PROFILE}="))
            del arguments[own - 1 : own + 1]
            for name, value in {**options.FORCED, "body_size_limit": options.BODY_LIMIT}.items():
                arguments += ["--set", f"{name}={str(value).lower()}"]
            return arguments

        return self._start("bare", self._state("bare"), plain)

    def _state(self, name: str) -> StateFolder:
        return state_folder({"CCGATE_HOME": str(self._folder / name)})

    def _start(self, name: str, state: StateFolder, adapt: Callable[[list[str]], list[str]]) -> Side:
        port = free_port()
        profile = profiles.load(self._profile)
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
        return Side(process, port, self._token, started)
