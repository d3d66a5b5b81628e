"""What may be commanded now: one table, one function.

:data:`NEEDS` says for each danger class what is looked at, :data:`MET` how; :func:`obstacles` answers what stands in the
way of one command at one moment. Fails closed: what is not known is in the way, what no profile names does not exist, and
class R4 has no row, so nothing of it is ever permitted. The appliance checks all of it again by itself.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Any

from alerts.errors import RefusedError
from ingest.profiles.definition import Precondition, RemoteTest


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


class Obstacle(StrEnum):
    """Why a command may not go out now."""

    NEVER_REMOTE = "never_remote"
    SESSION_OVER = "session_over"
    SCOPE = "scope"
    REASON_MISSING = "reason_missing"
    BUSY = "busy"
    STATE_UNKNOWN = "state_unknown"
    RUNNING = "running"
    DOOR_OPEN = "door_open"
    MODE = "mode"
    LIMIT = "limit"
    IDLE = "idle"
    NOBODY_THERE = "nobody_there"
    STATE_OLD = "state_old"
    HOT = "hot"
    SERVICE_MODE_OFF = "service_mode_off"
    APPROVAL_MISSING = "approval_missing"


WAITED_FOR = frozenset(
    {Obstacle.NOBODY_THERE, Obstacle.STATE_OLD, Obstacle.SERVICE_MODE_OFF, Obstacle.APPROVAL_MISSING}
)
"""What people can bring about in a moment: a command waits for it."""

HOT_C = 60.0
"""Nothing that moves or heats is begun where something is hotter."""
HOT_METRICS = ("water_c", "tank_c", "oven_c", "cavity_c", "exhaust_c", "outlet_c", "inlet_air_c")

CONSENT_SHOW = "consent.show"
SESSION_BEGIN = "session.begin"
SESSION_END = "session.end"
PROTECT_BEGIN = "protect.begin"
PROTECT_RENEW = "protect.renew"
PROTECT_END = "protect.end"
BY_ITSELF = frozenset({CONSENT_SHOW, SESSION_BEGIN, SESSION_END, PROTECT_RENEW, PROTECT_END})
"""What goes out by itself when a session is asked for, begins and ends, and while a gentle mode stands; nobody can issue it."""


@dataclass(frozen=True, slots=True)
class CommandRule:
    """A command that exists: its class, and the arguments it takes (name → (low, high)); ``test`` where it is one.

    ``least_scope`` is what must be consented to whatever the class allows; ``naming`` are arguments that are words;
    ``lasts`` is the argument that says for how many seconds the appliance works on it.
    """

    name: str
    danger_class: DangerClass
    args: Mapping[str, tuple[float, float]] = field(default_factory=dict)
    test: RemoteTest | None = None
    least_scope: Scope = Scope.SEE
    naming: frozenset[str] = frozenset()
    lasts: str | None = None

    def runs_ms(self, args: Mapping[str, Any]) -> int:
        """How long the appliance may work on it before it has its last word."""
        if self.test is not None:
            return round(self.test.limit_s * 1000)
        return 0 if self.lasts is None else round(float(args[self.lasts]) * 1000)


@dataclass(frozen=True, slots=True)
class SessionLimits:
    """How long each thing of a session may take, and how often it may be tried."""

    code_life_s: float = 600
    code_tries: int = 5
    longest_s: float = 1800
    idle_s: float = 300
    command_life_s: float = 30
    last_word_s: float = 30
    """How long after its deadline, or after the end of its test, an appliance may still have its last word."""
    live_per_appliance: int = 1
    commands_per_session: int = 200
    presence_s: float = 120
    service_mode_s: float = 900
    fresh_s: float = 5
    approval_s: float = 300
    requests_per_appliance: int = 12
    requests_per_technician: int = 60
    wrong_codes_per_appliance: int = 15
    wrong_codes_per_technician: int = 15
    guess_window_s: float = 3600
    """The span over which requests and wrong codes are counted, whatever session they were of."""

    def at_speed(self, speed: float) -> SessionLimits:
        """The same limits for people who live beside a clock that runs ``speed`` times too fast."""
        spans = {name: getattr(self, name) * speed for name in self.__dataclass_fields__ if name.endswith("_s")}
        return replace(self, **spans)


@dataclass(frozen=True, slots=True)
class Facts:
    """What is known of the appliance and of the people at it; ``None``: not known."""

    heard_ms: int | None = None
    """When the newest reading was received."""
    mode: str | None = None
    is_running: bool | None = None
    metrics: Mapping[str, float] = field(default_factory=dict)
    is_door_open: bool | None = None
    presence_ms: int | None = None
    service_mode_ms: int | None = None
    idle_since_ms: int | None = None
    boot: str | None = None
    lag_ms: int | None = None
    """By how much its readings came after they were dated, the least: the way here, and how wrong its clock is."""


@dataclass(frozen=True, slots=True)
class Moment:
    """One command at one moment: everything that the decision is made of."""

    rule: CommandRule
    now_ms: int
    scope: Scope
    is_active: bool
    reason: str | None = None
    facts: Facts = field(default_factory=Facts)
    is_busy: bool = False
    """Whether another command of the appliance moves something, or may."""
    issued_by: str = ""
    approved_by: str | None = None
    approved_ms: int | None = None
    limits: SessionLimits = field(default_factory=SessionLimits)

    def is_recent(self, then_ms: int | None, life_s: float) -> bool:
        """Whether something that happened still counts."""
        return then_ms is not None and 0 <= self.now_ms - then_ms <= life_s * 1000

    @property
    def needs(self) -> Precondition:
        """What the test itself asks for."""
        return self.rule.test.needs if self.rule.test is not None else Precondition()


ALLOWED: Mapping[Scope, frozenset[DangerClass]] = {
    Scope.SEE: frozenset(),
    Scope.READ: frozenset({DangerClass.R0}),
    Scope.TEST: frozenset({DangerClass.R0, DangerClass.R1, DangerClass.R2}),
    Scope.ACT: frozenset({DangerClass.R0, DangerClass.R1, DangerClass.R2, DangerClass.R3}),
}

_READ = (Obstacle.SESSION_OVER, Obstacle.SCOPE, Obstacle.MODE, Obstacle.LIMIT, Obstacle.IDLE)
_HARMLESS = (*_READ, Obstacle.REASON_MISSING, Obstacle.BUSY)
_MOVING = (*_HARMLESS, Obstacle.STATE_UNKNOWN, Obstacle.RUNNING, Obstacle.DOOR_OPEN, Obstacle.NOBODY_THERE)
_STRONG = (*_MOVING, Obstacle.STATE_OLD, Obstacle.HOT, Obstacle.SERVICE_MODE_OFF, Obstacle.APPROVAL_MISSING)

NEEDS: Mapping[DangerClass, tuple[Obstacle, ...]] = {
    DangerClass.R0: _READ,
    DangerClass.R1: _HARMLESS,
    DangerClass.R2: _MOVING,
    DangerClass.R3: _STRONG,
}
"""What is looked at for each class. R4 has no row."""


def _covers(scope: Scope, least: Scope) -> bool:
    return list(Scope).index(scope) >= list(Scope).index(least)


def _is_within_limits(at: Moment) -> bool:
    metrics, needs = at.facts.metrics, at.needs
    is_above = all(name in metrics and metrics[name] >= limit for name, limit in needs.above.items())
    return is_above and all(name in metrics and metrics[name] <= limit for name, limit in needs.below.items())


def _is_idle_long_enough(at: Moment) -> bool:
    since_ms = at.facts.idle_since_ms
    return at.needs.idle_s == 0 or (since_ms is not None and at.now_ms - since_ms >= at.needs.idle_s * 1000)


def _is_door_in_the_way(at: Moment) -> bool:
    return at.needs.door == "closed" and at.facts.is_door_open is True


MET: Mapping[Obstacle, Callable[[Moment], bool]] = {
    Obstacle.SESSION_OVER: lambda at: at.is_active,
    Obstacle.SCOPE: lambda at: at.rule.danger_class in ALLOWED[at.scope] and _covers(at.scope, at.rule.least_scope),
    Obstacle.REASON_MISSING: lambda at: bool(at.reason and at.reason.strip()),
    Obstacle.BUSY: lambda at: not at.is_busy,
    Obstacle.STATE_UNKNOWN: lambda at: at.facts.heard_ms is not None and at.facts.is_running is not None,
    Obstacle.RUNNING: lambda at: at.facts.is_running is not True,
    Obstacle.DOOR_OPEN: lambda at: at.facts.is_door_open is not True,
    Obstacle.MODE: lambda at: not at.needs.modes or at.facts.mode in at.needs.modes,
    Obstacle.LIMIT: _is_within_limits,
    Obstacle.IDLE: lambda at: _is_idle_long_enough(at) and not _is_door_in_the_way(at),
    Obstacle.NOBODY_THERE: lambda at: at.is_recent(at.facts.presence_ms, at.limits.presence_s),
    Obstacle.STATE_OLD: lambda at: at.is_recent(at.facts.heard_ms, at.limits.fresh_s),
    Obstacle.HOT: lambda at: all(at.facts.metrics.get(name, 0.0) <= HOT_C for name in HOT_METRICS),
    Obstacle.SERVICE_MODE_OFF: lambda at: at.is_recent(at.facts.service_mode_ms, at.limits.service_mode_s),
    Obstacle.APPROVAL_MISSING: lambda at: (
        at.approved_by is not None
        and at.approved_by != at.issued_by
        and at.is_recent(at.approved_ms, at.limits.approval_s)
    ),
}
"""Whether each obstacle is out of the way."""

_GRAVEST_FIRST = tuple(Obstacle)


def obstacles(at: Moment) -> tuple[Obstacle, ...]:
    """What stands in the way of a command now, the gravest first; nothing: it may go out."""
    looked_at = NEEDS.get(at.rule.danger_class)
    if looked_at is None:
        return (Obstacle.NEVER_REMOTE,)
    return tuple(obstacle for obstacle in _GRAVEST_FIRST if obstacle in looked_at and not MET[obstacle](at))


def refuse_final(at: Moment, found: tuple[Obstacle, ...]) -> None:
    """Raise :class:`RefusedError` where no waiting in this session changes anything."""
    if Obstacle.NEVER_REMOTE in found:
        raise RefusedError(f"{at.rule.name} is never done remotely.", reason="never_remote")
    if Obstacle.SCOPE in found:
        enough = (scope for scope in Scope if at.rule.danger_class in ALLOWED[scope])
        least = next(scope for scope in enough if _covers(scope, at.rule.least_scope))
        raise RefusedError(
            f"{at.rule.name} needs consent for {least}; this session has consent for {at.scope}.", reason="scope"
        )
