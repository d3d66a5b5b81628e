"""Who may do what, over every route that there is."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from starlette.concurrency import run_in_threadpool

from alerts.accounts.account import Role
from api.http.access import COOKIE
from tests.api.described import described_routes
from tests.api.house import House
from tests.examples import some_of

OPEN = {"/livez", "/readyz", "/metrics", "/api/v1/login", "/api/v1/work-orders/status"}
LEAST = {
    ("GET", "/api/v1/kpis"): Role.MANAGER,
    ("GET", "/api/v1/kpis/reliability"): Role.MANAGER,
    ("GET", "/api/v1/kpis/days"): Role.MANAGER,
    ("GET", "/api/v1/kpis/repairs"): Role.MANAGER,
    ("GET", "/api/v1/training"): Role.MANAGER,
    ("GET", "/api/v1/own/training"): Role.TECHNICIAN,
    ("GET", "/api/v1/kpis/advice"): Role.MANAGER,
    ("GET", "/api/v1/kpis/modes"): Role.MANAGER,
    ("GET", "/api/v1/kpis/worth"): Role.MANAGER,
    ("GET", "/api/v1/kpis.csv"): Role.MANAGER,
    ("GET", "/api/v1/kpis/cases"): Role.MANAGER,
    ("GET", "/api/v1/kpis/cases.csv"): Role.MANAGER,
    ("GET", "/api/v1/kpis/report.pdf"): Role.MANAGER,
    ("GET", "/api/v1/audit"): Role.MANAGER,
    ("GET", "/api/v1/rules"): Role.MANAGER,
    ("POST", "/api/v1/articles/import"): Role.MANAGER,
    ("POST", "/api/v1/articles/shipped"): Role.MANAGER,
    ("POST", "/api/v1/dead-letters/replay"): Role.MANAGER,
    ("POST", "/api/v1/dead-letters/{number}/replay"): Role.MANAGER,
    ("POST", "/api/v1/what-if"): Role.MANAGER,
    ("GET", "/api/v1/audit/verdict"): Role.MANAGER,
    ("GET", "/api/v1/people"): Role.TECHNICIAN,
    ("POST", "/api/v1/views"): Role.VIEWER,
    ("PATCH", "/api/v1/views/{view_id}"): Role.VIEWER,
    ("DELETE", "/api/v1/views/{view_id}"): Role.VIEWER,
    ("POST", "/api/v1/tickets"): Role.DISPATCHER,
    ("POST", "/api/v1/tickets/{key}/schedule"): Role.DISPATCHER,
    ("POST", "/api/v1/tickets/{key}/cancel"): Role.DISPATCHER,
    ("GET", "/api/v1/notices"): Role.DISPATCHER,
    ("POST", "/api/v1/notices/{number}/retry"): Role.DISPATCHER,
    ("GET", "/api/v1/receivers"): Role.DISPATCHER,
    ("GET", "/api/v1/letters"): Role.DISPATCHER,
    ("POST", "/api/v1/letters/{number}/join"): Role.DISPATCHER,
    ("POST", "/api/v1/letters/{number}/dismiss"): Role.DISPATCHER,
    ("GET", "/api/v1/tickets/{key}/letters"): Role.TECHNICIAN,
    ("POST", "/api/v1/notices/retry-parked"): Role.DISPATCHER,
    ("POST", "/api/v1/notices/dry-run"): Role.MANAGER,
    **dict.fromkeys(
        [
            ("GET", "/api/v1/me"),
            ("POST", "/api/v1/logout"),
            ("GET", "/api/v1/own/offers"),
            ("GET", "/api/v1/own/offers/{offer_id}"),
            ("POST", "/api/v1/own/offers/{offer_id}/accept"),
            ("POST", "/api/v1/own/offers/{offer_id}/decline"),
        ],
        Role.PROVIDER,
    ),
    ("POST", "/api/v1/appliances/{appliance_id}/retire"): Role.ADMIN,
    ("POST", "/api/v1/appliances/{appliance_id}/revive"): Role.ADMIN,
    ("POST", "/api/v1/appliances/{appliance_id}/assign"): Role.ADMIN,
    ("POST", "/api/v1/appliances/{appliance_id}/erase"): Role.ADMIN,
    ("POST", "/api/v1/silences"): Role.DISPATCHER,
    ("DELETE", "/api/v1/silences/{silence_id}"): Role.DISPATCHER,
    ("GET", "/api/v1/users"): Role.ADMIN,
    ("POST", "/api/v1/users"): Role.ADMIN,
    ("PATCH", "/api/v1/users/{name}"): Role.ADMIN,
    ("DELETE", "/api/v1/users/{name}/keys/{prefix}"): Role.ADMIN,
    **dict.fromkeys(
        [
            ("GET", "/api/v1/customers"),
            ("GET", "/api/v1/customers/{customer_id}"),
            ("GET", "/api/v1/customers/{customer_id}/sites"),
            ("GET", "/api/v1/customers/{customer_id}/appliances"),
            ("GET", "/api/v1/customers/{customer_id}/consents/{purpose}"),
            ("GET", "/api/v1/appliances/{appliance_id}/owner"),
            ("GET", "/api/v1/stock"),
            ("GET", "/api/v1/stock.csv"),
            ("GET", "/api/v1/stock/places"),
            ("GET", "/api/v1/stock/parts"),
            ("GET", "/api/v1/stock/movements"),
            ("GET", "/api/v1/stock/orders"),
            ("GET", "/api/v1/tickets/{key}/holders/{sku}"),
            ("GET", "/api/v1/tickets/{key}/reservations"),
            ("GET", "/api/v1/prices"),
            ("GET", "/api/v1/taxes"),
            ("GET", "/api/v1/claims"),
            ("GET", "/api/v1/outcomes"),
            ("GET", "/api/v1/tickets/{key}/payer"),
            ("GET", "/api/v1/tickets/{key}/quotes"),
            ("GET", "/api/v1/tickets/{key}/receipts"),
            ("GET", "/api/v1/repairs"),
            ("GET", "/api/v1/tasks"),
            ("GET", "/api/v1/tickets/{key}/tasks"),
            ("POST", "/api/v1/tickets/{key}/tasks"),
            ("POST", "/api/v1/tasks/{task_id}/answer"),
            ("GET", "/api/v1/reservations"),
            ("GET", "/api/v1/advice"),
            ("GET", "/api/v1/advice.csv"),
            ("POST", "/api/v1/advice/{advice_id}/answer"),
            ("POST", "/api/v1/appliances/{appliance_id}/consumables/{name}/renew"),
            ("GET", "/api/v1/repairs.csv"),
            ("GET", "/api/v1/board"),
            ("GET", "/api/v1/own/visits"),
            ("GET", "/api/v1/visits"),
            ("GET", "/api/v1/visits/{visit_id}"),
            ("GET", "/api/v1/visits/{visit_id}/record.pdf"),
            ("GET", "/api/v1/tickets/{key}/visits"),
            ("GET", "/api/v1/technicians"),
            ("GET", "/api/v1/technicians/{technician_id}"),
            ("GET", "/api/v1/technicians/{technician_id}/absences"),
            ("GET", "/api/v1/customers/{customer_id}/technicians"),
            ("GET", "/api/v1/providers"),
            ("GET", "/api/v1/providers/{provider_id}"),
            ("GET", "/api/v1/tickets/{key}/offers"),
            ("GET", "/api/v1/tickets/{key}/links"),
            ("GET", "/api/v1/tickets/{key}/answers"),
        ],
        Role.TECHNICIAN,
    ),
    **dict.fromkeys(
        [
            ("POST", "/api/v1/customers"),
            ("PATCH", "/api/v1/customers/{customer_id}"),
            ("GET", "/api/v1/stock/needs"),
            ("GET", "/api/v1/capacity"),
            ("POST", "/api/v1/stock/import"),
            ("GET", "/api/v1/tickets/{key}/proposals"),
            ("POST", "/api/v1/tickets/{key}/visits"),
            ("POST", "/api/v1/visits/weigh"),
            ("POST", "/api/v1/visits/{visit_id}/move"),
            ("POST", "/api/v1/visits/{visit_id}/lock"),
            ("POST", "/api/v1/visits/{visit_id}/unlock"),
            ("POST", "/api/v1/plans"),
            ("POST", "/api/v1/plans/without"),
            ("POST", "/api/v1/technicians/{technician_id}/absences"),
            ("DELETE", "/api/v1/technicians/{technician_id}/absences/{absence_id}"),
            ("PUT", "/api/v1/customers/{customer_id}/technicians/{technician_id}"),
            ("DELETE", "/api/v1/customers/{customer_id}/technicians/{technician_id}"),
            ("POST", "/api/v1/tickets/{key}/offers"),
            ("POST", "/api/v1/offers/{offer_id}/withdraw"),
            ("POST", "/api/v1/customers/{customer_id}/consents"),
            ("POST", "/api/v1/customers/{customer_id}/sites"),
            ("PUT", "/api/v1/customers/{customer_id}/sites/{site_id}"),
            ("POST", "/api/v1/customers/{customer_id}/appliances"),
            ("DELETE", "/api/v1/appliances/{appliance_id}/owner"),
        ],
        Role.DISPATCHER,
    ),
    **dict.fromkeys(
        [
            ("POST", "/api/v1/stock/places"),
            ("PUT", "/api/v1/stock/parts/{sku}"),
            ("GET", "/api/v1/parts.csv"),
            ("POST", "/api/v1/parts/import"),
            ("POST", "/api/v1/stock/orders"),
            ("POST", "/api/v1/stock/orders/{order_id}/cancel"),
            ("GET", "/api/v1/prices.csv"),
            ("POST", "/api/v1/prices/import"),
            ("GET", "/api/v1/taxes.csv"),
            ("POST", "/api/v1/taxes/import"),
            ("PUT", "/api/v1/taxes/{external_id}"),
            ("GET", "/api/v1/coverages.csv"),
            ("POST", "/api/v1/coverages/import"),
            ("GET", "/api/v1/coverages"),
            ("GET", "/api/v1/coverages/{external_id}"),
            ("PUT", "/api/v1/coverages/{external_id}"),
            ("GET", "/api/v1/receipts"),
            ("GET", "/api/v1/receipts.csv"),
            ("GET", "/api/v1/credit-notes"),
            ("PUT", "/api/v1/credit-notes/{external_id}"),
            ("PUT", "/api/v1/claims/{external_id}"),
            ("GET", "/api/v1/credit-notes.csv"),
            ("POST", "/api/v1/credit-notes/import"),
            ("GET", "/api/v1/claims.csv"),
            ("POST", "/api/v1/claims/import"),
            ("GET", "/api/v1/outcomes.csv"),
            ("POST", "/api/v1/outcomes/import"),
            ("GET", "/api/v1/invoices"),
            ("GET", "/api/v1/invoices.csv"),
            ("POST", "/api/v1/invoices/import"),
            ("GET", "/api/v1/invoices/{external_id}"),
            ("PUT", "/api/v1/invoices/{external_id}"),
            ("GET", "/api/v1/providers/{provider_id}/statement"),
            ("GET", "/api/v1/providers/{provider_id}/statement.csv"),
            ("GET", "/api/v1/technicians.csv"),
            ("POST", "/api/v1/technicians"),
            ("POST", "/api/v1/technicians/import"),
            ("PUT", "/api/v1/technicians/{technician_id}"),
            ("POST", "/api/v1/providers"),
            ("PUT", "/api/v1/providers/{provider_id}"),
            ("GET", "/api/v1/customers.csv"),
            ("POST", "/api/v1/customers/import"),
            ("GET", "/api/v1/customers/{customer_id}/export"),
            ("POST", "/api/v1/customers/{customer_id}/merge"),
            ("POST", "/api/v1/customers/{customer_id}/erase"),
        ],
        Role.MANAGER,
    ),
}
STEPS = ("triage", "schedule", "start", "finish", "accept", "reject", "close", "reopen", "hold", "resume", "cancel")


def routes() -> list[tuple[str, str]]:
    """Every method and path of the OpenAPI document, with each step of the life cycle by its name."""
    found = []
    for method, path in described_routes():
        paths = [path.replace("{step}", step) for step in (*STEPS, "comment")] if "{step}" in path else [path]
        found += [(method, each) for each in paths]
    return [route for route in found if route[1] not in OPEN]


def filled(path: str) -> str:
    """A path with something that does not exist in place of each parameter."""
    return re.sub(r"\{\w+\}", "nothing", path)


@pytest.mark.parametrize("is_every", some_of([False, True], 1), ids=["at the border", "every role"])
@pytest.mark.parametrize("method", sorted({method for method, _ in routes()}))
def test_each_route_asks_for_a_login_and_the_least_role(house: House, method: str, *, is_every: bool) -> None:
    """Without login 401; below the route's least role 403; with it, and as administrator, the route does its work."""
    asked = [path for one, path in routes() if one == method]

    for path in asked:
        asks_for_a_login_and_the_least_role(house, method, path, is_every=is_every)


