"""Indicators on the command line and over HTTP."""

from __future__ import annotations

from pathlib import Path

import pytest
from typer.testing import CliRunner

from api.cli import app


def test_indicators_are_printed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of an empty desk nothing is said, and why; a time that is none is refused with a sentence."""
    monkeypatch.setenv("FETTLE_DATA_DIR", str(tmp_path / "data"))
    runner = CliRunner()
    runner.invoke(app, ["migrate"])

    worth = runner.invoke(app, ["kpis", "worth", "--at", "2026-11-01"])
    modes = runner.invoke(app, ["kpis", "modes", "--json"])
    wrong = runner.invoke(app, ["kpis", "worth", "--at", "soon"])

    assert (worth.exit_code, modes.exit_code, wrong.exit_code) == (0, 0, 1)
    assert "held out" in worth.stdout
    assert "Nobody is held out" in worth.stderr
    assert modes.stdout == ""
    assert "no time such as" in str(wrong.exception)


def test_figures_their_cases_and_a_month_are_printed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """All five families; the list of a figure; a month as PDF in both languages; a month that is not over is refused."""
    monkeypatch.setenv("FETTLE_DATA_DIR", str(tmp_path / "data"))
    runner = CliRunner()
    runner.invoke(app, ["migrate"])
    paper = tmp_path / "month.pdf"

    shown = runner.invoke(app, ["kpis", "show"])
    cases = runner.invoke(app, ["kpis", "cases", "quality", "satisfaction", "--json"])
    none = runner.invoke(app, ["kpis", "cases", "quality", "beauty"])
    printed = runner.invoke(app, ["kpis", "report", "2020-02", str(paper), "--language", "zh"])
    early = runner.invoke(app, ["kpis", "report", "2999-01", str(paper)])

    assert [one.exit_code for one in (shown, cases, none, printed, early)] == [0, 0, 1, 0, 1]
    assert {"quality", "efficiency", "product", "cost", "revenue"} <= set(shown.stdout.split())
    assert "no figure quality/beauty" in str(none.exception)
    assert paper.read_bytes().startswith(b"%PDF")
    assert "nobody knows what will be" in str(early.exception)
