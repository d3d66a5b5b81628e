"""Sixteen workers in four processes race to open tickets of twenty faults, 1,000 tries each: twenty rows, and no error.

Half of the tries are findings, half are people; whoever comes second is told which ticket stands, and that is no error. On SQLite;
on PostgreSQL where ``FETTLE_BENCH_DATABASE_URL`` names an empty database.
"""

from __future__ import annotations

import random
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from multiprocessing import get_context

from sqlalchemy import func, select

from alerts.database import UnitOfWork, open_database
from alerts.desk import Desk
from alerts.errors import AlreadyOpenError, DeskError
from alerts.notices.tables import outbox
from alerts.tickets.opening import open_from_finding
from alerts.tickets.tables import tickets
from alerts.tickets.ticket import NewTicket
from benchmarks.desk_town import empty_database
from benchmarks.figure import Figure
from detectors.finding import Finding, FindingChannel
from ingest.clock import SystemClock
from ingest.profiles import load_profiles

FIGURES = ("racing_tickets_s", "racing_tickets_amiss")
FAULTS, PROCESSES, THREADS, TRIES = 20, 4, 4, 1_000
_MODE = "condenser_fouling"


def measure() -> Iterator[Figure]:
    """How long it took, and how many rows, notices or answers are not as they should be."""
    with empty_database() as url:
        desk = _desk(url)
        desk.appliances.register(*((f"F-{n}", "refrigerator") for n in range(FAULTS)))
        begun = time.perf_counter()
        with ProcessPoolExecutor(PROCESSES, mp_context=get_context("spawn")) as pool:
            answers = sum(pool.map(_race, [url] * PROCESSES, range(PROCESSES)), Counter[str]())
        took_s = time.perf_counter() - begun
        with desk.unit.engine.connect() as connection:
            rows = connection.execute(select(func.count()).select_from(tickets)).scalar_one()
            told = select(func.count()).select_from(outbox).where(outbox.c.type == "ticket.opened")
            notices = connection.execute(told).scalar_one()
        desk.unit.engine.dispose()
    tries = PROCESSES * THREADS * TRIES
    amiss = abs(rows - FAULTS) + abs(notices - FAULTS) + answers["error"] + abs(answers["new"] - FAULTS)
    yield Figure("racing_tickets_s", took_s, "s", tries)
    yield Figure("racing_tickets_amiss", amiss + abs(answers.total() - tries), "rows, notices and answers", tries)


def _race(url: str, process: int) -> Counter[str]:
    desk = _desk(url)
    with ThreadPoolExecutor(THREADS) as pool:
        return sum(pool.map(lambda thread: _tries(desk, process * THREADS + thread), range(THREADS)), Counter[str]())


def _tries(desk: Desk, worker: int) -> Counter[str]:
    answers = Counter[str]()
    for n in range(TRIES):
        answers[_try(desk, worker, (n + worker) % FAULTS, is_finding=n % 2 == 0)] += 1
    return answers


def _try(desk: Desk, worker: int, fault: int, *, is_finding: bool) -> str:
    try:
        if is_finding:
            found = _finding(fault)
            profile = desk.profiles["refrigerator"]
            _id, is_new = desk.unit.write(lambda t: open_from_finding(t, found, profile, alert_id="al_race"))
            return "new" if is_new else "told"
        desk.by(f"worker-{worker}").tickets.open(NewTicket(f"F-{fault}", "warm", fault_mode=_MODE))
    except AlreadyOpenError:
        return "told"
    except DeskError:
        return "error"
    return "new"


def _finding(fault: int) -> Finding:
    return Finding(f"F-{fault}", "refrigerator", _MODE, "condenser", FindingChannel.EVIDENCE, 1, 1, 9.0, 0.5, 0.8)


def _desk(url: str) -> Desk:
    return Desk(UnitOfWork(open_database(url), SystemClock(), random.SystemRandom()), load_profiles())
