"""``fettle simulate``: a simulated fleet, into a fleet folder or against a broker."""

from __future__ import annotations

import csv
import sys
from datetime import UTC, datetime
from pathlib import Path

from api.settings import Settings
from ingest.clock import SystemClock, to_ms
from simulator.fleet import Fleet
from simulator.folder import write_folder
from simulator.homes import DAY_MS
from simulator.specification import read_fleet

APPLIANCES = 200


def run_simulate(
    *,
    fleet: str,
    seed: int,
    days: float,
    appliances: int | None,
    speed: float,
    start: str | None,
    credentials: Path | None,
    out: Path | None,
    settings: Settings,
) -> None:
    """Run a fleet from ``days`` before now (or from ``start``) on; with ``out`` for ``days``, into that folder.

    Bad input is a ValueError whose sentence names what to write instead.
    """
    specification = read_fleet(fleet)
    begin_ms = SystemClock().now_ms() - round(days * DAY_MS) if start is None else _moment(start)
    whole = Fleet(specification, seed=seed, appliances=appliances or APPLIANCES, start_ms=begin_ms)
    if out is not None:
        if days <= 0:
            raise ValueError("A fleet folder needs days to fill: give --days.")
        samples = write_folder(whole, out, days=days, told=_tell_days)
        print(f"\n{samples} samples of {len(whole.appliances)} appliances in {out}", file=sys.stderr)  # noqa: T201
        return
    del speed, credentials, settings
    raise ValueError("Give --out DIR.")


def _moment(text: str) -> int:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise ValueError(f"--start {text!r} is no time; write one like 2026-01-31T12:00:00Z.") from None
    return to_ms(moment if moment.tzinfo else moment.replace(tzinfo=UTC))


def _tell_days(days: float, samples: int) -> None:
    print(f"\r{days:.0f} days, {samples} samples", end="", file=sys.stderr, flush=True)  # noqa: T201


def read_credentials(path: Path) -> dict[str, str]:
    """Broker passwords by appliance id, from a CSV of id,password with or without header."""
    with path.open(newline="", encoding="utf-8-sig") as file:
        rows = [row for row in csv.reader(file) if row]
    for number, row in enumerate(rows, 1):
        if len(row) < 2:
            raise ValueError(f"{path} line {number} is {','.join(row)!r}; write id,password.")
    return {row[0].strip(): row[1].strip() for row in rows if row[0].strip() != "id"}
