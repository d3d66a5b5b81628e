"""``fettle replay``: recorded readings, published over MQTT as an appliance would.

The recording is sent by the same agent that a simulated appliance has: numbered, kept until acknowledged, sent again
after a break. So nothing is lost, and the command ends when everything is durable.
"""

from __future__ import annotations

import asyncio
import random
import re
import secrets
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import msgspec
import numpy as np

from api.commands.simulate import read_settings_broker, stop_on_signals
from api.service import log_setup
from api.settings.settings import Settings
from ingest.clock import Clock, SystemClock
from ingest.recordings.reading import read_recording
from ingest.recordings.recording import CsvOptions, RecordingError
from simulator.agent import Agent, Identity
from simulator.connection import Broker, Connection
from simulator.payload import SAMPLES_MAX

METRICS_MAX = 64
OUTSTANDING_BYTES = 8 * 1024 * 1024
TICK_S = 0.05
SILENCE_S = 20.0
Row = tuple[int, Mapping[str, object]]
"""Event time in ms, and what was recorded then: ``metrics``, ``mode``, ``cycle``."""


class ReplayError(ValueError):
    """A recording that can't be replayed; the message says why and what to write instead."""


def run_replay(
    *,
    files: Sequence[Path],
    kind: str,
    appliance_id: str,
    speed: float,
    original_times: bool,
    options: CsvOptions,
    settings: Settings,
) -> None:
    """Publish the recording and return when all of it is acknowledged; a ValueError tells what is wrong."""
    if not re.fullmatch(r"[a-z][a-z0-9_]{0,31}", kind):
        raise ReplayError(f"--kind {kind!r} is no appliance kind; write lower-case letters, digits and underscores.")
    if not re.fullmatch(r"[A-Za-z0-9_-]{1,64}", appliance_id):
        raise ReplayError(f"--id {appliance_id!r} is no id; write 1 to 64 letters, digits, underscores or hyphens.")
    log_setup.configure(settings.log_format)
    rows = _read_rows(files, options)
    if not rows:
        raise ReplayError("Nothing to replay: no row has a reading.")
    clock = SystemClock()
    shift_ms = 0 if original_times else clock.now_ms() - max(ts_ms for ts_ms, _ in rows)
    print(f"shift_ms {shift_ms}", flush=True)  # noqa: T201  (data, on stdout)
    replay = Replay(
        Agent(Identity(appliance_id, kind), boot=secrets.token_hex(8), topic_root=settings.topic_root),
        read_settings_broker(settings),
        clock=clock,
        rng=random.Random(secrets.randbits(64)),
    )
    asyncio.run(replay.run([(ts_ms + shift_ms, sample) for ts_ms, sample in rows], speed=speed))


