"""Sixteen workers in four processes race for the tickets of twenty faults, 1,000 tries each and for each: twenty rows, and no error.

A round of a worker tries all twenty faults, in an order of its own: nineteen as findings of one step, as the detectors hand
them over, in one transaction; one as a person, in another. Whoever comes second is told which ticket stands, and that is no
error. On SQLite; on PostgreSQL where ``FETTLE_BENCH_DATABASE_URL`` names an empty database.
"""

from __future__ import annotations

import random
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from multiprocessing import get_context

from sqlalchemy import func, select

from alerts.database import Transaction, UnitOfWork, open_database
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
FAULTS, PROCESSES, THREADS, ROUNDS = 20, 4, 4, 1_000
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
    tries = FAULTS * PROCESSES * THREADS * ROUNDS
    amiss = abs(rows - FAULTS) + abs(notices - FAULTS) + answers["error"] + abs(answers["new"] - FAULTS)
    yield Figure("racing_tickets_s", took_s, "s", tries)
    yield Figure("racing_tickets_amiss", amiss + abs(answers.total() - tries), "rows, notices and answers", tries)


def _race(url: str, process: int) -> Counter[str]:
    desk = _desk(url)
    with ThreadPoolExecutor(THREADS) as pool:
        return sum(pool.map(lambda thread: _tries(desk, process * THREADS + thread), range(THREADS)), Counter[str]())


def _tries(desk: Desk, worker: int) -> Counter[str]:
    answers, chance = Counter[str](), random.Random(worker)
    for _ in range(ROUNDS):
        mine, *found = chance.sample(range(FAULTS), FAULTS)
        if worker % 2:
            answers[_by_person(desk, worker, mine)] += 1
            answers += _by_detectors(desk, found)
        else:
            answers += _by_detectors(desk, found)
            answers[_by_person(desk, worker, mine)] += 1
    return answers


def _by_detectors(desk: Desk, faults: list[int]) -> Counter[str]:
    profile = desk.profiles["refrigerator"]

    def step(t: Transaction) -> Counter[str]:
        opened = (open_from_finding(t, _finding(fault), profile, alert_id="al_race") for fault in faults)
        return Counter("new" if is_new else "told" for _id, is_new in opened)

    try:
        return desk.unit.write(step)
    except DeskError:
        return Counter(error=len(faults))


def _by_person(desk: Desk, worker: int, fault: int) -> str:
    try:
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
