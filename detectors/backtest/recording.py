"""Backtest: the live detectors over recorded readings, causally: what is said of a row depends on the rows up to it.

Over one series (:func:`run_backtest`): ``scores.csv`` and ``episodes.json``, by the pipeline that runs live. A row is an
alarm while a finding of the appliance stands, and each finding is one episode. The score of a row is, where the kind has a
profile, the evidence from its days, cycles or runs so far (:data:`SCORE_AT_ALARM` where it reaches its threshold), else how
unlike the series so far it is (series/). Over a fleet folder: see fleet.py.
"""

from __future__ import annotations

import csv
import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from detectors.finding import Evidence, Finding
from detectors.layering.piece import Piece
from detectors.pipeline import ALARMS_PER_YEAR, Pipeline
from detectors.series.detector import SeriesDetector
from ingest.profiles.definition import Profile
from ingest.recordings.recording import Recording, RecordingError
from ingest.sample import AdmittedBatch, SampleBlock

CHUNK_ROWS = 4096
APPLIANCE_ID = "recorded"
FILE_GAP_MS = 3_600_000
SCORE_AT_ALARM = 4.0
"""What evidence at its threshold scores."""
PROBATION_SHARE, PROBATION_ROWS_MAX = 0.15, 750
"""How many rows only teach, where nothing else is said."""


@dataclass(frozen=True, slots=True)
class Episode:
    """One alarm from its first to its last row."""

    start: str
    end: str
    peak_score: float
    fault_mode: str
    evidence: tuple[Evidence, ...]


@dataclass(frozen=True, slots=True, eq=False)
class BacktestResult:
    """Per row of the recording: score and alarm; the alarms as episodes; how often the data itself was at fault."""

    scores: NDArray[np.float64]
    alarms: NDArray[np.bool_]
    episodes: tuple[Episode, ...]
    data_faults: int


def run_backtest(
    recording: Recording,
    kind: str,
    profiles: Mapping[str, Profile],
    *,
    calibrate_rows: int | None = None,
    calibrate_until_ms: int | None = None,
    alarms_per_year: float = ALARMS_PER_YEAR,
) -> BacktestResult:
    """Score a recording; no alarm is raised in its first ``calibrate_rows`` rows (or before ``calibrate_until_ms``)."""
    if not len(recording):
        raise RecordingError("The recording holds no row; there is nothing to score.")
    quiet = _quiet_rows(recording, calibrate_rows, calibrate_until_ms)
    pipeline = Pipeline(profiles, alarms_per_year=alarms_per_year)
    detector = pipeline.detector(kind)
    heard = Heard(in_file_order(recording.ts_ms), is_by_units=not isinstance(detector, SeriesDetector))
    if isinstance(detector, SeriesDetector):
        detector.learn_rows = quiet
        detector.listen = heard.rows
    else:
        detector.listen = heard.piece
    findings: dict[tuple[str, str | None, int], Finding] = {}
    for number, start in enumerate(range(0, len(recording), CHUNK_ROWS), start=1):
        part = slice(start, min(start + CHUNK_ROWS, len(recording)))
        heard.begin(part)
        block = _block(recording, kind, heard.ts_ms, part)
        for finding in pipeline.fold(AdmittedBatch(number, block.received_ms, len(block), (block,), ())).findings:
            key = finding.fault_mode, finding.metric, finding.raised_ms
            before = findings.get(key)
            findings[key] = finding if before is None else replace(before, cleared_ms=finding.cleared_ms)
        heard.end()
    told = [one for one in findings.values() if not one.is_data_fault]
    alarms, episodes = _episodes(recording, heard, told, quiet)
    return BacktestResult(heard.scores, alarms, episodes, len(findings) - len(told))


def write_backtest(result: BacktestResult, recording: Recording, out: Path) -> None:
    """Write ``scores.csv`` and ``episodes.json``."""
    out.mkdir(parents=True, exist_ok=True)
    with (out / "scores.csv").open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(["ts", "score", "alarm"])
        writer.writerows(
            zip(recording.ts_text, (f"{s:.4f}" for s in result.scores), result.alarms.astype(int).tolist(), strict=True)
        )
    text = json.dumps([episode_as_json(episode) for episode in result.episodes], indent=1, ensure_ascii=False)
    (out / "episodes.json").write_text(text + "\n", encoding="utf-8")


def episode_as_json(episode: Episode) -> dict[str, Any]:
    """An episode as the contract writes it."""
    return {
        "start": episode.start,
        "end": episode.end,
        "peak_score": round(episode.peak_score, 4),
        "fault_mode": episode.fault_mode,
        "evidence": [evidence_as_json(item) for item in episode.evidence],
    }


def evidence_as_json(item: Evidence) -> dict[str, Any]:
    """Evidence with its time in RFC 3339."""
    plain = asdict(item)
    plain["since"] = as_rfc3339(plain.pop("since_ms"))
    return plain


