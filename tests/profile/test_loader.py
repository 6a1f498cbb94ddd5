"""A profile is loaded whole or refused whole, and never promises what this version does not keep."""

from __future__ import annotations

import dataclasses
import random
import subprocess
import sys
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import example
from hypothesis import given
from hypothesis import strategies as st

from ccgate.errors import EX_CONFIG
from ccgate.errors import ConfigError
from ccgate.profile import CredentialSpec
from ccgate.profile import Profile
from ccgate.profile import Upstream
from ccgate.profile import load
from ccgate.profile import shipped
from ccgate.profile.find import PROFILES
from ccgate.profile.keys import PROFILE
from ccgate.profile.sections import Key

HEAD = "version: 1\nprivacy: {secrets: allow, emails: allow, home: allow}\ntelemetry: allow\n"
"""The shortest profile that starts; what is appended to it begins in line 4."""

STARTING = ["default", "observe", "team"]


def loaded(folder: Path, text: str) -> Profile:
    """The profile of a text."""
    file = folder / "p.yaml"
    file.write_bytes(text.encode())
    return load(file)


def refusal(folder: Path, text: str) -> list[str]:
    """What is wrong with a text, line by line, without the file's name."""
    with pytest.raises(ConfigError) as raised:
        loaded(folder, text)
    head = f"{folder / 'p.yaml'}:"
    rows = str(raised.value).splitlines()
    assert all(row.startswith(head) for row in rows)
    return [row.removeprefix(head) for row in rows]


def test_what_is_left_out_has_the_defaults_of_the_table(tmp_path: Path) -> None:
    profile = loaded(tmp_path, HEAD)
    assert profile.path == tmp_path / "p.yaml"
    assert profile.version == 1
    assert profile.upstream == Upstream("https", "api.anthropic.com", 443)
    assert profile.admission.clients == "required"
    assert profile.admission.hosts.govern == ("api.anthropic.com",)
    assert profile.admission.hosts.tunnel == (
        "platform.claude.com",
        "claude.ai",
        "claude.com",
        "downloads.claude.ai",
    )
    assert profile.admission.endpoints.unknown == "deny"
    assert profile.admission.models == ()
    assert profile.admission.limits.concurrent == 0
    assert profile.privacy.restore_secrets_in == ("Read", "Edit", "MultiEdit", "Write", "NotebookEdit")
    assert profile.credential == CredentialSpec("pass-through", None)
    assert profile.credentials == {}
    assert profile.accounting.store == "sqlite"
    assert profile.accounting.chargeback_rate == Decimal(1)
    assert profile.accounting.budgets == {}


def test_what_is_written_counts(tmp_path: Path) -> None:
    profile = loaded(
        tmp_path,
        HEAD
        + """\
upstream: http://127.0.0.1:9000
admission:
  clients: optional
  hosts: {govern: [API.Anthropic.com., b.example.com], tunnel: []}
  endpoints: {unknown: allow}
  models: ["claude-*"]
credential: {kind: api-key, from: "file:keys/one"}
""",
    )
    assert profile.upstream == Upstream("http", "127.0.0.1", 9000)
    assert profile.admission.clients == "optional"
    assert profile.admission.hosts.govern == ("api.anthropic.com", "b.example.com")
    assert profile.admission.hosts.tunnel == ()
    assert profile.admission.endpoints.unknown == "allow"
    assert profile.admission.models == ("claude-*",)
    assert profile.credential == CredentialSpec("api-key", f"file:{tmp_path / 'keys' / 'one'}")


def test_terms_budgets_and_named_credentials_are_typed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """They are not built yet, so the refusal is lifted here; when they are, their shape is ready."""
    monkeypatch.setattr("ccgate.profile.loader._refuse_unbuilt", lambda values, reading: None)
    profile = loaded(
        tmp_path,
        """\
version: 1
privacy: {terms: [{name: project, match: [Nightingale], whole_word: false}]}
credentials: {ci: {kind: api-key, from: "file:k"}}
accounting: {budgets: {"*": {daily: 20.10, weekly: }}}
""",
    )
    term = profile.privacy.terms[0]
    assert dataclasses.astuple(term) == ("project", ("Nightingale",), True, False)
    assert profile.credentials["ci"] == CredentialSpec("api-key", f"file:{tmp_path / 'k'}")
    assert dataclasses.astuple(profile.accounting.budgets["*"]) == (
        Decimal("20.10"),
        None,
        None,
        Decimal("0.75"),
    )


