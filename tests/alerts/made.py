"""Made-up values of the desk's tests: one profile, and findings about a drain pump."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

from detectors.finding import Condition, ConditionState, DetectCommit, Evidence, Finding, FindingChannel
from detectors.reasons import ReasonCode, reason
from ingest.clock import to_ms
from ingest.profiles.care import Advice, Consumable, Goal, OverDays, Use, UseStatistic
from ingest.profiles.definition import FaultMode, Feature, Part, Profile, Unit

NOW_MS = to_ms(datetime(2026, 11, 21, 12, 0, tzinfo=UTC))
HOUR_MS = 3_600_000
DAY_MS = 24 * HOUR_MS

WASHER = Profile(
    kind="washing_machine",
    label={"en": "Washing machine", "zh": "洗衣机"},
    unit=Unit.CYCLE,
    usual_interval_s=30,
    features=(Feature(name="drain_time", unit="s", statistic="max", label={"en": "Drain time", "zh": "排水时间"}),),
    uses={
        "runs": Use("runs", UseStatistic.RUNS, "", {"en": "Programmes a day"}, modes=("wash",)),
        "hottest": Use("hottest", UseStatistic.MAX, "°C", {"en": "Hottest"}, metric="water_c"),
        "load": Use("load", UseStatistic.MEAN, "kg", {"en": "Load"}, metric="load_kg"),
    },
    advice={
        "hot_wash": Advice(
            name="hot_wash",
            goal=Goal.HYGIENE,
            title={"en": "Wash hot", "zh": "热洗"},
            text={"en": "Wash at 60 °C.", "zh": "请以 60 °C 洗涤。"},
            use="hottest",
            over=OverDays.MAX,
            below=55.0,
            enough={"runs": 8.0},
        ),
        "fuller_loads": Advice(
            name="fuller_loads",
            goal=Goal.ENERGY,
            title={"en": "Wait for a fuller drum"},
            text={"en": "It is less than a third full."},
            use="load",
            below=2.5,
        ),
    },
    consumables={
        "filter": Consumable(
            name="filter",
            title={"en": "Clean the filter", "zh": "清洗过滤器"},
            text={"en": "Unscrew it.", "zh": "旋出过滤器。"},
            use="runs",
            life=60.0,
            days_most=120,
        )
    },
    fault_modes={
        "drain_clog": FaultMode(
            name="drain_clog",
            component="drain_pump",
            title={"en": "The drain pump is clogging", "zh": "排水泵堵塞"},
            signature={"drain_time": 4.0},
            danger=1,
            hazard_per_year=0.05,
            time_scale_days=(7, 21),
            first_check={"en": "Ask the customer to clean the filter.", "zh": "请客户清洗过滤器。"},
            test="drain.test",
            parts=(Part("00145", {"en": "Drain pump", "zh": "排水泵"}, 0.71),),
        ),
    },
)

PROFILES = {WASHER.kind: WASHER}

FINDING = Finding(
    appliance_id="WM-0231",
    kind="washing_machine",
    fault_mode="drain_clog",
    component="drain_pump",
    channel=FindingChannel.EVIDENCE,
    raised_ms=NOW_MS - HOUR_MS,
    onset_ms=to_ms(datetime(2026, 11, 9, 6, 0, tzinfo=UTC)),
    score=9.1,
    severity=0.55,
    probability=0.71,
    evidence=(
        Evidence("drain_time", 96.0, 52.0, 64.0, "s", to_ms(datetime(2026, 11, 9, 6, 0, tzinfo=UTC)), 0.7),
        Evidence("pump_w", 22.0, 26.0, 31.0, "W", to_ms(datetime(2026, 11, 10, 6, 0, tzinfo=UTC)), 0.3),
    ),
    alternatives=(("hose_kinked", 0.17), ("level_sensor", 0.06)),
    failure_window_ms=(NOW_MS + 6 * DAY_MS, NOW_MS + 11 * DAY_MS, 0.8),
)


def step_of(position: int, *findings: Finding, rows: dict[str, bytes] | None = None) -> DetectCommit:
    """One step of the detectors with these findings."""
    conditions = [
        Condition(item.appliance_id, item.kind, ConditionState.ALERT, reason(ReasonCode.UNKNOWN), item.raised_ms)
        for item in findings
    ]
    return DetectCommit(position, rows or {}, b"shared-%d" % position, findings, conditions)


def cleared(finding: Finding, at_ms: int) -> Finding:
    """The same finding, over."""
    return replace(finding, cleared_ms=at_ms)
