"""The line that is not crossed: the gateway protects the people behind it, and deceives nobody before it.

A value that leaves is the client's own, or it is removed, or it says of itself that it stands for another.
Devices, people and sessions that are different stay so. And nothing gets round what the service decides: no
quota, no ban, no login of somebody else's.
"""

from __future__ import annotations

import dataclasses
import json
import random
import re
import subprocess
import sys
import typing
from collections.abc import Callable
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import click
import pytest
from click.testing import CliRunner
from hypothesis import given

from ccgate import profile
from ccgate.cli import main
from ccgate.credentials import sources
from ccgate.errors import ConfigError
from ccgate.privacy import key as keys
from ccgate.privacy import room
from ccgate.privacy import work
from ccgate.privacy.cache import SpanCache
from ccgate.privacy.detection import detect
from ccgate.privacy.detection.policyrules import TermRule
from ccgate.privacy.device import PSEUDONYM
from ccgate.privacy.device import pseudonyms
from ccgate.privacy.redact import Redactor
from ccgate.profile import Privacy
from ccgate.profile.find import PROFILES
from ccgate.state import state_folder
from tests.privacy.requests import KEY
from tests.privacy.requests import MINTER
from tests.privacy.requests import PlainDetector
from tests.privacy.requests import chats
from tests.privacy.requests import requests
from tests.privacy.requests import restored
from tests.privacy.requests import styles
from tests.privacy.requests import write
from tests.support.gateway import ROOT
from tests.support.gateway import GatewayProcess
from tests.support.line import STAND_IN
from tests.support.line import changes
from tests.support.line import is_visible
from tests.support.raw import Answered
from tests.support.raw import Fields
from tests.support.raw import exchange
from tests.support.raw import through_proxy
from tests.support.raw import to_api
from tests.support.recorder import Answer
from tests.support.recorder import Received
from tests.support.recorder import Recorder

ADDONS = ROOT / "addons"

EVERYTHING = """\
version: 1
upstream: https://api.anthropic.com
privacy:
  secrets: redact
  emails: redact
  home: redact
  network: redact
  domains: [corp.hollerbusch-werke.de]
  terms: [{name: project, match: [Nightingale]}]
  device_id: pseudonym
telemetry: allow
"""
"""A profile that changes all that a profile can."""

ORGANISATION = "sk-ant-api03-canary-of-the-organisation"
LOGIN = "Bearer sk-ant-oat01-canary-of-a-persons-own-login"

SESSION = "5b1de2cf-7a3e-4c06-9d8e-0f4b7c2a9d11"
AGENT = "a1f0c3d2e4b596877"
DEVICE = "7d1f0c9ab2e34f5687a9b0c1d2e3f405162738495a6b7c8d9e0f1a2b3c4d5e6f"
ATTRIBUTION = (
    "x-anthropic-billing-header: cc_version=2.1.329.bf6; cc_entrypoint=sdk-cli; cch=2b109; "
    f"cc_prompt_id={SESSION}; cc_of_tomorrow=annegret@hollerbusch-werke.de;"
)
"""With something in it that is redacted wherever else it stands."""

SAID = (
    "In /home/annegret.h is a note for annegret@hollerbusch-werke.de about Nightingale on 10.42.17.5 "
    "and build7.corp.hollerbusch-werke.de."
)

CLIENT: Fields = [
    ("Accept", "application/json"),
    ("Content-Type", "application/json"),
    ("User-Agent", "claude-cli/2.1.329 (external, sdk-cli)"),
    ("X-Claude-Code-Session-Id", SESSION),
    ("X-Claude-Code-Agent-Id", AGENT),
    ("X-Claude-Code-Parent-Agent-Id", AGENT[::-1]),
    ("X-Stainless-Arch", "x64"),
    ("X-Stainless-Lang", "js"),
    ("X-Stainless-OS", "Linux"),
    ("X-Stainless-Package-Version", "0.128.0"),
    ("X-Stainless-Retry-Count", "0"),
    ("X-Stainless-Runtime", "node"),
    ("X-Stainless-Runtime-Version", "v26.12.1"),
    ("X-Stainless-Timeout", "600"),
    ("anthropic-beta", "claude-code-20250219,interleaved-thinking-2025-05-14,effort-2025-11-24"),
    ("anthropic-dangerous-direct-browser-access", "true"),
    ("anthropic-version", "2023-06-01"),
    ("x-app", "cli"),
    ("x-client-request-id", "4b9cce4a-d35e-45a9-80aa-de3fe9cf781c"),
    ("x-claude-code-prompt-id", "6013d8aa-6fb6-411f-8596-e15612f94c0d"),
    ("X-Of-Tomorrow", "cli; /home/annegret.h"),
    ("x-of-tomorrow", "once more"),
    ("Via", "1.1 proxy.of.the.office"),
    ("X-Forwarded-For", "10.42.17.5"),
    ("traceparent", "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"),
    ("Cookie", "a=1; b=2"),
    ("Connection", "keep-alive"),
    ("Host", "api.anthropic.com"),
    ("Accept-Encoding", "gzip, deflate, br, zstd"),
]
"""What the real client sends, in its order and spelling, and some that it does not send yet."""

