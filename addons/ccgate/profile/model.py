"""The profile as the rest of ccgate sees it. A field's name is its key's; the table of keys explains each."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Literal

from ccgate.profile.values import Upstream


@dataclass(frozen=True, slots=True)
class Hosts:
    """What the forward proxy may reach: lower-case names without a final dot."""

    govern: tuple[str, ...]
    tunnel: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Endpoints:
    """What may be asked of a governed host."""

    unknown: Literal["deny", "allow"]


@dataclass(frozen=True, slots=True)
class Limits:
    """What one client may use; 0 is no limit."""

    requests_per_minute: int
    concurrent: int


@dataclass(frozen=True, slots=True)
class Admission:
    """Who may do what. `models` holds globs for `fnmatch`, none of them meaning all models."""

    clients: Literal["required", "optional"]
    hosts: Hosts
    endpoints: Endpoints
    models: tuple[str, ...]
    limits: Limits


@dataclass(frozen=True, slots=True)
class Term:
    """A word of the operator's own that is redacted wherever one of `match` stands."""

    name: str
    match: tuple[str, ...]
    ignore_case: bool
    whole_word: bool


@dataclass(frozen=True, slots=True)
class Privacy:
    """What must not leave."""

    secrets: Literal["redact", "block", "allow"]
    emails: Literal["redact", "allow"]
    home: Literal["redact", "allow"]
    network: Literal["redact", "allow"]
    domains: tuple[str, ...]
    device_id: Literal["keep", "pseudonym"]
    terms: tuple[Term, ...]
    allow: tuple[str, ...]
    attachments: Literal["allow", "deny"]
    restore_secrets_in: tuple[str, ...]
    key: str | None
    """Where the placeholder key is read, `env:NAME` or `file:PATH`; None: the state folder's own."""


@dataclass(frozen=True, slots=True)
class CredentialSpec:
    """What opens the upstream. `source` (the key `from`) says where it is read, never what it is.

    It is None for pass-through, else `env:NAME`, or `file:PATH` with an absolute path.
    """

    kind: Literal["pass-through", "api-key", "federation", "oauth2"]
    source: str | None


@dataclass(frozen=True, slots=True)
class Budget:
    """USD that an owner may use; None is no limit. `warn_at` is a part, 0 to 1."""

    daily: Decimal | None
    weekly: Decimal | None
    monthly: Decimal | None
    warn_at: Decimal


@dataclass(frozen=True, slots=True)
class Accounting:
    """What it costs. `budgets` goes by owner, "*" being every other one."""

    store: str
    chargeback_rate: Decimal
    budgets: Mapping[str, Budget]


@dataclass(frozen=True, slots=True)
class Profile:
    """One file of policy, complete: what it leaves out has its default here."""

    path: Path
    version: Literal[1]
    upstream: Upstream
    admission: Admission
    privacy: Privacy
    telemetry: Literal["absorb", "minimise", "allow"]
    credential: CredentialSpec
    credentials: Mapping[str, CredentialSpec]
    accounting: Accounting
