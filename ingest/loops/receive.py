"""Loop: MQTT → journal → acknowledgement.

The asyncio loop receives and acknowledges, one thread commits (:mod:`ingest.loops.commit`). A PUBACK is written only when
the journal has the message, in receive order, and to the connection it came from: what a connection that ended still
owed is dropped, and the broker delivers it again. Memory is bounded: beyond ``held_bytes`` that are not yet durable the
socket is not read. It refuses to look inside a message: that is admission's work.

Decision: a batch is cut by age (20 ms, none where the socket rested as long), count (2,000), size, or when the
un-acknowledged messages reach the broker's window. A broker's window isn't announced, so it is learned: a stream that
stalls again and again at the same number is waiting for us. A window learned wrongly only makes batches smaller, and is
forgotten when more than it arrives.
"""

from __future__ import annotations

import asyncio
import threading
from dataclasses import dataclass
from typing import TYPE_CHECKING

import structlog

from ingest.loops.commit import COMMIT_BYTES_MAX, Committer, ReceivedBatch
from ingest.mqtt.session import Session, TopicFilter

if TYPE_CHECKING:
    import random
    from collections.abc import Callable, Sequence

    from ingest.clock import Clock
    from ingest.journal import Journal, JournalBatch
    from ingest.mqtt.address import BrokerAddress
    from ingest.mqtt.connection import Connection, ConnectionOptions
    from ingest.mqtt.frames import PublishRun

log = structlog.get_logger(__name__)

STOP_TIMEOUT_S = 6.0
REST_WINDOW_MIN = 1_000
"""With a smaller window the broker would only wait for us while the socket rests."""


@dataclass(frozen=True, slots=True)
class BatchOptions:
    """When a batch is cut, and how much may wait for the journal."""

    age_s: float = 0.02
    count: int = 2_000
    size: int = COMMIT_BYTES_MAX
    held_bytes: int = 16 * 2**20
    window: int | None = None
    """How many unacknowledged messages the broker sends at most, where that is known."""


@dataclass(slots=True)
class IngestStats:
    """What has arrived and what was acknowledged; read by health and metrics."""

    messages_received: int = 0
    bytes_received: int = 0
    messages_acknowledged: int = 0
    held: int = 0
    """How often the socket was paused because the journal was behind."""
    last_received_ms: int | None = None
    unacknowledged: int = 0
    undurable_bytes: int = 0


class BrokerWindow:
    """How many unacknowledged messages the broker sends at most; see the module's decision."""

    def __init__(self, known: int | None = None) -> None:
        self._is_known = known is not None
        self.size = known
        self._stalled_at = 0
        self._streak = 0

    def saw(self, unacknowledged: int) -> bool:
        """Note how many are unacknowledged now; True if the broker waits for us."""
        if self.size is None:
            return False
        if unacknowledged > self.size and not self._is_known:
            self.size = None
            return False
        return unacknowledged >= self.size

    def stalled(self, unacknowledged: int) -> None:
        """Note that the stream fell silent with so many unacknowledged."""
        self._streak = self._streak + 1 if unacknowledged == self._stalled_at else 1
        self._stalled_at = unacknowledged
        if not self._is_known and self._streak >= 3 and unacknowledged >= 2:
            self.size = unacknowledged


