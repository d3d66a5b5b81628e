"""The journal's disk full, failing, torn and flipped: nothing is acknowledged that isn't durable, the rest is served."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from ingest.books.books import FILE_NAME, Books
from ingest.journal.sqlite import SqliteJournal
from tests.servers.conftest import ROOT
from tests.servers.faults.conftest import Tell
from tests.servers.faults.fleet import Fleet
from tests.servers.faults.installation import FEEDER, Installation, Ticket, assert_nothing_lost, wait_for
from tests.servers.faults.load import Load
from tests.servers.running import find_program, missing

pytestmark = [pytest.mark.servers, pytest.mark.timeout(600)]

Due = Callable[[Load], list[Ticket]]
ALARM_S = 5.0
START_S = 5.0
DISK = "32m"


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A disk of 32 MiB of its own."""
    disk = tmp_path / "disk"
    disk.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", f"size={DISK}", "tmpfs", disk], capture_output=True, text=True, check=False
    )
    if mounted.returncode:
        pytest.skip(f"not run: mounting a disk is not allowed here ({mounted.stderr.strip()})")
    yield disk
    subprocess.run(["umount", "--lazy", disk], check=True)


def fill(disk: Path) -> Path:
    """Leave no room at all; removing the file gives it back."""
    ballast = disk / "ballast"
    descriptor = os.open(ballast, os.O_WRONLY | os.O_CREAT)
    size = 1 << 20
    while size:
        try:
            os.write(descriptor, bytes(size))
        except OSError:
            size //= 2
    os.close(descriptor)
    return ballast


def journaled(folder: Path) -> int:
    """How many messages stand in the journal."""
    journal = SqliteJournal.open_reader(folder)
    try:
        return sum(batch.count for batch in journal.read(0, limit_bytes=1 << 40))
    finally:
        journal.close()


def test_on_a_full_disk_it_waits_and_says_so(
    folder: Path, small_disk: Path, start_ms: int, tickets_due: Due, tell: Tell
) -> None:
    """T10: no acknowledgement without the journal, the alarm within 5 s, and it goes on by itself when there is room."""
    load = Load(start_ms, appliances=40, rounds=100)
    journal = small_disk / "journal"

    with (
        Installation(folder, settings={"journal_url": f"sqlite:///{journal}"}) as installation,
        Fleet(installation.broker.port, FEEDER, load.messages) as fleet,
    ):
        service = installation.service
        service.start()
        service.wait_until_connected()
        fleet.release(1000)
        fleet.wait_until_idle()
        installation.wait_until_counted(900)
        ballast = fill(small_disk)
        fleet.release(1500, per_s=500)
        began = time.monotonic()
        wait_for(lambda: "journal" in service.trouble(), "the alarm", ALARM_S + 60)
        alarm_s = time.monotonic() - began
        wait_for(lambda: service.figures()["fettle_journal_errors_total"] > 0, "the figure", 60)
        time.sleep(2)
        acknowledged, durable = service.figures()["fettle_messages_acknowledged_total"], journaled(journal)
        assert service.is_running
        ballast.unlink()
        began = time.monotonic()
        wait_for(lambda: not service.trouble(), "it goes on")
        back_s = time.monotonic() - began
        fleet.release()
        installation.wait_until_settled(load.distinct)
        fleet.wait_until_done()
        service.stop()
        outcome = installation.outcome()

    assert acknowledged <= durable
    assert_nothing_lost(outcome, load, tickets_due(load))
    assert alarm_s <= ALARM_S
    tell("alarm after, s", alarm_s)
    tell("goes on after, s", back_s)


def test_acknowledged_without_the_journal_a_full_disk_loses(folder: Path, small_disk: Path, start_ms: int) -> None:
    """T10, control: acknowledged before it is durable, what a full disk and then a kill meet is gone."""
    load = Load(start_ms, appliances=40, rounds=20, is_clean=True)

    with (
        Installation(folder, settings={"journal_url": f"sqlite:///{small_disk / 'journal'}"}) as installation,
        Fleet(installation.broker.port, FEEDER, load.messages) as fleet,
    ):
        service = installation.service
        service.start("without=ack_after_commit")
        service.wait_until_connected()
        fleet.release(300)
        fleet.wait_until_idle()
        installation.wait_until_counted(200)
        ballast = fill(small_disk)
        fleet.release(200)
        wait_for(lambda: "journal" in service.trouble(), "the alarm")
        fleet.wait_until_idle()
        service.kill()
        ballast.unlink()
        service.start("without=ack_after_commit")
        fleet.release()
        installation.wait_until_heard(load.messages[-1])
        service.stop()
        outcome = installation.outcome()

    assert sum(account.gap for account in outcome.accounts.values()) > 0


APPEND_THOUGH_IT_FAILS = """
import json, os, sys
from pathlib import Path
import structlog
from ingest.journal import JournalError
from ingest.books.books import FILE_NAME, Books
from ingest.journal.sqlite import SqliteJournal
from tests.servers.conftest import ROOT
structlog.configure(logger_factory=structlog.PrintLoggerFactory(sys.stderr))
journal, acknowledged, errors = None, [], 0
number = 0
while number < 150:
    try:
        journal = journal or SqliteJournal.open_writer(Path(sys.argv[1]), file_bytes=262144)
        position = journal.append([b"%06d" % number + os.urandom(4000)], count=1, received_ms=number)
    except JournalError as error:
        errors += 1
        if sys.argv[2] == "trusting":
            acknowledged.append(number)
            number += 1
        continue
    acknowledged.append(number)
    number += 1
print(json.dumps({"acknowledged": acknowledged, "errors": errors}), flush=True)
os.kill(os.getpid(), 9)
"""

