"""What InfluxDB and the way to it may answer, played by a small server on loopback; the real one is in tests/servers."""

from __future__ import annotations

import contextlib
import json
import threading
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ingest.store import StoreAddressError, StoreRejected, StoreUnavailable, flux, influx
from ingest.store.influx import InfluxStore
from ingest.store.influx_address import InfluxAddress
from tests.contract.store_suite import FOREVER, T0, make_block
from tests.examples import tries

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

Answer = tuple[int, dict[str, str], str]


def refuse(status: int, message: str, **headers: str) -> Answer:
    """An answer as InfluxDB words it."""
    return status, headers, json.dumps({"code": "any", "message": message})


@dataclass
class Playing:
    """A server that answers every request by a function of the body's lines."""

    answer: Callable[[list[str]], Answer] = lambda _lines: (204, {}, "")
    bodies: list[list[str]] = field(default_factory=list)
    port: int = 0

    def store(self) -> InfluxStore:
        """A store that speaks to it."""
        return InfluxStore.open(InfluxAddress("127.0.0.1", self.port, "home", "telemetry"), token="t")


@pytest.fixture
def server() -> Iterator[Playing]:
    """A server that takes everything, at first."""
    playing = Playing()

    class Handler(BaseHTTPRequestHandler):
        """Answers as it is told."""

        def do_POST(self) -> None:
            """Note the body and answer."""
            body = self.rfile.read(int(self.headers["Content-Length"])).decode()
            lines = body.split("\n")
            playing.bodies.append(lines)
            status, headers, text = playing.answer(lines)
            self.send_response(status)
            for name, value in headers.items():
                self.send_header(name.replace("_", "-"), value)
            self.send_header("Content-Length", str(len(text)))
            self.end_headers()
            self.wfile.write(text.encode())

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    http = HTTPServer(("127.0.0.1", 0), Handler)
    playing.port = http.server_port
    thread = threading.Thread(target=http.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield playing
    http.shutdown()
    http.server_close()
    thread.join()


def samples(count: int) -> list[tuple[str, int, dict[str, float]]]:
    """Rows of one appliance."""
    return [("a1", T0 + ms, {"power_w": float(ms)}) for ms in range(count)]


@pytest.mark.parametrize(
    ("answer", "kind", "words"),
    [
        (refuse(401, "unauthorized access"), "denied", "FETTLE_STORE_TOKEN"),
        (refuse(403, "insufficient permissions"), "denied", "'telemetry' of organisation 'home'"),
        (refuse(404, 'bucket "telemetry" not found'), "missing", "no bucket 'telemetry'"),
        (refuse(400, 'organization name "home" not found'), "missing", "'home'"),
        (refuse(429, "slow down"), "busy", "busy"),
        (refuse(503, "starting"), "busy", "busy"),
        (refuse(500, "internal error"), "error", "internal error"),
        (refuse(400, "something else"), "error", "something else"),
        ((502, {}, "<html>bad gateway</html>"), "error", "bad gateway"),
    ],
)
def test_answers_are_told_apart(server: Playing, answer: Answer, kind: str, words: str) -> None:
    """Each way of not taking data has its kind and a sentence that says what to do; nothing is given up."""
    server.answer = lambda _lines: answer
    store = server.store()

    with pytest.raises(StoreUnavailable, match=words) as unavailable:
        store.write([make_block(samples(3))])

    assert unavailable.value.kind == kind
    assert len(server.bodies) == 1
    store.close()


@pytest.mark.parametrize(("asked", "wait_s"), [("7", 7.0), ("99999", 300.0), ("soon", None), ("-5", 0.0)])
def test_a_pause_that_is_asked_for_is_bounded(server: Playing, asked: str, wait_s: float | None) -> None:
    """Retry-After is taken over where it is a number, up to five minutes."""
    server.answer = lambda _lines: refuse(429, "slow down", Retry_After=asked)
    store = server.store()

    with pytest.raises(StoreUnavailable) as busy:
        store.write([make_block(samples(1))])

    assert busy.value.retry_after_s == wait_s
    store.close()


def test_a_body_that_is_too_long_is_halved(server: Playing) -> None:
    """After 413 the body is sent in halves, until all lines have arrived."""
    server.answer = lambda lines: refuse(413, "too large") if len(lines) > 10 else (204, {}, "")
    store = server.store()

    store.write([make_block(samples(50))])

    arrived = [line for body in server.bodies if len(body) <= 10 for line in body]
    assert len(arrived) == len(set(arrived)) == 50
    store.close()


@pytest.mark.parametrize("status", [400, 422])
def test_bad_lines_are_found_by_halving(server: Playing, status: int) -> None:
    """Where a body is refused for what is in it, exactly its bad lines are named; few requests find them."""
    bad = {f"{T0 + ms}000000" for ms in (3, 40, 41)}

    def answer(lines: list[str]) -> Answer:
        is_bad = any(line.rsplit(" ", 1)[1] in bad for line in lines)
        return refuse(status, "unable to parse: partial write") if is_bad else (204, {}, "")

    server.answer = answer
    store = server.store()

    with pytest.raises(StoreRejected) as refusal:
        store.write([make_block(samples(20)), make_block([("a2", T0 + ms, {"power_w": 1.0}) for ms in range(20, 64)])])

    assert [(block, row) for block, row, _ in refusal.value.rejected] == [(0, 3), (1, 20), (1, 21)]
    assert len(server.bodies) < 40
    store.close()


def test_all_dropped_needs_no_search(server: Playing) -> None:
    """Where the server says that it dropped every point of a body, all are named at once."""
    server.answer = lambda lines: refuse(422, f"partial write: points beyond retention policy dropped={len(lines)}")
    store = server.store()

    with pytest.raises(StoreRejected) as refusal:
        store.write([make_block(samples(64))])

    assert len(refusal.value.rejected) == 64
    assert len(server.bodies) == 1
    store.close()


def test_bodies_are_bounded_in_lines_and_bytes(server: Playing, monkeypatch: pytest.MonkeyPatch) -> None:
    """No body has more lines or bytes than its bounds, and all lines arrive in order."""
    monkeypatch.setattr(influx, "BODY_LINES", 20)
    monkeypatch.setattr(influx, "BODY_BYTES", 600)
    store = server.store()

    store.write([make_block(samples(50))])

    assert all(len(body) <= 20 and sum(map(len, body)) + len(body) <= 601 for body in server.bodies)
    assert [line.rsplit(" ", 1)[1] for body in server.bodies for line in body] == [
        f"{T0 + ms}000000" for ms in range(50)
    ]
    store.close()


def test_an_answer_that_never_comes_is_a_timeout(server: Playing, monkeypatch: pytest.MonkeyPatch) -> None:
    """A server that takes too long is unavailable for now."""
    monkeypatch.setattr(influx, "READ_TIMEOUT_MS", 50)
    release = threading.Event()

    def wait(_lines: list[str]) -> Answer:
        release.wait(10)
        return 204, {}, ""

    server.answer = wait
    store = server.store()

    with pytest.raises(StoreUnavailable, match="in time") as late:
        store.write([make_block(samples(1))])

    assert late.value.kind == "timeout"
    release.set()
    store.close()


def test_an_error_in_the_middle_of_an_answer_is_raised(server: Playing) -> None:
    """Rows before an error that came late are not taken for the whole answer."""
    rows = ",result,table,_time,_field,_value,appliance_id\r\n,_result,0,2026-11-21T20:39:12.25Z,power_w,1,a1\r\n"
    server.answer = lambda _lines: (200, {}, f"{rows}\r\n,error,reference\r\n,engine: shut down,\r\n")
    store = server.store()

    with pytest.raises(StoreUnavailable, match="engine: shut down"):
        store.read("refrigerator", "a1", None, **FOREVER)

    store.close()


def test_fields_that_hold_no_numbers_are_left_out(server: Playing) -> None:
    """A text field that another client wrote beside ours doesn't break a read."""
    ours = ",result,table,_time,_field,_value,appliance_id\r\n,_result,0,2026-11-21T20:39:12Z,power_w,1.5,a1\r\n"
    theirs = ",result,table,_time,_field,_value,appliance_id\r\n,_result,1,2026-11-21T20:39:12Z,note,hello,a1\r\n"
    server.answer = lambda _lines: (200, {}, f"{theirs}\r\n{ours}\r\n")
    store = server.store()

    series = store.read("refrigerator", "a1", None, **FOREVER)

    assert {name: values.tolist() for name, values in series.values.items()} == {"power_w": [1.5]}
    store.close()


@given(st.text())
@settings(max_examples=tries(60))
def test_a_quoted_text_ends_where_it_should(text: str) -> None:
    """Whatever the text: its literal has no unescaped quote, no interpolation and no line end inside."""
    inside = flux.quoted(text)[1:-1]

    at = 0
    while at < len(inside):
        assert inside[at] not in '"\n\r'
        assert not inside.startswith("${", at)
        at += 2 if inside[at] == "\\" else 1
    assert at == len(inside)


@pytest.mark.parametrize(
    ("kind", "appliance_id"), [('x") |> yield(', "a1"), ("refrigerator", 'a" or true'), ("dryer\n", "a")]
)
def test_names_that_are_none_never_reach_a_query(kind: str, appliance_id: str) -> None:
    """A kind or id outside its pattern is refused where queries are made, and a read of it is simply empty."""
    with pytest.raises(ValueError, match="no such"):
        flux.series_of("b", kind, [appliance_id], start_ns=0, end_ns=1)


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("influxdb://h:8086?org=o", "which bucket"),
        ("influxdb://h:8086?bucket=b", "which org"),
        ("influxdb://?org=o&bucket=b", "no host"),
        ("influxdb://h:port?org=o&bucket=b", "influxdb://HOST:PORT"),
        ("influxdb://user:secret@h?org=o&bucket=b", "FETTLE_STORE_TOKEN"),
        ("influxdb://h?org=o&bucket=b&token=t", "FETTLE_STORE_TOKEN"),
        ("influxdb://h/api?org=o&bucket=b", "path"),
        ("influxdb://h?org=o&bucket=b&precision=s", "precision"),
    ],
)
def test_a_wrong_address_is_explained(url: str, words: str) -> None:
    """Whatever is wrong with the URL, the sentence says what, and how it is written; a secret in it is not repeated."""
    with pytest.raises(StoreAddressError, match=words) as wrong:
        InfluxAddress.parse(url)

    assert "secret" not in str(wrong.value).replace("holds a secret", "")


