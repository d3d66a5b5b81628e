"""Which foreign device is which appliance: the devices file, and the rule for devices that it doesn't name.

The file is TOML, one table per device name as its convention writes it::

    ["tele/washer1"]
    id = "washer-1"
    kind = "washing_machine"
    timezone = "Europe/Berlin"      # of times without zone; UTC where absent

Names are ``tele/NAME`` (Tasmota), the device's id (Shelly), ``zigbee2mqtt/NAME`` and ``homeassistant/DEVICE NAME``.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, tzinfo
from pathlib import Path
from zoneinfo import ZoneInfo

from ingest.wire.topic import is_appliance_id, is_kind

_OTHER = re.compile(r"[^A-Za-z0-9_-]")
_ID_CHARACTERS_MAX = 64
_KEYS = {"id", "kind", "timezone"}


@dataclass(frozen=True, slots=True)
class Device:
    """A foreign device as an appliance."""

    appliance_id: str
    kind: str = "generic"
    timezone: tzinfo = UTC


NOBODY = Device("")
"""Stands in where a topic belongs to no device."""


class DevicesError(Exception):
    """A devices file that can't be used, in a whole sentence."""


def unmapped(name: str) -> Device:
    """A device that no file names: its name, without its convention's root, as id, other characters as ``_``; generic."""
    return Device(_OTHER.sub("_", name.split("/", 1)[-1])[:_ID_CHARACTERS_MAX] or "_")


def load_devices(path: Path) -> Mapping[str, Device]:
    """Device name → appliance; raises :class:`DevicesError`."""
    try:
        raw = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise DevicesError(f"{path}: the devices file can't be read: {error}") from error
    return {name: _device(path, name, table) for name, table in raw.items()}


def _device(path: Path, name: str, table: object) -> Device:
    """One table of the file."""
    if not isinstance(table, dict) or not isinstance(table.get("id"), str):
        raise DevicesError(f'{path}: ["{name}"] needs id = "..." and may have kind and timezone')
    if unknown := table.keys() - _KEYS:
        raise DevicesError(f'{path}: ["{name}"] has an unknown key {min(unknown)!r}; known: id, kind, timezone')
    kind, zone = table.get("kind", "generic"), table.get("timezone", "UTC")
    if not is_appliance_id(table["id"]):
        raise DevicesError(f'{path}: ["{name}"] id {table["id"]!r} must be 1 to 64 characters A-Z a-z 0-9 _ -')
    if not isinstance(kind, str) or not is_kind(kind):
        raise DevicesError(f'{path}: ["{name}"] kind {kind!r} must be lower_snake, at most 32 characters')
    try:
        return Device(table["id"], kind, UTC if zone == "UTC" else ZoneInfo(zone))
    except (KeyError, ValueError, TypeError, OSError) as error:
        raise DevicesError(
            f'{path}: ["{name}"] timezone {zone!r} is unknown; write one such as "Europe/Berlin"'
        ) from error
