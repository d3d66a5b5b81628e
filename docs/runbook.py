"""Print docs/runbook.md: what to do about each fault mode, each reason of an alert and each refused message, from the registries.

``python docs/runbook.py zh`` prints docs/help/zh/runbook.md, the same page in Chinese.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent))

from alerts.alerting.pipeline import reasons
from ingest.profiles import load_profiles
from ingest.profiles.definition import FaultMode, Profile
from ingest.wire.dead_letter import RefusalReason


@dataclass(frozen=True)
class Words:
    """The page's own words in one language."""

    head: str
    reasons: str
    refusals: str
    refused: dict[RefusalReason, str]
    dangers: tuple[str, str, str, str]
    fault: str
    consequence: str
    first: str
    self_help: str
    test: str
    remedy: str
    parts: str
    part: str
    codes: str
    comma: str


EN = Words(
    head="""# What to do about an alert?

Each fault mode that Fettle names, each reason why an alert has no ticket yet, and each reason why a message is refused, with
what to do. This page is made by `make docs` from the profiles and the registries.
""",
    reasons="## Why an alert has no ticket, or which\n\n| reason | says |\n|---|---|",
    refusals="\n## Why a message is refused\n\n| reason | what to do |\n|---|---|",
    refused={
        RefusalReason.UNKNOWN_TOPIC: "Nobody reads this topic. Name the convention in `FETTLE_FOREIGN_TOPICS`, or mend the topic on the device.",
        RefusalReason.TOO_LARGE: "The message has more than 60 KiB. Let the appliance send fewer samples at once.",
        RefusalReason.NOT_UTF8: "The text is damaged. Look at the firmware that writes it.",
        RefusalReason.NOT_JSON: "The text is cut off or no JSON. Look at the firmware that writes it.",
        RefusalReason.TOO_DEEP: "Objects stand more than eight deep in each other. Mend the firmware.",
        RefusalReason.SCHEMA: "A key has another type than agreed; the detail names it. Mend the firmware, then judge the letters again.",
        RefusalReason.IDENTITY_MISMATCH: "The id belongs to another kind. If another took it: `fettle appliances assign ID --kind KIND`, then judge again.",
        RefusalReason.UNKNOWN_APPLIANCE: "Register it (`fettle appliances add`), or bring it back if it was retired, then judge the letters again.",
        RefusalReason.TIME_OUT_OF_RANGE: "The appliance's clock is wrong. Set it; `FETTLE_ACCEPT_PAST_DAYS` widens what is taken from long buffers.",
        RefusalReason.EQUIVOCATION: "Two messages of one number say different things; the first is stored. Two devices may share an id.",
        RefusalReason.POISON: "The message made a reader fail twice. Send it to whoever maintains Fettle; after an update judge it again.",
    },
    dangers=("a nuisance", "danger 1 of 3", "danger 2 of 3", "a hazard to people or home"),
    fault="- Component: {component}; at worst {danger}; from first sign to failure usually {first:g} to {last:g} days.",
    consequence="- May be a mere consequence of {causes}: look at that first.",
    first="- Look first: {text}",
    self_help="- Before anybody comes the customer can try ({minutes:g} minutes): {text}.",
    test="- Settled from afar by the test `{name}`: {text}.",
    remedy="- Remedy: {text}",
    parts="- Parts: {names}.",
    part="{name} (`{sku}`)",
    codes="- Error codes: {names}.",
    comma=", ",
)

