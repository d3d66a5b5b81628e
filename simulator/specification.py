"""Fleet specification: what a fleet file says, checked; a wrong one is refused with its file, its key and the fix."""

from __future__ import annotations

import tomllib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from importlib import resources
from pathlib import Path
from typing import Any, TypeVar

from simulator.distribution import Distribution, read_distribution
from simulator.physics import KINDS
from simulator.physics.kind import ProgrammeKind
from simulator.wear import LAWS

HOME_PARAMETERS = (
    "kitchen_c", "follows_outdoor", "cooking_k", "away_days_per_year", "door_opens_per_day", "door_open_s",
    "food_load_kj_per_week", "mains_offset_v", "hot_water_l_per_day", "hot_water_draws_per_day",
)  # fmt: skip
SPAN_S = 21_600
"""Time is simulated in spans of this length; every interval of steady reports fills it."""
INTERVALS = (
    "step_s",
    "history_interval_s",
    "live_interval_s",
    "programme_interval_s",
    "programme_history_interval_s",
    "programme_silence_s",
    "idle_interval_h",
)
NEVER = Distribution(0.0, 0.0)
Value = TypeVar("Value")


class FleetFileError(ValueError):
    """A fleet file that can't be used; its message names the file, the key and what to write instead."""


@dataclass(frozen=True, slots=True)
class Region:
    """Climate, mains and water of one part of the world."""

    name: str
    share: float
    utc_offset_ms: int
    outdoor_c: Mapping[str, float]
    humidity_pct: float
    inlet_c: Mapping[str, float]
    hardness_dh: Distribution
    mains_v: float
    pressure_bar: Distribution


@dataclass(frozen=True, slots=True)
class Habit:
    """When people are about: 24 weights, one per local hour."""

    name: str
    share: float
    hours: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class FaultSpecification:
    """How often a fault mode is there, and how it begins and grows. Days count from the fleet's start."""

    fault_mode: str
    component: str
    share: float
    law: str
    shape: float
    onset_days: Distribution
    duration_days: Distribution
    mild_share: float
    mild_ceiling: Distribution


@dataclass(frozen=True, slots=True)
class KindSpecification:
    """One appliance kind of the fleet: its share, models, physical parameters and faults."""

    kind: str
    share: float
    models: tuple[str, ...]
    firmware: tuple[str, ...]
    parameters: Mapping[str, Distribution]
    faults: Mapping[str, FaultSpecification]
    programmes_per_year: Distribution
    hours: tuple[float, ...]
    """When a programme is started: 24 weights, one per local hour; both say nothing of a steady kind."""


@dataclass(frozen=True, slots=True)
class SensorSpecification:
    """How far sensors can be trusted: shares per sample or reading, and the share of appliances with a lying sensor."""

    missing_samples: float
    missing_readings: float
    spikes: float
    correlation: Distribution
    faulty_share: float
    faulty_days: Distribution


@dataclass(frozen=True, slots=True)
class NetworkSpecification:
    """How bad the way to the broker is: shares per message, rates per appliance; and how well appliances keep time."""

    loss: float
    duplicate: float
    delay: float
    delay_s: Distribution
    unbuffered: float
    """Share of appliances that keep nothing while their line is down."""
    disconnects_per_day: float
    disconnect_s: Distribution
    absences_per_year: float
    absence_days: Distribution
    storms_per_year: float
    """Times when many lines are down at once; ``storm_share`` says how many."""
    storm_share: Distribution
    storm_s: Distribution
    reboots_per_year: float
    clock_offset_s: Distribution
    clock_drift_s_per_day: Distribution


@dataclass(frozen=True, slots=True)
class FleetSpecification:
    """All that a fleet file says."""

    name: str
    intervals: Mapping[str, float]
    regions: Mapping[str, Region]
    habits: Mapping[str, Habit]
    homes: Mapping[str, Distribution]
    sensors: SensorSpecification
    network: NetworkSpecification
    kinds: Mapping[str, KindSpecification]


def read_fleet(name_or_file: str) -> FleetSpecification:
    """The fleet of that name from ``simulator/fleets``, or of that TOML file."""
    folder = resources.files("simulator") / "fleets"
    packaged = folder / f"{name_or_file}.toml"
    path = Path(name_or_file)
    if "/" not in name_or_file and packaged.is_file():
        text, place = packaged.read_text("utf-8"), f"{name_or_file}.toml"
    elif path.is_file():
        text, place = path.read_text("utf-8"), str(path)
    else:
        names = ", ".join(sorted(one.name[:-5] for one in folder.iterdir() if one.name.endswith(".toml")))
        raise FleetFileError(f"There is no fleet {name_or_file!r}: write one of {names}, or the path of a fleet file.")
    try:
        table = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise FleetFileError(f"{place}: is no TOML: {error}") from error
    return _read(_Table(place, "", table), name=Path(name_or_file).stem)