def as_rfc3339(ms: int) -> str:
    """Milliseconds since 1970 as text."""
    return datetime.fromtimestamp(ms / 1000, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _quiet_rows(recording: Recording, rows: int | None, until_ms: int | None) -> int:
    """How many rows at the beginning only teach."""
    if until_ms is not None:
        return int(np.argmax(recording.ts_ms >= until_ms)) if (recording.ts_ms >= until_ms).any() else len(recording)
    if rows is None:
        return min(PROBATION_ROWS_MAX, max(1, int(PROBATION_SHARE * len(recording))))
    if rows < 0:
        raise RecordingError("The number of calibration rows must not be negative.")
    return rows


class Heard:
    """What is heard of the scores of rows while they are folded; a profile's evidence holds from the unit that it closed."""

    def __init__(self, ts_ms: NDArray[np.int64], *, is_by_units: bool) -> None:
        self.ts_ms = ts_ms
        self.is_by_units = is_by_units
        self.scores = np.zeros(len(ts_ms))
        self._part = slice(0, 0)
        self._reached = 0
        self._current = 0.0
        self._runs: list[tuple[NDArray[np.intp], NDArray[np.float64]]] = []

    def begin(self, part: slice) -> None:
        """The rows of the next fold."""
        self._part = part
        self._reached = part.start

    def rows(self, places: NDArray[np.intp], scores: NDArray[np.float64]) -> None:
        """Scores (n,) of rows, each at its place (n,)."""
        self.scores[self._part.start + places] = scores

    def piece(self, piece: Piece) -> None:
        """Scores of units and runs."""
        if piece.deviations is not None and piece.accumulated is not None:
            closed = piece.deviations.units.closed_ms.tolist()
            for closed_ms, score in zip(closed, piece.accumulated.score.tolist(), strict=True):
                until = max(self._reached, int(np.searchsorted(self.ts_ms, closed_ms, side="left")))
                self.scores[self._reached : until] = self._current
                self._reached, self._current = until, SCORE_AT_ALARM * score
        if piece.runs is not None and piece.samples is not None:
            self._runs.append((piece.samples.places[piece.runs.at], piece.runs.score))

    def end(self) -> None:
        """All pieces of the fold were heard."""
        if self._current or self._reached > self._part.start:
            self.scores[self._reached : self._part.stop] = self._current
        for places, scores in self._runs:
            at = self._part.start + places
            self.scores[at] = np.maximum(self.scores[at], SCORE_AT_ALARM * scores)
        self._runs.clear()


def in_file_order(ts_ms: NDArray[np.int64]) -> NDArray[np.int64]:
    """Times (N,) in ms that never go back: where a file begins before the last one ended, the rest follows after a gap.

    >>> in_file_order(np.array([0, 60_000, -500_000, -440_000])).tolist()
    [0, 60000, 3660000, 3720000]
    """
    step = np.diff(ts_ms, prepend=ts_ms[:1])
    step[step < 0] = FILE_GAP_MS
    times: NDArray[np.int64] = ts_ms[:1] + np.cumsum(step)
    return times


def _block(recording: Recording, kind: str, ts: NDArray[np.int64], part: slice) -> SampleBlock:
    """Some rows as the detectors take them."""
    count = part.stop - part.start
    return SampleBlock(
        kind=kind,
        metrics=recording.metrics,
        appliance_ids=[APPLIANCE_ID] * count,
        ts_ms=ts[part],
        values=recording.values[part],
        modes=list(recording.modes[part]) or [None] * count,
        cycles=list(recording.cycles[part]) or [None] * count,
        seq=np.full(count, -1, np.int64),
        index=np.zeros(count, np.int64),
        flags=np.zeros(count, np.uint8),
        received_ms=int(ts[part.stop - 1]),
    )


def _episodes(
    recording: Recording, heard: Heard, findings: Sequence[Finding], quiet: int
) -> tuple[NDArray[np.bool_], tuple[Episode, ...]]:
    """The rows in which findings stand, and an episode for each, from its raising to its end; none before ``quiet`` rows.

    A row that raises a finding scores at least as much as an alarm does. Times are told by the recording's own clock.
    """
    alarms = np.zeros(len(recording), bool)
    episodes = []
    for finding in sorted(findings, key=lambda one: one.raised_ms):
        raised = int(np.searchsorted(heard.ts_ms, finding.raised_ms, side="left"))
        stop = len(recording)
        if finding.cleared_ms is not None:
            stop = max(raised + 1, int(np.searchsorted(heard.ts_ms, finding.cleared_ms, side="left")))
        start = max(raised, quiet)
        if start >= stop:
            continue
        alarms[start:stop] = True
        if heard.is_by_units:
            heard.scores[start] = max(heard.scores[start], SCORE_AT_ALARM)
        evidence = tuple(
            replace(one, since_ms=_own_time(recording, heard.ts_ms, one.since_ms)) for one in finding.evidence
        )
        episodes.append(
            Episode(
                recording.ts_text[start], recording.ts_text[stop - 1], float(heard.scores[start:stop].max()),
                finding.fault_mode, evidence,
            )
        )  # fmt: skip
    return alarms, tuple(episodes)


def _own_time(recording: Recording, shifted_ms: NDArray[np.int64], at_ms: int) -> int:
    """A time of the detectors' clock, which never goes back, on the recording's own."""
    row = min(max(int(np.searchsorted(shifted_ms, at_ms, side="right")) - 1, 0), len(recording) - 1)
    return at_ms - int(shifted_ms[row]) + int(recording.ts_ms[row])
