"""What mitmproxy's options may be: each rule at the start and at run time, on mitmdump's own options."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest
import pytest_asyncio
from mitmproxy import exceptions
from mitmproxy.options import Options
from mitmproxy.tools.dump import DumpMaster

from ccgate import options
from ccgate.guard import Guard

WRONG: dict[str, Any] = {
    "stream_large_bodies": "1m",
    "store_streamed_bodies": True,
    "ssl_insecure": True,
    "ignore_hosts": ["example"],
    "allow_hosts": ["example"],
    "tcp_hosts": ["example"],
    "udp_hosts": ["example"],
    "rawtcp": True,
    "proxyauth": "any",
    "stickyauth": ".*",
    "stickycookie": ".*",
    "proxy_debug": True,
    "validate_inbound_headers": False,
    "connection_strategy": "eager",
    "upstream_cert": True,
    "body_size_limit": None,
}


@pytest_asyncio.fixture
async def master(tmp_path: object) -> AsyncIterator[DumpMaster]:
    """A mitmdump that has not started yet."""
    master = DumpMaster(Options(confdir=str(tmp_path)), with_termlog=False, with_dumper=False)
    yield master
    await master.done()
    master.addons.get("errorcheck").finish()


@pytest_asyncio.fixture
async def governed(master: DumpMaster) -> DumpMaster:
    """The same with the gateway's settings and its guard, which checks every change."""
    options.enforce(master.options)
    master.addons.add(Guard())
    return master


def test_every_rule_is_tested() -> None:
    """A rule whose wrong value nobody tries may not be a rule at all."""
    assert set(WRONG) == set(options.RULES)


@pytest.mark.asyncio
@pytest.mark.parametrize("name", sorted(WRONG))
async def test_a_wrong_value_is_refused_at_the_start(master: DumpMaster, name: str) -> None:
    """The start ends with the option's name and the reason, before a client can connect."""
    options.enforce(master.options)
    master.options.update(**{name: WRONG[name]})
    with pytest.raises(exceptions.OptionsError) as refused:
        options.check(master.options)
    assert name in str(refused.value)
    assert options.RULES[name].why in str(refused.value)


@pytest.mark.asyncio
@pytest.mark.parametrize("name", sorted(WRONG))
async def test_a_wrong_value_at_run_time_is_undone(governed: DumpMaster, name: str) -> None:
    """A person at mitmweb, or another script, cannot switch a rule off."""
    before = getattr(governed.options, name)
    with pytest.raises(exceptions.OptionsError, match=name):
        governed.options.update(**{name: WRONG[name]})
    assert getattr(governed.options, name) == before
    options.check(governed.options)


@pytest.mark.asyncio
async def test_what_comes_with_a_wrong_value_is_undone_too(governed: DumpMaster) -> None:
    """A change that is refused is refused as a whole."""
    with pytest.raises(exceptions.OptionsError):
        governed.options.update(anticache=True, ssl_insecure=True)
    assert not governed.options.anticache
    assert not governed.options.ssl_insecure


@pytest.mark.asyncio
async def test_all_that_is_wrong_is_said_at_once(master: DumpMaster) -> None:
    """An operator mends a command line once, and not once for each option."""
    options.enforce(master.options)
    master.options.update(ssl_insecure=True, stream_large_bodies="1m", mode=["socks5"])
    with pytest.raises(exceptions.OptionsError, match=r"stream_large_bodies.*ssl_insecure.*socks5"):
        options.check(master.options)


@pytest.mark.asyncio
async def test_no_password_is_repeated(master: DumpMaster) -> None:
    """The sentence ends in a log; `proxyauth` takes a password."""
    options.enforce(master.options)
    master.options.update(proxyauth="alice:canary")
    with pytest.raises(exceptions.OptionsError) as refused:
        options.check(master.options)
    assert "proxyauth" in str(refused.value)
    assert "canary" not in str(refused.value)


