"""Readings more often than usual, for a session and no longer."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from simulator.agent import Agent, Identity
from simulator.fast_sampling import between
from simulator.obedience import SAMPLING_MS

NOW_MS = 1_790_000_000_000


def _sample(at_s: float, mode: str = "wash", **metrics: Any) -> bytes:
    return msgspec.json.encode({"ts": NOW_MS + round(at_s * 1000), "mode": mode, "metrics": metrics})


def _told(before: bytes, after: bytes | None, at_s: float) -> dict[str, Any]:
    return msgspec.json.decode(between(before, after, NOW_MS + round(at_s * 1000)), type=dict[str, Any])


def test_a_reading_between_two_lies_between_them() -> None:
    """Numbers on the line, switches as they were; beside a change of mode, or with nothing behind, as the last one."""
    first, second = _sample(0, water_c=20.0, door_open=False), _sample(10, water_c=30.0, door_open=True)

    assert _told(first, second, 4) == {
        "ts": NOW_MS + 4000, "mode": "wash", "metrics": {"water_c": 24.0, "door_open": False},
    }  # fmt: skip
    assert _told(first, _sample(10, "spin", water_c=30.0), 4)["metrics"]["water_c"] == 20.0
    assert _told(first, None, 4)["metrics"]["water_c"] == 20.0


def _agent() -> Agent:
    agent = Agent(Identity("w1", "washing_machine"), boot="b1")
    agent.report([_sample(0, water_c=20.0)])
    return agent


def _say(agent: Agent, name: str, **args: Any) -> dict[str, Any]:
    command = {"id": f"{name}-{args}", "session": "s1", "name": name, "class": "R1", "args": args}
    payload = msgspec.json.encode(command | {"not_after": NOW_MS + 30_000})
    return msgspec.json.decode(agent.receive(agent.topic("command"), payload, NOW_MS)[-1].payload, type=dict[str, Any])


@pytest.mark.parametrize("end", ["session", "power", "time"])
def test_it_reads_more_often_until_the_session_the_power_or_the_time_ends(end: str) -> None:
    """Whichever comes first; nobody needs to say so for the last two."""
    agent, at_ms = _agent(), NOW_MS + 1000
    answered = _say(agent, "config.sampling", interval_s=1)
    wanted = agent.surface.sampling_at(at_ms)
    if end == "session":
        _say(agent, "session.end")
    elif end == "power":
        agent.reboot("b2")
    else:
        at_ms = NOW_MS + SAMPLING_MS

    assert answered["data"] == {"until": NOW_MS + SAMPLING_MS}
    assert wanted is not None
    assert wanted.interval_s == 1.0
    assert agent.surface.sampling_at(at_ms) is None


@pytest.mark.parametrize("interval_s", [0, 0.5, 61, True, "1", None])
def test_an_odd_interval_is_refused(interval_s: Any) -> None:
    """Not oftener than once a second, not for nothing."""
    assert _say(_agent(), "config.sampling", interval_s=interval_s)["reason"] == "arguments"


def _trace(agent: Agent, **args: Any) -> dict[str, Any]:
    return _say(agent, "trace.capture", **({"rate_hz": 10, "seconds": 2} | args))


def _fill(agent: Agent, until_s: float) -> None:
    """Let whoever drives the appliance look at it every half second."""
    for half in range(int(until_s * 2) + 1):
        if agent.surface.capture is not None:
            agent.surface.capture.read(agent.surface.sample, _sample(10, water_c=30.0), NOW_MS + half * 500)


def test_a_trace_is_as_dense_as_it_was_asked_for() -> None:
    """Ten readings a second for two seconds, told together with the result when its time has come, and not before."""
    agent = _agent()

    begun = _trace(agent)
    _fill(agent, 2.0)
    early = agent.due(NOW_MS + 1999)
    told = [msgspec.json.decode(one.payload) for one in agent.due(NOW_MS + 2000)]

    assert (begun["state"], early) == ("running", [])
    samples, result = told[0]["samples"], told[1]
    assert [one["ts"] - NOW_MS for one in samples] == list(range(0, 2000, 100))
    assert samples[5]["metrics"]["water_c"] == 20.5
    assert {(one["mode"], one["cycle"]) for one in samples} == {("test", result["data"]["cycle"])}
    assert (result["state"], result["data"]["samples"], result["data"]["metrics"]) == ("succeeded", 20, ["water_c"])
    assert not agent.is_busy


@pytest.mark.parametrize(("end", "told"), [("session", ["failed", "succeeded"]), ("power", [])])
def test_a_trace_ends_with_its_session_and_with_the_power(end: str, told: list[str]) -> None:
    """Broken off, and said so where there is who hears it; nothing of it comes later."""
    agent = _agent()
    _trace(agent)
    payload = {"id": "e1", "session": "s1", "name": "session.end", "class": "R0", "args": {}, "not_after": NOW_MS + 1}

    if end == "session":
        said = agent.receive(agent.topic("command"), msgspec.json.encode(payload), NOW_MS)
        states = [msgspec.json.decode(one.payload)["state"] for one in said]
    else:
        agent.reboot("b2")
        states = []

    assert states == told
    assert agent.due(NOW_MS + 60_000) == []


@pytest.mark.parametrize("odd", [{"rate_hz": 11}, {"rate_hz": 0}, {"seconds": 61}, {"seconds": "2"}, {"rate_hz": None}])
def test_an_odd_trace_is_refused(odd: dict[str, Any]) -> None:
    """Not denser and not longer than the appliance can."""
    assert _trace(_agent(), **odd)["reason"] == "arguments"


def test_one_trace_at_a_time() -> None:
    """A second one is told that the appliance is busy."""
    agent = _agent()
    _trace(agent)

    assert _trace(agent, seconds=1)["reason"] == "busy"
