"""Desk rules: everything about the desk that an organisation decides for itself.

Values, and nothing that acts: who acts reads them from its transaction (``t.rules``). Without a file the defaults hold.
"""

from __future__ import annotations

from typing import Any

from pydantic import Field, field_validator, model_validator

from alerts.rules.calendars import CalendarRules, Policy, parse_week
from alerts.rules.care import CareRules
from alerts.rules.gate import Budget, Gate
from alerts.rules.hold_out import HoldOut
from alerts.rules.quantity import Rules, quantity
from alerts.rules.rung import CLOCKS, ClockName, Rung
from alerts.rules.targets import Targets
from alerts.rules.telling import NoticeRule, Person
from alerts.rules.ticket_types import REPAIR, TicketType, shipped_types


class Urgency(Rules):
    """What else decides how urgent a ticket is."""

    more_urgent_by_contract: dict[str, int] = Field(
        {}, description="so many steps more urgent, 1 to 3, where the ticket is under this contract"
    )

    def steps_of(self, contract: str | None) -> int:
        """By how many steps a ticket under a contract is more urgent."""
        return 0 if contract is None else self.more_urgent_by_contract.get(contract, 0)

    @model_validator(mode="after")
    def _check_steps(self) -> Urgency:
        for contract, steps in self.more_urgent_by_contract.items():
            if not 1 <= steps <= 3:
                raise ValueError(f"contract {contract!r}: 1 to 3 steps more urgent")
        return self


class Reopening(Rules):
    """When a fault that comes back opens its old ticket again."""

    within_days: float = quantity(
        14, "days", "a fault that comes back so soon after its ticket was closed opens that ticket again", most=3650
    )


class RepairWatch(Rules):
    """How long telemetry watches whether a repair holds: as long as its fault mode takes from its first sign to failure."""

    least_days: float = quantity(7, "days", "at least so long, however quick the fault mode is", least=0.1, most=365)
    most_days: float = quantity(60, "days", "at most so long, however slow it is", least=0.1, most=365)
    heard_within_days: float = quantity(
        3, "days", "an appliance not heard for so long at the end proves nothing: the customer is called", least=0.1
    )

    def days_of(self, time_scale_days: float | None) -> float:
        """How long a fault mode is watched; one of unknown time for the longest."""
        most = max(self.most_days, self.least_days)
        return most if time_scale_days is None else min(max(time_scale_days, self.least_days), most)


class Knowledge(Rules):
    """When an article says of itself that its advice has stopped helping."""

    came_back_share: float = quantity(
        0.3, "share", "of repairs since it was last written that came back: borne, as far as chance lets us say", most=1
    )
    cases_at_least: int = quantity(5, "cases", "before so many nothing is said", least=1, most=100_000)


class RestartGrace(Rules):
    """What is raised right after the service was away."""

    minutes: float = quantity(
        10, "minutes", "for so long it waits, as its backlog comes at once; 0 lets all go on", most=1440
    )
    away_at_least_minutes: float = quantity(5, "minutes", "a shorter absence is none", most=1440)


class Flapping(Rules):
    """What comes and goes."""

    times: int = quantity(4, "times", "raised so often within the days below, a finding flaps", least=2, most=1000)
    within_days: float = quantity(7, "days", "in which it is counted", most=365)
    steady_hours: float = quantity(
        24, "hours", "having stood so long without a break it opens its ticket all the same", most=8760
    )
    cleared_again_hours: float = quantity(
        24, "hours", "an open ticket says at most so often that its finding is no longer seen", most=8760
    )


class DataFaults(Rules):
    """What is wrong with readings, and when whoever lives with the appliance is asked to look."""

    unheard_days: float = quantity(
        2,
        "days",
        "an appliance of an always-on kind that is silent for so long is an alert of the data",
        least=0.1,
        most=365,
    )
    tell_customer_after_days: float = quantity(
        0, "days", "so long after its alert was raised its owner is written to, where they allowed it", most=365
    )
    times: int = quantity(2, "times", "the owner is told of one fault at most so often", least=1, most=10)
    again_after_days: float = quantity(7, "days", "between two words to one owner of one appliance", least=1, most=365)
    customer_hours: str = Field(
        "mon-sat 09:00-19:00", description="when customers are written to, in the time of their home"
    )

    @field_validator("customer_hours")
    @classmethod
    def _check_hours(cls, value: str) -> str:
        parse_week(value)
        return value


class Refractory(Rules):
    """A rule that has just cleared."""

    hours: float = quantity(6, "hours", "for so long a fixed limit rests after it was no longer crossed", most=8760)


class Telling(Rules):
    """What clocks say before and behind the moment at which they are due."""

    due_before_respond_hours: float = quantity(1, "hours", "so long before the answer is due it says so", most=8760)
    due_before_resolve_hours: float = quantity(4, "hours", "so long before the solution is due it says so", most=8760)
    due_before_update_hours: float = quantity(1, "hours", "so long before the next word is due it says so", most=8760)
    remind_every_hours: float = quantity(24, "hours", "between a breach and its reminders", least=0.1, most=8760)
    reminders: int = quantity(0, "times", "how often a breach is told again; never by default", most=20)


