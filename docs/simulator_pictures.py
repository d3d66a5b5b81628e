"""Draw docs/simulator/KIND.svg: of each kind one healthy appliance, and its twin with one fault that grows.

    python docs/simulator_pictures.py

The twins have the same parameters, home, people and weather; all that differs is the fault.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

sys.path.insert(0, str(Path(__file__).parent.parent))

from simulator.distribution import Distribution
from simulator.fleet import Fleet
from simulator.fleet_file import read_fleet
from simulator.reports import Reports, join
from simulator.specification import FleetSpecification
from simulator.wear import DAY_MS

FOLDER = Path(__file__).parent / "simulator"
START_MS = 1_783_209_600_000  # 5 July 2026: warm enough for air conditioners
DAYS, ONSET_DAY, LIFE_DAYS = 60, 15.0, 40.0
WIDTH, HEIGHT, LEFT, TOP, BETWEEN = 430, 190, 58, 44, 70
HEALTHY, FAILING = "#2b8a3e", "#c92a2a"
Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Picture:
    """What is shown of a kind: a fault, the metric that it moves, and how its readings of a day become one."""

    kind: str
    fault_mode: str
    metric: str
    title: str
    take: str = "mean"
    surely: tuple[tuple[str, float], ...] = ()
    """Parameters that are not drawn."""


PICTURES = (
    Picture("refrigerator", "refrigerant_leak", "compressor_duty_pct", "Compressor duty, %"),
    Picture("washing_machine", "bearing_wear", "vibration_mm_s", "Vibration while spinning, mm/s", "max"),
    Picture("dishwasher", "heater_failure", "heat_k_min", "Heating, K/min"),
    Picture("dryer", "vent_clog", "exhaust_c", "Exhaust air at its hottest, °C", "max", (("heat_pump_lot", 1.0),)),
    Picture("oven", "ring_element_failure", "preheat_ratio", "Preheating time, of what it should be", "max"),
    Picture("air_conditioner", "refrigerant_leak", "superheat_k", "Superheat, K"),
    Picture("water_heater", "scale", "element_c", "Heating element at its hottest, °C", "max"),
)


def twins(picture: Picture) -> tuple[Reports, Reports]:
    """What the healthy and the failing twin tell."""
    return tuple(  # type: ignore[return-value]  # two of them
        join([chunk for day in range(DAYS) for chunk in fleet.advance(fleet.start_ms + (day + 1) * DAY_MS)])
        for fleet in (Fleet(_one(picture, share), seed=4, appliances=1, start_ms=START_MS) for share in (0.0, 1.0))
    )


def _one(picture: Picture, share: float) -> FleetSpecification:
    """A fleet of one appliance that is used every day, in the warm south; with the fault by its own law, or without."""
    fleet = read_fleet("easy")
    kind = fleet.kinds[picture.kind]
    fault = replace(
        kind.faults[picture.fault_mode],
        share=share, mild_share=0.0, onset=Distribution(ONSET_DAY, ONSET_DAY), is_duration_in_uses=False,
        duration=Distribution(LIFE_DAYS, LIFE_DAYS), law="linear",
    )  # fmt: skip
    surely = {name: Distribution(value, value) for name, value in picture.surely}
    only = replace(
        kind, share=1.0, faults={picture.fault_mode: fault}, batch=None, parameters={**kind.parameters, **surely},
        programmes_per_year=Distribution(500.0, 500.0),
    )  # fmt: skip
    homes = {**fleet.homes, "away_days_per_year": Distribution(0.0, 0.0)}
    sensors = replace(fleet.sensors, faulty_share=0.0, absent={})
    return replace(
        fleet, kinds={picture.kind: only}, regions={"south": fleet.regions["south"]}, homes=homes, sensors=sensors
    )


def daily(told: Reports, metric: str, take: str) -> tuple[Floats, Floats]:
    """(day, value) of a metric."""
    values, day = told.values[:, told.metrics.index(metric)], (told.ts_ms - START_MS) // DAY_MS
    days = [one for one in range(DAYS) if not np.isnan(values[day == one]).all()]
    reduce = np.nanmax if take == "max" else np.nanmean
    return np.array(days, np.float64), np.array([float(reduce(values[day == one])) for one in days])


def one_run(told: Reports, *, day: int) -> tuple[Floats, Floats]:
    """(hours, W) of the power of one programme that begins on that day or later, or of one day where there is none."""
    power = told.values[:, told.metrics.index("power_w")]
    later = told.ts_ms >= START_MS + day * DAY_MS
    cycles = told.cycle[later & (told.cycle > 0)]
    rows = told.cycle == cycles[0] if len(cycles) else later & (told.ts_ms < START_MS + (day + 1) * DAY_MS)
    rows &= ~np.isnan(power)
    return (told.ts_ms[rows] - told.ts_ms[rows][0]) / 3.6e6, power[rows]


def draw(picture: Picture) -> str:
    """The picture as SVG: power on the left, the fault's metric on the right."""
    healthy, failing = twins(picture)
    day = int(ONSET_DAY + 0.8 * LIFE_DAYS)
    runs = [one_run(told, day=day) for told in (healthy, failing)]
    lines = [daily(told, picture.metric, picture.take) for told in (healthy, failing)]
    size = f'width="{2 * WIDTH + BETWEEN + LEFT + 20}" height="{HEIGHT + TOP + 44}"'
    name = f"{picture.kind}: {picture.fault_mode}".replace("_", " ")
    return "\n".join(
        [
            f'<svg xmlns="http://www.w3.org/2000/svg" {size} font-family="sans-serif" font-size="12">',
            '<rect width="100%" height="100%" fill="white"/>',
            f'<text x="{LEFT}" y="18" font-size="14" font-weight="bold">{name}</text>',
            f'<text x="{LEFT + 330}" y="18" fill="{HEALTHY}">healthy</text>',
            f'<text x="{LEFT + 390}" y="18" fill="{FAILING}">the same with the fault</text>',
            *_panel(LEFT, f"Power on day {day}, W, by hours", runs),
            *_panel(LEFT + WIDTH + BETWEEN, f"{picture.title}, by days", lines, mark=ONSET_DAY),
            "</svg>\n",
        ]
    )


