"""How long a way takes, without a map service: the distance as the crow flies, a detour, and a speed that grows with it.

    minutes = 5 + km of the first 10 at 30 km/h + the rest at 70 km/h,   km = 1.3 × great circle

The 5 minutes are parking and the door. Where a place is not known, a way takes 25 minutes. Within a town this is within
some minutes of what is driven; over a mountain or a river it is not, and nothing here knows that.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

from alerts.place import Place

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

DETOUR = 1.3
EARTH_KM = 6371.0
TOWN_KM = 10.0
TOWN_KMH = 30.0
ROAD_KMH = 70.0
DOOR_MIN = 5.0
UNKNOWN_MIN = 25.0


def travel_min(start: Place | None, end: Place | None) -> float:
    """Minutes from one place to another.

    >>> round(travel_min(Place(50.94, 6.96), Place(51.23, 6.78)), 1)
    55.0
    """
    if start is None or end is None:
        return UNKNOWN_MIN
    north = math.radians(end.latitude - start.latitude)
    east = math.radians(end.longitude - start.longitude)
    shrink = math.cos(math.radians(start.latitude)) * math.cos(math.radians(end.latitude))
    half = math.sin(north / 2) ** 2 + shrink * math.sin(east / 2) ** 2
    km = DETOUR * 2 * EARTH_KM * math.asin(math.sqrt(half))
    return DOOR_MIN + 60 * (min(km, TOWN_KM) / TOWN_KMH + max(km - TOWN_KM, 0.0) / ROAD_KMH)


def travel_matrix_s(places: Sequence[Place | None]) -> NDArray[np.uint32]:
    """Seconds from each place to each, in whole minutes rounded up; of shape (n, n)."""
    import numpy as np  # noqa: PLC0415  (only a day plan needs it)

    known = np.array([place is not None for place in places])
    latitude = np.radians([place.latitude if place else 0.0 for place in places])
    longitude = np.radians([place.longitude if place else 0.0 for place in places])
    north, east = np.subtract.outer(latitude, latitude), np.subtract.outer(longitude, longitude)
    shrink = np.multiply.outer(np.cos(latitude), np.cos(latitude))
    half = np.sin(north / 2) ** 2 + shrink * np.sin(east / 2) ** 2
    km = DETOUR * 2 * EARTH_KM * np.arcsin(np.sqrt(np.clip(half, 0.0, 1.0)))
    minutes = DOOR_MIN + 60 * (np.minimum(km, TOWN_KM) / TOWN_KMH + np.maximum(km - TOWN_KM, 0.0) / ROAD_KMH)
    minutes[~np.logical_and.outer(known, known)] = UNKNOWN_MIN
    seconds: NDArray[np.uint32] = (np.ceil(minutes) * 60).astype(np.uint32)
    return seconds