def test_a_profile_that_promises_by_default_what_is_not_built_is_refused_with_all_mends(
    tmp_path: Path,
) -> None:
    """The worst bug would be a start with `telemetry: absorb` in the documents and nothing absorbed."""
    assert refusal(tmp_path, "version: 1\n") == [
        "1: telemetry: absorb, the default, is not built yet: nothing would enforce it; "
        "set it to allow for now: `telemetry: allow`",
    ]


def test_following_the_mends_makes_the_profile_start(tmp_path: Path) -> None:
    rows = refusal(tmp_path, "version: 1\n")
    mends = dict.fromkeys(row.split("`")[1] for row in rows)
    loaded(tmp_path, "\n".join(["version: 1", *mends]))


def test_a_section_that_is_there_is_named_by_its_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its mend is pasted into the section that the person has, and not beside it."""
    monkeypatch.setattr(Key, "enforces", lambda self, value: self.name != "store")
    rows = refusal(tmp_path, "version: 1\ntelemetry: allow\naccounting:\n  chargeback_rate: 1.0\n")
    assert rows == [
        "3: accounting.store: sqlite, the default, is not built yet: nothing would enforce it; "
        "set it to sqlite for now: `store: sqlite`",
    ]


@pytest.mark.parametrize(
    ("key", "written", "mend"),
    [
        ("telemetry", "absorb", "allow"),
        ("telemetry", "minimise", "allow"),
        ("credential.kind", "federation", "pass-through or api-key"),
        ("credential.kind", "oauth2", "pass-through or api-key"),
        ("credentials", "{a: {kind: api-key, from: 'env:A'}}", "{}"),
        ("admission.limits.requests_per_minute", "60", "0"),
        ("admission.limits.concurrent", "4", "0"),
        ("accounting.store", "'env:DATABASE'", "sqlite"),
        ("accounting.chargeback_rate", "1.1", "1.0"),
        ("accounting.budgets", "{ann: {daily: 5}}", "{}"),
    ],
)
def test_each_policy_that_is_not_built_is_refused(tmp_path: Path, key: str, written: str, mend: str) -> None:
    tree: dict[str, Any] = yaml.safe_load(HEAD)
    section = tree
    *path, last = key.split(".")
    for name in path:
        section = section.setdefault(name, {})
    section[last] = yaml.safe_load(written)
    rows = refusal(tmp_path, yaml.safe_dump(tree))
    assert len(rows) == 1
    assert f" {key}: " in rows[0]
    assert rows[0].endswith(f"is not built yet: nothing would enforce it; set it to {mend} for now")


@pytest.mark.parametrize("source", ["keyring:ccgate/me", "command:pass show key"])
def test_sources_that_are_not_built_are_refused_without_repeating_them(tmp_path: Path, source: str) -> None:
    assert refusal(tmp_path, f'{HEAD}credential: {{kind: api-key, from: "{source}"}}') == [
        "4: credential.from: this value is not built yet: nothing would enforce it; "
        "set it to env:… or file:… for now",
    ]


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        (
            "credential: {kind: api-key}",
            "4: credential.from: is missing, and kind api-key needs it; "
            'write from: "env:ANTHROPIC_API_KEY" or from: "file:PATH"',
        ),
        (
            "credential:\n  from: env:A",
            "5: credential.from: has no use with kind pass-through; remove it, or write kind: api-key",
        ),
        (
            "credentials:\n  ci: {kind: api-key}",
            "5: credentials.ci.from: is missing, and kind api-key needs it; "
            'write from: "env:ANTHROPIC_API_KEY" or from: "file:PATH"',
        ),
        (
            "admission:\n  hosts:\n    govern: [claude.ai]\n    tunnel: [Claude.ai., claude.com]",
            "7: admission.hosts.tunnel: claude.ai is in govern too, and cannot be both governed and unread; "
            "keep it in one of them",
        ),
        (
            "upstream: https://a.example.com\nadmission:\n  hosts: {tunnel: [a.example.com]}",
            "6: admission.hosts.tunnel: a.example.com is the upstream, and would be reached unread; "
            "remove it",
        ),
    ],
)
def test_values_that_contradict_each_other_are_refused(tmp_path: Path, text: str, problem: str) -> None:
    assert refusal(tmp_path, HEAD + text) == [problem]


def test_a_key_file_under_a_home_that_does_not_exist_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def no_home(path: Path) -> Path:
        raise RuntimeError("Could not determine home directory.")

    monkeypatch.setattr(Path, "expanduser", no_home)
    rows = refusal(tmp_path, HEAD + "credential: {kind: api-key, from: 'file:~/key'}")
    assert rows == [
        "4: credential.from: ~ has no meaning here, this user has no home folder; write the whole path"
    ]


def test_a_pasted_credential_is_refused_and_not_repeated(tmp_path: Path) -> None:
    secret = "sk-ant-api03-" + "A1b2" * 20
    for text in (
        f"credential: {{kind: api-key, from: {secret}}}",
        f"credential: {{kind: {secret}}}",
        f"credential: {secret}",
        f"credential: {{api_key: {secret}}}",
        f"{secret}: 1",
        f"upstream: https://{secret}@a.example",
        f"upstream: https://a.example?key={secret}",
        f"admission: {{hosts: {{tunnel: ['{secret}']}}, clients: {secret}}}",
        f"accounting: {{store: 'postgresql://u:{secret}@h/d', chargeback_rate: {secret}}}",
        f"credentials: {{'{secret}': {{kind: x}}}}",
        f"credentials: {{'{secret}': {{kind: api-key}}}}",
    ):
        assert secret not in "\n".join(refusal(tmp_path, HEAD + text)), text


def test_the_error_ends_the_start_with_the_code_for_configuration(tmp_path: Path) -> None:
    with pytest.raises(ConfigError) as raised:
        loaded(tmp_path, "version: 2\n")
    assert raised.value.exit_code == EX_CONFIG
    assert str(raised.value) == f"{tmp_path / 'p.yaml'}:1: version: is '2'; write 1"


@pytest.mark.parametrize("text", ["telemetry: allow\n", "# a comment\ntelemetry: allow\n"])
def test_a_profile_without_its_version_is_refused(tmp_path: Path, text: str) -> None:
    assert refusal(tmp_path, text) == ["1: version: is missing; write `version: 1`"]


@pytest.mark.parametrize("name", STARTING)
def test_the_shipped_profiles_start_and_state_every_policy_they_rely_on(name: str) -> None:
    profile = load(shipped()[name])
    assert profile.admission.clients == "required"
    written = yaml.safe_load(shipped()[name].read_text("utf-8"))
    assert {"secrets", "emails", "home"} <= set(written["privacy"])
    assert profile.telemetry == written["telemetry"] == "allow"


def test_the_shipped_profiles_are_for_whom_they_say() -> None:
    default, observe, team = (load(shipped()[name]) for name in STARTING)
    assert default.credential.kind == observe.credential.kind == "pass-through"
    assert team.credential == CredentialSpec("api-key", "env:ANTHROPIC_API_KEY")
    assert observe.privacy.secrets == observe.privacy.emails == observe.privacy.home == "allow"
    assert default.privacy.secrets == team.privacy.secrets == "redact"
    assert default.privacy.home == team.privacy.emails == "redact"
    assert observe.admission.endpoints.unknown == "allow"
    assert default.admission.endpoints.unknown == team.admission.endpoints.unknown == "deny"


def test_strict_is_refused_as_long_as_its_promises_are_not_built() -> None:
    """Whoever chooses `strict` must get all of it or no gateway; it differs by what is not built alone."""
    with pytest.raises(ConfigError) as raised:
        load(PROFILES / "strict.yaml")
    rows = str(raised.value).splitlines()
    assert all("is not built yet: nothing would enforce it; set it to" in row for row in rows)
    assert {row.split(": ")[1] for row in rows} == {"telemetry"}


@pytest.mark.parametrize(
    ("source", "mend"),
    [
        ("0123456789abcdef", "write env:NAME or file:PATH, never the key itself"),
        ("keyring:ccgate/me", "write env:NAME or file:PATH, never the key itself"),
        ("env:0123456789abcdef0123456789abcdef", "never the credential itself"),
    ],
)
def test_a_placeholder_key_that_was_pasted_is_refused_and_not_repeated(
    tmp_path: Path, source: str, mend: str
) -> None:
    """Whoever reads the log of the failed start would have the key to everybody's placeholders."""
    (row,) = refusal(tmp_path, f'version: 1\ntelemetry: allow\nprivacy: {{key: "{source}"}}\n')
    assert row.startswith("3: privacy.key: is not a source")
    assert row.endswith(mend)
    assert source not in row


