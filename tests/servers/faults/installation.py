"""One installation under test: a mosquitto, ``fettle serve`` in a process of its own, and what both leave behind.

Everything is started, stopped, killed and held by its own process id. The account at the end is read from the files of the
stopped service: ledger, readings, tickets.
"""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import urllib3
from sqlalchemy import select

from alerts.database import open_database
from alerts.tickets.tables import tickets
from ingest.books.books import FILE_NAME, Books, BooksError
from ingest.books.dead_letters import dead_letter_counts
from ingest.store.opening import open_store
from tests.servers.conftest import ROOT, adapted_settings
from tests.servers.faults.load import Account
from tests.servers.running import accepts, find_program, free_port, missing, wait_until

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from types import TracebackType
    from typing import Any, Self

    from ingest.books.ledger import LedgerRow
    from tests.servers.faults.load import Load, Message
    from tests.servers.proxy import Proxy

SERVICE = ("fettle", "service-password")
FEEDER = ("feeder", "feeder-password")
PATIENCE_S = 180.0
"""How long anything may take; nothing takes that long unless it fails."""
LOOK_EVERY_S = 0.02

Ticket = tuple[str, str | None, str, int | None]
"""(appliance, fault mode, source, onset)."""


def wait_for(is_true: Callable[[], object], what: str, patience_s: float = PATIENCE_S) -> float:
    """Look until it is true; returns how many seconds that took."""
    started = time.monotonic()
    while not is_true():
        assert time.monotonic() - started < patience_s, f"after {patience_s:.0f} s not yet: {what}"
        time.sleep(LOOK_EVERY_S)
    return time.monotonic() - started


class Mosquitto:
    """A mosquitto with the settings of deploy/; ``changes`` replaces the lines of some settings, None leaves one out."""

    def __init__(self, folder: Path, changes: Mapping[str, str | None] | None = None) -> None:
        program = find_program("mosquitto", Path("/usr/sbin"))
        if program is None or find_program("mosquitto_passwd") is None:
            missing("mosquitto is missing: run 'bash deploy/servers.sh get mosquitto'.")
        self.port = free_port()
        self._command = [str(program), "-c", str(folder / "mosquitto.conf")]
        self._log = folder / "log"
        self._process: subprocess.Popen[bytes] | None = None
        folder.mkdir()
        lines = adapted_settings(folder, self.port).splitlines()
        for name, value in (changes or {}).items():
            lines = [line for line in lines if line.split(maxsplit=1)[:1] != [name]]
            lines += [] if value is None else [f"{name} {value}"]
        (folder / "mosquitto.conf").write_text("\n".join([*lines, ""]))
        access = (ROOT / "deploy" / "mosquitto.acl").read_text()
        (folder / "mosquitto.acl").write_text(f"user {FEEDER[0]}\ntopic readwrite fettle/v1/#\n\n{access}")
        (folder / "passwords").touch()
        for user, password in (SERVICE, FEEDER):
            command = ["mosquitto_passwd", "-b", str(folder / "passwords"), user, password]
            subprocess.run(command, check=True, capture_output=True)
        for path in (folder, *folder.iterdir()):
            path.chmod(0o700 if path.is_dir() else 0o600)

    @property
    def pid(self) -> int:
        """The process that runs now."""
        assert self._process is not None
        return self._process.pid

    def start(self) -> None:
        """Start, and return when it accepts connections."""
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(self._command, stdout=log, stderr=log, stdin=subprocess.DEVNULL)
        wait_until(lambda: accepts(self.port), self._process, self._log)

    def stop(self) -> None:
        """Ask it to end; it saves its sessions."""
        self._end(signal.SIGTERM)

    def kill(self) -> None:
        """End it at once."""
        self._end(signal.SIGKILL)

    def save(self) -> None:
        """Have it write its sessions, as it does every minute."""
        path = self._log.parent / "mosquitto.db"
        before = path.stat().st_mtime_ns if path.exists() else 0
        os.kill(self.pid, signal.SIGUSR1)
        wait_for(lambda: path.exists() and path.stat().st_mtime_ns > before, "the broker's sessions are saved")

    def hold(self) -> None:
        """Stop it where it is: connections stay open and nothing answers."""
        os.kill(self.pid, signal.SIGSTOP)

    def go_on(self) -> None:
        """Let it go on after :meth:`hold`."""
        os.kill(self.pid, signal.SIGCONT)

    def _end(self, number: signal.Signals) -> None:
        if self._process is not None and self._process.poll() is None:
            os.kill(self.pid, signal.SIGCONT)
            self._process.send_signal(number)
            self._process.wait(30)


