"""Notices by mail and chat, through apprise: its addresses name the service, the account and where to.

An address holds what lets us in, so that it is shown nowhere. Each exchange has one deadline over all of it, however
slowly the other side drips: apprise lets go of it then, and keeps what it was doing to itself.
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
TIMEOUT_S = 60.0
"""Some mail servers take half a minute to greet, and as long to refuse a password."""
ANSWER = "Socket Exception: "
LOUD = frozenset({"WARNING", "ERROR", "CRITICAL"})
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
    timeout_s: float = TIMEOUT_S

    def deliver(self, notice: Notice) -> None:
        """Send it as words; raises :class:`~alerts.notices.notice.DeliveryError` with what was said instead."""
        title, body = words_of(notice, self.language)
        title = self._with_reference(title, notice)
        refusal = notified(self._channel, title, body, is_mail=self.address.startswith(MAIL), timeout_s=self.timeout_s)
        if refusal is not None:
            raise DeliveryError(f"the channel did not take it: {refusal}"[:SAID_LENGTH_MAX])

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


def notified(channel: Apprise, title: str, body: str, *, is_mail: bool, timeout_s: float = TIMEOUT_S) -> str | None:
    """Send words through a channel within so many seconds; why it did not take them, or None.

    What a mail server answers stands in a line of apprise's that holds the address with its token where other services write it, so
    that it is read of mail alone.
    """
    from apprise import AppriseResultStatus, NotifyFormat  # noqa: PLC0415  (costs .3 s, and most installations need none)

    level = logging.DEBUG if is_mail else logging.WARNING
    result = channel.notify(title=title, body=body, body_format=NotifyFormat.TEXT, timeout=timeout_s, log_level=level)
    if result:
        return None
    if result.status is AppriseResultStatus.TIMEOUT:
        return f"it took longer than {timeout_s:g} s"
    said = [
        one.message.removeprefix(ANSWER) for one in result.logs() if one.level in LOUD or one.message.startswith(ANSWER)
    ]
    return " ".join(" ".join(reversed(said)).split()) or "no reason given"


def opened(address: str) -> Apprise:
    """Apprise with one address; raises :class:`InvalidError` where it can't be one."""
    from apprise import Apprise  # noqa: PLC0415

    log = logging.getLogger("apprise")
    log.propagate = False  # it names addresses, and what lets us in: it is for us alone, and so may say all
    log.setLevel(logging.DEBUG)
    if not log.handlers:
        log.addHandler(logging.NullHandler())
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
