"""What the person at home sees of a simulated appliance, and what their hands do to it."""

from __future__ import annotations

from typing import Any

import msgspec

from ingest.profiles.definition import RemoteTest
from simulator.agent import Agent, Identity
from simulator.kitchen import Deed, Doing, display_of, touch
from simulator.surface import PRESENCE_MS
from simulator.trials.trial import Trial

NOW_MS = 1_790_000_000_000
IDLE = b'{"ts":1790000000000,"mode":"idle","metrics":{"water_c":21}}'
LOCKED = b'{"ts":1790000000000,"mode":"spin","cycle":"7","metrics":{"door_locked":true}}'
PUMP = RemoteTest(
    "drain", {"en": "Drain"}, "pump.test", "R2", 60.0, "drain_s", "s", (40.0, 70.0), None, {"seconds": 60}
)


class Bench:
    """An appliance whose every test takes as long as it may."""

    def run_test(self, test: RemoteTest, seconds: float, now_ms: int) -> Trial:  # noqa: ARG002
        """Nothing to see."""
        return Trial(seconds, (), {"drain_s": 55.0})


def _agent(sample: bytes = IDLE) -> Agent:
    agent = Agent(Identity("w1", "washing_machine", "WM 7"), boot="b1", tests=[PUMP], bench=Bench())
    agent.report([sample])
    return agent


def _say(agent: Agent, name: str, *, session: str = "s1", danger: str = "R0", **args: Any) -> dict[str, Any]:
    """One command of a session; the appliance's last answer."""
    command = {"id": f"{session}-{name}", "session": session, "name": name, "class": danger, "args": args}
    payload = msgspec.json.encode(command | {"not_after": NOW_MS + 30_000})
    return msgspec.json.decode(agent.receive(agent.topic("command"), payload, NOW_MS)[-1].payload, type=dict[str, Any])


def _event(agent: Agent, deed: Deed, *, is_on: bool = True) -> list[tuple[str, Any]]:
    """What the appliance says when somebody does something to it."""
    said = [msgspec.json.decode(one.payload) for one in touch(agent, deed, NOW_MS, is_on=is_on)]
    return [(one.get("type") or one["state"], one.get("data", one.get("reason"))) for one in said]


def _consented(sample: bytes = IDLE) -> Agent:
    agent = _agent(sample)
    _say(agent, "consent.show", code="123456", expires_at="2026-11-21T12:10:00Z", scope="test")
    return agent


def test_the_code_stands_on_the_display_until_the_session_has_begun() -> None:
    """First the code with its scope, then that somebody is connected, and after the end nothing of it."""
    agent = _consented()
    asked = display_of(agent, NOW_MS)
    _say(agent, "snapshot.read")
    during = display_of(agent, NOW_MS)
    _say(agent, "session.end")
    after = display_of(agent, NOW_MS)

    assert (asked.doing, asked.code, asked.scope) == (Doing.CONSENT_ASKED, "123456", "test")
    assert (during.doing, during.code, during.scope) == (Doing.IN_SESSION, None, "test")
    assert (after.doing, after.code, after.scope) == (Doing.IDLE, None, None)


def test_a_stop_ends_the_session_for_good() -> None:
    """One tap breaks off what runs, says so, and nothing of that session is obeyed any more; the next session is."""
    agent = _consented()
    _say(agent, "snapshot.read")
    touch(agent, Deed.CONFIRM_PRESENCE, NOW_MS)
    _say(agent, "pump.test", danger="R2")

    said = _event(agent, Deed.STOP)

    assert said == [("failed", "stopped_at_the_appliance"), ("local_stop", {"session": "s1"})]
    assert not agent.is_testing
    assert _say(agent, "errors.read")["reason"] == "session_ended"
    assert _say(agent, "errors.read", session="s2")["state"] == "succeeded"


def test_a_stop_while_the_code_is_shown_refuses() -> None:
    """Who does not want a session says so by the same key."""
    agent = _consented()

    assert _event(agent, Deed.STOP) == [("consent_refused", {"session": "s1"})]
    assert display_of(agent, NOW_MS).code is None


def test_a_stop_without_a_session_says_nothing() -> None:
    """There is nothing to end."""
    assert _event(_agent(), Deed.STOP) == []


def test_an_open_door_breaks_a_test_off_and_forbids_the_next() -> None:
    """The door counts also where no sample tells of it; the service mode does not outlive it."""
    agent = _consented()
    touch(agent, Deed.CONFIRM_PRESENCE, NOW_MS)
    touch(agent, Deed.SERVICE_MODE, NOW_MS)
    _say(agent, "pump.test", danger="R2")

    said = _event(agent, Deed.DOOR)

    assert said == [("failed", "door_opened"), ("door", {"open": True})]
    display = display_of(agent, NOW_MS)
    assert (display.is_door_open, display.is_service_mode_on) == (True, False)
    assert _say(agent, "pump.test", session="s2", danger="R2")["reason"] == "interlock_door_open"
    assert _event(agent, Deed.DOOR, is_on=False) == [("door", {"open": False})]


def test_a_locked_door_stays_closed() -> None:
    """Nobody opens a drum that turns."""
    agent = _agent(LOCKED)

    assert _event(agent, Deed.DOOR) == []
    assert not display_of(agent, NOW_MS).is_door_open


def test_people_have_their_own_time_beside_a_fast_clock() -> None:
    """A key counts for two minutes of the people's time, however fast the appliance's clock runs."""
    agent = _agent()
    agent.surface.pace = 600
    touch(agent, Deed.CONFIRM_PRESENCE, NOW_MS)

    assert display_of(agent, NOW_MS + 599 * PRESENCE_MS).is_presence_confirmed
    assert not display_of(agent, NOW_MS + 601 * PRESENCE_MS).is_presence_confirmed


def test_a_power_cut_ends_the_session_at_the_appliance() -> None:
    """After another boot neither the code nor the old session counts."""
    agent = _consented()
    _say(agent, "snapshot.read")

    agent.reboot("b2")

    assert display_of(agent, NOW_MS).doing is Doing.IDLE
    assert _say(agent, "errors.read")["reason"] == "session_ended"


def test_the_key_ends_a_gentle_mode_and_the_service_is_told() -> None:
    """It works normally again; without a gentle mode the key says nothing, and neither does cleaning."""
    agent = Agent(Identity("w1", "washing_machine"), boot="b1", bench=Bench(), gentle_hours={"lower_spin": 48.0})
    agent.report([IDLE])
    agent.surface.press_key(NOW_MS)
    _say(agent, "protect.begin", danger="R2", mode="lower_spin", hours=48)

    stood = display_of(agent, NOW_MS).gentle
    said, again = _event(agent, Deed.WORK_NORMALLY), _event(agent, Deed.WORK_NORMALLY)

    assert stood == "lower_spin"
    assert said == [("local_stop", {"protection": "lower_spin", "session": "s1"})]
    assert (again, _event(agent, Deed.DO_STEPS)) == ([], [])
    assert display_of(agent, NOW_MS).gentle is None
