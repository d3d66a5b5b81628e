"""What a Tasmota SENSOR message measures: every number in it, by a name that says whose it is, in our units.

``ENERGY`` has plain names (``power_w``); any other sensor has its own before (``ds18b20_temperature_c``), and of several of
one kind its serial number too, as Tasmota numbers them anew when one is added. A list has one value per channel or phase:
the first is plain, others carry their number (``power_1_w``). TempUnit, PressureUnit and SpeedUnit are heeded.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from ingest.wire.foreign.heard import Unread
from ingest.wire.foreign.identity import hash_of, metric_name, snake
from ingest.wire.foreign.number_text import number_of
from ingest.wire.foreign.odd_json import Odd
from ingest.wire.foreign.readings import Readings
from ingest.wire.foreign.units import Unit, unit_of

_DEPTH_MAX = 3
_CHANNELS_MAX = 16
_UNIT_KEYS: Mapping[str, str] = {"TempUnit": "°C", "PressureUnit": "hPa", "SpeedUnit": "m/s"}
_META = frozenset(
    {"Time", "Epoch", "Id", "Address", "Type", "TotalStartTime", "Name", "Device", "Endpoint", "mac", *_UNIT_KEYS}
)
_DERIVED = frozenset({"Today", "Yesterday", "Period", "ExportToday", "ExportYesterday"})
"""Parts of a total: they begin anew each day or message, and follow from it."""
_FIELDS: Mapping[str, tuple[str, str]] = {
    "Power": ("power", "W"), "ActivePower": ("power", "W"), "ApparentPower": ("apparent_power", "VA"),
    "ReactivePower": ("reactive_power", "var"), "Factor": ("power_factor", ""), "Voltage": ("voltage", "V"),
    "Current": ("current", "A"), "Frequency": ("frequency", "Hz"), "Total": ("energy", "kWh"),
    "ExportActive": ("energy_returned", "kWh"), "Export": ("energy_returned", "kWh"),
    "ExportTotal": ("energy_returned", "kWh"), "ImportActive": ("energy_imported", "kWh"),
    "TotalTariff": ("energy_tariff", "kWh"), "ExportTariff": ("energy_returned_tariff", "kWh"),
    "Temperature": ("temperature", "TempUnit"), "DewPoint": ("dew_point", "TempUnit"),
    "HeatIndex": ("heat_index", "TempUnit"), "ObjectTemp": ("object_temperature", "TempUnit"),
    "AmbientTemp": ("ambient_temperature", "TempUnit"), "OBJTMP": ("object_temperature", "TempUnit"),
    "AMBTMP": ("ambient_temperature", "TempUnit"), "ProbeTemperature": ("probe_temperature", "TempUnit"),
    "ReferenceTemperature": ("reference_temperature", "TempUnit"), "Humidity": ("humidity", "%"),
    "Pressure": ("pressure", "PressureUnit"), "SeaPressure": ("sea_pressure", "PressureUnit"),
    "SeaLevelPressure": ("sea_pressure", "PressureUnit"), "Illuminance": ("illuminance", "lx"), "Gas": ("gas", "kΩ"),
    "CarbonDioxide": ("carbon_dioxide", "ppm"), "eCO2": ("eco2", "ppm"), "TVOC": ("tvoc", "ppb"),
    "PM1": ("pm1", "µg/m³"), "PM2.5": ("pm2_5", "µg/m³"), "PM10": ("pm10", "µg/m³"), "Distance": ("distance", "cm"),
    "Weight": ("weight", "kg"), "Speed": ("speed", "SpeedUnit"), "BatteryPercentage": ("battery", "%"), "Battery": ("battery", "%"),
    "BatteryVoltage": ("battery", "V"), "Moisture": ("moisture", "%"), "RSSI": ("rssi", "dBm"),
}  # fmt: skip
_NUMBERED = re.compile(r"(.+)[-_](\d{1,3})")
_COUNTED = re.compile(r"([A-Za-z]+)([0-9]{1,2})")
_SWITCH = {"ON": 1.0, "OFF": 0.0}


def read_sensors(value: Mapping[str, Any], readings: Readings) -> None:
    """All that one message measures."""
    units = {key: _unit_named(value.get(key), usual) for key, usual in _UNIT_KEYS.items()}
    for key, part in value.items():
        if key in _META:
            continue
        if isinstance(part, Mapping):
            _read_part(part, _stem(key, part), key, units, readings, depth=1)
        elif key == "ENERGY":
            readings.leave_out(key, Unread.NO_NUMBER, part)
        else:
            _read_field(key, part, "", key, units, readings)


def _unit_named(said: object, usual: str) -> Unit:
    """The unit that a message names for all of its kind: ``F``, ``mmHg``, ``km/h``."""
    return unit_of(said if isinstance(said, str) and said.strip() else usual)


def _stem(key: str, part: Mapping[str, Any]) -> str:
    """What stands before the names of a sensor's fields."""
    if key == "ENERGY":
        return ""
    serial = next((part[name] for name in ("Id", "Address") if isinstance(part.get(name), str | int)), None)
    numbered = _NUMBERED.fullmatch(key)
    if serial is not None and numbered is not None:
        return f"{snake(numbered[1])}_{snake(str(serial))}"
    return snake(key) or f"sensor_{hash_of(key, 4)}"


