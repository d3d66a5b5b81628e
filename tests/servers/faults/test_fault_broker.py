"""The broker restarted, killed, full and held: what it promised to keep arrives, and what it lost is named."""

from __future__ import annotations

import json
import time
from collections import Counter, defaultdict
from collections.abc import Callable
from pathlib import Path

import pytest

from ingest.journal.sqlite import SqliteJournal
from ingest.mqtt.frames import unpack
from tests.servers.faults.conftest import Tell
from tests.servers.faults.fleet import Fleet
from tests.servers.faults.installation import (
    FEEDER,
    Installation,
    Outcome,
    Ticket,
    assert_nothing_lost,
    wait_for,
)
from tests.servers.faults.load import Load, is_buffered

pytestmark = [pytest.mark.servers, pytest.mark.timeout(600)]

Due = Callable[[Load], list[Ticket]]


def journaled(folder: Path) -> dict[str, set[int]]:
    """The seq of each appliance that are in the journal, read past the ledger."""
    found: dict[str, set[int]] = defaultdict(set)
    journal = SqliteJournal.open_reader(folder / "data" / "journal")
    after = 0
    while batches := journal.read(after, limit_bytes=1 << 24):
        for batch in batches:
            after = batch.position
            messages = unpack(batch.frames)
            for topic, payload in zip(messages.topics, messages.payloads, strict=True):
                if topic.endswith(("/telemetry", "/event")):
                    found[topic.split("/")[3]].add(json.loads(payload)["seq"])
    journal.close()
    return found


def finish(installation: Installation, fleet: Fleet, load: Load) -> Outcome:
    """Publish the rest, wait until everything is read and acknowledged, stop, and take the account."""
    fleet.release()
    installation.wait_until_settled(load.distinct)
    fleet.wait_until_done()
    installation.service.stop()
    return installation.outcome()


def test_a_broker_that_restarts_loses_nothing(folder: Path, start_ms: int, tickets_due: Due, tell: Tell) -> None:
    """T04: stopped in order and started again five times under load, and everybody comes back within seconds."""
    load = Load(start_ms, appliances=60, rounds=100)
    back_s = []

    with Installation(folder) as installation, Fleet(installation.broker.port, FEEDER, load.messages) as fleet:
        service = installation.service
        service.start()
        service.wait_until_connected()
        for number in range(5):
            fleet.release(1000, per_s=2000)
            time.sleep(0.3)
            installation.broker.stop()
            service.wait_until_alone()
            installation.broker.start()
            back_s.append(service.wait_for("mqtt_connected", number + 2))
        outcome = finish(installation, fleet, load)
        lost_sessions = service.said("mqtt_session_lost")

    assert_nothing_lost(outcome, load, tickets_due(load))
    assert not lost_sessions
    tell("connected again, longest, s", max(back_s))


