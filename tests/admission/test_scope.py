"""Where the forward proxy leads to: to listed names, and to no address in any notation."""

from __future__ import annotations

import ipaddress
from pathlib import Path

import pytest
from hypothesis import assume
from hypothesis import given
from hypothesis import strategies as st

from ccgate.admission.scope import connect_decision
from ccgate.admission.scope import is_forbidden_address
from ccgate.admission.scope import listens_on_loopback
from ccgate.admission.scope import require_loopback
from ccgate.errors import ConfigError
from ccgate.errors import Refusal
from ccgate.profile import Upstream

GOVERN = ("api.anthropic.com",)
TUNNEL = ("platform.claude.com", "claude.ai")
OFFICIAL = Upstream("https", "api.anthropic.com", 443)
LOCAL = Upstream("http", "127.0.0.1", 9000)


def decide(host: str, port: int = 443, upstream: Upstream = OFFICIAL) -> str:
    return connect_decision(host, port, GOVERN, TUNNEL, upstream)


def refused(host: str, port: int = 443, upstream: Upstream = OFFICIAL) -> str:
    with pytest.raises(Refusal) as caught:
        decide(host, port, upstream)
    assert caught.value.status == 403
    return caught.value.message


@pytest.mark.parametrize("host", ["api.anthropic.com", "API.Anthropic.COM", "api.anthropic.com."])
def test_a_governed_host_is_governed_however_its_name_is_written(host: str) -> None:
    """A name in capitals that went through unread would be a way around everything."""
    assert decide(host) == "govern"


def test_a_host_for_login_is_tunnelled() -> None:
    """Without it nobody can log in."""
    assert decide("claude.ai") == decide("Platform.Claude.com.") == "tunnel"


def test_a_host_in_both_lists_is_governed() -> None:
    """Of two answers, the one that looks closer."""
    assert connect_decision("a.example.com", 443, ["a.example.com"], ["a.example.com"], OFFICIAL) == "govern"


def test_any_other_host_is_refused_with_the_key_that_would_allow_it() -> None:
    """The operator has to know what to change; the person, whom to ask."""
    message = refused("github.com")
    assert "github.com" in message
    assert "admission.hosts.tunnel" in message


@pytest.mark.parametrize("port", [80, 22, 8443, 0, 65535])
def test_no_port_but_that_of_https(port: int) -> None:
    """A tunnel to port 22 of a listed host is no login of Claude Code's."""
    assert f"not {port}" in refused("claude.ai", port)


@pytest.mark.parametrize(
    "host",
    [
        "",
        ".",
        "..",
        "claude.ai..",
        ".claude.ai",
        "claude..ai",
        "user@claude.ai",
        "claude.ai:443",
        "claude.ai/x",
        "claude.ai\x00",
        "claude.ai ",
        " claude.ai",
        "claude.ai\n",
        "claude.ai%00",
        "cl\N{CYRILLIC SMALL LETTER A}ude.ai",
        "claude\u3002ai",
        "cl\N{FULLWIDTH LATIN SMALL LETTER A}ude.ai",
        "*.claude.ai",
        "[claude.ai]",
        "a" * 300,
        "\udcff.com",
        "xn--claude-.ai",
        "sub.claude.ai",
        "claude.ai.evil.example",
        "evil-claude.ai",
        "\N{LATIN SMALL LIGATURE FF}.com",
        "claude.a\N{LATIN SMALL LETTER DOTLESS I}",
    ],
)
def test_what_is_not_exactly_a_listed_name_is_refused(host: str) -> None:
    """Look-alikes, other Unicode forms, user information, brackets, control characters."""
    message = refused(host)
    assert message.isprintable()
    assert len(message) < 900


@pytest.mark.parametrize(
    "host",
    [
        "127.0.0.1",
        "127.1",
        "0",
        "0.0.0.0",
        "0177.0.0.1",
        "0x7f000001",
        "0x7f.1",
        "2130706433",
        "017700000001",
        "127.0.0.1.",
        "[::1]",
        "::1",
        "::",
        "[::ffff:127.0.0.1]",
        "::ffff:7f00:1",
        "0:0:0:0:0:0:0:1",
        "fe80::1%eth0",
        "169.254.169.254",
        "10.0.0.1",
        "8.8.8.8",
        "2001:4860:4860::8888",
        "1.2.3.4.5",
        "0x",
        "0X7F.0.0.1",
        "\u0661\u0662\u0667.0.0.1",
        "\N{CIRCLED DIGIT ONE}27.0.0.1",
        "127\u30020\u30020\u30021",
    ],
)
def test_an_address_is_refused_in_every_notation(host: str) -> None:
    """Some resolver somewhere reads each of these; the metadata service of a cloud hands out credentials."""
    refused(host)


