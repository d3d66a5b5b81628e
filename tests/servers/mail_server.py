"""A mail server that speaks SMTP as mail servers do, and says what it is told to say."""

from __future__ import annotations

import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email import message_from_bytes, policy
from email.message import EmailMessage

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session

from tests.servers.running import free_port

OK = "250 OK"


@dataclass
class Desk:
    """Where mails arrive; ``at_recipient`` and ``at_data`` are its next answers, one for each mail, and then it takes them."""

    port: int
    at_recipient: list[str] = field(default_factory=list)
    at_data: list[str] = field(default_factory=list)
    mails: list[EmailMessage] = field(default_factory=list)
    was_private: list[bool] = field(default_factory=list)

    async def handle_RCPT(  # noqa: N802 - its name in the library
        self, _server: SMTP, _session: Session, envelope: Envelope, to: str, _options: list[str]
    ) -> str:
        """Take a recipient, or say why not."""
        if self.at_recipient:
            return self.at_recipient.pop(0)
        envelope.rcpt_tos.append(to)
        return OK

    async def handle_DATA(self, _server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802 - its name in the library
        """Take a mail, or say why not."""
        if self.at_data:
            return self.at_data.pop(0)
        content = envelope.content
        mail = message_from_bytes(
            content if isinstance(content, bytes) else (content or "").encode(), policy=policy.default
        )
        assert isinstance(mail, EmailMessage)
        self.mails.append(mail)
        self.was_private.append(session.ssl is not None and bool(session.authenticated))
        return OK


def _is_known(_server: SMTP, _session: Session, _envelope: Envelope, _mechanism: str, said: object) -> AuthResult:
    known = isinstance(said, LoginPassword) and (said.login, said.password) == (b"desk", b"secret")
    return AuthResult(success=known)


@contextmanager
def receiving_mail(tls: ssl.SSLContext | None = None) -> Iterator[Desk]:
    """A running server; with ``tls`` it asks for STARTTLS and a login before it takes anything."""
    desk = Desk(free_port())
    controller = Controller(
        desk, hostname="127.0.0.1", port=desk.port, authenticator=_is_known,
        tls_context=tls, require_starttls=tls is not None, auth_required=tls is not None,
    )  # fmt: skip
    controller.start()
    try:
        yield desk
    finally:
        controller.stop()
