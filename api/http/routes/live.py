"""``/events`` (SSE) and ``/live`` (WebSocket): what changes, as it changes.

Events have the number that the database gave them: whoever comes back with ``Last-Event-ID`` misses none.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from typing import Annotated

from fastapi import APIRouter, Header, Query, Request, WebSocket, WebSocketDisconnect
from fastapi.responses import StreamingResponse
from fastapi.sse import format_sse_event
from starlette.concurrency import run_in_threadpool

from alerts.changes import Change
from api.http.access import Viewer
from api.http.change_signal import ChangeSignal
from api.http.context import Context, Here
from api.http.live_samples import TooManyWatchers, Watcher
from api.http.problems import Problem

router = APIRouter(tags=["live"])

WAIT_S = 1.0
PULSE_S = 2.0
"""How often a stream says what time it is; a page that has not heard it for twice as long knows that the line is broken."""
AT_ONCE = 200


@router.get("/events", response_class=StreamingResponse, responses={200: {"content": {"text/event-stream": {}}}})
async def events(
    here: Here,
    account: Viewer,
    request: Request,
    last_event_id: Annotated[str | None, Header()] = None,
    since: Annotated[int | None, Query(ge=0, description="as Last-Event-ID, for a first connection")] = None,
) -> StreamingResponse:
    """Server-sent events ``ticket``, ``alert``, ``session``, each with an id to resume from; ``clock`` every two seconds."""
    if last_event_id is not None and not (last_event_id.isascii() and last_event_id.isdigit()):
        raise Problem(422, "Last-Event-ID: it is none that this stream has given.")
    after = int(last_event_id) if last_event_id else since
    begin = await run_in_threadpool(here.desk.by(account.name).changes.last) if after is None else after
    signal: ChangeSignal = request.app.state.change_signal
    if signal.is_full:
        raise Problem(503, "Too many event streams are open; close one.", headers={"retry-after": "10"})
    return StreamingResponse(
        _event_stream(here, signal, begin),
        media_type="text/event-stream",
        headers={"cache-control": "no-store", "x-accel-buffering": "no"},
    )


async def _event_stream(here: Context, signal: ChangeSignal, after: int) -> AsyncIterator[bytes]:
    """Changes behind ``after``, and the service's time as a sign of life where there are none."""
    async with signal.listening(here.desk):
        yield format_sse_event(comment="open", retry=2000)
        quiet_s = 0.0
        while not here.is_closing.is_set():
            if await signal.wait_beyond(after, WAIT_S):
                for change in await run_in_threadpool(here.desk.changes.page, after=after, limit=AT_ONCE):
                    after = change.id
                    yield format_sse_event(data_str=change_json(change), event=change.subject.value, id=str(change.id))
                quiet_s = 0.0
                continue
            quiet_s += WAIT_S
            if quiet_s >= PULSE_S:
                quiet_s = 0.0
                yield _pulse(here)


def _pulse(here: Context) -> bytes:
    """The service's time, which need not be the wall's; without an id, as nothing is resumed from it."""
    return format_sse_event(data_str=json.dumps({"now": here.clock.now_ms()}), event="clock")


def change_json(change: Change) -> str:
    """A change as it goes out."""
    return json.dumps({"id": change.subject_id, "at": change.at.isoformat(), **change.data}, ensure_ascii=False)


@router.websocket("/live")
async def live(socket: WebSocket, here: Here, _account: Viewer, appliance_id: str) -> None:
    """Samples of one appliance as they are admitted: ``{"seq", "appliance_id", "ts", "metrics"}``."""
    try:
        watcher = here.live.watch(appliance_id)
    except TooManyWatchers:
        await socket.close(code=1013)
        return
    await socket.accept()
    sending = asyncio.create_task(_send_samples(socket, watcher))
    try:
        while True:
            await socket.receive_text()  # nothing is expected; it ends with the connection
    except WebSocketDisconnect:
        pass
    finally:
        here.live.leave(watcher)
        sending.cancel()
        await asyncio.gather(sending, return_exceptions=True)


async def _send_samples(socket: WebSocket, watcher: Watcher) -> None:
    """Send what comes, numbered."""
    seq = 0
    while True:
        for sample in await watcher.take():
            document = {
                "seq": seq,
                "appliance_id": sample.appliance_id,
                "ts": sample.ts_ms,
                "metrics": sample.metrics,
            }
            await socket.send_json(document)
            seq += 1
