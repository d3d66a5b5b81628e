"""Telemetry over HTTP: columns of a range, as stored or thinned out."""

from __future__ import annotations

import numpy as np
import pytest

from api.http.routes import telemetry
from ingest.clock import from_ms
from ingest.sample import SampleBlock
from tests.api.house import NOON_MS, House

MINUTE_MS = 60_000


def store(
    house: House,
    count: int,
    *,
    step_ms: int = MINUTE_MS,
    end_ms: int = NOON_MS,
    modes: list[str | None] | None = None,
) -> list[int]:
    """Samples of one fridge up to a time: power counts up, the door is open in every other."""
    house.register("fridge-1")
    ts_ms = end_ms - step_ms * np.arange(count, dtype=np.int64)[::-1]
    values = np.column_stack([np.arange(count, dtype=float), np.arange(count) % 2])
    house.context.store.write(
        [
            SampleBlock(
                kind="refrigerator",
                metrics=("power_w", "door_open"),
                appliance_ids=["fridge-1"] * count,
                ts_ms=ts_ms,
                values=values,
                modes=modes or [None] * count,
                cycles=[None] * count,
                seq=np.arange(count, dtype=np.int64),
                index=np.zeros(count, dtype=np.int64),
                flags=np.zeros(count, dtype=np.uint8),
                received_ms=end_ms,
            )
        ]
    )
    return [int(ts) for ts in ts_ms]


def test_the_last_day_comes_as_stored(house: House) -> None:
    """Without parameters: all metrics of the last 24 h, one row per sample, booleans as 0 and 1."""
    times = store(house, 10)

    answer = house.get("/appliances/fridge-1/telemetry").json()

    assert answer["ts"] == times
    assert answer["series"]["power_w"] == [float(i) for i in range(10)]
    assert answer["series"]["door_open"] == [0, 1] * 5


def test_a_range_is_half_open_and_takes_rfc_3339_or_ms(house: House) -> None:
    """[start, end) by either way of writing a time gives the same rows; one metric alone where asked."""
    times = store(house, 10)
    path = "/appliances/fridge-1/telemetry?metric=power_w"

    by_ms = house.get(f"{path}&start={times[2]}&end={times[5]}").json()
    by_text = house.get(f"{path}&start={from_ms(times[2]).isoformat()}&end={from_ms(times[5]).isoformat()}").json()

    assert by_ms == by_text
    assert by_ms == {"ts": times[2:5], "series": {"power_w": [2.0, 3.0, 4.0]}}


def test_silence_is_a_null_row(house: House) -> None:
    """Where samples are missing for long, a row of nulls keeps a chart from joining the ends."""
    store(house, 3, end_ms=NOON_MS - 100 * MINUTE_MS)
    store(house, 3)

    power = house.get("/appliances/fridge-1/telemetry?metric=power_w").json()["series"]["power_w"]

    assert power == [0.0, 1.0, 2.0, None, 0.0, 1.0, 2.0]


def test_many_rows_are_thinned_out_to_minimum_and_maximum(house: House) -> None:
    """Beyond points, each bucket gives its extremes, so no peak is lost."""
    store(house, 1000, step_ms=1000)

    answer = house.get("/appliances/fridge-1/telemetry?metric=power_w&points=100").json()

    values = [value for value in answer["series"]["power_w"] if value is not None]
    assert len(answer["ts"]) <= 100
    assert (min(values), max(values)) == (0.0, 999.0)


@pytest.mark.parametrize(
    "query",
    [
        "start=5&end=5",
        "start=9&end=5",
        "start=yesterday",
        "end=2026-13-01T00:00:00Z",
        "start=-5",
        "points=1",
        "points=many",
        "points=1000000",
    ],
)
def test_a_bad_range_is_422(house: House, query: str) -> None:
    """An empty range, a time that is none, or too many points is refused with a sentence."""
    house.register("fridge-1")

    answer = house.get(f"/appliances/fridge-1/telemetry?{query}")

    assert answer.status_code == 422
    assert answer.headers["content-type"] == "application/problem+json"


def test_an_appliance_is_shown_with_its_newest_readings(house: House) -> None:
    """One appliance carries availability, condition with reason, newest readings, and its metrics' units."""
    times = store(house, 3)

    shown = house.get("/appliances/fridge-1", headers={"Accept-Language": "zh"}).json()
    listed = house.get("/appliances?kind=refrigerator&q=fridge").json()["items"]

    assert shown["latest"]["power_w"] == {"ts": times[-1], "value": 2.0}
    assert shown["condition"] == "learning"
    assert shown["condition_reason"]
    assert shown["availability"] == "stale"
    labels = {metric["name"]: metric["label"] for metric in shown["metrics"]}
    assert labels["power_w"] == "功率"
    assert [item["id"] for item in listed] == ["fridge-1"]
    assert house.get("/appliances?kind=washing_machine").json()["items"] == []


def test_only_the_samples_of_one_mode_come_where_it_is_asked_for(house: House) -> None:
    """A mode leaves out all samples reported in another or in none; a mode that can't be is a 422."""
    times = store(house, 4, modes=["cooling", "idle", None, "cooling"])
    path = "/appliances/fridge-1/telemetry?metric=power_w&points=2000"

    answer = house.get(f"{path}&mode=cooling").json()

    assert [row for row in zip(answer["ts"], answer["series"]["power_w"], strict=True) if row[1] is not None] == [
        (times[0], 0.0),
        (times[3], 3.0),
    ]
    assert house.get(f"{path}&mode=spin").json() == {"ts": [], "series": {"power_w": []}}
    assert house.get(f"{path}&mode=%00").status_code == 422


def test_an_answer_is_bounded_in_columns_and_numbers(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    """Too many metrics at once, or too many numbers, are 422 with the cure; the cure works."""
    store(house, 10)
    path = "/appliances/fridge-1/telemetry"
    monkeypatch.setattr(telemetry, "METRICS_MAX", 1)

    refused = house.get(path)
    assert refused.status_code == 422
    assert refused.json()["detail"] == "metric: this appliance has 2 metrics; name at most 1 of them."
    assert house.get(f"{path}?metric=power_w").status_code == 200

    monkeypatch.setattr(telemetry, "CELLS_MAX", 8)
    refused = house.get(f"{path}?metric=power_w")
    assert refused.status_code == 422
    assert "10 rows of 1 metrics are more than 8 numbers; ask for at most 8 points" in refused.json()["detail"]
    assert len(house.get(f"{path}?metric=power_w&points=8").json()["ts"]) <= 8
