"""Where the keys of the contact details come from: a file of their own, or a command that prints them.

Without either setting the file lies in the data folder and is made, readable by its owner alone, when it is first
needed. Whoever loses it loses the contact details; so it belongs into another backup than the database.
"""

from __future__ import annotations

import shlex
import subprocess
from functools import cache
from typing import TYPE_CHECKING

from alerts.customers.sealing import Seal, new_key, read_keys
from alerts.errors import DatabaseError, UnavailableError
from api.service.private_folder import make_private_file

if TYPE_CHECKING:
    from collections.abc import Callable

    from api.settings.settings import Settings

COMMAND_TIMEOUT_S = 20
FILE_NAME = "contact.keys"


def contact_keys(settings: Settings) -> Callable[[], Seal]:
    """What gives the ring of keys; it is read once, when somebody first asks."""

    @cache
    def read() -> Seal:
        try:
            return read_keys(_text(settings))
        except DatabaseError as error:
            raise UnavailableError(str(error)) from error

    return read


def _text(settings: Settings) -> str:
    """The text of the keys; :class:`UnavailableError` with what to do where it can't be had."""
    if settings.contact_key_command is not None:
        return _ask(settings.contact_key_command)
    named = settings.contact_key_file
    path = named or settings.data_dir / FILE_NAME
    if named is None:
        head = "# Seals the contact details of customers. Keep a copy apart from the database."
        make_private_file(path, f"{head}\n{new_key()}\n")
    try:
        return path.read_text(encoding="ascii")
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or "it is no text"
        raise UnavailableError(
            f"The contact keys can't be read from {path}: {reason}. Write a key of `fettle customers new-key` into it."
        ) from error


def _ask(command: str) -> str:
    """What the command prints."""
    try:
        asked = subprocess.run(  # noqa: S603  (the operator names the command in the settings)
            shlex.split(command), capture_output=True, text=True, timeout=COMMAND_TIMEOUT_S, check=False
        )
    except (OSError, ValueError, subprocess.TimeoutExpired) as error:
        name = "it took too long" if isinstance(error, subprocess.TimeoutExpired) else error
        raise UnavailableError(f"FETTLE_CONTACT_KEY_COMMAND can't be run: {name}.") from error
    if asked.returncode != 0:
        said = " ".join(asked.stderr.split())[:200] or "it said nothing"
        raise UnavailableError(f"FETTLE_CONTACT_KEY_COMMAND ended with {asked.returncode}: {said}.")
    return asked.stdout
