"""`verify`: what of a captured request would be changed, and whether it would leave.

stdout carries the report alone; everything else that is said goes to stderr. Exit codes: 0, all of it would
leave; 1, something would be refused, and the report says by which rule and where; 78, the file is no capture,
or the profile is wrong; 74, the state folder cannot be used. What is asked of a request beyond its content,
such as a client's token or the models that it may ask for, is not looked at.

Placeholders are those of the gateway, because its key makes them. A state folder that has none yet gets what
the gateway's first start would put there: the key, and what was compiled of the rules. Nothing else is
written, and nothing is sent.

JSON is one object: `leaves`; `requests`, each with `number` (its place in the file, from 1), `method` and
`path` (null for a body alone) and what `proof.verify.Report.as_json` lists; `others`, how many requests of
the file are no conversations; `empty`, how many are whose body was not kept; `is_cut`, whether the file
breaks off.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING
from typing import Literal

import click

from ccgate.errors import ConfigError

if TYPE_CHECKING:
    from ccgate.privacy.room import PrivacyRoom
    from ccgate.privacy.walk import Format
    from ccgate.proof.captured import Capture
    from ccgate.proof.captured import Captured
    from ccgate.proof.verify import Report


@click.command()
@click.argument("file")
@click.option("--profile", default="", metavar="NAME-or-FILE", help="The policy; default: default.")
@click.option("--show", is_flag=True, help="Show the values, secrets too.")
@click.option("--form", type=click.Choice(["messages", "chat"]), help="Format of the body; else recognised.")
@click.option("--format", "output", type=click.Choice(["text", "json"]), default="text", show_default=True)
@click.pass_context
def verify(
    ctx: click.Context,
    file: str,
    profile: str,
    show: bool,
    form: Format | None,
    output: Literal["text", "json"],
) -> None:
    """What of a captured request would leave; sends nothing.

    FILE is a request's body (Messages, or OpenAI's chat completions), flows that `mitmdump -w` saved, or a
    HAR; `-` is stdin. Values are masked without --show.
    """
    from ccgate.cli import verify_forms
    from ccgate.proof import captured

    name = "stdin" if file == "-" else file
    capture = captured.read(_data(file), name, form)
    if capture.is_cut:
        click.echo(f"{name} breaks off; this is what was in it before", err=True)
    room = _room(profile)
    reports = [_report(one, room) for one in capture.requests]
    if output == "json":
        click.echo(json.dumps(_document(capture, reports, show=show), indent=2))
    else:
        verify_forms.print_reports(capture, reports, show=show)
    if any(one.outcome != "leaves" for one in reports):
        ctx.exit(1)


def _data(file: str) -> bytes:
    if file == "-":
        return sys.stdin.buffer.read()
    try:
        return Path(file).read_bytes()
    except (OSError, ValueError) as e:
        why = e.strerror if isinstance(e, OSError) else e
        raise ConfigError(f"{file}: cannot be read ({why}); name the file of a captured request") from None


def _room(profile: str) -> PrivacyRoom | None:
    # Here, because a wrong file is told sooner without them.
    from ccgate import profile as profiles
    from ccgate.privacy import room
    from ccgate.state import state_folder

    chosen = profiles.load(profiles.resolve(profile))
    return room.furnish(chosen.privacy, state_folder())


def _report(one: Captured, room: PrivacyRoom | None) -> Report:
    from ccgate.proof import verify as verifying

    if one.refusal is not None:
        return verifying.refused(one.refusal, one.form)
    return verifying.report(one.body, one.form, room)


def _document(capture: Capture, reports: Sequence[Report], *, show: bool) -> dict[str, object]:
    return {
        "leaves": all(report.outcome == "leaves" for report in reports),
        "requests": [
            {
                "number": one.number,
                "method": one.method or None,
                "path": one.path or None,
                **report.as_json(show),
            }
            for one, report in zip(capture.requests, reports, strict=True)
        ],
        "others": capture.others,
        "empty": capture.empty,
        "is_cut": capture.is_cut,
    }
