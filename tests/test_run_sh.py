"""run.sh, run for real: a shell, a virtual environment, a lock, in copies of the project.

The copies have an empty requirements.txt and a command line that prints what it was called with, so that a
set-up takes seconds and no network.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.conftest import require

ROOT = Path(__file__).resolve().parent.parent
ELSEWHERE = 'ELSEWHERE="/opt/homebrew/bin /usr/local/bin /opt/local/bin"'
CLI = """
import json, os, sys
print(json.dumps({"arguments": sys.argv[1:], "prog": os.environ["CCGATE_PROG"], "pid": os.getpid(),
                  "python": sys.version_info[:2], "prefix": sys.prefix, "path": sys.path[0]}))
"""
NOT_TO_BE_HAD = f"no-such-package==1.0 --hash=sha256:{'0' * 64}\n"


@dataclass(frozen=True)
class Project:
    """A copy of what run.sh needs, and what is on its PATH."""

    root: Path
    environ: Mapping[str, str]

    def command(self, *arguments: str) -> list[str]:
        return [require("bash"), str(self.root / "run.sh"), *arguments]

    def run(
        self, *arguments: str, cwd: Path | None = None, **environ: str
    ) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            self.command(*arguments),
            env={**self.environ, **environ},
            cwd=cwd,
            capture_output=True,
            text=True,
            timeout=100,
            check=False,
        )

    def called(self, *arguments: str, cwd: Path | None = None, **environ: str) -> dict[str, object]:
        """What the command line was called with; the call must succeed."""
        done = self.run(*arguments, cwd=cwd, **environ)
        assert done.returncode == 0, done.stderr
        called: dict[str, object] = json.loads(done.stdout)
        return called

    @property
    def stamp(self) -> Path:
        return self.root / ".venv" / "requirements.txt.stamp"


def make_project(root: Path, tools: Path) -> Project:
    """A project of its own in `root`; `tools` becomes its PATH, without any Python at first."""
    (root / "addons" / "ccgate" / "cli").mkdir(parents=True)
    (root / "addons" / "ccgate" / "__init__.py").touch()
    (root / "addons" / "ccgate" / "cli" / "__init__.py").touch()
    (root / "addons" / "ccgate" / "cli" / "__main__.py").write_text(CLI)
    (root / "requirements.txt").touch()
    (root / "requirements-test.txt").touch()
    script = (ROOT / "run.sh").read_text()
    assert ELSEWHERE in script, "the folders that a test must keep run.sh from looking into have moved"
    (root / "run.sh").write_text(script.replace(ELSEWHERE, 'ELSEWHERE=""'))
    (root / "run.sh").chmod(0o755)
    tools.mkdir(exist_ok=True)
    for tool in "bash cat cksum grep ln ls mkdir readlink rm rmdir sed sleep tail uname".split():
        (tools / tool).symlink_to(require(tool))
    return Project(
        root, {"PATH": str(tools), "HOME": str(tools), "PIP_NO_INDEX": "1", "PIP_CONFIG_FILE": os.devnull}
    )


def script(path: Path, text: str) -> None:
    path.write_text(f"#!{require('bash')}\n{text}\n")
    path.chmod(0o755)


@pytest.fixture
def bare(tmp_path: Path) -> Project:
    """A project that was never set up, on a machine without any Python."""
    return make_project(tmp_path / "project", tmp_path / "tools")


@pytest.fixture(scope="module")
def ready(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Project]:
    """A project that is set up, in a folder with spaces; tests leave it set up."""
    base = tmp_path_factory.mktemp("base")
    project = make_project(base / "a folder of mine", base / "tools")
    (base / "tools" / "python3").symlink_to(sys.executable)
    project.called()
    yield project


def test_shell_scripts_are_clean() -> None:
    """What shellcheck finds is what breaks on somebody's machine."""
    shellcheck = Path(sys.executable).with_name("shellcheck")
    done = subprocess.run(
        [shellcheck, ROOT / "run.sh", ROOT / ".ci/run"], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout


@pytest.mark.parametrize(
    "newer",
    [
        r"declare -A",
        r"local -A",
        r"\bmapfile\b",
        r"\breadarray\b",
        r"\$\{[A-Za-z_@*]+(,,|\^\^|@[QEPAa])",
        r"&>>",
        r"\|&",
        r"\$\{[A-Za-z_]+: -",
        r"\bcoproc\b",
        r"local -n",
        r"wait -n",
        r"\bEPOCH(SECONDS|REALTIME)\b",
        r"printf [^\n]*%\(",
        r"readlink -f",
    ],
)
def test_nothing_newer_than_bash_3_2(newer: str) -> None:
    """macOS ships bash 3.2 (and readlink without -f): there, the script would stop half way."""
    code = "\n".join(
        line for line in (ROOT / "run.sh").read_text().splitlines() if not line.lstrip().startswith("#")
    )
    assert not re.search(newer, code)


def test_scripts_can_be_called() -> None:
    """`./run.sh` and `.ci/run` need their executable bit."""
    assert os.access(ROOT / "run.sh", os.X_OK)
    assert os.access(ROOT / ".ci/run", os.X_OK)


def test_ci_calls_the_documented_test_command() -> None:
    """CI proves the very command that people are told to type."""
    assert "./run.sh test" in (ROOT / ".ci/run").read_text().splitlines()


def test_spaces_in_the_path(ready: Project) -> None:
    """The venv of a project in a folder with spaces is its own."""
    called = ready.called("usage", "--by", "a b")
    assert called["arguments"] == ["usage", "--by", "a b"]
    assert called["prefix"] == str(ready.root / ".venv")
    assert called["path"] == str(ready.root / "addons")


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ([], ["start"]),
        (["start", "--profile", "team"], ["start", "--profile", "team"]),
        (["--profile", "team"], ["start", "--profile", "team"]),
        (["web"], ["web"]),
        (["client", "add", "laptop"], ["client", "add", "laptop"]),
        (["client", "--help"], ["client", "--help"]),
        (["start", "--", "-w", "flows"], ["start", "--", "-w", "flows"]),
    ],
)
def test_arguments_arrive_as_typed(ready: Project, typed: list[str], meant: list[str]) -> None:
    """No command is `start`, and nothing is lost or split on the way."""
    assert ready.called(*typed)["arguments"] == meant