def test_a_placeholder_keys_file_is_looked_for_beside_the_profile(tmp_path: Path) -> None:
    """Else the same profile would make other placeholders when started from another folder."""
    profile = loaded(tmp_path, 'version: 1\ntelemetry: allow\nprivacy: {key: "file:keys/one"}\n')
    assert profile.privacy.key == f"file:{tmp_path / 'keys' / 'one'}"


LEAVES = [name for name, _ in PROFILE.leaves()]
SECTIONS = sorted({name.rpartition(".")[0] for name in LEAVES})


@given(
    section=st.sampled_from(SECTIONS),
    name=st.from_regex(r"[a-z][a-z_]{0,11}", fullmatch=True),
    blank=st.integers(0, 5),
)
@example(section="admission.hosts", name="governs", blank=2)
def test_any_unknown_key_at_any_depth_is_refused_with_its_line(
    tmp_path_factory: pytest.TempPathFactory, section: str, name: str, blank: int
) -> None:
    dotted = f"{section}.{name}".lstrip(".")
    path = section.split(".") if section else []
    known = {key.removeprefix(f"{section}.").split(".")[0] for key in LEAVES if key.startswith(section)}
    if name in known or name in ("on", "off", "no", "yes", "y", "n", "true", "false", "null"):
        return
    rows = ["version: 1", *[""] * blank]
    rows += [f"{'  ' * depth}{part}:" for depth, part in enumerate(path)]
    rows.append(f"{'  ' * len(path)}{name}: 1")
    found = refusal(tmp_path_factory.getbasetemp(), "\n".join(rows))
    assert any(row.startswith(f"{len(rows)}: {dotted}: is not a key; ") for row in found)


