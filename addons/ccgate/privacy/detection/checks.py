"""What a found value must be like: the last word on what a pattern matched, rule by rule.

Each check gets the value and its `Context` and says whether it counts. They run on what a pattern found, so
on a few texts of a few hundred characters each; every one takes time linear in them.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Callable

from ccgate.privacy.detection.assigned import Context as Context
from ccgate.privacy.detection.assigned import assigned
from ccgate.privacy.detection.assigned import assigned_line
from ccgate.privacy.detection.assigned import defined
from ccgate.privacy.detection.assigned import said
from ccgate.privacy.detection.assigned import spaced
from ccgate.privacy.detection.emails import is_persons
from ccgate.privacy.detection.entropy import digits
from ccgate.privacy.detection.entropy import is_random
from ccgate.privacy.detection.entropy import is_wordy
from ccgate.privacy.detection.entropy import shannon
from ccgate.privacy.detection.entropy import wordiness
from ccgate.privacy.detection.values import DIGIT
from ccgate.privacy.detection.values import REFERENCE
from ccgate.privacy.detection.values import is_mixed
from ccgate.privacy.detection.values import is_placeholder_text
from ccgate.privacy.detection.values import is_plain_data
from ccgate.privacy.detection.values import may_be_password
from ccgate.privacy.detection.words import all_placeholders
from ccgate.privacy.detection.words import words

Check = Callable[[str, Context], bool]
_INTEGRITY = re.compile(r"(?i)sha(?:512|384)?[-:= \"'{]*$|integrity")
_KEYS_WORDS = frozenset(
    "sk pk rk ak key api apikey secret token tok live test prod pat sec access auth svc acct admin tkn "
    "priv".split()
)
_CAMEL = re.compile(r"[A-Z][a-z]{2,}")
_DIGITS = re.compile(r"[0-9]+")


def anything(value: str, context: Context) -> bool:
    """More than a placeholder, and no text of words."""
    return not is_placeholder_text(value) and not is_wordy(value)


def token(value: str, context: Context) -> bool:
    """A token whose pattern says nearly all: no placeholder, and not one character again and again."""
    return not is_placeholder_text(value) and shannon(value) >= 2.5 and not is_wordy(value)


def random(value: str, context: Context) -> bool:
    """Made by a generator: what a pattern with little of its own needs."""
    return not is_placeholder_text(value) and is_random(value)


def random_part(value: str, context: Context) -> bool:
    """A path of which one part at least was made by a generator."""
    return not is_placeholder_text(value) and any(is_random(part) for part in value.split("/"))


def prefixed(value: str, context: Context) -> bool:
    """A token of an unknown provider: a prefix that says so, or that at least is none of an identifier.

    After a hyphen a body of one case may be a digest in a file's name, so there the prefix has to say it.
    """
    head, _, body = value.replace("-", "_").rpartition("_")
    parts = head.lower().split("_")
    published = parts[0] == "pk" and parts[1:2] in (["live"], ["test"])
    if published or parts[0] in words("identifiers") or not is_random(body) or is_placeholder_text(value):
        return False
    if _is_camel(body):
        return False
    if not _KEYS_WORDS.isdisjoint(parts):
        return True
    mixed = body.upper() != body and body.lower() != body
    return mixed or ("-" not in value and len(body) >= 32)


def _is_camel(text: str) -> bool:
    """A name in code, made of words that begin with a capital."""
    words_in_it = sum(map(len, _CAMEL.findall(text)))
    return words_in_it * 2 >= len(text) and len(_DIGITS.findall(text)) <= 2


def storage_key(value: str, context: Context) -> bool:
    """64 bytes in base64 that are no digest of a package."""
    return random(value, context) and not _INTEGRITY.search(context.before)


def header(value: str, context: Context) -> bool:
    """The value of a header or a query: random, or too mixed to be a word."""
    if is_placeholder_text(value) or (REFERENCE.fullmatch(value) and is_wordy(value)):
        return False
    if is_random(value):
        return True
    has_digit = DIGIT.search(value) is not None
    return has_digit and len(value) >= 10 and not is_wordy(value) and not is_plain_data(value)


def password_value(value: str, context: Context) -> bool:
    """A password where the format says that it is one: anything but a placeholder or a variable."""
    return not is_placeholder_text(value) and not value.startswith(("$", "%", "{", "<"))


def password(value: str, context: Context) -> bool:
    """What a person or a generator would choose as a password, and nobody as a variable's name."""
    return may_be_password(value)


