"""What the stand-in refuses, with the status and the error type that the real service answers."""

from __future__ import annotations


class Problem(Exception):
    """A request that gets an error envelope."""

    status = 500
    kind = "api_error"


class Invalid(Problem):
    """400: the request itself is wrong."""

    status = 400
    kind = "invalid_request_error"


class Unauthenticated(Problem):
    """401: no credential, or not the expected one."""

    status = 401
    kind = "authentication_error"


class Forbidden(Problem):
    """403: the request holds something that must never arrive."""

    status = 403
    kind = "permission_error"


class NotFound(Problem):
    """404: no such path or model."""

    status = 404
    kind = "not_found_error"


class TooLarge(Problem):
    """413: more than 32 MB."""

    status = 413
    kind = "request_too_large"
