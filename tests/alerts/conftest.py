"""What the desk's tests share: a migrated SQLite database in a temporary folder, a clock that stands, findings."""

from __future__ import annotations

import random
import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import Engine

from alerts.database import UnitOfWork, migrate, open_database
from alerts.desk import Desk
from ingest.clock import ManualClock
from tests.alerts.made import NOW_MS, PROFILES


@pytest.fixture(scope="session")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A migrated, empty database file to copy."""
    path = tmp_path_factory.mktemp("desk") / "template.db"
    engine = open_database(f"sqlite:///{path}")
    migrate(engine)
    engine.dispose()
    with sqlite3.connect(path) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    connection.close()
    return path


@pytest.fixture
def engine(template: Path, tmp_path: Path) -> Iterator[Engine]:
    """An engine over a fresh copy of the template."""
    path = tmp_path / "desk.db"
    path.write_bytes(template.read_bytes())
    engine = open_database(f"sqlite:///{path}")
    yield engine
    engine.dispose()


@pytest.fixture
def clock() -> ManualClock:
    """A clock that stands at the tests' now."""
    return ManualClock(NOW_MS)


@pytest.fixture
def desk(engine: Engine, clock: ManualClock) -> Desk:
    """A desk over the database."""
    return Desk(UnitOfWork(engine, clock, random.Random(7)), PROFILES)