CONVERSATIONS = ("/v1/messages?beta=true", "/v1/messages/count_tokens?beta=true")
REPORTS: dict[str, Any] = {
    "/api/event_logging/v2/batch": {
        "events": [{"event_data": {"device_id": DEVICE, "session_id": SESSION, "env": {"arch": "x64"}}}]
    },
    "/api/eval/sdk-0123456789": {"attributes": {"id": DEVICE, "deviceID": DEVICE, "sessionId": SESSION}},
    "/api/claude_code/metrics": {
        "metrics": [{"data_points": [{"attributes": {"user.id": DEVICE, "session.id": SESSION}}]}]
    },
}


def shipped() -> dict[str, profile.Profile]:
    """The profiles that come with the gateway and start in this version."""
    found = {}
    for path in sorted(PROFILES.glob("*.yaml")):
        try:
            found[path.stem] = profile.load(path)
        except ConfigError:
            continue
    return found


SHIPPED = shipped()
NAMES = (*SHIPPED, "everything")
REPORTING = [name for name in NAMES if name not in SHIPPED or SHIPPED[name].telemetry == "allow"]
"""Those that pass a client's reports on."""


def conversation(device: str = DEVICE, session: str = SESSION, text: str = SAID) -> bytes:
    """A request as the real client writes it."""
    user = {"device_id": device, "account_uuid": "", "session_id": session}
    value = {
        "model": "claude-sonnet-4-5",
        "max_tokens": 5,
        "metadata": {"user_id": json.dumps(user, separators=(",", ":"))},
        "system": [{"type": "text", "text": ATTRIBUTION}, {"type": "text", "text": text}],
        "messages": [{"role": "user", "content": [{"type": "text", "text": text}]}],
        "of_tomorrow": {"x_number": 1e5, "x_flag": True},
    }
    return json.dumps(value, separators=(",", ":")).encode()


def user_of(received: Received) -> dict[str, str]:
    """What a request says of the device and the session."""
    user: dict[str, str] = json.loads(json.loads(received.body)["metadata"]["user_id"])
    return user


@pytest.fixture(scope="module")
def upstream() -> Iterator[Recorder]:
    with Recorder() as recorder:
        yield recorder


@pytest.fixture
def answering(upstream: Recorder) -> Recorder:
    """The upstream, which answers each request in full."""
    upstream.answer_with(lambda _: Answer([b'{"type":"message","content":[],"usage":{}}']))
    return upstream


Run = Callable[[str], GatewayProcess]


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory, upstream: Recorder) -> Iterator[Run]:
    """`run(name)`: a real gateway with a profile as it is shipped, but for the upstream."""
    running: dict[str, GatewayProcess] = {}
    with ExitStack() as stack:

        def start(name: str) -> GatewayProcess:
            if name not in running:
                text = EVERYTHING if name == "everything" else (PROFILES / f"{name}.yaml").read_text()
                assert "upstream: https://api.anthropic.com" in text
                gateway = GatewayProcess(
                    tmp_path_factory.mktemp(name) / "home",
                    text.replace("https://api.anthropic.com", upstream.url),
                    environ={"ANTHROPIC_API_KEY": ORGANISATION},
                )
                running[name] = stack.enter_context(gateway)
            return running[name]

        yield start


def holds_key(name: str) -> bool:
    """Whether the gateway holds a credential under a profile."""
    return name in SHIPPED and SHIPPED[name].credential.kind != "pass-through"


_numbers = iter(range(1, 1_000_000))


