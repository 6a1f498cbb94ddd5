"""The real Claude Code, older and newest, through both ways in: it works, and the ledger agrees with it.

The client adds up tokens and cost by itself; the ledger has to say the same to the last digit. Where an
answer breaks off, the client forgets a try that it makes again, while the ledger keeps it, because the
provider charges for it. What the newest client says of an answer that broke off is in part an estimate,
three characters to a token, where the ledger has what the provider had told.
"""

from __future__ import annotations

import os
import re
import signal
import time
from collections.abc import Callable
from decimal import Decimal

import pytest

from tests.e2e import books
from tests.e2e.claude_code import VERSIONS
from tests.e2e.claude_code import ClaudeCode
from tests.e2e.claude_code import Run
from tests.e2e.claude_code import Sums
from tests.e2e.conftest import Admit
from tests.e2e.conftest import Admitted
from tests.e2e.conftest import Holder
from tests.e2e.conftest import Upstream
from tests.e2e.conftest import Way
from tests.e2e.scenarios import prompt
from tests.standin.record import Recorded

pytestmark = pytest.mark.e2e

OLDER, NEWEST = VERSIONS

OUTPUT_PRICE = Decimal("0.00002")
"""USD for a token that the newest client's default model puts out."""

ROADS = [("proxy", "own"), ("api", "organisation")]
"""Both ways in and both kinds of credential; the other two pairs are walked once, with a text."""


