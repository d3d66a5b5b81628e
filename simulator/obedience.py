"""Obedience: what one appliance does when it is told to, by its own rules and whatever the service has checked before.

It refuses what it can't read, what comes too late, what it does not know, what its interlocks forbid (class R2 and above:
a running programme, an open door, something hot or turning, nobody at the appliance; R3 also without the service mode
that somebody switched on by hand; R4 always), and a second test on one day. A repeated id gets the old answer, of the
last 256. A test answers ``accepted`` and ``running`` at once, and ``succeeded`` with its measurements when its time has
passed; an ``end`` from the appliance (door, power cut) makes it ``failed``. Everything fails closed.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Protocol

import msgspec

from ingest.profiles.definition import RemoteTest
from simulator.distribution import is_number
from simulator.fast_sampling import Capture
from simulator.surface import Consent, Gentle, Sampling, Surface, is_recent
from simulator.trials.trial import Trial

RESULTS_KEPT = 256
TEST_EVERY_MS = 86_400_000
HOT_C = 60.0
"""No test that moves or heats begins where something is hotter."""
TURNING_RPM = 1.0
CLASSES = ("R0", "R1", "R2", "R3", "R4")
MOVING = frozenset(CLASSES[2:])
"""Classes that move or heat something."""
AT_ONCE = frozenset(
    (
        "snapshot.read",
        "counters.read",
        "errors.read",
        "firmware.read",
        "identify",
        "consent.show",
        "session.begin",
        "session.end",
        "config.sampling",
        "protect.begin",
        "protect.renew",
        "protect.end",
    )
)
TRACE_CAPTURE = "trace.capture"
"""A dense look at how the appliance is, which takes its time; with the name of a test it is that test."""
OUTLIVING = frozenset(("session.end", "protect.renew", "protect.end"))
"""What is obeyed although its session is over."""
LEAST_CLASS = {"protect.begin": "R2"}
"""What is never taken for more harmless than it is, whatever class it comes with."""
HOUR_MS = 3_600_000
SAMPLING_MS = 1_800_000
"""No session wants readings for longer than it may last."""
SAMPLING_S = (1.0, 60.0)
TRACE_HZ = (0.1, 10.0)
TRACE_S = (1.0, 60.0)
HOT_METRICS = ("water_c", "tank_c", "oven_c", "cavity_c", "exhaust_c", "outlet_c", "inlet_air_c")
"""Metrics that tell how hot the inside is."""
COUNTERS = ("_kwh", "_l", "_starts", "_wh", "_count", "_cycles")


class Bench(Protocol):
    """The appliance itself, as its software can try it out."""

    def run_test(self, test: RemoteTest, seconds: float, now_ms: int) -> Trial:
        """Do this test of the appliance's profile now, for so long."""
        ...  # pragma: no cover


@dataclass(frozen=True, slots=True)
class Answer:
    """One result that is due at ``due_ms``, with the samples to publish before it."""

    due_ms: int
    payload: bytes
    trace: tuple[bytes, ...] = ()


