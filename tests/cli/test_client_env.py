"""What a client's machine sets: for each way and kind of credential, and safe in a shell."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import settings
from hypothesis import strategies as st

from ccgate.cli import client_env
from ccgate.cli.client_env import Gateway

TOKEN = "ccg_" + "a" * 43
CA = Path("/state/ca/mitmproxy-ca-cert.pem")


def gateway(host: str = "127.0.0.1", *, own_login: bool = True) -> Gateway:
    return Gateway(host, 8080, 8081, CA, own_login)


def test_the_proxy_with_a_persons_own_login() -> None:
    """The login passes; name and token are in the proxy's URL, as the real client sends them."""
    assert client_env.variables("proxy", "laptop", TOKEN, gateway()) == {
        "HTTPS_PROXY": f"http://laptop:{TOKEN}@127.0.0.1:8080",
        "NODE_EXTRA_CA_CERTS": str(CA),
    }


def test_the_proxy_where_the_gateway_holds_the_credential() -> None:
    """Without a credential of its own Claude Code would ask for a login, so the token stands in."""
    assert client_env.variables("proxy", "laptop", TOKEN, gateway(own_login=False)) == {
        "HTTPS_PROXY": f"http://laptop:{TOKEN}@127.0.0.1:8080",
        "NODE_EXTRA_CA_CERTS": str(CA),
        "ANTHROPIC_AUTH_TOKEN": TOKEN,
    }


def test_the_endpoint_with_a_persons_own_login() -> None:
    """`ANTHROPIC_AUTH_TOKEN` would replace the login, so the token has a header of its own."""
    assert client_env.variables("api", "laptop", TOKEN, gateway()) == {
        "ANTHROPIC_BASE_URL": "http://127.0.0.1:8081",
        "ANTHROPIC_CUSTOM_HEADERS": f"Proxy-Authorization: Bearer {TOKEN}",
    }


def test_the_endpoint_where_the_gateway_holds_the_credential() -> None:
    """The official way to use a gateway."""
    assert client_env.variables("api", "laptop", TOKEN, gateway("gate.corp.example", own_login=False)) == {
        "ANTHROPIC_BASE_URL": "http://gate.corp.example:8081",
        "ANTHROPIC_AUTH_TOKEN": TOKEN,
    }


def test_an_ipv6_address_stands_in_brackets() -> None:
    """Else its last group is taken for the port."""
    assert (
        client_env.variables("api", "a", TOKEN, gateway("::1"))["ANTHROPIC_BASE_URL"] == "http://[::1]:8081"
    )
    assert "@[::1]:8080" in client_env.variables("proxy", "a", TOKEN, gateway("::1"))["HTTPS_PROXY"]


def test_json_is_what_goes_into_settings_json() -> None:
    """`jq .proxy` gives a block that can be merged as it is."""
    ways = {"proxy": {"A": "1"}, "api": {"B": 'x"y'}}
    assert json.loads(client_env.as_json(ways)) == {  # type: ignore[arg-type]
        "proxy": {"env": {"A": "1"}},
        "api": {"env": {"B": 'x"y'}},
    }


def shell(text: str) -> dict[str, str]:
    """What a real shell has set after reading the text."""
    run = subprocess.run(
        ["sh", "-c", 'eval "$1"; env -0', "sh", text], env={}, capture_output=True, check=True, timeout=10
    )
    pairs = [line.decode().partition("=") for line in run.stdout.split(b"\0") if line]
    return {name: value for name, _, value in pairs if name not in ("PWD", "OLDPWD", "SHLVL", "_")}


def test_a_shell_that_reads_both_ways_takes_the_first() -> None:
    """With both set, Claude Code would send what is for the endpoint through the proxy."""
    ways = {way: client_env.variables(way, "laptop", TOKEN, gateway()) for way in ("proxy", "api")}
    text = client_env.as_shell(ways)  # type: ignore[arg-type]
    assert shell(text) == ways["proxy"]
    assert f"# export ANTHROPIC_CUSTOM_HEADERS='Proxy-Authorization: Bearer {TOKEN}'" in text
    uncommented = "\n".join(line.removeprefix("# ") for line in text.splitlines() if "# export" in line)
    assert shell(uncommented) == ways["api"]


@settings(max_examples=25, deadline=None)
@given(st.text(st.characters(codec="utf-8", exclude_characters="\0")))
@pytest.mark.parametrize("live", [True, False])
def test_no_value_breaks_out_of_the_shell_lines(live: bool, value: str) -> None:
    """A state folder may be called anything, `$(rm -rf ~)` or two lines included."""
    ways = {"proxy": {"V": value}} if live else {"proxy": {"W": "1"}, "api": {"V": value}}
    assert shell(client_env.as_shell(ways)) == ({"V": value} if live else {"W": "1"})  # type: ignore[arg-type]
