"""Logs: one JSON object per line where nobody reads along, and no secret in any."""

from __future__ import annotations

import json

import pytest
import structlog

from api import log_setup


def test_a_log_line_is_json_without_secrets(capsys: pytest.CaptureFixture[str]) -> None:
    """Away from a terminal each event is one JSON line; values of keys that name a secret are starred."""
    log_setup.configure("json")

    structlog.get_logger().info("logged_in", account="anna", password="hush", login_token="hush")

    line = json.loads(capsys.readouterr().err)
    assert (line["event"], line["account"]) == ("logged_in", "anna")
    assert (line["password"], line["login_token"]) == ("***", "***")


def test_a_traceback_shows_no_values(capsys: pytest.CaptureFixture[str]) -> None:
    """What went wrong is logged with its cause and without the variables of the moment, on a terminal too."""

    def fail() -> None:
        secret = "hush"
        raise ZeroDivisionError(len(secret))

    for form in ("text", "json"):
        log_setup.configure(form)
        try:
            fail()
        except ZeroDivisionError as error:
            structlog.get_logger().error("failed", exc_info=error)

        written = capsys.readouterr().err
        assert "ZeroDivisionError" in written
        assert "hush" not in written
