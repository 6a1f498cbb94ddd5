"""One tree of what can go wrong, each with the answer that somebody gets.

* CcgateError
  * OperatorError: something that the person who runs ccgate has to mend; ends a command or the start
    * ConfigError (exit 78): a profile, an option or a file is wrong
    * StoreError (exit 74): the state folder or its database cannot be read or written
  * Refusal: a request that ccgate answers itself; carries the answer that the client gets

Exit codes are those of BSD's sysexits.h. The answers use the provider's error envelope and the
statuses that the real client shows at once and in full.
"""

from __future__ import annotations

import json
from collections.abc import Mapping

EX_IOERR = 74
EX_CONFIG = 78

ENVELOPE_TYPES: Mapping[int, str] = {
    400: "invalid_request_error",
    401: "authentication_error",
    403: "permission_error",
    404: "not_found_error",
    407: "authentication_error",
    413: "request_too_large",
    415: "invalid_request_error",
    429: "rate_limit_error",
    451: "permission_error",
    502: "api_error",
    503: "api_error",
}
"""The provider's `error.type` for each status that ccgate answers with."""


class CcgateError(Exception):
    """Base of all errors that ccgate raises on purpose."""


class OperatorError(CcgateError):
    """Something that the person who runs ccgate has to mend; the message says how."""

    exit_code = 1


class ConfigError(OperatorError):
    """A profile, an option or a file is wrong; the message names the file, the key and the mend."""

    exit_code = EX_CONFIG


class StoreError(OperatorError):
    """The state folder or its database cannot be used; the message names the file and the mend."""

    exit_code = EX_IOERR


class Refusal(CcgateError):
    """A request that does not leave, and the answer that its client gets.

    `status` is the HTTP status, `message` the sentence that a person reads (never with a secret in
    it), `retry_after` whole seconds. Without `retry_after` the client is told not to try again,
    because the real one would otherwise repeat some refusals for minutes in silence.
    """

    def __init__(
        self,
        status: int,
        message: str,
        *,
        retry_after: int | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(message)
        self.status = status
        self.message = message
        self.retry_after = retry_after
        self._headers = dict(headers or {})

    def headers(self) -> dict[str, str]:
        """The answer's headers."""
        answer = {"content-type": "application/json", **self._headers}
        if self.retry_after is None:
            answer["x-should-retry"] = "false"
        else:
            answer["retry-after"] = str(self.retry_after)
        return answer

    def body(self, request_id: str) -> bytes:
        """The answer's body: the provider's error envelope, UTF-8 JSON."""
        return json.dumps(
            {
                "type": "error",
                "error": {"type": ENVELOPE_TYPES[self.status], "message": f"ccgate: {self.message}"},
                "request_id": request_id,
            },
        ).encode()
