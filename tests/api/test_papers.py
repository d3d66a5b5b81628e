"""Receipt, report and transcript: what can be kept of a remote diagnosis."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest

from alerts.accounts.account import Role
from alerts.remote.answers import take_answer
from alerts.remote.ending import EndReason
from api.papers.paper import Chart, Facts, Paper, Section
from api.papers.pdf import pdf_of
from api.papers.session_paper import Reader, _flat, _told
from api.papers.session_words import WORDS
from api.papers.svg import drawn
from ingest.clock import from_ms
from ingest.profiles import load_profiles
from ingest.sample import Result, ResultState, SampleBlock
from tests.api.house import NOON_MS, House


def answer(house: House) -> str | None:
    """Publish the oldest command that is due and let the appliance answer; a code where that was shown."""
    desk, now_ms = house.context.desk, house.clock.now_ms()
    (outgoing,) = desk.sessions.due(now_ms)
    message = json.loads(outgoing.payload)
    assert desk.sessions.claim(outgoing.command_id, now_ms)
    desk.sessions.sent(outgoing.command_id, now_ms)
    data: dict[str, Any] = {"mode": "cooling", "metrics": {"door_open": False}}
    if message["name"] == "fan.sweep":
        data = {"condenser_fan_rpm": 400.0}
    result = Result("fridge-1", "refrigerator", now_ms, now_ms, outgoing.command_id, ResultState.SUCCEEDED, None, data)
    desk.unit.write(lambda t: take_answer(t, result, desk.limits, desk.profiles))
    return str(message["args"]["code"]) if message["name"] == "consent.show" else None


def measured(house: House) -> None:
    """Readings of the fan, one a second, with a silence."""
    ts_ms = np.array([0, 1000, 2000, 900_000, 901_000], dtype=np.int64) + NOON_MS
    block = SampleBlock(
        kind="refrigerator",
        metrics=("condenser_fan_rpm",),
        appliance_ids=["fridge-1"] * 5,
        ts_ms=ts_ms,
        values=np.array([[1100.0], [400.0], [410.0], [1150.0], [1140.0]]),
        modes=[None] * 5,
        cycles=[None] * 5,
        seq=np.arange(5, dtype=np.int64),
        index=np.zeros(5, dtype=np.int64),
        flags=np.zeros(5, dtype=np.uint8),
        received_ms=NOON_MS,
    )
    house.context.store.write([block])


def test_a_session_can_be_kept_as_receipt_report_and_file(house: House) -> None:
    """Who, when, scope, what was sent, what was measured, how the causes moved, in both languages; never the code."""
    house.find(fault_mode="condenser_fan_wear")
    path = f"/sessions/{house.post('/tickets/1/sessions', {'scope': 'test'}, Role.TECHNICIAN).json()['id']}"
    code = answer(house)
    house.post(f"{path}/consent", {"code": code}, Role.TECHNICIAN)
    house.post(f"{path}/procedures", {"test": "condenser_fan_sweep"}, Role.TECHNICIAN)
    answer(house)
    answer(house)
    measured(house)
    house.clock.advance(902_000)
    house.post(f"{path}/end", None, Role.TECHNICIAN)

    receipt, chinese = (house.get(f"{path}/receipt.html?lang={one}", Role.VIEWER) for one in ("en", "zh"))
    printed = house.get(f"{path}/receipt.pdf?lang=zh", Role.VIEWER)
    report = house.get(f"{path}/report.html", Role.VIEWER)
    kept = house.get(f"{path}/transcript.json", Role.VIEWER)

    for words in ("technician", "reading and testing", "fan", "400 rpm", "900 – 1350 rpm", "fault confirmed", "→"):
        assert words in receipt.text, words
    assert "故障已确认" in chinese.text
    assert "读取当前数值" in chinese.text
    assert (printed.content[:5], printed.headers["content-type"]) == (b"%PDF-", "application/pdf")
    assert report.text.count("<svg") == 1
    assert "5 readings between 400 and 1150" in report.text
    first, last = (from_ms(NOON_MS + late_ms).strftime("%Y-%m-%d %H:%M:%S") for late_ms in (0, 901_000))
    assert f">{first}</text>" in report.text
    assert f">{last}</text>" in report.text
    assert "Condenser fan through its speeds: sent" in report.text
    assert kept.json() == house.get(path).json()
    assert "attachment" in kept.headers["content-disposition"]
    for one in (receipt, chinese, report, kept):
        assert str(code) not in one.text
        assert "<script" not in one.text


def test_what_a_line_carries_is_told_without_brackets() -> None:
    """Samples that decided, metrics that were recorded: words and numbers as people write them, and nothing that is not there."""
    data = {
        "above": 5,
        "below": None,
        "samples": [{"ts_ms": NOON_MS, "value": 25.579}],
        "metrics": ["pump_w", "level_mm"],
    }

    assert dict(_flat(data)) == {"above": "5", "samples": "25.58", "metrics": "pump_w, level_mm"}


def test_a_chart_breaks_where_nothing_was_reported_and_stays_within_itself() -> None:
    """A gap lifts the pen; limits are drawn; one value alone, and equal values, can be drawn too."""
    chart = Chart("<b>", [(0, 1.0), (10, None), (20, 3.0)], low=0.5, high=4.0, spans=((5, 15),), summary='"<i>')

    picture = drawn(chart)

    assert picture.count("M") == 2
    assert picture.count('class="limit"') == 2
    assert "<i>" not in picture
    assert drawn(Chart("", [(0, None)])) == ""
    assert "nan" not in drawn(Chart("", [(7, 5.0)]))


def test_a_receipt_in_pdf_has_chinese_and_the_letters_of_others() -> None:
    """Latin and Chinese in one line, what no font has as a box, signs of HTML as signs; the same paper, the same bytes."""
    rows = (("客户", "Jürgen Groß & 李娜 <b>"), ("ł", "Łódź"))
    paper = Paper("zh", "远程诊断凭证", (Section("基本信息", (Facts(rows),)),))

    file = pdf_of(paper)

    assert file == pdf_of(paper)
    assert b"STSong-Light" in file
    assert b"Helvetica" in file


@pytest.mark.parametrize("language", ["en", "zh"])
def test_every_word_of_a_paper_stands_in_both_languages(language: str) -> None:
    """None is missing, and none is empty."""
    assert set(WORDS[language]) == set(WORDS["en"])
    assert all(WORDS[language].values())
    assert {f"why_{reason}" for reason in EndReason} <= set(WORDS[language])


def test_a_line_of_the_transcript_is_told_in_the_readers_words() -> None:
    """What an appliance answered: each reading by its name with its unit, in both languages."""
    profile = load_profiles()["refrigerator"]

    def told(key: str, value: str, language: str) -> str:
        return _told(key, value, Reader(language, profile=profile))

    assert told("power_w", "81.5", "en") == "Power 81.5 W"
    assert told("door_open", "False", "zh") == "门开 否"
    assert told("metric", "power_w", "zh") == "依据 功率"
    assert told("scope", "test", "zh") == "同意范围： 读取和测试"
    assert told("verdict", "confirmed", "en") == "result: fault confirmed"
