"""Which foreign device is which appliance: the devices file, and the rule for devices that it doesn't name.

The file is TOML, one table per device name as its convention writes it::

    ["tele/washer1"]
    id = "washer-1"
    kind = "washing_machine"
    timezone = "Europe/Berlin"      # of times without zone; UTC where absent
    topics = ["house/washer/#"]     # whose values are this device's, whoever describes them (Home Assistant discovery)

Names are ``tele/NAME`` (Tasmota), the device's id (Shelly), ``zigbee2mqtt/NAME`` and ``homeassistant/IDENTIFIER`` or
``homeassistant/DEVICE NAME``. A device that isn't named gets an id by identity.py, which no other device has. An id that
somebody speaks under on our own topics is theirs, because the broker's access list ties that level to an account: a foreign
device that took it before gets another, and only the file gives it away.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, tzinfo
from pathlib import Path
from zoneinfo import ZoneInfo

from ingest.wire.foreign.claims import Claims
from ingest.wire.foreign.identity import hashed, safe_id
from ingest.wire.topic import is_appliance_id, is_kind
from ingest.zone_names import near

OWN_MAX = 1_000_000
_SPACE = "appliance"
_OWN = "\nour own topics"
"""Who holds the ids of appliances that speak our own wire; no device's name begins so."""
_KEYS = {"id", "kind", "timezone", "topics"}
TOPICS_MAX = 64


@dataclass(frozen=True, slots=True)
class Device:
    """A foreign device as an appliance."""

    appliance_id: str
    kind: str = "generic"
    timezone: tzinfo | None = None
    """Of times without zone; UTC where nobody has said."""
    advice: str = ""
    """What its owner should do, in a sentence."""
    topics: tuple[str, ...] = ()
    """Filters of topics whose values are its own, whoever describes them."""


NOBODY = Device("")
"""Stands in where a topic belongs to no device."""


class DevicesError(Exception):
    """A devices file that can't be used, in a whole sentence."""


class DeviceBook:
    """Device name → appliance: as the file says, else by the device's own name. No two names get one id but by the file."""

    def __init__(
        self, devices: Mapping[str, Device] | None = None, claims: Claims | None = None, *, is_claiming: bool = True
    ) -> None:
        self._devices = devices or {}
        self._claims = Claims() if claims is None else claims
        self._is_claiming = is_claiming
        self._own: set[str] = set()
        self.revision = 0
        """Grows where a device has lost its id."""
        for name, device in self._devices.items():
            self._claims.reserve(_SPACE, device.appliance_id, name)

    @classmethod
    def of_all(cls, devices: DeviceBook | Mapping[str, Device] | None) -> DeviceBook:
        """The book of these devices."""
        return devices if isinstance(devices, DeviceBook) else cls(devices)

    def own(self, appliance_id: str) -> None:
        """Note an id that is a level of its speaker's own topics."""
        if not self._is_claiming or appliance_id in self._own:
            return
        if len(self._own) < OWN_MAX:
            self._own.add(appliance_id)
        if self._claims.holder(_SPACE, appliance_id) and self._claims.take(_SPACE, appliance_id, _OWN, by=appliance_id):
            self.revision += 1

    def of(self, name: str, roots: Sequence[str] = (), *, by: str = "") -> Device:
        """The appliance of a device; of a name that isn't a device's nobody. ``roots`` stand before names and in no id.

        ``by`` is who speaks, of whose share a name goes that was free.
        """
        if not name:
            return NOBODY
        device = self._devices.get(name)
        if device is not None:
            return device
        short = next((name.removeprefix(f"{root}/") for root in roots if name.startswith(f"{root}/")), name)
        plain = safe_id(short, name)
        if self._is_claiming and plain in self._own:
            self._claims.take(_SPACE, plain, _OWN, by=plain)
        is_mine = self._claims.of(_SPACE, plain, name, by=by or name, is_claiming=self._is_claiming)
        if is_mine:
            return Device(plain)
        own = hashed(plain, name)
        return Device(
            own, advice=f"{plain} is another device's id, so this one is {own}: give it an id in the devices file"
        )


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
        raise DevicesError(f'{path}: ["{name}"] needs id = "..." and may have kind, timezone and topics')
    if unknown := table.keys() - _KEYS:
        raise DevicesError(f'{path}: ["{name}"] has an unknown key {min(unknown)!r}; known: id, kind, timezone, topics')
    kind, zone = table.get("kind", "generic"), table.get("timezone")
    topics = table.get("topics", [])
    if not isinstance(topics, list) or len(topics) > TOPICS_MAX or not all(isinstance(one, str) for one in topics):
        raise DevicesError(f'{path}: ["{name}"] topics must be a list of at most {TOPICS_MAX} topics or filters')
    if not is_appliance_id(table["id"]):
        raise DevicesError(f'{path}: ["{name}"] id {table["id"]!r} must be 1 to 64 characters A-Z a-z 0-9 _ -')
    if not isinstance(kind, str) or not is_kind(kind):
        raise DevicesError(f'{path}: ["{name}"] kind {kind!r} must be lower_snake, at most 32 characters')
    try:
        timezone = None if zone is None else UTC if zone == "UTC" else ZoneInfo(zone)
    except (KeyError, ValueError, TypeError, OSError) as error:
        raise DevicesError(
            f'{path}: ["{name}"] timezone {zone!r} is unknown; write {near(str(zone), or_offset=False)}'
        ) from error
    return Device(table["id"], kind, timezone, topics=tuple(topics))


def assigned(devices: Mapping[str, Device], root: str) -> dict[str, str]:
    """Filter of topics → the device under a root to which the operator has given them."""
    named = ((name.removeprefix(f"{root}/"), device) for name, device in devices.items() if name.startswith(f"{root}/"))
    return {topic: name for name, device in named for topic in device.topics}
