"""The way to the broker is bad, half open or crowded: nothing is lost, and nobody else is disturbed."""

from __future__ import annotations

import json
import socket
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import mqtt5
import pytest

from tests.servers.faults.conftest import Tell
from tests.servers.faults.fleet import Fleet
from tests.servers.faults.installation import (
    FEEDER,
    Installation,
    Ticket,
    assert_nothing_lost,
    wait_for,
)
from tests.servers.faults.load import ROOT, Load
from tests.servers.proxy import Ending, Proxy

pytestmark = [pytest.mark.servers, pytest.mark.timeout(600)]

Due = Callable[[Load], list[Ticket]]
Harm = Callable[[Proxy], None]


def slow(proxy: Proxy) -> None:
    """A tenth of a second each way."""
    proxy.to_client.latency_s = proxy.to_server.latency_s = 0.1


def narrow(proxy: Proxy) -> None:
    """A line of half a megabit."""
    proxy.to_client.bytes_per_s = 64_000


def sliced(proxy: Proxy) -> None:
    """Packets cut anywhere."""
    proxy.to_client.slice_bytes, proxy.to_server.slice_bytes = 97, 3


def cut(proxy: Proxy) -> None:
    """The connection ends in the middle of a packet."""
    proxy.to_client.end_after = 10_007


def reset(proxy: Proxy) -> None:
    """The connection is reset in the middle of a packet."""
    proxy.to_client.end_after, proxy.to_client.ending = 20_011, Ending.RESET


def acks_lost(proxy: Proxy) -> None:
    """The connection is reset while the service acknowledges."""
    proxy.to_server.end_after, proxy.to_server.ending = 401, Ending.RESET


@contextmanager
def behind_a_proxy(folder: Path) -> Iterator[tuple[Installation, Proxy]]:
    """An installation whose service reaches its broker through a proxy only."""
    with Installation(folder) as installation, Proxy(installation.broker.port) as proxy:
        installation.put_between(proxy)
        yield installation, proxy


def test_a_bad_way_to_the_broker_loses_nothing(folder: Path, start_ms: int, tickets_due: Due, tell: Tell) -> None:
    """T14: slow, narrow, sliced, cut, reset and partitioned in turn, under load: the ledger closes."""
    load = Load(start_ms, appliances=60, rounds=100)

    with (
        behind_a_proxy(folder) as (installation, proxy),
        Fleet(installation.broker.port, FEEDER, load.messages) as fleet,
    ):
        service = installation.service
        service.start()
        service.wait_until_connected()
        for harm in (slow, narrow, sliced, cut, reset, acks_lost):
            heard, connected = installation.counted(), len(service.said("mqtt_connected"))
            harm(proxy)
            fleet.release(600, per_s=2000)
            if harm in {cut, reset, acks_lost}:
                service.wait_for("mqtt_connected", connected + 1)
            installation.wait_until_counted(heard + 500)
            proxy.heal()
        proxy.is_refusing = True
        proxy.reset()
        fleet.release(600, per_s=2000)
        fleet.wait_until_idle()
        proxy.heal()
        fleet.release()
        installation.wait_until_settled(load.distinct)
        fleet.wait_until_done()
        service.stop()
        outcome = installation.outcome()

    assert_nothing_lost(outcome, load, tickets_due(load))
    tell("connections", proxy.connections)
    tell("redelivered", sum(outcome.duplicates.values()) - (len(load.messages) - load.sent))


@pytest.mark.parametrize(
    ("how", "keep_alive_s"),
    [
        ("broker held", 4.0),
        ("line stalled", 4.0),
        pytest.param("broker held", 30.0, id="broker held, usual interval", marks=pytest.mark.long),
    ],
)
def test_a_half_open_connection_is_seen(
    folder: Path, start_ms: int, tickets_due: Due, tell: Tell, how: str, keep_alive_s: float
) -> None:
    """T14: where the other end has fallen silent, that is seen within 1.5 keep-alive intervals, and nothing is lost."""
    load = Load(start_ms, appliances=30, rounds=100)

    with (
        behind_a_proxy(folder) as (installation, proxy),
        Fleet(installation.broker.port, FEEDER, load.messages) as fleet,
    ):
        service = installation.service
        service.start(f"keep_alive_s={keep_alive_s}")
        service.wait_until_connected()
        fleet.release(1000)
        installation.broker.hold() if how == "broker held" else proxy.stall()
        seen_s = service.wait_for("mqtt_waits_for_broker")
        assert "fallen silent" in service.said("mqtt_waits_for_broker")[0]["sentence"]
        installation.broker.go_on() if how == "broker held" else proxy.heal()
        service.wait_for("mqtt_connected", 2)
        fleet.release()
        installation.wait_until_settled(load.distinct)
        fleet.wait_until_done()
        service.stop()
        outcome = installation.outcome()

    assert_nothing_lost(outcome, load, tickets_due(load))
    assert seen_s <= 1.5 * keep_alive_s + 5  # what a busy machine adds
    tell("seen after, keep-alive intervals", seen_s / keep_alive_s)


