"""The desk's database: engine, transactions, migrations; one code for SQLite and PostgreSQL.

All writers of one installation take turns, first come, first served: SQLite by :mod:`alerts.turns` and BEGIN IMMEDIATE,
PostgreSQL by one advisory lock per transaction.
A desk writes some hundred times a second at most, and in return numbers of changes, notices and audit entries become
visible in their order, so that whoever reads on from a number misses nothing. The unique indexes hold without it too.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, TypeVar

import stamina
from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import URL, Connection, Engine, Table, create_engine, event, make_url, text
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import ArgumentError, NoSuchModuleError, SQLAlchemyError

from alerts.database_errors import is_conflict, translate
from alerts.errors import DatabaseError
from alerts.rules.desk_rules import DeskRules
from alerts.rules.in_force import RulesInForce
from alerts.turns import turns_of
from ingest.clock import Clock

BUSY_TIMEOUT_MS = 10_000
LOCK_TIMEOUT_MS = 10_000
PATIENCE = {
    "connect_timeout": 10,
    "keepalives_idle": 10,
    "keepalives_interval": 5,
    "keepalives_count": 3,
    "tcp_user_timeout": 20_000,
}
"""How long a server that has fallen silent is waited for, as libpq is told; the URL may say otherwise."""
CONFLICT_ATTEMPTS = 4
SQLITE_OPTIONS = frozenset({"timeout", "cached_statements", "uri"})
_WRITERS_LOCK = 0x0FE77E
_IMMEDIATE = {"immediate": True}
_HAS_TURN = "has_turn"

T = TypeVar("T")


SYSTEM = "fettle"
"""Who acts where nobody asked: the service itself."""
CUSTOMER = "customer"
"""Who acts on a customer's page, and by a mail of the appliance's owner."""


@dataclass(frozen=True, slots=True)
class Transaction:
    """What one transaction works with: its connection, its time, where chance comes from, who asks, and by which rules."""

    connection: Connection
    now_ms: int
    chance: random.Random
    who: str = SYSTEM
    rules: DeskRules = field(default_factory=DeskRules)

    def new_id(self, prefix: str) -> str:
        """A new identity that sorts by time and can't be guessed."""
        return f"{prefix}_{self.now_ms:012x}{self.chance.getrandbits(64):016x}"

    def by(self, who: str) -> Transaction:
        """The same transaction in the name of someone else: the service, or an appliance that answers."""
        return replace(self, who=who)


@dataclass(frozen=True, slots=True)
class UnitOfWork:
    """How everyone reads and writes: one call, one transaction, committed at its end or not at all.

    ``who`` asks, on reads too; what happens is written down under that name.
    """

    engine: Engine
    clock: Clock
    chance: random.Random
    who: str = SYSTEM
    rules: RulesInForce | DeskRules = field(default_factory=DeskRules)

    def by(self, who: str) -> UnitOfWork:
        """The same, asked by someone else."""
        return replace(self, who=who)

    def write(self, work: Callable[[Transaction], T], *, take_turn: bool = True) -> T:
        """Run ``work`` in one writing transaction and commit it; begin again a few times after a conflict.

        With ``take_turn`` false the work takes its turn itself, later, by :func:`wait_for_turn`.
        """
        now_ms = self.clock.now_ms()
        with _translated("keep"):
            retries = stamina.retry_context(on=is_conflict, attempts=CONFLICT_ATTEMPTS, timeout=None, wait_max=1.0)
            for attempt in retries:
                with attempt, self.engine.connect().execution_options(**_IMMEDIATE) as connection, connection.begin():
                    if take_turn:
                        wait_for_turn(connection)
                    return work(Transaction(connection, now_ms, self.chance, self.who, self.rules.in_force))
        raise AssertionError("a retry ends with a result or an error")

    def look(self, work: Callable[[Transaction], T]) -> T:
        """Run ``work`` in one reading transaction."""
        with _translated("look for"), self.engine.connect() as connection, connection.begin():
            return work(Transaction(connection, self.clock.now_ms(), self.chance, self.who, self.rules.in_force))

    def look_together(self, work: Callable[[UnitOfWork], T]) -> T:
        """Run several looks in one reading transaction: all of them see the same moment."""
        return self.look(lambda t: work(_Joined(self.engine, self.clock, self.chance, self.who, self.rules, within=t)))

    def check(self) -> None:
        """Raise :class:`~alerts.errors.UnavailableError` with a sentence if the database can't be used now."""
        self.look(lambda t: t.connection.execute(text("SELECT 1")).scalar_one())


@dataclass(frozen=True, slots=True)
class _Joined(UnitOfWork):
    """Looks within a transaction that stands; it writes nothing."""

    within: Transaction = field(kw_only=True)

    def write(self, work: Callable[[Transaction], T], *, take_turn: bool = True) -> T:
        """Refuse: what only looks keeps no writer waiting."""
        del work, take_turn
        raise AssertionError("looks that go together write nothing")

    def look(self, work: Callable[[Transaction], T]) -> T:
        """Look at the moment of the transaction."""
        return work(self.within)


