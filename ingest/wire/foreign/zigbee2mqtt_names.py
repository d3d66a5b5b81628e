"""Keys of a zigbee2mqtt state → metrics: their own name with the unit behind it, so that no two keys become one metric."""

from __future__ import annotations

import re
from collections.abc import Mapping

from ingest.wire.foreign.identity import hash_of, latin
from ingest.wire.telemetry import is_metric_name

_SUFFIX: Mapping[str, str] = {
    "power": "w", "power_phase_b": "w", "power_phase_c": "w", "power_apparent": "va", "power_apparent_phase_b": "va",
    "power_apparent_phase_c": "va", "power_reactive": "var", "power_reactive_phase_b": "var",
    "power_reactive_phase_c": "var", "voltage": "v", "voltage_phase_b": "v", "voltage_phase_c": "v",
    "battery_voltage": "v", "current": "a", "current_phase_b": "a", "current_phase_c": "a", "current_neutral": "a",
    "energy": "kwh", "produced_energy": "kwh", "consumed_energy": "kwh", "ac_frequency": "hz", "temperature": "c",
    "local_temperature": "c", "device_temperature": "c", "cpu_temperature": "c", "external_temperature": "c",
    "water_temperature": "c", "soil_temperature": "c", "temperature_probe": "c",
    "floor_temperature": "c", "probe_temperature": "c", "holiday_temperature": "c", "boost_temperature": "c", "frost_protection_temperature": "c",
    "current_heating_setpoint": "c",
    "occupied_heating_setpoint": "c", "unoccupied_heating_setpoint": "c", "occupied_cooling_setpoint": "c",
    "unoccupied_cooling_setpoint": "c", "external_temperature_input": "c", "external_measured_room_sensor": "c",
    "max_temperature": "c", "min_temperature": "c", "comfort_temperature": "c", "eco_temperature": "c",
    "away_preset_temperature": "c", "soil_moisture": "pct", "humidity": "pct", "battery": "pct", "position": "pct",
    "pi_heating_demand": "pct", "valve_position": "pct", "valve_opening_degree": "pct",
    "pressure": "hpa", "illuminance": "lux", "illuminance_lux": "", "illuminance_raw": "", "co2": "ppm", "eco2": "ppm", "voc": "ppb", "pm25": "ug_m3",
    "pm10": "ug_m3", "pm1": "ug_m3", "formaldehyd": "mg_m3", "flow": "m3_h", "noise": "db",
}  # fmt: skip
"""What the key's value is measured in."""
_ENDPOINT = re.compile(r"(.+)_(l[0-9]{1,2}|[0-9]{1,2}|left|right|center|top|bottom|phase_[abc])")
_PHASE = re.compile(r"(power|power_apparent|power_reactive|voltage|current|energy|produced_energy)_[abc]")
_OTHER = re.compile(r"[^a-z0-9_]")
ATTRIBUTES = frozenset(_SUFFIX) | {
    "state", "linkquality", "color", "color_temp", "color_mode", "color_xy", "color_hs", "color_options", "update",
    "update_available", "brightness", "contact", "occupancy", "presence", "water_leak", "smoke", "tamper", "vibration",
    "battery_low", "child_lock", "action", "effect", "last_seen", "device", "power_on_behavior",
    "power_outage_memory", "power_outage_count", "power_factor", "system_mode", "running_state", "preset", "fan_mode",
    "fan_state", "fan_speed", "angle", "angle_x", "angle_y", "angle_z", "strength", "sensitivity", "power_type", "energy_tier_1",
    "indicator_mode", "level_config", "identify", "motion", "moving", "running", "elapsed", "lock_state", "alarm", "carbon_monoxide", "gas", "weekly_schedule",
}  # fmt: skip
"""Names of attributes, by which one alone under a topic of its own is known."""


def has_unit(key: str) -> bool:
    """Whether it is known what a key's value is measured in."""
    return _base_of(key) in _SUFFIX


def metric_of(key: str) -> str:
    """The metric of a key; what our names can't hold, or another key already stands for, gets a hash behind it.

    >>> metric_of("power"), metric_of("power_l1"), metric_of("child_lock")
    ('power_w', 'power_l1_w', 'child_lock')
    """
    if is_metric_name(key) and not _is_taken(key):
        suffix = _SUFFIX.get(_base_of(key))
        name = f"{key}_{suffix}" if suffix else key
        if is_metric_name(name):
            return name
    stem = _OTHER.sub("_", latin(key).lower()).strip("_")[:40]
    stem = stem if stem[:1].isalpha() else f"value_{stem}".rstrip("_")
    return f"{stem}_{hash_of(key, 6)}"


def _base_of(key: str) -> str:
    """A key without its endpoint."""
    if key in _SUFFIX:
        return key
    endpoint = _ENDPOINT.fullmatch(key) or _PHASE.fullmatch(key)
    return endpoint[1] if endpoint else key


def _is_taken(key: str) -> bool:
    """Whether the name is the one that another key has with its unit; ``current_a`` is what all meters call a phase."""
    if _PHASE.fullmatch(key):
        return False
    stem = key.rpartition("_")[0]
    return any(
        bool(_SUFFIX.get(_base_of(one))) and key == f"{one}_{_SUFFIX[_base_of(one)]}"
        for one in (stem, stem.rpartition("_")[0])
        if one
    )