def asks_for_a_login_and_the_least_role(house: House, method: str, path: str, *, is_every: bool) -> None:
    """The same of one route."""
    least = LEAST.get((method, path), Role.VIEWER if method == "GET" else Role.TECHNICIAN)
    order = list(Role)
    border = order.index(least)
    roles = order if is_every else order[max(border - 1, 0) : border + 1]
    if path.endswith("/events") and "appliances" not in path:
        roles = []  # an open stream; its login is looked at below

    nobody = house.call(method, filled(path), None, json={})
    answers = {role: house.call(method, filled(path), role, json={}).status_code for role in roles}

    assert nobody.status_code == 401, path
    assert nobody.headers["content-type"] == "application/problem+json"
    assert nobody.headers["www-authenticate"].startswith("Bearer")
    for role, status in answers.items():
        is_enough = order.index(role) >= border
        assert (status == 403) is not is_enough, (path, role, status)
        assert status not in {401, 500}, (path, role, status)


def test_health_and_the_openapi_document_are_open(house: House) -> None:
    """What watches the service needs no login."""
    for path in ("/livez", "/readyz", "/metrics", "/api/v1/openapi.json"):
        assert house.call("GET", path, None).status_code == 200


def test_a_wrong_key_is_nobody(house: House) -> None:
    """A key that was never given out, or another scheme, lets nobody in."""
    for header in ("Bearer nonsense", "Bearer ", "Basic YTpi", "Bearer " + "x" * 5000):
        assert house.get("/tickets", None, headers={"Authorization": header}).status_code == 401


