"""Files of rows: handed out, and taken over: read, handed on, and told row by row."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated

import typer

from api.commands.shape import Failure, say, telling, write_line

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence
    from pathlib import Path

    from alerts.csv_file import Columns, Line
    from alerts.importing import RowReport

REPORT_EVERY = 1000
DryRunOption = Annotated[bool, typer.Option("--dry-run", help="Keep nothing; only tell what would become of it.")]


def hand_out(lines: Iterable[str]) -> None:
    """Write the lines of a file to stdout as they are made; each brings its own end."""
    for line in lines:
        typer.echo(line, nl=False)


def take_file(
    file: Path,
    columns: Columns,
    take_over: Callable[[Sequence[Line]], Iterable[RowReport]],
    *,
    kept: bool,
    as_json: bool,
) -> None:
    """Take a file over and tell what became of each row; ends with code 1 where a row was refused."""
    from alerts.csv_file import read_csv  # noqa: PLC0415
    from alerts.errors import DeskError  # noqa: PLC0415

    counts: dict[str, int] = {}
    with telling(DeskError):
        try:
            text = file.read_text(encoding="utf-8-sig")
        except UnicodeDecodeError as error:
            raise Failure(f"{file}: byte {error.start} is no UTF-8; save the file as UTF-8.") from error
        lines = list(read_csv(text, columns))
        for at, report in enumerate(take_over(lines), start=1):
            counts[report.outcome.value] = counts.get(report.outcome.value, 0) + 1
            if as_json:
                write_line({**asdict(report), "outcome": report.outcome.value})
            elif report.outcome.value != "unchanged":
                typer.echo(f"line {report.line}: {report.external_id or '?'}: {report.outcome.value}: {report.detail}")
            if at % REPORT_EVERY == 0:
                say(f"{at} of {len(lines)} rows")
    told = ", ".join(f"{n} {word}" for word, n in sorted(counts.items())) or "no rows"
    say(f"{told}{'' if kept else ' (nothing kept)'}.")
    if not lines:
        say(f"Columns: {', '.join(columns.names)}.")
    if counts.get("refused"):
        raise typer.Exit(1)
