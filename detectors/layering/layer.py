"""Layer: one step of detection for the appliances of one kind, with a state of its own under its own name.

A layer sees a fold before it is cut (:meth:`Layer.prepare`), then piece by piece (:meth:`Layer.take`); when all layers have
taken a piece, each learns from it (:meth:`Layer.learn`): score first, then learn. It reads what the layers before it have
added to the piece, raises and clears findings through :class:`detectors.layering.standing.Standing`, and touches no columns but
its own. To add one: a file with a class, and its line in ``pipeline.LAYERS``. A fault of the data that
it raises itself (not one of the profile's fault modes) stands in its :attr:`Layer.data_faults`, with its title in both
languages. Layers run for kinds whose profile has features; ``generic`` is scored series by series (series/).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, ClassVar

import numpy as np

from detectors.layering.fits import GENERAL, Fits
from detectors.state.columns import Arrays, Axis, Column
from detectors.state.seldom import Seldom
from detectors.units.values import Values
from ingest.profiles.definition import MetricKind, Profile

if TYPE_CHECKING:
    from detectors.layering.data_standing import DataStanding
    from detectors.layering.piece import Floats, Piece, Whole
    from detectors.layering.standing import Standing
    from ingest.sample import Event, Lesson, Status

POWER = "power_w"
"""The metric of the power that is drawn, as all profiles call it."""


@dataclass
class Setting:
    """What all layers of one kind share: profile, budget, the findings that stand, the ids of the appliances by row, and what was learned."""

    profile: Profile
    alarms_per_year: float
    standing: Standing
    data_standing: DataStanding
    mode_of_code: Mapping[str, str] = field(default_factory=dict)
    """Error code → the fault mode that it speaks for."""
    ids: list[str] = field(default_factory=list)
    fits: Fits = field(default_factory=Fits)
    """What ``fettle train`` has learned from verdicts."""
    rows: Mapping[str, int] = field(default_factory=dict)
    """By id, the row of an appliance."""

    @cached_property
    def values(self) -> Values:
        """What is folded over a unit."""
        return Values.of(self.profile)

    @cached_property
    def input_names(self) -> tuple[str, ...]:
        """The inputs of a moment."""
        return (*GENERAL, *(f"z {feature.name}" for feature in self.profile.features))

    @cached_property
    def measured(self) -> list[int]:
        """The numbers of the metrics that a sensor measures."""
        kinds = [metric.kind for metric in self.profile.metrics.values()]
        return [number for number, kind in enumerate(kinds) if kind is MetricKind.MEASUREMENT]

    @cached_property
    def measured_axis(self) -> Axis:
        """The axis of these metrics."""
        names = list(self.profile.metrics)
        return Axis("metric", tuple(names[number] for number in self.measured))

    @cached_property
    def signed(self) -> tuple[str, ...]:
        """The fault mode of each signature; one that may show in several ways stands several times."""
        return tuple(name for name, mode in self.profile.fault_modes.items() for _ in mode.signatures)

    @cached_property
    def signed_axis(self) -> Axis:
        """The axis of the signatures, by fault mode; further ways of one mode are numbered."""
        labels: list[str] = []
        for place, name in enumerate(self.signed):
            before = self.signed[:place].count(name)
            labels.append(f"{name} ({before + 1})" if before else name)
        return Axis("fault_mode", tuple(labels))

    @cached_property
    def signatures(self) -> Floats:
        """(S, F), signatures by features: the shift at failure level, in standard deviations."""
        features = [feature.name for feature in self.profile.features]
        ways = [one for mode in self.profile.fault_modes.values() for one in mode.signatures]
        table = [[one.get(feature, 0.0) for feature in features] for one in ways]
        return np.array(table).reshape(len(self.signed), len(features))


class Layer:
    """Does nothing; a layer overrides what it needs."""

    name: ClassVar[str]
    version: ClassVar[int] = 1
    """To be raised when a column means something else: the stored ones are left out then."""
    formerly: ClassVar[tuple[str, ...]] = ()
    """Names that it had before, under which its columns may be stored."""
    data_faults: ClassVar[Mapping[str, Mapping[str, str]]] = {}
    """The faults of the data that it raises, beside the fault modes of the profile: name → title by language."""

    def __init__(self, setting: Setting) -> None:
        self.setting = setting
        self.own: Arrays = {}
        """Its columns, a row per appliance."""
        self.seldom = Seldom()
        """Its seldom columns."""
        self.fleet: Arrays = {column.name: column.empty() for column in self.fleet_columns()}
        """What it knows of all appliances together."""
        self.told: Arrays = {}
        """What these were told since the last portion began, by the same names; filled by layers that teach."""

    def columns(self) -> tuple[Column, ...]:
        """What it remembers of each appliance."""
        return ()

    def fleet_columns(self) -> tuple[Column, ...]:
        """What it remembers of all appliances together."""
        return ()

    def know(self, row: int, status: Status) -> None:
        """Hear what an appliance says of itself at birth."""

    def hear(self, lesson: Lesson) -> None:
        """Hear what people found out about an appliance of this kind."""

    def prepare(self, whole: Whole) -> None:
        """Look at a fold before it is cut."""

    def take(self, piece: Piece) -> None:
        """Judge a piece."""

    def learn(self, piece: Piece) -> None:
        """Learn from a piece that every layer has taken."""

    def take_over(self) -> None:
        """Begin a new portion of what the fleet is taught (kinds/portions.py)."""

    def ends_unit(self, event: Event, row: int) -> bool:
        """Whether an event, should it come now, closes a unit."""
        del event, row
        return False

    def forget(self, row: int) -> None:
        """Start over with one appliance."""
        self.seldom.forget(row)
        for column in self.columns():
            if not column.is_seldom:
                self.own[column.name][row] = column.fill
