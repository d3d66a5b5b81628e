"""Commands over a real mosquitto: what is spoofed, late, replayed, retained, wrongly signed or against an interlock is never done."""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import aiomqtt
import msgspec
import pytest

from alerts.remote.policy import Scope
from alerts.tickets.ticket import NewTicket
from api.service.command_keys import command_keys
from api.service.service import Service
from api.service.surroundings import Surroundings
from api.settings.settings import Settings
from ingest.clock import SystemClock
from ingest.profiles import load_profiles
from ingest.profiles.definition import RemoteTest
from ingest.wire.signature import SigningKeys, new_signing_key
from simulator.agent import Agent, Identity
from simulator.buffer import Outgoing
from simulator.connection import Broker, Connection
from simulator.reports import Happening
from simulator.trials.trial import Trial
from tests.servers.test_whole_scenario import forget_session, serving

if TYPE_CHECKING:
    from tests.servers.conftest import MosquittoServer

pytestmark = [pytest.mark.servers, pytest.mark.timeout(120)]

TOPIC = "fettle/v1/washing_machine/w1/command"
PROFILE = load_profiles()["washing_machine"]
DRAIN = PROFILE.tests["drain_60_s"]
PATIENCE_S = 20.0


@dataclass
class Bench:
    """Counts what is really done."""

    runs: list[str] = field(default_factory=list)

    def run_test(self, test: RemoteTest, seconds: float, now_ms: int) -> Trial:  # noqa: ARG002  (counted, not measured)
        """Done, at once."""
        self.runs.append(test.name)
        return Trial(0.0, (), {test.measure: 1.0})


@dataclass
class Home:
    """An appliance at the broker, with its bench, and everything that it has answered."""

    agent: Agent
    bench: Bench
    connection: Connection

    @property
    def is_idle(self) -> bool:
        """Whether nothing runs."""
        return not self.agent.is_testing


async def until(what: Callable[[], object]) -> None:
    """Wait for something, not for ever."""
    deadline = time.monotonic() + PATIENCE_S
    while not what():
        assert time.monotonic() < deadline, "it did not happen"
        await asyncio.sleep(0.02)


def home(mosquitto: MosquittoServer, keys: SigningKeys) -> Home:
    """A washing machine with somebody at it, which obeys signed commands alone."""
    bench = Bench()
    agent = Agent(
        Identity("w1", "washing_machine"), boot="b1", tests=[DRAIN], bench=bench, command_keys=keys.public_keys
    )
    agent.surface.press_key(SystemClock().now_ms())
    agent.report([b'{"ts":%d,"mode":"idle","metrics":{"drum_rpm":0,"water_c":21}}' % SystemClock().now_ms()])
    broker = Broker("127.0.0.1", mosquitto.port)
    connection = Connection(
        agent, broker, clock=SystemClock(), password="w1-password", rng=random.Random(1), gate=asyncio.Semaphore(1)
    )
    return Home(agent, bench, connection)


def command(keys: SigningKeys | None, command_id: str, *, to: str = "w1", late_ms: int = 0, **more: Any) -> bytes:
    """A drain test, signed by ``keys`` for ``to``."""
    now_ms = SystemClock().now_ms()
    fields: dict[str, Any] = {
        "id": command_id, "session": "se_x", "name": DRAIN.command, "class": DRAIN.danger_class,
        "args": {"test": DRAIN.name, "component": DRAIN.component, **DRAIN.args},
        "issued_at": now_ms, "not_after": now_ms + 30_000 - late_ms, **more,
    }  # fmt: skip
    return msgspec.json.encode(fields if keys is None else fields | {"sig": keys.sign(to, fields)})


def _presence() -> Happening:
    return Happening(0, SystemClock().now_ms(), "presence_confirmed")


def test_nothing_is_done_that_did_not_come_the_right_way(mosquitto: MosquittoServer, tmp_path: Path) -> None:
    """Eight wrong ways execute nothing, the right one executes once; what was refused of strangers stands in the audit."""
    settings = Settings(data_dir=tmp_path, mqtt_url=mosquitto.url, http_listen="127.0.0.1:0")
    keys = command_keys(tmp_path)
    with (mosquitto.folder / "mosquitto.acl").open("a") as rights:
        rights.write("\nuser intruder\ntopic write fettle/v1/#\n")
    mosquitto.add_user("intruder", "intruder-password")
    asyncio.run(forget_session(mosquitto))

    with serving(settings, Surroundings()) as service:
        asyncio.run(asyncio.wait_for(_story(mosquitto, service, keys), 90))
        audited = {
            entry.data.get("reason")
            for entry in service.rooms.desk.audit.page(limit=100).items
            if (entry.action, entry.subject_id) == ("command.stranger", "w1")
        }

    assert audited == {"retained", "signature", "too_late", "interlock_door_open"}


