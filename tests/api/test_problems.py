"""Errors over HTTP: one shape for all of them."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from starlette.types import Message

from alerts.accounts.account import Role
from alerts.tickets.desk import Tickets
from api.http.body_limit import MAX_BODY_BYTES
from api.http.problems import CLIENT_CLOSED_REQUEST
from tests.api.house import House


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/api/v1/nowhere", 404),
        ("POST", "/api/v1/nowhere", 404),
        ("DELETE", "/api/v1/tickets", 405),
        ("GET", "/api/v1/tickets/99", 404),
        ("GET", "/api/v1/appliances/none", 404),
        ("GET", "/api/v1/sessions/none", 404),
        ("GET", "/api/v1/alerts/none", 404),
        ("POST", "/api/v1/tickets/1/dance", 404),
        ("GET", "/api/v1/appliances?availability=asleep", 422),
        ("GET", "/api/v1/kpis?period=aeon", 422),
        ("GET", "/login/never-given-out", 401),
        ("GET", "/assets/none.js", 503),
        ("GET", "/queue", 503),
        ("POST", "/queue", 404),
    ],
)
def test_every_error_is_a_problem_document(house: House, method: str, path: str, status: int) -> None:
    """Whatever goes wrong is told as a problem document with its status, a sentence, and where."""
    answer = house.call(method, path)

    document = answer.json()
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    assert document["status"] == status
    assert document["instance"] == path.partition("?")[0]
    assert document.keys() >= {"type", "title", "status", "detail", "instance"}


def test_a_body_that_is_no_json_is_422(house: House) -> None:
    """Bytes that are no JSON are told as such."""
    answer = house.call("POST", "/api/v1/tickets", content=b"{nonsense", headers={"Content-Type": "application/json"})

    assert answer.status_code == 422
    assert answer.headers["content-type"] == "application/problem+json"


def test_a_body_beyond_the_limit_is_413(house: House) -> None:
    """More than the limit is not read, whether its length was announced or not."""

    async def pieces() -> AsyncIterator[bytes]:
        for _ in range(MAX_BODY_BYTES // 1000 + 1):
            yield b"x" * 1000

    announced = house.call("POST", "/api/v1/tickets", content=b"x" * (MAX_BODY_BYTES + 1))
    unannounced = house.call("POST", "/api/v1/tickets", content=pieces())

    for answer in (announced, unannounced):
        assert answer.status_code == 413
        assert answer.headers["content-type"] == "application/problem+json"
        assert "content-security-policy" in answer.headers


def test_a_fault_of_ours_is_500_without_its_inside(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    """What we did not foresee is answered without a trace of the inside, and logged."""

    def fail(*_arguments: object, **_options: object) -> None:
        raise ZeroDivisionError("a secret detail")

    monkeypatch.setattr(Tickets, "page", fail)

    answer = house.get("/tickets")

    assert answer.status_code == 500
    assert "secret" not in answer.text
    assert answer.headers["content-type"] == "application/problem+json"


def test_the_console_is_served_for_the_paths_that_only_its_script_knows(house: House, tmp_path: Path) -> None:
    """Files of the build are served as they are, every other path gets the page, and nothing outside is reached."""
    (tmp_path / "dist" / "assets").mkdir(parents=True)
    (tmp_path / "dist" / "index.html").write_text("<p>console</p>", encoding="utf-8")
    (tmp_path / "dist" / "assets" / "a.js").write_text("1", encoding="utf-8")
    (tmp_path / "secret.txt").write_text("secret", encoding="utf-8")

    assert house.call("GET", "/", None).text == "<p>console</p>"
    assert house.call("GET", "/tickets/7", None).text == "<p>console</p>"
    assert "immutable" in house.call("GET", "/assets/a.js", None).headers["cache-control"]
    assert house.call("GET", "/assets/b.js", None).status_code == 404
    assert "secret" not in house.call("GET", "/%2e%2e/secret.txt", None).text


def test_not_ready_is_503_with_the_reasons(house: House) -> None:
    """Readiness names what is missing; liveness is not concerned."""
    assert house.call("GET", "/readyz", None).json() == {"ready": True, "reasons": []}
    assert house.call("GET", "/livez", None).text == "ok\n"


def test_figures_are_counted_from_tickets(house: House) -> None:
    """A confirmed prediction counts for precision, and an open ticket as open."""
    house.find()
    key = house.get("/tickets").json()["items"][0]["id"]
    house.post(f"/tickets/{key}/start")
    house.post(f"/tickets/{key}/verdict", {"verdict": "confirmed"})
    house.post(f"/tickets/{key}/close")
    house.find(fault_mode="refrigerant_leak")

    figures = house.get("/kpis?period=7d", Role.MANAGER).json()

    assert (figures["opened"], figures["closed"], figures["open_now"]) == (2, 1, 1)
    assert figures["precision"] == 1.0


def test_the_parts_of_all_profiles_are_listed_in_pages(house: House) -> None:
    """Each part stands once, with what it is used for, and pages join."""
    everything = house.get("/parts?limit=500").json()["items"]
    first = house.get("/parts?limit=2").json()
    second = house.get(f"/parts?limit=2&cursor={first['next']}").json()

    skus = [part["sku"] for part in everything]
    assert skus == sorted(set(skus))
    assert [part["sku"] for part in first["items"] + second["items"]] == skus[:4]
    assert all(part["used_for"] for part in everything)


def test_the_audit_names_who_did_what(house: House) -> None:
    """A step by a person stands in the audit under the account's name."""
    house.find()
    key = house.get("/tickets").json()["items"][0]["id"]
    house.post(f"/tickets/{key}/triage", None, Role.TECHNICIAN)

    entries = house.get("/audit", Role.MANAGER).json()["items"]

    assert any(entry["actor"] == "technician" for entry in entries)


@pytest.mark.parametrize(("method", "status"), [("GET", CLIENT_CLOSED_REQUEST), ("POST", 400)])
def test_who_hangs_up_while_asking_is_no_fault_of_ours(house: House, method: str, status: int) -> None:
    """A page that is left while it asks for something is no error, whether the route takes a body or not."""
    statuses = []

    async def receive() -> Message:
        return {"type": "http.disconnect"}

    async def send(message: Message) -> None:
        if message["type"] == "http.response.start":
            statuses.append(message["status"])

    headers = [(name.lower().encode(), value.encode()) for name, value in house.headers(Role.ADMIN).items()]
    scope = {"type": "http", "http_version": "1.1", "method": method, "path": "/api/v1/tickets", "headers": headers}
    asyncio.run(house.app({**scope, "query_string": b"", "client": ("127.0.0.1", 1)}, receive, send))

    assert statuses == [status]
