"""A webhook is one signed exchange with one deadline, and its answer is understood."""

from __future__ import annotations

import socket
import threading
import time
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from alerts.delivery import kinds
from alerts.delivery.kind import Kind, Receiver
from alerts.delivery.kinds import open_receivers
from alerts.delivery.log import LogTarget
from alerts.delivery.webhook import BODY_BYTES_MAX, WebhookTarget
from alerts.errors import InvalidError
from alerts.notices.notice import DeliveryError, Notice, NoticeRefusedError, ReceiverGoneError
from ingest.clock import ManualClock, to_ms
from tests.alerts.receivers import SECRET, dripping, receiving

NOTICE = Notice("no_1", datetime(2026, 11, 21, tzinfo=UTC), "ticket.opened", "tk_1", {"number": 1})
OK = b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n"


def test_a_receiver_that_drips_its_answer_is_cut_off_at_the_deadline() -> None:
    """Each byte comes in time and the whole does not: the notice counts as not delivered, when the deadline is over."""
    with dripping(OK) as receiver:
        began = time.monotonic()
        with pytest.raises(DeliveryError, match=r"took longer than 0\.15 s"):
            WebhookTarget(receiver.url, SECRET, timeout_s=0.15).deliver(NOTICE)

        assert time.monotonic() - began < 2
        assert 0 < receiver.bytes_sent < len(OK)


def test_a_receiver_that_is_slow_within_the_deadline_has_the_notice() -> None:
    """The same drip with time enough is a yes, so it is the deadline that says no above."""
    with dripping(OK) as receiver:
        WebhookTarget(receiver.url, SECRET, timeout_s=30).deliver(NOTICE)


def test_a_receiver_that_never_ends_its_refusal_is_cut_off_too() -> None:
    """The body of an answer stands under the same deadline as its head."""
    head, body = b"HTTP/1.1 500 no\r\ncontent-length: 100000\r\n\r\n", b"x" * 1000
    with dripping(body, at_once=head) as receiver, pytest.raises(DeliveryError, match="took longer than"):
        WebhookTarget(receiver.url, SECRET, timeout_s=0.3).deliver(NOTICE)

    assert 0 < receiver.bytes_sent < len(body)


def test_a_name_that_is_looked_up_for_ever_is_cut_off_too(monkeypatch: pytest.MonkeyPatch) -> None:
    """The deadline begins with the look-up of the name; a resolver that hangs holds nothing up."""
    answered = threading.Event()

    def hang(*_args: object, **_more: object) -> None:
        answered.wait(30)
        raise OSError("no such name")

    monkeypatch.setattr(socket, "getaddrinfo", hang)
    began = time.monotonic()
    with pytest.raises(DeliveryError, match="took longer than"):
        WebhookTarget("http://tickets.example/", SECRET, timeout_s=0.05).deliver(NOTICE)

    assert time.monotonic() - began < 5
    answered.set()


def test_of_a_long_refusal_no_more_is_read_than_a_sentence_needs() -> None:
    """The beginning of what a receiver says stands in the error, on one line, without control characters."""
    body = b"the\x00 hook\n is off " + b"x" * 100_000
    length = {"content-length": str(len(body))}
    with receiving(500, headers=length, body=body) as receiver, pytest.raises(DeliveryError) as caught:
        WebhookTarget(receiver.url, SECRET).deliver(NOTICE)

    assert str(caught.value).startswith("the receiver answered 500: the hook is off xxx")
    assert len(str(caught.value)) < 300 < BODY_BYTES_MAX


def test_a_redirect_is_not_followed() -> None:
    """What is signed for one address is not handed to another."""
    with receiving(200) as elsewhere, receiving(302, 307, headers={"location": elsewhere.url}) as receiver:
        for _ in range(2):
            with pytest.raises(DeliveryError, match="answered 30"):
                WebhookTarget(receiver.url, SECRET).deliver(NOTICE)

    assert (len(receiver.requests), len(elsewhere.requests)) == (2, 0)


@pytest.mark.parametrize(
    ("path", "heard"),
    [("/höhe?von=ä", "/h%C3%B6he?von=%C3%A4"), ("/a b", "/a%20b"), ("/h%C3%B6he", "/h%C3%B6he"), ("/中", "/%E4%B8%AD")],
)
def test_letters_beyond_ascii_in_an_address_are_encoded(path: str, heard: str) -> None:
    """A path may be written as people write it."""
    with receiving() as receiver:
        WebhookTarget(receiver.url + path, SECRET).deliver(NOTICE)

    assert receiver.paths == [heard]


