"""`verify`: what a person is told before they trust the gateway, with its own rules and its own key."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from click.testing import Result

from ccgate.cli import verify as module
from ccgate.cli.main import ccgate
from ccgate.privacy import key
from ccgate.privacy.placeholders import Minter
from tests.proof.test_captured import flow_of
from tests.proof.test_captured import har
from tests.proof.test_captured import saved

ADDONS = Path(module.__file__).resolve().parents[2]
TOKEN = "ghp_" + "Zk3v8Qw1LmN5xYt7RbC2dF4gH6jK9pS0aE2u"


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A state folder, not made yet. One for all: to compile the rules takes seconds."""
    return tmp_path_factory.mktemp("verify") / "state"


@pytest.fixture(autouse=True)
def at_home(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CCGATE_HOME", str(home))


def body_of(*texts: Any, **more: Any) -> bytes:
    return json.dumps({"messages": [{"role": "user", "content": text} for text in texts], **more}).encode()


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """A captured body with a token in it."""
    path = tmp_path / "request.json"
    path.write_bytes(body_of("cd /home/alice/shop", f"DEBUG=1\nGITHUB_TOKEN={TOKEN}\n"))
    return path


@pytest.fixture
def profile(tmp_path: Path) -> Path:
    """A profile that blocks secrets."""
    path = tmp_path / "block.yaml"
    path.write_text("version: 1\nprivacy: {secrets: block}\ntelemetry: allow\n")
    return path


def run(*arguments: str | Path, stdin: bytes | None = None) -> Result:
    return CliRunner().invoke(ccgate, ["verify", *map(str, arguments)], input=stdin)


def test_a_body_would_leave_with_the_gateways_own_placeholders(file: Path, home: Path) -> None:
    """What is shown is what the provider would see, so the key is the gateway's, made when there is none."""
    result = run(file)
    assert (result.exit_code, result.stderr) == (0, "")
    minter = Minter(key.load(None, home))
    assert (
        f"\n  - GITHUB_TOKEN=<40 characters>\n  + GITHUB_TOKEN={minter.mint('secret', TOKEN)}\n"
        in result.stdout
    )
    assert f"  + cd /home/{minter.mint('home', 'alice')}/shop\n" in result.stdout
    assert result.stdout.endswith("would leave with 2 replacements of 2 values: home 1, secret 1\n")
    assert TOKEN not in result.output
    assert (home / key.KEY_FILE).stat().st_mode & 0o777 == 0o600
    assert not (home / "ccgate.sqlite3").exists()


def test_values_are_shown_to_who_asks_for_them(file: Path) -> None:
    assert f"GITHUB_TOKEN={TOKEN}\n" in run(file, "--show").stdout
    assert TOKEN in run(file, "--show", "--format", "json").stdout


def test_json_for_programs(file: Path) -> None:
    """One form, whatever the file was."""
    document = json.loads(run(file, "--format", "json").stdout)
    (request,) = document.pop("requests")
    assert document == {"leaves": True, "others": 0, "empty": 0, "is_cut": False}
    assert (request["number"], request["method"], request["path"]) == (1, None, None)
    assert request["counts"] == {"home": 1, "secret": 1}
    assert TOKEN not in json.dumps(document)


def test_standard_input(file: Path) -> None:
    assert run("-", stdin=file.read_bytes()).stdout == run(file).stdout


@pytest.mark.parametrize("write", [saved, har])
def test_saved_requests(tmp_path: Path, write: Any) -> None:
    """Each conversation goes by its place among all that was saved."""
    path = tmp_path / "saved"
    path.write_bytes(write(flow_of("/api/hello", b"", "GET"), flow_of(body=body_of(f"T={TOKEN}"))))
    result = run(path)
    assert (result.exit_code, result.stderr) == (0, "")
    assert result.stdout.startswith("request 2: POST /v1/messages\nmessages[0].content\n")
    assert "\n1 other request is no conversation" in result.stdout
    (request,) = json.loads(run(path, "--format", "json").stdout)["requests"]
    assert (request["number"], request["method"], request["path"]) == (2, "POST", "/v1/messages")


def test_flows_that_break_off_are_told_apart(tmp_path: Path) -> None:
    """On stderr, because what is on stdout is read by programs."""
    path = tmp_path / "flows"
    path.write_bytes(saved(flow_of(), flow_of())[:-100])
    result = run(path, "--format", "json")
    assert result.stderr == f"{path} breaks off; this is what was in it before\n"
    assert json.loads(result.stdout)["is_cut"] is True


def test_what_would_be_blocked_is_exit_1(file: Path, profile: Path) -> None:
    """For a script that asks before it sends; where is told, what is not."""
    result = run(file, "--profile", profile)
    assert (result.exit_code, result.stderr) == (1, "")
    assert "this request would not leave (451): it holds a secret (rule " in result.stdout
    assert "at messages[1].content; take it out" in result.stdout
    assert TOKEN not in result.stdout
    document = json.loads(run(file, "--profile", profile, "--format", "json").stdout)
    assert (document["leaves"], document["requests"][0]["outcome"]) == (False, "blocked")


def test_one_of_several_that_would_not_leave_is_exit_1(tmp_path: Path, profile: Path) -> None:
    path = tmp_path / "flows"
    path.write_bytes(saved(flow_of(), flow_of(body=body_of(f"T={TOKEN}")), flow_of()))
    result = run(path, "--profile", profile)
    assert result.exit_code == 1
    assert result.stdout.count("would leave as it is") == 2
    assert "request 2 would not leave (451)" in result.stdout


def test_what_cannot_be_read_is_exit_1(tmp_path: Path) -> None:
    path = tmp_path / "half.json"
    path.write_bytes(body_of("hello")[:-3])
    result = run(path)
    assert (result.exit_code, result.stderr) == (1, "")
    assert result.stdout == "this request would not leave (400): its body is not JSON that can be read\n"


def test_a_compressed_body_is_exit_1(tmp_path: Path) -> None:
    path = tmp_path / "flows"
    path.write_bytes(saved(flow_of(**{"content-encoding": "gzip"})))
    result = run(path)
    assert result.exit_code == 1
    assert "request 1 would not leave (415): the gateway reads no compressed request bodies" in result.stdout


def test_a_profile_that_redacts_nothing_changes_nothing(file: Path) -> None:
    result = run(file, "--profile", "observe")
    assert (result.exit_code, result.stdout.count("\n")) == (0, 1)
    assert "would leave as it is" in result.stdout


def test_a_format_that_is_told_is_taken(tmp_path: Path) -> None:
    path = tmp_path / "request.json"
    path.write_bytes(b'{"input": "cd /home/alice/shop"}')
    assert run(path).exit_code == 78
    assert run(path, "--form", "messages").exit_code == 0


@pytest.mark.parametrize(
    ("name", "content", "why"),
    [
        ("missing", None, "cannot be read (No such file or directory)"),
        (".", None, "cannot be read (Is a directory)"),
        ("nul\0", None, "cannot be read"),
        ("empty", b"", "is empty"),
        ("picture", b"\x89PNG\r\n\x1a\n", "is no captured request"),
    ],
)
def test_a_wrong_file_is_a_sentence_and_exit_78(
    name: str, content: bytes | None, why: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """And no key is made for it."""
    monkeypatch.setenv("CCGATE_HOME", str(tmp_path / "new"))
    if content is not None:
        (tmp_path / name).write_bytes(content)
    result = run(f"{tmp_path}/{name}")
    assert (result.exit_code, result.stdout) == (78, "")
    assert why in result.stderr
    assert result.stderr.startswith("ccgate: ")
    assert not (tmp_path / "new").exists()


def test_a_wrong_profile_is_a_sentence_and_exit_78(file: Path) -> None:
    result = run(file, "--profile", "nightly")
    assert (result.exit_code, result.stdout) == (78, "")
    assert "there is no profile 'nightly'" in result.stderr


def test_escapes_in_a_request_do_nothing(tmp_path: Path) -> None:
    path = tmp_path / "request.json"
    path.write_bytes(body_of(f"\x1b]0;owned\x07\x1b[2J T={TOKEN} \u202e"))
    for arguments in ((), ("--show",), ("--format", "json"), ("--format", "json", "--show")):
        output = run(path, *arguments).output
        assert "\x1b" not in output
        assert "\x07" not in output
        assert "\u202e" not in output


def test_a_megabyte_takes_less_than_two_seconds(tmp_path: Path) -> None:
    """A long conversation, as one captures it; with the rules compiled, which takes some seconds once."""
    path = tmp_path / "request.json"
    lines = "".join(f"import x{number} from '/home/alice/shop/{number}.js'\n" for number in range(100))
    path.write_bytes(body_of(*[f"{number} {lines}" for number in range(260)], f"T={TOKEN}"))
    assert path.stat().st_size > 1_000_000
    run(path, "--profile", "default")
    begun = time.process_time()
    assert run(path).exit_code == 0
    assert time.process_time() - begun < 2


def test_the_real_program(file: Path, home: Path) -> None:
    """From a pipe to an exit code, as run.sh calls it."""
    result = subprocess.run(
        [sys.executable, "-m", "ccgate.cli", "verify", "-"],
        input=file.read_bytes(),
        env={"PATH": os.environ["PATH"], "PYTHONPATH": str(ADDONS), "CCGATE_HOME": str(home)},
        capture_output=True,
        timeout=60,
        check=False,
    )
    assert (result.returncode, result.stderr) == (0, b"")
    assert result.stdout.decode() == run(file).stdout
