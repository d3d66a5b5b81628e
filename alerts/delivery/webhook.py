"""Notices as signed webhooks: a CloudEvents body under Standard Webhooks headers.

The receiver checks ``webhook-signature`` (HMAC-SHA256 over id, timestamp and body) and knows a repeat by ``webhook-id``.
Every answer of 2xx is a yes; a redirect is not followed. From the first look-up of the name to the answer an exchange has
one deadline, however slowly the receiver drips, and of a refusal's body no more is read than a sentence needs.
"""

from __future__ import annotations

import asyncio
import base64
import binascii
import ssl
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from functools import cached_property
from typing import ClassVar

import httpx
from cloudevents.core.bindings.http import to_structured
from cloudevents.core.formats.json import JSONFormat
from cloudevents.core.v1.event import CloudEvent
from standardwebhooks import Webhook, WebhookVerificationError

from alerts.delivery.exchange import TIMEOUT_S, in_short, judge, wait_for
from alerts.delivery.kind import Kind, Receiver
from alerts.errors import InvalidError
from alerts.notices.notice import Notice, Target
from ingest.clock import Clock, SystemClock

RETRY_AFTER_MAX_S = 24 * 3600.0
BODY_BYTES_MAX = 4096
SECRET_BYTES_MIN = 24
SOURCE = "/fettle/desk"


@dataclass(frozen=True)
class WebhookTarget:
    """Posts each notice to ``url``, signed with ``secret`` (``whsec_`` and base64).

    ``clock`` dates the signature; receivers compare it with the wall clock, so it is that, whatever time the desk lives in.
    """

    url: str
    secret: str = field(repr=False)
    timeout_s: float = TIMEOUT_S
    clock: Clock = field(default_factory=SystemClock)
    takes_records: ClassVar[bool] = True

    def __post_init__(self) -> None:
        """Refuse an address or a secret that can't work, before anything is sent."""
        _check_url(self.url)
        _check_secret(self.secret)

    @property
    def name(self) -> str:
        """The receiver's name: its address without what may be secret in it."""
        url = httpx.URL(self.url)
        port = f":{url.port}" if url.port else ""
        return f"webhook:{url.scheme}://{url.host}{port}{url.path}"[:200]

    def deliver(self, notice: Notice) -> None:
        """Post the notice; anything but 2xx within the deadline is a :class:`~alerts.notices.notice.DeliveryError`."""
        body = body_of(notice)
        now = self.clock.now()
        headers = {
            "content-type": "application/cloudevents+json",
            "webhook-id": notice.id,
            "webhook-timestamp": str(int(now.timestamp())),
            "webhook-signature": Webhook(self.secret).sign(notice.id, now, body.decode()),
            "user-agent": "fettle",
        }
        answer, said = wait_for(self._exchange(body, headers), whom="receiver", timeout_s=self.timeout_s)
        if not answer.is_success:
            retry_after_s = _retry_after_s(answer.headers.get("retry-after"), now)
            judge(answer.status_code, said, whom="receiver", retry_after_s=retry_after_s)

    async def _exchange(self, body: bytes, headers: dict[str, str]) -> tuple[httpx.Response, str]:
        async with asyncio.timeout(self.timeout_s):
            async with (
                httpx.AsyncClient(verify=self._tls, trust_env=False, follow_redirects=False, timeout=None) as client,  # noqa: S113 - the deadline is above
                client.stream("POST", self.url, content=body, headers=headers) as answer,
            ):
                return answer, "" if answer.is_success else await _beginning(answer)

    @cached_property
    def _tls(self) -> ssl.SSLContext | bool:
        return ssl.create_default_context() if self.url.startswith("https") else False


def body_of(notice: Notice) -> bytes:
    """The notice as a CloudEvent in JSON."""
    event = CloudEvent(
        {
            "id": notice.id,
            "source": SOURCE,
            "type": f"fettle.{notice.type}",
            "subject": notice.subject_id,
            "time": notice.at,
            "datacontenttype": "application/json",
        },
        dict(notice.data),
    )
    return to_structured(event, JSONFormat()).body


def is_signed(body: bytes, headers: Mapping[str, str], secret: str) -> bool:
    """Whether somebody who knows the secret has signed this within five minutes: Standard Webhooks, the other way round."""
    try:
        Webhook(secret).verify(body.decode("utf-8"), dict(headers), json_parse=False)
    except (WebhookVerificationError, UnicodeDecodeError):
        return False
    return True


def open_webhook(receiver: Receiver) -> Target:
    """The webhook at an address; it needs a secret to sign with."""
    if receiver.secret is None:
        raise InvalidError(
            f"A webhook ({receiver.shown}) needs FETTLE_WEBHOOK_SECRET (whsec_ and base64) to sign with."
        )
    return WebhookTarget(receiver.address, receiver.secret, clock=receiver.clock)


KIND = Kind(("http", "https"), "https://tickets.example/hook", open_webhook)


def _check_url(text: str) -> None:
    try:
        url = httpx.URL(text)
    except httpx.InvalidURL as error:
        raise InvalidError(f"A webhook's URL can't be read: {error}.") from error
    if url.scheme not in {"http", "https"} or not url.host:
        raise InvalidError("A webhook's URL begins with http:// or https:// and names a host.")


def _check_secret(secret: str) -> None:
    try:
        key = base64.b64decode(secret.removeprefix("whsec_"), validate=True)
    except (binascii.Error, ValueError) as error:
        raise InvalidError("A webhook's secret is base64, with or without whsec_ before it.") from error
    if len(key) < SECRET_BYTES_MIN:
        raise InvalidError(f"A webhook's secret has at least {SECRET_BYTES_MIN} bytes (in base64, 32 characters).")


async def _beginning(answer: httpx.Response) -> str:
    read = b""
    async for chunk in answer.aiter_raw(BODY_BYTES_MAX):
        read += chunk
        if len(read) >= BODY_BYTES_MAX:
            break
    return in_short(read[:BODY_BYTES_MAX].decode("utf-8", "replace"))


def _retry_after_s(text: str | None, now: datetime) -> float | None:
    """Seconds, or a date; nothing where it is neither."""
    if text is None:
        return None
    try:
        asked_s = float(text) if text.isascii() and text.isdigit() else (_date(text) - now).total_seconds()
    except ValueError:
        return None
    return min(max(0.0, asked_s), RETRY_AFTER_MAX_S)


def _date(text: str) -> datetime:
    date = parsedate_to_datetime(text)
    return date if date.tzinfo else date.replace(tzinfo=UTC)
