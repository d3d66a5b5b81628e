"""A home whose devices speak four conventions, and a slow, plain reading of what they say, which knows no codec.

The devices say what such devices say: states, deltas, lists of phases, descriptions that change their units or go, words for
"nothing", marks of a missing sensor. :class:`SlowReader` goes through all of it in order, one message after another.
"""

from __future__ import annotations

import json
import random
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

Said = tuple[str, bytes]
Row = tuple[str, int, tuple[tuple[str, float], ...]]
"""Appliance, time in ms, readings."""
CONFIG = "homeassistant/sensor/boiler/{}/config"
STATE = "boiler/state"


class Home:
    """What the devices of a home say, second after second."""

    def __init__(self, chance: random.Random) -> None:
        self._chance = chance
        self._energy = 1000.0
        self._is_told = False

    def say(self, at_ms: int) -> list[Said]:
        """All that is said in this second."""
        second, chance = at_ms // 1000, self._chance
        said: list[Said] = []
        if second % 10 == 0:
            self._energy += chance.random()
            said += [self._zigbee_plug(), self._tasmota(second), self._three_phases()]
        if second % 7 == 0:
            said.append(self._shelly(second))
        if second % 13 == 0:
            said.append((STATE, _json({"p": self._number(0, 3), "t": self._number(10, 90)})))
        if second % 60 == 0:
            said.append(self._zigbee_sensor())
        if second % 90 == 0 or not self._is_told:
            self._is_told = True
            said += self._describe()
        return said

    def _number(self, low: float, high: float) -> float:
        return round(self._chance.uniform(low, high), 2)

    def _zigbee_plug(self) -> Said:
        state = {"power": self._number(0, 2500), "voltage": self._number(220, 240), "energy": round(self._energy, 3),
                 "state": self._chance.choice(["ON", "OFF"]), "linkquality": self._chance.randrange(255),
                 "update": {"state": "idle"}}  # fmt: skip
        return "zigbee2mqtt/hall/plug", _json(state)

    def _zigbee_sensor(self) -> Said:
        temperature = self._chance.choice([self._number(-20, 8), self._number(-20, 8), None, "unavailable", -327.68])
        return "zigbee2mqtt/Kühlschrank", _json({"temperature": temperature, "battery": 88, "voltage": 3015})

    def _tasmota(self, second: int) -> Said:
        time = datetime.fromtimestamp(second, UTC).strftime("%Y-%m-%dT%H:%M:%S")
        energy = {"Power": self._number(0, 2500), "Total": round(self._energy, 3), "Today": 1.5, "Factor": 0.9}
        return "tele/washer/SENSOR", _json({"Time": time, "ENERGY": energy})

    def _three_phases(self) -> Said:
        energy = {"Power": [self._number(0, 900) for _ in range(3)], "Voltage": [230, 231, 229], "Frequency": 50}
        probe = {"Id": "0A", "Temperature": self._number(32, 400)}
        return "tele/oven/SENSOR", _json({"ENERGY": energy, "DS18B20": probe, "TempUnit": "F"})

    def _shelly(self, second: int) -> Said:
        method = "NotifyFullStatus" if self._chance.random() < 0.05 else "NotifyStatus"
        fields: dict[str, float | None] = {
            "apower": self._number(0, 900),
            "voltage": self._number(220, 240),
            "current": self._number(0, 9),
        }
        some = {name: value for name, value in fields.items() if self._chance.random() < 0.5 or name == "apower"}
        if self._chance.random() < 0.1:
            some["voltage"] = None
        params = {"ts": second, f"switch:{self._chance.randrange(2)}": {**some, "aenergy": {"total": self._energy}}}
        return "dryer/events/rpc", _json({"method": method, "params": params})

    def _describe(self) -> Iterator[Said]:
        device = {"ids": ["boiler"], "name": "Boiler"}
        unit, template = self._chance.choice([("kW", "{{ value_json.p }}"), ("W", "{{ value_json.p * 1000 }}")])
        power = {"name": "Power", "stat_t": STATE, "unit_of_meas": unit, "val_tpl": template, "dev": device}
        yield CONFIG.format("power"), _json(power)
        unit = self._chance.choice(["°C", "°F", ""])
        water = {"name": "Water", "stat_t": STATE, "unit_of_meas": unit, "val_tpl": "{{ value_json.t }}", "dev": device}
        yield CONFIG.format("water"), _json(water) if unit else b""


