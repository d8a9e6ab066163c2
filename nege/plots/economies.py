"""Pictures of one economy: its shares as bars, its places on a map."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import xarray as xr

from nege import validation
from nege.errors import InputError
from nege.plots import agglomeration, maps
from nege.plots.style import BLUE, GREY, ORANGE, new_axes
from nege.plots.varied import label as label_of
from nege.validation.keywords import hinted

if TYPE_CHECKING:
    from matplotlib.axes import Axes


class EquilibriumPlot:
    """Pictures of one economy: ``equilibrium.plot.shares()``, ``equilibrium.plot.map()``."""

    def __init__(self, data: xr.Dataset, geography: Any, online: str | None, movers: str) -> None:
        """Take an economy's variables, its geography, its online region, who moves."""
        self._data, self._geography = data, geography
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
        self,
        ax: Axes | None = None,
        *,
        variable: str | None = None,
        industry: str | None = None,
        background: Any = None,
    ) -> Axes:
        """Draw the places where they are, by their share of workers or another variable.

        Parameters
        ----------
        ax : Axes, optional
            Where to draw; a new figure by default.
        variable : str, optional
            What places are coloured by: a number that each of them has, such as "wage".
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
            With one dot per place, its area in proportion to its share; where the geography has
            polygons, these, filled by value.

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
        data, coordinates = self._data, self._geography.coordinates
        polygons = self._geography.polygons
        if variable is not None:
            if industry is not None:
                raise InputError("industry", industry, "left out where variable= is given")
            return self._coloured(variable, polygons, ax, background)
        if agglomeration.has_industries(data):
            return agglomeration.industry_map(
                coordinates,
                data,
                industry=industry,
                ax=ax,
                background=background,
                polygons=polygons,
            )
        if industry is not None:
            raise InputError("industry", industry, "left out", "This economy has no industries.")
        share = data["share"].values[: len(self._geography)]
        if polygons is not None:
            label = f"share of {self._movers}"
            ax = maps.choropleth(polygons, share, label, ax=ax, background=background)
        else:
            ax = maps.places(coordinates, share, ax=ax, background=background)
        if self._online is not None:
            online = float(data["share"].values[-1])
            ax.set_title(f"online: {online:.1%} of {self._movers}")
        return ax

    def _coloured(self, name: str, polygons: Any, ax: Axes | None, background: Any) -> Axes:
        """Draw places coloured by a variable of the economy."""
        data, count = self._data, len(self._geography)
        dims = ("region",), ("place",)
        known = [str(key) for key, held in data.data_vars.items() if held.dims in dims]
        held = data[validation.known("variable", name, known)]
        values, label = held.values[:count], label_of(held)
        if polygons is not None:
            return maps.choropleth(polygons, values, label, ax=ax, background=background)
        people = next(data[key].values for key in ("share", "population") if key in data)[:count]
        where = self._geography.coordinates
        style = {"cmap": "cividis_r", "edgecolors": GREY, "background": background}
        ax = maps.places(where, people, colour=values, ax=ax, **style)
        dots = next(one for one in ax.collections if one.get_gid() == "places")
        figure: Any = ax.get_figure()
        figure.colorbar(dots, ax=ax, label=label, shrink=0.8)
        return ax
