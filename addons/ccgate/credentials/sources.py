"""Where the gateway's own credential comes from: an environment variable or a file.

A source is read when it is needed, so that a file that was renewed counts at once. What it holds never
appears in an error; errors name the place and the mend.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Protocol

from ccgate.errors import ConfigError

_MAX_LENGTH = 8192


class Source(Protocol):
    """A place that a secret is read from."""

    def read(self) -> str:
        """The secret as it is now.

        Raises:
            ConfigError: there is none, or it cannot be a credential.
        """


def _checked(secret: str, place: str) -> str:
    """The secret without surrounding white space, if it can stand in a header."""
    secret = secret.strip()
    if not secret:
        raise ConfigError(f"{place} is empty; put the API key there")
    if len(secret) > _MAX_LENGTH or not secret.isascii() or not secret.isprintable() or " " in secret:
        raise ConfigError(f"{place} does not hold one API key in one line of visible ASCII characters")
    if secret.startswith("ccg_"):
        raise ConfigError(f"{place} holds a client's token of ccgate's own; put the provider's API key there")
    if secret.startswith("sk-ant-oat"):
        raise ConfigError(
            f"{place} holds an OAuth token; credential.kind: api-key takes an organisation's API key alone"
        )
    return secret


class EnvironmentSource:
    """A secret in an environment variable of the gateway's process."""

    def __init__(self, name: str, environ: Mapping[str, str] = os.environ) -> None:
        self._name = name
        self._environ = environ

    def read(self) -> str:
        """See `Source`."""
        place = f"environment variable {self._name}"
        value = self._environ.get(self._name)
        if value is None:
            raise ConfigError(f"{place} is not set; export it before the start, or use file:PATH")
        return _checked(value, place)


class FileSource:
    """A secret in a file that its owner alone can read; read again when the file has changed."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._seen: tuple[int, int, int] | None = None
        self._secret = ""

    def read(self) -> str:
        """See `Source`."""
        try:
            stat = self._path.stat()
            seen = (stat.st_mtime_ns, stat.st_size, stat.st_ino)
            if seen != self._seen:
                if stat.st_mode & 0o077:
                    raise ConfigError(f"{self._path}: others than its owner can read this key; chmod 600 it")
                self._secret = _checked(self._path.read_text("utf-8"), f"{self._path}:")
                self._seen = seen
        except OSError as e:
            raise ConfigError(
                f"{self._path}: the key cannot be read ({e.strerror}); mend its path or rights"
            ) from e
        except UnicodeDecodeError as e:
            raise ConfigError(f"{self._path}: does not hold an API key (not text)") from e
        return self._secret


def source(spec: str) -> Source:
    """The source that `env:NAME` or `file:PATH` names.

    Raises:
        ConfigError: it names neither.
    """
    scheme, _, rest = spec.partition(":")
    if scheme == "env" and rest:
        return EnvironmentSource(rest)
    if scheme == "file" and rest:
        return FileSource(Path(rest).expanduser())
    raise ConfigError("credential.from: expected env:NAME or file:PATH")
