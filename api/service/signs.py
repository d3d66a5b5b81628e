"""How a process is: what keeps it from its work, in sentences, and what Prometheus reads.

Each room brings its own figures and reasons when it opens; here they are put together. Rooms are asked when somebody looks:
nothing is kept.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.parser import text_string_to_metric_families
from prometheus_client.registry import Collector

from api.settings.masking import without_secrets

if TYPE_CHECKING:
    from collections.abc import Mapping


def _none() -> Iterable[Metric]:
    """No figures."""
    return ()


def _fine() -> Iterable[str]:
    """Nothing is amiss."""
    return ()


@dataclass(frozen=True, slots=True)
class Signs:
    """What one room says of itself; both are asked from any thread, and fail never."""

    figures: Callable[[], Iterable[Metric]] = _none
    reasons: Callable[[], Iterable[str]] = _fine


class VitalSigns(Collector):
    """The signs of all rooms of a process, in the order in which they were opened."""

    def __init__(self) -> None:
        self._rooms: list[Signs] = []
        self._lock = threading.Lock()
        self._registry = CollectorRegistry(auto_describe=False)
        self._registry.register(self)

    def add(self, signs: Signs) -> None:
        """A room has opened; from any thread."""
        with self._lock:
            self._rooms.append(signs)

    def not_ready(self) -> Sequence[str]:
        """What keeps the process from its work; each reason once."""
        return list(dict.fromkeys(without_secrets(reason) for room in self._each() for reason in room.reasons()))

    def collect(self) -> Iterator[Metric]:
        """All figures, as they are now; of two rooms with one figure the first counts."""
        told: set[str] = set()
        for room in self._each():
            for figure in room.figures():
                if figure.name not in told:
                    told.add(figure.name)
                    yield figure

    def exposition(self) -> bytes:
        """The text that Prometheus reads."""
        return generate_latest(self._registry)

    def _each(self) -> Sequence[Signs]:
        with self._lock:
            return tuple(self._rooms)


def figures_of(exposition: bytes) -> Iterator[tuple[str, dict[str, str], float]]:
    """Name, labels and value of every figure in a text that Prometheus reads."""
    for family in text_string_to_metric_families(exposition.decode()):
        for sample in family.samples:
            yield sample.name, dict(sample.labels), sample.value


def counter(name: str, doc: str, value: float) -> Metric:
    """A counter without labels; its sample is called ``{name}_total``."""
    return CounterMetricFamily(name, doc, value=value)


def gauge(name: str, doc: str, value: float) -> Metric:
    """A gauge without labels."""
    return GaugeMetricFamily(name, doc, value=value)


def counters(name: str, doc: str, label: str, counts: Mapping[str, float]) -> Metric:
    """A counter for each value of a label."""
    family = CounterMetricFamily(name, doc, labels=[label])
    for value, count in counts.items():
        family.add_metric([value], count)
    return family


def gauges(name: str, doc: str, label: str, values: Mapping[str, float]) -> Metric:
    """A gauge for each value of a label."""
    return gauges_of(name, doc, [label], [([value], figure) for value, figure in values.items()])


def gauges_of(name: str, doc: str, labels: Sequence[str], values: Iterable[tuple[Sequence[str], float]]) -> Metric:
    """A gauge for each values of some labels."""
    family = GaugeMetricFamily(name, doc, labels=labels)
    for told, figure in values:
        family.add_metric(told, figure)
    return family
