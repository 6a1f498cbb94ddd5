"""Redacts a request: nothing of what the policy names leaves, and every other byte leaves as it came."""

from __future__ import annotations

from typing import get_args

from ccgate.privacy import device
from ccgate.privacy import walk
from ccgate.privacy.cache import SpanCache
from ccgate.privacy.fold import Detector
from ccgate.privacy.placeholders import Minter
from ccgate.privacy.turns import Turns
from ccgate.privacy.work import Means
from ccgate.privacy.work import Policy
from ccgate.privacy.work import Redaction
from ccgate.privacy.work import Work


class Redactor:
    """Redacts requests by one policy and with one key. Usable from any thread, several at a time."""

    def __init__(self, detector: Detector, minter: Minter, policy: Policy, cache: SpanCache) -> None:
        devices = None if policy.pseudonym is None else device.Devices(policy.pseudonym)
        self._means = Means(detector, minter, policy, cache, Turns(cache), devices)
        # A placeholder tells keys apart without telling the key.
        key_version = minter.mint("term", "ccgate").encode()
        refusals = bytes((policy.block_secrets, policy.deny_attachments))
        self._states = {
            form: cache.state(policy.version, key_version, refusals, form.encode())
            for form in get_args(walk.Format)
        }

    def redact(self, body: bytes, form: walk.Format) -> Redaction:
        """The request with placeholders for what must not leave: `begin` and `finish` in one.

        Raises:
            Refusal: see there.
        """
        return self.begin(body, form).finish()

    def begin(self, body: bytes, form: walk.Format, conversation: bytes = b"") -> Work:
        """Look up what of a request came before: at most about 2 ms for a megabyte.

        `conversation` is a name of it that all of its turns have; without, it is guessed from the request.

        Raises:
            Refusal: 400, it cannot be read.
        """
        return Work(body, form, conversation, self._states[form], self._means)
