"""A visit on paper: who came when, what was checked, measured and done, which parts went in, and who signed. en and zh."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from alerts.visits.visit import Visit
from api.papers.paper import Facts, Grid, Paper, Section, Words

WORDS: Mapping[str, Mapping[str, str]] = {
    "en": {
        "title": "Record of a visit",
        "who": "Who came when",
        "technician": "Technician",
        "planned": "Planned",
        "arrived": "Arrived",
        "ended": "Ended",
        "state": "State",
        "number": "Number of this paper",
        "tickets": "What it was for",
        "ticket": "Ticket",
        "appliance": "Appliance",
        "what": "What",
        "work": "What was done",
        "none": "Nothing is written down yet.",
        "is_repaired": "Repaired",
        "yes": "yes",
        "no": "no",
        "checks": "Checks",
        "measured": "Measured",
        "value": "Value",
        "parts": "Parts that were put in",
        "part": "Part",
        "quantity": "Quantity",
        "serial": "Serial",
        "minutes": "Minutes of work",
        "travel": "Minutes of travel",
        "photos": "Photos",
        "signed": "Signed by",
        "footer": "Times are in {zone}.",
        "states": "planned,confirmed,on the way,on site,done,missed,called off",
    },
    "zh": {
        "title": "上门维修记录",
        "who": "上门人员与时间",
        "technician": "工程师",
        "planned": "预约时间",
        "arrived": "到达",
        "ended": "结束",
        "state": "状态",
        "number": "单据编号",
        "tickets": "上门事由",
        "ticket": "工单",
        "appliance": "家电",
        "what": "内容",
        "work": "维修内容",
        "none": "尚无记录。",
        "is_repaired": "已修复",
        "yes": "是",
        "no": "否",
        "checks": "检查",
        "measured": "测量项目",
        "value": "数值",
        "parts": "更换的备件",
        "part": "备件",
        "quantity": "数量",
        "serial": "序列号",
        "minutes": "工作分钟数",
        "travel": "路程分钟数",
        "photos": "照片",
        "signed": "签字",
        "footer": "时间为 {zone} 时区。",
        "states": "已安排,已确认,在途,已到达,已完成,未遇,已取消",
    },
}
_STATES = ("planned", "confirmed", "on_the_way", "on_site", "done", "missed", "cancelled")


def visit_paper(visit: Visit, language: str) -> Paper:
    """The whole record; of what was not written down nothing stands there."""
    words = WORDS[language]
    sections = [_who(visit, words), _tickets(visit, words), *_record(visit, words)]
    return Paper(language, words["title"], tuple(sections), words["footer"].format(zone=visit.time_zone))


def _who(visit: Visit, words: Mapping[str, str]) -> Section:
    zone = ZoneInfo(visit.time_zone)
    rows = (
        (words["technician"], visit.technician),
        (words["planned"], f"{_time(visit.start, zone)} – {visit.end.astimezone(zone):%H:%M}"),
        (words["arrived"], _time(visit.arrived_at, zone)),
        (words["ended"], _time(visit.ended_at, zone)),
        (words["state"], words["states"].split(",")[_STATES.index(visit.status)]),
        (words["travel"], str(visit.travel_min)),
        (words["number"], visit.id),
    )
    return Section(words["who"], (Facts(rows),))


def _tickets(visit: Visit, words: Mapping[str, str]) -> Section:
    rows = tuple((f"#{one.number}", one.appliance_id, one.title) for one in visit.tickets)
    return Section(words["tickets"], (Grid((words["ticket"], words["appliance"], words["what"]), rows),))


def _record(visit: Visit, words: Mapping[str, str]) -> list[Section]:
    record: Mapping[str, Any] | None = visit.record
    if record is None:
        return [Section(words["work"], (Words(words["none"]),))]
    said = (
        (words["is_repaired"], words["yes" if record["is_repaired"] else "no"]),
        (words["minutes"], _said(record.get("minutes"))),
        (words["photos"], ", ".join(record.get("photos") or ()) or "–"),
        (words["signed"], _said(record.get("signed_by"))),
    )
    sections = [Section(words["work"], (Words(record["work"]), Facts(said)))]
    if checks := record.get("checks"):
        rows = tuple((name, words["yes" if is_done else "no"]) for name, is_done in checks.items())
        sections.append(Section(words["checks"], (Grid((words["what"], ""), rows),)))
    if measured := record.get("measured"):
        rows = tuple((name, f"{value:g}") for name, value in measured.items())
        sections.append(Section(words["measured"], (Grid((words["what"], words["value"]), rows),)))
    if parts := record.get("parts"):
        of_parts = tuple((one["sku"], str(one["quantity"]), _said(one["serial"])) for one in parts)
        sections.append(Section(words["parts"], (Grid((words["part"], words["quantity"], words["serial"]), of_parts),)))
    return sections


def _said(value: object) -> str:
    return "–" if value is None else str(value)


def _time(at: datetime | None, zone: ZoneInfo) -> str:
    return "–" if at is None else f"{at.astimezone(zone):%Y-%m-%d %H:%M}"
