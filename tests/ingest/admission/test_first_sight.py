"""The short way of a fleet's first messages leads where the long one does."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from ingest.admission import admission
from ingest.admission.judge import Judge
from tests.examples import some_of, tries
from tests.ingest.admission.bench import NOW, Bench, assert_equal

_CHANNELS = ("telemetry", "telemetry", "telemetry", "event", "status")
_topics = st.builds(
    lambda kind, name, channel: (f"fettle/v1/{kind}/{name}", channel),
    st.sampled_from(["dryer", "dryer", "dryer", "oven"]),
    st.sampled_from(["a", "b", "c"]),
    st.sampled_from(_CHANNELS),
)


@st.composite
def _messages(draw: st.DrawFn) -> tuple[str, Any]:
    """A message of one of three appliances, often the first of its boot."""
    appliance, channel = draw(_topics)
    body: dict[str, Any] = {}
    if draw(st.integers(0, 9)):
        body |= {"boot": draw(st.sampled_from(["b1", "b1", "b2"])), "seq": draw(st.sampled_from([0, 0, 0, 1, 2, 5]))}
    times = st.sampled_from([NOW, NOW - 1000, NOW - 10**12])
    if channel == "status":
        body = {"state": "online", "capabilities": draw(st.sampled_from([[], ["buffer"]]))}
    elif channel == "event":
        body |= {"ts": draw(times), "type": "door_opened"}
    else:
        body["metrics"] = draw(st.sampled_from([{"power_w": 1}, {"power_w": 2}, {"power_w": 1}, {}]))
        body |= draw(st.sampled_from([{}, {}, {"up_ms": 5}]))
        body |= {} if draw(st.booleans()) else {"ts": draw(times)}
    return f"{appliance}/{channel}", body


class LongWay(Judge):
    """A judge that knows no short way."""

    def _begins(self, number: int, checksum: int) -> bool:
        """Nothing begins here."""
        del number, checksum
        return False


def _told(bench: Bench) -> list[Any]:
    """All that the books hold."""
    queries = ("ledger", "cold_range", "window", "appliance", "dead_letter", "judgement")
    bench.books.start_admitting()
    return [bench.books.connection.execute(f"SELECT * FROM {name} ORDER BY 1, 2, 3").fetchall() for name in queries]  # noqa: S608


_BORN_LATE = [
    ("fettle/v1/dryer/b/telemetry", {"boot": "b1", "seq": 0, "metrics": {"power_w": 1}}),
    ("fettle/v1/dryer/b/event", {"boot": "b2", "seq": 0, "ts": NOW, "type": "door_opened"}),
    ("fettle/v1/dryer/b/status", {"state": "online", "capabilities": ["buffer"]}),
]


@settings(max_examples=tries(150))
@example(batches=[_BORN_LATE], restart=0)
@given(batches=st.lists(st.lists(_messages(), min_size=1, max_size=6), max_size=5), restart=st.integers(0, 5))
@pytest.mark.parametrize("is_auto_registering", some_of([True, False], 1))
def test_both_ways_lead_to_the_same(
    batches: list[list[tuple[str, Any]]], restart: int, *, is_auto_registering: bool
) -> None:
    """Judgements, answers, acks and books are the same, whatever is said first, also after a restart."""
    with (
        tempfile.TemporaryDirectory() as one,
        tempfile.TemporaryDirectory() as other,
        pytest.MonkeyPatch.context() as patch,
    ):
        short = Bench(Path(one), is_auto_registering=is_auto_registering)
        long = Bench(Path(other), is_auto_registering=is_auto_registering)
        for number, batch in enumerate(batches):
            if number == restart:
                short.restart()
                long.restart()
            patch.setattr(admission, "Judge", LongWay)
            theirs = long.send(*batch)
            patch.setattr(admission, "Judge", Judge)
            ours = short.send(*batch)
            assert (ours.judgement, ours.nacks, ours.refused, ours.duplicates) == (
                theirs.judgement, theirs.nacks, theirs.refused, theirs.duplicates,
            )  # fmt: skip
            assert_equal(ours.batch, theirs.batch)
            assert short.admission.acks_due(short.now) == long.admission.acks_due(long.now)
        assert _told(short) == _told(long)
        short.books.close()
        long.books.close()


def test_a_fleets_first_messages_take_the_short_way(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without it the test above would compare the long way with itself."""
    begun: list[int] = []

    class Counting(Judge):
        def _begins(self, number: int, checksum: int) -> bool:
            is_begun = super()._begins(number, checksum)
            begun.extend([number] * is_begun)
            return is_begun

    monkeypatch.setattr(admission, "Judge", Counting)
    bench = Bench(tmp_path)

    bench.send(*(bench.telemetry(0) if name == "w1" else (f"fettle/v1/dryer/{name}/telemetry", {"boot": "b", "seq": 0, "metrics": {"power_w": 1}}) for name in ("w1", "d1", "d2")))  # fmt: skip
    bench.send(bench.telemetry(1))

    assert begun == [0, 1, 2]
    bench.books.close()
