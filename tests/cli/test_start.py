"""`start` and `web`: what they check before they become mitmproxy, and that they do become it."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path

import click
import pytest
from click.testing import CliRunner
from click.testing import Result

from ccgate.admission.clients import ClientRegistry
from ccgate.cli import start as module
from ccgate.database import open_database
from ccgate.errors import ConfigError
from ccgate.errors import StoreError
from tests.support.gateway import OPEN_POLICY

ADDONS = Path(module.__file__).resolve().parents[2]
PROFILE = OPEN_POLICY.format(upstream="http://127.0.0.1:9")
OPTIONAL = PROFILE.replace("admission:", "admission:\n  clients: optional")


class Became(Exception):
    """The process would have become this program."""

    def __init__(self, program: str, arguments: list[str]) -> None:
        super().__init__(program, arguments)
        self.program = program
        self.arguments = arguments

    @property
    def settings(self) -> dict[str, str]:
        after = pairwise(self.arguments)
        pairs = (value.partition("=") for name, value in after if name == "--set")
        return {name: value for name, _, value in pairs}


@pytest.fixture
def profile(tmp_path: Path) -> Path:
    path = tmp_path / "profile.yaml"
    path.write_text(PROFILE)
    return path


@pytest.fixture
def run(tmp_state: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Result]:
    """Runs a command up to the moment at which it would be replaced."""

    def execv(program: str, arguments: list[str]) -> None:
        raise Became(program, arguments)

    monkeypatch.setattr(os, "execv", execv)
    group = click.Group("./run.sh", {"start": module.start, "web": module.web})

    def invoke(*arguments: str) -> Result:
        return CliRunner().invoke(group, arguments, prog_name="./run.sh")

    return invoke


def free_ports(count: int) -> list[int]:
    """Ports that are free now, all different."""
    listeners = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    ports: list[int] = [listener.getsockname()[1] for listener in listeners]
    for listener in listeners:
        listener.close()
    return ports


def ports_of(proxy: int, api: int) -> list[str]:
    return ["--proxy-port", str(proxy), "--api-port", str(api)]


def became(result: Result) -> Became:
    with pytest.raises(Became) as caught:
        raise result.exception or AssertionError(result.output)
    return caught.value


def test_it_becomes_the_mitmdump_beside_this_python(
    run: Callable[..., Result], profile: Path, tmp_state: Path
) -> None:
    """The pinned mitmproxy runs, not whichever comes first on the PATH; options after -- arrive last."""
    proxy, api = free_ports(2)
    program = became(run("start", "--profile", str(profile), *ports_of(proxy, api), "--", "-w", "flows"))
    assert program.program == sys.executable
    assert program.arguments[:3] == [sys.executable, "-Pu", str(Path(sys.executable).parent / "mitmdump")]
    assert program.arguments[-2:] == ["-w", "flows"]
    assert program.settings["ccgate_profile"] == str(profile)
    assert program.settings["confdir"] == str(tmp_state / "ca")
    assert f"regular@127.0.0.1:{proxy}" in program.arguments
    assert f"reverse:http://127.0.0.1:9@127.0.0.1:{api}" in program.arguments


def test_the_default_profile_and_ports(run: Callable[..., Result]) -> None:
    """Without any option it is profiles/default.yaml on 8080 and 8081, as the documents say."""
    result = run("start")
    if isinstance(result.exception, ConfigError):
        assert "127.0.0.1:808" in str(result.exception)  # somebody else's, on the machine of this test
        return
    program = became(result)
    assert program.settings["ccgate_profile"] == str(ADDONS.parent / "profiles" / "default.yaml")
    assert "regular@127.0.0.1:8080" in program.arguments
    assert "reverse:https://api.anthropic.com@127.0.0.1:8081" in program.arguments


def test_web_keeps_clear_of_the_endpoints_port(run: Callable[..., Result], profile: Path) -> None:
    """mitmweb's own default port is the API endpoint's: its page must get another one."""
    proxy, api, page = free_ports(3)
    command = ["web", "--profile", str(profile), *ports_of(proxy, api)]
    program = became(run(*command, "--web-port", str(page)))
    assert program.arguments[2] == str(Path(sys.executable).parent / "mitmweb")
    assert program.settings["web_port"] == str(page)
    program = became(run(*command, "--", "--set", f"web_port={page}"))
    assert program.arguments.count(f"web_port={page}") == 1
    assert module.WEB_PORT not in (module.PROXY_PORT, module.API_PORT)


def test_the_welcome(run: Callable[..., Result], profile: Path, tmp_state: Path) -> None:
    """A person sees both addresses, where the state is, and the command to type next."""
    proxy, api = free_ports(2)
    command = ["start", "--profile", str(profile), *ports_of(proxy, api)]
    result = run(*command)
    assert result.stdout == ""
    for shown in (
        f"http://127.0.0.1:{proxy}",
        f"http://127.0.0.1:{api}",
        str(tmp_state),
        str(profile),
        "Ctrl-C",
    ):
        assert shown in result.stderr
    assert "./run.sh client add NAME" in result.stderr
    connection = open_database(tmp_state / "ccgate.sqlite3")
    registry = ClientRegistry(connection)
    registry.add("laptop", "me")
    assert "./run.sh client env NAME" in run(*command).stderr
    registry.revoke("laptop")
    assert "./run.sh client add NAME" in run(*command).stderr
    connection.close()


def test_a_database_that_cannot_be_used(run: Callable[..., Result], profile: Path, tmp_state: Path) -> None:
    """The start ends with the sentence and the exit code for the state, before mitmproxy's log begins."""
    tmp_state.mkdir()
    (tmp_state / "ccgate.sqlite3").write_text("something else, not an empty file" * 40)
    proxy, api = free_ports(2)
    error = run("start", "--profile", str(profile), *ports_of(proxy, api)).exception
    assert isinstance(error, StoreError)
    assert "ccgate.sqlite3" in str(error)


