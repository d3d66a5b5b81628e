"""One HTTP exchange with one deadline, however slowly the other side drips, and a bounded answer."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import httpx

from alerts.notices.notice import DeliveryError, NoticeRefusedError, ReceiverGoneError

TIMEOUT_S = 10.0
ANSWER_BYTES_MAX = 256 * 1024
SAID_LENGTH_MAX = 200
REFUSALS = frozenset({400, 409, 413, 415, 422})


@dataclass(frozen=True, slots=True)
class Ask:
    """What is asked: method, path below the base, query and body."""

    method: str
    path: str
    query: Mapping[str, str] | None = None
    body: Mapping[str, Any] | None = None


@dataclass(frozen=True)
class Line:
    """The way to one system: its base, what lets us in, and, in tests, what answers in its place."""

    base: str
    headers: Mapping[str, str]
    transport: httpx.AsyncBaseTransport | None = None
    timeout_s: float = TIMEOUT_S

    def ask(self, ask: Ask, *, absent: bool = False) -> Any:
        """The JSON of the answer; with ``absent`` a 404 is nothing. Raises :class:`DeliveryError` for anything but 2xx."""
        loop = asyncio.new_event_loop()
        try:
            status, text = loop.run_until_complete(self._exchange(ask))
        except TimeoutError as error:
            raise DeliveryError(f"the system took longer than {self.timeout_s:g} s") from error
        except (httpx.HTTPError, httpx.InvalidURL, OSError) as error:
            raise DeliveryError(f"the system can't be reached: {' '.join(str(error).split())}") from error
        finally:
            loop.close()
        if absent and status == httpx.codes.NOT_FOUND:
            return None
        _judge(status, text)
        try:
            return json.loads(text) if text.strip() else None
        except ValueError as error:
            raise DeliveryError("the system answered something that is no JSON") from error

    async def _exchange(self, ask: Ask) -> tuple[int, str]:
        async with asyncio.timeout(self.timeout_s):
            client = httpx.AsyncClient(
                base_url=self.base,
                transport=self.transport,
                trust_env=False,
                follow_redirects=False,
                timeout=None,  # noqa: S113 - the deadline is above
            )
            async with (
                client,
                client.stream(
                    ask.method,
                    ask.path,
                    params=ask.query,
                    json=ask.body,
                    headers={**self.headers, "accept": "application/json"},
                ) as answer,
            ):
                read = b""
                async for chunk in answer.aiter_bytes():
                    read += chunk
                    if len(read) > ANSWER_BYTES_MAX:
                        raise DeliveryError("the system's answer is too large")
                return answer.status_code, read.decode("utf-8", "replace")


def _judge(status: int, text: str) -> None:
    if httpx.codes.is_success(status):
        return
    said = "".join(letter for letter in " ".join(text.split()) if letter.isprintable())[:SAID_LENGTH_MAX]
    sentence = f"the system answered {status}" + (f": {said}" if said else "")
    if status == httpx.codes.GONE:
        raise ReceiverGoneError(sentence)
    raise NoticeRefusedError(sentence) if status in REFUSALS else DeliveryError(sentence)
