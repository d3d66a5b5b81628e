"""Guests: what somebody without a login may hold of the service, and for how long."""

from __future__ import annotations

import asyncio
import threading
import time
from collections import Counter
from collections.abc import Awaitable, Callable
from typing import TypeVar

import pytest

from alerts.accounts.passwords import QUEUE_PER_ADDRESS, Tries
from api.http.connection import GuardedHttp, Limits
from api.http.listening import bind
from api.http.server import HttpServer
from tests.api.house import House
from tests.api.serving import Line, Served, served

T = TypeVar("T")

LIVEZ = "GET /livez HTTP/1.1\r\nHost: fettle.test\r\n\r\n"
LOGIN = "POST /api/v1/login HTTP/1.1\r\nHost: fettle.test\r\nContent-Type: application/json\r\n"


class Quick(GuardedHttp):
    """Deadlines of a moment."""

    limits = Limits(head_s=0.15, body_s=0.15, body_bytes_per_s=1_000_000, unread_s=0.15)


class Few(GuardedHttp):
    """Room for three."""

    limits = Limits(per_address=3)


class FewOfAll(GuardedHttp):
    """Room for three, wherever they come from."""

    limits = Limits(connections=3)


def told(house: House, kind: type[GuardedHttp], what: Callable[[Served], Awaitable[T]]) -> T:
    """What comes of it where connections are of this kind."""

    async def tell() -> T:
        async with served(house, kind) as at:
            return await what(at)

    return asyncio.run(tell())


def test_a_head_that_does_not_come_is_not_waited_for(house: House) -> None:
    """Whoever says nothing is let go; whoever is slow with the request's head, however steadily, is told so."""

    async def silent(at: Served) -> bytes:
        return await (await at.line()).rest()

    async def dripping(at: Served) -> int:
        line = await at.line()
        answer = asyncio.create_task(line.status())
        for letter in "GET /livez HTTP/1.1\r\nX-Slow: " + "a" * 1000:
            if answer.done():
                break
            await line.say(letter)
            await asyncio.sleep(0.01)
        return await answer

    async def slow_second(at: Served) -> tuple[int, bytes]:
        line = await at.line()
        await line.say(LIVEZ)
        first = await line.status()
        await line.until(b"ok")
        await line.say("GET /li")
        return first, await line.rest()

    assert told(house, Quick, silent) == b""
    assert told(house, Quick, dripping) == 408
    first, second = told(house, Quick, slow_second)
    assert first == 200
    assert b" 408 " in second


def test_a_body_that_does_not_come_is_not_waited_for(house: House) -> None:
    """A body must come at a least rate; one that comes is taken, however long it is."""

    async def dripping(at: Served) -> int:
        line = await at.line()
        await line.say(LOGIN + 'Content-Length: 1000\r\n\r\n{"name"')
        return await line.status()

    async def swift(at: Served) -> int:
        line = await at.line()
        await line.say(LOGIN + "Transfer-Encoding: chunked\r\n\r\n")
        for _ in range(8):
            await line.say(b"2000\r\n" + b" " * 0x2000 + b"\r\n")
            await asyncio.sleep(0.03)
        await line.say("2\r\n{}\r\n0\r\n\r\n")
        return await line.status()

    class Steady(GuardedHttp):
        limits = Limits(body_s=0.15, body_bytes_per_s=100_000)

    assert told(house, Quick, dripping) == 408
    assert told(house, Steady, swift) == 422


@pytest.mark.parametrize(
    "piece", [b"X-Long: " + b"a" * 60_000, b"X-Many: 1\r\n" * 6000, b"X-Huge: " + b"a" * 2_000_000]
)
def test_a_head_that_is_too_long_is_refused_early(house: House, piece: bytes) -> None:
    """A long header, many of them, an endless one: refused while they come, and not kept."""

    async def long(at: Served) -> int:
        line = await at.line()
        await line.say(b"GET /livez HTTP/1.1\r\n")
        line.writer.write(piece + b"\r\n\r\n")
        return await line.status()

    assert told(house, GuardedHttp, long) in {431, 0}  # 0: cut while it still wrote


def test_an_endless_head_is_refused_before_it_ends(house: House) -> None:
    """The answer comes although the head has no end."""

    async def endless(at: Served) -> int:
        line = await at.line()
        await line.say(b"GET /livez HTTP/1.1\r\nX-Long: " + b"a" * 40_000)
        return await line.status()

    assert told(house, GuardedHttp, endless) == 431


