"""The journal in a real Kafka: the contract, and what only a server and other processes can do to it."""

from __future__ import annotations

import itertools
from typing import Any

import pytest
from confluent_kafka import ConsumerGroupTopicPartitions, KafkaError, KafkaException, Message, Producer, TopicPartition
from confluent_kafka.admin import (  # type: ignore[attr-defined]  # names that the library doesn't mark as exported
    AdminClient,
    NewPartitions,
    NewTopic,
)

from ingest.clock import SystemClock
from ingest.journal import Journal, JournalError
from ingest.journal.kafka import _LAST, KafkaJournal
from ingest.journal.kafka_address import parse_kafka_url
from ingest.journal.kafka_client import TopicOptions
from ingest.journal.kafka_pieces import partition_of
from ingest.mqtt.frames import unpack
from tests.contract.journal_suite import JournalSuite, OpenJournal, frames
from tests.servers.kafka_server import KafkaServer

pytestmark = pytest.mark.servers
numbers = itertools.count()
SMALL = TopicOptions(partitions=3, retention_days=1e4)


@pytest.fixture
def url(kafka: KafkaServer) -> str:
    """A journal that isn't there yet."""
    return kafka.url(f"journal-{next(numbers)}")


class TestContract(JournalSuite):
    """The journal keeps the promises of the protocol."""

    @pytest.fixture
    def open_journal(self, url: str) -> OpenJournal:
        """Opens the same topic again and again."""
        return lambda: KafkaJournal.open_writer(parse_kafka_url(url), options=SMALL)


NOW_MS = SystemClock().now_ms()
WAIT_S = 20


def opened(url: str, **more: Any) -> KafkaJournal:
    """The journal to write."""
    address = parse_kafka_url(url)
    return KafkaJournal.open_writer(address, options=SMALL, appliance_of=lambda topic: topic.split("/")[-2], **more)


def fill(journal: Journal, batches: int, *, appliances: int = 8, first: int = 0) -> list[int]:
    """Batches with a message of each appliance, numbered on; the positions."""
    positions = []
    for number in range(first, first + batches):
        batch = [frames(1, first=appliances * number + a, appliance=f"f{a}")[0] for a in range(appliances)]
        positions.append(journal.append(batch, count=appliances, received_ms=SystemClock().now_ms()))
    return positions


def numbers_in(journal: Journal, after: int = 0) -> list[int]:
    """The payloads behind a position."""
    found: list[int] = []
    while batches := journal.read(after, limit_bytes=1 << 24):
        found += [int(payload) for batch in batches for payload in unpack(batch.frames).payloads]
        after = batches[-1].position
    return found


class DeafProducer:
    """A producer that never hears whether its transaction was committed; it was, or it wasn't."""

    def __init__(self, producer: Producer, *, has_committed: bool) -> None:
        self._producer = producer
        self._has_committed = has_committed

    def __getattr__(self, name: str) -> Any:
        return getattr(self._producer, name)

    def commit_transaction(self, timeout_s: float) -> None:
        """Commit or don't, and hear nothing."""
        if self._has_committed:
            self._producer.commit_transaction(timeout_s)
        raise KafkaException(KafkaError(KafkaError._TIMED_OUT))


@pytest.mark.parametrize("has_committed", [True, False])
def test_a_commit_whose_outcome_is_unknown_stands_once(url: str, has_committed: bool) -> None:
    """Where Kafka goes away in the middle of a commit, the batch is appended again and stands once, either way."""
    journal = opened(url)
    fill(journal, 2)
    writer = journal._writer
    assert writer is not None
    assert writer._producer is not None
    writer._producer = DeafProducer(writer._producer, has_committed=has_committed)  # type: ignore[assignment]  # a fake

    with pytest.raises(JournalError, match="can't be reached"):
        fill(journal, 1, first=2)
    fill(journal, 2, first=2)

    assert numbers_in(journal) == list(range(32))
    journal.close()


