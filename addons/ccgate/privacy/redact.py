"""Redacts a request: nothing of what the policy names leaves, and every other byte leaves as it came.

The request is cut into parts (`layout`), each part that is new is read (`examine`), each that came before is
looked up (`cache`), and what is to be replaced is spliced into the request's own bytes.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from collections.abc import Sequence
from dataclasses import dataclass
from dataclasses import field
from operator import itemgetter

from ccgate.privacy import device
from ccgate.privacy import walk
from ccgate.privacy.cache import Entry
from ccgate.privacy.cache import SpanCache
from ccgate.privacy.examine import Examined
from ccgate.privacy.examine import Finding
from ccgate.privacy.examine import Source
from ccgate.privacy.examine import examine
from ccgate.privacy.fold import Detector
from ccgate.privacy.fold import Fold
from ccgate.privacy.layout import Layout
from ccgate.privacy.layout import Part
from ccgate.privacy.layout import lay_out
from ccgate.privacy.placeholders import Minter
from ccgate.privacy.splice import ByteEdit
from ccgate.privacy.splice import spliced_bytes
from ccgate.privacy.vault import Original
from ccgate.privacy.vault import Vault


@dataclass(frozen=True, slots=True)
class Policy:
    """What of a profile the redactor itself has to know; what is found at all is the detector's."""

    version: bytes
    """Differs whenever the detector would find something else: of its rules and of its policy."""
    block_secrets: bool = False
    """A request with a secret in it is refused."""
    pseudonym: device.Pseudonym | None = None
    """What stands for a device; None: the device's own identifier leaves."""


@dataclass(frozen=True, slots=True)
class Redaction:
    """A request as it may leave."""

    body: bytes = field(repr=False)
    vault: Vault
    """What its placeholders stand for."""
    device: device.Outcome
    examined: tuple[tuple[Part, Examined], ...] = field(repr=False)

    @property
    def findings(self) -> tuple[Finding, ...]:
        """What was replaced, and where; in the order of the provider's cache."""
        return tuple(
            Finding(part.path + place, category, kind, rule, count)
            for part, examined in self.examined
            for trail, category, kind, rule, count in examined.found
            for place in (trail if isinstance(trail, str) else walk.path(trail),)
        )


class Redactor:
    """Redacts requests by one policy and with one key."""

    def __init__(self, detector: Detector, minter: Minter, policy: Policy, cache: SpanCache) -> None:
        self._detector = detector
        self._minter = minter
        self._policy = policy
        self._cache = cache
        # A placeholder tells keys apart without telling the key.
        self._key_version = minter.mint("term", "ccgate").encode()

    def redact(self, body: bytes, form: walk.Format) -> Redaction:
        """The request with placeholders for what must not leave.

        Raises:
            Refusal: 400, it cannot be read; 451, it holds a secret and secrets are to be blocked.
        """
        layout = lay_out(body, form)
        vault = Vault()
        examined = self._parts(body, layout, form, vault)
        edits: list[tuple[int, Sequence[ByteEdit]]] = [(part.start, one.edits) for part, one in examined]
        outcome: device.Outcome = "absent"
        if self._policy.pseudonym is not None and layout.metadata is not None:
            part = layout.metadata
            outcome, changes = device.in_metadata(body[part.start : part.end], self._policy.pseudonym)
            edits.append((part.start, changes))
        if edits:
            edits.sort(key=itemgetter(0))
            body = spliced_bytes(body, edits)
        return Redaction(body, vault, outcome, examined)

    def _parts(
        self, body: bytes, layout: Layout, form: walk.Format, vault: Vault
    ) -> tuple[tuple[Part, Examined], ...]:
        """The parts in which something must be replaced, and what."""
        policy = self._policy
        mode = b"block" if policy.block_secrets else b"redact"
        state = self._cache.state(policy.version, self._key_version, form.encode(), mode)
        fold = Fold(self._detector, self._minter, block_secrets=policy.block_secrets, vault=vault)
        examined = []
        view = memoryview(body)
        for part in layout.parts:
            raw = view[part.start : part.end]
            digest = hashlib.sha256(state + part.kind.encode())
            digest.update(raw)
            key = digest.digest()
            entry = self._cache.get(key)
            if entry is None:
                entry = self._read(fold, part, bytes(raw), state)
                self._cache.put(key, entry)
            elif entry.examined.sources:
                _recall(vault, raw, entry.examined.sources)
            if entry.examined.edits:
                examined.append((part, entry.examined))
            state = entry.state
        return tuple(examined)

    def _read(self, fold: Fold, part: Part, raw: bytes, state: bytes) -> Entry:
        fold.learn()
        examined = examine(fold, part.kind, part.path, raw)
        if examined.sources:
            added = " ".join(source.placeholder for source in examined.sources)
            state = hashlib.sha256(state + added.encode()).digest()
        return Entry(examined, state)


def _recall(vault: Vault, part: memoryview, sources: Iterable[Source]) -> None:
    """Read the originals again from where they stand."""
    for source in sources:
        value = bytes(part[source.start : source.end]).decode()
        for _ in range(source.depth if "\\" in value else 0):
            value = json.loads(f'"{value}"')
        vault.put(source.placeholder, Original(value, source.category))
