"""Decides by what stands beside a placeholder whether its value would be found again there, as itself.

The next turn redacts what was restored. A value that is glued to other characters may then be missed (a name
within a word), or be a part of another one (`x` before an e-mail address). In such places the placeholder
stays: it is visible, does no harm, and is left alone by the redactor. What counts as beside is what the rules
and `known` look at, a little more generously; most often it is one character on each side.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from collections.abc import Iterable
from collections.abc import Mapping

from ccgate.privacy.known import findable_alone
from ccgate.privacy.placeholders import Category

BEFORE = 64
"""Characters before a placeholder that are looked at."""

# Runs of characters that may glue what follows to a value, and what makes them do so.
_LOCAL = re.compile(r"[\w.%+'&~@-]*")
_IN_ADDRESS = re.compile(r"@[\w-]*\.[\w-]")
_PERSON = re.compile(r"[.@+-]*")
_HOST = re.compile(r"[.:-]*")

_AFTER_AT = re.compile(r"[\w.%+'&~-]@[\w.-]*\Z")
_AFTER_USER = re.compile(r"(?:\A|[\s\"'`=(<])[A-Za-z][A-Za-z0-9+]{1,14}://[\w.+-]*@\Z")
_AFTER_LOCAL = re.compile(r"[\w+][\w.%+'&~-]*\Z")

_OF_HOME = re.compile(
    r"(?i)\A(?:(?:home|users)(?:[/-]|%2F)|~|(?:home|users|documents and settings)\\{1,4})\Z"
)
_WINDOWS_HOME = re.compile(r"(?i)(?:users|home|documents and settings)\\{1,4}\Z")
_HOME = re.compile(r"(?:home|Users)(?:/|%2[Ff])\Z|~\Z")
_SLUG = re.compile(r"-(?:home|Users)-\Z")

# Where a rule may find a longer name or a secret, of which a value would be a part.
_IN_NAME = re.compile(
    r"(?i)(?:(?:home|users)(?:[/-]|%2F)|~)[^\s/\\]*\Z"
    r"|(?:home|users|documents and settings)(?:\\{1,4}|%5C)[^\\\"'`\n\t>,;)]*\Z"
)
_IN_SECRET = re.compile(
    r"(?i)(?:(?:pass|pwd|secret|token|key|credential)[\w.-]{0,40}[\"'`\])]{0,2}\s{0,3}[=:]>?\s{0,3}"
    r"|(?:bearer|basic|token|authorization:)\s{1,3}|://[^\s/@]*:(?=[^\s/]*\Z))[\"'`(\[{<\\]*(\S*)\Z"
)

_LONGEST_HOME = 32
"""No prefix of a home's name is longer."""

_HOMES = ("home", "users", "documents and settings", "~")
_SECRETS = ("pass", "pwd", "secret", "token", "key", "credential", "bearer", "basic", "authorization:", "://")

# Of the places in which a rule finds any name, those that need no second look.
_SURE_HOME = re.compile(
    r"(?:\A|[^A-Za-z0-9_.~%-])/(?:home|Users)/\Z"
    r"|(?:\A|[^A-Za-z0-9_.~%-]|%3[AaDd]|%2[02])%2[Ff](?:home|Users)%2[Ff]\Z"
)
_SURE_WINDOWS_HOME = re.compile(r"(?i)[a-z]:\\{1,4}users\\{1,4}\Z")
_SURE_SLUG = re.compile(r"(?:\A|[\s\"'`=(:/\\,])(?:[A-Za-z]-)?-(?:home|Users)-\Z")
_ENDS_WINDOWS_HOME = re.compile(r"[\\\"'`\t\n\r>,;)]")
_ENDS_SLUG = re.compile(r"-[A-Za-z0-9_-]|[/\\\"'`\s]|\Z")

_GLUED = re.compile(r"[\w-]")
_PASSWORD_OPTION = (" -p", "\t-p")
"""What the clients of some databases want right before a password."""