class _Table:
    """A TOML table that knows where it stands; what is read is struck off, what is left over is refused."""

    def __init__(self, place: str, key: str, values: Mapping[str, Any]) -> None:
        self.place, self.key, self.values, self.left = place, key, values, set(values)

    def fail(self, key: str, why: str) -> FleetFileError:
        dotted = f"{self.key}.{key}" if self.key else key
        return FleetFileError(f"{self.place}: {dotted} {why}.")

    def take(self, key: str, read: Callable[[Any], Value]) -> Value:
        if key not in self.values:
            raise self.fail(key, "is missing; see simulator/fleets/household.toml for every key")
        self.left.discard(key)
        try:
            return read(self.values[key])
        except ValueError as error:
            raise self.fail(key, str(error)) from error

    def table(self, key: str) -> _Table:
        values = self.take(key, _as_table)
        return _Table(self.place, f"{self.key}.{key}" if self.key else key, values)

    def tables(self, key: str) -> dict[str, _Table]:
        parent = self.table(key)
        if not parent.values:
            raise self.fail(key, "is empty; write at least one")
        return {name: parent.table(name) for name in parent.values}

    def spreads(self, names: tuple[str, ...]) -> dict[str, Distribution]:
        spreads = {name: self.take(name, read_distribution) for name in names}
        self.end()
        return spreads

    def end(self) -> None:
        for key in sorted(self.left):
            raise self.fail(key, "is unknown; leave it out, or see simulator/fleets/household.toml for every key")


def _read(root: _Table, *, name: str) -> FleetSpecification:
    specification = FleetSpecification(
        name=name,
        intervals={key: root.take(key, _as_positive) for key in INTERVALS},
        regions={key: _read_region(key, table) for key, table in root.tables("regions").items()},
        homes=root.table("homes").spreads(HOME_PARAMETERS),
        habits={key: _read_habit(key, table) for key, table in root.tables("habits").items()},
        sensors=_read_sensors(root.table("sensors")),
        network=_read_network(root.table("network")),
        kinds={key: _read_kind(key, table, root) for key, table in root.tables("kinds").items()},
    )
    root.end()
    step_s = specification.intervals["step_s"]
    if not 1 <= step_s <= 600 or round(step_s) != step_s:
        raise root.fail("step_s", f"is {step_s:g}; write a whole number of seconds from 1 to 600")
    for key in ("history_interval_s", "live_interval_s"):
        if specification.intervals[key] % step_s or SPAN_S % specification.intervals[key]:
            told = (
                f"is {specification.intervals[key]:g}; write a multiple of step_s = {step_s:g} that divides six hours"
            )
            raise root.fail(key, told)
    return specification


def _read_region(name: str, table: _Table) -> Region:
    outdoor, inlet = table.table("outdoor_c"), table.table("inlet_c")
    region = Region(
        name=name,
        share=table.take("share", _as_share),
        utc_offset_ms=round(table.take("utc_offset_h", _as_number) * 3_600_000),
        outdoor_c={key: outdoor.take(key, _as_number) for key in ("mean", "annual", "daily", "weather", "warmest_day")},
        humidity_pct=table.take("humidity_pct", _as_positive),
        hardness_dh=table.take("hardness_dh", read_distribution),
        inlet_c={key: inlet.take(key, _as_number) for key in ("mean", "annual")},
        mains_v=table.take("mains_v", _as_positive),
        pressure_bar=table.take("pressure_bar", read_distribution),
    )
    for one in (outdoor, inlet, table):
        one.end()
    return region


def _read_habit(name: str, table: _Table) -> Habit:
    habit = Habit(name, table.take("share", _as_share), table.take("hours", _as_hours))
    table.end()
    return habit


def _read_sensors(table: _Table) -> SensorSpecification:
    sensors = SensorSpecification(
        **{
            key: table.take(key, _as_share) for key in ("missing_samples", "missing_readings", "spikes", "faulty_share")
        },
        correlation=table.take("correlation", read_distribution),
        faulty_days=table.take("faulty_days", read_distribution),
    )
    table.end()
    return sensors


