"""The app of a house on a real socket of this machine, for what only connections can show."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from dataclasses import dataclass, field

from alerts.accounts.account import Role
from api.http.change_news import ChangeNews
from api.http.connection import GuardedHttp
from api.http.listening import bind
from api.http.server import HttpServer
from tests.api.house import House

PATIENCE_S = 10.0
LOOK_EVERY_S = 0.02


@dataclass
class Line:
    """One connection, as a client has it."""

    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter

    async def say(self, text: str | bytes) -> None:
        """Send something."""
        self.writer.write(text.encode() if isinstance(text, str) else text)
        await self.writer.drain()

    async def until(self, word: bytes) -> bytes:
        """What comes up to a word."""
        async with asyncio.timeout(PATIENCE_S):
            return await self.reader.readuntil(word)

    async def rest(self) -> bytes:
        """What comes up to the end; nothing where the line was cut."""
        async with asyncio.timeout(PATIENCE_S):
            try:
                return await self.reader.read()
            except ConnectionError:
                return b""

    async def status(self) -> int:
        """The status of the next answer; 0 where the line was cut."""
        try:
            return int((await self.until(b"\r\n")).split()[1])
        except (asyncio.IncompleteReadError, ConnectionError):
            return 0


@dataclass
class Served:
    """Where the app is served."""

    house: House
    port: int
    lines: list[Line] = field(default_factory=list)

    async def line(self) -> Line:
        """A new connection; it is closed with the rest."""
        self.lines.append(Line(*await asyncio.open_connection("127.0.0.1", self.port)))
        return self.lines[-1]

    async def close(self) -> None:
        """Hang up."""
        for line in self.lines:
            line.writer.transport.abort()
            with contextlib.suppress(ConnectionError):
                await line.writer.wait_closed()

    async def asked(self, path: str, *headers: str, role: Role | None = Role.ADMIN) -> Line:
        """A new connection that has asked for something."""
        line = await self.line()
        auth = [] if role is None else [f"Authorization: {self.house.headers(role)['Authorization']}"]
        await line.say("\r\n".join([f"GET {path} HTTP/1.1", "Host: fettle.test", *auth, *headers, "", ""]))
        return line


@contextlib.asynccontextmanager
async def served(house: House, connection: type[GuardedHttp] = GuardedHttp) -> AsyncIterator[Served]:
    """Serve the app until the block ends."""
    house.context.is_closing.clear()
    house.app.state.change_news = ChangeNews(look_every_s=LOOK_EVERY_S)
    listening = bind("127.0.0.1", 0)
    server = HttpServer(house.app, listening, connection=connection)
    running = asyncio.create_task(server.run())
    at = Served(house, listening.getsockname()[1])
    try:
        yield at
    finally:
        await at.close()
        house.context.is_closing.set()
        house.app.state.change_news.wake()
        server.request_stop()
        await running
