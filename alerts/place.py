"""Place: a point on earth, for planning who goes where."""

from __future__ import annotations

from dataclasses import dataclass

from alerts.errors import InvalidError

COARSE_DECIMALS = 2
"""A hundredth of a degree is about a kilometre: enough for an estimate of travel, too little for a door."""


@dataclass(frozen=True, slots=True)
class Place:
    """A point on earth in degrees."""

    latitude: float
    longitude: float

    def __post_init__(self) -> None:
        """Refuse what is not on earth."""
        if not (-90 <= self.latitude <= 90 and -180 <= self.longitude <= 180):
            raise InvalidError("latitude is -90 to 90, longitude -180 to 180.")

    @property
    def coarse(self) -> Place:
        """The same to a kilometre."""
        return Place(round(self.latitude, COARSE_DECIMALS), round(self.longitude, COARSE_DECIMALS))


def place_of(latitude: float | None, longitude: float | None) -> Place | None:
    """The place of two numbers, None where one is missing."""
    return None if latitude is None or longitude is None else Place(latitude, longitude)