@pytest.mark.parametrize(
    ("header", "asked_s"),
    [
        ("120", 120.0),
        ("0", 0.0),
        ("999999999", 24 * 3600.0),
        ("Sat, 21 Nov 2026 12:02:00 GMT", 120.0),
        ("Sat, 21 Nov 2026 11:00:00 GMT", 0.0),
        ("-5", None),
        ("soon", None),
    ],
)
def test_how_long_a_receiver_wants_to_be_left_in_peace_is_read(header: str, asked_s: float | None) -> None:
    """Retry-After is seconds or a date, never more than a day; what is neither asks for nothing."""
    clock = ManualClock(to_ms(datetime(2026, 11, 21, 12, 0, tzinfo=UTC)))
    encoded = header.encode().decode("latin-1")
    with receiving(429, headers={"retry-after": encoded}) as receiver, pytest.raises(DeliveryError) as caught:
        WebhookTarget(receiver.url, SECRET, clock=clock).deliver(NOTICE)

    if header.isascii():
        assert caught.value.retry_after_s == asked_s


@pytest.mark.parametrize(
    ("status", "error"),
    [
        (410, ReceiverGoneError),
        (400, NoticeRefusedError),
        (422, NoticeRefusedError),
        (401, DeliveryError),
        (404, DeliveryError),
        (429, DeliveryError),
        (500, DeliveryError),
        (503, DeliveryError),
    ],
)
def test_an_answer_says_whether_it_is_the_notice_or_the_receiver(status: int, error: type[DeliveryError]) -> None:
    """What speaks of one notice holds no other up; 410 wants no more; everything else is the receiver's trouble."""
    with receiving(status) as receiver, pytest.raises(DeliveryError) as caught:
        WebhookTarget(receiver.url, SECRET).deliver(NOTICE)

    assert type(caught.value) is error


@pytest.mark.parametrize("answer", [b"", b"\x00\xff" * 50, b"HTTP/1.1 two hundred\r\n\r\n"])
def test_an_answer_that_is_none_is_the_receivers_trouble(answer: bytes) -> None:
    """A receiver that speaks something else, or hangs up, is told in words."""
    with dripping(answer, every_s=0) as receiver, pytest.raises(DeliveryError, match=r"can't be reached|took longer"):
        WebhookTarget(receiver.url, SECRET, timeout_s=0.2).deliver(NOTICE)


@pytest.mark.parametrize(
    ("url", "secret"),
    [
        ("ftp://x/", SECRET),
        ("http://", SECRET),
        ("http://x:port/", SECRET),
        ("http://[::1/", SECRET),
        ("http://x/\x00", SECRET),
        ("http://x/", ""),
        ("http://x/", "whsec_"),
        ("http://x/", "whsec_!!!"),
        ("http://x/", "plainsecret"),
        ("http://x/", "whsec_c2hvcnQ="),
    ],
)
def test_a_webhook_that_can_not_work_is_refused_at_once(url: str, secret: str) -> None:
    """A wrong address, or a secret that is no base64 of at least 24 bytes, is refused before anything is sent."""
    with pytest.raises(InvalidError, match="webhook"):
        WebhookTarget(url, secret)


def test_nothing_secret_stands_in_a_receivers_name() -> None:
    """User, password and query are left out of what is logged and stored."""
    target = WebhookTarget("https://me:pw@tickets.example:8443/höok?token=t0ken", SECRET)

    assert target.name == "webhook:https://tickets.example:8443/höok"
    assert "Mf" not in repr(target)


class Pigeons:
    """A receiver of a kind that nobody has seen before."""

    name = "pigeons"

    def deliver(self, notice: Notice) -> None:
        """Off it flies."""


def test_a_new_kind_of_receiver_is_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    """A kind that stands in the list is opened for its addresses; nothing else knows of it."""
    monkeypatch.setattr(kinds, "KINDS", (*kinds.KINDS, Kind(("pigeon",), "pigeon:", lambda _receiver: Pigeons())))

    names = [target.name for target in open_receivers([Receiver("log:"), Receiver("pigeon:dovecote")])]

    assert names == ["log", "pigeons"]


def test_addresses_that_nobody_answers_to_are_refused_with_an_example() -> None:
    """An unknown scheme, two of one name and a webhook without a secret are one sentence each."""
    hook = Receiver("https://a.example/hook?key=1", SECRET)
    assert next(target.name for target in open_receivers([Receiver("log:"), hook])) == LogTarget().name
    for receivers, sentence in (
        ([Receiver("pigeon:dovecote")], "write for example log: or https://tickets.example/hook"),
        ([Receiver("tickets.example")], "write for example"),
        ([hook, replace(hook, address="https://a.example/hook?key=2")], "have one name"),
        ([Receiver("https://a.example/hook?key=1")], r"https://a\.example\) needs FETTLE_WEBHOOK_SECRET"),
    ):
        with pytest.raises(InvalidError, match=sentence):
            open_receivers(receivers)
