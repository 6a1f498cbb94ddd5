"""The prompt cache that the gateway's metering is tried with follows the provider's rules."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.standin.cache import Counted
from tests.standin.cache import PromptCache
from tests.standin.cache import prompt_tokens
from tests.standin.problems import Invalid


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


def body(*blocks: tuple[str, str | None], model: str = "claude-opus-5-5") -> dict[str, Any]:
    """A request with these texts, marked for the cache where a lifetime stands beside them."""
    content: list[dict[str, Any]] = [{"type": "text", "text": text} for text, _ in blocks]
    for block, (_, ttl) in zip(content, blocks, strict=True):
        if ttl:
            block["cache_control"] = {"type": "ephemeral", "ttl": ttl}
    return {"model": model, "messages": [{"role": "user", "content": content}]}


LONG, MORE = "a" * 8000, "b" * 800


def test_written_then_read_then_forgotten() -> None:
    """A prefix is paid for once, read as long as it lives, and written anew after that."""
    clock = Clock()
    cache = PromptCache(clock)
    first = cache.count(body((LONG, "5m"), (MORE, None)), "key")
    assert (first.read, first.written_1h) == (0, 0)
    assert first.written_5m > 2000
    assert first.fresh > 200
    clock.now += 299
    again = cache.count(body((LONG, "5m"), (MORE, None)), "key")
    assert again == Counted(fresh=first.fresh, read=first.written_5m, blocks_read=1)
    clock.now += 299
    longer = cache.count(body((LONG, None), (MORE, "5m")), "key")
    assert (longer.read, longer.fresh) == (first.written_5m, 0)
    clock.now += 301
    assert cache.count(body((LONG, "5m"), (MORE, None)), "key") == first


def test_an_hour_before_five_minutes() -> None:
    """Each part is written for as long as its own mark says."""
    cache = PromptCache(Clock())
    counted = cache.count(body((LONG, "1h"), (LONG, "5m")), "key")
    assert counted.written_1h == counted.written_5m > 2000
    with pytest.raises(Invalid, match="must not come after"):
        cache.count(body((LONG, "5m"), (LONG, "1h")), "key")


def test_what_is_not_shared() -> None:
    """Another credential, another model and another text start cold."""
    cache = PromptCache(Clock())
    cache.count(body((LONG, "5m")), "key")
    assert cache.count(body((LONG, "5m")), "other key").read == 0
    assert cache.count(body((LONG, "5m"), model="claude-opus-4-8"), "key").read == 0
    assert cache.count(body(("A" + LONG, "5m")), "key").read == 0


def test_limits() -> None:
    """Short prompts are not cached, and five marks are one too many."""
    cache = PromptCache(Clock())
    assert cache.count(body(("short", "5m")), "key").written_5m == 0
    with pytest.raises(Invalid, match="A maximum of 4 blocks"):
        cache.count(body(*[(LONG, "5m")] * 5), "key")


@given(st.lists(st.tuples(st.integers(0, 6000), st.sampled_from([None, "5m"])), min_size=1, max_size=4))
def test_no_token_is_lost(blocks: list[tuple[int, str | None]]) -> None:
    """However a prompt is marked, each of its tokens is in one class."""
    cache = PromptCache(Clock())
    request = body(*[("x" * length, ttl) for length, ttl in blocks])
    for _ in range(2):
        assert cache.count(request, "key").total == prompt_tokens(request)
