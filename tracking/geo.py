"""Geometry on the globe. Pure; degrees WGS 84."""


def antimeridian_share(longitude: float, other: float) -> float | None:
    """Where the short way from one longitude to another meets the 180th meridian.

    Returns the share of the way that lies before it (0 to 1), None when it is not crossed:
    two longitudes half a world apart have two short ways.
    """
    if abs(other - longitude) <= 180:
        return None
    before, after = 180 - abs(longitude), 180 - abs(other)
    return before / (before + after) if before else 0.0
