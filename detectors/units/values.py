"""What a profile asks of a unit: which measures are folded, and how features, quantities and contexts come from them.

A feature is one measure or, where the appliance never tells what that needs, the next: which one an appliance goes by is
kept (``source``), so that no two ways of measuring are mixed in one baseline.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from detectors.state.columns import Axis
from ingest.profiles.definition import Feature, Measure, MetricKind, Profile, Quantity

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Folded:
    """What is folded for one measure; metrics and modes by number, -1 for none.

    ``is_strict``: readings of no mode at all don't count for its mode.
    """

    statistic: str
    metric: int
    minus: int
    mode: int
    after_ms: int
    is_strict: bool
    label: str


@dataclass(frozen=True, slots=True)
class Source:
    """One way to a number: a folded measure, divided by one quantity and less another, -1 for none."""

    measure: int
    over: int = -1
    less: int = -1


@dataclass(frozen=True, slots=True)
class Made:
    """A feature, quantity or context: its name with its definition, its scale, and the ways to it, the first that can be."""

    label: str
    is_log: bool
    sources: tuple[Source, ...]


@dataclass(frozen=True, slots=True, eq=False)
class Values:
    """All that is folded for one kind, and what is made of it; ``context_of`` (F, 2) numbers contexts, -1 for none."""

    measures: tuple[Folded, ...]
    quantities: tuple[Made, ...]
    features: tuple[Made, ...]
    contexts: tuple[Made, ...]
    context_of: NDArray[np.intp]

    @classmethod
    def of(cls, profile: Profile) -> Values:
        """What a profile asks for."""
        return _Asked(profile).values()

    def measure_axis(self) -> Axis:
        """The axis of what is folded."""
        return Axis("value", tuple(one.label for one in self.measures))

    def axis(self) -> Axis:
        """The axis of features, then contexts."""
        return Axis("value", tuple(one.label for one in self.features + self.contexts))

    def feature_axis(self, contexts: int = 0) -> Axis:
        """The axis of the features that have at least so many contexts."""
        has = (self.context_of >= 0).sum(axis=1) >= contexts
        return Axis(
            "feature", tuple(one.label for one, is_in in zip(self.features, has.tolist(), strict=True) if is_in)
        )

    @property
    def choosing(self) -> tuple[Made, ...]:
        """Quantities, features and contexts that can be taken in more than one way."""
        return tuple(one for one in self.quantities + self.features + self.contexts if len(one.sources) > 1)

    def source_axis(self) -> Axis:
        """Their axis."""
        return Axis("made", tuple(one.label for one in self.choosing))

    def made(self, measured: Floats, source: NDArray[np.uint8]) -> tuple[Floats, Floats, NDArray[np.uint8]]:
        """Finished measures (B, measures) → features (B, F) and contexts, on their scales, and which sources are gone by.

        ``source`` (B, choosing) is 1 + the number of the way that an appliance goes by, 0 for none yet. It stays with its way
        until a better one is there, as a feature that goes by turns would seem to jump.
        """
        source = source.copy()
        places = {one.label: number for number, one in enumerate(self.choosing)}

        def take(one: Made, quantities: Floats) -> Floats:
            if len(one.sources) == 1:
                return _by(one.sources[0], measured, quantities)
            ways = np.stack([_by(way, measured, quantities) for way in one.sources], axis=1)
            told = source[:, places[one.label]]
            can = ~np.isnan(ways)
            first = np.where(can.any(axis=1), can.argmax(axis=1) + 1, 0)
            chosen = np.where((told == 0) | ((first > 0) & (first < told)), first, told).astype(np.uint8)
            source[:, places[one.label]] = chosen
            value = ways[np.arange(len(ways)), np.maximum(chosen, 1) - 1]
            return np.where(chosen > 0, value, np.nan)

        quantities = np.full((len(measured), len(self.quantities)), np.nan)
        with np.errstate(divide="ignore", invalid="ignore"):
            for number, one in enumerate(self.quantities):
                quantities[:, number] = take(one, quantities)
            features, contexts = (
                np.stack([_scaled(take(one, quantities), one) for one in some], axis=1)
                if some
                else np.zeros((len(measured), 0))
                for some in (self.features, self.contexts)
            )
        return features, contexts, source


def _by(way: Source, measured: Floats, quantities: Floats) -> Floats:
    """The number in one way."""
    value = measured[:, way.measure] if way.measure >= 0 else quantities[:, way.over]
    if way.measure >= 0 and way.over >= 0:
        value = value / quantities[:, way.over]
    if way.less >= 0:
        value = value - quantities[:, way.less]
    return np.where(np.isfinite(value), value, np.nan)


def _scaled(value: Floats, one: Made) -> Floats:
    """On its working scale."""
    return np.where(value > 0, np.log(value), np.nan) if one.is_log else value


def feature_label(feature: Feature) -> str:
    """A feature's name with its definition: what is defined anew is another quantity, and learned anew."""
    given = ", ".join(feature.context[:2])
    ways = " or ".join(map(_measure_label, (feature, *feature.instead)))
    return f"{feature.name} = {feature.scale} {ways} given {given}"