def test_a_login_link_works_once_and_leads_to_the_console(house: House) -> None:
    """The link sets a cookie that scripts can't read and that no foreign page sends; a second use is refused."""
    secret = house.context.accounts.login_link("viewer")

    first = house.call("GET", f"/login/{secret}", None)
    second = house.call("GET", f"/login/{secret}", None)

    assert (first.status_code, first.headers["location"]) == (303, "/")
    assert "HttpOnly" in first.headers["set-cookie"]
    assert "samesite=lax" in first.headers["set-cookie"].lower()
    assert second.status_code == 401
    me = house.get("/me", None, cookies={COOKIE: first.cookies[COOKIE]})
    assert me.json() == {
        "name": "viewer",
        "role": "viewer",
        "now": "2026-09-21T14:13:20Z",
        "last_change": 0,
        "kitchens": False,
    }


def test_name_and_password_log_in_and_logout_ends_it(house: House) -> None:
    """The login page's form gives a cookie; after logout the cookie is worth nothing."""
    house.context.accounts.add("anna", Role.TECHNICIAN, password="correct horse battery")

    wrong = house.post("/login", {"name": "anna", "password": "wrong"}, None)
    right = house.post("/login", {"name": "anna", "password": "correct horse battery"}, None)
    cookies = {COOKIE: right.cookies[COOKIE]}
    before = house.get("/me", None, cookies=cookies)
    out = house.post("/logout", None, None, cookies=cookies, headers={"Origin": "http://fettle.test"})
    after = house.get("/me", None, cookies=cookies)

    assert (wrong.status_code, right.status_code) == (401, 200)
    assert (before.status_code, out.status_code, after.status_code) == (200, 204, 401)


