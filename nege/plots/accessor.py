"""Pictures of sweeps and paths: ``ds.nege.plot`` on what sweep, follow and hysteresis return.

It reads a Dataset's dimensions, not a model: what was varied is what ``status`` is over, the
rest (regions; or industries, places and channels) is the economy's own. A point whose status
is not zero was not solved: lines break there, and heat maps are hatched.
"""

from __future__ import annotations

import pathlib
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import xarray as xr

from nege import validation
from nege.errors import Guide, InputError, drawn, in_words, require
from nege.plots import by_place, maps, varied
from nege.plots.style import check_axes
from nege.progress import Progress
from nege.status import Status
from nege.validation.keywords import hinted

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["SweepPlot"]

#: Variables that say how a solve ended; they have values also where it failed.
PROOF = ("status", "residual", "error", "iterations")
NARROW = 10.0  # per cent: shares that differ by less are shown on a scale of their own
PANELS = ("share", "population", "wage", "price_index", "rent")


class SweepPlot(Guide):
    """Pictures of a sweep or a path: ``online_share, heatmap, panels, map, animate``.

    Of a counterfactual, and any other Dataset over places: ``map``.
    """

    def __init__(self, data: xr.Dataset) -> None:
        self._data = data
        self._varied = [str(dim) for dim in data["status"].dims] if "status" in data else []
        if "status" not in data and not by_place.variables(data):
            raise self._refusal()

    def _refusal(self) -> InputError:
        """Return what is said of a Dataset in which nothing was varied."""
        cure = "nege.sweep and nege.follow make them, and hysteresis(...).data is one."
        if known := by_place.variables(self._data):
            some = in_words([*map(repr, known[:4]), *(["..."] if len(known) > 4 else [])], "or")
            cure = f"Of this one .nege.plot.map(variable, geography) draws {some}. {cure}"
        names = [str(name) for name in self._data]
        allowed = 'a Dataset with "status" over what was varied'
        return InputError("ds", names, allowed, cure)

    def _check_varied(self) -> None:
        """Refuse to draw how something varies where nothing was varied."""
        if "status" not in self._data:
            raise self._refusal()

    def __call__(self, *_: Any, **__: Any) -> None:
        """Say which pictures there are."""
        raise TypeError(f"Pictures have names: {self._elsewhere('')}.")

    def _elsewhere(self, name: str) -> str:
        """Say what can be drawn."""
        if told := drawn(name, "model"):
            return told
        if "status" not in self._data:
            return "there is .plot.map(variable, geography)"
        if name in self._data:
            return f".plot.panels(variables=[{name!r}]) or .plot.heatmap({name!r}) draws it"
        methods = [one for one in vars(type(self)) if not one.startswith("_")]
        return f"there are {in_words(f'.plot.{one}(...)' for one in methods)}"

    @hinted
    def online_share(
        self,
        x: str | None = None,
        *,
        region: str = "online",
        at: Mapping[str, Any] | None = None,
        ax: Axes | None = None,
    ) -> Axes:
        """Draw how much is online against what was varied, on both arms where there are two.

        Of workers and firms, where people choose regions of which one is online; of each
        industry's cost, where firms choose channels.

        Parameters
        ----------
        x : str, optional
            The horizontal axis: a varied dimension, or a parameter along a path's steps;
            by default the one that varies.
        region : str, default "online"
            Name of the online region.
        at : mapping, optional
            Where along the other dimensions, e.g. ``{"sigma": 5}``; a line for each of
            their labels otherwise.
        ax : Axes, optional
            Where to draw; a new figure by default.

        Returns
        -------
        Axes
            With a line per arm and label, broken where a point was not solved.

        Raises
        ------
        InputError
            If nothing is online here, or a name is unknown; it says what can be drawn.

        Examples
        --------
        >>> import nege
        >>> online = nege.OnlineRegion(trade_cost=1.5)
        >>> places = nege.geography.equidistant(2)
        >>> economy = nege.CorePeriphery(places, sigma=5, mu=0.4, trade_cost=2, online=online)
        >>> loop = nege.hysteresis(economy, "online_trade_cost", (1.0, 2.0), points=5)
        >>> [line.get_label() for line in loop.data.nege.plot.online_share().lines]
        ['falling', 'rising']
        """
        self._check_varied()
        data = self._data
        if "share" in data and "region" in data["share"].dims:
            regions = [str(name) for name in data["region"].values]
            if region == "online" and region not in regions:
                cure = (
                    "No region is called that: give the economy online=nege.OnlineRegion(...), or "
                    f"draw one of its places, e.g. region={regions[0]!r}."
                )
                raise InputError("region", region, "a region of this economy", cure)
            values = data["share"].sel(region=validation.known("region", region, regions))
            about = str(data["share"].attrs.get("long_name", "workers and firms"))
            what = about.removeprefix("share of ").removeprefix("mobile ")
        elif "total_cost" in data and "channel" in data["total_cost"].dims:
            from nege.models.agglomeration.patterns import patterns

            # Whatever land places have: channels do not ask for it.
            values, what = patterns(data, land=1)["online_share"], "the industry's cost"
        else:
            raise InputError(
                "ds",
                [str(name) for name in data],
                "of an economy with an online region, or with channels",
                'Its variables can be drawn with heatmap("wage") or panels().',
            )
        values = (100.0 * values).assign_attrs(long_name=f"online share of {what}", units="%")
        values = self._chosen(self._solved(values), at)
        ax = varied.lines(values, varied.axis(values, self._varied, x), self._failed(at), ax=ax)
        low, high = float(values.min()), float(values.max())
        if high - low < NARROW:  # lines would lie on each other
            ax.set_ylim(low - 0.5, high + 0.5)
        else:
            ax.set_ylim(-3.0, 103.0)
        return ax

    @hinted
    def heatmap(
        self,
        variable: str,
        x: str | None = None,
        y: str | None = None,
        *,
        at: Mapping[str, Any] | None = None,
        bar: Any = True,
        ax: Axes | None = None,
        **style: Any,
    ) -> Axes:
        """Draw a variable over two dimensions in colour, hatched where a point was not solved.

        Grey where it was, and there is no value: no threshold was found, or none is known.

        Parameters
        ----------
        variable : str
            Any variable that holds numbers, e.g. "share" or "welfare".
        x, y : str, optional
            The axes: two dimensions, by default those that are left, in order.
        at : mapping, optional
            Where along the other dimensions, e.g. ``{"region": "online"}``.
        bar : bool or sequence of Axes, default True
            Beside what the bar of the scale stands: True this picture, False nothing, or all Axes
            that it serves; these then share ``vmin`` and ``vmax``.
        ax : Axes, optional
            Where to draw; a new figure by default.
        **style
            Of ``pcolormesh``, e.g. ``vmin=0, vmax=1``.

        Returns
        -------
        Axes
            With a cell per point, around its values, and a bar with the variable's unit.

        Raises
        ------
        InputError
            If not exactly two dimensions are left, or a name or value is unknown; it says
            what can be drawn.

        Examples
        --------
        >>> import nege
        >>> economy = nege.CorePeriphery(nege.geography.line(4), sigma=5, mu=0.4, trade_cost=2)
        >>> ds = nege.sweep(economy, {"trade_cost": [2.2, 1.8, 1.5]})
        >>> ds.nege.plot.heatmap("share").get_xlabel()
        'trade cost (iceberg factor)'
        """
        self._check_varied()
        array = self._chosen(self._solved(self._numbers(variable)), at)
        cells, failed = self._cells(array, at, x, y)
        # Of lists that a function returned, the status says that they are known: they may be empty.
        none = "none found" if f"{variable}_count" in self._data else "no value"
        listed = variable.endswith("_count") and variable.removesuffix("_count") in self._data
        whole = listed or self._data[variable].dtype.kind in "biu"
        return varied.cells(cells, failed, style, none=none, whole=whole, bar=bar, ax=ax)

    @hinted
    def panels(
        self,
        x: str | None = None,
        *,
        variables: tuple[str, ...] | list[str] | None = None,
        at: Mapping[str, Any] | None = None,
        largest: int = 6,
        ax: Any = None,
    ) -> np.ndarray:
        """Draw several variables along one dimension, a panel each, a line per region.

        Variables that industries or channels have are a panel for each of these.

        Parameters
        ----------
        x : str, optional
            The horizontal axis, as of :meth:`online_share`.
        variables : sequence of str, optional
            What to draw; by default where people are, wages, prices and rents.
        at : mapping, optional
            Where along the other dimensions.
        largest : int, default 6
            How many regions, or places, to draw: those with the most people on average.
        ax : sequence of Axes, optional
            Where to draw, one per variable; a new figure by default.

        Returns
        -------
        array of Axes
            One per variable.

        Raises
        ------
        InputError
            For an unknown variable, or another number of Axes; it says what can be drawn.

        Examples
        --------
        >>> import nege
        >>> economy = nege.CorePeriphery(nege.geography.line(3), sigma=5, mu=0.4, trade_cost=2)
        >>> ds = nege.sweep(economy, {"trade_cost": [2.2, 1.8, 1.5]})
        >>> [panel.get_ylabel() for panel in ds.nege.plot.panels(variables=["wage"])]
        ["manufacturing wage (farmers' wage)"]
        """
        self._check_varied()
        names = [name for name in PANELS if name in self._data]
        if variables is not None:
            names = validation.texts("variables", variables)
        if not names:
            cure = f"Known: {in_words(self._able())}." if self._able() else self._elsewhere("")
            raise InputError("variables", variables, "the names of some, at least one", cure)
        kept = self._largest(at, validation.whole("largest", largest, at_least=1))
        arrays = [
            panel.isel({dim: i for dim, i in kept.items() if dim in panel.dims})
            for name in names
            for panel in self._split(self._chosen(self._solved(self._numbers(name)), at), kept)
        ]
        if ax is None and arrays:
            pyplot = require("matplotlib.pyplot", "plot", "Drawing")
            shape: Any = {"figsize": (3.8 * len(arrays), 3.2), "layout": "constrained"}
            ax = pyplot.subplots(1, len(arrays), squeeze=False, **shape)[1]
        drawn = ", ".join(str(array.attrs.get("long_name", array.name)) for array in arrays)
        wanted = f"{len(arrays)} Axes, one for each panel: {drawn}"
        try:
            axes = np.asarray(ax, dtype=object).reshape(-1)
        except Exception as error:  # whatever the object does when it is asked for its items
            raise InputError("ax", ax, wanted) from error
        if axes.size != len(arrays) or not arrays:
            raise InputError("ax", axes.size, wanted, "Choose with variables= or at=.")
        for panel in axes:
            check_axes(panel)
        for panel, array in zip(axes, arrays, strict=True):
            varied.lines(array, varied.axis(array, self._varied, x), self._failed(at), ax=panel)
            if panel.get_legend() is not None:
                panel.get_legend().remove()
        if axes[-1].get_legend_handles_labels()[1]:  # beside them, since lines may be anywhere
            axes[-1].legend(frameon=False, loc="upper left", bbox_to_anchor=(1.0, 1.0))
        for dim, positions in kept.items():
            if len(positions) < self._data.sizes[dim]:
                axes[0].set_title(f"{len(positions)} of {self._data.sizes[dim]} {dim}s", loc="left")
        return axes

    @hinted
    def patterns(self, *, ax: Axes | None = None) -> Axes:
        """Draw the pattern of a pair of industries, and where each is clustered, step by step.

        As :func:`nege.plots.agglomeration.timeline`, of a path of an economy with industries.

        Parameters
        ----------
        ax : Axes, optional
            Where to draw; a new figure by default.

        Returns
        -------
        Axes
            With a row of bands for the pair and one for each industry.

        Raises
        ------
        InputError
            If there are no industries, or what was varied is not one dimension.

        Examples
        --------
        >>> import nege
        >>> economy = nege.scenarios.metropolis_and_town()
        >>> path = nege.scenarios.digital_turn(economy).sel(step=[0, 6, 11])
        >>> ds = nege.follow(economy, path)
        >>> [row.get_text() for row in ds.nege.plot.patterns().get_yticklabels()]
        ['pair', 'manufacturing', 'services']
        """
        from nege.plots.agglomeration import timeline

        return timeline(self._data, ax=ax)

    @hinted
    def map(
        self,
        variable: str | None,
        geography: Any,
        *,
        at: Mapping[str, Any] | None = None,
        change_from: Mapping[str, Any] | None = None,
        polygons: Any = None,
        borders: Any = None,
        names: bool | Sequence[str] | None = None,
        ax: Axes | None = None,
    ) -> Axes:
        """Draw a variable of one point on a map, or how it changed from another point.

        As ``equilibrium.plot.map(variable)``, whose `polygons`, `borders`, `names` it takes. What
        is a change already, as ``wage_change`` of ``nege.counterfactual``, is drawn in per cent.

        Parameters
        ----------
        variable : str or None
            What places are coloured by, as "wage"; None for the share of people.
        geography : Geography
            Where the places are, ``model.geography``: Datasets do not know.
        at : mapping, optional
            Which point, and of which industry and channel, e.g.
            ``{"step": 11, "industry": "services", "channel": "online"}``. Instead of a step, as
            in all pictures, a parameter that has a value at that step alone.
        change_from : mapping, optional
            The point from which to draw the change, e.g. ``{"step": 0}``; `at` says the rest.
        polygons, borders, names : optional
            Outlines of places, what to draw beneath, and which places to name.
        ax : Axes, optional
            Where to draw; a new figure by default.

        Returns
        -------
        Axes
            With a dot or a polygon per place, grey where the point was not solved. Colours run from
            the least to the largest value, but one place in twenty at either end is left to the
            bar's pointed ends; those of a change as far from zero on either side. So of few places
            all count, and beside the bar stands how far all go.

        Raises
        ------
        InputError
            For an unknown name, or if more than one point, industry or channel is left.

        Examples
        --------
        >>> import nege
        >>> economy = nege.CorePeriphery(nege.geography.line(3), sigma=5, mu=0.4, trade_cost=2)
        >>> ds = nege.sweep(economy, {"trade_cost": [2.2, 1.8]})
        >>> since = {"trade_cost": 2.2}
        >>> ax = ds.nege.plot.map(
        ...     "wage", economy.geography, at={"trade_cost": 1.8}, change_from=since
        ... )
        >>> ax.figure.axes[-1].get_ylabel()
        'change of manufacturing wage (%)'
        """
        ground = by_place.where(geography, polygons, borders, names)
        shown = self._by_place(variable, ground, at)
        if str(shown.about.get("long_name", "")).endswith(by_place.RATIO):
            if change_from is not None:
                cure = f"{variable} is a change already."
                raise InputError("change_from", change_from, "left out", cure)
            change = by_place.ratio(shown)
            return ground.draw(change, ax, scale=maps.scale_of(change.values, change=True))
        if change_from is None:
            return ground.draw(shown, ax)
        if not self._varied:
            ratios = [one for one in by_place.variables(self._data) if one.endswith("_change")]
            cure = f"Changes are {in_words(ratios)}." if ratios else "Maps of equilibria take it."
            raise InputError("change_from", change_from, "left out: nothing was varied", cure)
        if not isinstance(change_from, Mapping):
            cure = 'For example {"step": 0}.'
            raise InputError("change_from", change_from, "a mapping of dimensions to labels", cure)
        before_at = varied.by_dimension(self._data, change_from)
        for dim in before_at:
            validation.known("change_from", dim, self._varied)
        here = varied.by_dimension(self._data, at or {})
        before = self._by_place(variable, ground, {**here, **before_at})
        change = by_place.changed(shown, before)
        return ground.draw(change, ax, scale=maps.scale_of(change.values, change=True))

    @hinted
    def animate(
        self,
        path: str | pathlib.Path,
        variable: str | None,
        geography: Any,
        *,
        at: Mapping[str, Any] | None = None,
        change: bool = False,
        polygons: Any = None,
        borders: Any = None,
        names: bool | Sequence[str] | None = None,
        seconds: float = 0.5,
        progress: Progress = None,
    ) -> pathlib.Path:
        """Write a film of a variable along a path, a map a step, as a GIF.

        Colours and areas mean the same in every picture: colours go as far as those of the maps of
        all steps together, by the one rule of :meth:`map`. The file
        appears as a whole or not at all; it replaces only a film of nege.

        Parameters
        ----------
        path : str or path
            Where to write it, e.g. "turn.gif".
        variable, geography, at, polygons, borders, names
            As of :meth:`map`; `at` leaves one varied dimension, along which the film runs.
        change : bool, default False
            Draw the change from the first step.
        seconds : float, default 0.5
            How long each picture stands, .02 to 60.
        progress : bool or callback, optional
            As everywhere: None shows a bar where somebody watches.

        Returns
        -------
        path
            Of the file, with a picture a step, at most 200, as large as the places need: up to 670
            by 480 points. Its title says the step. Where the bar's ends are pointed, values of some
            step lie beyond the colours.

        Raises
        ------
        InputError
            As :meth:`map`, and if no single dimension is left, or for a path that ends otherwise.

        Examples
        --------
        >>> import nege
        >>> economy = nege.CorePeriphery(nege.geography.line(3), sigma=5, mu=0.4, trade_cost=2)
        >>> ds = nege.sweep(economy, {"trade_cost": [2.2, 1.8]})
        >>> import pathlib, tempfile
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     file = pathlib.Path(folder, "line.gif")
        ...     ds.nege.plot.animate(file, "wage", economy.geography).name
        'line.gif'
        """
        self._check_varied()
        seconds = validation.number("seconds", seconds, at_least=0.02, at_most=60.0)
        change = validation.flag("change", change)
        status = self._chosen(self._data["status"], at)
        dims = [str(dim) for dim in status.dims]
        free = [dim for dim in dims if status.sizes[dim] > 1] or dims
        if len(free) != 1:
            left = _sizes(status)
            cure = "Choose from the rest with at=."
            raise InputError("at", at, f"a choice that leaves one dimension of {left}", cure)
        (along,) = free
        ground = by_place.where(geography, polygons, borders, names)
        shown = self._by_place(variable, ground, at, along)
        if change:
            first = shown._replace(values=np.broadcast_to(shown.values[0], shown.values.shape))
            shown = by_place.changed(shown, first)
        codes = status.squeeze([dim for dim in status.dims if dim != along]).values
        steps = self._data[along]
        titles = [
            f"{varied.label(steps)} {_label(value)}"
            f"{'' if code == Status.CONVERGED else ': not solved'}"
            for value, code in zip(steps.values, codes, strict=True)
        ]
        return by_place.film(
            path, shown, ground, titles, change=change, seconds=seconds, progress=progress
        )

    @hinted
    def regimes(
        self,
        x: str | None = None,
        y: str | None = None,
        *,
        at: Mapping[str, Any] | None = None,
        ax: Axes | None = None,
    ) -> Axes:
        """Draw what is stable over two parameters, with its name in each area.

        Parameters
        ----------
        x, y : str, optional
            The axes: two dimensions, by default those that are left, in order.
        at : mapping, optional
            Where along the other dimensions, e.g. ``{"sigma": 5}``.
        ax : Axes, optional
            Where to draw; a new figure by default.

        Returns
        -------
        Axes
            With a cell per point of :func:`nege.regimes`; names that fit into no area are
            beside it. What is not known is hatched.

        Raises
        ------
        InputError
            If there are no regimes, or not exactly two dimensions are left.

        Examples
        --------
        >>> import nege
        >>> places = nege.geography.equidistant(2)
        >>> economy = nege.CorePeriphery(places, sigma=5, mu=0.4, trade_cost=2)
        >>> ds = nege.regimes(economy, {"trade_cost": [1.5, 2.0], "mu": [0.2, 0.9]})
        >>> ds.nege.plot.regimes().get_ylabel()
        'share of spending on manufactures'
        """
        from nege.plots.regimes import areas

        if "regime" not in self._data:
            known = [str(name) for name in self._data]
            raise InputError("ds", known, 'a Dataset with "regime"', "nege.regimes makes one.")
        array, _ = self._cells(self._chosen(self._data["regime"], at), at, x, y)
        return areas(array, ax=ax)

    def _cells(
        self, array: xr.DataArray, at: Mapping[str, Any] | None, x: str | None, y: str | None
    ) -> tuple[xr.DataArray, xr.DataArray]:
        """Return values over (y, x), ascending, and where a point failed."""
        for argument, name in (("x", x), ("y", y)):
            if name is not None:
                validation.known(argument, name, [str(dim) for dim in array.dims])
        free = [str(dim) for dim in array.dims if dim in (x, y) or array.sizes[dim] > 1]
        if len(free) != 2 or (x is not None and x == y):
            raise InputError(
                "x and y",
                (x, y),
                f"two different dimensions, the only ones that {array.name} is left over",
                self._fewer(array, free, (x, y)),
            )
        x = x or next(dim for dim in free if dim != y)
        y = y or next(dim for dim in free if dim != x)
        array = array.squeeze([dim for dim in array.dims if dim not in free]).transpose(y, x)
        failed = self._failed(at)
        failed = failed.squeeze([dim for dim in failed.dims if dim not in free])
        both = xr.Dataset({"cells": array, "failed": failed.broadcast_like(array)})
        # Cells need ascending values; a sweep visits them in the order it was given.
        both = both.sortby([dim for dim in (x, y) if varied.is_number(array[dim])])
        return both["cells"].rename(array.name), both["failed"].transpose(y, x)

    def _fewer(self, array: xr.DataArray, free: list[str], axes: tuple[Any, Any]) -> str:
        """Say what to do about an array that is over more, or less, than two dimensions."""
        said = f"It is over {_sizes(array)}: "
        if len(free) < 2:
            return f"{said}panels() draws lines."
        # What the economy has beside what was varied is rather chosen from.
        order = sorted(free, key=lambda dim: (dim in axes, dim in self._varied))
        known = array[order[0]].values
        label = known[-1].item() if known.size else 0
        return (
            f"{said}choose from the rest with at=, e.g. at={{{order[0]!r}: {label!r}}}, or draw "
            "fewer with panels()."
        )

    def _by_place(
        self, name: Any, ground: by_place.Where, at: Any, along: str | None = None
    ) -> by_place.Values:
        """Return a variable over places where it was solved."""

        def select(array: xr.DataArray) -> xr.DataArray:
            return self._chosen(self._solved(array), at)

        return by_place.chosen(self._data, name, ground.names, select, along)

    def _numbers(self, name: str) -> xr.DataArray:
        """Return a variable that can be drawn: numbers over what was varied."""
        able = self._able()
        if name == "regime" and name in self._data:
            raise InputError("variable", name, "a number", ".nege.plot.regimes() draws regimes.")
        return able[validation.known("variable", name, list(able))]

    def _able(self) -> dict[str, xr.DataArray]:
        """Return what holds numbers over all that was varied, by name."""
        return {
            str(known): array
            for known, array in self._data.data_vars.items()
            if array.dtype.kind in "biuf" and set(self._varied) <= set(array.dims)
        }

    def _chosen(self, array: xr.DataArray, at: Mapping[str, Any] | None) -> xr.DataArray:
        """Return the part of an array at some labels, and at no others than those asked for."""
        where = varied.by_dimension(self._data, at)
        return varied.chosen(array, where, [str(dim) for dim in self._data.dims], self._varied)

    def _failed(self, at: Mapping[str, Any] | None) -> xr.DataArray:
        return self._chosen(self._data["status"], at) != Status.CONVERGED

    def _solved(self, array: xr.DataArray) -> xr.DataArray:
        """Return an array without what was not solved, unless it is what says so."""
        if array.name in PROOF or "status" not in self._data:
            return array
        return array.astype(float).where(self._data["status"] == Status.CONVERGED)

    def _split(self, array: xr.DataArray, places: Mapping[str, Any]) -> list[xr.DataArray]:
        """Return an array for each label of a dimension that is neither varied nor of places."""
        for dim in array.dims:
            if dim not in self._varied and dim not in places:
                meaning = array.attrs.get("long_name", array.name)
                return [
                    found
                    for i, name in enumerate(array[dim].values)
                    for found in self._split(
                        array.isel({dim: i}).assign_attrs(long_name=f"{meaning}, {name}"), places
                    )
                ]
        return [array]

    def _largest(self, at: Mapping[str, Any] | None, count: int) -> dict[str, list[int]]:
        """Return the positions of the largest places, in their order, by their dimension."""
        name = next((name for name in ("share", "population") if name in self._data), None)
        if name is None:
            return {}
        people = self._chosen(self._solved(self._data[name]), at)
        dim = next((str(dim) for dim in people.dims if dim not in self._varied), None)
        if dim is None:
            return {}
        mean = people.mean([other for other in people.dims if other != dim]).fillna(0.0).values
        return {dim: sorted(np.argsort(-mean, kind="stable")[:count].tolist())}


def _sizes(array: xr.DataArray) -> str:
    return ", ".join(f"{dim} ({size})" for dim, size in array.sizes.items()) or "no dimension"


def _label(value: Any) -> str:
    return str(value) if isinstance(value, str) else f"{value:.4g}"
