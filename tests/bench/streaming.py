"""What the gateway is compared with: a mitmdump that streams its answers and does nothing else."""

from mitmproxy import http


def responseheaders(flow: http.HTTPFlow) -> None:
    """Let the answer pass as it comes."""
    assert flow.response is not None
    flow.response.stream = True