def test_listening_beyond_this_machine_is_said(run: Callable[..., Result], profile: Path) -> None:
    """Who opens it to a network is told that tokens cross it as plain text."""
    proxy, api = free_ports(2)
    command = ["start", "--profile", str(profile), *ports_of(proxy, api)]
    assert "plain text" in run(*command, "--host", "0.0.0.0").stderr
    assert "plain text" not in run(*command).stderr


@pytest.mark.parametrize(
    ("text", "arguments", "message"),
    [
        (PROFILE, ["--proxy-port", "8080", "--api-port", "8080"], "the same port; choose two"),
        (PROFILE, ["--", "--set", "ccgate_profile=x"], "name the profile with --profile"),
        (
            PROFILE.replace("admission:", "admission:\n  clients: optional"),
            ["--host", "0.0.0.0"],
            "would let anybody in",
        ),
        (PROFILE + "nonsense: 1\n", [], "nonsense"),
    ],
)
def test_what_cannot_work_is_refused(
    run: Callable[..., Result], profile: Path, text: str, arguments: list[str], message: str
) -> None:
    """Each of these ends before mitmproxy starts, with one sentence and the exit code for settings."""
    profile.write_text(text)
    error = run("start", "--profile", str(profile), *arguments).exception
    assert isinstance(error, ConfigError)
    assert message in str(error)


@pytest.mark.parametrize("option", ["--proxy-port", "--api-port", "--web-port"])
def test_a_port_in_use(run: Callable[..., Result], profile: Path, option: str) -> None:
    """Whichever port is taken: its number and the option that mends it."""
    names = ["--proxy-port", "--api-port", "--web-port"]
    ports = dict(zip(names, free_ports(3), strict=True))
    with socket.create_server(("127.0.0.1", 0)) as other:
        ports[option] = other.getsockname()[1]
        given = [text for name, port in ports.items() for text in (name, str(port))]
        error = run("web", "--profile", str(profile), *given).exception
    assert isinstance(error, ConfigError)
    assert f":{ports[option]}: the port is in use" in str(error)
    assert str(error).endswith(option)


@pytest.mark.parametrize("port", ["0", "65536", "http"])
def test_a_port_that_is_none(run: Callable[..., Result], port: str) -> None:
    """0 would be a port that no client knows."""
    assert run("start", "--proxy-port", port).exit_code == 2


def test_the_gateway_comes_up_and_stops(profile: Path, tmp_state: Path) -> None:
    """The whole way: both ports accept connections, and a SIGTERM to the process that was started ends it."""
    proxy, api = free_ports(2)
    command = [
        sys.executable,
        "-P",
        "-m",
        "ccgate.cli",
        "start",
        "--profile",
        str(profile),
        *ports_of(proxy, api),
    ]
    process = subprocess.Popen(
        command,
        env={**os.environ, "PYTHONPATH": str(ADDONS)},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    try:
        for port in (proxy, api):
            wait_for(port, process)
    finally:
        process.send_signal(signal.SIGTERM)
        output, _ = process.communicate(timeout=30)
    assert process.returncode == 0, output
    assert (tmp_state / "ca" / "mitmproxy-ca.pem").exists()


def wait_for(port: int, process: subprocess.Popen[str]) -> None:
    """Wait until something listens there, 30 s at most."""
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline and process.poll() is None:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
        except OSError:
            time.sleep(0.05)
        else:
            return
    pytest.fail(f"nothing listens on port {port}")