def send(
    gateway: GatewayProcess,
    body: bytes,
    *,
    path: str = CONVERSATIONS[0],
    fields: Fields = CLIENT,
    login: str = LOGIN,
    proxy: bool = False,
) -> tuple[Answered, Fields]:
    """The answer to a request of a new client, and the headers that it was sent with."""
    token = gateway.add_client(f"client-{next(_numbers)}")
    given = [("proxy-authorization", f"Bearer {token}")]
    sent = [*given, *fields, ("Authorization", login), ("Content-Length", str(len(body)))]
    with through_proxy(gateway, token) if proxy else to_api(gateway) as connection:
        return exchange(connection, path, sent, body), sent


def as_they_leave(sent: Fields, received: Received, upstream: Recorder, name: str) -> Fields:
    """A client's headers with all that a gateway openly sets, and nothing else changed."""
    ours = ["proxy-authorization", "host", "content-length"]
    after = [("content-length", str(len(received.body)))]
    if received.path.startswith("/v1/messages?"):
        ours.append("accept-encoding")
        after.append(("accept-encoding", "identity"))
    if holds_key(name):
        ours.append("authorization")
        after.append(("x-api-key", ORGANISATION))
    host = ("Host", upstream.url.partition("://")[2])
    return [
        host if field[0] == "Host" else field
        for field in sent
        if field[0].lower() not in ours or field[0] == "Host"
    ] + after


# What says who the client is.


def test_profiles_that_start() -> None:
    """All that follows holds for the profiles that people use."""
    assert {"default", "observe", "team"} <= set(SHIPPED)


@pytest.mark.parametrize("proxy", [False, True], ids=["endpoint", "proxy"])
@pytest.mark.parametrize("path", CONVERSATIONS)
@pytest.mark.parametrize("name", NAMES)
def test_headers_leave_as_they_came(run: Run, answering: Recorder, name: str, path: str, proxy: bool) -> None:
    """Client, version, platform, session, agents and what is yet unknown: names, values, case and order."""
    answer, sent = send(run(name), conversation(), path=path, proxy=proxy)
    assert answer.status == 200
    received = answering.requests[-1]
    assert received.headers == as_they_leave(sent, received, answering, name)


@pytest.mark.parametrize("path", REPORTS)
@pytest.mark.parametrize("name", REPORTING)
def test_headers_of_reports_leave_as_they_came(run: Run, answering: Recorder, name: str, path: str) -> None:
    """The same for what a client says of itself."""
    answer, sent = send(run(name), json.dumps(REPORTS[path]).encode(), path=path)
    assert answer.status == 200
    received = answering.requests[-1]
    assert received.headers == as_they_leave(sent, received, answering, name)


@pytest.mark.parametrize("name", NAMES)
def test_a_request_without_headers_gets_none(run: Run, answering: Recorder, name: str) -> None:
    """No User-Agent, version or session of the gateway's making stands in for one that is missing."""
    answer, _ = send(run(name), conversation(), fields=[("Host", "api.anthropic.com")])
    assert answer.status == 200
    credential = "x-api-key" if holds_key(name) else "authorization"
    names = sorted(name.lower() for name, _ in answering.requests[-1].headers)
    assert names == sorted(["host", "content-length", "accept-encoding", credential])


@pytest.mark.parametrize("name", NAMES)
def test_bodies_leave_as_they_came_or_with_placeholders(run: Run, answering: Recorder, name: str) -> None:
    """The attribution block, ids, numbers and fields of tomorrow stay; what changes can be seen to have."""
    body = conversation()
    assert send(run(name), body)[0].status == 200
    received = answering.requests[-1]
    changed = changes(body, received.body)
    assert all(is_visible(before, after) for before, after in changed)
    assert bool(changed) == (name != "observe")
    assert json.loads(received.body)["system"][0] == {"type": "text", "text": ATTRIBUTION}
    assert user_of(received)["session_id"] == SESSION
    keeps = name in SHIPPED and SHIPPED[name].privacy.device_id == "keep"
    assert (user_of(received)["device_id"] == DEVICE) == keeps


@pytest.mark.parametrize("path", REPORTS)
@pytest.mark.parametrize("name", REPORTING)
def test_reports_leave_as_they_came_or_with_pseudonyms(
    run: Run, answering: Recorder, name: str, path: str
) -> None:
    """No platform, memory or process of the gateway's making; the device is the same as in conversations."""
    body = json.dumps(REPORTS[path]).encode()
    assert send(run(name), conversation())[0].status == 200
    device = user_of(answering.requests[-1])["device_id"]
    assert send(run(name), body, path=path)[0].status == 200
    assert answering.requests[-1].body == body.replace(DEVICE.encode(), device.encode())


