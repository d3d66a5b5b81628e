"""Whatever ends the demo's fleet is told with its cause."""

from __future__ import annotations

import io
import multiprocessing
import os
import signal
import threading
from collections.abc import Callable
from multiprocessing.connection import Connection
from unittest.mock import MagicMock  # service, fleet and people around one number; with them a demo takes a minute

import pytest
from rich.console import Console

from api.demo import demo
from api.demo.fleet import FleetError, FleetProcess
from api.demo.service import fleet_lag_in_words
from api.service.surroundings import Surroundings
from ingest.clock import SystemClock
from simulator.child import SentAt, WhenSent, sentence_of
from simulator.driver import Progress

WAIT_S = 60.0


def killed(_pipe: Connection) -> None:
    """A child that the system ends, as for want of memory."""
    os.kill(os.getpid(), signal.SIGKILL)


def crashed(_pipe: Connection) -> None:
    """A child that ends with an exit code and no word."""
    os._exit(3)


def left(pipe: Connection) -> None:
    """A child that says goodbye without having been told to."""
    pipe.send(Progress(phase="ended"))
    pipe.close()


def failed(pipe: Connection) -> None:
    """A child that says why it can't go on."""
    pipe.send(("failed", "KeyError('pump')"))
    pipe.close()


def obedient(pipe: Connection) -> None:
    """A child that answers and stops when told to."""
    while (word := pipe.recv()) != "stop":
        pipe.send(SentAt((None,) * len(word.samples)))
    pipe.send(Progress(phase="ended", published=7))
    pipe.close()


def begin(act: Callable[[Connection], None], *, is_interrupted: bool = False) -> FleetProcess:
    """A real process that does this and nothing else."""
    context = multiprocessing.get_context("fork")
    ours, theirs = context.Pipe()
    child = context.Process(target=act, args=(theirs,), daemon=True)
    child.start()
    theirs.close()
    return FleetProcess(child, ours, lambda: is_interrupted)


def end_of(fleet: FleetProcess) -> str:
    """Look at a fleet until it has failed; its sentence."""
    fleet._child.join(WAIT_S)
    with pytest.raises(FleetError) as told:
        fleet.look()
    fleet.close()
    return str(told.value)


@pytest.mark.parametrize(
    ("act", "words"),
    [
        (killed, "ended by SIGKILL; the machine may be out of memory"),
        (crashed, "failed with exit code 3"),
        (left, "told by somebody else to end"),
        (failed, "can't go on: KeyError('pump')"),
    ],
)
def test_an_end_that_nobody_asked_for_is_told_with_its_cause(act: Callable[[Connection], None], words: str) -> None:
    """A killed, a crashed, a leaving and a failing fleet each give the cause in a sentence."""
    assert words in end_of(begin(act))


def test_saying_something_to_a_dead_fleet_tells_the_cause_too() -> None:
    """A word that nobody hears any more is answered with why."""
    fleet = begin(killed)
    fleet._child.join(WAIT_S)

    with pytest.raises(FleetError, match="SIGKILL"):
        fleet.say(WhenSent(()))

    fleet.close()


def test_a_fleet_that_was_told_to_stop_ends_well() -> None:
    """Answers arrive, the last progress is kept, and looking again at an ended fleet raises nothing."""
    fleet = begin(obedient)
    fleet.say(WhenSent((("a", 1), ("b", 2))))
    fleet.stop()
    fleet._child.join(WAIT_S)

    fleet.look()
    fleet.look()

    assert fleet.sent_at == SentAt((None, None))
    assert fleet.progress.published == 7
    assert fleet.has_ended_well
    fleet.close()


def test_who_ends_us_by_a_signal_may_have_ended_the_fleet_with_it() -> None:
    """A fleet that stops because the whole group was told to end is no failure."""
    fleet = begin(left, is_interrupted=True)
    fleet._child.join(WAIT_S)

    fleet.look()
    fleet.stop()

    assert fleet.has_ended_well
    fleet.close()


def test_a_group_of_errors_is_told_by_its_first_real_one() -> None:
    """What comes out of nested task groups is the error itself, with its type where its text alone says little."""
    assert sentence_of(ExceptionGroup("", [ExceptionGroup("", [KeyError("pump")])])) == "KeyError('pump')"
    assert sentence_of(OSError(28, "No space left on device")) == "[Errno 28] No space left on device"
    assert sentence_of(ValueError()) == "ValueError()"


@pytest.mark.parametrize("speed", [1.0, 600.0, 5000.0])
def test_a_live_fleet_hears_acks_by_the_wall_clock_at_any_speed(monkeypatch: pytest.MonkeyPatch, speed: float) -> None:
    """A fleet that hears none for minutes fills its appliances' memories and falls silent."""
    monkeypatch.setattr(demo, "Crew", MagicMock())
    for name in ("ticket_count", "lag_in_words", "fleet_lag_in_words"):
        monkeypatch.setattr(demo, name, MagicMock(return_value=0))
    one = demo.Demo(demo.DemoOptions(2, speed, 0.0, 1), Console(file=io.StringIO()), threading.Event())

    one._live(MagicMock(failure=None), MagicMock())

    assert isinstance(Surroundings().people_clock, SystemClock)  # by which acks are spaced
    assert 1000 <= one._ack_every_ms <= 60_000


def test_a_fleet_that_is_behind_is_told_in_words() -> None:
    """Not what a busy moment makes of it."""
    assert fleet_lag_in_words(3.0) == ""
    assert fleet_lag_in_words(42.4) == "the appliances are 42 s behind"
