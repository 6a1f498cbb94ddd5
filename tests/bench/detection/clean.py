"""Texts without a secret in them: in which whatever is found is wrong.

Source code of others as it is installed, and what looks like secrets and is none, made from a seed: digests,
identifiers, lock files, pictures, documentation's placeholders.
"""

from __future__ import annotations

import sysconfig
from collections.abc import Iterator
from functools import cache
from pathlib import Path

from tests.bench.detection.templates import filled

LOOKALIKES = (
    "commit <<hex:40>>\nAuthor: A U Thor\nDate:   Fri Nov 20 2026\n\n    <<hex:8>>..<<hex:8>>\n",
    "index <<hex:7>>..<<hex:7>> 100644\n--- a/src/token.ts\n+++ b/src/token.ts\n@@ -1,3 +1,3 @@\n",
    '  "integrity": "sha512-<<b64:86>>==",\n  "resolved": "https://registry.npmjs.org/a/-/a-1.2.3.tgz",\n',
    'name = "serde"\nversion = "1.0.200"\nchecksum = "<<hex:64>>"\n',
    "requests==2.34.2 \\\n    --hash=sha256:<<hex:64>> \\\n    --hash=sha256:<<hex:64>>\n",
    "github.com/a/b v1.2.3 h1:<<b64:43>>=\ngithub.com/a/b v1.2.3/go.mod h1:<<b64:43>>=\n",
    '<img src="data:image/png;base64,<<b64:400>>">\n',
    "sha256:<<hex:64>> docker.io/library/python:3.13-slim\n",
    '{"id": "<<uuid>>", "trace_id": "<<hex:32>>", "span_id": "<<hex:16>>"}\n',
    "msg_01<<alnum:22>> toolu_01<<alnum:22>> req_011<<alnum:21>>\n",
    'ETag: W/"<<hex:32>>"\nX-Request-Id: <<uuid>>\nCF-RAY: <<hex:16>>-FRA\n',
    '<link href="/static/css/main.<<hex:8>>.css"><script src="/<<digits:3>>.<<hex:20>>.chunk.js"></script>\n',
    'OPENAI_API_KEY=your-api-key-here\nDB_PASSWORD=changeme\nSECRET_KEY="change-me-in-production"\n',
    "export TOKEN=${TOKEN:?set it}\npassword: ${{ secrets.DB_PASSWORD }}\ntoken: {{ .Values.token }}\n",
    'api_key = os.environ["API_KEY"]\npassword = getpass()\ntoken = request.headers.get("Authorization")\n',
    "curl -H 'Authorization: Bearer <token>' https://api.example.com\ncurl -u user:password https://example.com\n",
    "sk-xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx\nghp_xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx\nAKIAIOSFODNN7EXAMPLE\n",
    "postgres://user:password@localhost:5432/db\nredis://localhost:6379/0\nmongodb://<user>:<password>@host/db\n",
    'const passwordInput = document.querySelector("#password-field-2");\nlabel.htmlFor = "new-password";\n',
    "type Token = { kind: 'access' | 'refresh'; expiresIn: 3600 };\nmax_tokens: 16384,\n",
    "class SecretManagerV1Beta2(object):\n    api_key_name = 'x-api-key'\n    token_url = '/v2/token'\n",
    "assert response.status_code == 401\nassert token.type == TokenType.NAME_2\npassword_hasher = 'argon2'\n",
    "-----BEGIN CERTIFICATE-----\n<<b64:64>>\n<<b64:64>>\n-----END CERTIFICATE-----\n",
    "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAI<<b64:43>> host\n",
    ".a{color:#<<hex:6>>}.css-<<lowernum:7>>{margin:0}._<<alnum:5>>_<<alnum:5>>_1{}\n",
    "//# sourceMappingURL=data:application/json;base64,<<b64:200>>\n",
    "0x<<hex:40>> transferred to 0x<<hex:40>> in 0x<<hex:64>>\n",
    "arn:aws:iam::<<digits:12>>:role/ci arn:aws:kms:eu-west-1:<<digits:12>>:key/<<uuid>>\n",
    "cus_<<alnum:14>> pi_<<alnum:24>> price_<<alnum:24>> pk_live_short\n",
)
"""Templates of what looks like a secret and is none."""


def made(size: int = 1_000_000) -> Iterator[str]:
    """Look-alikes, some lines each, about `size` characters in all."""
    length = number = 0
    while length < size:
        text = "".join(filled(template, f"{number} {template}") for template in LOOKALIKES)
        yield text
        length += len(text)
        number += 1


@cache
def installed(limit: int = 10_000_000) -> dict[str, tuple[str, ...]]:
    """Source → texts of files: the standard library, and installed packages in Python and JavaScript."""
    library = Path(sysconfig.get_path("stdlib"))
    packages = Path(sysconfig.get_path("purelib"))
    return {
        "standard library": _read(
            (path for path in _files(library, "*.py") if "site-packages" not in path.parts), limit
        ),
        "packages, Python": _read(_files(packages, "*.py"), limit),
        "packages, JavaScript": _read(_files(packages, "*.js"), limit),
    }


def _files(folder: Path, pattern: str) -> list[Path]:
    found = sorted(folder.rglob(pattern))
    # Evenly from all of it, not the first by name.
    return [path for start in range(7) for path in found[start::7]]


def _read(paths: Iterator[Path] | list[Path], limit: int) -> tuple[str, ...]:
    texts: list[str] = []
    length = 0
    for path in paths:
        if length >= limit:
            break
        try:
            text = path.read_text("utf-8")
        except (OSError, UnicodeDecodeError):
            continue
        texts.append(text)
        length += len(text)
    return tuple(texts)
