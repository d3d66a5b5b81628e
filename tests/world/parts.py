"""The parts of a world that stand in for servers and files: books and desk in memory, a store, a sink; all may fail.

Each calls the world's ``point`` at its hand-overs, which crashes the process there when the seed says so.
"""

from __future__ import annotations

import random
import sqlite3
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.pool import StaticPool

from alerts.alerting.intake import take_finding
from alerts.database import Transaction, migrate, open_database, with_turns
from alerts.desk import Desk
from alerts.errors import UnavailableError
from detectors.finding import Checkpoint, DetectCommit
from ingest.books.books import Books
from ingest.books.dead_letters import DeadLetterQuota
from ingest.books.file import prepare
from ingest.sample import SampleBlock
from ingest.store import StoreUnavailable
from ingest.wire.columns import BatchDecoder
from tests.world.fleet import PROFILES

Point = Callable[[str], None]


class WorldBooks(Books):
    """The books over a connection that outlives the process."""

    def __init__(self, connection: sqlite3.Connection, point: Point) -> None:
        super().__init__(connection, DeadLetterQuota())
        self._point = point

    @contextmanager
    def transaction(self) -> Iterator[sqlite3.Connection]:
        """One transaction, with a hand-over before and behind its end."""
        with super().transaction() as connection:
            yield connection
            self._point("books not committed")
        self._point("books committed")

    @contextmanager
    def snapshot(self) -> Iterator[sqlite3.Connection]:
        """The one connection: nothing is written meanwhile."""
        yield self.connection


def open_books() -> sqlite3.Connection:
    """New books in memory."""
    connection = sqlite3.connect(":memory:", isolation_level=None, check_same_thread=False)
    prepare(connection, Path("books"), read_only=False)
    return connection


@dataclass(slots=True)
class WorldStore:
    """The telemetry store as a dictionary: a sample's identity → its readings. ``failures`` writes fail next.

    ``is_idempotent`` is a guard that a test switches off.
    """

    point: Point
    points: dict[tuple[object, ...], dict[str, float]] = field(default_factory=dict)
    failures: int = 0
    is_idempotent: bool = True

    def write(self, blocks: Sequence[SampleBlock]) -> None:
        """Store all samples, or fail before, in the middle, or behind it."""
        self.point("store asked")
        fails = self.failures > 0
        self.failures -= fails
        for block in blocks:
            for row, (appliance_id, time_ns) in enumerate(
                zip(block.appliance_ids, block.time_ns().tolist(), strict=True)
            ):
                key: tuple[object, ...] = (appliance_id, time_ns)
                if not self.is_idempotent:
                    key = (*key, len(self.points))
                values = zip(block.metrics, block.values[row].tolist(), strict=True)
                self.points[key] = {name: value for name, value in values if not np.isnan(value)}
            if fails:
                raise StoreUnavailable("the store is away", kind="down")
        self.point("store written")

    def prune(self, before_ms: int) -> None:
        """Nothing is old here."""


@cache
def desk_template() -> bytes:
    """An empty, migrated database."""
    with TemporaryDirectory() as folder:
        engine = open_database(f"sqlite:///{folder}/desk.db")
        migrate(engine)
        engine.dispose()
        connection = sqlite3.connect(f"{folder}/desk.db", isolation_level=None)
        connection.execute("PRAGMA journal_mode = DELETE")
        template = connection.serialize()
        connection.close()
    return template


@cache
def _desk_connection() -> sqlite3.Connection:
    return sqlite3.connect(":memory:", check_same_thread=False)


@cache
def _desk_engine() -> tuple[Engine, list[Point]]:
    """One engine for all worlds of this process, as statements are compiled once; and whom to ask before a commit."""
    engine = with_turns(create_engine("sqlite://", creator=_desk_connection, poolclass=StaticPool))
    points: list[Point] = []

    @event.listens_for(engine, "commit")
    def ask(connection: Connection) -> None:
        if connection.get_execution_options().get("immediate"):
            points[-1]("desk not committed")

    return engine, points


def open_desk_engine(point: Point) -> Engine:
    """The engine over a fresh database."""
    engine, points = _desk_engine()
    points[:] = [point]
    _desk_connection().deserialize(desk_template())
    return engine


@cache
def decoder(role: str) -> BatchDecoder:
    """One decoder for each role, as its tables are costly to make."""
    del role
    return BatchDecoder(PROFILES)


@dataclass(slots=True)
class WorldSink:
    """The desk as the detectors see it. ``failures`` commits fail next.

    ``is_whole`` is a guard that a test switches off: then checkpoint and findings are two transactions.
    """

    desk: Desk
    point: Point
    chance: random.Random
    failures: int = 0
    is_whole: bool = True

    def load(self) -> Checkpoint:
        """What the last commit left."""
        return self.desk.findings.load()

    def commit(self, step: DetectCommit) -> None:
        """One step, or an error and nothing."""
        if self.failures:
            self.failures -= 1
            raise UnavailableError("the database is away")
        self.point("desk asked")
        if self.is_whole or not step.findings:
            self.desk.findings.commit(step)
        else:
            self.desk.findings.commit(replace(step, findings=()))
            self.point("checkpoint alone")

            def take(t: Transaction) -> None:
                for finding in step.findings:
                    take_finding(t, finding, PROFILES)

            self.desk.unit.write(take)
        self.point("desk committed")
