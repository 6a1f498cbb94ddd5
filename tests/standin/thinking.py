"""Signs thinking blocks, and checks them when they come back.

Every model's block is bound to its own text. The newer models' blocks are also bound to the values of
`system`, `tools` and all earlier messages ("preserved thinking"), with the answer that accounts made
since 2026-08-31 get: 400 on any difference.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
from collections.abc import Mapping
from typing import Any

from tests.standin.canonical import as_blocks
from tests.standin.canonical import system_blocks
from tests.standin.canonical import text_of
from tests.standin.canonical import turns
from tests.standin.problems import Invalid

BOUND_MODELS = re.compile(r"(fable-5-[1-9]|mythos-5-[1-9]|opus-5-5|sonnet-5-5|haiku-5-5)")
"""Models whose blocks are bound to the conversation."""

BOUND_ELSEWHERE = "Invalid signature in thinking block. The block is bound to a different conversation."
INVALID = "Invalid `signature` in `thinking` block"


class Signer:
    """Issues and verifies signatures with one key, which plays the provider's secret."""

    def __init__(self, key: bytes = b"stand-in") -> None:
        self._key = key

    def sign(self, body: Mapping[str, Any], thinking: str) -> str:
        """The signature of a block with the text `thinking` in the answer to the request `body`."""
        return self._signature(body["model"], thinking, self._prefix(body, len(body["messages"])))

    def check(self, body: Mapping[str, Any]) -> None:
        """Check every thinking block of a request.

        Raises:
            Invalid: a block was changed, or what comes before it was.
        """
        for position, message in enumerate(body["messages"]):
            if message["role"] != "assistant":
                continue
            for place, block in enumerate(as_blocks(message["content"])):
                if block.get("type") == "thinking":
                    self._check_block(body, position, block, f"messages.{position}.content.{place}")

    def _check_block(
        self, body: Mapping[str, Any], position: int, block: Mapping[str, Any], where: str
    ) -> None:
        signature = block.get("signature")
        if not isinstance(signature, str) or not isinstance(block.get("thinking"), str):
            raise Invalid(f"{where}: {INVALID}")
        own, _, _ = signature.partition(".")
        expected = self._signature(body["model"], block["thinking"], self._prefix(body, position))
        if not hmac.compare_digest(own, expected.partition(".")[0]):
            raise Invalid(f"{where}: {INVALID}")
        if BOUND_MODELS.search(body["model"]) and not hmac.compare_digest(signature, expected):
            raise Invalid(BOUND_ELSEWHERE)

    def _signature(self, model: str, thinking: str, prefix: str) -> str:
        """Two parts: over the block alone, and over the block and all that the model had read."""
        own = self._mac(thinking)
        return f"{own}.{self._mac(thinking + prefix)}" if BOUND_MODELS.search(model) else own

    def _mac(self, text: str) -> str:
        digest = hmac.digest(self._key, text.encode("utf-8", "surrogatepass"), hashlib.sha256)
        return base64.b64encode(digest).decode()

    @staticmethod
    def _prefix(body: Mapping[str, Any], position: int) -> str:
        return text_of([system_blocks(body), body.get("tools") or [], turns(body["messages"][:position])])
