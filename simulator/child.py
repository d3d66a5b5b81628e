"""Child: a fleet in a process of its own, started by a parent that shares its clock's parameters and a pipe.

The parent sends ``"stop"``, an :class:`~ingest.clock.AcceleratedClock` that replaces the clock at once, :class:`WhenSent`,
which is answered by a :class:`SentAt`, or a word of the kitchen, which is answered by a
:class:`~simulator.kitchen.Seen`; the child sends its :class:`~simulator.driver.Progress` about every second, the last
one with the phase ``ended``. A child that fails, for whatever reason, sends ``("failed", sentence)``.
"""

from __future__ import annotations

import asyncio
import contextlib
import gc
import logging
import signal
import sys
from dataclasses import dataclass, field
from datetime import datetime
from multiprocessing.connection import Connection
from pathlib import Path

import structlog

from ingest.clock import AcceleratedClock, Clock, from_ms
from simulator.connection import read_broker
from simulator.driver import OUTSTANDING_BYTES, FleetRun, Progress
from simulator.fleet import Fleet
from simulator.fleet_file import read_fleet
from simulator.kitchen import LookAt, Seen, Touch


@dataclass(frozen=True, slots=True)
class FleetOrder:
    """All that the child needs; everything in it can be pickled. ``truth_folder`` is no folder the service reads."""

    fleet: str
    seed: int
    appliances: int
    start_ms: int
    history_until_ms: int | None
    mqtt_url: str
    clock: AcceleratedClock
    truth_folder: Path
    passwords: dict[str, str] = field(default_factory=dict)
    topic_root: str = "fettle/v1"
    bad_network: bool = True
    drain_s: float = 15.0
    outstanding_bytes: int = OUTSTANDING_BYTES
    command_keys: tuple[str, ...] = ()
    """The public keys of whoever may command the fleet; empty: anybody who can reach it."""


@dataclass(frozen=True, slots=True)
class WhenSent:
    """Asks when samples were published: (appliance id, event time in ms) each."""

    samples: tuple[tuple[str, int], ...]


@dataclass(frozen=True, slots=True)
class SentAt:
    """Answers :class:`WhenSent`: wall clock ms, or None where that is forgotten, in the order asked."""

    wall_ms: tuple[int | None, ...]


@dataclass(slots=True)
class SharedClock:
    """A clock that can be replaced by another while everyone holds it."""

    clock: Clock

    def now_ms(self) -> int:
        """Milliseconds since 1970, UTC."""
        return self.clock.now_ms()

    def now(self) -> datetime:
        """The same moment as a timezone-aware UTC datetime."""
        return from_ms(self.now_ms())


def run_child(order: FleetOrder, pipe: Connection) -> None:
    """Entry point of the child process: runs until the parent says stop or goes away."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    structlog.configure(
        wrapper_class=structlog.make_filtering_bound_logger(logging.WARNING),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
    )

    def tell(error: BaseException) -> None:
        with contextlib.suppress(OSError):
            pipe.send(("failed", sentence_of(error)))

    try:
        asyncio.run(_run(order, pipe))
    except (OSError, ValueError) as error:
        tell(error)
    except BaseException as error:
        tell(error)
        raise
    finally:
        pipe.close()


def sentence_of(error: BaseException) -> str:
    """What the parent shows of an error: its own words where it is told to people, else its type as well."""
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    return str(error) if isinstance(error, OSError | ValueError) and str(error) else repr(error)


async def _run(order: FleetOrder, pipe: Connection) -> None:
    fleet = Fleet(read_fleet(order.fleet), seed=order.seed, appliances=order.appliances, start_ms=order.start_ms)
    gc.freeze()
    clock = SharedClock(order.clock)
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()

    def hear() -> None:
        try:
            word = pipe.recv()
        except (EOFError, OSError):
            word = "stop"
        if isinstance(word, AcceleratedClock):
            clock.clock = word
            run.set_pace(word.speed)
        elif isinstance(word, LookAt):
            tell(Seen(word.number, run.look_at(word.appliance_id)))
        elif isinstance(word, Touch):
            tell(Seen(word.number, run.touch(word.appliance_id, word.deed, is_on=word.is_on)))
        elif isinstance(word, WhenSent):
            tell(SentAt(tuple(run.sent_at_wall_ms(*sample) for sample in word.samples)))
        else:
            loop.remove_reader(pipe.fileno())
            stop.set()

    def tell(word: Progress | SentAt | Seen) -> None:
        try:
            pipe.send(word)
        except OSError:
            stop.set()

    run = FleetRun(
        fleet,
        read_broker(order.mqtt_url),
        clock=clock,
        seed=order.seed,
        passwords=order.passwords,
        topic_root=order.topic_root,
        bad_network=order.bad_network,
        report=tell,
        outstanding_bytes=order.outstanding_bytes,
        command_keys=order.command_keys,
    )
    loop.add_reader(pipe.fileno(), hear)
    loop.add_signal_handler(signal.SIGTERM, stop.set)
    order.truth_folder.mkdir(parents=True, exist_ok=True)
    try:
        await run.run(history_until_ms=order.history_until_ms, stop=stop, drain_s=order.drain_s)
    finally:
        fleet.truth.write(order.truth_folder / "truth", until_ms=fleet.now_ms)
