"""Reads the clients of an import file: CSV with the columns name and owner, or a JSON or YAML list.

An item of a list is a name, or a mapping with `name` and `owner`. Without an owner, the client's name is
the owner. Each client comes back with the file and line that it stands on, for whoever refuses it.
"""

from __future__ import annotations

import csv
import json
import re
from collections.abc import Callable
from collections.abc import Iterator
from collections.abc import Mapping
from pathlib import Path

import yaml

from ccgate.admission.clients import NewClient
from ccgate.errors import ConfigError

COLUMNS = ("name", "owner")

_BETWEEN = re.compile(r"[\s,]*")


def read_clients(path: Path) -> list[NewClient]:
    """The clients in a file, by its ending: .csv, .json, .yaml or .yml.

    Raises:
        ConfigError: the file cannot be read, or a line of it is not as described.
    """
    reader = _READERS.get(path.suffix.lower())
    if reader is None:
        raise ConfigError(f"{path}: its ending says no format; use {', '.join(_READERS)}")
    try:
        text = path.read_text(encoding="utf-8-sig")
    except OSError as e:
        raise ConfigError(f"{path}: cannot be read ({e.strerror})") from None
    except UnicodeDecodeError:
        raise ConfigError(f"{path}: is not UTF-8 text; save it as UTF-8") from None
    clients = [_client(item, f"{path}:{line}") for line, item in reader(text, path)]
    if not clients:
        raise ConfigError(f"{path}: there is no client in it")
    return clients


def _client(item: object, where: str) -> NewClient:
    if isinstance(item, str):
        item = {"name": item}
    if not isinstance(item, Mapping):
        raise ConfigError(f"{where}: is neither a name nor a mapping with name and owner")
    for key, value in item.items():
        if key not in COLUMNS:
            raise ConfigError(f"{where}: {ascii(key)[:80]} is not known here; use name and owner")
        if not isinstance(value, str):
            raise ConfigError(f"{where}: {key} is not text; put it in quotes")
    if not item.get("name"):
        raise ConfigError(f"{where}: there is no name")
    return NewClient(item["name"], item.get("owner") or item["name"], where)


def _csv(text: str, path: Path) -> Iterator[tuple[int, object]]:
    rows = csv.reader(text.splitlines(keepends=True), strict=True)
    try:
        for number, row in enumerate(row for row in rows if any(row)):
            cells = [cell.strip() for cell in row]
            if number == 0 and cells[0].lower() == COLUMNS[0]:
                if tuple(cell.lower() for cell in cells) not in (COLUMNS, COLUMNS[:1]):
                    raise ConfigError(
                        f"{path}:{rows.line_num}: the columns are name and owner, in this order"
                    )
                continue
            if len(cells) > len(COLUMNS):
                raise ConfigError(f"{path}:{rows.line_num}: has more than the columns name and owner")
            yield rows.line_num, dict(zip(COLUMNS, cells, strict=False))
    except csv.Error as e:
        raise ConfigError(f"{path}:{rows.line_num}: is not CSV ({e})") from None


def _json(text: str, path: Path) -> Iterator[tuple[int, object]]:
    try:
        items = json.loads(text)
    except json.JSONDecodeError as e:
        raise ConfigError(f"{path}:{e.lineno}: is not JSON ({e.msg})") from None
    except (ValueError, RecursionError):
        raise ConfigError(f"{path}: is nested too deeply, or has too long a number") from None
    if not isinstance(items, list):
        raise ConfigError(f"{path}: is not a list")
    # Once more, item by item, because only so is it known where each one stands.
    position = text.index("[") + 1
    for _ in items:
        position = _end(_BETWEEN, text, position)
        line = text.count("\n", 0, position) + 1
        item, position = json.JSONDecoder().raw_decode(text, position)
        yield line, item


def _end(pattern: re.Pattern[str], text: str, position: int) -> int:
    match = pattern.match(text, position)
    return match.end() if match else position


def _yaml(text: str, path: Path) -> Iterator[tuple[int, object]]:
    line = 1
    try:
        loader = yaml.SafeLoader(text)
        root = loader.get_single_node()
        if not isinstance(root, yaml.SequenceNode):
            raise ConfigError(f"{path}: is not a list")
        for node in root.value:
            line = node.start_mark.line + 1
            yield line, loader.construct_object(node, deep=True)
    except yaml.MarkedYAMLError as e:
        line = e.problem_mark.line + 1 if e.problem_mark else line
        raise ConfigError(f"{path}:{line}: is not YAML ({e.problem})") from None
    # ValueError: what looks like a date and is none.
    except (yaml.YAMLError, ValueError, RecursionError):
        raise ConfigError(f"{path}:{line}: is not YAML") from None


_READERS: Mapping[str, Callable[[str, Path], Iterator[tuple[int, object]]]] = {
    ".csv": _csv,
    ".json": _json,
    ".yaml": _yaml,
    ".yml": _yaml,
}
