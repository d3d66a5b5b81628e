"""What every route of the API does, found by walking through all of them."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import pytest
from fastapi import FastAPI
from fastapi.routing import APIRoute, iter_route_contexts
from starlette.routing import Match
from starlette.types import Scope

from api.http.app import make_app
from api.http.bodies import takes_body
from tests.api.described import described, described_routes
from tests.api.house import House
from tests.api.test_kitchen import OneKitchen

API = "/api/v1"
STREAMS = {f"{API}/events", f"{API}/tickets.csv"}


def routes(method: str) -> list[str]:
    """All paths of the API that answer a method."""
    return [path for one, path in described_routes() if one == method and path.startswith(API)]


def changing(app: FastAPI) -> Iterator[tuple[str, APIRoute, str]]:
    """Every path of the app, API or not, that changes something, with its route and method."""
    for found in iter_route_contexts(app.routes):
        if isinstance(found.original_route, APIRoute):
            for method in sorted((found.methods or set()) - {"GET", "HEAD"}):
                yield str(found.path), found.original_route, method


def filled(path: str) -> str:
    """A path with ids in it."""
    return re.sub(r"\{[a-z_]+\}", "1", path)


def test_every_route_of_the_document_is_walked_through() -> None:
    """What is tried, here and for access, are all routes that the OpenAPI document tells of, and no others."""
    told = [(method.upper(), path) for path, operations in described()["paths"].items() for method in operations]

    assert sorted(described_routes()) == sorted(told)
    assert len(told) >= 150


def test_a_request_is_held_against_each_route_once(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    """Only those of its own file are looked at again: with all routes below one router, each request took twice as long."""
    held, matches = list[str](), APIRoute.matches

    def counted(route: APIRoute, scope: Scope) -> tuple[Match, Scope]:
        held.append(route.name)
        return matches(route, scope)

    monkeypatch.setattr(APIRoute, "matches", counted)

    assert house.call("GET", f"{API}/users").status_code == 200
    assert len(held) >= 150
    assert len(held) - len(set(held)) <= 20


@pytest.mark.parametrize("method", ["GET", "POST", "PATCH", "PUT", "DELETE"])
def test_a_parameter_that_nobody_knows_is_refused_by_every_route(house: House, method: str) -> None:
    """422 with its name before anything else is looked at."""
    headers = dict.fromkeys(("webhook-id", "webhook-timestamp", "webhook-signature"), "1")
    for path in routes(method):
        answer = house.call(method, f"{filled(path)}?zzz=1", json=None if method == "GET" else {}, headers=headers)

        assert answer.status_code == 422, (path, answer.text)
        assert answer.json()["detail"].startswith("zzz: "), (path, answer.text)


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


def parameters() -> Iterator[tuple[str, str, dict[str, Any]]]:
    """Every query parameter of every route."""
    for path, operations in described()["paths"].items():
        for method, operation in operations.items():
            for parameter in operation.get("parameters", []):
                if parameter["in"] == "query" and path.startswith(API):
                    yield method, path, parameter


def types_of(schema: dict[str, Any]) -> set[str]:
    """What a parameter or key may be."""
    if "$ref" in schema:
        return types_of(resolved(schema))
    return {schema["type"]} if "type" in schema else set().union(*map(types_of, schema.get("anyOf", [])))


def resolved(schema: dict[str, Any]) -> dict[str, Any]:
    """The schema itself where it is a reference."""
    name = schema.get("$ref", "").rsplit("/", 1)[-1]
    return resolved(described()["components"]["schemas"][name]) if name else schema


def test_a_parameter_that_stands_twice_is_refused_by_every_route(house: House) -> None:
    """422 with its name, as one of the two would be forgotten; only of lists each counts."""
    lists = set()
    for method, path, parameter in parameters():
        name = parameter["name"]
        answer = house.call(
            method.upper(), f"{filled(path)}?{name}=1&{name}=2", content=b"" if method == "post" else None
        )

        if "array" in types_of(parameter["schema"]):
            lists.add(name)
            continue
        assert answer.status_code == 422, (path, answer.text)
        assert answer.json()["detail"] == f"{name}: it stands 2 times, and this takes one.", path
    assert lists == {"metric", "status", "with_ticket"}


NO_NUMBERS = ("1_0", "%2B5", "%205", "5%20", "1e1", "5.0", "0x5", "%D9%A5", "%EF%BC%95", "86400s")


def test_text_is_no_number_for_any_route(house: House) -> None:
    """What a language takes for a number besides, or for a day, is 422 with the parameter's name."""
    numbers = [one for one in parameters() if "integer" in types_of(one[2]["schema"]) or is_day(one[2]["schema"])]
    for place, (method, path, parameter) in enumerate(numbers):
        text = NO_NUMBERS[place % len(NO_NUMBERS)]
        answer = house.call(method.upper(), f"{filled(path)}?{parameter['name']}={text}")

        assert answer.status_code == 422, (path, text)
        assert answer.json()["detail"].startswith(f"{parameter['name']}: '"), (path, answer.text)
    assert len(numbers) >= 2 * len(NO_NUMBERS)


