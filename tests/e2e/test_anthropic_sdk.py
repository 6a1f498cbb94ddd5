"""The `anthropic` SDK through both ways in, with both kinds of credential: all that people use of it."""

from __future__ import annotations

from typing import Any

import anthropic
import pytest

from tests.e2e.conftest import Admit
from tests.e2e.conftest import Admitted
from tests.e2e.conftest import Upstream
from tests.e2e.scenarios import FOX
from tests.e2e.sdk import MODEL
from tests.e2e.sdk import awaiting
from tests.e2e.sdk import blocking
from tests.e2e.sdk import question
from tests.standin.script import Reply
from tests.standin.script import Text
from tests.standin.script import Thinking
from tests.standin.script import ToolUse

pytestmark = pytest.mark.e2e

SAID = FOX.text * FOX.repeat
WEATHER = {
    "name": "weather",
    "description": "The weather in a place.",
    "input_schema": {"type": "object", "properties": {"place": {"type": "string"}}},
}


@pytest.fixture(params=[(way, holder) for way in ("proxy", "api") for holder in ("own", "organisation")])
def client(request: pytest.FixtureRequest, admit: Admit, monkeypatch: pytest.MonkeyPatch) -> Admitted:
    """A client in each way, with nothing of this machine's environment."""
    for name in ("ANTHROPIC_API_KEY", "ANTHROPIC_AUTH_TOKEN", "ANTHROPIC_BASE_URL"):
        monkeypatch.delenv(name, raising=False)
    return admit(*request.param)


@pytest.fixture(autouse=True)
def script(upstream: Upstream) -> None:
    upstream.standin.conversations.add(
        {
            "fox": (Reply(blocks=(FOX,)),),
            "weather": (
                Reply(blocks=(Thinking("Ask the tool. "), ToolUse("weather", {"place": "Köln\n"}))),
                Reply(blocks=(Thinking("It rains. "), Text("Take an umbrella."))),
            ),
        }
    )


def assert_metered(client: Admitted, *usages: Any) -> None:
    """One entry for each answer, with the tokens that the SDK was told."""
    found = client.entries()
    assert [(entry.input, entry.output, entry.state) for entry in found] == [
        (usage.input_tokens, usage.output_tokens, "done") for usage in usages
    ]
    assert all(entry.cost is not None and entry.cost > 0 for entry in found)


def test_a_stream(client: Admitted) -> None:
    """Text comes in pieces, and the sum of them is the answer."""
    with blocking(client) as sdk, sdk.messages.stream(**question("fox")) as stream:
        pieces = list(stream.text_stream)
        final = stream.get_final_message()
    assert "".join(pieces) == SAID
    assert len(pieces) > 10
    assert_metered(client, final.usage)


@pytest.mark.asyncio
async def test_a_stream_with_asyncio(client: Admitted) -> None:
    """The same with the client for asyncio."""
    async with awaiting(client) as sdk, sdk.messages.stream(**question("fox")) as stream:
        said = "".join([piece async for piece in stream.text_stream])
        final = await stream.get_final_message()
    assert said == SAID
    assert_metered(client, final.usage)


def test_without_a_stream(client: Admitted) -> None:
    """A whole answer is metered like a streamed one."""
    with blocking(client) as sdk:
        message = sdk.messages.create(**question("fox"))
    assert message.content[0].text == SAID
    assert_metered(client, message.usage)
    assert client.entries()[0].streamed == 0


def test_a_tool_over_two_turns(client: Admitted) -> None:
    """What the SDK hands back, thinking and its signature with it, is what the model said."""
    with blocking(client) as sdk:
        asked = question("weather") | {"tools": [WEATHER]}
        first = sdk.messages.create(**asked)
        call = next(block for block in first.content if block.type == "tool_use")
        assert call.input == {"place": "Köln\n"}
        result = {"type": "tool_result", "tool_use_id": call.id, "content": "rain"}
        asked["messages"] = [
            *asked["messages"],
            {"role": "assistant", "content": first.content},
            {"role": "user", "content": [result]},
        ]
        second = sdk.messages.create(**asked)
    assert second.content[-1].text == "Take an umbrella."
    assert_metered(client, first.usage, second.usage)


def test_counting_and_models_are_free(client: Admitted, upstream: Upstream) -> None:
    """What costs nothing works, and leaves no entry."""
    with blocking(client) as sdk:
        counted = sdk.messages.count_tokens(
            model=MODEL, messages=[{"role": "user", "content": "How long is this?"}]
        )
        listed = sdk.models.list()
        one = sdk.models.retrieve(MODEL)
    assert counted.input_tokens > 0
    assert MODEL in [model.id for model in listed.data]
    assert one.id == MODEL
    assert client.entries() == []
    assert {request.status for request in upstream.standin.record.requests} == {200}


def test_an_error_of_the_providers(client: Admitted, upstream: Upstream) -> None:
    """The SDK raises what it would raise without a gateway, with the provider's request id."""
    with blocking(client) as sdk, pytest.raises(anthropic.NotFoundError) as raised:
        sdk.messages.create(**question("fox") | {"model": "gpt-5"})
    assert raised.value.request_id is not None
    assert raised.value.request_id.startswith("req_standin")
    assert raised.value.body["error"] == {"type": "not_found_error", "message": "model: gpt-5"}
    (entry,) = client.entries()
    assert (entry.state, entry.status, entry.cost) == ("failed", 404, 0)


def test_the_credential_that_arrives(client: Admitted, upstream: Upstream) -> None:
    """Upstream sees one credential, the person's or the organisation's, and nothing of the gateway's."""
    with blocking(client) as sdk:
        sdk.messages.create(**question("fox"))
    (request,) = upstream.standin.record.requests
    bearer = (request.header("authorization") or "").removeprefix("Bearer ")
    # This SDK sends a key as a bearer token, too; what a gateway holds goes into `x-api-key`.
    assert [one for one in (request.header("x-api-key"), bearer) if one] == [client.credential]
