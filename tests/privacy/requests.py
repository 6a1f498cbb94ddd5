"""Requests of every shape, with values planted in them, a writer of many styles, and a plain detector."""

from __future__ import annotations

import json
import random
import re
from collections.abc import Iterator
from collections.abc import Sequence
from typing import Any
from typing import NamedTuple

from hypothesis import strategies as st

from ccgate.privacy.cache import SpanCache
from ccgate.privacy.placeholders import PATTERN
from ccgate.privacy.placeholders import Category
from ccgate.privacy.placeholders import Minter
from ccgate.privacy.redact import Redactor
from ccgate.privacy.vault import Vault
from ccgate.privacy.work import Policy

KEY = bytes(range(32))
MINTER = Minter(KEY)


class Span(NamedTuple):
    """See `ccgate.privacy.fold.Span`."""

    start: int
    end: int
    category: Category
    kind: str
    rule: str


class PlainDetector:
    """Finds tokens, e-mails and homes by their form, passwords by what stands before them."""

    rules: tuple[tuple[Category, str, str], ...] = (
        ("secret", "token", r"(tok_[a-z0-9]{12})"),
        ("secret", "password", r"password=([^\s\"]+)"),
        ("email", "email", r"([a-z.]+@[a-z]+\.example)"),
        ("home", "home", r"(?:/home/|/Users/)([a-z][a-z.]*[a-z])"),
    )

    def __init__(self) -> None:
        self.calls = 0
        self.texts = 0

    def find_all(self, texts: Sequence[str]) -> list[list[Span]]:
        self.calls += 1
        return [self.find(text) for text in texts]

    def find(self, text: str) -> list[Span]:
        self.texts += 1
        text.encode()  # No matcher takes a lone surrogate.
        taken = [match.span() for match in PATTERN.finditer(text)]
        found: list[Span] = []
        for category, rule, pattern in self.rules:
            for match in re.finditer(pattern, text):
                start, end = match.span(1)
                if not any(start < last and first < end for first, last in taken):
                    found.append(Span(start, end, category, rule.upper(), rule))
                    taken.append((start, end))
        return sorted(found)


def redactor(cache: SpanCache | None = None, **policy: Any) -> Redactor:
    """A redactor with the plain detector."""
    return Redactor(PlainDetector(), MINTER, Policy(b"1", **policy), SpanCache() if cache is None else cache)


VALUES = (
    "tok_abcdefgh1234",
    "tok_zzzzzzzz9999",
    "alice@corp.example",
    "bob.ross@corp.example",
    "malice@corp.example",
)
"""Found wherever they stand, by their form; some contain each other."""


class Content(str):
    """A string that carries content."""


class Number(str):
    """A number, as it is written."""


_FRAGMENTS = (
    *(f" {value} " for value in VALUES),
    *("/home/alice/x ", "é", "\U0001f600", '"', "\\", "\n", "/", "\x00", "\x7f", "\u2028", "\ud800 ", "x"),
)


