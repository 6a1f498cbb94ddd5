"""Who guesses tokens is slowed down, nobody else is, and the memory for it is bounded."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ccgate.admission import throttle
from ccgate.admission.throttle import Throttle


class Clock:
    """A clock that stands until it is moved."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


def test_the_first_tries_are_free_then_the_delay_doubles_up_to_five_seconds(clock: Clock) -> None:
    """A person who mistypes is not kept waiting; a program that guesses is."""
    bad = Throttle(clock)
    assert [bad.failed("192.0.2.1") for _ in range(5)] == [0.0] * 5
    delays = [bad.failed("192.0.2.1") for _ in range(10)]
    assert delays == pytest.approx([0.1, 0.2, 0.4, 0.8, 1.6, 3.2, 5.0, 5.0, 5.0, 5.0])


def test_a_flood_never_waits_longer_and_never_overflows(clock: Clock) -> None:
    """A number that grows with each try would raise in the end, and the gateway answer 503."""
    bad = Throttle(clock)
    assert {bad.failed("192.0.2.1") for _ in range(5000)} == {0.0, 0.1, 0.2, 0.4, 0.8, 1.6, 3.2, 5.0}


def test_five_quiet_minutes_and_all_is_forgotten(clock: Clock) -> None:
    """A machine that was mended starts afresh; quiet counts from the last try, not from the first."""
    bad = Throttle(clock)
    for _ in range(20):
        bad.failed("192.0.2.1")
    clock.now += throttle.QUIET_SECONDS - 1
    assert bad.failed("192.0.2.1") == 5.0
    clock.now += throttle.QUIET_SECONDS - 1
    assert bad.failed("192.0.2.1") == 5.0
    clock.now += throttle.QUIET_SECONDS
    assert bad.failed("192.0.2.1") == 0.0


def test_one_address_does_not_slow_another(clock: Clock) -> None:
    """A bad job on one machine is no reason to slow its neighbours."""
    bad = Throttle(clock)
    for _ in range(20):
        bad.failed("192.0.2.1")
    assert bad.failed("192.0.2.2") == 0.0


@pytest.mark.parametrize(
    ("first", "second", "same"),
    [
        ("2001:db8:1:2::1", "2001:db8:1:2:ffff::9", True),
        ("2001:db8:1:2::1", "2001:db8:1:3::1", False),
        ("::ffff:192.0.2.1", "192.0.2.1", True),
        ("::ffff:192.0.2.1", "::ffff:192.0.2.2", False),
        ("fe80::1%eth0", "fe80::2%eth1", True),
        ("192.0.2.1", "192.0.2.10", False),
    ],
)
def test_an_ipv6_customer_is_one_address(first: str, second: str, same: bool, clock: Clock) -> None:
    """Whoever has a /64 has 2^64 addresses to guess from, and counts once."""
    bad = Throttle(clock)
    for _ in range(throttle.FREE_TRIES):
        bad.failed(first)
    assert (bad.failed(second) > 0) is same


def test_memory_is_bounded_and_the_quietest_address_goes_first(clock: Clock) -> None:
    """Tries from a million addresses must not fill the gateway's memory, nor free the loudest one."""
    bad = Throttle(clock)
    for number in range(20_000):
        if number % 1000 == 0:
            bad.failed("192.0.2.1")
        bad.failed(f"10.{number >> 16}.{number >> 8 & 255}.{number & 255}")
    assert len(bad) == throttle.MOST_ADDRESSES
    assert bad.failed("192.0.2.1") == 5.0
    assert bad.failed("10.0.0.0") == 0.0


@given(st.lists(st.text(max_size=200), max_size=20))
def test_any_text_is_taken_for_an_address(addresses: list[str]) -> None:
    """A listener on a Unix socket has peers without an address."""
    bad = Throttle()
    assert all(0 <= bad.failed(address) <= throttle.LONGEST_DELAY for address in addresses)
