"""Pictures of one economy: its shares as bars, its places on a map."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import xarray as xr

from nege import validation
from nege.errors import InputError
from nege.plots import agglomeration, maps
from nege.plots.style import BLUE, ORANGE, new_axes
from nege.validation.keywords import hinted

if TYPE_CHECKING:
    from matplotlib.axes import Axes


class EquilibriumPlot:
    """Pictures of one economy: ``equilibrium.plot.shares()``, ``equilibrium.plot.map()``."""

    def __init__(
        self, data: xr.Dataset, coordinates: xr.Dataset | None, online: str | None, movers: str
    ) -> None:
        """Take an economy's variables, where its places are, its online region, who moves."""
        self._data, self._coordinates = data, coordinates
        self._online, self._movers = online, movers

    @hinted
    def shares(self, ax: Axes | None = None, *, largest: int = 20) -> Axes:
        """Draw the share of workers by region as bars, largest first; of industries, by channel.

        Parameters
        ----------
        ax : Axes, optional
            Where to draw; a new figure by default.
        largest : int
            How many places to show; the online region is always among them.

        Returns
        -------
        Axes
            With one bar per region; where there are industries, one per place, industry
            and channel.

        Examples
        --------
        >>> import nege
        >>> places = nege.geography.equidistant(2)
        >>> economy = nege.CorePeriphery(places, sigma=5, mu=0.4, trade_cost=1.5)
        >>> nege.solve(economy).plot.shares().get_ylabel()
        'share of workers and firms'
        """
        ax = new_axes(ax)
        largest = validation.whole("largest", largest, at_least=1)
        if agglomeration.has_industries(self._data):
            return agglomeration.shares(self._data, largest=largest, ax=ax)
        share = self._data["share"]
        order = np.argsort(-share.values, kind="stable")[:largest]
        if self._online is not None and share.size - 1 not in order:
            order = np.append(order[:-1], share.size - 1)
        names = share["region"].values[order]
        ax.bar(
            np.arange(order.size),
            share.values[order],
            color=[ORANGE if name == self._online else BLUE for name in names],
        )
        ax.set_xticks(np.arange(order.size), names, rotation=60 if order.size > 6 else 0)
        alone = self._movers == "firms"
        ax.set_ylabel("share of firms" if alone else f"share of {self._movers} and firms")
        if order.size < share.size:
            ax.set_title(f"{order.size} of {share.size} regions")
        return ax

    @hinted
    def map(
        self, ax: Axes | None = None, *, industry: str | None = None, background: Any = None
    ) -> Axes:
        """Draw the places where they are, by their share of workers.

        Parameters
        ----------
        ax : Axes, optional
            Where to draw; a new figure by default.
        industry : str, optional
            Where there are industries, the one to draw, coloured by how far it sells
            online; by default people, coloured by the industry that a place is
            specialised in.
        background : GeoDataFrame, GeoSeries or path, optional
            Borders to draw beneath, in degrees or in a projection that they name; a file
            is read by geopandas.

        Returns
        -------
        Axes
            With one dot per place, its area in proportion to its share.

        Raises
        ------
        InputError
            For a geography without coordinates, or an unknown industry.

        Examples
        --------
        >>> import nege
        >>> economy = nege.CorePeriphery(nege.geography.racetrack(4), sigma=5, mu=0.4, trade_cost=2)
        >>> len(nege.solve(economy).plot.map().collections[-1].get_offsets())
        4
        """
        data, coordinates = self._data, self._coordinates
        if agglomeration.has_industries(data):
            return agglomeration.industry_map(
                coordinates, data, industry=industry, ax=ax, background=background
            )
        if industry is not None:
            raise InputError("industry", industry, "left out", "This economy has no industries.")
        share = data["share"].values
        physical = share.size - (self._online is not None)
        ax = maps.places(coordinates, share[:physical], ax=ax, background=background)
        if self._online is not None:
            online = float(share[-1])
            ax.set_title(f"online: {online:.1%} of {self._movers}")
        return ax
