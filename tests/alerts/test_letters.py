"""Letters on SQLite; what is read of a mail; a mailbox, against a small real server on the loopback."""

from __future__ import annotations

import socketserver
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from email.message import EmailMessage

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alerts.customers.references import About, Named, reference, references_in, thread_of, verified
from alerts.customers.sealing import Seal, new_key
from alerts.delivery.apprise_channel import AppriseTarget
from alerts.delivery.kind import Replies
from alerts.desk import Desk
from alerts.letters.imap_folder import Mailbox, MailboxError
from alerts.letters.letter import Attached, Ignored
from alerts.letters.parsing import TEXT_MAX, parse, text_of_html, without_quotes
from alerts.notices.notice import Notice
from ingest.clock import from_ms
from tests.alerts.made import NOW_MS
from tests.contract.customers_suite import desk_with_seal
from tests.contract.letters_suite import LettersSuite, mail

SEAL = Seal((new_key(),))


@pytest.fixture
def desk(desk: Desk) -> Desk:
    """A desk that can read and write what is sealed."""
    return desk_with_seal(desk.unit, desk)


class TestLettersOnSqlite(LettersSuite):
    """SQLite keeps the promises of letters."""


def test_a_reference_holds_under_each_key_of_the_ring_and_no_other() -> None:
    """A key that was replaced still opens its threads; a stranger's signature, number or kind does not."""
    text = reference(SEAL, About.TICKET, 1042)
    newer = Seal((new_key(), *SEAL.keys))

    assert verified(SEAL, text) == verified(newer, text) == Named(About.TICKET, 1042)
    assert verified(Seal((new_key(),)), text) is None
    assert verified(SEAL, text.replace("#1042", "#1043")) is None
    assert verified(SEAL, text.replace("#", "~")) is None


def test_a_reference_is_found_wherever_mails_carry_it() -> None:
    """In a subject, folded and in capitals; in the identity of a thread; behind the plus of an address; in quoted text."""
    text = reference(SEAL, About.CUSTOMER, 77)
    signature = text.partition("-")[2]

    for place in (
        f"RE: AW: [{text.upper()}] hello",
        f"<x@y> {thread_of(SEAL, About.CUSTOMER, 77)}",
        f"desk+c77-{signature}@example.org",
        f"> Subject: silent [{text}]",
    ):
        assert references_in(place) == [text], place
    assert references_in(f"x{text}x, #77-short, 12-{signature}") == []


def test_plain_text_is_read_without_the_mail_that_it_answers() -> None:
    """In several languages; where nothing stands above the quote all of it is kept."""
    for quote in (
        "On Mon, 30 Nov 2026, Desk wrote:",
        "Am 30.11.2026 schrieb Desk:",
        "在 2026年11月30日，Desk 写道：",
        "> x",
    ):
        assert without_quotes(f"It drips.\n\n{quote}\n> Hello") == "It drips.", quote
    assert without_quotes("> only a quote") == "> only a quote"


def test_html_becomes_what_a_reader_sees() -> None:
    """Lines where blocks are; nothing of scripts, styles and heads."""
    html = "<head><title>t</title></head><style>p{}</style><p>It&nbsp;drips &amp; hums<br>a lot</p><script>alert(1)</script>"

    assert text_of_html(html) == "It drips & hums\na lot"


def test_attachments_are_named_and_not_kept() -> None:
    """With type and size; the text beside them is read."""
    message = EmailMessage()
    message["From"], message["Subject"] = "js@example.org", "Photo"
    message.set_content("See the photo.")
    message.add_alternative("<p>See the <b>photo</b>.</p>", subtype="html")
    message.add_attachment(b"x" * 2000, maintype="application", subtype="x-msdownload", filename="photo\u202egpj.exe")

    found = parse(message.as_bytes()).content

    assert found.text == "See the photo."
    assert found.attached == (Attached("photogpj.exe", "application/x-msdownload", 2000),)


@pytest.mark.parametrize(
    ("head", "reason"),
    [
        ("Auto-Submitted: auto-generated", Ignored.AUTOMATIC),
        ("Precedence: bulk", Ignored.AUTOMATIC),
        ("List-Id: <x.example>", Ignored.AUTOMATIC),
        ("Return-Path: <>", Ignored.BOUNCE),
        ("Content-Type: multipart/report; boundary=b", Ignored.BOUNCE),
        ("Auto-Submitted: no", None),
    ],
)
def test_machines_are_told_from_people(head: str, reason: Ignored | None) -> None:
    """By what RFC 3834 and custom write; a plain mail is a person's."""
    assert parse(f"{head}\r\nFrom: a@example.org\r\n\r\nHi".encode()).ignored is reason


def test_our_own_mail_comes_back_to_nobody() -> None:
    """What is sent from the address of replies is no reply."""
    assert parse(mail(sender="desk@example.org"), own="Desk@example.org").ignored is Ignored.OWN


def test_everything_has_a_bound() -> None:
    """A long text is cut."""
    assert len(parse(mail(text="x" * 500_000)).content.text) == TEXT_MAX


