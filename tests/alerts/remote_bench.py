"""A technician, a customer and an appliance around a desk: what a remote diagnosis needs, without a wire."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from alerts.desk import Desk
from alerts.inbox import Inbox
from alerts.remote.policy import Scope
from alerts.remote.session import DiagnosisSession
from ingest.clock import ManualClock
from ingest.profiles import load_profiles
from ingest.sample import AdmittedBatch, Event, EventType, Result, ResultState
from ingest.wire.command import CommandMessage, decode_command
from tests.alerts.made import FINDING, step_of
from tests.alerts.test_inbox import FakeFeed

KIND, APPLIANCE, ACTOR, COLLEAGUE = "washing_machine", "WM-0231", "tess", "tom"
IDLE: Mapping[str, Any] = {"mode": "idle", "metrics": {"drum_rpm": 0.0, "water_c": 20.0}}


@dataclass
class RemoteBench:
    """A desk over the shipped profiles, with an appliance that answers when it is told to."""

    desk: Desk
    clock: ManualClock
    feed: FakeFeed = field(default_factory=FakeFeed)
    published: list[CommandMessage] = field(default_factory=list)
    inbox: Inbox = field(init=False)

    def __post_init__(self) -> None:
        self.desk = replace(self.desk, profiles=load_profiles())
        self.inbox = Inbox(self.desk.unit, self.feed, limits=self.desk.limits, profiles=self.desk.profiles)

    def open(self, scope: Scope, fault_mode: str = "pressure_sensor_drift") -> str:
        """A ticket for a fault, and an active session on it; the session's id."""
        finding = replace(FINDING, fault_mode=fault_mode, alternatives=(("tub_leak", 0.1),), probability=0.6)
        self.desk.findings.commit(step_of(1, finding))
        session = self.desk.by(ACTOR).sessions.request("1", scope)
        (shown,) = self.send()
        return self.desk.by(ACTOR).sessions.consent(session.id, str(shown.args["code"])).id

    def send(self) -> list[CommandMessage]:
        """Publish what is due, as the courier does: claimed, published, noted."""
        sent = []
        for outgoing in self.desk.sessions.due(self.clock.now_ms()):
            if self.desk.sessions.claim(outgoing.command_id, self.clock.now_ms()):
                sent.append(decode_command(outgoing.payload))
                self.desk.sessions.sent(outgoing.command_id, self.clock.now_ms())
        self.published += sent
        return sent

    def say(self, **parts: Any) -> None:
        """Let the desk read something from appliances."""
        self.feed.batches.append(AdmittedBatch(len(self.feed.batches) + 1, self.clock.now_ms(), 1, **parts))
        self.inbox.tick()
        self.inbox.write()

    def answer(
        self, command_id: str, state: ResultState = ResultState.SUCCEEDED, reason: str | None = None, **data: Any
    ) -> None:
        """Let the appliance answer a command."""
        now_ms = self.clock.now_ms()
        self.say(results=(Result(APPLIANCE, KIND, now_ms, now_ms, command_id, state, reason, data),))

    def tell(self, word: EventType, *, late_ms: int = 0, **data: Any) -> None:
        """Let the appliance tell what somebody did to it, so much later than it was."""
        now_ms = self.clock.now_ms()
        self.say(events=(Event(APPLIANCE, KIND, now_ms - late_ms, now_ms, word, data=data),))

    def run(self, session_id: str, test: str, **measured: float) -> DiagnosisSession:
        """A whole procedure of an idle appliance with somebody there where it needs that."""
        self.desk.by(ACTOR).sessions.begin(session_id, test)
        for _ in range(6):
            for message in self.send():
                self.answer(message.command_id, **(IDLE if message.name == "snapshot.read" else measured))
        return self.desk.sessions.read(session_id)

    def read(self, session_id: str) -> DiagnosisSession:
        """The session now."""
        return self.desk.sessions.read(session_id)
