"""All tables of the desk, collected from beside their nouns; the migrations and the tests see them through here."""

from __future__ import annotations

from alerts.accounts import tables as of_accounts
from alerts.alerting import tables as of_alerts
from alerts.appliances import tables as of_appliances
from alerts.audit import tables as of_the_audit
from alerts.billing import amends_tables as of_amends
from alerts.billing import tables as of_billing
from alerts.care import tables as of_care
from alerts.clocks import tables as of_clocks
from alerts.columns import metadata
from alerts.coverages import tables as of_coverages
from alerts.cursors import tables as of_cursors
from alerts.customer_notices import tables as of_customer_notices
from alerts.customers import tables as of_customers
from alerts.fix_first import tables as of_fix_first
from alerts.gate import tables as of_the_gate
from alerts.incidents import tables as of_incidents
from alerts.knowledge import tables as of_knowledge
from alerts.notices import tables as of_notices
from alerts.people import tables as of_people
from alerts.remote import tables as of_sessions
from alerts.remote_first import tables as of_remote_first
from alerts.repairs import tables as of_repairs
from alerts.repeats import tables as of_repeats
from alerts.saved_views import tables as of_saved_views
from alerts.silences import tables as of_silences
from alerts.stock import tables as of_stock
from alerts.tasks import tables as of_tasks
from alerts.tickets import tables as of_tickets
from alerts.visits import tables as of_visits

__all__ = ["BESIDE_THEIR_NOUNS", "metadata"]

BESIDE_THEIR_NOUNS = (
    of_accounts,
    of_alerts,
    of_appliances,
    of_the_audit,
    of_amends,
    of_billing,
    of_care,
    of_coverages,
    of_clocks,
    of_cursors,
    of_customer_notices,
    of_customers,
    of_fix_first,
    of_the_gate,
    of_incidents,
    of_knowledge,
    of_notices,
    of_people,
    of_sessions,
    of_remote_first,
    of_repairs,
    of_repeats,
    of_saved_views,
    of_silences,
    of_stock,
    of_tasks,
    of_tickets,
    of_visits,
)
"""Modules that enter their tables into ``metadata``."""
