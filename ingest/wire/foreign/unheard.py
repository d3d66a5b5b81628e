"""Rows of the devices file that match nothing that was heard: behind a slip of the pen an appliance would wait for ever."""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from dataclasses import dataclass

from ingest.wire.foreign.devices import Device
from ingest.wire.foreign.traces import Told

LIKENESS = 0.6


@dataclass(frozen=True, slots=True)
class Unheard:
    """A row by its name, the appliance that it makes, and a device that was heard, that no row names, and that may be meant."""

    name: str
    appliance_id: str
    near: str | None = None

    @property
    def sentence(self) -> str:
        """What is so, and what to do."""
        if self.near is None:
            return (
                f"Nothing that was heard is called {self.name!r}; compare the row with the names that are listed here."
            )
        return f"Nothing that was heard is called {self.name!r}, but {self.near!r} is; correct the row, and start anew."


def unheard_rows(devices: Mapping[str, Device], told: Told) -> list[Unheard]:
    """All such rows, in the order of the file.

    A device that is known by several names is heard where any row gives its id.
    """
    names = {one.name for one in told.devices}
    ids = {one.appliance_id for one in told.devices if one.name not in devices}
    free = [name for name in names if name not in devices]
    found = []
    for name, device in devices.items():
        if name in names or device.appliance_id in ids:
            continue
        near = difflib.get_close_matches(name, free, 1, LIKENESS)
        found.append(Unheard(name, device.appliance_id, near[0] if near else None))
    return found