def _pool() -> tuple[str, ...]:
    """Texts from the simplest to long ones. To draw one of them takes hypothesis a tenth of building one."""
    chance = random.Random(0)

    def odd() -> str:
        chars = (chr(chance.randrange(chance.choice((0x80, 0x800, 0xD800, 0x11_0000)))) for _ in range(4))
        return "".join(chars).encode("utf-8", "ignore").decode()

    joined = (
        "".join(chance.choice((chance.choice(_FRAGMENTS), odd())) for _ in range(2 + number // 300))
        for number in range(1_500)
    )
    return "", *_FRAGMENTS, *joined


texts = st.sampled_from(_pool())
contents = texts.map(Content)
silents = st.sampled_from(["x", *VALUES])
numbers = st.sampled_from(["0", "1.0", "1e5", "-0", "123456789012345678901234567890", "1E400"]).map(Number)
others = st.one_of(numbers, st.booleans(), st.none())


def _free(names: st.SearchStrategy[str]) -> st.SearchStrategy[Any]:
    return st.recursive(
        st.one_of(contents, others),
        lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(names, inner, max_size=3)),
        max_leaves=5,
    )


free = _free(contents)
"""What a tool is given: every string and every key is content."""
cache_marks = st.just({"type": "ephemeral", "ttl": VALUES[0]})


def _object(required: dict[str, Any], optional: dict[str, Any] | None = None) -> st.SearchStrategy[Any]:
    return st.fixed_dictionaries(
        {k: v if isinstance(v, st.SearchStrategy) else st.just(v) for k, v in required.items()},
        optional=optional or {},
    )


text_blocks = _object(
    {"type": "text", "text": contents},
    {
        "cache_control": cache_marks,
        "citations": st.lists(
            _object(
                {
                    "type": "char_location",
                    "cited_text": contents,
                    "document_title": contents,
                    "start_char_index": numbers,
                    "file_id": silents,
                }
            ),
            max_size=1,
        ),
    },
)
thinking_blocks = st.one_of(
    _object({"type": "thinking", "thinking": silents, "signature": silents}),
    _object({"type": "redacted_thinking", "data": silents}),
)
images = _object(
    {"type": "image", "source": _object({"type": "base64", "media_type": "image/png", "data": silents})}
)
documents = _object(
    {
        "type": "document",
        "source": st.one_of(
            _object({"type": "text", "media_type": "text/plain", "data": contents}),
            _object({"type": "base64", "media_type": "application/pdf", "data": silents}),
            _object({"type": "file", "file_id": silents}),
            _object({"type": "content", "content": st.lists(text_blocks, max_size=2)}),
        ),
    },
    {"title": contents, "context": contents, "cache_control": cache_marks},
)
searches = _object(
    {
        "type": "search_result",
        "source": contents,
        "title": contents,
        "content": st.lists(text_blocks, max_size=2),
    }
)
tool_uses = _object(
    {
        "type": st.sampled_from(["tool_use", "server_tool_use", "mcp_tool_use"]),
        "id": silents,
        "name": silents,
        "input": st.dictionaries(contents, free, max_size=3),
    },
    {"cache_control": cache_marks, "server_name": silents},
)
tool_results = _object(
    {
        "type": "tool_result",
        "tool_use_id": silents,
        "content": st.one_of(
            contents, st.lists(st.one_of(text_blocks, images, documents, searches), max_size=3)
        ),
    },
    {"is_error": st.booleans(), "cache_control": cache_marks},
)
server_results = _object(
    {
        "type": "web_search_tool_result",
        "tool_use_id": silents,
        "content": st.lists(
            _object(
                {
                    "type": "web_search_result",
                    "url": contents,
                    "title": contents,
                    "encrypted_content": silents,
                }
            ),
            max_size=2,
        ),
    }
)
unheard_of = _object(
    {"type": "of_tomorrow", "id": silents, "prose": contents},
    {
        "name": contents,
        "deep": st.lists(_object({"type": "part", "note": contents, "part_id": silents}), max_size=2),
        "size": numbers,
    },
)
blocks = st.one_of(
    text_blocks,
    thinking_blocks,
    images,
    documents,
    searches,
    tool_uses,
    tool_results,
    server_results,
    unheard_of,
)
messages = st.lists(
    _object(
        {
            "role": st.sampled_from(["user", "assistant", "system"]),
            "content": st.one_of(contents, st.lists(blocks, max_size=4)),
        }
    ),
    max_size=5,
)
schemas = _object(
    {
        "type": "object",
        "properties": st.dictionaries(
            st.sampled_from(["path", "type", "required", *VALUES]),
            _object(
                {"type": "string", "description": contents},
                {"default": contents, "enum": st.lists(contents, max_size=2)},
            ),
            max_size=2,
        ),
        "required": st.lists(silents, max_size=2),
    },
    {"description": contents, "$defs": st.just({"thing": {"type": "null"}})},
)
tools = st.lists(
    _object(
        {"name": silents, "description": contents, "input_schema": schemas},
        {
            "cache_control": cache_marks,
            "type": silents,
            "input_examples": st.lists(st.dictionaries(contents, free, max_size=2), max_size=1),
        },
    ),
    max_size=2,
)
attribution = st.just(
    {
        "type": "text",
        "text": "x-anthropic-billing-header: cc_version=2.1.tok_abcdefgh1234; cc_entrypoint=cli; cch=0;",
    }
)
systems = st.one_of(
    contents,
    st.lists(text_blocks, max_size=2),
    st.tuples(attribution, text_blocks).map(list),
)


def _shuffled(members: list[tuple[str, Any]]) -> st.SearchStrategy[dict[str, Any]]:
    return st.permutations(members).map(dict)


requests: st.SearchStrategy[dict[str, Any]] = _object(
    {"messages": messages, "model": silents},
    {
        "system": systems,
        "tools": tools,
        "metadata": _object({"user_id": silents}),
        "max_tokens": numbers,
        "stop_sequences": st.lists(contents, max_size=2),
        "tool_choice": st.just({"type": "tool", "name": VALUES[0]}),
        "of_tomorrow": st.one_of(numbers, contents, _object({"note": contents, "note_id": silents})),
    },
).flatmap(lambda request: _shuffled(list(request.items())))
"""Bodies of Messages requests; strings that carry content are `Content`."""

arguments = free.filter(lambda value: isinstance(value, dict))
calls = _object(
    {
        "id": silents,
        "type": "function",
        "function": _object(
            {"name": silents, "arguments": arguments.map(lambda v: Arguments(write(v, None), v))}
        ),
    }
)


class Arguments(str):
    """The text of a JSON document; `value` is what it holds."""

    value: Any

    def __new__(cls, text: str, value: Any) -> Arguments:
        self = super().__new__(cls, text)
        self.value = value
        return self


chats: st.SearchStrategy[dict[str, Any]] = _object(
    {
        "model": silents,
        "messages": st.lists(
            st.one_of(
                _object(
                    {
                        "role": st.sampled_from(["system", "user", "developer"]),
                        "content": st.one_of(
                            contents,
                            st.lists(
                                st.one_of(
                                    _object({"type": "text", "text": contents}),
                                    _object(
                                        {
                                            "type": "image_url",
                                            "image_url": st.just({"url": "data:image/png;base64,AAAA"}),
                                        }
                                    ),
                                    _object(
                                        {
                                            "type": "input_audio",
                                            "input_audio": _object({"data": silents, "format": "wav"}),
                                        }
                                    ),
                                ),
                                max_size=2,
                            ),
                        ),
                    }
                ),
                _object(
                    {"role": "assistant", "content": st.one_of(contents, st.none())},
                    {
                        "tool_calls": st.lists(calls, max_size=2),
                        "function_call": _object({"name": silents, "arguments": contents}),
                        "refusal": contents,
                    },
                ),
                _object({"role": "tool", "tool_call_id": silents, "name": silents, "content": contents}),
            ),
            max_size=4,
        ),
    },
    {
        "tools": st.lists(
            _object(
                {
                    "type": "function",
                    "function": _object({"name": silents, "description": contents, "parameters": schemas}),
                }
            ),
            max_size=2,
        ),
        "functions": st.lists(
            _object({"name": silents, "description": contents, "parameters": schemas}), max_size=1
        ),
        "metadata": st.dictionaries(contents, contents, max_size=2),
        "user": contents,
        "stop": contents,
    },
)
"""Bodies of OpenAI chat completions requests."""


def write(value: Any, style: random.Random | None) -> str:
    """JSON text; without a style as the real client writes it, else with arbitrary spaces and escapes."""

    def space() -> str:
        return "" if style is None else style.choice(["", "", " ", "\n ", "\t"])

    def string(text: str) -> str:
        plain = re.sub(
            "[\ud800-\udfff]", lambda m: f"\\u{ord(m[0]):04x}", json.dumps(text, ensure_ascii=False)
        )
        if style is None or style.random() < 0.3:
            return plain
        return '"' + "".join(_escape(char, style) for char in text) + '"'

    if isinstance(value, Number):
        return str(value)
    if isinstance(value, str):
        return string(value)
    if isinstance(value, dict):
        members = (
            f"{space()}{string(k)}{space()}:{space()}{write(v, style)}{space()}" for k, v in value.items()
        )
        return "{" + ",".join(members) + "}"
    if isinstance(value, list):
        return "[" + ",".join(f"{space()}{write(item, style)}{space()}" for item in value) + "]"
    return json.dumps(value)


def _escape(char: str, style: random.Random) -> str:
    units = char.encode("utf-16-be", "surrogatepass")
    by_number = "".join(
        f"\\u{units[i]:02{style.choice('xX')}}{units[i + 1]:02x}" for i in range(0, len(units), 2)
    )
    by_name = {"/": "\\/", '"': '\\"', "\\": "\\\\", "\n": "\\n"}.get(char, by_number)
    must = char in '"\\' or char < " " or "\ud800" <= char <= "\udfff"
    return style.choice([by_number, by_name] if must else [char, char, char, by_number, by_name])


styles = st.one_of(st.none(), st.integers().map(random.Random))


def restored(text: str, vault: Vault) -> str:
    """A text with the original of each of the vault's placeholders."""

    def original(match: re.Match[str]) -> str:
        held = vault.original(match[0])
        return match[0] if held is None else held.value

    return PATTERN.sub(original, text)


class Pairs(list[tuple[str, Any]]):
    """An object with its members in order, and none lost."""


def read(raw: bytes) -> Any:
    """A JSON text with nothing lost: members in order, numbers as written."""
    return json.loads(raw, object_pairs_hook=Pairs, parse_int=Number, parse_float=Number)


def compared(before: Any, after: Any, *, content: bool = False) -> Iterator[tuple[str, str, bool]]:
    """Each string of a generated request with what became of it, and whether it carries content.

    Fails where anything but a string differs.
    """
    if isinstance(before, dict):
        assert isinstance(after, Pairs)
        assert len(before) == len(after)
        for (key, value), (new_key, new_value) in zip(before.items(), after, strict=True):
            yield key, new_key, isinstance(key, Content)
            yield from compared(value, new_value)
    elif isinstance(before, list):
        assert len(before) == len(after)
        for old, new in zip(before, after, strict=True):
            yield from compared(old, new)
    elif isinstance(before, Arguments):
        yield from compared(before.value, read(after.encode("utf-8", "surrogatepass")))
    elif isinstance(before, str) and not isinstance(before, Number):
        yield before, after, isinstance(before, Content)
    else:
        assert before == after
