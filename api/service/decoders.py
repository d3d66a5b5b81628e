"""What makes decoders for the threads that read messages: they share what was learned of foreign devices."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import structlog

from ingest.wire.columns import BatchDecoder
from ingest.wire.foreign import codecs_of
from ingest.wire.foreign.devices import Device, load_devices
from ingest.wire.foreign.discovery import Discovery
from ingest.wire.topic import TopicScheme

if TYPE_CHECKING:
    from api.settings.settings import Settings
    from ingest.profiles.definition import Profile

log = structlog.get_logger()

FILE_NAME = "homeassistant.json"


@dataclass(frozen=True, slots=True)
class Decoders:
    """Makes decoders; each belongs to one thread. ``file`` keeps what was learned over a restart."""

    profiles: Mapping[str, Profile]
    scheme: TopicScheme
    codecs: tuple[str, ...]
    devices: Mapping[str, Device]
    file: Path
    discovery: Discovery = field(default_factory=Discovery)

    @classmethod
    def of(cls, settings: Settings, profiles: Mapping[str, Profile]) -> Decoders:
        """As the settings say, with what is known from before."""
        devices = {} if settings.devices_file is None else load_devices(settings.devices_file)
        made = cls(profiles, TopicScheme(settings.topic_root), settings.codecs, devices, settings.data_dir / FILE_NAME)
        try:
            is_read = made.discovery.load(made.file.read_bytes())
        except FileNotFoundError:
            return made
        except OSError as error:
            log.warning("discovery_not_read", file=str(made.file), sentence=str(error))
            return made
        if not is_read:
            log.warning("discovery_not_read", file=str(made.file), sentence="it is of another format")
        return made

    def learning(self) -> BatchDecoder:
        """A decoder that takes in what devices say of themselves: the one that admits, or the readers of a lone process."""
        return self._decoder(is_learning=True)

    def reading(self) -> BatchDecoder:
        """A decoder that reads again what was read before, and learns nothing from old messages."""
        return self._decoder(is_learning=False)

    def keep(self) -> None:
        """Write down what was learned; where that fails it is said, and the broker's retained messages teach it again."""
        fresh = self.file.with_suffix(".new")
        try:
            fresh.write_bytes(self.discovery.to_bytes())
            fresh.replace(self.file)
        except OSError as error:
            log.warning("discovery_not_kept", file=str(self.file), sentence=str(error))

    def _decoder(self, *, is_learning: bool) -> BatchDecoder:
        codecs = codecs_of(self.codecs, self.discovery, is_learning=is_learning)
        return BatchDecoder(self.profiles, scheme=self.scheme, codecs=codecs, devices=self.devices)
