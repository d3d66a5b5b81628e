"""Where the keys that commands are signed with come from: a file in the data folder, made when it is first needed.

To replace a key, write a new one as the first line and keep the old one behind it until every appliance knows the new one's
public half.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from alerts.errors import DeskError
from api.service.private_folder import make_private_file
from ingest.wire.signature import SigningKeys, new_signing_key, read_signing_keys

if TYPE_CHECKING:
    from pathlib import Path

FILE_NAME = "command.keys"


class CommandKeysError(DeskError):
    """The keys can't be used; the text says why and what to do."""


def command_keys(folder: Path) -> SigningKeys:
    """The ring of keys of an installation; raises :class:`CommandKeysError`."""
    path = folder / FILE_NAME
    try:
        make_private_file(path, f"# Signs the commands to appliances; the first line signs.\n{new_signing_key()}\n")
        return read_signing_keys(path.read_text(encoding="ascii"))
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise CommandKeysError(
            f"The keys that commands are signed with can't be read from {path}: {reason}. Bring the file back, or remove it"
            " and give every appliance the new public key."
        ) from error