def loads_or_refuses(folder: Path, text: str) -> None:
    """Anything but a profile or a ConfigError is a traceback at somebody's start."""
    try:
        profile = loaded(folder, text)
    except ConfigError as e:
        assert str(e).startswith(f"{folder / 'p.yaml'}:")
        assert str(e).replace("\n", "").isprintable()
    else:
        assert profile.telemetry == "allow"
        assert profile.telemetry == "allow"


scalars = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(),
    st.text(max_size=12),
    st.sampled_from(
        ["allow", "redact", "api-key", "env:A", "file:~/x", "https://a.example", "a.example", "1"]
    ),
)
names = st.one_of(st.sampled_from(sorted({part for name in LEAVES for part in name.split(".")})), scalars)
values = st.recursive(
    scalars,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(names, inner, max_size=4),
    max_leaves=12,
)


@given(tree=st.dictionaries(names, values, max_size=5))
def test_any_tree_of_values_loads_or_is_refused(tmp_path_factory: pytest.TempPathFactory, tree: Any) -> None:
    loads_or_refuses(tmp_path_factory.getbasetemp(), yaml.safe_dump(tree, allow_unicode=True))


@given(name=st.sampled_from([*STARTING, "strict"]), seed=st.integers(0, 2**32), times=st.integers(1, 4))
def test_a_shipped_profile_with_slips_of_the_hand_loads_or_is_refused(
    tmp_path_factory: pytest.TempPathFactory, name: str, seed: int, times: int
) -> None:
    text = shipped()[name].read_text(encoding="utf-8")
    dice = random.Random(seed)
    for _ in range(times):
        at = dice.randrange(len(text))
        slip = dice.choice(
            ["", "\n", " ", "\t", ":", "-", "[", "}", "'", '"', "&a ", "*a", "!x ", "no", "é", "\0"]
        )
        text = text[:at] + slip + text[at + dice.randrange(4) :]
    loads_or_refuses(tmp_path_factory.getbasetemp(), text)


def test_loading_adds_little_to_the_start() -> None:
    """Every command and every start pays for it; YAML and what mitmproxy imports anyway are not counted."""
    program = (
        "import dataclasses, decimal, difflib, ipaddress, json, pathlib, sys, time, urllib.parse, yaml\n"
        "start = time.process_time()\n"
        "from ccgate import profile\n"
        "profile.load(profile.resolve(''))\n"
        "assert not {'pydantic', 'mitmproxy', 'jsonschema'} & set(sys.modules)\n"
        "print(time.process_time() - start)\n"
    )
    environment = {"PYTHONPATH": str(PROFILES.parent / "addons")}
    command = [sys.executable, "-c", program]
    times = [
        float(subprocess.run(command, env=environment, capture_output=True, check=True).stdout)
        for _ in range(3)
    ]
    assert min(times) < 0.06