def _read_network(table: _Table) -> NetworkSpecification:
    network = NetworkSpecification(
        loss=table.take("loss", _as_share),
        duplicate=table.take("duplicate", _as_share),
        delay=table.take("delay", _as_share),
        delay_s=table.take("delay_s", read_distribution),
        unbuffered=table.take("unbuffered", _as_share),
        disconnects_per_day=table.take("disconnects_per_day", _as_rate),
        disconnect_s=table.take("disconnect_s", read_distribution),
        absences_per_year=table.take("absences_per_year", _as_rate),
        absence_days=table.take("absence_days", read_distribution),
        storms_per_year=table.take("storms_per_year", _as_rate),
        storm_share=table.take("storm_share", read_distribution),
        storm_s=table.take("storm_s", read_distribution),
        reboots_per_year=table.take("reboots_per_year", _as_rate),
        clock_offset_s=table.take("clock_offset_s", read_distribution),
        clock_drift_s_per_day=table.take("clock_drift_s_per_day", read_distribution),
    )
    for key in ("delay_s", "disconnect_s", "absence_days", "storm_share", "storm_s"):
        if getattr(network, key).low < 0:
            raise table.fail(key, "goes below 0; write 0 or more")
    if network.storm_share.high > 1:
        raise table.fail("storm_share", "goes above 1; write shares from 0 to 1")
    table.end()
    return network


def _read_kind(kind: str, table: _Table, root: _Table) -> KindSpecification:
    if kind not in KINDS:
        raise root.fail(f"kinds.{kind}", f"has no physics; write one of {', '.join(KINDS)}")
    is_programme = isinstance(KINDS[kind], ProgrammeKind)
    faults = table.tables("faults") if table.values.get("faults") else {}
    table.left.discard("faults")
    specification = KindSpecification(
        kind=kind,
        share=table.take("share", _as_share),
        models=table.take("models", _as_words),
        firmware=table.take("firmware", _as_words),
        parameters=table.table("parameters").spreads(KINDS[kind].parameters),
        faults={mode: _read_fault(mode, one, kind) for mode, one in faults.items()},
        programmes_per_year=table.take("programmes_per_year", read_distribution) if is_programme else NEVER,
        hours=table.take("hours", _as_hours) if is_programme else (1.0,) * 24,
    )
    table.end()
    return specification


def _read_fault(fault_mode: str, table: _Table, kind: str) -> FaultSpecification:
    if fault_mode not in KINDS[kind].fault_modes:
        raise FleetFileError(
            f"{table.place}: {table.key} is no fault mode of {kind}; write one of {', '.join(KINDS[kind].fault_modes)}."
        )
    fault = FaultSpecification(
        fault_mode=fault_mode,
        component=table.take("component", _as_word),
        share=table.take("share", _as_share),
        law=table.take("law", _as_law),
        shape=table.take("shape", _as_positive),
        onset_days=table.take("onset_days", read_distribution),
        duration_days=table.take("duration_days", read_distribution),
        mild_share=table.take("mild_share", _as_share),
        mild_ceiling=table.take("mild_ceiling", read_distribution),
    )
    if fault.duration_days.low <= 0:
        raise table.fail("duration_days", "starts at 0 or below; write a positive number of days")
    table.end()
    return fault


def _as_table(value: Any) -> Mapping[str, Any]:
    if isinstance(value, dict):
        return value
    raise ValueError(f"is {value!r}; write a table")


def _as_number(value: Any) -> float:
    if isinstance(value, int | float) and not isinstance(value, bool):
        return float(value)
    raise ValueError(f"is {value!r}; write a number")


def _as_positive(value: Any) -> float:
    if _as_number(value) <= 0:
        raise ValueError(f"is {value!r}; write a number above 0")
    return float(value)


def _as_rate(value: Any) -> float:
    if _as_number(value) < 0:
        raise ValueError(f"is {value!r}; write 0 or more")
    return float(value)


def _as_share(value: Any) -> float:
    if not 0 <= _as_number(value) <= 1:
        raise ValueError(f"is {value!r}; write a share from 0 to 1")
    return float(value)


def _as_word(value: Any) -> str:
    if not isinstance(value, str) or not value:
        raise ValueError(f"is {value!r}; write a name")
    return value


def _as_words(value: Any) -> tuple[str, ...]:
    if not isinstance(value, list) or not value or not all(isinstance(one, str) and one for one in value):
        raise ValueError(f"is {value!r}; write a list of names")
    return tuple(value)


def _as_law(value: Any) -> str:
    if value not in LAWS:
        raise ValueError(f"is {value!r}; write one of {', '.join(LAWS)}")
    return str(value)


def _as_hours(value: Any) -> tuple[float, ...]:
    numbers = tuple(_as_number(one) for one in value) if isinstance(value, list) else ()
    if len(numbers) != 24 or min(numbers) < 0 or sum(numbers) <= 0:
        raise ValueError("needs 24 weights of 0 or more, one per hour")
    return numbers
