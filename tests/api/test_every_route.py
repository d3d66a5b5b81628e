"""What every route of the API does, found by walking through all of them."""

from __future__ import annotations

import re

import pytest

from api.http.app import make_app
from tests.api.house import House

API = "/api/v1"
STREAMS = {f"{API}/events", f"{API}/tickets.csv"}


def routes(method: str) -> list[str]:
    """All paths of the API that answer a method."""
    document = make_app(None).openapi()
    return [
        path for path, operations in document["paths"].items() if method.lower() in operations and path.startswith(API)
    ]


def filled(path: str) -> str:
    """A path with ids in it."""
    return re.sub(r"\{[a-z_]+\}", "1", path)


@pytest.mark.parametrize("path", routes("GET"))
def test_a_parameter_that_nobody_knows_is_refused_by_every_list(house: House, path: str) -> None:
    """422 with its name, whatever is asked for."""
    answer = house.call("GET", f"{filled(path)}?zzz=1")

    assert answer.status_code == 422
    assert answer.json()["detail"].startswith("zzz: ")


@pytest.mark.parametrize("method", ["POST", "PATCH"])
def test_a_key_that_nobody_knows_is_refused_in_every_body(house: House, method: str) -> None:
    """422 with its name among the errors."""
    document = make_app(None).openapi()
    for path in routes(method):
        takes = document["paths"][path][method.lower()].get("requestBody", {}).get("content", {})
        if "application/json" not in takes:
            continue
        answer = house.call(method, filled(path).replace("/1/1", "/1/triage"), json={"zzz": 1})

        assert answer.status_code == 422, path
        assert any(error["where"].endswith("zzz") for error in answer.json().get("errors", [])), (path, answer.text)


def test_every_document_has_a_version_and_is_not_sent_twice(house: House) -> None:
    """Each GET that answers 200 has an ETag; who holds it gets 304; HEAD has the same head."""
    house.find()
    seen = 0
    for path in sorted(set(routes("GET")) - STREAMS):
        got = house.call("GET", filled(path))
        if got.status_code != 200 or got.headers["content-type"] != "application/json":
            continue
        seen += 1
        tag = got.headers["etag"]
        again = house.call("GET", filled(path), headers={"If-None-Match": tag})
        head = house.call("HEAD", filled(path))

        assert (again.status_code, again.content) == (304, b""), path
        assert (head.status_code, head.content, head.headers["etag"]) == (200, b"", tag), path
    assert seen >= 12
