"""An MQTT broker in a child process, for the demo on a machine without one.

It listens on 127.0.0.1 only: MQTT 5 on one port, for the service, and MQTT 3.1.1 on another, for clients that don't
speak 5; both carry the same messages. A message with properties of MQTT 5 would end its listener for 3.1.1 (a panic in
rumqttd 0.20), so the service connects with :meth:`EmbeddedBroker.options`, which sends none. It keeps everything in memory, has no ACL, and loses messages of a consumer that
stays away for long: a real broker is one setting away (``FETTLE_MQTT_URL``).
"""

from __future__ import annotations

import contextlib
import json
import socket
import tempfile
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from iotcore import Broker

from ingest.mqtt.connection import ConnectionOptions

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from types import TracebackType
    from typing import Self

WINDOW = 100
"""It sends at most so many unacknowledged messages to one subscriber, whatever the subscriber announces."""

LOG_BYTES = 16 * 1024 * 1024
_LOG_PIECES = 4
_CONNECTIONS_MAX = 10_000
_PAYLOAD_BYTES_MAX = 65_536


@dataclass(slots=True)
class EmbeddedBroker:
    """The broker; a context manager, or :meth:`start` and :meth:`stop`. ``users`` = name → password, none: anyone."""

    users: Mapping[str, str] = field(default_factory=dict)
    port: int = 0
    """Port for MQTT 5; 0 takes a free one."""
    old_port: int = 0
    """Port for MQTT 3.1.1; 0 takes a free one."""
    log_bytes: int = LOG_BYTES
    """How much it keeps of each topic filter, read or not: what a consumer lags behind by more than three quarters of it is lost."""
    _broker: Broker | None = None
    _folder: tempfile.TemporaryDirectory[str] | None = None

    def start(self) -> Self:
        """Start and return when both ports accept connections; raises :class:`OSError` if one is taken."""
        with _free_ports(self.port, self.old_port) as (self.port, self.old_port):
            pass
        self._folder = tempfile.TemporaryDirectory(prefix="fettle-broker-")
        path = Path(self._folder.name) / "broker.toml"
        path.write_text(_configuration(self.port, self.old_port, self.users, self.log_bytes))
        self._broker = Broker(config_path=str(path))
        try:
            self._broker.start()
        except BaseException:
            self.stop()
            raise
        return self

    def stop(self) -> None:
        """End the child process and free its ports; may be called twice."""
        broker, self._broker = self._broker, None
        if broker is not None:
            with contextlib.suppress(OSError):
                broker.stop()
        folder, self._folder = self._folder, None
        if folder is not None:
            folder.cleanup()

    def url(self, user: str | None = None) -> str:
        """Where clients of MQTT 5 connect, with the credentials of ``user``."""
        return self._url(self.port, user)

    def old_url(self, user: str | None = None) -> str:
        """Where clients of MQTT 3.1.1 connect, with the credentials of ``user``."""
        return self._url(self.old_port, user)

    @staticmethod
    def options(client_id: str) -> ConnectionOptions:
        """How the service connects to this broker.

        No properties, no rests, which its small window would not bear, and nothing of our own: rumqttd 0.20 knows no "no
        local", sends all at the QoS of the subscription, and ends a connection that acknowledges out of order.
        """
        return ConnectionOptions(client_id, is_expiry_sent=False, rest_s=0, hears_itself=True)

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def _url(self, port: int, user: str | None) -> str:
        login = f"{user}:{self.users[user]}@" if user is not None and user in self.users else ""
        return f"mqtt://{login}127.0.0.1:{port}"


@contextlib.contextmanager
def _free_ports(*wanted: int) -> Iterator[list[int]]:
    """The wanted ports, with free ones in the place of zeros."""
    with contextlib.ExitStack() as stack:
        ports: list[int] = []
        for port in wanted:
            if port:
                ports.append(port)
                continue
            listener = stack.enter_context(socket.socket())
            listener.bind(("127.0.0.1", 0))
            ports.append(listener.getsockname()[1])
        yield ports


def _configuration(port: int, old_port: int, users: Mapping[str, str], log_bytes: int) -> str:
    """The broker's TOML; a JSON string is a TOML string."""
    lines = [
        "id = 0",
        "[router]",
        "id = 0",
        f"max_connections = {_CONNECTIONS_MAX}",
        "max_outgoing_packet_count = 200",
        f"max_segment_size = {log_bytes // _LOG_PIECES}",
        f"max_segment_count = {_LOG_PIECES}",
    ]
    for section, listen in (("v5.1", port), ("v4.1", old_port)):
        lines += [
            f"[{section}]",
            f'name = "{section}"',
            f'listen = "127.0.0.1:{listen}"',
            "next_connection_delay_ms = 1",
            f"[{section}.connections]",
            "connection_timeout_ms = 60000",
            f"max_payload_size = {_PAYLOAD_BYTES_MAX}",
            f"max_inflight_count = {WINDOW}",
            "dynamic_filters = true",
        ]
        if users:
            lines.append(f"[{section}.connections.auth]")
            lines += [f"{json.dumps(name)} = {json.dumps(password)}" for name, password in users.items()]
    return "\n".join(lines) + "\n"
