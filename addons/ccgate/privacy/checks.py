"""What a found value must be like: the last word on what a pattern matched, rule by rule.

Each check gets the value and its `Context` and says whether it counts. They run on what a pattern found, so
on a few texts of a few hundred characters each; every one takes time linear in them.
"""

from __future__ import annotations

import ipaddress
import operator
import re
from collections.abc import Callable
from functools import lru_cache
from typing import NamedTuple

from ccgate.privacy.emails import is_persons
from ccgate.privacy.entropy import digits
from ccgate.privacy.entropy import is_hex
from ccgate.privacy.entropy import is_random
from ccgate.privacy.entropy import is_wordy
from ccgate.privacy.entropy import shannon
from ccgate.privacy.entropy import wordiness
from ccgate.privacy.linear import matcher
from ccgate.privacy.words import all_placeholders
from ccgate.privacy.words import words


class Context(NamedTuple):
    """What stands around a value: its name, quote and separator, the text before."""

    name: str = ""
    quote: str = ""
    separator: str = ""
    before: str = ""


Check = Callable[[str, Context], bool]

_STANDS_FOR = (
    r"(?i:example|placeholder|change[_-]?(?:me|it)|replace[_-]?(?:me|with)|redacted|dummy"
    r"|your[_-]?\w*[_-]?(?:key|token|secret|password|id|name|value|api|app|access|auth|client|account|here)"
    r"|(?:insert|enter|put|add)[_-]?(?:your|here)|<[^>]*>|\$\{|\{\{|\$\(|%\(|%[sd]\b|%\{|\*{3}|x{5}|\.{3}|…"
    r"|1234567890|0123456789|abcdefgh|deadbeef|0{8}|process\.env|os\.environ)"
)
_CODE = r"\w\(|\w\[|=>|==|&&|\|\||::|->|\+=|!=|\w\?\.|^this\.|^self\.|^\$\w|</|^@\w+[./]|^#[\w-]+$"
_PLAIN_DATA = (
    r"^[vV^~<>=!]*[0-9]+(?:[._:/,+-][0-9]+)*[a-z%]{0,3}$"  # a number, a version, a time
    r"|^[0-9]{4}-[0-9]{2}-[0-9]{2}"  # a date
    r"|^(?:[A-Za-z]:)?[./~\\]{1,3}[\w./\\-]*$|^[a-z][a-z0-9+.-]*:(?://|/)"  # a path, a URL
    r"|^[\w.-]+@[\w.-]+\.\w+$|^\.?(?:[\w-]+\.)+[a-z]{2,6}(?::[0-9]+)?$"  # an e-mail address, a host
    r"|^sha(?:1|256|384|512)[-:=]"  # a digest of a package
    r"|^LS0tLS1CRUdJTiB(?:DRVJU|QVUJM)|^AAAA[A-Z]3NzaC1"  # a certificate, a public key
    r"|^(?:MFkwEwYHKoZI|MHYwEAYHKoZI|MFYwEAYHKoZI|MII[A-Z][A-Za-z0-9+/]{1}ANBgkqhkiG9w0BAQEFAAOC|MCowBQYDK2V)"
    r"|^(?i:rfc[ -]?[0-9]{3,5}|(?:utf|iso|cp|latin|windows|ascii|ed|x|secp|sha|aes|crc)[-_]?[0-9]{1,5}[a-z0-9_-]{0,4})$"
)
_is_code = matcher(_CODE)
_is_plain_data = matcher(_PLAIN_DATA)
_is_no_value = matcher(f"{_CODE}|{_PLAIN_DATA}|{_STANDS_FOR}")
_stands_for = matcher(_STANDS_FOR)
_REFERENCE = re.compile(
    r"[$%@#&!]?[A-Za-z_][A-Za-z0-9_]*(?:(?:\.|::|->|/|-|\\)[A-Za-z_][A-Za-z0-9_]*)*[!?%$]?"  # a name in code
)
_UUID = re.compile(r"[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")
_INTEGRITY = re.compile(r"(?i)sha(?:512|384)?[-:= \"'{]*$|integrity")
_SAYS_PASSWORD = re.compile(r"(?i)pass|pwd|contrase|secret|credential|psk")
_SAYS_KEY = re.compile(
    r"(?i)api[_.-]?key|apikey|access[_.-]?key|private|client|token|secret|auth|encrypt|signing|master|account"
    r"|service|license|jwt|bearer|app|consumer|admin|subscription|deploy|hmac|cipher|crypt|aes|shared|server"
    r"|project|function|host|routing|integration|ingest|write|record|sdk|reporter|unseal|recovery|psk|[_.-]pat$"
    r"|instrumentation|webhook|merchant|developer|crumb|p12|pfx|pkcs12|keystore|jks|user|maps|seed|license"
)
_SAYS_OTHERWISE = re.compile(
    r"(?i)(?:name|file|filename|path|dir|url|uri|host|endpoint|type|types|field|label|hint|header|prefix|suffix"
    r"|length|len|size|count|expir\w*|ttl|timeout|age|regex|pattern|format|policy|algorithm|alg|method|mode|class"
    r"|column|param|selector|input|title|message|error|version|ref|arn|env|var|placeholder|status|id|ids|scope|json"
    r"|issuer|audience|manager|provider|strategy|rule|validator|template|text|description|dialog|button|icon"
    r"|limit|index|event|encoding|store|service|handler|factory|kind|date|time|(?<![_.-]p)at|by|on|ize[rd]?|pretrained"
    r"|s?_?map)$"
)
_SAYS_PUBLIC = re.compile(r"(?i)public|authority|fingerprint|thumbprint|checksum|digest|integrity")
_KEYS_WORDS = frozenset(
    "sk pk rk ak key api apikey secret token tok live test prod pat sec access auth svc acct admin tkn "
    "priv".split()
)
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
_NAME = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.-"
_CAMEL = re.compile(r"[A-Z][a-z]{2,}")
_DIGITS = re.compile(r"[0-9]+")
_SIGNS = re.compile(r"[^A-Za-z0-9]")
_DIGIT = re.compile(r"[0-9]")