@dataclass
class Service:
    """``fettle serve``, one process after another on the same folder."""

    folder: Path
    settings: dict[str, str]
    port: int = field(default_factory=free_port)
    name: str = "service"
    data: Path | None = None
    """The data folder where it isn't its own."""
    _process: subprocess.Popen[bytes] | None = None
    _read_from: int = 0
    _alone: int = 0
    http: urllib3.PoolManager = field(default_factory=lambda: urllib3.PoolManager(retries=False, timeout=20))

    @property
    def log(self) -> Path:
        """What all of its processes have said."""
        return self.folder / f"{self.name}.log"

    @property
    def pid(self) -> int:
        """The process that runs now."""
        assert self._process is not None
        return self._process.pid

    def start(self, *altered: str, role: str = "serve") -> None:
        """Start; ``altered`` are words for tests/servers/faults/altered.py."""
        ours = {f"FETTLE_{name.upper()}": value for name, value in self.settings.items()}
        environment = {k: v for k, v in os.environ.items() if not k.startswith("FETTLE_")} | ours
        environment |= {"FETTLE_DATA_DIR": str(self.data or self.folder / "data"), "FETTLE_LOG_FORMAT": "json"}
        environment |= {"FETTLE_HTTP_LISTEN": f"127.0.0.1:{self.port}"}
        module = ["tests.servers.faults.altered", *altered, "--"] if altered else ["api"]
        self._read_from, self._alone = self.log.stat().st_size if self.log.exists() else 0, 0
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(
                [sys.executable, "-m", *module, role], env=environment, cwd=ROOT, stderr=log, stdin=subprocess.DEVNULL
            )

    def said(self, event: str, *, since_ever: bool = False) -> list[dict[str, Any]]:
        """The lines of its log with an event, since the last start or since the first."""
        with self.log.open("rb") as log:
            log.seek(0 if since_ever else self._read_from)
            lines = [line for line in log.read().splitlines() if event.encode() in line and line.endswith(b"}")]
        return [found for line in lines if (found := json.loads(line))["event"] == event]

    def wait_for(self, event: str, count: int = 1) -> float:
        """Until its log has an event so often; the seconds that took."""

        def has_said() -> bool:
            assert self.is_running or len(self.said(event)) >= count, self.last_words()
            return len(self.said(event)) >= count

        return wait_for(has_said, f"{event} in {self.log}")

    def wait_until_connected(self) -> float:
        """Until it is connected to the broker; the seconds that took."""
        return self.wait_for("mqtt_connected")

    def wait_until_alone(self) -> None:
        """Until it has found that there is no broker; call it once after each end of the broker."""
        self._alone += 1
        wait_for(lambda: self._times_alone() >= self._alone, "the broker is missed")

    def _times_alone(self) -> int:
        return sum(said["reason"] == "unreachable" for said in self.said("mqtt_waits_for_broker"))

    @property
    def is_running(self) -> bool:
        """Whether the process lives."""
        return self._process is not None and self._process.poll() is None

    def last_words(self) -> str:
        """The end of its log."""
        return self.log.read_text(errors="replace")[-3000:]

    def send(self, number: signal.Signals) -> None:
        """Send it a signal."""
        assert self._process is not None
        self._process.send_signal(number)

    def wait(self, patience_s: float = PATIENCE_S) -> int:
        """Until it has ended; its exit status."""
        assert self._process is not None
        return self._process.wait(patience_s)

    def kill(self) -> None:
        """End it at once."""
        if self.is_running:
            self.send(signal.SIGKILL)
            self.wait()

    def stop(self) -> float:
        """Ask it to end, and hold it to a clean end; the seconds that took."""
        started = time.monotonic()
        self.send(signal.SIGTERM)
        assert self.wait(30) == 0, self.last_words()
        return time.monotonic() - started

    def figures(self) -> dict[str, float]:
        """What it tells Prometheus; nothing while it doesn't answer."""
        try:
            answer = self.http.request("GET", f"http://127.0.0.1:{self.port}/metrics")
        except urllib3.exceptions.HTTPError:
            return {}
        lines = [line for line in answer.data.decode().splitlines() if not line.startswith("#")]
        return {line.rpartition(" ")[0]: float(line.rpartition(" ")[2]) for line in lines}

    def lags(self) -> dict[str, float]:
        """How many messages each reader is behind."""
        start, end = 'fettle_cursor_lag_messages{cursor="', '"}'
        return {
            name.removeprefix(start).removesuffix(end): value
            for name, value in self.figures().items()
            if name.startswith(start)
        }

    def trouble(self) -> str:
        """Why it isn't ready, empty where it is."""
        answer = self.http.request("GET", f"http://127.0.0.1:{self.port}/readyz")
        return "" if answer.status == 200 else answer.data.decode()

    def rss_mib(self) -> float:
        """How much memory it holds."""
        status = Path(f"/proc/{self.pid}/status").read_text()
        return next(int(line.split()[1]) for line in status.splitlines() if line.startswith("VmRSS")) / 1024


@dataclass(frozen=True, slots=True)
class Outcome:
    """What stands at the end."""

    accounts: dict[str, Account]
    duplicates: dict[str, int]
    readings: int
    tickets: list[Ticket]