# What stands for a value says that it does.


class Furnished:
    """Redactors that change all that they can: with a plain detector, and with the real one."""

    pseudonym = staticmethod(pseudonyms(KEY))
    policy = work.Policy(b"1", pseudonym=pseudonym)
    real = detect.Policy(
        network=True,
        domains=("corp.example",),
        terms=(TermRule("project", ("alice", "zzzz"), True, False),),
    )

    def __init__(self) -> None:
        self.redactors = [
            Redactor(detector, MINTER, self.policy, SpanCache())
            for detector in (PlainDetector(), detect.Detector(self.real))
        ]


@pytest.fixture(scope="module")
def furnished() -> Furnished:
    return Furnished()


USER = json.dumps({"device_id": DEVICE, "account_uuid": "a-1", "session_id": SESSION})


@given(request=requests, style=styles)
def test_each_change_is_a_visible_placeholder(
    furnished: Furnished, request: dict[str, Any], style: random.Random | None
) -> None:
    """Whatever the request is like: no field comes or goes, and no value is invented."""
    body = write({**request, "metadata": {"user_id": USER}}, style).encode()
    for redactor in furnished.redactors:
        redaction = redactor.redact(body, "messages")
        for before, after in changes(body, redaction.body):
            assert is_visible(before, after)
            if before == USER:
                assert after == USER.replace(DEVICE, furnished.pseudonym(DEVICE))
            else:
                assert restored(after, redaction.vault) == before


@given(request=chats, style=styles)
def test_each_change_is_a_visible_placeholder_in_the_other_format(
    furnished: Furnished, request: dict[str, Any], style: random.Random | None
) -> None:
    """The same for OpenAI's chat completions."""
    body = write(request, style).encode()
    for redactor in furnished.redactors:
        redaction = redactor.redact(body, "chat")
        for before, after in changes(body, redaction.body):
            assert is_visible(before, after)


def test_what_would_not_be_visible() -> None:
    """The measure that the others go by: an invented value is told from a placeholder."""
    stand_in = pseudonyms(KEY)(DEVICE)
    assert is_visible(f"a {DEVICE} b", f"a {stand_in} b")
    assert not is_visible(f"a {DEVICE} b", f"a {'0' * 64} b")
    assert not is_visible(f"a {DEVICE} b", f"A {stand_in} b")
    assert not is_visible(f"a {DEVICE}", f"a {stand_in} b")
    assert STAND_IN.fullmatch(stand_in)
    with pytest.raises(AssertionError):
        changes(b'{"a":1}', b'{"a":1,"b":2}')
    with pytest.raises(AssertionError):
        changes(b'{"a":1.0}', b'{"a":1.00}')


# Different devices, people and sessions stay different.


MANY = 10_000


def devices(number: int = MANY) -> list[str]:
    """Devices as the real client makes them, each at random."""
    source = random.Random(number)
    return [f"{source.getrandbits(256):064x}" for _ in range(number)]


def test_no_two_devices_become_one_and_another_instance_says_the_same() -> None:
    """Else a gateway hides how many there are, or makes new ones by being started again."""
    code = (
        "import sys; from ccgate.privacy.device import pseudonyms\n"
        f"print(*map(pseudonyms(bytes.fromhex({KEY.hex()!r})), sys.stdin.read().split()))"
    )
    many = devices()
    here = list(map(pseudonyms(KEY), many))
    there = subprocess.run(
        [sys.executable, "-c", code],
        input=" ".join(many),
        env={"PYTHONPATH": str(ADDONS), "PYTHONHASHSEED": "7"},
        capture_output=True,
        check=True,
        text=True,
    )
    assert len(set(here)) == len(set(many)) == MANY
    assert there.stdout.split() == here
    assert all(PSEUDONYM.fullmatch(one) for one in here)


def test_devices_stay_different_and_the_same_under_every_profile(
    tmp_path: Path, upstream: Recorder, answering: Recorder
) -> None:
    """A changed policy, a restart and a new session make no new device of an old one."""
    many = devices(20)
    seen = []
    for text in (EVERYTHING, EVERYTHING.replace("redact\n", "allow\n")):
        policy = text.replace("https://api.anthropic.com", upstream.url)
        with GatewayProcess(tmp_path / "home", policy) as gateway:
            for device in many:
                send(gateway, conversation(device, session=f"{len(upstream.requests)}"))
            seen.append([user_of(received)["device_id"] for received in upstream.requests[-len(many) :]])
    assert seen[0] == seen[1]
    assert len(set(seen[0])) == len(many)


