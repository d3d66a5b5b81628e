"""What the layers of a kind hand on to each other: samples, the units that they close, and what is known of these.

A fold is looked at twice. As a :class:`Whole`, before it is cut: which readings are believed, and which unit each sample
belongs to. Then as one :class:`Piece` after another, in each of which an appliance closes at most one unit.
"""

from __future__ import annotations

import zlib
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from detectors.finding import Condition, Finding, FleetFinding
from detectors.layering.fits import Moment
from detectors.layering.grouping import Sorted
from ingest.sample import Event, EventType

NO_UNIT = 0
PEER_PLACES = 64
"""Groups of peers that are told apart: the kind itself, models, and those of one model, firmware and region."""
PEER_MODELS_END = 16
"""The first place behind those of the kind and of models."""
PEER_FACT_TYPE = "S40"
"""What of a model's, firmware's or region's name is kept, to be told: its first forty bytes."""
STARTS_OVER = frozenset({EventType.PART_REPLACED})
"""Events after which an appliance is another one: what stood of it is over."""

Floats = NDArray[np.float64]
Readings = NDArray[np.float32]
Numbers = NDArray[np.int64]
Bools = NDArray[np.bool_]


@dataclass(slots=True, eq=False)
class Whole:
    """All N samples of one fold, sorted by (row, time), in G groups of one appliance each; M metrics of the profile."""

    samples: Sorted
    raw: Floats
    """(N, M): as reported, each in its metric's unit."""
    readings: Readings
    """(N, M): what is believed, NaN where nothing is."""
    modes: Numbers
    """(N,): the operating mode by its number, -1 for none."""
    cycles: Numbers
    """(N,): of the name of its cycle (:func:`cycle_numbers`), :data:`NO_UNIT` for none."""
    before_ts: Numbers
    """(G,): time of each group's last sample before these, in ms; 0 for none."""
    before_mode: Numbers
    """(G,): its mode."""
    findings: list[Finding]
    scored: tuple[Readings, Readings, Readings, Numbers] | None = None
    """From the point bank, for measured metrics: z and σ (N, measured), last reading before (G, measured), samples before (G,)."""
    keys: Numbers | None = None
    """(N,): the unit of each sample, :data:`NO_UNIT` for none."""
    open_before: Numbers | None = None
    """(N,): the unit that is open before each sample, as far as samples say."""

    def scores(self) -> tuple[Readings, Readings, Readings, Numbers]:
        """What the point bank has scored, as :attr:`scored` (N, measured) has it and in its units; it runs before whoever asks."""
        if self.scored is None:
            raise LookupError("a layer that reads scores of readings must stand behind the point bank")
        return self.scored

    @property
    def values(self) -> Floats:
        """(N, M): as reported, NaN where it is not believed."""
        return np.where(np.isnan(self.readings), np.nan, self.raw)


def cycle_numbers(names: Sequence[str | None]) -> Numbers:
    """A number for each cycle by its name alone, :data:`NO_UNIT` for none: (N,)."""
    numbers = {name: zlib.crc32(name.encode()) + 2 if name else NO_UNIT for name in dict.fromkeys(names)}
    return np.fromiter(map(numbers.__getitem__, names), np.int64, len(names))


@dataclass(frozen=True, slots=True, eq=False)
class Samples:
    """N samples of a piece, sorted by (row, time)."""

    rows: NDArray[np.intp]
    ts: Numbers
    readings: Readings
    values: Floats
    modes: Numbers
    keys: Numbers
    before_ts: Numbers
    """(N,): time of the sample before, of the same appliance, in ms; 0 for none."""
    before_mode: Numbers
    """(N,): its mode."""
    places: NDArray[np.intp]
    """(N,): where each stands in the whole fold."""

    def __len__(self) -> int:
        return len(self.rows)

    def taken(self, part: NDArray[np.intp] | slice) -> Samples:
        """Some of them, ``part`` (n,), in the same order."""
        return Samples(
            self.rows[part],
            self.ts[part],
            self.readings[part],
            self.values[part],
            self.modes[part],
            self.keys[part],
            self.before_ts[part],
            self.before_mode[part],
            self.places[part],
        )


@dataclass(frozen=True, slots=True, eq=False)
class UnitRows:
    """B closed days or cycles in the order of (appliance, time), on their working scale (log where the profile says)."""

    rows: NDArray[np.intp]
    start_ms: Numbers
    closed_ms: Numbers
    is_usable: Bools
    features: Floats
    """(B, F), each in its feature's unit; NaN where nothing was read."""
    contexts: Floats
    """(B, contexts), each in its metric's unit."""

    def taken(self, which: NDArray[np.intp]) -> UnitRows:
        """Some of them, ``which`` (n,)."""
        return UnitRows(
            self.rows[which],
            self.start_ms[which],
            self.closed_ms[which],
            self.is_usable[which],
            self.features[which],
            self.contexts[which],
        )


