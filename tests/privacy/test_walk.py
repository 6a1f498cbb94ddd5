"""Each position of content is found, and each of protocol is not: by name, so that a loss shows which."""

from __future__ import annotations

from typing import Any

import pytest

from ccgate.privacy import walk
from ccgate.privacy.walk import Kind


def found(kind: Kind, value: Any) -> dict[str, str]:
    return {
        walk.path(leaf.trail) + (" key" if leaf.is_key else ""): leaf.text
        for leaf in walk.leaves(kind, [value], 0)
    }


def paths(kind: Kind, value: Any) -> list[str]:
    return list(found(kind, value))


def in_message(block: Any) -> list[str]:
    prefix = ".content[0]"
    return [path.removeprefix(prefix) for path in paths("message", {"role": "user", "content": [block]})]


MESSAGES: list[tuple[Any, list[str]]] = [
    ({"type": "text", "text": "a", "cache_control": {"type": "ephemeral"}}, [".text"]),
    (
        {"type": "text", "text": "a", "citations": [
            {"type": "char_location", "cited_text": "a", "document_title": "a", "file_id": "x", "index": 0},
            {"type": "of_search", "url": "a", "title": "a", "encrypted_index": "x", "cited_text": "a"},
        ]},
        [".text", ".citations[0].cited_text", ".citations[0].document_title",
         ".citations[1].url", ".citations[1].title", ".citations[1].cited_text"],
    ),
    ({"type": "thinking", "thinking": "x", "signature": "x"}, []),
    ({"type": "redacted_thinking", "data": "x"}, []),
    ({"type": "image", "source": {"type": "base64", "media_type": "x", "data": "x"}}, []),
    ({"type": "image", "source": {"type": "url", "url": "https://a"}}, [".source.url"]),
    ({"type": "image", "source": {"type": "file", "file_id": "x"}}, []),
    (
        {"type": "document", "title": "a", "context": "a",
         "source": {"type": "text", "media_type": "x", "data": "a"}},
        [".title", ".context", ".source.data"],
    ),
    ({"type": "document", "source": {"type": "content", "content": "a"}}, [".source.content"]),
    ({"type": "search_result", "source": "a", "title": "a", "content": [{"type": "text", "text": "a"}]},
     [".source", ".title", ".content[0].text"]),
    *(
        (
            {"type": kind, "id": "x", "name": "x", "server_name": "x",
             "input": {"type": "a", "id": ["a", {"n": "a"}]}},
            [".input.type key", ".input.type", ".input.id key", ".input.id[0]",
             ".input.id[1].n key", ".input.id[1].n"],
        )
        for kind in ("tool_use", "server_tool_use", "mcp_tool_use")
    ),
    ({"type": "tool_use", "id": "x", "name": "x", 
      "input": {"thinking": {"type": "thinking", "signature": "a"}}},
     [".input.thinking key", ".input.thinking.type key", ".input.thinking.type",
      ".input.thinking.signature key", ".input.thinking.signature"]),
    ({"type": "tool_result", "tool_use_id": "x", "content": "a"}, [".content"]),
    (
        {"type": "tool_result", "tool_use_id": "x", "content": [
            {"type": "text", "text": "a"},
            {"type": "image", "source": {"type": "base64", "data": "x"}},
            {"type": "document", "source": {"type": "text", "data": "a"}},
            {"type": "tool_reference", "tool_name": "x"},
        ]},
        [".content[0].text", ".content[2].source.data"],
    ),
    ({"type": "web_search_tool_result", "tool_use_id": "x", "content": [
        {"type": "web_search_result", "url": "a", "title": "a", "encrypted_content": "x", "page_age": "a"}]},
     [".content[0].url", ".content[0].title", ".content[0].page_age"]),
    ({"type": "bash_code_execution_tool_result", "tool_use_id": "x", "content": {
        "type": "bash_code_execution_result", "stdout": "a", "stderr": "a", "return_code": 0, "content": []}},
     [".content.stdout", ".content.stderr"]),
    ({"type": "container_upload", "file_id": "x"}, []),
    ({"type": "compaction", "content": "a"}, [".content"]),
    ({"type": "of_tomorrow", "id": "x", "note": "a", "name": "a",
      "deep": [["a", {"b": {"c": "a", "c_id": "x"}}]]},
     [".note", ".name", ".deep[0][0]", ".deep[0][1].b.c"]),
    ({"note": "a", "signature": "x", "encrypted_note": "x"}, [".note"]),
    ("a", [""]),
    (["a"], ["[0]"]),
    (1, []),
]  # fmt: skip


@pytest.mark.parametrize(("block", "expected"), MESSAGES)
def test_blocks(block: Any, expected: list[str]) -> None:
    """A position that is skipped leaks in silence; one too many breaks what the provider checks."""
    assert in_message(block) == expected


@pytest.mark.parametrize("role", ["user", "assistant", "system", "of_tomorrow"])
def test_a_message_of_any_role(role: str) -> None:
    """The client puts the working directory into a system message in the middle of the conversation."""
    assert paths("message", {"role": role, "content": "a"}) == [".content"]
    assert paths("message", "a") == [""]


def test_system() -> None:
    """Text and blocks alike, and the attribution in the first place alone."""
    line = {
        "type": "text",
        "text": "x-anthropic-billing-header: cc_version=2.1.329.abc; cc_entrypoint=sdk-cli; cch=0;",
    }
    assert paths("system", "a") == [""]
    assert paths("system", line) == [".text"]
    assert paths("first_system", line) == []
    assert paths("first_system", {"type": "text", "text": "a"}) == [".text"]
    for other in (
        {"type": "text", "text": line["text"] + " You are Claude."},
        {"type": "text", "text": line["text"] + "\nsecret=a;"},
        {"type": "text", "text": "x-anthropic-billing-header:" + " a=a" * 200},
        {"type": "text", "text": "x-anthropic-billing-header: cc_version=a b;"},
        {"type": "text", "text": "x-anthropic-billing-header: " + "a=b; " * 500},
        {"type": "text", "text": 1},
    ):
        assert not walk.is_attribution(other)


