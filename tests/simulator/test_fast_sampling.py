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