NO_TRUTHS = ("yes", "1", "t", "T", "on", "0", "no", "false%20")


def test_a_truth_is_true_or_false_for_any_route(house: House) -> None:
    """What a language takes for a truth besides is 422 with the parameter's name."""
    asked = [one for one in parameters() if "boolean" in types_of(one[2]["schema"])]
    for place, (method, path, parameter) in enumerate(asked):
        name, text = parameter["name"], NO_TRUTHS[place % len(NO_TRUTHS)]
        answer = house.call(method.upper(), f"{filled(path)}?{name}={text}")

        assert answer.status_code == 422, (path, text)
        assert answer.json()["detail"].endswith("is neither true nor false."), (path, answer.text)
        assert [error["where"] for error in answer.json()["errors"]] == [f"query.{name}"]
        if method == "get":
            assert {
                house.call("GET", f"{filled(path)}?{name}={one}").status_code
                for one in ("true", "false", "True", "False")
            } == {200}
    assert len(asked) >= len(NO_TRUTHS)


NO_TIMES = (
    *("2026-W01", "2026-W01-1", "20261130T101112Z", "2026-11-30T10", "2026-11-30T10:00", "2026-11-30X10:00:00Z"),
    *("2026-334", "tomorrow", "2026-11-30T10:00:00,5Z", "+1795946400000", "1_795_946_400_000", "2026-11-30T25:00:00Z"),
    *("2026-02-30", "2026-11-30T10:00:00Europe/Berlin", "%D9%A2%D9%A0%D9%A2%D9%A6-11-30"),
)
TIMES = (
    "2026-11-30T10:00:00Z",
    "2026-11-30t10:00:00.25z",
    "2026-11-30T11:00:00%2B01:00",
    "2026-11-30",
    "1795946400000",
)


NEEDED = {
    "telemetry": "&metric=power_w",
    **dict.fromkeys(("cases", "cases.csv"), "&family=quality&figure=rework"),
}
"""What some routes can't be asked without."""


def test_a_time_is_as_the_contract_writes_it_for_any_route(house: House) -> None:
    """RFC 3339 or milliseconds; what Python and ISO 8601 know besides is 422 with the parameter's name."""
    asked = [one for one in parameters() if "RFC 3339" in one[2].get("description", "")]
    house.register("1")
    for method, path, parameter in asked:
        name, other = parameter["name"], NEEDED.get(path.rpartition("/")[2], "")
        for text in NO_TIMES[:: 1 if name == "opened_from" else 5]:
            answer = house.call(method.upper(), f"{filled(path)}?{name}={text}{other}")

            assert answer.status_code == 422, (path, name, text)
            assert answer.json()["detail"].startswith(f"{name}: "), (path, answer.text)
        for text in TIMES:
            answer = house.call(method.upper(), f"{filled(path)}?{name}={text}{other}")
            assert "is neither" not in answer.text, (path, answer.text)
    assert {one[2]["name"] for one in asked} >= {"start", "end", "opened_from", "opened_to", "due_before", "at"}


def is_day(schema: dict[str, Any]) -> bool:
    """Whether a parameter is a day."""
    return any(one.get("format") == "date" for one in (schema, *schema.get("anyOf", [])))


def is_moment(schema: dict[str, Any]) -> bool:
    """Whether a key is a time."""
    return any(one.get("format") == "date-time" for one in (schema, *schema.get("anyOf", [])))


Wrap = Callable[[Any], Any]
"""What puts a value into a body."""


def bodies() -> Iterator[tuple[str, str, dict[str, Any]]]:
    """Every route with a JSON body that is read as it is described, and what its body holds."""
    for path, operations in described()["paths"].items():
        for method, operation in operations.items():
            content = operation.get("requestBody", {}).get("content", {}).get("application/json")
            is_signed = any(one["name"] == "webhook-signature" for one in operation.get("parameters", []))
            if content is not None and not is_signed:
                yield method.upper(), filled(path).replace("/1/1", "/1/triage"), content["schema"]


def below(wrap: Wrap, name: str = "") -> Wrap:
    """A value under a key, or as the only one of a list."""
    return lambda value: {name: wrap(value)} if name else [wrap(value)]


def places(schema: dict[str, Any]) -> Iterator[tuple[str, str, Wrap]]:
    """Each number, truth, day and time below a schema: its type, where a refusal of it stands, and how a body gets there."""
    schema = resolved(schema)
    inside = [resolved(inner) for inner in schema.get("anyOf", [])]
    if any(inner.get("type") == "string" and not (is_day(inner) or is_moment(inner)) for inner in inside):
        return  # text may stand there
    for inner in inside:
        yield from places(inner)
    kind = "day" if is_day(schema) else "moment" if is_moment(schema) else schema.get("type")
    if kind in {"integer", "number", "boolean", "day", "moment"}:
        yield str(kind), "", lambda value: value
    for name, inner in schema.get("properties", {}).items():
        for found, where, wrap in places(inner):
            yield found, f".{name}{where}", below(wrap, name)
    if isinstance(schema.get("additionalProperties"), dict):
        for found, where, wrap in places(schema["additionalProperties"]):
            yield found, f".x{where}", below(wrap, "x")
    if "items" in schema:
        for found, where, wrap in places(schema["items"]):
            yield found, f".0{where}", below(wrap)


