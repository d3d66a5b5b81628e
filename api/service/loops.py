"""The loops of the service as functions of a stop event, one per thread.

The database may be away for a while: a loop that needs it says so once, waits, and goes on where it was; what it reads
waits in the journal.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING

import structlog

from alerts.errors import UnavailableError
from alerts.letters.imap_folder import MailboxError
from detectors.loop.attempts import FoldFailed
from ingest.backoff import Backoff

if TYPE_CHECKING:
    from alerts.appliances.listener import Listener
    from alerts.inbox import Inbox
    from alerts.letters.imap_folder import Mailbox
    from alerts.notices.lane import Lane
    from alerts.notices.outbox import Outbox
    from alerts.rules.in_force import RulesInForce
    from alerts.timers import Timers
    from api.http.live_samples import LiveSamples
    from detectors.loop.runner import Runner
    from ingest.clock import Clock
    from ingest.feed.feed import AdmittedFeed

log = structlog.get_logger()

IDLE_S = 0.5
DESK_EVERY_S = 0.2
OUTBOX_EVERY_S = 0.5
FORGET_EVERY_TURNS = 120
LISTEN_EVERY_S = 0.5
RULES_EVERY_S = 2.0
COLLECT_EVERY_S = 30.0
WAITING = Backoff(0.5, 15.0)
WAITING_FOR_MAIL = Backoff(30.0, 900.0)


@dataclass(slots=True)
class Trouble:
    """Why a loop waits, as a sentence; None while it works."""

    sentence: str | None = None


@dataclass(slots=True)
class Missing:
    """How often in a row something outside could not be had."""

    rounds: int = 0


def patient(work: Callable[[], object], stop: threading.Event, trouble: Trouble, *, name: str) -> bool:
    """Do the work, again and again while the database is away; False where the stop came first."""
    misses = 0
    while True:
        try:
            work()
        except UnavailableError as error:
            if trouble.sentence is None:
                log.warning("loop_waits", loop=name, sentence=str(error))
            trouble.sentence = str(error)
            if stop.wait(WAITING.ceiling_s(misses)):
                return False
            misses += 1
        else:
            if trouble.sentence is not None:
                log.info("loop_goes_on", loop=name)
            trouble.sentence = None
            return True


def detect(runner: Runner, feed: AdmittedFeed, trouble: Trouble) -> Callable[[threading.Event], None]:
    """The loop of cursor ``detect``; what it knows at the end is made durable."""

    def run(stop: threading.Event) -> None:
        if not patient(runner.start, stop, trouble, name="detect"):
            return
        while not stop.is_set():
            try:
                has_read = runner.run_once()
            except FoldFailed as error:
                log.exception("detect_failed", cause=str(error))
                if not patient(runner.start, stop, trouble, name="detect"):
                    return
                continue
            except UnavailableError as error:
                trouble.sentence = str(error)
                log.warning("loop_waits", loop="detect", sentence=str(error))
                patient(runner.commit, stop, trouble, name="detect")
                continue
            if not has_read:
                feed.wait(IDLE_S)
        try:
            runner.commit()
        except UnavailableError as error:
            log.warning("detect_not_saved", sentence=str(error))  # the next start folds it again

    return run


def desk(
    inbox: Inbox, feed: AdmittedFeed, timers: Timers, clock: Clock, trouble: Trouble
) -> Callable[[threading.Event], None]:
    """The loop of cursor ``desk``, and of the desk's own time.

    What comes is gathered for a moment, so that a fleet that speaks costs a few looks a second; while somebody works with
    an appliance an answer is read as soon as it is there.
    """

    def run(stop: threading.Event) -> None:
        while not stop.is_set():
            read = 0

            def step() -> None:
                nonlocal read
                read = inbox.tick()
                timers.tick(clock.now_ms())

            patient(step, stop, trouble, name="desk")
            if read:
                continue
            if inbox.is_watching:
                feed.wait(DESK_EVERY_S)
            else:
                stop.wait(DESK_EVERY_S)
        try:
            inbox.write()
        except UnavailableError as error:
            log.warning("directory_not_saved", sentence=str(error))  # the next start folds it again

    return run


def listen(listener: Listener, is_connected: Callable[[], bool], trouble: Trouble) -> Callable[[threading.Event], None]:
    """The loop that writes down when we hear the broker; that we stop listening comes last."""

    def run(stop: threading.Event) -> None:
        while not stop.wait(LISTEN_EVERY_S):
            patient(lambda: listener.tick(is_connected=is_connected()), stop, trouble, name="listening")
        try:
            listener.tick(is_connected=False)
        except UnavailableError as error:
            log.warning("listening_not_saved", sentence=str(error))  # the next start concludes it from the last note

    return run


def _never() -> None:
    """There are never other receivers."""


def deliver(
    outbox: Outbox, trouble: Callable[[str], Trouble], renewed: Callable[[], Outbox | None] = _never
) -> Callable[[threading.Event], None]:
    """The loop of the outbox: a thread for each receiver, so that none waits for another, and one that clears up.

    ``renewed`` gives another outbox when there are other receivers; it begins where the one before it has ended.
    """
    own = trouble("outbox")
    of_lanes = {lane.target.name: trouble(f"outbox {lane.target.name}") for lane in outbox.lanes}

    def run(stop: threading.Event) -> None:
        standing: Outbox | None = outbox
        while standing is not None and not stop.is_set():
            for name in {lane.target.name for lane in standing.lanes} - of_lanes.keys():
                of_lanes[name] = trouble(f"outbox {name}")
            standing = _deliver(standing, stop, of_lanes, own, renewed)
            if standing is not None:
                patient(standing.begin, stop, own, name="outbox")

    return run


def _deliver(
    outbox: Outbox,
    stop: threading.Event,
    of_lanes: Mapping[str, Trouble],
    own: Trouble,
    renewed: Callable[[], Outbox | None],
) -> Outbox | None:
    """Run the lanes until the stop, or until there are others: those."""
    halt = threading.Event()
    following: Outbox | None = None
    with ThreadPoolExecutor(len(outbox.lanes) or 1, thread_name_prefix="outbox") as pool:
        runs = [pool.submit(_run_lane, lane, halt, of_lanes[lane.target.name]) for lane in outbox.lanes]
        turns = 0
        while following is None and not stop.wait(OUTBOX_EVERY_S) and not any(one.done() for one in runs):
            turns += 1
            if turns % FORGET_EVERY_TURNS == 0:
                patient(outbox.forget, stop, own, name="outbox")
            following = renewed()
        halt.set()
    for one in runs:
        one.result()
    return following


def collect(
    mailbox: Mailbox, take: Callable[[bytes], object], trouble: Trouble, missing: Missing
) -> Callable[[threading.Event], None]:
    """The loop that collects mail. What is not had lies there still, so that a mail server that is away hinders nothing else."""

    def run(stop: threading.Event) -> None:
        while not stop.wait(WAITING_FOR_MAIL.ceiling_s(missing.rounds) if missing.rounds else COLLECT_EVERY_S):
            try:
                mailbox.collect(take, is_over=stop.is_set)
            except (MailboxError, UnavailableError) as error:
                if missing.rounds == 0:
                    log.warning("loop_waits", loop="mailbox", sentence=str(error))
                missing.rounds += 1
                trouble.sentence = str(error) if isinstance(error, UnavailableError) else None
            else:
                missing.rounds, trouble.sentence = 0, None

    return run


def follow(rules: RulesInForce) -> Callable[[threading.Event], None]:
    """The loop that looks at the file of the rules."""

    def run(stop: threading.Event) -> None:
        while not stop.wait(RULES_EVERY_S):
            rules.look()

    return run


def _run_lane(lane: Lane, stop: threading.Event, trouble: Trouble) -> None:
    while not stop.wait(OUTBOX_EVERY_S):
        patient(lambda: lane.run_once(stop.is_set), stop, trouble, name=f"outbox {lane.target.name}")


def show(live: LiveSamples, feed: AdmittedFeed, tip: Callable[[], int]) -> Callable[[threading.Event], None]:
    """The loop that hands samples to the pages that watch them; while nobody watches it reads nothing."""

    def run(stop: threading.Event) -> None:
        position = tip()
        while not stop.is_set():
            if not live.is_watched:
                position = tip()
                stop.wait(IDLE_S)
                continue
            batch = feed.next(position)
            if batch is None:
                feed.wait(IDLE_S)
                continue
            live.show(batch)
            position = batch.position

    return run
