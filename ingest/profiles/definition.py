"""Profile: what is known of one appliance kind, as data.

A profile is read from one TOML file beside this module. A new kind, or a new model with other metrics, is a new file
and no code. ``generic`` is the profile with nothing in it: every numeric metric is taken as it comes.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from ingest.profiles.care import Advice, Consumable, Use


class MetricKind(StrEnum):
    """How the values of a metric behave over time."""

    MEASUREMENT = "measurement"
    TOTAL = "total"
    TOTAL_INCREASING = "total_increasing"
    BOOLEAN = "boolean"


class Unit(StrEnum):
    """The span of time over which one row of features is computed."""

    DAY = "day"
    CYCLE = "cycle"
    NONE = "none"


@dataclass(frozen=True, slots=True)
class Metric:
    """A named physical quantity; readings outside [low, high] are impossible and point at the sensor."""

    name: str
    unit: str
    kind: MetricKind
    low: float
    high: float
    is_computed: bool = False
    """Whether only an appliance with some electronics tells it, which computes it from its own readings."""
    label: Mapping[str, str] = field(default_factory=dict)


COUNTS = frozenset({"per_day", "count_per_day", "count"})


@dataclass(frozen=True, slots=True)
class Measure:
    """How a number is taken from the readings of one day or one cycle.

    ``statistic`` of ``metric`` (less ``minus``, where given) over the samples whose mode is ``mode`` (all where None), from
    ``after_s`` seconds after it was entered: ``mean``, ``max``, ``min``, ``std``, ``spread_pct`` (standard deviation in % of
    the mean), ``last``, ``delta`` (last less first, for totals), ``per_day`` (delta per day covered).

    From one reading to the next, within one stay in ``mode``: ``rise_per_min`` and ``fall_per_min`` (by how much it rises or
    falls per minute), ``drop_per_min`` (its falls alone, whatever fills it up again), ``jitter`` (root mean square of the steps); ``peak`` and ``trough`` (highest and lowest level that two
    readings in a row keep, whatever the mode); ``calm_rise_per_h`` and ``calm_fall_per_h`` (least rise or fall per hour over
    any whole two hours spent in ``mode``).

    Of a mode alone: ``duration_s`` (time spent in ``mode``, or the length of the whole day or cycle), ``share_pct`` (in % of
    that length), ``count`` (entries), ``count_per_day``, ``stay_s`` (mean time from entry to exit).

    Where only a power plug speaks: ``on_mean`` (mean of ``metric`` while it is above half of its usual maximum),
    ``on_run_s`` and ``off_run_s`` (mean length of the runs above and below that level; they need a reading at least every
    three minutes).

    The number is divided by the quantity ``over`` and lessened by the quantity ``less``, where these are given.
    """

    statistic: str
    metric: str | None = None
    minus: str | None = None
    mode: str | None = None
    after_s: float = 0.0
    over: str | None = None
    less: str | None = None


@dataclass(frozen=True, slots=True)
class Quantity(Measure):
    """A number that is not judged itself: it explains features, or they are divided or lessened by it.

    The first of ``instead`` stands in where the appliance never tells what the number itself needs, and so on.
    """

    name: str = ""
    scale: str = "linear"
    instead: tuple[Measure, ...] = ()


@dataclass(frozen=True, slots=True)
class Feature(Measure):
    """A number computed from the readings of one day or one cycle, and judged.

    ``context`` names the quantities or metrics whose mean (of totals: increase per day) over the same span explains ordinary
    variation, the strongest first, at most two; ``scale`` is ``linear`` or
    ``log``; ``floor`` is the least standard deviation that is believed, in the feature's unit (or log units). ``instead`` is
    how the number is taken where the appliance never tells it by itself, the first that can be.
    """

    name: str = ""
    unit: str = ""
    context: tuple[str, ...] = ()
    scale: str = "linear"
    floor: float = 0.0
    instead: tuple[Measure, ...] = ()
    label: Mapping[str, str] = field(default_factory=dict)

    @property
    def is_count(self) -> bool:
        """Whether it says how often something happens, on a linear scale: never less often than never."""
        return self.scale == "linear" and self.statistic in COUNTS and self.less is None


@dataclass(frozen=True, slots=True)
class Rule:
    """A fixed limit: ``metric`` above or below a value for at least ``for_s`` seconds means ``fault_mode``."""

    metric: str
    fault_mode: str
    above: float | None = None
    below: float | None = None
    for_s: float = 0.0


@dataclass(frozen=True, slots=True)
class Part:
    """A spare part; ``share`` is how often it is the one needed when the fault mode is confirmed."""

    sku: str
    name: Mapping[str, str]
    share: float


class Side(StrEnum):
    """On which side of the sound range a measured value speaks for the fault."""

    ABOVE = "above"
    BELOW = "below"
    OUTSIDE = "outside"


@dataclass(frozen=True, slots=True)
class Precondition:
    """What must hold at the appliance before a test begins, beside what the danger class asks for anyway.

    ``modes``: one of these, where any is named; ``above`` and ``below``: metric → the limit that its newest reading keeps;
    ``door``: ``closed`` or ``any``; ``idle_s``: so long without a programme.
    """

    modes: tuple[str, ...] = ()
    above: Mapping[str, float] = field(default_factory=dict)
    below: Mapping[str, float] = field(default_factory=dict)
    door: str = "any"
    idle_s: float = 0.0


@dataclass(frozen=True, slots=True)
class Effect:
    """What the readings show while a test runs: ``metric`` above or below a value, once at least."""

    metric: str
    above: float | None = None
    below: float | None = None


@dataclass(frozen=True, slots=True)
class Cost:
    """What a test costs the customer beside its minutes: noise from 0 (none) to 3 (heard next door), and litres of water."""

    noise: int = 0
    water_l: float = 0.0


@dataclass(frozen=True, slots=True)
class RemoteTest:
    """A test that an appliance can do by itself when asked, as data: what to command, and what its answer says.

    ``command`` with ``args``, done on ``component``, runs at most ``limit_s`` seconds and answers the number ``measure``
    in ``unit``; sound is what lies in ``healthy`` (low, high), and ``faulty`` is the side that speaks for the fault. Within
    ``tolerance`` of a limit the answer says little. ``sensitivity`` is the share of real faults that it finds,
    ``specificity`` that of sound appliances that it clears; ``rates`` is where both come from: ``assumed``, ``simulated``, or
    ``measured``. ``sees_from`` is the severity (0 as new, 1 failed) from which on it finds that share: a smaller fault it may
    not see yet, and what it does not see then says little. ``danger_class`` is that of the command, R0 to R3: what is
    never done remotely can't be written here. ``before`` are commands of class R0 that are asked first; ``watch`` are the
    metrics to look at meanwhile, ``effect`` is the reading that proves that it ran; ``ask`` is what the customer does first.
    """

    name: str
    label: Mapping[str, str]
    command: str
    danger_class: str
    limit_s: float
    measure: str
    unit: str
    healthy: tuple[float, float]
    component: str | None = None
    args: Mapping[str, float] = field(default_factory=dict)
    faulty: Side = Side.OUTSIDE
    tolerance: float = 0.0
    sensitivity: float = 0.9
    specificity: float = 0.95
    rates: str = "assumed"
    sees_from: float = 0.0
    needs: Precondition = field(default_factory=Precondition)
    before: tuple[str, ...] = ("snapshot.read",)
    watch: tuple[str, ...] = ()
    effect: Effect | None = None
    cost: Cost = field(default_factory=Cost)
    ask: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class SelfHelp:
    """What a customer can do against a fault mode before anybody comes: nothing that needs a tool or opens a cover.

    ``helps`` is the share of real faults that it mends: assumed, until outcomes have been counted. ``minutes`` is what it
    takes; after ``settles_days`` at the latest the readings say whether it helped.
    """

    title: Mapping[str, str]
    steps: tuple[Mapping[str, str], ...]
    minutes: float
    helps: float = 0.5
    settles_days: float = 14.0


@dataclass(frozen=True, slots=True)
class Protection:
    """A gentle way of working that an appliance knows by ``name``, in which a fault grows slower until somebody comes.

    What it does is fixed in the appliance, within its safety limits. ``loss`` is what the customer does without meanwhile.
    It lasts ``hours`` at a time, is renewed while it is wanted, ``days_most`` in all, and falls back by itself.
    """

    name: str
    title: Mapping[str, str]
    loss: Mapping[str, str]
    hours: float = 48.0
    days_most: float = 21.0


@dataclass(frozen=True, slots=True)
class VisitNeeds:
    """What a visit for a fault takes: minutes at the door, a level of skill (1 to 3), licences by law."""

    minutes: int = 60
    level: int = 1
    licences: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class FaultMode:
    """A named kind of fault of one component.

    ``signature``: feature → signed shift at failure level, in multiples of the healthy fleet's standard deviation of
    that feature; only the direction of the whole vector matters. ``or_signature`` are other ways in which it may show. ``danger`` is 0 (nuisance) to 3 (hazard to people or
    home). ``time_scale_days`` is the usual span from first sign to failure. ``error_codes`` are used by
    any maker, ``maker_codes`` (maker → codes) by that one; ``test`` names the test that confirms the fault,
    ``no_test`` says why there is none.
    """

    name: str
    component: str
    title: Mapping[str, str]
    signature: Mapping[str, float]
    danger: int
    hazard_per_year: float
    time_scale_days: tuple[float, float]
    error_codes: tuple[str, ...] = ()
    maker_codes: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    remedy: Mapping[str, str] = field(default_factory=dict)
    first_check: Mapping[str, str] = field(default_factory=dict)
    test: str | None = None
    no_test: Mapping[str, str] = field(default_factory=dict)
    self_help: SelfHelp | None = None
    protect: Protection | None = None
    parts: tuple[Part, ...] = ()
    or_signature: tuple[Mapping[str, float], ...] = ()
    symptom_of: tuple[str, ...] = ()
    """Fault modes of which this one is a mere consequence: it joins their ticket."""
    visit: VisitNeeds = field(default_factory=VisitNeeds)

    @property
    def signatures(self) -> tuple[Mapping[str, float], ...]:
        """All ways in which it may show, those without any sign left out."""
        return tuple(one for one in (self.signature, *self.or_signature) if one)

    @property
    def codes(self) -> tuple[str, ...]:
        """Every code that speaks for this mode, whoever made the appliance, each once."""
        return tuple(dict.fromkeys([*self.error_codes, *(c for codes in self.maker_codes.values() for c in codes)]))


@dataclass(frozen=True, slots=True)
class Profile:
    """Everything known of one appliance kind."""

    kind: str
    label: Mapping[str, str]
    unit: Unit
    usual_interval_s: float
    modes: tuple[str, ...] = ()
    metrics: Mapping[str, Metric] = field(default_factory=dict)
    quantities: Mapping[str, Quantity] = field(default_factory=dict)
    features: tuple[Feature, ...] = ()
    rules: tuple[Rule, ...] = ()
    fault_modes: Mapping[str, FaultMode] = field(default_factory=dict)
    tests: Mapping[str, RemoteTest] = field(default_factory=dict)
    uses: Mapping[str, Use] = field(default_factory=dict)
    advice: Mapping[str, Advice] = field(default_factory=dict)
    consumables: Mapping[str, Consumable] = field(default_factory=dict)
    running_modes: tuple[str, ...] = ()
    """Modes in which the appliance works; with unit ``cycle`` a cycle lasts from the first to the last of them."""
