"""Notices by mail and chat, through apprise: its addresses name the service, the account and where to.

An address holds what lets us in, so that it is shown nowhere. Each exchange has the time-outs of its service in apprise.
A mail about one ticket carries its reference, so that a reply joins it (:mod:`alerts.letters`); a digest carries none.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass, field
from functools import cached_property
from hashlib import blake2b
from typing import TYPE_CHECKING
from urllib.parse import quote

from alerts.delivery.kind import Kind, Receiver, Replies
from alerts.delivery.wording import words_of
from alerts.errors import InvalidError
from alerts.notices.notice import DeliveryError, Notice, Target

if TYPE_CHECKING:
    from apprise import Apprise

SAID_LENGTH_MAX = 200
MAIL = ("mailto:", "mailtos:")
SCHEMES = (
    *("mailto", "mailtos", "slack", "msteams", "tgram", "discord", "matrix", "matrixs", "rocket", "rockets", "mmost"),
    *("mmosts", "ntfy", "ntfys", "gchat", "wecombot", "dingtalk", "feishu", "json", "jsons", "workflows", "gotify"),
    *("gotifys", "pover", "signal", "signals", "twilio", "sns", "zulip", "webexteams", "pagertree", "opsgenie"),
)


@dataclass(frozen=True)
class AppriseTarget:
    """Tells one address in one language."""

    name: str
    address: str = field(repr=False)
    language: str = "en"
    replies: Replies | None = None

    def deliver(self, notice: Notice) -> None:
        """Send it as words; raises :class:`~alerts.notices.notice.DeliveryError` with what was said instead."""
        from apprise import LogCapture, NotifyFormat  # noqa: PLC0415  (costs .3 s, and most installations need none)

        title, body = words_of(notice, self.language)
        title = self._with_reference(title, notice)
        with LogCapture(level=logging.WARNING, fmt="%(message)s") as heard:  # type: ignore[no-untyped-call]  # apprise has no types there
            is_sent = self._channel.notify(title=title, body=body, body_format=NotifyFormat.TEXT)
            said = " ".join(heard.getvalue().split())
        if not is_sent:
            raise DeliveryError(f"the channel did not take it: {said or 'no reason given'}"[:SAID_LENGTH_MAX])

    def _with_reference(self, title: str, notice: Notice) -> str:
        number = notice.data.get("number")
        is_of_ticket = notice.type.startswith("ticket.") and self.address.startswith(MAIL)
        if self.replies is None or not is_of_ticket or not isinstance(number, int):
            return title
        return f"{title} {self.replies.reference(number)}"

    @cached_property
    def _channel(self) -> Apprise:
        if self.replies is None or not self.address.startswith(MAIL) or "reply=" in self.address:
            return opened(self.address)
        mark = "&" if "?" in self.address else "?"
        return opened(f"{self.address}{mark}reply={quote(self.replies.address)}")


def opened(address: str) -> Apprise:
    """Apprise with one address; raises :class:`InvalidError` where it can't be one."""
    from apprise import Apprise  # noqa: PLC0415

    channel = Apprise()
    if not channel.add(address):
        scheme = address.partition(":")[0]
        raise InvalidError(f"The address {scheme}:… is none that apprise knows; see its page on {scheme}.")
    return channel


def open_channel(receiver: Receiver) -> Target:
    """The channel at an address, under a name that does not tell what lets us in."""
    opened(receiver.address)
    digest = blake2b(receiver.address.encode(), digest_size=4).hexdigest()
    return AppriseTarget(f"{receiver.scheme}:{digest}", receiver.address, replies=receiver.replies)


KIND = Kind(SCHEMES, "mailtos://user:password@mail.example?to=desk@example.org", open_channel)
