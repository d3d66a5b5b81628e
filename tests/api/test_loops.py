"""How the loops of the service wait."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field

import pytest

from api.service import loops
from ingest.clock import ManualClock


@dataclass
class Waits:
    """An inbox without anything in it, timers, and what was waited for: each wait is noted, and is the last."""

    is_watching: bool
    noted: list[str] = field(default_factory=list)
    is_stopped: bool = False

    def tick(self, *_now: int) -> int:
        """As an inbox and as timers."""
        return 0

    def write(self) -> None:
        """As an inbox."""

    def end(self, what: str) -> None:
        """Note a wait."""
        self.noted.append(what)
        self.is_stopped = True


@dataclass
class WaitingFeed:
    """A feed that brings nothing."""

    waits: Waits

    def wait(self, _timeout_s: float) -> None:
        """Until something comes."""
        self.waits.end("until something comes")


class Stop(threading.Event):
    """A stop whose wait is noted."""

    def __init__(self, waits: Waits) -> None:
        super().__init__()
        self.waits = waits

    def is_set(self) -> bool:
        """Whether it is over."""
        return self.waits.is_stopped

    def wait(self, timeout: float | None = None) -> bool:
        """For a while."""
        self.waits.end(f"{timeout} s")
        return True


@pytest.mark.parametrize(("is_watching", "waited"), [(True, "until something comes"), (False, "0.2 s")])
def test_an_answer_is_not_waited_for_by_the_clock(waited: str, *, is_watching: bool) -> None:
    """While somebody works with an appliance the desk reads what comes as it comes; else it gathers for a moment."""
    waits = Waits(is_watching)
    run = loops.desk(waits, WaitingFeed(waits), waits, ManualClock(0), loops.Trouble())  # type: ignore[arg-type]  # fakes

    run(Stop(waits))

    assert waits.noted == [waited]
