"""What tests say as devices that describe themselves, and a codec that hears it and may be started again at any time."""

from __future__ import annotations

import json
from collections.abc import Sequence

from ingest.wire.foreign.devices import Device
from ingest.wire.foreign.discovery import Discovery
from ingest.wire.foreign.homeassistant import HomeAssistantCodec
from ingest.wire.telemetry import TelemetryMessage

Description = tuple[str, bytes]
Names = tuple[Sequence[str], Sequence[tuple[str, str]]]
"""Identifiers and connections."""


def description(
    path: str, topic: str, names: Names, *, name: str = "Power", unit: str = "W", template: str = "", label: str = ""
) -> Description:
    """What comes under ``homeassistant/sensor/PATH/config``."""
    device: dict[str, object] = {"name": label} if label else {}
    if names[0]:
        device["identifiers"] = list(names[0])
    if names[1]:
        device["connections"] = [list(pair) for pair in names[1]]
    said = {"name": name, "stat_t": topic, "unit_of_meas": unit, "uniq_id": f"{path} {name}", "dev": device}
    return f"homeassistant/sensor/{path}/config", json.dumps(
        said | ({"val_tpl": template} if template else {})
    ).encode()


class Listener:
    """A codec that may be started again at any time."""

    def __init__(self, assigned: dict[str, str] | None = None) -> None:
        self.assigned = assigned
        self.kept: dict[str, bytes] = {}
        self.start()

    def start(self) -> None:
        """As after a kill: all that is known was kept."""
        self.discovery = Discovery(self.assigned)
        self.discovery.remember(self.kept)
        self.codec = HomeAssistantCodec(self.discovery)

    def hear(self, *said: Description, is_restarted: bool = False) -> None:
        """Descriptions, one after another."""
        for topic, payload in said:
            assert self.codec.decode(topic, payload, Device("")) is None
            for key, what in self.discovery.learned().items():
                self.kept.pop(key, None)
                if what is not None:
                    self.kept[key] = what
            if is_restarted:
                self.start()

    def reads(self, topic: str, payload: bytes = b"12") -> tuple[str | None, dict[str, float]]:
        """Whose a topic is, and what is read under it."""
        message = self.codec.decode(topic, payload, Device(""))
        return self.codec.device_of(topic), dict(message.samples[0].metrics) if isinstance(
            message, TelemetryMessage
        ) else {}
