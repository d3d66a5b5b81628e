"""The evidence pack of an alert: the same bytes whenever it is asked for, over HTTP and on the command line."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from typer.testing import CliRunner

from api.cli import app
from tests.api.house import NOON_MS, House
from tests.detectors.made_fleet import block

HOUR_MS, DAY_MS = 3_600_000, 86_400_000
RAISED_MS = NOON_MS - DAY_MS
"""The onset is a day before."""


def told(house: House, appliance_id: str, *, end_ms: int, hours: int = 24 * 15, warmer: float = 0.0) -> None:
    """Readings of an appliance every hour up to a time; in the last day they may be higher."""
    ts_ms = [end_ms - hour * HOUR_MS for hour in range(hours)][::-1]
    rows = [
        (appliance_id, ts, np.array([35.0 + warmer * (ts > RAISED_MS - DAY_MS), 90.0]), "cooling", None) for ts in ts_ms
    ]
    house.context.store.write([block("refrigerator", ("condenser_c", "power_w"), rows)])


@pytest.fixture
def alert(house: House) -> dict[str, Any]:
    """One alert on a condenser that is warmer than those of two like appliances."""
    for name, warmer in (("fridge-1", 9.0), ("fridge-2", 0.0), ("fridge-3", 1.0)):
        house.register(name)
        told(house, name, end_ms=RAISED_MS, warmer=warmer)
    house.find(raised_ms=RAISED_MS)
    found: dict[str, Any] = house.get("/alerts").json()["items"][0]
    return found


def test_a_pack_says_what_speaks_for_an_alert_and_against_it(house: House, alert: dict[str, Any]) -> None:
    """Its own readings before and since, those of its peers, signs that are missing, causes, parts, and how good the data is."""
    pack = house.get(f"/appliances/fridge-1/evidence/{alert['id']}").json()

    assert pack["alert"]["fault_mode"] == "condenser_fouling"
    assert pack["own"]["before"]["condenser_c"]["mean"] == 35.0
    assert pack["own"]["since"]["condenser_c"]["mean"] == pytest.approx(44.0, abs=0.4)
    peers = pack["peers"]["condenser_c"]
    assert (peers["peers"], peers["below_own"]) == (2, 2)
    assert pack["not_seen"]
    assert pack["causes"][0] == {"fault_mode": "condenser_fouling", "probability": 0.8}
    assert [part["probability"] for part in pack["parts"]] == sorted(
        (part["probability"] for part in pack["parts"]), reverse=True
    )
    assert pack["data_quality"]["longest_gap_s"] == 3600
    assert pack["data_quality"]["samples"] == 24 * 15


def test_a_pack_is_rebuilt_byte_for_byte(
    house: House, alert: dict[str, Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Later readings change nothing, the command prints what the API hands out; a late sample in the span changes the hash."""
    path = f"/appliances/fridge-1/evidence/{alert['id']}"
    first = house.get(path).content
    told(house, "fridge-1", end_ms=RAISED_MS + 5 * DAY_MS, hours=24)
    monkeypatch.setenv("FETTLE_DATA_DIR", str(tmp_path))

    assert house.get(path).content == first
    assert CliRunner().invoke(app, ["evidence", alert["id"]]).stdout_bytes == first

    told(house, "fridge-1", end_ms=RAISED_MS - HOUR_MS // 2, hours=1)
    assert house.get(path).json()["data_sha256"] not in first.decode()


def test_nobody_gets_a_pack_of_what_is_not_there(house: House, alert: dict[str, Any]) -> None:
    """404 for an alert that nobody knows, and for one of another appliance."""
    assert house.get("/appliances/fridge-1/evidence/al_0").status_code == 404
    assert house.get(f"/appliances/fridge-2/evidence/{alert['id']}").status_code == 404
