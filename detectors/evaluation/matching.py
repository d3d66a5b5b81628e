"""Matching: which finding is a warning of which fault, which comes too late, and which is false.

A finding warns of a fault of its appliance where it is raised, or stands, between the fault's onset and its failure,
under whatever name: a wrong name makes it wrongly named, neither a miss nor a false alarm. Where one of several faults
has its name, it speaks of that one alone. A finding raised while no fault is there is false, though it may stand until
one comes. What is raised after the failure and before the repair (and the day after it) is late: neither of both.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from detectors.evaluation.raised import Raised
from detectors.evaluation.truth import DAY_MS, Fault, SensorFault, Truth
from detectors.finding import UNKNOWN


@dataclass(frozen=True, slots=True)
class Told:
    """A fault with the findings that warned of it, the first one first, and those that were raised while it lasted."""

    fault: Fault
    warnings: Sequence[Raised]
    tickets: int
    """How many findings were raised, or stood, from the onset to the repair."""

    @property
    def first_ms(self) -> int | None:
        """When it was first warned of; the onset, where something stood before."""
        return max(self.warnings[0].raised_ms, self.fault.onset_ms) if self.warnings else None

    @property
    def named(self) -> Raised | None:
        """The finding whose name counts: the first that names a mode, else the first."""
        known = (one for one in self.warnings if one.fault_mode != UNKNOWN)
        return next(known, self.warnings[0] if self.warnings else None)

    def is_named_within(self, causes: int) -> bool:
        """Whether the fault is among the first so many causes."""
        return self.named is not None and self.fault.fault_mode in self.named.causes[:causes]


@dataclass(frozen=True, slots=True)
class Matched:
    """A truth and findings, held against each other."""

    told: Sequence[Told]
    false: Sequence[Raised]
    right_sensors: Sequence[SensorFault]
    """The faults of sensors that were told by their metric."""
    false_data: Sequence[Raised]
    findings: Sequence[Raised] = field(default_factory=list)
    """All findings that are not of the data."""


def match(truth: Truth, raised: Sequence[Raised]) -> Matched:
    """Hold findings against the truth."""
    said = [one for one in raised if not one.is_data_fault]
    data = [one for one in raised if one.is_data_fault]
    faults: dict[str, list[Fault]] = {}
    for fault in truth.faults:
        faults.setdefault(fault.appliance_id, []).append(fault)
    by_fault: dict[int, list[Raised]] = {id(fault): [] for fault in truth.faults}
    tickets: dict[int, int] = dict.fromkeys(by_fault, 0)
    false = []
    for one in said:
        mine = faults.get(one.appliance_id, [])
        for fault in _meant(one, [f for f in mine if one.stands(f.onset_ms, f.last_ms)]):
            by_fault[id(fault)].append(one)
        for fault in _meant(one, [f for f in mine if one.stands(f.onset_ms, f.over_ms)]):
            tickets[id(fault)] += 1
        if not any(f.onset_ms <= one.raised_ms <= f.over_ms + DAY_MS for f in mine):
            false.append(one)
    told = [Told(fault, by_fault[id(fault)], tickets[id(fault)]) for fault in truth.faults]
    right = [fault for fault in truth.sensor_faults if any(_is_of(one, fault) for one in data)]
    wrong = [one for one in data if not any(_is_of(one, fault) for fault in truth.sensor_faults)]
    return Matched(told, false, right, wrong, said)


def _meant(one: Raised, faults: Sequence[Fault]) -> Sequence[Fault]:
    """Of the faults that a finding can mean, those that it does mean."""
    return [fault for fault in faults if fault.fault_mode == one.fault_mode] or faults


def _is_of(one: Raised, fault: SensorFault) -> bool:
    """Whether a finding of the data tells of this sensor while it is faulty, or on the day after."""
    same = one.appliance_id == fault.appliance_id and one.metric == fault.metric
    return same and one.stands(fault.start_ms, fault.end_ms + DAY_MS)
