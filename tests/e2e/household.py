"""A person's home, as it is on a person's machine: called after them, with a project and its secrets.

The home has to stand at `/home/NAME`, because that is what tells that NAME is a person. For the client, and
for nobody else, it does: in a mount namespace of its own a test's folder stands there. No secret is written
down here; all are made from a seed, so that two homes of one seed are the same to the last byte.
"""

from __future__ import annotations

import base64
import json
import os
import random
import string
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from dataclasses import field
from pathlib import Path
from pathlib import PurePosixPath
from typing import Any

import pytest

from tests.conftest import require
from tests.e2e.claude_code import ClaudeCode

PERSON = "maria.santos"
MARIA = "maria.santos@tidewater-books.shop"
JONAS = "jonas.lindqvist@tidewater-books.shop"

_MOVE_IN = """
set -e
folder=$1 person=$2 others=$3
shift 3
mount --rbind /home "$others"
mount -t tmpfs tmpfs /home
for other in "$others"/*/; do
  [ -d "$other" ] || continue
  mkdir "/home/${other#"$others"/}" && mount --rbind "$other" "/home/${other#"$others"/}"
done
mkdir "/home/$person"
mount --bind "$folder" "/home/$person"
cd "/home/$person/work/shop"
HOME=/home/$person exec "$@"
"""
"""Puts a folder at /home/PERSON beside the homes that are there, and runs a command in the project."""

_PRICES = """\
def total(lines):
    \"\"\"What an order costs, in cents.\"\"\"
    return sum(line["price"] for line in lines)
"""

_TEST = """\
import unittest

from prices import total


class Total(unittest.TestCase):
    def test_quantity(self):
        self.assertEqual(total([{"price": 250, "quantity": 3}]), 750)
"""


@dataclass(frozen=True, slots=True)
class Secrets:
    """What is worth stealing in the project."""

    api_key: str
    database_password: str
    aws_id: str
    aws_secret: str
    private_key: str
    token: str
    """What the person pastes into a prompt; it is in no file."""

    def __repr__(self) -> str:
        return "Secrets()"

    @property
    def key_lines(self) -> list[str]:
        """The lines between the private key's first and last."""
        return self.private_key.splitlines()[1:-1]


def make_secrets(seed: int) -> Secrets:
    """Secrets that look like real ones and open nothing."""
    chance = random.Random(seed)
    letters = string.ascii_letters + string.digits
    body = base64.b64encode(chance.randbytes(48 * 12)).decode()
    lines = [body[start : start + 64] for start in range(0, len(body), 64)]
    kind = "PRIVATE KEY"
    return Secrets(
        api_key="sk_live_" + "".join(chance.choices(letters, k=32)),
        database_password="".join(chance.choices(letters, k=20)),
        aws_id="AKIA" + "".join(chance.choices(string.ascii_uppercase + "234567", k=16)),
        aws_secret=base64.b64encode(chance.randbytes(30)).decode(),
        private_key="\n".join([f"-----BEGIN {kind}-----", *lines, f"-----END {kind}-----"]),
        token="ghp_" + "".join(chance.choices(letters, k=36)),
    )


@dataclass(frozen=True, slots=True)
class Household:
    """A home below `root`, with the project in it. `home` and `project` are as the client sees them."""

    root: Path
    secrets: Secrets = field(default_factory=lambda: make_secrets(1))

    @property
    def home(self) -> PurePosixPath:
        """The home folder in the client's eyes."""
        return PurePosixPath("/home", PERSON)

    @property
    def project(self) -> PurePosixPath:
        """The project's folder in the client's eyes."""
        return self.home / "work" / "shop"

    @property
    def folder(self) -> Path:
        """Where the home really is."""
        return self.root / "home"

    @property
    def work(self) -> Path:
        """Where the project really is."""
        return self.folder / "work" / "shop"

    @property
    def originals(self) -> tuple[str, ...]:
        """All that must not leave: the one list that every check goes by."""
        return (
            PERSON,
            PERSON.replace(".", "-"),
            MARIA,
            JONAS,
            self.secrets.api_key,
            self.secrets.database_password,
            self.secrets.aws_id,
            self.secrets.aws_secret,
            self.secrets.token,
            *self.secrets.key_lines,
        )

    @property
    def env(self) -> str:
        """The project's `.env`."""
        secrets = self.secrets
        return (
            "# Settings of the shop\n"
            f"DATABASE_URL=postgresql://shop:{secrets.database_password}@db.tidewater-books.shop:5432/shop\n"
            f"PAYMENT_API_KEY={secrets.api_key}\n"
            f"AWS_ACCESS_KEY_ID={secrets.aws_id}\n"
            f"AWS_SECRET_ACCESS_KEY={secrets.aws_secret}\n"
        )

    @property
    def files(self) -> dict[str, str]:
        """The project's files at the beginning."""
        key = self.secrets.private_key.replace("\n", "\n  ")
        return {
            ".env": self.env,
            "signing.yaml": f"service: orders\ncontact: {JONAS}\nprivate_key: |\n  {key}\nrotate: yearly\n",
            "CLAUDE.md": f"# The shop\n\nWhoever breaks the tests tells {MARIA}.\n",
            "prices.py": _PRICES,
            "test_prices.py": _TEST,
        }

    def furnish(self) -> None:
        """Make the home: files, and a history by two persons."""
        self.work.mkdir(parents=True)
        (self.folder / ".gitconfig").write_text(f"[user]\n\tname = Maria Santos\n\temail = {MARIA}\n")
        for name, text in self.files.items():
            (self.work / name).write_text(text)
        self._git("init", "-q", "-b", "main")
        for person, message in ((JONAS, "The shop"), (MARIA, "Prices: add up an order")):
            name = person.partition("@")[0].replace(".", " ").title()
            who = {"GIT_AUTHOR_NAME": name, "GIT_AUTHOR_EMAIL": person}
            self._git("add", "-A", **who)
            self._git("commit", "-q", "--allow-empty", "-m", message, **who)

    def _git(self, *arguments: str, **environ: str) -> None:
        environ |= {"GIT_COMMITTER_DATE": "2026-11-02T09:00:00Z", "GIT_AUTHOR_DATE": "2026-11-02T09:00:00Z"}
        subprocess.run(
            [require("git"), *arguments],
            cwd=self.work,
            env={"HOME": str(self.folder), "PATH": os.environ["PATH"], **environ},
            check=True,
        )


class Resident(ClaudeCode):
    """The client of somebody who lives in a household, at work on the project."""

    def __init__(self, program: Path, household: Household) -> None:
        super().__init__(program, household.folder)
        self.household = household
        self._others = household.root / "others"
        self._others.mkdir()
        if subprocess.run(self.command(["true"]), capture_output=True).returncode:
            # Nothing that can be installed would help, so CI is not failed for it.
            pytest.skip("this machine lets nobody mount a folder at a place of their own (unshare -rm)")

    def command(self, arguments: Sequence[str]) -> list[str]:
        """The program in the namespace, with this Python first on the path."""
        path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
        into = ["sh", "-c", _MOVE_IN, "sh", str(self.home), PERSON, str(self._others)]
        return [require("unshare"), "-rm", *into, "env", f"PATH={path}", *arguments]

    @property
    def sessions(self) -> list[Path]:
        """The files in which the client keeps its conversations."""
        return sorted((self.home / ".claude" / "projects").rglob("*.jsonl"))

    @staticmethod
    def kept(session: Path) -> list[dict[str, Any]]:
        """The lines of such a file."""
        return [json.loads(line) for line in session.read_text().splitlines()]
