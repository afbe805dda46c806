"""Geometry on the globe. Pure; degrees WGS 84."""

from math import asin, cos, radians, sin, sqrt

EARTH_M = 6_371_008.8


def antimeridian_share(longitude: float, other: float) -> float | None:
    """Where the short way from one longitude to another meets the 180th meridian.

    Returns the share of the way that lies before it (0 to 1), None when it is not crossed:
    two longitudes half a world apart have two short ways.
    """
    if abs(other - longitude) <= 180:
        return None
    before, after = 180 - abs(longitude), 180 - abs(other)
    return before / (before + after) if before else 0.0


def metres(latitude: float, longitude: float, latitude2: float, longitude2: float) -> float:
    """How far two places are apart (haversine)."""
    north = sin(radians(latitude2 - latitude) / 2)
    east = sin(radians(longitude2 - longitude) / 2)
    a = north * north + cos(radians(latitude)) * cos(radians(latitude2)) * east * east
    return 2 * EARTH_M * asin(min(1.0, sqrt(a)))
