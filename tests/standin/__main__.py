"""`python -m tests.standin`: the stand-in as a process of its own.

It prints one line of JSON, `{"url": …}`, when it listens, and runs until SIGTERM or SIGINT.
"""

from __future__ import annotations

import asyncio
import json
import signal
import tempfile
from pathlib import Path

import click

from tests.standin.certificate import make_certificate
from tests.standin.certificate import server_context
from tests.standin.running import serve
from tests.standin.script import script_from_json
from tests.standin.server import StandIn


@click.command()
@click.option("--port", default=0, help="Port on 127.0.0.1; 0 takes a free one.")
@click.option(
    "--script", type=click.Path(path_type=Path, exists=True, dir_okay=False), help="Scenarios, as JSON."
)
@click.option("--accept", multiple=True, help="A credential to accept; without any, all are accepted.")
@click.option("--tls", is_flag=True, help="Speak TLS, with a certificate made for this run.")
@click.option("--no-record", is_flag=True, help="Keep no requests.")
def main(port: int, script: Path | None, accept: tuple[str, ...], tls: bool, no_record: bool) -> None:
    """Run a stand-in of the provider's API on loopback."""
    scenarios = script_from_json(script.read_bytes()) if script else {}
    asyncio.run(_run(StandIn(scenarios, accept, recording=not no_record), port, tls))


async def _run(standin: StandIn, port: int, tls: bool) -> None:
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    with tempfile.TemporaryDirectory() as folder:
        pem = make_certificate(Path(folder)) if tls else None
        runner, port = await serve(standin, port, server_context(pem) if pem else None)
        line = {"url": f"{'https' if tls else 'http'}://127.0.0.1:{port}"}
        if pem:
            line["certificate"] = str(pem)
        click.echo(json.dumps(line))
        await stop.wait()
        await runner.cleanup()


if __name__ == "__main__":
    main()
