"""Starts a real gateway, as its user would, and stops it again."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Mapping
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType

ROOT = Path(__file__).resolve().parents[2]
SCRIPT = ROOT / "addons" / "gateway.py"

OPEN_POLICY = """\
version: 1
upstream: {upstream}
admission:
  hosts: {{govern: [api.anthropic.com], tunnel: []}}
privacy: {{secrets: allow, emails: allow, home: allow}}
telemetry: allow
"""
"""A profile that sends everything to a stand-in on loopback and nothing anywhere else."""


def copy_of_the_gateway(folder: Path) -> Path:
    """A gateway.py of the test's own to break, beside the real package."""
    addons = folder / "addons"
    addons.mkdir()
    (addons / "ccgate").symlink_to(ROOT / "addons" / "ccgate")
    return Path(shutil.copy(SCRIPT, addons))


def free_port() -> int:
    """A port that nobody listens on now."""
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return int(s.getsockname()[1])


class GatewayProcess:
    """A mitmdump (or mitmweb) with the gateway, in a process of its own.

    `home` is the state folder. Entering waits until both ports listen, or raises with the log when the
    process has ended before; leaving stops it with SIGTERM and waits.
    """

    def __init__(
        self,
        home: Path,
        profile: str | Path,
        *,
        script: Path = SCRIPT,
        upstream: str = "http://127.0.0.1:1",
        extra: Sequence[str] = (),
        environ: Mapping[str, str] | None = None,
        program: str = "mitmdump",
    ) -> None:
        self.home = home
        home.mkdir(mode=0o700, parents=True, exist_ok=True)
        if isinstance(profile, str):
            path = home / "profile.yaml"
            path.write_text(profile)
            profile = path
        self.proxy_port = free_port()
        self.api_port = free_port()
        self.log_path = home / "gateway.log"
        set_by_test = {part.partition("=")[0] for part in extra}
        if "ccgate_profile" not in set_by_test:
            extra = ["--set", f"ccgate_profile={profile}", *extra]
        self._arguments = [
            str(Path(sys.executable).with_name(program)),
            *("-s", str(script)),
            *("--mode", f"regular@127.0.0.1:{self.proxy_port}"),
            *("--mode", f"reverse:{upstream}@127.0.0.1:{self.api_port}"),
            *("--set", f"confdir={home / 'ca'}"),
            *extra,
        ]
        self._environ = {
            "PATH": os.environ["PATH"],
            "PYTHONUNBUFFERED": "1",
            "HOME": str(home),
            "CCGATE_HOME": str(home),
            **(environ or {}),
        }
        self.process: subprocess.Popen[bytes] | None = None

    @property
    def log(self) -> str:
        """What it has printed so far."""
        return self.log_path.read_text(errors="replace") if self.log_path.exists() else ""

    @property
    def url(self) -> str:
        """The API endpoint."""
        return f"http://127.0.0.1:{self.api_port}"

    @property
    def ca(self) -> Path:
        """The certificate that clients trust."""
        return self.home / "ca" / "mitmproxy-ca-cert.pem"

    def proxy_url(self, name: str, token: str) -> str:
        """What `HTTPS_PROXY` is set to."""
        return f"http://{name}:{token}@127.0.0.1:{self.proxy_port}"

    def add_client(self, name: str, owner: str | None = None) -> str:
        """Add a client to this gateway's registry; returns its token."""
        from ccgate.admission.clients import ClientRegistry
        from ccgate.database import open_database

        connection = open_database(self.home / "ccgate.sqlite3")
        try:
            return ClientRegistry(connection).add(name, owner or name)
        finally:
            connection.close()

    def start(self) -> None:
        """Start it, without waiting."""
        with self.log_path.open("ab") as log:
            self.process = subprocess.Popen(
                self._arguments,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                env=self._environ,
                cwd=self.home,
                start_new_session=True,
            )

    def exit_code(self, seconds: float = 20) -> int:
        """Wait for its end; returns its exit code."""
        assert self.process is not None
        return self.process.wait(seconds)

    def wait_until_listening(self, seconds: float = 30) -> None:
        """Wait for both ports."""
        assert self.process is not None
        deadline = time.monotonic() + seconds
        waiting = {self.proxy_port, self.api_port}
        while waiting and time.monotonic() < deadline:
            if self.process.poll() is not None:
                raise RuntimeError(f"the gateway ended with {self.process.returncode}:\n{self.log}")
            for port in list(waiting):
                with socket.socket() as s:
                    if s.connect_ex(("127.0.0.1", port)) == 0:
                        waiting.discard(port)
            time.sleep(0.02)
        if waiting:
            raise RuntimeError(f"the gateway does not listen:\n{self.log}")
        if "-q" not in self._arguments:
            # Until then, an error that a request causes counts as a failed start, and ends the process.
            self.wait_for_log("ccgate: ready")

    def wait_for_log(self, text: str, seconds: float = 10) -> None:
        """Wait until it has printed this."""
        deadline = time.monotonic() + seconds
        while text not in self.log:
            if time.monotonic() > deadline:
                raise AssertionError(f"{text!r} is not in the log:\n{self.log}")
            time.sleep(0.02)

    def stop(self, sig: int = signal.SIGTERM, seconds: float = 40) -> int:
        """Stop it; returns its exit code."""
        assert self.process is not None
        if self.process.poll() is None:
            self.process.send_signal(sig)
        try:
            return self.process.wait(seconds)
        except subprocess.TimeoutExpired:
            os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait()
            raise

    def __enter__(self) -> GatewayProcess:
        self.start()
        try:
            self.wait_until_listening()
        except BaseException:
            self.__exit__(None, None, None)
            raise
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self.process is not None and self.process.poll() is None:
            self.stop()
