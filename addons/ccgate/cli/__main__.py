"""Makes `python -m ccgate.cli` the program."""

from __future__ import annotations

import os

from ccgate.cli.main import ccgate

if __name__ == "__main__":
    # run.sh says how it was called, so that help shows a line that can be typed.
    ccgate(prog_name=os.environ.get("CCGATE_PROG", "ccgate"))
