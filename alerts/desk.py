"""The service desk: a small desk per noun over one unit of work.

Each noun's folder says what can be asked of it; here they are put together, and here what one noun must know of another
is handed over, so that no two folders import each other. Errors are those of :mod:`alerts.errors`. Who may ask for what
is decided before the desk is asked.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import TypeVar

from alerts.alerting.desk import Alerts, Findings
from alerts.alerting.following import ask_about
from alerts.alerting.reading import deviating
from alerts.appliances.desk import Appliances
from alerts.appliances.directory import STALE_AFTER_S
from alerts.audit.desk import Audit
from alerts.billing.amends import Amends
from alerts.billing.desk import Billing
from alerts.care.counting import erase_care
from alerts.care.desk import CareDesk
from alerts.care.page_desk import CarePages
from alerts.clocks.desk import Clocks
from alerts.customer_notices.desk import CustomerNotices
from alerts.customers.desk import Customers
from alerts.customers.page_desk import CustomerPages
from alerts.customers.sealed_unit import SealedUnit
from alerts.customers.sealing import Seal, no_seal
from alerts.database import Transaction, UnitOfWork
from alerts.fix_first.desk import FixFirsts
from alerts.gate.desk import GateDesk
from alerts.incidents.desk import Incidents
from alerts.indicators.desk import Indicators
from alerts.knowledge.desk import Knowledge
from alerts.letters.desk import Letters
from alerts.notices.changes import Changes
from alerts.notices.desk import Notices
from alerts.people.desk import Providers, Technicians
from alerts.remote.consent import end_sessions_at, end_sessions_of
from alerts.remote.desk import Sessions
from alerts.remote.ending import EndReason
from alerts.remote.policy import SessionLimits
from alerts.remote.protection_desk import Protections
from alerts.remote.sending import Signer
from alerts.remote_first.desk import RemoteFirst
from alerts.repairs.desk import Repairs
from alerts.repeats.desk import Repeats
from alerts.saved_views.desk import SavedViews
from alerts.silences.desk import Silences
from alerts.stock.desk import Stock
from alerts.stock.reserving import release_all
from alerts.subscriptions.desk import Subscriptions
from alerts.supposing.desk import Supposing
from alerts.tasks.desk import Tasks
from alerts.tickets.closing import CLOSES_AFTER_DAYS
from alerts.tickets.desk import Tickets
from alerts.tickets.reading import open_numbers
from alerts.tickets.withdrawing import withdraw
from alerts.visits.booking import cancel_visits_of
from alerts.visits.choosing import Appointments
from alerts.visits.desk import Visits
from alerts.visits.own import OwnVisits
from ingest.profiles.definition import Profile
from ingest.wire.topic import TopicScheme

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Desk:
    """All nouns over one database that :func:`alerts.database.migrate` has prepared."""

    unit: UnitOfWork
    profiles: Mapping[str, Profile]
    limits: SessionLimits = field(default_factory=SessionLimits)
    stale_after_s: float = STALE_AFTER_S
    closes_after_days: float = CLOSES_AFTER_DAYS
    """How long a repair waits for an answer before its ticket closes by itself."""
    topics: TopicScheme = field(default_factory=TopicScheme)
    seal: Callable[[], Seal] = no_seal
    signer: Signer | None = None
    """Who signs commands to appliances."""
    writes_to_customers: bool = False
    """Whether there is a mail account for words to customers."""

    def by(self, who: str) -> Desk:
        """The same desk, asked by someone else: an account's name, an appliance's id."""
        return replace(self, unit=self.unit.by(who))

    def together(self, work: Callable[[Desk], T]) -> T:
        """Read several things as they are at one moment, in one transaction."""
        return self.unit.look_together(lambda unit: work(replace(self, unit=unit)))

    @property
    def findings(self) -> Findings:
        """The detectors' way in."""
        return Findings(self.unit, self.profiles, self._when_held)

    @property
    def alerts(self) -> Alerts:
        """Standing conditions."""
        return Alerts(self.unit, self.profiles)

    @property
    def tickets(self) -> Tickets:
        """The work items; with a ticket its sessions end, and an alert that still stands is asked about again."""
        return Tickets(self.unit, self.profiles, self._when_over, self.closes_after_days)

    @property
    def clocks(self) -> Clocks:
        """What is due and what is late."""
        return Clocks(self.unit)

    @property
    def sessions(self) -> Sessions:
        """Remote diagnosis."""
        return Sessions(self.unit, self.limits, self.topics, self.profiles, self.signer)

    @property
    def protections(self) -> Protections:
        """Gentle modes until the visit."""
        return Protections(self.unit, self.limits, self.profiles)

    @property
    def remote_first(self) -> RemoteFirst:
        """What is tried from afar before anybody drives."""
        return RemoteFirst(self.unit, self.profiles)

    @property
    def fix_first(self) -> FixFirsts:
        """What customers can do themselves."""
        return FixFirsts(self.unit, self.profiles, self._when_over)

    @property
    def appliances(self) -> Appliances:
        """The directory."""
        return Appliances(
            self.unit, open_numbers, end_sessions_at, erase_care, self.profiles.keys(), self.stale_after_s
        )

    @property
    def care(self) -> CareDesk:
        """How appliances are used, and what is advised about it."""
        return CareDesk(self.unit, self.profiles)

    @property
    def care_pages(self) -> CarePages:
        """The same, for customers."""
        return CarePages(SealedUnit(self.unit, self.seal), self.profiles)

    @property
    def incidents(self) -> Incidents:
        """Many appliances with one presumed cause."""
        return Incidents(self.unit, deviating, self._when_held, self.stale_after_s)

    def _when_held(self, t: Transaction, incident_id: str) -> None:
        """Take back what an incident explains and nobody has touched."""
        withdraw(t, incident_id, when_over=self._when_over)

    @property
    def customer_notices(self) -> CustomerNotices:
        """What customers are told of their appliances' data."""
        return CustomerNotices(self.unit, self.profiles, self.stale_after_s, self.writes_to_customers)

    @property
    def gate(self) -> GateDesk:
        """Which fault modes send somebody."""
        return GateDesk(self.unit)

    @property
    def supposing(self) -> Supposing:
        """What another gate would have done."""
        return Supposing(self.unit, self.profiles)

    @property
    def indicators(self) -> Indicators:
        """How the desk did."""
        return Indicators(self.unit)

    @property
    def silences(self) -> Silences:
        """What is muted."""
        return Silences(self.unit, self.profiles)

    @property
    def customers(self) -> Customers:
        """Who owns what, where, and what they allow."""
        return Customers(SealedUnit(self.unit, self.seal))

    @property
    def customer_pages(self) -> CustomerPages:
        """What a customer sees and answers, by a link of their own."""
        return CustomerPages(SealedUnit(self.unit, self.seal), self.limits, self._when_over, self.profiles)

    @property
    def letters(self) -> Letters:
        """Mail that comes in."""
        return Letters(SealedUnit(self.unit, self.seal))

    @property
    def technicians(self) -> Technicians:
        """Who goes to homes."""
        return Technicians(self.unit)

    @property
    def providers(self) -> Providers:
        """Companies whose people go to homes for us."""
        return Providers(SealedUnit(self.unit, self.seal))

    @property
    def billing(self) -> Billing:
        """What it costs, who pays, what was agreed."""
        return Billing(SealedUnit(self.unit, self.seal))

    @property
    def amends(self) -> Amends:
        """What is given back, asked of makers, or taken in return."""
        return Amends(self.unit)

    @property
    def stock(self) -> Stock:
        """Which parts lie where, and for which ticket."""
        return Stock(self.unit, self.profiles)

    @property
    def visits(self) -> Visits:
        """Who is at which door when."""
        return Visits(self.unit, self.profiles, self._when_over)

    @property
    def own_visits(self) -> OwnVisits:
        """Visits, as those ask who go."""
        return OwnVisits(SealedUnit(self.unit, self.seal))

    @property
    def appointments(self) -> Appointments:
        """Times that customers choose on their page."""
        return Appointments(SealedUnit(self.unit, self.seal), self.profiles, self._when_over)

    @property
    def knowledge(self) -> Knowledge:
        """What is known of fault modes, and what has helped."""
        return Knowledge(self.unit, self.profiles)

    @property
    def repairs(self) -> Repairs:
        """What was closed as done, and whether it held."""
        return Repairs(self.unit, self.profiles, self._when_over)

    @property
    def saved_views(self) -> SavedViews:
        """Lists that people have put together."""
        return SavedViews(self.unit)

    @property
    def tasks(self) -> Tasks:
        """What other departments are asked to do for a ticket."""
        return Tasks(self.unit)

    @property
    def changes(self) -> Changes:
        """What has changed, for those who watch."""
        return Changes(self.unit)

    @property
    def notices(self) -> Notices:
        """What others were told, and what they were not."""
        return Notices(self.unit)

    @property
    def subscriptions(self) -> Subscriptions:
        """Who is told what, by rules."""
        return Subscriptions(self.unit)

    @property
    def audit(self) -> Audit:
        """Who did what."""
        return Audit(self.unit)

    @property
    def repeats(self) -> Repeats:
        """Requests that are sent twice and done once."""
        return Repeats(self.unit)

    def _when_over(self, t: Transaction, ticket_id: str, reason: str) -> None:
        end_sessions_of(t, ticket_id, EndReason(reason))
        cancel_visits_of(t, ticket_id, reason, self._when_over)
        release_all(t, ticket_id)
        ask_about(t, ticket_id, self.profiles)