@dataclass(frozen=True, slots=True, eq=False)
class RunScores:
    """Per sample of a plug: its place in the piece, its score (1 is an alarm), the length of the run that goes on (or 0).

    ``endless``: the run alone is an alarm, being twice as long as any that is remembered. ``usual`` (S, 5), ``recent`` (S, 2),
    ``onset_ms`` and ``since_ms`` (S,): what was known of the runs at this sample, for those who word a finding.
    """

    at: NDArray[np.intp]
    score: Floats
    length_s: Floats
    endless: Bools
    usual: Floats
    recent: Floats
    onset_ms: Floats
    since_ms: Floats


@dataclass(slots=True, eq=False)
class Deviations:
    """How far B usable units are from what their appliances should show; F features, S fault modes with a signature."""

    units: UnitRows
    z: Floats
    """(B, F) standard deviations; NaN where nothing can be said."""
    expected: Floats
    """(B, F), in the feature's unit (log where the profile says)."""
    sigma: Floats
    """(B, F), likewise."""
    rows_before: Numbers
    """(B,): usable units that each appliance gave before."""
    learn_rows: int
    """So many it takes until an appliance is judged."""
    groups: NDArray[np.intp] | None = None
    """(levels, B): the place of each group that a unit is one of, 0 for the kind, and for none."""
    facts: NDArray[np.bytes_] | None = None
    """(:data:`PEER_PLACES`, 3): by the place of a group its model, firmware and region, in UTF-8, empty where unknown."""

    @property
    def is_taught(self) -> Bools:
        """(B,): whose usual behaviour is known."""
        return self.rows_before >= self.learn_rows


@dataclass(frozen=True, slots=True, eq=False)
class Accumulated:
    """What deviations have come to, row after row; scores are multiples of their thresholds, 1 is an alarm."""

    score: Floats
    """(B,): the worst of all, 0 for an appliance that is judged by its runs."""
    mode_scores: Floats
    """(B, S)."""
    smooth: Floats
    """(B, F): recent mean deviation in standard deviations, 0 where none is known."""
    known: Bools
    """(B, F): whether the feature was ever read of this appliance; what was not is neither usual nor unusual."""
    onset_mode: Numbers
    """(B, S): minutes since 1970 at which what stands began, 0 for nothing."""
    onset_single: Numbers
    """(B, F): likewise."""
    correlation: Floats
    """(F, F): the fleet's, between features."""


@dataclass(frozen=True, slots=True, eq=False)
class Diagnosis:
    """For B units: posterior (B, S + 1; the last is unknown), severity (B, S), 1 at failure level, and what it rests on.

    ``power`` (B, S) is the squared length of each signature as far as its features are read, in standard deviations.
    """

    posterior: Floats
    severity: Floats
    power: Floats


@dataclass(frozen=True, slots=True, eq=False)
class Ended:
    """The appliances (B,) that say that a cycle is finished, each once, and when (B,), in ms."""

    rows: NDArray[np.intp]
    ts: Numbers


@dataclass(slots=True, eq=False)
class Piece:
    """Some samples, or one event of the appliance at ``row``, or ends of cycles, and what layer after layer adds."""

    findings: list[Finding]
    conditions: list[Condition]
    samples: Samples | None = None
    event: Event | None = None
    row: int = -1
    ended: Ended | None = None
    units: UnitRows | None = None
    """The days or cycles closed here."""
    is_plugged: Bools | None = None
    """(units,): whether the appliance is judged run by run, for a power plug speaks for it."""
    runs: RunScores | None = None
    deviations: Deviations | None = None
    accumulated: Accumulated | None = None
    diagnosis: Diagnosis | None = None
    bars: Floats | None = None
    """(modes and unknown): how strongly each must show to be raised (wording.strength); 0 where nothing is asked."""
    moments: list[Moment] = field(default_factory=list)
    """Units of appliances of which a named finding stands by evidence."""
    waits: Bools | None = None
    """(B,): whose alarms by evidence wait, for many of its group are conspicuous at once."""
    begins_anew: Bools | None = None
    """(B,): whose evidence is to be gathered anew."""
    fleet_findings: list[FleetFinding] = field(default_factory=list)
    """What is said of many at once."""
    failing: dict[int, float] = field(default_factory=dict)
    """By row, the probability that the appliance fails within thirty days, of those of which a named finding stands by evidence."""
    findings_before: int = field(init=False)
    """How many findings the fold had before this piece."""

    def __post_init__(self) -> None:
        self.findings_before = len(self.findings)

    @property
    def rows(self) -> NDArray[np.intp]:
        """The appliances that it is about (n,)."""
        if self.samples is not None:
            return np.unique(self.samples.rows)
        return np.array([self.row], np.intp) if self.ended is None else self.ended.rows

    @property
    def starts_over(self) -> bool:
        """Whether an event says that the appliance is another one now."""
        return self.event is not None and self.event.type in STARTS_OVER
