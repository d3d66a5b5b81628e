"""The card of a fit: from what it was learned, and how well it judges appliances that had no part in it; as JSON and as a page."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

from detectors.learning.cases import Cases
from detectors.learning.comparing import Comparison
from detectors.learning.fit_file import FILE_NAME, SCHEMA, packed, version_of
from detectors.learning.scores import Judged, Score, brier, calibration_error, scored, skill
from detectors.learning.training import FOLDS, SEED, HeldOut, Trained

CARD_JSON, CARD_PAGE = "card.json", "card.md"
ABOUT = (
    "What `fettle train` learned from verdicts, and how it judges appliances that had no part in it. It changes the probability"
    " of a finding and says how probable a failure within thirty days is; it raises nothing and holds nothing back."
)


def write_fit(trained: Trained, cases: Cases, out: Path) -> str:
    """Write the fit and its card into the folder ``out``; its version."""
    content = packed(trained.as_fit(""))
    version = version_of(content)
    card = card_of(trained, cases, version)
    out.mkdir(parents=True, exist_ok=True)
    (out / FILE_NAME).write_bytes(content)
    (out / CARD_JSON).write_text(json.dumps(card, indent=1, sort_keys=True) + "\n", encoding="utf-8")
    (out / CARD_PAGE).write_text(page_of(card), encoding="utf-8")
    return version


def card_of(trained: Trained, cases: Cases, version: str) -> dict[str, Any]:
    """All that the card says."""
    findings = {one.finding: one.is_confirmed for one in cases.cases}
    return {
        "version": version,
        "schema": SCHEMA,
        "data": {
            "fleets": cases.fleets,
            "verdicts": "supposed from a simulator's truth, as a desk would have had them"
            if cases.is_supposed
            else "of a desk",
            "findings": len(findings),
            "confirmed": sum(bool(one) for one in findings.values()),
            "refuted": sum(one is False for one in findings.values()),
            "not looked at": sum(one is None for one in findings.values()),
            "appliances with a finding": len({one.unit for one in cases.cases}),
            "appliances that failed after a finding": len({one.unit for one in cases.cases if one.fails}),
        },
        "seed": SEED,
        "folds": FOLDS,
        "quiet_30d": trained.quiet_30d,
        "held out": {name: _figures(one) for name, one in trained.held_out.items()},
        "left out": trained.left_out,
    }


def page_of(card: Mapping[str, Any]) -> str:
    """The card as a page."""
    lines = [
        f"# Fit {card['version']}",
        "",
        ABOUT,
        "",
        "## Data",
        "",
        *(f"- fleet `{name}`, SHA-256 `{digest}`" for name, digest in card["data"]["fleets"].items()),
        f"- verdicts {card['data']['verdicts']}",
        *(f"- {name}: {count}" for name, count in card["data"].items() if isinstance(count, int)),
        f"- seed {card['seed']}, {card['folds']} groups of appliances, each judged by what the others taught",
        f"- appliances of which nothing stood and that failed within thirty days: {card['quiet_30d']:.4f}",
        "",
        "## Figures (95 % intervals by appliances)",
        "",
        "| learned | findings' votes | rate | squared error | no skill | skill | calibration error |",
        "|---|---|---|---|---|---|---|",
        *(
            f"| {name} | {one['votes']:.0f} | {one['rate']:.3f} | {_shown(one['squared error'])} | {one['no skill']:.4f}"
            f" | {_shown(one['skill'])} | {_shown(one['calibration error'])} |"
            for name, one in card["held out"].items()
        ),
        "",
        "## Not learned",
        "",
        *(f"- {name}: {why}" for name, why in card["left out"].items()),
        "",
    ]
    return "\n".join(lines)


def comparison_as_json(one: Comparison) -> dict[str, Any]:
    """A comparison as one object."""
    return {
        "released": one.is_released,
        "findings": one.findings,
        "figures": {
            name: {who: asdict(value) if isinstance(value, Score) else value for who, value in each.items()}
            for name, each in one.figures.items()
        },
        "rule": [asdict(part) for part in one.rule],
    }


def comparison_as_text(one: Comparison) -> str:
    """The figures, the rule's sentences and the outcome."""
    lines = []
    for name, each in one.figures.items():
        values = ", ".join(
            f"{who} {value.value:.4f} ({value.low:.4f} to {value.high:.4f})"
            if isinstance(value, Score)
            else f"{who} {value:.4f}"
            for who, value in each.items()
        )
        lines.append(f"{name}: {values}")
    lines += [f"{'holds' if part.holds else 'FAILS'}: {part.sentence}" for part in one.rule]
    lines.append("Released." if one.is_released else "Not released.")
    return "\n".join(lines)


def _figures(one: HeldOut) -> dict[str, Any]:
    """How well held-out rows were judged."""
    judged = Judged(one.shares, one.data.labels, one.data.weights, one.data.units)
    votes = float(one.data.weights.sum())
    rate = float(one.data.weights[one.data.labels].sum() / votes)
    return {
        "votes": votes,
        "appliances": len(set(one.data.units)),
        "rate": rate,
        "no skill": rate * (1 - rate),
        "squared error": asdict(scored(brier, judged)),
        "skill": asdict(scored(skill, judged)),
        "calibration error": asdict(scored(calibration_error, judged)),
    }


def _shown(one: Mapping[str, float]) -> str:
    return f"{one['value']:.3f} ({one['low']:.3f} to {one['high']:.3f})"
