"""Mails through a real server: taken in the clear and behind STARTTLS and a login, refused for now and for good."""

from __future__ import annotations

import contextlib
import random
import socket
import ssl
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from alerts.customer_notices.mail import Mail, send_by_apprise
from alerts.database import UnitOfWork, migrate, open_database
from alerts.delivery.apprise_channel import AppriseTarget
from alerts.delivery.kind import Replies
from alerts.desk import Desk
from alerts.notices.lane import GIVE_UP_AFTER_MS, WAITING
from alerts.notices.notice import DeliveryError, DeliveryState, Notice
from alerts.notices.outbox import Outbox
from ingest.clock import ManualClock, from_ms
from tests.alerts.made import FINDING, NOW_MS, PROFILES, step_of
from tests.servers.mail_server import receiving_mail

pytestmark = pytest.mark.servers
TLS = Path(__file__).parents[1] / "ingest" / "mqtt" / "tls"
OPENED = Notice("no_1", from_ms(NOW_MS), "ticket.reopen", "tk_1", {"number": 7})
REPLIES = Replies("replies@example.org", lambda number: f"[#{number}-sig]")


@pytest.fixture
def clock() -> ManualClock:
    """A clock that stands at the tests' now."""
    return ManualClock(NOW_MS)


@pytest.fixture
def desk(tmp_path: Path, clock: ManualClock) -> Iterator[Desk]:
    """A desk with one ticket, on SQLite."""
    engine = open_database(f"sqlite:///{tmp_path / 'desk.db'}")
    migrate(engine)
    yield Desk(UnitOfWork(engine, clock, random.Random(7)), PROFILES)
    engine.dispose()


def address(port: int, *, login: str = "", more: str = "") -> str:
    """A mail account at the server."""
    return f"mailto://{login}127.0.0.1:{port}?from=fettle@example.org&to=desk@example.org{more}"


def private(port: int) -> str:
    """One behind STARTTLS and a login."""
    return address(port, login="desk:secret@", more="&mode=starttls").replace("mailto:", "mailtos:")


def test_a_mail_arrives_with_its_words_and_where_replies_go() -> None:
    """In the clear, as a relay of one's own takes it."""
    with receiving_mail() as server:
        AppriseTarget("mail", address(server.port), replies=REPLIES).deliver(OPENED)

    [mail] = server.mails
    assert mail["Subject"] == "Ticket 7 was opened again [#7-sig]"
    assert (mail["To"], mail["Reply-To"]) == ("desk@example.org", "replies@example.org")
    body = mail.get_body(("plain",))
    assert body is not None
    assert "Ticket 7 was opened again" in body.get_content()


def test_a_mail_to_a_customer_arrives_in_its_thread() -> None:
    """Through the account of the settings, to the one customer."""
    mail = Mail("carla@example.org", "<thread@example.org>", "Your fridge", "We have not heard from it.")
    with receiving_mail() as server:
        send_by_apprise(address(server.port), "replies@example.org", mail)

    [taken] = server.mails
    assert (taken["Subject"], taken["To"], taken["References"]) == ("Your fridge", mail.to, mail.thread)


def test_behind_starttls_it_logs_in_and_trusts_no_stranger(monkeypatch: pytest.MonkeyPatch) -> None:
    """Delivered encrypted to whoever shows a certificate that we know; a stranger's is refused before any word."""
    tls = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    tls.load_cert_chain(TLS / "server.pem")
    with receiving_mail(tls) as server:
        with pytest.raises(DeliveryError, match="did not take it"):
            AppriseTarget("mail", private(server.port)).deliver(OPENED)
        assert server.mails == []

        monkeypatch.setenv("SSL_CERT_FILE", str(TLS / "ca.pem"))
        AppriseTarget("mail", private(server.port)).deliver(OPENED)

    assert (len(server.mails), server.was_private) == (1, [True])


def test_what_is_refused_for_now_is_delivered_later(desk: Desk, clock: ManualClock) -> None:
    """A grey list's 451: the notice waits with the server's words, and the same one arrives when it is asked again."""
    with receiving_mail() as server:
        server.at_recipient.append("451 try again in a minute")
        _run(desk, server.port)
        desk.findings.commit(step_of(1, FINDING))
        assert _run(desk, server.port) == 0
        [waiting] = desk.notices.page().items
        clock.advance(round(1000 * WAITING.longest_s))
        assert _run(desk, server.port) == 1

    assert (waiting.state, "451" in (waiting.last_error or "")) == (DeliveryState.WAITING, True)
    assert [mail["Subject"].split(":")[0] for mail in server.mails] == ["Ticket 1 was opened"]


@pytest.mark.parametrize("where", ["at_recipient", "at_data"])
def test_what_is_refused_for_good_is_parked_with_the_reason(desk: Desk, clock: ManualClock, where: str) -> None:
    """No such mailbox, or no room in it: after a day of tries it is parked, says why, and can be sent again."""
    said = "550 no such user" if where == "at_recipient" else "552 mailbox full"
    with receiving_mail() as server:
        getattr(server, where).extend([said] * 2)
        _run(desk, server.port)
        desk.findings.commit(step_of(1, FINDING))
        _run(desk, server.port)
        clock.advance(GIVE_UP_AFTER_MS)
        _run(desk, server.port)
        [parked] = desk.notices.page(state=DeliveryState.PARKED).items
        desk.notices.retry(parked.number)
        clock.advance(GIVE_UP_AFTER_MS // 2)
        assert _run(desk, server.port) == 1

    assert said[:3] in (parked.last_error or "")
    assert len(server.mails) == 1


def test_a_server_that_drips_is_let_go_when_its_time_is_over() -> None:
    """A byte now and then starts every time-out of a socket anew; the deadline is over the whole exchange."""
    over = threading.Event()
    with socket.create_server(("127.0.0.1", 0)) as listener:
        dripping = threading.Thread(target=_drip, args=(listener, over))
        dripping.start()
        target = AppriseTarget("mail", address(listener.getsockname()[1]), timeout_s=0.3)
        try:
            with pytest.raises(DeliveryError, match=r"longer than 0\.3 s"):
                target.deliver(OPENED)
        finally:
            over.set()
            dripping.join()


def _drip(listener: socket.socket, over: threading.Event) -> None:
    """Greet a caller so slowly that the greeting never ends."""
    caller, _ = listener.accept()
    with caller, contextlib.suppress(OSError):
        while not over.wait(0.05):
            caller.sendall(b"2")


def _run(desk: Desk, port: int) -> int:
    """One round of the outbox, by an account that has just been opened: apprise lets seconds pass between two mails of one."""
    target = AppriseTarget("mail", address(port))
    outbox = Outbox(UnitOfWork(desk.unit.engine, desk.unit.clock, random.Random(3)), [target])
    outbox.begin()
    return outbox.run_once()
