"""Writes the catalogue of `ccgate.privacy.detection.catalogue` anew from Kingfisher's package.

`python -m tests.privacy.detection.kingfisher`, after a new version of `kingfisher-secret-scanner` was
installed. The package (Apache-2.0) carries the rules of Betterleaks (MIT) and of Google's Veles (Apache-2.0)
and tells each one's definition. Its own scanner is not used: it wants every part of a credential in one text,
which suits a search through repositories and not what must never leave.

Betterleaks' filters are expressions over a finding. They are read for what they say of the value itself:
entropy, words, patterns. What they say of files' paths and of other findings does not apply to a text.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from collections.abc import Iterator
from collections.abc import Mapping
from functools import cache
from importlib.metadata import distribution
from importlib.metadata import version
from pathlib import Path
from typing import Any

from ccgate.privacy.detection.catalogue import CATALOGUE
from ccgate.privacy.detection.catalogue import LICENCES
from ccgate.privacy.detection.rules import Condition
from ccgate.privacy.detection.rules import Rule

PACKAGE = "kingfisher-secret-scanner"

REPLACED = frozenset(
    {
        "betterleaks.private-key",  # needs its last line; ours takes what is cut short, and line numbers
        "betterleaks.gcp-service-account",  # the whole document; ours takes the key alone
        "betterleaks.gcp-application-default-credentials",
        "betterleaks.generic-credential-uri",  # a URL stays a URL: ours takes the password alone
        "betterleaks.mongodb-connection-string",
        "betterleaks.azure-servicebus-connection-string",
        "betterleaks.azure-app-configuration-connection-string",
        "betterleaks.azure-storage-account-key",
        "betterleaks.curl-auth-header",  # the whole header; ours takes the credential alone
        "betterleaks.curl-auth-user",
        "betterleaks.kubernetes-secret-yaml",  # the whole manifest
        "betterleaks.nuget-config-password",
        "betterleaks.hashicorp-tf-password",
        "betterleaks.aws-session-token",  # in Perl's extended syntax, and a second to compile
        "betterleaks.flyio-access-token",  # its scheme with it
        "betterleaks.zai-api-key",  # a tenth of the time for all
        "betterleaks.slack-webhook-url",
        "betterleaks.microsoft-teams-webhook",
        "betterleaks.jwt",
        "betterleaks.jwt-base64",
        "betterleaks.sidekiq-sensitive-url",
        "veles.secrets/bitbucketcredentials",
        "veles.secrets/codecatalystcredentials",
        "veles.secrets/codecommitcredentials",
        "betterleaks.discord-client-id",  # public names, not secrets
        "betterleaks.plaid-client-id",
        "betterleaks.asana-client-id",
        "betterleaks.gitlab-incoming-mail-address-token",
    }
)
"""Rules that ours are better than for this use; the reason stands beside the first of each group."""

HELPERS = frozenset({"betterleaks.aws-secret-access-key", "betterleaks.alibaba-sts-security-token"})
"""Rules that Kingfisher does not report alone, and that are secrets all the same."""

_TIED = ("alibaba", "confluent", "ovh", "polymarket")
"""Families whose patterns say too little alone: they count where another part of the credential is."""

_KINDS = (
    ("private-key", "PRIVATE_KEY"),
    ("password", "PASSWORD"),
    ("webhook", "CONNECTION_SECRET"),
    ("aws-", "CLOUD_KEY"),
    ("gcp-", "CLOUD_KEY"),
    ("azure-", "CLOUD_KEY"),
    ("alibaba-", "CLOUD_KEY"),
    ("token", "TOKEN"),
    ("pat", "TOKEN"),
    ("key", "API_KEY"),
)

_MIT = """\
Permission is hereby granted, free of charge, to any person obtaining a copy of this software and
associated documentation files (the "Software"), to deal in the Software without restriction,
including without limitation the rights to use, copy, modify, merge, publish, distribute,
sublicense, and/or sell copies of the Software, and to permit persons to whom the Software is
furnished to do so, subject to the following conditions:

The above copyright notice and this permission notice shall be included in all copies or substantial
portions of the Software.

THE SOFTWARE IS PROVIDED "AS IS", WITHOUT WARRANTY OF ANY KIND, EXPRESS OR IMPLIED, INCLUDING BUT
NOT LIMITED TO THE WARRANTIES OF MERCHANTABILITY, FITNESS FOR A PARTICULAR PURPOSE AND
NONINFRINGEMENT. IN NO EVENT SHALL THE AUTHORS OR COPYRIGHT HOLDERS BE LIABLE FOR ANY CLAIM, DAMAGES
OR OTHER LIABILITY, WHETHER IN AN ACTION OF CONTRACT, TORT OR OTHERWISE, ARISING FROM, OUT OF OR IN
CONNECTION WITH THE SOFTWARE OR THE USE OR OTHER DEALINGS IN THE SOFTWARE.
"""

_NOTICE = """\
catalogue.json holds rules that others wrote, in another form and fewer: made by ccgate from
{package} {version}, with the changes that tests/privacy/detection/kingfisher.py names.

Kingfisher, https://github.com/mongodb/kingfisher
Copyright 2025-2026 MongoDB, Inc. Apache License 2.0, below.

Veles / OSV-SCALIBR (rules whose name begins with `veles.`), https://github.com/google/osv-scalibr
Copyright 2025-2026 Google LLC. Apache License 2.0, below.

