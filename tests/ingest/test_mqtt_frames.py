"""The border to the codec: whole frames come out unchanged, garbage gives exactly one error."""

from __future__ import annotations

import contextlib

import mqtt5
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ingest.mqtt.frames import MalformedFrameError, read_packet, take_publishes, unpack

_messages = st.lists(
    st.tuples(
        st.text("abc/äöü好", min_size=1, max_size=40),
        st.binary(max_size=300),
        st.integers(0, 65535),
        st.booleans(),
    ),
    min_size=1,
    max_size=20,
)


def _frame(topic: str, payload: bytes, packet_id: int, *, retain: bool) -> bytes:
    """A PUBLISH of QoS 1, or of QoS 0 for packet id 0."""
    if packet_id == 0:
        return mqtt5.PublishPacket(topic, payload, retain=retain).write()
    return mqtt5.PublishPacket(topic, payload, qos=mqtt5.QoS.AT_LEAST_ONCE, packet_id=packet_id, retain=retain).write()


@settings(deadline=None)
@given(messages=_messages, cut=st.integers(0, 400))
def test_a_run_holds_exactly_the_whole_frames(messages: list[tuple[str, bytes, int, bool]], cut: int) -> None:
    """Of a stream cut anywhere, the whole frames come out unchanged, each with its PUBACK and its columns."""
    frames = [_frame(topic, payload, packet_id, retain=retain) for topic, payload, packet_id, retain in messages]
    stream = b"".join(frames)
    stream = stream[: len(stream) - min(cut, len(stream))]
    whole = 0
    while sum(map(len, frames[: whole + 1])) <= len(stream) and whole < len(frames):
        whole += 1

    run = take_publishes(memoryview(stream))

    if run is None:
        assert whole == 0
        return
    assert run.frames == b"".join(frames[:whole])
    assert run.count == whole
    ids = [packet_id for _, _, packet_id, _ in messages[:whole] if packet_id]
    assert run.pubacks == b"".join(mqtt5.PubAckPacket(packet_id).write() for packet_id in ids)
    assert run.acknowledgements == len(ids)
    assert run.messages == unpack(run.frames)
    assert run.messages.topics == [topic for topic, *_ in messages[:whole]]
    assert run.messages.payloads == [payload for _, payload, *_ in messages[:whole]]
    assert run.messages.retained == [retain for *_, retain in messages[:whole]]


# The codec reports a text that is no UTF-8 as a panic of its native code, which Python can only call unraisable.
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
@settings(deadline=None, max_examples=300)
@given(garbage=st.binary(max_size=200))
def test_garbage_gives_one_kind_of_error(garbage: bytes) -> None:
    """Whatever bytes come, they are a packet, the start of one, or a malformed frame; nothing else is raised."""
    view = memoryview(garbage)
    for read in (read_packet, take_publishes):
        with contextlib.suppress(MalformedFrameError):
            read(view)


def test_a_cut_journal_batch_is_malformed() -> None:
    """A batch whose last frame is not whole can't be unpacked."""
    frame = _frame("t", b"payload", 1, retain=False)

    with pytest.raises(MalformedFrameError, match="cut off"):
        unpack(frame + frame[:-1])


def test_other_packets_are_no_messages() -> None:
    """A batch with anything but PUBLISH frames can't be unpacked."""
    with pytest.raises(MalformedFrameError, match="PingRespPacket"):
        unpack(mqtt5.PingRespPacket().write())


def test_a_message_of_qos_2_ends_a_run() -> None:
    """QoS 2 was never agreed: such a frame is left for the connection to refuse."""
    fine = _frame("t", b"1", 1, retain=False)
    exactly_once = mqtt5.PublishPacket("t", b"2", qos=mqtt5.QoS.EXACTLY_ONCE, packet_id=2).write()

    run = take_publishes(memoryview(fine + exactly_once))

    assert run is not None
    assert run.frames == fine
    assert take_publishes(memoryview(exactly_once)) is None