@pytest.mark.parametrize("kind", [Few, FewOfAll])
def test_connections_that_wait_make_room(house: House, kind: type[GuardedHttp]) -> None:
    """However many connections say nothing, the next guest is served; the one that was silent longest goes."""

    async def crowd(at: Served) -> tuple[int, bytes]:
        silent = [await at.line() for _ in range(12)]
        guest = await at.line()
        await guest.say(LIVEZ)
        return await guest.status(), await silent[0].rest()

    assert told(house, kind, crowd) == (200, b"")


def test_connections_that_work_do_not_make_room(house: House) -> None:
    """Open streams stay; one more connection of that address is refused with a sentence."""

    async def crowd(at: Served) -> tuple[list[bytes], bytes]:
        streams = [await at.asked("/api/v1/events") for _ in range(3)]
        heads = [await stream.until(b": open") for stream in streams]
        return [head[:15] for head in heads], await (await at.line()).rest()

    heads, refused = told(house, Few, crowd)

    assert heads == [b"HTTP/1.1 200 OK"] * 3
    assert b" 503 " in refused
    assert b"retry-after" in refused
    assert b"Your address has too many connections open" in refused


def test_an_answer_that_nobody_reads_is_given_up(house: House) -> None:
    """A client that asks and never reads is cut, and holds nothing."""

    async def deaf(at: Served) -> float:
        line = await at.line()
        one = b"GET /api/v1/openapi.json HTTP/1.1\r\nHost: fettle.test\r\n\r\n"
        began_s = time.monotonic()
        try:
            while time.monotonic() - began_s < 20:
                await line.say(one * 50)
                await asyncio.sleep(0.02)
        except ConnectionError:
            pass
        return time.monotonic() - began_s

    assert told(house, Quick, deaf) < 15


def test_a_crowd_at_the_login_delays_nobody_else(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    """A hundred logins at once: a few are compared, the rest is told to come again, and everything else answers meanwhile."""
    may_go = threading.Event()

    def compare(_tries: Tries, _password: str, _hashed: str | None) -> bool:
        may_go.wait(20)
        return False

    async def crowd(at: Served) -> tuple[list[int], Counter[int], bytes]:
        guests = [await at.line() for _ in range(100)]
        for number, guest in enumerate(guests):
            body = f'{{"name": "guest{number}", "password": "wrong"}}'
            await guest.say(f"{LOGIN}Content-Length: {len(body)}\r\n\r\n{body}")
        others = [await at.asked("/livez"), await at.asked("/readyz", role=None), await at.asked("/api/v1/tickets")]
        meanwhile = [await other.status() for other in others]
        heads = [asyncio.ensure_future(guest.until(b"\r\n\r\n")) for guest in guests]
        told = asyncio.as_completed(heads)
        refused = [await next(told) for _ in range(100 - QUEUE_PER_ADDRESS)]
        may_go.set()
        return meanwhile, Counter([int((await head).split()[1]) for head in heads]), refused[0]

    monkeypatch.setattr(Tries, "matches", compare)

    meanwhile, logins, refused = told(house, GuardedHttp, crowd)

    assert meanwhile == [200, 200, 200]
    assert logins == {401: QUEUE_PER_ADDRESS, 429: 100 - QUEUE_PER_ADDRESS}
    assert b"HTTP/1.1 429 " in refused
    assert b"retry-after: 2" in refused


def test_what_is_no_http_is_refused_as_a_problem(house: House) -> None:
    """Garbage gives 400 with a sentence, and the service lives on."""

    async def garbage(at: Served) -> tuple[bytes, int]:
        line = await at.line()
        await line.say(b"\x16\x03\x01\x02\x00\x01 nonsense\r\n\r\n")
        refused = await line.rest()
        guest: Line = await at.line()
        await guest.say(LIVEZ)
        return refused, await guest.status()

    refused, status = told(house, GuardedHttp, garbage)

    assert b" 400 " in refused
    assert b"application/problem+json" in refused
    assert status == 200


class Late(GuardedHttp):
    """Comes when all others have been asked to go."""

    def shutdown(self) -> None:
        """Is not asked."""


def test_who_does_not_go_is_let_go_when_the_server_ends(house: House) -> None:
    """A connection that was taken in the last moment is closed, and not left to hang on a service that is no more."""

    async def left() -> bytes:
        listening = bind("127.0.0.1", 0)
        server = HttpServer(house.app, listening, connection=Late, grace_s=0)
        running = asyncio.create_task(server.run())
        line = Line(*await asyncio.open_connection("127.0.0.1", listening.getsockname()[1]))
        await line.say(LIVEZ)
        assert await line.status() == 200
        server.request_stop()
        await running
        try:
            async with asyncio.timeout(2):  # an idle connection would be closed after five seconds by itself
                return await line.rest()
        finally:
            line.writer.close()

    asyncio.run(left())