def _panel(left: float, title: str, lines: Sequence[tuple[Floats, Floats]], *, mark: float | None = None) -> list[str]:
    wide = max(float(x.max()) for x, _ in lines) or 1.0
    low = min(0.0, *(float(y.min()) for _, y in lines))
    high = max(float(y.max()) for _, y in lines) * 1.05 or 1.0
    if low == 0.0 and min(float(y.min()) for _, y in lines) > 0.5 * high:
        low = min(float(y.min()) for _, y in lines) * 0.95

    def place(x: float, y: float) -> str:
        return f"{left + x / wide * WIDTH:.1f},{TOP + HEIGHT - (y - low) / (high - low) * HEIGHT:.1f}"

    told = [f'<text x="{left}" y="{TOP - 8}">{title}</text>']
    told.append(f'<rect x="{left}" y="{TOP}" width="{WIDTH}" height="{HEIGHT}" fill="none" stroke="#adb5bd"/>')
    for step in _ticks(low, high):
        y = TOP + HEIGHT - (step - low) / (high - low) * HEIGHT
        told.append(f'<path d="M{left} {y:.1f}h{WIDTH}" stroke="#e9ecef"/>')
        told.append(f'<text x="{left - 6}" y="{y + 4:.1f}" text-anchor="end">{step:g}</text>')
    for step in _ticks(0.0, wide):
        x = left + step / wide * WIDTH
        told.append(f'<text x="{x:.1f}" y="{TOP + HEIGHT + 16}" text-anchor="middle">{step:g}</text>')
    if mark is not None:
        x = left + mark / wide * WIDTH
        told.append(f'<path d="M{x:.1f} {TOP}v{HEIGHT}" stroke="#868e96" stroke-dasharray="4 4"/>')
        told.append(f'<text x="{x + 4:.1f}" y="{TOP + 14}" fill="#868e96">the fault begins</text>')
    for (x_all, y_all), colour in zip(lines, (HEALTHY, FAILING), strict=True):
        points = " ".join(place(float(x), float(y)) for x, y in zip(x_all, y_all, strict=True))
        told.append(f'<polyline points="{points}" fill="none" stroke="{colour}" stroke-width="1.5"/>')
    return told


def _ticks(low: float, high: float) -> Floats:
    """About five round numbers between two."""
    rough = (high - low) / 5
    unit = 10.0 ** np.floor(np.log10(rough))
    step = unit * next(one for one in (1, 2, 5, 10) if one * unit >= rough)
    return np.round(np.arange(np.ceil(low / step) * step, high + step / 1e6, step), 9)


def main() -> None:
    """Draw all of them."""
    FOLDER.mkdir(exist_ok=True)
    for picture in PICTURES:
        (FOLDER / f"{picture.kind}.svg").write_text(draw(picture), "utf-8")


if __name__ == "__main__":
    main()
