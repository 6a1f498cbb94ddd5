"""The table of the profile's keys: the one place that says what there is, by default, and enforced today.

The loader, the JSON Schema, the README's reference and the refusal of what is not built yet all come
from it. A feature that gets built becomes so by changing its `built` here: the values that this version
enforces, where an entry like "env:" stands for every text that starts so, and none given is all.
"""

from __future__ import annotations

from decimal import Decimal

from ccgate.profile.kinds import Amount
from ccgate.profile.kinds import Choice
from ccgate.profile.kinds import Flag
from ccgate.profile.kinds import ListOf
from ccgate.profile.kinds import Text
from ccgate.profile.kinds import Whole
from ccgate.profile.sections import Key
from ccgate.profile.sections import Named
from ccgate.profile.sections import Section
from ccgate.profile.values import credential_source
from ccgate.profile.values import host_name
from ccgate.profile.values import placeholder_key_source
from ccgate.profile.values import public_host_name
from ccgate.profile.values import store
from ccgate.profile.values import upstream_url

_UPSTREAM = Text(
    "https://api.anthropic.com",
    upstream_url,
    r"^(https://[^/?#@\s]+|http://(localhost|127\.[0-9.]+|\[::1\])(:[0-9]+)?)/?$",
)
_HOST = Text("api.anthropic.com", public_host_name, r"^[A-Za-z0-9_-]+(\.[A-Za-z0-9_-]+)+\.?$")
_DOMAIN = Text("corp.example.com", host_name, r"^[A-Za-z0-9_-]+(\.[A-Za-z0-9_-]+)*\.?$")
_SOURCE = Text(
    "env:ANTHROPIC_API_KEY",
    credential_source,
    r"^(env:[A-Za-z_][A-Za-z0-9_]*|file:.+|keyring:[^/]+/.+|command:.+)$",
)
_KEY_SOURCE = Text(
    "env:CCGATE_PLACEHOLDER_KEY", placeholder_key_source, r"^(env:[A-Za-z_][A-Za-z0-9_]*|file:.+)$"
)
_STORE = Text("sqlite", store, r"^(sqlite|env:[A-Za-z_][A-Za-z0-9_]*)$")
_USD = Amount(optional=True)

_LOGIN_AND_UPDATES = ("platform.claude.com", "claude.ai", "claude.com", "downloads.claude.ai")
_EDITING_TOOLS = ("Read", "Edit", "MultiEdit", "Write", "NotebookEdit")

_HOSTS = Section(
    Key("govern", ListOf(_HOST, least=1), ("api.anthropic.com",), "hosts that the forward proxy governs"),
    Key(
        "tunnel",
        ListOf(_HOST),
        _LOGIN_AND_UPDATES,
        "hosts that the forward proxy passes through unread (login, updates); every other host is refused",
    ),
)

_ENDPOINTS = Section(
    Key("unknown", Choice("deny", "allow"), "deny", "paths of a governed host that ccgate does not know"),
)

_LIMITS = Section(
    Key(
        "requests_per_minute",
        Whole(),
        0,
        "requests of one client in a minute; 0 is no limit",
        built=(0,),
    ),
    Key("concurrent", Whole(), 0, "requests of one client at a time; 0 is no limit", built=(0,)),
)

_ADMISSION = Section(
    Key(
        "clients",
        Choice("required", "optional"),
        "required",
        "whether a client shows a token; `optional` is refused when listening beyond loopback",
    ),
    Key("hosts", _HOSTS, None, "what the forward proxy (`HTTPS_PROXY`) may reach"),
    Key("endpoints", _ENDPOINTS, None, "what may be asked of a governed host"),
    Key("models", ListOf(Text("claude-sonnet-*")), (), "globs of the models that may be asked; empty is all"),
    Key("limits", _LIMITS, None, "what one client may use"),
)

_TERM = Section(
    Key("name", Text("project"), None, "what reports of a finding call it", required=True),
    Key("match", ListOf(Text("Nightingale"), least=1), None, "the texts to redact", required=True),
    Key("ignore_case", Flag(), True, "match upper and lower case alike"),
    Key("whole_word", Flag(), True, "match whole words alone"),
)