ZH = Words(
    head="""# 收到告警怎么办？

Fettle 能识别的每种故障、告警尚无工单的每个原因、消息被拒收的每个原因，以及相应的处理办法。本页由设备档案与登记表自动生成。
""",
    reasons="## 告警为何没有工单，或归入哪张工单\n\n| 原因 | 含义 |\n|---|---|",
    refusals="\n## 消息为何被拒收\n\n| 原因 | 处理办法 |\n|---|---|",
    refused={
        RefusalReason.UNKNOWN_TOPIC: "没有人读取该主题。请在 `FETTLE_FOREIGN_TOPICS` 中写明其约定，或更正设备上的主题。",
        RefusalReason.TOO_LARGE: "消息超过 60 KiB。请让设备每次少发一些样本。",
        RefusalReason.NOT_UTF8: "文本已损坏。请检查写出它的固件。",
        RefusalReason.NOT_JSON: "文本被截断，或不是 JSON。请检查写出它的固件。",
        RefusalReason.TOO_DEEP: "对象嵌套超过八层。请修正固件。",
        RefusalReason.SCHEMA: "某个键的类型与约定不符，详情中写明是哪一个。请修正固件，然后重新判定这些消息。",
        RefusalReason.IDENTITY_MISMATCH: "该编号属于另一类设备。若已换成另一台：`fettle appliances assign ID --kind KIND`，然后重新判定。",
        RefusalReason.UNKNOWN_APPLIANCE: "请登记该设备（`fettle appliances add`）；若已停用，请恢复使用，然后重新判定这些消息。",
        RefusalReason.TIME_OUT_OF_RANGE: "设备时钟不准，请校准；`FETTLE_ACCEPT_PAST_DAYS` 可放宽对长时间缓存数据的接收范围。",
        RefusalReason.EQUIVOCATION: "同一序号的两条消息内容不同，已保存先到的一条。可能有两台设备共用一个编号。",
        RefusalReason.POISON: "该消息两次导致读取失败。请将其交给 Fettle 的维护者；更新后再重新判定。",
    },
    dangers=("仅造成不便", "危险等级 1（共 3 级）", "危险等级 2（共 3 级）", "危及人身或住宅"),
    fault="- 最严重时：{danger}；从最初征兆到失效通常为 {first:g} 至 {last:g} 天。",
    consequence="- 可能只是其他故障的后果，请先检查：{causes}。",
    first="- 首先检查：{text}",
    self_help="- 上门之前，客户可自行尝试（{minutes:g} 分钟）：{text}。",
    test="- 可远程确认的测试（`{name}`）：{text}。",
    remedy="- 维修办法：{text}",
    parts="- 配件：{names}。",
    part="{name}（`{sku}`）",
    codes="- 故障代码：{names}。",
    comma="、",
)
LANGUAGES = {"en": EN, "zh": ZH}


def fault(profile: Profile, mode: FaultMode, language: str) -> Iterator[str]:
    """One fault mode: what it is, what to look at, what settles it, what to bring."""
    words = LANGUAGES[language]
    yield f"\n### {words.part.format(name=mode.title[language], sku=mode.name)}\n"
    first, last = mode.time_scale_days
    yield words.fault.format(component=mode.component, danger=words.dangers[mode.danger], first=first, last=last)
    if mode.symptom_of:
        causes = [
            f"`{name}`" if language == "en" else profile.fault_modes[name].title[language] for name in mode.symptom_of
        ]
        yield words.consequence.format(causes=words.comma.join(causes))
    if mode.first_check:
        yield words.first.format(text=mode.first_check[language])
    if mode.self_help is not None:
        yield words.self_help.format(minutes=mode.self_help.minutes, text=mode.self_help.title[language])
    if mode.test is not None:
        yield words.test.format(name=mode.test, text=profile.tests[mode.test].label[language])
    if mode.remedy:
        yield words.remedy.format(text=mode.remedy[language])
    if mode.parts:
        names = [words.part.format(name=part.name[language], sku=part.sku) for part in mode.parts]
        yield words.parts.format(names=words.comma.join(names))
    if mode.codes:
        yield words.codes.format(names=words.comma.join(f"`{code}`" for code in mode.codes))


def lines(language: str) -> Iterator[str]:
    """The whole page."""
    words = LANGUAGES[language]
    yield words.head
    yield words.reasons
    for reason in reasons().values():
        yield f"| `{reason.word}` | {reason.zh if language == 'zh' else reason.en} |"
    yield words.refusals
    for refusal in RefusalReason:
        yield f"| `{refusal}` | {words.refused[refusal]} |"
    for profile in load_profiles().values():
        if profile.fault_modes:
            yield f"\n## {profile.label[language].capitalize()}"
            for mode in profile.fault_modes.values():
                yield from fault(profile, mode, language)


if __name__ == "__main__":
    print("\n".join(lines(sys.argv[1] if len(sys.argv) > 1 else "en")))
