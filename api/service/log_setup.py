"""Logs: events with keys on stderr; readable on a terminal, one JSON object per line elsewhere.

Values of keys that name a secret are replaced, at whatever depth, and in any text what stands where URLs and headers carry
one, or is known to be one (:mod:`api.settings.masking`). So does what other libraries log.
"""

from __future__ import annotations

import logging
import sys
from collections.abc import MutableMapping
from typing import Any

import structlog

from api.settings.masking import HIDDEN, without_secrets

SECRET_WORDS = ("password", "secret", "token", "api_key", "authorization", "cookie", "consent_code")
_DEPTH_MAX = 6


def hide_secrets(_logger: object, _method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """Replace the value of every key that names a secret, and the secrets in texts."""
    for key, value in event.items():
        event[key] = _without_secrets(key, value, _DEPTH_MAX)
    return event


def _without_secrets(key: object, value: Any, depth: int) -> Any:
    """A value as it may be logged under a key."""
    if isinstance(key, str) and any(word in key.lower() for word in SECRET_WORDS):
        return HIDDEN
    if isinstance(value, str):
        return without_secrets(value)
    if depth and isinstance(value, dict):
        return {name: _without_secrets(name, inner, depth - 1) for name, inner in value.items()}
    if depth and isinstance(value, list | tuple):
        return [_without_secrets(None, inner, depth - 1) for inner in value]
    return value


class _PlainFormatter(logging.Formatter):
    """What other libraries log, without secrets."""

    def format(self, record: logging.LogRecord) -> str:
        """The line, traceback and all."""
        return without_secrets(super().format(record))


def configure(log_format: str = "auto", *, level: int = logging.INFO) -> None:
    """Set logging up for this process; ``log_format`` is auto, json or text."""
    is_text = log_format == "text" or (log_format == "auto" and sys.stderr.isatty())
    processors: list[structlog.types.Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.format_exc_info,  # before the secrets are hidden, because an error may speak of one
        hide_secrets,
    ]
    if is_text:
        # Plain tracebacks: the pretty ones show local variables, and with them secrets.
        plain = structlog.dev.plain_traceback
        processors.append(structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty(), exception_formatter=plain))
    else:
        processors.append(structlog.processors.JSONRenderer(default=lambda value: without_secrets(repr(value))))
    structlog.configure(
        processors=processors,
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=structlog.WriteLoggerFactory(file=sys.stderr),
        cache_logger_on_first_use=False,
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(_PlainFormatter("%(levelname)s %(name)s %(message)s"))
    logging.basicConfig(level=logging.WARNING, handlers=[handler], force=True)
