"""What devices in the field say, and what becomes of it: each case is what was published, and the right readings.

The cases stand in ``cases/CONVENTION.json``: ``messages`` in order (``json``, or ``text`` as it is), then the last
``readings`` of each appliance and nothing else, ``state`` (availability), how many are ``refused`` (``detail`` says why),
reasons among what is ``left_out``, a part of the ``advice``. ``@now`` stands for the time now without zone, ``@now_s`` for
seconds. ``docs/conventions.md`` has a table of them.
"""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from ingest.sample import AdmittedBatch
from ingest.wire.columns import BatchDecoder
from ingest.wire.dead_letter import Refused
from ingest.wire.foreign import CODECS, codecs_of
from ingest.wire.foreign.devices import DeviceBook
from ingest.wire.foreign.discovery import Discovery
from ingest.wire.foreign.traces import Traces
from ingest.wire.meaning import meaning_of, with_meaning
from ingest.wire.sample_rows import NO_TIME
from ingest.wire.status import StatusMessage
from tests.ingest.admission_bench import NOW

CASES = Path(__file__).parent / "cases"
HOUR_MS = 3_600_000


def cases() -> list[Any]:
    """Every case, with its convention and name."""
    return [
        pytest.param(case, id=f"{name}: {case['name']}")
        for name in CODECS
        for case in json.loads((CASES / f"{name}.json").read_text(encoding="utf-8"))
    ]


@dataclass
class House:
    """Decodes what devices of all conventions say, one message after another, and remembers what it came to."""

    topics: dict[str, list[str]] = field(default_factory=dict)
    readings: dict[str, dict[str, float]] = field(default_factory=dict)
    states: dict[str, str | None] = field(default_factory=dict)
    refused: list[Refused] = field(default_factory=list)
    are_arrivals: list[bool] = field(default_factory=list)
    batches: list[AdmittedBatch] = field(default_factory=list)
    now_ms: int = NOW

    def __post_init__(self) -> None:
        """All codecs, with empty memories."""
        self.discovery, self.traces = Discovery(), Traces()
        self.decoder = BatchDecoder(
            codecs=codecs_of(CODECS, self.discovery, topics=self.topics),
            devices=DeviceBook({}, self.discovery.claims),
            traces=self.traces,
        )

    def hear(self, topic: str, payload: bytes, *, is_retained: bool = False) -> None:
        """One message."""
        self.now_ms += 50
        asked = self.decoder.foreign([topic])
        meanings = {
            number: with_meaning(source, meaning_of(source, payload, self.now_ms, is_retained=is_retained))
            for number, source in asked
        }
        decoded = self.decoder.decode([topic], [payload], meanings)
        other, source = decoded.others.get(0), decoded.sources[0]
        if isinstance(other, Refused):
            self.refused.append(other)
        elif isinstance(other, StatusMessage):
            for appliance_id, _ in other.of or ((source.appliance_id, ""),):
                self.states[appliance_id] = None if other.state is None else other.state.value
        elif 0 not in decoded.others:
            (rows,) = decoded.rows
            said = zip(rows.names, rows.values[0].tolist(), strict=True)
            values = {name: value for name, value in said if value == value}  # noqa: PLR0124 - NaN is no reading
            self.readings.setdefault(source.appliance_id, {}).update(values)
            self.are_arrivals.append(rows.ts_ms[0] == NO_TIME)

    def say(self, message: dict[str, Any]) -> None:
        """One message of a case."""
        text = message["text"] if "text" in message else json.dumps(message["json"], ensure_ascii=False)
        for word, shift_ms in (("@now+1h", HOUR_MS), ("@now-6h", -6 * HOUR_MS)):
            text = text.replace(word, self.local(shift_ms))
        text = text.replace('"@now_s"', str(self.now_ms // 1000)).replace('"@now_ms"', str(self.now_ms)).replace("@now", self.local(0))
        self.hear(message["topic"], text.encode(), is_retained=message.get("retain", False))

    def local(self, shift_ms: int) -> str:
        """The time now, shifted, as devices write it without zone."""
        return datetime.fromtimestamp((self.now_ms + shift_ms) / 1000, UTC).strftime("%Y-%m-%dT%H:%M:%S")

    def reasons(self) -> set[str]:
        """Why something was left out."""
        return {one.reason for account in self.traces.told().devices for one in account.left_out}


@pytest.mark.parametrize("case", cases())
def test_what_is_said_is_read(case: dict[str, Any]) -> None:
    """Each case gives the right readings and no others, the right state, and a trace of what was left out."""
    topics: dict[str, list[str]] = {}
    for item in case.get("topics", ()):
        codec, _, pattern = item.partition("=")
        topics.setdefault(codec, []).append(pattern)
    house = House(topics)

    for message in case["messages"]:
        house.say(message)

    assert house.readings == {who: pytest.approx(values) for who, values in case["readings"].items()}
    assert house.states.items() >= case.get("state", {}).items()
    assert len(house.refused) == case.get("refused", 0)
    assert not case.get("detail") or case["detail"] in house.refused[0].detail
    assert house.reasons() >= set(case.get("left_out", ()))
    advice = [sentence for account in house.traces.told().devices for sentence in account.advice]
    assert case.get("advice", "") in " ".join(advice)
    assert all(house.are_arrivals) or not case.get("arrival")


def test_the_page_says_what_the_cases_say() -> None:
    """``docs/understood.md`` is made from the cases: `python docs/understood.py > docs/understood.md`."""
    root = Path(__file__).resolve().parents[2]
    made = subprocess.run([sys.executable, root / "docs" / "understood.py"], capture_output=True, check=True, text=True)

    assert (root / "docs" / "understood.md").read_text(encoding="utf-8") == made.stdout
