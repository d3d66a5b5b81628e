"""Messages that come mixed up, twice, late or not at all, and clocks that are wrong: what is found stays the same."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from zoneinfo import ZoneInfo

import pytest

from api.service.line import detecting
from detectors.loop.reorder import WATERMARK_MS, Reorder
from ingest.books.ledger import LedgerRow
from ingest.loops.commit import SILENCE_MS
from ingest.sample import AdmittedBatch
from ingest.wire.timestamp import parse_ms
from tests.detectors.memory_sink import MemorySink
from tests.examples import some_of
from tests.scenarios.line import Line
from tests.world.fleet import KIND, PROFILES, START_MS

INTERVAL_MS = 20_000
COUNT = 160
APPLIANCES = ("h0", "h1", "h2")
HOUR_MS = 3_600_000
READINGS = 2
FAULT_OF_CODE = "pump_blocked"


@dataclass(frozen=True, slots=True, eq=False)
class Sent:
    """One message, when it was said (true time), and what the appliance's clock showed."""

    appliance_id: str
    seq: int
    at_ms: int
    power: float
    code: str | None = None

    def message(self, clock_off_ms: int = 0) -> tuple[str, bytes]:
        """Topic and payload."""
        root = f"fettle/v1/{KIND}/{self.appliance_id}"
        head = f'"boot":"b{self.appliance_id}","seq":{self.seq},"ts":{self.at_ms + clock_off_ms}'
        if self.code:
            return f"{root}/event", f'{{{head},"type":"error_code","code":"{self.code}"}}'.encode()
        up_ms = self.at_ms - START_MS + 1_000_000
        metrics = f'{{"power_w":{self.power},"serial":{self.seq}}}'
        return f"{root}/telemetry", f'{{{head},"up_ms":{up_ms},"mode":"on","metrics":{metrics}}}'.encode()


def story(seed: int) -> list[Sent]:
    """Three appliances with stretches beyond the limit, some too short for the rule, and one error code."""
    chance, sent = random.Random(seed), []
    for number, appliance_id in enumerate(APPLIANCES):
        beyond = [start + step for start in range(20, COUNT, 30) for step in range(chance.choice((3, 5, 6, 8)))]
        for seq in range(COUNT):
            at_ms = START_MS + seq * INTERVAL_MS + number
            code = "E18" if number == 1 and seq == COUNT // 2 else None
            power = (4000.0 if seq in beyond else 1000.0) + chance.randint(-200, 200)
            sent.append(Sent(appliance_id, seq, at_ms, power, code))
    return sorted(sent, key=lambda one: one.at_ms)


