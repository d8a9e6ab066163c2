"""Geography: places, the distances between them, and the online region.

Every function here makes a :class:`Geography`; ``makers`` has the table of them.
"""

from nege.geography.makers import (
    GeographyWarning,
    cities,
    equidistant,
    from_distance,
    from_points,
    grid,
    line,
    racetrack,
    star,
)
from nege.geography.metrics import Circle, Grid, Line, Matrix, Metric
from nege.geography.places import Geography
from nege.geography.tables import from_dataframe

__all__ = [
    "Circle",
    "Geography",
    "GeographyWarning",
    "Grid",
    "Line",
    "Matrix",
    "Metric",
    "cities",
    "equidistant",
    "from_dataframe",
    "from_distance",
    "from_points",
    "grid",
    "line",
    "racetrack",
    "star",
]
