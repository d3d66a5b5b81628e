"""The InfluxDB store against a real InfluxDB: the contract, and what the server may refuse."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING

import numpy as np
import pytest
from influxdb_client.client.influxdb_client import InfluxDBClient
from influxdb_client.client.write_api import SYNCHRONOUS
from influxdb_client.domain.bucket_retention_rules import BucketRetentionRules

from ingest.sample import TEXT_SEPARATOR
from ingest.store import StoreRejected, StoreUnavailable
from ingest.store.influx import InfluxStore
from ingest.store.influx_address import InfluxAddress
from tests.contract.store_suite import FOREVER, T0, StoreSuite, columns, make_block

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.servers.influx_process import InfluxServer

pytestmark = pytest.mark.servers
numbers = itertools.count()


@pytest.fixture
def client(influxdb: InfluxServer) -> Iterator[InfluxDBClient]:
    """A client of the test's own."""
    with InfluxDBClient(f"http://127.0.0.1:{influxdb.port}", token=influxdb.token, org=influxdb.org) as client:
        yield client


@pytest.fixture
def bucket(client: InfluxDBClient) -> str:
    """A new bucket that keeps everything."""
    name = f"it's ${{bucket}} \\ {next(numbers)}"
    client.buckets_api().create_bucket(bucket_name=name, org="fettle")
    return name


@pytest.fixture
def store(influxdb: InfluxServer, bucket: str) -> Iterator[InfluxStore]:
    """An empty store."""
    store = InfluxStore.open(address_of(influxdb, bucket), token=influxdb.token)
    yield store
    store.close()


def address_of(server: InfluxServer, bucket: str, *, org: str = "fettle") -> InfluxAddress:
    """Where a bucket of the server is."""
    return InfluxAddress("127.0.0.1", server.port, org, bucket)


class TestInfluxStore(StoreSuite):
    """The contract."""


def test_layout_is_the_contracts(store: InfluxStore, client: InfluxDBClient, bucket: str) -> None:
    """Measurement is the kind, the tag the appliance, every metric a float field, mode and cycle strings, time unique ns."""
    store.write([make_block([("a1", T0, {"power_w": 5.0, "door_open": 1.0})], seq=3, mode="cooling", cycle="7")])

    quoted = bucket.replace("\\", "\\\\").replace("${", "\\${")
    tables = client.query_api().query(f'from(bucket: "{quoted}") |> range(start: 0)')

    found = {
        r["_field"]: (r["_value"], r["_measurement"], r["appliance_id"]) for table in tables for r in table.records
    }
    assert found == {
        "power_w": (5.0, "refrigerator", "a1"),
        "door_open": (1.0, "refrigerator", "a1"),
        "mode": ("cooling", "refrigerator", "a1"),
        "cycle": ("7", "refrigerator", "a1"),
    }
    assert columns(store.read("refrigerator", "a1", None, start_ms=T0, end_ms=T0 + 1)) == (
        [T0],
        {"door_open": [1.0], "power_w": [5.0]},
    )


def test_a_field_of_another_type_refuses_its_samples_only(
    store: InfluxStore, client: InfluxDBClient, bucket: str
) -> None:
    """Where another client made a field a string, exactly the samples with that metric are named, all others stored."""
    client.write_api(write_options=SYNCHRONOUS).write(
        bucket, "fettle", f'refrigerator,appliance_id=x power_w="no" {T0}000000'
    )
    rows = [("a1", T0 + ms, {"fresh_food_c": 1.0} if ms % 7 else {"power_w": 2.0}) for ms in range(50)]

    with pytest.raises(StoreRejected) as refusal:
        store.write([make_block(rows)])

    assert [row for _, row, _ in refusal.value.rejected] == list(range(0, 50, 7))
    assert "field type conflict" in refusal.value.rejected[0][2]
    assert store.count_readings("refrigerator", "a1") == 42
    assert store.count_readings("refrigerator") >= 42


def test_samples_beyond_the_buckets_retention_are_named(influxdb: InfluxServer, client: InfluxDBClient) -> None:
    """A sample older than the bucket keeps is refused with the server's words; the others are stored."""
    rules = BucketRetentionRules(  # type: ignore[no-untyped-call]  # the client library is typed in parts only
        type="expire", every_seconds=3600
    )
    client.buckets_api().create_bucket(bucket_name="short", org="fettle", retention_rules=rules)
    store = InfluxStore.open(address_of(influxdb, "short"), token=influxdb.token)

    with pytest.raises(StoreRejected, match="retention"):
        store.write([make_block([("a1", 1_000_000_000_000 + ms, {"power_w": 1.0}) for ms in range(100)])])

    store.close()


def test_many_lines_go_in_bounded_bodies(store: InfluxStore) -> None:
    """A write of more lines than a body may hold arrives whole."""
    count = 12_345
    store.write([make_block([("a1", T0 + ms, {"power_w": float(ms)}) for ms in range(count)])])

    assert store.count_readings("refrigerator") == count
    assert sum(len(block) for block in store.scan("refrigerator", **FOREVER)) == count


def test_received_text_is_stored_as_its_values(store: InfluxStore) -> None:
    """Numbers as appliances write them, integers and exponents, arrive as the same floats."""
    texts = [b'{"power_w":1E+3}', b'{"power_w": 12345678901234567890}', b'{"power_w":-5e-1}', b'{"power_w":true}']
    values = np.array([[1000.0], [12345678901234567890.0], [-0.5], [1.0]])
    block = make_block([("a1", T0 + ms, {"power_w": 0.0}) for ms in range(4)])
    block = type(block)(
        **{name: getattr(block, name) for name in block.__slots__}
        | {"values": values, "metrics_text": TEXT_SEPARATOR.join(texts)}
    )

    store.write([block])

    read = store.read("refrigerator", "a1", ["power_w"], **FOREVER)
    assert read.values["power_w"].tolist() == values[:, 0].tolist()


@pytest.mark.parametrize(
    ("bucket_name", "org", "token", "kind", "word"),
    [
        ("telemetry", "fettle", "wrong", "denied", "FETTLE_STORE_TOKEN"),
        ("nowhere", "fettle", "test-token", "missing", "nowhere"),
        ("telemetry", "nobody", "test-token", "missing", "nobody"),
    ],
)
def test_wrong_settings_are_named(
    influxdb: InfluxServer, bucket_name: str, org: str, token: str, kind: str, word: str
) -> None:
    """A wrong token, bucket or organisation is told apart and named, for writes and for the check."""
    store = InfluxStore.open(address_of(influxdb, bucket_name, org=org), token=token)

    with pytest.raises(StoreUnavailable, match=word) as on_write:
        store.write([make_block([("a1", T0, {"power_w": 1.0})])])
    with pytest.raises(StoreUnavailable, match=word) as on_check:
        store.check()

    assert (on_write.value.kind, on_check.value.kind) == (kind, kind)
    store.close()