@pytest.mark.asyncio
@pytest.mark.parametrize(
    "mode",
    [
        ["transparent"],
        ["socks5"],
        ["upstream:http://proxy.example:3128"],
        ["dns"],
        ["wireguard"],
        ["local:curl"],
        ["regular", "socks5@9999"],
    ],
    ids=str,
)
async def test_other_modes_are_refused(master: DumpMaster, mode: list[str]) -> None:
    """What comes in by them is either not HTTP or admitted by nobody."""
    options.enforce(master.options)
    master.options.update(mode=mode)
    with pytest.raises(exceptions.OptionsError, match="knows regular and reverse"):
        options.check(master.options)


@pytest.mark.asyncio
@pytest.mark.parametrize(
    "mode",
    [
        ["regular"],
        ["reverse:https://api.anthropic.com"],
        ["regular@1", "reverse:http://127.0.0.1:9@127.0.0.1:2"],
    ],
    ids=str,
)
async def test_both_ways_in_are_allowed(governed: DumpMaster, mode: list[str]) -> None:
    """Together or alone, on any port."""
    governed.options.update(mode=mode)
    assert governed.options.mode == mode


@pytest.mark.asyncio
async def test_mitmdumps_defaults_are_made_fit(master: DumpMaster) -> None:
    """`mitmdump -s gateway.py` alone is a gateway: nobody has to know what to set."""
    with pytest.raises(exceptions.OptionsError):
        options.check(master.options)
    options.enforce(master.options)
    options.check(master.options)
    assert master.options.connection_strategy == "lazy"
    assert master.options.upstream_cert is False
    assert master.options.body_size_limit == options.BODY_LIMIT
    options.enforce(master.options)
    options.check(master.options)


@pytest.mark.asyncio
async def test_a_limit_of_the_operators_own_is_kept(master: DumpMaster) -> None:
    """A small machine may want a smaller limit than ours."""
    master.options.update(body_size_limit="8m")
    options.enforce(master.options)
    assert master.options.body_size_limit == "8m"


@pytest.mark.asyncio
@pytest.mark.parametrize(
    ("settings", "hosts"),
    [
        ({"mode": ["regular"]}, {""}),
        ({"mode": ["regular"], "listen_host": "127.0.0.1"}, {"127.0.0.1"}),
        ({"mode": ["regular@127.0.0.1:1", "reverse:http://127.0.0.1:9@0.0.0.0:2"]}, {"127.0.0.1", "0.0.0.0"}),
        ({"mode": ["regular@1", "regular@127.0.0.1:2"], "listen_host": "::1"}, {"::1", "127.0.0.1"}),
    ],
    ids=str,
)
async def test_where_it_listens(master: DumpMaster, settings: dict[str, Any], hosts: set[str]) -> None:
    """One port that is open to the network is enough to let strangers in."""
    master.options.update(**settings)
    assert options.listen_hosts(master.options) == hosts


@pytest.mark.asyncio
async def test_a_misspelt_option_of_ours_is_refused(governed: DumpMaster) -> None:
    """mitmproxy keeps unknown options for scripts to come; a policy that nobody reads is worse than none."""
    governed.options.set("someone_elses=1", defer=True)
    options.check(governed.options)
    governed.options.set("ccgate_profil=team", defer=True)
    with pytest.raises(exceptions.OptionsError, match="there is no option ccgate_profil;"):
        options.check(governed.options)


@pytest.mark.asyncio
async def test_an_option_of_ours_that_exists_is_no_mistake(master: DumpMaster) -> None:
    """Options on the command line are set before the script is there that declares them."""
    options.enforce(master.options)
    master.options.set(f"{options.PROFILE}=team", defer=True)
    master.options.add_option(options.PROFILE, str, "", "the profile")
    master.options.process_deferred()
    options.check(master.options)
    assert getattr(master.options, options.PROFILE) == "team"
