"""Which command may run with which consent: one table, one function.

Fails closed: what the table does not name is refused, for every appliance and every scope.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Any

from alerts.errors import InvalidError, RefusedError


class DangerClass(StrEnum):
    """How much harm a command can do at worst, from reading (R0) to what is never remote (R4)."""

    R0 = "R0"
    R1 = "R1"
    R2 = "R2"
    R3 = "R3"
    R4 = "R4"


class Scope(StrEnum):
    """What the customer consents to, each including the former."""

    SEE = "see"
    READ = "read"
    TEST = "test"
    ACT = "act"


ALLOWED: Mapping[Scope, frozenset[DangerClass]] = {
    Scope.SEE: frozenset(),
    Scope.READ: frozenset({DangerClass.R0}),
    Scope.TEST: frozenset({DangerClass.R0, DangerClass.R1}),
    Scope.ACT: frozenset({DangerClass.R0, DangerClass.R1}),
}
"""R2 and R3 need confirmations at the appliance that no command here carries yet; R4 is never remote."""

CONSENT_SHOW = "consent.show"
"""Goes out by itself with the request, before consent; nobody can issue it."""


@dataclass(frozen=True, slots=True)
class CommandRule:
    """A command that exists: its class, its least scope, and the arguments it takes (name → (low, high))."""

    danger_class: DangerClass
    scope: Scope
    args: Mapping[str, tuple[float, float]] = field(default_factory=dict)


COMMANDS: Mapping[str, CommandRule] = {
    "snapshot.read": CommandRule(DangerClass.R0, Scope.READ),
    "errors.read": CommandRule(DangerClass.R0, Scope.READ),
    "counters.read": CommandRule(DangerClass.R0, Scope.READ),
    "firmware.read": CommandRule(DangerClass.R0, Scope.READ),
    "identify": CommandRule(DangerClass.R1, Scope.TEST, {"seconds": (1, 60)}),
    "report.interval": CommandRule(DangerClass.R1, Scope.TEST, {"seconds": (1, 3600)}),
}

_RANK = {scope: rank for rank, scope in enumerate(Scope)}


@dataclass(frozen=True, slots=True)
class SessionLimits:
    """How long each thing of a session may take."""

    code_life_s: float = 600
    code_tries: int = 5
    longest_s: float = 1800
    idle_s: float = 300
    command_life_s: float = 30
    live_per_appliance: int = 4
    commands_per_session: int = 200

    def at_speed(self, speed: float) -> SessionLimits:
        """The same limits for people who live beside a clock that runs ``speed`` times too fast."""
        return replace(
            self,
            code_life_s=self.code_life_s * speed,
            longest_s=self.longest_s * speed,
            idle_s=self.idle_s * speed,
            command_life_s=self.command_life_s * speed,
        )


def permit(name: str, args: Mapping[str, Any], *, scope: Scope) -> CommandRule:
    """The rule under which the command may be sent now; raises :class:`RefusedError` or :class:`InvalidError`."""
    rule = COMMANDS.get(name)
    if rule is None:
        raise RefusedError(f"There is no command {name!r}.", reason="unknown_command")
    if rule.danger_class not in ALLOWED[scope] or _RANK[scope] < _RANK[rule.scope]:
        raise RefusedError(
            f"{name} needs consent for {rule.scope}; this session has consent for {scope}.",
            reason="scope",
        )
    for key, value in args.items():
        bounds = rule.args.get(key)
        if bounds is None:
            raise InvalidError(f"{name} takes no argument {key!r}.")
        if isinstance(value, bool) or not isinstance(value, int | float) or not bounds[0] <= value <= bounds[1]:
            raise InvalidError(f"{key} of {name} is a number from {bounds[0]:g} to {bounds[1]:g}.")
    missing = sorted(set(rule.args) - set(args))
    if missing:
        raise InvalidError(f"{name} needs the argument {missing[0]!r}.")
    return rule