class Ingester:
    """Receives, makes durable, acknowledges; see the module."""

    def __init__(
        self,
        *,
        address: BrokerAddress,
        options: ConnectionOptions,
        filters: Sequence[TopicFilter],
        journal: Journal,
        clock: Clock,
        chance: random.Random,
        on_appended: Callable[[int, JournalBatch], None],
        batching: BatchOptions | None = None,
    ) -> None:
        """``on_appended`` is called in the commit thread with the position before a durable batch, and the batch."""
        self._clock = clock
        self._batching = batching or BatchOptions()
        self._window = BrokerWindow(self._batching.window)
        self._rests = options.rest_s > 0
        self.session = Session(address, options, filters, chance=chance, on_run=self._received)
        self._committer = Committer(journal, on_durable=self._durable, on_appended=on_appended, clock=clock)
        self.stats = IngestStats()
        self.commit_stats = self._committer.stats
        self._open = ReceivedBatch()
        self._age: asyncio.TimerHandle | None = None
        self._last_run_at = 0.0
        self._held: Connection | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._stop: asyncio.Event | None = None

    def replay(self, batch: ReceivedBatch) -> None:
        """Make dead letters that come again durable, as a batch of their own; for any thread."""
        self._committer.submit(batch)

    async def run(self) -> None:
        """Run until :meth:`request_stop`; then commit, acknowledge and take leave. Raises what ended the commit thread."""
        self._loop = asyncio.get_running_loop()
        self._stop = asyncio.Event()
        committing = asyncio.ensure_future(_in_thread("fettle-commit", self._commit_all))
        session = asyncio.create_task(self.session.run(), name="mqtt-session")
        stopping = asyncio.create_task(self._stop.wait(), name="ingest-stop")
        try:
            await asyncio.wait({committing, session, stopping}, return_when=asyncio.FIRST_COMPLETED)
            if stopping.done():
                await self._leave(committing)
        finally:
            self._committer.stop()
            session.cancel()
            stopping.cancel()
            await asyncio.gather(session, stopping, return_exceptions=True)
        if committing.done():
            committing.result()
        if session.done() and not session.cancelled():
            session.result()

    def request_stop(self) -> None:
        """Ask :meth:`run` to end; call it in the loop's thread."""
        if self._stop is not None:
            self._stop.set()

    async def _leave(self, committing: asyncio.Future[None]) -> None:
        """Stop reading, commit and acknowledge what is there; the broker keeps the rest for the next start."""
        connection = self.session.connection
        if connection is not None:
            connection.hold(is_held=True)
        self._cut()
        self._committer.stop()
        done, _ = await asyncio.wait({committing}, timeout=STOP_TIMEOUT_S)
        if not done:
            log.warning("journal_too_slow_to_stop", unacknowledged=self.stats.unacknowledged)
        await asyncio.sleep(0)  # acknowledgements that the commit thread has just handed over

    def _commit_all(self) -> None:
        while self._committer.run_once():
            pass

    # In the loop's thread.

    def _received(self, connection: Connection, run: PublishRun) -> None:
        stats, batch, limits = self.stats, self._open, self._batching
        size = len(run.frames)
        batch.take(run)
        batch.pubacks.append((connection, run.pubacks))
        stats.messages_received += run.count
        stats.bytes_received += size
        stats.unacknowledged += run.acknowledgements
        stats.undurable_bytes += size
        loop = self._loop
        assert loop is not None  # noqa: S101 - a session only runs inside run()
        if stats.undurable_bytes > limits.held_bytes:
            self._held = connection
            stats.held += 1
            connection.hold(is_held=True)
        self._last_run_at = loop.time()
        is_waited_for = self._window.saw(stats.unacknowledged)
        if is_waited_for or batch.count >= limits.count or batch.size >= limits.size:
            self._cut()
        elif self._age is None or connection.is_gathering:
            if self._age is not None:
                self._age.cancel()
            self._age = loop.call_later(0 if connection.is_gathering else limits.age_s, self._aged)
        self._allow_rest(connection)

    def _allow_rest(self, connection: Connection) -> None:
        """A socket may rest unless the broker's window is so small that it would only wait for us."""
        size = self._window.size
        connection.may_rest = self._rests and (size is None or size >= REST_WINDOW_MIN)

    def _aged(self) -> None:
        self._age = None
        loop, connection = self._loop, self.session.connection
        assert loop is not None  # noqa: S101 - the timer was set by it
        has_gathered = connection is not None and connection.is_gathering
        if has_gathered or loop.time() - self._last_run_at > self._batching.age_s / 2:
            self._window.stalled(self.stats.unacknowledged)
            if connection is not None:
                self._allow_rest(connection)
        self._cut()

    def _cut(self) -> None:
        if self._age is not None:
            self._age.cancel()
            self._age = None
        if not self._open.count:
            return
        batch, self._open = self._open, ReceivedBatch()
        batch.received_ms = self.stats.last_received_ms = self._clock.now_ms()
        self._committer.submit(batch)

    def _acknowledge(self, batches: list[ReceivedBatch]) -> None:
        stats = self.stats
        for batch in batches:
            stats.unacknowledged -= batch.acknowledgements
            stats.undurable_bytes -= batch.size
            stats.messages_acknowledged += batch.acknowledgements
        pieces = [piece for batch in batches for piece in batch.pubacks]
        start = 0
        while start < len(pieces):
            connection, end = pieces[start][0], start
            while end < len(pieces) and pieces[end][0] is connection:
                end += 1
            connection.write(b"".join([pubacks for _, pubacks in pieces[start:end]]))
            start = end
        if self._held is not None and stats.undurable_bytes <= self._batching.held_bytes // 2:
            self._held.hold(is_held=False)
            self._held = None

    # In the commit thread.

    def _durable(self, batches: list[ReceivedBatch]) -> None:
        assert self._loop is not None  # noqa: S101 - the thread was started by run()
        self._loop.call_soon_threadsafe(self._acknowledge, batches)


async def _in_thread(name: str, work: Callable[[], None]) -> None:
    """Run ``work`` in a thread of its own that doesn't keep the process alive; raises what it raised."""
    loop = asyncio.get_running_loop()
    finished: asyncio.Future[None] = loop.create_future()

    def report(error: BaseException | None) -> None:
        if finished.done():
            return
        if error is None:
            finished.set_result(None)
        else:
            finished.set_exception(error)

    def run() -> None:
        error: BaseException | None = None
        try:
            work()
        except BaseException as caught:  # noqa: BLE001 - handed to whoever awaits the thread
            error = caught
        if not loop.is_closed():
            loop.call_soon_threadsafe(report, error)

    threading.Thread(target=run, name=name, daemon=True).start()
    await finished