def test_without_looking_for_the_unknown_commit_it_would_stand_twice(url: str) -> None:
    """Control: a writer that forgets what it was unsure of writes it a second time."""
    journal = opened(url)
    fill(journal, 2)
    writer = journal._writer
    assert writer is not None
    assert writer._producer is not None
    writer._producer = DeafProducer(writer._producer, has_committed=True)  # type: ignore[assignment]  # a fake

    with pytest.raises(JournalError):
        fill(journal, 1, first=2)
    writer._unsure = None
    with pytest.raises(JournalError, match="another process"):
        fill(journal, 1, first=2)
    fill(journal, 1, first=2)

    assert numbers_in(journal) == [*range(24), *range(16, 24)]
    journal.close()


def test_a_second_writer_takes_over_and_the_first_is_told(url: str) -> None:
    """Only one process writes: the one that came first can't any more, says why, and what it had written stays."""
    first, second = opened(url), opened(url)
    fill(first, 2)

    fill(second, 1, first=2)
    for _ in range(2):
        with pytest.raises(JournalError, match="another process writes to the journal"):
            fill(first, 1, first=9)
    fill(second, 1, first=3)

    assert numbers_in(second) == list(range(32))
    first.close()
    second.close()


def test_an_appliance_is_where_kafkas_own_clients_would_put_it(url: str, kafka: KafkaServer) -> None:
    """The partition of an appliance is the one that Kafka's murmur2 partitioner chooses for its id."""
    opened(url).tip()
    chosen: dict[str, int | None] = {}

    def note(message: Message) -> None:
        chosen[(message.key() or b"").decode()] = message.partition()

    producer = Producer({"bootstrap.servers": f"127.0.0.1:{kafka.port}", "partitioner": "murmur2"})
    names = [f"WM-{number:04d}" for number in range(50)]

    for name in names:
        producer.produce(parse_kafka_url(url).topic, b"", name, on_delivery=lambda _error, message: note(message))
    producer.flush(WAIT_S)

    assert chosen == {name: partition_of(name.encode(), SMALL.partitions) for name in names}


def test_what_retention_has_dropped_is_told_and_passed_over(url: str, kafka: KafkaServer) -> None:
    """A reader whose next batches are gone counts that and goes on with the oldest that is left; a new reader just starts there."""
    topic = parse_kafka_url(url).topic
    journal = opened(url)
    positions = fill(journal, 4)
    admin = AdminClient({"bootstrap.servers": f"127.0.0.1:{kafka.port}"})
    ends = [TopicPartition(topic, number, -1) for number in range(SMALL.partitions)]
    for future in admin.delete_records(ends).values():
        future.result(WAIT_S)
    later = fill(journal, 2, first=4)
    reader = KafkaJournal.open_reader(parse_kafka_url(url))

    assert numbers_in(reader) == list(range(32, 48))
    assert reader.quarantined_batches == 0
    assert reader.oldest() == later[0]
    assert numbers_in(journal, positions[1]) == list(range(32, 48))
    assert journal.quarantined_batches == 1
    assert journal.count_messages(positions[3]) == 16
    journal.close()
    reader.close()


def test_positions_go_on_where_the_topic_is_empty(url: str) -> None:
    """No position at or below what readers have seen is given, though the topic holds nothing of it."""
    journal = opened(url, floor=(NOW_MS + 10**7) * 1024)

    (position,) = fill(journal, 1)

    assert position > (NOW_MS + 10**7) * 1024
    assert numbers_in(journal, (NOW_MS + 10**7) * 1024) == list(range(8))
    journal.close()


