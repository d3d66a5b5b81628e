"""Notices as signed webhooks: a CloudEvents body under Standard Webhooks headers.

The receiver checks ``webhook-signature`` (HMAC-SHA256 over id, timestamp and body) and knows a repeat by ``webhook-id``.
Every answer of 2xx is a yes; anything else, a redirect included, is tried again.
"""

from __future__ import annotations

import binascii
import http.client
import ssl
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from cloudevents.core.bindings.http import to_structured
from cloudevents.core.formats.json import JSONFormat
from cloudevents.core.v1.event import CloudEvent
from standardwebhooks import Webhook

from alerts.errors import InvalidError
from alerts.outbox import DeliveryError, Notice
from ingest.clock import Clock, SystemClock

TIMEOUT_S = 10.0
SOURCE = "/fettle/desk"


@dataclass(frozen=True, slots=True)
class WebhookTarget:
    """Posts each notice to ``url``, signed with ``secret`` (``whsec_`` and base64).

    ``clock`` dates the signature; receivers compare it with the wall clock, so it is that, whatever time the desk lives in.
    """

    url: str
    secret: str = field(repr=False)
    timeout_s: float = TIMEOUT_S
    clock: Clock = field(default_factory=SystemClock)

    def __post_init__(self) -> None:
        """Refuse an address or a secret that can't work, before anything is sent."""
        parts = urlsplit(self.url)
        if parts.scheme not in {"http", "https"} or not parts.hostname:
            raise InvalidError(
                f"A webhook's URL begins with http:// or https:// and names a host; {self.url!r} doesn't."
            )
        if not self.secret.removeprefix("whsec_"):
            raise InvalidError("A webhook needs a secret.")
        try:
            Webhook(self.secret)
        except (ValueError, binascii.Error, RuntimeError) as error:
            raise InvalidError("A webhook's secret is base64, with or without whsec_ before it.") from error

    @property
    def name(self) -> str:
        """The receiver's name: its address without what may be secret in it."""
        parts = urlsplit(self.url)
        port = f":{parts.port}" if parts.port else ""
        return f"webhook:{parts.scheme}://{parts.hostname}{port}{parts.path}"[:200]

    def deliver(self, notice: Notice) -> None:
        """Post the notice; anything but 2xx is a :class:`~alerts.outbox.DeliveryError`."""
        body = body_of(notice)
        now = self.clock.now()
        headers = {
            "content-type": "application/cloudevents+json",
            "webhook-id": notice.id,
            "webhook-timestamp": str(int(now.timestamp())),
            "webhook-signature": Webhook(self.secret).sign(notice.id, now, body.decode()),
            "user-agent": "fettle",
        }
        status = self._post(body, headers)
        if not 200 <= status < 300:
            raise DeliveryError(f"the receiver answered {status}")

    def _post(self, body: bytes, headers: dict[str, str]) -> int:
        parts = urlsplit(self.url)
        path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        host = parts.hostname or ""
        connection = (
            http.client.HTTPSConnection(host, parts.port, timeout=self.timeout_s, context=ssl.create_default_context())
            if parts.scheme == "https"
            else http.client.HTTPConnection(host, parts.port, timeout=self.timeout_s)
        )
        try:
            connection.request("POST", path, body=body, headers=headers)
            return connection.getresponse().status
        except (OSError, http.client.HTTPException) as error:
            raise DeliveryError(f"the receiver can't be reached: {error}") from error
        finally:
            connection.close()


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
