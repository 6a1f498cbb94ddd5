"""What is wrong with a profile, as lines that a person can act on and that never show a secret.

Its own module, because every other module of the profile reports through it.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from dataclasses import field
from pathlib import Path

from ccgate.errors import ConfigError

LONGEST_SHOWN = 60
MOST_REPORTED = 30

_PREFIX = re.compile(
    r"(?i)(?:^|[^a-z0-9])(?:sk-|ccg_|gh[a-z]_|github_pat_|xox[a-z]-|akia|aiza|eyj|glpat-|bearer )|-----begin"
)
_RUN = re.compile(r"[A-Za-z0-9+/_=-]{24,}")


def looks_secret(text: str) -> bool:
    """Whether a text has the shape of a key or a token: a known prefix, or one long run with digits."""
    if _PREFIX.search(text):
        return True
    return any(re.search("[0-9]", run) and re.search("[A-Za-z]", run) for run in _RUN.findall(text))


def shown(text: str) -> str:
    """A value from the file as an error may show it: quoted, clipped, and withheld when it looks secret."""
    if looks_secret(text):
        return "the value (not shown, it looks like a secret)"
    return repr(text if len(text) <= LONGEST_SHOWN else f"{text[:LONGEST_SHOWN]}…")


def shown_key(name: str) -> str:
    """A key's name as an error may show it; the same rules, without quotes for an ordinary name."""
    if looks_secret(name):
        return "(a key that looks like a secret)"
    return name if re.fullmatch(r"[\w.*@ -]{1,60}", name) else shown(name)


@dataclass(slots=True)
class Reading:
    """One pass over one file: where each of its keys stands, and everything that is wrong.

    Problems are gathered, so that a person mends them in one go.
    """

    path: Path
    lines: dict[str, int] = field(default_factory=dict)
    found: list[tuple[int, str]] = field(default_factory=list)

    def line(self, key: str) -> int:
        """The line of a key or, where it is left out, of the nearest section that is given; else 1."""
        while key and key not in self.lines:
            key = key.rpartition(".")[0]
        return self.lines.get(key, 1)

    def wrong(self, line: int, key: str, text: str) -> None:
        """Notes a problem. `line` counts from 1; `key` is dotted, empty for the file as a whole."""
        self.found.append((line, f"{key}: {text}" if key else text))

    def stop(self) -> None:
        """Ends the pass if anything was found.

        Raises:
            ConfigError: one `FILE:LINE: KEY: what is wrong; the mend` per line, in the file's order.
        """
        if not self.found:
            return
        ordered = sorted(self.found, key=lambda problem: problem[0])
        rows = [f"{self.path}:{line}: {text}" for line, text in ordered[:MOST_REPORTED]]
        if len(ordered) > MOST_REPORTED:
            rows.append(f"{self.path}: and {len(ordered) - MOST_REPORTED} more like these")
        raise ConfigError("\n".join(rows))