class Installation:
    """A broker and a service on one folder; ended with all it has started."""

    def __init__(
        self,
        folder: Path,
        *,
        settings: Mapping[str, str] | None = None,
        broker_changes: Mapping[str, str | None] | None = None,
    ) -> None:
        self.folder = folder
        self.broker = Mosquitto(folder / "broker", broker_changes)
        url = f"mqtt://{SERVICE[0]}:{SERVICE[1]}@127.0.0.1:{self.broker.port}"
        self.settings = {"mqtt_url": url, "mqtt_client_id": SERVICE[0], **(settings or {})}
        self.service = Service(folder, self.settings)

    def put_between(self, proxy: Proxy) -> None:
        """Let the service reach its broker through a proxy, from its next start on."""
        self.settings["mqtt_url"] = self.settings["mqtt_url"].replace(f":{self.broker.port}", f":{proxy.port}")

    def __enter__(self) -> Self:
        self.broker.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.service.kill()
        self.service.http.clear()
        self.broker.kill()

    def rows(self, name: str | None = None) -> list[LedgerRow]:
        """The ledger as it is now, of one appliance or of all; nothing before the first start."""
        try:
            books = Books.open(self.folder / "data" / FILE_NAME, read_only=True)
        except BooksError:
            return []
        try:
            return list(books.ledger_rows(name))
        finally:
            books.close()

    def counted(self) -> int:
        """How many distinct messages the ledger knows."""
        return sum(row.stored + row.dead_lettered for row in self.rows())

    def wait_until_counted(self, expected: int, patience_s: float = PATIENCE_S) -> None:
        """Until the ledger knows so many messages."""
        wait_for(lambda: self.counted() >= expected, f"{expected} messages in the ledger", patience_s)

    def wait_until_heard(self, last: Message) -> None:
        """Until the ledger knows this message, and with it all that was delivered before it, and every reader has read it."""
        wait_for(
            lambda: any((row.max_seq or 0) >= last.seq for row in self.rows(last.appliance_id)),
            f"{last.appliance_id} {last.seq} in the ledger",
        )
        self.wait_until_caught_up()

    def wait_until_caught_up(self) -> None:
        """Until every reader has read what was received."""
        wait_for(self._is_caught_up, "every reader has read everything")

    def wait_until_settled(self, expected: int) -> float:
        """Until the ledger knows so many messages and every reader has read them; the seconds that took."""
        started = time.monotonic()
        self.wait_until_counted(expected)
        self.wait_until_caught_up()
        return time.monotonic() - started

    def _is_caught_up(self) -> bool:
        assert self.service.is_running, self.service.last_words()
        lags = self.service.lags()
        return bool(lags) and not any(lags.values())

    def stored_readings(self) -> int:
        """How many readings the telemetry store holds."""
        store = open_store(
            self.settings.get("store_url"), token=self.settings.get("store_token"), data_dir=self.folder / "data"
        )
        try:
            return store.count_readings("refrigerator")
        finally:
            store.close()

    def outcome(self) -> Outcome:
        """What the stopped service has left."""
        rows = self.rows()
        accounts = {
            row.id: Account(row.max_seq or 0, row.stored, row.dead_lettered, row.gap or 0) for row in rows if row.boot
        }
        return Outcome(accounts, {row.id: row.duplicates for row in rows}, self.stored_readings(), self.tickets())

    def dead_letters(self) -> dict[str, int]:
        """How many messages were refused, by reason."""
        books = Books.open(self.folder / "data" / FILE_NAME, read_only=True)
        try:
            with books.snapshot() as connection:
                return {str(reason): count for reason, count in dead_letter_counts(connection).items()}
        finally:
            books.close()

    def tickets(self) -> list[Ticket]:
        """All tickets of the desk."""
        engine = open_database(self.settings.get("database_url", f"sqlite:///{self.folder / 'data' / 'desk.db'}"))
        columns = (tickets.c.appliance_id, tickets.c.fault_mode, tickets.c.source, tickets.c.onset_ms)
        with engine.connect() as connection:
            found = [tuple(row) for row in connection.execute(select(*columns))]
        engine.dispose()
        return sorted(found)


def assert_nothing_lost(outcome: Outcome, load: Load, tickets_due: Sequence[Ticket]) -> None:
    """The ledger closes: every message stored or dead-lettered, gaps only what is unreadable, readings and tickets as due."""
    wrong = {
        name: (outcome.accounts.get(name), account)
        for name, account in load.accounts.items()
        if outcome.accounts.get(name) != account
    }
    assert not wrong, f"{len(wrong)} of {len(load.accounts)} rows: {dict(list(wrong.items())[:5])}"
    assert outcome.readings == load.readings
    assert outcome.tickets == tickets_due


def remove(folder: Path) -> None:
    """Give the disk back."""
    shutil.rmtree(folder, ignore_errors=True)
