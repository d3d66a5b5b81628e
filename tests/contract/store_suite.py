"""What every telemetry store promises, as tests: a class to inherit from, with a fixture ``store``."""

from __future__ import annotations

import dataclasses
import random
from typing import TYPE_CHECKING, TypedDict

import numpy as np
import pytest

from ingest.sample import SampleBlock
from ingest.store import StoreRejected

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from ingest.store import Series, TelemetryStore

T0 = 1_790_000_000_000


class Span(TypedDict):
    """The range of a read."""

    start_ms: int
    end_ms: int


FOREVER: Span = {"start_ms": 0, "end_ms": T0 + 10**12}


def make_block(
    rows: Sequence[tuple[str, int, Mapping[str, float]]],
    *,
    kind: str = "refrigerator",
    seq: int | None = None,
    mode: str | None = None,
    cycle: str | None = None,
) -> SampleBlock:
    """A block of (appliance, event time, metrics); ``seq`` counts up from the one given, or there is none."""
    metrics = tuple(dict.fromkeys(name for *_, readings in rows for name in readings))
    count = len(rows)
    return SampleBlock(
        kind=kind,
        metrics=metrics,
        appliance_ids=[appliance_id for appliance_id, *_ in rows],
        ts_ms=np.array([ts_ms for _, ts_ms, _ in rows], np.int64),
        values=np.array([[readings.get(name, np.nan) for name in metrics] for *_, readings in rows], np.float64),
        modes=[mode] * count,
        cycles=[cycle] * count,
        seq=np.full(count, -1, np.int64) if seq is None else np.arange(seq, seq + count, dtype=np.int64),
        index=np.zeros(count, np.int64),
        flags=np.zeros(count, np.uint8),
        received_ms=T0,
    )


def columns(series: Series) -> tuple[list[int], dict[str, list[float | None]]]:
    """A series as plain lists, None for no reading."""
    values = {
        name: [None if value != value else value for value in column.tolist()]  # noqa: PLR0124 - NaN differs from itself
        for name, column in series.values.items()
    }
    return series.ts_ms.tolist(), values


def random_blocks(chance: random.Random, *, blocks: int, size: int) -> list[SampleBlock]:
    """Blocks with late, repeated, sparse and simultaneous samples of a few appliances."""
    made: list[SampleBlock] = []
    for number in range(blocks):
        rows = []
        for _ in range(size):
            names = chance.sample(["power_w", "fresh_food_c", "door_open", "vibration_mm_s"], chance.randint(1, 4))
            readings = {
                name: chance.choice([0.0, 1.0, -0.1, 1e-9, 1e22, round(chance.gauss(5, 9), 3)]) for name in names
            }
            rows.append((f"a{chance.randrange(4)}", T0 + chance.randrange(40) * 1000, readings))
        made.append(
            make_block(rows, seq=number * size, mode=chance.choice([None, "cooling"]), cycle=chance.choice([None, "7"]))
        )
        if chance.random() < 0.3:
            made.append(chance.choice(made))
    return made