@pytest.mark.parametrize(
    ("headers", "is_let_in"),
    [
        ({"Origin": "http://fettle.test"}, True),
        ({"Sec-Fetch-Site": "same-origin"}, True),
        ({"Origin": "http://evil.test"}, False),
        ({"Origin": "null"}, False),
        ({"Origin": "http://fettle.test", "Sec-Fetch-Site": "cross-site"}, False),
        ({}, False),
    ],
)
def test_a_cookie_changes_nothing_from_a_foreign_page(
    house: House, headers: dict[str, str], *, is_let_in: bool
) -> None:
    """A change by cookie must come from our own origin; a key needs no origin."""
    house.register("fridge-1")
    account, secret = house.context.accounts.login_by_link(house.context.accounts.login_link("dispatcher")) or ("", "")
    assert account
    body = {"appliance_id": "fridge-1", "title": "It hums"}

    answer = house.post("/tickets", body, None, cookies={COOKIE: secret}, headers=headers)

    assert answer.status_code == (201 if is_let_in else 403)


def test_a_request_waits_for_a_thread_only_where_it_asks_the_database(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Who calls, and what is called for: what only looks at the request is done at once."""
    waited: list[str] = []

    def counted(work: Callable[..., object], *args: object, **options: object) -> object:
        waited.append(work.__name__)
        return run_in_threadpool(work, *args, **options)

    monkeypatch.setattr("fastapi.dependencies.utils.run_in_threadpool", counted)

    assert house.get("/sessions/unknown").status_code == 404
    assert house.get("/appliances").status_code == 200

    assert waited == ["_account", "_account"]


def test_every_response_tells_the_browser_what_it_may_do(house: House) -> None:
    """Each answer carries the content security policy, and the API's answers stay out of caches."""
    for path in ("/livez", "/api/v1/tickets", "/nowhere"):
        headers = house.call("GET", path).headers
        assert "default-src 'self'" in headers["content-security-policy"]
        assert headers["x-content-type-options"] == "nosniff"
    assert house.get("/tickets").headers["cache-control"] == "no-store"
