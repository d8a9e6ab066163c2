"""What nege adds to Datasets: ``ds.nege``, with pictures and tables of sweeps and paths."""

from __future__ import annotations

import xarray as xr

from nege.plots.accessor import SweepPlot
from nege.results.tables import Tabular

__all__ = ["DatasetAccessor"]


@xr.register_dataset_accessor("nege")  # type: ignore[no-untyped-call]
class DatasetAccessor(Tabular):
    """What nege adds to Datasets that it made: ``ds.nege.plot`` and tables, ``ds.nege.to_csv``.

    Examples
    --------
    >>> import nege
    >>> places = nege.geography.equidistant(2)
    >>> economy = nege.CorePeriphery(places, sigma=5, mu=0.4, trade_cost=2)
    >>> ds = nege.sweep(economy, {"trade_cost": [2.2, 1.8, 1.5], "mu": [0.3, 0.4]})
    >>> ds.nege.plot.heatmap("welfare").get_ylabel()
    'share of manufactures in spending'
    >>> ds.nege.to_dataframe("welfare").shape
    (6, 1)
    """

    def __init__(self, data: xr.Dataset) -> None:
        self._data = data

    @property
    def plot(self) -> SweepPlot:
        """Pictures, each of which takes ``ax=`` and returns the Axes."""
        return SweepPlot(self._data)

    def _tabulated(self) -> xr.Dataset:
        return self._data
