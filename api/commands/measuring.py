"""``kpis``: how the desk did, how well each fault mode was predicted, and what predictions are worth."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from api.commands.shape import ConfigOption, JsonOption, load_kinds, open_unit, say, telling, write_line, write_rows

if TYPE_CHECKING:
    from datetime import datetime, timedelta

    from alerts.indicators.desk import Indicators

kpis = typer.Typer(no_args_is_help=True, help="Indicators: how the desk did, and what predictions are worth.")
OF_MODES = (
    *("kind", "fault_mode", "judged", "confirmed", "precision", "low", "high", "visits", "in_vain"),
    *("lead_days_median", "failed_first", "unforeseen"),
)
PeriodOption = Annotated[str, typer.Option("--period", help="day, week, month, quarter, year, or days such as 30d.")]
AtOption = Annotated[str | None, typer.Option("--at", help="The moment at which the period ends (RFC 3339); else now.")]


def _open(ctx: typer.Context, config: Path | None) -> Indicators:
    from alerts.desk import Desk  # noqa: PLC0415

    return Desk(open_unit(ctx, config, is_for_looking=True), load_kinds(ctx, config)).indicators


def _span(period: str, at: str | None) -> tuple[timedelta, datetime | None]:
    from alerts.errors import InvalidError  # noqa: PLC0415
    from alerts.indicators.desk import parse_period  # noqa: PLC0415
    from api.http.times import parse_rfc3339  # noqa: PLC0415

    try:
        return parse_period(period), None if at is None else parse_rfc3339(at)
    except ValueError as error:
        raise InvalidError(f"--at: {error}.") from error


@kpis.command()
def modes(
    ctx: typer.Context,
    period: PeriodOption = "year",
    at: AtOption = None,
    *,
    as_json: JsonOption = False,
    config: ConfigOption = None,
) -> None:
    """Precision, lead time and visits in vain of each fault mode, the most often predicted first."""
    from alerts.errors import DeskError  # noqa: PLC0415

    with telling(DeskError):
        span, moment = _span(period, at)
        found = _open(ctx, config).modes(span, at=moment)
    write_rows(OF_MODES, [asdict(one) for one in found], as_json=as_json)


@kpis.command()
def worth(
    ctx: typer.Context,
    period: PeriodOption = "year",
    at: AtOption = None,
    *,
    as_json: JsonOption = False,
    config: ConfigOption = None,
) -> None:
    """Breakdowns avoided against the hold-out group, and what each cost, with 95 % intervals."""
    from alerts.errors import DeskError  # noqa: PLC0415

    with telling(DeskError):
        span, moment = _span(period, at)
        found = _open(ctx, config).worth(span, at=moment)
    if as_json:
        write_line(asdict(found))
        return
    groups = (("acted on", found.acted_on), ("held out", found.held_out))
    names = ("group", "appliances", "exposure_months", "breakdowns", "rate", "low", "high")
    write_rows(names, [{"group": name} | asdict(one) for name, one in groups], as_json=False)
    if found.avoided is None or found.cost_per_avoided is None:
        say("Nobody is held out, so nothing can be told: give [hold_out] of the rules a share.")
        return
    rows = [{"figure": "avoided"} | asdict(found.avoided), {"figure": "cost of each"} | asdict(found.cost_per_avoided)]
    write_rows(("figure", "value", "low", "high"), rows, as_json=False)
    say(f"Spent {found.spent} {found.currency}; an empty end is not bounded by what was counted.")


@kpis.command()
def show(
    ctx: typer.Context,
    period: PeriodOption = "month",
    at: AtOption = None,
    *,
    as_json: JsonOption = False,
    config: ConfigOption = None,
) -> None:
    """The five families: quality, efficiency, product, cost, revenue, with targets."""
    from alerts.errors import DeskError  # noqa: PLC0415

    with telling(DeskError):
        span, moment = _span(period, at)
        found = _open(ctx, config).families(span, at=moment)
    rows = [
        {
            "family": family,
            "figure": name,
            "value": figure.value,
            "unit": figure.unit.value,
            "n": figure.n,
            "target": figure.target,
            "is_met": figure.is_met,
        }
        for family, figures in found.items()
        for name, figure in figures.items()
    ]
    write_rows(("family", "figure", "value", "unit", "n", "target", "is_met"), rows, as_json=as_json)


@kpis.command()
def cases(
    ctx: typer.Context,
    family: Annotated[str, typer.Argument(help="quality, efficiency, product, cost or revenue.")],
    figure: Annotated[str, typer.Argument(help="As `kpis show` names it.")],
    period: PeriodOption = "month",
    at: AtOption = None,
    *,
    as_json: JsonOption = False,
    config: ConfigOption = None,
) -> None:
    """The cases that a figure was counted from, newest first."""
    from alerts.errors import DeskError  # noqa: PLC0415
    from alerts.page import LIMIT_MAX, all_pages  # noqa: PLC0415

    with telling(DeskError):
        span, moment = _span(period, at)
        desk = _open(ctx, config)
        found = list(
            all_pages(lambda cursor: desk.cases(family, figure, span, at=moment, cursor=cursor, limit=LIMIT_MAX))
        )
    write_rows(
        ("at", "value", "ticket_number", "title", "appliance_id"), [asdict(one) for one in found], as_json=as_json
    )


@kpis.command()
def report(
    ctx: typer.Context,
    month: Annotated[str, typer.Argument(help="As 2026-10.")],
    file: Annotated[Path, typer.Argument(help="The PDF to write.")],
    *,
    language: Annotated[str, typer.Option("--language", help="en or zh.")] = "en",
    config: ConfigOption = None,
) -> None:
    """A calendar month on paper, as PDF."""
    from alerts.errors import DeskError, InvalidError  # noqa: PLC0415
    from api.papers.monthly import month_of, monthly_report  # noqa: PLC0415
    from api.papers.pdf import pdf_of  # noqa: PLC0415

    with telling(DeskError, OSError):
        if language not in {"en", "zh"}:
            raise InvalidError("--language is en or zh.")
        paper = monthly_report(_open(ctx, config), load_kinds(ctx, config), month_of(month), language)
        file.write_bytes(pdf_of(paper))
    say(f"{paper.title}: {file}")
