"""Kitchen: what the person at home sees of a simulated appliance, and what they can do to it.

The words here travel between a fleet's process and its parent: :class:`LookAt` and :class:`Touch` are each answered by a
:class:`Seen` of the same number.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from simulator.agent import Agent
from simulator.buffer import Outgoing
from simulator.reports import Happening


class Deed(StrEnum):
    """What a person can do at the appliance."""

    STOP = "stop"
    """End the remote session, or refuse the one that is asked for; always possible."""
    DOOR = "door"
    CONFIRM_PRESENCE = "confirm_presence"
    SERVICE_MODE = "service_mode"
    WORK_NORMALLY = "work_normally"
    """End the gentle mode that was set until the visit."""
    DO_STEPS = "do_steps"
    """What the customer's page asks for: clean the filter, level the machine."""


class Doing(StrEnum):
    """What an appliance does, as its display says it; the first that holds."""

    CONSENT_ASKED = "consent_asked"
    TESTING = "testing"
    IDENTIFYING = "identifying"
    IN_SESSION = "in_session"
    RUNNING = "running"
    IDLE = "idle"


@dataclass(frozen=True, slots=True)
class LookAt:
    """Asks for an appliance's display."""

    number: int
    appliance_id: str


@dataclass(frozen=True, slots=True)
class Touch:
    """Somebody does something at the appliance; ``is_on`` says of the door and the service mode which way."""

    number: int
    appliance_id: str
    deed: Deed
    is_on: bool = True


@dataclass(frozen=True, slots=True)
class Display:
    """What stands on an appliance's display, and what its door and keys are like."""

    appliance_id: str
    kind: str
    model: str | None
    doing: Doing
    mode: str | None
    code: str | None
    expires_at: str | None
    scope: str | None
    """What is consented to, or asked for."""
    test: str | None
    """The test that runs, by its name in the profile."""
    is_door_open: bool
    is_door_locked: bool
    is_presence_confirmed: bool
    is_service_mode_on: bool
    gentle: str | None = None
    """The gentle mode that it is in until somebody comes."""


@dataclass(frozen=True, slots=True)
class Seen:
    """Answers :class:`LookAt` and :class:`Touch`; ``None``: the fleet has no such appliance."""

    number: int
    display: Display | None


def display_of(agent: Agent, now_ms: int) -> Display:
    """The display now."""
    surface, sample = agent.surface, agent.surface.newest()
    metrics = sample.get("metrics") or {}
    gentle = surface.gentle_at(now_ms)
    asked = surface.consent
    shown = asked or surface.guest
    return Display(
        appliance_id=agent.identity.appliance_id,
        kind=agent.identity.kind,
        model=agent.identity.model,
        doing=_doing(agent, now_ms, is_running=bool(sample.get("cycle"))),
        mode=sample.get("mode"),
        code=None if asked is None else asked.code,
        expires_at=None if asked is None else asked.expires_at,
        scope=None if shown is None else shown.scope,
        test=agent.obedience.testing.name if agent.is_testing and agent.obedience.testing else None,
        is_door_open=surface.is_open,
        is_door_locked=bool(metrics.get("door_locked")),
        is_presence_confirmed=surface.is_attended(now_ms),
        is_service_mode_on=surface.is_in_service_mode(now_ms),
        gentle=None if gentle is None else gentle.mode,
    )


def touch(agent: Agent, deed: Deed, now_ms: int, *, is_on: bool = True) -> list[Outgoing]:
    """Do it; what the appliance says of it. A door that is locked stays as it is."""
    surface = agent.surface
    if deed is Deed.STOP:
        return _stop(agent, now_ms)
    if deed is Deed.CONFIRM_PRESENCE:
        surface.press_key(now_ms)
        return [_event(agent, "presence_confirmed", now_ms)]
    if deed is Deed.SERVICE_MODE:
        surface.service_mode_ms = now_ms if is_on and not surface.is_open else None
        return [_event(agent, "service_mode", now_ms, on=surface.service_mode_ms is not None)]
    if deed is Deed.WORK_NORMALLY:
        return _work_normally(agent, now_ms)
    is_locked = bool((surface.newest().get("metrics") or {}).get("door_locked"))
    if deed is Deed.DO_STEPS or (is_on and is_locked):
        return []  # what was cleaned the readings tell
    surface.open_door(is_open=is_on)
    broken = agent.break_off(now_ms, "door_opened") if is_on else []
    return [*broken, _event(agent, "door", now_ms, open=is_on)]


def _work_normally(agent: Agent, now_ms: int) -> list[Outgoing]:
    gentle, agent.surface.gentle = agent.surface.gentle_at(now_ms), None
    if gentle is None:
        return []
    return [_event(agent, "local_stop", now_ms, protection=gentle.mode, session=gentle.session)]


def _stop(agent: Agent, now_ms: int) -> list[Outgoing]:
    surface = agent.surface
    said = agent.break_off(now_ms, "stopped_at_the_appliance")
    for shown, word in ((surface.consent, "consent_refused"), (surface.guest, "local_stop")):
        if shown is not None:
            surface.dismiss(shown.session)
            said.append(_event(agent, word, now_ms, session=shown.session))
    return said


def _event(agent: Agent, word: str, now_ms: int, **data: object) -> Outgoing:
    return agent.tell(Happening(0, now_ms, word, data=data))


def _doing(agent: Agent, now_ms: int, *, is_running: bool) -> Doing:
    surface = agent.surface
    true_of = {
        Doing.CONSENT_ASKED: surface.consent is not None,
        Doing.TESTING: agent.is_testing,
        Doing.IDENTIFYING: now_ms < surface.is_identifying_until_ms,
        Doing.IN_SESSION: surface.guest is not None,
        Doing.RUNNING: is_running,
    }
    return next((doing for doing, is_true in true_of.items() if is_true), Doing.IDLE)
