"""What the components of a Shelly measure: field → name, unit, factor. A new component is a line here."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Quantity:
    """What a field of a component means; ``path`` leads to it from the component."""

    path: tuple[str, ...]
    name: str
    unit: str = ""
    factor: float = 1.0

    @property
    def key(self) -> str:
        """The path in one word."""
        return ".".join(self.path)

    @property
    def is_number(self) -> bool:
        """Whether it is a number always, and never one of two states."""
        return bool(self.unit) or self.name.startswith(_NUMBERS)


_KILO = 0.001
_NUMBERS = ("power_factor", "converted_voltage", "input_count", "input_converted", "input_frequency", "white")
"""Numbers without a unit."""
_OUTPUT = Quantity(("output",), "output")
_METER = (
    Quantity(("apower",), "power", "w"),
    Quantity(("voltage",), "voltage", "v"),
    Quantity(("current",), "current", "a"),
    Quantity(("freq",), "frequency", "hz"),
    Quantity(("pf",), "power_factor"),
    Quantity(("aprtpower",), "apparent_power", "va"),
    Quantity(("aenergy", "total"), "energy", "kwh", _KILO),
    Quantity(("ret_aenergy", "total"), "energy_returned", "kwh", _KILO),
    Quantity(("temperature", "tC"), "device_temperature", "c"),
    _OUTPUT,
)
_LIGHT = (*_METER, Quantity(("brightness",), "brightness", "pct"), Quantity(("ct",), "colour_temperature", "k"))
_PHASE_FIELDS = (
    ("act_power", "power", "w"),
    ("aprt_power", "apparent_power", "va"),
    ("voltage", "voltage", "v"),
    ("current", "current", "a"),
    ("pf", "power_factor", ""),
    ("freq", "frequency", "hz"),
)
_PHASE_TOTALS = (("total_act_energy", "energy"), ("total_act_ret_energy", "energy_returned"))
_THERMOSTAT = (
    Quantity(("current_C",), "current_temperature", "c"),
    Quantity(("target_C",), "target_temperature", "c"),
    Quantity(("current_humidity",), "current_humidity", "pct"),
    Quantity(("target_humidity",), "target_humidity", "pct"),
)
COMPONENTS: Mapping[str, tuple[Quantity, ...]] = {
    "switch": _METER,
    "light": _LIGHT,
    "rgb": _LIGHT,
    "rgbw": (*_LIGHT, Quantity(("white",), "white")),
    "cct": _LIGHT,
    "dali": _LIGHT,
    "cover": (
        *_METER,
        Quantity(("current_pos",), "position", "pct"),
        Quantity(("target_pos",), "target_position", "pct"),
    ),
    "pm1": _METER,
    "em": (
        Quantity(("total_act_power",), "power", "w"),
        Quantity(("total_aprt_power",), "apparent_power", "va"),
        Quantity(("total_current",), "current", "a"),
        Quantity(("n_current",), "current_n", "a"),
        *(Quantity((f"{phase}_{f}",), f"{name}_{phase}", unit) for phase in "abc" for f, name, unit in _PHASE_FIELDS),
    ),
    "em1": (
        Quantity(("act_power",), "power", "w"),
        Quantity(("aprt_power",), "apparent_power", "va"),
        *_METER[1:5],
    ),
    "emdata": (
        Quantity(("total_act",), "energy", "kwh", _KILO),
        Quantity(("total_act_ret",), "energy_returned", "kwh", _KILO),
        *(Quantity((f"{phase}_{f}",), f"{name}_{phase}", "kwh", _KILO) for phase in "abc" for f, name in _PHASE_TOTALS),
    ),
    "em1data": (
        Quantity(("total_act_energy",), "energy", "kwh", _KILO),
        Quantity(("total_act_ret_energy",), "energy_returned", "kwh", _KILO),
    ),
    "temperature": (Quantity(("tC",), "temperature", "c"),),
    "humidity": (Quantity(("rh",), "humidity", "pct"),),
    "voltmeter": (Quantity(("voltage",), "voltage", "v"), Quantity(("xvoltage",), "converted_voltage")),
    "illuminance": (Quantity(("lux",), "illuminance", "lux"),),
    "devicepower": (
        Quantity(("battery", "V"), "battery", "v"),
        Quantity(("battery", "percent"), "battery", "pct"),
        Quantity(("external", "present"), "external_power"),
    ),
    "flood": (Quantity(("alarm",), "flood"), Quantity(("mute",), "flood_mute")),
    "smoke": (Quantity(("alarm",), "smoke"), Quantity(("mute",), "smoke_mute")),
    "presence": (Quantity(("presence",), "presence"),),
    "motion": (Quantity(("motion",), "motion"),),
    "input": (
        Quantity(("state",), "input"),
        Quantity(("percent",), "input", "pct"),
        Quantity(("xpercent",), "input_converted"),
        Quantity(("counts", "total"), "input_count"),
        Quantity(("counts", "xtotal"), "input_count_converted"),
        Quantity(("freq",), "input", "hz"),
        Quantity(("xfreq",), "input_frequency_converted"),
    ),
    "thermostat": (
        *_THERMOSTAT,
        _OUTPUT,
        Quantity(("enable",), "enabled"),
    ),
    "blutrv": (
        *_THERMOSTAT,
        Quantity(("pos",), "valve", "pct"),
        Quantity(("battery",), "battery", "pct"),
        Quantity(("rssi",), "rssi", "dbm"),
    ),
    "bthomesensor": (Quantity(("value",), "bthomesensor"),),
    "bthomedevice": (Quantity(("battery",), "battery", "pct"), Quantity(("rssi",), "rssi", "dbm")),
    "number": (Quantity(("value",), "number"),),
    "boolean": (Quantity(("value",), "boolean"),),
    "enum": (Quantity(("value",), "enum"),),
    "text": (Quantity(("value",), "text"),),
}
NO_MEASURE = frozenset({
    "ble", "bm", "bthome", "button", "camera", "cloud", "eth", "group", "ht_ui", "knx", "matter", "modbus", "mqtt", "object",
    "plugs_ui", "plugpm_ui", "powerstrip_ui", "schedule", "script", "service", "sntp", "sys", "ui", "wd_ui", "webhook", "wifi", "ws", "zigbee",
    "lora", "serial", "blugw", "thermostat_ui", "ts",
})  # fmt: skip
"""Components that say how the device itself fares."""
SILENT = frozenset({
    "id", "source", "aenergy.by_minute", "aenergy.minute_ts", "ret_aenergy.by_minute", "ret_aenergy.minute_ts",
    "temperature.tF", "tF", "last_updated_ts", "last_update_ts", "current_F", "target_F", "user_calibrated_phase", "packet_id",
    "timer_started_at", "timer_duration", "transition", "move_timeout", "move_started_at", "counts.by_minute",
    "counts.xby_minute", "counts.minute_ts", "pos_control", "last_direction", "rgb", "connected", "paired",
    "schedules", "schedule_rev", "calibration", "boost", "override",
})  # fmt: skip
"""Fields that are no measurement, or say again in other words what another field says."""
