"""Names of metrics are bounded per speaker: who invents too many loses those readings, and nobody else loses any."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from ingest.admission import names
from ingest.admission.names import DAY_MS, FREE_AFTER_DAYS
from ingest.sample import Passed
from ingest.wire.foreign.traces import NAMES_MAX, Traces
from tests.ingest.admission.bench import Bench, assert_equal


@pytest.fixture
def bench(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Bench]:
    """Admission with room for six names an appliance, ten a kind, two in any case."""
    monkeypatch.setattr(names, "OF_APPLIANCE_MAX", 6)
    monkeypatch.setattr(names, "OF_KIND_MAX", 10)
    monkeypatch.setattr(names, "FLOOR", 2)
    made = Bench(tmp_path)
    yield made
    made.books.close()


def _said(name: str, seq: int, *metrics: str, kind: str = "toaster") -> tuple[str, Any]:
    body = {"boot": "b", "seq": seq, "metrics": dict.fromkeys(metrics, 1.5)}
    return f"fettle/v1/{kind}/{name}/telemetry", body


def _stored(bench: Bench, *messages: tuple[str, Any]) -> list[dict[str, float]]:
    """The readings of each sample that is handed on; read back they are the same."""
    admitted = bench.send(*messages)
    assert_equal(bench.read_back(len(bench.sent) - 1), admitted.batch)
    return [
        {name: value for name, value in zip(block.metrics, row, strict=True) if not np.isnan(value)}
        for block in admitted.batch.blocks
        for row in block.values.tolist()
    ]


def test_the_reading_is_refused_and_not_the_sample(bench: Bench) -> None:
    """Beyond the quota of an appliance new names are left out, known ones go on, and the ledger counts every message."""
    first = _stored(bench, _said("a", 0, *"ghijkl"))
    second = _stored(bench, _said("a", 1, "g", "m", "n"), _said("a", 2, "h"))

    assert [set(sample) for sample in first] == [set("ghijkl")]
    assert [set(sample) for sample in second] == [{"g"}, {"h"}]
    assert [(row.stored, row.dead_lettered) for row in bench.ledger("a")] == [(3, 0)]


def test_a_sample_of_which_nothing_is_left_passes(bench: Bench) -> None:
    """Readers behind are told that its number is taken and that nothing comes of it."""
    _stored(bench, _said("a", 0, *"ghijkl"))
    admitted = bench.send(_said("a", 1, "m"))

    assert admitted.batch.blocks == ()
    assert admitted.batch.passed == (Passed("a", "b", 1),)
    assert admitted.readings_refused == 1


def test_metrics_of_the_profile_are_never_counted(bench: Bench) -> None:
    """An appliance that has invented its fill still reports what its profile knows."""
    _stored(bench, _said("w", 0, *"ghijkl", kind="washing_machine"))
    stored = _stored(bench, _said("w", 1, "m", "power_w", kind="washing_machine"))

    assert [set(sample) for sample in stored] == [{"power_w"}]


def test_a_kind_is_bounded_and_nobody_is_locked_out(bench: Bench) -> None:
    """What one appliance has filled up leaves to each other one its floor, and every name that the kind knows already."""
    _stored(bench, _said("a", 0, *"ghijkl"), _said("b", 0, *"mnopqr"))
    stored = _stored(bench, _said("c", 0, "s", "t", "u"), _said("c", 1, "g", "v"))

    assert [set(sample) for sample in stored] == [{"s", "t"}, {"g"}]
    assert [set(sample) for sample in _stored(bench, _said("d", 0, *"ghij", kind="kettle"))] == [set("ghij")]


def test_unused_names_are_freed(bench: Bench) -> None:
    """Names that were not heard for a month make room for others, also after a restart."""
    _stored(bench, _said("a", 0, *"ghijkl"))
    bench.now += (FREE_AFTER_DAYS - 1) * DAY_MS
    assert _stored(bench, _said("a", 1, "m", "g")) == [{"g": 1.5}]
    bench.restart()
    bench.now += 2 * DAY_MS

    assert [set(sample) for sample in _stored(bench, _said("a", 2, "m", "n"))] == [{"m", "n"}]
    assert set(bench.books.names_of("a")) == {"g", "m", "n"}


def test_a_flood_of_names_stays_small(bench: Bench) -> None:
    """Case D20: 257 messages of 64 invented metrics each leave six names, and a neighbour is not touched."""
    for seq in range(257):
        bench.send(_said("evil", seq, *(f"x{seq}_{number}" for number in range(64))))
    stored = _stored(bench, _said("good", 0, "power_w", "noise_db"))

    assert len(bench.books.names_of_kind("toaster")) == 8
    assert [set(sample) for sample in stored] == [{"power_w", "noise_db"}]


def test_what_is_left_out_of_many_samples(bench: Bench) -> None:
    """A message of several samples keeps each sample that has a reading left, and its text says what its values say."""
    _stored(bench, _said("a", 0, *"ghijkl"))
    samples = [{"metrics": {"g": 1}}, {"metrics": {"m": 2}}, {"metrics": {"h": 3, "n": 4}}]
    stored = _stored(bench, ("fettle/v1/toaster/a/telemetry", {"boot": "b", "seq": 1, "samples": samples}))

    assert stored == [{"g": 1.0}, {"h": 3.0}]


def _listed(traces: Traces) -> dict[str, dict[str, int]]:
    """Device → what of it is too many, and how often that was said."""
    return {
        one.name: {left.what: left.count for left in one.left_out if left.reason == "too_many"}
        for one in traces.told().devices
    }


def test_names_beyond_the_quota_are_listed_with_who_said_them(bench: Bench) -> None:
    """An appliance of ours and a foreign device each have a line per name, with how often it was said, once a batch is durable."""
    bench.traces = Traces()
    bench.restart()
    plug = {f"P{number}": {"Temperature": number} for number in range(8)}
    _stored(bench, _said("a", 0, *"ghijkl"), ("tele/plug/SENSOR", plug))
    _stored(bench, _said("a", 1, "g", "m", "n"), _said("a", 2, "m"), _said("b", 0, "g"), ("tele/plug/SENSOR", plug))

    listed = _listed(bench.traces)
    appliance, device = (one for one in bench.traces.told().devices)

    assert listed["fettle/v1/toaster/a"] == {"m": 2, "n": 1}
    assert list(listed) == ["fettle/v1/toaster/a", "tele/plug"]
    assert (appliance.appliance_id, appliance.kind, appliance.convention) == ("a", "toaster", "fettle")
    assert (device.convention, device.readings) == ("tasmota", 16)
    assert sorted(listed["tele/plug"].values()) == [2, 2]


def test_a_flood_of_names_pushes_nothing_else_out_of_the_list(bench: Bench) -> None:
    """Beyond sixteen by name the rest stands in one line, and every reading that was left out is counted in some."""
    bench.traces = Traces()
    bench.restart()
    for seq in range(9):
        bench.send(_said("evil", seq, *(f"x{seq}_{number}" for number in range(64))))

    listed = _listed(bench.traces)["fettle/v1/toaster/evil"]

    assert len(listed) == NAMES_MAX + 1
    assert sum(listed.values()) == 9 * 64 - 6
