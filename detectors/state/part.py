"""Part: what owns named columns of a detector's state."""

from __future__ import annotations

from typing import Protocol

from detectors.state.columns import Arrays, Column
from detectors.state.seldom import Seldom


class Part(Protocol):
    """What owns named columns: a layer, and whatever else remembers something of each appliance."""

    seldom: Seldom
    """Its seldom columns; made and grown by the table that holds it."""

    @property
    def name(self) -> str:
        """Its name in a checkpoint."""
        ...

    @property
    def version(self) -> int:
        """Another version than the stored one starts unlearned."""
        ...

    @property
    def formerly(self) -> tuple[str, ...]:
        """Names under which its columns may have been stored before."""
        ...

    @property
    def own(self) -> Arrays:
        """The values of its other columns, a row per appliance; filled and grown by the table that holds it."""
        ...

    def columns(self) -> tuple[Column, ...]:
        """What it remembers of each appliance."""
        ...
