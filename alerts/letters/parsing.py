"""Bytes of a mail → :class:`~alerts.letters.letter.Incoming`; no I/O, and garbage is a letter that says little.

Of a mail is read what a person wrote: plain text before HTML, without the older mails that it quotes. Everything has a
bound; what lies behind one is left out and never refused, as a person's word must not vanish because of its attachment.
"""

from __future__ import annotations

import email
import hashlib
import re
from collections.abc import Iterator
from email import policy
from email.errors import MessageError
from email.message import EmailMessage
from email.utils import parseaddr
from html.parser import HTMLParser

from alerts.customers.references import references_in
from alerts.letters.letter import Attached, Content, Ignored, Incoming

LETTER_BYTES_MAX = 10 * 2**20
"""Of a longer mail the beginning is read."""
TEXT_MAX = 10_000
LINE_MAX = 300
PARTS_MAX = 100
ATTACHED_MAX = 20
REFERENCES_MAX = 20
LOOKED_THROUGH = 200_000
"""Characters of a text in which quotes and references are looked for."""
_QUOTE_BEGINS = re.compile(
    r"^(on .{4,200} wrote:|am .{4,200} schrieb.{0,100}:|le .{4,200} a écrit\s?:|.{0,100}在.{0,200}写道[：:]"
    r"|-{2,}\s?(original message|ursprüngliche nachricht|原始邮件)\s?-{2,}|_{20,}|>.*)$",
    re.IGNORECASE,
)
_ROBOTS = ("mailer-daemon@", "postmaster@", "no-reply@", "noreply@", "do-not-reply@", "donotreply@")
_BULK = frozenset({"bulk", "junk", "list", "auto_reply"})


def parse(raw: bytes, *, own: str | None = None) -> Incoming:
    """Read a mail; ``own`` is our own address, from which nothing comes that is a reply."""
    try:
        message = email.message_from_bytes(raw[:LETTER_BYTES_MAX], policy=policy.default)
        assert isinstance(message, EmailMessage)  # noqa: S101 - what this policy makes
        return _read(message, raw, own)
    except (MessageError, LookupError, ValueError, RecursionError, AttributeError, TypeError, IndexError):
        return Incoming(_digest(raw), Content("", "", ""), ())  # the library stumbles over some mails that are none


def _read(message: EmailMessage, raw: bytes, own: str | None) -> Incoming:
    sender = parseaddr(_header(message, "from"))[1].lower()
    subject = _header(message, "subject")
    text, attached = _body(message)
    places = [subject, *(_header(message, name) for name in ("to", "cc", "delivered-to", "in-reply-to", "references"))]
    found = [one for place in (*places, text[:LOOKED_THROUGH]) for one in references_in(place)]
    identity = _header(message, "message-id")
    content = Content(sender[:LINE_MAX], subject[:LINE_MAX], without_quotes(text[:LOOKED_THROUGH])[:TEXT_MAX], attached)
    references = tuple(dict.fromkeys(found))[:REFERENCES_MAX]
    return Incoming(
        _digest(identity.encode("utf-8", "replace") or raw), content, references, _ignored(message, sender, own)
    )


def _ignored(message: EmailMessage, sender: str, own: str | None) -> Ignored | None:
    """Whether no person wrote it (RFC 3834, and what is done without one)."""
    if own is not None and sender == own.lower():
        return Ignored.OWN
    is_report = message.get_content_type() == "multipart/report"
    if is_report or _header(message, "return-path") == "<>" or sender.startswith(("mailer-daemon@", "postmaster@")):
        return Ignored.BOUNCE
    said = _header(message, "auto-submitted").partition(";")[0].lower()
    is_automatic = said not in {"", "no"} or _header(message, "precedence").lower() in _BULK
    marks = ("x-autoreply", "x-autorespond", "list-id", "list-unsubscribe")
    if is_automatic or any(message.get(mark) for mark in marks) or sender.startswith(_ROBOTS):
        return Ignored.AUTOMATIC
    return None


def _header(message: EmailMessage, name: str) -> str:
    value = message.get(name)
    return "" if value is None else _shown(" ".join(str(value).split()))


def _body(message: EmailMessage) -> tuple[str, tuple[Attached, ...]]:
    plain, rich = list[str](), list[str]()
    attached = list[Attached]()
    for part in _leaves(message):
        name, kind = part.get_filename(), part.get_content_type()
        if name is not None or part.get_content_disposition() == "attachment" or part.get_content_maintype() != "text":
            if len(attached) < ATTACHED_MAX:
                payload = part.get_payload(decode=True)
                size = len(payload) if isinstance(payload, bytes) else 0
                attached.append(Attached(_shown(name or "")[:LINE_MAX], kind[:LINE_MAX], size))
        elif kind == "text/html":
            rich.append(text_of_html(_text(part)))
        else:
            plain.append(_text(part))
    chosen = plain if any(one.strip() for one in plain) else rich
    return _shown("\n".join(chosen).replace("\r\n", "\n")).strip(), tuple(attached)


def _leaves(message: EmailMessage) -> Iterator[EmailMessage]:
    for number, part in enumerate(message.walk()):
        if number >= PARTS_MAX:
            return
        if not part.is_multipart() and isinstance(part, EmailMessage):
            yield part


def _text(part: EmailMessage) -> str:
    payload = part.get_payload(decode=True)
    raw = payload if isinstance(payload, bytes) else b""
    try:
        return raw.decode(part.get_content_charset("utf-8"), "replace")
    except LookupError:
        return raw.decode("utf-8", "replace")


def _shown(text: str) -> str:
    """Without signs that show nothing and do something: control characters, halves of pairs, turned direction."""
    clean = text.encode("utf-8", "replace").decode()
    return "".join(one for one in clean if one in "\n\t" or (one.isprintable() or one == "\u3000"))


def without_quotes(text: str) -> str:
    """What stands above the mail that is answered; all of it where nothing does."""
    lines = text.splitlines()
    for at, line in enumerate(lines):
        if _QUOTE_BEGINS.match(line.strip()):
            above = "\n".join(lines[:at]).strip()
            return above or text.strip()
    return text.strip()


def text_of_html(html: str) -> str:
    """What a reader of HTML sees, as lines; nothing in it is followed or run."""
    reader = _Html()
    reader.feed(html[:LOOKED_THROUGH])
    reader.close()
    lines = (" ".join(line.split()) for line in "".join(reader.pieces).splitlines())
    return re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).strip()


class _Html(HTMLParser):
    """Text between tags; a tag that makes a block makes a line."""

    _BLOCKS = frozenset({"p", "div", "br", "li", "tr", "h1", "h2", "h3", "h4", "blockquote", "table", "ul", "ol", "hr"})
    _HIDDEN = frozenset({"script", "style", "head", "title", "template"})

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.pieces = list[str]()
        self._hidden = 0

    def handle_starttag(self, tag: str, _attributes: list[tuple[str, str | None]]) -> None:
        if tag in self._HIDDEN:
            self._hidden += 1
        elif tag in self._BLOCKS:
            self.pieces.append("\n> " if tag == "blockquote" else "\n")

    def handle_endtag(self, tag: str) -> None:
        if tag in self._HIDDEN:
            self._hidden = max(0, self._hidden - 1)

    def handle_data(self, data: str) -> None:
        if not self._hidden:
            self.pieces.append(data.replace("\n", " "))


def _digest(identity: bytes) -> str:
    return hashlib.sha256(identity).hexdigest()
