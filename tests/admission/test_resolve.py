"""Names that lead behind the gateway are refused, whoever owns them."""

from __future__ import annotations

import asyncio

import pytest

from ccgate.admission.resolve import public_address
from ccgate.errors import Refusal


@pytest.mark.asyncio
async def test_a_name_that_leads_to_this_machine_is_refused() -> None:
    """A public name whose owner points it at loopback does not open what listens beside the gateway."""
    with pytest.raises(Refusal) as refused:
        await public_address("localhost", 443)
    assert refused.value.status == 403


@pytest.mark.asyncio
async def test_a_name_without_an_address_is_told() -> None:
    """The person reads that it is DNS, not the gateway's policy."""
    with pytest.raises(Refusal) as refused:
        await public_address("no-such-host.invalid", 443)
    assert (refused.value.status, "resolved" in refused.value.message) == (502, True)


@pytest.mark.asyncio
async def test_one_private_address_among_public_ones_is_enough(monkeypatch: pytest.MonkeyPatch) -> None:
    """DNS rebinding mixes both; which of them would be dialled is then left to chance."""

    async def both(*_: object, **__: object) -> list[tuple[object, ...]]:
        return [(0, 0, 0, "", (address, 443)) for address in ("2606:4700::1111", "1.1.1.1", "10.0.0.1")]

    monkeypatch.setattr(asyncio.get_running_loop(), "getaddrinfo", both)
    with pytest.raises(Refusal):
        await public_address("rebound.example.com", 443)
