"""``what-if``: what another threshold, gate or budget would have done, beside what happened."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from api.commands.shape import ConfigOption, JsonOption, load_kinds, open_unit, say, telling, write_line, write_table

if TYPE_CHECKING:
    from alerts.supposing.what_if import CourseOfThings, Figure


def what_if(
    ctx: typer.Context,
    *,
    probability: Annotated[float, typer.Option(min=0, max=1, help="A finding less probable is only shown.")] = 0.0,
    severity: Annotated[float, typer.Option(min=0, max=1, help="A finding less severe is only shown.")] = 0.0,
    visit_price: Annotated[float | None, typer.Option(min=0, help="Price of a visit.")] = None,
    consequence_times: Annotated[float, typer.Option(min=0.001, help="What failures cost, times this.")] = 1.0,
    false_share: Annotated[
        float | None, typer.Option(min=0, max=1, help="Share of visits in vain that is borne.")
    ] = None,
    rules: Annotated[
        Path | None,
        typer.Option("--rules", metavar="FILE", help="Gate and budget of these rules in place of those in force."),
    ] = None,
    days: Annotated[int, typer.Option(min=1, max=3650, help="The cases that began within so many days.")] = 365,
    as_json: JsonOption = False,
    config: ConfigOption = None,
) -> None:
    """Decide stored findings anew: visits, misses and costs with their 95 % intervals, beside what happened."""
    from datetime import timedelta  # noqa: PLC0415

    from alerts.errors import DeskError  # noqa: PLC0415
    from alerts.rules.reading import load_rules  # noqa: PLC0415
    from alerts.supposing.desk import Supposed, Supposing  # noqa: PLC0415

    supposed = Supposed(probability, severity, visit_price, consequence_times, false_share)
    with telling(DeskError):
        other = None if rules is None else load_rules(rules)
        found = Supposing(open_unit(ctx, config), load_kinds(ctx, config)).what_if(
            supposed, over=timedelta(days=days), rules=other
        )
    if as_json:
        write_line(asdict(found))
        return
    say(f"{found.cases} cases in {days} days, {found.judged} of them judged; money in {found.currency}.")
    write_table(("", "happened", "would have"), _rows(found.happened, found.would))
    write_table(("saved",), [(_shown(found.saved),)])


def _rows(happened: CourseOfThings, would: CourseOfThings) -> list[tuple[str, str, str]]:
    names = {"visits": "visits", "in_vain": "in vain", "misses": "misses", "cost": "cost"}
    return [(said, _shown(getattr(happened, name)), _shown(getattr(would, name))) for name, said in names.items()]


def _shown(figure: Figure) -> str:
    return f"{figure.value:.1f} ({figure.low:.1f} to {figure.high:.1f})"
