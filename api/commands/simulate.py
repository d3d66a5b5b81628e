"""``fettle simulate``: a simulated fleet, into a fleet folder or against a broker.

Against a broker the past goes first, either as fast as it is acknowledged (speed 0) or at the given speed until the
fleet's time has reached the wall clock; from then on both run together.
"""

from __future__ import annotations

import asyncio
import csv
import signal
import sys
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from api.service import log_setup
from api.settings.settings import Settings
from ingest.clock import AcceleratedClock, Clock, SystemClock, from_ms, to_ms
from ingest.profiles import load_profiles
from simulator.connection import Broker, read_broker
from simulator.driver import FleetRun, Progress
from simulator.fleet import Fleet
from simulator.fleet_file import read_fleet
from simulator.folder import write_folder
from simulator.raw import raw
from simulator.weather import DAY_MS


@dataclass(frozen=True, slots=True)
class CatchingUpClock:
    """Runs fast until it has caught up with the wall clock, then with it."""

    fast: AcceleratedClock
    wall: SystemClock

    def now_ms(self) -> int:
        """Milliseconds since 1970, UTC."""
        return min(self.fast.now_ms(), self.wall.now_ms())

    def now(self) -> datetime:
        """The same moment as a timezone-aware UTC datetime."""
        return from_ms(self.now_ms())


def run_simulate(
    *,
    fleet: str,
    seed: int,
    days: float,
    appliances: int,
    speed: float,
    start: str | None,
    credentials: Path | None,
    out: Path | None,
    settings: Settings,
    is_raw: bool = False,
) -> None:
    """Run a fleet (``is_raw``: one that computes nothing itself) from ``days`` before now (or from ``start``) on; with ``out`` for ``days``, into that folder.

    Bad input is a ValueError whose sentence names what to write instead.
    """
    log_setup.configure(settings.log_format)
    specification = raw(read_fleet(fleet)) if is_raw else read_fleet(fleet)
    passwords = read_credentials(credentials) if credentials is not None else {}
    wall = SystemClock()
    now_ms = wall.now_ms()
    begin_ms = now_ms - round(days * DAY_MS) if start is None else _moment(start)
    if out is None and begin_ms > now_ms:
        raise ValueError(f"--start {start} is in the future; a fleet at a broker begins now or before.")
    whole = Fleet(specification, seed=seed, appliances=appliances, start_ms=begin_ms)
    if out is not None:
        _fill_folder(whole, out, days)
        return
    clock: Clock = wall
    history_until_ms: int | None = now_ms if begin_ms < now_ms else None
    if speed > 0 and history_until_ms is not None:
        clock = CatchingUpClock(AcceleratedClock(now_ms, begin_ms, speed), wall)
        history_until_ms = None
    asyncio.run(_speak(whole, settings, clock, seed, passwords, history_until_ms))


def read_settings_broker(settings: Settings) -> Broker:
    """The broker of the settings, with its certificates."""
    files = (settings.mqtt_ca_file, settings.mqtt_cert_file, settings.mqtt_key_file)
    ca_file, cert_file, key_file = (str(file) if file is not None else None for file in files)
    return read_broker(settings.mqtt_url, ca_file=ca_file, cert_file=cert_file, key_file=key_file)


def read_credentials(path: Path) -> dict[str, str]:
    """Broker passwords by appliance id, from a CSV of id,password with or without header."""
    with path.open(newline="", encoding="utf-8-sig") as file:
        rows = [row for row in csv.reader(file) if row]
    for number, row in enumerate(rows, 1):
        if len(row) < 2:
            raise ValueError(f"{path} line {number} is {','.join(row)!r}; write id,password.")
    return {row[0].strip(): row[1].strip() for row in rows if row[0].strip() != "id"}


def stop_on_signals() -> asyncio.Event:
    """An event that SIGINT or SIGTERM sets."""
    stop = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    return stop


def _fill_folder(fleet: Fleet, out: Path, days: float) -> None:
    if days <= 0:
        raise ValueError("A fleet folder needs days to fill: give --days.")
    samples = write_folder(
        fleet, out, days=days, told=lambda day, rows: _say(f"\r{day:.0f} days, {rows} samples", end="")
    )
    _say(f"\n{samples} samples of {len(fleet.appliances)} appliances in {out}")


async def _speak(
    fleet: Fleet,
    settings: Settings,
    clock: Clock,
    seed: int,
    passwords: dict[str, str],
    history_until_ms: int | None,
) -> None:
    shown: dict[str, str] = {}

    def tell(progress: Progress) -> None:
        for appliance_id, consent in progress.consents.items():
            if shown.get(appliance_id) != consent.code:
                shown[appliance_id] = consent.code
                _say(f"\n{appliance_id} shows the code {consent.code}")
        lag = f", {progress.lag_s:.0f} s behind" if progress.lag_s > 300 else ""
        _say(
            f"\r{progress.phase}: {from_ms(progress.sim_now_ms):%Y-%m-%d %H:%M}, {progress.connected} connected, "
            f"{progress.published} messages, {progress.unacknowledged} not yet acknowledged{lag}   ",
            end="",
        )

    run = FleetRun(
        fleet,
        read_settings_broker(settings),
        clock=clock,
        seed=seed,
        passwords=passwords,
        topic_root=settings.topic_root,
        profiles=load_profiles(settings.profiles_dir),
        report=tell,
    )
    try:
        progress = await run.run(history_until_ms=history_until_ms, stop=stop_on_signals())
    finally:
        _say("")
    if progress.unacknowledged:
        _say(f"{progress.unacknowledged} messages were not acknowledged; is the service running?")


def _moment(text: str) -> int:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise ValueError(f"--start {text!r} is no time; write one like 2026-01-31T12:00:00Z.") from None
    return to_ms(moment if moment.tzinfo else moment.replace(tzinfo=UTC))


def _say(text: str, *, end: str = "\n") -> None:
    """Talk, on stderr; a line that overwrites itself only where somebody watches."""
    if end == "\n" or sys.stderr.isatty():
        print(text.lstrip("\n") if not sys.stderr.isatty() else text, end=end, file=sys.stderr, flush=True)  # noqa: T201
