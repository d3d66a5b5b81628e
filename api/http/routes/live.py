"""``/events`` (SSE) and ``/live`` (WebSocket): what changes, as it changes.

Events have the number that the database gave them: whoever comes back with ``Last-Event-ID`` misses none.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager
from typing import Annotated

from fastapi import APIRouter, Header, Query, Request, WebSocket
from fastapi.responses import StreamingResponse
from fastapi.sse import format_sse_event
from starlette.concurrency import run_in_threadpool

from api.http.access import Viewer, login_of
from api.http.change_news import ChangeNews
from api.http.context import Context, Here
from api.http.live_samples import TooManyWatchers, Watcher
from api.http.problems import Problem

router = APIRouter(tags=["live"])

PULSE_S = 2.0
"""How often a stream says what time it is; a page that has not heard it for twice as long knows that the line is broken."""
NO_NUMBER = 10**18
NO_LONGER = "The login that this was opened with has ended."
TOO_SLOW = "More came than was taken; connect again and read what was missed."
CLOSE_S = 1.0
"""How long somebody who is shut out may take to hear it."""


@router.get("/events", response_class=StreamingResponse, responses={200: {"content": {"text/event-stream": {}}}})
async def events(
    here: Here,
    account: Viewer,
    request: Request,
    last_event_id: Annotated[str | None, Header()] = None,
    since: Annotated[int | None, Query(ge=0, description="as Last-Event-ID, for a first connection")] = None,
) -> StreamingResponse:
    """Server-sent events ``ticket``, ``alert``, ``session``, each with an id to resume from; ``clock`` every two seconds.

    ``ticket`` carries the ticket's ``number`` and ``row``, what ``/queue`` says of it by now; null where it is over.
    ``reset`` where the id to resume from is none of this log, or is forgotten: read everything again. A stream ends when
    its login does.
    """
    after = _number(last_event_id) if last_event_id else since
    begin = await run_in_threadpool(here.desk.by(account.name).changes.last) if after is None else after
    news: ChangeNews = request.app.state.change_news
    if news.is_full:
        raise Problem(503, "Too many event streams are open; close one.", headers={"retry-after": "10"})
    return StreamingResponse(
        _event_stream(here, news, begin, request.app.state.open_logins.holding(here.accounts, login_of(request))),
        media_type="text/event-stream",
        headers={"cache-control": "no-store", "x-accel-buffering": "no"},
    )


def _number(event_id: str) -> int:
    """The number of an event; one that no log reaches where it can't be read: a browser never asks again after an error."""
    is_number = event_id.isascii() and event_id.isdigit() and len(event_id) < len(str(NO_NUMBER))
    return int(event_id) if is_number else NO_NUMBER


async def _event_stream(
    here: Context, news: ChangeNews, after: int, login: AbstractAsyncContextManager[asyncio.Event]
) -> AsyncIterator[bytes]:
    """Changes behind ``after``, and the service's time as a sign of life, however much changes."""
    loop = asyncio.get_running_loop()
    said_s = loop.time()
    async with news.listening(here.desk), login as ended:
        yield format_sse_event(comment="open", retry=2000)
        while not here.is_closing.is_set() and not ended.is_set():
            told = await news.beyond(here.desk, after, PULSE_S)
            if told is None or loop.time() - said_s >= PULSE_S:
                said_s = loop.time()
                yield _event(here, "clock")
            if told is None:
                continue
            after = told.upto
            yield _event(here, "reset", number=after) if told.is_reset else told.events


def _event(here: Context, word: str, *, number: int | None = None) -> bytes:
    """The service's time, which need not be the wall's; without a number nothing is resumed from it."""
    text = json.dumps({"now": here.clock.now_ms()})
    return format_sse_event(data_str=text, event=word, id=None if number is None else str(number))


@router.websocket("/live")
async def live(socket: WebSocket, here: Here, _account: Viewer, appliance_id: str) -> None:
    """Samples of one appliance as they are admitted: ``{"seq", "appliance_id", "ts", "metrics"}``.

    ``seq`` counts from 0 on each connection; who misses one reads the telemetry again. Who does not keep up is closed with
    1013 and comes back when they can.
    """
    try:
        watcher = here.live.watch(appliance_id)
    except TooManyWatchers:
        await socket.close(code=1013)
        return
    await socket.accept()
    async with socket.app.state.open_logins.holding(here.accounts, login_of(socket)) as ended:
        ends = asyncio.create_task(ended.wait())
        slow = asyncio.create_task(watcher.too_slow.wait())
        sending = asyncio.create_task(_send_samples(socket, watcher))
        tasks = {sending, asyncio.create_task(_hear_nothing(socket)), ends, slow}
        try:
            await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
            sending.cancel()
            if slow.done():
                await _close(socket, 1013, TOO_SLOW)
            elif ends.done():
                await _close(socket, 1008, NO_LONGER)
        finally:
            here.live.leave(watcher)
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)


async def _close(socket: WebSocket, code: int, reason: str) -> None:
    """Say why, but wait for nobody who does not read."""
    with contextlib.suppress(TimeoutError, RuntimeError):
        async with asyncio.timeout(CLOSE_S):
            await socket.close(code=code, reason=reason)


async def _hear_nothing(socket: WebSocket) -> None:
    """Nothing is expected; it ends with the connection."""
    while (await socket.receive())["type"] != "websocket.disconnect":
        pass


async def _send_samples(socket: WebSocket, watcher: Watcher) -> None:
    """Send what comes."""
    while True:
        for sample in await watcher.take():
            await socket.send_json(
                {
                    "seq": sample.seq,
                    "appliance_id": sample.appliance_id,
                    "ts": sample.ts_ms,
                    "metrics": sample.metrics,
                }
            )
