"""The command line of mitmdump that a profile and an address become."""

from __future__ import annotations

import os
import socket
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from mitmproxy.proxy.mode_specs import ProxyMode

from ccgate import launch
from ccgate.errors import ConfigError
from ccgate.profile import Profile
from ccgate.profile import load
from ccgate.state import StateFolder
from tests.support.gateway import OPEN_POLICY

HOSTS = ["127.0.0.1", "::1", "0.0.0.0", "localhost", ""]


def profile_of(folder: Path, clients: str = "required") -> Profile:
    path = folder / "profile.yaml"
    policy = OPEN_POLICY.format(upstream="http://127.0.0.1:9999")
    path.write_text(policy.replace("admission:", f"admission:\n  clients: {clients}"))
    return load(path)


@pytest.fixture
def profile(tmp_path: Path) -> Profile:
    return profile_of(tmp_path)


@pytest.fixture
def state(tmp_path: Path) -> StateFolder:
    return StateFolder(tmp_path / "state")


@pytest.fixture
def taken() -> Iterator[int]:
    """A port that something listens on."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        yield listener.getsockname()[1]


@pytest.mark.parametrize("host", HOSTS)
def test_both_ways_in_are_modes_that_mitmproxy_understands(
    profile: Profile, state: StateFolder, host: str
) -> None:
    """The proxy and the endpoint listen where they were told to, on IPv6 addresses as well."""
    arguments = launch.argv(profile, host, 8080, 8081, state, [])
    proxy, endpoint = (ProxyMode.parse(value) for name, value in pairwise(arguments) if name == "--mode")
    assert (proxy.type_name, proxy.listen_host(), proxy.listen_port()) == ("regular", host, 8080)
    assert (endpoint.type_name, endpoint.listen_host(), endpoint.listen_port()) == ("reverse", host, 8081)
    assert endpoint.data == "http://127.0.0.1:9999"


def test_all_paths_are_absolute(tmp_path: Path, state: StateFolder, monkeypatch: pytest.MonkeyPatch) -> None:
    """mitmproxy reloads the script by its path; that must hold wherever the process goes."""
    profile_of(tmp_path)
    monkeypatch.chdir(tmp_path)
    arguments = launch.argv(load(Path("profile.yaml")), "127.0.0.1", 1, 2, state, [])
    assert arguments[:2] == ["-s", str(launch.SCRIPT)]
    assert launch.SCRIPT.is_absolute()
    assert f"ccgate_profile={tmp_path / 'profile.yaml'}" in arguments
    assert f"confdir={state.ca}" in arguments


def test_the_operators_own_options_win(profile: Profile, state: StateFolder) -> None:
    """mitmproxy refuses two values for one option, so ours gives way; the others stay."""
    extra = ["--set", "flow_detail=2", "--set=listen_host=::1", "-w", "flows"]
    arguments = launch.argv(profile, "127.0.0.1", 1, 2, state, extra)
    assert arguments[-len(extra) :] == extra
    assert not {"flow_detail=0", "listen_host=127.0.0.1"} & set(arguments)
    assert "onboarding=false" in arguments


@given(st.lists(st.sampled_from(["--set", "a=1", "--set=b=2=3", "c", "-w", "--setx=d", "--set=e"])))
def test_set_names_finds_what_the_parser_finds(arguments: list[str]) -> None:
    """However the arguments are mixed: no setting is missed, none is made up."""
    named = list(launch.set_names(arguments))
    expected = []
    for index, argument in enumerate(arguments):
        if index and arguments[index - 1] == "--set":
            expected.append(argument.split("=")[0])
        if argument.startswith("--set="):
            expected.append(argument[6:].split("=")[0])
    assert sorted(named) == sorted(expected)


def test_a_port_in_use(taken: int) -> None:
    """The message names the address, how to see who has it, and the option that mends it."""
    with pytest.raises(
        ConfigError, match=rf"^127\.0\.0\.1:{taken}: the port is in use.*{taken}.*--api-port$"
    ):
        launch.check_port("127.0.0.1", taken, "--api-port")
    with pytest.raises(ConfigError, match="in use"):
        launch.check_port("0.0.0.0", taken, "--api-port")


def test_a_port_just_freed_can_be_used_again() -> None:
    """A restart right after the last connection was closed by us is not refused."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
        with socket.create_connection(("127.0.0.1", port)):
            listener.accept()[0].close()
    launch.check_port("127.0.0.1", port, "--api-port")


def test_an_address_of_another_machine() -> None:
    """An address that this machine does not have is told from a port in use."""
    with pytest.raises(ConfigError, match=r"^192\.0\.2\.1:1080: this machine does not have that address"):
        launch.check_port("192.0.2.1", 1080, "--proxy-port")


def test_a_port_for_root_alone() -> None:
    """Who is not root and wants port 443 learns why it fails."""
    denied = OSError(13, os.strerror(13))
    assert launch.why_not(denied, 443, "--api-port").startswith(
        "only root may listen there; choose a port above"
    )
    assert "Too many" in launch.why_not(OSError(24, os.strerror(24)), 443, "--api-port")
