"""Kafka's errors → the journal's: one sentence that says what to do; the one place where they are translated."""

from __future__ import annotations

from concurrent.futures import TimeoutError as FutureTimeoutError
from typing import TYPE_CHECKING

from confluent_kafka import KafkaError, KafkaException

from ingest.journal import JournalError

if TYPE_CHECKING:
    from ingest.journal.kafka_address import KafkaAddress

END = "_PARTITION_EOF"
"""No error: there is no more in this partition for now."""
NO_TOPIC = "UNKNOWN_TOPIC_OR_PART"
AWAY = {
    "_ALL_BROKERS_DOWN", "_MSG_TIMED_OUT", "_RESOLVE", "_TIMED_OUT", "_TIMED_OUT_QUEUE", "_TRANSPORT",
    "BROKER_NOT_AVAILABLE", "COORDINATOR_LOAD_IN_PROGRESS", "COORDINATOR_NOT_AVAILABLE", "LEADER_NOT_AVAILABLE",
    "NETWORK_EXCEPTION", "NOT_COORDINATOR", "NOT_LEADER_FOR_PARTITION", "REQUEST_TIMED_OUT",
}  # fmt: skip
SETTLING = {"LEADER_NOT_AVAILABLE", "NOT_LEADER_FOR_PARTITION", NO_TOPIC, "_UNKNOWN_PARTITION", "_UNKNOWN_TOPIC"}
"""What a topic that was created a moment ago may answer."""
AFTERMATH = {"_PURGE_INFLIGHT", "_PURGE_QUEUE", "_TIMED_OUT", "_TRANSPORT"}
"""What happens to the records of a transaction that has failed already."""
_FENCED = {"_FENCED", "PRODUCER_FENCED", "INVALID_PRODUCER_EPOCH"}
_REFUSED = {
    "_AUTHENTICATION", "CLUSTER_AUTHORIZATION_FAILED", "GROUP_AUTHORIZATION_FAILED", "SASL_AUTHENTICATION_FAILED",
    "TOPIC_AUTHORIZATION_FAILED", "TRANSACTIONAL_ID_AUTHORIZATION_FAILED",
}  # fmt: skip


def away(address: KafkaAddress) -> JournalError:
    """Kafka doesn't answer."""
    return JournalError(f"Kafka at {address.servers} can't be reached: start it, or correct FETTLE_JOURNAL_URL")


def taken(address: KafkaAddress) -> JournalError:
    """Somebody else writes where only one may."""
    return JournalError(f"another process writes to the journal {address}: stop it, or use another topic")


def translated(address: KafkaAddress, error: KafkaException | FutureTimeoutError) -> JournalError:
    """Kafka's error as ours."""
    cause = error.args[0] if error.args else None
    if not isinstance(cause, KafkaError) or cause.name() in AWAY:
        return away(address)
    if cause.name() in _FENCED:
        return taken(address)
    if cause.name() in _REFUSED:
        return JournalError(f"Kafka at {address.servers} refuses the journal {address}: {cause.str()}")
    return JournalError(f"the journal {address} can't be used: {cause.str()}")


def is_fenced(error: KafkaException) -> bool:
    """Whether Kafka lets another producer write in our place."""
    cause = error.args[0] if error.args else None
    return isinstance(cause, KafkaError) and cause.name() in _FENCED
