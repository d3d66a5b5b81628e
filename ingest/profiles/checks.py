"""What must fit together in a profile: names that name something, ranges that are ranges, shares that are shares."""

from __future__ import annotations

import re
from collections.abc import Collection

from ingest.profiles.definition import (
    FaultMode,
    Feature,
    Measure,
    Metric,
    Profile,
    Protection,
    Quantity,
    RemoteTest,
    Rule,
    SelfHelp,
    Unit,
)
from ingest.profiles.toml_form import Place, ProfileDocument

STATISTICS_OF_METRIC = frozenset(
    [
        "mean",
        "max",
        "min",
        "std",
        "spread_pct",
        "last",
        "delta",
        "per_day",
        "on_mean",
        "on_run_s",
        "off_run_s",
        "rise_per_min",
        "fall_per_min",
        "drop_per_min",
        "jitter",
        "peak",
        "trough",
        "calm_rise_per_h",
        "calm_fall_per_h",
    ]
)
STATISTICS_OF_MODE = frozenset({"count", "count_per_day", "stay_s", "share_pct"})
STATISTICS = STATISTICS_OF_METRIC | STATISTICS_OF_MODE | {"duration_s"}
RESERVED_NAMES = frozenset({"id", "ts", "time", "mode", "cycle", "appliance_id"})
DANGER_MAX = 3
LEVEL_MAX = 3
VISIT_MINUTES_MAX = 480

_KIND = re.compile(r"[a-z][a-z0-9_]{0,31}")
_NAME = re.compile(r"[a-z][a-z0-9_]{0,63}")
_DANGER_CLASS = re.compile(r"R[0-3]")
READING_COMMANDS = ("snapshot.read", "errors.read", "counters.read", "firmware.read")
"""What a test may read before it begins."""
DOORS = ("any", "closed")
RATES = ("assumed", "simulated", "measured")
NOISE_MAX = 3
TEST_S_MAX = 7_200.0
PROTECT_HOURS_MAX = 168.0
_TEST_MARGIN_S = 100.0


def check_profile(document: ProfileDocument) -> None:
    """Raise :class:`ingest.profiles.toml_form.ProfileError` for the first thing that doesn't fit."""
    profile = document.profile
    check = Checks(document)
    check.name(_KIND, profile.kind, ("kind",))
    check.label(profile.label, ("label",))
    if profile.usual_interval_s <= 0:
        raise document.error(("usual_interval_s",), "must be above 0 seconds")
    for number, mode in enumerate(profile.running_modes):
        check.known(mode, profile.modes, ("running_modes", number), "mode")
    if profile.unit is Unit.CYCLE and not profile.running_modes:
        raise document.error(("unit",), 'unit = "cycle" needs running_modes: the modes in which a cycle is under way')
    for name, metric in profile.metrics.items():
        check.metric(metric, ("metrics", name))
    for name, quantity in profile.quantities.items():
        check.quantity(quantity, ("quantities", name))
    for number, feature in enumerate(profile.features):
        check.feature(feature, ("features", number))
    for number, rule in enumerate(profile.rules):
        check.rule(rule, ("rules", number))
    for name, test in profile.tests.items():
        check.test(test, ("tests", name))
    for number, mode_of_fault in enumerate(profile.fault_modes.values()):
        check.fault_mode(mode_of_fault, ("fault_modes", number))


