"""A person who mistypes YAML is told where, whatever the mistake; nothing in a file can exhaust the start."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ccgate.errors import ConfigError
from ccgate.profile.problems import Reading
from ccgate.profile.tree import DEEPEST
from ccgate.profile.tree import LARGEST
from ccgate.profile.tree import Node
from ccgate.profile.tree import read_tree


def read(folder: Path, content: str | bytes) -> Node:
    """The tree of a file with this content; any problem is raised."""
    file = folder / "p.yaml"
    file.write_bytes(content if isinstance(content, bytes) else content.encode())
    reading = Reading(file)
    tree = read_tree(reading)
    reading.stop()
    return tree


def refusal(folder: Path, content: str | bytes) -> str:
    """The error for a file with this content, from its line on."""
    with pytest.raises(ConfigError) as raised:
        read(folder, content)
    text = str(raised.value)
    assert text.startswith(f"{folder / 'p.yaml'}:")
    return text.removeprefix(f"{folder / 'p.yaml'}:")


def test_each_value_knows_its_line_and_a_section_the_line_of_its_key(tmp_path: Path) -> None:
    tree = read(tmp_path, "# head\na: 1\nb:\n\n  c: [x,\n     y]\n")
    assert tree.entries["a"] == Node(2, "int", "1")
    assert tree.entries["b"].line == 3
    assert tree.entries["b"].entries["c"].line == 5
    assert [item.line for item in tree.entries["b"].entries["c"].items] == [5, 6]


@pytest.mark.parametrize(
    ("written", "kind"),
    [("no", "bool"), ("0x10", "int"), ("1:30", "int"), ("", "null"), ("1.0", "float"), ("'no'", "str")],
)
def test_scalars_keep_the_text_that_was_written(tmp_path: Path, written: str, kind: str) -> None:
    """Else `off` would reach a person's error as False, and 1:30 as 90."""
    assert read(tmp_path, f"a: {written}").entries["a"] == Node(1, kind, written.strip("'"))


@pytest.mark.parametrize(
    ("content", "line"),
    [
        ("a: 1\nb: [1, 2\nc: 3\n", 3),
        ("a: 1\n\tb: 2\n", 2),
        ("a: 1\nb: c: d\n", 2),
        ("a: 'x\n\n", 3),
        ("a: 1\n---\nb: 1\n", 2),
        ("a: 1\nb: \x01\n", 2),
        ("a: 1\nb: !x!y 1\n", 2),
        ('a: 1\nb: "\\U00110000"\n', 2),
        ('a: 1\nb: "\\UFFFFFFFF"\n', 2),
        ("%YAML 9.9\n---\na: 1\n", 1),
    ],
)
def test_what_is_not_yaml_is_refused_with_its_line(tmp_path: Path, content: str, line: int) -> None:
    assert refusal(tmp_path, content).startswith(f"{line}: not YAML: ")


def test_a_bracket_left_open_is_named_where_it_was_opened(tmp_path: Path) -> None:
    assert "that starts in line 2" in refusal(tmp_path, "a: 1\nb: [1,\n  2\nc: 3\n")


def test_a_syntax_error_does_not_carry_a_secret(tmp_path: Path) -> None:
    secret = "sk-ant-api03-abcdef"
    for content in (f"a: !{secret}!x 1", f"a: [{secret}", f"{secret}: b: c"):
        file = tmp_path / "p.yaml"
        file.write_text(content)
        with pytest.raises(ConfigError) as raised:
            read_tree(Reading(file))
        assert secret not in str(raised.value)
        assert raised.value.__cause__ is None
        assert raised.value.__suppress_context__


@pytest.mark.parametrize("content", ["", "\n\n", "# nothing\n", "---\n"])
def test_an_empty_file_says_how_to_start(tmp_path: Path, content: str) -> None:
    assert (
        refusal(tmp_path, content) == "1: version: is missing, the file is empty; start it with `version: 1`"
    )


@pytest.mark.parametrize("content", ["[1]", "text", "- a: 1\n"])
def test_a_file_without_keys_is_no_profile(tmp_path: Path, content: str) -> None:
    assert refusal(tmp_path, content).startswith("1: not a profile")