class StoreSuite:
    """Inherit, and give a fixture ``store`` that opens an empty one."""

    def test_reads_back_what_was_written(self, store: TelemetryStore) -> None:
        """A read gives rows in time order, NaN where a sample has no such metric, whatever order they were written in."""
        store.write(
            [
                make_block([("a1", T0 + 2000, {"power_w": 92.4}), ("a1", T0, {"power_w": 90.0, "door_open": 1.0})]),
                make_block([("a2", T0, {"power_w": 5.0})]),
            ]
        )

        series = store.read("refrigerator", "a1", None, **FOREVER)

        assert columns(series) == ([T0, T0 + 2000], {"door_open": [1.0, None], "power_w": [90.0, 92.4]})

    def test_reads_the_metrics_asked_for(self, store: TelemetryStore) -> None:
        """All rows come back whatever metrics are asked for, and a metric without any reading is a column of NaN."""
        store.write([make_block([("a1", T0, {"power_w": 1.0}), ("a1", T0 + 1, {"fresh_food_c": 4.0})])])

        series = store.read("refrigerator", "a1", ["power_w", "never_seen"], **FOREVER)

        assert columns(series) == ([T0, T0 + 1], {"power_w": [1.0, None], "never_seen": [None, None]})

    def test_range_is_half_open(self, store: TelemetryStore) -> None:
        """A read gives [start, end): the start is in it, the end is not, also for samples with an offset in their ms."""
        store.write([make_block([("a1", T0 + ms, {"power_w": float(ms)}) for ms in range(5)], seq=77)])

        series = store.read("refrigerator", "a1", None, start_ms=T0 + 1, end_ms=T0 + 3)

        assert columns(series) == ([T0 + 1, T0 + 2], {"power_w": [1.0, 2.0]})

    def test_reads_the_samples_of_one_mode(self, store: TelemetryStore) -> None:
        """With a mode only rows of samples in just that mode come back, and only metrics that those rows have."""
        store.write([make_block([("a1", T0, {"power_w": 92.0}), ("a1", T0 + 3, {"power_w": 94.0})], mode="cooling")])
        store.write([make_block([("a1", T0 + 1, {"power_w": 3.0, "door_open": 1.0})], mode="idle", cycle="cooling")])
        store.write([make_block([("a1", T0 + 2, {"power_w": 4.0})]), make_block([("a2", T0, {"power_w": 5.0})])])

        def read(mode: str, metrics: list[str] | None = None) -> tuple[list[int], dict[str, list[float | None]]]:
            return columns(store.read("refrigerator", "a1", metrics, **FOREVER, mode=mode))

        assert read("cooling") == ([T0, T0 + 3], {"power_w": [92.0, 94.0]})
        assert read("idle", ["door_open", "never_seen"]) == ([T0 + 1], {"door_open": [1.0], "never_seen": [None]})
        assert read('say "${mode}"\\', ["power_w"]) == ([], {"power_w": []})

    def test_unknown_appliance_is_empty(self, store: TelemetryStore) -> None:
        """Of an appliance that was never seen there is nothing: no rows, no latest, no readings."""
        series = store.read("refrigerator", "nobody", ["power_w"], **FOREVER)

        assert columns(series) == ([], {"power_w": []})
        assert store.latest("refrigerator", "nobody") == {}
        assert store.count_readings("refrigerator", "nobody") == 0
        assert store.count_readings("dryer") == 0
        assert list(store.scan("dryer", **FOREVER)) == []

    def test_repeated_write_is_the_same_point(self, store: TelemetryStore) -> None:
        """Writing a block again changes nothing."""
        block = make_block([("a1", T0 + ms, {"power_w": float(ms), "door_open": 0.0}) for ms in range(50)], seq=0)

        store.write([block])
        store.write([block, block])

        assert store.count_readings("refrigerator", "a1") == 100
        assert len(store.read("refrigerator", "a1", None, **FOREVER).ts_ms) == 50

    def test_two_samples_of_one_millisecond_are_two(self, store: TelemetryStore) -> None:
        """Samples with different seq stay apart though their event time is the same."""
        store.write([make_block([("a1", T0, {"power_w": 1.0}), ("a1", T0, {"power_w": 2.0})], seq=4)])

        assert columns(store.read("refrigerator", "a1", None, **FOREVER)) == ([T0, T0], {"power_w": [1.0, 2.0]})

    def test_same_identity_keeps_the_later_reading(self, store: TelemetryStore) -> None:
        """Two samples of one identity become one row that holds, of each metric, what was written last."""
        store.write([make_block([("a1", T0, {"power_w": 1.0, "door_open": 1.0})])])
        store.write([make_block([("a1", T0, {"power_w": 2.0, "fresh_food_c": 4.0})])])

        series = store.read("refrigerator", "a1", None, **FOREVER)

        assert columns(series) == ([T0], {"door_open": [1.0], "fresh_food_c": [4.0], "power_w": [2.0]})
        assert store.count_readings("refrigerator") == 3

    def test_values_come_back_to_the_last_bit(self, store: TelemetryStore) -> None:
        """Every finite float is stored as it is."""
        values = [0.1, 1 / 3, 1e-300, 1.7976931348623157e308, -5e-324, 1e22, 123456789.12345678, -0.0]
        store.write([make_block([("a1", T0 + ms, {"power_w": value}) for ms, value in enumerate(values)])])

        series = store.read("refrigerator", "a1", ["power_w"], **FOREVER)

        assert series.values["power_w"].tolist() == values

    def test_latest_looks_back_per_metric(self, store: TelemetryStore) -> None:
        """The latest value of a metric is its newest reading, however long ago and in whatever order it arrived."""
        store.write([make_block([("a1", T0 + 5000, {"power_w": 5.0}), ("a1", T0, {"power_w": 1.0, "door_open": 1.0})])])
        store.write([make_block([("a1", T0 + 3000, {"power_w": 3.0}), ("a2", T0 + 9000, {"power_w": 9.0})])])

        assert store.latest("refrigerator", "a1") == {"door_open": (T0, 1.0), "power_w": (T0 + 5000, 5.0)}

    def test_scan_gives_blocks_that_store_the_same_again(self, store: TelemetryStore) -> None:
        """A scan has each appliance's samples in time order, with mode and cycle, and the identities that were stored."""
        first = make_block([("a2", T0 + 1, {"power_w": 1.0}), ("a1", T0 + 9, {"power_w": 2.0})], seq=3, mode="cooling")
        second = make_block([("a1", T0 + 4, {"door_open": 1.0})], seq=9, cycle='say "1,2"\\')
        store.write([first, second])
        store.write([make_block([("d1", T0, {"power_w": 2.0})], kind="dryer")])

        rows: dict[str, list[tuple[int, str | None, str | None, dict[str, float]]]] = {}
        for block in store.scan("refrigerator", **FOREVER):
            assert block.kind == "refrigerator"
            for row, time_ns in enumerate(block.time_ns().tolist()):
                readings = {
                    name: value
                    for name, value in zip(block.metrics, block.values[row].tolist(), strict=True)
                    if value == value  # noqa: PLR0124 - NaN differs from itself
                }
                rows.setdefault(block.appliance_ids[row], []).append(
                    (time_ns, block.modes[row], block.cycles[row], readings)
                )

        assert rows == {
            "a1": [
                (int(second.time_ns()[0]), None, 'say "1,2"\\', {"door_open": 1.0}),
                (int(first.time_ns()[1]), "cooling", None, {"power_w": 2.0}),
            ],
            "a2": [(int(first.time_ns()[0]), "cooling", None, {"power_w": 1.0})],
        }

    def test_scan_keeps_to_its_range(self, store: TelemetryStore) -> None:
        """A scan gives only samples of [start, end)."""
        store.write([make_block([("a1", T0 + ms, {"power_w": float(ms)}) for ms in range(9)])])

        blocks = list(store.scan("refrigerator", start_ms=T0 + 2, end_ms=T0 + 5))

        assert [ts for block in blocks for ts in block.ts_ms.tolist()] == [T0 + 2, T0 + 3, T0 + 4]

    def test_erases_one_appliance_only(self, store: TelemetryStore) -> None:
        """After erasing an appliance nothing of it can be read, all others are untouched, and it may come back."""
        store.write([make_block([("a1", T0, {"power_w": 1.0}), ("a2", T0, {"power_w": 2.0})], mode="cooling")])

        store.erase("refrigerator", "a1")
        store.erase("refrigerator", "nobody")

        assert store.count_readings("refrigerator", "a1") == 0
        assert store.latest("refrigerator", "a1") == {}
        assert store.count_readings("refrigerator") == 1
        store.write([make_block([("a1", T0 + 1, {"power_w": 3.0})])])
        assert store.latest("refrigerator", "a1") == {"power_w": (T0 + 1, 3.0)}

    def test_names_what_it_can_never_store_and_stores_the_rest(self, store: TelemetryStore) -> None:
        """Samples that can't be stored are named by block, row and reason, and all others of the call are stored."""
        good = make_block([("a1", T0, {"power_w": 1.0})])
        mixed = make_block(
            [
                ("a1", T0 + 1, {"power_w": 2.0}),
                ("a 2", T0 + 2, {"power_w": 3.0}),
                ("a1", T0 + 3, {"power_w": float("inf")}),
                ("a1", T0 + 4, {}),
                ("a1", 2**62, {"power_w": 4.0}),
                ("a1", T0 + 6, {"Power W": 5.0}),
                ("a1", T0 + 7, {"power_w": 6.0}),
            ]
        )

        with pytest.raises(StoreRejected) as refusal:
            store.write([good, mixed])

        assert [(block, row) for block, row, _ in refusal.value.rejected] == [(1, row) for row in (1, 2, 3, 4, 5)]
        assert columns(store.read("refrigerator", "a1", None, **FOREVER)) == (
            [T0, T0 + 1, T0 + 7],
            {"power_w": [1.0, 2.0, 6.0]},
        )

    def test_writing_nothing_is_fine(self, store: TelemetryStore) -> None:
        """No blocks, or blocks without rows, are stored at once."""
        empty = make_block([("a1", T0, {"power_w": 1.0})])
        nothing = dataclasses.replace(
            empty,
            appliance_ids=[],
            ts_ms=empty.ts_ms[:0],
            values=empty.values[:0],
            modes=[],
            cycles=[],
            seq=empty.seq[:0],
            index=empty.index[:0],
            flags=empty.flags[:0],
        )

        store.write([])
        store.write([nothing])
        store.check()

        assert store.count_readings("refrigerator") == 0

    def test_agrees_with_a_plain_dictionary(self, store: TelemetryStore) -> None:
        """Whatever order, repetition and lateness: reads are those of a dictionary of (appliance, time) → readings."""
        chance = random.Random(5)
        truth: dict[str, dict[int, dict[str, float]]] = {}
        for block in random_blocks(chance, blocks=30, size=12):
            store.write([block])
            for row, (appliance_id, time_ns) in enumerate(
                zip(block.appliance_ids, block.time_ns().tolist(), strict=True)
            ):
                readings = dict(zip(block.metrics, block.values[row].tolist(), strict=True))
                known = truth.setdefault(appliance_id, {}).setdefault(time_ns, {})
                known.update({name: value for name, value in readings.items() if value == value})  # noqa: PLR0124

        for appliance_id, expected in truth.items():
            names = sorted({name for readings in expected.values() for name in readings})
            times, series = columns(store.read("refrigerator", appliance_id, None, **FOREVER))
            assert times == [time_ns // 10**6 for time_ns in sorted(expected)]
            assert series == {name: [expected[time_ns].get(name) for time_ns in sorted(expected)] for name in names}
            assert store.count_readings("refrigerator", appliance_id) == sum(map(len, expected.values()))
        assert store.count_readings("refrigerator") == sum(len(r) for rows in truth.values() for r in rows.values())
