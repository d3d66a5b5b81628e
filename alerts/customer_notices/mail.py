"""Mails to customers: a receiver of notices that writes to the owner, through the mail account of the settings.

Whether they may be written to is asked again here, as a yes may have been taken back, an hour may have passed or an
appliance may have been heard since: then the notice waits by itself, and is parked after a day.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from urllib.parse import quote
from zoneinfo import ZoneInfo

from sqlalchemy import select

from alerts.alerting.tables import alerts
from alerts.customer_notices.telling import may_be_told
from alerts.customer_notices.words import words_to
from alerts.customers.homes import list_sites
from alerts.customers.owning import present_ownership
from alerts.customers.reading import read_customer
from alerts.customers.references import About, reference, thread_of
from alerts.customers.sealed import Sealed
from alerts.customers.sealed_unit import SealedUnit
from alerts.delivery.apprise_channel import SAID_LENGTH_MAX, notified, opened
from alerts.errors import UnavailableError
from alerts.lifecycle import AlertState
from alerts.notices.notice import DeliveryError, Notice, NoticeRefusedError
from ingest.clock import from_ms
from ingest.profiles.definition import Profile

NAME = "customers"


@dataclass(frozen=True, slots=True)
class Mail:
    """One mail: to whom, in which thread, and what it says."""

    to: str
    thread: str
    title: str
    body: str


Send = Callable[[str, str | None, Mail], None]
"""Sends a mail through the account at an address; replies go to the second."""


@dataclass(frozen=True, slots=True)
class CustomerMails:
    """Writes to customers."""

    sealed: SealedUnit
    address: str = field(repr=False)
    profiles: Mapping[str, Profile]
    reply_to: str | None = None
    send: Send = field(default_factory=lambda: send_by_apprise)
    name: str = NAME

    def deliver(self, notice: Notice) -> None:
        """Write the mail of a notice; refused where its customer may not be written to now."""
        try:
            mail = self.sealed.look(lambda s: self._mail(s, notice))
        except UnavailableError as error:
            raise DeliveryError(str(error)) from error
        self.send(self.address, self.reply_to, mail)

    def _mail(self, s: Sealed, notice: Notice) -> Mail:
        said = notice.data
        owner = present_ownership(s, said["appliance_id"])
        if owner is None or owner.customer_id != said["customer_id"]:
            raise NoticeRefusedError("the appliance has another owner now")
        if not may_be_told(s.t, owner.customer_id, owner.site_id):
            raise NoticeRefusedError("the customer may not be written to now: no consent, or not at this hour")
        standing = select(alerts.c.n).where(
            alerts.c.appliance_id == said["appliance_id"],
            alerts.c.fault_mode == said["matter"],
            alerts.c.state == AlertState.FIRING.value,
        )
        if s.t.connection.execute(standing).first() is None:
            raise NoticeRefusedError("it is over")
        customer = read_customer(s, owner.customer_id)
        if customer.contact is None or not customer.contact.mails:
            raise NoticeRefusedError("the customer has no address of mail")
        zones = [one.time_zone for one in list_sites(s, owner.customer_id) if one.id == owner.site_id]
        since = from_ms(said["since_ms"]).astimezone(ZoneInfo(zones[0] if zones else "UTC"))
        title, body = words_to(
            customer.language, matter=said["matter"], kind=self._kind(said["kind"], customer.language), since=since
        )
        ref = reference(s.seal, About.CUSTOMER, said["notice"])
        thread = thread_of(s.seal, About.CUSTOMER, said["notice"])
        return Mail(customer.contact.mails[0], thread, f"{title} [{ref}]", body)

    def _kind(self, kind: str, language: str) -> str:
        profile = self.profiles.get(kind)
        label = profile.label if profile is not None else {}
        return label.get(language[:2]) or label.get("en") or kind.replace("_", " ")


def send_by_apprise(address: str, reply_to: str | None, mail: Mail) -> None:
    """Send a mail through apprise; raises :class:`DeliveryError` with what was said instead."""
    refusal = notified(opened(address_of(address, reply_to, mail)), mail.title, mail.body, is_mail=True)
    if refusal is not None:
        said = refusal.replace(mail.to, "…")
        raise DeliveryError(f"the mail server did not take it: {said}"[:SAID_LENGTH_MAX])


def address_of(address: str, reply_to: str | None, mail: Mail) -> str:
    """The account's address with whom this mail goes to, its thread, and where replies go."""
    more = {"to": mail.to, "+References": mail.thread} | ({} if reply_to is None else {"reply": reply_to})
    mark = "&" if "?" in address else "?"
    return address + mark + "&".join(f"{name}={quote(value, safe='')}" for name, value in more.items())