def run(arrivals: list[tuple[int, Sent]], *, off_ms: Callable[[Sent], int] = lambda _sent: 0) -> Line:
    """Let everything arrive at its time, ten seconds together; two calm hours follow so that nothing waits any more."""
    line = Line(PROFILES, START_MS)
    together: dict[int, list[tuple[str, bytes]]] = {}
    for at_ms, one in sorted(arrivals, key=lambda pair: pair[0]):
        together.setdefault(at_ms // 10_000, []).append(one.message(off_ms(one)))
    last = max(together)
    for slot, messages in together.items():
        line.arrive(messages, (slot + 1) * 10_000)
    for appliance_id in APPLIANCES:
        for step in range(2):
            at_ms = (last + 2) * 10_000 + (step + 1) * 2 * HOUR_MS
            line.arrive([Sent(appliance_id, COUNT + step, at_ms, 1000.0).message()], at_ms)
    line.finish()
    return line


@cache
def calm(seed: int) -> Line:
    """The story as it was said, each message at its time."""
    return run([(one.at_ms, one) for one in story(seed)])


@cache
def sorted_run(seed: int) -> Line:
    """What of the story comes in time, in its order."""
    return run([(one.at_ms, one) for one in disorder(story(seed), seed)[0]])


def said(line: Line) -> list[tuple[str, str, int, int | None]]:
    """What was found, when, and until when."""
    return [(one.appliance_id, one.fault_mode, one.raised_ms, one.cleared_ms) for one in line.findings()]


def disorder(sent: list[Sent], seed: int) -> tuple[list[Sent], list[Sent], list[tuple[int, Sent]]]:
    """(what comes in time, what comes two hours late, all arrivals): 5 % missing, 2 % late, 30 % up to 60 s, 10 % twice."""
    chance = random.Random(seed)
    kept = [one for one in sent if one.seq in (0, COUNT - 1) or one.code or chance.random() > 0.05]
    late = {one for one in kept if one.seq not in (0, COUNT - 1) and not one.code and chance.random() < 0.02}
    arrivals = []
    for one in kept:
        delay_ms = 2 * HOUR_MS if one in late else chance.randint(0, 50_000) if chance.random() < 0.3 else 0
        arrivals.append((one.at_ms + delay_ms, one))
        if chance.random() < 0.1:
            arrivals.append((one.at_ms + delay_ms + chance.randint(0, 40_000), one))
    return [one for one in kept if one not in late], [one for one in kept if one in late], arrivals


@pytest.mark.thorough
@pytest.mark.parametrize("seed", [2])
def test_disorder_changes_no_finding(seed: int) -> None:
    """T16: mixed up by up to a minute, 10 % twice, 5 % missing, some two hours late: the findings are those of the order."""
    _, late, arrivals = disorder(story(seed), seed)

    line = run(arrivals)

    assert said(line) == said(sorted_run(seed)) != []
    assert line.runner.order.late_samples == len(late)
    distinct = {(one.appliance_id, one.seq): one for _, one in arrivals}.values()
    samples = sum(not one.code for one in distinct) + 2 * len(APPLIANCES)
    assert line.readings() == samples * READINGS
    for appliance_id in APPLIANCES:
        mine = sum(one.appliance_id == appliance_id for one in distinct) + 2
        row = line.ledger()[appliance_id, f"b{appliance_id}"]
        twice = sum(one.appliance_id == appliance_id for _, one in arrivals) + 2 - mine
        assert row == LedgerRow(appliance_id, f"b{appliance_id}", COUNT + 1, mine, 0, COUNT + 2 - mine, twice)


def test_without_the_order_disorder_shows(monkeypatch: pytest.MonkeyPatch) -> None:
    """T16, control: where arrival decides, the same disorder leads to other findings."""
    _, _, arrivals = disorder(story(2), 2)
    expected = said(sorted_run(2))

    def as_it_comes(_self: Reorder, batch: AdmittedBatch) -> AdmittedBatch:
        return batch

    monkeypatch.setattr(Reorder, "take", as_it_comes)

    assert said(run(arrivals)) != expected


WRONG_CLOCKS = {
    "an hour behind": -HOUR_MS,
    "an hour ahead": HOUR_MS,
    "1970": -START_MS,
    "2106": 4_291_747_200_000 - START_MS,
}


@pytest.mark.parametrize("off_ms", some_of(WRONG_CLOCKS.values(), 1, turn=2), ids=WRONG_CLOCKS)
def test_a_wrong_clock_at_an_appliance_loses_no_sample(off_ms: int) -> None:
    """T15: while an appliance's clock is wrong, its samples are kept, and what was found before and after stays."""
    sent = story(3)
    wrong = range(60, 75)
    right = calm(3)

    line = run([(one.at_ms, one) for one in sent], off_ms=lambda one: off_ms if one.seq in wrong else 0)

    assert line.readings() == right.readings()
    assert not line.letters()
    assert {(one.appliance_id, one.fault_mode) for one in line.findings()} == {
        (one.appliance_id, one.fault_mode) for one in right.findings()
    }
    if off_ms != -HOUR_MS:  # an hour behind is believed; the others are put right by the up-time, to the millisecond
        assert said(line) == said(right)


@pytest.mark.parametrize("jump_ms", some_of([-HOUR_MS, HOUR_MS], 1))
def test_a_clock_of_the_service_that_is_set_loses_no_sample(jump_ms: int) -> None:
    """T15: the service's clock an hour off for five minutes, and right again: every sample kept, the same faults found."""
    sent = story(4)
    right = calm(4)
    line = Line(PROFILES, START_MS)

    for seq in range(COUNT):
        together = [one for one in sent if one.seq == seq]
        line.arrive([one.message() for one in together], together[-1].at_ms + (jump_ms if 60 <= seq < 75 else 0))
    line.finish()

    assert line.readings() == sum(not one.code for one in sent) * READINGS
    assert not line.letters()
    found = {(one.appliance_id, one.fault_mode) for one in line.findings()}
    assert found == {(one.appliance_id, one.fault_mode) for one in right.findings()}


def test_without_up_time_a_wrong_clock_shows() -> None:
    """T15, control: an appliance that gives no up-time can't be put right, and its samples are dead-lettered with the reason."""
    sent = [one for one in story(5) if one.appliance_id == "h0"]
    line = Line(PROFILES, START_MS)

    for one in sent:
        topic, payload = one.message(WRONG_CLOCKS["2106"] if one.seq == 60 else 0)
        line.arrive([(topic, payload.replace(b'"up_ms"', b'"no_up_ms"'))], one.at_ms)

    assert [letter.reason.value for letter in line.letters()] == ["time_out_of_range"]


def test_what_waits_is_found_when_the_whole_fleet_falls_silent() -> None:
    """An error code behind a message that never comes is found a minute later, though nobody says anything any more.

    That silence is noted in the journal, once: a replay of the journal finds the same.
    """
    line = Line(PROFILES, START_MS)
    sent = [Sent("h0", seq, START_MS + seq * INTERVAL_MS, 1000.0, "E18" if seq == 7 else None) for seq in range(8)]
    for one in sent[:6]:
        line.arrive([one.message()], one.at_ms)
    last_ms = sent[7].at_ms
    line.arrive([sent[7].message()], last_ms)

    line.go_on(last_ms + SILENCE_MS - 1)
    before, tip = line.findings(), line.journal.tip()
    for later_ms in (SILENCE_MS, 2 * SILENCE_MS, HOUR_MS):
        line.go_on(last_ms + later_ms)

    assert before == []
    assert [(one.fault_mode, one.raised_ms) for one in line.findings()] == [(FAULT_OF_CODE, last_ms)]
    assert line.journal.tip() == tip + 1
    sink = MemorySink()
    replay = detecting(line.feed, sink, PROFILES)
    replay.start()
    while replay.run_once():
        pass
    replay.commit()
    assert sink.findings == line.findings()


def test_silence_is_noted_for_longer_than_anything_waits() -> None:
    """When silence is noted, the last of what came before has waited long enough."""
    assert SILENCE_MS > WATERMARK_MS


def test_the_end_of_summer_time_and_a_leap_second_change_nothing() -> None:
    """T15: an appliance that writes local times over the night in which an hour comes twice, another over a leap second.

    Every sample is stored at its own instant, in the order in which it was said, and days are those of UTC.
    """
    berlin, message = ZoneInfo("Europe/Berlin"), '{"boot":"b","seq":%d,"ts":"%s","metrics":{"power_w":1,"serial":%d}}'
    start_ms = parse_ms("2026-10-24T22:00:00Z")
    local = [
        datetime.fromtimestamp((start_ms + seq * 600_000) / 1000, berlin).isoformat(timespec="milliseconds")
        for seq in range(36)
    ]
    leap = ["2016-12-31T23:59:58Z", "2016-12-31T23:59:59Z", "2016-12-31T23:59:60Z", "2017-01-01T00:00:00Z"]
    told = {"dst": (local, 600_000), "leap": (leap, 1_000)}

    for appliance_id, (texts, step_ms) in told.items():
        first_ms = parse_ms(texts[0])
        line = Line(PROFILES, first_ms)
        for seq, text in enumerate(texts):
            payload = (message % (seq, text, seq)).encode()
            line.arrive([(f"fettle/v1/{KIND}/{appliance_id}/telemetry", payload)], first_ms + seq * step_ms)

        assert line.letters() == []
        assert line.readings() == READINGS * len(texts)
        assert line.runner.order.late_samples == line.runner.order.held_samples == 0
    assert [parse_ms(text) for text in local] == [start_ms + seq * 600_000 for seq in range(36)]
    assert len({text[:16] for text in local}) == 30
