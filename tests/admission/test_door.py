"""Who comes in, with what, and who does not, against a registry in a real database."""

from __future__ import annotations

import asyncio
import base64
import os
import sqlite3
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

import ccgate
from ccgate.admission.clients import ClientRegistry
from ccgate.admission.door import ANYBODY
from ccgate.admission.door import Door
from ccgate.admission.throttle import FREE_TRIES
from ccgate.admission.throttle import Throttle
from ccgate.admission.tokens import new_token
from ccgate.database import open_database
from ccgate.errors import Refusal
from ccgate.errors import StoreError

ADDRESS = "192.0.2.1"
OWN = (b"authorization", b"Bearer sk-own")
PLAIN = [(b"Host", b"api.anthropic.com"), (b"User-Agent", b"claude-cli/2"), (b"x-app", b"cli")]

Fields = list[tuple[bytes, bytes]]


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "ccgate.sqlite3"


@pytest.fixture
def registry(file: Path) -> Iterator[ClientRegistry]:
    connection = open_database(file)
    yield ClientRegistry(connection)
    connection.close()


@pytest.fixture
def elsewhere(file: Path) -> Iterator[sqlite3.Connection]:
    """The same database, as another process has it open."""
    connection = open_database(file)
    yield connection
    connection.close()


@pytest.fixture
def door(registry: ClientRegistry) -> Door:
    return Door(registry, Throttle(), required=True)


def bearer(token: str) -> Fields:
    return [(b"Proxy-Authorization", f"Bearer {token}".encode())]


def basic(name: str, token: str, header: bytes = b"Proxy-Authorization") -> Fields:
    return [(header, b"Basic " + base64.b64encode(f"{name}:{token}".encode()))]


# In which place.


@pytest.mark.asyncio
@pytest.mark.parametrize(
    "place",
    [
        lambda token: basic("alice", token),
        lambda token: basic("alice", token, b"Authorization"),
        bearer,
        lambda token: [(b"Authorization", f"Bearer {token}".encode())],
        lambda token: [(b"X-API-Key", token.encode())],
        lambda token: [(b"authorization", f"Bearer {token}".encode()), (b"x-api-key", token.encode())],
    ],
    ids=["proxy basic", "basic", "proxy bearer", "bearer", "x-api-key", "two that agree"],
)
async def test_a_token_counts_in_each_of_its_places(
    door: Door, registry: ClientRegistry, place: type[Fields]
) -> None:
    """Each client can set another header; whichever it is, it opens the door and is named to be stripped."""
    token = registry.add("alice", "research")
    fields = place(token)
    admitted, presented = await door.request([*PLAIN, *fields], ADDRESS, None)
    assert (admitted.client.name, admitted.client.owner) == ("alice", "research")
    assert set(presented.strip) == {name.lower() for name, _ in fields}
    assert presented.own_credential is None


@pytest.mark.asyncio
@pytest.mark.parametrize("way", [lambda token: basic("alice", token), bearer], ids=["basic", "bearer"])
async def test_a_token_opens_a_tunnel(door: Door, registry: ClientRegistry, way: type[Fields]) -> None:
    """`HTTPS_PROXY=http://NAME:TOKEN@host` is Basic; a client that can set a header may send Bearer."""
    admitted = await door.connect(way(registry.add("alice", "research")), ADDRESS)
    assert admitted.client.name == "alice"


@pytest.mark.asyncio
async def test_the_own_credential_stands_beside_the_token(door: Door, registry: ClientRegistry) -> None:
    """A person's own login is neither taken for a token nor stripped."""
    token = registry.add("alice", "research")
    admitted, presented = await door.request([OWN, *bearer(token)], ADDRESS, None)
    assert admitted.client.name == "alice"
    assert presented.strip == (b"proxy-authorization",)
    assert presented.own_credential == "authorization"


@pytest.mark.asyncio
async def test_a_name_has_to_fit_its_token(door: Door, registry: ClientRegistry) -> None:
    """A machine cannot book its costs to another one by writing that one's name before its own token."""
    token = registry.add("alice", "research")
    registry.add("bob", "sales")
    with pytest.raises(Refusal) as refused:
        await door.connect(basic("bob", token), ADDRESS)
    assert refused.value.status == 407


@pytest.mark.asyncio
async def test_no_answer_shows_a_token(door: Door) -> None:
    """Answers end in logs and on screens."""
    token = new_token()
    for attempt in (door.connect(bearer(token), ADDRESS), door.request(bearer(token), ADDRESS, None)):
        with pytest.raises(Refusal) as refused:
            await attempt
        assert token not in f"{refused.value.message}{refused.value.headers()}{refused.value!r}"


