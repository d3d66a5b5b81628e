"""Cohorts: what appliances are by birth: model, firmware, age, home, production batch, and the parameters that go with it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from simulator.arrays import FloatArray, IntArray
from simulator.homes import Homes, draw_shares
from simulator.physics.kind import Kind, SteadyKind
from simulator.specification import FleetSpecification
from simulator.weather import DAY_MS

GROUP_SIZE = 512
BATCH_SPREAD_DAYS = 60.0


@dataclass(frozen=True, slots=True)
class Appliance:
    """What is known of one appliance of the fleet, as its label tells it."""

    id: str
    kind: str
    model: str
    serial: str
    firmware: str
    region: str
    home: str
    installed_ms: int


@dataclass(frozen=True, slots=True)
class Cohort:
    """The members of a group by birth."""

    appliances: tuple[Appliance, ...]
    model: IntArray
    age_days: FloatArray
    in_batch: NDArray[np.bool_]


def shared_out(specification: FleetSpecification, appliances: int) -> Iterator[tuple[str, int, int]]:
    """(kind, first, count) of each group: kinds by share, in groups of bounded size."""
    kinds = list(specification.kinds.values())
    edges = np.rint(np.cumsum([one.share for one in kinds]) / sum(one.share for one in kinds) * appliances).astype(int)
    first = 0
    for kind, end in zip(kinds, edges.tolist(), strict=True):
        while first < end:
            count = min(GROUP_SIZE, end - first)
            yield kind.kind, first, count
            first += count


def housed(
    specification: FleetSpecification, groups: Sequence[tuple[str, int, int]], rng: np.random.Generator
) -> list[IntArray]:
    """The home of each member of each group: as many homes as needed, nobody with two of one kind."""
    appliances = sum(count for *_, count in groups)
    of_kind = {kind: sum(count for name, _, count in groups if name == kind) for kind, *_ in groups}
    homes = max(round(appliances / specification.cohorts.appliances_per_home), *of_kind.values())
    if homes >= appliances:
        return [np.arange(first, first + count) for _, first, count in groups]
    order = {kind: rng.permutation(homes) for kind in of_kind}
    taken = dict.fromkeys(of_kind, 0)
    rows = []
    for kind, _, count in groups:
        rows.append(order[kind][taken[kind] : taken[kind] + count])
        taken[kind] += count
    return rows


def draw_cohort(
    specification: FleetSpecification,
    kind: Kind,
    homes: Homes,
    *,
    first: int,
    rows: IntArray,
    start_ms: int,
    rng: np.random.Generator,
) -> Cohort:
    """Labels of the members of a group; a weak batch is of the first model and of one time."""
    written = specification.kinds[kind.name]
    regions = [weather.region.name for weather in homes.weather]
    model = draw_shares([1.0] * len(written.models), len(homes), rng)
    firmware = draw_shares([1.0] * len(written.firmware), len(homes), rng)
    age_days = rng.uniform(60, 3000, len(homes))
    in_batch = np.zeros(len(homes), np.bool_)
    if written.batch is not None:
        in_batch = rng.random(len(homes)) < written.batch.share
        model[in_batch] = 0
        installed = written.batch.installed_days_ago + rng.uniform(-0.5, 0.5, len(homes)) * BATCH_SPREAD_DAYS
        age_days = np.where(in_batch, np.maximum(installed, 1.0), age_days)
    appliances = tuple(
        Appliance(
            id=f"{kind.prefix}-{first + i + 1:05d}",
            kind=kind.name,
            model=written.models[model[i]],
            serial=f"{rng.integers(10**9, 10**10)}",
            firmware=written.firmware[firmware[i]],
            region=regions[homes.region[i]],
            home=f"home-{rows[i] + 1:05d}",
            installed_ms=start_ms - int(age_days[i] * DAY_MS),
        )
        for i in range(len(homes))
    )
    return Cohort(appliances, model, age_days, in_batch)


def draw_parameters(
    specification: FleetSpecification,
    kind: Kind,
    model: IntArray,
    *,
    models_rng: np.random.Generator,
    rng: np.random.Generator,
) -> dict[str, FloatArray]:
    """Physical parameters of each member; those of a model have something in common. Settings are people's own."""
    own = frozenset(kind.settings if isinstance(kind, SteadyKind) else ())
    written = specification.kinds[kind.name]
    parameters = {}
    for name, spread in written.parameters.items():
        drawn = spread.widened(1.0 if name in own else specification.cohorts.widen).draw(len(model), rng)
        common = np.exp(models_rng.normal(0.0, specification.cohorts.model_sd, len(written.models)))
        parameters[name] = drawn if name in own or spread.low <= 0 else drawn * common[model]
    return parameters