@pytest.fixture(params=VERSIONS)
def version(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def claude(version: str, claude_code: Callable[[str], ClaudeCode]) -> ClaudeCode:
    return claude_code(version)


@pytest.fixture(params=ROADS, ids="-".join)
def client(request: pytest.FixtureRequest, admit: Admit) -> Admitted:
    return admit(*request.param)


def messages(upstream: Upstream) -> list[Recorded]:
    """What reached the upstream of conversations."""
    return [one for one in upstream.standin.record.requests if one.path.startswith("/v1/messages")]


def wait_for_stream(upstream: Upstream, seconds: float = 20) -> Recorded:
    """The request whose answer has begun to flow."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        for request in messages(upstream):
            if request.usage is not None:
                return request
        time.sleep(0.01)
    raise AssertionError("no answer has begun")


def assert_agree(run: Run, client: Admitted) -> list[books.Entry]:
    """The client's own sums are the ledger's, to the last digit."""
    found = client.entries()
    assert run.sums == books.sums(found)
    assert run.cost == books.total(found)
    return found


def assert_agree_but_for_the_estimate(run: Run, found: list[books.Entry]) -> None:
    """The client's sums are the ledger's, and what it estimated of output, at that output's price."""
    ((model, said),) = run.sums.items()
    ledger = books.sums(found)[model]
    estimated = said.output - ledger.output
    assert 0 <= estimated <= 20 * 45 / 3
    estimate = Sums(0, 0, 0, estimated, estimated * OUTPUT_PRICE)
    assert books.plus(ledger, estimate) == said
    assert run.cost == said.cost


def assert_told(entry: books.Entry, request: Recorded) -> None:
    """The ledger has what the upstream had told of usage before the answer broke off, and its price."""
    told = request.usage
    assert told is not None
    assert (entry.input, entry.cache_write, entry.cache_read, entry.output) == (
        told["input_tokens"],
        told["cache_creation_input_tokens"],
        told["cache_read_input_tokens"],
        told["output_tokens"],
    )
    assert entry.cost


@pytest.mark.parametrize("holder", ["own", "organisation"])
@pytest.mark.parametrize("way", ["proxy", "api"])
def test_a_text(claude: ClaudeCode, admit: Admit, upstream: Upstream, way: Way, holder: Holder) -> None:
    """The first thing that anybody tries works in every way, with the credential that the profile says."""
    client = admit(way, holder)
    run = claude.run("say hello", client.environ())
    assert run.result["result"] == "Hello from the stand-in."
    (entry,) = assert_agree(run, client)
    assert entry.state == "done"
    assert entry.owner == f"owner of {client.name}"
    assert entry.session_id == run.result["session_id"]
    assert entry.cost
    assert entry.first_byte_ms is not None
    assert entry.total_ms is not None
    assert 0 < entry.first_byte_ms <= entry.total_ms
    (request,) = messages(upstream)
    assert entry.upstream_request_id is not None
    assert client.credential in (request.header("x-api-key"), (request.header("authorization") or "")[7:])


def test_thinking_and_tools(claude: ClaudeCode, client: Admitted, upstream: Upstream) -> None:
    """A session that works: tools run, files are right, and what the model thought comes back unharmed."""
    run = claude.run(prompt("tools"), client.environ(), tools=["Bash", "Write"])
    assert run.result["result"] == "Both files are written."
    assert (claude.home / "greeting.txt").read_text() == "grüße, wörld\n"
    assert (claude.home / "NOTES").read_text() == 'A "note" with \\ and ü\n'
    found = assert_agree(run, client)
    assert [entry.stop_reason for entry in found] == ["tool_use", "tool_use", "end_turn"]
    # Signatures are checked upstream; a changed byte would have been a 400 and another try.
    assert [request.status for request in messages(upstream)] == [200, 200, 200]
    assert [request.body.count(b'"signature"') for request in messages(upstream)] == [0, 1, 2]
    assert found[-1].cache_read > 0, "the prompt cache was lost between the turns"


def test_a_subagent(claude: ClaudeCode, client: Admitted) -> None:
    """What a subagent costs is in the same session's bill, under the agent's own id."""
    run = claude.run(prompt("parent"), client.environ(), tools=["Bash", "Agent", "Task"])
    assert run.result["result"] == "The subagent has looked."
    assert (claude.home / "looked.txt").read_text() == "looked\n"
    found = assert_agree(run, client)
    assert [entry.agent_id is not None for entry in found] == [False, True, True, False]
    assert {entry.session_id for entry in found} == {run.result["session_id"]}


def test_an_hour_of_cache(claude: ClaudeCode, client: Admitted) -> None:
    """Each class of token has its own price, and client and ledger know the same ones."""
    assert_agree(claude.run(prompt("an-hour"), client.environ()), client)


def test_an_answer_in_odd_pieces(claude: ClaudeCode, client: Admitted) -> None:
    """An answer that comes in crumbs is put together without a loss, and metered."""
    run = claude.run(prompt("chopped"), client.environ())
    assert run.result["result"].strip() == ("The quick brown fox jumps over the lazy dog. " * 20).strip()
    assert_agree(run, client)


def test_a_stream_that_fails_late(claude: ClaudeCode, client: Admitted, upstream: Upstream) -> None:
    """An answer that ends in an error after its usage was told costs what it told; both sides say so."""
    run = claude.run(prompt("fails-late"), client.environ())
    (entry,) = assert_agree(run, client)
    assert (entry.state, entry.error, entry.output) == ("failed", "overloaded_error", 240)
    assert len(messages(upstream)) == 1


def test_a_stream_that_hangs_up(
    claude: ClaudeCode, version: str, client: Admitted, upstream: Upstream
) -> None:
    """The client tries again and succeeds. The broken try stays in the ledger, with what was known of it."""
    run = claude.run(prompt("hangs-up"), client.environ())
    assert run.result["is_error"] is False
    broken, whole = client.entries()
    assert (broken.state, whole.state) == ("failed", "done")
    assert_told(broken, messages(upstream)[0])
    if version == NEWEST:
        assert_agree_but_for_the_estimate(run, [broken, whole])
    else:
        assert run.sums == books.sums([whole])
        assert run.cost == books.total([whole])


def test_a_stream_that_hangs_up_early(
    claude: ClaudeCode, version: str, client: Admitted, upstream: Upstream
) -> None:
    """Before the first word nothing is estimated: where the client counts the broken try, they agree."""
    run = claude.run(prompt("hangs-up-early"), client.environ())
    assert run.result["is_error"] is False
    broken, whole = client.entries()
    assert_told(broken, messages(upstream)[0])
    counted = [broken, whole] if version == NEWEST else [whole]
    assert run.sums == books.sums(counted)
    assert run.cost == books.total(counted)


def test_an_overloaded_upstream(claude: ClaudeCode, client: Admitted) -> None:
    """The client sees a 529 as the provider's own, and tries again; the try cost nothing."""
    run = claude.run(prompt("overloaded-once"), client.environ())
    assert run.result["is_error"] is False
    refused, answered = assert_agree(run, client)
    assert (refused.state, refused.status, refused.cost) == ("failed", 529, Decimal(0))
    assert answered.state == "done"


@pytest.mark.parametrize("signal_number", [signal.SIGINT, signal.SIGTERM])
def test_a_client_that_goes_away(
    claude: ClaudeCode, version: str, client: Admitted, upstream: Upstream, signal_number: signal.Signals
) -> None:
    """Whoever stops the client stops the generation too, and the ledger keeps what was known."""
    process = claude.start(prompt("slow"), client.environ())
    try:
        request = wait_for_stream(upstream)
        time.sleep(0.5)
        os.killpg(process.pid, signal_number)
        left = time.monotonic()
        while request.ended is None and time.monotonic() < left + 5:
            time.sleep(0.01)
        assert request.outcome == "client left"
        assert request.ended is not None
        assert request.ended - left < 2
    finally:
        run = ClaudeCode.finish(process)
    (entry,) = client.entries()
    assert entry.state == "aborted"
    assert_told(entry, request)
    if version == NEWEST and signal_number == signal.SIGINT:
        assert_agree_but_for_the_estimate(run, [entry])


def test_the_stream_form(claude: ClaudeCode, client: Admitted) -> None:
    """What editors and SDKs use, line by line, gives the same bill."""
    run = claude.run(prompt("tools"), client.environ(), tools=["Bash", "Write"], form="stream-json")
    assert run.lines[0]["type"] == "system"
    assert_agree(run, client)


def test_a_whole_start_of_the_client(claude: ClaudeCode, admit: Admit, upstream: Upstream) -> None:
    """With nothing switched off, what the client wants beside its conversation goes upstream or nowhere."""
    client = admit("proxy", "own")
    run = claude.run("say hello", client.environ(quiet=False))
    assert run.result["result"] == "Hello from the stand-in."
    assert_agree(run, client)
    seen = {request.path.partition("?")[0] for request in upstream.standin.record.requests}
    assert {"/api/claude_code/policy_limits", "/api/event_logging/v2/batch"} <= seen
    reached = set(re.findall(r"server connect ([^ \n]+)", client.gateway.log))
    assert reached == {upstream.url.removeprefix("http://")}
