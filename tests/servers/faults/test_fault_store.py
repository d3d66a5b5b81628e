"""InfluxDB away, slow, refusing or misconfigured: everything waits in the journal, and only what is bad is set aside."""

from __future__ import annotations

import signal
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.servers.faults.conftest import Tell
from tests.servers.faults.fleet import Fleet
from tests.servers.faults.front import Answer, Fault, Front
from tests.servers.faults.installation import FEEDER, Installation, Ticket, assert_nothing_lost, wait_for
from tests.servers.faults.load import Load
from tests.servers.influx_process import InfluxProcess
from tests.servers.proxy import Proxy

pytestmark = [pytest.mark.servers, pytest.mark.timeout(600)]

Due = Callable[[Load], list[Ticket]]


@contextmanager
def influx_of_its_own(folder: Path) -> Iterator[tuple[InfluxProcess, dict[str, str]]]:
    """An InfluxDB that may be killed, and the settings with which a service uses it."""
    (folder / "influx").mkdir()
    process = InfluxProcess(folder / "influx")
    process.start()
    try:
        server = process.set_up()
        yield process, {"store_url": server.url("telemetry"), "store_token": server.token}
    finally:
        process.stop()


@dataclass
class Watch:
    """What was seen of the service while the store was away."""

    unacknowledged: list[float]
    rss_mib: list[float]

    def look(self, installation: Installation) -> None:
        """Look once."""
        figures = installation.service.figures()
        if figures:
            received, done = (figures[f"fettle_messages_{what}_total"] for what in ("received", "acknowledged"))
            self.unacknowledged.append(received - done)
            self.rss_mib.append(installation.service.rss_mib())

    def growth_at_the_end(self) -> float:
        """How much more memory the last quarter of the time took than the one before."""
        quarter = len(self.rss_mib) // 4
        return max(self.rss_mib[-quarter:]) - max(self.rss_mib[-2 * quarter : -quarter])

    def tell(self, tell: Tell, before_mib: float, per_s: float) -> None:
        """Tell what was seen."""
        tell("memory more, MiB", max(self.rss_mib) - before_mib)
        tell("memory at most, MiB", max(self.rss_mib))
        tell("memory of the last quarter beyond the third, MiB", self.growth_at_the_end())
        late = sorted(self.unacknowledged)[int(len(self.unacknowledged) * 0.99)]
        tell("unacknowledged p99, as time of the traffic, ms", late / per_s * 1000)


@pytest.mark.parametrize(
    ("appliances", "per_s"),
    [
        pytest.param(1_000, 10_000, id="at ten times the load"),
        pytest.param(
            5_000, 10_000, id="a minute at ten times the load", marks=[pytest.mark.long, pytest.mark.timeout(1200)]
        ),
        pytest.param(5_000, 1_000, id="ten minutes", marks=[pytest.mark.long, pytest.mark.timeout(1200)]),
    ],
)
def test_nothing_is_lost_while_the_store_is_away(
    folder: Path, start_ms: int, tickets_due: Due, tell: Tell, appliances: int, per_s: int
) -> None:
    """T07: InfluxDB is killed under load: acknowledged as ever, tickets opened as ever, memory bounded, and soon drained."""
    load = Load(start_ms, appliances=appliances, rounds=125)
    watch = Watch([], [])

    with (
        influx_of_its_own(folder) as (influx, settings),
        Installation(folder, settings=settings) as installation,
        Fleet(installation.broker.port, FEEDER, load.messages) as fleet,
    ):
        service = installation.service
        service.start("crash=store_answered:1")
        service.wait_until_connected()
        fleet.release(appliances, per_s=4000)
        assert service.wait() == -signal.SIGKILL  # T02: InfluxDB has the points, the cursor stands before them
        service.start()
        service.wait_until_connected()
        fleet.release(4 * appliances, per_s=4000)
        fleet.wait_until_idle()
        installation.wait_until_caught_up()
        before_mib = service.rss_mib()
        influx.kill()
        began = time.monotonic()
        fleet.release(per_s=per_s)
        while not fleet.is_idle:
            watch.look(installation)
            time.sleep(0.1)
        installation.wait_until_counted(load.distinct, 600)
        wait_for(lambda: installation.tickets() == tickets_due(load), "tickets are opened without the store")
        assert "InfluxDB" in service.trouble()
        assert service.lags()["store"] > load.sent / 2
        outage_s = time.monotonic() - began
        influx.start()
        drained_s = wait_for(lambda: service.lags().get("store") == 0, "the backlog is stored", 300)
        fleet.wait_until_done()
        service.stop()
        outcome = installation.outcome()

    tell("messages", load.sent)
    tell("away, s", outage_s)
    tell("drained, s", drained_s)
    watch.tell(tell, before_mib, load.sent / outage_s)
    assert_nothing_lost(outcome, load, tickets_due(load))
    assert max(watch.rss_mib) < 450
    if load.appliances > 1_000:  # long enough that every buffer is full before the last quarter
        assert watch.growth_at_the_end() < 32


