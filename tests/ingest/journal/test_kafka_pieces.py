"""A commit as Kafka records and back, and where a Kafka journal is; without a Kafka."""

from __future__ import annotations

import zlib
from dataclasses import replace

import mqtt5
import pytest
import zstandard
from hypothesis import given
from hypothesis import strategies as st

from ingest.journal import JournalError
from ingest.journal.kafka_address import parse_kafka_url
from ingest.journal.kafka_client import client_settings
from ingest.journal.kafka_pieces import (
    Commit,
    MalformedPieceError,
    Partitions,
    assemble,
    cut,
    decode_piece,
    encode_piece,
    is_whole,
    partition_of,
)

PARTITIONS = 5


def appliance_of(topic: str) -> str:
    """The level before the channel."""
    return topic.split("/")[-2]


def frame(appliance: int, payload: bytes) -> bytes:
    """One message of an appliance."""
    topic = f"fettle/v1/dryer/d{appliance}/telemetry"
    return mqtt5.PublishPacket(topic, payload, qos=mqtt5.QoS.AT_LEAST_ONCE, packet_id=7).write()


def records_of(frames: bytes, count: int, *, run_messages: int = 1000, run_bytes: int = 500_000) -> list[bytes]:
    """The records of a commit."""
    commit = Commit(2048, 1024, 2, count, count, zlib.crc32(frames))
    shares = cut(frames, Partitions(PARTITIONS, appliance_of), run_messages=run_messages, run_bytes=run_bytes)
    packer = zstandard.ZstdCompressor(level=1)
    return [encode_piece(commit, share, packer, number=number) for number, share in enumerate(shares)]


@given(
    st.lists(st.tuples(st.integers(0, 20), st.binary(max_size=300)), min_size=1, max_size=60),
    st.integers(1, 30),
    st.integers(50, 5000),
)
def test_a_commit_is_put_together_as_it_was(
    messages: list[tuple[int, bytes]], run_messages: int, run_bytes: int
) -> None:
    """Cut into pieces of any size and put together in any order, the frames are byte for byte those of the commit."""
    frames = b"".join(frame(*message) for message in messages)

    records = records_of(frames, len(messages), run_messages=run_messages, run_bytes=run_bytes)
    pieces = [decode_piece(record) for record in records]

    assert is_whole(pieces)
    assert assemble(pieces[::-1]) == frames
    assert [piece.number for piece in pieces] == list(range(len(pieces)))
    assert not is_whole(pieces[:-1] or [replace(pieces[0], indexes=pieces[0].indexes[:-1])])


GOLDEN = (
    (
        "464b4a3100000008000000000000000400000000000002000000000000000300000000000000030000008fb74ec00200000028b52ffd207e3d02"
        "0022040f16903b07181f82cd79cef6e8ff981f05c18c6dd30ab9140f3d229979e3c1889393b1c44f83ba965fbe9e8814b6bba61039f8957945a8"
        "511c6d81b60d020027ad0edc7547"
    ),
    (
        "464b4a3101000008000000000000000400000000000002000000000000000300000000000000030000008fb74ec00100000028b52ffd202d6901"
        "0001000000250000003223001c666574746c652f76312f64727965722f64322f74656c656d657472790007007b7d"
    ),
)
"""The records of one commit in the first format; a later version must read them."""


def test_the_first_format_is_read() -> None:
    """Records as they were written first give their commit and its messages, also to later versions."""
    pieces = [decode_piece(bytes.fromhex(record)) for record in GOLDEN]

    first, other = frame(1, b'{"boot":"a","seq":0}'), frame(2, b"{}")
    assert assemble(pieces) == first + other + frame(1, b'{"boot":"a","seq":1}')
    assert {piece.commit for piece in pieces} == {Commit(2048, 1024, 2, 3, 3, pieces[0].commit.crc32)}