_PRIVACY = Section(
    Key(
        "secrets", Choice("redact", "block", "allow"), "redact", "keys, tokens and passwords in what is sent"
    ),
    Key("emails", Choice("redact", "allow"), "redact", "e-mail addresses in what is sent"),
    Key(
        "home",
        Choice("redact", "allow"),
        "redact",
        r"the person's name in home paths: `/home/x`, `/Users/x`, `C:\Users\x`, `-home-x-`",
    ),
    Key(
        "network",
        Choice("redact", "allow"),
        "allow",
        "private addresses, and host names under `privacy.domains`",
    ),
    Key("domains", ListOf(_DOMAIN), (), "domains whose host names are private"),
    Key(
        "device_id",
        Choice("keep", "pseudonym"),
        "keep",
        "the device's identifier; its pseudonym is stable, one for one",
    ),
    Key(
        "terms",
        ListOf(_TERM),
        (),
        "words of your own to redact: `{name: N, match: [TEXT], ignore_case: true, whole_word: true}`",
    ),
    Key("allow", ListOf(Text("test@example.com")), (), "literal values that are never redacted"),
    Key("attachments", Choice("allow", "deny"), "allow", "what cannot be read: images, PDFs, files, batches"),
    Key(
        "restore_secrets_in",
        ListOf(Text("Edit")),
        _EDITING_TOOLS,
        "tools in whose input a redacted secret is restored",
    ),
    Key(
        "key",
        _KEY_SOURCE,
        None,
        "where the instances of a fleet read the key of their placeholders: `env:NAME`, `file:PATH` "
        "(from the profile's folder); the default is one of the state folder's own",
    ),
)

_CREDENTIAL = Section(
    Key(
        "kind",
        Choice("pass-through", "api-key", "federation", "oauth2"),
        "pass-through",
        "the client's own credential, untouched, or one that the gateway holds",
        built=("pass-through", "api-key"),
    ),
    Key(
        "from",
        _SOURCE,
        None,
        "where that one is read: `env:NAME`, `file:PATH` (from the profile's folder), "
        "`keyring:SERVICE/USER`, `command:…`",
        built=(None, "env:", "file:"),
    ),
)

_BUDGET = Section(
    Key("daily", _USD, None, "USD in a day"),
    Key("weekly", _USD, None, "USD in a week"),
    Key("monthly", _USD, None, "USD in a month"),
    Key("warn_at", Amount(most=1, example="0.75"), Decimal("0.75"), "the part of it at which to warn"),
)

_ACCOUNTING = Section(
    Key(
        "store",
        _STORE,
        "sqlite",
        "the ledger: `sqlite` in the state folder, or `env:NAME` that holds a PostgreSQL URL",
        built=("sqlite",),
    ),
    Key(
        "chargeback_rate",
        Amount(most=1000, example="1.0"),
        Decimal("1.0"),
        "internal multiplier on the provider's price",
        built=(Decimal("1.0"),),
    ),
    Key(
        "budgets",
        Named(_BUDGET),
        {},
        'by owner or `"*"`: `{daily: USD, weekly: USD, monthly: USD, warn_at: 0.75}`',
        built=({},),
    ),
)

PROFILE = Section(
    Key("version", Choice(1), None, "the format of the file", required=True),
    Key(
        "upstream",
        _UPSTREAM,
        "https://api.anthropic.com",
        "where governed requests go, whichever way they came in; plain http for a loopback address alone",
    ),
    Key("admission", _ADMISSION, None, "who may do what"),
    Key("privacy", _PRIVACY, None, "what must not leave"),
    Key(
        "telemetry",
        Choice("absorb", "minimise", "allow"),
        "absorb",
        "the client's telemetry: answered here, without what identifies, or passed on",
        built=("allow",),
    ),
    Key("credential", _CREDENTIAL, None, "what opens the upstream"),
    Key(
        "credentials",
        Named(_CREDENTIAL),
        {},
        "further ones by name, like `credential`; a client or an owner can be pinned to one",
        built=({},),
    ),
    Key("accounting", _ACCOUNTING, None, "what it costs"),
)
"""The whole file."""
