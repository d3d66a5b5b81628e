"""The border to the codec: whole frames come out unchanged, garbage gives exactly one error."""

from __future__ import annotations

import contextlib

import mqtt5
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ingest.mqtt import publish_layout
from ingest.mqtt.frames import MalformedFrameError, declared_length, read_packet, take_publishes, unpack
from tests.examples import tries

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
    read = unpack(run.frames)
    assert read.topics == [topic for topic, *_ in messages[:whole]]
    assert read.payloads == [payload for _, payload, *_ in messages[:whole]]
    assert read.retained == [retain for *_, retain in messages[:whole]]


def _as_the_codec_reads(stream: bytes) -> tuple[list[mqtt5.PublishPacket], int]:
    """The run at the start of a stream, packet by packet, and its length; raises for garbage."""
    view, position = memoryview(stream), 0
    packets: list[mqtt5.PublishPacket] = []
    while position < len(view) and view[position] & 0xF4 == 0x30:
        found = read_packet(view[position:])
        if found is None:
            break
        assert isinstance(found[0], mqtt5.PublishPacket)
        packets.append(found[0])
        position += found[1]
    return packets, position


@st.composite
def _streams(draw: st.DrawFn) -> bytes:
    """PUBLISH frames of all forms one after another, often damaged."""
    stream = bytearray()
    for _ in range(draw(st.integers(1, 8))):
        topic = draw(st.text("abc/2äöü好", max_size=6)).encode() + draw(st.sampled_from([b"", b"", b"", b"\xff", b"1"]))
        properties = draw(
            st.sampled_from([b"\0", b"\0", b"\0", b"\x05\x02\0\0\0\x07", b"\x02\x01\x01", b"\x09", b"\x80"])
        )
        first = draw(st.sampled_from([0x30, 0x32, 0x32, 0x32, 0x33, 0x3A, 0x3B, 0x38, 0x34]))
        packet_id = draw(st.sampled_from([b"\0\x01", b"\x32\x80", b"\xff\xff", b"\0\0"])) if first & 0x06 else b""
        payload = draw(st.sampled_from([b"", b"x" * 90, b"2\xe5\xa5\xbd" * 40, b"y" * 300, b"z" * 17_000]))
        body = len(topic).to_bytes(2, "big") + topic + packet_id + properties + payload
        stream.append(first)
        length = len(body)
        while length >= 0x80:
            stream.append(0x80 | length & 0x7F)
            length >>= 7
        stream.append(length)
        stream += body
    if draw(st.booleans()):
        at = draw(st.integers(0, len(stream) - 1))
        stream[at : at + draw(st.integers(0, 2))] = draw(st.binary(max_size=2))
    return bytes(stream[: draw(st.integers(0, len(stream)))] if draw(st.booleans()) else stream)


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
@settings(max_examples=tries(300))
@given(stream=_streams())
def test_arithmetic_reads_what_the_codec_reads(stream: bytes) -> None:
    """What is told from bytes without the codec is just what the codec reads, and garbage to one is garbage to both."""
    try:
        packets, length = _as_the_codec_reads(stream)
    except MalformedFrameError:
        with pytest.raises(MalformedFrameError):
            _take_all(stream)
        return

    run = take_publishes(memoryview(stream))

    if not packets:
        assert run is None
        return
    assert run is not None
    assert run.frames == stream[:length]
    ids = [packet.packet_id for packet in packets if packet.packet_id is not None]
    assert run.pubacks == b"".join(b"@\x02" + packet_id.to_bytes(2, "big") for packet_id in ids)
    read = unpack(run.frames)
    assert read.topics == [packet.topic for packet in packets]
    assert read.payloads == [packet.payload for packet in packets]
    assert read.retained == [packet.retain for packet in packets]


def test_packet_ids_that_look_like_frames_are_told_apart_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Ids from 0x3080 on look like the start of a frame; the stream is not walked frame by frame for them."""
    stream = b"".join(_frame("t", b"x" * 300, packet_id, retain=False) for packet_id in range(0x3070, 0x3170))
    monkeypatch.setattr(publish_layout, "_end_of", lambda *_: pytest.fail("walked"))

    run = take_publishes(memoryview(stream))

    assert run is not None
    assert (run.count, run.frames) == (0x100, stream)


def _take_all(stream: bytes) -> None:
    """Take the run and look at what follows it, as a connection does."""
    run = take_publishes(memoryview(stream))
    rest = memoryview(stream)[0 if run is None else len(run.frames) :]
    if rest:
        declared_length(rest)
        read_packet(rest)


# The codec reports a text that is no UTF-8 as a panic of its native code, which Python can only call unraisable.
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
@settings(max_examples=tries(300))
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
