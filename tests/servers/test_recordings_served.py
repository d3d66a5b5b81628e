"""Recordings as people hand them in, replayed to a running service on a real mosquitto: the API gives the values that stand there."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import pytest

from tests.servers.test_field_served import KEPT, open_broker
from tests.servers.test_real_input import RunningService, serving

pytestmark = [pytest.mark.servers, pytest.mark.timeout(300)]

ISO = [f"2026-11-29T10:{minute:02d}:00Z" for minute in range(10)]
TEN = "2026-11-29 10:"
DAYS = [f"{46355.4166667 + minute / 1440:.7f}" for minute in range(4)]


@dataclass(frozen=True)
class Case:
    """A file, the options that go with it, and what is to be read: per metric the values at these times."""

    lines: Sequence[str]
    times: Sequence[str]
    series: dict[str, list[float | None]]
    options: Sequence[str] = ()


CASES = {
    "c01": Case(
        ["entity_id,state,last_changed", *(f"sensor.washer_power,{s},{t}" for s, t in zip((100, "unavailable", 102), ISO, strict=False))],
        [ISO[0], ISO[2]],
        {"washer_power": [100, 102]},
    ),
    "c02": Case(
        ["entity_id,state,last_changed", *(f"sensor.washer_{n},{v},{ISO[at]}" for at in range(2) for n, v in (("power", 100 + at), ("temp", 30.5)))],
        ISO[:2],
        {"washer_power": [100, 101], "washer_temp": [30.5, 30.5]},
    ),
    "c03": Case(['"Time","Power"', f"{TEN}00:00,950 mW", f"{TEN}01:00,1.2 kW"], ISO[:2], {"power_w": [0.95, 1200]}),
    "c04": Case(
        ['"Time","washer power","washer power"', f"{TEN}00:00,100,5", f"{TEN}01:00,101,6"],
        ISO[:2],
        {"power_w": [100, 101], "washer_power_2": [5, 6]},
        ["--metric", "washer power#1=power_w"],
    ),
    "c05": Case(["sep=;", "Time;valA;valB", f"{ISO[0]};0.1;2.0", f"{ISO[1]};1.1;"], ISO[:2], {"val_a": [0.1, 1.1], "val_b": [2, None]}),
    "c07": Case(
        ["Zeit;ts;Leistung [kW];Temperatur (°C)", f"x;{ISO[0]};1,5;40,25", f"x;{ISO[1]};1.100,5;41,25"],
        ISO[:2],
        {"leistung_w": [1500, 1_100_500], "temperatur_c": [40.25, 41.25]},
    ),
    "c09": Case(
        [
            "#group,false,false,true,true,false,false,true,true",
            "#datatype,string,long,dateTime:RFC3339,dateTime:RFC3339,dateTime:RFC3339,double,string,string",
            "#default,_result,,,,,,,",
            ",result,table,_start,_stop,_time,_value,_field,_measurement",
            *(f",,0,{ISO[0]},{ISO[9]},{ISO[at]},{at + 0.5},power,plug" for at in range(3)),
        ],
        ISO[:3],
        {"power": [0.5, 1.5, 2.5]},
    ),
    "c12": Case(["time,power", *(f"{day},{at}" for at, day in enumerate(DAYS))], ISO[:4], {"power": [0, 1, 2, 3]}),
    "c15": Case(
        ["time,power", "11/05/2026 10:00,0", "12/05/2026 10:00,2"],
        ["2026-05-11T10:00:00Z", "2026-05-12T10:00:00Z"],
        {"power": [0, 2]},
        ["--dates", "dm"],
    ),
}  # fmt: skip


def served(service: RunningService, appliance_id: str) -> tuple[list[datetime], dict[str, list[float | None]]]:
    """Times and series as the API gives them, without the rows that only break a chart's line."""
    answer = service.http.get(f"/api/v1/appliances/{appliance_id}/telemetry", params=KEPT)
    document = answer.raise_for_status().json()
    series: dict[str, list[float | None]] = document["series"]
    said = [row for row in range(len(document["ts"])) if any(values[row] is not None for values in series.values())]
    times = [datetime.fromtimestamp(document["ts"][row] / 1000, tz=UTC) for row in said]
    return times, {name: [values[row] for row in said] for name, values in series.items()}


def test_what_was_recorded_is_served(tmp_path: Path) -> None:
    """Each file under an id of its own; a file that can't be read is refused with its place, and nothing of it arrives."""
    refused = tmp_path / "c44.csv"
    refused.write_text(f"ts,power\n{ISO[0]},1_00\n", encoding="utf-8")
    with (
        open_broker(tmp_path) as port,
        serving(
            tmp_path, mqtt_url=f"mqtt://127.0.0.1:{port}", accept_past_days="3650", accept_future_s="86400"
        ) as service,
    ):
        for name, case in CASES.items():
            file = tmp_path / f"{name}.csv"
            file.write_text("\n".join(case.lines) + "\n", encoding="utf-8")
            done = service.fettle(
                "replay", file, "--kind", "generic", "--id", name, "--speed", "0", "--original-times", *case.options
            )
            assert done.returncode == 0, done.stderr
        odd = service.fettle("replay", refused, "--kind", "generic", "--id", "c44", "--speed", "0")
        service.wait_until_stored()

        for name, case in CASES.items():
            times, series = served(service, name)
            assert times == [datetime.fromisoformat(one) for one in case.times], name
            assert set(series) == set(case.series), name
            for metric, values in case.series.items():
                expected = [math.nan if value is None else value for value in values]
                told = [math.nan if value is None else value for value in series[metric]]
                assert told == pytest.approx(expected, nan_ok=True), (name, metric)
        assert (odd.returncode, "line 2, column 'power': '1_00'" in odd.stderr) == (1, True)
        assert service.http.get("/api/v1/appliances/c44").status_code == 404