@lru_cache(maxsize=4096)
def _says(name: str) -> str:
    """What a name says of its value: "password", "key", "public", "otherwise" (something about one), or ""."""
    if _SAYS_PUBLIC.search(name):
        return "public"
    if _SAYS_OTHERWISE.search(name):
        return "otherwise"
    if _SAYS_PASSWORD.search(name):
        return "password"
    return "key" if _SAYS_KEY.search(name) else ""


def is_placeholder_text(value: str) -> bool:
    """Whether a value only stands for a secret, as in documentation and templates."""
    return _stands_for(value) or len(set(value)) < 4 or all_placeholders(value)


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
    if is_placeholder_text(value) or (_REFERENCE.fullmatch(value) and is_wordy(value)):
        return False
    if is_random(value):
        return True
    has_digit = _DIGIT.search(value) is not None
    return has_digit and len(value) >= 10 and not is_wordy(value) and not _is_plain_data(value)


def password(value: str, context: Context) -> bool:
    """What a person or a generator would choose as a password, and nobody as a variable's name."""
    if (
        len(value) < 5
        or is_placeholder_text(value)
        or _is_code(value)
        or value.startswith(("$", "%", "{", "-"))
    ):
        return False
    if _is_plain_data(value):
        return False
    if _REFERENCE.fullmatch(value) and _plain(value) and not _mixed(value):
        return False
    return _DIGIT.search(value) is not None or _SIGNS.search(value) is not None or _mixed(value)


def _mixed(value: str) -> bool:
    changes = sum(map(operator.ne, map(str.isupper, value), map(str.isupper, value[1:])))
    return len(value) >= 8 and changes * 4 >= len(value) and wordiness(value) < 0.6


def password_value(value: str, context: Context) -> bool:
    """A password where the format says that it is one: anything but a placeholder or a variable."""
    return not is_placeholder_text(value) and not value.startswith(("$", "%", "{", "<"))


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