def test_modules_in_the_callers_folder_are_not_imported(ready: Project, tmp_path: Path) -> None:
    """A json.py where somebody happens to stand is not run where the secrets are."""
    (tmp_path / "json.py").write_text("raise SystemExit('imported from the current folder')")
    assert ready.called("usage", cwd=tmp_path, PYTHONPATH=str(tmp_path))["arguments"] == ["usage"]


def test_called_through_links(ready: Project, tmp_path: Path) -> None:
    """A link to a link, both relative, finds the project; the name typed is the name shown."""
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin" / "inner").symlink_to(
        os.path.relpath(ready.root / "run.sh", (tmp_path / "bin").resolve())
    )
    (tmp_path / "ccgate").symlink_to("bin/inner")
    done = subprocess.run(
        [tmp_path / "ccgate", "usage"], env=ready.environ, cwd="/", capture_output=True, text=True, check=True
    )
    called = json.loads(done.stdout)
    assert called["prefix"] == str(ready.root / ".venv")
    assert called["prog"] == str(tmp_path / "ccgate")


def test_the_process_is_replaced(ready: Project) -> None:
    """A signal to the process that was started must reach the gateway, not a shell around it."""
    with subprocess.Popen(ready.command("start"), env=ready.environ, stdout=subprocess.PIPE) as process:
        output, _ = process.communicate(timeout=60)
    assert json.loads(output)["pid"] == process.pid


def test_a_warm_call_is_quick_and_silent(ready: Project) -> None:
    """Set-up is not looked at for long on each call: its share is 0.2 s at most."""
    python = ready.root / ".venv/bin/python"
    direct, whole = [], []
    for _ in range(5):
        started = time.perf_counter()
        subprocess.run([python, "-c", CLI], env={"CCGATE_PROG": ""}, capture_output=True, check=True)
        between = time.perf_counter()
        done = ready.run("usage")
        whole.append(time.perf_counter() - between)
        direct.append(between - started)
        assert done.stderr == ""
    assert min(whole) - min(direct) < 0.2


def test_unknown_command(bare: Project) -> None:
    """A typing error is answered at once, with what was probably meant, and sets nothing up."""
    done = bare.run("strat")
    assert done.returncode == 64
    assert "there is no command 'strat'; did you mean 'start'?" in done.stderr
    done = bare.run("frobnicate")
    assert done.returncode == 64
    assert "the commands are: start web client" in done.stderr
    assert not (bare.root / ".venv").exists()


