"""What a value is, whatever stands around it: a placeholder, code, a number or a path, a password.

Every question takes time linear in the value.
"""

from __future__ import annotations

import operator
import re

from ccgate.privacy.detection.entropy import wordiness
from ccgate.privacy.detection.linear import matcher
from ccgate.privacy.detection.words import all_placeholders

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
    r"|^(?:MFkwEwYHKoZI|MHYwEAYHKoZI|MFYwEAYHKoZI|MII[A-Z][A-Za-z0-9+/]ANBgkqhkiG9w0BAQEFAAOC|MCowBQYDK2V)"
    r"|^(?i:rfc[ -]?[0-9]{3,5}|(?:utf|iso|cp|latin|windows|ed|x|secp|sha|aes|crc)[-_]?[0-9]{1,5}[\w-]{0,4})$"
)
is_code = matcher(_CODE)
is_plain_data = matcher(_PLAIN_DATA)
is_no_value = matcher(f"{_CODE}|{_PLAIN_DATA}|{_STANDS_FOR}")
_stands_for = matcher(_STANDS_FOR)
REFERENCE = re.compile(
    r"[$%@#&!]?[A-Za-z_][A-Za-z0-9_]*(?:(?:\.|::|->|/|-|\\)[A-Za-z_][A-Za-z0-9_]*)*[!?%$]?"  # a name in code
)
UUID = re.compile(r"[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")
DIGIT = re.compile(r"[0-9]")
SIGNS = re.compile(r"[^A-Za-z0-9]")


def is_placeholder_text(value: str) -> bool:
    """Whether a value only stands for a secret, as in documentation and templates."""
    return _stands_for(value) or len(set(value)) < 4 or all_placeholders(value)


def may_be_password(value: str) -> bool:
    """What a person or a generator would choose as a password, and nobody as a variable's name."""
    if (
        len(value) < 5
        or is_placeholder_text(value)
        or is_code(value)
        or value.startswith(("$", "%", "{", "-"))
    ):
        return False
    if is_plain_data(value):
        return False
    if REFERENCE.fullmatch(value) and _plain(value) and not is_mixed(value):
        return False
    return DIGIT.search(value) is not None or SIGNS.search(value) is not None or is_mixed(value)


def is_mixed(value: str) -> bool:
    """Whether small letters and capitals alternate as in no name: `etGvrKOO`."""
    changes = sum(map(operator.ne, map(str.isupper, value), map(str.isupper, value[1:])))
    return len(value) >= 8 and changes * 4 >= len(value) and wordiness(value) < 0.6


def _plain(value: str) -> bool:
    return DIGIT.search(value) is None or (wordiness(value) > 0.85 and re.search(r"[_.-]", value) is not None)