def assigned(value: str, context: Context) -> bool:
    """What is assigned to a name that says secret."""
    # `NAME=value` with no space is a file of settings or a shell, where no brackets are code.
    settings = context.name.isupper() and context.separator == "=" and not context.quote
    if settings and _says(context.name) == "password":
        chosen = _DIGIT.search(value) is not None or _mixed(value)
        return chosen and not (is_placeholder_text(value) or _is_plain_data(value))
    says = _says(context.name)
    if says == "public":
        return False
    if says in ("password", "key") and _is_dense(value, context):
        return not is_placeholder_text(value)
    # The padding of base64 at the end is no comparison.
    if _is_no_value(value.rstrip("=")) or len(set(value)) < 4 or all_placeholders(value):
        return False
    if is_hex(value) and context.before.rstrip(_NAME).endswith("::"):  # a type's name, and its digest
        return False
    member = context.quote in ("", "`") and _MEMBER.fullmatch(value) is not None
    if (member and not (digits(value) >= 4 and is_random(value))) or ("/" in value and wordiness(value) >= _PATH_WORDS):
        return False
    if says == "password":
        return is_random(value) or _chosen(value, context)
    if says == "key" or context.name.endswith("_KEY"):
        if _BRACKETS.search(value):
            return False
        return is_random(value) or (_UUID.fullmatch(value) is not None and shannon(value) > 3.0)
    return _LONG_RUN.search(value) is not None and is_random(value) and not is_hex(value)


def _is_dense(value: str, context: Context) -> bool:
    """A quoted value with signs of all sorts and no space, as frameworks generate them: no code, though it looks so."""
    return (
        bool(context.quote)
        and 40 <= len(value) <= 100
        and not any(map(str.isspace, value))
        and len(_SIGNS.findall(value)) >= 3
        and digits(value) >= 4
        and is_random(value)
    )


def spaced(value: str, context: Context) -> bool:
    """What follows a name that says secret after a space alone: random without any doubt."""
    if _says(context.name) in ("otherwise", "public") or context.name.lower().endswith(("signature", "salt")):
        return False
    if is_hex(value):
        said = context.quote or context.name.isupper() or context.name == "login"
        return bool(said) and len(value) >= 32 and random(value, context)
    if _is_no_value(value.rstrip("=")) or (_REFERENCE.fullmatch(value) and wordiness(value) > 0.5):
        return False
    return _LONG_RUN.search(value) is not None and random(value, context)


def url_key(value: str, context: Context) -> bool:
    """A part of a URL's path that opens the door by itself."""
    return not is_placeholder_text(value) and _DIGIT.search(value) is not None and not is_wordy(value)


def setting(value: str, context: Context) -> bool:
    """A password after a command or a setting that takes nothing else, but in prose."""
    return password(value, context) and (_DIGIT.search(value) is not None or _mixed(value))


def grouped(value: str, context: Context) -> bool:
    """Four groups of four letters, made by a generator and not of words."""
    return wordiness(value) < 0.75 and not all_placeholders(value)


def digit_lines(value: str, context: Context) -> bool:
    """Lines of digits, as many as an encrypted file has."""
    return digits(value) >= 60


def assigned_line(value: str, context: Context) -> bool:
    """What is assigned, to the end of a line that has nothing else in it, as in a file of settings."""
    return _LINE_START.fullmatch(context.before) is not None and assigned(value, context)


def said(value: str, context: Context) -> bool:
    """What a sentence says is a password or a key."""
    if random(value, context):
        return True
    return len(value) >= 7 and _chosen(value, Context(quote="'"))


def _chosen(value: str, context: Context) -> bool:
    """A password that a person chose: a digit and letters, and no identifier or sentence."""
    if len(value) < 6 or not password(value, context):
        return False
    if not context.quote and re.search(r"[(){}\[\]|]|^[A-Za-z_]\w*\.\w", value):
        return False
    numbers = digits(value)
    letters = sum(map(str.isalpha, value))
    signs = len(value) - letters - numbers
    if letters < 2 or (value.endswith(("=", ":")) and numbers == 0):
        return False
    if numbers == 0:
        if len(value) >= 12 and _mixed(value):
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


def _plain(value: str) -> bool:
    return _DIGIT.search(value) is None or (
        wordiness(value) > 0.85 and re.search(r"[_.-]", value) is not None
    )


def person(value: str, context: Context) -> bool:
    """The name of an account that may be a person's."""
    lowered = value.lower()
    if lowered in words("accounts") or lowered.rstrip("0123456789") in words("accounts"):
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
    )
}
"""The checks that a rule can name."""
