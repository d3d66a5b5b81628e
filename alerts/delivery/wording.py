"""Notices in words, for people: a title and a body, in English and Chinese."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from alerts.notices.notice import Notice
from ingest.clock import from_ms

BODY_LINES_MAX = 40
TITLE_LENGTH_MAX = 200
_WORDS: Mapping[str, tuple[str, str]] = {
    "ticket.opened": ("Ticket {number} was opened: {title}", "工单 {number} 已开立：{title}"),
    "ticket.reopen": ("Ticket {number} was opened again", "工单 {number} 已重新打开"),
    "ticket.changed": ("Ticket {number} has changed: priority {priority}", "工单 {number} 有变化：优先级 {priority}"),
    "ticket.relabelled": ("Ticket {number} is now: {title}", "工单 {number} 的诊断已更新：{title}"),
    "ticket.finding_cleared": (
        "Ticket {number}: the finding is no longer seen; a verdict is asked for",
        "工单 {number}：异常已不再出现，请给出结论",
    ),
    "ticket.test_again": ("Ticket {number}: the test is to be done again", "工单 {number}：可再次进行测试"),
    "ticket.repair_came_back": (
        "Ticket {number}: the repair did not hold ({fault_mode}); call the customer",
        "工单 {number}：维修未能保持（{fault_mode}），请回访客户",
    ),
    "ticket.mentioned": ("Ticket {number}: {by} names you: {text}", "工单 {number}：{by} 提到了您：{text}"),
    "ticket.call_owed": (
        "Ticket {number}: nobody knows whether the repair held ({fault_mode}); call the customer",
        "工单 {number}：无法确认维修是否有效（{fault_mode}），请回访客户",
    ),
    "ticket.letter": ("Ticket {number}: a reply came by mail", "工单 {number}：收到邮件回复"),
    "customer.data_fault": ("A customer is asked to look: {matter}", "已请客户查看：{matter}"),
    "letter.waiting": ("A letter belongs to no ticket: look at it", "有邮件未能归入工单，请查看"),
    "ticket.sla_due": ("Ticket {number}: {clock} is due {due}", "工单 {number}：{clock}时限将到（{due}）"),
    "ticket.sla_breached": ("Ticket {number}: {clock} was due {due}", "工单 {number}：{clock}已超时（{due}）"),
    "ticket.escalated": (
        "Ticket {number} goes to the {to}: {clock} was due {due}",
        "工单 {number} 升级至{to}：{clock}已超时（{due}）",
    ),
    "ticket.reminder": (
        "Reminder, ticket {number}: {clock} was due {due}",
        "提醒，工单 {number}：{clock}已超时（{due}）",
    ),
    "incident.opened": (
        "Incident {number} ({kind}, {scope}): {affected} appliances",
        "群体事件 {number}（{kind}，{scope}）：{affected} 台",
    ),
    "incident.closed": ("Incident {number} ({kind}, {scope}) is over", "群体事件 {number}（{kind}，{scope}）已结束"),
    "mode.demoted": (
        "{fault_mode} of {model}: visits only on watch, {why}",
        "{model} 的 {fault_mode}：暂不上门，仅关注（{why}）",
    ),
    "data_fault.raised": ("Readings at fault: {fault_mode}{sensor}", "数据异常：{fault_mode}{sensor}"),
    "task.asked": ("Ticket {number}, for {to}: {text}", "工单 {number}，请{to}处理：{text}"),
    "task.answered": (
        "Ticket {number}: {department} answers {state}: {text}",
        "工单 {number}：{department}已答复（{state}）：{text}",
    ),
    "advice.given": ("Advice: {advice}", "使用建议：{advice}"),
    "silence.ended": ("No longer silenced: {what}. {reason}", "静默结束：{what}。{reason}"),
    "mode.restored": ("{fault_mode} of {model}: visits again, {why}", "{model} 的 {fault_mode}：恢复上门（{why}）"),
}
_OTHER = ("{type}: {subject_id}", "{type}：{subject_id}")
_CLOCKS = {"respond": ("the answer", "响应"), "resolve": ("the solution", "解决"), "update": ("the next word", "回复")}
_TITLE = ("{count} notices", "{count} 条通知")


def words_of(notice: Notice, language: str) -> tuple[str, str]:
    """Title and body."""
    n = 1 if language == "zh" else 0
    parts = notice.parts
    if parts is None:
        line = _line(notice.type, notice.subject_id, notice.data, n)
        return line[:TITLE_LENGTH_MAX], f"{line}\n{notice.at:%Y-%m-%d %H:%M} UTC"
    lines = [_line(*part, n) for part in parts[:BODY_LINES_MAX]]
    if len(parts) > BODY_LINES_MAX:
        lines.append(f"… +{len(parts) - BODY_LINES_MAX}")
    return _TITLE[n].format(count=len(parts)), "\n".join(lines)


def _line(type_: str, subject_id: str, data: Mapping[str, Any], n: int) -> str:
    values: dict[str, Any] = {**data, "type": type_, "subject_id": subject_id}
    if isinstance(values.get("clock"), str):
        values["clock"] = _CLOCKS.get(values["clock"], (values["clock"],) * 2)[n]
    values["sensor"] = f" ({values['metric']})" if values.get("metric") else ""
    if isinstance(values.get("due_ms"), int):
        values["due"] = f"{from_ms(values['due_ms']):%Y-%m-%d %H:%M}"
    said = _WORDS.get(type_, _OTHER)[n].format_map(_Missing(values))
    about = f" · {values['appliance_id']}" if values.get("appliance_id") else ""
    return " ".join(f"{said}{about}".split())


class _Missing(dict[str, Any]):
    """What a notice does not say is a dash."""

    def __missing__(self, key: str) -> str:
        return "–"