class Checks:
    """The checks of one document; each method raises at the first fault."""

    def __init__(self, document: ProfileDocument) -> None:
        self._document = document
        self._profile: Profile = document.profile
        self._features = [feature.name for feature in document.profile.features]

    def name(self, pattern: re.Pattern[str], name: str, place: Place) -> None:
        """A name is lower_snake and not too long."""
        if not pattern.fullmatch(name):
            raise self._document.error(place, f"{name!r} must be lower_snake, matching {pattern.pattern}")

    def known(self, name: str, names: Collection[str], place: Place, what: str) -> None:
        """A name names something of this profile."""
        if name not in names:
            listed = ", ".join(names) or "none"
            raise self._document.error(place, f"names an unknown {what} {name!r}; known: {listed}")

    def label(self, label: object, place: Place) -> None:
        """A label has an English text."""
        if not isinstance(label, dict) or not label.get("en"):
            raise self._document.error(place, 'needs an English text: { en = "..." }')

    def metric(self, metric: Metric, place: Place) -> None:
        """A metric has a possible range and a free name."""
        self.name(_NAME, metric.name, place)
        if metric.name in RESERVED_NAMES:
            raise self._document.error(place, f"{metric.name!r} is a reserved name; give the metric another")
        if metric.low >= metric.high:
            raise self._document.error(
                place, f"impossible range: low {metric.low:g} must be below high {metric.high:g}"
            )

    def feature(self, feature: Feature, place: Place) -> None:
        """A feature's statistic has what it needs, and all its names exist once."""
        self.name(_NAME, feature.name, (*place, "name"))
        if self._features.count(feature.name) > 1:
            raise self._document.error((*place, "name"), f"the feature {feature.name!r} stands twice")
        self.measures(feature, feature.instead, place)
        quantities = self._profile.quantities
        for name in feature.context:
            what = "metric or quantity" if quantities else "metric"
            self.known(name, [*self._profile.metrics, *quantities], (*place, "context"), what)
        self.known(feature.scale, ("linear", "log"), (*place, "scale"), "scale")
        if feature.floor < 0:
            raise self._document.error((*place, "floor"), "must not be below 0")

    def quantity(self, quantity: Quantity, place: Place) -> None:
        """A quantity has what its statistic needs, a name that no metric has, and rests on no other quantity."""
        self.name(_NAME, quantity.name, place)
        if quantity.name in self._profile.metrics:
            raise self._document.error(place, f"{quantity.name!r} is a metric's name; give the quantity another")
        self.measures(quantity, quantity.instead, place)
        for one in (quantity, *quantity.instead):
            if one.over is not None or one.less is not None:
                raise self._document.error(place, "a quantity rests on no other quantity; leave over and less out")
        self.known(quantity.scale, ("linear", "log"), (*place, "scale"), "scale")

    def measures(self, first: Measure, instead: tuple[Measure, ...], place: Place) -> None:
        """A number can be taken in each of its ways."""
        self.measure(first, place)
        for number, one in enumerate(instead):
            self.measure(one, (*place, "instead", number))

    def measure(self, one: Measure, place: Place) -> None:
        """A statistic has what it needs, and the names are known."""
        self.known(one.statistic, sorted(STATISTICS), (*place, "statistic"), "statistic")
        if one.statistic in STATISTICS_OF_METRIC and one.metric is None:
            raise self._document.error(place, f'statistic "{one.statistic}" needs a metric: metric = "..."')
        if one.statistic in STATISTICS_OF_MODE and one.mode is None:
            raise self._document.error(place, f'statistic "{one.statistic}" needs a mode: mode = "..."')
        for key, name in (("metric", one.metric), ("minus", one.minus)):
            if name is not None:
                self.known(name, self._profile.metrics, (*place, key), "metric")
        for key, name in (("over", one.over), ("less", one.less)):
            if name is not None:
                self.known(name, self._profile.quantities, (*place, key), "quantity")
        if one.mode is not None:
            self.known(one.mode, self._profile.modes, (*place, "mode"), "mode")
        if one.after_s < 0:
            raise self._document.error((*place, "after_s"), "must not be below 0 seconds")

    def rule(self, rule: Rule, place: Place) -> None:
        """A rule has a limit, a known metric and a known fault mode."""
        self.known(rule.metric, self._profile.metrics, (*place, "metric"), "metric")
        self.known(rule.fault_mode, self._profile.fault_modes, (*place, "fault_mode"), "fault mode")
        if rule.above is None and rule.below is None:
            raise self._document.error(place, "needs a limit: above = ... or below = ...")
        if rule.for_s < 0:
            raise self._document.error((*place, "for_s"), "must not be below 0 seconds")

    def test(self, test: RemoteTest, place: Place) -> None:
        """A test has a class, ends, and has a range in which its answer is sound."""
        self.name(_NAME, test.name, place)
        self.label(test.label, (*place, "label"))
        if not _DANGER_CLASS.fullmatch(test.danger_class):
            problem = f"must be R0 to R3, not {test.danger_class!r}; what is class R4 is never done remotely"
            raise self._document.error((*place, "danger_class"), problem)
        if not 0 < test.limit_s <= TEST_S_MAX + _TEST_MARGIN_S:
            raise self._document.error((*place, "limit_s"), f"must be above 0 and at most {TEST_S_MAX:g} seconds")
        if test.healthy[0] >= test.healthy[1]:
            raise self._document.error((*place, "healthy"), "must be [low, high], low below high")
        self._answer(test, place)
        self._surroundings(test, place)

    def _answer(self, test: RemoteTest, place: Place) -> None:
        """What a test's answer says can be reckoned with."""
        if test.tolerance < 0 or 2 * test.tolerance >= test.healthy[1] - test.healthy[0]:
            raise self._document.error((*place, "tolerance"), "must be at least 0 and less than half the sound range")
        for key, share in (("sensitivity", test.sensitivity), ("specificity", test.specificity)):
            if not 0.5 < share < 1:
                raise self._document.error((*place, key), "must be above 0.5 (a coin) and below 1 (nothing is sure)")
        if not 0 <= test.sees_from <= 1:
            raise self._document.error(
                (*place, "sees_from"), "must be 0 (the smallest fault) to 1 (only a failed part)"
            )
        self.known(test.rates, RATES, (*place, "rates"), "origin of rates")

    def _surroundings(self, test: RemoteTest, place: Place) -> None:
        """What a test needs, shows and costs names what this profile knows."""
        metrics, needs = self._profile.metrics, test.needs
        named = [((*place, "watch"), name) for name in test.watch]
        named += [((*place, "needs", key), name) for key in ("above", "below") for name in getattr(needs, key)]
        if test.effect is not None:
            named.append(((*place, "effect"), test.effect.metric))
            if (test.effect.above is None) == (test.effect.below is None):
                raise self._document.error((*place, "effect"), "needs one limit: above = ... or below = ...")
        for where, name in named:
            self.known(name, metrics, where, "metric")
        for mode in needs.modes:
            self.known(mode, self._profile.modes, (*place, "needs", "modes"), "mode")
        self.known(needs.door, DOORS, (*place, "needs", "door"), "word for a door")
        for name in test.before:
            self.known(name, READING_COMMANDS, (*place, "before"), "command that only reads")
        if needs.idle_s < 0 or test.cost.water_l < 0 or not 0 <= test.cost.noise <= NOISE_MAX:
            raise self._document.error(place, f"idle_s and water_l are at least 0, noise is 0 to {NOISE_MAX}")

    def fault_mode(self, mode: FaultMode, place: Place) -> None:
        """A fault mode's signature names features, and its numbers are possible."""
        self.name(_NAME, mode.name, (*place, "name"))
        self.label(mode.title, (*place, "title"))
        for name in dict.fromkeys(name for one in mode.signatures for name in one):
            self.known(name, self._features, (*place, "signature"), "feature")
        self._causes(mode, (*place, "symptom_of"))
        self._confirmation(mode, place)
        self._until_somebody_comes(mode, place)
        if not 0 <= mode.danger <= DANGER_MAX:
            raise self._document.error((*place, "danger"), f"must be 0 (nuisance) to {DANGER_MAX} (hazard)")
        self._visit(mode, (*place, "visit"))
        if mode.hazard_per_year < 0:
            raise self._document.error((*place, "hazard_per_year"), "must not be below 0")
        if not 0 < mode.time_scale_days[0] <= mode.time_scale_days[1]:
            raise self._document.error((*place, "time_scale_days"), "must be [shortest, longest], both above 0 days")
        for number, part in enumerate(mode.parts):
            if not 0 < part.share <= 1:
                raise self._document.error((*place, "parts", number, "share"), "must be above 0 and at most 1")
        if sum(part.share for part in mode.parts) > 1.0001:
            raise self._document.error((*place, "parts"), "the shares of all parts sum to more than 1")

    def _confirmation(self, mode: FaultMode, place: Place) -> None:
        if mode.test is not None and self._profile.tests:
            self.known(mode.test, self._profile.tests, (*place, "test"), "test")
        if mode.no_test:
            self.label(mode.no_test, (*place, "no_test"))
            if mode.test is not None:
                raise self._document.error(
                    (*place, "no_test"), f"says why there is no test, and there is {mode.test!r}"
                )

    def _until_somebody_comes(self, mode: FaultMode, place: Place) -> None:
        if mode.self_help is not None:
            self.self_help(mode.self_help, (*place, "self_help"))
        if mode.protect is not None:
            self.protect(mode.protect, (*place, "protect"))

    def self_help(self, help_: SelfHelp, place: Place) -> None:
        """What a customer can do has steps in words, and numbers that are possible."""
        self.label(help_.title, (*place, "title"))
        if not help_.steps:
            raise self._document.error(place, 'needs steps: steps = [{ en = "..." }]')
        for step in help_.steps:
            self.label(step, (*place, "steps"))
        if not 0 < help_.helps < 1:
            raise self._document.error((*place, "helps"), "must be above 0 and below 1: a share of real faults")
        if help_.minutes <= 0 or help_.settles_days <= 0:
            raise self._document.error(place, "minutes and settles_days must be above 0")

    def protect(self, gentle: Protection, place: Place) -> None:
        """A gentle mode has a name, says what the customer loses, and ends."""
        self.name(_NAME, gentle.name, (*place, "name"))
        self.label(gentle.title, (*place, "title"))
        self.label(gentle.loss, (*place, "loss"))
        if not 0 < gentle.hours <= PROTECT_HOURS_MAX or gentle.days_most <= 0:
            problem = f"hours must be above 0 and at most {PROTECT_HOURS_MAX:g}, days_most above 0"
            raise self._document.error(place, problem)

    def _visit(self, mode: FaultMode, place: Place) -> None:
        """What a visit takes is possible."""
        if not 5 <= mode.visit.minutes <= VISIT_MINUTES_MAX:
            raise self._document.error((*place, "minutes"), f"must be 5 to {VISIT_MINUTES_MAX}")
        if not 1 <= mode.visit.level <= LEVEL_MAX:
            raise self._document.error((*place, "level"), f"must be 1 to {LEVEL_MAX}")

    def _causes(self, mode: FaultMode, place: Place) -> None:
        """A consequence follows from fault modes that are no consequences themselves."""
        for name in mode.symptom_of:
            self.known(name, self._profile.fault_modes, place, "fault mode")
            if self._profile.fault_modes[name].symptom_of:
                raise self._document.error(place, f"{name!r} is itself a consequence, not a cause")