FAULTS = {
    "fsync": "enable_random name=posix/io/sync/fdatasync,probability=0.3,failinfo=5",
    "write": "enable_random name=posix/io/rw/pwrite,probability=0.1,failinfo=5",
    "full": "enable_random name=posix/io/rw/pwrite,probability=0.1,failinfo=28",
}


def run_on_a_failing_disk(folder: Path, fault: str, how: str) -> tuple[list[int], int, list[int]]:
    """Append in a process whose disk fails at random; what it acknowledged, its errors, and what is there afterwards."""
    program = find_program("fiu-run")
    if program is None:
        missing("fiu-run is missing: run 'bash deploy/servers.sh get libfiu'.")
    command = [str(program), "-x", "-f", "", "-c", FAULTS[fault], sys.executable, "-c", APPEND_THOUGH_IT_FAILS]
    done = subprocess.run(
        [*command, str(folder), how], capture_output=True, text=True, check=False, timeout=100, cwd=ROOT
    )
    assert done.stdout, done.stderr[-2000:]
    told = json.loads(done.stdout)
    journal = SqliteJournal.open_writer(folder, file_bytes=262144)
    numbers = [int(batch.frames[:6]) for batch in journal.read(0, limit_bytes=1 << 30)]
    journal.close()
    return told["acknowledged"], told["errors"], numbers


@pytest.mark.parametrize("fault", FAULTS)
def test_a_failing_disk_costs_nothing_acknowledged(tmp_path: Path, fault: str) -> None:
    """T11: with writes and syncs that fail at random, and a kill at the end, every acknowledged batch is there."""
    acknowledged, errors, numbers = run_on_a_failing_disk(tmp_path, fault, "careful")

    assert errors > 0
    assert acknowledged == list(range(150))
    assert set(acknowledged) <= set(numbers)
    assert numbers == sorted(numbers)


def test_trusting_a_failing_disk_loses(tmp_path: Path) -> None:
    """T11, control: who acknowledges although the append failed loses what was acknowledged."""
    acknowledged, _, numbers = run_on_a_failing_disk(tmp_path, "write", "trusting")

    assert set(acknowledged) - set(numbers)


WRITE_JOURNAL = """
import os, sys
from pathlib import Path
import mqtt5
from ingest.journal.sqlite import SqliteJournal
from tests.servers.faults.load import Load, ROUND_MS
load = Load(int(sys.argv[2]), appliances=40, rounds=100, is_clean=True)
journal = SqliteJournal.open_writer(Path(sys.argv[1]), file_bytes=131072)
for start in range(0, len(load.messages), 40):
    some = load.messages[start : start + 40]
    frames = [mqtt5.PublishPacket(m.topic, m.payload, qos=mqtt5.QoS.AT_LEAST_ONCE, packet_id=1).write() for m in some]
    journal.append(frames, count=len(some), received_ms=load.start_ms + (start // 40 + 1) * ROUND_MS)
os.kill(os.getpid(), 9)
"""


def damage(journal: Path) -> set[int]:
    """A bit of the first file flipped, the second without length, the newest cut; the positions in the second."""
    parts = sorted(journal.glob("journal-*.db"))
    assert len(parts) >= 3
    data = bytearray(parts[0].read_bytes())
    data[len(data) // 2] ^= 16
    parts[0].write_bytes(data)
    parts[1].write_bytes(b"")
    firsts = [int(path.stem.removeprefix("journal-")) for path in parts]
    log = max(journal.glob("*.db-wal"))
    os.truncate(log, log.stat().st_size - 3000)
    return set(range(firsts[1], firsts[2]))


def cpu_s(pid: int) -> float:
    """How long a process has computed."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def test_a_damaged_journal_is_reported_and_the_rest_served(folder: Path, start_ms: int, tell: Tell) -> None:
    """T12: with a flipped bit, a file of no length and a torn tail it starts at once, says what is lost, reads the rest."""
    load = Load(start_ms, appliances=40, rounds=100, is_clean=True)
    journal = folder / "data" / "journal"
    command = [sys.executable, "-c", WRITE_JOURNAL, str(journal), str(start_ms)]
    assert subprocess.run(command, check=False, cwd=ROOT).returncode == -signal.SIGKILL
    without_length = damage(journal)
    batches = len(load.messages) // 40

    with Installation(folder) as installation:
        service = installation.service
        service.start()
        service.wait_until_connected()
        started_s = cpu_s(service.pid)
        installation.wait_until_caught_up()
        quarantined = int(service.figures()["fettle_journal_quarantined_batches_total"])
        said = service.said("journal_file_quarantined") + service.said("journal_batch_quarantined")
        service.stop()
        books = Books.open(folder / "data" / FILE_NAME, read_only=True)
        read = {judgement.position for judgement in books.judgements(0, limit=10_000)}
        books.close()
        outcome = installation.outcome()

    flipped_and_tail = set(range(1, batches + 1)) - read - without_length
    assert not read & without_length
    assert quarantined == len(without_length) + len([p for p in flipped_and_tail if p < min(without_length)])
    assert said
    served = [message for number, message in enumerate(load.messages) if number // 40 + 1 in read]
    assert sum(account.stored for account in outcome.accounts.values()) == len(served)
    assert all(account.max_seq + 1 == account.stored + account.gap for account in outcome.accounts.values())
    assert outcome.readings == sum(message.readings for message in served)
    assert len(flipped_and_tail) <= 3
    assert started_s <= START_S
    tell("started after, CPU s", started_s)
    tell("batches set aside", quarantined)
    tell("batches of the tail lost", batches - max(read))
