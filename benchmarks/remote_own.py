"""What remote tests do for the tickets that the detectors' own findings open: fleet ``hard``, a seed on which nothing was tuned.

The live detectors read a fleet's days; each finding that names a fault of an appliance goes the service's whole way (alert,
gate, ticket), and its ticket is worked as in ``remote_served``: the recommended test, the customer's steps, the day after. A
finding is right where its appliance has that fault at that moment. One that opens no ticket, as the gate says, counts for
itself. Baseline: chance.
"""

from __future__ import annotations

import asyncio
import sys
import tempfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from alerts.remote.inference import Indication
from alerts.tickets.reading import TicketFilter
from api.service.role import ServiceRole
from benchmarks.figure import Figure
from benchmarks.remote_served import PATIENCE_S, Home, Outcome, work_all
from benchmarks.remote_tests import CHANCE, START_MS, Case
from detectors.backtest.fleet import run_fleet_backtest
from detectors.finding import DetectCommit, Finding
from ingest.profiles import load_profiles
from simulator.bench import can_do
from simulator.fleet import Fleet
from simulator.fleet_file import read_fleet
from simulator.folder import write_folder

if TYPE_CHECKING:
    from alerts.desk import Desk

FIGURES = ("remote_own_confirmed", "remote_own_rejected", "remote_own_solved", "remote_own_relapsed")
SEED = 9401
APPLIANCES = 100
DAYS = 200
ROLES = (ServiceRole.INGEST, ServiceRole.DESK, ServiceRole.API)
"""The findings are there already; no detectors run beside."""


@dataclass(frozen=True, slots=True)
class FoundCase(Case):
    """A case of which the detectors have told."""

    finding: Finding


class FoundHome(Home):
    """Where a finding opens the ticket, if the gate lets it."""

    async def open_ticket(self, technician: Desk) -> str | None:
        """The ticket of the finding; nothing where the gate holds it back."""
        assert isinstance(self.case, FoundCase)
        name, now_ms, found = self.line.agent.identity.appliance_id, self.line.clock.now_ms(), self.case.finding
        at_home = replace(
            found,
            appliance_id=name,
            raised_ms=now_ms,
            onset_ms=now_ms - (found.raised_ms - found.onset_ms),
            failure_window_ms=None,
            cleared_ms=None,
            cleared_because=None,
        )
        position = self.desk.findings.load().position + 1
        self.desk.findings.commit(DetectCommit(position, {}, None, (at_home,), ()))
        numbers: list[str] = []

        def is_open() -> bool:
            numbers[:] = [str(one.number) for one in technician.tickets.page(TicketFilter(appliance_id=name)).items]
            return bool(numbers)

        return numbers[0] if await self.until(is_open, PATIENCE_S / 12) else None


def measure() -> Iterator[Figure]:
    """A fleet's days, what is found in them, and what comes of it."""
    fleet = Fleet(read_fleet("hard"), seed=SEED, appliances=APPLIANCES, start_ms=START_MS)
    with tempfile.TemporaryDirectory(prefix="fettle-bench-") as folder:
        write_folder(fleet, Path(folder), days=DAYS)
        found = run_fleet_backtest(Path(folder), load_profiles()).raised
    yield from worked(found)


def worked(found: Iterable[Finding]) -> Iterator[Figure]:
    """What comes of findings in the fleet."""
    fleet = Fleet(read_fleet("hard"), seed=SEED, appliances=APPLIANCES, start_ms=START_MS)
    outcome = Outcome()
    asyncio.run(work_all(fleet, list(found_cases(fleet, found)), outcome, FoundHome, ROLES))
    outcome.tell(sys.stderr)
    for name, said, wanted in (
        (FIGURES[0], outcome.of_faults, Indication.CONFIRMED),
        (FIGURES[1], outcome.of_sound, Indication.CLEARED),
    ):
        share = said[wanted] / max(said.total(), 1)
        yield Figure(name, share, "share", said.total(), ratio_to="chance", ratio=share / CHANCE)
    tickets = outcome.ended.total() - outcome.ended["no ticket"]
    solved = outcome.ended["cleared"] + outcome.ended["mended"]
    yield Figure(FIGURES[2], solved / max(tickets, 1), "share", tickets)
    yield Figure(FIGURES[3], outcome.relapsed / max(solved, 1), "share", solved)


def found_cases(fleet: Fleet, found: Iterable[Finding]) -> Iterator[FoundCase]:
    """The findings that a test can speak of, each with whether it is right."""
    places = {one.id: place for place, one in enumerate(fleet.appliances)}
    for one in found:
        profile = load_profiles()[one.kind]
        mode = profile.fault_modes.get(one.fault_mode)
        if mode is None or mode.test is None or not can_do(one.kind, profile.tests[mode.test]):
            continue
        is_there = any(
            fault.appliance_id == one.appliance_id
            and fault.wear.fault_mode == one.fault_mode
            and fault.wear.onset_ms <= one.raised_ms
            for fault in fleet.truth.faults
        )
        yield FoundCase(places[one.appliance_id], one.raised_ms, mode, is_there=is_there, finding=one)
