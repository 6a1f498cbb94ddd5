"""The program: its commands, its errors, and that it is quick to start."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import click
import pytest
from click.testing import CliRunner

from ccgate import __version__
from ccgate.cli import main
from ccgate.cli.main import ccgate
from ccgate.errors import ConfigError
from ccgate.errors import OperatorError
from ccgate.errors import StoreError

ADDONS = Path(__file__).resolve().parents[2] / "addons"


def run(*arguments: str, code: str | None = None, **environ: str) -> subprocess.CompletedProcess[str]:
    """The real program in a process of its own."""
    command = ["-c", code] if code else ["-m", "ccgate.cli", *arguments]
    return subprocess.run(
        [sys.executable, *command],
        env={"PATH": os.environ["PATH"], "PYTHONPATH": str(ADDONS), **environ},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def test_help_names_every_command() -> None:
    """What a person sees first."""
    shown = CliRunner().invoke(ccgate, ["--help"])
    assert shown.exit_code == 0
    for name, entry in main.COMMANDS.items():
        assert f"  {name} " in shown.output
        assert entry.help in shown.output


@pytest.mark.parametrize("name", main.COMMANDS)
def test_each_command_is_where_the_table_says(name: str) -> None:
    """A command that is listed and cannot be imported is the worst help."""
    command = ccgate.get_command(click.Context(ccgate), name)
    assert isinstance(command, click.Command)
    assert command.help


def test_an_unknown_command_is_refused() -> None:
    """With click's own exit code for wrong usage."""
    assert CliRunner().invoke(ccgate, ["cliënt"]).exit_code == 2


@pytest.mark.parametrize(("kind", "code"), [(OperatorError, 1), (ConfigError, 78), (StoreError, 74)])
def test_an_operators_error_is_one_line_and_its_exit_code(
    kind: type[OperatorError], code: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Scripts go by the code, people by the line, and nobody wants a traceback."""

    @click.command()
    def fail() -> None:
        raise kind("it is wrong; mend it")

    monkeypatch.setattr(main.LazyGroup, "get_command", lambda *_: fail)
    ended = CliRunner().invoke(ccgate, ["fail"])
    assert (ended.exit_code, ended.stdout, ended.stderr) == (code, "", "ccgate: it is wrong; mend it\n")


def test_the_program_has_the_name_that_run_sh_gives_it() -> None:
    """Help shows a line that can be typed, with run.sh and without."""
    assert run("--help", CCGATE_PROG="./run.sh").stdout.startswith("Usage: ./run.sh [")
    assert run("--help").stdout.startswith("Usage: ccgate [")


def test_the_version() -> None:
    """What a bug report needs."""
    assert run("--version").stdout == f"ccgate {__version__}\n"


def test_help_waits_for_no_commands_imports() -> None:
    """mitmproxy and the prices take a second to import; a typing error should not."""
    heavy = {"mitmproxy", "genai_prices", "rich", "yaml", "sqlite3", "aiohttp", "anthropic"}
    code = (
        "import sys; from ccgate.cli.main import ccgate; ccgate(['--help'], standalone_mode=False);"
        f"print(sorted({{name.partition('.')[0] for name in sys.modules}} & {heavy}))"
    )
    assert run(code=code).stdout.endswith("\n[]\n")


def test_a_client_is_added_by_the_real_program(tmp_path: Path) -> None:
    """From the command line to the database and back, as run.sh calls it."""
    home = {"CCGATE_HOME": str(tmp_path / "state")}
    added = run("client", "add", "laptop", **home)
    assert added.returncode == 0, added.stderr
    assert added.stdout.startswith("ccg_")
    assert added.stdout.count("\n") == 1
    listed = run("client", "list", "--format", "csv", **home)
    assert listed.stdout.splitlines()[1].startswith("laptop,laptop,active,")
    again = run("client", "add", "laptop", **home)
    assert (again.returncode, again.stdout) == (1, "")
    assert again.stderr.startswith("ccgate: there is a client laptop already")
    assert (tmp_path / "state").stat().st_mode & 0o777 == 0o700


def test_a_state_folder_that_cannot_be_used_ends_with_its_code(tmp_path: Path) -> None:
    """The person sees the folder and the mend."""
    blocked = tmp_path / "file"
    blocked.write_text("")
    ended = run("client", "list", CCGATE_HOME=str(blocked))
    assert ended.returncode == 74
    assert str(blocked) in ended.stderr
    assert "Traceback" not in ended.stderr
