"""The socket that HTTP is served on."""

from __future__ import annotations

import socket

from api.http.listening import bind


def test_answers_on_a_kept_connection_do_not_wait_for_the_clients_ack() -> None:
    """An accepted socket sends small answers at once."""
    listening = bind("127.0.0.1", 0)
    with listening, socket.create_connection(listening.getsockname()) as _client, listening.accept()[0] as accepted:
        assert accepted.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)
