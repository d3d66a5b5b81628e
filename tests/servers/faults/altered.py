"""The product's command line with a crash at a named point, or without one of its guards; for tests only.

``python -m tests.servers.faults.altered [crash=POINT:N] [without=GUARD] [keep_alive_s=S] [store_timeout_s=S] -- COMMAND...``

The seams are here and not in the product: classes are wrapped before the command begins, so nothing of this can be switched
on in an installation, and it costs nothing there. A crash is SIGKILL by its own hand: nothing is flushed, nothing closed.
"""

from __future__ import annotations

import os
import signal
import sqlite3
import sys
import threading
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from typing import TYPE_CHECKING, Any

from alerts.alerting import desk as detectors_desk
from alerts.alerting.desk import Findings
from alerts.cursors.tables import cursors
from alerts.database import Transaction, upsert
from alerts.delivery.log import LogTarget
from alerts.errors import UnavailableError
from api.cli import main
from api.service import ingest_room
from api.service.process_lock import ProcessLock
from ingest.books.books import Books
from ingest.books.ledger import BootLedger
from ingest.journal.sqlite import SqliteJournal
from ingest.loops.commit import Committer
from ingest.loops.receive import Ingester
from ingest.loops.store import CURSOR, StoreWriter, _Gathered
from ingest.mqtt.connection import Connection, ConnectionOptions
from ingest.mqtt.session import Session
from ingest.store import StoreUnavailable, influx
from ingest.store.embedded import EmbeddedStore
from ingest.store.influx import InfluxStore

if TYPE_CHECKING:
    from collections.abc import Sequence

POINTS: dict[str, Callable[[Crash], None]] = {}
GUARDS: dict[str, Callable[[], None]] = {}
COMMIT_FINDINGS = "commit_findings"


def put(owner: object, name: str, what: object) -> None:
    """Put something in the place of what an owner has under a name."""
    assert hasattr(owner, name), f"{owner} has no {name} any more: altered nothing"
    setattr(owner, name, what)


class Crash:
    """Ends the process when a point is passed for the n-th time."""

    def __init__(self, count: int) -> None:
        self._left = count
        self._lock = threading.Lock()

    def passed(self) -> None:
        """Note that the point was passed."""
        with self._lock:
            self._left -= 1
            if self._left == 0:
                os.kill(os.getpid(), signal.SIGKILL)

    def before(self, owner: type, name: str) -> None:
        """The point is just before a method."""
        original = getattr(owner, name)

        def wrapped(*args: Any, **more: Any) -> Any:
            self.passed()
            return original(*args, **more)

        put(owner, name, wrapped)

    def after(self, owner: type, name: str) -> None:
        """The point is just behind a method that has returned."""
        original = getattr(owner, name)

        def wrapped(*args: Any, **more: Any) -> Any:
            found = original(*args, **more)
            self.passed()
            return found

        put(owner, name, wrapped)


def point(name: str) -> Callable[[Callable[[Crash], None]], Callable[[Crash], None]]:
    """Register a crash point."""

    def keep(arm: Callable[[Crash], None]) -> Callable[[Crash], None]:
        POINTS[name] = arm
        return arm

    return keep


def guard(name: str) -> Callable[[Callable[[], None]], Callable[[], None]]:
    """Register what removes a guard."""

    def keep(remove: Callable[[], None]) -> Callable[[], None]:
        GUARDS[name] = remove
        return remove

    return keep


@point("received")
def _received(crash: Crash) -> None:
    """Bytes have come from the broker, nothing is done with them."""
    crash.before(Ingester, "_received")


@point("journal_write")
def _journal_write(crash: Crash) -> None:
    """The journal's transaction is open, its row written, and not committed."""
    _at_commit("/journal-", before=crash)


@point("journal_commit")
def _journal_commit(crash: Crash) -> None:
    """The batch is durable, nothing is acknowledged."""
    crash.after(SqliteJournal, "append")


@point("ack")
def _ack(crash: Crash) -> None:
    """The PUBACKs are handed to the system."""
    crash.after(Ingester, "_acknowledge")


