"""The one sentence of a ticket: what is wrong, the number, the normal, and since when, in every language we speak.

Running example: *The drain pump is clogging: drain time 96 s, normal is 52 to 64 s. Since 9 November.*
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from alerts.fault_modes import UNKNOWN
from detectors.finding import Evidence, Finding, FindingChannel
from ingest.clock import from_ms
from ingest.profiles.definition import Profile

LANGUAGES = ("en", "zh")
_MONTHS = (
    "January February March April May June July August September October November December".split()  # noqa: SIM905
)


def title_of(finding: Finding, profile: Profile | None) -> Mapping[str, str]:
    """What is wrong, by language; from the profile where it knows the fault mode."""
    mode = profile.fault_modes.get(finding.fault_mode) if profile else None
    if mode is not None and mode.title:
        return {language: in_language(mode.title, language) for language in LANGUAGES}
    label = profile.label if profile else {}
    if finding.fault_mode == UNKNOWN:
        return {
            "en": f"{in_language(label, 'en') or 'Appliance'} behaves unlike itself",
            "zh": f"{in_language(label, 'zh') or '设备'}运行异常",
        }
    words = finding.fault_mode.replace("_", " ")
    return {"en": words[:1].upper() + words[1:], "zh": words}


def summary_of(finding: Finding, profile: Profile | None, *, now: datetime) -> Mapping[str, str]:
    """The one sentence, by language."""
    title = title_of(finding, profile)
    since = from_ms(finding.onset_ms)
    strongest = max(finding.evidence, key=lambda item: item.share, default=None)
    sentences = {}
    for language in LANGUAGES:
        stop = "。" if language == "zh" else "."
        colon = "\uff1a" if language == "zh" else ": "
        proof = _proof(finding, strongest, profile, language)
        sentences[language] = f"{title[language].rstrip('.。')}{colon if proof else ''}{proof}{stop}" + _since(
            since,
            now,
            language,
        )
    return sentences


def in_language(texts: Mapping[str, str], language: str) -> str:
    """The text in a language, else in English, else in any, else nothing."""
    return texts.get(language) or texts.get("en") or next(iter(texts.values()), "")


def number_text(value: float) -> str:
    """A number as a person would say it: three figures, no trailing zeros."""
    if value == 0:
        return "0"
    if abs(value) >= 100:
        return f"{value:.0f}"
    return f"{value:.3g}"


def _proof(finding: Finding, item: Evidence | None, profile: Profile | None, language: str) -> str:
    if finding.channel is FindingChannel.ERROR_CODE and finding.error_code:
        said = {"en": "the appliance reports error", "zh": "设备报告故障代码"}[language]
        return f"{said} {finding.error_code}"
    if item is None:
        return ""
    unit = f" {item.unit}" if item.unit else ""
    observed = f"{_label(item.metric, profile, language)} {number_text(item.observed)}{unit}"
    normal = _normal(item, language)
    comma = "\uff0c" if language == "zh" else ", "
    return f"{observed}{comma}{normal}{unit}" if normal else observed


def _normal(item: Evidence, language: str) -> str:
    low, high = item.expected_low, item.expected_high
    is_low, is_high = abs(low) < float("inf"), abs(high) < float("inf")
    words = {"en": ("normal is", "to", "at most", "at least"), "zh": ("正常为", "至", "不超过", "不低于")}[language]
    if is_low and is_high:
        return f"{words[0]} {number_text(low)} {words[1]} {number_text(high)}"
    if is_high:
        return f"{words[0]} {words[2]} {number_text(high)}"
    if is_low:
        return f"{words[0]} {words[3]} {number_text(low)}"
    return ""


def _label(metric: str, profile: Profile | None, language: str) -> str:
    label: Mapping[str, str] = {}
    if profile is not None:
        for feature in profile.features:
            if feature.name == metric:
                label = feature.label
        if not label and metric in profile.metrics:
            label = profile.metrics[metric].label
    text = in_language(label, language) or metric.replace("_", " ")
    return text[:1].lower() + text[1:] if language == "en" else text


def _since(since: datetime, now: datetime, language: str) -> str:
    is_this_year = since.year == now.year
    if language == "zh":
        return f"自{'' if is_this_year else f'{since.year}年'}{since.month}月{since.day}日起。"
    year = "" if is_this_year else f" {since.year}"
    return f" Since {since.day} {_MONTHS[since.month - 1]}{year}."
