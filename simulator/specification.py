"""Fleet specification: everything that a fleet file says, as values."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from simulator.distribution import Distribution

SPAN_S = 43_200
"""Time is simulated in spans of this length; every interval of steady reports fills it."""
SENSOR_FAULTS = ("stuck", "offset", "drift", "noise", "open", "short")
NEVER = Distribution(0.0, 0.0)


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
class Weibull:
    """Time to an onset since the part was new: ``shape`` (1 chance, 3 wear) and ``scale`` in days, or in uses."""

    shape: float
    scale: float


@dataclass(frozen=True, slots=True)
class FaultSpecification:
    """How often a fault mode is there, and how it begins and grows.

    ``onset`` counts in days from the fleet's start, or, by Weibull, in days or uses since the part was new; from there
    to failure it takes ``duration`` days or uses. A use is a programme, or a day on which people are at home.
    """

    fault_mode: str
    component: str
    share: float
    law: str
    shape: float
    onset: Distribution | Weibull
    is_onset_in_uses: bool
    duration: Distribution
    is_duration_in_uses: bool
    mild_share: float
    mild_ceiling: Distribution


@dataclass(frozen=True, slots=True)
class WearSpecification:
    """What holds for all faults of a fleet.

    ``at_most_one``: no appliance has two. ``effect`` multiplies what a severity does. ``abrupt_share`` of the faults are
    there at once and fail within ``abrupt_days``. ``repaired_share`` of the failures are repaired after ``repair_days``;
    that leaves a ``residual`` severity, and readings that differ by ``baseline_sd`` (share of the value).
    """

    at_most_one: bool
    effect: Distribution
    abrupt_share: float
    abrupt_days: Distribution
    repaired_share: float
    repair_days: Distribution
    residual: Distribution
    baseline_sd: float


@dataclass(frozen=True, slots=True)
class LifeSpecification:
    """What happens to appliances and homes, per appliance-year, and how long appliances then keep silent."""

    moves_per_year: float
    move_days: Distribution
    setting_changes_per_year: float
    gaps_per_year: float
    gap_days: Distribution


@dataclass(frozen=True, slots=True)
class CohortSpecification:
    """How models differ (relative standard deviation of each parameter) and how a firmware update spreads."""

    appliances_per_home: float
    model_sd: float
    widen: float
    """Every parameter's distribution is that much wider than written."""
    update_share: float
    update_day: float
    update_spread_days: float


@dataclass(frozen=True, slots=True)
class Calibration:
    """How a metric reads after a firmware update: value · gain + offset."""

    gain: float
    offset: float


@dataclass(frozen=True, slots=True)
class UpdateSpecification:
    """The firmware that some appliances of a kind get, and how it changes what they read."""

    to: str
    metrics: Mapping[str, Calibration]


@dataclass(frozen=True, slots=True)
class BatchSpecification:
    """A production batch of the first model, installed within 60 days, of which ``fault_share`` get the fault."""

    share: float
    fault_mode: str
    fault_share: float
    installed_days_ago: float


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
    """When a programme is started: 24 weights, one per local hour."""
    more_in_winter: float
    """How much more often on the coldest day than on average, and less on the warmest; these three say nothing of a
    steady kind."""
    update: UpdateSpecification | None = None
    batch: BatchSpecification | None = None


@dataclass(frozen=True, slots=True)
class SensorSpecification:
    """How far sensors can be trusted: shares per sample or reading, and the share of appliances with a lying sensor.

    A spike is ``spike_size`` standard deviations of the noise high or low. ``absent`` is the share of appliances without
    that sensor, by metric.
    """

    missing_samples: float
    missing_readings: float
    spikes: float
    spike_size: Distribution
    correlation: Distribution
    faulty_share: float
    faulty_onset_days: Distribution
    faulty_days: Distribution
    faulty_ways: tuple[str, ...]
    absent: Mapping[str, float] = field(default_factory=dict)


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
    cohorts: CohortSpecification
    life: LifeSpecification
    wear: WearSpecification
    sensors: SensorSpecification
    network: NetworkSpecification
    kinds: Mapping[str, KindSpecification]