@dataclass(slots=True)
class Obedience:
    """The commands of one appliance."""

    firmware: str | None
    surface: Surface
    tests: Sequence[RemoteTest] = ()
    bench: Bench | None = None
    gentle_hours: Mapping[str, float] = field(default_factory=dict)
    """The gentle modes that it knows, and how many hours each may last at a time."""
    done: int = 0
    testing: RemoteTest | None = None
    """The test that was begun last."""
    _answers: OrderedDict[str, list[bytes]] = field(default_factory=OrderedDict)
    _coming: list[tuple[str, Answer]] = field(default_factory=list)
    _tested_ms: int | None = None

    @property
    def is_testing(self) -> bool:
        """Whether a test runs."""
        return bool(self._coming)

    @property
    def is_busy(self) -> bool:
        """Whether something runs whose last word is still to come."""
        return self.is_testing or self.surface.capture is not None

    def obey(self, command: Mapping[str, Any], now_ms: int) -> list[bytes]:
        """The results to publish at once; what comes later is told by :meth:`due`."""
        command_id = command.get("id")
        if not isinstance(command_id, str):
            return []
        if command_id in self._answers:
            return self._answers[command_id][-1:]
        self._answers[command_id] = []
        self.done += 1
        while len(self._answers) > RESULTS_KEPT:
            self._answers.popitem(last=False)
        reason = self._obstacle(command, now_ms)
        if reason is not None:
            return [self._tell(command_id, "rejected", now_ms, reason=reason)]
        if command.get("name") != "consent.show":
            self.surface.welcome(str(command.get("session", "")))
        return self._do(command_id, command, now_ms)

    def _do(self, command_id: str, command: Mapping[str, Any], now_ms: int) -> list[bytes]:
        """Do what nothing forbids."""
        test, arguments = self._test(command), command.get("args") or {}
        if test is not None and self.bench is not None:
            seconds = float(arguments.get("seconds", test.args.get("seconds", test.limit_s)))
            return self._begin(command_id, test, self.bench.run_test(test, seconds, now_ms), now_ms)
        if command.get("name") == TRACE_CAPTURE:
            return self._capture(command_id, arguments, now_ms)
        broken = self.break_off(now_ms, "session_ended") if command.get("name") == "session.end" else []
        return [*broken, self._tell(command_id, "succeeded", now_ms, data=self._at_once(command, now_ms))]

    def refuse(self, command: Mapping[str, Any], now_ms: int, reason: str) -> list[bytes]:
        """Reject a command unseen; nothing of it is remembered, so that a sound one of that id is still obeyed."""
        command_id = command.get("id")
        if not isinstance(command_id, str):
            return []
        return [msgspec.json.encode({"id": command_id, "state": "rejected", "reason": reason, "ts": now_ms})]

    @property
    def ends_ms(self) -> int | None:
        """When the running test ends by itself."""
        return max((answer.due_ms for _, answer in self._coming), default=None)

    def due(self, now_ms: int) -> list[Answer]:
        """What has come to its end by now, oldest first."""
        if not self.is_busy:
            return []
        capture = self.surface.capture
        if capture is not None and capture.until_ms <= now_ms:
            done = {"id": capture.command_id, "state": "succeeded", "data": capture.told(), "ts": capture.until_ms}
            answer = Answer(capture.until_ms, msgspec.json.encode(done), tuple(capture.taken))
            self._coming.append((capture.command_id, answer))
            self.surface.capture = None
        ripe = [(command_id, answer) for command_id, answer in self._coming if answer.due_ms <= now_ms]
        self._coming = [pair for pair in self._coming if pair[1].due_ms > now_ms]
        for command_id, answer in ripe:
            self._answers.setdefault(command_id, []).append(answer.payload)
        return [answer for _, answer in ripe]

    def break_off(self, now_ms: int, reason: str) -> list[bytes]:
        """End what is running: the door was opened, the power went, the session is over; the results that say so."""
        running = [command_id for command_id, _ in self._coming]
        running += [] if self.surface.capture is None else [self.surface.capture.command_id]
        self._coming, self.surface.capture = [], None
        return [self._tell(command_id, "failed", now_ms, reason=reason) for command_id in running]

    def lose_power(self) -> None:
        """What ran has stopped, and nobody is told: whoever asked hears of the new start."""
        self._coming = []
        self.surface.lose_power()

    def _obstacle(self, command: Mapping[str, Any], now_ms: int) -> str | None:
        """Why this can't be done now, or None."""
        not_after_ms = _moment_ms(command.get("not_after"))
        arguments = command.get("args") or {}
        if not_after_ms is None or command.get("class") not in CLASSES or not isinstance(arguments, dict):
            return "malformed"
        name = str(command.get("name"))
        is_over = str(command.get("session", "")) in self.surface.stopped and name not in OUTLIVING
        if now_ms > not_after_ms or is_over:
            return "session_ended" if is_over else "too_late"
        test = self._test(command)
        if test is not None:
            danger = max(str(command["class"]), test.danger_class)
            return self._interlock(danger, now_ms) or self._test_obstacle(test, danger, arguments, now_ms)
        danger = max(str(command["class"]), LEAST_CLASS.get(name, "R0"))
        return self._word_obstacle(name, command, now_ms) or self._interlock(danger, now_ms)

    def _word_obstacle(self, name: str, command: Mapping[str, Any], now_ms: int) -> str | None:
        """What is wrong with the words of a command that is no test."""
        arguments = command.get("args") or {}
        if name == TRACE_CAPTURE:
            is_trace = _is_in(arguments.get("rate_hz"), TRACE_HZ) and _is_in(arguments.get("seconds"), TRACE_S)
            return ("busy" if self.is_busy else None) if is_trace else "arguments"
        if name not in AT_ONCE:
            return "unknown_command"
        if name == "consent.show" and not (isinstance(arguments.get("code"), str) and arguments["code"]):
            return "malformed"
        if name == "config.sampling" and not _is_in(arguments.get("interval_s"), SAMPLING_S):
            return "arguments"
        return self._gentle_obstacle(command, now_ms) if name in {"protect.begin", "protect.renew"} else None

    def _gentle_obstacle(self, command: Mapping[str, Any], now_ms: int) -> str | None:
        """A gentle mode is one that it knows, for no longer than it may; renewed is the one that stands."""
        arguments = command.get("args") or {}
        longest, hours = self.gentle_hours.get(str(arguments.get("mode"))), arguments.get("hours")
        if longest is None or not is_number(hours) or not 0 < hours <= longest:
            return "arguments"
        stands = self.surface.gentle_at(now_ms)
        meant = (arguments["mode"], str(command.get("session", "")))
        if command["name"] == "protect.renew" and (stands is None or (stands.mode, stands.session) != meant):
            return "no_such_mode"
        return None

    def _test_obstacle(self, test: RemoteTest, danger: str, arguments: Mapping[str, Any], now_ms: int) -> str | None:
        if not _within(arguments, test):
            return "arguments"
        if self.is_busy:
            return "busy"
        if danger in MOVING and is_recent(self._tested_ms, TEST_EVERY_MS, now_ms):
            return "tested_today"
        return None

    def _interlock(self, danger: str, now_ms: int) -> str | None:
        """What forbids to move or heat anything now, or not knowing; nothing forbids to read."""
        if danger not in MOVING:
            return None
        sample, surface = self.surface.newest(), self.surface
        metrics = sample.get("metrics") or {}
        obstacles = {
            "never_remote": danger == "R4",
            "interlock_unknown_state": not metrics,
            "interlock_door_open": surface.is_open,
            "interlock_running": bool(sample.get("cycle")),
            "interlock_turning": metrics.get("drum_rpm", 0.0) > TURNING_RPM,
            "interlock_hot": any(metrics.get(name, 0.0) > HOT_C for name in HOT_METRICS),
            "interlock_nobody_there": not surface.is_attended(now_ms),
            "interlock_service_mode": danger == "R3" and not surface.is_in_service_mode(now_ms),
        }
        return next((reason for reason, is_there in obstacles.items() if is_there), None)

    def _test(self, command: Mapping[str, Any]) -> RemoteTest | None:
        """The test that the command means; ``component`` and ``test`` in its arguments tell it from others of that name."""
        arguments = command.get("args") or {}
        if self.bench is None or not isinstance(arguments, dict):
            return None
        name, component, wanted = command.get("name"), arguments.get("component"), arguments.get("test")
        if name == TRACE_CAPTURE and component is None and wanted is None:
            return None
        found = [
            test
            for test in self.tests
            if test.command == name
            and (component is None or component == test.component)
            and (wanted is None or wanted == test.name)
        ]
        return found[0] if len(found) == 1 else None

    def _begin(self, command_id: str, test: RemoteTest, run: Trial, now_ms: int) -> list[bytes]:
        """Start a test: its end and its trace are known now and told when their time has come."""
        end_ms = now_ms + round(run.seconds * 1000)
        trace = tuple(
            msgspec.json.encode(
                {
                    "ts": now_ms + round(at_s * 1000),
                    "mode": "test",
                    "cycle": f"test-{command_id}"[:64],
                    "metrics": metrics,
                }
            )
            for at_s, metrics in run.trace
        )
        data = {**{name: round(value, 4) for name, value in run.measured.items()}, "cycle": f"test-{command_id}"[:64]}
        payload = msgspec.json.encode({"id": command_id, "state": "succeeded", "data": data, "ts": end_ms})
        self._coming.append((command_id, Answer(end_ms, payload, trace)))
        self.testing = test
        if test.danger_class in MOVING:
            self._tested_ms = now_ms
        return [self._tell(command_id, state, now_ms) for state in ("accepted", "running")]

    def _capture(self, command_id: str, arguments: Mapping[str, Any], now_ms: int) -> list[bytes]:
        """Begin a trace: whoever lets the appliance live fills it, and its end is told when its time has come."""
        every_ms, until_ms = round(1000 / arguments["rate_hz"]), now_ms + round(arguments["seconds"] * 1000)
        self.surface.capture = Capture(command_id, every_ms, now_ms, until_ms)
        return [self._tell(command_id, state, now_ms) for state in ("accepted", "running")]

    def _at_once(self, command: Mapping[str, Any], now_ms: int) -> dict[str, Any]:
        """Do a command that needs no time; its data."""
        name, arguments = str(command["name"]), command.get("args") or {}
        if name.endswith(".read"):
            return self._read(name, now_ms)
        surface, session = self.surface, str(command.get("session", ""))
        until_ms: int | None = None
        if name == "identify":
            surface.is_identifying_until_ms = now_ms + round(float(arguments.get("seconds", 10)) * 1000)
        elif name == "consent.show":
            surface.consent = Consent(
                arguments["code"], str(arguments.get("expires_at")), str(arguments.get("scope")), session
            )
        elif name in {"protect.begin", "protect.renew"}:
            until_ms = now_ms + round(float(arguments["hours"]) * HOUR_MS)
            surface.gentle = Gentle(str(arguments["mode"]), session, until_ms)
        elif name == "config.sampling":
            until_ms = now_ms + round(SAMPLING_MS * surface.pace)
            surface.sampling = Sampling(float(arguments["interval_s"]), session, until_ms)
        elif name == "protect.end":
            surface.gentle = None
        elif name == "session.end":
            surface.dismiss(session)
        return {} if until_ms is None else {"until": until_ms}

    def _read(self, name: str, now_ms: int) -> dict[str, Any]:
        """What is asked of class R0."""
        sample = self.surface.newest()
        metrics = sample.get("metrics", {})
        gentle = self.surface.gentle_at(now_ms)
        now = {"mode": sample.get("mode"), "metrics": metrics} | ({"protection": gentle.mode} if gentle else {})
        told: dict[str, dict[str, Any]] = {
            "snapshot.read": now,
            "counters.read": {"counters": {key: value for key, value in metrics.items() if key.endswith(COUNTERS)}},
            "errors.read": {"errors": [{"ts": ts_ms, "code": code} for ts_ms, code in self.surface.errors]},
            "firmware.read": {"firmware": self.firmware},
        }
        return told[name]

    def _tell(
        self, command_id: str, state: str, now_ms: int, *, reason: str | None = None, data: dict[str, Any] | None = None
    ) -> bytes:
        result: dict[str, Any] = {"id": command_id, "state": state, "ts": now_ms}
        result |= {"reason": reason} if reason else {}
        result |= {"data": data} if data else {}
        payload = msgspec.json.encode(result)
        self._answers.setdefault(command_id, []).append(payload)
        return payload


def _within(arguments: Mapping[str, Any], test: RemoteTest) -> bool:
    """Whether the arguments are those of the test, and ask for no more than it may."""
    return all(
        (name == "component" and value == test.component)
        or (name == "test" and value == test.name)
        or (name in test.args and is_number(value) and 0 <= value <= test.args[name])
        for name, value in arguments.items()
    )


def _is_in(value: object, bounds: tuple[float, float]) -> bool:
    return is_number(value) and bounds[0] <= value <= bounds[1]


def _moment_ms(value: object) -> int | None:
    if isinstance(value, int) and not isinstance(value, bool):
        return value
    if isinstance(value, str):
        try:
            moment = datetime.fromisoformat(value)
        except ValueError:
            return None
        return round(moment.timestamp() * 1000) if moment.tzinfo else None
    return None
