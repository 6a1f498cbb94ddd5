"""The typed profile has a place for every key; a key without one would be read and then forgotten."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator

import pytest

from ccgate.profile import Accounting
from ccgate.profile import Admission
from ccgate.profile import Budget
from ccgate.profile import CredentialSpec
from ccgate.profile import Endpoints
from ccgate.profile import Hosts
from ccgate.profile import Limits
from ccgate.profile import Privacy
from ccgate.profile import Profile
from ccgate.profile import Term
from ccgate.profile.keys import PROFILE
from ccgate.profile.kinds import ListOf
from ccgate.profile.sections import Named
from ccgate.profile.sections import Section

TYPES = {
    "": Profile,
    "admission": Admission,
    "admission.hosts": Hosts,
    "admission.endpoints": Endpoints,
    "admission.limits": Limits,
    "privacy": Privacy,
    "privacy.terms": Term,
    "credential": CredentialSpec,
    "credentials": CredentialSpec,
    "accounting": Accounting,
    "accounting.budgets": Budget,
}


def sections(section: Section, name: str = "") -> Iterator[tuple[str, Section]]:
    """Every section of the table by its dotted name, also those in lists and under names."""
    yield name, section
    for key in section.keys:
        kind = key.kind.value if isinstance(key.kind, Named) else key.kind
        kind = kind.item if isinstance(kind, ListOf) else kind
        if isinstance(kind, Section):
            yield from sections(kind, f"{name}.{key.name}".lstrip("."))


@pytest.mark.parametrize(("name", "section"), list(sections(PROFILE)))
def test_the_fields_are_the_keys(name: str, section: Section) -> None:
    fields = {field.name for field in dataclasses.fields(TYPES[name])} - {"path"}
    keys = {"source" if key.name == "from" else key.name for key in section.keys}
    assert fields == keys


@pytest.mark.parametrize("kind", TYPES.values())
def test_a_profile_cannot_be_changed_once_it_was_checked(kind: type) -> None:
    assert kind.__dataclass_params__.frozen  # type: ignore[attr-defined]
    assert "__slots__" in vars(kind)
