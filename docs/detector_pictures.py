"""Draw docs/detectors/KIND.svg: one appliance with one growing fault as the detectors see it, day by day, with the truth below.

    python docs/detector_pictures.py

From the top: the feature that says most, dots, in the band in which nineteen of twenty days or cycles are expected; the score,
1 being an alarm; how severe the detectors say it is while a finding stands, and how severe it is; the failure windows that were told.
Nothing is chosen for its looks: each picture is of the one faulty appliance of its fleet, on the first seed that was tried.
"""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

sys.path.insert(0, str(Path(__file__).parent.parent))

from detectors.backtest.fleet_folder import FleetFolder
from detectors.finding import Finding
from detectors.kinds.kind import KindDetector
from detectors.layering.piece import Piece
from detectors.pipeline import Pipeline
from ingest.profiles import load_profiles
from simulator.distribution import Distribution
from simulator.fleet import Fleet
from simulator.fleet_file import read_fleet
from simulator.folder import write_folder
from simulator.raw import raw
from simulator.specification import FleetSpecification
from simulator.wear import DAY_MS, Wear

FOLDER = Path(__file__).parent / "detectors"
START_MS = 1_783_209_600_000
DAYS, ONSET_DAY, LIFE_DAYS, APPLIANCES, SEED = 110, 40.0, 60.0, 12, 91_001
WIDTH, LEFT, TOP = 900, 62, 40
PANELS = (170, 90, 110, 60)
GAP = 30
OBSERVED, BAND, TOLD, TRUE, ALARM = "#1c7ed6", "#d0ebff", "#e8590c", "#868e96", "#c92a2a"
PICTURES = {"refrigerator": "condenser_fouling", "dryer": "vent_clog", "washing_machine": "drain_pump_clog"}

Floats = NDArray[np.float64]


@dataclass(slots=True)
class Seen:
    """What the detectors said of one appliance: per day or cycle (day, features, expected, width, score), and its findings."""

    days: list[float] = field(default_factory=list)
    observed: list[Floats] = field(default_factory=list)
    expected: list[Floats] = field(default_factory=list)
    sigma: list[Floats] = field(default_factory=list)
    score: list[float] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)


def watched(kind: str, fault_mode: str) -> tuple[Seen, Wear, KindDetector]:
    """The one appliance that has the fault, and its truth."""
    fleet = Fleet(raw(_fleet(kind, fault_mode)), seed=SEED, appliances=APPLIANCES, start_ms=START_MS)
    with tempfile.TemporaryDirectory() as name:
        write_folder(fleet, Path(name), days=DAYS)
        [fault] = fleet.truth.faults
        pipeline, seen = Pipeline(load_profiles()), Seen()
        detector = pipeline.detector(kind)
        assert isinstance(detector, KindDetector)  # noqa: S101 - it has a profile

        def hear(piece: Piece) -> None:
            deviations, told = piece.deviations, piece.accumulated
            if deviations is None or told is None:
                return
            for at in np.flatnonzero(deviations.units.rows == detector.index.get(fault.appliance_id, -1)).tolist():
                if deviations.is_taught[at]:
                    seen.days.append((int(deviations.units.closed_ms[at]) - START_MS) / DAY_MS)
                    seen.observed.append(deviations.units.features[at])
                    seen.expected.append(deviations.expected[at])
                    seen.sigma.append(deviations.sigma[at])
                    seen.score.append(float(told.score[at]))

        detector.listen = hear
        for batch in FleetFolder(Path(name)).batches():
            seen.findings += [
                one
                for one in pipeline.fold(batch).findings
                if one.appliance_id == fault.appliance_id and not one.is_data_fault
            ]
    return seen, fault.wear, detector


def _fleet(kind: str, fault_mode: str) -> FleetSpecification:
    """Households of the warm south with one kind, of which one appliance has the fault."""
    fleet = read_fleet("household")
    known = fleet.kinds[kind]
    fault = replace(
        known.faults[fault_mode],
        share=1 / APPLIANCES, mild_share=0.0, onset=Distribution(ONSET_DAY, ONSET_DAY), is_duration_in_uses=False,
        duration=Distribution(LIFE_DAYS, LIFE_DAYS),
    )  # fmt: skip
    only = replace(known, share=1.0, faults={fault_mode: fault}, batch=None)
    return replace(
        fleet, kinds={kind: only}, regions={"south": fleet.regions["south"]},
        intervals={**fleet.intervals, "history_interval_s": 900.0, "programme_history_interval_s": 30.0},
    )  # fmt: skip


