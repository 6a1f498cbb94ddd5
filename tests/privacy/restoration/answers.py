"""Answers of a model that was given placeholders, and the plainest way to restore them."""

from __future__ import annotations

import json
import random
import re
from collections.abc import Iterable
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from hypothesis import strategies as st

from ccgate.privacy.placeholders import CATEGORIES
from ccgate.privacy.placeholders import Category
from ccgate.privacy.placeholders import Minter
from ccgate.privacy.restoration.restore_beside import BEFORE
from ccgate.privacy.restoration.restore_beside import fits
from ccgate.privacy.restoration.restore_text import MOST_HELD
from ccgate.privacy.restoration.restore_text import Table
from ccgate.privacy.vault import Original
from ccgate.privacy.vault import Vault

MINTER = Minter(b"k" * 32)

VALUES: tuple[tuple[Category, str], ...] = (
    ("home", "alice"),
    ("email", "alice@corp.example.com"),
    ("email", "malice@corp.example.com"),
    ("secret", "hunter2hunter2"),
    ("secret", 'pa"ss\\wörd\n\U0001f600\ud800\t/\x00'),
    ("network", "db.corp.example.com"),
    ("term", "Nightingale"),
)
"""Values that contain each other, and one that JSON has to escape all over."""

NAMES = {value: MINTER.mint(category, value) for category, value in VALUES}
"""Value to placeholder."""

ALICE = NAMES["alice"]
MAIL = NAMES["alice@corp.example.com"]
SECRET = NAMES["hunter2hunter2"]
ODD_SECRET = NAMES[VALUES[4][1]]
INVENTED = Minter(b"x" * 32).mint("home", "alice")
"""A placeholder that this request did not make."""

TRUSTED = ("Read", "Write")


def vault() -> Vault:
    """What the request's redaction kept."""
    made = Vault()
    for category, value in VALUES:
        made.put(NAMES[value], Original(value, category))
    return made


def originals(*, secrets: bool) -> dict[str, str]:
    """What is put back in a text, or with secrets, in a trusted tool."""
    return {NAMES[value]: value for category, value in VALUES if secrets or category != "secret"}


def table(*, secrets: bool) -> Table:
    """The same as a restorer has it."""
    return Table(vault(), [category for category in CATEGORIES if secrets or category != "secret"])


def restored(text: str, table: Mapping[str, str], given: int | None = None) -> str:
    """The text restored, character by character: each placeholder whose value would be found again.

    With `given`, only so much of the beginning of the text.
    """
    out = ""
    position = 0
    end = len(text) if given is None else given
    for match in re.finditer("|".join(table), text[:end]) if table else ():
        value = table[match[0]]
        out += text[position : match.start()]
        position = match.end()
        out += value if _stands(value, match[0], out, text[position:]) else match[0]
    return out + text[position:end]


def _stands(value: str, name: str, before: str, after: str) -> bool:
    room = MOST_HELD - len(name)
    category = next(category for category, known in VALUES if known == value)
    for _, known in VALUES:
        for at in range(len(known)):
            if known != value and known.startswith(value, at):
                if before.endswith(known[:at]) and after[:room].startswith(known[at + len(value) :]):
                    return False
    final = len(after) <= room
    secret = before.endswith("@") and any(
        before[:-1].endswith((known, NAMES[known])) for of, known in VALUES if of == "secret"
    )
    return fits(value, category, before[-BEFORE:], after[:room], final=final, after_secret=secret) is True


def waiting(text: str, names: Iterable[str]) -> bool:
    """Whether a text may be held back: the beginning of a placeholder, or one and what is glued to it."""
    if any(name != text and name.startswith(text) for name in names):
        return True
    whole = next((name for name in names if text.startswith(name)), None)
    if whole is None:
        return False
    return len(text) < MOST_HELD and re.fullmatch(r"[\w.%+'&~@:-]*", text[len(whole) :]) is not None


def same(text: str) -> bytes:
    """A text by its UTF-16 units: two halves of a pair are the pair, in one string or in two."""
    return text.encode("utf-16-le", "surrogatepass")


