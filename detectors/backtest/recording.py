"""Backtest: the live detectors over recorded readings, causally: what is said of a row depends on the rows up to it.

Over one series (:func:`run_backtest`): ``scores.csv`` and ``episodes.json``. The score of a row is the worst of two: the
row itself against the series so far (series.py), and, where the kind has a profile, the evidence from its days or cycles
so far. Over a fleet folder: see fleet_backtest.py.
"""

from __future__ import annotations

import csv
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from detectors.finding import Evidence, Finding
from detectors.kind import KindDetector
from detectors.piece import Piece
from detectors.pipeline import ALARMS_PER_YEAR, LAYERS
from detectors.series import alarm_threshold
from detectors.series_kind import LEARN_ROWS, SeriesDetector, Standing
from ingest.profiles import profile_for
from ingest.profiles.definition import Profile
from ingest.recordings.recording import Recording, RecordingError
from ingest.sample import SampleBlock

CHUNK_ROWS = 4096
APPLIANCE_ID = "recorded"
FILE_GAP_MS = 3_600_000
KIND_SCORE_AT_ALARM = 4.0
"""An evidence score at its threshold counts like this much surprise of a single row."""


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
    """Per row of the recording: score and alarm; and the alarms as episodes."""

    scores: NDArray[np.float64]
    alarms: NDArray[np.bool_]
    episodes: tuple[Episode, ...]


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
    scores, alarms, evidence = _score_series(recording, kind, quiet, alarms_per_year)
    modes: dict[int, Finding] = {}
    profile = profile_for(kind, profiles)
    if profile.features:
        by_kind, modes = _score_units(recording, profile, alarms_per_year)
        scores = np.maximum(scores, KIND_SCORE_AT_ALARM * by_kind)
        alarms |= by_kind >= 1
        alarms[:quiet] = False
    return BacktestResult(scores, alarms, _episodes(recording, scores, alarms, evidence, modes))


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
        return min(LEARN_ROWS, max(1, int(0.15 * len(recording))))
    if rows < 0:
        raise RecordingError("The number of calibration rows must not be negative.")
    return rows


def _score_series(
    recording: Recording, kind: str, quiet: int, alarms_per_year: float
) -> tuple[NDArray[np.float64], NDArray[np.bool_], dict[int, tuple[Evidence, ...]]]:
    """Row by row against the series so far: score, alarm, evidence where an alarm begins."""
    detector = SeriesDetector(kind, alarms_per_year=alarms_per_year, learn_rows=quiet)
    one = Standing(max(quiet, 1))
    scores = np.zeros(len(recording))
    alarms = np.zeros(len(recording), bool)
    evidence: dict[int, tuple[Evidence, ...]] = {}
    for number in range(len(recording)):
        ts = int(recording.ts_ms[number])
        for finding in detector.sample(one, APPLIANCE_ID, ts, recording.metrics, recording.values[number]):
            if finding.cleared_ms is None:
                evidence[number] = finding.evidence
        scores[number] = one.score
        alarms[number] = one.raised_ms != 0
    return scores, alarms, evidence


def _score_units(
    recording: Recording, profile: Profile, alarms_per_year: float
) -> tuple[NDArray[np.float64], dict[int, Finding]]:
    """The evidence score that holds in each row (1 is an alarm), and the findings by the row that raised them."""
    detector = KindDetector(profile, LAYERS, alarms_per_year=alarms_per_year)
    heard: list[Piece] = []
    detector.listen = heard.append
    scores = np.zeros(len(recording))
    found: dict[int, Finding] = {}
    ts = in_file_order(recording.ts_ms)
    current = 0.0
    for start in range(0, len(recording), CHUNK_ROWS):
        part = slice(start, min(start + CHUNK_ROWS, len(recording)))
        findings, _ = detector.fold(_block(recording, profile.kind, ts, part))
        place = part.start
        for closed_ms, score in _by_units(heard):
            reached = max(place, int(np.searchsorted(ts, closed_ms, side="left")))
            scores[place:reached] = current
            place, current = reached, score
        scores[place : part.stop] = current
        for places, score_of in _by_runs(heard):
            scores[part.start + places] = np.maximum(scores[part.start + places], score_of)
        heard.clear()
        for finding in findings:
            if finding.cleared_ms is None and not finding.is_data_fault:
                found[int(np.searchsorted(ts, finding.raised_ms, side="left"))] = finding
    for row in found:
        scores[row] = max(scores[row], 1.0)
    return scores, found


def _by_units(heard: Sequence[Piece]) -> Iterator[tuple[int, float]]:
    """When units were closed, with their scores."""
    for piece in heard:
        if piece.deviations is not None and piece.accumulated is not None:
            closed = piece.deviations.units.closed_ms.tolist()
            yield from zip(closed, piece.accumulated.score.tolist(), strict=True)


def _by_runs(heard: Sequence[Piece]) -> Iterator[tuple[NDArray[np.intp], NDArray[np.float64]]]:
    """Places of samples in the fold, with the scores of their runs."""
    for piece in heard:
        if piece.runs is not None and piece.samples is not None:
            yield piece.samples.places[piece.runs.at], piece.runs.score


def in_file_order(ts_ms: NDArray[np.int64]) -> NDArray[np.int64]:
    """Times that never go back: where a file begins before the last one ended, the rest follows after a gap.

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
    recording: Recording,
    scores: NDArray[np.float64],
    alarms: NDArray[np.bool_],
    evidence: Mapping[int, tuple[Evidence, ...]],
    findings: Mapping[int, Finding],
) -> tuple[Episode, ...]:
    """Runs of alarm rows as episodes, with the fault mode and evidence of the strongest finding within."""
    edges = np.flatnonzero(np.diff(np.r_[False, alarms, False].astype(int)))
    episodes = []
    for start, stop in zip(edges[::2].tolist(), edges[1::2].tolist(), strict=True):
        inside = [finding for row, finding in findings.items() if start <= row < stop]
        best = max(inside, key=lambda finding: finding.probability, default=None)
        said: Sequence[Evidence] = best.evidence if best else evidence.get(start, ())
        episodes.append(
            Episode(
                recording.ts_text[start],
                recording.ts_text[stop - 1],
                float(scores[start:stop].max()),
                best.fault_mode if best else "unknown",
                tuple(said),
            )
        )
    return tuple(episodes)


def threshold_for(interval_s: float, alarms_per_year: float) -> float:
    """The row score that is an alarm at this interval and budget."""
    return alarm_threshold(365 * 86_400 / max(interval_s, 0.1) / max(alarms_per_year, 1e-6))
