"""The agent inside an appliance: numbering, buffer, commands."""

from __future__ import annotations

from typing import Any

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from ingest.wire.command import (
    AckMessage,
    CommandClass,
    CommandMessage,
    NackMessage,
    encode_ack,
    encode_command,
    encode_nack,
)
from ingest.wire.dead_letter import RefusalReason
from ingest.wire.message import decode
from ingest.wire.result import ResultMessage
from ingest.wire.status import StatusMessage
from ingest.wire.topic import TopicScheme
from simulator.agent import Agent, Identity
from simulator.reports import Happening
from simulator.surface import Consent

NOW_MS = 1_790_000_000_000
SAMPLE = b'{"ts":1790000000000,"mode":"spin","cycle":"12","metrics":{"drum_rpm":1200,"door_locked":true}}'
IDLE = b'{"ts":1790000000000,"mode":"idle","metrics":{"drum_rpm":0,"door_locked":false}}'


def _agent(**more: Any) -> Agent:
    return Agent(Identity("w1", "washing_machine", "WM-7", "123", "1.0", "north", 30.0), boot="b1", **more)


def _command(name: str, command_id: str = "c1", *, command_class: str = "R0", **more: Any) -> bytes:
    return encode_command(
        CommandMessage(
            command_id, "s1", name, CommandClass(command_class), NOW_MS, NOW_MS + 30_000, more.pop("args", {})
        )
    )


def _answer(agent: Agent, payload: bytes, now_ms: int = NOW_MS) -> dict[str, Any]:
    (result,) = agent.receive(agent.topic("command"), payload, now_ms)
    assert result.topic == agent.topic("result")
    topic = TopicScheme().parse(result.topic)
    assert topic is not None
    assert isinstance(decode(topic, result.payload), ResultMessage)
    answer = msgspec.json.decode(result.payload)
    assert isinstance(answer, dict)
    return answer


def test_the_birth_is_a_status_that_the_service_reads() -> None:
    """A birth says online, who the appliance is, and that it buffers; the last will says offline; both are retained."""
    agent = _agent()
    topic = TopicScheme().parse(agent.topic("status"))
    assert topic is not None

    birth, will = agent.birth(NOW_MS), agent.last_will()

    told = decode(topic, birth.payload)
    assert isinstance(told, StatusMessage)
    assert (told.state, told.model, told.capabilities, told.interval_s) == (
        "online",
        "WM-7",
        ("buffer", "session"),
        30.0,
    )
    left = decode(topic, will.payload)
    assert isinstance(left, StatusMessage)
    assert left.state == "offline"
    assert birth.retain
    assert will.retain


def test_telemetry_and_events_share_one_count() -> None:
    """Messages are numbered from 0 without a hole, samples and events together."""
    agent = _agent()

    messages = [*agent.report([SAMPLE] * 3), agent.tell(Happening(0, NOW_MS, "moved")), *agent.report([SAMPLE])]

    assert [message.seq for message in messages] == [0, 1, 2]
    assert [msgspec.json.decode(message.payload)["seq"] for message in messages] == [0, 1, 2]
    assert agent.counts.numbered == 3


def test_an_ack_of_another_boot_releases_nothing() -> None:
    """What was acknowledged to an earlier life of the appliance says nothing about this one."""
    agent = _agent()
    agent.report([SAMPLE])

    agent.receive(agent.topic("ack"), encode_ack(AckMessage("other", 5)), NOW_MS)

    assert len(agent.unacknowledged()) == 1


def test_a_refused_message_is_not_sent_again() -> None:
    """A nack takes exactly the named message out of the buffer."""
    agent = _agent()
    for _ in range(3):
        agent.report([SAMPLE])

    agent.receive(agent.topic("nack"), encode_nack(NackMessage("b1", 1, RefusalReason.SCHEMA)), NOW_MS)

    assert [message.seq for message in agent.unacknowledged()] == [0, 2]
    assert agent.counts.refused == 1


Step = st.one_of(
    st.tuples(st.just("report"), st.integers(1, 3)),
    st.tuples(st.just("event"), st.just(0)),
    st.tuples(st.just("reboot"), st.just(0)),
    st.tuples(st.just("ack"), st.integers(-1, 40)),
    st.tuples(st.just("nack"), st.integers(0, 40)),
    st.tuples(st.just("late_ack"), st.integers(-1, 40)),
)


@given(st.lists(Step, max_size=60))
def test_the_buffer_holds_exactly_what_nobody_has_answered(steps: list[tuple[str, int]]) -> None:
    """Whatever happens, what is kept is what was numbered and neither acknowledged nor refused, in order, byte for byte."""
    agent = _agent()
    expected: dict[tuple[str | None, int | None], bytes] = {}
    boots = ["b1"]

    for step, number in steps:
        if step == "report":
            expected |= {(message.boot, message.seq): message.payload for message in agent.report([SAMPLE] * number)}
        elif step == "event":
            message = agent.tell(Happening(0, NOW_MS, "moved"))
            expected[message.boot, message.seq] = message.payload
        elif step == "reboot":
            boots.append(f"b{len(boots) + 1}")
            agent.reboot(boots[-1])
        elif step == "nack":
            agent.receive(
                agent.topic("nack"), encode_nack(NackMessage(boots[-1], number, RefusalReason.SCHEMA)), NOW_MS
            )
            expected.pop((boots[-1], number), None)
        else:
            boot = boots[-1] if step == "ack" else boots[0]
            agent.receive(agent.topic("ack"), encode_ack(AckMessage(boot, number)), NOW_MS)
            for key in [(boot, seq) for seq in range(number + 1)]:
                expected.pop(key, None)

    assert {(one.boot, one.seq): one.payload for one in agent.unacknowledged()} == expected
    assert agent.buffer.kept_bytes == sum(map(len, expected.values()))
    assert agent.counts.numbered == agent.counts.acknowledged + agent.counts.refused + len(expected)


