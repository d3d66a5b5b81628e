"""``care``: how appliances are used, what is advised about it, and what came of that."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from api.commands.shape import ConfigOption, JsonOption, load_kinds, open_unit, say, telling, write_rows

if TYPE_CHECKING:
    from alerts.care.desk import CareDesk

care = typer.Typer(no_args_is_help=True, help="Care: use, advice about it, and what is soon used up.")

Appliance = Annotated[str, typer.Argument(metavar="APPLIANCE")]


class Told(StrEnum):
    """What became of a piece of advice."""

    FOLLOWED = "followed"
    DECLINED = "declined"


def _open(ctx: typer.Context, config: Path | None) -> CareDesk:
    from alerts.desk import Desk  # noqa: PLC0415

    return Desk(open_unit(ctx, config), load_kinds(ctx, config)).care


@care.command()
def show(ctx: typer.Context, appliance: Appliance, *, as_json: JsonOption = False, config: ConfigOption = None) -> None:
    """How one appliance is used, what is advised, and what remains of what is used up."""
    from alerts.errors import DeskError  # noqa: PLC0415

    with telling(DeskError):
        found = _open(ctx, config).of(appliance)
    rows = [
        {"what": "use", "name": one.use.name, "now": one.mean, "before": one.mean_before, "of": one.use.unit}
        for one in found.uses
    ]
    rows += [
        {"what": one.state.value, "name": one.name, "now": one.after, "before": one.before, "of": one.id}
        for one in found.advice
    ]
    rows += [
        {
            "what": "consumable",
            "name": one.consumable.name,
            "now": one.remaining,
            "before": None,
            "of": f"due {one.due_on}",
        }
        for one in found.consumables
    ]
    write_rows(("what", "name", "now", "before", "of"), rows, as_json=as_json)
    if found.quiet is not None:
        say(f"Nothing is advised now: {found.quiet.value}.")


@care.command("list")
def list_advice(ctx: typer.Context, *, as_json: JsonOption = False, config: ConfigOption = None) -> None:
    """What was advised, the newest first."""
    from alerts.care.reading import AdviceFilter  # noqa: PLC0415
    from alerts.errors import DeskError  # noqa: PLC0415

    with telling(DeskError):
        found = list(_open(ctx, config).all(AdviceFilter()))
    rows = [
        {
            "id": one.id,
            "appliance": one.appliance_id,
            "name": one.name,
            "state": one.state.value,
            "given": one.given_at.isoformat(),
            "before": one.before,
            "after": one.after,
            "change": None if one.change is None else one.change.mean,
        }
        for one in found
    ]
    columns = ("id", "appliance", "name", "state", "given", "before", "after", "change")
    write_rows(columns, rows, as_json=as_json)


@care.command()
def effects(ctx: typer.Context, *, as_json: JsonOption = False, config: ConfigOption = None) -> None:
    """What each piece of advice has come to: those who followed beside those who did not, with 95 % intervals."""
    from alerts.errors import DeskError  # noqa: PLC0415

    with telling(DeskError):
        found = _open(ctx, config).effects()
    columns = ("kind", "name", "given", "followed", "declined", "helped", "not_helped", "unknown")
    changes = ("change", "low", "high", "change_else")
    rows = [
        {name: getattr(one, name) for name in columns}
        | {"change": one.change and one.change.mean, "low": one.change and one.change.low}
        | {"high": one.change and one.change.high, "change_else": one.change_else and one.change_else.mean}
        for one in found
    ]
    write_rows((*columns, *changes), rows, as_json=as_json)


@care.command()
def answer(
    ctx: typer.Context,
    advice: Annotated[str, typer.Argument(metavar="ADVICE")],
    told: Told,
    *,
    config: ConfigOption = None,
) -> None:
    """Write down that advice was followed, from when on its use is compared, or declined."""
    from alerts.errors import DeskError  # noqa: PLC0415

    with telling(DeskError):
        found = _open(ctx, config).tell(advice, is_done=told is Told.FOLLOWED)
    say(f"{found.appliance_id}, {found.name}: {found.state.value}.")


@care.command()
def renew(ctx: typer.Context, appliance: Appliance, name: str, *, config: ConfigOption = None) -> None:
    """Write down that a consumable was renewed or cleaned today."""
    from alerts.errors import DeskError  # noqa: PLC0415

    with telling(DeskError):
        _open(ctx, config).renew(appliance, name)
    say(f"{appliance}: {name} is as new.")
