"""The line: how a message goes on from the journal, put together once, whatever the parts are.

    journal → admitter → feed → writer → telemetry store
                              → runner → finding sink

The service puts real parts in; the simulated world, the scenarios and the benchmarks put in theirs.
"""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, ParamSpec

from detectors.layering.fits import Fits
from detectors.loop.runner import COMMIT_EVERY_S, Runner
from detectors.pipeline import ALARMS_PER_YEAR, Pipeline
from ingest.admission.admission import Admission, AdmissionSettings
from ingest.feed.feed import AdmittedFeed
from ingest.loops.admit import Admitter
from ingest.loops.lessons import Lessons
from ingest.loops.replays import Replays
from ingest.loops.store import StoreWriter, WriterOptions
from ingest.wire.topic import TopicScheme

if TYPE_CHECKING:
    from collections.abc import Sequence

    from detectors.finding import FindingSink
    from detectors.loop.attempts import Attempts
    from detectors.loop.runner import AdmittedBatches
    from ingest.books.books import Books
    from ingest.clock import Clock
    from ingest.journal import Journal
    from ingest.loops.commit import ReceivedBatch
    from ingest.loops.lessons import LessonSource
    from ingest.loops.store import RefusedSample
    from ingest.profiles.definition import Profile
    from ingest.sample import AdmittedBatch
    from ingest.store import TelemetryStore
    from ingest.wire.columns import BatchDecoder


P = ParamSpec("P")


def _leave_out_nothing(_part: AdmittedBatch) -> None:
    """What fails twice is passed over without a trace."""


def _answer_nobody(_answers: Iterable[tuple[str, bytes]]) -> None:
    """Nobody listens."""


def _each(*heard: Callable[P, None] | None) -> Callable[P, None]:
    """Whoever is there, one after another, told the same."""

    def tell(*args: P.args, **kwargs: P.kwargs) -> None:
        for one in heard:
            if one is not None:
                one(*args, **kwargs)

    return tell


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """From the journal to the feed, and what reads it; one thread drives each of admitter, writer and runner."""

    journal: Journal
    books: Books
    feed: AdmittedFeed
    admitter: Admitter
    clock: Clock
    chance: random.Random
    monotonic: Callable[[], float] = time.monotonic

    @classmethod
    def of(
        cls,
        journal: Journal,
        books: Books,
        *,
        judging: BatchDecoder,
        reading: Callable[[], BatchDecoder],
        clock: Clock,
        people_clock: Clock | None = None,
        chance: random.Random,
        scheme: TopicScheme | None = None,
        settings: AdmissionSettings | None = None,
        answer: Callable[[Iterable[tuple[str, bytes]]], None] = _answer_nobody,
        replay: Callable[[ReceivedBatch], None] | None = None,
        lessons: LessonSource | None = None,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> Line:
        """``people_clock``: by which acks are spaced and missing messages waited for; ``clock`` where it is left out.

        ``replay`` makes dead letters that come again durable, and ``lessons``; without it none are judged again, and none learned.
        """
        feed = AdmittedFeed(journal, books, reading)
        admission = Admission(books, judging, scheme=scheme or TopicScheme(), settings=settings or AdmissionSettings())
        replays = None if replay is None else Replays(journal, books, replay)
        taught = None if replay is None or lessons is None else Lessons(lessons, replay)
        admitter = Admitter(
            journal,
            admission,
            after=books.cursor("admit"),
            clock=people_clock or clock,
            on_admitted=_each(feed.offer, None if taught is None else taught.admitted),
            answer=answer,
            replays=_each(None if replays is None else replays.turn, None if taught is None else taught.turn),
        )
        return cls(
            journal=journal,
            books=books,
            feed=feed,
            admitter=admitter,
            clock=clock,
            chance=chance,
            monotonic=monotonic,
        )

    def writer(
        self,
        store: TelemetryStore,
        *,
        refuse: Callable[[Sequence[RefusedSample]], None],
        options: WriterOptions | None = None,
    ) -> StoreWriter:
        """From the feed to a store."""
        return StoreWriter(
            self.feed,
            store,
            self.books,
            refuse=refuse,
            clock=self.clock,
            chance=self.chance,
            options=options,
            monotonic=self.monotonic,
        )


def detecting(
    feed: AdmittedBatches,
    sink: FindingSink,
    profiles: Mapping[str, Profile],
    *,
    alarms_per_year: float | None = None,
    fits: Fits | None = None,
    attempts: Attempts | None = None,
    leave_out: Callable[[AdmittedBatch], None] = _leave_out_nothing,
    commit_every_s: float = COMMIT_EVERY_S,
    elapsed_s: Callable[[], float] = time.monotonic,
) -> Runner:
    """The detectors of these profiles over a feed."""
    asked = ALARMS_PER_YEAR if alarms_per_year is None else alarms_per_year
    pipeline = Pipeline(profiles, alarms_per_year=asked, fits=fits)
    return Runner(
        feed,
        sink,
        pipeline,
        commit_every_s=commit_every_s,
        elapsed_s=elapsed_s,
        attempts=attempts,
        leave_out=leave_out,
    )
