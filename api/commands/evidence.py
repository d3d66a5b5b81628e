"""``evidence``: all that speaks for an alert and against it, as the API hands it out, byte for byte."""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from api.commands.shape import ConfigOption, load_kinds, load_settings, open_unit, telling


def evidence(
    ctx: typer.Context,
    alert_id: Annotated[str, typer.Argument(metavar="ALERT", help="The id of the alert; tickets name it.")],
    *,
    config: ConfigOption = None,
) -> None:
    """All that speaks for an alert and against it, as JSON, rebuilt from what is stored."""
    from alerts.desk import Desk  # noqa: PLC0415
    from alerts.errors import DeskError  # noqa: PLC0415
    from api.papers.evidence import gather_evidence  # noqa: PLC0415
    from ingest.store import StoreError  # noqa: PLC0415
    from ingest.store.opening import open_store  # noqa: PLC0415

    settings = load_settings(ctx, config).settings
    token = settings.store_token.get_secret_value() if settings.store_token else None
    with telling(DeskError, StoreError):
        profiles = load_kinds(ctx, config)
        desk = Desk(open_unit(ctx, config, is_for_looking=True), profiles)
        store = open_store(settings.store_url, token=token, data_dir=settings.data_dir)
        try:
            pack = gather_evidence(desk, store, profiles, alert_id)
        finally:
            store.close()
    sys.stdout.buffer.write(pack)
