"""Alone: the layers of units and of context of one kind without the others, for tests that hand them readings."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from detectors.layering.data_standing import DataStanding
from detectors.layering.grouping import Sorted
from detectors.layering.layer import Setting
from detectors.layering.piece import Samples, UnitRows, cycle_numbers
from detectors.layering.standing import Standing
from detectors.layers.context import Context
from detectors.layers.units import Units
from detectors.state.table import Table
from ingest.profiles.definition import Profile

Numbers = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Alone:
    """Two layers over a table of their own."""

    profile: Profile
    units: Units
    context: Context

    @classmethod
    def of(cls, profile: Profile, appliances: int) -> Alone:
        """Layers that know nothing yet of so many appliances."""
        setting = Setting(profile, 0.2, Standing(profile, []), DataStanding(profile, []))
        one = cls(profile, Units(setting), Context(setting))
        Table([one.units, one.context]).hold(appliances)
        return one

    def fold(
        self,
        rows: NDArray[np.intp],
        ts_ms: Numbers,
        values: NDArray[np.float64],
        modes: Sequence[str],
        cycles: Sequence[str | None],
    ) -> UnitRows:
        """The units that samples close, sorted by (row, time); ``values`` (N, metrics) in the profile's order."""
        places = {name: number for number, name in enumerate(self.profile.modes)}
        numbers = np.array([places.get(mode, -1) for mode in modes], np.int64)
        groups = Sorted.of(rows, ts_ms)
        before_ts, before_mode = np.r_[0, ts_ms[:-1]], np.r_[-1, numbers[:-1]]
        before_ts[groups.starts], before_mode[groups.starts] = 0, -1
        keys = self.units.keys(rows, ts_ms, values, numbers, cycle_numbers(cycles))
        readings = values.astype(np.float32)
        return self.units.fold(
            Samples(rows, ts_ms, readings, values, numbers, keys, before_ts, before_mode, np.arange(len(rows)))
        )
