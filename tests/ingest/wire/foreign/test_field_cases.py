"""What devices in the field say, and what becomes of it: each case is what was published, and the right readings.

The cases stand in ``cases/CONVENTION.json``: ``messages`` in order (``json``, or ``text`` as it is), then the last
``readings`` of each appliance and nothing else, what was ``impossible`` and told to the detectors, ``state`` (availability), how many are ``refused`` (``detail`` says why),
reasons among what is ``left_out``, a part of the ``advice``. ``@now`` stands for the time now without zone, ``@now_s`` for
seconds. ``docs/conventions.md`` has a table of them.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from ingest.wire.foreign import CODECS
from tests.ingest.wire.foreign.house import House

CASES = Path(__file__).parent / "cases"


def cases() -> list[Any]:
    """Every case, with its convention and name."""
    return [
        pytest.param(case, id=f"{name}: {case['name']}")
        for name in CODECS
        if (CASES / f"{name}.json").exists()
        for case in json.loads((CASES / f"{name}.json").read_text(encoding="utf-8"))
    ]


def test_every_convention_has_cases() -> None:
    """What nobody in the field has said is not known to be understood."""
    assert [name for name in CODECS if not (CASES / f"{name}.json").exists()] == []


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
    assert house.impossible == {who: pytest.approx(values) for who, values in case.get("impossible", {}).items()}
    assert house.states.items() >= case.get("state", {}).items()
    assert len(house.refused) == case.get("refused", 0)
    assert not case.get("detail") or case["detail"] in house.refused[0].detail
    assert house.reasons() >= set(case.get("left_out", ()))
    advice = [sentence for account in house.traces.told().devices for sentence in account.advice]
    assert case.get("advice", "") in " ".join(advice)
    assert all(house.are_arrivals) or not case.get("arrival")
