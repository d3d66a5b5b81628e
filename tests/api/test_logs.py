"""Logs: one JSON object per line where nobody reads along, and no secret in any."""

from __future__ import annotations

import json
import logging

import pytest
import structlog

from api.service import log_setup


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


def test_secrets_are_hidden_at_any_depth_and_in_any_text(capsys: pytest.CaptureFixture[str]) -> None:
    """Nested values, URLs, queries, headers and errors lose their secrets, whoever logs them; all else stays."""
    log_setup.configure("json")
    log = structlog.get_logger()

    log.info("told", data={"list": [{"webhook_secret": "hush", "code": "E18"}]}, url="mqtts://anna:hush@host:8883/a")
    log.info("told", sentence="GET /login?token=hush&next=queue with Authorization: Bearer hushhushhush")
    error = ValueError("no way to postgresql+psycopg://anna:hush@host/fettle")
    log.warning("failed", exc_info=error)
    logging.getLogger("library").warning("influxdb://host?token=hush failed", exc_info=error)

    written = capsys.readouterr().err
    assert "hush" not in written
    assert "mqtts://anna:***@host:8883/a" in written
    assert "token=***&next=queue" in written
    assert "E18" in written
    assert written.count("postgresql+psycopg://anna:***@host/fettle") == 2


def test_without_hiding_the_secret_would_be_written(capsys: pytest.CaptureFixture[str]) -> None:
    """Negative control: the same event without our processor shows the secret."""
    log_setup.configure("json")
    processors = [one for one in structlog.get_config()["processors"] if one is not log_setup.hide_secrets]
    structlog.configure(processors=processors)

    structlog.get_logger().info("told", url="mqtts://anna:hush@host:8883/a")

    assert "hush" in capsys.readouterr().err
