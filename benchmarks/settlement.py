"""A provider's statement over 10,000 visits of a month: seconds, and by how much its lines miss their total."""

from __future__ import annotations

import random
import tempfile
import time
from collections.abc import Iterator
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path

from sqlalchemy import insert

from alerts.appliances.directory import ensure_appliance
from alerts.database import Transaction, UnitOfWork, migrate, open_database
from alerts.desk import Desk
from alerts.lifecycle import TicketState
from alerts.people.provider import NewProvider
from alerts.people.technician import NewTechnician
from alerts.tickets.tables import tickets
from alerts.visits.lifecycle import VisitState
from alerts.visits.tables import visit_tickets, visits
from benchmarks.figure import Figure
from ingest.clock import ManualClock, to_ms

FIGURES = ("settlement_s", "settlement_missing")

_VISITS = 10_000
_MONTH_MS = 30 * 24 * 3_600_000
_START_MS = to_ms(datetime(2026, 11, 1, tzinfo=UTC))
_FEES = {"visit": "45.10", "washing_machine": "30.05", "drain_pump_clog": "12.35"}


def measure() -> Iterator[Figure]:
    """On SQLite; every second ticket has a fee of its own fault mode."""
    with tempfile.TemporaryDirectory() as folder:
        engine = open_database(f"sqlite:///{Path(folder) / 'desk.db'}")
        migrate(engine)
        desk = Desk(UnitOfWork(engine, ManualClock(_START_MS), random.Random(7)), {})
        provider = desk.providers.add(NewProvider("Cool", fees=_FEES)).id
        technician = desk.technicians.add(NewTechnician("Ada", provider_id=provider)).id
        desk.unit.write(lambda t: _month(t, technician))
        started = time.perf_counter()
        statement = desk.billing.settle(provider, date(2026, 11, 1), date(2026, 11, 30))
        took_s = time.perf_counter() - started
        engine.dispose()
    half = _VISITS // 2
    right = _VISITS * Decimal("45.10") + half * Decimal("30.05") + half * Decimal("12.35")
    yield Figure("settlement_s", took_s, "s", len(statement.lines))
    lines = sum(Decimal(line.amount) for line in statement.lines)
    missing = abs(Decimal(statement.total) - right) + abs(lines - right)
    yield Figure("settlement_missing", float(missing), "EUR", len(statement.lines))


def _month(t: Transaction, technician_id: str) -> None:
    ensure_appliance(t, "W1", "washing_machine")
    for n in range(_VISITS):
        at_ms = _START_MS + n * _MONTH_MS // _VISITS
        row = {"id": f"tk_{n}", "appliance_id": "W1", "kind": "washing_machine", "title": "x", "source": "customer"}
        state = {"status": TicketState.CLOSED.value, "opened_ms": at_ms, "respond_by_ms": at_ms, "resolve_by_ms": at_ms}
        mode = {"fault_mode": "drain_pump_clog" if n % 2 else None}
        t.connection.execute(insert(tickets).values(**row, **state, **mode))
        visit = {"id": f"vi_{n}", "technician_id": technician_id, "status": VisitState.DONE.value, "time_zone": "UTC"}
        times = {"starts_ms": at_ms, "ends_ms": at_ms, "ended_ms": at_ms, "created_ms": at_ms}
        t.connection.execute(insert(visits).values(**visit, **times, is_locked=False, created_by="bench"))
        t.connection.execute(insert(visit_tickets).values(visit_id=f"vi_{n}", ticket_id=f"tk_{n}", is_standing=False))
