"""Writers of one SQLite file go in the order in which they came."""

from __future__ import annotations

import subprocess
import sys
import threading
from pathlib import Path

import pytest

from alerts.errors import UnavailableError
from alerts.turns import Turns, turns_of

HOLD = """
import sys
from pathlib import Path
from alerts.turns import Turns
turns = Turns(Path(sys.argv[1]))
turns.take()
print("held", flush=True)
sys.stdin.read()
"""


def test_threads_go_in_the_order_in_which_they_came() -> None:
    """Eight wait; each goes when the one before is done, and none passes another."""
    turns = Turns(None)
    order: list[int] = []

    def go(number: int) -> None:
        turns.take()
        order.append(number)
        turns.give_back()

    turns.take()
    threads = []
    for number in range(8):
        thread = threading.Thread(target=go, args=(number,))
        thread.start()
        threads.append(thread)
        while len(turns._waiting) <= number:
            thread.join(0.001)
    turns.give_back()
    for thread in threads:
        thread.join()

    assert order == list(range(8))


def test_a_wait_for_a_turn_has_an_end(monkeypatch: pytest.MonkeyPatch) -> None:
    """Who gets none in time is told, and stands in nobody's way."""
    monkeypatch.setattr("alerts.turns.PATIENCE_S", 0.01)
    turns = Turns(None)
    turns.take()

    with pytest.raises(UnavailableError, match="no turn came"):
        turns.take()
    turns.give_back()
    turns.take()
    turns.give_back()


def test_processes_wait_for_each_other_and_never_for_the_dead(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Another process's turn is waited for; when it is killed, its turn is over."""
    path = tmp_path / "desk.db-turns"
    turns = Turns(path)
    with subprocess.Popen(
        [sys.executable, "-c", HOLD, str(path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == "held\n"
        with monkeypatch.context() as patched:
            patched.setattr("alerts.turns.PATIENCE_S", 0.02)
            with pytest.raises(UnavailableError):
                turns.take()

        holder.kill()
        holder.wait()
        turns.take()

    assert path.stat().st_mode & 0o777 == 0o600
    turns.give_back()


def test_one_file_has_one_queue_in_a_process(tmp_path: Path) -> None:
    """Two ways to write one path are one queue; databases in memory have one each."""
    (tmp_path / "a").mkdir()

    assert turns_of(str(tmp_path / "desk.db")) is turns_of(str(tmp_path / "a" / ".." / "desk.db"))
    assert turns_of(None) is not turns_of(None)
