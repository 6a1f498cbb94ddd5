"""The privacy room as one profile furnishes it: what redacts a request, and what restores its answer."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass

from ccgate.privacy import key
from ccgate.privacy.cache import SpanCache
from ccgate.privacy.detection import detect
from ccgate.privacy.detection.policyrules import TermRule
from ccgate.privacy.device import Pseudonym
from ccgate.privacy.device import pseudonyms
from ccgate.privacy.placeholders import Minter
from ccgate.privacy.redact import Redactor
from ccgate.privacy.restoration.restore import Restorer
from ccgate.privacy.vault import Vault
from ccgate.privacy.walk import Format
from ccgate.privacy.work import Policy
from ccgate.profile import Privacy
from ccgate.state import StateFolder


@dataclass(frozen=True, slots=True)
class PrivacyRoom:
    """What a profile's `privacy` comes to."""

    redactor: Redactor
    redacts: bool
    """Whether anything of a conversation is redacted, so that its answers have to be restored."""
    pseudonym: Pseudonym | None
    """What stands for a device; None: its own identifier leaves."""
    restore_secrets_in: frozenset[str]

    def restorer(self, vault: Vault, form: Format) -> Restorer:
        """What restores the answer to a request whose redaction left this vault."""
        return Restorer(vault, self.restore_secrets_in, form)


def furnish(
    policy: Privacy, folder: StateFolder, environ: Mapping[str, str] = os.environ
) -> PrivacyRoom | None:
    """The room for a profile's `privacy`; None where every request leaves as it came.

    The first one in a state folder makes the placeholder key there.

    Raises:
        ConfigError: the placeholder key cannot be used.
    """
    wanted = detection(policy)
    redacts = bool(wanted.categories - {"term"} or wanted.terms)
    if not redacts and policy.device_id == "keep" and policy.attachments == "allow":
        return None
    secret = key.load(policy.key, folder.root, environ)
    pseudonym = pseudonyms(secret) if policy.device_id == "pseudonym" else None
    detector = detect.Detector(wanted, folder.compiled)
    redactor = Redactor(
        detector,
        Minter(secret),
        Policy(
            version=detector.version,
            block_secrets=policy.secrets == "block",
            deny_attachments=policy.attachments == "deny",
            pseudonym=pseudonym,
        ),
        SpanCache(),
    )
    return PrivacyRoom(redactor, redacts, pseudonym, frozenset(policy.restore_secrets_in))


def detection(policy: Privacy) -> detect.Policy:
    """What is looked for under a profile's `privacy`."""
    return detect.Policy(
        secrets=policy.secrets != "allow",
        emails=policy.emails == "redact",
        home=policy.home == "redact",
        network=policy.network == "redact",
        domains=policy.domains,
        terms=tuple(TermRule(t.name, t.match, t.ignore_case, t.whole_word) for t in policy.terms),
        allow=frozenset(policy.allow),
    )
