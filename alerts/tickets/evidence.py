"""Evidence, alternatives and failure windows on their way through JSON columns."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

from alerts.tickets.ticket import Alternative, EvidenceItem, FailureWindow
from detectors.finding import Finding
from ingest.clock import from_ms


def finite(number: float | None) -> float | None:
    """The number, or nothing where it is no finite one (a band may be open; JSON knows no infinity)."""
    return None if number is None or not math.isfinite(number) else float(number)


def evidence_columns(finding: Finding) -> dict[str, Any]:
    """What a finding says, as it stands in the columns that alerts and tickets share."""
    window = finding.failure_window_ms
    return {
        "severity": finite(finding.severity) or 0.0,
        "probability": finite(finding.probability) or 0.0,
        "onset_ms": finding.onset_ms,
        "failure_window": None if window is None else {"from": window[0], "to": window[1], "coverage": window[2]},
        "alternatives": [[mode, finite(probability) or 0.0] for mode, probability in finding.alternatives],
        "evidence": [
            {
                "metric": item.metric,
                "observed": finite(item.observed),
                "expected_low": finite(item.expected_low),
                "expected_high": finite(item.expected_high),
                "unit": item.unit,
                "since_ms": item.since_ms,
                "share": finite(item.share) or 0.0,
            }
            for item in finding.evidence
        ],
    }


def read_evidence(column: Sequence[Mapping[str, Any]] | None) -> tuple[EvidenceItem, ...]:
    """The evidence in a JSON column."""
    return tuple(
        EvidenceItem(
            metric=item["metric"],
            observed=item["observed"],
            expected_low=item["expected_low"],
            expected_high=item["expected_high"],
            unit=item["unit"],
            since=from_ms(item["since_ms"]),
            share=item["share"],
        )
        for item in column or ()
    )


def read_alternatives(column: Sequence[Sequence[Any]] | None) -> tuple[Alternative, ...]:
    """The other causes in a JSON column."""
    return tuple(Alternative(mode, probability) for mode, probability in column or ())


def read_window(column: Mapping[str, Any] | None) -> FailureWindow | None:
    """The failure window in a JSON column."""
    if column is None:
        return None
    return FailureWindow(from_ms(column["from"]), from_ms(column["to"]), column["coverage"])
