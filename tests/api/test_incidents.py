"""Incidents over HTTP."""

from __future__ import annotations

from sqlalchemy import insert

from alerts.accounts.account import Role
from alerts.appliances.tables import appliances
from tests.api.house import NOON_MS, House


def test_incidents_are_told_with_what_is_presumed(house: House) -> None:
    """A region that fell silent is one incident, with cause, figures and appliances; filters and ids as everywhere."""
    rows = [
        {"id": f"A-{n}", "kind": "dryer", "registered_ms": NOON_MS, "last_seen_ms": NOON_MS, "region": f"r{n % 4}"}
        for n in range(80)
    ]
    for row in rows[::4]:
        row |= {"status": "offline", "status_ms": NOON_MS + 1}
    rows = [{"status": None, "status_ms": None, **row} for row in rows]
    desk = house.context.desk
    desk.unit.write(lambda t: t.connection.execute(insert(appliances), rows).close())
    house.clock.advance(130_000)
    desk.incidents.look()

    [incident] = house.get("/incidents?state=open", Role.VIEWER).json()["items"]

    assert (incident["kind"], incident["scope"], incident["affected"], incident["exposed"]) == ("region", "r0", 20, 20)
    assert "r0" in incident["cause"]
    assert "r0" in house.get("/incidents/1", headers={"Accept-Language": "zh"}).json()["cause"]
    shown = house.get(f"/incidents/{incident['id']}").json()
    assert set(shown["appliances"]) == {f"A-{n}" for n in range(0, 80, 4)}
    assert house.get(f"/alerts?incident_id={incident['id']}").json()["items"] == []  # silence alone is no alert
    assert house.get("/incidents?state=closed").json()["items"] == []
    assert house.get("/incidents/7").status_code == 404
    assert house.get("/incidents?kind=x").status_code == 422


def test_a_quality_case_has_its_exposure(house: House) -> None:
    """Six of fifty of one batch deviate, hardly any elsewhere: one case by kind, with appliance-months, rate and interval."""
    rows = [
        {"id": f"A-{n}", "kind": "refrigerator", "registered_ms": NOON_MS, "model": "X1", "batch": f"B{n % 4}"}
        for n in range(200)
    ]
    desk = house.context.desk
    desk.unit.write(lambda t: t.connection.execute(insert(appliances), rows).close())
    for n in range(0, 24, 4):
        house.find(f"A-{n}")
    house.clock.advance(60_000)
    desk.incidents.look()

    [case] = house.get("/incidents?kind=batch").json()["items"]
    shown = house.get(f"/incidents/{case['id']}").json()

    assert (case["scope"], case["affected"], case["exposed"], case["exposure"]) == ("X1 · B0", 6, 50, None)
    assert case["low"] < 0.12 < case["high"]
    assert set(shown["appliances"]) == {f"A-{n}" for n in range(0, 24, 4)}
    exposure = shown["exposure"]
    assert (exposure["cohort"], exposure["appliances"], exposure["failures"], exposure["low"]) == ("X1 · B0", 50, 0, 0)
    assert exposure["high"] > 0
    assert house.get("/incidents?kind=firmware").json()["items"] == []
