"""``settings``, ``ledger``, ``dead-letters``, ``migrate``: what an operator looks at; all work beside a running service."""

from __future__ import annotations

import typer

from api.commands.shape import ConfigOption, JsonOption, load_settings, say, telling, write_line, write_table


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
    from api.desk_database import open_desk_database  # noqa: PLC0415

    with telling(DeskError):
        open_desk_database(loaded.settings)
    say(f"{mask(loaded.settings.resolved_database_url)} is up to date.")


def mask(url: str) -> str:
    """The URL without its password."""
    from api.settings import mask_url  # noqa: PLC0415

    return mask_url(url)
