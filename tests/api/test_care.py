"""Care over HTTP, on the customer's page, on the command line, and counted from what is stored."""

from __future__ import annotations

import re
import threading
from collections.abc import Callable
from pathlib import Path
from urllib.parse import urlencode

import httpx
import numpy as np
import pytest
from numpy.typing import NDArray
from typer.testing import CliRunner

from alerts.accounts.account import Role
from alerts.database import Transaction, UnitOfWork
from api.cli import app
from api.service.use_counter import UseCounter
from detectors.units.use_days import DAY_MS
from ingest.sample import SampleBlock
from tests.api.house import NOON_MS, House

COLD_C = -24.0


def stored(house: House, *, days: int = 20) -> None:
    """A refrigerator that cools half of the time at a needlessly cold setting, for some days up to now."""
    start = (NOON_MS // DAY_MS - days) * DAY_MS
    ts = np.arange(start, NOON_MS, 600_000, dtype=np.int64)
    house.context.store.write([_block(ts)])


def _block(ts: NDArray[np.int64]) -> SampleBlock:
    n = len(ts)
    return SampleBlock(
        kind="refrigerator",
        metrics=("freezer_set_c", "fresh_food_set_c"),
        appliance_ids=["fridge-1"] * n,
        ts_ms=ts,
        values=np.tile([COLD_C, 5.0], (n, 1)),
        modes=["cooling" if one // 6 % 2 else "idle" for one in range(n)],
        cycles=[None] * n,
        seq=np.arange(n),
        index=np.zeros(n, np.int64),
        flags=np.zeros(n, np.uint8),
        received_ms=int(ts[-1]),
    )


def owned(house: House) -> str:
    """Somebody's fridge, who wants advice, and the link to the page of a ticket that is over."""
    house.register("fridge-1")
    customer = house.post("/customers", {"name": "Li Na", "language": "zh-CN"}).json()["id"]
    given = {"appliance_id": "fridge-1", "since": "2026-01-01T00:00:00Z"}
    assert house.post(f"/customers/{customer}/appliances", given).status_code < 300
    agreed = {"purpose": "advice", "is_given": True, "source": "form"}
    assert house.post(f"/customers/{customer}/consents", agreed).status_code == 201
    house.find()
    path = str(house.post("/tickets/1/links").json()["path"])
    house.post("/tickets/1/cancel", {"note": "x"})
    return path


def count(house: House) -> None:
    """Count what is stored."""
    context = house.context
    counter = UseCounter(context.desk.care, context.store, context.profiles, house.clock)
    assert counter.run_once() == 1
    assert counter.run_once() == 0


def press(house: House, path: str, **fields: str) -> httpx.Response:
    """Press a button of the customer's page."""
    kind = {"content-type": "application/x-www-form-urlencoded"}
    return house.call("POST", path, None, content=urlencode(fields), headers=kind)


def test_who_counts_stops_when_told(house: House) -> None:
    """Before the next appliance, not behind all of them: a store may take seconds for each."""
    owned(house)
    stored(house)
    context, stop = house.context, threading.Event()
    stop.set()

    assert UseCounter(context.desk.care, context.store, context.profiles, house.clock).run_once(stop) == 0
    count(house)


def test_who_counts_writes_some_appliances_at_once(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    """Else ten thousand of them hold up for minutes all else that is written."""
    for number in range(5):
        house.register(f"fridge-{number}")
    context, written, write = house.context, 0, UnitOfWork.write

    def note(unit: UnitOfWork, work: Callable[[Transaction], int]) -> int:
        nonlocal written
        written += 1
        return write(unit, work)

    monkeypatch.setattr(UnitOfWork, "write", note)

    assert UseCounter(context.desk.care, context.store, context.profiles, house.clock).run_once() == 5
    assert written == 1


def test_use_is_counted_from_what_is_stored_and_advised_about(house: House) -> None:
    """Hours of cooling and settings of whole days; one piece of advice, in the reader's language; wear of the coil."""
    owned(house)
    stored(house)
    count(house)

    care = house.get("/appliances/fridge-1/care", Role.VIEWER).json()
    chinese = house.get("/appliances/fridge-1/care", headers={"accept-language": "zh"}).json()

    uses = {one["name"]: one["mean"] for one in care["uses"]}
    assert (uses["freezer_set"], uses["cooling_hours"], care["quiet"]) == (COLD_C, 12.0, None)
    assert [(one["name"], one["before"], one["goal"]) for one in care["advice"]] == [
        ("warmer_freezer", COLD_C, "energy")
    ]
    assert chinese["advice"][0]["title"] == "冷冻设为 −18 °C 即可"
    [coil] = care["consumables"]
    assert (coil["name"], coil["unit"], coil["is_since_known"]) == ("condenser_dusting", "h", False)
    assert 0.9 < coil["remaining"] < 1.0


def test_a_technician_tells_and_a_manager_counts(house: House) -> None:
    """Followed once; twice is refused; the list, its CSV, and the effects of all."""
    owned(house)
    stored(house)
    count(house)
    [advice] = house.get("/advice?state=standing", Role.TECHNICIAN).json()["items"]

    told = house.post(f"/advice/{advice['id']}/answer", {"answer": "followed"}, Role.TECHNICIAN)
    again = house.post(f"/advice/{advice['id']}/answer", {"answer": "declined"})
    renewed = house.post("/appliances/fridge-1/consumables/condenser_dusting/renew").json()

    assert (told.json()["state"], again.status_code) == ("followed", 409)
    assert renewed["consumables"][0]["remaining"] == 1.0
    [effect] = house.get("/kpis/advice", Role.MANAGER).json()["items"]
    assert (effect["given"], effect["followed"], effect["change"]) == (1, 1, None)
    assert "warmer_freezer" in house.get("/advice.csv", Role.TECHNICIAN).text
    assert house.post("/appliances/fridge-1/consumables/bulb/renew").status_code == 404
    assert house.post("/advice/av_no/answer", {"answer": "followed"}).status_code == 404


def test_the_customer_reads_and_answers_advice_on_their_page(house: House) -> None:
    """Only when the ticket is over and while they allow it; a button is of their own appliance alone."""
    path = owned(house)
    stored(house)
    count(house)
    page = house.call("GET", path, None).text
    [advice] = re.findall(r'name="advice" value="([^"]+)"', page)[:1]

    foreign = press(house, path, do="advice_done", advice="av_other")
    done = press(house, path, do="advice_done", advice=advice)
    after = house.call("GET", f"{path}?lang=en", None).text
    press(house, path, do="forbid", purpose="advice")
    forbidden = house.call("GET", f"{path}?lang=en", None).text

    assert "冷冻设为 −18 °C 即可" in page
    assert (foreign.status_code, done.status_code) == (404, 303)
    assert "We compare the readings until" in after
    assert "Care</h2>" in after
    assert "Care</h2>" not in forbidden


def test_the_command_line_has_it_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Lists, effects, and a sentence for what is not there."""
    monkeypatch.setenv("FETTLE_DATA_DIR", str(tmp_path / "data"))
    runner = CliRunner()

    listed = runner.invoke(app, ["care", "list"])
    effects = runner.invoke(app, ["care", "effects"])
    shown = runner.invoke(app, ["care", "show", "fridge-9"])
    told = runner.invoke(app, ["care", "answer", "av_1", "followed"])
    renewed = runner.invoke(app, ["care", "renew", "fridge-9", "filter"])

    assert listed.stdout.split()[:2] == ["id", "appliance"]
    assert effects.stdout.split()[:2] == ["kind", "name"]
    assert "There is no appliance" in str(shown.exception)
    assert "There is no advice" in str(told.exception)
    assert "There is no appliance" in str(renewed.exception)