def test_a_key_given_twice_names_both_lines(tmp_path: Path) -> None:
    """YAML would take the last one, so a person would read a policy that does not hold."""
    text = refusal(tmp_path, "a:\n  b: 1\n  c: 2\n  b: 3\n")
    assert text == "4: a.b: is given twice, first in line 2; keep one"


def test_a_key_that_is_no_text_is_refused(tmp_path: Path) -> None:
    assert refusal(tmp_path, "a:\n  on: 1\n").startswith(
        "2: a.on: YAML does not read this key as text; put it"
    )
    assert refusal(tmp_path, "a: 1\n? [b]\n: 2\n").startswith("2: a key must be one word")
    assert refusal(tmp_path, "<<: {a: 1}\n").startswith("1: '<<': YAML does not read")


def test_not_utf8_is_refused_with_its_line(tmp_path: Path) -> None:
    assert refusal(tmp_path, "a: 1\nb: ü\n".encode("latin-1")).startswith("2: not UTF-8")
    assert refusal(tmp_path, "a: 1\n".encode("utf-16")).startswith("1: not UTF-8")


def test_a_byte_order_mark_is_no_part_of_the_first_key(tmp_path: Path) -> None:
    assert list(read(tmp_path, b"\xef\xbb\xbfversion: 1\n").entries) == ["version"]


def test_aliases_are_refused_before_they_can_grow(tmp_path: Path) -> None:
    bomb = "a: &a [x, x]\n" + "".join(
        f"{b}: &{b} [*{a}, *{a}]\n" for a, b in zip("abcdefgh", "bcdefghi", strict=True)
    )
    assert refusal(tmp_path, bomb).startswith("1: YAML anchors and aliases are not read")
    assert refusal(tmp_path, "a: 1\nb: &b [*b]\n").startswith("2: YAML anchors")


@pytest.mark.parametrize("opening", ["[", "{a: ", "- "])
def test_deep_nesting_does_not_exhaust_the_stack(tmp_path: Path, opening: str) -> None:
    assert "nested deeper" in refusal(tmp_path, "a:\n " + opening * 20_000)
    assert "nested deeper" in refusal(tmp_path, "[" * (DEEPEST + 1) + "]" * (DEEPEST + 1))


def test_a_large_file_is_not_read_to_its_end(tmp_path: Path) -> None:
    assert "is larger than" in refusal(tmp_path, b"#" * (LARGEST + 1))
    with pytest.raises(ConfigError, match="is larger than"):
        read_tree(Reading(Path("/dev/zero")))


def test_a_folder_a_missing_file_and_an_unreadable_one_are_named(tmp_path: Path) -> None:
    loop = tmp_path / "loop.yaml"
    loop.symlink_to(loop)
    for path, reason in (
        (tmp_path, "is a folder"),
        (tmp_path / "x", "No such file"),
        (loop, "symbolic links"),
    ):
        with pytest.raises(ConfigError, match=reason) as raised:
            read_tree(Reading(path))
        assert str(raised.value).startswith(f"{path}: ")


@pytest.mark.parametrize(
    "tagged", ["!!map x", "!!seq x", "!!python/object:os.system x", "!mine x", "!!set {x}"]
)
def test_a_tag_never_passes_for_a_plain_type(tmp_path: Path, tagged: str) -> None:
    assert read(tmp_path, f"a: {tagged}").entries["a"].kind == "other"


@given(
    text=st.text(
        alphabet=st.sampled_from(list("ab:-[]{}!&*#'\"\\ \n\t|>%@?,~<=0U\x01\x85é\U0001f600")), max_size=60
    )
)
def test_any_text_is_read_or_refused_with_the_files_name(
    tmp_path_factory: pytest.TempPathFactory, text: str
) -> None:
    """A crash of the reader would be a traceback at the start, without a line to look at."""
    file = tmp_path_factory.getbasetemp() / "fuzz.yaml"
    file.write_bytes(text.encode())
    reading = Reading(file)
    try:
        read_tree(reading)
        reading.stop()
    except ConfigError as e:
        assert str(e).startswith(f"{file}:")
