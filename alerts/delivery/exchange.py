"""One HTTP exchange with one deadline, however slowly the other side drips, and a bounded answer."""

from __future__ import annotations

import asyncio
import json
import ssl
from collections.abc import Coroutine, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, TypeVar

import httpx

from alerts.notices.notice import DeliveryError, NoticeRefusedError, ReceiverGoneError

TIMEOUT_S = 10.0
ANSWER_BYTES_MAX = 256 * 1024
SAID_LENGTH_MAX = 200
REFUSALS = frozenset({400, 409, 413, 415, 422})
"""Answers that speak of this notice, not of the receiver."""

T = TypeVar("T")


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
        status, text = wait_for(self._exchange(ask), whom="system", timeout_s=self.timeout_s)
        if absent and status == httpx.codes.NOT_FOUND:
            return None
        judge(status, in_short(text), whom="system")
        try:
            return json.loads(text) if text.strip() else None
        except ValueError as error:
            raise DeliveryError("the system answered something that is no JSON") from error

    async def _exchange(self, ask: Ask) -> tuple[int, str]:
        async with asyncio.timeout(self.timeout_s):
            client = httpx.AsyncClient(
                base_url=self.base,
                transport=self.transport,
                verify=self._tls if self.transport is None else True,
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

    @cached_property
    def _tls(self) -> ssl.SSLContext:
        return httpx.create_ssl_context(trust_env=False)


def wait_for(exchange: Coroutine[Any, Any, T], *, whom: str, timeout_s: float) -> T:
    """What an exchange comes to that keeps its deadline itself; raises :class:`DeliveryError` where it comes to nothing."""
    loop = asyncio.new_event_loop()
    try:
        return loop.run_until_complete(exchange)
    except TimeoutError as error:
        raise DeliveryError(f"the {whom} took longer than {timeout_s:g} s") from error
    except (httpx.HTTPError, httpx.InvalidURL, OSError) as error:
        raise DeliveryError(f"the {whom} can't be reached: {_cause(error)}") from error
    finally:
        loop.close()  # and does not wait for a look-up of a name that hangs, as asyncio.run would


def judge(status: int, said: str, *, whom: str, retry_after_s: float | None = None) -> None:
    """Raise what an answer means for the notice; 2xx means nothing."""
    if httpx.codes.is_success(status):
        return
    sentence = f"the {whom} answered {status}" + (f": {said}" if said else "")
    if status == httpx.codes.GONE:
        raise ReceiverGoneError(sentence)
    if status in REFUSALS:
        raise NoticeRefusedError(sentence)
    raise DeliveryError(sentence, retry_after_s=retry_after_s)


def in_short(text: str) -> str:
    """The beginning of an answer, on one line, fit to be shown."""
    return "".join(letter for letter in " ".join(text.split()) if letter.isprintable())[:SAID_LENGTH_MAX]


def _cause(error: BaseException) -> str:
    return " ".join(str(error).split()) or type(error).__name__
