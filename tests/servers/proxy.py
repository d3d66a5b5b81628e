"""A TCP proxy that does to a connection what networks do: latency, narrow lines, slices, stalls, cuts, resets.

It runs in a thread of its own; a test gives the faults of each direction and may change them while bytes are under way.

    with Proxy(server_port) as proxy:
        proxy.to_client.latency_s = 0.2
        proxy.to_server.is_stalled = True  # half-open: what is sent is taken and goes nowhere
        proxy.heal()
        proxy.reset()                      # every connection ends with RST
"""

from __future__ import annotations

import asyncio
import socket
import struct
import threading
from dataclasses import dataclass, field, fields
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from types import TracebackType
    from typing import Self

_READ_BYTES = 256 * 1024
_LOOK_EVERY_S = 0.005


class Ending(StrEnum):
    """How a connection ends."""

    CUT = "cut"
    """In order, with FIN."""
    RESET = "reset"
    """At once, with RST."""


@dataclass(slots=True)
class Way:
    """What happens to the bytes of one direction; every field may be changed at any time."""

    latency_s: float = 0.0
    """How long each piece is under way; pieces follow each other, nothing is reordered."""
    slice_bytes: int = 0
    """Pieces of at most so many bytes, each a packet of its own; 0: as they come."""
    bytes_per_s: float = 0.0
    """How fast the line is; 0: as fast as it goes."""
    is_stalled: bool = False
    """Bytes are taken until the buffers are full, and go nowhere until this ends."""
    end_after: int | None = None
    """After so many further bytes of this direction, counted over all connections, the connection ends."""
    ending: Ending = Ending.CUT
    passed: int = 0
    """How many bytes have passed."""

    def heal(self) -> None:
        """Let bytes pass as they come."""
        for item in fields(self):
            if item.name != "passed":
                setattr(self, item.name, item.default)


@dataclass(slots=True)
class _Pair:
    """One connection through the proxy."""

    client: asyncio.StreamWriter
    server: asyncio.StreamWriter
    is_open: bool = True

    def end(self, ending: Ending) -> None:
        """Close both sides."""
        if not self.is_open:
            return
        self.is_open = False
        for writer in (self.client, self.server):
            if ending is Ending.RESET:
                connected = writer.get_extra_info("socket")
                connected.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                writer.transport.abort()
            else:
                writer.close()


@dataclass(slots=True)
class Proxy:
    """Listens on ``port`` of loopback once entered, and connects each client to ``server_port``."""

    server_port: int
    port: int = 0
    to_server: Way = field(default_factory=Way)
    to_client: Way = field(default_factory=Way)
    is_refusing: bool = False
    """Connections are reset as soon as they are made."""
    connections: int = 0
    """How many were made so far."""
    _loop: asyncio.AbstractEventLoop = field(default_factory=asyncio.new_event_loop)
    _pairs: list[_Pair] = field(default_factory=list)
    _thread: threading.Thread | None = None
    _stop: asyncio.Event = field(default_factory=asyncio.Event)

    def __enter__(self) -> Self:
        ready = threading.Event()
        self._thread = threading.Thread(target=self._loop.run_until_complete, args=(self._serve(ready),), daemon=True)
        self._thread.start()
        assert ready.wait(10)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._loop.call_soon_threadsafe(self._stop.set)
        assert self._thread is not None
        self._thread.join(10)
        self._loop.close()

    def cut(self) -> None:
        """End every connection in order."""
        self._end_all(Ending.CUT)

    def reset(self) -> None:
        """End every connection at once."""
        self._end_all(Ending.RESET)

    def stall(self) -> None:
        """Let nothing pass in either direction: both ends believe that they are connected."""
        self.to_server.is_stalled = self.to_client.is_stalled = True

    def heal(self) -> None:
        """No faults any more, for open connections and new ones."""
        self.to_server.heal()
        self.to_client.heal()
        self.is_refusing = False

    def _end_all(self, ending: Ending) -> None:
        done = threading.Event()

        def end() -> None:
            for pair in self._pairs:
                pair.end(ending)
            self._pairs.clear()
            done.set()

        self._loop.call_soon_threadsafe(end)
        assert done.wait(10)

    async def _serve(self, ready: threading.Event) -> None:
        server = await asyncio.start_server(self._accept, "127.0.0.1", self.port, limit=_READ_BYTES)
        self.port = server.sockets[0].getsockname()[1]
        ready.set()
        await self._stop.wait()
        server.close()
        for pair in self._pairs:
            pair.end(Ending.RESET)
        others = asyncio.all_tasks() - {asyncio.current_task()}
        for task in others:
            task.cancel()
        await asyncio.gather(*others, return_exceptions=True)

    async def _accept(self, reader: asyncio.StreamReader, client: asyncio.StreamWriter) -> None:
        self.connections += 1
        if self.is_refusing:
            _Pair(client, client).end(Ending.RESET)
            return
        try:
            from_server, server = await asyncio.open_connection("127.0.0.1", self.server_port, limit=_READ_BYTES)
        except OSError:
            _Pair(client, client).end(Ending.RESET)
            return
        pair = _Pair(client, server)
        self._pairs.append(pair)
        try:
            await asyncio.gather(
                self._pass(pair, reader, server, self.to_server), self._pass(pair, from_server, client, self.to_client)
            )
        finally:
            pair.end(Ending.CUT)
            if pair in self._pairs:
                self._pairs.remove(pair)

    async def _pass(self, pair: _Pair, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, way: Way) -> None:
        """Move one direction's bytes until either side ends."""
        try:
            while data := await reader.read(way.slice_bytes or _READ_BYTES):
                await self._delay(way, len(data))
                if way.end_after is not None and len(data) >= way.end_after:
                    writer.write(data[: way.end_after])
                    ending, way.end_after = way.ending, None
                    pair.end(ending)
                    return
                if way.end_after is not None:
                    way.end_after -= len(data)
                way.passed += len(data)
                writer.write(data)
                await writer.drain()
        except OSError:
            pass
        while way.is_stalled and pair.is_open:  # noqa: ASYNC110 - set by another thread; an end doesn't pass either
            await asyncio.sleep(_LOOK_EVERY_S)
        pair.end(Ending.CUT)

    async def _delay(self, way: Way, size: int) -> None:
        """Wait as the way's faults say."""
        if way.latency_s:
            await asyncio.sleep(way.latency_s)
        if way.bytes_per_s:
            await asyncio.sleep(size / way.bytes_per_s)
        while way.is_stalled:  # noqa: ASYNC110 - the test's thread ends it
            await asyncio.sleep(_LOOK_EVERY_S)
