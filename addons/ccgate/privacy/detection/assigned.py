"""Whether what a name that says secret is given is one: by the name, and by the value's shape.

The names of code say it often and mean another thing: a field's label, a number of tokens, a function. So a
value has to be random, or what a person chooses as a password and nobody as a name.
"""

from __future__ import annotations

import re
from typing import NamedTuple

from ccgate.privacy.detection.entropy import digits
from ccgate.privacy.detection.entropy import is_hex
from ccgate.privacy.detection.entropy import is_random
from ccgate.privacy.detection.entropy import is_wordy
from ccgate.privacy.detection.entropy import shannon
from ccgate.privacy.detection.entropy import wordiness
from ccgate.privacy.detection.naming import says_of
from ccgate.privacy.detection.values import DIGIT
from ccgate.privacy.detection.values import REFERENCE
from ccgate.privacy.detection.values import SIGNS
from ccgate.privacy.detection.values import UUID
from ccgate.privacy.detection.values import is_mixed
from ccgate.privacy.detection.values import is_no_value
from ccgate.privacy.detection.values import is_placeholder_text
from ccgate.privacy.detection.values import is_plain_data
from ccgate.privacy.detection.values import may_be_password
from ccgate.privacy.detection.words import all_placeholders

_NAME_AND_NUMBER = re.compile(r"[A-Za-z]+[0-9]{1,2}")
_SEVERAL_WORDS = re.compile(r"[A-Za-z0-9]*(?:[ _.,:;/\\-][A-Za-z0-9]*)+[!?.:]?")
_LONG_RUN = re.compile(r"[A-Za-z0-9]{20}")
_MEMBER = re.compile(r"[A-Za-z_]\w{0,23}(?:\.[A-Za-z_]\w{0,23})+")
_PATH_WORDS = 0.6
"""From this share of common pairs of letters on, what has a slash is a path."""
_LINE_START = re.compile(
    r"(?:[ \t]*[0-9]{1,6}(?:\t|→))?[ \t]*(?:[-+*][ \t]{0,3})?(?:(?:export|set|ENV|ARG)[ \t]+)?[\w.-]*"
)
_BRACKETS = re.compile(r"[][(){}^*|<>]")
NAME_SIGNS = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.-"


class Context(NamedTuple):
    """What stands around a value: its name, quote and separator, the text before."""

    name: str = ""
    quote: str = ""
    separator: str = ""
    before: str = ""


def assigned(value: str, context: Context) -> bool:
    """What is assigned to a name that says secret."""
    # `NAME=value` with no space is a file of settings or a shell, where no brackets are code.
    settings = context.name.isupper() and context.separator == "=" and not context.quote
    if settings and says_of(context.name) == "password":
        chosen = DIGIT.search(value) is not None or is_mixed(value)
        return chosen and not (is_placeholder_text(value) or is_plain_data(value))
    says = says_of(context.name)
    if says == "public":
        return False
    if says in ("password", "key") and _is_dense(value, context):
        return not (is_placeholder_text(value) or is_plain_data(value))
    # The padding of base64 at the end is no comparison.
    if is_no_value(value.rstrip("=")) or len(set(value)) < 4 or all_placeholders(value):
        return False
    if is_hex(value) and context.before.rstrip(NAME_SIGNS).endswith("::"):  # a type's name, and its digest
        return False
    if "/" in value and wordiness(value) >= _PATH_WORDS:
        return False
    member = context.quote in ("", "`") and _MEMBER.fullmatch(value) is not None
    if member and not (digits(value) >= 4 and is_random(value)):
        return False
    if says == "password":
        return is_random(value) or _chosen(value, context)
    if says == "key" or context.name.endswith("_KEY"):
        if _BRACKETS.search(value):
            return False
        return is_random(value) or (UUID.fullmatch(value) is not None and shannon(value) > 3.0)
    return _LONG_RUN.search(value) is not None and is_random(value) and not is_hex(value)


def _is_dense(value: str, context: Context) -> bool:
    """A quoted value with signs of all sorts, as frameworks generate them: no code, though it looks so."""
    return (
        bool(context.quote)
        and 40 <= len(value) <= 100
        and not any(map(str.isspace, value))
        and len(SIGNS.findall(value)) >= 3
        and digits(value) >= 4
        and is_random(value)
    )


def assigned_line(value: str, context: Context) -> bool:
    """What is assigned, to the end of a line that has nothing else in it, as in a file of settings."""
    return _LINE_START.fullmatch(context.before) is not None and assigned(value, context)


def spaced(value: str, context: Context) -> bool:
    """What follows a name that says secret after a space alone: random without any doubt."""
    name = context.name.lower()
    if says_of(context.name) in ("otherwise", "public") or is_placeholder_text(value) or not is_random(value):
        return False
    if name.endswith(("signature", "salt")):  # of a package, in a list of digests
        return False
    if is_hex(value):
        return len(value) >= 32 and (context.quote != "" or context.name.isupper() or name == "login")
    if is_no_value(value.rstrip("=")) or (REFERENCE.fullmatch(value) and wordiness(value) > 0.5):
        return False
    return _LONG_RUN.search(value) is not None


def defined(value: str, context: Context) -> bool:
    """What a definition gives a password as, in quotes after a space: its name is no word of prose."""
    name = context.name
    code = "_" in name or not (name.islower() or name.istitle())
    return code and says_of(name) == "password" and _chosen(value, context)


def said(value: str, context: Context) -> bool:
    """What a sentence says is a password or a key."""
    if is_random(value) and not is_placeholder_text(value):
        return True
    return len(value) >= 7 and _chosen(value, Context(quote="'"))


def _chosen(value: str, context: Context) -> bool:
    """A password that a person chose: a digit and letters, and no identifier or sentence."""
    if len(value) < 6 or not may_be_password(value):
        return False
    if not context.quote and re.search(r"[(){}\[\]|]|^[A-Za-z_]\w*\.\w", value):
        return False
    numbers = digits(value)
    letters = sum(map(str.isalpha, value))
    signs = len(value) - letters - numbers
    if letters < 2 or (value.endswith(("=", ":")) and numbers == 0):
        return False
    if numbers == 0:
        if len(value) >= 12 and is_mixed(value):
            return True
        return len(value) >= 8 and _strong_signs(value) and not _plain_words(value)
    if signs and _plain_words(value):
        return False
    return not _identifier(value)


def _strong_signs(value: str) -> bool:
    return any(sign in value for sign in "!@#$%^&*?~") and value.lower() != value


def _identifier(value: str) -> bool:
    """A name in code that happens to end in a short number."""
    return _NAME_AND_NUMBER.fullmatch(value) is not None and len(value) > 7 and wordiness(value) > 0.85


def _plain_words(value: str) -> bool:
    return _SEVERAL_WORDS.fullmatch(value) is not None and is_wordy(value)
