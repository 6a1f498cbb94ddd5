"""Texts with a secret in them: each documented format of a key, in a context that it is found in.

The formats are in `shapes.yaml` and `shapes_later.yaml`. Each comes in several contexts and with several
bodies, all made from one seed, so that two runs measure the same texts. The other files hold whole texts.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from tests.bench.detection.templates import filled
from tests.bench.detection.templates import marked

SHAPES = Path(__file__).with_name("shapes.yaml")
"""The formats that the rules were tuned by: recall on them says what was lost, not how good the rules are."""

LATER = Path(__file__).with_name("shapes_later.yaml")
"""Formats that were written down after the rules."""

INDEPENDENT = Path(__file__).with_name("shapes_independent.yaml")
"""Texts that were written without a look at the rules."""

FRESH = Path(__file__).with_name("shapes_fresh.yaml")
"""Texts that were written last, for an estimate that nothing had been tuned for."""

NAMED = (
    "{NAME}={value}\n",
    "export {NAME}='{value}'\n",
    '  "{camel}": "{value}",\n',
    "{lower}: {value}\n",
    '{lower} = "{value}"  # prod\n',
    "const {camel} = '{value}';\n",
    'private static final String {NAME} = "{value}";\n',
    '{camel} := "{value}"\n',
    "      - {NAME}={value}\n",
    "      {NAME}: {value}\n",
    '  os.environ["{NAME}"] = "{value}"\n',
    "ENV {NAME}={value}\n",
    "     7→{NAME}={value}\n     8→DEBUG=1\n",
    "12\t{NAME}={value}\n13\tDEBUG=1\n",
    '$env:{NAME} = "{value}"\n',
    "kubectl create secret generic x --from-literal={NAME}={value}\n",
)
"""Contexts that give the secret's name."""

ALONE = (
    "{value}\n",
    "use {value} for the demo account, please\n",
    'client = Client("{value}")\n',
    "curl https://api.corp.io/v1/x -H 'X-Auth: {value}'\n",
    "2026-11-20 10:00:00 DEBUG sending {value} to upstream\n",
    "| prod | {value} | 2026-01-01 |\n",
    "+    return '{value}';\n",
    "./tool login {value}\n",
)
"""Contexts that say nothing of the secret: its own shape has to tell."""


@dataclass(frozen=True, slots=True)
class Sample:
    """A text with secrets in it, and where they stand."""

    shape: str
    group: str
    text: str
    spans: tuple[tuple[int, int], ...]


@cache
def samples(each: int = 3, shapes: Path = SHAPES) -> tuple[Sample, ...]:
    """All samples of a file of formats, `each` for a format."""
    groups: dict[str, dict[str, Any]] = yaml.safe_load(shapes.read_text("utf-8"))
    return tuple(_samples(groups, each))


@cache
def whole_texts(group: str, shapes: Path = INDEPENDENT) -> tuple[Sample, ...]:
    """The samples of a group of a file that holds whole texts: specific, generic, personal, negative."""
    texts: dict[str, str] = yaml.safe_load(shapes.read_text("utf-8")).get(group, {})
    return tuple(_sample(name, group, filled(text, name)) for name, text in texts.items())


def _samples(shapes: dict[str, dict[str, Any]], each: int) -> Iterator[Sample]:
    for group, contexts in (("tokens", (*NAMED, *ALONE)), ("named", NAMED)):
        for shape, (name, template) in shapes[group].items():
            source = random.Random(f"contexts {shape}")
            chosen = source.sample(contexts, each)
            if group == "tokens":
                chosen[0] = source.choice(ALONE)
            for number, context in enumerate(chosen):
                value = filled(template, f"{shape} {number}")
                text = context.replace("{value}", f"«{value}»")
                for slot, form in (("{NAME}", name), ("{lower}", name.lower()), ("{camel}", _camel(name))):
                    text = text.replace(slot, form)
                yield _sample(shape, group, text)
    for shape, template in shapes["lines"].items():
        for number in range(each):
            yield _sample(shape, "lines", filled(template, f"{shape} {number}"))


def _sample(shape: str, group: str, text: str) -> Sample:
    plain, spans = marked(text)
    return Sample(shape, group, plain, tuple(spans))


def _camel(name: str) -> str:
    first, *rest = name.lower().split("_")
    return first + "".join(part.capitalize() for part in rest)