def _measure_label(one: Measure) -> str:
    """What a measure is taken of, in words."""
    of = " - ".join(filter(None, (one.metric, one.minus)))
    text = f"{one.statistic} {of} in {one.mode or 'all'}"
    text += f" after {one.after_s:g} s" if one.after_s else ""
    text += f" over {one.over}" if one.over else ""
    return text + (f" less {one.less}" if one.less else "")


class _Asked:
    """Collects what one profile asks for, each measure once."""

    def __init__(self, profile: Profile) -> None:
        self.profile = profile
        self.metrics, self.modes = list(profile.metrics), list(profile.modes)
        self.numbers = {name: number for number, name in enumerate(profile.quantities)}
        self.measures: dict[str, Folded] = {}

    def values(self) -> Values:
        """All of it."""
        quantities = tuple(
            Made(f"quantity {one.name}", one.scale == "log", self.sources(one, one.instead))
            for one in self.profile.quantities.values()
        )
        features, contexts = [], dict[str, Made]()
        context_of = np.full((len(self.profile.features), 2), -1, np.intp)
        for number, feature in enumerate(self.profile.features):
            sources = self.sources(feature, feature.instead)
            features.append(Made(feature_label(feature), feature.scale == "log", sources))
            for place, name in enumerate(feature.context[:2]):
                made = self.context(name, feature.mode)
                contexts.setdefault(made.label, made)
                context_of[number, place] = list(contexts).index(made.label)
        return Values(tuple(self.measures.values()), quantities, tuple(features), tuple(contexts.values()), context_of)

    def sources(self, first: Measure, instead: tuple[Measure, ...]) -> tuple[Source, ...]:
        """The ways to a number; where one is made for a plug alone, readings without mode don't stand for those of a mode."""
        is_strict = any(one.statistic.startswith(("on_", "off_")) for one in instead)
        return tuple(self.source(one, is_strict=is_strict) for one in (first, *instead))

    def source(self, one: Measure, *, is_strict: bool) -> Source:
        """One way, its measure folded."""
        metric, minus = (-1 if name is None else self.metrics.index(name) for name in (one.metric, one.minus))
        mode = -1 if one.mode is None else self.modes.index(one.mode)
        over, less = (-1 if name is None else self.numbers[name] for name in (one.over, one.less))
        return Source(self.fold(one, metric, minus, mode, is_strict=is_strict), over, less)

    def fold(self, one: Measure, metric: int, minus: int, mode: int, *, is_strict: bool) -> int:
        """The number of a folded measure."""
        plain = Measure(one.statistic, one.metric, one.minus, one.mode, one.after_s)
        label = _measure_label(plain) + (", told modes only" if is_strict and mode >= 0 else "")
        self.measures.setdefault(
            label, Folded(one.statistic, metric, minus, mode, round(one.after_s * 1000), is_strict, label)
        )
        return list(self.measures).index(label)

    def context(self, name: str, mode: str | None) -> Made:
        """What explains a feature: a quantity, or the mean of a metric in the feature's mode (of totals: rise per day)."""
        if name in self.numbers:
            quantity: Quantity = self.profile.quantities[name]
            return Made(f"quantity {name} as context", quantity.scale == "log", (Source(-1, self.numbers[name]),))
        is_total = self.profile.metrics[name].kind in (MetricKind.TOTAL, MetricKind.TOTAL_INCREASING)
        of = Measure("per_day" if is_total else "mean", name, mode=None if is_total else mode)
        number = self.source(of, is_strict=False)
        return Made(_measure_label(of), is_log=False, sources=(number,))
