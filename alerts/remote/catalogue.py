"""The catalogue: which commands an appliance kind knows. A few are everybody's; the tests are those of its profile.

A test that a profile names can be commanded, shown and reckoned with at once; what no profile names does not exist.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from alerts.errors import InvalidError, RefusedError
from alerts.remote.policy import PROTECT_BEGIN, CommandRule, DangerClass, Scope
from ingest.profiles.definition import Profile, Protection, RemoteTest

TRACE_CAPTURE = "trace.capture"
"""Everybody's, and the command of tests that only look: those name the test."""

EVERYBODYS: Mapping[str, CommandRule] = {
    rule.name: rule
    for rule in (
        CommandRule("snapshot.read", DangerClass.R0),
        CommandRule("errors.read", DangerClass.R0),
        CommandRule("counters.read", DangerClass.R0),
        CommandRule("firmware.read", DangerClass.R0),
        CommandRule("identify", DangerClass.R1, {"seconds": (1, 60)}),
        CommandRule("config.sampling", DangerClass.R1, {"interval_s": (1, 60)}),
        CommandRule(TRACE_CAPTURE, DangerClass.R0, {"rate_hz": (0.1, 10), "seconds": (1, 60)}, lasts="seconds"),
    )
}
_NAMING = ("test", "component")
"""Arguments that tell one test from another of the same command."""


def rule_of(profile: Profile | None, name: str, args: Mapping[str, Any]) -> CommandRule:
    """The rule of a command; raises :class:`RefusedError` where there is none, :class:`InvalidError` for odd arguments."""
    is_test = name == TRACE_CAPTURE and not args.keys().isdisjoint(_NAMING)
    rule = (None if is_test else EVERYBODYS.get(name)) or _gentle_rule(profile, name, args)
    if rule is None:
        rule = rule_of_test(_test_of(profile, name, args))
    _check_arguments(rule, args)
    return rule


def rule_of_test(test: RemoteTest) -> CommandRule:
    """The rule under which a profile's test is commanded: never for longer or stronger than the profile says."""
    return CommandRule(
        test.command, DangerClass(test.danger_class), {key: (0, most) for key, most in test.args.items()}, test
    )


def arguments_of(test: RemoteTest) -> dict[str, Any]:
    """The arguments with which a test is commanded."""
    named = {"test": test.name} | ({} if test.component is None else {"component": test.component})
    return {**named, **test.args}


def confirmed_by(profile: Profile, test: str) -> tuple[str, ...]:
    """The fault modes for which a test speaks."""
    return tuple(mode.name for mode in profile.fault_modes.values() if mode.test == test)


def can_do(test: RemoteTest, capabilities: Iterable[str]) -> bool:
    """Whether an appliance knows a test, for as long as it takes, by its birth; one that told nothing of tests is asked.

    It tells ``test:NAME``, or ``test:NAME:SECONDS`` where it does it no longer than that.
    """
    told = [name.split(":")[1:] for name in capabilities if name.startswith("test:")]
    wanted_s = float(test.args.get("seconds", 0.0))
    return not told or any(name == test.name and wanted_s <= _limit_s(limit) for name, *limit in told)


def gentle_modes(profile: Profile | None) -> Mapping[str, Protection]:
    """The gentle modes of an appliance kind, by the fault mode that they are for."""
    found = {} if profile is None else {mode.name: mode.protect for mode in profile.fault_modes.values()}
    return {name: gentle for name, gentle in found.items() if gentle is not None}


def _gentle_rule(profile: Profile | None, name: str, args: Mapping[str, Any]) -> CommandRule | None:
    if name != PROTECT_BEGIN:
        return None
    hours = {gentle.name: gentle.hours for gentle in gentle_modes(profile).values()}
    if args.get("mode") not in hours:
        raise InvalidError(f"{name} needs the argument 'mode', one of: {', '.join(sorted(hours)) or 'none'}.")
    longest = {"hours": (0.0, hours[str(args["mode"])])}
    return CommandRule(name, DangerClass.R2, longest, least_scope=Scope.ACT, naming=frozenset({"mode"}))


def _limit_s(told: Sequence[str]) -> float:
    """The longest time that an appliance told; nothing is as long as one likes, and what is no number is none."""
    try:
        return float(told[0]) if told else math.inf
    except ValueError:
        return 0.0


def _test_of(profile: Profile | None, name: str, args: Mapping[str, Any]) -> RemoteTest:
    known = [] if profile is None else [test for test in profile.tests.values() if test.command == name]
    if not known:
        raise RefusedError(f"There is no command {name!r}.", reason="unknown_command")
    meant = [
        test
        for test in known
        if args.get("test") in (None, test.name) and args.get("component") in (None, test.component)
    ]
    if len(meant) != 1:
        names = ", ".join(test.name for test in known)
        raise InvalidError(f"{name} needs the argument 'test', one of: {names}.")
    return meant[0]


def _check_arguments(rule: CommandRule, args: Mapping[str, Any]) -> None:
    for key, value in args.items():
        if key in rule.naming or (rule.test is not None and key in _NAMING):
            continue
        bounds = rule.args.get(key)
        if bounds is None:
            raise InvalidError(f"{rule.name} takes no argument {key!r}.")
        if isinstance(value, bool) or not isinstance(value, int | float) or not bounds[0] <= value <= bounds[1]:
            raise InvalidError(f"{key} of {rule.name} is a number from {bounds[0]:g} to {bounds[1]:g}.")
    missing = sorted(set(rule.args) - set(args)) if rule.test is None else []
    if missing:
        raise InvalidError(f"{rule.name} needs the argument {missing[0]!r}.")