def test_without_persistence_a_restart_loses_what_waits(folder: Path, start_ms: int) -> None:
    """T04, control: a broker that keeps its sessions in memory only has nothing left for a service that was away."""
    load = Load(start_ms, appliances=40, rounds=20, is_clean=True)

    with (
        Installation(folder, broker_changes={"persistence": "false"}) as installation,
        Fleet(installation.broker.port, FEEDER, load.messages, is_repeating=False) as fleet,
    ):
        away_while_it_ends(installation, fleet, load, installation.broker.stop)
        outcome = installation.outcome()

    assert all(account.gap == load.rounds // 2 for account in outcome.accounts.values())


def away_while_it_ends(installation: Installation, fleet: Fleet, load: Load, end: Callable[[], None]) -> None:
    """Half of the load comes while the service is away, then the broker ends and starts; then the service and the rest."""
    installation.service.start()
    installation.service.wait_until_connected()
    installation.service.stop()
    fleet.release(load.sent // 2)
    fleet.wait_until_idle()
    end()
    installation.broker.start()
    installation.service.start()
    installation.service.wait_until_connected()
    fleet.release()
    installation.wait_until_heard(load.messages[-1])
    installation.service.stop()


def test_a_broker_that_is_killed_loses_of_class_m_what_the_ledger_says(
    folder: Path, start_ms: int, tickets_due: Due, tell: Tell
) -> None:
    """T05: class E loses nothing; what the kill took of class M is exactly the ledger's gap once the boot goes on."""
    load = Load(start_ms, appliances=60, rounds=120, is_clean=True)
    per_s, kills = 1500, 5

    with Installation(folder) as installation, Fleet(installation.broker.port, FEEDER, load.messages) as fleet:
        service = installation.service
        service.start()
        service.wait_until_connected()
        installation.broker.save()
        for number in range(kills):
            fleet.release(900, per_s=per_s)
            time.sleep(0.3)
            installation.broker.kill()
            fleet.hold()  # whoever finds no session at the broker publishes into the void: another loss than the kill's
            service.wait_until_alone()
            installation.broker.start()
            service.wait_for("mqtt_connected", number + 2)
            fleet.go_on()
            fleet.wait_until_idle()
        under_load = lost_of(load, fleet, installation)
        service.stop()
        fleet.release(load.appliances * 5)
        fleet.wait_until_idle()
        installation.broker.kill()
        installation.broker.start()
        service.start()
        service.wait_until_connected()
        fleet.release()
        fleet.wait_until_done()
        installation.wait_until_heard(load.messages[-1])
        service.stop()
        lost, outcome = lost_of(load, fleet, installation), installation.outcome()

    gaps = {name: account.gap for name, account in outcome.accounts.items()}
    assert gaps == {name: lost[name] for name in load.names}
    assert not any(gap for name, gap in gaps.items() if is_buffered(name))
    assert sum(gaps.values()) >= load.appliances // 2 * 5  # the service was away and had seen none of these
    assert all(
        account.stored + account.gap == account.max_seq + 1 == load.rounds for account in outcome.accounts.values()
    )
    assert outcome.tickets == tickets_due(load)
    tell("lost of class M by kills under load, messages per kill", sum(under_load.values()) / kills)
    tell("the same as time of their traffic, ms", sum(under_load.values()) / kills / (per_s / 2) * 1000)
    tell("lost of class M in all, as the ledger says", sum(gaps.values()))


def test_without_keeping_its_messages_class_e_loses_them_too(folder: Path, start_ms: int) -> None:
    """T05, control: appliances of class E that don't publish again lose what the killed broker had acknowledged."""
    load = Load(start_ms, appliances=40, rounds=20, is_clean=True)

    with (
        Installation(folder) as installation,
        Fleet(installation.broker.port, FEEDER, load.messages, is_repeating=False) as fleet,
    ):
        away_while_it_ends(installation, fleet, load, installation.broker.kill)
        outcome = installation.outcome()

    assert all(account.gap == load.rounds // 2 for account in outcome.accounts.values())


def lost_of(load: Load, fleet: Fleet, installation: Installation) -> Counter[str]:
    """How many messages of each appliance the broker has acknowledged and the journal doesn't have."""
    wait_for(
        lambda: not any(installation.service.lags().values()), "all read"
    ) if installation.service.is_running else 0
    there = journaled(installation.folder)
    acknowledged = {load.messages[place] for place in fleet.acknowledged}
    return Counter(m.appliance_id for m in acknowledged if m.seq not in there[m.appliance_id])


def test_sixty_thousand_messages_wait_for_the_service(
    folder: Path, start_ms: int, tickets_due: Due, tell: Tell
) -> None:
    """T06: what comes while the service is away is kept by the broker, all of it, and read when it is back."""
    load = Load(start_ms, appliances=600, rounds=100)

    with Installation(folder) as installation:
        installation.service.start()
        installation.service.wait_until_connected()
        installation.service.stop()
        with Fleet(installation.broker.port, FEEDER, load.messages, is_repeating=False) as fleet:
            fleet.release(per_s=50_000)
            fleet.wait_until_idle()
            started = time.monotonic()
            installation.service.start()
            installation.wait_until_settled(load.distinct)
            tell("messages queued", len(fleet.acknowledged))
            tell("read and stored, from the start of the process, s", time.monotonic() - started)
        installation.service.stop()
        outcome = installation.outcome()

    assert_nothing_lost(outcome, load, tickets_due(load))


def test_with_the_brokers_own_defaults_what_waits_is_lost(folder: Path, start_ms: int, tell: Tell) -> None:
    """T06, control: mosquitto's default keeps a thousand messages, and acknowledges all."""
    load = Load(start_ms, appliances=100, rounds=61, is_clean=True)
    defaults = {"max_queued_messages": None, "max_inflight_messages": None}

    with Installation(folder, broker_changes=defaults) as installation:
        installation.service.start()
        installation.service.wait_until_connected()
        installation.service.stop()
        with Fleet(installation.broker.port, FEEDER, load.messages, is_repeating=False) as fleet:
            fleet.release(load.appliances * (load.rounds - 1), per_s=50_000)
            fleet.wait_until_idle()
            installation.service.start()
            installation.service.wait_until_connected()
            fleet.release()
            installation.wait_until_heard(load.messages[-1])
            assert len(fleet.acknowledged) == load.sent
        installation.service.stop()
        outcome = installation.outcome()

    with pytest.raises(AssertionError):
        assert_nothing_lost(outcome, load, [])
    tell("acknowledged by the broker and lost", sum(account.gap for account in outcome.accounts.values()))
