"""Line protocol: what is written is what a reader of the format gets back."""

from __future__ import annotations

import dataclasses
import re

import msgspec
import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from ingest.sample import TEXT_SEPARATOR, SampleBlock
from ingest.store.line_protocol import encode_block
from tests.examples import tries

LINE = re.compile(rb'([^ ,]+),appliance_id=([^ ]+) ((?:[^" ]|"(?:[^"\\]|\\.)*")+) (\d+)', re.DOTALL)
FIELD = re.compile(rb'([a-z0-9_]+)=(?:"((?:[^"\\]|\\.)*)"|([^,]*))(?:,|$)', re.DOTALL)

names = st.from_regex(r"[a-z][a-z0-9_]{0,15}", fullmatch=True).filter(lambda name: name not in {"mode", "cycle"})
numbers = st.floats(allow_nan=False, allow_infinity=False)
texts = st.one_of(st.none(), st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=12))


@st.composite
def blocks(draw: st.DrawFn) -> SampleBlock:
    """Blocks of a few samples over a few metrics, each sample with at least one reading."""
    metrics = tuple(draw(st.lists(names, min_size=1, max_size=5, unique=True)))
    count = draw(st.integers(1, 5))
    values = np.full((count, len(metrics)), np.nan)
    for row in range(count):
        there = draw(st.sets(st.integers(0, len(metrics) - 1), min_size=1))
        for column in there:
            values[row, column] = draw(numbers)
    column_of = st.lists(texts, min_size=count, max_size=count)
    return SampleBlock(
        kind="washing_machine",
        metrics=metrics,
        appliance_ids=draw(st.lists(st.sampled_from(["a-1", "B_2"]), min_size=count, max_size=count)),
        ts_ms=np.array(draw(st.lists(st.integers(0, 2**42), min_size=count, max_size=count)), np.int64),
        values=values,
        modes=draw(column_of),
        cycles=draw(column_of),
        seq=np.array(draw(st.lists(st.integers(-1, 2**40), min_size=count, max_size=count)), np.int64),
        index=np.array(draw(st.lists(st.integers(0, 511), min_size=count, max_size=count)), np.int64),
        flags=np.zeros(count, np.uint8),
        received_ms=0,
    )


def parse(line: bytes) -> tuple[str, str, dict[str, float | str], int]:
    """A line as its four parts; an independent reading of the format."""
    match = LINE.fullmatch(line)
    assert match is not None, line
    fields: dict[str, float | str] = {}
    for field in FIELD.finditer(match[3]):
        text = field[2]
        fields[field[1].decode()] = float(field[3]) if text is None else re.sub(rb"\\(.)", rb"\1", text).decode()
    return match[1].decode(), match[2].decode(), fields, int(match[4])


def expected(block: SampleBlock) -> list[tuple[str, str, dict[str, float | str], int]]:
    """What the lines of a block must say."""
    rows = []
    for row in range(len(block)):
        fields: dict[str, float | str] = {
            name: float(value)
            for name, value in zip(block.metrics, block.values[row], strict=True)
            if not np.isnan(value)
        }
        fields |= {name: text for name, text in (("mode", block.modes[row]), ("cycle", block.cycles[row])) if text}
        rows.append((block.kind, block.appliance_ids[row], fields, int(block.time_ns()[row])))
    return rows


@given(blocks())
@settings(max_examples=tries(40))
def test_values_come_back_from_lines(block: SampleBlock) -> None:
    """A parser gets from each line the sample's kind, appliance, readings as floats, texts and time."""
    assert [parse(line) for line in encode_block(block)] == expected(block)


@given(blocks(), st.sampled_from(["", " ", "\n\t "]))
@settings(max_examples=tries(40))
def test_received_text_gives_the_same_lines(block: SampleBlock, blank: str) -> None:
    """Text turned into text says the same as the values, whatever blanks the appliance put in."""
    texts = []
    for row in block.values:
        pairs = [
            f'{blank}"{name}"{blank}:{blank}{msgspec.json.encode(float(value)).decode()}'
            for name, value in zip(block.metrics, row, strict=True)
            if not np.isnan(value)
        ]
        texts.append(("{" + ",".join(pairs) + blank + "}").encode())

    lines = encode_block(dataclasses.replace(block, metrics_text=TEXT_SEPARATOR.join(texts)))

    assert [parse(line) for line in lines] == expected(block)


def block_of(metrics: tuple[str, ...], values: list[float], text: bytes) -> SampleBlock:
    """A block of one sample with its received text."""
    return SampleBlock(
        kind="refrigerator",
        metrics=metrics,
        appliance_ids=["f1"],
        ts_ms=np.array([1], np.int64),
        values=np.array([values], np.float64),
        modes=["cooling"],
        cycles=[None],
        seq=np.array([-1], np.int64),
        index=np.array([0], np.int64),
        flags=np.zeros(1, np.uint8),
        received_ms=0,
        metrics_text=text,
    )


def test_booleans_become_numbers() -> None:
    """True and false are written as 1 and 0, also in a metric whose name holds the word."""
    block = block_of(
        ("true_w", "door_open", "lid"), [1.5, 1.0, 0.0], b'{"true_w": 1.5, "door_open": true, "lid": false}'
    )

    assert encode_block(block) == [b'refrigerator,appliance_id=f1 true_w=1.5,door_open=1,lid=0,mode="cooling" 1000000']


def test_integers_and_exponents_are_floats() -> None:
    """A number without a point stays without the suffix that would make it an integer field."""
    block = block_of(("a", "b", "c"), [5.0, 1e30, -0.5], b'{"a":5,"b":1E+30,"c":-5e-1}')

    assert encode_block(block) == [b'refrigerator,appliance_id=f1 a=5,b=1E+30,c=-5e-1,mode="cooling" 1000000']


def test_text_that_does_not_agree_is_not_used() -> None:
    """Escaped names, and text with other metrics than the values, fall back to the values."""
    escaped = block_of(("power_w",), [2.0], b'{"power_\\u0077":3}')
    other = block_of(("power_w",), [2.0], b'{"power_w":2,"note_w":3}')

    line = b'refrigerator,appliance_id=f1 power_w=2.0,mode="cooling" 1000000'
    assert encode_block(escaped) == [line]
    assert encode_block(other) == [line]
