"""A mailbox over IMAP: what is unseen in one folder is taken, and marked as seen when it is durable.

Mail is never deleted here. A connection lives for one round, so that nothing has to be kept alive; whatever breaks is
:class:`MailboxError` with a sentence, and what was not marked comes again: the same letter twice is one.
"""

from __future__ import annotations

import imaplib
import ssl
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import unquote, urlsplit

from alerts.letters.parsing import LETTER_BYTES_MAX

AT_ONCE = 50
TIMEOUT_S = 20.0


class MailboxError(Exception):
    """The mailbox can't be read now."""


@dataclass(frozen=True, slots=True)
class Mailbox:
    """A folder of a mail server; ``imap://`` is encrypted as well where the server offers it."""

    host: str
    port: int
    user: str
    password: str = field(repr=False)
    folder: str = "INBOX"
    is_encrypted: bool = True

    @classmethod
    def at(cls, url: str) -> Mailbox:
        """The mailbox at ``imaps://user:password@host:port/FOLDER``."""
        parts = urlsplit(url)
        is_encrypted = parts.scheme == "imaps"
        return cls(
            parts.hostname or "",
            parts.port or (993 if is_encrypted else 143),
            unquote(parts.username or ""),
            unquote(parts.password or ""),
            unquote(parts.path.strip("/")) or "INBOX",
            is_encrypted,
        )

    def collect(self, take: Callable[[bytes], object], is_over: Callable[[], bool] = lambda: False) -> int:
        """Hand over what is unseen, the oldest first, at most fifty; returns how many were taken."""
        with self._opened() as box:
            numbers = _said(box.uid("SEARCH", "UNSEEN"), "search")[0].split()
            for taken, number in enumerate(numbers[:AT_ONCE]):
                if is_over():
                    return taken
                name = number.decode("ascii")
                found = _said(box.uid("FETCH", name, f"(BODY.PEEK[]<0.{LETTER_BYTES_MAX}>)"), "fetch")
                raw = next((part[1] for part in found if isinstance(part, tuple)), b"")
                take(raw)
                _said(box.uid("STORE", name, "+FLAGS.SILENT", r"(\Seen)"), "mark")
            return len(numbers[:AT_ONCE])

    @contextmanager
    def _opened(self) -> Iterator[imaplib.IMAP4]:
        try:
            box = self._connect()
            try:
                box.login(self.user, self.password)
                quoted = self.folder.replace("\\", "\\\\").replace('"', '\\"')
                _said(box.select(f'"{quoted}"'), f"open the folder {self.folder} of")
                yield box
            finally:
                with suppress(imaplib.IMAP4.error, OSError):
                    box.logout()
        except (imaplib.IMAP4.error, OSError, UnicodeError) as error:
            said = str(error).replace(self.password, "***") if self.password else str(error)
            raise MailboxError(f"the mailbox at {self.host}:{self.port} can't be read: {said[:200]}") from error

    def _connect(self) -> imaplib.IMAP4:
        context = ssl.create_default_context()
        if self.is_encrypted:
            return imaplib.IMAP4_SSL(self.host, self.port, ssl_context=context, timeout=TIMEOUT_S)
        box = imaplib.IMAP4(self.host, self.port, timeout=TIMEOUT_S)
        if "STARTTLS" in box.capabilities:
            box.starttls(context)
        return box


def _said(answer: tuple[str, list[Any]], what: str) -> list[Any]:
    state, found = answer
    if state != "OK":
        raise MailboxError(f"the mail server refused to {what} the mailbox: {found[:1]!r:.200}")
    return found
