"""A POST that is sent twice with one Idempotency-Key is done once."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, MutableMapping
from typing import Any

import httpx
import pytest

from alerts.accounts.account import Role
from alerts.errors import DatabaseError
from alerts.repeats.desk import CUT_OFF_AFTER_MS, KEPT_MS
from tests.api.house import House

NEW = {"appliance_id": "fridge-1", "title": "It hums"}


def post(house: House, path: str, body: object, key: str = "k1", role: Role = Role.ADMIN) -> httpx.Response:
    """A POST with a key."""
    return house.post(path, body, role, headers={"Idempotency-Key": key})


def test_the_same_request_again_gets_the_first_answer(house: House) -> None:
    """One ticket, one answer, byte for byte, with its headers; another key is another ticket."""
    house.register("fridge-1")

    first, second = post(house, "/tickets", NEW), post(house, "/tickets", NEW)
    post(house, "/tickets", NEW, key="k2")

    assert (first.status_code, second.status_code, second.content) == (201, 201, first.content)
    assert second.headers["location"] == first.headers["location"]
    assert second.headers["etag"] == first.headers["etag"]
    assert second.headers["idempotency-replayed"] == "true"
    assert len(house.get("/tickets").json()["items"]) == 2


def test_a_step_with_a_key_is_taken_once(house: House) -> None:
    """The second would be illegal; the repeat of the first is not."""
    house.find()

    answers = [post(house, "/tickets/1/triage", {"note": "n"}) for _ in range(2)]

    assert [answer.json()["status"] for answer in answers] == ["triaged", "triaged"]
    assert [line["event"] for line in house.get("/tickets/1").json()["history"]] == ["open", "triage"]


@pytest.mark.parametrize(("path", "body"), [("/tickets", {**NEW, "title": "x"}), ("/tickets/1/comment", {"text": "a"})])
def test_a_key_stands_for_one_request(house: House, path: str, body: dict[str, Any]) -> None:
    """Another body, or another path, under the same key is 422, and nothing is done."""
    house.register("fridge-1")
    post(house, "/tickets", NEW)
    before = house.get("/tickets").json()

    answer = post(house, path, body)

    assert answer.status_code == 422
    assert "Idempotency-Key" in answer.json()["detail"]
    assert house.get("/tickets").json() == before


def test_what_was_refused_may_be_sent_again(house: House) -> None:
    """A refusal does nothing and uses up no key."""
    assert post(house, "/tickets", NEW).status_code == 422
    house.register("fridge-1")

    assert post(house, "/tickets", NEW).status_code == 201


def test_keys_of_different_accounts_have_nothing_to_do_with_each_other(house: House) -> None:
    """Who guesses another's key learns nothing of the other's answers."""
    house.register("fridge-1")
    post(house, "/tickets", NEW)

    assert post(house, "/tickets", {**NEW, "title": "y"}, role=Role.DISPATCHER).json()["title"] == "y"
    assert post(house, "/tickets", NEW, role=Role.VIEWER).status_code == 403


@pytest.mark.parametrize("key", ["", "k" * 201, "schlüssel".encode()])
def test_a_key_that_is_none_is_refused(house: House, key: Any) -> None:
    """Too long, empty or not ASCII: a sentence says what a key is."""
    answer = house.post("/tickets", NEW, headers={"Idempotency-Key": key})

    assert answer.status_code == 422
    assert "Idempotency-Key" in answer.json()["detail"]


def test_a_request_that_was_cut_off_is_not_done_again(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where the answer was never kept nobody knows what was done: first it is being done, later it was cut off."""
    house.register("fridge-1")
    desk = house.context.desk.by("admin").repeats

    def lose(*_: object) -> None:
        raise DatabaseError("gone")

    monkeypatch.setattr(type(desk), "finish", lose)
    post(house, "/tickets", NEW)
    monkeypatch.undo()

    at_once = post(house, "/tickets", NEW)
    house.clock.advance(CUT_OFF_AFTER_MS)
    later = post(house, "/tickets", NEW)

    assert (at_once.status_code, later.status_code) == (409, 409)
    assert "being done" in at_once.json()["detail"]
    assert "cut off" in later.json()["detail"]
    assert len(house.get("/tickets").json()["items"]) == 1


def test_a_key_is_forgotten_after_a_day(house: House) -> None:
    """The table has an end, and an old key is a new one."""
    house.register("fridge-1")
    post(house, "/tickets", NEW)
    post(house, "/tickets", NEW, key="other")
    house.clock.advance(KEPT_MS)

    assert post(house, "/tickets", {**NEW, "title": "z"}).status_code == 201
    house.context.desk.repeats.forget()
    assert post(house, "/tickets", {**NEW, "title": "z"}, key="other").status_code == 201


def test_no_secret_is_kept_with_a_key(house: House) -> None:
    """An account that is made twice is 409 the second time, and its API key lies in no table."""
    body = {"name": "kim", "role": "viewer", "key": True}

    first, second = post(house, "/users", body), post(house, "/users", body)

    assert (first.status_code, second.status_code) == (201, 409)
    kept = b"".join(path.read_bytes() for path in house.context.settings.data_dir.glob("desk.db*"))
    assert first.json()["key"].encode() not in kept


def test_a_body_that_is_too_large_is_refused_with_a_key_too(house: House) -> None:
    """413 as without."""
    assert post(house, "/tickets", {"title": "x" * 300_000}).status_code == 413


@pytest.mark.parametrize("came", [b"", b'{"until": "2026-12-01'])
def test_what_breaks_off_before_its_body_is_whole_is_not_done(house: House, came: bytes) -> None:
    """Neither with half a body nor with none, where one is optional; the key is free for the next try."""
    house.register("fridge-1")
    number = post(house, "/tickets", NEW).json()["number"]
    path = f"/tickets/{number}/triage"
    said: Iterator[dict[str, object]] = iter(
        [{"type": "http.request", "body": came, "more_body": True}, {"type": "http.disconnect"}]
    )
    answered: list[int] = []

    async def receive() -> dict[str, object]:
        return next(said)

    async def send(message: MutableMapping[str, Any]) -> None:
        answered.extend([message["status"]] if "status" in message else [])

    headers = {**house.headers(Role.ADMIN), "Idempotency-Key": "k2", "content-type": "application/json"}
    scope = {
        "type": "http",
        "method": "POST",
        "path": f"/api/v1{path}",
        "raw_path": f"/api/v1{path}".encode(),
        "query_string": b"",
        "scheme": "http",
        "http_version": "1.1",
        "server": ("fettle.test", 80),
        "client": ("127.0.0.1", 1),
        "root_path": "",
        "headers": [(name.lower().encode(), value.encode()) for name, value in headers.items()],
    }
    asyncio.run(house.app(scope, receive, send))

    assert answered == [499]
    assert house.get(f"/tickets/{number}").json()["status"] == "open"
    assert post(house, path, {"note": "again"}, key="k2").status_code == 200
