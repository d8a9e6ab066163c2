"""Polygons of places, for maps: kept as well-known binary, which files can hold.

geopandas is imported where they are looked at, and not before.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, NamedTuple

import numpy as np
import xarray as xr

from nege.errors import require

__all__ = ["Polygons", "is_geodataframe"]


def is_geodataframe(table: Any) -> bool:
    """Whether a table is a GeoDataFrame, said without importing geopandas."""
    return any(
        kind.__name__ == "GeoDataFrame" and kind.__module__.split(".")[0] == "geopandas"
        for kind in type(table).__mro__
    )


class Polygons(NamedTuple):
    """Outlines of the places, in their order, and the coordinate reference system they are in."""

    wkb: tuple[bytes, ...]
    crs: str

    def __len__(self) -> int:
        return len(self.wkb)

    def among(self, places: Iterable[int]) -> Polygons:
        """Return those of some places, given by position."""
        return Polygons(tuple(self.wkb[place] for place in places), self.crs)

    def series(self, names: Iterable[str]) -> Any:
        """Return them as a GeoSeries by name of place."""
        geopandas = require("geopandas", "geo", "Looking at polygons")
        made = geopandas.GeoSeries.from_wkb(list(self.wkb), index=list(names), crs=self.crs)
        return made.rename_axis("region")

    def to_dataset(self) -> xr.Dataset:
        """Return them as numbers that netCDF can hold: bytes one after another, and how many."""
        return xr.Dataset(
            {
                "polygon_bytes": ("byte", np.frombuffer(b"".join(self.wkb), dtype=np.uint8)),
                "polygon_length": ("region", np.array([len(one) for one in self.wkb])),
            },
            attrs={"polygon_crs": self.crs},
        )

    @classmethod
    def from_dataset(cls, stored: xr.Dataset) -> Polygons | None:
        """Return what ``to_dataset`` stored; None where there are none."""
        if "polygon_bytes" not in stored:
            return None
        whole = np.asarray(stored["polygon_bytes"].values, dtype=np.uint8).tobytes()
        ends = np.cumsum(stored["polygon_length"].values).tolist()
        parts = zip([0, *ends[:-1]], ends, strict=True)
        wkb = tuple(whole[begin:end] for begin, end in parts)
        return cls(wkb, str(stored.attrs["polygon_crs"]))
