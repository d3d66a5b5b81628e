"""``repairs``: what was closed as done, and whether it held."""

from __future__ import annotations

from dataclasses import asdict
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from api.commands.shape import ConfigOption, JsonOption, load_kinds, open_unit, say, telling, write_rows

if TYPE_CHECKING:
    from alerts.desk import Desk

repairs = typer.Typer(no_args_is_help=True, help="Repairs: what was closed as done, and whether it held.")


class Whose(StrEnum):
    """By what repairs are told apart."""

    TECHNICIAN = "technician"
    PART = "part"
    PROVIDER = "provider"
    FAULT_MODE = "fault_mode"
    MODEL = "model"


class Answer(StrEnum):
    """What a customer said."""

    HELD = "held"
    CAME_BACK = "came_back"
    NOT_REACHED = "not_reached"


def _open(ctx: typer.Context, config: Path | None) -> Desk:
    from alerts.desk import Desk  # noqa: PLC0415

    return Desk(open_unit(ctx, config), load_kinds(ctx, config))


@repairs.command("list")
def list_repairs(
    ctx: typer.Context,
    *,
    calls: Annotated[bool, typer.Option("--calls", help="Only where somebody is to call the customer.")] = False,
    as_json: JsonOption = False,
    config: ConfigOption = None,
) -> None:
    """Repairs, the last closed first."""
    from alerts.errors import DeskError  # noqa: PLC0415
    from alerts.repairs.reading import RepairFilter  # noqa: PLC0415

    with telling(DeskError):
        found = list(_open(ctx, config).repairs.all(RepairFilter(is_call_owed=True if calls else None)))
    rows = [
        {
            "id": one.id,
            "ticket": one.number,
            "appliance": one.appliance_id,
            "fault_mode": one.fault_mode,
            "state": one.state.value,
            "closed": one.closed_at.isoformat(),
            "watched_until": one.watched_until.isoformat(),
            "technician": one.technician,
            "call": "owed" if one.is_call_owed else None,
        }
        for one in found
    ]
    columns = ("id", "ticket", "appliance", "fault_mode", "state", "closed", "watched_until", "technician", "call")
    write_rows(columns, rows, as_json=as_json)


@repairs.command()
def rates(
    ctx: typer.Context,
    *,
    by: Annotated[Whose, typer.Option("--by", help="By what repairs are told apart.")] = Whose.TECHNICIAN,
    period: Annotated[str, typer.Option("--period", help="day, week, month, quarter, year, or 30d.")] = "quarter",
    as_json: JsonOption = False,
    config: ConfigOption = None,
) -> None:
    """How often repairs came back, the worst first, with 95 % intervals."""
    from alerts.errors import DeskError  # noqa: PLC0415
    from alerts.indicators.desk import parse_period  # noqa: PLC0415
    from alerts.repairs.repair import RepairGroup  # noqa: PLC0415

    with telling(DeskError):
        found = _open(ctx, config).indicators.repairs(RepairGroup(by.value), parse_period(period))
    columns = ("name", "repairs", "held", "came_back", "undecided", "share", "low", "high")
    write_rows(columns, [asdict(one) for one in found], as_json=as_json)


@repairs.command()
def call(
    ctx: typer.Context,
    repair_id: Annotated[str, typer.Argument(metavar="REPAIR")],
    answer: Answer,
    *,
    note: Annotated[str | None, typer.Option("--note", help="In the customer's words.")] = None,
    config: ConfigOption = None,
) -> None:
    """Write down what the customer said when called back; came_back opens the ticket again."""
    from alerts.errors import DeskError  # noqa: PLC0415
    from alerts.repairs.repair import CallAnswer  # noqa: PLC0415

    with telling(DeskError):
        repair = _open(ctx, config).repairs.call(repair_id, CallAnswer(answer.value), note)
    say(f"Ticket {repair.number}: {repair.state.value}.")
