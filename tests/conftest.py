"""What holds for all tests: the moment at which they run.

``--moment 2027-03-28T01:59:45`` lets every clock of the service begin there, in the time zone of Berlin: for what goes wrong
only where a week, a month, a year or summer time begins. Only :mod:`ingest.clock` reads the wall clock, so it is enough to
shift that; timeouts and child processes keep the machine's time.
"""

from __future__ import annotations

import os
import time
from dataclasses import dataclass
from datetime import datetime
from types import ModuleType
from zoneinfo import ZoneInfo

import pytest

from ingest import clock

ZONE = "Europe/Berlin"


@dataclass(frozen=True, slots=True)
class ShiftedTime:
    """What :mod:`ingest.clock` uses of :mod:`time`, ahead of it by a constant."""

    real: ModuleType
    offset_ns: int

    def time_ns(self) -> int:
        """Nanoseconds since 1970."""
        return int(self.real.time_ns()) + self.offset_ns


def pytest_addoption(parser: pytest.Parser) -> None:
    """Know the option."""
    parser.addoption("--moment", metavar="TIME", help=f"let clocks begin at this time in {ZONE}")


def pytest_configure(config: pytest.Config) -> None:
    """Begin at the moment that is asked for."""
    moment = config.getoption("--moment")
    if moment:
        os.environ["TZ"] = ZONE
        time.tzset()
        wanted = datetime.fromisoformat(moment).replace(tzinfo=ZoneInfo(ZONE))
        ahead_ms = clock.to_ms(wanted) - clock.SystemClock().now_ms()
        setattr(clock, "time", ShiftedTime(time, ahead_ms * 1_000_000))  # noqa: B010  (no name that it exports)