@pytest.mark.parametrize("word", ["help", "-h", "--help"])
def test_help_needs_no_set_up(bare: Project, word: str) -> None:
    """Who only wants to look gets the table, even without a Python."""
    done = bare.run(word)
    assert done.returncode == 0
    commands = re.search(r'^COMMANDS="(.*)"', (ROOT / "run.sh").read_text(), re.MULTILINE)
    assert commands is not None
    for command in commands[1].split():
        assert re.search(rf"^  {command} ", done.stdout, re.MULTILINE), command


def test_no_python_at_all(bare: Project) -> None:
    """Exit 69, with how to get one on each platform."""
    done = bare.run()
    assert done.returncode == 69
    assert "no Python that ccgate can run on was found" in done.stderr
    for way in ("apt install", "brew install", "uv python install", "pyenv install", "CCGATE_PYTHON="):
        assert way in done.stderr


def test_what_was_found_is_said(bare: Project) -> None:
    """A broken shim, an old Python and one without ensurepip are each named with what is wrong."""
    tools = Path(bare.environ["PATH"])
    script(tools / "python3.13", "exit 127")
    script(tools / "python3", "echo is 3.9.2")
    script(tools / "python3.12", "echo is 3.12.3 without ensurepip")
    done = bare.run()
    assert done.returncode == 69
    assert f"{tools}/python3.13 does not run" in done.stderr
    assert f"{tools}/python3 is 3.9.2" in done.stderr
    assert f"{tools}/python3.12 is 3.12.3 without ensurepip" in done.stderr


def test_a_python_behind_broken_shims(bare: Project, tmp_path: Path) -> None:
    """A pyenv shim that stands for no version comes first on the PATH; the real one later on is used."""
    tools = Path(bare.environ["PATH"])
    script(tools / "python3.13", "exit 127")
    script(tools / "python3", "exit 127")
    (tmp_path / "later").mkdir()
    (tmp_path / "later" / "python3").symlink_to(sys.executable)
    called = bare.called("usage", PATH=f"{tools}:{tmp_path / 'later'}")
    assert called["python"] == list(sys.version_info[:2])


def test_a_python_of_pyenv_that_is_not_selected(bare: Project, tmp_path: Path) -> None:
    """pyenv has one, but its shims stand for another: it is found in pyenv's own folder."""
    folder = tmp_path / "pyenv" / "versions" / "3.13.99" / "bin"
    folder.mkdir(parents=True)
    (folder / "python").symlink_to(sys.executable)
    assert bare.called("usage", PYENV_ROOT=str(tmp_path / "pyenv"))["arguments"] == ["usage"]


def test_named_python_that_does_not_qualify(bare: Project, tmp_path: Path) -> None:
    """CCGATE_PYTHON is an order: another Python is not used in its stead."""
    (Path(bare.environ["PATH"]) / "python3").symlink_to(sys.executable)
    script(tmp_path / "old", "echo is 3.11.7")
    done = bare.run(CCGATE_PYTHON=str(tmp_path / "old"))
    assert done.returncode == 69
    assert f"CCGATE_PYTHON={tmp_path}/old is 3.11.7; ccgate needs Python 3.12, 3.13 or 3.14" in done.stderr
    done = bare.run(CCGATE_PYTHON=str(tmp_path / "gone"))
    assert done.returncode == 69
    assert f"CCGATE_PYTHON={tmp_path}/gone is not a program" in done.stderr


def test_the_probe_tells_old_and_incomplete_pythons() -> None:
    """The verdict comes from running the candidate: version first, then the modules it lacks."""
    found = re.search(r"^PROBE='\n(.*?)^'", (ROOT / "run.sh").read_text(), re.DOTALL | re.MULTILINE)
    assert found is not None

    def verdict(before: str) -> str:
        return subprocess.run(
            [sys.executable, "-I", "-c", f"import sys\n{before}\n{found[1]}"],
            capture_output=True,
            text=True,
            check=True,
        ).stdout.strip()

    assert verdict("") == "ok {}.{}.{}".format(*sys.version_info[:3])
    assert verdict("sys.version_info = (3, 11, 7)") == "is 3.11.7"
    assert verdict("sys.version_info = (3, 15, 0)") == "is 3.15.0"
    assert (
        verdict("sys.version_info = (3, 12, 3); sys.modules['ensurepip'] = None")
        == "is 3.12.3 without ensurepip"
    )


