"""Pictures of one economy: its shares as bars, its places on a map."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import xarray as xr

from nege import validation
from nege.errors import Guide, InputError, drawn
from nege.plots import agglomeration, by_place, maps, varied
from nege.plots.accessor import SweepPlot
from nege.plots.style import BLUE, ORANGE, new_axes
from nege.validation.keywords import hinted

if TYPE_CHECKING:
    from matplotlib.axes import Axes


class EquilibriumPlot(Guide):
    """Pictures of one economy: ``equilibrium.plot.shares()``, ``equilibrium.plot.map()``."""

    def __init__(self, data: xr.Dataset, geography: Any, online: str | None, movers: str) -> None:
        """Take an economy's variables, its geography, its online region, who moves."""
        self._data, self._geography = data, geography
        self._online, self._movers = online, movers

    def __call__(self, *_: Any, **__: Any) -> None:
        """Say which pictures there are."""
        raise TypeError("An equilibrium has two pictures: .plot.shares() and .plot.map(variable).")

    def _elsewhere(self, name: str) -> str:
        """Say what is drawn of an equilibrium, and of what else."""
        if name in by_place.variables(self._data):
            return f".plot.map({name!r}) draws it"
        if told := drawn(name, "model"):
            return told
        if name in dir(SweepPlot):
            return "sweeps and paths have that, ds.nege.plot; here are .shares() and .map(variable)"
        return "there are .plot.shares() and .plot.map(variable)"

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
        ax.set_xlabel("region")
        alone = self._movers == "firms"
        ax.set_ylabel("share of firms" if alone else f"share of {self._movers} and firms")
        if order.size < share.size:
            ax.set_title(f"{order.size} of {share.size} regions")
        return ax

    @hinted
    def map(
        self,
        variable: str | None = None,
        *,
        industry: str | None = None,
        at: Mapping[str, Any] | None = None,
        change_from: Any = None,
        polygons: Any = None,
        borders: Any = None,
        names: bool | Sequence[str] | None = None,
        ax: Axes | None = None,
    ) -> Axes:
        """Draw the places where they are, by their share of workers or another variable.

        Parameters
        ----------
        variable : str, optional
            What places are coloured by: a number that each of them has, such as "wage".
        industry : str, optional
            Where there are industries, the one to draw, coloured by how far it sells
            online; by default people, coloured by the industry that a place is
            specialised in.
        at : mapping, optional
            Of which industry and channel, where `variable` is of these, e.g.
            ``{"industry": "services", "channel": "online"}``.
        change_from : Equilibrium, optional
            Another economy of the same places, from which to draw how `variable` changes, by
            default the share of people: in percentage points of shares, else in per cent.
        polygons : GeoSeries, GeoDataFrame, path or False, optional
            Outlines by name of place, in the index or in a column, to be filled; by default those
            of the geography. False draws dots.
        borders : True, GeoDataFrame, GeoSeries or path, optional
            What to draw beneath: True for the borders of countries, of Natural Earth
            (1:110 million, those on the ground); or borders in degrees or in a projection that
            they name; a file is read by geopandas.
        names : True or sequence of str, optional
            Which places to name: True for the largest few, as far as there is room beside dots
            and other names; or these.
        ax : Axes, optional
            Where to draw; a new figure by default.

        Returns
        -------
        Axes
            With one dot per place, its area in proportion to its share; where there are
            polygons, these, filled by value. Colours run from the least to the largest value, but
            one place in twenty at either end is left to the bar's pointed ends; those of a change
            as far from zero on either side. So of few places all count, and beside the bar stands
            how far all go.

        Raises
        ------
        InputError
            For a geography without coordinates, an unknown industry or variable, or an economy
            of other places.

        Examples
        --------
        >>> import nege
        >>> economy = nege.CorePeriphery(nege.geography.racetrack(4), sigma=5, mu=0.4, trade_cost=2)
        >>> before = nege.solve(economy)
        >>> len(before.plot.map().collections[-1].get_offsets())
        4
        >>> after = nege.solve(economy.replace(trade_cost=1.9))
        >>> after.plot.map("wage", change_from=before).figure.axes[-1].get_ylabel()
        'change of manufacturing wage (%)'
        """
        data = self._data
        where = by_place.where(self._geography, polygons, borders, names)
        if variable is not None or change_from is not None:
            if industry is not None:
                cure = f'at={{"industry": "{industry}"}} says of which a variable is.'
                allowed = "left out where variable= or change_from= is given"
                raise InputError("industry", industry, allowed, cure)
            return self._coloured(variable, at, change_from, where, ax)
        if at is not None:
            raise InputError("at", at, "left out where no variable is named")
        style = {"ax": ax, "borders": where.borders, "polygons": where.polygons}
        if agglomeration.has_industries(data):
            ax = agglomeration.industry_map(where.coordinates, data, industry=industry, **style)
            where.name(ax, data["population"].values)
            return ax
        if industry is not None:
            raise InputError("industry", industry, "left out", "This economy has no industries.")
        share = data["share"].values[: len(self._geography)]
        if where.polygons is not None:
            shown = by_place.Values(share, share, f"share of {self._movers}", {})
            ax = where.draw(shown, ax)
        else:
            ax = maps.places(where.coordinates, share, ax=ax, borders=where.borders)
            where.name(ax, share)
        if self._online is not None:
            online = float(data["share"].values[-1])
            ax.set_title(f"online: {online:.1%} of {self._movers}")
        return ax

    def _coloured(
        self, name: Any, at: Any, change_from: Any, where: by_place.Where, ax: Axes | None
    ) -> Axes:
        """Draw places coloured by a variable of the economy, or by its change."""

        def select(array: xr.DataArray) -> xr.DataArray:
            return varied.chosen(array, at, [str(dim) for dim in self._data.dims])

        shown = by_place.chosen(self._data, name, where.names, select)
        if change_from is None:
            return where.draw(shown, ax)
        other = getattr(change_from, "data", None)
        places = getattr(getattr(change_from, "model", None), "geography", None)
        if not isinstance(other, xr.Dataset) or places is None:
            cure = "nege.solve makes one."
            raise InputError("change_from", change_from, "another equilibrium", cure)
        names = tuple(str(place) for place in places.names)
        if names != where.names:
            allowed = "an economy of the same places"
            raise InputError("change_from", f"of {', '.join(names[:5])}", allowed)
        shown = by_place.changed(shown, by_place.chosen(other, name, where.names, select))
        ax = where.draw(shown, ax, scale=maps.scale_of(shown.values, change=True))
        if self._online is not None and name in (None, "share") and "region" in other.dims:
            shares = [float(one["share"].reindex(region=[self._online], fill_value=0.0)[0])
                      for one in (other, self._data)]  # fmt: skip
            ax.set_title(f"online: {shares[0]:.1%}, then {shares[1]:.1%} of {self._movers}")
        return ax
