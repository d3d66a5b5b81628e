"""``settings``, ``ledger``, ``migrate``: what an operator looks at; all work beside a running service."""

from __future__ import annotations

import contextlib
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from api.commands.shape import ConfigOption, JsonOption, load_settings, say, telling, write_line, write_table
from api.settings.masking import mask_url

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ingest.books.books import Books

LEDGER_COLUMNS = ("id", "boot", "max_seq", "stored", "dead_lettered", "gap", "duplicates")


def settings(ctx: typer.Context, *, as_json: JsonOption = False, config: ConfigOption = None) -> None:
    """Every setting, its value and where that came from; secrets are masked."""
    loaded = load_settings(ctx, config)
    rows = loaded.listing()
    if as_json:
        for row in rows:
            write_line({"name": row.name, "value": row.value, "source": row.source, "unit": row.unit, "doc": row.doc})
        return
    write_table(
        ("setting", "value", "from", "unit", "means"), [(r.name, r.value, r.source, r.unit, r.doc) for r in rows]
    )


def migrate(ctx: typer.Context, config: ConfigOption = None) -> None:
    """Bring the service desk's database up to this version."""
    loaded = load_settings(ctx, config)
    from alerts.errors import DeskError  # noqa: PLC0415
    from api.service.desk_database import open_desk_database  # noqa: PLC0415

    with telling(DeskError):
        open_desk_database(loaded.settings)
    say(f"{mask_url(loaded.settings.resolved_database_url)} is up to date.")


def ledger(
    ctx: typer.Context,
    *,
    appliance_id: Annotated[str | None, typer.Option("--id", metavar="ID", help="One appliance only.")] = None,
    as_json: JsonOption = False,
    config: ConfigOption = None,
) -> None:
    """Per appliance and boot: what is stored, what was refused, and what is missing."""
    from ingest.books.books import BooksError  # noqa: PLC0415

    with telling(BooksError), open_books(ctx, config) as books:
        rows = books.ledger_rows(appliance_id)
        if as_json:
            for row in rows:
                write_line({name: getattr(row, name) for name in LEDGER_COLUMNS})
            return
        write_table(
            LEDGER_COLUMNS, [["" if (v := getattr(row, n)) is None else v for n in LEDGER_COLUMNS] for row in rows]
        )


@contextlib.contextmanager
def open_books(ctx: typer.Context, config: Path | None) -> Iterator[Books]:
    """The books of the data folder, to read; also beside a running service."""
    settings = load_settings(ctx, config).settings
    from ingest.books.books import FILE_NAME, Books  # noqa: PLC0415

    books = Books.open(settings.data_dir / FILE_NAME, read_only=True)
    try:
        yield books
    finally:
        books.close()
