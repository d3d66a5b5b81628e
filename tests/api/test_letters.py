"""Mail that comes in, over HTTP and from a mail server's pipe."""

from __future__ import annotations

import re
import threading
from pathlib import Path

import pytest
from typer.testing import CliRunner

from alerts.accounts.account import Role
from alerts.errors import UnavailableError
from alerts.letters.desk import Letters
from alerts.letters.imap_folder import MailboxError
from alerts.letters.parsing import parse
from api.cli import app
from api.service.loops import Missing, Trouble, collect
from tests.api.house import House
from tests.contract.letters_suite import mail


def test_what_joined_no_ticket_waits_in_the_list(house: House) -> None:
    """With what was written and why; a dispatcher puts it to a ticket, where technicians read it; then no other has it."""
    house.find()
    letters = Letters(house.context.desk.letters.sealed)
    letters.take(parse(mail("Hello", text="It drips.\n\n> old")))
    ticket = house.get("/tickets").json()["items"][0]

    [letter] = house.get("/letters?state=waiting", Role.DISPATCHER).json()["items"]
    joined = house.post(f"/letters/{letter['id']}/join", {"ticket": str(ticket["number"])}, Role.DISPATCHER)

    assert (letter["subject"], letter["text"], letter["reason"]) == ("Hello", "It drips.", "no_reference")
    assert joined.json()["ticket"] == ticket["number"]
    [read] = house.get(f"/tickets/{ticket['number']}/letters", Role.TECHNICIAN).json()["items"]
    assert read["text"] == "It drips."
    assert house.get("/letters?state=waiting").json()["items"] == []
    assert house.post(f"/letters/{letter['id']}/dismiss").status_code == 409
    assert house.post("/letters/99/dismiss").status_code == 404
    history = house.get(f"/tickets/{ticket['number']}").json()["history"]
    assert history[-1]["event"] == "letter"


def test_a_mail_server_hands_mail_to_a_command(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It says what became of it; nothing on standard input is wrong use; without a database it is to come again."""
    monkeypatch.setenv("FETTLE_DATA_DIR", str(tmp_path / "data"))
    runner = CliRunner()

    said = [runner.invoke(app, ["mail-in"], input=mail()).stdout.strip() for _ in range(2)]

    assert said == ["waiting", "repeated"]
    assert runner.invoke(app, ["mail-in"], input=b"").exit_code == 2

    def away(*_: object) -> None:
        raise UnavailableError("The database is away.")

    monkeypatch.setattr(Letters, "take", away)
    assert runner.invoke(app, ["mail-in"], input=mail()).exit_code == 75


def test_a_mail_server_that_is_away_hinders_nothing() -> None:
    """It is asked again, and counted; only a database that is away is a reason why the service is not ready."""
    trouble, missing = Trouble(), Missing()
    answers: list[Exception | None] = [MailboxError("away"), UnavailableError("no database"), None]
    seen: list[tuple[str | None, int]] = []

    class Box:
        def collect(self, _take: object, *, is_over: object) -> None:
            del is_over
            answer = answers.pop(0)
            if answer is not None:
                raise answer

    class Stop(threading.Event):
        def wait(self, timeout: float | None = None) -> bool:
            del timeout
            seen.append((trouble.sentence, missing.rounds))
            return not answers

    collect(Box(), print, trouble, missing)(Stop())  # type: ignore[arg-type]  # as much of a mailbox as is asked for

    assert seen == [(None, 0), (None, 1), ("no database", 2), (None, 0)]


def test_a_wrong_address_of_a_mailbox_stops_the_start(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """With its name and an example, and without the password."""
    monkeypatch.setenv("FETTLE_DATA_DIR", str(tmp_path))
    monkeypatch.setenv("FETTLE_MAILBOX_URL", "pop3://u:hidden@mail.example")

    result = CliRunner().invoke(app, ["settings"])

    assert result.exit_code != 0
    assert re.search("imaps?://", str(result.exception) + result.output)
    assert "hidden" not in str(result.exception) + result.output