def test_a_reboot_numbers_from_zero_and_keeps_what_is_unanswered() -> None:
    """After a restart seq begins at 0 under the new boot; what the old boot has left is sent first, under its own name."""
    agent = _agent()
    agent.report([SAMPLE])

    agent.reboot("b2")
    agent.report([SAMPLE])

    assert [(one.boot, one.seq) for one in agent.unacknowledged()] == [("b1", 0), ("b2", 0)]
    assert [msgspec.json.decode(one.payload)["boot"] for one in agent.unacknowledged()] == ["b1", "b2"]


def test_an_appliance_without_memory_says_so_and_keeps_nothing() -> None:
    """Without a buffer the birth has no capability for it, and messages are numbered but not kept."""
    agent = _agent(buffer_bytes=0)

    (message,) = agent.report([SAMPLE])

    assert b'"buffer"' not in agent.birth(NOW_MS).payload
    assert b'"buffer"' in _agent().birth(NOW_MS).payload
    assert message.seq == 0
    assert agent.is_wanted(message)
    assert agent.unacknowledged() == []


def test_sleep_and_waking_are_told() -> None:
    """An appliance that sleeps says until when, says it again when it connects, and is online when it wakes."""
    agent = _agent()

    states = [
        agent.sleep(NOW_MS, until_ms=NOW_MS + 1000),
        *agent.greet(NOW_MS),
        *agent.wake(NOW_MS),
        *agent.wake(NOW_MS),
    ]

    topic = TopicScheme().parse(agent.topic("status"))
    assert topic is not None
    told = [decode(topic, one.payload) for one in states]
    assert [one.state for one in told if isinstance(one, StatusMessage)] == ["sleeping", "online", "sleeping", "online"]
    assert all(one.retain for one in states)
    assert [
        one.state for one in (decode(topic, m.payload) for m in agent.greet(NOW_MS)) if isinstance(one, StatusMessage)
    ] == ["online"]


def test_a_full_buffer_drops_the_oldest_and_counts_them() -> None:
    """Memory is bounded: the oldest go, and the agent says how many."""
    agent = _agent(buffer_bytes=1000)

    for _ in range(50):
        agent.report([SAMPLE])

    assert agent.buffer.kept_bytes <= 1000
    assert agent.counts.dropped == 50 - len(agent.unacknowledged())
    assert agent.unacknowledged()[-1].seq == 49


def test_consent_is_shown_to_the_customer() -> None:
    """consent.show puts the code on the display and succeeds."""
    agent = _agent()

    answer = _answer(
        agent, _command("consent.show", args={"code": "482913", "expires_at": "2026-09-21T12:10:00Z", "scope": "read"})
    )

    assert (answer["id"], answer["state"]) == ("c1", "succeeded")
    assert agent.consent == Consent("482913", "2026-09-21T12:10:00Z", "read", "s1")


def test_a_snapshot_is_the_last_sample() -> None:
    """snapshot.read answers mode and metrics as they were reported last."""
    agent = _agent()
    agent.report([IDLE, SAMPLE])

    answer = _answer(agent, _command("snapshot.read"))

    assert answer["data"] == {"mode": "spin", "metrics": {"drum_rpm": 1200, "door_locked": True}}


def test_a_repeated_command_gets_the_old_answer() -> None:
    """The same id is done once, however often it comes, and even when it would be too late by now."""
    agent = _agent()
    agent.report([IDLE])
    first = _answer(agent, _command("snapshot.read"))
    agent.report([SAMPLE])

    again = _answer(agent, _command("snapshot.read"), now_ms=NOW_MS + 60_000)

    assert again == first
    assert agent.obedience.done == 1


def test_a_late_command_is_rejected() -> None:
    """A command after its not_after is not done."""
    agent = _agent()

    answer = _answer(agent, _command("snapshot.read"), now_ms=NOW_MS + 30_001)

    assert (answer["state"], answer["reason"]) == ("rejected", "too_late")


@given(st.sampled_from(["command", "ack", "nack"]), st.one_of(st.binary(max_size=40), st.sampled_from([
    b"", b"null", b"[]", b'{"id":5}', b'{"boot":"b1"}', b'{"boot":"b1","upto":"3"}', b'{"boot":"b1","seq":[]}', b'{"boot":"b1","seq":{}}',
])))  # fmt: skip
def test_nonsense_is_ignored(channel: str, payload: bytes) -> None:
    """Whatever arrives, the agent neither fails nor forgets a message."""
    agent = _agent()
    agent.report([SAMPLE])

    agent.receive(agent.topic(channel), payload, NOW_MS)

    assert len(agent.unacknowledged()) == 1
