"""Runs a stand-in on a loopback port: in a thread of a test, or until a process is told to stop."""

from __future__ import annotations

import asyncio
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager

from aiohttp import web

from tests.standin.server import StandIn


async def serve(
    standin: StandIn, port: int = 0, tls: ssl.SSLContext | None = None
) -> tuple[web.AppRunner, int]:
    """Listen on 127.0.0.1; gives the runner, whose `cleanup` ends it, and the port."""
    # Cancelling the handler is how a client that hangs up is noticed at once, not at the next write.
    runner = web.AppRunner(
        standin.application(), handler_cancellation=True, access_log=None, shutdown_timeout=0.5
    )
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", port, ssl_context=tls)
    await site.start()
    return runner, runner.addresses[0][1]


@contextmanager
def running(standin: StandIn, tls: ssl.SSLContext | None = None) -> Iterator[str]:
    """Serve in a thread of its own for the length of a `with` block; gives the base URL."""
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, name="stand-in", daemon=True)
    thread.start()
    try:
        runner, port = asyncio.run_coroutine_threadsafe(serve(standin, tls=tls), loop).result(10)
        try:
            yield f"{'https' if tls else 'http'}://127.0.0.1:{port}"
        finally:
            asyncio.run_coroutine_threadsafe(runner.cleanup(), loop).result(10)
    finally:
        loop.call_soon_threadsafe(loop.stop)
        thread.join(10)
        loop.close()
