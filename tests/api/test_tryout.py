"""``fettle serve --embedded-broker``: a try-out with nothing to install beside it."""

from __future__ import annotations

import socket
from pathlib import Path

import pytest

from api.service.service import ServiceError
from api.service.tryout import service_with_broker
from api.settings.settings import Settings


def test_a_taken_port_is_said_with_what_to_do(tmp_path: Path) -> None:
    """Where a broker runs already, the sentence names the port and the way without one of our own."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        settings = Settings(data_dir=tmp_path, mqtt_url=f"mqtt://127.0.0.1:{port}")

        with (
            pytest.raises(ServiceError, match=rf"127\.0\.0\.1:{port}.*without --embedded-broker"),
            service_with_broker(settings),
        ):
            pass


def test_the_service_speaks_to_its_own_broker(tmp_path: Path) -> None:
    """The broker listens on loopback where the settings say, and the service is told where."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    settings = Settings(data_dir=tmp_path, mqtt_url=f"mqtt://127.0.0.1:{port}", http_listen="127.0.0.1:0")

    with service_with_broker(settings) as (_service, broker):
        assert broker.old_url() == f"mqtt://127.0.0.1:{port}"
        with socket.create_connection(("127.0.0.1", port), timeout=5):
            pass
