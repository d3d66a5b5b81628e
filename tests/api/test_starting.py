"""A start that can't be: who holds the data folder, what can't be used there, and what the sentence says to do."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from api.service.process_lock import STOPPED_WITHIN_S, AlreadyRunning, ProcessLock, UnusableFolder
from api.service.role import ServiceRole
from api.service.service import Service, ServiceError
from api.service.service_thread import ServiceThread
from api.settings.settings import Settings


def test_a_lock_is_given_back(tmp_path: Path) -> None:
    """A role is free again after its release; the error names the folder and the pid."""
    first, second = ProcessLock(tmp_path, ("desk",)), ProcessLock(tmp_path, ("api", "desk"))
    first.acquire()
    with pytest.raises(AlreadyRunning) as caught:
        second.acquire()
    first.release()
    second.acquire()
    second.release()

    assert caught.value.pid > 0
    assert str(tmp_path) in str(caught.value)


def test_a_restart_waits_for_who_is_stopping(tmp_path: Path) -> None:
    """Who was asked to stop says so, and whoever comes in its place begins at its end, without a word of refusal."""
    old = ProcessLock(tmp_path, ("api", "desk"))
    looks: list[float] = []

    def pause(seconds: float) -> None:
        looks.append(seconds)
        if len(looks) == 3:
            old.release()

    new = ProcessLock(tmp_path, ("api", "desk"), pause=pause)
    old.acquire()
    old.say_stopping()

    new.acquire()

    assert len(looks) == 3
    new.release()


def test_who_does_not_stop_is_not_waited_for_without_end(tmp_path: Path) -> None:
    """After the time that a stop may take the sentence names the process and how it is ended; nothing is held."""
    old = ProcessLock(tmp_path, ("desk",))
    looks: list[float] = []
    new = ProcessLock(tmp_path, ("api", "desk"), pause=looks.append)
    old.acquire()
    old.say_stopping()

    with pytest.raises(
        AlreadyRunning, match=rf"asked to stop and has not ended within 10 s. End it .kill -9 {os.getpid()}"
    ):
        new.acquire()

    assert sum(looks) == pytest.approx(STOPPED_WITHIN_S)
    free = ProcessLock(tmp_path, ("api",))
    free.acquire()
    for lock in (old, free):
        lock.release()


def test_a_service_that_stops_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """From the first moment of its stop on, and until its roles are given back."""
    said: list[str] = []
    ask = ServiceThread.ask_to_stop

    def listen(thread: ServiceThread) -> None:
        said.append((tmp_path / "desk.lock").read_text())
        ask(thread)

    monkeypatch.setattr(ServiceThread, "ask_to_stop", listen)
    service = Service(Settings(data_dir=tmp_path), roles=(ServiceRole.DESK,))
    service.start()
    service.stop()

    assert set(said) == {f"{os.getpid()} stopping"}


def test_a_data_folder_that_can_not_be_used_is_named(tmp_path: Path) -> None:
    """The sentence says which folder it is, why, and what to give instead; so does the service's."""
    (tmp_path / "file").touch()
    words = r"file can't be used \(.+\): give FETTLE_DATA_DIR a folder"

    with pytest.raises(UnusableFolder, match=words):
        ProcessLock(tmp_path / "file", ("desk",)).acquire()
    with pytest.raises(ServiceError, match=words):
        Service(Settings(data_dir=tmp_path / "file")).start()


@pytest.mark.parametrize(
    ("file", "damage", "words"),
    [
        ("journal/identity", b"", r"journal/identity, which says who the journal is, is damaged: bring the file back"),
        ("journal/identity", b"\xff\xfe\xf7", r"is damaged: bring the file back; or remove it"),
        ("journal/identity", bytes(24), r"is damaged: bring the file back; or remove it"),
        ("journal/identity", b"0123456789ab", r"is damaged: bring the file back; or remove it"),
        ("books.db", b"\xff" * 200, r"books.db, where .+ is damaged .+ restore a copy of it; or move it away"),
        ("telemetry.db", b"\xff" * 200, r"telemetry.db is damaged .+ restore a copy of it; or move it away"),
        ("desk.db", b"\xff" * 200, r"not a database.+ restore a copy of the file"),
    ],
)
def test_a_damaged_file_stops_the_start_with_its_cure(tmp_path: Path, file: str, damage: bytes, words: str) -> None:
    """One sentence with the file and what to do, at once; nobody waits for what does not come by itself."""
    (tmp_path / "journal").mkdir()
    (tmp_path / file).write_bytes(damage)

    with pytest.raises(ServiceError, match=words):
        Service(Settings(data_dir=tmp_path, http_listen="127.0.0.1:0")).start()
