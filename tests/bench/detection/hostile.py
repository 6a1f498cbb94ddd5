"""Texts made to take long: 100 KB each, of what patterns start with, go on with, or nearly match."""

from __future__ import annotations

import random
from collections.abc import Iterator
from functools import cache

from ccgate.privacy.detection.catalogue import catalogue_rules
from ccgate.privacy.detection.rules import own_cases
from tests.bench.detection.templates import filled
from tests.bench.detection.templates import marked

SIZE = 100_000


@cache
def hostile() -> dict[str, str]:
    """Name → text."""
    return dict(_texts())


def _texts() -> Iterator[tuple[str, str]]:
    source = random.Random("hostile")
    words = _keywords()
    yield "a…a", "a" * SIZE
    yield "base64", filled(f"<<b64:{SIZE}>>", "hostile")
    yield "hexadecimal", filled(f"<<hex:{SIZE}>>", "hostile")
    yield "keywords", _long(lambda: source.choice(words) + " ")
    yield "keywords run together", _long(lambda: source.choice(words))
    yield "keywords and names", _long(lambda: f"{source.choice(words)}_{source.choice(words)}.key-token ")
    yield (
        "assignments",
        _long(lambda: filled(f'{source.choice(words)}_key = "<<alnum:24>>"\n', str(source.random()))),
    )
    yield (
        "assignments of words",
        _long(lambda: f'{source.choice(words)}_key = "some-words-{source.random()}"\n'),
    )
    yield "keyword without end", "password = '" + "x1" * (SIZE // 2)
    yield "separators", _long(lambda: "key" + " :=" * 20)
    yield "examples", _long(lambda: _example(source) + "\n")
    yield "examples cut short", _long(lambda: _example(source)[:-6] + "\n")
    yield "examples run together", _long(lambda: _example(source))
    yield "e-mail addresses", _long(lambda: f"{source.choice('abcd')}@{source.choice('bcd')}.co ")
    yield "at signs", "@" * SIZE
    yield "nearly e-mail addresses", _long(lambda: "a.b@c-" + "d" * 50)
    yield "labels", "a@" + "b." * (SIZE // 2)
    yield (
        "homes",
        _long(lambda: f"/home/{source.choice(words).lower()}x/ -home-{source.choice(words).lower()}-x "),
    )
    yield "slashes", "/home" * (SIZE // 5)
    yield "URLs", _long(lambda: filled("http://u:<<alnum:9>>@h ", str(source.random())))
    yield "URL without end", "https://" + "a:" * (SIZE // 2)
    yield "addresses", _long(lambda: f"10.{source.randrange(300)}.1.{source.randrange(300)} ")
    yield "PEM headers", "-----BEGIN RSA PRIVATE KEY-----\n" * (SIZE // 32)
    yield "PEM without end", "-----BEGIN RSA PRIVATE KEY-----\n" + filled(f"<<b64:{SIZE}>>", "pem")
    yield (
        "tokens",
        _long(lambda: filled("eyJ<<alnum:20>>.eyJ<<alnum:20>>.<<alnum:20>> ", str(source.random()))),
    )
    yield "token without end", "eyJ" + "abc." * (SIZE // 4)
    yield "curl", _long(lambda: "curl -H x: y --header 'a: b' ") + "-u a"
    yield "numbers", "1234567890.-" * (SIZE // 12)
    yield (
        "placeholders",
        "REDACTED_TOKEN_" + _long(lambda: filled("REDACTED_TOKEN_<<lower:20>> ", str(source.random()))),
    )


def _long(piece: object) -> str:
    assert callable(piece)
    pieces: list[str] = []
    length = 0
    while length < SIZE:
        pieces.append(piece())
        length += len(pieces[-1])
    return "".join(pieces)[:SIZE]


def _keywords() -> list[str]:
    names = [rule.id.split(".", 1)[-1].split("-")[0] for rule in catalogue_rules()]
    return sorted(
        {
            *names,
            "password",
            "token",
            "secret",
            "api_key",
            "Authorization: Bearer",
            "AccountKey=",
            "sk-",
            "AKIA",
        }
    )


def _example(source: random.Random) -> str:
    case = source.choice(own_cases())
    return marked(filled(source.choice(case.examples), str(source.random())))[0]