WRONG: dict[str, list[object]] = {
    "integer": [True, "3", "1_0", " 3", 2.5],
    "number": [False, "1.5", "1_0", "NaN"],
    "boolean": [1, 0, "true", "yes"],
    "day": [0, 86_400, True, "86400", "2026-11-30T00:00", "20261130"],
    "moment": [0, 1_795_946_400, True, "1795946400", "2026-W01", "2026-11-30T10:00"],
}


def merged(one: Any, other: Any) -> Any:
    """Two bodies as one."""
    if not isinstance(one, dict) or not isinstance(other, dict):
        return other
    return {**one, **{name: merged(one.get(name), value) for name, value in other.items()}}


def test_a_value_of_another_kind_is_refused_in_every_body(house: House) -> None:
    """Neither text nor truth is a number, no number a truth, and no count of seconds a day or a time: 422 with its place."""
    seen: dict[str, int] = {}
    for method, path, schema in bodies():
        found = list(places(schema))
        for kind, _, _ in found:
            seen[kind] = seen.get(kind, 0) + 1
        for turn in range(max((len(WRONG[kind]) for kind, _, _ in found), default=0)):
            body: Any = {}
            for kind, _, wrap in found:
                body = merged(body, wrap(WRONG[kind][turn % len(WRONG[kind])]))
            answer = house.call(method, path, json=body)

            assert answer.status_code == 422, (path, body, answer.text)
            told = [error["where"] for error in answer.json()["errors"]]
            missed = [where for _, where, _ in found if not any(one.startswith(f"body{where}") for one in told)]
            assert missed == [], (path, body, told)
    assert seen.keys() == WRONG.keys()
    assert seen["integer"] >= 15


def test_a_key_that_stands_twice_is_refused_in_every_body(house: House) -> None:
    """422 with its place, as one of the two values would be forgotten."""
    seen = 0
    for method, path, _ in bodies():
        seen += 1
        answer = house.call(method, path, content=b'{"zzz": 1, "zzz": 1}', headers={"content-type": "application/json"})

        assert answer.status_code == 422, path
        assert [error["where"] for error in answer.json()["errors"]] == ["body.zzz"], (path, answer.text)
    assert seen >= 30


@pytest.mark.parametrize(
    ("content", "where"),
    [
        (b'{"title": "a", "title": "a"}', "body.title"),
        (b'{"zzz": [1, {"a": 1, "b": 2, "a": 3}]}', "body.zzz.1.a"),
        (b'{"zzz": {"": {}, "\\u0061": 1, "a": 1}}', "body.zzz.a"),
        (b'{"priority": NaN}', "body"),
        (b'{"priority": -1e999}', "body"),
        (b'{"priority": ' + b"9" * 5000 + b"}", "body"),
        (b'{"title": "\xff"}', "body"),
        ('{"title": "a", "title": "a"}'.encode("utf-16"), "body"),
        (b'{"title": "a"', "body"),
        (b'{"zzz": ' + b"[" * 100_000 + b"]" * 100_000 + b"}", "body"),
        (b'{"zzz": ' + b'{"a": ' * 64 + b"1" + b"}" * 65, "body"),
    ],
)
def test_what_can_not_be_read_is_told_wherever_it_is(house: House, content: bytes, where: str) -> None:
    """Its way from the top; what is no number, no JSON, no UTF-8, or too deep for anybody is 422 with a sentence too."""
    answer = house.call("POST", f"{API}/tickets", content=content, headers={"content-type": "application/json"})

    assert answer.status_code == 422
    assert [error["where"] for error in answer.json()["errors"]] == [where]


@pytest.mark.parametrize(("name", "known"), [("kind", "refrigerator"), ("fault_mode", "condenser_fouling")])
def test_a_word_that_names_nothing_is_refused_by_every_list(house: House, name: str, known: str) -> None:
    """422 with what is possible where that is known, so that a slip of the pen does not read as *nothing is there*."""
    house.register("fridge-1")
    lists = [path for method, path, parameter in parameters() if parameter["name"] == name and method == "get"]

    assert len(lists) >= 2
    for path in lists:
        answer = house.call("GET", f"{path}?{name}=nothing")
        assert answer.status_code == 422, path
        if path.endswith("/incidents"):
            continue  # of kinds of its own
        assert answer.json()["detail"].startswith(f"{name}: "), path
        assert known in answer.json()["detail"].partition("possible: ")[2], path
        assert house.call("GET", f"{path}?{name}={known}").status_code == 200, path
