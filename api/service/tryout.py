"""A broker on loopback for a try-out: ``fettle serve`` with nothing to install beside it.

Anyone on this machine may speak there, and the broker forgets all when it ends: it is for a first evening, not for homes.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from urllib.parse import urlsplit

from api.service.process_lock import AlreadyRunning, ProcessLock, UnusableFolder
from api.service.role import ALL
from api.service.service import Service, ServiceError
from api.service.surroundings import Surroundings
from api.settings.settings import Settings
from ingest.mqtt.embedded_broker import WINDOW, EmbeddedBroker

USUAL_PORT = 1883


@contextmanager
def service_with_broker(settings: Settings) -> Iterator[tuple[Service, EmbeddedBroker]]:
    """A service that is not started yet, and the broker that it will speak to, at the port of the settings for MQTT 3.1.1."""
    port = urlsplit(settings.mqtt_url).port or USUAL_PORT
    broker = EmbeddedBroker(old_port=port)
    lock = ProcessLock(settings.data_dir, tuple(role.value for role in ALL))
    try:
        lock.acquire()  # before the broker, and until its end: a restart waits for the ports of the one before
    except (AlreadyRunning, UnusableFolder) as error:
        raise ServiceError(str(error)) from error
    try:
        broker.start()
    except OSError as error:
        lock.release()
        raise ServiceError(
            f"The embedded broker can't listen at 127.0.0.1:{port} ({error}): another broker runs there, which "
            "`fettle serve` without --embedded-broker would use."
        ) from error
    try:
        own = settings.model_copy(update={"mqtt_url": broker.url()})
        around = Surroundings(connection=broker.options(settings.mqtt_client_id), window=WINDOW)
        yield Service(own, around, lock=lock), broker
    finally:
        broker.stop()
        lock.release()