def test_a_pseudonym_that_comes_in_is_left_alone(run: Run, answering: Recorder) -> None:
    """Behind a second gateway a device does not get another name."""
    device = pseudonyms(KEY)("x")
    send(run("everything"), conversation(device))
    assert user_of(answering.requests[-1])["device_id"] == device


@pytest.mark.parametrize("name", NAMES)
def test_people_and_sessions_stay_different(run: Run, answering: Recorder, name: str) -> None:
    """Two clients that say the same are still two: to the service that limits each, and finds abuse."""
    for number in (1, 2):
        session = f"{number}-{SESSION}"
        fields = [(n, session if n == "X-Claude-Code-Session-Id" else v) for n, v in CLIENT]
        send(run(name), conversation(DEVICE, session), fields=fields, login=f"Bearer person-{number}")
    first, second = answering.requests[-2:]
    for number, received in ((1, first), (2, second)):
        assert received.header("x-claude-code-session-id") == f"{number}-{SESSION}"
        assert user_of(received)["session_id"] == f"{number}-{SESSION}"
        own = None if holds_key(name) else f"Bearer person-{number}"
        assert received.header("authorization") == own
    assert first.body.replace(b"1-" + SESSION.encode(), b"2-" + SESSION.encode()) == second.body


CHOOSES = re.compile(r"pseudonym|placeholder|device|machine|fingerprint|identity|salt", re.IGNORECASE)
RENEWS = re.compile(r"rotat|reset|renew|regenerat|refresh|spoof|forge|fake|mask-as|impersonat", re.IGNORECASE)