# In a tunnel.


@pytest.mark.asyncio
async def test_a_request_in_a_tunnel_needs_no_token_of_its_own(door: Door, registry: ClientRegistry) -> None:
    """Claude Code sends its token with CONNECT alone; what follows through the tunnel is that client's."""
    tunnel = await door.connect(basic("alice", registry.add("alice", "research")), ADDRESS)
    admitted, presented = await door.request([*PLAIN, OWN], ADDRESS, tunnel)
    assert admitted.client.name == "alice"
    assert presented.strip == ()


@pytest.mark.asyncio
async def test_an_inner_token_counts_more_than_the_tunnels(door: Door, registry: ClientRegistry) -> None:
    """A shared proxy in front opens the tunnel; the cost is the inner client's."""
    tunnel = await door.connect(bearer(registry.add("relay", "platform")), ADDRESS)
    admitted, _ = await door.request(bearer(registry.add("alice", "research")), ADDRESS, tunnel)
    assert admitted.client.owner == "research"


@pytest.mark.asyncio
async def test_a_bad_inner_token_is_refused_in_a_good_tunnel(door: Door, registry: ClientRegistry) -> None:
    """Otherwise a revoked machine behind a shared proxy would go on working, at that proxy's cost."""
    tunnel = await door.connect(bearer(registry.add("relay", "platform")), ADDRESS)
    with pytest.raises(Refusal) as refused:
        await door.request(bearer(new_token()), ADDRESS, tunnel)
    assert refused.value.status == 401


@pytest.mark.asyncio
async def test_a_client_that_another_process_revoked_is_out_at_once(
    door: Door, registry: ClientRegistry, file: Path
) -> None:
    """A stolen laptop keeps its tunnel open for hours; `client revoke` ends it with the next request."""
    tunnel = await door.connect(basic("alice", registry.add("alice", "research")), ADDRESS)
    await door.request(PLAIN, ADDRESS, tunnel)
    addons = str(Path(ccgate.__file__).parents[1])
    command = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "ccgate.cli", "client", "revoke", "alice"),
        env={**os.environ, "CCGATE_HOME": str(file.parent), "PYTHONPATH": addons},
        stdout=asyncio.subprocess.DEVNULL,
    )
    assert await command.wait() == 0
    with pytest.raises(Refusal) as refused:
        await door.request(PLAIN, ADDRESS, tunnel)
    assert refused.value.status == 401


@pytest.mark.asyncio
async def test_a_rotated_token_is_out_at_once_and_the_new_one_in(
    door: Door, registry: ClientRegistry, elsewhere: sqlite3.Connection
) -> None:
    """A leaked token is replaced; whoever has the old one loses the tunnel that it opened."""
    tunnel = await door.connect(basic("alice", registry.add("alice", "research")), ADDRESS)
    new = ClientRegistry(elsewhere).rotate("alice")
    with pytest.raises(Refusal):
        await door.request(PLAIN, ADDRESS, tunnel)
    assert (await door.connect(basic("alice", new), ADDRESS)).client.name == "alice"


# Who is refused, and how.


@pytest.mark.asyncio
@pytest.mark.parametrize(
    "fields",
    [
        PLAIN,
        bearer(new_token()),
        basic("alice", new_token()),
        [(b"proxy-authorization", b"Negotiate abc")],
        [(b"proxy-authorization", b"Basic !!!")],
        [*bearer(new_token()), *bearer(new_token())],
    ],
    ids=["none", "unknown", "unknown with a name", "another scheme", "damaged", "two"],
)
async def test_a_refused_tunnel_says_how_to_authenticate(door: Door, fields: Fields) -> None:
    """Clients send their proxy password only when a 407 with proxy-authenticate asks for it (RFC 9110)."""
    with pytest.raises(Refusal) as refused:
        await door.connect(fields, ADDRESS)
    assert refused.value.status == 407
    assert refused.value.headers()["proxy-authenticate"].startswith("Basic realm=")


@pytest.mark.asyncio
async def test_a_request_without_a_token_says_where_to_get_one(door: Door) -> None:
    """A newcomer's first request fails; the answer is all that they have to go by."""
    with pytest.raises(Refusal) as refused:
        await door.request([*PLAIN, OWN], ADDRESS, None)
    assert refused.value.status == 401
    assert "client add" in refused.value.message


