"""What a broker answers instead of a welcome → an error with one sentence that says what to do; no I/O."""

from __future__ import annotations

import ssl
from typing import TYPE_CHECKING

from mqtt5 import ConnAckReasonCode, DisconnectReasonCode

from ingest.mqtt.errors import BrokerReason, MqttError

if TYPE_CHECKING:
    from ingest.mqtt.address import BrokerAddress

_REFUSALS = (  # the codec's codes can't be hashed
    ConnAckReasonCode.BAD_USER_NAME_OR_PASSWORD,
    ConnAckReasonCode.NOT_AUTHORIZED,
    ConnAckReasonCode.BANNED,
    ConnAckReasonCode.CLIENT_ID_NOT_VALID,
    ConnAckReasonCode.BAD_AUTHENTICATION_METHOD,
)


def no_way_in(error: OSError, address: BrokerAddress) -> MqttError:
    """The socket could not be opened."""
    if isinstance(error, ssl.SSLError):
        why = getattr(error, "verify_message", "") or error.reason or str(error)
        return MqttError(BrokerReason.TLS, f"no TLS connection to the broker {address}: {why}")
    if address.is_tls and error.errno is None:  # it ended within the handshake
        return MqttError(
            BrokerReason.TLS, f"no TLS connection to the broker {address}: does it speak TLS on this port?"
        )
    why = error.strerror or str(error)
    return MqttError(BrokerReason.UNREACHABLE, f"no broker at {address} ({why}): start it, or set FETTLE_MQTT_URL")


def closed_without_answer(address: BrokerAddress) -> str:
    """The broker closed before any CONNACK."""
    sentence = f"the broker {address} closed the connection without an answer: does it speak MQTT 5 on this port"
    if address.is_tls and address.cert_file is None:
        return f"{sentence}, and does it want a client certificate (FETTLE_MQTT_CERT_FILE)?"
    return f"{sentence}?"


def refusal(code: ConnAckReasonCode, address: BrokerAddress) -> MqttError | None:
    """What a CONNACK means, ``None`` for a welcome."""
    if code == ConnAckReasonCode.SUCCESS:
        return None
    if code == ConnAckReasonCode.UNSUPPORTED_PROTOCOL_VERSION:
        return MqttError(BrokerReason.OLD_PROTOCOL, f"the broker {address} does not speak MQTT 5 on this port")
    word = code.name.lower()
    if code in _REFUSALS:
        sentence = f"the broker {address} refuses user {address.user!r} ({word})"
        return MqttError(BrokerReason.REFUSED, f"{sentence}: check user and password in FETTLE_MQTT_URL")
    return MqttError(BrokerReason.LOST, f"the broker {address} does not let us in now ({word})")


def dismissal(code: DisconnectReasonCode, address: BrokerAddress, client_id: str) -> MqttError:
    """What a DISCONNECT of the broker means."""
    if code == DisconnectReasonCode.SESSION_TAKEN_OVER:
        return MqttError(
            BrokerReason.TAKEN_OVER,
            f"another client took over the client id {client_id!r} at the broker {address}: "
            "only one ingest process may run for one user",
        )
    return MqttError(BrokerReason.LOST, f"the broker {address} ended the connection ({code.name.lower()})")