def commands(command: click.Command, path: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    """Each command, and each of its options, as the words that call for it."""
    yield path
    for parameter in command.params:
        for word in (*parameter.opts, *parameter.secondary_opts):
            yield (*path, word)
    if isinstance(command, click.Group):
        context = click.Context(command)
        for name in command.list_commands(context):
            inner = command.get_command(context, name)
            assert inner is not None
            yield from commands(inner, (*path, name))


def test_no_command_renews_or_chooses_what_stands_for_somebody() -> None:
    """A person whom the service knows by a pseudonym must not be able to become somebody else."""
    found = list(commands(main.ccgate))
    assert ("client", "rotate") in found
    assert [words for words in found if words and CHOOSES.search(words[-1])] == []
    assert [words for words in found if words and RENEWS.search(words[-1])] == [("client", "rotate")]


def test_a_rotated_token_is_not_a_rotated_key(tmp_state: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing that is done to clients touches what placeholders and pseudonyms are made with."""
    folder = state_folder()
    before = keys.load(None, folder.root)
    monkeypatch.setenv("CCGATE_HOME", str(folder.root))
    for arguments in (["add", "a", "--owner", "o"], ["rotate", "a"], ["revoke", "a"], ["list"]):
        assert CliRunner().invoke(main.ccgate, ["client", *arguments]).exit_code == 0
    assert keys.load(None, folder.root) == before


def test_no_profile_chooses_a_pseudonym() -> None:
    """A device keeps its identifier or gets the one pseudonym that is its own; there is no third way."""
    hints = typing.get_type_hints(Privacy)
    assert typing.get_args(hints["device_id"]) == ("keep", "pseudonym")
    assert [f.name for f in dataclasses.fields(Privacy) if CHOOSES.search(f.name)] == ["device_id"]


def test_a_policy_has_no_part_in_a_pseudonym(tmp_state: Path) -> None:
    """The key alone: whatever else is redacted, a device is the same one."""
    folder = state_folder()
    base = SHIPPED["observe"].privacy
    policies = [
        dataclasses.replace(base, device_id="pseudonym"),
        dataclasses.replace(base, device_id="pseudonym", emails="redact", allow=("x",), attachments="deny"),
    ]
    rooms = [room.furnish(policy, folder) for policy in policies]
    names = {one.pseudonym(DEVICE) for one in rooms if one is not None and one.pseudonym is not None}
    assert len(names) == 1


# Nothing gets round what the service decides.

LIMITS = {
    "anthropic-ratelimit-requests-limit": "50",
    "anthropic-ratelimit-requests-remaining": "0",
    "anthropic-ratelimit-unified-status": "rejected",
    "anthropic-ratelimit-unified-reset": "1795251600",
    "anthropic-organization-id": "0f4b7c2a-9d11-4c06-9d8e-5b1de2cf7a3e",
    "retry-after": "3600",
    "x-should-retry": "true",
    "request-id": "req_011",
    "cf-ray": "8a1b",
    "x-of-tomorrow": "yes",
}


@pytest.mark.parametrize(
    "login",
    [LOGIN, "bearer  sk-ant-oat01-two-spaces", "Bearer ", "Basic dXNlcjpwYXNz", "Bearer \x7e!\xe9=="],
)
def test_a_persons_own_login_passes_byte_for_byte(run: Run, answering: Recorder, login: str) -> None:
    """It is the person's own affair; the gateway neither reads nor keeps it."""
    gateway = run("everything")
    answer, _ = send(gateway, conversation(), login=login)
    assert answer.status == 200
    credentials = [
        f for f in answering.requests[-1].headers if f[0].lower() in ("authorization", "x-api-key")
    ]
    assert credentials == [("Authorization", login.strip())]
    files = [path.read_bytes() for path in gateway.home.rglob("*") if path.is_file()]
    assert not [file for file in files if login.split()[-1].encode("latin-1") in file and len(login) > 20]


@pytest.mark.parametrize("status", [401, 403, 429, 529])
@pytest.mark.parametrize("name", NAMES)
def test_what_the_service_refuses_is_refused(run: Run, upstream: Recorder, name: str, status: int) -> None:
    """Once, with its own words and limits; neither another try nor another credential follows."""
    error = {"type": "error", "error": {"type": "of_theirs", "message": "not now"}, "request_id": "req_011"}
    body = json.dumps(error, indent=1).encode()
    headers = {"content-type": "application/json", **LIMITS}
    before = len(upstream.requests)
    upstream.answer_with(lambda _: Answer([body], headers, status))
    answer, sent = send(run(name), conversation())
    assert (answer.status, answer.body) == (status, body)
    framing = ("content-length", "transfer-encoding", "server", "date")
    assert [f for f in answer.headers if f[0].lower() not in framing] == list(headers.items())
    assert len(upstream.requests) == before + 1
    upstream.answer_with(lambda _: Answer([b'{"type":"message","content":[],"usage":{}}']))
    assert send(run(name), conversation())[0].status == 200
    refused, taken = upstream.requests[before:]
    own = ("authorization", "x-api-key")
    assert [f for f in taken.headers if f[0].lower() in own] == [
        f for f in refused.headers if f[0].lower() in own
    ]
    assert as_they_leave(sent, refused, upstream, name) == refused.headers


def test_the_gateway_holds_one_credential_and_nobodys_login(tmp_path: Path) -> None:
    """Several to choose from would be a way around a limit; a person's login is that person's."""
    more = "credentials: {second: {kind: api-key, from: 'env:SECOND'}}\n"
    path = tmp_path / "p.yaml"
    path.write_text(EVERYTHING + more)
    with pytest.raises(ConfigError, match="credentials"):
        profile.load(path)
    login = tmp_path / "login"
    login.write_text(LOGIN.removeprefix("Bearer "))
    login.chmod(0o600)
    with pytest.raises(ConfigError, match="OAuth token"):
        sources.source(f"file:{login}").read()


FORBIDDEN = {
    "an id of an OAuth client": r"['\"][0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}['\"]",
    "a login that somebody else made": (
        r"\.credentials\.json|[Kk]eychain|find-generic-password|secretstorage|libsecret|claude\.json"
        r"|CLAUDE_CODE_OAUTH|claudeAiOauth|['\"/]\.claude\b"
    ),
    "a word that the client says of itself": (
        r"(?i)user-agent|x-stainless|['\"]x-app['\"]|anthropic-(?:beta|version)|claude-(?:cli|code)/[0-9{%]"
    ),
    "a connection past the proxy core": (
        r"(?m)^\s*(?:import|from) (?:httpx|requests|aiohttp|urllib3|urllib\.request|http\.client|curl_cffi)\b"
    ),
}


@pytest.mark.parametrize("what", FORBIDDEN)
def test_the_source_has_no_means_for_it(what: str) -> None:
    """The last net: what is not in the code cannot be done by it."""
    files = [*ADDONS.rglob("*.py"), ROOT / "run.sh"]
    assert len(files) > 50
    found = [
        f"{path.relative_to(ROOT)}: {m[0]}"
        for path in files
        for m in re.finditer(FORBIDDEN[what], path.read_text())
    ]
    assert found == []