def status(code: int, *headers: tuple[str, str], body: bytes = b'{"code":"x","message":"made up"}') -> Answer:
    """An answer in InfluxDB's place."""
    return Answer(code, body, headers)


def half_busy(number: int, _body: bytes) -> Answer | None:
    """Every second write meets a 503."""
    return status(503) if number % 2 == 0 else None


def asks_for_a_pause(number: int, _body: bytes) -> Answer | None:
    """The first two writes are asked to come again in two seconds."""
    return status(429, ("Retry-After", "2")) if number < 2 else None


def stalls(number: int, _body: bytes) -> Answer | None:
    """The first write gets no answer, the second only the head of one."""
    return Answer(503, sent=number / 2) if number < 2 else None


SLOW: dict[str, Fault] = {"half busy": half_busy, "asks for a pause": asks_for_a_pause, "stalls": stalls}


@contextmanager
def behind_a_front(folder: Path) -> Iterator[tuple[Installation, Front, Proxy]]:
    """An installation that reaches its InfluxDB through a proxy and a front."""
    with influx_of_its_own(folder) as (influx, settings), Front(influx.port) as front, Proxy(front.port) as proxy:
        settings["store_url"] = settings["store_url"].replace(f":{influx.port}", f":{proxy.port}")
        with Installation(folder, settings=settings) as installation:
            yield installation, front, proxy


def test_a_slow_store_is_not_pressed(folder: Path, start_ms: int, tickets_due: Due, tell: Tell) -> None:
    """T08: late, narrow, busy, pausing and stalled: one write at a time, few attempts, and in the end all is stored."""
    load = Load(start_ms, appliances=60, rounds=100)

    with (
        behind_a_front(folder) as (installation, front, proxy),
        Fleet(installation.broker.port, FEEDER, load.messages) as fleet,
    ):
        service = installation.service
        service.start("store_timeout_s=3")
        service.wait_until_connected()
        for name in ("late", "narrow", *SLOW):
            front.harm(SLOW.get(name, lambda _number, _body: None))
            if name == "late":
                front.delay_s = 2.0
            if name == "narrow":
                proxy.to_server.bytes_per_s = 30_000
            fleet.release(1000, per_s=1500)
            fleet.wait_until_idle()
            wait_for(lambda: service.lags().get("store") == 0, f"stored though {name}")
            assert front.open_writes_max <= 1, name
            assert front.writes <= 60, name
            if name == "asks for a pause":
                assert front.started_at[1] - front.started_at[0] >= 2
                assert front.started_at[2] - front.started_at[1] >= 2
            tell(f"writes while {name}", front.writes)
            front.heal()
            proxy.heal()
        fleet.release()
        installation.wait_until_settled(load.distinct)
        fleet.wait_until_done()
        service.stop()
        outcome = installation.outcome()

    assert_nothing_lost(outcome, load, tickets_due(load))


def test_without_backoff_a_busy_store_is_stormed(folder: Path, start_ms: int, tell: Tell) -> None:
    """T08, control: a writer that tries again at once does so hundreds of times."""
    load = Load(start_ms, appliances=60, rounds=5, is_clean=True)

    with (
        behind_a_front(folder) as (installation, front, _),
        Fleet(installation.broker.port, FEEDER, load.messages) as fleet,
    ):
        installation.service.start("without=backoff")
        installation.service.wait_until_connected()
        front.harm(lambda _number, _body: status(503))
        fleet.release()
        wait_for(lambda: front.writes > 60, "a storm")
        time.sleep(1)
        tell("writes within some seconds", front.writes)


def test_a_stop_does_not_wait_for_a_stalled_store(folder: Path, start_ms: int, tell: Tell) -> None:
    """T03 and T08: asked to end while a write hangs, the service ends within 10 s, and asked twice it ends at once.

    The next start writes again; nothing is lost.
    """
    load = Load(start_ms, appliances=60, rounds=10, is_clean=True)

    with (
        behind_a_front(folder) as (installation, front, _),
        Fleet(installation.broker.port, FEEDER, load.messages) as fleet,
    ):
        service = installation.service
        service.start()
        service.wait_until_connected()
        front.harm(lambda _number, _body: Answer(503, sent=0))
        fleet.release(load.sent // 2)
        wait_for(lambda: front.writes, "a write hangs")
        service.send(signal.SIGTERM)
        time.sleep(0.5)
        service.send(signal.SIGTERM)
        asked_twice = time.monotonic()
        assert service.wait(5) == 128 + signal.SIGTERM
        tell("asked twice, ended, s", time.monotonic() - asked_twice)
        front.harm(lambda _number, _body: Answer(503, sent=0))
        service.start()
        fleet.release()
        wait_for(lambda: front.writes, "a write hangs again")
        took_s = service.stop()
        front.heal()
        service.start()
        installation.wait_until_settled(load.distinct)
        fleet.wait_until_done()
        service.stop()
        outcome = installation.outcome()

    assert_nothing_lost(outcome, load, [])
    assert took_s < 13  # 10 s, and what a busy machine adds
    tell("asked once, ended, s", took_s)