def draw(kind: str, fault_mode: str) -> str:
    """The picture as SVG."""
    seen, wear, detector = watched(kind, fault_mode)
    named = [one for one in seen.findings if one.fault_mode == fault_mode]
    feature = _feature(named, detector, fault_mode)
    height = TOP + sum(PANELS) + GAP * len(PANELS)
    tops = [TOP + sum(PANELS[:number]) + GAP * number for number in range(len(PANELS))]
    raised = next((one.raised_ms for one in named if one.is_new), None)
    failed = ONSET_DAY + LIFE_DAYS if wear.failure_ms is None else (wear.failure_ms - START_MS) / DAY_MS
    marks = [(ONSET_DAY, TRUE, "begins"), (failed, TRUE, "fails")]
    marks += [((raised - START_MS) / DAY_MS, ALARM, "raised")] if raised is not None else []
    size = f'width="{LEFT + WIDTH + 20}" height="{height}"'
    return "\n".join(
        [
            f'<svg xmlns="http://www.w3.org/2000/svg" {size} font-family="sans-serif" font-size="12">',
            '<rect width="100%" height="100%" fill="white"/>',
            f'<text x="{LEFT}" y="18" font-size="14" font-weight="bold">{kind}: {fault_mode}</text>'.replace("_", " "),
            *_feature_panel(tops[0], seen, detector, feature),
            *_score_panel(tops[1], seen),
            *_severity_panel(tops[2], named, wear),
            *_window_panel(tops[3], named),
            *_marks(marks, height),
            "</svg>\n",
        ]
    )


def _feature(named: Sequence[Finding], detector: KindDetector, fault_mode: str) -> int:
    """The feature that says most at the raise; that of the signature's strongest sign where nothing was raised."""
    names = [one.name for one in detector.profile.features]
    if named and named[0].evidence:
        return names.index(named[0].evidence[0].metric)
    signature = detector.profile.fault_modes[fault_mode].signature
    return names.index(max(signature, key=lambda name: abs(signature[name])))


def _x(day: float) -> float:
    return LEFT + day / DAYS * WIDTH


def _frame(top: float, height: float, title: str, low: float | None = None, high: float | None = None) -> list[str]:
    told = [f'<text x="{LEFT}" y="{top - 6}">{title}</text>']
    told.append(f'<rect x="{LEFT}" y="{top}" width="{WIDTH}" height="{height}" fill="none" stroke="#adb5bd"/>')
    for value, y in ((low, top + height), (high, top + 8)):
        if value is not None:
            told.append(f'<text x="{LEFT - 6}" y="{y:.1f}" text-anchor="end">{value:.3g}</text>')
    return told


def _feature_panel(top: float, seen: Seen, detector: KindDetector, feature: int) -> list[str]:
    """The observed feature within its band."""
    about = detector.profile.features[feature]
    real = np.exp if about.scale == "log" else np.asarray
    centre, sigma, value = (np.array(part)[:, feature] for part in (seen.expected, seen.sigma, seen.observed))
    band, dots = [real(centre - 2 * sigma), real(centre + 2 * sigma)], real(value)
    days, known = np.array(seen.days), ~np.isnan(value)
    low, high = float(min(band[0].min(), np.nanmin(dots))), float(max(band[1].max(), np.nanmax(dots)))

    def y(number: float) -> float:
        return top + PANELS[0] - (number - low) / (high - low or 1.0) * PANELS[0]

    edge = [f"{_x(day):.1f},{y(float(one)):.1f}" for day, one in zip(days, band[1], strict=True)]
    edge += [f"{_x(day):.1f},{y(float(one)):.1f}" for day, one in zip(days[::-1], band[0][::-1], strict=True)]
    told = [f'<polygon points="{" ".join(edge)}" fill="{BAND}"/>']
    told += [
        f'<circle cx="{_x(float(day)):.1f}" cy="{y(float(one)):.1f}" r="2" fill="{OBSERVED}"/>'
        for day, one in zip(days[known], dots[known], strict=True)
    ]
    title = f"{about.label.get('en', about.name)}, {about.unit}: observed, and the band that is expected"
    return told + _frame(top, PANELS[0], title, low, high)