@pytest.mark.thorough
def test_parts_in_parts_by_the_thousand_break_nothing() -> None:
    """The library gives up at some depth."""
    nested = b"".join(b"Content-Type: multipart/mixed; boundary=b%d\r\n\r\n--b%d\r\n" % (n, n) for n in range(3_000))
    assert parse(b"From: a@example.org\r\n" + nested).references == ()


@given(st.binary(max_size=300))
def test_garbage_is_a_letter_that_says_little(raw: bytes) -> None:
    """Whatever bytes come, something is read, and the same each time."""
    assert parse(raw) == parse(raw)


def test_a_mail_about_one_ticket_carries_its_reference(monkeypatch: pytest.MonkeyPatch) -> None:
    """In its subject, with the address for replies; chat and other notices carry none."""
    said: list[str] = []
    opened: list[str] = []

    class Channel:
        def notify(self, *, title: str, **_more: object) -> bool:
            said.append(title)
            return True

    def remember(address: str) -> Channel:
        opened.append(address)
        return Channel()

    monkeypatch.setattr("alerts.delivery.apprise_channel.opened", remember)
    replies = Replies("desk@example.org", lambda number: f"[#{number}-sig]")
    ticket = Notice("n", from_ms(NOW_MS), "ticket.reopen", "tk_1", {"number": 7})

    for address, notice in (
        ("mailtos://u:p@mail.example?to=a@example.org", ticket),
        ("ntfy://topic", ticket),
        ("mailto://u:p@mail.example", Notice("n", from_ms(NOW_MS), "incident.opened", "in_1", {"number": 7})),
    ):
        AppriseTarget("x", address, "en", replies).deliver(notice)

    assert [one.endswith("[#7-sig]") for one in said] == [True, False, False]
    assert ["reply=desk%40example.org" in one for one in opened] == [True, False, True]


class Imap(socketserver.StreamRequestHandler):
    """As much of an IMAP server as a mailbox asks for."""

    box: dict[str, bytes]
    seen: set[str]

    def handle(self) -> None:
        """One connection."""
        self.say("* OK ready")
        for line in self.rfile:
            tag, _, asked = line.decode().strip().partition(" ")
            word = asked.upper()
            if word.startswith("CAPABILITY"):
                self.say("* CAPABILITY IMAP4rev1")
            elif word.startswith("LOGIN") and "wrong" in asked:
                self.say(f"{tag} NO [AUTHENTICATIONFAILED] wrong")
                continue
            elif word.startswith("SELECT"):
                self.say(f"* {len(self.box)} EXISTS")
            elif word.startswith("UID SEARCH UNSEEN"):
                self.say("* SEARCH " + " ".join(sorted(self.box.keys() - self.seen)))
            elif word.startswith("UID FETCH"):
                uid = asked.split()[2]
                raw = self.box[uid]
                self.wfile.write(f"* 1 FETCH (UID {uid} BODY[]<0> {{{len(raw)}}}\r\n".encode() + raw + b")\r\n")
            elif word.startswith("UID STORE"):
                self.seen.add(asked.split()[2])
            self.say(f"{tag} OK done")
            if word.startswith("LOGOUT"):
                return

    def say(self, line: str) -> None:
        """A line of the protocol."""
        self.wfile.write(line.encode() + b"\r\n")


@contextmanager
def imap(**box: bytes) -> Iterator[tuple[Mailbox, set[str]]]:
    """A server with these mails, and the numbers of those that were seen."""
    handler = type("OneImap", (Imap,), {"box": {name[1:]: raw for name, raw in box.items()}, "seen": set()})
    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            port = server.server_address[1]
            yield Mailbox.at(f"imap://desk:p%40ss@127.0.0.1:{port}/Reparatur"), handler.seen  # type: ignore[attr-defined]  # made above
        finally:
            server.shutdown()
            thread.join()


def test_a_mailbox_hands_over_what_is_unseen_and_marks_it_behind() -> None:
    """The oldest first; what could not be taken stays unseen and comes again."""
    taken: list[bytes] = []

    def take(raw: bytes) -> None:
        if len(taken) == 1:
            raise MailboxError("the database is away")
        taken.append(raw)

    with imap(_1=mail(identity="1"), _2=mail(identity="2")) as (box, seen):
        with pytest.raises(MailboxError):
            box.collect(take)
        assert seen == {"1"}

        assert box.collect(taken.append) == 1
        assert box.collect(taken.append) == 0

    assert taken == [mail(identity="1"), mail(identity="2")]
    assert seen == {"1", "2"}


def test_what_hinders_a_mailbox_is_a_sentence_without_the_password() -> None:
    """A wrong password, nobody there."""
    with imap() as (box, _seen):
        wrong = Mailbox(box.host, box.port, "desk", "wrong", is_encrypted=False)
        with pytest.raises(MailboxError, match="can't be read") as error:
            wrong.collect(print)
    assert "wrong" not in str(error.value)
    with pytest.raises(MailboxError, match="can't be read"):
        box.collect(print)


def test_the_url_of_a_mailbox_is_read() -> None:
    """With the ports of the protocol and the folder of new mail where none are named."""
    found = Mailbox.at("imaps://u%40x:p@mail.example")

    assert (found.port, found.user, found.folder, found.is_encrypted) == (993, "u@x", "INBOX", True)
    assert Mailbox.at("imap://u:p@mail.example/A%20B").folder == "A B"