class Replay:
    """One recording on its way to the service."""

    def __init__(self, agent: Agent, broker: Broker, *, clock: Clock, rng: random.Random) -> None:
        self.agent, self._broker = agent, broker
        self.connection = Connection(agent, broker, clock=clock, password=None, rng=rng, gate=asyncio.Semaphore(1))
        self.samples = 0
        self._silent_since = (0, time.monotonic())

    async def run(self, rows: Sequence[Row], *, speed: float) -> None:
        """Send all rows, then wait for the last acknowledgement; :class:`ReplayError` if stopped before."""
        stop = stop_on_signals()
        link = asyncio.create_task(self.connection.run())
        try:
            for batch, wait_s in _batches(rows, speed):
                await self._pause(stop, link, wait_s)
                self.connection.publish(self.agent.report([_encode(row) for row in batch]))
                self.samples += len(batch)
                while self.agent.buffer.kept_bytes > OUTSTANDING_BYTES and not stop.is_set():
                    await self._pause(stop, link, TICK_S)
                if stop.is_set():
                    break
            while not self.connection.is_idle and not stop.is_set():
                await self._pause(stop, link, TICK_S)
            await self.connection.leave()
        finally:
            link.cancel()
            await asyncio.gather(link, return_exceptions=True)
        counts = self.agent.counts
        _say(
            f"{self.samples} samples in {counts.numbered} messages: {counts.acknowledged} acknowledged, {counts.refused} refused"
        )
        if self.samples < len(rows) or not self.connection.is_idle:
            raise ReplayError(
                f"Stopped after {self.samples} of {len(rows)} samples, {counts.acknowledged} messages acknowledged."
            )
        if counts.refused:
            raise ReplayError(f"The service refused {counts.refused} messages; fettle dead-letters says why.")

    async def _pause(self, stop: asyncio.Event, link: asyncio.Task[None], seconds: float) -> None:
        """Wait, keep the connection honest, and say once in a while how it stands."""
        end_s = time.monotonic() + seconds
        while not stop.is_set():
            now_s = time.monotonic()
            if link.done() and (error := link.exception()) is not None:
                raise error
            self.connection.resend_if_forgotten(now_s)
            self._complain(now_s)
            if now_s >= end_s:
                await asyncio.sleep(0)
                return
            await asyncio.sleep(min(end_s - now_s, TICK_S))

    def _complain(self, now_s: float) -> None:
        """Say so, once per silence, when nobody acknowledges anything."""
        done = self.agent.counts.acknowledged + self.agent.counts.refused
        if done != self._silent_since[0] or self.connection.is_idle:
            self._silent_since = (done, now_s)
        elif now_s - self._silent_since[1] > SILENCE_S:
            is_heard = self.connection.is_connected
            nobody = f"no connection to the broker at {self._broker.host}:{self._broker.port}"
            _say(f"waiting: {'the service acknowledges nothing' if is_heard else nobody}")
            self._silent_since = (done, now_s)


def _batches(rows: Sequence[Row], speed: float) -> Iterator[tuple[Sequence[Row], float]]:
    """(rows of one message or more, seconds to wait before): all at once in batches, or row by row at their pace."""
    if speed <= 0:
        for first in range(0, len(rows), SAMPLES_MAX):
            yield rows[first : first + SAMPLES_MAX], 0.0
        return
    begun_s, begun_ms = time.monotonic(), rows[0][0]
    for row in rows:
        due_s = begun_s + (row[0] - begun_ms) / 1000 / speed
        yield [row], max(due_s - time.monotonic(), 0.0)


def _encode(row: Row) -> bytes:
    return msgspec.json.encode({"ts": row[0], **row[1]})


def _read_rows(files: Sequence[Path], options: CsvOptions) -> list[Row]:
    """Rows with at least one reading, in the order of the files; what is left out is said."""
    try:
        recording = read_recording(files, options)
    except RecordingError as error:
        raise ReplayError(str(error)) from error
    if len(recording.metrics) > METRICS_MAX:
        raise ReplayError(
            f"{len(recording.metrics)} metrics are more than the {METRICS_MAX} of a sample; leave some out with --drop."
        )
    for note in recording.notes:
        _say(note)
    if recording.left_out:
        _say(f"left out: {', '.join(recording.left_out)}")
    rows: list[Row] = []
    known = ~np.isnan(recording.values)
    table = recording.values.tolist()
    for number, (ts_ms, values, has) in enumerate(zip(recording.ts_ms.tolist(), table, known.tolist(), strict=True)):
        metrics = {
            name: value for name, value, is_there in zip(recording.metrics, values, has, strict=True) if is_there
        }
        if metrics:
            words = {"mode": _word(recording.modes, number), "cycle": _word(recording.cycles, number)}
            rows.append((ts_ms, {"metrics": metrics, **{key: word for key, word in words.items() if word}}))
    if len(rows) < len(recording):
        _say(f"{len(recording) - len(rows)} rows have no reading and are not sent")
    return rows


def _word(words: Sequence[str | None], number: int) -> str | None:
    """What a sample says of its mode or cycle, where the recording tells."""
    return words[number] if words else None


def _say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)  # noqa: T201
