"""Slices: the samples and events of one fold → pieces in which an appliance closes at most one unit, with its last sample.

All layers behind hygiene look at an appliance's standing findings, and an event ends a cycle or begins a new baseline. So
they take turns unit by unit and event by event, wherever a batch happens to be cut: of samples of an event's own time those
with a lower number stand before it, and all where the appliance doesn't count. And a piece ends where a portion of the
fleet's teaching does (portions.py), by the order of arrival. What is in no piece's way stays together: as a rule a fold is
one piece.

An event stands, among what other appliances said, behind the last sample of its own appliance in the fold; where it really
came shows only if a portion ends in between.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from detectors.kinds.portions import Portions
from detectors.layering.grouping import Sorted
from detectors.layering.piece import NO_UNIT
from ingest.sample import Event, EventType


@dataclass(frozen=True, slots=True)
class Mark:
    """An event among sorted samples: before the sample at ``at``, or behind the last one of its group."""

    event: Event
    group: int
    at: int
    is_first: bool
    """Whether no sample of its group stands before it."""

    @property
    def finishes(self) -> bool:
        """Whether it says that a cycle is finished."""
        return self.event.type is EventType.CYCLE_FINISHED


@dataclass(frozen=True, slots=True, eq=False)
class Slice:
    """A piece: its samples, the events behind them, and whether a portion of teaching begins with it."""

    part: NDArray[np.intp] | slice
    events: Sequence[Event]
    begins: bool


def order_of(event: Event) -> tuple[int, float]:
    """Where an event stands among what its appliance said."""
    return event.ts_ms, math.inf if event.seq is None else event.seq


def marked(samples: Sorted, seq: NDArray[np.int64], groups: Mapping[str, int], events: Sequence[Event]) -> list[Mark]:
    """The events of appliances that have samples here, by group and in their order; ``seq`` (N,) numbers the samples."""
    marks = []
    for event in sorted(events, key=order_of):
        group = groups.get(event.appliance_id)
        if group is None:
            continue
        start, end = int(samples.starts[group]), int(samples.ends[group]) + 1
        at = start + int(np.searchsorted(samples.ts[start:end], event.ts_ms))
        while at < end and (int(samples.ts[at]), int(seq[at])) < order_of(event):
            at += 1
        marks.append(Mark(event, group, at, at == start))
    return sorted(marks, key=lambda mark: mark.group)


def ends(
    samples: Sorted,
    keys: NDArray[np.int64],
    open_before: NDArray[np.int64],
    last_ts: NDArray[np.int64],
    marks: Sequence[Mark],
) -> tuple[NDArray[np.bool_], list[bool]]:
    """Which samples, (N,), and which marks close a unit.

    ``keys``: the unit of each sample, ``open_before``: the one open before it as far as samples say, ``last_ts``: the time
    of each group's last sample before these. A mark from before that closes nothing: later samples have done it.
    """
    behind: dict[int, int] = {}
    ending = []
    for mark in marks:
        is_inside = mark.at <= samples.ends[mark.group]
        open_key = open_before[mark.at] if is_inside else behind.get(mark.group, int(keys[mark.at - 1]))
        is_valid = mark.finishes and not (mark.is_first and mark.event.ts_ms < last_ts[mark.group])
        ending.append(bool(is_valid and open_key != NO_UNIT))
        if is_valid and is_inside:
            open_before[mark.at] = NO_UNIT
        elif is_valid:
            behind[mark.group] = NO_UNIT
    return (open_before != NO_UNIT) & (open_before != keys), ending


def slices(
    samples: Sorted,
    closes: NDArray[np.bool_],
    place: NDArray[np.intp],
    marks: Sequence[Mark],
    ending: Sequence[bool],
    portions: Portions,
) -> Iterator[Slice]:
    """The pieces until all was given.

    ``closes`` (N,): whether a sample closes a unit, ``ending``: whether a mark does; ``place``: where a sample stands among all
    that came. First by portion, so that all of one are taken before the fleet is taught by them; then by turn, so that what
    ends behind a sample is taken before the next sample of its appliance.
    """
    if not marks and not closes.any():
        yield Slice(slice(None), (), begins=False)
        return
    place, stands = _places(samples, place, marks)
    units = np.flatnonzero(closes)
    ended = [number for number, is_end in enumerate(ending) if is_end]
    where = np.r_[place[units], stands[ended]]
    closed_ms = np.r_[samples.ts[units], np.array([marks[number].event.ts_ms for number in ended], np.int64)]
    order = np.argsort(where, kind="stable")
    begins = where[order][portions.first(closed_ms[order])]
    turn, turn_of = _turns(samples, closes, marks)
    portion_of = np.searchsorted(begins, stands, side="right")
    ended_at = (
        np.r_[samples.group[units], np.array([mark.group for mark in marks], np.intp)],
        np.r_[turn[units], turn_of],
        np.r_[np.searchsorted(begins, place[units], side="right"), portion_of],
    )
    portion = _portions(samples, turn, ended_at, len(begins))
    turns = int(max(turn.max(), turn_of.max(initial=0))) + 1
    there = np.bincount(np.r_[portion * turns + turn, portion_of * turns + turn_of])
    last = 0
    for which, number in zip(*(found.tolist() for found in np.divmod(np.flatnonzero(there), turns)), strict=True):
        here = np.flatnonzero((portion_of == which) & (turn_of == number)).tolist() if marks else []
        part = np.flatnonzero((portion == which) & (turn == number))
        yield Slice(part, [marks[mark].event for mark in here], begins=which > last)
        last = which


def _places(
    samples: Sorted, place: NDArray[np.intp], marks: Sequence[Mark]
) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Comparable places of samples, never falling within an appliance, and of marks."""
    step = 2 * (int(place.max()) + 1)
    rising: NDArray[np.intp] = np.maximum.accumulate(2 * place + samples.group * step) - samples.group * step
    stands = np.array([-1 if mark.is_first else int(rising[mark.at - 1]) + 1 for mark in marks], np.intp)
    return rising, stands


def _turns(
    samples: Sorted, closes: NDArray[np.bool_], marks: Sequence[Mark]
) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """How often something of its appliance has ended before each sample, and before each mark."""
    count: NDArray[np.intp] = np.r_[0, np.cumsum(closes)]
    at_start = count[samples.starts]
    turn = count[:-1] - at_start[samples.group]
    turn_of = np.zeros(len(marks), np.intp)
    group, before = -1, 0
    for number, mark in enumerate(marks):
        group, before = mark.group, before + 1 if mark.group == group else 0
        turn_of[number] = count[mark.at] - at_start[mark.group] + before
        turn[mark.at : int(samples.ends[mark.group]) + 1] += 1
    return turn, turn_of


def _portions(
    samples: Sorted,
    turn: NDArray[np.intp],
    ended_at: tuple[NDArray[np.intp], NDArray[np.intp], NDArray[np.intp]],
    last: int,
) -> NDArray[np.intp]:
    """The portion in which each sample's turn ends, ``last`` where it goes on; ``ended_at``: group, turn, portion of each end.

    Only ends are judged by what the fleet knows; what leads to them stays together with them.
    """
    group, number, portion = ended_at
    count = np.bincount(group, minlength=len(samples.starts))
    at = (np.cumsum(count) - count)[samples.group] + turn
    in_order = portion[np.lexsort((number, group))]
    found: NDArray[np.intp] = np.where(turn < count[samples.group], in_order[np.minimum(at, len(in_order) - 1)], last)
    return found