def same_value(value: Any) -> Any:
    """A JSON value in a form in which nothing is lost: keys that come twice, halves of pairs."""
    if isinstance(value, str):
        return same(value)
    if isinstance(value, list):
        return [same_value(item) for item in value]
    if isinstance(value, tuple):
        return tuple(same_value(item) for item in value)
    return value


def loads(text: str) -> Any:
    """A JSON value, objects as lists of pairs."""
    return json.loads(text, object_pairs_hook=lambda pairs: [tuple(pair) for pair in pairs], strict=False)


def restored_value(value: Any, table: Mapping[str, str]) -> Any:
    """A value of `loads` with all its strings restored, keys too."""
    if isinstance(value, str):
        return restored(value, table)
    if isinstance(value, list):
        return [restored_value(item, table) for item in value]
    if isinstance(value, tuple):
        return tuple(restored_value(item, table) for item in value)
    return value


def written(value: Any, seed: int) -> str:
    """A value as JSON text in which any character may be written as a number."""
    chance = random.Random(seed)

    def string(text: str) -> str:
        return '"' + "".join(character(c) for c in text) + '"'

    def character(c: str) -> str:
        if chance.random() < 0.2 and ord(c) < 0x10000:
            return f"\\u{ord(c):04x}" if chance.random() < 0.5 else f"\\u{ord(c):04X}"
        return json.dumps(c, ensure_ascii=not c.isprintable())[1:-1]

    def any_of(value: Any) -> str:
        if isinstance(value, str):
            return string(value)
        if isinstance(value, list):
            return "[" + ", ".join(map(any_of, value)) + "]"
        if isinstance(value, dict):
            return "{" + ",".join(f"{string(key)}: {any_of(item)}" for key, item in value.items()) + "}"
        return json.dumps(value)

    return any_of(value)


SEEDS = st.integers(0, 2**32 - 1)
"""Answers are made from a number: drawn piece by piece, they take twenty times as long."""

_ODD = ("r", "R", "REDACTED", "redacted", "\\", "\\u00", '"', "\n", "😀", "\ud83d", "\ude00", "\0")
_BESIDE = ("/home/", "C:\\Users\\", "-Users-", "%2Fhome%2F", "token: ", "://x:", " ", ".", "@", "'s")


def _part(chance: random.Random) -> str:
    name = chance.choice(sorted(NAMES.values()))
    cut = chance.randrange(60)
    kind = chance.randrange(10)
    if kind < 2:
        return name
    if kind < 6:
        return (name[:cut], name[cut:], name[:cut] + name, f"{name[:cut]}x{name[cut:]}")[kind - 2]
    if kind == 6:
        return chance.choice([INVENTED, *(value for _, value in VALUES)])
    if kind == 7:
        return chance.choice(_ODD)
    if kind == 8:
        return chance.choice(_BESIDE)
    return "".join(chr(chance.choice((chance.randrange(0x80), chance.randrange(0x110000)))) for _ in range(3))


def _text(chance: random.Random) -> str:
    return "".join(_part(chance) for _ in range(chance.randrange(9)))


def texts() -> st.SearchStrategy[str]:
    """What a model can say: placeholders whole, cut, doubled, spoilt, invented, and anything else."""
    return SEEDS.map(lambda seed: _text(random.Random(seed)))


def _pieces(chance: random.Random, text: str) -> list[str]:
    cuts = (chance.randint(0, len(text)) for _ in range(chance.randrange(9)))
    return [text[a:b] for a, b in pairwise([0, *sorted(cuts), len(text)])]


def pieces_of(draw: st.DrawFn, text: str) -> list[str]:
    """A text in pieces, cut anywhere."""
    return _pieces(random.Random(draw(SEEDS)), text)


@dataclass(frozen=True)
class Block:
    """A content block: its kind, the tool's name, what it says in all, and that in pieces."""

    kind: str
    name: str
    whole: str
    pieces: list[str]


