"""``fettle simulate --desk``: the after-sales world, worked by the desk and by naive rules, and what each came to."""

from __future__ import annotations

import tempfile
from datetime import UTC, datetime
from pathlib import Path

from alerts.customers.sealing import Seal, new_key
from api.commands.shape import say, write_rows
from api.desk_trial.case import Case
from api.desk_trial.figures import Span, lines
from api.desk_trial.trial import run_trial
from ingest.clock import to_ms
from ingest.profiles import load_profiles
from simulator.people.after_sales import draw_world

START_MS = to_ms(datetime(2026, 3, 2, tzinfo=UTC))
DAYS, PER_DAY, TECHNICIANS = 28, 8.0, 8


def run_desk_trial(*, seed: int, days: float, worlds: int) -> None:
    """Work some worlds, of this seed and the next ones, both ways, and print the figures of all."""
    profiles, seal = load_profiles(), Seal((new_key(),))
    cases: dict[str, list[Case]] = {"desk": [], "naive": []}
    for number in range(worlds):
        world = draw_world(
            seed + number,
            profiles,
            start_ms=START_MS,
            days=round(days) or DAYS,
            per_day=PER_DAY,
            technicians=TECHNICIANS,
        )
        for way in cases:
            with tempfile.TemporaryDirectory() as folder:
                cases[way] += run_trial(Path(folder), world, profiles, way, seal)
            say(f"seed {seed + number}, {way}: {len(world.faults)} faults")
    rows = [
        {"figure": one.name, "desk": _text(one.desk), "naive": _text(one.naive), "difference": _text(one.difference)}
        for one in lines(cases["desk"], cases["naive"])
    ]
    write_rows(("figure", "desk", "naive", "difference"), rows, as_json=False)
    for way, found in cases.items():
        say(f"{way}: {sum(one.over_ms is None for one in found)} of {len(found)} were not over.")


def _text(span: Span | None) -> str | None:
    return None if span is None else f"{span.mean:g} ({span.low:g} to {span.high:g}), n={span.n}"