@pytest.mark.parametrize("host", ["localhost", "LOCALHOST.", "x.localhost", "printer.local", "db.internal"])
def test_a_local_name_is_refused_even_when_it_is_listed(host: str) -> None:
    """A mistake in the profile must not open the machine that the gateway runs on."""
    listed = [host.lower().rstrip(".")]
    for lists in ((listed, []), ([], listed)):
        with pytest.raises(Refusal, match="private"):
            connect_decision(host, 443, *lists, OFFICIAL)


def test_the_configured_upstream_is_governed_wherever_it_is() -> None:
    """The stand-in of the demo is on loopback, a company's own gateway on any port."""
    assert decide("127.0.0.1", 9000, LOCAL) == "govern"
    assert decide("localhost", 9000, Upstream("http", "localhost", 9000)) == "govern"
    for host in ("[::1]", "::1", "0:0::0:1"):
        assert decide(host, 9000, Upstream("http", "::1", 9000)) == "govern"
    assert decide("Gate.corp.example.", 8443, Upstream("https", "gate.corp.example", 8443)) == "govern"


@pytest.mark.parametrize(
    ("host", "port"),
    [
        ("127.0.0.1", 443),
        ("127.0.0.1", 22),
        ("127.1", 9000),
        ("2130706433", 9000),
        ("::ffff:127.0.0.1", 9000),
        ("127.0.0.2", 9000),
        ("localhost", 9000),
        ("0x7f.0.0.1", 9000),
        ("127.0.0.1%lo", 9000),
    ],
)
def test_a_loopback_upstream_opens_its_own_address_and_port_alone(host: str, port: int) -> None:
    """Everything else on this machine stays shut."""
    refused(host, port, LOCAL)


@st.composite
def notations(draw: st.DrawFn) -> str:
    """A random IPv4 address in one of the notations of inet_aton, or in an IPv6 one."""
    number = draw(st.integers(0, 2**32 - 1))
    octets = number.to_bytes(4)
    parts = draw(st.sampled_from([(0, 1, 2, 3), (0, 1, 2), (0, 1), (0,)]))
    values = [*octets[: len(parts) - 1], int.from_bytes(octets[len(parts) - 1 :])]
    formats = st.sampled_from(["{}", "0{:o}", "0x{:x}", "0X{:X}", "000{:o}"])
    dotted = ".".join(draw(formats).format(value) for value in values) + draw(st.sampled_from(["", "."]))
    plain = str(ipaddress.IPv4Address(number))
    return draw(st.sampled_from([dotted, f"::ffff:{plain}", f"[::ffff:{plain}]", f"64:ff9b::{plain}"]))


@given(notations())
def test_random_notations_of_addresses_are_all_refused(host: str) -> None:
    """Also of those nobody thought of listing above, and whatever the upstream is."""
    refused(host)
    assume(host.removesuffix(".") != "127.0.0.1")
    refused(host, 9000, LOCAL)


@given(
    st.one_of(
        st.text(max_size=40), st.sampled_from([*GOVERN, *TUNNEL]).map(str.upper), st.ip_addresses().map(str)
    ),
    st.sampled_from(["", ".", "@", "%", ":443", ".evil.example"]),
    st.sampled_from([443, 80, 9000]),
)
def test_nothing_but_what_is_listed_is_ever_allowed(host: str, end: str, port: int) -> None:
    """The whole of the forward proxy's power is this list."""
    try:
        decision = decide(host + end, port)
    except Refusal:
        return
    assert port == 443
    name = (host + end).lower().removesuffix(".")
    assert name in (GOVERN if decision == "govern" else TUNNEL)


