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