def test_an_address_is_read() -> None:
    """Host, port, organisation, bucket and TLS come from the URL; the port is 8086 where none is given."""
    address = InfluxAddress.parse("influxdbs://[::1]?org=my%20org&bucket=b%2F1")

    assert address == InfluxAddress("::1", 8086, "my org", "b/1", is_tls=True)
    assert address.base_url == "https://[::1]:8086"


def test_bodies_that_take_too_long_become_shorter(server: Playing, monkeypatch: pytest.MonkeyPatch) -> None:
    """Over a narrow way each attempt gets further until all is stored; where it is wide again, bodies grow again."""
    monkeypatch.setattr(influx, "READ_TIMEOUT_MS", 50)
    monkeypatch.setattr(influx, "BODY_BYTES_MIN", 1)
    release = threading.Event()

    def narrow(lines: list[str]) -> Answer:
        if len(lines) > 10:
            release.wait(0.1)
        return 204, {}, ""

    server.answer = narrow
    store = server.store()

    attempts = 0
    is_stored = False
    while not is_stored:
        attempts += 1
        with contextlib.suppress(StoreUnavailable):
            store.write([make_block(samples(200))])
            is_stored = True
    release.set()

    assert 1 < attempts < 15
    assert all(len(body) <= 10 for body in server.bodies[-20:])
    server.answer = lambda _lines: (204, {}, "")
    for _ in range(10):
        server.bodies.clear()
        store.write([make_block(samples(200))])
    assert len(server.bodies) == 1
    store.close()