@given(st.lists(st.tuples(st.integers(0, 20), st.binary(max_size=30)), min_size=1, max_size=60))
def test_an_appliance_stays_in_one_partition_and_in_order(messages: list[tuple[int, bytes]]) -> None:
    """All messages of one appliance go to one partition, those of a later commit too, in the order of arrival."""
    frames = b"".join(frame(*message) for message in messages)
    partitions = Partitions(PARTITIONS, appliance_of)

    shares = [*cut(frames, partitions), *cut(frames, partitions)]

    for appliance in {appliance for appliance, _ in messages}:
        own = [frame(appliance, payload) for number, payload in messages if number == appliance]
        where = {share.partition for share in shares if own[0] in share.frames}
        assert where == {partition_of(f"d{appliance}".encode(), PARTITIONS)}
        (first, _) = [share for share in shares if share.partition in where]
        assert [f for f in first.frames if f in own] == own


@pytest.mark.parametrize(
    ("key", "murmur2"),
    [(b"kafka", 0xD067CF64), (b"giberish123456789", 0x8F552B0C), (b"1234", 0x9FC97B14)],
)
def test_the_partition_is_kafkas_own_choice(key: bytes, murmur2: int) -> None:
    """Known values of Kafka's hash lead to the partition that its clients choose."""
    assert partition_of(key, 1000) == (murmur2 & 0x7FFFFFFF) % 1000


def test_a_record_that_is_none_of_ours_is_told() -> None:
    """A record too short, one of another program and one that is cut off raise the one error."""
    (record,) = records_of(frame(1, b"x" * 100), 1)

    for other in (b"", b"{}" * 50, record[:60], record[:-1]):
        with pytest.raises(MalformedPieceError):
            assemble([decode_piece(other)])


def test_a_later_versions_record_is_refused_and_not_passed_over() -> None:
    """What a newer Fettle has written is no damage: it is told in one sentence, and nothing is skipped."""
    (record,) = records_of(frame(1, b"x"), 1)

    with pytest.raises(JournalError, match="newer Fettle"):
        decode_piece(b"FKJ2" + record[4:])


def test_a_changed_byte_never_changes_a_message() -> None:
    """Whatever byte of a record is another, its frames are as they were appended or the commit is refused."""
    frames = frame(1, b"x" * 100) + frame(1, b"y" * 10)
    (record,) = records_of(frames, 2)
    refused = 0

    for place in range(len(record)):
        changed = record[:place] + bytes([record[place] ^ 0x41]) + record[place + 1 :]
        try:
            assert assemble([decode_piece(changed)]) == frames
        except (MalformedPieceError, JournalError):
            refused += 1

    assert refused > len(record) // 2


def test_pieces_of_different_commits_do_not_pass_for_one() -> None:
    """Pieces whose messages don't match the commit's checksum are refused."""
    one = [decode_piece(record) for record in records_of(frame(1, b"a") + frame(2, b"b"), 2, run_messages=1)]
    other = [decode_piece(record) for record in records_of(frame(1, b"a") + frame(2, b"c"), 2, run_messages=1)]

    with pytest.raises(MalformedPieceError, match="checksum"):
        assemble([one[0], other[1]])


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("kafka://k1/t", "'k1' is no host:port"),
        ("kafka://k1:9092,k2/t", "'k2' is no host:port"),
        ("kafka://k1:99999/t", "is no host:port"),
        ("kafka://k1:9092", "names no topic"),
        ("kafka://k1:9092/a/b", "names no topic"),
        ("kafka://k1:9092/t?acks=0", "unknown option 'acks'"),
        ("kafka://u:secret@k1/t", "is no host:port"),
    ],
)
def test_a_wrong_address_is_named_without_its_secret(url: str, said: str) -> None:
    """What can't be meant is refused with a sentence that shows no password."""
    with pytest.raises(JournalError, match=said) as refusal:
        parse_kafka_url(url)

    assert "secret" not in str(refusal.value)


def test_an_address_becomes_the_clients_settings() -> None:
    """Several servers, a login and the cluster's wishes reach the client; what is shown of the address has no password."""
    address = parse_kafka_url("kafka://me:s%40y@k1:9093,k2:9093/telemetry?sasl.mechanism=SCRAM-SHA-512")

    settings = client_settings(address)

    assert settings["bootstrap.servers"] == "k1:9093,k2:9093"
    assert settings["security.protocol"] == "SASL_SSL"
    assert settings["sasl.mechanism"] == "SCRAM-SHA-512"
    assert (settings["sasl.username"], settings["sasl.password"]) == ("me", "s@y")
    assert str(address) == "kafka://k1:9093,k2:9093/telemetry"
    assert "s@y" not in repr(address)
