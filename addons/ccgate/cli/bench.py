"""`bench`: how fast the gateway is, against a mitmdump that only streams; and how well secrets are found.

The measuring itself is in `tests/bench`, outside of what is installed; these are the commands in front of it.
"""

from __future__ import annotations

import importlib
import json
import sys
from collections.abc import Mapping
from pathlib import Path
from types import ModuleType

import click
from click.core import ParameterSource

from ccgate.errors import OperatorError

ROOT = Path(__file__).resolve().parents[3]


@click.group(invoke_without_command=True)
@click.option(
    "--rounds",
    type=click.IntRange(1, 99),
    default=3,
    show_default=True,
    help="How often each side is measured; the medians are shown.",
)
@click.option("--quick", is_flag=True, help="A fifth of the requests: faster, and less certain.")
@click.option(
    "--only", multiple=True, metavar="WORD", help="Only cases with WORD in their name; may be repeated."
)
@click.option("--noise", is_flag=True, help="Bare mitmdump against itself: how far a ratio of 1 strays.")
@click.option("--check", is_flag=True, help="Exit with 1 when a goal is missed.")
@click.option("--format", "form", type=click.Choice(["table", "json"]), default="table", show_default=True)
@click.pass_context
def bench(
    ctx: click.Context, rounds: int, quick: bool, only: tuple[str, ...], noise: bool, check: bool, form: str
) -> None:
    """How fast it is, against bare mitmdump with the same load, in turn, on this machine alone.

    A wrong or missing answer on either side ends it with an error.
    """
    if ctx.invoked_subcommand is not None:
        given = [name for name in ctx.params if ctx.get_parameter_source(name) != ParameterSource.DEFAULT]
        if given:
            raise click.UsageError(
                f"`bench {ctx.invoked_subcommand}` measures no speed; it takes no options of bench"
            )
        return
    run, report = _part("run"), _part("report")

    def say(text: str) -> None:
        # Over itself, and only where somebody watches.
        if sys.stderr.isatty():
            click.echo(f"\r\033[K{text}", err=True, nl=False)

    # Before: afterwards the load is our own.
    machine = report.machine()
    if float(machine["load"]) > float(machine["cores"]) / 4:
        click.echo(f"the machine is busy (load {machine['load']}): ratios will be nearer to 1", err=True)
    try:
        share = run.QUICK_SHARE if quick else 1.0
        lines = run.measure(run.chosen(only), rounds, share, noise, say)
    except run.BenchError as e:
        raise OperatorError(str(e)) from e
    finally:
        say("")
    if form == "json":
        click.echo(json.dumps(report.as_json(lines, machine, rounds, quick, noise), indent=2))
    else:
        _print(report.as_table(lines, noise), machine)
    if check and not noise and any(line.met() is False for line in lines):
        raise SystemExit(1)


@bench.command(context_settings={"ignore_unknown_options": True})
@click.argument("arguments", nargs=-1, type=click.UNPROCESSED)
def detection(arguments: tuple[str, ...]) -> None:
    """How well and how fast secrets are found.

    ARGUMENTS are those of `python -m tests.bench.detection`.
    """
    status: int = _part("detection.__main__").main(arguments)
    raise SystemExit(status)


def _print(table: object, machine: Mapping[str, str]) -> None:
    # Here, because only a table needs it.
    from rich.console import Console

    console = Console()
    if not console.is_terminal:
        console.width = 160  # so that nothing is cut in a file
    console.print(table)
    shown = ", ".join(f"{name} {value}" for name, value in machine.items())
    console.print(f"\n{shown}; medians; ratio = gateway / bare", highlight=False)


def _part(name: str) -> ModuleType:
    """A module of the bench.

    Raises:
        OperatorError: this is not a clone of the project, or what its tests need is not installed.
    """
    if str(ROOT) not in sys.path:
        sys.path.append(str(ROOT))
    try:
        return importlib.import_module(f"tests.bench.{name}")
    except ImportError as e:
        raise OperatorError(
            f"the bench cannot be loaded ({e}); run it from a clone, by ./run.sh bench"
        ) from e
