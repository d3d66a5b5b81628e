"""Open streams: what they tell, for how long, and what they cost."""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import Collection

import numpy as np
import pytest
import websockets

from alerts.accounts.account import Role, SecretPurpose
from alerts.accounts.desk import Accounts
from alerts.desk import Desk
from alerts.lifecycle import TicketStep
from alerts.notices.changes import Changes
from alerts.tickets.ticket import NewTicket
from api.http import live_samples, open_logins
from api.http.change_news import ChangeNews, News
from api.http.routes import live
from ingest.sample import AdmittedBatch, SampleBlock
from tests.api.house import House
from tests.api.serving import Line, Served, served


def event_of(lines: bytes) -> dict[str, str]:
    """The fields of one event."""
    text = lines.decode().replace("\r\n", "\n")
    return {key: value.strip() for key, _, value in (line.partition(":") for line in text.split("\n")) if key}


async def next_event(line: Line, *words: str) -> dict[str, str]:
    """The next event of one of these names."""
    while True:
        event = event_of(await line.until(b"\n\n"))
        if event.get("event") in words:
            return event


def open_ticket(house: House, title: str) -> None:
    """A change that is told."""
    house.context.desk.by("admin").tickets.open(NewTicket("fridge-1", title))


@pytest.mark.parametrize("known", ["999", "1000000000000000000000", "from-elsewhere"])
def test_a_stream_whose_last_event_nobody_knows_is_told_to_begin_anew(house: House, known: str) -> None:
    """An id of another database, or one that is none, gives ``reset`` with the newest id, and then what comes behind it."""
    house.register("fridge-1")
    open_ticket(house, "one")
    newest = house.context.desk.changes.last()

    async def tell() -> tuple[dict[str, str], dict[str, str]]:
        async with served(house) as at:
            stream = await at.asked("/api/v1/events", f"Last-Event-ID: {known}")
            reset = await next_event(stream, "reset", "ticket")
            await asyncio.to_thread(open_ticket, house, "two")
            return reset, await next_event(stream, "reset", "ticket")

    reset, following = asyncio.run(tell())

    assert (reset["event"], int(reset["id"])) == ("reset", newest)
    assert (following["event"], int(following["id"])) == ("ticket", newest + 1)


