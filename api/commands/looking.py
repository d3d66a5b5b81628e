"""``status``: is it well, and what waits; ``doctor``: what may keep it from working, with the cure. Both change nothing."""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Annotated, Any

import typer

from api.commands.shape import ConfigOption, JsonOption, load_settings, say, sentence, write_line, write_table

if TYPE_CHECKING:
    from api.service.told import Told
    from api.settings.settings import Settings

ANOTHER = 0.25
"""From this population stability index on, a fit's input is another than it was at the training."""
NOBODY = 1
"""Exit code of what is not well, so that a script needs to read nothing."""


def status(ctx: typer.Context, *, as_json: JsonOption = False, config: ConfigOption = None) -> None:
    """Is it well, and what waits: one screen, beside a running service. Exits 1 where it is not well."""
    settings = load_settings(ctx, config).settings
    from api.service import told  # noqa: PLC0415
    from api.service.role import ServiceRole  # noqa: PLC0415
    from ingest.clock import SystemClock  # noqa: PLC0415

    now_ms, words = SystemClock().now_ms(), dict(told.read(settings.data_dir))
    roles = {role.value: _role(words.get(role), now_ms) for role in ServiceRole}
    reasons = [
        f"{name} does not run; start fettle serve, or fettle {name}" for name, one in roles.items() if not one["up"]
    ]
    reasons += list(dict.fromkeys(reason for one in roles.values() for reason in one["reasons"]))
    figures: dict[str, float] = {}
    for word in words.values():
        figures |= dict(_figures(word, is_fresh=word.is_fresh(now_ms)))
    waits = {**_waiting(figures), **_at_the_desk(settings), "drift": drift_of(figures)}
    free = shutil.disk_usage(settings.data_dir).free if settings.data_dir.is_dir() else None
    if as_json:
        write_line({"well": not reasons, "reasons": reasons, "roles": roles, "waits": waits, "free_bytes": free})
    else:
        _show(settings, reasons, roles, waits, free)
    raise typer.Exit(NOBODY if reasons else 0)


def doctor(
    ctx: typer.Context,
    *,
    as_json: JsonOption = False,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="Only what is not well.")] = False,
    config: ConfigOption = None,
) -> None:
    """Check settings, servers, rights, versions and clock; says cause and cure. Exits 1 where something is bad."""
    settings = load_settings(ctx, config).settings
    from api.service.doctor import Grade, examine  # noqa: PLC0415
    from ingest.clock import SystemClock  # noqa: PLC0415

    found = list(examine(settings, SystemClock()))
    shown = [one for one in found if not quiet or one.grade is not Grade.OK]
    if as_json:
        for one in shown:
            write_line({"subject": one.subject, "grade": one.grade.value, "found": one.found, "cure": one.cure})
    else:
        write_table(("", "what", "found"), [(one.grade.value, one.subject, one.found) for one in shown])
        for one in shown:
            if one.cure:
                say(f"{one.subject}: {one.cure}")
    bad = [one.subject for one in found if one.grade is Grade.BAD]
    doubts = sum(one.grade is Grade.DOUBT for one in found)
    say(f"Not well: {', '.join(bad)}." if bad else f"Nothing is bad, {doubts} doubtful." if doubts else "All is well.")
    raise typer.Exit(NOBODY if bad else 0)


def _role(word: Told | None, now_ms: int) -> dict[str, Any]:
    """One role: whether a process does it, which, and what it says."""
    is_up = word is not None and word.is_fresh(now_ms)
    return {
        "up": is_up,
        "pid": word.pid if word is not None and is_up else None,
        "reasons": list(word.reasons) if word is not None and is_up else [],
    }


def _figures(word: Told, *, is_fresh: bool) -> Iterator[tuple[str, float]]:
    """All samples of what one process wrote, by name and label."""
    for metric in word.metrics(counters_only=not is_fresh):
        for sample in metric.samples:
            yield sample.name + "".join(f" {value}" for value in sample.labels.values()), sample.value


def _waiting(figures: Mapping[str, float]) -> dict[str, Any]:
    """What waits on its way in, and what was refused or is missing."""
    lag = "fettle_cursor_lag_messages "
    letters = "fettle_dead_letters_total "
    return {
        "messages": {name.removeprefix(lag): int(n) for name, n in figures.items() if name.startswith(lag)},
        "missing": int(figures.get("fettle_ledger_gap", 0)),
        "dead_letters": {
            name.removeprefix(letters): int(n) for name, n in figures.items() if name.startswith(letters) and n
        },
    }


def drift_of(figures: Mapping[str, float]) -> str:
    """Whether findings of late are as those that the released fit was learned from, and what to do where they are not.

    >>> drift_of({"fettle_fit_drift dryer severity": 0.31, "fettle_fit_drift dryer score": 0.02})
    'findings of dryer are no more as the fit learned them (severity 0.31): train anew (fettle train), and let it run in shadow first'
    """
    name = "fettle_fit_drift "
    moved: dict[str, list[str]] = {}
    for label, value in figures.items():
        if label.startswith(name) and value >= ANOTHER:
            kind, _, given = label.removeprefix(name).partition(" ")
            moved.setdefault(kind, []).append(f"{given} {value:.2f}")
    if not moved:
        return "none" if any(label.startswith(name) for label in figures) else "not known yet, or no fit is released"
    told = "; ".join(f"{kind} are no more as the fit learned them ({', '.join(one)})" for kind, one in moved.items())
    return f"findings of {told}: train anew (fettle train), and let it run in shadow first"


def _at_the_desk(settings: Settings) -> dict[str, Any]:
    """What waits for people; a sentence where the database can't be read, or is not there."""
    if not settings.has_desk:
        return {"desk": "no database yet; the first start makes it"}
    import random  # noqa: PLC0415

    from alerts.database import UnitOfWork, open_database  # noqa: PLC0415
    from alerts.desk import Desk  # noqa: PLC0415
    from alerts.errors import DeskError  # noqa: PLC0415
    from ingest.clock import SystemClock  # noqa: PLC0415

    try:
        engine = open_database(settings.resolved_database_url)
        try:
            desk = Desk(UnitOfWork(engine, SystemClock(), random.SystemRandom()), {})
            tickets, notices = desk.tickets.counts(), desk.notices.counts()
        finally:
            engine.dispose()
    except DeskError as error:
        return {"desk": sentence(error)}
    return {
        "tickets": {state.value: count for state, count in tickets.items() if count},
        "notices": {state.value: count for state, count in notices.items() if count and state.value != "delivered"},
    }


def _show(
    settings: Settings,
    reasons: list[str],
    roles: Mapping[str, dict[str, Any]],
    waits: Mapping[str, Any],
    free: int | None,
) -> None:
    """The one screen."""
    room = "" if free is None else f", {free / 2**30:.1f} GiB free"
    typer.echo(f"data          {settings.data_dir}{room}")
    typer.echo("well          yes" if not reasons else "well          no")
    for reason in reasons:
        typer.echo(f"              {reason}")
    up = [f"{name} (pid {one['pid']})" for name, one in roles.items() if one["up"]]
    typer.echo(f"runs          {', '.join(up) or 'nothing'}")
    for name, said in waits.items():
        typer.echo(f"{name.replace('_', ' '):<13} {_in_words(said)}")


def _in_words(said: object) -> str:
    """Counts by name, or what is said instead."""
    if isinstance(said, Mapping):
        return ", ".join(f"{name} {count}" for name, count in said.items()) or "none"
    return str(said)
