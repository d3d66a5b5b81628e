"""``rules``: what the desk goes by, and trying a file before the service has to."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from api.commands.shape import ConfigOption, JsonOption, load_settings, say, telling, write_line


def rules(
    ctx: typer.Context,
    *,
    check: Annotated[
        Path | None, typer.Option("--check", metavar="FILE", help="Try this file in place of the one in the settings.")
    ] = None,
    as_json: JsonOption = False,
    config: ConfigOption = None,
) -> None:
    """Print the rules in force, one a line; with --check try a file. Exits 1 where it can't be meant, and says where."""
    from alerts.errors import InvalidError  # noqa: PLC0415
    from alerts.rules.reading import load_rules  # noqa: PLC0415

    path = check if check is not None else load_settings(ctx, config).settings.rules_file
    with telling(InvalidError):
        found = load_rules(path).model_dump(mode="json")
    if as_json:
        write_line(found)
        return
    for line in _lines(found, ""):
        typer.echo(line)
    if check is not None:
        say(f"{check} can be used.")


def _lines(value: object, place: str) -> list[str]:
    if isinstance(value, dict):
        return [line for key, one in value.items() for line in _lines(one, f"{place}.{key}".lstrip("."))]
    if isinstance(value, list) and any(isinstance(one, dict) for one in value):
        return [line for number, one in enumerate(value) for line in _lines(one, f"{place}[{number}]")]
    return [f"{place} = {value}"]
