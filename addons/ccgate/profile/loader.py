"""From a file to a Profile: read by the table of keys, held against rules across keys, then made typed.

The steps stop one after the other, because each would only repeat what the one before it found.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any

from ccgate.profile.keys import PROFILE
from ccgate.profile.model import Accounting
from ccgate.profile.model import Admission
from ccgate.profile.model import Budget
from ccgate.profile.model import CredentialSpec
from ccgate.profile.model import Endpoints
from ccgate.profile.model import Hosts
from ccgate.profile.model import Limits
from ccgate.profile.model import Privacy
from ccgate.profile.model import Profile
from ccgate.profile.model import Term
from ccgate.profile.problems import Reading
from ccgate.profile.problems import shown_key
from ccgate.profile.tree import read_tree
from ccgate.profile.values import Upstream
from ccgate.profile.values import anchored


def load(path: Path) -> Profile:
    """The profile in a file.

    Raises:
        ConfigError: the file cannot be read, is wrong, or asks for what this version does not enforce;
            all that is wrong of one sort, one `FILE:LINE: KEY: what is wrong; the mend` per line.
    """
    reading = Reading(path)
    values = PROFILE.read(read_tree(reading), "", reading) or {}
    reading.stop()
    _refuse_contradictions(values, reading)
    reading.stop()
    _refuse_unbuilt(values, reading)
    reading.stop()
    return _typed(path, values)


def _refuse_contradictions(values: Mapping[str, Any], reading: Reading) -> None:
    hosts = values["admission"]["hosts"]
    tunnel = "admission.hosts.tunnel"
    for host in sorted(set(hosts["govern"]) & set(hosts["tunnel"])):
        text = f"{host} is in govern too, and cannot be both governed and unread; keep it in one of them"
        reading.wrong(reading.line(tunnel), tunnel, text)
    upstream = Upstream.parse(values["upstream"]).host
    if upstream in hosts["tunnel"]:
        text = f"{upstream} is the upstream, and would be reached unread; remove it"
        reading.wrong(reading.line(tunnel), tunnel, text)
    _check_credential(values["credential"], "credential", reading)
    for name, spec in values["credentials"].items():
        _check_credential(spec, f"credentials.{shown_key(name)}", reading)
    if (key := values["privacy"]["key"]) is not None:
        _check_place(key, "privacy.key", reading)


def _check_credential(spec: Mapping[str, Any], key: str, reading: Reading) -> None:
    kind, source = spec["kind"], spec["from"]
    key = f"{key}.from"
    line = reading.line(key)
    if kind == "api-key" and source is None:
        text = (
            'is missing, and kind api-key needs it; write from: "env:ANTHROPIC_API_KEY" or from: "file:PATH"'
        )
        reading.wrong(line, key, text)
    elif kind == "pass-through" and source is not None:
        reading.wrong(line, key, "has no use with kind pass-through; remove it, or write kind: api-key")
    elif source is not None:
        _check_place(source, key, reading)


def _check_place(source: str, key: str, reading: Reading) -> None:
    try:
        anchored(source, reading.path.parent)
    except ValueError as e:
        reading.wrong(reading.line(key), key, str(e))


def _refuse_unbuilt(values: Mapping[str, Any], reading: Reading) -> None:
    refused = [(name, key) for name, key in PROFILE.leaves() if not key.enforces(_value(values, name))]
    for name, key in refused:
        value, section = _value(values, name), name.rpartition(".")[0]
        # A text with a colon is a place of a credential; it is left unsaid, as everywhere.
        what = value if isinstance(value, str) and ":" not in value else "this value"
        text = f"is not built yet: nothing would enforce it; set it to {key.built_values()} for now"
        if name in reading.lines:
            reading.wrong(reading.line(name), name, f"{what} {text}")
            continue
        mend = f"{key.name}: {key.built_values()}"
        if section and section not in reading.lines:
            # One mend for the whole section: pasted one by one, they would give the section twice.
            alike = [other for path, other in refused if path.rpartition(".")[0] == section]
            mend = ", ".join(f"{other.name}: {other.built_values()}" for other in alike)
            for part in reversed(section.split(".")):
                mend = f"{part}: {{{mend}}}"
        reading.wrong(reading.line(name), name, f"{what}, the default, {text}: `{mend}`")


def _value(values: Mapping[str, Any], name: str) -> Any:
    for part in name.split("."):
        values = values[part]
    return values


def _typed(path: Path, values: Mapping[str, Any]) -> Profile:
    admission, privacy, accounting = values["admission"], values["privacy"], values["accounting"]
    folder = path.parent
    return Profile(
        path=path,
        version=1,
        upstream=Upstream.parse(values["upstream"]),
        admission=Admission(
            clients=admission["clients"],
            hosts=Hosts(**admission["hosts"]),
            endpoints=Endpoints(**admission["endpoints"]),
            models=admission["models"],
            limits=Limits(**admission["limits"]),
        ),
        privacy=_privacy(privacy, folder),
        telemetry=values["telemetry"],
        credential=_credential(values["credential"], folder),
        credentials=MappingProxyType(
            {name: _credential(spec, folder) for name, spec in values["credentials"].items()},
        ),
        accounting=Accounting(
            store=accounting["store"],
            chargeback_rate=accounting["chargeback_rate"],
            budgets=MappingProxyType({o: Budget(**budget) for o, budget in accounting["budgets"].items()}),
        ),
    )


def _privacy(section: Mapping[str, Any], folder: Path) -> Privacy:
    terms = tuple(Term(**term) for term in section["terms"])
    key = section["key"]
    return Privacy(**{**section, "terms": terms, "key": None if key is None else anchored(key, folder)})


def _credential(spec: Mapping[str, Any], folder: Path) -> CredentialSpec:
    source = spec["from"]
    return CredentialSpec(spec["kind"], None if source is None else anchored(source, folder))
