"""``silences``: what is muted, muting, and lifting."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated

import typer

from api.commands.shape import ConfigOption, Failure, JsonOption, load_kinds, open_unit, say, telling, write_rows

if TYPE_CHECKING:
    from pathlib import Path

    from alerts.silences.desk import Silences

silences = typer.Typer(help="What is muted until when; add and lift.")

Word = Annotated[str | None, typer.Option(metavar="WORD")]


def _open(ctx: typer.Context, config: Path | None) -> Silences:
    from alerts.silences.desk import Silences  # noqa: PLC0415

    kinds = load_kinds(ctx, config)  # what can't be read is told before a database is made
    return Silences(open_unit(ctx, config), kinds)


@silences.callback(invoke_without_command=True)
def list_standing(ctx: typer.Context, *, as_json: JsonOption = False, config: ConfigOption = None) -> None:
    """List what is muted now, newest first."""
    if ctx.invoked_subcommand is not None:
        return
    from dataclasses import asdict  # noqa: PLC0415

    from alerts.errors import DeskError  # noqa: PLC0415

    with telling(DeskError):
        found = [asdict(one) for one in _open(ctx, config).standing()]
    rows = [
        {
            **one,
            "since": one["since"].isoformat(),
            "until": one["until"].isoformat(),
            "created_at": one["created_at"].isoformat(),
        }
        for one in found
    ]
    columns = ("id", "appliance_id", "fault_mode", "region", "model", "since", "until", "week", "created_by", "reason")
    write_rows(columns, rows, as_json=as_json)


@silences.command()
def add(
    ctx: typer.Context,
    *,
    appliance: Word = None,
    fault_mode: Word = None,
    region: Word = None,
    model: Word = None,
    until: Annotated[str, typer.Option(metavar="TIME", help="RFC 3339, such as 2026-12-24T18:00:00Z.")],
    since: Annotated[str | None, typer.Option(metavar="TIME", help="When it begins; at once where left out.")] = None,
    week: Annotated[str | None, typer.Option(metavar="HOURS", help="Only within, as 'sat 22:00-04:00'.")] = None,
    time_zone: Annotated[str, typer.Option(metavar="ZONE", help="Where these hours are meant.")] = "UTC",
    reason: Annotated[str, typer.Option(metavar="TEXT", help="What everyone sees.")],
    config: ConfigOption = None,
) -> None:
    """Mute what all the words together name; prints the silence's id."""
    from alerts.errors import DeskError  # noqa: PLC0415
    from alerts.silences.muting import Scope  # noqa: PLC0415

    with telling(DeskError):
        made = _open(ctx, config).add(
            Scope(appliance, fault_mode, region, model),
            until=_moment("--until", until),
            reason=reason,
            since=None if since is None else _moment("--since", since),
            week=week,
            time_zone=time_zone,
        )
    typer.echo(made.id)


@silences.command()
def lift(
    ctx: typer.Context, silence_id: Annotated[str, typer.Argument(metavar="ID")], *, config: ConfigOption = None
) -> None:
    """End a silence now."""
    from alerts.errors import DeskError  # noqa: PLC0415

    with telling(DeskError):
        _open(ctx, config).lift(silence_id)
    say(f"{silence_id} is lifted.")


def _moment(option: str, text: str) -> datetime:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError as error:
        raise Failure(f"{option}: {text!r} is no time such as 2026-12-24T18:00:00Z.") from error
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