def url_password(value: str, context: Context) -> bool:
    """The password in a URL."""
    if is_placeholder_text(value) or value.startswith(("$", "{", "<", "%{", "[", "(", "#{")):
        return False
    return len(value) >= 3 and not value.isdigit()


def connection(value: str, context: Context) -> bool:
    """The password in a connection string."""
    inner = value[1:-1] if value.startswith("{") and value.endswith("}") else value
    return password(inner, context)


def pem(value: str, context: Context) -> bool:
    """A block with a body, not the header alone, which source code is full of."""
    body = re.sub(r"-----[^-]*-----|\\\\?[nrt]|[\s\"',+>|#*]|\\", "", value)
    return len(body) >= 40 and shannon(body[:400]) >= 3.5


def mnemonic(value: str, context: Context) -> bool:
    """12, 15, 18, 21 or 24 words."""
    count = len(value.split())
    return count in (12, 15, 18, 21, 24) and len(set(value.split())) * 3 >= count * 2


def url_key(value: str, context: Context) -> bool:
    """A part of a URL's path that opens the door by itself."""
    mixed = DIGIT.search(value) is not None and not value.isdigit()
    return mixed and not is_placeholder_text(value) and not is_wordy(value)


def setting(value: str, context: Context) -> bool:
    """A password after a command or a setting that takes nothing else, but in prose."""
    return password(value, context) and (DIGIT.search(value) is not None or is_mixed(value))


def grouped(value: str, context: Context) -> bool:
    """Four groups of four letters, made by a generator and not of words."""
    return wordiness(value) < 0.75 and not all_placeholders(value)


def digit_lines(value: str, context: Context) -> bool:
    """Lines of digits, as many as an encrypted file has."""
    return digits(value) >= 60


def person(value: str, context: Context) -> bool:
    """The name of an account that may be a person's."""
    lowered = value.lower()
    if all(part in words("accounts") for part in (lowered.rstrip("0123456789") or lowered).split()):
        return False
    if lowered in words("accounts"):
        return False
    return len(value) >= 2 and not value.isdigit() and not value.startswith("redacteduser")


def address(value: str, context: Context) -> bool:
    """An e-mail address with its @ percent-encoded."""
    local, _, host = value.partition("%40")
    return is_persons(local, host)


def ipv4(value: str, context: Context) -> bool:
    """An address with four parts below 256."""
    parts = value.split(".")
    return len(parts) == 4 and all(int(part) < 256 for part in parts)


def ipv6(value: str, context: Context) -> bool:
    """An address that is one."""
    try:
        ipaddress.IPv6Address(value)
    except ValueError:
        return False
    return True


def host(value: str, context: Context) -> bool:
    """A name in a private network that is not the same for everybody."""
    return value.lower() not in words("hosts")


CHECKS: dict[str, Check] = {
    check.__name__: check
    for check in (
        anything,
        token,
        random,
        random_part,
        prefixed,
        storage_key,
        header,
        password,
        password_value,
        url_password,
        connection,
        url_key,
        defined,
        setting,
        grouped,
        digit_lines,
        spaced,
        pem,
        mnemonic,
        assigned,
        assigned_line,
        said,
        person,
        address,
        ipv4,
        ipv6,
        host,
    )
}
"""The checks that a rule can name."""
