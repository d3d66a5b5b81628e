"""Money over HTTP, and the price on the customer's page."""

from __future__ import annotations

import re
from urllib.parse import urlencode

import pytest

from alerts.accounts.account import Role
from tests.api.house import House

PRICES = b"external_id,code,amount,currency,valid_from\np1,visit,49.00,EUR,2020-01-01\np2,labour,0.99,EUR,2020-01-01\n"
WORK = {"lines": [{"code": "visit"}, {"code": "labour", "quantity": "35", "label": "35 <minutes>"}], "currency": "EUR"}


@pytest.mark.parametrize(("language", "due"), [("en", "You pay 83.65 EUR."), ("zh", "您需支付 83.65 EUR。")])
def test_the_customer_agrees_to_a_price(house: House, language: str, due: str) -> None:
    """Offered, seen on the page in their language, agreed to there, charged within it, and no cent beyond."""
    house.find()
    customer = house.post("/customers", {"name": "Li Na"}).json()["id"]
    house.post(f"/customers/{customer}/appliances", {"appliance_id": "fridge-1"})
    assert '"changed"' in house.call("POST", "/api/v1/prices/import", content=PRICES).text
    assert house.get("/tickets/1/payer").json()["reason"] == "nothing_agreed"
    assert house.post("/tickets/1/receipts", WORK, Role.TECHNICIAN).status_code == 409
    quote = house.post("/tickets/1/quotes", WORK, Role.TECHNICIAN).json()
    page = house.post("/tickets/1/links", {"days": 3}).json()["path"]
    shown = house.call("GET", f"{page}?lang={language}", None).text

    body = urlencode({"do": "approve", "quote": quote["id"]})
    kind = {"content-type": "application/x-www-form-urlencoded"}
    agreed = house.call("POST", page, None, content=body, headers=kind)
    more = house.post("/tickets/1/receipts", {**WORK, "lines": [*WORK["lines"], {"code": "visit"}]})
    receipt = house.post("/tickets/1/receipts", WORK, Role.TECHNICIAN)

    assert due in shown
    assert "35 &lt;minutes&gt;" in shown
    assert re.search(rf'name="quote" value="{quote["id"]}"', shown)
    assert (agreed.status_code, more.status_code, receipt.status_code) == (303, 409, 201)
    assert (receipt.json()["to_pay"], receipt.json()["quote_id"]) == ("83.65", quote["id"])
    assert house.get("/tickets/1/quotes").json()["items"][0]["answered_by"] == "customer"


def test_contracts_and_invoices_are_put_by_their_own_ids(house: House) -> None:
    """Twice is once; a list may be narrowed; what makes no sense is 422; managers alone."""
    care = {"basis": "contract", "valid_from": "2026-01-01", "appliance_id": "WM-1", "plan": "gold"}
    provider = house.post("/providers", {"name": "Cool", "fees": {"visit": "45.00"}}).json()["id"]
    bill = {"number": "P-9", "issued_on": "2026-09-30", "currency": "EUR", "amount": "10.00", "provider_id": provider}
    days = {"start": "2026-09-01", "end": "2026-09-30"}

    first = house.call("PUT", "/api/v1/coverages/c-1", json=care)
    again = house.call("PUT", "/api/v1/coverages/c-1", json=care)
    put = house.call("PUT", "/api/v1/invoices/i-1", json=bill | days)

    assert first.json() == again.json() == house.get("/coverages/c-1").json()
    assert [one["plan"] for one in house.get("/coverages?basis=contract").json()["items"]] == ["gold"]
    assert house.get("/coverages?basis=recall").json()["items"] == []
    assert (put.json()["expected"], put.json()["difference"]) == ("0.00", "10.00")
    assert house.get("/invoices/i-1").json() == house.get("/invoices?paid=false").json()["items"][0]
    assert house.get("/invoices?paid=true").json()["items"] == []
    assert "i-1,P-9" in house.get("/invoices.csv").text
    assert house.call("PUT", "/api/v1/invoices/i-2", json=bill).status_code == 422
    assert house.get("/receipts").json()["items"] == []
    assert house.get("/receipts.csv?start=2026-09-01").text.startswith("receipt_id,ticket")
    assert house.get("/invoices/i-2").status_code == 404
    assert house.get("/invoices", Role.DISPATCHER).status_code == 403


def test_a_statement_over_http(house: House) -> None:
    """As JSON and as CSV; only managers read it."""
    provider = house.post("/providers", {"name": "Cool", "fees": {"visit": "45.00"}}).json()["id"]
    path = f"/providers/{provider}/statement"
    days = "start=2026-09-01&end=2026-09-30"

    assert house.get(f"{path}?{days}", Role.MANAGER).json()["total"] == "0.00"
    assert house.get(f"{path}.csv?{days}", Role.MANAGER).text.splitlines()[-1] == "total,,,,,0.00,EUR"
    assert house.get(f"{path}?{days}", Role.DISPATCHER).status_code == 403
    assert house.get(f"{path}?start=2026-09-30&end=2026-09-01").status_code == 422


def test_amends_are_put_by_their_own_ids(house: House) -> None:
    """Given back within the receipt, claimed when the repair is done, recycled with its proof; each listed, filtered and handed out."""
    house.find()
    house.call("PUT", "/api/v1/taxes/de", json={"percent": "19", "valid_from": "2020-01-01"})
    work = {"lines": [{"code": "visit", "amount": "100.00"}], "currency": "EUR"}
    quote = house.post("/tickets/1/quotes", work).json()
    house.post(f"/tickets/1/quotes/{quote['id']}/approve", None)
    receipt = house.post("/tickets/1/receipts", work).json()
    gift = {"receipt_id": receipt["id"], "total": "11.90", "reason": "goodwill"}
    claim = {"ticket": "1", "maker": "Pumps", "sku": "00145", "claimed": "39.90", "currency": "EUR"}
    end = {"ticket": "1", "kind": "recycled", "currency": "EUR", "done_on": "2026-11-30", "record": "W-5"}

    given = house.call("PUT", "/api/v1/credit-notes/g", json=gift)
    more = house.call("PUT", "/api/v1/credit-notes/h", json=gift | {"total": "107.11"})
    early = house.call("PUT", "/api/v1/claims/c", json=claim)
    house.post("/tickets/1/close", None)
    asked = house.call("PUT", "/api/v1/claims/c", json=claim)
    ended = house.call("PUT", "/api/v1/outcomes/o", json=end)
    unproven = house.call("PUT", "/api/v1/outcomes/p", json=end | {"record": None})

    assert (receipt["net"], receipt["tax"], receipt["total"]) == ("100.00", "19.00", "119.00")
    assert (given.json()["net"], given.json()["tax"]) == ("10.00", "1.90")
    assert (more.status_code, early.status_code, unproven.status_code) == (409, 409, 422)
    assert house.get("/credit-notes?ticket=1").json()["items"] == [given.json()]
    assert house.get("/claims?status=opened").json()["items"] == [asked.json()]
    assert house.get("/outcomes?ticket=1").json()["items"] == [ended.json()]
    for name in ("credit-notes", "claims", "outcomes", "taxes"):
        out = house.get(f"/{name}.csv").text
        again = house.call("POST", f"/api/v1/{name}/import", content=out.encode())
        assert '"unchanged"' in again.text, again.text
