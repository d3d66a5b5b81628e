"""A line that breaks in an odd way costs the line, not the fleet."""

from __future__ import annotations

import asyncio
import random

import aiomqtt
import pytest

from ingest.clock import SystemClock
from simulator.agent import Agent, Identity
from simulator.connection import STRANGE_MAX, Broker, Connection, first_cause


def make(monkeypatch: pytest.MonkeyPatch, ends: list[BaseException]) -> tuple[Connection, list[float]]:
    """An appliance whose line ends in these ways, one after the other, and without a pause between."""
    line = Connection(
        Agent(Identity("a1", "dryer"), boot="b"),
        Broker("127.0.0.1", 1),
        clock=SystemClock(),
        password=None,
        rng=random.Random(1),
        gate=asyncio.Semaphore(1),
    )
    waits: list[float] = []

    async def speak() -> None:
        raise ends.pop(0)

    async def wait(seconds: float) -> None:
        waits.append(seconds)

    monkeypatch.setattr(line, "_speak", speak)
    monkeypatch.setattr(asyncio, "sleep", wait)
    return line, waits


def test_an_odd_end_is_told_and_the_appliance_comes_back(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """An error of the client library costs one reconnection, and its cause stands in the log."""
    line, waits = make(monkeypatch, [aiomqtt.MqttError("gone"), KeyError("mid"), asyncio.CancelledError()])

    with pytest.raises(asyncio.CancelledError):
        asyncio.run(line.run())

    assert len(waits) == 2
    assert "KeyError('mid')" in capsys.readouterr().out


def test_an_error_that_comes_again_and_again_is_raised(monkeypatch: pytest.MonkeyPatch) -> None:
    """A fault of ours isn't tried for ever: the fifth time it ends the line with its cause."""
    line, _ = make(monkeypatch, [KeyError(number) for number in range(STRANGE_MAX + 1)])

    with pytest.raises(KeyError, match=str(STRANGE_MAX - 1)):
        asyncio.run(line.run())


def test_the_cause_of_a_group_is_what_a_broken_line_does_not_explain() -> None:
    """Of several errors at once the odd one is the cause; of ordinary ones the first."""
    broken, odd = aiomqtt.MqttError("gone"), ValueError("odd")

    assert first_cause(ExceptionGroup("", [broken, ExceptionGroup("", [odd])])) is odd
    assert first_cause(ExceptionGroup("", [broken, OSError("late")])) is broken
