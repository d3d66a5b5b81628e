"""Secrets out of sight: URLs, and any text that may speak of them, with stars where a secret stood.

A password may hold what divides a URL (``/ # ? @ :``). In a text everything from the user's colon to the last ``@`` before
a space or quote counts as password: a star too many hides a path, one too few a secret. What the settings hold as secrets is
known besides, and hidden wherever it stands (:func:`keep_out`).
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from urllib.parse import quote, quote_plus, unquote, unquote_plus

HIDDEN = "***"
KNOWN_LENGTH_MIN = 5
"""A shorter secret may be a word; it is hidden only where URLs, queries and headers show that it is one."""

_PASSWORD = re.compile(r"(?s)^(\w[\w+.-]*://[^:@/?#]*):(.*)@")
_QUERY = re.compile(r"(?i)((?:token|password|secret|api_key)=)([^&]+)")
_IN_TEXT = re.compile(
    r"(?P<user>\w://[^\s:/@?#\"<>]*:)[^\s\"<>]+(?=@)"
    r"|(?P<query>(?i:password|token|secret|api_key)=)[^&\s\"']+"
    r"|(?P<field>(?i:\"\w*(?:password|secret|token|api_key)\w*\")\s*:\s*\")(?:[^\"\\]|\\.)+"
    r"|(?P<header>(?i:bearer|basic)\s+)[^\s\"',;]{8,}"
)
_known: tuple[str, ...] = ()


def mask_url(url: str) -> str:
    """The URL with its password, and any token in its query, replaced by stars.

    A password may hold what divides a URL: everything up to the last ``@`` counts as user and password.

    >>> mask_url("mqtt://fettle:a/b#c?d@e@broker:1883")
    'mqtt://fettle:***@broker:1883'
    """
    return _QUERY.sub(rf"\1{HIDDEN}", _PASSWORD.sub(rf"\1:{HIDDEN}@", url))


def without_secrets(text: str) -> str:
    """A text with stars where URLs, headers and fields carry secrets, and where a known one stands.

    >>> without_secrets("no broker at mqtt://fettle:hu/s#h?@host:1883")
    'no broker at mqtt://fettle:***@host:1883'
    """
    for secret in _known:
        text = text.replace(secret, HIDDEN)
    return _IN_TEXT.sub(
        lambda found: f"{found['user'] or found['query'] or found['field'] or found['header']}{HIDDEN}", text
    )


def keep_out(secrets: Iterable[str]) -> None:
    """Hide these from now on in every text of this process, as they are and as URLs write them."""
    global _known  # noqa: PLW0603  (as a process has one log, it has one list of what stays out of it)
    forms = {
        form
        for secret in secrets
        for form in (
            secret,
            unquote(secret),
            unquote_plus(secret),
            quote(secret),
            quote(secret, safe=""),
            quote_plus(secret),
        )
        if len(form) >= KNOWN_LENGTH_MIN
    }
    _known = tuple(sorted(forms | set(_known), key=len, reverse=True))


def secrets_of_url(url: str) -> list[str]:
    """The password of a URL, and the tokens of its query."""
    password = _PASSWORD.search(url)
    tokens = [found[1] for found in _QUERY.findall(url)]
    return [*([password[2]] if password else []), *tokens]