def fits(
    value: str, category: Category, before: str, after: str, *, final: bool, after_secret: bool = False
) -> bool | None:
    """Whether a value is found again, and as itself, between two texts; None: more has to come to tell.

    `before` is the last `BEFORE` characters of what was given, `after` what follows as the model wrote it.
    With `final`, nothing follows that. `after_secret` says that an `@` with a known secret before it is what
    `before` ends in, as in a URL: no rule takes the two for an e-mail address.
    """
    if category == "secret":
        return findable_alone(value, category) and _secret(before, after, final)
    if after[:1].isalnum():
        return False
    lowered = before.lower()
    if not (category == "home" and _SURE_HOME.search(before)) and not (
        category == "network" and (after_secret or _AFTER_USER.search(before))
    ):
        if "@" in before and _AFTER_AT.search(before):
            return False
        if (first := _first(_SECRETS, lowered)) >= 0:
            glued = _IN_SECRET.search(before, first)
            if glued:
                return False
    if not findable_alone(value, category):
        return _in_sure_home(value, before, after, final) if category == "home" else False
    if (first := _first(_HOMES, lowered)) >= 0:
        naming = _IN_NAME.search(before, first)
        if naming and not (category == "home" and _OF_HOME.match(naming[0])):
            return False
    return _BESIDE[category](value, before, after, final)


def _first(words: Iterable[str], text: str) -> int:
    """Where the first of some words stands, or -1: far sooner told than what a pattern says of a text."""
    first = -1
    for word in words:
        at = text.find(word, 0, first + len(word)) if first >= 0 else text.find(word)
        first = at if at >= 0 else first
    return first


def _home(value: str, before: str, after: str, final: bool) -> bool | None:
    last = before[-1:]
    if last.isalnum() and not _SURE_HOME.search(before):
        return False
    if last == "-":
        if _SLUG.search(before) and (after[:1] == "_" or after[:1] > "\x7f"):
            return False
    elif last and last in "/\\~Ff":
        before = before[-_LONGEST_HOME:]
        windows = _WINDOWS_HOME.search(before)
        if windows and after[:1] == " ":
            # To a rule, `Alice is` may be a name there.
            return False
        if (windows or _HOME.search(before)) and _goes_on(_PERSON.match(after), after, "_$"):
            return False
    return _no_address(after, final)


def _in_sure_home(value: str, before: str, after: str, final: bool) -> bool | None:
    """Whether a name that is not looked for elsewhere stands where a rule finds it."""
    if not value.isalnum():
        return False
    if not after and not final:
        return None
    if _SURE_HOME.search(before):
        return _home(value, before, after, final)
    if _SURE_WINDOWS_HOME.search(before):
        return bool(_ENDS_WINDOWS_HOME.match(after))
    if _SURE_SLUG.search(before):
        if after == "-" and not final:
            return None
        return bool(_ENDS_SLUG.match(after)) and _home(value, before, after, final)
    return False


def _email(value: str, before: str, after: str, final: bool) -> bool | None:
    last = before[-1:]
    if (last.isalnum() or (last and last in "_.%+'&~-")) and _AFTER_LOCAL.search(before):
        return False
    return _apart(_PERSON.match(after), after, final)


def _network(value: str, before: str, after: str, final: bool) -> bool | None:
    last = before[-1:]
    if last.isalnum() or (last and last in ("_.-:" if ":" in value else "_.-")):
        return False
    fit = _apart(_HOST.match(after) if ":" in value else _PERSON.match(after), after, final)
    return fit and _no_address(after, final)


def _term(value: str, before: str, after: str, final: bool) -> bool | None:
    return False if before[-1:].isalnum() else _no_address(after, final)


def _secret(before: str, after: str, final: bool) -> bool | None:
    """Whether nothing is glued to a secret that would make it another one.

    All else is no reason: known, it is found again wherever it stands, and a tool that writes a file must
    not write a placeholder.
    """
    if _GLUED.match(before[-1:]) and not before.endswith(_PASSWORD_OPTION):
        return False
    if not after and not final:
        return None
    return _GLUED.match(after) is None


def _apart(run: re.Match[str] | None, after: str, final: bool) -> bool | None:
    """Whether nothing of a word follows what only glues."""
    if _goes_on(run, after, "_"):
        return False
    return True if final or run is None or run.end() < len(after) else None


def _goes_on(run: re.Match[str] | None, after: str, signs: str) -> bool:
    follows = after[run.end() : run.end() + 1] if run else ""
    return follows.isalnum() or follows > "\x7f" or (follows != "" and follows in signs)


def _no_address(after: str, final: bool) -> bool | None:
    """Whether what follows does not make a value the beginning of an e-mail address."""
    run = _LOCAL.match(after)
    glued = run[0] if run else ""
    if "@" in glued and _IN_ADDRESS.search(glued):
        return False
    return True if final or len(glued) < len(after) else None


_BESIDE: Mapping[str, Callable[[str, str, str, bool], bool | None]] = {
    "home": _home,
    "email": _email,
    "network": _network,
    "term": _term,
}
