"""The placeholder key: what makes one value one placeholder in every turn, session and instance.

A gateway of its own makes one in the state folder when it starts for the first time. The instances of a
fleet are given the same one by `env:NAME` or `file:PATH`. Losing or changing it is safe but dear: every
conversation that is under way gets other placeholders, so the provider's cache misses once and newer models
reject the thinking in it.
"""

from __future__ import annotations

import base64
import contextlib
import os
import re
import secrets
import tempfile
from collections.abc import Mapping
from pathlib import Path

from ccgate.errors import ConfigError

KEY_FILE = "placeholder.key"
"""Name of the key's file in the state folder: 64 hexadecimal digits in one line, mode 0600."""

LEAST_BYTES = 32

_LEAST_DISTINCT = 16
"""32 random bytes have fewer distinct ones about once in 10^14 keys; what a person typed has them often."""

_HEX = re.compile(r"(?:[0-9A-Fa-f]{2})+")


def load(spec: str | None, state: Path, environ: Mapping[str, str] = os.environ) -> bytes:
    """The key that `env:NAME` or `file:PATH` names; None: the state folder's own, made when it is missing.

    Raises:
        ConfigError: there is none, or it cannot be a key; names the place and the mend, never the key.
    """
    if spec is None:
        return _own(state / KEY_FILE)
    scheme, _, rest = spec.partition(":")
    if scheme == "env" and rest:
        place = f"environment variable {rest}"
        text = environ.get(rest)
        if text is None:
            raise ConfigError(f"{place} is not set; export the placeholder key, or use file:PATH")
        return _decoded(text, place)
    if scheme == "file" and rest:
        return _read(Path(rest).expanduser())
    raise ConfigError("privacy.key: expected env:NAME or file:PATH")


def _own(path: Path) -> bytes:
    with contextlib.suppress(FileNotFoundError):
        path.lstat()
        return _read(path)
    try:
        _make(path)
    except OSError as e:
        raise ConfigError(
            f"{path}: the placeholder key cannot be made ({e.strerror}); let its folder be written to"
        ) from e
    return _read(path)


def _make(path: Path) -> None:
    """A new key, unless another process was first.

    It is written beside its place and linked there, so that nobody ever reads half of it.
    """
    handle, name = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
    try:
        with os.fdopen(handle, "w", encoding="ascii") as file:
            file.write(secrets.token_hex(LEAST_BYTES) + "\n")
            file.flush()
            os.fsync(file.fileno())
        with contextlib.suppress(FileExistsError):
            os.link(name, path)
    finally:
        Path(name).unlink()


def _read(path: Path) -> bytes:
    try:
        if path.stat().st_mode & 0o077:
            raise ConfigError(f"{path}: others than its owner can read this key; chmod 600 it")
        text = path.read_text("ascii")
    except OSError as e:
        raise ConfigError(
            f"{path}: the placeholder key cannot be read ({e.strerror}); mend its path or rights"
        ) from e
    except UnicodeDecodeError:
        raise ConfigError(f"{path}: does not hold a placeholder key; {_MEND}") from None
    return _decoded(text, str(path))


_MEND = "it is 32 bytes or more in hexadecimal or base64, as `openssl rand -hex 32` prints"


def _decoded(text: str, place: str) -> bytes:
    text = text.strip()
    try:
        key = bytes.fromhex(text) if _HEX.fullmatch(text) else _from_base64(text)
    except ValueError:
        raise ConfigError(f"{place}: does not hold a placeholder key; {_MEND}") from None
    if len(key) < LEAST_BYTES:
        raise ConfigError(f"{place}: the placeholder key is too short ({len(key)} bytes); {_MEND}")
    if len(set(key)) < _LEAST_DISTINCT:
        raise ConfigError(f"{place}: the placeholder key is not random; {_MEND}")
    return key


def _from_base64(text: str) -> bytes:
    """The bytes of either alphabet of RFC 4648, with or without padding."""
    plain = text.rstrip("=").replace("-", "+").replace("_", "/")
    return base64.b64decode(plain + "=" * (-len(plain) % 4), validate=True)
