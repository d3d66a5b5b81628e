"""Kind: what the rest of the simulator must know of an appliance kind; each physics file ends with one.

Two families. A *steady* appliance (refrigerator) works all the time and reports at intervals. A *programme* appliance
(washing machine) stands still until somebody starts it, then runs one cycle.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from simulator.arrays import FloatArray, IntArray
from simulator.physics.programme import Conditions, Cycles, Rows
from simulator.physics.surroundings import Surroundings

Parameters = Mapping[str, FloatArray]


@dataclass(frozen=True, slots=True)
class Sensor:
    """How one metric is measured: absolute and relative standard deviation of the noise, and decimals reported."""

    sd: float
    relative_sd: float
    decimals: int
    is_boolean: bool = False
    can_lie: bool = False
    """Whether this sensor may get stuck, drift and so on."""


@dataclass(frozen=True, slots=True)
class ErrorCode:
    """A code on the display of appliance ``member``, at the end of report ``report``."""

    member: int
    report: int
    code: str


@dataclass(frozen=True, slots=True)
class Told:
    """What N steady appliances told in R reports: values (R, N, metrics), mode (R, N), and codes as they came up."""

    values: FloatArray
    mode: NDArray[np.int8]
    errors: tuple[ErrorCode, ...] = ()


class SteadyPhysics(Protocol):
    """N steady appliances: parameters, each (N,), and the state that one span of time hands to the next."""

    parameters: dict[str, FloatArray]

    def advance(
        self,
        around: Surroundings,
        severity: Mapping[str, FloatArray],
        *,
        step_s: float,
        steps_per_report: int,
        rng: np.random.Generator,
    ) -> Told:
        """Move on by T steps of ``step_s`` (1 to 600 s); ``severity`` (T, N) by fault mode, absent where all are 0."""


class ProgrammePhysics(Protocol):
    """N programme appliances: parameters, each (N,), and counters."""

    def plan(self, appliance: IntArray, start_ms: IntArray, conditions: Conditions, rng: np.random.Generator) -> Cycles:
        """The cycles that these appliances start then (at most one of each), with the length of each phase."""

    def run(self, cycles: Cycles, *, interval_s: float, rng: np.random.Generator) -> Rows:
        """All readings of these cycles, and the counters moved on."""

    def idle(self, appliance: IntArray, conditions: Conditions) -> FloatArray:
        """One reading each of appliances that stand still, (rows, metrics); NaN is not told."""


class SteadyMaker(Protocol):
    """Makes the appliances of a group; it may round and derive parameters."""

    def __call__(self, parameters: Parameters, rng: np.random.Generator) -> SteadyPhysics:
        """N appliances with these parameters, and a past drawn from ``rng``."""


class ProgrammeMaker(Protocol):
    """Makes the appliances of a group; it may round and derive parameters."""

    def __call__(self, parameters: Parameters, rng: np.random.Generator) -> ProgrammePhysics:
        """N appliances with these parameters, and a past drawn from ``rng``."""


Spares = Callable[[Parameters], Mapping[str, NDArray[np.bool_]]]
"""Fault mode → which of the appliances with these parameters can't have it, as they lack the part."""


def nobody(parameters: Parameters) -> Mapping[str, NDArray[np.bool_]]:
    """Every appliance has every part."""
    del parameters
    return {}


@dataclass(frozen=True, slots=True)
class SteadyKind:
    """A kind that works all the time. The order of ``metrics`` is the order of columns."""

    name: str
    prefix: str
    """Of appliance ids."""
    parameters: tuple[str, ...]
    fault_modes: tuple[str, ...]
    metrics: Mapping[str, Sensor]
    modes: tuple[str, ...]
    feels: tuple[str, ...]
    """The fields of ``Surroundings`` that its equations read; the others are NaN."""
    make: SteadyMaker
    settings: tuple[str, ...] = ()
    """The parameters that people set, in whole units; the equations read them from ``parameters`` at each step."""


@dataclass(frozen=True, slots=True)
class ProgrammeKind:
    """A kind that runs cycles. ``modes[0]`` is standing still; the order of ``metrics`` is the order of columns."""

    name: str
    prefix: str
    """Of appliance ids."""
    parameters: tuple[str, ...]
    fault_modes: tuple[str, ...]
    metrics: Mapping[str, Sensor]
    modes: tuple[str, ...]
    make: ProgrammeMaker
    spares: Spares = nobody


Kind = SteadyKind | ProgrammeKind