def test_records_of_others_are_counted_and_passed_over(url: str, kafka: KafkaServer) -> None:
    """Another program's record in the topic harms nothing."""
    journal = opened(url)
    fill(journal, 1)
    producer = Producer({"bootstrap.servers": f"127.0.0.1:{kafka.port}"})
    for number in range(SMALL.partitions):
        producer.produce(parse_kafka_url(url).topic, b'{"who": "else"}', partition=number)
    producer.flush(WAIT_S)
    fill(journal, 1, first=1)

    assert numbers_in(journal) == list(range(16))
    assert journal.quarantined_batches == SMALL.partitions
    journal.close()


def test_further_partitions_are_noticed(url: str, kafka: KafkaServer) -> None:
    """When the topic gets partitions, the next writer uses them, and a reader that began before reads them too."""
    topic = parse_kafka_url(url).topic
    journal = opened(url)
    positions = fill(journal, 2)
    reader = KafkaJournal.open_reader(parse_kafka_url(url))
    assert numbers_in(reader) == list(range(16))
    admin = AdminClient({"bootstrap.servers": f"127.0.0.1:{kafka.port}"})
    admin.create_partitions([NewPartitions(topic, 7)])[topic].result(WAIT_S)
    journal.close()
    journal = opened(url)
    fill(journal, 3, first=2, appliances=8)

    with pytest.raises(JournalError, match="further partitions"):
        numbers_in(reader, positions[-1])

    assert numbers_in(reader, positions[-1]) == list(range(16, 40))
    assert numbers_in(journal) == list(range(40))
    assert reader.quarantined_batches == 0
    journal.close()
    reader.close()


def test_the_cursors_stand_in_kafkas_groups(url: str, kafka: KafkaServer) -> None:
    """Kafka's tools see a group per cursor, at the end for one that has read everything, before it for one that hasn't.

    The last commit's marker in each partition may come after the cursors: Kafka writes it behind the answer.
    """
    topic = parse_kafka_url(url).topic
    journal = opened(url)
    positions = fill(journal, 5)

    journal.show_cursors({"store": positions[1], "detect": positions[-1]})

    admin = AdminClient({"bootstrap.servers": f"127.0.0.1:{kafka.port}"})
    offsets, ends = {}, journal._offsets(_LAST)
    for name in ("store", "detect"):
        asked = admin.list_consumer_group_offsets([ConsumerGroupTopicPartitions(f"{topic}-{name}")])
        offsets[name] = sum(one.offset for one in asked[f"{topic}-{name}"].result(WAIT_S).topic_partitions)
    assert 0 < offsets["store"] < sum(ends) - len(ends) <= offsets["detect"] <= sum(ends)
    journal.close()


def test_a_topic_that_would_lose_messages_is_refused(url: str, kafka: KafkaServer) -> None:
    """A compacted topic is named with the command that changes it."""
    topic = parse_kafka_url(url).topic
    admin = AdminClient({"bootstrap.servers": f"127.0.0.1:{kafka.port}"})
    admin.create_topics([NewTopic(topic, 3, 1, config={"cleanup.policy": "compact"})])[topic].result(WAIT_S)
    journal = opened(url)

    with pytest.raises(JournalError, match=r"kafka-configs\.sh --alter .* --add-config cleanup\.policy=delete"):
        journal.tip()

    assert "cleanup.policy" in (journal.trouble() or "")
    journal.close()


def test_a_journal_of_a_newer_version_is_refused(url: str, kafka: KafkaServer) -> None:
    """Neither a reader passes over what a newer Fettle has written, nor does a writer write behind it."""
    journal = opened(url)
    positions = fill(journal, 1)
    journal.close()
    producer = Producer({"bootstrap.servers": f"127.0.0.1:{kafka.port}"})
    producer.produce(parse_kafka_url(url).topic, b"FKJ2" + bytes(100), partition=0)
    producer.flush(WAIT_S)
    reader = KafkaJournal.open_reader(parse_kafka_url(url))

    for _ in range(2):
        with pytest.raises(JournalError, match="newer Fettle"):
            numbers_in(reader, positions[0])
    with pytest.raises(JournalError, match="newer Fettle"):
        opened(url).tip()

    reader.close()