async def _story(mosquitto: MosquittoServer, service: Service, keys: SigningKeys) -> None:
    others = SigningKeys((new_signing_key(),))
    at = home(mosquitto, keys)
    heard = listen(at.agent)
    async with AsyncExitStack() as stack:
        inside = await stack.enter_async_context(client(mosquitto, "intruder", "intruder-password"))
        neighbour = await stack.enter_async_context(client(mosquitto, *mosquitto.appliances[0]))
        await inside.publish(TOPIC, command(keys, "retained"), qos=1, retain=True)
        running = asyncio.create_task(at.connection.run())
        stack.callback(running.cancel)
        await until(lambda: "retained" in heard)
        await inside.publish(TOPIC, b"", qos=1, retain=True)
        await neighbour.publish(TOPIC, command(keys, "spoofed"), qos=1)
        wrong = {
            "unsigned": command(None, "unsigned"),
            "of others": command(others, "of-others"),
            "for another": command(keys, "for-another", to="w2"),
            "late": command(keys, "late", late_ms=60_000),
        }
        for payload in wrong.values():
            await inside.publish(TOPIC, payload, qos=1)
        await until(lambda: "late" in heard)
        at.agent.surface.open_door(is_open=True)
        await inside.publish(TOPIC, command(keys, "open-door"), qos=1)
        await until(lambda: "open-door" in heard)
        at.agent.surface.open_door(is_open=False)

        assert at.bench.runs == []
        assert "spoofed" not in heard

        await the_right_way(service, at)
        assert at.bench.runs == [DRAIN.name]
        done = next(payload for payload in heard.values() if msgspec.json.decode(payload)["name"] == DRAIN.command
                    and msgspec.json.decode(payload)["session"] != "se_x")  # fmt: skip
        count = len(at.agent.obedience._answers)
        await inside.publish(TOPIC, done, qos=1)
        await inside.publish(TOPIC, command(others, "last"), qos=1)
        await until(lambda: "last" in heard)

        assert at.bench.runs == [DRAIN.name]
        assert len(at.agent.obedience._answers) == count
        await until(lambda: _strangers(service) >= 7)


def _strangers(service: Service) -> int:
    return sum(entry.action == "command.stranger" for entry in service.rooms.desk.audit.page(limit=100).items)


def client(mosquitto: MosquittoServer, name: str, password: str) -> aiomqtt.Client:
    """A connection of this user."""
    return aiomqtt.Client("127.0.0.1", mosquitto.port, username=name, password=password, identifier=name)


def listen(agent: Agent) -> dict[str, bytes]:
    """The commands that reach the appliance, by their ids, as they come."""
    heard: dict[str, bytes] = {}
    receive = agent.receive

    def receiving(topic: str, payload: bytes, now_ms: int, *, is_retained: bool = False) -> list[Outgoing]:
        answers = receive(topic, payload, now_ms, is_retained=is_retained)
        if topic.endswith("/command") and payload:
            heard[str(msgspec.json.decode(payload)["id"])] = payload
        return answers

    agent.receive = receiving  # type: ignore[method-assign]  # beside what it does
    return heard


async def the_right_way(service: Service, at: Home) -> None:
    """Asked for, consented to, commanded and confirmed at the appliance: the control."""
    desk = service.rooms.desk.by("tess")
    await until(lambda: desk.appliances.page(limit=5).items)
    new = NewTicket("w1", "It does not drain", fault_mode="drain_pump_clog")
    await asyncio.to_thread(desk.tickets.open, new)
    session = await asyncio.to_thread(desk.sessions.request, "1", Scope.TEST)
    await until(lambda: at.agent.consent)
    assert at.agent.consent is not None
    await asyncio.to_thread(desk.sessions.consent, session.id, at.agent.consent.code)
    await asyncio.to_thread(desk.sessions.begin, session.id, DRAIN.name)
    at.agent.surface.press_key(SystemClock().now_ms())
    at.connection.publish([at.agent.tell(_presence())])
    await until(lambda: at.bench.runs)
