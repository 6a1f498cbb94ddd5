"""The names under which ccgate leaves small values in `flow.metadata`.

Metadata is stored with a flow (`-w`, HAR) and shown in mitmweb, so it holds short strings and numbers
alone, and never anything of a request's content.
"""

from __future__ import annotations

REQUEST_ID = "ccgate.request_id"
CLIENT = "ccgate.client"
OWNER = "ccgate.owner"
OUTCOME = "ccgate.outcome"
"""One of `passed`, `refused`."""
