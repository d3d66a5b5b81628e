"""Consent per purpose and channel: each yes and each no is kept, the newest stands, and silence is a no.

We fail closed: who was never asked is not contacted, and a no to a purpose as a whole ends an older yes by one channel.
"""

from __future__ import annotations

from sqlalchemy import insert, or_, select

from alerts.audit.chain import record_audit
from alerts.customers.customer import Consent, ContactChannel, Purpose
from alerts.customers.keeping import live_row, touch
from alerts.customers.tables import consents
from alerts.database import Transaction
from alerts.errors import InvalidError
from alerts.words import check_words
from ingest.clock import from_ms


def record_consent(
    t: Transaction, customer_id: str, purpose: Purpose, channel: ContactChannel | None, *, is_given: bool, source: str
) -> bool:
    """Write down a yes or a no and where it came from; whether it is news."""
    live_row(t, customer_id)
    check_words("source", source, longest=200, is_needed=True)
    if purpose in {Purpose.PREDICTION, Purpose.REMOTE_DIAGNOSIS, Purpose.CONTRACTOR} and channel is not None:
        raise InvalidError(f"channel: {purpose} has none; leave it out.")
    before = _newest(t, customer_id, purpose, channel)
    if before is is_given:
        return False
    words = {"purpose": purpose.value, "channel": None if channel is None else channel.value, "is_given": is_given}
    values = {"customer_id": customer_id, "at_ms": t.now_ms, "recorded_by": t.who, "source": source}
    t.connection.execute(insert(consents).values(**words, **values))
    was = None if before is None else words | {"is_given": before}
    record_audit(t, "consent.record", customer_id, before=was, after=words, about={"source": source})
    touch(t, customer_id)
    return True


def is_allowed(t: Transaction, customer_id: str, purpose: Purpose, channel: ContactChannel | None = None) -> bool:
    """Whether a purpose (by a channel) is allowed now: the newest word on the channel or on the whole purpose."""
    return _newest(t, customer_id, purpose, channel) is True


def list_consents(t: Transaction, customer_id: str) -> list[Consent]:
    """Every yes and no of a customer, the newest first."""
    query = select(consents).where(consents.c.customer_id == customer_id).order_by(consents.c.n.desc())
    return [
        Consent(
            Purpose(row.purpose),
            None if row.channel is None else ContactChannel(row.channel),
            row.is_given,
            from_ms(row.at_ms),
            row.recorded_by,
            row.source,
        )
        for row in t.connection.execute(query)
    ]


def _newest(t: Transaction, customer_id: str, purpose: Purpose, channel: ContactChannel | None) -> bool | None:
    columns = consents.c
    whole = columns.channel.is_(None)
    spoken_of = whole if channel is None else or_(whole, columns.channel == channel.value)
    query = select(columns.is_given).where(
        columns.customer_id == customer_id, columns.purpose == purpose.value, spoken_of
    )
    return t.connection.execute(query.order_by(columns.n.desc()).limit(1)).scalar_one_or_none()
