"""What all commands share: the option for the settings file, and how an expected failure ends.

A failure is one sentence on stderr and exit code 1; wrong use is typer's own, exit code 2.
"""

from __future__ import annotations

import json
import random
import sys
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from alerts.database import UnitOfWork
    from api.settings.sources import Loaded

ConfigOption = Annotated[
    Path | None, typer.Option("--config", metavar="FILE", help="Settings file (default: fettle.toml if there is one).")
]
JsonOption = Annotated[bool, typer.Option("--json", help="One JSON object per line.")]
TimeOption = Annotated[
    str | None,
    typer.Option("--time", metavar="COLUMN", help="Time column (default: ts, timestamp, time, datetime or ctime)."),
]
DropOption = Annotated[list[str] | None, typer.Option("--drop", metavar="COLUMN", help="Leave a column out.")]
MetricOption = Annotated[
    list[str] | None, typer.Option("--metric", metavar="COLUMN=NAME", help="Call a column's metric NAME.")
]


class Failure(Exception):  # noqa: N818  (it ends a command, it is no accident)
    """The command could not do its work; the sentence says why and what to do."""


@contextmanager
def telling(*errors: type[Exception]) -> Iterator[None]:
    """Turn the expected errors of a room, and those of the operating system, into a :class:`Failure`."""
    expected: tuple[type[Exception], ...] = (*errors, OSError)
    try:
        yield
    except BrokenPipeError:
        raise  # whoever read our output has enough; the framework ends the command without a word
    except expected as error:
        raise Failure(sentence(error)) from error


def sentence(error: Exception) -> str:
    """An error's text on one line."""
    if isinstance(error, OSError) and error.strerror:
        name = f"{error.filename}: " if error.filename else ""
        return f"{name}{error.strerror}."
    return " ".join(str(error).split()) or type(error).__name__


def load_settings(ctx: typer.Context, config: Path | None, **overrides: Any) -> Loaded:
    """The settings of file and environment; ``--config`` may stand before or behind the command."""
    from api.settings.sources import SettingsError, load  # noqa: PLC0415  (pydantic costs .4 s, and --help needs none of it)

    root: Any = ctx.find_root().params
    with telling(SettingsError):
        return load(config or root.get("config"), **{k: v for k, v in overrides.items() if v is not None})


WHO = "command line"
"""Who acts where somebody types a command."""


def open_unit(ctx: typer.Context, config: Path | None) -> UnitOfWork:
    """The configured database of the desk, brought up to this version."""
    settings = load_settings(ctx, config).settings
    from alerts.database import UnitOfWork  # noqa: PLC0415
    from api.service.desk_database import open_desk_database  # noqa: PLC0415
    from ingest.clock import SystemClock  # noqa: PLC0415

    return UnitOfWork(open_desk_database(settings), SystemClock(), random.SystemRandom(), WHO)


def say(text: str) -> None:
    """Talk, on stderr."""
    typer.echo(text, err=True)


def write_line(row: object) -> None:
    """One JSON object on one line of stdout."""
    sys.stdout.write(json.dumps(row, ensure_ascii=False, separators=(",", ":")) + "\n")


def renames(pairs: list[str] | None) -> dict[str, str]:
    """``COLUMN=NAME`` words as a mapping; wrong use where one has no equals sign."""
    mapping = {}
    for pair in pairs or ():
        column, equals, name = pair.rpartition("=")
        if not equals or not column or not name:
            raise typer.BadParameter(f"{pair!r} is not COLUMN=NAME", param_hint="--metric")
        mapping[column] = name
    return mapping


def write_table(titles: Sequence[str], rows: Sequence[Sequence[object]]) -> None:
    """Rows under titles, in columns as wide as needed, on stdout."""
    texts = [[str(cell) for cell in row] for row in (titles, *rows)]
    widths = [max(len(row[column]) for row in texts) for column in range(len(titles))]
    for row in texts:
        line = "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True))
        sys.stdout.write(line.rstrip() + "\n")
