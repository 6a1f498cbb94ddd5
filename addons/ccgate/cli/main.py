"""The group of all commands, and how each of them ends when something is wrong.

Commands are named here and imported when they are called: `client list` does not wait for what `bench`
needs. So that help does not wait either, their one line of help stands here as well.
"""

from __future__ import annotations

import importlib
from collections.abc import Mapping
from typing import Any
from typing import NamedTuple

import click

from ccgate import __version__
from ccgate.errors import OperatorError


class Entry(NamedTuple):
    """Where a command's click object is, and its line in the help."""

    module: str
    attribute: str
    help: str


COMMANDS: Mapping[str, Entry] = {
    "start": Entry("ccgate.cli.start", "start", "Forward proxy and API endpoint in one process."),
    "web": Entry("ccgate.cli.start", "web", "The same as start, in mitmweb."),
    "client": Entry("ccgate.cli.client", "client", "Who may come in: clients, their owners and tokens."),
    "usage": Entry("ccgate.cli.usage", "usage", "What was used and what it cost."),
    "verify": Entry("ccgate.cli.verify", "verify", "What of a captured request would leave; sends nothing."),
    "demo": Entry("ccgate.cli.demo", "demo", "The whole job on this machine alone."),
    "bench": Entry("ccgate.cli.bench", "bench", "How fast it is, against bare mitmdump."),
}


class LazyGroup(click.Group):
    """The commands of COMMANDS."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Their names, in the order of the table."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """The command, imported now."""
        entry = COMMANDS.get(cmd_name)
        if entry is None:
            return None
        command: click.Command = getattr(importlib.import_module(entry.module), entry.attribute)
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """The list in the help, from the table alone."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, entry.help) for name, entry in COMMANDS.items()])

    def invoke(self, ctx: click.Context) -> Any:
        """Run the command; an operator's error ends it with one line on stderr and its exit code."""
        try:
            return super().invoke(ctx)
        except OperatorError as e:
            click.echo(f"ccgate: {e}", err=True)
            ctx.exit(e.exit_code)


@click.group(cls=LazyGroup, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, message="ccgate %(version)s")
def ccgate() -> None:
    """A privacy and governance gateway for Claude Code."""
