"""The reference of the profile's keys as Markdown, for the README; a table so that nothing is left out."""

from __future__ import annotations

from ccgate.profile.keys import PROFILE
from ccgate.profile.kinds import Choice
from ccgate.profile.sections import Key
from ccgate.profile.sections import flow


def reference_markdown() -> str:
    """All keys with their default, their meaning and what of them this version enforces."""
    rows = ["| key | default | meaning | built yet |", "|---|---|---|---|"]
    for name, key in PROFILE.leaves():
        values = (
            f"{', '.join(f'`{value}`' for value in key.kind.values)}: "
            if isinstance(key.kind, Choice)
            else ""
        )
        built = "yes" if key.built is None else f"only {key.built_values('`')}"
        rows.append(f"| `{name}` | {_default(key)} | {values}{key.help} | {built} |")
    return "\n".join(rows) + "\n"


def _default(key: Key) -> str:
    if key.required:
        return "required"
    return "none" if key.default is None else f"`{flow(key.default)}`"
