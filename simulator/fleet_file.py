"""Fleet file: read and checked; a wrong one is refused with its file, its key and the fix.

A file may begin with ``base = "household"`` (a packaged fleet, or a path): then it says only what differs.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from importlib import resources
from pathlib import Path
from typing import Any

from simulator.distribution import is_distribution, read_distribution
from simulator.fleet_table import (
    FleetFileError,
    Table,
    as_flag,
    as_hours,
    as_law,
    as_number,
    as_positive,
    as_rate,
    as_share,
    as_word,
    as_words,
    within,
)
from simulator.physics import KINDS
from simulator.physics.kind import ProgrammeKind
from simulator.specification import (
    NEVER,
    SENSOR_FAULTS,
    SPAN_S,
    BatchSpecification,
    Calibration,
    CohortSpecification,
    FaultSpecification,
    FleetSpecification,
    Habit,
    KindSpecification,
    LifeSpecification,
    NetworkSpecification,
    Region,
    SensorSpecification,
    UpdateSpecification,
    WearSpecification,
    Weibull,
)  # fmt: skip

HOME_PARAMETERS = (
    "kitchen_c", "follows_outdoor", "cooking_k", "away_days_per_year", "door_opens_per_day", "door_open_s",
    "food_load_kj_per_week", "mains_offset_v", "hot_water_l_per_day", "hot_water_draws_per_day",
)  # fmt: skip
CLIMATE = {
    "mean": within(-60, 60), "annual": within(0, 50), "daily": within(0, 40), "weather": within(0, 20),
    "warmest_day": within(1, 366),
}  # fmt: skip
INTERVALS = (
    "step_s", "history_interval_s", "live_interval_s", "programme_interval_s", "programme_history_interval_s",
    "programme_silence_s", "idle_interval_h",
)  # fmt: skip


def read_fleet(name_or_file: str) -> FleetSpecification:
    """The fleet of that name from ``simulator/fleets``, or of that TOML file."""
    place, table = _whole(name_or_file, seen=())
    return _read(Table(place, "", table), name=Path(name_or_file).stem)


def _whole(name_or_file: str, *, seen: tuple[str, ...]) -> tuple[str, dict[str, Any]]:
    """Where it stands, and the file laid over its base."""
    place, text = _find(name_or_file)
    if place in seen:
        raise FleetFileError(f"{place}: base leads back to the file itself; write the name of another fleet.")
    try:
        table = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise FleetFileError(f"{place}: is no TOML: {error}") from error
    base = table.pop("base", None)
    if base is None:
        return place, table
    if not isinstance(base, str):
        raise FleetFileError(f"{place}: base is {base!r}; write the name of a fleet.")
    _, below = _whole(base, seen=(*seen, place))
    return place, _laid_over(below, table)


def _find(name_or_file: str) -> tuple[str, str]:
    folder = resources.files("simulator") / "fleets"
    packaged = folder / f"{name_or_file}.toml"
    path = Path(name_or_file)
    if "/" not in name_or_file and packaged.is_file():
        return f"{name_or_file}.toml", packaged.read_text("utf-8")
    if path.is_file():
        return str(path), path.read_text("utf-8")
    names = ", ".join(sorted(one.name[:-5] for one in folder.iterdir() if one.name.endswith(".toml")))
    raise FleetFileError(f"There is no fleet {name_or_file!r}: write one of {names}, or the path of a fleet file.")


def _laid_over(below: Mapping[str, Any], above: Mapping[str, Any]) -> dict[str, Any]:
    """Tables are merged, everything else (a distribution too) is replaced."""
    merged = dict(below)
    for key, value in above.items():
        under = merged.get(key)
        both = isinstance(value, dict) and isinstance(under, dict)
        is_table = both and not is_distribution(value) and not is_distribution(under)
        merged[key] = _laid_over(under, value) if is_table and isinstance(under, dict) else value
    return merged


def _read(root: Table, *, name: str) -> FleetSpecification:
    specification = FleetSpecification(
        name=name,
        intervals={key: root.take(key, as_positive) for key in INTERVALS},
        regions={key: _read_region(key, table) for key, table in root.tables("regions").items()},
        homes=root.table("homes").spreads(HOME_PARAMETERS),
        habits={key: _read_habit(key, table) for key, table in root.tables("habits").items()},
        cohorts=_read_cohorts(root.table("cohorts")),
        life=_read_life(root.table("life")),
        wear=_read_wear(root.table("wear")),
        sensors=_read_sensors(root.table("sensors")),
        network=_read_network(root.table("network")),
        kinds={key: _read_kind(key, table, root) for key, table in root.tables("kinds").items()},
    )
    root.end()
    root.some("regions", (one.share for one in specification.regions.values()))
    root.some("habits", (one.share for one in specification.habits.values()))
    root.some("kinds", (one.share for one in specification.kinds.values()))
    _check_intervals(specification.intervals, root)
    return specification


def _check_intervals(intervals: Mapping[str, float], root: Table) -> None:
    step_s = intervals["step_s"]
    if not 1 <= step_s <= 600 or round(step_s) != step_s:
        raise root.fail("step_s", f"is {step_s:g}; write a whole number of seconds from 1 to 600")
    for key in ("history_interval_s", "live_interval_s"):
        if intervals[key] % step_s or SPAN_S % intervals[key]:
            told = f"is {intervals[key]:g}; write a multiple of step_s = {step_s:g} that divides twelve hours"
            raise root.fail(key, told)


def _read_region(name: str, table: Table) -> Region:
    outdoor, inlet = table.table("outdoor_c"), table.table("inlet_c")
    region = Region(
        name=name,
        share=table.take("share", as_share),
        utc_offset_ms=round(table.take("utc_offset_h", within(-14, 14)) * 3_600_000),
        outdoor_c={key: outdoor.take(key, limits) for key, limits in CLIMATE.items()},
        humidity_pct=table.take("humidity_pct", within(1, 100)),
        hardness_dh=table.spread("hardness_dh"),
        inlet_c={"mean": inlet.take("mean", within(0, 50)), "annual": inlet.take("annual", within(0, 25))},
        mains_v=table.take("mains_v", within(90, 260)),
        pressure_bar=table.spread("pressure_bar"),
    )
    for one in (outdoor, inlet, table):
        one.end()
    return region


def _read_habit(name: str, table: Table) -> Habit:
    habit = Habit(name, table.take("share", as_share), table.take("hours", as_hours))
    table.end()
    return habit


def _read_cohorts(table: Table) -> CohortSpecification:
    cohorts = CohortSpecification(
        appliances_per_home=table.take("appliances_per_home", as_positive),
        model_sd=table.take("model_sd", as_share),
        widen=table.take("widen", as_positive),
        update_share=table.take("update_share", as_share),
        update_day=table.take("update_day", as_number),
        update_spread_days=table.take("update_spread_days", as_positive),
    )
    if cohorts.appliances_per_home < 1:
        raise table.fail("appliances_per_home", f"is {cohorts.appliances_per_home:g}; write 1 or more")
    table.end()
    return cohorts


def _read_life(table: Table) -> LifeSpecification:
    often = {key: table.take(key, as_rate) for key in ("moves_per_year", "setting_changes_per_year", "gaps_per_year")}
    life = LifeSpecification(move_days=table.spread("move_days"), gap_days=table.spread("gap_days"), **often)
    table.end()
    return life


def _read_wear(table: Table) -> WearSpecification:
    wear = WearSpecification(
        at_most_one=table.take("at_most_one", as_flag),
        effect=table.spread("effect"),
        abrupt_share=table.take("abrupt_share", as_share),
        abrupt_days=table.spread("abrupt_days"),
        repaired_share=table.take("repaired_share", as_share),
        repair_days=table.spread("repair_days"),
        residual=table.spread("residual"),
        baseline_sd=table.take("baseline_sd", as_share),
    )
    if wear.residual.low < 0 or wear.residual.high >= 1:
        raise table.fail("residual", "goes below 0 or up to 1; write severities from 0 to below 1")
    table.end()
    return wear


def _read_sensors(table: Table) -> SensorSpecification:
    absent = table.table("absent") if "absent" in table.values else None
    known = {name for kind in KINDS.values() for name in kind.metrics}
    for name in absent.values if absent is not None else ():
        if name not in known:
            raise table.fail(f"absent.{name}", "is no metric of any kind; leave it out")
    sensors = SensorSpecification(
        **{key: table.take(key, as_share) for key in ("missing_samples", "missing_readings", "spikes", "faulty_share")},
        spike_size=table.spread("spike_size"),
        correlation=table.spread("correlation"),
        faulty_onset_days=table.spread("faulty_onset_days"),
        faulty_days=table.spread("faulty_days"),
        faulty_ways=table.take("faulty_ways", as_words),
        absent={name: absent.take(name, as_share) for name in absent.values} if absent is not None else {},
    )
    for way in sensors.faulty_ways:
        if way not in SENSOR_FAULTS:
            raise table.fail("faulty_ways", f"has {way!r}; write some of {', '.join(SENSOR_FAULTS)}")
    table.end()
    return sensors


def _read_network(table: Table) -> NetworkSpecification:
    network = NetworkSpecification(
        loss=table.take("loss", as_share),
        duplicate=table.take("duplicate", as_share),
        delay=table.take("delay", as_share),
        delay_s=table.spread("delay_s"),
        unbuffered=table.take("unbuffered", as_share),
        disconnects_per_day=table.take("disconnects_per_day", as_rate),
        disconnect_s=table.spread("disconnect_s"),
        absences_per_year=table.take("absences_per_year", as_rate),
        absence_days=table.spread("absence_days"),
        storms_per_year=table.take("storms_per_year", as_rate),
        storm_share=table.spread("storm_share"),
        storm_s=table.spread("storm_s"),
        reboots_per_year=table.take("reboots_per_year", as_rate),
        clock_offset_s=table.spread("clock_offset_s"),
        clock_drift_s_per_day=table.spread("clock_drift_s_per_day"),
    )
    for key in ("delay_s", "disconnect_s", "absence_days", "storm_share", "storm_s"):
        if getattr(network, key).low < 0:
            raise table.fail(key, "goes below 0; write 0 or more")
    if network.storm_share.high > 1:
        raise table.fail("storm_share", "goes above 1; write shares from 0 to 1")
    table.end()
    return network


def _read_kind(kind: str, table: Table, root: Table) -> KindSpecification:
    if kind not in KINDS:
        raise root.fail(f"kinds.{kind}", f"has no physics; write one of {', '.join(KINDS)}")
    is_programme = isinstance(KINDS[kind], ProgrammeKind)
    faults = table.tables("faults") if table.values.get("faults") else {}
    table.left.discard("faults")
    specification = KindSpecification(
        kind=kind,
        share=table.take("share", as_share),
        models=table.take("models", as_words),
        firmware=table.take("firmware", as_words),
        parameters=table.table("parameters").spreads(KINDS[kind].parameters),
        faults={mode: _read_fault(mode, one, kind) for mode, one in faults.items()},
        programmes_per_year=table.spread("programmes_per_year") if is_programme else NEVER,
        hours=table.take("hours", as_hours) if is_programme else (1.0,) * 24,
        more_in_winter=table.take("more_in_winter", as_number) if "more_in_winter" in table.values else 0.0,
        update=_read_update(kind, table.table("update")) if "update" in table.values else None,
        batch=_read_batch(kind, table.table("batch")) if "batch" in table.values else None,
    )
    if abs(specification.more_in_winter) > 1:
        raise table.fail("more_in_winter", f"is {specification.more_in_winter:g}; write a number from -1 to 1")
    table.end()
    return specification


def _read_update(kind: str, table: Table) -> UpdateSpecification:
    metrics = {}
    for name, one in table.tables("metrics").items():
        if name not in KINDS[kind].metrics:
            raise table.fail(
                f"metrics.{name}", f"is no metric of {kind}; write one of {', '.join(KINDS[kind].metrics)}"
            )
        metrics[name] = Calibration(one.take("gain", as_positive), one.take("offset", as_number))
        one.end()
    update = UpdateSpecification(table.take("to", as_word), metrics)
    table.end()
    return update


def _read_batch(kind: str, table: Table) -> BatchSpecification:
    batch = BatchSpecification(
        share=table.take("share", as_share),
        fault_mode=table.take("fault_mode", as_word),
        fault_share=table.take("fault_share", as_share),
        installed_days_ago=table.take("installed_days_ago", as_positive),
    )
    if batch.fault_mode not in KINDS[kind].fault_modes:
        raise table.fail("fault_mode", f"is no fault mode of {kind}; write one of {', '.join(KINDS[kind].fault_modes)}")
    table.end()
    return batch


def _read_fault(fault_mode: str, table: Table, kind: str) -> FaultSpecification:
    if fault_mode not in KINDS[kind].fault_modes:
        known = ", ".join(KINDS[kind].fault_modes)
        raise FleetFileError(f"{table.place}: {table.key} is no fault mode of {kind}; write one of {known}.")
    onset = table.one_of("onset_days", "onset_weibull_days", "onset_weibull_uses")
    duration = table.one_of("duration_days", "duration_uses")
    spread = table.spread(duration)
    if spread.low <= 0:
        raise table.fail(duration, "starts at 0 or below; write a positive number")
    fault = FaultSpecification(
        fault_mode=fault_mode,
        component=table.take("component", as_word),
        share=table.take("share", as_share),
        law=table.take("law", as_law),
        shape=table.take("shape", as_positive),
        onset=table.take(onset, read_distribution) if onset == "onset_days" else _read_weibull(table.table(onset)),
        is_onset_in_uses=onset == "onset_weibull_uses",
        duration=spread,
        is_duration_in_uses=duration == "duration_uses",
        mild_share=table.take("mild_share", as_share),
        mild_ceiling=table.spread("mild_ceiling"),
    )
    if fault.mild_ceiling.low < 0 or fault.mild_ceiling.high > 1:
        raise table.fail("mild_ceiling", "goes below 0 or above 1; write severities from 0 to 1")
    table.end()
    return fault


def _read_weibull(table: Table) -> Weibull:
    weibull = Weibull(table.take("shape", as_positive), table.take("scale", as_positive))
    table.end()
    return weibull
