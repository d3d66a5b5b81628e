"""fettle simulate: folders, refusals, and the clock that catches up."""

from __future__ import annotations

import csv
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from api.commands.simulate import CatchingUpClock, read_credentials, run_simulate
from api.settings.settings import Settings
from ingest.clock import AcceleratedClock, SystemClock


def _simulate(**more: object) -> None:
    options: dict[str, object] = {
        "fleet": "demo", "seed": 1, "days": 1.0, "appliances": 5, "speed": 0.0, "start": "2026-03-01T00:00:00Z",
        "credentials": None, "out": None, "settings": Settings(),
    }  # fmt: skip
    run_simulate(**(options | more))  # type: ignore[arg-type]  # the options are a plain table


def test_a_folder_is_filled_for_the_days_asked(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """With --out the fleet goes into a folder; stdout stays clean, stderr tells what was written."""
    _simulate(out=tmp_path / "fleet")

    told = capsys.readouterr()
    with (tmp_path / "fleet" / "appliances.csv").open(encoding="utf-8") as file:
        assert len(list(csv.DictReader(file))) == 5
    assert told.out == ""
    assert "samples of 5 appliances" in told.err


@pytest.mark.parametrize(
    ("option", "told"),
    [
        ({"days": 0.0, "out": Path("x")}, "give --days"),
        ({"start": "yesterday", "out": Path("x")}, "write one like 2026"),
        ({"start": "2999-01-01"}, "is in the future"),
        ({"fleet": "atlantis"}, "There is no fleet 'atlantis'"),
    ],
)
def test_wrong_options_are_refused_with_a_sentence(option: dict[str, object], told: str) -> None:
    """What can't be simulated is answered with what to write instead."""
    with pytest.raises(ValueError, match=told):
        _simulate(**option)


def test_credentials_are_read_with_and_without_header(tmp_path: Path) -> None:
    """A CSV of id,password gives each appliance its password, whether or not it has a header."""
    path = tmp_path / "passwords.csv"
    path.write_text("id,password\nfridge-00001,abc\nwasher-00002,d e\n", "utf-8")

    assert read_credentials(path) == {"fridge-00001": "abc", "washer-00002": "d e"}


def test_credentials_without_password_are_refused_with_their_line(tmp_path: Path) -> None:
    """A line without password is named."""
    path = tmp_path / "passwords.csv"
    path.write_text("fridge-00001,abc\nfridge-00002\n", "utf-8")

    with pytest.raises(ValueError, match="line 2"):
        read_credentials(path)


def test_the_past_is_caught_up_but_never_overtaken() -> None:
    """At a finite speed the fleet's time runs fast until it is now, and never goes beyond."""
    wall = SystemClock()
    now_ms = wall.now_ms()

    behind = CatchingUpClock(AcceleratedClock(now_ms, now_ms - 10**9, 2.0), wall).now_ms()
    there = CatchingUpClock(AcceleratedClock(now_ms - 60_000, now_ms - 120_000, 1000.0), wall).now_ms()

    assert behind < now_ms
    assert now_ms <= there <= wall.now_ms()


def test_a_raw_fleet_tells_only_what_sensors_read(tmp_path: Path) -> None:
    """The same fleet with --raw has the same readings, and none that an appliance would have to compute."""
    told = {}
    for is_raw in (False, True):
        folder = tmp_path / str(is_raw)
        _simulate(out=folder, is_raw=is_raw)
        files = sorted((folder / "readings").glob("refrigerator-*.parquet"))
        told[is_raw] = pq.read_table(files[0])

    computed, read = "compressor_duty_pct", "power_w"
    assert told[False].column(computed).null_count < told[False].num_rows
    assert told[True].column(computed).null_count == told[True].num_rows
    assert told[True].column(read).equals(told[False].column(read))
