"""A fleet in a process of its own, as the demo runs it."""

from __future__ import annotations

import multiprocessing
from multiprocessing.connection import Connection
from pathlib import Path

import pytest

from ingest.clock import AcceleratedClock
from ingest.mqtt.embedded_broker import EmbeddedBroker
from simulator.child import FleetOrder, run_child
from simulator.driver import Progress
from simulator.weather import DAY_MS
from tests.simulator.made import START_MS

WAIT_S = 60.0


def _order(tmp_path: Path, *, fleet: str = "demo", port: int = 1) -> FleetOrder:
    return FleetOrder(
        fleet=fleet,
        seed=1,
        appliances=4,
        start_ms=START_MS - DAY_MS,
        history_until_ms=START_MS,
        mqtt_url=f"mqtt://127.0.0.1:{port}",
        clock=AcceleratedClock(START_MS, START_MS, 1.0),
        truth_folder=tmp_path,
        drain_s=0.1,
    )


def _hear(pipe: Connection) -> Progress | tuple[str, str]:
    assert pipe.poll(WAIT_S)
    word = pipe.recv()
    assert isinstance(word, Progress | tuple)
    return word


def test_a_child_tells_its_progress_and_stops_when_told(tmp_path: Path) -> None:
    """The child sends its history, goes live, stops on a word, and leaves the truth in its folder."""
    context = multiprocessing.get_context("spawn")
    ours, theirs = context.Pipe()
    with EmbeddedBroker() as broker:
        child = context.Process(target=run_child, args=(_order(tmp_path, port=broker.old_port), theirs))
        child.start()
        theirs.close()
        heard = _hear(ours)
        while isinstance(heard, Progress) and heard.phase != "live":
            heard = _hear(ours)
        ours.send("stop")
        while isinstance(heard, Progress) and heard.phase != "ended":
            heard = _hear(ours)
        child.join(WAIT_S)

    assert isinstance(heard, Progress)
    assert heard.history_days == pytest.approx(1.0, abs=0.01)
    assert heard.published > 0
    assert heard.readings > heard.samples > heard.published
    assert child.exitcode == 0
    assert {path.name for path in (tmp_path / "truth").iterdir()} >= {"faults.csv", "sensor_faults.csv"}


def test_a_child_that_can_t_start_says_why(tmp_path: Path) -> None:
    """A wrong order is answered with a sentence, not with a traceback."""
    context = multiprocessing.get_context("spawn")
    ours, theirs = context.Pipe()
    child = context.Process(target=run_child, args=(_order(tmp_path, fleet="atlantis"), theirs))
    child.start()
    theirs.close()

    heard = _hear(ours)

    child.join(WAIT_S)
    assert isinstance(heard, tuple)
    assert heard[0] == "failed"
    assert "There is no fleet 'atlantis'" in heard[1]
    assert child.exitcode == 0