def test_without_keep_alive_a_half_open_connection_is_not_seen(folder: Path) -> None:
    """T14, control: a service that doesn't look believes that it is connected."""
    with behind_a_proxy(folder) as (installation, proxy):
        installation.service.start("keep_alive_s=1", "without=keep_alive")
        installation.service.wait_until_connected()
        proxy.stall()
        time.sleep(5)

        assert not installation.service.said("mqtt_waits_for_broker")


def send_raw(installation: Installation, *pieces: bytes) -> bytes:
    """Log in as an appliance, send bytes, and return what comes back after the welcome, until the end or 20 s."""
    name, password = FEEDER
    connect = mqtt5.ConnectPacket(name, username=name, password=password.encode(), clean_start=True)
    with socket.create_connection(("127.0.0.1", installation.broker.port), timeout=20) as line:
        line.sendall(connect.write())
        packet, length = mqtt5.read(memoryview(answer := line.recv(4096)))
        assert isinstance(packet, mqtt5.ConnAckPacket)
        found = answer[length:]
        try:
            for piece in pieces:
                line.sendall(piece)
            while data := line.recv(4096):
                found += data
                if data.startswith(b"@"):  # a PUBACK: it was taken
                    break
        except ConnectionError:
            pass
        return found


def published(payload: bytes, appliance: str = "big") -> bytes:
    """A PUBLISH at QoS 1 of an appliance."""
    return mqtt5.PublishPacket(
        f"{ROOT}/{appliance}/telemetry", payload, qos=mqtt5.QoS.AT_LEAST_ONCE, packet_id=1
    ).write()


def padded(size: int) -> bytes:
    """A good message of just so many bytes."""
    document = {"boot": "big", "seq": 0, "metrics": {"power_w": 1}, "padding": ""}
    document["padding"] = "x" * (size - len(json.dumps(document)))
    return json.dumps(document).encode()


def test_a_giant_message_costs_its_sender_the_connection(folder: Path, start_ms: int, tell: Tell) -> None:
    """T18: 10 MB, and a header that announces 256 MB: the sender is disconnected, everybody else goes on; 60 KiB arrive."""
    load = Load(start_ms, appliances=60, rounds=20, is_clean=True)

    with Installation(folder) as installation:
        installation.service.start()
        installation.service.wait_until_connected()
        with Fleet(installation.broker.port, FEEDER, load.messages) as fleet:
            fleet.release(load.sent // 2)
            installation.wait_until_settled(load.sent // 2)
            before_mib = installation.service.rss_mib()
        for pieces in ([published(bytes(10_000_000))], [b"\x32\xff\xff\xff\x7f", bytes(1 << 20)]):
            assert not send_raw(installation, *pieces).startswith(b"@")
        assert send_raw(installation, published(padded(60 * 1024))).startswith(b"@")
        with Fleet(installation.broker.port, FEEDER, load.messages[load.sent // 2 :]) as fleet:
            fleet.release()
            installation.wait_until_settled(load.distinct + 1)
        grown_mib = installation.service.rss_mib() - before_mib
        assert len(installation.service.said("mqtt_connected")) == 1
        installation.service.stop()
        outcome = installation.outcome()

    assert outcome.accounts.pop("big").stored == 1
    assert outcome.accounts == load.accounts
    assert outcome.readings == load.readings + 1
    assert grown_mib < 40
    tell("memory more, MiB", grown_mib)


def test_without_a_size_limit_at_the_broker_the_sender_is_not_told(folder: Path) -> None:
    """T18, control: a broker without max_packet_size takes 10 MB, and drops them; what is just too large is dead-lettered."""
    with Installation(folder, broker_changes={"max_packet_size": None}) as installation:
        installation.service.start()
        installation.service.wait_until_connected()

        assert send_raw(installation, published(bytes(10_000_000))).startswith(b"@")
        assert send_raw(installation, published(padded(60 * 1024 + 1))).startswith(b"@")

        wait_for(
            lambda: installation.service.figures().get('fettle_dead_letters_total{reason="too_large"}') == 1, "refused"
        )
        installation.service.stop()
