"""HEAD, 304, and parameters that say nothing or that nobody knows."""

from __future__ import annotations

import pytest

from alerts.accounts.account import Role
from tests.api.house import House


@pytest.mark.parametrize(
    "path", ["/tickets?state=closed", "/alerts?q=x", "/appliances?kinds=a", "/silences?x=1", "/tickets/1?x=1"]
)
def test_a_parameter_that_nobody_knows_is_named(house: House, path: str) -> None:
    """A misspelt filter is 422 with its name, not everything."""
    house.find()
    answer = house.get(path)

    assert answer.status_code == 422
    name = path.partition("?")[2].partition("=")[0]
    assert answer.json()["detail"].startswith(f"{name}: ")
    assert [error["where"] for error in answer.json()["errors"]] == [f"query.{name}"]


def test_who_may_not_come_in_learns_no_names(house: House) -> None:
    """Without a login the answer is 401, whatever the parameters."""
    assert house.get("/tickets?state=closed", None).status_code == 401


def test_an_empty_parameter_is_absent(house: House) -> None:
    """`?status=&assignee=` asks for everything, as without."""
    house.find()

    everything = house.get("/tickets?status=&appliance_id=&assignee=&q=&cursor=&limit=")

    assert everything.status_code == 200
    assert len(everything.json()["items"]) == 1
    assert house.get("/tickets?status=closed&q=").json()["items"] == []
    assert house.get("/appliances?kind=&availability=&condition=&region=&q=").status_code == 200


@pytest.mark.parametrize("path", ["/livez", "/readyz", "/metrics", "/api/v1/tickets", "/api/v1/tickets/1"])
def test_head_answers_as_get_without_the_body(house: House, path: str) -> None:
    """Status and headers of GET, and nothing behind them."""
    house.find()

    head, got = house.call("HEAD", path), house.call("GET", path)

    assert (head.status_code, head.content) == (200, b"")
    assert head.headers["content-type"] == got.headers["content-type"]
    assert head.headers["content-length"] == str(len(got.content))


def test_who_holds_the_present_version_gets_304(house: House) -> None:
    """A ticket that has not changed is not sent again; one that has, is."""
    house.find()
    tag = house.get("/tickets/1").headers["etag"]

    same = house.get("/tickets/1", headers={"If-None-Match": f'"0", {tag}'})
    house.post("/tickets/1/comment", {"text": "hello"})
    other = house.get("/tickets/1", headers={"If-None-Match": tag})

    assert (same.status_code, same.content, same.headers["etag"]) == (304, b"", tag)
    assert other.status_code == 200
    assert house.get("/tickets/1", Role.VIEWER, headers={"If-None-Match": "*"}).status_code == 304
