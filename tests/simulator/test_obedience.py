"""What an appliance does when it is told to: its own interlocks, its tests, its memory of what it has answered."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import msgspec
import pytest

from ingest.profiles.definition import RemoteTest
from simulator.agent import Agent, Identity
from simulator.obedience import RESULTS_KEPT, TEST_EVERY_MS
from simulator.trials.trial import Trial

NOW_MS = 1_790_000_000_000
IDLE = b'{"ts":1790000000000,"mode":"idle","metrics":{"drum_rpm":0,"water_c":21,"door_open":false,"energy_kwh":12.5}}'


def _sample(**metrics: float | bool) -> bytes:
    told = msgspec.json.decode(IDLE)
    told["metrics"] |= metrics
    return msgspec.json.encode(told)


def _test(name: str, danger_class: str) -> RemoteTest:
    return RemoteTest(
        name, {"en": name}, name, danger_class, 60.0, "drain_s", "s", (40.0, 70.0), "drain_pump", {"seconds": 60.0}
    )


class Bench:
    """An appliance that drains in 55 s."""

    def __init__(self) -> None:
        self.runs = 0

    def run_test(self, test: RemoteTest, seconds: float, now_ms: int) -> Trial:  # noqa: ARG002  (always the same pump)
        """A trace of two readings."""
        self.runs += 1
        return Trial(seconds, ((0.0, {"pump_w": 30.0}), (55.0, {"pump_w": 12.0})), {"drain_s": 55.0})


def _agent(sample: bytes | None = IDLE, *, is_attended: bool = True, is_in_service_mode: bool = False) -> Agent:
    tests = [_test(name, name[-2:]) for name in ("read.R0", "blink.R1", "pump.R2", "heat.R3", "gas.R4")]
    agent = Agent(
        Identity("w1", "washing_machine", firmware="1.0"),
        boot="b1",
        tests=tests,
        bench=Bench(),
        gentle_hours={"lower_spin": 48.0},
    )
    if sample is not None:
        agent.report([sample])
    if is_attended:
        agent.surface.press_key(NOW_MS, service_mode=is_in_service_mode)
    return agent


def _command(name: str, command_id: str = "c1", *, danger: str = "R0", **args: Any) -> bytes:
    return msgspec.json.encode(
        {"id": command_id, "name": name, "class": danger, "args": args, "not_after": NOW_MS + 30_000}
    )


def _answers(agent: Agent, payload: bytes, now_ms: int = NOW_MS) -> list[dict[str, Any]]:
    return [msgspec.json.decode(one.payload) for one in agent.receive(agent.topic("command"), payload, now_ms)]


def test_a_test_tells_what_it_does_and_then_what_it_found() -> None:
    """A test is accepted and running at once; its trace and its result come when its time has passed, and not before."""
    agent = _agent()

    first = _answers(agent, _command("pump.R2", danger="R2", seconds=60))
    early = agent.due(NOW_MS + 59_999)
    told = agent.due(NOW_MS + 60_000)

    assert [one["state"] for one in first] == ["accepted", "running"]
    assert early == []
    trace, result = (msgspec.json.decode(one.payload) for one in told)
    assert [one["metrics"]["pump_w"] for one in trace["samples"]] == [30.0, 12.0]
    assert {one["mode"] for one in trace["samples"]} == {"test"}
    assert (result["state"], result["data"]["drain_s"]) == ("succeeded", 55.0)
    assert told[0].seq == 1
    assert not agent.is_testing


def test_a_repeated_test_is_not_done_again() -> None:
    """The same id moves nothing twice: while it runs the answer is running, afterwards its result."""
    agent = _agent()
    _answers(agent, _command("pump.R2", danger="R2"))

    during = _answers(agent, _command("pump.R2", danger="R2"), NOW_MS + 1)
    agent.due(NOW_MS + 60_000)
    after = _answers(agent, _command("pump.R2", danger="R2"), NOW_MS + 60_001)

    assert [one["state"] for one in (*during, *after)] == ["running", "succeeded"]
    assert isinstance(agent.obedience.bench, Bench)
    assert agent.obedience.bench.runs == 1


@pytest.mark.parametrize(
    ("name", "danger", "sample", "reason"),
    [
        ("warp.drive", "R0", IDLE, "unknown_command"),
        ("report.interval", "R1", IDLE, "unknown_command"),
        ("pump.R2", "R2", None, "interlock_unknown_state"),
        ("pump.R2", "R2", _sample(door_open=True), "interlock_door_open"),
        ("pump.R2", "R2", b'{"mode":"spin","cycle":"7","metrics":{"drum_rpm":0}}', "interlock_running"),
        ("pump.R2", "R2", _sample(drum_rpm=80.0), "interlock_turning"),
        ("pump.R2", "R2", _sample(water_c=80.0), "interlock_hot"),
        ("pump.R2", "R0", _sample(door_open=True), "interlock_door_open"),
        ("snapshot.read", "R2", _sample(door_open=True), "interlock_door_open"),
        ("heat.R3", "R3", IDLE, "interlock_service_mode"),
        ("gas.R4", "R4", IDLE, "never_remote"),
        ("snapshot.read", "R4", IDLE, "never_remote"),
        ("snapshot.read", "R9", IDLE, "malformed"),
    ],
)
def test_what_must_not_be_done_is_rejected_with_its_reason(
    name: str, danger: str, sample: bytes | None, reason: str
) -> None:
    """The appliance checks for itself, by the higher of the class that it is told and the class that it knows."""
    agent = _agent(sample)

    answers = _answers(agent, _command(name, danger=danger))

    assert [(one["state"], one.get("reason")) for one in answers] == [("rejected", reason)]
    assert not agent.is_testing


def test_nothing_moves_where_nobody_is() -> None:
    """A test that moves something needs a key pressed at the appliance within two minutes; a reading needs none."""
    agent = _agent(is_attended=False)

    assert _answers(agent, _command("pump.R2", danger="R2"))[0]["reason"] == "interlock_nobody_there"
    agent.surface.press_key(NOW_MS - 120_001)
    assert _answers(agent, _command("pump.R2", "c2", danger="R2"))[0]["reason"] == "interlock_nobody_there"
    assert _answers(agent, _command("read.R0", "c3"))[0]["state"] == "accepted"


def test_heat_needs_the_service_mode_that_a_power_cut_ends() -> None:
    """R3 runs in the service mode that somebody switched on by hand, for a quarter of an hour, until the power goes."""
    agent = _agent(is_in_service_mode=True)
    assert _answers(agent, _command("heat.R3", danger="R3"))[0]["state"] == "accepted"
    agent.due(NOW_MS + 60_000)

    other = _agent(is_in_service_mode=True)
    other.reboot("b2")
    other.surface.press_key(NOW_MS)

    assert _answers(other, _command("heat.R3", danger="R3"))[0]["reason"] == "interlock_service_mode"


def test_one_test_a_day_and_one_at_a_time() -> None:
    """While a test runs no other begins; a second one that moves something waits until tomorrow."""
    agent = _agent()
    _answers(agent, _command("pump.R2", danger="R2"))

    busy = _answers(agent, _command("read.R0", "c2"))
    agent.due(NOW_MS + 60_000)
    agent.surface.press_key(NOW_MS)
    again = _answers(agent, _command("pump.R2", "c3", danger="R2"))

    assert busy[0]["reason"] == "busy"
    assert again[0]["reason"] == "tested_today"
    agent.surface.press_key(NOW_MS + TEST_EVERY_MS + 1)
    late = msgspec.json.decode(_command("pump.R2", "c4", danger="R2")) | {"not_after": NOW_MS + 2 * TEST_EVERY_MS}
    assert _answers(agent, msgspec.json.encode(late), NOW_MS + TEST_EVERY_MS + 1)[0]["state"] == "accepted"


def test_a_test_does_no_more_than_it_may() -> None:
    """Arguments beyond the test's own limits, or that it doesn't have, are refused."""
    for args in ({"seconds": 61}, {"seconds": -1}, {"volts": 3}, {"seconds": True}, {"seconds": "60"}):
        assert _answers(_agent(), _command("pump.R2", danger="R2", **args))[0]["reason"] == "arguments"


def test_tests_of_one_name_are_told_apart() -> None:
    """Where several tests are the same command, component and test name which one is meant; no guess is made."""
    agent = _agent()
    twin = replace(_test("pump.R2", "R2"), name="long", component="inlet_valve")
    agent.obedience.tests = [*agent.obedience.tests, twin, replace(twin, name="longer")]

    states = [
        _answers(agent, _command("pump.R2", f"c{number}", danger="R2", **args))[0]
        for number, args in enumerate(
            ({}, {"component": "inlet_valve"}, {"component": "inlet_valve", "test": "longer"})
        )
    ]

    assert [one.get("reason", one["state"]) for one in states] == ["unknown_command", "unknown_command", "accepted"]


def test_an_opened_door_ends_a_test() -> None:
    """What runs fails with its reason, and nothing of it comes later."""
    agent = _agent()
    _answers(agent, _command("pump.R2", danger="R2"))

    (told,) = agent.break_off(NOW_MS + 5000, "door_opened")

    result = msgspec.json.decode(told.payload)
    assert (result["state"], result["reason"]) == ("failed", "door_opened")
    assert agent.due(NOW_MS + 100_000) == []


def test_what_can_be_read_is_read() -> None:
    """Counters, errors and firmware are answered at once, from what the appliance knows."""
    agent = _agent()
    agent.surface.errors.append((NOW_MS, "E18"))

    data = [
        _answers(agent, _command(name, name))[0]["data"] for name in ("counters.read", "errors.read", "firmware.read")
    ]

    assert data == [
        {"counters": {"energy_kwh": 12.5}},
        {"errors": [{"ts": NOW_MS, "code": "E18"}]},
        {"firmware": "1.0"},
    ]


def test_old_answers_are_kept_within_bounds() -> None:
    """The answers of the last 256 commands are kept, no more."""
    agent = _agent()

    for number in range(RESULTS_KEPT + 10):
        _answers(agent, _command("snapshot.read", f"c{number}"))

    assert len(agent.obedience._answers) == RESULTS_KEPT


def test_a_gentle_mode_needs_somebody_there_and_falls_back_by_itself() -> None:
    """Class R2 whatever it says; for its hours and no longer; renewed only as what stands; gone with the power."""
    alone, agent = _agent(is_attended=False), _agent()
    wanted: dict[str, Any] = {"mode": "lower_spin", "hours": 48}
    hour_ms = 3_600_000

    refused = _answers(alone, _command("protect.begin", danger="R0", **wanted))[-1]["reason"]
    odd = _answers(agent, _command("protect.begin", "c0", danger="R2", mode="lower_spin", hours=49))[-1]["reason"]
    stranger = _answers(agent, _command("protect.renew", "c1", danger="R1", **wanted))[-1]["reason"]
    begun = _answers(agent, _command("protect.begin", "c2", danger="R2", **wanted))[-1]
    stands = agent.surface.gentle_at(NOW_MS + 48 * hour_ms - 1)
    fallen = agent.surface.gentle_at(NOW_MS + 48 * hour_ms)
    again = _answers(agent, _command("protect.begin", "c3", danger="R2", **wanted))[-1]["state"]
    agent.reboot("b2")

    assert (refused, odd, stranger) == ("interlock_nobody_there", "arguments", "no_such_mode")
    assert begun["data"] == {"until": NOW_MS + 48 * hour_ms}
    assert stands is not None
    assert (fallen, again) == (None, "succeeded")
    assert agent.surface.gentle_at(NOW_MS) is None
    assert "protect:lower_spin" in agent.capabilities
