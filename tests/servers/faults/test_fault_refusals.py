"""What InfluxDB refuses: a bad row is found and set aside alone, a wrong setting holds everything and is told."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from influxdb_client.client.influxdb_client import InfluxDBClient
from influxdb_client.client.write_api import SYNCHRONOUS

from tests.servers.faults.conftest import Tell
from tests.servers.faults.fleet import Fleet
from tests.servers.faults.front import Answer
from tests.servers.faults.installation import FEEDER, Installation, Outcome, Ticket, assert_nothing_lost, wait_for
from tests.servers.faults.load import Load, Message
from tests.servers.faults.test_fault_store import behind_a_front, status

pytestmark = [pytest.mark.servers, pytest.mark.timeout(600)]

Due = Callable[[Load], list[Ticket]]
BAD = "m00005"
BODY_MAX = 20_000


def refuses_one_appliance(_number: int, body: bytes) -> Answer | None:
    """A body with a line of one appliance can't be parsed."""
    if f"appliance_id={BAD}".encode() not in body:
        return None
    return status(400, body=b'{"code":"invalid","message":"unable to parse: bad timestamp"}')


def takes_small_bodies(_number: int, body: bytes) -> Answer | None:
    """A body is too large for what stands between."""
    return status(413) if len(body) > BODY_MAX else None


def denies(_number: int, _body: bytes) -> Answer | None:
    """The token is no longer good."""
    return status(401, body=b'{"code":"unauthorized","message":"unauthorized access"}')


def misses_the_bucket(_number: int, _body: bytes) -> Answer | None:
    """The bucket is gone."""
    return status(404, body=b'{"code":"not found","message":"bucket \\"telemetry\\" not found"}')


def of_bad(load: Load) -> list[Message]:
    """The good messages with readings of the appliance whose lines are refused."""
    return [message for message in set(load.messages) if message.appliance_id == BAD and message.readings]


@pytest.mark.parametrize("guard", ["bisecting", "not bisecting"])
def test_a_bad_row_is_set_aside_alone(folder: Path, start_ms: int, tell: Tell, guard: str) -> None:
    """T09: of bodies that InfluxDB can't parse exactly the bad rows become dead letters, all others are stored.

    Without bisecting (control) good rows are lost with them.
    """
    load = Load(start_ms, appliances=60, rounds=20, is_clean=True)

    with (
        behind_a_front(folder) as (installation, front, _),
        Fleet(installation.broker.port, FEEDER, load.messages) as fleet,
    ):
        installation.service.start(*(["without=bisect"] if guard == "not bisecting" else ["store_timeout_s=60"]))
        installation.service.wait_until_connected()
        front.harm(refuses_one_appliance)
        fleet.release()
        installation.wait_until_settled(load.distinct)
        fleet.wait_until_done()
        installation.service.stop()
        front.heal()
        outcome, dead = installation.outcome(), installation.dead_letters()

    assert outcome.accounts == load.accounts  # the message itself was good
    good = load.readings - sum(message.readings for message in of_bad(load))
    if guard == "bisecting":
        assert outcome.readings == good
        assert dead == {"poison": len(of_bad(load))}
        tell("bad rows", len(of_bad(load)))
        tell("writes", front.writes)
    else:
        assert outcome.readings < good
        assert dead["poison"] > len(of_bad(load))


def test_a_partly_refused_write_sets_the_bad_readings_aside(folder: Path, start_ms: int) -> None:
    """T09: where InfluxDB itself stores a body in part (422), what it has dropped is named, and nothing else."""
    load = Load(start_ms, appliances=20, rounds=10, is_clean=True)
    odd = [
        Message(
            "p00000",
            seq,
            "telemetry",
            json.dumps({"boot": "p", "seq": seq, "ts": start_ms + seq, "metrics": {"odd": seq}}).encode(),
        )
        for seq in range(7)
    ]

    with (
        behind_a_front(folder) as (installation, front, _),
        Fleet(installation.broker.port, FEEDER, [*odd, *load.messages]) as fleet,
    ):
        with InfluxDBClient(f"http://127.0.0.1:{front.server_port}", token="test-token", org="fettle") as client:
            line = (
                f'refrigerator,appliance_id=x odd="a text" {start_ms}000000'  # types clash within one shard (week) only
            )
            client.write_api(write_options=SYNCHRONOUS).write("telemetry", "fettle", line)
        installation.service.start()
        installation.service.wait_until_connected()
        fleet.release()
        installation.wait_until_settled(load.distinct + len(odd))
        fleet.wait_until_done()
        installation.service.stop()
        outcome, dead = installation.outcome(), installation.dead_letters()

    assert dead == {"poison": len(odd)}
    assert outcome.readings == load.readings + 1  # the other client's text
    assert outcome.accounts.pop("p00000").stored == len(odd)
    assert outcome.accounts == load.accounts


def wait_until_told(installation: Installation, word: str) -> None:
    """Until the reason why the service isn't ready has a word."""
    wait_for(lambda: word in installation.service.trouble(), f"{word} is told")


def settled_after(installation: Installation, fleet: Fleet, load: Load) -> Outcome:
    """What stands when all is read and the service has ended."""
    fleet.release()
    installation.wait_until_settled(load.distinct)
    fleet.wait_until_done()
    installation.service.stop()
    return installation.outcome()


def test_what_is_no_fault_of_the_data_holds_everything(
    folder: Path, start_ms: int, tickets_due: Due, tell: Tell
) -> None:
    """T09: a refused token and a missing bucket are told and waited for, too large a body is split; nothing is set aside."""
    load = Load(start_ms, appliances=60, rounds=100)

    with (
        behind_a_front(folder) as (installation, front, _),
        Fleet(installation.broker.port, FEEDER, load.messages) as fleet,
    ):
        service = installation.service
        service.start()
        service.wait_until_connected()
        for fault, kind, word in (
            (denies, "denied", "FETTLE_STORE_TOKEN"),
            (misses_the_bucket, "missing", "bucket"),
        ):
            front.harm(fault)
            fleet.release(1000, per_s=4000)
            wait_until_told(installation, word)
            assert service.figures()[f'fettle_store_errors_total{{kind="{kind}"}}'] >= 1
            assert front.open_writes_max <= 1
            tell(f"writes while {kind}", front.writes)
            front.heal()
            wait_for(lambda: service.lags().get("store") == 0 and not service.trouble(), "stored, and ready again")
        front.harm(denies)
        fleet.release(2000)
        fleet.wait_until_idle()
        front.harm(takes_small_bodies)  # what has waited is one large body
        outcome = settled_after(installation, fleet, load)
        dead = installation.dead_letters()
        tell("writes of small bodies only", front.writes)

    assert_nothing_lost(outcome, load, tickets_due(load))
    assert "poison" not in dead


def test_without_holding_a_refused_token_costs_readings(folder: Path, start_ms: int) -> None:
    """T07 and T09, control: a writer that gives up what isn't taken now loses it."""
    load = Load(start_ms, appliances=60, rounds=10, is_clean=True)

    with (
        behind_a_front(folder) as (installation, front, _),
        Fleet(installation.broker.port, FEEDER, load.messages) as fleet,
    ):
        installation.service.start("without=hold")
        installation.service.wait_until_connected()
        front.harm(denies)
        fleet.release(load.sent // 2)
        installation.wait_until_settled(load.sent // 2)
        front.heal()
        outcome = settled_after(installation, fleet, load)

    with pytest.raises(AssertionError):
        assert_nothing_lost(outcome, load, [])
