"""The names under which ccgate leaves small values in `flow.metadata`.

Metadata is stored with a flow (`-w`, HAR) and shown in mitmweb, so it holds short strings and numbers
alone, and never anything of a request's content.
"""

from __future__ import annotations

REQUEST_ID = "ccgate.request_id"
CLIENT = "ccgate.client"
OWNER = "ccgate.owner"
OUTCOME = "ccgate.outcome"
"""One of `passed`, `changed`, `refused`; `changed` is a request in which something was replaced."""
REDACTED = "ccgate.redacted"
"""How many values of each category were replaced in the request, such as `home 12, secret 1`."""
RESTORED = "ccgate.restored"
"""How many placeholders of each category were put back in the answer, such as `home 3`."""
WITHHELD = "ccgate.withheld"
"""The tools into whose input placeholders were written that stayed there, such as `Bash 1`."""
