"""L9, standing faults of the data: one for each sensor and each way in which it is at fault.

A fault of the data is known by its name and the metric whose sensor is at fault; what is nobody's alone, like a gap, has no
metric. Raising or clearing one says nothing of another: two stuck sensors of an appliance are two findings. Each stays
quiet for the refractory time after it was raised.

Most appliances have none, and hardly any has more than a few, so they stand in :data:`FAULTS_MAX` places of their own in the
order of their names, the quiet ones among them. Where all places are taken, one that no longer stands and was raised
longest ago makes room; where all of them stand, no further one is raised until one is cleared: whoever looks after eight faults of
one appliance will find the ninth.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import ClassVar, NamedTuple

import numpy as np
from numpy.typing import NDArray

from detectors.finding import Cleared, Evidence, Finding, FindingChannel
from detectors.state.columns import Arrays, Axis, Column, places
from detectors.state.layout import Layout
from detectors.state.seldom import NOWHERE, Seldom
from detectors.state.table import Records, values_of
from ingest.profiles.definition import Profile

DATA_REFRACTORY_MS = 7 * 86_400_000
COMPONENT = "data"
FAULTS_MAX = 8
NAME = "data_standing"


class DataFault(NamedTuple):
    """A fault of the data by its name, and the metric whose sensor it is of; None for what is no single sensor's."""

    name: str
    metric: str | None = None

    @property
    def label(self) -> str:
        """As it stands in a layout."""
        return self.name if self.metric is None else f"{self.name} {self.metric}"

    @classmethod
    def of(cls, label: str) -> DataFault:
        """The one with this label."""
        name, _, metric = label.partition(" ")
        return cls(name, metric or None)


class DataStanding:
    """The standing faults of the data of one appliance kind, by row of the appliance."""

    name: ClassVar[str] = NAME
    version: ClassVar[int] = 1
    formerly: ClassVar[tuple[str, ...]] = ()

    def __init__(self, profile: Profile, ids: list[str], names: Iterable[str] = ()) -> None:
        """``names``: the faults of the data that its layers raise."""
        self.kind = profile.kind
        self.ids = ids
        self.names = tuple(names)
        self.known = [DataFault(name, metric) for name in self.names for metric in (None, *profile.metrics)]
        self.number = {fault: number for number, fault in enumerate(self.known)}
        self.own: Arrays = {}
        self.seldom = Seldom()

    def columns(self) -> tuple[Column, ...]:
        """By place: which fault, when it was raised last, and whether it stands."""
        axes = (places("fault", FAULTS_MAX),)
        labels = Axis("data_fault", tuple(fault.label for fault in self.known))
        return (
            Column("fault", "i2", axes, fill=-1, codes=labels, is_seldom=True),
            Column("raised", "i8", axes, is_seldom=True),
            Column("stands", "?", axes, is_seldom=True),
        )

    def stands(self, row: int, fault: DataFault) -> bool:
        """Whether this fault stands."""
        place, at = self._at(row, fault)
        return at is not None and bool(self.seldom.own["stands"][place, at])

    def of(self, row: int, name: str) -> list[DataFault]:
        """The faults of one name that stand of an appliance."""
        place = int(self.seldom.places[row])
        if place == NOWHERE:
            return []
        faults, stands = self.seldom.own["fault"][place], self.seldom.own["stands"][place]
        standing = [self.known[number] for number in faults[stands & (faults >= 0)].tolist()]
        return [fault for fault in standing if fault.name == name]

    def any_of(self, rows: NDArray[np.intp], name: str) -> NDArray[np.bool_]:
        """(B,): for whom a fault of this name stands."""
        first = self.number[DataFault(name)]
        last = first + len(self.known) // len(self.names)
        fault, stands = self.seldom.read("fault", rows), self.seldom.read("stands", rows)
        is_so = stands & (fault >= first) & (fault < last)
        found: NDArray[np.bool_] = np.any(is_so, axis=1)
        return found

    def may_rise(self, row: int, fault: DataFault, now_ms: int) -> bool:
        """Whether this fault may be raised now: it doesn't stand, its refractory time is over, and there is room."""
        place, at = self._at(row, fault)
        if at is not None:
            own = self.seldom.own
            return not own["stands"][place, at] and now_ms - int(own["raised"][place, at]) >= DATA_REFRACTORY_MS
        return place == NOWHERE or not (self.seldom.own["stands"][place] & (self.seldom.own["fault"][place] >= 0)).all()

    def rise(
        self, row: int, fault: DataFault, now_ms: int, evidence: Evidence | None, *, probability: float
    ) -> Finding:
        """Raise a fault; ``evidence``: what its sensor shows."""
        self.go_on(row, fault, now_ms)
        return begun((self.ids[row], self.kind), fault, now_ms, evidence, probability=probability)

    def go_on(self, row: int, fault: DataFault, raised_ms: int) -> None:
        """Let a fault stand that was raised then."""
        place, own = self.seldom.one(row), self.seldom.own
        kept = {
            number: (raised, stands)
            for number, raised, stands in zip(
                own["fault"][place].tolist(), own["raised"][place].tolist(), own["stands"][place].tolist(), strict=True
            )
            if number >= 0
        }
        kept[self.number[fault]] = (raised_ms, True)
        while len(kept) > FAULTS_MAX:
            del kept[min(kept, key=lambda number: (kept[number][1], kept[number][0]))]
        for name, column in own.items():
            column[place] = -1 if name == "fault" else 0
        for at, (number, (raised, stands)) in enumerate(sorted(kept.items())):
            own["fault"][place, at], own["raised"][place, at], own["stands"][place, at] = number, raised, stands

    def clear(self, row: int, fault: DataFault, now_ms: int, because: Cleared = Cleared.CALM) -> Finding:
        """End a standing fault; the answer repeats its identity with ``cleared_ms``."""
        place, at = self._at(row, fault)
        self.seldom.own["stands"][place, at] = False
        raised = int(self.seldom.own["raised"][place, at])
        return over(self.ids[row], self.kind, fault, raised_ms=raised, cleared_ms=now_ms, because=because)

    def _at(self, row: int, fault: DataFault) -> tuple[int, int | None]:
        """Where the appliance's faults are, and where this one is among them; None where it was never raised."""
        place = int(self.seldom.places[row])
        found = np.flatnonzero(self.seldom.own["fault"][place] == self.number[fault])
        return place, int(found[0]) if len(found) else None