@pytest.mark.parametrize(
    "ip",
    [
        "127.0.0.1",
        "127.255.255.254",
        "0.0.0.0",
        "0.1.2.3",
        "10.1.2.3",
        "172.16.0.1",
        "192.168.1.1",
        "100.64.0.1",
        "169.254.169.254",
        "192.0.2.1",
        "198.18.0.1",
        "203.0.113.9",
        "224.0.0.1",
        "224.0.1.1",
        "239.1.1.1",
        "240.0.0.1",
        "255.255.255.255",
        "::",
        "::1",
        "::7f00:1",
        "fe80::1",
        "fe80::1%eth0",
        "fc00::1",
        "fd12::1",
        "fec0::1",
        "ff02::1",
        "ff0e::1",
        "2001:db8::1",
        "100::1",
        "4000::1",
        "::ffff:10.0.0.1",
        "::ffff:169.254.169.254",
        "64:ff9b::7f00:1",
        "64:ff9b::a9fe:a9fe",
        "64:ff9b:1::1",
        "2002:7f00:1::",
        "2002:a9fe:a9fe::1",
        "2001:0:4136:e378:8000:63bf:3fff:fdd2",
        "2600::1%eth0",
        "",
        "claude.ai",
        "127.1",
        "0x7f000001",
        "2130706433",
        "8.8.8.8 ",
        "[2600::1]",
    ],
)
def test_a_name_must_not_lead_to_such_an_address(ip: str) -> None:
    """A name that someone else controls can answer with any address, also a second one."""
    assert is_forbidden_address(ip)


@pytest.mark.parametrize(
    "ip",
    [
        "160.79.104.10",
        "8.8.8.8",
        "2607:6bc0::10",
        "2a00:1450:4001::200e",
        "::ffff:8.8.8.8",
        "64:ff9b::808:808",
        "2002:808:808::1",
        "172.32.0.1",
        "100.128.0.1",
        "223.255.255.255",
    ],
)
def test_a_public_address_is_not_forbidden(ip: str) -> None:
    """Login has to work, also in a network with IPv6 alone."""
    assert not is_forbidden_address(ip)


@given(st.ip_addresses(v=4))
def test_an_ipv4_address_is_judged_the_same_wherever_it_hides(address: ipaddress.IPv4Address) -> None:
    """Else one could come in by another notation."""
    number = int(address)
    plain = is_forbidden_address(str(address))
    assert is_forbidden_address(f"::ffff:{address}") is plain
    assert is_forbidden_address(f"64:ff9b::{number >> 16:x}:{number & 0xFFFF:x}") is plain
    assert is_forbidden_address(f"2002:{number >> 16:x}:{number & 0xFFFF:x}::1") is plain


@given(st.ip_addresses())
def test_what_is_not_global_is_forbidden(address: ipaddress.IPv4Address | ipaddress.IPv6Address) -> None:
    """The standard library's tables are the floor; the mapped, translated ones are judged inside."""
    assume(not address.is_global)
    inside = isinstance(address, ipaddress.IPv6Address) and (address.ipv4_mapped or address.sixtofour)
    assert inside or is_forbidden_address(str(address))


@pytest.mark.parametrize(
    ("host", "expected"),
    [
        ("127.0.0.1", True),
        ("127.8.9.1", True),
        ("::1", True),
        ("[::1]", True),
        ("::ffff:127.0.0.1", True),
        ("localhost", True),
        ("LocalHost", True),
        ("", False),
        ("*", False),
        ("0.0.0.0", False),
        ("::", False),
        ("192.168.1.1", False),
        ("127.1", False),
        ("localhost.example.com", False),
        ("my-machine", False),
    ],
)
def test_what_listens_on_loopback(host: str, expected: bool) -> None:
    """Clients without a token are let in there alone, so doubt says no."""
    assert listens_on_loopback(host) is expected


@pytest.mark.parametrize("host", ["0.0.0.0", "", "192.0.2.1", "::"])
def test_optional_clients_beyond_loopback_are_refused(host: str) -> None:
    """Nobody opens the gateway to a whole network by two settings that each look harmless."""
    require_loopback(Path("p.yaml"), ["127.0.0.1", "::1", "localhost"])
    with pytest.raises(ConfigError, match=r"^p\.yaml: admission\.clients: optional.*use required"):
        require_loopback(Path("p.yaml"), ["127.0.0.1", host])
