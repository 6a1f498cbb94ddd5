"""Import files of each format, and where a bad line is."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import yaml
from hypothesis import HealthCheck
from hypothesis import given
from hypothesis import settings
from hypothesis import strategies as st

from ccgate.admission.clients import NewClient
from ccgate.cli.client_file import read_clients
from ccgate.errors import ConfigError

FILES = {
    "with-header.csv": "name,owner\nlaptop,Alice\n\nci,\n",
    "bare.csv": "laptop,Alice\n\nci\n",
    "excel.csv": "\ufeffName,Owner\r\nlaptop,Alice\r\n,\r\nci,\r\n",
    "spaces.csv": "laptop , Alice\n\nci\n",
    "quoted.csv": '"laptop","Alice"\n\n"ci"\n',
    "list.json": '[{"name": "laptop",\n  "owner": "Alice"},\n "ci"]',
    "tabs.json": '[\n\t{"owner": "Alice", "name": "laptop"},\n\t{"name": "ci"}\n]\n',
    "list.yaml": "# all of them\n- {name: laptop, owner: Alice}\n- ci\n",
    "long.yml": "- name: laptop\n  owner: Alice\n- name: ci\n",
}


@pytest.mark.parametrize("name", FILES)
def test_each_format_says_the_same(tmp_path: Path, name: str) -> None:
    """From a spreadsheet, a script or by hand."""
    path = tmp_path / name
    path.write_bytes(FILES[name].encode())
    clients = read_clients(path)
    assert [(client.name, client.owner) for client in clients] == [("laptop", "Alice"), ("ci", "ci")]


@pytest.mark.parametrize(
    ("name", "lines"),
    [
        ("with-header.csv", [2, 4]),
        ("bare.csv", [1, 3]),
        ("excel.csv", [2, 4]),
        ("list.json", [1, 3]),
        ("tabs.json", [2, 3]),
        ("list.yaml", [2, 3]),
        ("long.yml", [1, 3]),
    ],
)
def test_each_client_knows_its_line(tmp_path: Path, name: str, lines: list[int]) -> None:
    """Whoever refuses a name of 300 says which."""
    path = tmp_path / name
    path.write_bytes(FILES[name].encode())
    assert [client.where for client in read_clients(path)] == [f"{path}:{line}" for line in lines]


@pytest.mark.parametrize(
    ("name", "text", "said"),
    [
        ("a.csv", "name,owner\nlaptop,Alice,x\n", ":2: has more than"),
        ("a.csv", "name,team\nlaptop,Alice\n", ":1: the columns are name and owner"),
        ("a.csv", 'a,b\n"c" d,e\n', ":2: is not CSV"),
        ("a.csv", 'a,"b\n', "is not CSV"),
        ("a.csv", "name,owner\n,Alice\n", ":2: there is no name"),
        ("a.csv", "", ": there is no client in it"),
        ("a.csv", "name,owner\n", ": there is no client in it"),
        ("a.json", "[\n{]", ":2: is not JSON"),
        ("a.json", '{"name": "a"}', ": is not a list"),
        ("a.json", '["a",\n7]', ":2: is neither a name nor a mapping"),
        ("a.json", '["a",\n{"name": 7}]', ":2: name is not text"),
        ("a.json", '["a", "b",\n\n{"name": "c", "Owner": "x"}]', ":3: 'Owner' is not known here"),
        ("a.json", "[" * 100_000, "is nested too deeply"),
        ("a.json", "[" + "9" * 5000 + "]", "too long a number"),
        ("a.yaml", "- a\n- 2026-99-99\n", ":2: is not YAML"),
        ("a.json", "", ":1: is not JSON"),
        ("a.yaml", "- a\n- b: [\n", ":3: is not YAML"),
        ("a.yaml", "name: a\n", ": is not a list"),
        ("a.yaml", "", ": is not a list"),
        ("a.yaml", "- a\n- 7\n", ":2: is neither a name nor a mapping"),
        ("a.yaml", "- a\n- {name: 007}\n", ":2: name is not text; put it in quotes"),
        ("a.yaml", "- a\n- {owner: x}\n", ":2: there is no name"),
        ("a.yaml", "- !!python/object/apply:os.system [true]\n", ":1: is not YAML"),
        ("a.yaml", "- {[a]: b}\n", ":1:"),
        ("a.yaml", "- \x00\n", ":1: is not YAML"),
        ("a.txt", "laptop\n", "its ending says no format; use .csv"),
        ("a", "laptop\n", "its ending says no format"),
    ],
)
def test_a_bad_file_is_refused_with_the_line(tmp_path: Path, name: str, text: str, said: str) -> None:
    """And with what is wrong there, for the person who has to mend it."""
    path = tmp_path / name
    path.write_text(text)
    with pytest.raises(ConfigError) as caught:
        read_clients(path)
    assert str(caught.value).startswith(str(path))
    assert said in str(caught.value)


def test_a_file_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    """Missing, a folder, or of another encoding."""
    folder, latin = tmp_path / "folder.csv", tmp_path / "latin.csv"
    folder.mkdir()
    latin.write_bytes("a,\u00c9mile\n".encode("latin-1"))
    for path, said in ((tmp_path / "none.csv", "No such file"), (folder, "directory"), (latin, "not UTF-8")):
        with pytest.raises(ConfigError, match=said) as caught:
            read_clients(path)
        assert str(path) in str(caught.value)


@settings(max_examples=50, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.lists(
        st.fixed_dictionaries({"name": st.text(min_size=1)}, optional={"owner": st.text(min_size=1)}),
        min_size=1,
    ),
    st.sampled_from([None, 1, "\t"]),
)
def test_lists_come_back_as_they_were_written(
    tmp_path: Path, clients: list[dict[str, str]], indent: int | str | None
) -> None:
    """Any JSON writer's output, and YAML's own."""
    wanted = [(client["name"], client.get("owner", client["name"])) for client in clients]
    texts = {"a.json": json.dumps(clients, indent=indent), "a.yaml": yaml.safe_dump(clients)}
    for name, text in texts.items():
        path = tmp_path / name
        path.write_text(text, encoding="utf-8")
        assert [(each.name, each.owner) for each in read_clients(path)] == wanted


@settings(max_examples=200, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.sampled_from(["a.csv", "a.json", "a.yaml"]),
    st.binary(max_size=60) | st.text("[]{},:\"'\n- ab&*!|>").map(str.encode),
)
def test_any_file_at_all_is_read_or_refused(tmp_path: Path, name: str, data: bytes) -> None:
    """Never a traceback."""
    path = tmp_path / name
    path.write_bytes(data)
    try:
        assert all(isinstance(client, NewClient) for client in read_clients(path))
    except ConfigError as e:
        assert str(e).startswith(str(path))
