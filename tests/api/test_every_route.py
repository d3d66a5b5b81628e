"""What every route of the API does, found by walking through all of them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace

import pytest
from fastapi import FastAPI
from fastapi.routing import APIRoute, iter_route_contexts

from api.http.app import make_app
from api.http.manners import takes_body
from tests.api.described import described
from tests.api.house import House
from tests.api.test_kitchen import OneKitchen

API = "/api/v1"
STREAMS = {f"{API}/events", f"{API}/tickets.csv"}


def routes(method: str) -> list[str]:
    """All paths of the API that answer a method."""
    return [
        path
        for path, operations in described()["paths"].items()
        if method.lower() in operations and path.startswith(API)
    ]


def changing(app: FastAPI) -> Iterator[tuple[str, APIRoute, str]]:
    """Every path of the app, API or not, that changes something, with its route and method."""
    for found in iter_route_contexts(app.routes):
        if isinstance(found.original_route, APIRoute):
            for method in sorted((found.methods or set()) - {"GET", "HEAD"}):
                yield str(found.path), found.original_route, method


def filled(path: str) -> str:
    """A path with ids in it."""
    return re.sub(r"\{[a-z_]+\}", "1", path)


@pytest.mark.parametrize("path", routes("GET"))
def test_a_parameter_that_nobody_knows_is_refused_by_every_list(house: House, path: str) -> None:
    """422 with its name, whatever is asked for."""
    answer = house.call("GET", f"{filled(path)}?zzz=1")

    assert answer.status_code == 422
    assert answer.json()["detail"].startswith("zzz: ")


@pytest.mark.parametrize("method", ["POST", "PATCH", "PUT"])
def test_a_key_that_nobody_knows_is_refused_in_every_body(house: House, method: str) -> None:
    """422 with its name among the errors."""
    for path in routes(method):
        operation = described()["paths"][path][method.lower()]
        is_signed = any(one["name"] == "webhook-signature" for one in operation.get("parameters", []))
        if is_signed or "application/json" not in operation.get("requestBody", {}).get("content", {}):
            continue  # of a signed body nothing is read before its signature is looked at
        answer = house.call(method, filled(path).replace("/1/1", "/1/triage"), json={"zzz": 1})

        assert answer.status_code == 422, path
        assert any(error["where"].endswith("zzz") for error in answer.json().get("errors", [])), (path, answer.text)


def test_a_body_that_a_route_does_not_take_is_refused_by_every_route(house: House) -> None:
    """Whatever changes something and reads no body is 422 with the keys that it was sent; `{}` asks for nothing and passes."""
    app = make_app(replace(house.context, kitchens=OneKitchen()))
    house = replace(house, app=app)
    seen = 0
    for where_it_is, route, method in changing(app):
        if takes_body(route):
            assert route.body_field is not None or "requestBody" in (route.openapi_extra or {})
            continue
        seen += 1
        path = filled(where_it_is) + ("?deed=stop" if where_it_is == "/demo/appliances/{appliance_id}" else "")
        for content, where in [
            (b'{"zzz": 1, "a": 2}', ["body.a", "body.zzz"]),
            (b"reason=x", ["body"]),
            (b"[1]", ["body"]),
        ]:
            answer = house.call(method, path, content=content, headers={"content-type": "application/json"})

            assert answer.status_code == 422, (path, answer.text)
            assert [error["where"] for error in answer.json()["errors"]] == where, path
        assert house.call(method, path, json={}).status_code != 422, path
    assert seen >= 10


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
