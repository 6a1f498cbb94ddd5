"""ccgate for mitmproxy: `mitmdump -s addons/gateway.py`.

mitmproxy loads this file by its path, outside of any package, so all that it does is to put its own
folder on the path and to name the addon.
"""

import sys
from pathlib import Path

_HERE = str(Path(__file__).resolve().parent)
if _HERE not in sys.path:
    sys.path.insert(0, _HERE)

from ccgate.addon import Gateway  # noqa: E402  (the path has to be set first)

addons = [Gateway()]
