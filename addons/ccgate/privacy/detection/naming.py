"""What the name of a variable says of its value: a password, a key, something about one, or nothing."""

from __future__ import annotations

import re
from functools import lru_cache

_SAYS_PASSWORD = re.compile(r"(?i)pass|pwd|contrase|secret|credential|psk")
_SAYS_KEY = re.compile(
    r"(?i)api[_.-]?key|apikey|access[_.-]?key|private|client|token|secret|auth|encrypt|signing|master|account"
    r"|service|license|jwt|bearer|app|consumer|admin|subscription|deploy|hmac|cipher|crypt|aes|shared|server"
    r"|project|function|host|routing|integration|ingest|write|record|sdk|reporter|unseal|recovery|psk|[_.-]pat$"
    r"|instrumentation|webhook|merchant|developer|crumb|p12|pfx|pkcs12|keystore|jks|user|maps|seed|license|validation"
)
_SAYS_OTHERWISE = re.compile(
    r"(?i)(?:name|file|filename|path|dir|url|uri|host|endpoint|type|types|field|label|hint|header|prefix|suffix"
    r"|length|len|size|count|expir\w*|ttl|timeout|age|regex|pattern|format|policy|algorithm|alg|method|mode|class"
    r"|column|param|selector|input|title|message|error|version|ref|arn|env|var|placeholder|status|id|ids|scope|json"
    r"|issuer|audience|manager|provider|strategy|rule|validator|template|text|description|dialog|button|icon"
    r"|limit|index|event|encoding|store|service|handler|factory|kind|date|time|(?<![_.-]p)at|by|on|ize[rd]?|pretrained"
    r"|s?_?map)$"
)
_SAYS_SECRET_ID = re.compile(r"(?i)^(?:[\w.-]*[_.-])?secret_?id$")  # one half of a login of Vault's
_SAYS_PUBLIC = re.compile(r"(?i)public|authority|fingerprint|thumbprint|checksum|digest|integrity")


@lru_cache(maxsize=4096)
def says_of(name: str) -> str:
    """What a name says: "password", "key", "public", "otherwise" (something about a secret), or ""."""
    if _SAYS_PUBLIC.search(name):
        return "public"
    if _SAYS_SECRET_ID.search(name):
        return "key"
    if _SAYS_OTHERWISE.search(name):
        return "otherwise"
    if _SAYS_PASSWORD.search(name):
        return "password"
    return "key" if _SAYS_KEY.search(name) else ""
