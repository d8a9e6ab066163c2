"""What nege adds to Datasets: ``ds.nege``, with pictures and tables of sweeps and paths."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd  # type: ignore[import-untyped]
import xarray as xr

from nege.errors import InputError
from nege.plots.accessor import SweepPlot
from nege.results.failed_points import FailedPoints, how_they_ended
from nege.results.tables import Tabular
from nege.status import Status

__all__ = ["DatasetAccessor"]


@xr.register_dataset_accessor("nege")  # type: ignore[no-untyped-call]
class DatasetAccessor(Tabular):
    """What nege adds to Datasets that it made: pictures, tables, and which points failed.

    ``ds.nege.plot``, ``ds.nege.to_csv``, ``ds.nege.failed()``.

    Examples
    --------
    >>> import nege
    >>> places = nege.geography.equidistant(2)
    >>> economy = nege.CorePeriphery(places, sigma=5, mu=0.4, trade_cost=2)
    >>> ds = nege.sweep(economy, {"trade_cost": [2.2, 1.8, 1.5], "mu": [0.3, 0.4]})
    >>> ds.nege.plot.heatmap("welfare").get_ylabel()
    'share of spending on manufactures'
    >>> ds.nege.to_dataframe("welfare").shape
    (6, 1)
    """

    def __init__(self, data: xr.Dataset) -> None:
        self._data = data

    @property
    def plot(self) -> SweepPlot:
        """Pictures, each of which takes ``ax=`` and returns the Axes."""
        return SweepPlot(self._data)

    def failed(self) -> pd.DataFrame:
        """Return the points that have no values: where they are, why, and what to try.

        Returns
        -------
        DataFrame
            A row for each point whose status is not CONVERGED, with the values of what was varied,
            ``status`` by name, ``reason`` (of functions what they raised) and ``remedy``, with the
            limit that was hit; without rows where there is none. It prints in full, however narrow
            the terminal. ``nege.sweep(..., overwrite="failed")`` solves these points anew in their
            store.

        Raises
        ------
        InputError
            For a Dataset without "status".

        Examples
        --------
        >>> import nege
        >>> places = nege.geography.equidistant(2)
        >>> economy = nege.CorePeriphery(places, sigma=5, mu=0.4, trade_cost=2)
        >>> hurried = nege.SolverOptions(limit_steps=40)
        >>> ds = nege.sweep(economy, {"trade_cost": [2.2, 1.5]}, options=hurried)
        >>> ds.nege.failed()[["trade_cost", "status"]]
           trade_cost status
        0         1.5  LIMIT
        """
        if "status" not in self._data:
            names = [str(name) for name in self._data]
            cure = "nege.sweep and nege.follow make them."
            raise InputError("ds", names, 'a Dataset with "status" over what was varied', cure)
        status = self._data["status"]
        if not status.ndim:  # one point that was chosen
            return DatasetAccessor(self._data.expand_dims("point")).failed()
        where = np.nonzero(status.values != Status.CONVERGED)
        at = {dim: xr.Variable("row", k) for dim, k in zip(status.dims, where, strict=True)}
        over = {
            str(name): coord.variable
            for name, coord in status.coords.items()
            if coord.ndim and set(coord.dims) <= set(status.dims)
        }
        told: dict[str, Any] = {str(dim): at[dim].values for dim in status.dims if dim not in over}
        told |= {name: coord.isel(at, missing_dims="ignore").values for name, coord in over.items()}
        ended = how_they_ended(self._data, where)
        reason, remedy = ([one.in_words()[i] for one in ended] for i in (0, 1))
        if "reason" in self._data:
            said = self._data["reason"].values[where].tolist()
            reason = [str(own) or words for own, words in zip(said, reason, strict=True)]
        told |= {"status": [one.status.name for one in ended], "reason": reason, "remedy": remedy}
        return FailedPoints(told, columns=list(told)).out_of(status.size)

    def _tabulated(self) -> xr.Dataset:
        return self._data
