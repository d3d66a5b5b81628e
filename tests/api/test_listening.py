"""The socket that HTTP is served on."""

from __future__ import annotations

import socket

from api.http.listening import UNSENT_BYTES, bind


def test_answers_on_a_kept_connection_do_not_wait_for_the_clients_ack() -> None:
    """An accepted socket sends small answers at once."""
    listening = bind("127.0.0.1", 0)
    with listening, socket.create_connection(listening.getsockname()) as _client, listening.accept()[0] as accepted:
        assert accepted.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)


def test_a_peer_that_is_gone_is_given_up() -> None:
    """An accepted socket does not wait for ever for an ack, nor keep much for whoever does not read."""
    listening = bind("127.0.0.1", 0)
    with listening, socket.create_connection(listening.getsockname()) as _client, listening.accept()[0] as accepted:
        assert 0 < accepted.getsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT) <= 60_000
        assert accepted.getsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF) <= 2 * UNSENT_BYTES
