"""The catalogue of secrets that others keep: Betterleaks' and Veles' rules, as Kingfisher ships them.

`kingfisher-secret-scanner` (Apache-2.0) carries the rules of Betterleaks (MIT) and of Google's Veles
(Apache-2.0) and tells each one's definition. Its own scanner is not used: it wants every part of a credential
in one text, which suits a search through repositories and not what must never leave.

Betterleaks' filters are expressions over a finding. They are read for what they say of the value itself:
entropy, words, patterns. What they say of files' paths and of other findings does not apply to a text.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from collections.abc import Mapping
from dataclasses import asdict
from importlib.metadata import version
from pathlib import Path
from typing import Any

from ccgate.privacy.rules import Condition
from ccgate.privacy.rules import Rule

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


def fingerprint() -> str:
    """A name for what `read` makes: of the package's version and of how this module reads it."""
    return hashlib.sha256(f"{version(PACKAGE)} {Path(__file__).read_text('utf-8')}".encode()).hexdigest()[:24]


def read() -> tuple[Rule, ...]:
    """The catalogue's rules, read from the package: seconds, as it compiles its own scanner meanwhile."""
    from kingfisher_sdk.rules import Rules  # loads 36 MB of native code, which a warm start does without

    rules = Rules(confidence="low", cache=False)
    details = (rules.detail(item["id"]) for item in rules.metadata())
    return tuple(_rules(details))


def dump(rules: tuple[Rule, ...]) -> str:
    """Rules as JSON, for `restore`."""
    return json.dumps([asdict(rule) for rule in rules])


def restore(text: str) -> tuple[Rule, ...]:
    """Rules from what `dump` made.

    Raises:
        ValueError, TypeError, KeyError: it is something else.
    """
    return tuple(_restored(item) for item in json.loads(text))


def _restored(item: dict[str, Any]) -> Rule:
    condition = item.pop("condition")
    for name in ("deny", "require", "without"):
        condition[name] = tuple(condition[name])
    item["needs"] = tuple(item["needs"])
    return Rule(condition=Condition(**condition), **item)


def _rules(details: Iterator[dict[str, Any]]) -> Iterator[Rule]:
    for detail in details:
        identity = detail["id"]
        if identity in REPLACED or not (detail["visible"] or identity in HELPERS):
            continue
        condition = _condition(detail["betterleaks_filter"])
        if condition is None:
            continue
        needs = tuple(need["rule_id"] for need in detail["depends_on_rule"])
        tied = any(family in identity for family in _TIED)
        yield Rule(
            id=identity,
            kind=next((kind for word, kind in _KINDS if word in identity), "SECRET"),
            pattern=detail["detection_regex"],
            first_group=True,
            condition=condition,
            needs=needs if tied else (),
        )


def _condition(expression: Mapping[str, Any] | None) -> Condition | None:
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