def _value(chance: random.Random, depth: int) -> Any:
    kind = chance.randrange(6 if depth else 4)
    if kind < 2:
        return _text(chance)
    if kind < 4:
        return chance.choice((None, True, 0, -17, 1e5))
    if kind == 4:
        return [_value(chance, depth - 1) for _ in range(chance.randrange(4))]
    return {_text(chance): _value(chance, depth - 1) for _ in range(chance.randrange(4))}


def _input(chance: random.Random) -> str:
    value = {_text(chance): _value(chance, 2) for _ in range(chance.randrange(4))}
    return written(value, chance.randrange(1000))


def inputs() -> st.SearchStrategy[str]:
    """The input of a tool as JSON text, in any form that JSON has."""
    return SEEDS.map(lambda seed: _input(random.Random(seed)))


def _block(chance: random.Random) -> Block:
    kind = chance.choice(("text", "thinking", "tool_use", "server_tool_use"))
    name = ""
    if kind == "tool_use":
        name = chance.choice(("Write", "Bash", "WebFetch", "mcp__a__b"))
    elif kind == "server_tool_use":
        name = "web_search"
    whole = _input(chance) if "tool" in kind else _text(chance)
    return Block(kind, name, whole, _pieces(chance, whole))


def event(kind: str, **members: Any) -> dict[str, Any]:
    """One event."""
    return {"type": kind, **members}


def delta(index: int, kind: str, **members: Any) -> dict[str, Any]:
    """One delta."""
    return event("content_block_delta", index=index, delta={"type": kind, **members})


def events_of(index: int, block: Block) -> list[dict[str, Any]]:
    """The events of a block, in order."""
    opening: dict[str, Any] = {"type": block.kind}
    if block.kind == "text":
        opening["text"] = ""
        deltas = [delta(index, "text_delta", text=piece) for piece in block.pieces]
    elif block.kind == "thinking":
        opening |= {"thinking": "", "signature": ""}
        deltas = [delta(index, "thinking_delta", thinking=piece) for piece in block.pieces]
        deltas.append(delta(index, "signature_delta", signature=SECRET + ALICE))
    else:
        opening |= {"id": "toolu_1", "name": block.name, "input": {}}
        deltas = [delta(index, "input_json_delta", partial_json=piece) for piece in block.pieces]
    start = event("content_block_start", index=index, content_block=opening)
    return [start, *deltas, event("content_block_stop", index=index)]


def encoded(event: Mapping[str, Any], end: str = "\n", *, ascii_only: bool = True) -> bytes:
    """The bytes of an event."""
    data = json.dumps(event, ensure_ascii=ascii_only, separators=(",", ":"))
    return f"event: {event['type']}{end}data: {data}{end}{end}".encode("utf-8", "replace")


def _stream(chance: random.Random) -> tuple[list[Block], list[dict[str, Any]]]:
    content = [_block(chance) for _ in range(chance.randint(1, 4))]
    queues = [events_of(index, block) for index, block in enumerate(content)]
    events = [event("message_start", message={"content": []})]
    while any(queues):
        events.append(chance.choice([queue for queue in queues if queue]).pop(0))
        if chance.randrange(10) == 0:
            events.append(event("ping"))
    return content, [*events, event("message_delta", delta={}), event("message_stop")]


def streams() -> st.SearchStrategy[tuple[list[Block], list[dict[str, Any]]]]:
    """An answer: its blocks, and their events interleaved, with pings between them."""
    return SEEDS.map(lambda seed: _stream(random.Random(seed)))


def said(events: Iterable[Mapping[str, Any]]) -> dict[tuple[int, str], str]:
    """What each block says in all, by its index and the kind of delta."""
    found: dict[tuple[int, str], str] = {}
    for one in events:
        if one.get("type") != "content_block_delta":
            continue
        for member in ("text", "partial_json", "thinking", "signature"):
            if member in one["delta"]:
                key = one["index"], member
                found[key] = found.get(key, "") + one["delta"][member]
    return found
