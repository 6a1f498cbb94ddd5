"""Slows down who guesses tokens, by the address that the tries come from.

A token cannot be guessed; a flood of bad ones costs time and fills the log all the same. The first few
are free, because a person mistypes and a job starts with an old token. Good tokens do not come here, so
a machine with one bad job is not slowed in its good ones.
"""

from __future__ import annotations

import ipaddress
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass

FREE_TRIES = 5
"""Bad tries that are answered at once."""

FIRST_DELAY = 0.1
"""Seconds before the answer to the first try that is not free; each further one waits twice as long."""

LONGEST_DELAY = 5.0
"""Seconds that an answer waits at most."""

QUIET_SECONDS = 300.0
"""After so long without a bad try an address starts afresh."""

MOST_ADDRESSES = 4096
"""How many addresses are remembered; beyond that the one that was quiet longest is forgotten."""

_STEPS = 16  # doublings after which every delay is the longest one


@dataclass(slots=True)
class _Tries:
    count: int
    last: float


class Throttle:
    """Counts bad tries. `clock` returns seconds and never goes back."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._tries: OrderedDict[str, _Tries] = OrderedDict()

    def __len__(self) -> int:
        """How many addresses are remembered."""
        return len(self._tries)

    def failed(self, address: str) -> float:
        """Note a bad try from an IP address; returns the seconds to wait before answering it."""
        now = self._clock()
        key = _network(address)
        tries = self._tries.pop(key, None)
        if tries is None or now - tries.last >= QUIET_SECONDS:
            tries = _Tries(0, now)
        self._tries[key] = tries
        tries.count += 1
        tries.last = now
        if len(self._tries) > MOST_ADDRESSES:
            self._tries.popitem(last=False)
        excess = tries.count - FREE_TRIES
        if excess <= 0:
            return 0.0
        return min(FIRST_DELAY * float(1 << min(excess - 1, _STEPS)), LONGEST_DELAY)


def _network(address: str) -> str:
    """What counts as one address: an IPv4 address, or the /64 of an IPv6 one, which is one customer's."""
    try:
        parsed = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return address[:64]
    if isinstance(parsed, ipaddress.IPv4Address):
        return str(parsed)
    if parsed.ipv4_mapped is not None:
        return str(parsed.ipv4_mapped)
    return str(ipaddress.IPv6Address(int(parsed) >> 64 << 64))