def _read_part(
    part: Mapping[str, Any], stem: str, path: str, units: Mapping[str, Unit], readings: Readings, *, depth: int
) -> None:
    """The fields of one sensor, and of sensors in it."""
    for key, value in part.items():
        if key in _META:
            continue
        where = f"{path}.{key}"
        if key in _DERIVED:
            readings.leave_out(where, Unread.DERIVED, value)
        elif isinstance(value, Mapping) and key in _FIELDS and not stem:  # its parts would have names of other fields
            readings.leave_out(where, Unread.NO_NUMBER, value)
        elif isinstance(value, Mapping):
            if depth >= _DEPTH_MAX:
                readings.leave_out(where, Unread.NESTED)
            else:
                below = "_".join(filter(None, (stem, _stem(key, value))))
                _read_part(value, below, where, units, readings, depth=depth + 1)
        else:
            _read_field(key, value, stem, where, units, readings)


def _read_field(key: str, value: Any, stem: str, where: str, units: Mapping[str, Unit], readings: Readings) -> None:
    """One field: a number, or a list with one per channel."""
    name, unit_name = _meant(key)
    unit = units.get(unit_name) or unit_of(unit_name)
    whole = "_".join(filter(None, (stem, name)))
    channels = value if isinstance(value, list) else [value]
    if not channels:
        readings.leave_out(where, Unread.ABSENT, value)
    for channel, said in enumerate(channels[:_CHANNELS_MAX]):
        place = f"{where}[{channel}]" if isinstance(value, list) else where
        number = _number(said, is_named=key in _FIELDS)
        metric = metric_name(f"{whole}_{channel}" if channel else whole, unit.suffix)
        if isinstance(number, Unread):
            readings.leave_out(place, number, said)
        elif number is not None and metric is not None:
            readings.take(metric, number * unit.factor + unit.offset, what=place)
    for said in channels[_CHANNELS_MAX:]:
        readings.leave_out(where, Unread.TOO_MANY, said)


def _meant(key: str) -> tuple[str, str]:
    """A field's name and unit; one with a number behind it is another of its kind (``Temperature2`` of the analogue pins)."""
    counted = _COUNTED.fullmatch(key)
    if key in _FIELDS or counted is None or counted[1] not in _FIELDS:
        return _FIELDS.get(key, (snake(key) or f"field_{hash_of(key, 4)}", ""))
    name, unit = _FIELDS[counted[1]]
    return f"{name}_{counted[2]}", unit


def _number(said: Any, *, is_named: bool) -> float | Unread | None:
    """The number of a field, nothing where the sensor has none, or why it is no reading."""
    if said is None:
        return None
    if isinstance(said, bool):
        return Unread.NO_NUMBER if is_named else float(said)
    if isinstance(said, int | float):
        return float(said)
    if isinstance(said, str):
        number = _SWITCH.get(said) if not is_named else number_of(said)
        return number if number is not None else Unread.NO_NUMBER if is_named else Unread.TEXT
    return Unread.NO_NUMBER if isinstance(said, Odd) or is_named else Unread.NESTED