@point("judge_write")
def _judge_write(crash: Crash) -> None:
    """The judgement of a batch is written and not committed."""
    _inside(Books, "commit", "books.db", before=crash)


@point("judge_commit")
def _judge_commit(crash: Crash) -> None:
    """The judgement is durable, nothing is handed on."""
    crash.after(Books, "commit")


@point("store_write")
def _store_write(crash: Crash) -> None:
    """The telemetry store is about to be given a write."""
    crash.before(EmbeddedStore, "write")
    crash.before(InfluxStore, "write")


@point("store_answered")
def _store_answered(crash: Crash) -> None:
    """The telemetry store has what it was given, the cursor hasn't moved."""
    crash.after(EmbeddedStore, "write")
    crash.after(InfluxStore, "write")


@point("sql_write")
def _sql_write(crash: Crash) -> None:
    """Checkpoint, alert, ticket and notice are written and not committed."""
    _only_with_findings()
    _inside(Findings, COMMIT_FINDINGS, "desk.db", before=crash)


@point("sql_commit")
def _sql_commit(crash: Crash) -> None:
    """They are durable, and the detectors don't know it."""
    _only_with_findings()
    crash.after(Findings, COMMIT_FINDINGS)


@point("outbox_send")
def _outbox_send(crash: Crash) -> None:
    """The receiver has a notice, and the outbox doesn't know it."""
    crash.after(LogTarget, "deliver")


def _only_with_findings() -> None:
    """Send the detectors' steps that have findings through a method of their own."""
    original = Findings.commit
    setattr(Findings, COMMIT_FINDINGS, original)

    def commit(self: Findings, step: Any) -> None:
        (getattr(self, COMMIT_FINDINGS) if step.findings else partial(original, self))(step)

    put(Findings, "commit", commit)


def _at_commit(file: str, *, before: Crash, is_on: Callable[[], bool] = lambda: True) -> None:
    """The point is just before a COMMIT in a SQLite file whose path has these words."""
    original = sqlite3.connect

    class Watched(sqlite3.Connection):
        """A connection that tells when it is about to commit."""

        def commit(self) -> None:
            if is_on() and self.in_transaction:
                before.passed()
            super().commit()

        def __exit__(self, *error: object) -> Any:
            if is_on() and self.in_transaction:
                before.passed()
            return super().__exit__(*error)  # type: ignore[arg-type]  # handed on as it came

        def execute(self, sql: str, *args: Any) -> sqlite3.Cursor:
            if sql == "COMMIT" and is_on():
                before.passed()
            return super().execute(sql, *args)

    def connect(path: Any, *args: Any, **more: Any) -> sqlite3.Connection:
        if file in str(path):
            more["factory"] = Watched
        found: sqlite3.Connection = original(path, *args, **more)
        return found

    put(sqlite3, "connect", connect)
    put(sqlite3.dbapi2, "connect", connect)


def _inside(owner: type, name: str, file: str, *, before: Crash) -> None:
    """The point is just before the COMMIT that a method makes."""
    inside = threading.local()
    original = getattr(owner, name)

    def wrapped(*args: Any, **more: Any) -> Any:
        inside.is_on = True
        try:
            return original(*args, **more)
        finally:
            inside.is_on = False

    put(owner, name, wrapped)
    _at_commit(file, before=before, is_on=lambda: getattr(inside, "is_on", False))


@guard("ack_after_commit")
def _ack_after_commit() -> None:
    """A message is acknowledged as soon as it has come."""
    submit, commit = Committer.submit, Committer._commit
    loud: dict[int, Callable[[Any], None]] = {}

    def submit_and_acknowledge(self: Committer, batch: Any) -> None:
        on_durable: Any = loud.get(id(self), self._on_durable)  # while a commit is tried again, in silence
        ingester: Ingester = on_durable.__self__
        ingester._acknowledge([batch])
        submit(self, batch)

    def commit_in_silence(self: Committer, batches: Any) -> bool:
        loud[id(self)], self._on_durable = self._on_durable, lambda _batches: None
        try:
            return commit(self, batches)
        finally:
            self._on_durable = loud.pop(id(self))

    put(Committer, "submit", submit_and_acknowledge)
    put(Committer, "_commit", commit_in_silence)