def test_a_stream_from_before_what_is_kept_is_told_to_begin_anew(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where the changes behind an id are forgotten, nobody is left to believe that nothing happened."""
    house.register("fridge-1")
    for number in range(6):
        open_ticket(house, str(number))
    newest = house.context.desk.changes.last()
    monkeypatch.setattr("alerts.notices.changes.CHANGES_KEPT", 2)
    house.context.desk.changes.forget()

    async def tell(known: int) -> dict[str, str]:
        async with served(house) as at:
            return await next_event(await at.asked(f"/api/v1/events?since={known}"), "reset", "ticket")

    assert asyncio.run(tell(1))["event"] == "reset"
    assert asyncio.run(tell(newest - 2))["id"] == str(newest - 1)


def test_all_streams_are_told_from_one_reading_of_the_database(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    """However many listen, a change is read once."""
    house.register("fridge-1")
    since, page = Changes.since, Changes.page
    read: list[int] = []

    def counted_since(self: Changes, after: int | None, *, limit: int) -> object:
        span = since(self, after, limit=limit)
        read.append(len(span.changes))
        return span

    def counted_page(self: Changes, *, after: int, limit: int) -> object:
        found = page(self, after=after, limit=limit)
        read.append(len(found))
        return found

    monkeypatch.setattr(Changes, "since", counted_since)
    monkeypatch.setattr(Changes, "page", counted_page)

    async def tell() -> list[dict[str, str]]:
        async with served(house) as at:
            streams = [await at.asked("/api/v1/events") for _ in range(12)]
            for stream in streams:
                await stream.until(b": open")
            await asyncio.to_thread(open_ticket, house, "one")
            return [await next_event(stream, "ticket") for stream in streams]

    told = asyncio.run(tell())

    assert len({event["id"] for event in told}) == 1
    assert sum(read) == 1


def test_what_is_told_is_put_together_once_for_all_who_are_as_far(house: House) -> None:
    """A thousand pages hear a change as the same bytes."""
    house.register("fridge-1")
    open_ticket(house, "before")
    desk = house.context.desk

    async def tell() -> tuple[News | None, News | None, News | None]:
        news = ChangeNews(look_every_s=0.001)
        async with news.listening(desk):
            while await news.beyond(desk, 0, 10) is None:
                pass
            known = desk.changes.last()
            await asyncio.to_thread(open_ticket, house, "one")
            first = await news.beyond(desk, known, 10)
            second = await news.beyond(desk, known, 10)
            await asyncio.to_thread(open_ticket, house, "two")
            assert second is not None
            await news.beyond(desk, second.upto, 10)
            return first, second, await news.beyond(desk, known, 10)

    first, second, third = asyncio.run(tell())

    assert first is not None
    assert second is not None
    assert third is not None
    assert first.events is second.events
    assert third.events.startswith(first.events)
    assert third.upto > first.upto


def test_whoever_comes_from_ahead_of_the_last_look_is_not_told_to_begin_anew(house: House) -> None:
    """Between two looks at the log a first connection begins, and a second process resumes, behind it: they wait for the next."""
    house.register("fridge-1")
    desk = house.context.desk

    async def tell() -> tuple[News | None, News | None]:
        news = ChangeNews(look_every_s=3600)
        open_ticket(house, "before the first look")
        async with news.listening(desk):
            while await news.beyond(desk, 0, 10) is None:
                pass
            await asyncio.to_thread(open_ticket, house, "behind it")
            newest = desk.changes.last()
            return await news.beyond(desk, newest, 0), await news.beyond(desk, newest + 1, 0)

    known, unknown = asyncio.run(tell())

    assert known is None
    assert unknown is not None
    assert unknown.is_reset


def test_an_error_that_nobody_knows_silences_no_stream(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    """The look at the log that fails is told in the log; the next one tells the streams what they waited for."""
    house.register("fridge-1")
    since, looks = Changes.since, iter([0, 1])

    def failing(self: Changes, after: int | None, *, limit: int) -> object:
        if next(looks, None) == 1:
            raise RuntimeError("what nobody has thought of")
        return since(self, after, limit=limit)

    monkeypatch.setattr(Changes, "since", failing)

    async def tell() -> dict[str, str]:
        async with served(house) as at:
            stream = await at.asked("/api/v1/events")
            await stream.until(b": open")
            await asyncio.to_thread(open_ticket, house, "one")
            return await next_event(stream, "ticket")

    assert asyncio.run(tell())["event"] == "ticket"


class ManyNews(ChangeNews):
    """There is always something new."""

    async def beyond(self, desk: Desk, after: int, timeout_s: float) -> News | None:
        """A change more."""
        del desk, timeout_s
        return News(f"event: ticket\nid: {after + 1}\n\n".encode(), after + 1)


def test_the_time_is_told_however_much_changes(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    """A page that hears a change every moment hears the clock as well."""
    monkeypatch.setattr("api.http.routes.live.PULSE_S", 0.0)
    house.context.is_closing.clear()

    async def tell() -> list[str]:
        login = contextlib.nullcontext(asyncio.Event())
        stream = live._event_stream(house.context, ManyNews(), 0, login)
        told = [event_of(await anext(stream)).get("event", "") for _ in range(5)]
        await stream.aclose()  # type: ignore[attr-defined]  # it is a generator
        return told

    assert asyncio.run(tell()) == ["", "clock", "ticket", "clock", "ticket"]


def _revoke(house: House) -> None:
    house.context.accounts.change("technician", disabled=True)


def test_a_stream_ends_with_the_login_that_opened_it(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    """Who is shut out hears nothing more within a minute; the others do."""
    assert open_logins.LOOK_EVERY_S + live.PULSE_S <= 60
    monkeypatch.setattr(open_logins, "LOOK_EVERY_S", 0.01)
    monkeypatch.setattr("api.http.routes.live.PULSE_S", 0.05)

    async def tell() -> tuple[bytes, dict[str, str]]:
        async with served(house) as at:
            mine = await at.asked("/api/v1/events", role=Role.TECHNICIAN)
            others = await at.asked("/api/v1/events")
            await next_event(mine, "clock")
            await asyncio.to_thread(_revoke, house)
            return (await mine.until(b"0\r\n\r\n"))[-5:], await next_event(others, "clock")

    end, still = asyncio.run(tell())

    assert end == b"0\r\n\r\n"
    assert still["event"] == "clock"


def test_all_open_connections_are_looked_at_by_one_query(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    """However many pages are open: one question for all, again and again; who left is asked about no more."""
    monkeypatch.setattr(open_logins, "LOOK_EVERY_S", 0.01)
    keys = [(SecretPurpose.KEY, house.keys[role]) for role in (Role.TECHNICIAN, Role.VIEWER, Role.ADMIN)]
    asked: list[set[tuple[SecretPurpose, str]]] = []

    class Counted(Accounts):
        def standing(self, shown: Collection[tuple[SecretPurpose, str]]) -> frozenset[tuple[SecretPurpose, str]]:
            asked.append(set(shown))
            return super().standing(shown)

    accounts = Counted(house.context.accounts.unit)

    async def tell() -> list[bool]:
        logins = open_logins.OpenLogins()
        async with contextlib.AsyncExitStack() as stack:
            held = [await stack.enter_async_context(logins.holding(accounts, key)) for key in keys[:2] * 50]
            async with logins.holding(accounts, keys[2]):
                pass
            await asyncio.to_thread(_revoke, house)
            await asyncio.wait_for(held[0].wait(), 10)
            return [one.is_set() for one in held]

    assert asyncio.run(tell()) == [True, False] * 50
    assert asked
    assert all(one == set(keys[:2]) for one in asked)


def test_a_live_view_ends_with_the_login_that_opened_it(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    """The WebSocket of who is shut out is closed as a breach of policy."""
    monkeypatch.setattr(open_logins, "LOOK_EVERY_S", 0.02)

    async def watch(at: Served) -> int:
        address = f"ws://127.0.0.1:{at.port}/api/v1/live?appliance_id=fridge-1"
        async with websockets.connect(address, additional_headers=house.headers(Role.TECHNICIAN), proxy=None) as socket:
            await asyncio.to_thread(_revoke, house)
            with pytest.raises(websockets.ConnectionClosed) as closed:
                await asyncio.wait_for(socket.recv(), 10)
            return closed.value.rcvd.code if closed.value.rcvd else 0

    async def tell() -> int:
        async with served(house) as at:
            return await watch(at)

    assert asyncio.run(tell()) == 1008


def test_a_page_that_talks_on_the_live_view_is_not_listened_to(house: House) -> None:
    """Text and bytes are passed over; more than a little at once ends the connection."""

    async def tell() -> int:
        async with served(house) as at:
            address = f"ws://127.0.0.1:{at.port}/api/v1/live?appliance_id=fridge-1"
            async with websockets.connect(address, additional_headers=house.headers(Role.VIEWER), proxy=None) as socket:
                await socket.send("hello")
                await socket.send(b"hello")
                await (await socket.ping())
                await socket.send("x" * 1_000_000)
                with pytest.raises(websockets.ConnectionClosed) as closed:
                    await asyncio.wait_for(socket.recv(), 10)
                return closed.value.rcvd.code if closed.value.rcvd else 0

    assert asyncio.run(tell()) == 1009


def _block(count: int) -> AdmittedBatch:
    """Samples of one fridge, a second apart."""
    block = SampleBlock(
        kind="refrigerator",
        metrics=("power_w",),
        appliance_ids=["fridge-1"] * count,
        ts_ms=np.arange(count, dtype=np.int64) * 1000,
        values=np.arange(count, dtype=float)[:, None],
        modes=[None] * count,
        cycles=[None] * count,
        seq=np.arange(count, dtype=np.int64),
        index=np.zeros(count, dtype=np.int64),
        flags=np.zeros(count, dtype=np.uint8),
        received_ms=0,
    )
    return AdmittedBatch(1, 0, count, blocks=(block,))


def test_live_samples_are_numbered_and_who_is_too_slow_is_dropped(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Numbers go on without a hole; more than may wait closes the view with 1013, and nothing of it is kept."""
    monkeypatch.setattr(live_samples, "MAX_WAITING", 10)
    live = house.context.live

    async def watch() -> tuple[list[int], int, int]:
        async with served(house) as at:
            address = f"ws://127.0.0.1:{at.port}/api/v1/live?appliance_id=fridge-1"
            headers = house.headers(Role.VIEWER)
            async with websockets.connect(address, additional_headers=headers, proxy=None) as socket:
                seqs = []
                for _ in range(3):
                    live.show(_block(4))
                    seqs += [json.loads(await asyncio.wait_for(socket.recv(), 10))["seq"] for _ in range(4)]
                live.show(_block(11))
                with pytest.raises(websockets.ConnectionClosed) as closed:
                    await asyncio.wait_for(socket.recv(), 10)
                live.show(_block(4))
            return seqs, closed.value.rcvd.code if closed.value.rcvd else 0, int(live.is_watched)

    seqs, code, is_watched = asyncio.run(watch())

    assert (seqs, code, is_watched) == (list(range(12)), 1013, 0)


def test_news_of_a_ticket_carries_what_the_queue_shows_of_it(house: House) -> None:
    """The row as it is by now, and none of a ticket that is over; whoever comes back from behind is told the same."""
    house.register("fridge-1")
    first = house.context.desk.changes.last()
    house.context.desk.by("admin").tickets.open(NewTicket("fridge-1", "It hums", priority=2))

    async def tell() -> list[dict[str, object]]:
        async with served(house) as at:
            stream = await at.asked(f"/api/v1/events?since={first}")
            opened = await next_event(stream, "ticket")
            await asyncio.to_thread(house.context.desk.by("admin").tickets.step, "1", TicketStep.CLOSE)
            return [json.loads(event["data"]) for event in (opened, await next_event(stream, "ticket"))]

    opened, closed = asyncio.run(tell())
    shown = house.get("/queue").json()["columns"]

    assert (opened["number"], closed["number"], closed["row"]) == (1, 1, None)
    row = opened["row"]
    assert isinstance(row, dict)
    assert row.keys() == shown.keys()
    assert (row["title"], row["priority"], row["status"]) == ("It hums", 2, "open")
