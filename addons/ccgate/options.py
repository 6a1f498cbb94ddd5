"""What mitmproxy's own options may be while ccgate runs.

Some of them undo the gateway: they let a body leave before any hook has seen it, or keep what must not
be kept. Those are refused with a sentence that says why, at start and at run time alike. A few others
have defaults that do not suit a gateway; they are set when ccgate loads.
"""

from __future__ import annotations

from collections.abc import Callable
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from mitmproxy import exceptions
from mitmproxy import optmanager
from mitmproxy.proxy import mode_specs

PREFIX = "ccgate_"
"""Every option of ccgate's own begins like this, so that a misspelt one can be told."""

PROFILE = "ccgate_profile"

BODY_LIMIT = "64m"
"""Bodies are held in memory until they have been looked at; the provider's own limit is 32 MB."""


@dataclass(frozen=True, slots=True)
class Rule:
    """An option of mitmproxy's and the values that ccgate can live with."""

    allows: Callable[[Any], bool]
    why: str


def _unset(value: Any) -> bool:
    return not value


RULES: Mapping[str, Rule] = {
    "stream_large_bodies": Rule(_unset, "requests would leave before ccgate has seen them"),
    "store_streamed_bodies": Rule(_unset, "answers would be kept as the client gets them"),
    "ssl_insecure": Rule(_unset, "the credential could be handed to anybody who claims to be the upstream"),
    "ignore_hosts": Rule(_unset, "traffic would pass unseen; name such hosts in admission.hosts.tunnel"),
    "allow_hosts": Rule(_unset, "all other traffic would pass unseen; use admission.hosts of the profile"),
    "tcp_hosts": Rule(_unset, "traffic would pass unseen"),
    "udp_hosts": Rule(_unset, "traffic would pass unseen"),
    "rawtcp": Rule(_unset, "what is not HTTP would pass unseen"),
    "proxyauth": Rule(_unset, "ccgate admits clients itself; add them with: run.sh client add NAME"),
    "stickyauth": Rule(_unset, "one client's credential would be used for another's requests"),
    "stickycookie": Rule(_unset, "one client's cookies would be used for another's requests"),
    "proxy_debug": Rule(_unset, "credentials and whole bodies would be written to the log"),
    "validate_inbound_headers": Rule(bool, "requests could be smuggled past ccgate"),
    "connection_strategy": Rule(
        lambda value: value == "lazy", "upstream would be called before a client is admitted; use lazy"
    ),
    "upstream_cert": Rule(_unset, "upstream would be called before a client is admitted"),
    "body_size_limit": Rule(bool, f"bodies would fill the memory; use a size such as {BODY_LIMIT}"),
}

FORCED: Mapping[str, Any] = {"connection_strategy": "lazy", "upstream_cert": False, "rawtcp": False}
"""Set when ccgate loads, because mitmproxy's defaults differ."""


def enforce(options: optmanager.OptManager) -> None:
    """Set what a gateway needs and mitmproxy does not do by default."""
    values = dict(FORCED)
    if not options.body_size_limit:
        values["body_size_limit"] = BODY_LIMIT
    options.update(**values)


def check(options: optmanager.OptManager) -> None:
    """Refuse option values that would undo the gateway, and options of ours that do not exist.

    Raises:
        mitmproxy.exceptions.OptionsError: with one sentence for each such option.
    """
    wrong = [
        f"the option {name} is refused as it is set: {rule.why}"
        for name, rule in RULES.items()
        if not rule.allows(getattr(options, name))
    ]
    for spec in options.mode:
        mode = mode_specs.ProxyMode.parse(spec)
        reverse = isinstance(mode, mode_specs.ReverseMode) and mode.scheme in ("http", "https")
        if not reverse and not isinstance(mode, mode_specs.RegularMode):
            wrong.append(f"mode {spec} is refused: ccgate knows regular and reverse (http, https) alone")
    # mitmproxy keeps what nobody has declared and says nothing.
    wrong += [
        f"there is no option {name}; mitmdump --options lists them"
        for name in sorted(options.deferred)
        if name.startswith(PREFIX)
    ]
    if wrong:
        raise exceptions.OptionsError("; ".join(wrong))


def listen_hosts(options: optmanager.OptManager) -> set[str]:
    """The addresses that the proxy's modes listen on; the empty string means all of them."""
    return {mode_specs.ProxyMode.parse(spec).listen_host(options.listen_host) for spec in options.mode}
