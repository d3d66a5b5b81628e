"""A verdict that a technician gives reaches the detectors through the journal, once, also over a restart."""

from __future__ import annotations

from api.service.line import detecting
from detectors.pipeline import Pipeline
from ingest.sample import Lesson
from tests.detectors.made_fleet import PROFILES, START_MS
from tests.ingest.loops.test_lessons import Desk
from tests.scenarios.line import Line

VAIN = Lesson("F1", "refrigerator", 3, START_MS, "condenser_fouling", "no_fault_found")


def balance(pipeline: Pipeline) -> float:
    """What verdicts have come to, over all fault modes of refrigerators."""
    return float(pipeline.detector("refrigerator").shared()["feedback/balance"].sum())


def test_a_verdict_teaches_the_detectors_once() -> None:
    """From the desk into the journal, from there into the fold; a fold from the checkpoint on, and one from the beginning, agree."""
    desk = Desk(VAIN)
    line = Line(PROFILES, START_MS, lessons=desk)

    for second in range(1, 8):
        line.go_on(START_MS + second * 1000)
    line.finish()

    again = detecting(line.feed, line.sink, PROFILES, elapsed_s=lambda: 0.0)
    again.start()
    line.sink = type(line.sink)()
    anew = detecting(line.feed, line.sink, PROFILES, elapsed_s=lambda: 0.0)
    anew.start()
    while anew.run_once():
        pass
    assert desk.noted == VAIN.number
    assert [balance(one._pipeline) for one in (line.runner, again, anew)] == [1.0, 1.0, 1.0]
