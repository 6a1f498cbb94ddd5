"""The JSON Schema of the profile, which editors use to complete and check; made from the table of keys.

It says what the table can say: names, types, choices. What depends on two keys, or on what this version
enforces, the loader says. `python -m ccgate.profile.schema` prints it.
"""

from __future__ import annotations

import json
import sys

from ccgate.profile.keys import PROFILE
from ccgate.profile.kinds import Schema


def json_schema() -> Schema:
    """The schema, draft 2020-12."""
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "ccgate profile",
        "$comment": "Made by `python -m ccgate.profile.schema` from the table of keys; do not edit.",
        **PROFILE.schema(),
    }


def schema_text() -> str:
    """The schema as the file `profiles/schema.json` holds it."""
    return json.dumps(json_schema(), indent=2, ensure_ascii=False) + "\n"


if __name__ == "__main__":
    sys.stdout.write(schema_text())