def test_packages_that_cannot_be_had(bare: Project) -> None:
    """Without a network: exit 69, the command that failed, where its log is; the next call tries again."""
    (bare.root / "requirements.txt").write_text(NOT_TO_BE_HAD)
    done = bare.run(CCGATE_PYTHON=sys.executable)
    assert done.returncode == 69
    assert re.search(r"this command failed: .* -m pip .*install .*requirements\.txt", done.stderr)
    assert "No matching distribution found for no-such-package==1.0" in done.stderr
    assert f"the whole log is at {bare.root}/.venv-setup/log" in done.stderr
    assert not bare.stamp.exists()
    assert not (bare.root / ".venv-setup" / "lock").is_symlink()
    (bare.root / "requirements.txt").write_text("")
    assert bare.called("usage", CCGATE_PYTHON=sys.executable)["arguments"] == ["usage"]


def test_a_package_without_its_hash_is_refused(bare: Project) -> None:
    """A requirement that somebody added by hand must not be installed unchecked."""
    (bare.root / "requirements.txt").write_text("no-such-package==1.0\n")
    done = bare.run(CCGATE_PYTHON=sys.executable)
    assert done.returncode == 69
    assert "hash" in done.stderr.lower()


def test_changed_requirements_make_the_venv_anew(ready: Project) -> None:
    """After an update of ccgate nothing of the old environment is left over."""
    leftover = ready.root / ".venv" / "leftover"
    leftover.touch()
    stamp = ready.stamp.read_text()
    (ready.root / "requirements.txt").write_text("# another\n")
    assert "setting up, once" in ready.run("usage").stderr
    assert not leftover.exists()
    assert ready.stamp.read_text() != stamp


def test_a_venv_whose_python_is_gone_is_made_anew(ready: Project) -> None:
    """The system's Python was updated or removed: the next call mends it by itself."""
    python = ready.root / ".venv" / "bin" / "python"
    python.unlink()
    python.symlink_to("/nowhere/python")
    assert "setting up, once" in ready.run("usage").stderr
    assert ready.run("usage").stderr == ""


def test_an_interrupted_set_up_is_done_again(ready: Project) -> None:
    """The stamp is written last: without it the venv is not trusted."""
    ready.stamp.unlink()
    assert "setting up, once" in ready.run("usage").stderr


def test_what_the_tests_need_comes_on_top(ready: Project) -> None:
    """`demo` and `bench` install the tests' packages into the same venv; `start` does not."""
    stamp = ready.root / ".venv" / "requirements-test.txt.stamp"
    stamp.unlink(missing_ok=True)
    ready.called("start")
    assert not stamp.exists()
    assert "installing what the tests need" in ready.run("demo").stderr
    assert ready.run("bench").stderr == ""
    assert stamp.exists()


def test_a_folder_that_is_no_venv_is_left_alone(bare: Project, tmp_path: Path) -> None:
    """CCGATE_VENV by mistake names somebody's folder: it must not be emptied."""
    (tmp_path / "precious").mkdir()
    (tmp_path / "precious" / "file").touch()
    done = bare.run(CCGATE_VENV=str(tmp_path / "precious"), CCGATE_PYTHON=sys.executable)
    assert done.returncode == 73
    assert "is not a Python environment" in done.stderr
    assert (tmp_path / "precious" / "file").exists()


def test_two_first_calls_at_once(bare: Project) -> None:
    """Both end well, and only one of them sets up."""
    environ = {**bare.environ, "CCGATE_PYTHON": sys.executable}
    calls = [
        subprocess.Popen(
            bare.command("usage"), env=environ, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        )
        for _ in range(2)
    ]
    ends = [call.communicate(timeout=100) for call in calls]
    assert [call.returncode for call in calls] == [0, 0], ends
    assert sorted("setting up, once" in stderr for _, stderr in ends) == [False, True]
    assert not (bare.root / ".venv-setup" / "lock").is_symlink()


def test_the_lock_of_a_dead_process_is_broken(bare: Project) -> None:
    """A set-up that was killed with -9 must not block the next one."""
    dead = subprocess.Popen([sys.executable, "-c", ""])
    dead.wait()
    (bare.root / ".venv-setup").mkdir()
    (bare.root / ".venv-setup" / "lock").symlink_to(str(dead.pid))
    (bare.root / ".venv-setup" / "lock.breaking").mkdir()
    assert bare.called("usage", CCGATE_PYTHON=sys.executable)["arguments"] == ["usage"]