@pytest.mark.asyncio
async def test_optional_clients_come_in_without_a_token(registry: ClientRegistry) -> None:
    """One person on a loopback address need not register; the ledger still has a name for them."""
    door = Door(registry, Throttle(), required=False)
    assert (await door.connect(PLAIN, ADDRESS)).client == ANYBODY
    tunnel = await door.connect(PLAIN, ADDRESS)
    admitted, presented = await door.request([*PLAIN, OWN], ADDRESS, tunnel)
    assert admitted.client == ANYBODY
    assert presented.own_credential == "authorization"


@pytest.mark.asyncio
async def test_optional_clients_are_known_by_their_token_if_they_send_one(registry: ClientRegistry) -> None:
    """A bad token must not turn into nobody's cost: whoever sends one wants to be that client."""
    door = Door(registry, Throttle(), required=False)
    admitted, _ = await door.request(bearer(registry.add("alice", "research")), ADDRESS, None)
    assert admitted.client.name == "alice"
    with pytest.raises(Refusal):
        await door.request(bearer(new_token()), ADDRESS, None)


@pytest.mark.asyncio
@pytest.mark.parametrize("required", [True, False])
@pytest.mark.parametrize(
    "header",
    [b"X-Gateway-Token", b"cookie", b"anthropic-beta", b"ANTHROPIC-CUSTOM", b"user-agent"],
)
@pytest.mark.parametrize("form", ["{}", "Bearer {}", "gateway={}; path=/", "a,{},b"])
async def test_a_token_where_it_would_leave_is_refused(
    registry: ClientRegistry, required: bool, header: bytes, form: str
) -> None:
    """A token that a client put into a header of its own choice would end in somebody else's logs."""
    door = Door(registry, Throttle(), required=required)
    token = registry.add("alice", "research")
    fields = [*PLAIN, *bearer(token), (header, form.format(token).encode())]
    with pytest.raises(Refusal) as refused:
        await door.request(fields, ADDRESS, None)
    assert refused.value.status == 400
    assert "Proxy-Authorization" in refused.value.message
    assert token not in refused.value.message


# Who guesses.


@pytest.mark.asyncio
async def test_a_wrong_token_waits_and_a_good_one_never_does(door: Door, registry: ClientRegistry) -> None:
    """One job with an old token, run in a loop, must not slow the machine's other jobs."""
    good = bearer(registry.add("alice", "research"))

    async def guess() -> float:
        began = time.monotonic()
        with pytest.raises(Refusal):
            await door.request(bearer(new_token()), ADDRESS, None)
        return time.monotonic() - began

    free = [await guess() for _ in range(FREE_TRIES)]
    guesses = [asyncio.ensure_future(guess()) for _ in range(3)]
    await asyncio.sleep(0)
    began = time.monotonic()
    await door.request(good, ADDRESS, None)
    await door.connect(good, ADDRESS)
    assert time.monotonic() - began < 0.05
    assert not any(one.done() for one in guesses)
    assert max(free) < 0.05
    for waited, least in zip(await asyncio.gather(*guesses), (0.1, 0.2, 0.4), strict=True):
        assert least * 0.9 <= waited < least + 1


@pytest.mark.asyncio
async def test_tunnels_are_slowed_like_requests(registry: ClientRegistry) -> None:
    """CONNECT must not be the fast way to guess."""
    throttle = Throttle()
    door = Door(registry, throttle, required=True)
    for _ in range(FREE_TRIES):
        with pytest.raises(Refusal):
            await door.connect(bearer(new_token()), ADDRESS)
    assert throttle.failed(ADDRESS) > 0


@pytest.mark.asyncio
async def test_to_send_no_token_is_no_guess(registry: ClientRegistry) -> None:
    """Clients ask once without a password, to see whether they need one; that slows nobody."""
    throttle = Throttle()
    door = Door(registry, throttle, required=True)
    for _ in range(FREE_TRIES * 2):
        with pytest.raises(Refusal):
            await door.connect(PLAIN, ADDRESS)
    assert throttle.failed(ADDRESS) == 0


# When the registry fails.


@pytest.mark.asyncio
@pytest.mark.parametrize("required", [True, False])
async def test_a_broken_store_is_no_refusal(
    registry: ClientRegistry, elsewhere: sqlite3.Connection, required: bool
) -> None:
    """A good client must not be told that its token is bad: the operator has to mend the database."""
    door = Door(registry, Throttle(), required=required)
    token = registry.add("alice", "research")
    elsewhere.execute("DROP TABLE clients")
    with pytest.raises(StoreError, match=r"ccgate\.sqlite3"):
        await door.connect(basic("alice", token), ADDRESS)
    with pytest.raises(StoreError, match=r"ccgate\.sqlite3"):
        await door.request(bearer(token), ADDRESS, None)
