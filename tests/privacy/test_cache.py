"""The cache: bounded, private, and never wrong about what decides."""

from __future__ import annotations

import pickle

from ccgate.privacy.cache import Entry
from ccgate.privacy.cache import SpanCache
from ccgate.privacy.examine import Examined
from tests.privacy.requests import redactor

EMPTY = Entry(Examined((), (), ()), b"state")


def test_the_least_recently_used_goes_first() -> None:
    """A long conversation must not push itself out while it is used."""
    cache = SpanCache(3 * 400)
    for key in (b"a", b"b", b"c"):
        cache.put(key, EMPTY)
    assert cache.get(b"a") is EMPTY
    cache.put(b"d", EMPTY)
    assert [cache.get(key) for key in (b"a", b"b", b"c", b"d")] == [EMPTY, None, EMPTY, EMPTY]
    assert len(cache) == 3


def test_size_counts_what_is_held_and_only_once() -> None:
    """A gateway that runs for months must not grow for months."""
    cache = SpanCache()
    large = Entry(Examined(((0, 1, b"P"),) * 100, (), (("", "home", "HOME", "home", 1),) * 10), b"")
    for _ in range(3):
        cache.put(b"a", large)
    first = cache.size
    assert first > len(pickle.dumps(large)) / 2
    cache.put(b"b", EMPTY)
    cache.put(b"a", EMPTY)
    assert cache.size == 800 < first


def test_an_entry_larger_than_the_cache_is_not_kept() -> None:
    """One huge message must not stay for ever."""
    cache = SpanCache(500)
    cache.put(b"a", Entry(Examined(((0, 1, b"P"),) * 100, (), ()), b""))
    assert (len(cache), cache.size) == (0, 0)


def test_states_depend_on_all_that_decides() -> None:
    """A policy whose words run together like another's is another one, and so is a process."""
    cache = SpanCache()
    assert cache.state(b"ab", b"c") == cache.state(b"ab", b"c")
    assert cache.state(b"ab", b"c") != cache.state(b"a", b"bc")
    assert cache.state(b"ab", b"c") != SpanCache().state(b"ab", b"c")


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