def _score_panel(top: float, seen: Seen) -> list[str]:
    """The score, in multiples of an alarm's."""
    high = max(2.0, *seen.score)
    line = top + PANELS[1] * (1 - 1 / high)
    points = [
        f"{_x(day):.1f},{top + PANELS[1] * (1 - one / high):.1f}"
        for day, one in zip(seen.days, seen.score, strict=True)
    ]
    told = [f'<polyline points="{" ".join(points)}" fill="none" stroke="{OBSERVED}" stroke-width="1.5"/>']
    told.append(f'<path d="M{LEFT} {line:.1f}h{WIDTH}" stroke="{ALARM}" stroke-dasharray="4 4"/>')
    return told + _frame(top, PANELS[1], "score; from 1 on it is an alarm", 0.0, high)


def _severity_panel(top: float, named: Sequence[Finding], wear: Wear) -> list[str]:
    """Severity as it was told, by steps, and as it is."""
    days = np.linspace(0, DAYS, 221)
    true = wear.severity(START_MS + (days * DAY_MS).astype(np.int64))
    points = " ".join(f"{_x(float(d)):.1f},{_down(top, float(s)):.1f}" for d, s in zip(days, true, strict=True))
    told = [f'<polyline points="{points}" fill="none" stroke="{TRUE}" stroke-width="1.5"/>']
    steps = [((one.told_ms or one.raised_ms), one.severity) for one in named if one.cleared_ms is None]
    for (start, severity), following in zip(steps, [*steps[1:], (START_MS + DAYS * DAY_MS, 0.0)], strict=True):
        first, last = ((ms - START_MS) / DAY_MS for ms in (start, following[0]))
        told.append(
            f'<path d="M{_x(first):.1f} {_down(top, severity):.1f}H{_x(last):.1f}" stroke="{TOLD}" stroke-width="2"/>'
        )
    return told + _frame(top, PANELS[2], "severity: as told (orange), and as it is (grey)", 0.0, 1.0)


def _down(top: float, severity: float) -> float:
    return top + PANELS[2] * (1 - severity)


def _window_panel(top: float, named: Sequence[Finding]) -> list[str]:
    """The windows that were told, the first at the top, each from its day to its end."""
    given = [(one.told_ms, one.failure_window_ms) for one in named if one.told_ms and one.failure_window_ms]
    told = []
    for number, (told_ms, window) in enumerate(given):
        y = top + PANELS[3] * (number + 0.5) / len(given)
        first, last = ((ms - START_MS) / DAY_MS for ms in window[:2])
        said = (told_ms - START_MS) / DAY_MS
        told.append(f'<circle cx="{_x(said):.1f}" cy="{y:.1f}" r="1.5" fill="{TOLD}"/>')
        told.append(
            f'<path d="M{_x(min(first, DAYS)):.1f} {y:.1f}H{_x(min(last, DAYS)):.1f}" stroke="{TOLD}" opacity=".6"/>'
        )
    return told + _frame(top, PANELS[3], "failure windows as they were told (dots: when), stated 80 %")


def _marks(marks: Sequence[tuple[float, str, str]], height: float) -> list[str]:
    """Days on which something happened, through all panels."""
    told = [
        f'<text x="{_x(day):.1f}" y="{height - GAP + 16}" text-anchor="middle">{day}</text>'
        for day in range(0, DAYS + 1, 10)
    ]
    for number, (day, colour, word) in enumerate(marks):
        told.append(f'<path d="M{_x(day):.1f} {TOP}V{height - GAP}" stroke="{colour}" stroke-dasharray="2 3"/>')
        told.append(
            f'<text x="{_x(day) + 3:.1f}" y="{TOP + 12 + 13 * number}" fill="{colour}">{word}, day {day:.0f}</text>'
        )
    return told


def main() -> None:
    """Draw all of them."""
    FOLDER.mkdir(exist_ok=True)
    for kind, fault_mode in PICTURES.items():
        (FOLDER / f"{kind}.svg").write_text(draw(kind, fault_mode), "utf-8")


if __name__ == "__main__":
    main()
