"""Table: the figures of an evaluation for people, with what chance would have reached below them."""

from __future__ import annotations

from collections.abc import Sequence

from detectors.evaluation import intervals
from detectors.evaluation.figures import Row

HEAD = (
    "kind", "fault mode", "slow", "raised", "7d ahead", "lead d", "abrupt", "raised", "top-1", "top-3", "findings", "false",
    "false/yr", "sensors", "metric", "data/yr", "tickets",
    "windows",
)  # fmt: skip
ALL = "all"
NO_SKILL = "no skill"
_LEFT = 2
_LEGEND = (
    "raised: share of faults with a finding between onset and failure; 7d ahead: of the slow faults that failed; top-1, "
    "top-3: of the raised;\nfalse/yr: per year of a sound appliance; metric: share of sensor faults told by the right metric; "
    "data/yr: false data findings per year;\ntickets: findings per raised fault; windows: of the faults that failed, the share that did so within the windows told of them; stated 80 %;\nno skill: as many findings at random."
)


def as_table(rows: Sequence[Row]) -> str:
    """The figures as a table in plain text, the row over all at the top, its intervals and no skill below it."""
    cells: list[tuple[str, ...]] = [HEAD, _line(rows[0]), _intervals(rows[0]), _no_skill(rows[0])] if rows else [HEAD]
    for row in rows[1:]:
        cells.append(_line(row))
        if row.about.fault_mode is None and row.raised:
            cells.append(_no_skill(row))
    widths = [max(len(line[column]) for line in cells) for column in range(len(HEAD))]
    table = "\n".join(
        "  ".join(
            cell.ljust(width) if column < _LEFT else cell.rjust(width)
            for column, (cell, width) in enumerate(zip(line, widths, strict=True))
        ).rstrip()
        for line in cells
    )
    return f"{table}\n\n{_LEGEND}"


def _line(row: Row) -> tuple[str, ...]:
    """The figures of a row."""
    is_mode = row.about.fault_mode is not None
    slow, abrupt = row.slow, row.abrupt
    return (
        row.about.kind or ALL, row.about.fault_mode or ALL,
        str(slow.n), _share(slow.raised, slow.n), _share(slow.ahead_7d, slow.failed), _text(slow.median_lead_d, 1),
        str(abrupt.n), _share(abrupt.raised, abrupt.n), _share(row.top1, row.raised), _share(row.top3, row.raised),
        str(row.findings), str(row.false), _text(row.false_per_year, 3),
        "" if is_mode else str(row.sensors), "" if is_mode else _share(row.right_metric, row.sensors),
        "" if is_mode else _share(row.data_false, row.sound_sensor_years), _share(row.tickets, row.raised),
        _text(row.stated.coverage, 2),
    )  # fmt: skip


def _no_skill(row: Row) -> tuple[str, ...]:
    """What chance would have reached."""
    slow, abrupt = row.slow, row.abrupt
    return (
        row.about.kind or ALL, NO_SKILL, "", _share(slow.expected, slow.n), _share(slow.expected_ahead, slow.failed), "",
        "", _share(abrupt.expected, abrupt.n), _share(row.commonest, row.raised), *[""] * 9,
    )  # fmt: skip


def _intervals(row: Row) -> tuple[str, ...]:
    """Between which values the true ones lie, at 95 %."""
    slow, abrupt = row.slow, row.abrupt
    return (
        row.about.kind or ALL, "95 %", "",
        _between(intervals.of_share(slow.raised, slow.n)), _between(intervals.of_share(slow.ahead_7d, slow.failed)), "", "",
        _between(intervals.of_share(abrupt.raised, abrupt.n)), _between(intervals.of_share(row.top1, row.raised)),
        _between(intervals.of_share(row.top3, row.raised)), "", "",
        _between(intervals.of_rate(row.false, row.healthy_years)), "",
        _between(intervals.of_share(row.right_metric, row.sensors)),
        _between(intervals.of_rate(row.data_false, row.sound_sensor_years)), "",
        _between(intervals.of_share(round(row.stated.covered), row.stated.faults)),
    )  # fmt: skip


def _between(ends: intervals.Interval | None) -> str:
    return "" if ends is None else f"{ends[0]:.2f}-{ends[1]:.2f}"


def _share(part: float, whole: float) -> str:
    return _text(part / whole if whole else None, 2)


def _text(value: float | None, digits: int) -> str:
    return "-" if value is None else f"{value:.{digits}f}"
