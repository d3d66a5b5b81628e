"""What a customer is written, in their language: what we saw, since when, what they can look at, and that nobody comes."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from alerts.alerting.unheard import CONNECTION_LOST

_DAYS = {
    "en": ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"),
    "zh": ("星期一", "星期二", "星期三", "星期四", "星期五", "星期六", "星期日"),
}
_TITLE = {"en": "Your {kind}", "zh": "您的{kind}"}
_WORDS: Mapping[str, Mapping[str, str]] = {
    CONNECTION_LOST: {
        "en": (
            "we have not heard from your {kind} since {day}.\n\n"
            "Please look whether it has power, and whether it is still in your home's network: after a new router or password"
            " it has to be connected again.\n\n"
            "If it is switched off on purpose, there is nothing to do."
        ),
        "zh": (
            "自{day}起，我们一直没有收到您的{kind}的数据。\n\n"
            "请查看设备是否通电、是否仍连接到家中的网络：更换路由器或密码后，需要重新连接。\n\n"
            "如果是您有意关闭的，则无需处理。"
        ),
    },
    "data_gap": {
        "en": (
            "the connection of your {kind} has been breaking off for days at a time since {day}.\n\n"
            "Please look whether it stands within reach of your home's network, and whether its plug sits firmly."
        ),
        "zh": ("自{day}起，您的{kind}的网络连接多次中断数日。\n\n请查看设备是否在家中网络的覆盖范围内，插头是否插紧。"),
    },
}
_HEAD = {"en": "Hello,", "zh": "您好："}
_END = {
    "en": "This is no repair, and nobody comes because of it. You allowed us to write to you about service; answer this mail if"
    " you no longer want that, or if something is not as it should be.",
    "zh": "这不是维修，也不会有人因此上门。您曾同意我们就服务事宜与您联系；如不再需要，或有任何问题，请直接回复本邮件。",
}


def words_to(language: str, *, matter: str, kind: str, since: datetime) -> tuple[str, str]:
    """Title and body; ``since`` is in the time of their home. The title stays the same, so that mails make one thread."""
    spoken = "zh" if language.startswith("zh") else "en"
    day = _DAYS[spoken][since.weekday()]
    date = f"{since.month}月{since.day}日（{day}）" if spoken == "zh" else f"{day}, {since.day} {since:%B}"
    name = kind if spoken == "zh" else kind.lower()
    said = _WORDS[matter][spoken].format(kind=name, day=date)
    return _TITLE[spoken].format(kind=name), f"{_HEAD[spoken]}\n\n{said}\n\n{_END[spoken]}"
