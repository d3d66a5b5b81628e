"""A PgBouncer in transaction mode in front of a PostgreSQL, with fewer connections behind it than before."""

from __future__ import annotations

import os
import shutil
import tempfile
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from tests.servers.running import accepts, running

if TYPE_CHECKING:
    from collections.abc import Iterator

BEHIND = 3
"""Connections to PostgreSQL, for however many clients."""
_SETTINGS = """\
[databases]
* = host=127.0.0.1 port={behind} user=fettle

[pgbouncer]
listen_addr = 127.0.0.1
listen_port = {port}
unix_socket_dir =
auth_type = any
pool_mode = transaction
default_pool_size = {size}
max_client_conn = 200
admin_users = fettle
"""


@contextmanager
def pooler(program: Path, *, port: int, behind: int) -> Iterator[int]:
    """Runs until the end of the block; yields its port.

    It refuses to be root, so it runs as PostgreSQL's user then, over a folder that this user can look into.
    """
    with tempfile.TemporaryDirectory(prefix="fettle-pgbouncer-") as name:
        folder = Path(name)
        settings = folder / "pgbouncer.ini"
        settings.write_text(_SETTINGS.format(behind=behind, port=port, size=BEHIND))
        command: list[str | Path] = [program, settings]
        if os.getuid() == 0:
            folder.chmod(0o755)
            shutil.chown(settings, "postgres")
            command = ["setpriv", "--reuid=postgres", "--regid=postgres", "--clear-groups", *command]
        with running(command, log=folder / "log", is_ready=lambda: accepts(port)):
            yield port