def open_database(url: str) -> Engine:
    """An engine for a SQLAlchemy URL of SQLite (a file) or PostgreSQL; connects to nothing yet."""
    try:
        parsed = make_url(url)
        if parsed.get_backend_name() == "postgresql":
            return _open_postgres(parsed)
        if parsed.get_backend_name() == "sqlite" and parsed.database not in {None, "", ":memory:"}:
            return _open_sqlite(parsed)
    except (ArgumentError, NoSuchModuleError) as error:
        raise DatabaseError(f"The database URL can't be read: {error}") from error
    raise DatabaseError("The database is a SQLite file (sqlite:///path) or PostgreSQL (postgresql+psycopg://...).")


@contextmanager
def _translated(verb: str) -> Iterator[None]:
    """The driver's errors as ours; ``verb`` is what it couldn't do with a value."""
    try:
        yield
    except (SQLAlchemyError, UnicodeError) as error:
        ours = translate(error, verb=verb)
        if ours is None:
            raise
        raise ours from error


def wait_for_turn(connection: Connection) -> None:
    """Let writers that take numbers in order go one after another; SQLite has done so at BEGIN."""
    if connection.dialect.name == "postgresql":
        connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _WRITERS_LOCK})


def upsert(connection: Connection, table: Table) -> Any:
    """An INSERT of the connected dialect that knows ``on_conflict_do_nothing`` and ``on_conflict_do_update``."""
    return postgresql.insert(table) if connection.dialect.name == "postgresql" else sqlite.insert(table)


def migrate(engine: Engine) -> None:
    """Bring the tables up to this version of the code; refuse a database that a newer version has changed."""
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations"))
    scripts = ScriptDirectory.from_config(config)
    known = {script.revision for script in scripts.walk_revisions()}
    with _translated("keep"), engine.connect().execution_options(**_IMMEDIATE) as connection, connection.begin():
        wait_for_turn(connection)
        current = set(MigrationContext.configure(connection).get_current_heads())
        if newer := current - known:
            raise DatabaseError(
                f"The database was changed by a newer version of Fettle (revision {min(newer)}); "
                "install that version, or restore the copy made before the upgrade.",
            )
        if current != set(scripts.get_heads()):
            config.attributes["connection"] = connection
            command.upgrade(config, "head")


def _open_postgres(url: URL) -> Engine:
    """Statements are not prepared on the server, so a pooler in between may hand connections around; no wait is endless."""
    given = {name: value for name, value in PATIENCE.items() if name not in url.query}
    engine = create_engine(
        url, pool_pre_ping=True, pool_size=10, max_overflow=40, connect_args={"prepare_threshold": None, **given}
    )

    @event.listens_for(engine, "connect", insert=True)
    def check(dbapi_connection: Any, _record: Any) -> None:
        encoding = dbapi_connection.info.parameter_status("server_encoding")
        if encoding == "SQL_ASCII":
            raise DatabaseError(
                "The database keeps text as SQL_ASCII, which is no encoding: CREATE DATABASE ... ENCODING 'UTF8' "
                "TEMPLATE template0, and point FETTLE_DATABASE_URL at it."
            )

    @event.listens_for(engine, "begin")
    def begin(connection: Connection) -> None:
        connection.exec_driver_sql(f"SET LOCAL lock_timeout = {LOCK_TIMEOUT_MS}")

    return engine


def _open_sqlite(url: URL) -> Engine:
    unknown = sorted(set(url.query) - SQLITE_OPTIONS)
    if unknown and "uri" not in url.query:
        raise DatabaseError(f"FETTLE_DATABASE_URL has an option that is none for SQLite: {', '.join(unknown)}.")
    return with_turns(create_engine(url, pool_size=10, max_overflow=40))


def with_turns(engine: Engine) -> Engine:
    """A SQLite engine whose transactions begin as ours do: by us, and at once where they write."""

    @event.listens_for(engine, "connect")
    def prepare(dbapi_connection: Any, _record: Any) -> None:
        dbapi_connection.isolation_level = None  # the driver begins nothing behind our back
        cursor = dbapi_connection.cursor()
        for pragma in (f"busy_timeout={BUSY_TIMEOUT_MS}", "journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON"):
            cursor.execute(f"PRAGMA {pragma}")
        cursor.close()

    turns = turns_of(engine.url.database)

    @event.listens_for(engine, "begin")
    def begin(connection: Connection) -> None:
        if not connection.get_execution_options().get("immediate", False):
            connection.exec_driver_sql("BEGIN")
            return
        if not connection.info.get(_HAS_TURN):
            turns.take()
            connection.info[_HAS_TURN] = True
        connection.exec_driver_sql("BEGIN IMMEDIATE")

    @event.listens_for(engine, "checkin")
    def give_back(_dbapi_connection: Any, record: Any) -> None:
        if record.info.pop(_HAS_TURN, False):
            turns.give_back()

    return engine