def test_tools() -> None:
    """A tool of an MCP server describes itself with whatever its author's machine is called."""
    tool = {
        "type": "custom", "name": "x", "description": "a", "cache_control": {"type": "x"}, "note": "a",
        "input_examples": [{"path": "a"}],
        "input_schema": {
            "$schema": "x", "type": "object", "title": "a", "description": "a", "required": ["x"],
            "properties": {
                "type": {"type": "string", "description": "a", "default": "a", "enum": ["a"], "pattern": "a"},
                "required": {"anyOf": [{"const": "a"}, {"items": {"examples": [{"x": "a"}]}}]},
            },
            "$defs": {"enum": {"description": "a", "$ref": "x"}},
            "dependentRequired": {"x": ["x"]},
        },
    }  # fmt: skip
    assert paths("tools", [tool]) == [
        "[0].description",
        "[0].note",
        "[0].input_examples[0].path key",
        "[0].input_examples[0].path",
        "[0].input_schema.title",
        "[0].input_schema.description",
        "[0].input_schema.properties.type.description",
        "[0].input_schema.properties.type.default",
        "[0].input_schema.properties.type.enum[0]",
        "[0].input_schema.properties.type.pattern",
        "[0].input_schema.properties.required.anyOf[0].const",
        "[0].input_schema.properties.required.anyOf[1].items.examples[0].x",
        "[0].input_schema.$defs.enum.description",
    ]


def test_server_tools() -> None:
    """What the provider's own tools are told is content as well."""
    tool = {
        "type": "web_search_20260209",
        "name": "web_search",
        "allowed_domains": ["a"],
        "user_location": {"type": "x", "city": "a"},
    }
    assert paths("tools", [tool]) == ["[0].allowed_domains[0]", "[0].user_location.city"]


def test_the_other_formats_tools() -> None:
    """A function is a tool in a wrapper."""
    function = {
        "name": "x",
        "description": "a",
        "parameters": {"type": "object", "properties": {"x": {"description": "a"}}},
    }
    expected = [".description", ".parameters.properties.x.description"]
    assert paths("tools", [{"type": "function", "function": function}]) == [
        f"[0].function{p}" for p in expected
    ]
    assert paths("tools", [function]) == [f"[0]{p}" for p in expected]


def test_the_other_formats_messages() -> None:
    """Calls, old and new, parts of every kind, and a speaker's name, which a tool's is not."""
    message = {
        "role": "user", "name": "a",
        "content": [
            {"type": "text", "text": "a"},
            {"type": "image_url", "image_url": {"url": "data:image/png;base64,AAAA", "detail": "low"}},
            {"type": "image_url", "image_url": {"url": "https://a"}},
            {"type": "image_url", "image_url": {"url": "data:;base64,not base64, but words"}},
            {"type": "input_audio", "input_audio": {"data": "x", "format": "wav"}},
            {"type": "file", "file": {"file_data": "x", "filename": "a", "file_id": "x"}},
        ],
        "tool_calls": [
            {"id": "x", "type": "function", "function": {"name": "x", "arguments": "{}"}},
            {"id": "x", "type": "custom", "custom": {"name": "x", "input": "a"}},
        ],
        "function_call": {"name": "x", "arguments": "{}"},
        "refusal": "a",
    }  # fmt: skip
    assert paths("message", message) == [
        ".name",
        ".content[0].text",
        ".content[1].image_url.detail",
        ".content[2].image_url.url",
        ".content[3].image_url.url",
        ".content[5].file.filename",
        ".tool_calls[0].function.arguments",
        ".tool_calls[1].custom.input",
        ".function_call.arguments",
        ".refusal",
    ]
    assert paths("message", {"role": "tool", "tool_call_id": "x", "name": "x", "content": "a"}) == [
        ".content"
    ]
    arguments = [leaf for leaf in walk.leaves("message", [message], 0) if leaf.is_json]
    assert [walk.path(leaf.trail) for leaf in arguments] == [
        ".tool_calls[0].function.arguments",
        ".function_call.arguments",
    ]


def test_other_fields() -> None:
    """A schema for the answer is prose like a tool's; what no one has heard of is content."""
    config = {
        "effort": "a",
        "format": {"type": "json_schema", "schema": {"type": "object", "description": "a"}},
    }
    assert paths("field", config) == [".effort", ".format.schema.description"]
    assert paths("field", ["a", "a"]) == ["[0]", "[1]"]
    assert paths("field", "a") == [""]
    assert paths("free", {"a": "a"}) == [".a key", ".a"]


@pytest.mark.parametrize(
    ("key", "shown"),
    [
        ("file_path", ".input.file_path"),
        ("alice@corp.example", ".input{1}"),
        ("a b", ".input{1}"),
        ("k" * 33, ".input{1}"),
        ("", ".input{1}"),
    ],
)
def test_paths_tell_parameters_and_no_content(key: str, shown: str) -> None:
    """A path stands in an error and in a log; a key of a tool's input may be what must not."""
    block = {"type": "tool_use", "name": "x", "input": {"first": 1, key: "a"}}
    assert paths("system", {key: "a"}) == [".file_path" if key == "file_path" else "{?}"]
    assert paths("system", block)[-1] == shown
    (*_, leaf) = walk.leaves("system", [block], 0)
    assert walk.path(leaf.trail, {key}) == ".input{1}"
