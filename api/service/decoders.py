"""What makes decoders for the threads that read messages: they share what was learned of foreign devices."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import structlog

from ingest.wire.columns import BatchDecoder
from ingest.wire.foreign import codecs_of
from ingest.wire.foreign.devices import Device, DeviceBook, assigned, load_devices
from ingest.wire.foreign.discovery import Discovery
from ingest.wire.foreign.setting import topics_by_codec
from ingest.wire.foreign.traces import FILE_NAME as TRACES_NAME
from ingest.wire.foreign.traces import Traces
from ingest.wire.topic import TopicScheme

if TYPE_CHECKING:
    from api.settings.settings import Settings
    from ingest.profiles.definition import Profile

log = structlog.get_logger()

FILE_NAME = "homeassistant.json"


@dataclass(frozen=True, slots=True)
class Decoders:
    """Makes decoders; each belongs to one thread.

    What was learned outlives a restart in the books; ``file`` is where an earlier version kept it, ``traces_file`` where it
    is told what was not read.
    """

    profiles: Mapping[str, Profile]
    scheme: TopicScheme
    codecs: tuple[str, ...]
    devices: Mapping[str, Device]
    topics: Mapping[str, Sequence[str]]
    file: Path
    traces_file: Path
    discovery: Discovery = field(default_factory=Discovery)
    traces: Traces = field(default_factory=Traces)

    @classmethod
    def of(cls, settings: Settings, profiles: Mapping[str, Profile]) -> Decoders:
        """As the settings say, with what is known from before."""
        devices = {} if settings.devices_file is None else load_devices(settings.devices_file)
        scheme, folder = TopicScheme(settings.topic_root), settings.data_dir
        topics = topics_by_codec(settings.foreign_topics)
        discovery = Discovery(assigned(devices, "homeassistant"))
        files = folder / FILE_NAME, folder / TRACES_NAME
        made = cls(profiles, scheme, settings.codecs, devices, topics, *files, discovery)
        _read(made.file, made.discovery.load)
        _read(made.traces_file, made.traces.load)
        return made

    def learning(self) -> BatchDecoder:
        """A decoder that takes in what devices say of themselves: the one that admits, or the readers of a lone process."""
        return self._decoder(is_learning=True)

    def reading(self) -> BatchDecoder:
        """A decoder that reads again what was read before, and learns nothing from old messages."""
        return self._decoder(is_learning=False)

    def keep_traces(self) -> None:
        """Write down what was heard and not read, for whoever asks."""
        _write(self.traces_file, self.traces.to_bytes())

    def _decoder(self, *, is_learning: bool) -> BatchDecoder:
        codecs = codecs_of(
            self.codecs, self.discovery, is_learning=is_learning, topics=self.topics, mapped=tuple(self.devices)
        )
        book = DeviceBook(self.devices, self.discovery.claims, is_claiming=is_learning)
        traces = self.traces if is_learning else None
        remembering = (self.discovery,) if is_learning else ()
        return BatchDecoder(
            self.profiles, scheme=self.scheme, codecs=codecs, devices=book, traces=traces, remembering=remembering
        )


def _read(file: Path, load: Callable[[bytes], bool]) -> None:
    """Take over what is known from before."""
    try:
        is_read = load(file.read_bytes())
    except FileNotFoundError:
        return
    except OSError as error:
        log.warning("discovery_not_read", file=str(file), sentence=str(error))
        return
    if not is_read:
        log.warning("discovery_not_read", file=str(file), sentence="it is of another format")


def _write(file: Path, data: bytes) -> None:
    """Replace a file as a whole."""
    fresh = file.with_suffix(".new")
    try:
        fresh.write_bytes(data)
        fresh.replace(file)
    except OSError as error:
        log.warning("discovery_not_kept", file=str(file), sentence=str(error))
