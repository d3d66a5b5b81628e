"""A town for the desk's figures: appliances, tickets with history and terms, and alerts, written in bulk."""

from __future__ import annotations

import os
import random
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

from sqlalchemy import Table, func, insert, text, update

from alerts.alerting.tables import alerts
from alerts.appliances.tables import appliances
from alerts.database import Transaction, UnitOfWork, migrate, open_database
from alerts.desk import Desk
from alerts.rules.desk_rules import DeskRules
from alerts.schema import metadata
from alerts.tickets.tables import clock_terms, ticket_history, ticket_search, ticket_terms, tickets
from alerts.tickets.terms import Facts, wanted_terms
from ingest.clock import ManualClock
from ingest.profiles import load_profiles

NOW_MS = 1_790_000_000_000
HOUR_MS = 3_600_000
DAY_MS = 24 * HOUR_MS
STATES = ("open", "triaged", "scheduled", "in_progress", "closed", "closed", "closed", "cancelled")
DATABASE = "FETTLE_BENCH_DATABASE_URL"
"""An empty PostgreSQL to measure on; a SQLite file in a temporary folder where it is unset."""


@contextmanager
def empty_database() -> Iterator[str]:
    """The address of a database without a row: SQLite, or that of the environment, of which all is dropped."""
    with tempfile.TemporaryDirectory() as folder:
        url = os.environ.get(DATABASE) or f"sqlite:///{Path(folder) / 'desk.db'}"
        engine = open_database(url)
        if engine.dialect.name == "postgresql":
            with engine.begin() as connection:
                metadata.drop_all(connection)
                connection.execute(text("DROP TABLE IF EXISTS alembic_version"))
        migrate(engine)
        engine.dispose()
        yield url


@contextmanager
def town(*, rules: DeskRules | None = None) -> Iterator[tuple[Desk, ManualClock]]:
    """An empty desk on SQLite, or on the database of the environment."""
    with empty_database() as url:
        engine = open_database(url)
        clock = ManualClock(NOW_MS)
        yield Desk(UnitOfWork(engine, clock, random.Random(7), rules=rules or DeskRules()), load_profiles()), clock
        engine.dispose()


def settle(desk: Desk, number: int) -> None:
    """So many online refrigerators in eight regions, two models and two firmwares."""
    rows = [
        {
            "id": f"A-{n}",
            "kind": "refrigerator",
            "model": f"M{n % 2}",
            "firmware": f"{n % 2}.{n // 2 % 2}",
            "region": f"r{n % 8}",
            "home": f"h{n // 3}",
            "registered_ms": NOW_MS - 100 * DAY_MS,
            "last_seen_ms": NOW_MS,
            "search": f"a-{n}",
        }
        for n in range(number)
    ]
    write_rows(desk, appliances, rows)


def open_tickets(desk: Desk, number: int, *, states: tuple[str, ...] = STATES) -> None:
    """So many tickets of as many fault modes as needed, each with four lines of history."""
    chance = random.Random(3)
    terms = {
        priority: wanted_terms(DeskRules(), Facts("prediction", priority, "refrigerator", None, None))
        for priority in range(1, 5)
    }
    write_rows(desk, clock_terms, [{"id": one.id, "content": one.content} for one in terms.values()])
    rows, lines, logs, words = [], [], [], []
    for n in range(1, number + 1):
        state, opened_ms = states[n % len(states)], NOW_MS - chance.randrange(1, 60 * 60) * 60_000
        priority, is_over = chance.randint(1, 4), state in {"closed", "cancelled"}
        within = terms[priority].within_ms
        rows.append(
            {
                "number": n,
                "id": f"tk_{n}",
                "appliance_id": f"A-{n % 10_000}",
                "kind": "refrigerator",
                "component": "compressor",
                "fault_mode": f"mode_{n // 10_000}" if not is_over else f"old_{n}",
                "title": f"The compressor of {n} labours",
                "status": state,
                "priority": priority,
                "severity": round(chance.random(), 3),
                "probability": 0.7,
                "source": "prediction",
                "channel": "evidence",
                "opened_ms": opened_ms,
                "episode_ms": opened_ms,
                "respond_by_ms": NOW_MS + within["respond"],
                "resolve_by_ms": NOW_MS + within["resolve"],
                "terms_id": terms[priority].id,
                "closed_ms": opened_ms + HOUR_MS if is_over else None,
                "assignee": chance.choice([None, "anna", "bo", "cy"]),
            }
        )
        logs.append({"ticket_id": f"tk_{n}", "at_ms": opened_ms, "terms_id": terms[priority].id})
        words.append({"number": n, "text": f"the compressor of {n} labours a-{n % 10_000}"})
        lines += [
            {"ticket_id": f"tk_{n}", "at_ms": opened_ms + k, "actor": "anna", "event": event, "data": {}}
            for k, event in enumerate(("open", "triage", "comment", "comment"))
        ]
    for table, values in ((tickets, rows), (ticket_terms, logs), (ticket_history, lines), (ticket_search, words)):
        write_rows(desk, table, values)
    if desk.unit.engine.dialect.name == "postgresql":
        with desk.unit.engine.begin() as connection:
            connection.execute(text("SELECT setval(pg_get_serial_sequence('tickets', 'number'), :n)"), {"n": number})
        with desk.unit.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            connection.execute(text("VACUUM ANALYZE"))  # as autovacuum leaves tables within a minute of so much writing


def raise_alerts(desk: Desk, number: int, *, start: int = 0, with_ticket: bool = False, **columns: Any) -> None:
    """So many alerts, each of an appliance and fault mode of its own, with these columns; where wanted, each with its ticket."""
    rows = [
        {
            "id": f"al_{n}",
            "appliance_id": f"A-{n % 10_000}",
            "kind": "refrigerator",
            "fault_mode": f"mode_{n // 10_000}",
            "component": "compressor",
            "channel": "evidence",
            "state": "pending",
            "decision": "hold",
            "severity": 0.5,
            "probability": 0.7,
            "score": 5.0,
            "onset_ms": NOW_MS - 5 * DAY_MS,
            "raised_ms": NOW_MS - DAY_MS,
            "created_ms": NOW_MS - DAY_MS,
            "history": [],
            "ticket_id": f"tk_{n}" if with_ticket else None,
            **columns,
        }
        for n in range(start, start + number)
    ]
    write_rows(desk, alerts, rows)


def count(desk: Desk, table: Table) -> int:
    """How many rows a table has."""
    return desk.unit.look(lambda t: t.connection.execute(func.count(table.c[0]).select()).scalar_one())


def drop_all(desk: Desk) -> None:
    """The broker says that every appliance is gone."""
    gone = {"status": "offline", "status_ms": NOW_MS + 1}
    desk.unit.write(partial(_run, statement=update(appliances).values(gone)))


def write_rows(desk: Desk, table: Table, rows: list[dict[str, Any]]) -> None:
    """Write rows in bulk."""
    for start in range(0, len(rows), 5000):
        part = rows[start : start + 5000]
        desk.unit.write(partial(_run, statement=insert(table), rows=part))


def _run(t: Transaction, *, statement: Any, rows: list[dict[str, Any]] | None = None) -> None:
    t.connection.execute(statement, rows)
