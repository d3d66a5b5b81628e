"""1,000 reservations of one part by 16 threads at once, of which 400 lie there: how many got it, and how long it took."""

from __future__ import annotations

import random
import tempfile
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from sqlalchemy import insert

from alerts.appliances.directory import ensure_appliance
from alerts.database import Transaction, UnitOfWork, migrate, open_database
from alerts.desk import Desk
from alerts.errors import ConflictError
from alerts.lifecycle import TicketState
from alerts.stock.ledger import NewMovement
from alerts.stock.stock import MovementKind, NewStockPlace, PlaceKind
from alerts.tickets.tables import tickets
from benchmarks.figure import Figure
from ingest.clock import SystemClock

FIGURES = ("racing_reservations_s", "racing_reservations_lost")

_WANTED = 1000
_THERE = 400
_THREADS = 16


def measure() -> Iterator[Figure]:
    """On SQLite; a lost one is one that is neither refused nor in the ledger's level."""
    with tempfile.TemporaryDirectory() as folder:
        engine = open_database(f"sqlite:///{Path(folder) / 'desk.db'}")
        migrate(engine)
        desk = Desk(UnitOfWork(engine, SystemClock(), random.Random(7)), {})
        desk.unit.write(_tickets)
        depot = desk.stock.add_place(NewStockPlace("West", PlaceKind.DEPOT)).id
        desk.stock.move(NewMovement(depot, "pump", _THERE, MovementKind.RECEIVED))

        def reserve(n: int) -> bool:
            try:
                desk.stock.reserve(f"tk_{n}", "pump", place_id=depot)
            except ConflictError:
                return False
            return True

        started = time.perf_counter()
        with ThreadPoolExecutor(_THREADS) as pool:
            got = sum(pool.map(reserve, range(_WANTED)))
        took_s = time.perf_counter() - started
        [level] = desk.stock.levels()
        engine.dispose()
    yield Figure("racing_reservations_s", took_s, "s", _WANTED)
    yield Figure("racing_reservations_lost", abs(got - level.reserved) + abs(_THERE - got), "reservations", _WANTED)


def _tickets(t: Transaction) -> None:
    ensure_appliance(t, "W1", "washing_machine")
    for n in range(_WANTED):
        row = {"id": f"tk_{n}", "appliance_id": "W1", "kind": "washing_machine", "title": "x", "source": "customer"}
        state = {"status": TicketState.TRIAGED.value, "priority": 3, "opened_ms": 0}
        t.connection.execute(insert(tickets).values(**row, **state, respond_by_ms=0, resolve_by_ms=0))
