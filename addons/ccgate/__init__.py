"""ccgate: a privacy and governance gateway for Claude Code, as mitmproxy addons."""

__version__ = "0.1.0"