def _pauses() -> dict[str, tuple[ClockName, ...]]:
    return {"customer": CLOCKS, "part": CLOCKS, "hold": CLOCKS}


class DeskRules(Rules):
    """All rules of one installation."""

    pauses: dict[str, tuple[ClockName, ...]] = Field(
        default_factory=_pauses,
        description="which pause stops which clocks; the names are those of `pause` on the step `hold`, and `hold` is any other",
    )
    people: dict[str, Person] = Field(
        {},
        description="Somebody who may be told, or a channel of several, under a name; that of an account where they have one",
    )
    notices: tuple[NoticeRule, ...] = Field((), description="Who is told what; nobody without such a rule")
    gate: Gate = Field(default_factory=Gate, description="The visit gate: what is done about a finding")
    priority: Urgency = Field(
        default_factory=Urgency, description="What makes a ticket more urgent than its finding says"
    )
    budget: Budget = Field(default_factory=Budget, description="Visits in vain that a fault mode of a model may cause")
    hold_out: HoldOut = Field(
        default_factory=HoldOut,
        description="Appliances whose predictions open no ticket, so that their worth can be told",
    )
    care: CareRules = Field(default_factory=CareRules, description="Advice about use: how quiet it is")
    targets: Targets = Field(default_factory=Targets, description="What the figures of /kpis should be")
    telling: Telling = Field(default_factory=Telling, description="what clocks say")
    escalation: tuple[Rung, ...] = Field(
        (Rung(after_hours=4, tell="manager"),),
        description="The ladder behind a breach; one rung stands where the file has none: the manager, four hours later",
    )
    calendars: dict[str, CalendarRules] = Field({}, description="When work is done, under a name that policies use")
    ticket_types: dict[str, TicketType] = Field(
        default_factory=lambda: dict(shipped_types()),
        description="A type of tickets, in place of one that is shipped or beside them",
    )
    policies: tuple[Policy, ...] = Field(
        (),
        description="Within how long; the first that fits a ticket holds. Behind them stand four that fit every ticket, by its"
        " priority 1 to 4: 4, 8, 24 and 48 hours to answer, 24, 48, 72 and 168 to solve, day and night",
    )
    restart_grace: RestartGrace = Field(
        default_factory=RestartGrace, description="what is raised right after the service was away"
    )
    flapping: Flapping = Field(default_factory=Flapping, description="what comes and goes")
    data_faults: DataFaults = Field(default_factory=DataFaults, description="Faults of the data")
    refractory: Refractory = Field(default_factory=Refractory, description="a fixed limit that has just cleared")
    reopening: Reopening = Field(default_factory=Reopening, description="a fault that comes back")
    knowledge: Knowledge = Field(default_factory=Knowledge, description="When an article's advice has stopped helping")
    repair_watch: RepairWatch = Field(
        default_factory=RepairWatch, description="How long telemetry watches whether a repair holds"
    )

    @property
    def in_force(self) -> DeskRules:
        """Themselves: rules that no file can change (:class:`alerts.rules.in_force.RulesInForce` follows one)."""
        return self

    @model_validator(mode="before")
    @classmethod
    def _keep_shipped_types(cls, said: Any) -> Any:
        if isinstance(said, dict) and isinstance(said.get("ticket_types"), dict):
            return said | {"ticket_types": {**shipped_types(), **said["ticket_types"]}}
        return said

    @model_validator(mode="after")
    def _check_types(self) -> DeskRules:
        if needed := self.ticket_types[REPAIR].needed:
            raise ValueError(f"ticket_types: a repair closes by itself, too, so nothing of it is needed: {needed[0]!r}")
        for name, known in self.ticket_types.items():
            if known.calendar is not None and known.calendar not in self.calendars:
                raise ValueError(f"ticket type {name!r} names a calendar that is not there: {known.calendar!r}")
        return self

    @model_validator(mode="after")
    def _check_calendars(self) -> DeskRules:
        for policy in self.policies:
            if policy.calendar is not None and policy.calendar not in self.calendars:
                raise ValueError(f"policy {policy.name!r} names a calendar that is not there: {policy.calendar!r}")
            if missing := sorted(set(policy.types) - set(self.ticket_types)):
                raise ValueError(f"policy {policy.name!r} names a type that is not there: {missing[0]!r}")
        return self

    @model_validator(mode="after")
    def _check_notices(self) -> DeskRules:
        roles = {person.role for person in self.people.values()}
        teams = {team for person in self.people.values() for team in person.teams}
        for rule in self.notices:
            if not (rule.roles or rule.teams or rule.people or rule.addressed):
                raise ValueError(f"rule {rule.name!r} tells nobody: give it roles, teams, people or addressed")
            for wanted, known, said in (
                (rule.people, set(self.people), "somebody who is not there"),
                (rule.roles, roles, "a role that nobody has"),
                (rule.teams, teams, "a team that nobody is in"),
            ):
                if missing := sorted(set(wanted) - known):
                    raise ValueError(f"rule {rule.name!r} names {said}: {missing[0]!r}")
        return self