@guard("ack")
def _ack_never() -> None:
    """Nothing is ever acknowledged."""
    put(Ingester, "_acknowledge", lambda _self, _batches: None)


@guard("cursor_after_write")
def _cursor_after_write() -> None:
    """The store's cursor moves before the store has answered."""
    write = StoreWriter._write

    def write_late(self: StoreWriter) -> float:
        self._books.save_cursor(CURSOR, self._gathered.batches[-1].position)
        return write(self)

    put(StoreWriter, "_write", write_late)


@guard("dedupe")
def _dedupe() -> None:
    """A message that was delivered again counts again."""
    put(BootLedger, "has", lambda _self, _seq, _cold_has: False)


@guard("bisect")
def _bisect() -> None:
    """A body that the server refuses is refused whole."""
    from ingest.store.influx_errors import RefusedBody, translated  # noqa: PLC0415

    def post(self: InfluxStore, lines: Sequence[Any]) -> list[tuple[int, int, str]]:
        try:
            with translated(self._address):
                self._writes.write(self._address.bucket, self._address.org, b"\n".join(line for line, _, _ in lines))
        except RefusedBody as error:
            return [(number, row, str(error)) for _, number, row in lines]
        return []

    put(InfluxStore, "_post", post)


@guard("hold")
def _hold() -> None:
    """What the store doesn't take now is given up."""

    def give_up(self: StoreWriter, _error: StoreUnavailable) -> float:
        self.stats.position = self._gathered.batches[-1].position
        self._books.save_cursor(CURSOR, self.stats.position)
        self._gathered, self._ahead = self._ahead, _Gathered()
        return 0.0

    put(StoreWriter, "_hold", give_up)


@guard("backoff")
def _backoff() -> None:
    """What the store doesn't take now is tried again at once."""
    hold = StoreWriter._hold

    def try_again(self: StoreWriter, error: StoreUnavailable) -> float:
        hold(self, error)
        self._gathered.write_at = 0.0
        return 0.0

    put(StoreWriter, "_hold", try_again)


@guard("keep_alive")
def _keep_alive() -> None:
    """A broker that has fallen silent is not noticed."""
    put(Connection, "_check_alive", lambda _self, _interval_s: None)


@guard("process_lock")
def _process_lock() -> None:
    """Two processes may have one role on one data folder."""
    put(ProcessLock, "acquire", lambda _self: None)


@guard("fencing")
def _fencing() -> None:
    """A worker that has fallen behind writes its older state over the newer one."""

    def move(t: Transaction, name: str, position: int) -> bool:
        statement = upsert(t.connection, cursors).values(name=name, position=position)
        t.connection.execute(statement.on_conflict_do_update(index_elements=["name"], set_={"position": position}))
        return True

    put(detectors_desk, "move_cursor", move)


@guard("patience")
def _patience() -> None:
    """What the desk's database doesn't take now is given up."""
    commit = Findings.commit

    def give_up(self: Findings, step: Any) -> None:
        with suppress(UnavailableError):
            commit(self, step)

    put(Findings, "commit", give_up)


@guard("damping")
def _damping() -> None:
    """Whoever lost the client id takes it back at once."""
    put(Session, "_pause_s", lambda _self, _error, _failures: 0.05)


def run(words: Sequence[str]) -> None:
    """Alter what the words say, then run the command behind ``--``."""
    end = list(words).index("--")
    for word in words[:end]:
        what, _, name = word.partition("=")
        if what == "crash":
            where, _, count = name.partition(":")
            POINTS[where](Crash(int(count)))
        elif what == "keep_alive_s":
            put(ingest_room, "ConnectionOptions", partial(ConnectionOptions, keep_alive_s=float(name)))
        elif what == "store_timeout_s":
            put(influx, "READ_TIMEOUT_MS", round(float(name) * 1000))
        else:
            assert what == "without", word
            GUARDS[name]()
    sys.argv = ["fettle", *words[end + 1 :]]
    main()


__all__ = ["GUARDS", "POINTS", "run"]

if __name__ == "__main__":
    run(sys.argv[1:])
