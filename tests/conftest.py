"""What holds for all tests: the moment at which they run, where their files lie, and what they need not do twice.

``--moment 2027-03-28T01:59:45`` lets every clock of the service begin there, in the time zone of Berlin: for what goes wrong
only where a week, a month, a year or summer time begins. Only :mod:`ingest.clock` reads the wall clock, and the library that
checks how old a signature is; so it is enough to shift these two. Timeouts and child processes keep the machine's time.

Their files lie in memory where the machine has room there: nothing of them has to outlive it, and a commit, which in service
waits for the disk, would keep a core waiting some thousand times.
"""

from __future__ import annotations

import functools
import gc
import os
import shutil
import sys
import tempfile
import time
from collections.abc import Generator, Iterator
from dataclasses import dataclass
from datetime import datetime, tzinfo
from pathlib import Path
from types import ModuleType
from typing import Self
from zoneinfo import ZoneInfo

import pytest
from standardwebhooks import webhooks

from ingest import clock

ZONE = "Europe/Berlin"
MEMORY = Path("/dev/shm")  # noqa: S108  (the folder in which pytest makes one for this user)
ROOM_BYTES = 4 << 30
NOBODYS_CHEAP = "$argon2id$v=19$m=8,t=1,p=1$f+M5KTJOp3C7CYJJThBFng$9CHzV1Jh1Q/rmC4jWqA5gQ4RPqnDAZ4TlSg3L4eS/38"
GARBAGE_AFTER = 20_000


@dataclass(frozen=True, slots=True)
class ShiftedTime:
    """What :mod:`ingest.clock` uses of :mod:`time`, ahead of it by a constant."""

    real: ModuleType
    offset_ns: int

    def time_ns(self) -> int:
        """Nanoseconds since 1970."""
        return int(self.real.time_ns()) + self.offset_ns


class _ShiftedDatetime(datetime):
    """What the library of signed webhooks takes for now: the clock's time."""

    @classmethod
    def now(cls, tz: tzinfo | None = None) -> Self:
        """Now, by :mod:`ingest.clock`."""
        return cls.fromtimestamp(clock.SystemClock().now_ms() / 1000, tz)


def pytest_addoption(parser: pytest.Parser) -> None:
    """Know the option."""
    parser.addoption("--moment", metavar="TIME", help=f"let clocks begin at this time in {ZONE}")


def pytest_configure(config: pytest.Config) -> None:
    """Begin at the moment that is asked for; have files in memory unless real servers are asked for, or a place is named."""
    if "not servers" in config.option.markexpr and MEMORY.is_dir() and shutil.disk_usage(MEMORY).free > ROOM_BYTES:
        tempfile.tempdir = os.environ.setdefault("PYTEST_DEBUG_TEMPROOT", str(MEMORY))
    moment = config.getoption("--moment")
    if moment:
        os.environ["TZ"] = ZONE
        time.tzset()
        wanted = datetime.fromisoformat(moment).replace(tzinfo=ZoneInfo(ZONE))
        ahead_ms = clock.to_ms(wanted) - clock.SystemClock().now_ms()
        setattr(clock, "time", ShiftedTime(time, ahead_ms * 1_000_000))  # noqa: B010  (no name that it exports)
        setattr(webhooks, "datetime", _ShiftedDatetime)  # noqa: B010  (the same)


@pytest.hookimpl(wrapper=True)
def pytest_collection() -> Generator[None, object, object]:
    """What is imported stays: the collector of garbage need not look at it while it comes."""
    gc.disable()
    try:
        return (yield)
    finally:
        gc.enable()


def pytest_collection_finish() -> None:
    """Nor behind every few tests."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(GARBAGE_AFTER)


@pytest.fixture(scope="session", autouse=True)
def statements_once() -> Iterator[None]:
    """Desks in SQLite share what is made of a statement; without a desk there is nothing to share."""
    if "alerts.database" not in sys.modules:
        yield
        return
    from alerts import database  # noqa: PLC0415  (tests of the ingest do without it)
    from tests.statements import create_engine_once  # noqa: PLC0415  (the same)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(database, "create_engine", create_engine_once)
        yield


@pytest.fixture(scope="session", autouse=True)
def command_line_once() -> Iterator[None]:
    """All commands and their options are put together once, and not for each call, as each process does for itself."""
    if "typer.testing" not in sys.modules:
        yield
        return
    from typer import main, testing  # noqa: PLC0415  (most tests do without it)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(testing, "_get_command", functools.cache(main.get_command))
        yield


@pytest.fixture(scope="session", autouse=True)
def cheap_passwords() -> Iterator[None]:
    """Passwords are compared as in service, but by a digest that takes no 64 MiB; what it takes there has a test of its own."""
    if "alerts.accounts.passwords" not in sys.modules:
        yield
        return
    from pwdlib import PasswordHash  # noqa: PLC0415  (tests of the ingest do without it)
    from pwdlib.hashers.argon2 import Argon2Hasher  # noqa: PLC0415  (the same)

    from alerts.accounts import passwords  # noqa: PLC0415  (the same)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(passwords, "_HASHER", PasswordHash((Argon2Hasher(time_cost=1, memory_cost=8, parallelism=1),)))
        patch.setattr(passwords, "_NOBODYS", NOBODYS_CHEAP)
        yield
