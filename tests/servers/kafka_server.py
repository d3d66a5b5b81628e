"""A Kafka of one node (KRaft) for tests: started on free loopback ports, killed and started again on the same data."""

from __future__ import annotations

import os
import signal
import subprocess
import uuid
from base64 import urlsafe_b64encode
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from tests.servers.running import START_TIMEOUT_S, cache_folder, find_program, free_port, wait_until

KAFKA = "kafka-4.1.1"
READY = b"Kafka Server started"
_SETTINGS = """\
process.roles=broker,controller
node.id=1
controller.quorum.voters=1@127.0.0.1:{controller}
listeners=PLAINTEXT://127.0.0.1:{port},CONTROLLER://127.0.0.1:{controller}
advertised.listeners=PLAINTEXT://127.0.0.1:{port}
controller.listener.names=CONTROLLER
listener.security.protocol.map=CONTROLLER:PLAINTEXT,PLAINTEXT:PLAINTEXT
inter.broker.listener.name=PLAINTEXT
log.dirs={data}
auto.create.topics.enable=false
offsets.topic.replication.factor=1
offsets.topic.num.partitions=4
transaction.state.log.replication.factor=1
transaction.state.log.min.isr=1
transaction.state.log.num.partitions=4
group.initial.rebalance.delay.ms=0
"""


def kafka_jars() -> Path | None:
    """The folder of Kafka's jars, where deploy/servers.sh keeps them; ``None`` without them or without Java."""
    jars = cache_folder() / KAFKA / "libs"
    return jars if jars.is_dir() and find_program("java") else None


@dataclass(slots=True)
class KafkaServer:
    """One node; ``start`` it, ``kill`` it, ``stop`` it."""

    folder: Path
    jars: Path
    port: int = field(default_factory=free_port)
    _controller: int = field(default_factory=free_port)
    _process: subprocess.Popen[bytes] | None = None

    def url(self, topic: str) -> str:
        """The journal's URL for a topic."""
        return f"kafka://127.0.0.1:{self.port}/{topic}"

    @property
    def pid(self) -> int:
        """The running process."""
        assert self._process is not None
        return self._process.pid

    @property
    def is_running(self) -> bool:
        """Whether the process lives."""
        return self._process is not None and self._process.poll() is None

    def start(self) -> None:
        """Start, on the data of the last time if there is any, and wait until it is ready."""
        settings, data, log = self.folder / "kafka.properties", self.folder / "data", self.folder / "log"
        java = ["java", "-Xmx512m", "-XX:TieredStopAtLevel=1", "-cp", f"{self.jars}/*"]
        if not data.exists():
            text = _SETTINGS.format(port=self.port, controller=self._controller, data=data)
            settings.write_text(text)
            cluster = urlsafe_b64encode(uuid.UUID(int=1).bytes).rstrip(b"=").decode()
            words = ["kafka.tools.StorageTool", "format", "-t", cluster, "-c", str(settings)]
            subprocess.run([*java, *words], check=True, capture_output=True, timeout=START_TIMEOUT_S)
        with log.open("wb") as output:
            self._process = subprocess.Popen(
                [*java, "kafka.Kafka", str(settings)], stdout=output, stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL
            )
        wait_until(lambda: READY in log.read_bytes(), self._process, log)

    def kill(self) -> None:
        """End it as the machine's failure would."""
        assert self._process is not None
        self._process.kill()
        self._process.wait()

    def stop(self) -> None:
        """Ask it to end."""
        if self._process is None or self._process.poll() is not None:
            return
        with suppress(ProcessLookupError):
            os.kill(self._process.pid, signal.SIGTERM)
        try:
            self._process.wait(START_TIMEOUT_S)
        except subprocess.TimeoutExpired:
            self.kill()