Betterleaks (rules whose name begins with `betterleaks.`), https://github.com/betterleaks/betterleaks
Copyright (c) 2026 Zachary Rice. MIT License:

{mit}
------------------------------------------------------------------------------

{apache}"""


@cache
def package() -> dict[str, Mapping[str, Any]]:
    """The package's rules as it tells them, by name."""
    from kingfisher_sdk.rules import Rules

    loaded = Rules(confidence="low", cache=False)
    return {item["id"]: loaded.detail(item["id"]) for item in loaded.metadata()}


def catalogue(details: Iterable[Mapping[str, Any]]) -> str:
    """The content of `catalogue.json`: one rule a line, and lists of patterns that rules share once."""
    rules = list(_rules(details))
    shared = list(dict.fromkeys(texts for rule in rules for texts in _lists(rule.condition) if texts))
    head = {"source": f"{PACKAGE} {version(PACKAGE)}", "licences": LICENCES.name}
    lines = ",\n".join(json.dumps(_written(rule, shared)) for rule in rules)
    lists = ",\n".join(map(json.dumps, shared))
    return f'{json.dumps(head)[:-1]},\n"lists": [\n{lists}\n],\n"rules": [\n{lines}\n]}}\n'


def licences() -> str:
    """The content of the file of licences that goes with it."""
    texts = [
        path.read_text()
        for path in distribution(PACKAGE).files or ()
        if path.parts[-2:] == ("licenses", "LICENSE")
    ]
    (apache,) = texts
    return (
        _NOTICE.format(package=PACKAGE, version=version(PACKAGE), mit=_MIT, apache=apache.strip("\n")) + "\n"
    )


def condition(expression: Mapping[str, Any] | None) -> Condition | None:
    """What a filter says of the value; None where it drops every finding."""
    found: dict[str, Any] = {"entropy": 0.0, "natural": True, "deny": [], "require": [], "without": []}
    for part in _disjuncts(expression):
        match part:
            case {"kind": "bool", "value": True}:
                return None
            case {"kind": "binary", "operator": "<" | "<=", "left": {"callee": {"value": "entropy"}}}:
                found["entropy"] = float(part["right"]["value"])
            case {"kind": "binary", "left": {"callee": {"value": "tokenRatio"}}}:
                found["natural"] = False
            case {"kind": "call", "callee": {"value": "matchesAny" | "containsAny" as function}}:
                if _of_the_value(part):
                    found["deny" if function == "matchesAny" else "without"] += _texts(part)
            case {"kind": "unary", "operator": "!", "node": {"callee": {"value": "matchesAny"}} as call}:
                if _of_the_value(call):
                    found["require"] += _texts(call)
    return Condition(
        entropy=found["entropy"],
        natural=found["natural"],
        deny=tuple(found["deny"]),
        require=tuple(found["require"]),
        without=tuple(found["without"]),
    )


def _rules(details: Iterable[Mapping[str, Any]]) -> Iterator[Rule]:
    for detail in details:
        identity = detail["id"]
        if identity in REPLACED or not (detail["visible"] or identity in HELPERS):
            continue
        wanted = condition(detail["betterleaks_filter"])
        if wanted is None:
            continue
        needs = tuple(need["rule_id"] for need in detail["depends_on_rule"])
        tied = any(family in identity for family in _TIED)
        yield Rule(
            id=identity,
            kind=next((kind for word, kind in _KINDS if word in identity), "SECRET"),
            pattern=detail["detection_regex"],
            first_group=True,
            condition=wanted,
            needs=needs if tied else (),
        )


def _lists(wanted: Condition) -> tuple[tuple[str, ...], ...]:
    return wanted.deny, wanted.require, wanted.without


def _written(rule: Rule, shared: list[tuple[str, ...]]) -> dict[str, Any]:
    written: dict[str, Any] = {"id": rule.id, "kind": rule.kind, "pattern": rule.pattern}
    if rule.needs:
        written["needs"] = rule.needs
    if rule.condition.entropy:
        written["entropy"] = rule.condition.entropy
    if not rule.condition.natural:
        written["natural"] = False
    for name, texts in zip(("deny", "require", "without"), _lists(rule.condition), strict=True):
        if texts:
            written[name] = shared.index(texts)
    return written


def _disjuncts(expression: Mapping[str, Any] | None) -> Iterator[Mapping[str, Any]]:
    if expression is None:
        return
    if expression.get("kind") == "binary" and expression.get("operator") == "||":
        yield from _disjuncts(expression["left"])
        yield from _disjuncts(expression["right"])
    else:
        yield expression


def _of_the_value(call: Mapping[str, Any]) -> bool:
    match call["arguments"]:
        case [{"node": {"value": "finding"}, "property": {"value": "secret"}}, {"kind": "array"}]:
            return True
        case _:
            return False


def _texts(call: Mapping[str, Any]) -> list[str]:
    return [node["value"] for node in call["arguments"][1]["nodes"]]


def write(folder: Path) -> None:
    """Write both files into a folder."""
    (folder / CATALOGUE.name).write_text(catalogue(package().values()), "utf-8")
    (folder / LICENCES.name).write_text(licences(), "utf-8")


if __name__ == "__main__":
    write(CATALOGUE.parent)