@dataclass
class SlowReader:
    """Reads what a home said, as a person would who has the manuals beside them."""

    dryer: dict[str, float] = field(default_factory=dict)
    units: dict[str, str] = field(default_factory=dict)
    """Of the boiler: ``p`` and ``t`` → the unit in which it says them now."""
    seen: set[Said] = field(default_factory=set)

    def read(self, topic: str, payload: bytes, received_ms: int) -> Row | None:
        """The row of a message; none where it has no reading, or came before."""
        if topic.startswith("homeassistant/"):
            self._learn(topic, payload)
            return None
        who, at_ms, found = self._told(topic, json.loads(payload))
        if at_ms is not None:
            if (topic, payload) in self.seen:
                return None
            self.seen.add((topic, payload))
        kept = {
            name: round(float(value), 9) for name, value in found.items()
        }  # nine decimals of a foreign value are kept
        row = tuple(sorted((name, round(value, 6)) for name, value in kept.items()))
        return (who, received_ms if at_ms is None else at_ms, row) if row else None

    def _told(self, topic: str, said: dict[str, Any]) -> tuple[str, int | None, dict[str, float]]:
        """Who speaks, when if it says so, and what it measures."""
        if topic == "zigbee2mqtt/hall/plug":
            plain = {"power_w": said["power"], "voltage_v": said["voltage"], "energy_kwh": said["energy"]}
            return "hall_plug", None, {**plain, "state": said["state"] == "ON", "linkquality": said["linkquality"]}
        if topic == "zigbee2mqtt/Kühlschrank":
            is_read = isinstance(said["temperature"], float) and said["temperature"] > -300
            temperature = {"temperature_c": said["temperature"]} if is_read else {}
            return (
                "Kuhlschrank",
                None,
                {"battery_pct": said["battery"], "voltage_v": said["voltage"] / 1000, **temperature},
            )
        if topic == "tele/washer/SENSOR":
            found = {"power_w": said["ENERGY"]["Power"], "energy_kwh": said["ENERGY"]["Total"], "power_factor": 0.9}
            return "washer", int(datetime.fromisoformat(said["Time"] + "+00:00").timestamp() * 1000), found
        if topic == "tele/oven/SENSOR":
            return "oven", None, _phases(said)
        if topic == "dryer/events/rpc":
            return "dryer", said["params"]["ts"] * 1000, self._overlay(said)
        return "boiler", None, self._boiler(said)

    def _overlay(self, said: dict[str, Any]) -> dict[str, float]:
        if said["method"] == "NotifyFullStatus":
            self.dryer = {}
        for key, switch in said["params"].items():
            if key != "ts":
                channel = "" if key == "switch:0" else "_1"
                told = {f"power{channel}_w": switch.get("apower", "same"), f"voltage{channel}_v": switch.get("voltage", "same"),
                        f"current{channel}_a": switch.get("current", "same"),
                        f"energy{channel}_kwh": switch["aenergy"]["total"] / 1000}  # fmt: skip
                for name, value in told.items():
                    if value is None:
                        self.dryer.pop(name, None)
                    elif value != "same":
                        self.dryer[name] = value
        return dict(self.dryer)

    def _learn(self, topic: str, payload: bytes) -> None:
        which = "p" if topic == CONFIG.format("power") else "t"
        if payload:
            self.units[which] = json.loads(payload)["unit_of_meas"]
        else:
            self.units.pop(which, None)

    def _boiler(self, said: dict[str, float]) -> dict[str, float]:
        found: dict[str, float] = {}
        if "p" in self.units:
            found["power_w"] = said["p"] * 1000  # it says kW, or its template makes W of it
        if self.units.get("t") == "°C":
            found["water_c"] = said["t"]
        elif self.units.get("t") == "°F":
            found["water_c"] = (said["t"] - 32) / 1.8
        return found


def _phases(said: dict[str, Any]) -> dict[str, float]:
    """Power and voltage of three phases, and a probe in °F."""
    found = {"frequency_hz": 50.0, "ds18b20_temperature_c": (said["DS18B20"]["Temperature"] - 32) / 1.8}
    for phase, between in enumerate(["_", "_1_", "_2_"]):
        found[f"power{between}w"] = said["ENERGY"]["Power"][phase]
        found[f"voltage{between}v"] = said["ENERGY"]["Voltage"][phase]
    return found


def _json(value: Any) -> bytes:
    return json.dumps(value, ensure_ascii=False).encode()