def begun(
    who: tuple[str, str], fault: DataFault, now_ms: int, evidence: Evidence | None, *, probability: float
) -> Finding:
    """The finding of a fault of the data of ``who`` (appliance, kind), just raised."""
    return Finding(
        *who, fault.name, COMPONENT, FindingChannel.DATA,
        raised_ms=now_ms, onset_ms=now_ms if evidence is None else evidence.since_ms, score=1.0, severity=0.3,
        probability=probability, evidence=() if evidence is None else (evidence,), metric=fault.metric,
    )  # fmt: skip


def over(
    appliance_id: str, kind: str, fault: DataFault, *, raised_ms: int, cleared_ms: int, because: Cleared
) -> Finding:
    """The end of a fault of the data: its identity, and when and why it was cleared."""
    return Finding(
        appliance_id, kind, fault.name, COMPONENT, FindingChannel.DATA,
        raised_ms=raised_ms, onset_ms=raised_ms, score=0.0, severity=0.0, probability=0.0,
        cleared_ms=cleared_ms, cleared_because=because, metric=fault.metric,
    )  # fmt: skip


def gone_faults(
    ids: list[str], kind: str, layout: Layout, records: Records, now_ms: NDArray[np.int64], known: Iterable[DataFault]
) -> list[Finding]:
    """The ends of what stands in stored records (N, bytes) and that nobody knows any more; ``now_ms`` (N,)."""
    columns = values_of(layout, records, NAME)
    if "fault" not in columns:
        return []
    column, faults = columns["fault"]
    raised, known = columns["raised"][1], set(known)
    stands = columns["stands"][1] & (faults >= 0)
    labels = () if column.codes is None else column.codes.labels
    ends = []
    for record, at in np.argwhere(stands).tolist():
        fault = DataFault.of(labels[int(faults[record, at])])
        if fault not in known:
            raised_ms = int(raised[record, at])
            cleared_ms = max(raised_ms, int(now_ms[record]))
            ends.append(
                over(ids[record], kind, fault, raised_ms=raised_ms, cleared_ms=cleared_ms, because=Cleared.MODE_GONE)
            )
    return ends
