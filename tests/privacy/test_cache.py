"""The cache: bounded, private, and never wrong about what decides."""

from __future__ import annotations

import pickle
from concurrent.futures import ThreadPoolExecutor

from ccgate.privacy.cache import Entry
from ccgate.privacy.cache import Key
from ccgate.privacy.cache import SpanCache
from ccgate.privacy.examine import Examined
from tests.privacy.requests import redactor

EMPTY = Entry(Examined((), (), ()), b"state")
ONE = 500
"""What an entry without anything in it counts."""


def key(name: str) -> Key:
    return b"state", "message", name.encode()


def test_the_least_recently_used_goes_first() -> None:
    """A long conversation must not push itself out while it is used."""
    cache = SpanCache(3 * ONE)
    for name in "abc":
        cache.put(key(name), EMPTY)
    assert cache.get(key("a")) is EMPTY
    cache.put(key("d"), EMPTY)
    assert [cache.get(key(name)) for name in "abcd"] == [EMPTY, None, EMPTY, EMPTY]
    assert [key(name) in cache for name in "abcd"] == [True, False, True, True]
    assert len(cache) == 3


def test_size_counts_what_is_held_and_only_once() -> None:
    """A gateway that runs for months must not grow for months."""
    cache = SpanCache()
    large = Entry(Examined(((0, 1, b"P"),) * 100, (), (("", "home", "HOME", "home", 1),) * 10), b"")
    for _ in range(3):
        cache.put(key("a"), large)
    first = cache.size
    assert first > len(pickle.dumps(large)) / 2
    cache.put(key("b"), EMPTY)
    cache.put(key("a"), EMPTY)
    assert cache.size == 2 * ONE < first


def test_an_entry_larger_than_the_cache_is_not_kept() -> None:
    """One huge message must not stay for ever."""
    cache = SpanCache(ONE + 100)
    cache.put(key("a"), Entry(Examined(((0, 1, b"P"),) * 100, (), ()), b""))
    assert (len(cache), cache.size) == (0, 0)


def test_states_depend_on_all_that_decides() -> None:
    """A policy whose words run together like another's is another one, and so is a process."""
    cache = SpanCache()
    assert cache.state(b"ab", b"c") == cache.state(b"ab", b"c")
    assert cache.state(b"ab", b"c") != cache.state(b"a", b"bc")
    assert cache.state(b"ab", b"c") != SpanCache().state(b"ab", b"c")


def test_digests_are_keyed() -> None:
    """Whoever reads a process's memory cannot try values against what it holds."""
    cache = SpanCache()
    assert cache.digest(b"a") == cache.digest(memoryview(b"a"))
    assert cache.digest(b"a") not in (cache.digest(b"b"), SpanCache().digest(b"a"))


def test_threads_share_it() -> None:
    """A long request is read by a thread while others are looked up; neither may find the other's half."""
    cache = SpanCache(50 * ONE)

    def use(seed: int) -> int:
        found = 0
        for n in range(3_000):
            name = str((n * seed) % 97)
            entry = cache.get(key(name))
            if entry is None:
                cache.put(key(name), Entry(Examined((), (), ()), name.encode()))
            else:
                assert entry.state == name.encode()
                found += 1
        return found

    with ThreadPoolExecutor(4) as pool:
        assert sum(pool.map(use, (1, 3, 5, 7))) > 0
    assert cache.size == ONE * len(cache) == ONE * 50


def test_no_text_is_kept() -> None:
    """What was redacted must not be found in the process an hour later."""
    cache = SpanCache()
    body = b'{"messages":[{"role":"user","content":"alice@corp.example password=hunter2hunter2 and lilies"}]}'
    redactor(cache).redact(body, "messages")
    (entry,) = cache._entries.values()
    kept = pickle.dumps([tuple(entry.examined), entry.state])
    assert b"redacted-email-" in kept
    for word in (b"alice", b"hunter2", b"lilies"):
        assert word not in kept
