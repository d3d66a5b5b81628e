"""``settings``, ``ledger``, ``dead-letters``, ``migrate``: what an operator looks at; all work beside a running service."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import typer

from api.commands.shape import ConfigOption, JsonOption, load_settings, write_line

if TYPE_CHECKING:
    from collections.abc import Sequence


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


def write_table(titles: Sequence[str], rows: Sequence[Sequence[object]]) -> None:
    """Rows under titles, in columns as wide as needed, on stdout."""
    texts = [[str(cell) for cell in row] for row in (titles, *rows)]
    widths = [max(len(row[column]) for row in texts) for column in range(len(titles))]
    for row in texts:
        line = "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True))
        sys.stdout.write(line.rstrip() + "\n")
