"""What figures and families are called, for people: English and Chinese."""

from __future__ import annotations

from collections.abc import Mapping

OF_FAMILIES: Mapping[str, tuple[str, str]] = {
    "quality": ("Quality", "质量"),
    "efficiency": ("Efficiency", "效率"),
    "product": ("Product", "产品"),
    "cost": ("Cost", "成本"),
    "revenue": ("Revenue", "收入"),
}
OF_FIGURES: Mapping[str, tuple[str, str]] = {
    "answered_in_time": ("Answered in time", "按时响应"),
    "solved_in_time": ("Solved in time", "按时解决"),
    "hours_to_answer_median": ("First response, median", "首次响应（中位数）"),
    "hours_to_answer_p90": ("First response, 90 %", "首次响应（90%）"),
    "hours_to_close_median": ("Solved, median", "解决用时（中位数）"),
    "hours_to_close_p90": ("Solved, 90 %", "解决用时（90%）"),
    "satisfaction": ("Satisfaction", "满意度"),
    "complaints": ("Complaints", "投诉"),
    "precision": ("Predictions confirmed", "预测被证实"),
    "rework": ("Rework within 30 days", "30 天内返修"),
    "repairs_came_back": ("Repairs that came back", "维修后复现"),
    "first_time_fix": ("First-time fix", "一次修复率"),
    "remote_solved": ("Solved from afar", "远程解决"),
    "closed_without_visit": ("Closed without a visit", "无需上门"),
    "visits_in_vain": ("Visits in vain", "空跑"),
    "repeat_visits": ("Repeat visits", "重复上门"),
    "visits_per_technician_day": ("Visits per technician-day", "每人日上门数"),
    "travel_minutes_per_visit": ("Travel per visit", "每次上门路程"),
    "failures_per_1000_months": ("Failures per 1,000 months", "每千月故障"),
    "recall_signals": ("Quality cases", "质量案例"),
    "labour": ("Labour", "人工"),
    "parts": ("Parts", "备件"),
    "travel": ("Travel", "上门与路程"),
    "logistics": ("Logistics", "物流"),
    "other": ("Other", "其他"),
    "support": ("Remote support", "远程支持"),
    "cost_per_ticket": ("Cost per ticket", "单均成本"),
    "cost_outliers": ("Outliers", "异常高额"),
    "paid_by_customers": ("Paid by customers", "客户支付"),
    "paid_maintenance": ("Paid maintenance", "付费保养"),
    "contracts_begun": ("Contracts begun", "新签合同"),
    "contracts_in_force": ("Contracts in force", "有效合同"),
    "contract_revenue": ("Contracts sold", "合同收入"),
}


def title_of(names: tuple[str, str]) -> Mapping[str, str]:
    """A title in every language."""
    return {"en": names[0], "zh": names[1]}
