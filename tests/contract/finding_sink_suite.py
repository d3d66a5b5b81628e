"""What every finding sink promises; each implementation runs this suite.

A subclass provides ``open_sink``: a function that opens the same sink again each time it is called.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import pytest

from detectors.finding import (
    Condition,
    ConditionState,
    DetectCommit,
    Evidence,
    Finding,
    FindingChannel,
    FindingSink,
)
from detectors.reasons import ReasonCode, reason

OpenSink = Callable[[], FindingSink]


def finding(appliance_id: str = "F1", *, raised_ms: int = 1_780_000_000_000, cleared_ms: int | None = None) -> Finding:
    """A finding as the pipeline makes it."""
    evidence = Evidence("condenser_rise", 16.2, 11.8, 12.6, "K", raised_ms - 86_400_000, 0.7)
    return Finding(
        appliance_id=appliance_id,
        kind="refrigerator",
        fault_mode="condenser_fouling",
        component="condenser",
        channel=FindingChannel.EVIDENCE,
        raised_ms=raised_ms,
        onset_ms=raised_ms - 5 * 86_400_000,
        score=1.2,
        severity=0.3,
        probability=0.8,
        evidence=(evidence,),
        cleared_ms=cleared_ms,
    )


def step(position: int, *, findings: Sequence[Finding] = (), rows: dict[str, bytes] | None = None) -> DetectCommit:
    """A step with a condition for each row."""
    rows = {"F1": b"state %d" % position} if rows is None else rows
    conditions = [
        Condition(one, "refrigerator", ConditionState.OK, reason(ReasonCode.BEFORE), 1_780_000_000_000, {})
        for one in rows
    ]
    return DetectCommit(position, rows, b"shared %d" % position, findings, conditions)


class FindingSinkSuite:
    """The promises of :class:`detectors.finding.FindingSink`."""

    @pytest.fixture
    def open_sink(self) -> OpenSink:
        """A function that opens the sink under test."""
        raise NotImplementedError

    def test_a_new_sink_is_at_position_0(self, open_sink: OpenSink) -> None:
        """A sink that never took a step has position 0 and no rows."""
        stored = open_sink().load()

        assert stored.position == 0
        assert dict(stored.rows) == {}

    def test_a_step_is_there_after_opening_again(self, open_sink: OpenSink) -> None:
        """Position, rows and shared state of a committed step are what the next process loads."""
        open_sink().commit(step(7, findings=[finding()]))

        stored = open_sink().load()

        assert stored.position == 7
        assert dict(stored.rows) == {"F1": b"state 7"}
        assert stored.shared == b"shared 7"

    def test_rows_that_did_not_change_stay(self, open_sink: OpenSink) -> None:
        """A step names changed appliances only; the rows of all others stay as they were."""
        sink = open_sink()
        sink.commit(step(1, rows={"F1": b"a", "F2": b"b"}))
        sink.commit(step(2, rows={"F2": b"c"}))

        assert dict(open_sink().load().rows) == {"F1": b"a", "F2": b"c"}

    def test_an_old_position_changes_nothing(self, open_sink: OpenSink) -> None:
        """A step whose position is not beyond the stored one leaves everything as it is."""
        sink = open_sink()
        sink.commit(step(5, rows={"F1": b"new"}))

        sink.commit(step(5, rows={"F1": b"old"}))
        sink.commit(step(3, rows={"F1": b"older"}))

        stored = open_sink().load()
        assert stored.position == 5
        assert dict(stored.rows) == {"F1": b"new"}

    def test_a_repeated_finding_is_accepted(self, open_sink: OpenSink) -> None:
        """The same finding may come again in a later step, and be cleared after that."""
        sink = open_sink()
        sink.commit(step(1, findings=[finding()]))
        sink.commit(step(2, findings=[finding()]))
        sink.commit(step(3, findings=[finding(cleared_ms=1_780_100_000_000)]))

        assert open_sink().load().position == 3