@pytest.mark.parametrize(("sent", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_ctrl_c_during_set_up(bare: Project, tmp_path: Path, sent: signal.Signals, code: int) -> None:
    """A set-up that is stopped leaves no lock behind and no stamp."""
    slow = f"""[ "$2" != -m ] || exec sleep 30\nexec {sys.executable} "$@" """
    script(tmp_path / "slow", slow)
    call = subprocess.Popen(
        bare.command("usage"),
        env={**bare.environ, "CCGATE_PYTHON": str(tmp_path / "slow")},
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    assert call.stderr is not None
    assert "setting up, once" in call.stderr.readline()
    os.killpg(call.pid, sent)
    assert call.wait(timeout=30) == code
    call.stderr.close()
    assert not (bare.root / ".venv-setup" / "lock").is_symlink()
    assert not bare.stamp.exists()


def test_without_npm_the_real_clients_are_skipped_but_not_in_ci(ready: Project) -> None:
    """Who has no npm can still run the other tests; CI must not pass without the real client."""
    folder = ready.root / "tests" / "e2e"
    folder.mkdir(parents=True)
    (folder / "package-lock.json").write_text("{}")
    done = ready.run("test", "--version", CI="true")
    assert done.returncode == 69
    assert "CI cannot do without the real Claude Code" in done.stderr
    done = ready.run("test", "--version", CI="")
    assert "the end-to-end tests with the real Claude Code are skipped" in done.stderr
    shutil.rmtree(ready.root / "tests")


def test_npm_installs_the_clients_once(ready: Project) -> None:
    """`npm ci` is called for a new lock file, without install scripts, and not again after that."""
    folder = ready.root / "tests" / "e2e"
    folder.mkdir(parents=True)
    (folder / "package-lock.json").write_text("{}")
    npm = Path(ready.environ["PATH"]) / "npm"
    script(npm, f'echo "$@" >>"{folder}/calls"; mkdir -p "{folder}/node_modules"')
    ready.run("test", "--version")
    ready.run("test", "--version")
    assert (folder / "calls").read_text() == f"--prefix {folder} ci --ignore-scripts --no-audit --no-fund\n"
    (folder / "package-lock.json").write_text('{"changed": true}')
    ready.run("test", "--version")
    assert len((folder / "calls").read_text().splitlines()) == 2
    npm.unlink()
    shutil.rmtree(ready.root / "tests")


def test_lock_writes_both_files_for_all_platforms(bare: Project) -> None:
    """The lock names no index and no path, has hashes, and gives both files the same versions."""
    tools = Path(bare.environ["PATH"])
    script(tools / "uv", f'echo "$*" >>"{bare.root}/calls"')
    assert bare.run("lock", cwd=Path("/")).returncode == 0
    run, test = (bare.root / "calls").read_text().splitlines()
    for call in (run, test):
        assert call.startswith(
            "pip compile -q pyproject.toml --universal --python-version 3.12 --generate-hashes"
        )
        assert "--no-header --no-emit-index-url" in call
    assert run.endswith("-o requirements.txt")
    assert test.endswith("--extra test -c requirements.txt -o requirements-test.txt")


@pytest.mark.parametrize("broken", ["ruff", "shellcheck", "mypy", "pytest", None])
def test_one_failed_check_fails_the_whole(ready: Project, broken: str | None) -> None:
    """`./run.sh test` is what a merge depends on: each of its parts can fail it, and all of them run."""
    ready.run("demo")
    tools = ready.root / ".venv" / "bin"
    ran = ready.root / "ran"
    ran.write_text("")
    for name in ("ruff", "shellcheck"):
        script(tools / name, f'echo {name} >>"{ran}"; exit {int(broken == name)}')
    modules = ready.root / "addons"
    for name in ("mypy", "pytest"):
        (modules / f"{name}.py").write_text(
            f"open({str(ran)!r}, 'a').write('{name}\\n'); raise SystemExit({int(broken == name)})"
        )
    done = ready.run("test", PYTHONDONTWRITEBYTECODE="1")  # the stubs differ in one digit, within a second
    assert ran.read_text().split() == ["ruff", "ruff", "mypy", "shellcheck", "pytest"]
    assert done.returncode == (0 if broken is None else 1), done.stderr
    assert (f"failed: {broken}" in done.stderr) == (broken is not None)
    for name in ("mypy", "pytest"):
        (modules / f"{name}.py").unlink()
