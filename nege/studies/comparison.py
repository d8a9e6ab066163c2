"""Who gains, who loses, and why: two equilibria compared in real incomes, split exactly.

Of each kind of people in each place (``accounts``), with income y = sum_c y_c and V = B y/P:

    d ln V = sum_c (y_c' - y_c)/L(y', y) - sum_k mu_k d ln G_k - beta d ln h + d ln B + ...

    L(a, b) = (a - b)/ln(a/b)   the logarithmic mean: so parts of a sum add up in logs exactly
    V = y + S + ln B            where utility is quasi-linear: then all of it in levels

By place: what a place offers, d ln V_r. By person, where people lived before: who cannot move has
that; who can has more,

    moving = E[gain | lived in r] - d ln V_r

which is what it is worth to be able to leave. Without tastes all have U = exp(sum_r lambda_r ln
V_r), the same everywhere once people have moved. With tastes, which last, who likes a place may
stay there: ``lasting_tastes`` has the gains; their mean is d ln U of expected utility, and the mean
of `moving` the value of the option (Small & Rosen 1981). Where people are where they were, nobody
has moved.

Equivalent variation, what a person would have to be given before: y (V'/V - 1) at prices before,
which is exact as tastes for goods are homothetic; V' - V where utility is quasi-linear. Of people
who differ in tastes for places it is their mean.
Sources: Vartia (1976), for the mean; Hicks (1942), for the variation.
"""

from __future__ import annotations

import dataclasses
import html
import math
import textwrap
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import xarray as xr

from nege import validation
from nege.errors import InputError, in_words
from nege.immutable import Immutable, held
from nege.plots import by_place, gains
from nege.results import banner, tables, text_table
from nege.results.equilibrium import Equilibrium
from nege.results.tables import Tabular
from nege.studies import lasting_tastes
from nege.studies.accounts import INCOMES, LAND, PUBLIC, People, people_of, tastes
from nege.validation.keywords import hinted

if TYPE_CHECKING:
    import pandas as pd  # type: ignore[import-untyped]
    from matplotlib.axes import Axes

__all__ = ["Comparison", "compare"]

MOVING, REMAINDER = "moving", "remainder"
EXACT = 1e-12  # of a gain: what terms leave of it beyond that is shown
MEANS = ("gain", "offered", "equivalent_variation")
STAYED = 1e-12  # by which shares may differ where nobody has moved
MONEY = "equivalent variation, sum"  # over people
EVEN = 1e-9  # gains that are smaller are none
NAMED = 6  # of winners or losers, in words
COLUMNS = 6  # groups in the table of the summary
WIDTH = 100  # of lines in it
RIGHT = "text-align:right;padding-left:14px;"


@held("data")
@dataclasses.dataclass(frozen=True, eq=False, repr=False)
class Comparison(Immutable, Tabular):
    """Who gains and who loses between two equilibria, and what of it comes from where.

    Made by :func:`compare`.

    Attributes
    ----------
    before, after : Equilibrium
        What was compared.
    data : Dataset
        Over ``kind`` of people, place (``region`` or ``place``) and ``term``: ``contribution``,
        which adds up over terms to ``gain`` of a person who lived there before (in logs; in the
        numeraire where utility is quasi-linear); ``offered``, what the place itself offers: all
        terms but "moving"; ``people`` and ``people_after``; ``income`` a head before;
        ``equivalent_variation`` a head; ``stays``, the part of people who do not move, where it is
        known. NaN where nobody of a kind can be.
    additive : bool
        Whether utility is quasi-linear, so that gains are in the numeraire.

    Notes
    -----
    Not for another split than that in the numeraire: what is wages and what is prices depends on
    it, totals do not.

    Examples
    --------
    >>> import nege
    >>> places = nege.geography.equidistant(2)
    >>> economy = nege.CorePeriphery(places, sigma=5, mu=0.4, trade_cost=2.0)
    >>> before, after = nege.solve(economy), nege.solve(economy.replace(trade_cost=1.8))
    >>> found = nege.compare(before, after)
    >>> found.by_group.gain.round(4).to_dict()["data"]  # goods are cheaper for all alike
    [0.003, 0.003]
    """

    before: Equilibrium
    after: Equilibrium
    data: xr.Dataset
    additive: bool

    @property
    def _place(self) -> str:
        return str(self.data["people"].dims[1])

    @property
    def by_group(self) -> xr.Dataset:
        """Means over people by group: kind, and where they move within if not everywhere."""
        groups, people = self.data["group"].values, self.data["people"].values
        names = list(dict.fromkeys(groups.ravel().tolist()))
        weights = np.array([np.where(groups == name, people, 0.0) for name in names])
        return self._mean(weights.reshape(len(names), -1), "group", names)

    @property
    def by_region(self) -> xr.Dataset:
        """Means over people by where they lived before."""
        return self._by_place(self.data["people"].values)

    @property
    def by_industry(self) -> xr.Dataset:
        """What the prices of each industry's goods did to people; and what industries sell.

        Of a model of one industry the same of manufactures, without sales.
        """
        mean, model = self.total, self.before.model
        prices = [str(t) for t in mean["term"].values if str(t).startswith("prices")]
        names = [term.removeprefix("prices of ") for term in prices]
        names = ["manufactures"] if names == ["prices"] else names
        found = xr.Dataset(
            {"contribution": ("industry", mean["contribution"].sel(term=prices).values)},
            {"industry": names},
        )
        found["contribution"].attrs = dict(self.data["contribution"].attrs)
        if "total_cost" not in model.variables:
            return found
        for name, one in (("sales", self.before), ("sales_after", self.after)):
            cost = one.data["total_cost"]
            sold = cost.sum([dim for dim in cost.dims if dim != "industry"])
            words = "net revenue of its firms" + (", after" if one is self.after else ", before")
            found[name] = sold.assign_attrs(long_name=words, units="wage bill")
        return found

    @property
    def total(self) -> xr.Dataset:
        """Means over all people, and the sum of equivalent variations."""
        return self._mean(self.data["people"].values.reshape(1, -1), "of", ["all"]).isel(
            of=0, drop=True
        )

    def _by_place(self, people: np.ndarray) -> xr.Dataset:
        """Return means over kinds of people, in so many numbers, by place."""
        names = self.data[self._place].values
        weights = np.eye(names.size)[:, None, :] * people
        return self._mean(weights.reshape(names.size, -1), self._place, names.tolist())

    def _mean(self, weights: np.ndarray, dim: str, labels: list[str]) -> xr.Dataset:
        """Return means over kinds and places by weights, people, and sums of people and money."""
        values = {name: self.data[name].values for name in MEANS}
        values["contribution"] = self.data["contribution"].values
        flat = {name: one.reshape(weights.shape[1], -1) for name, one in values.items()}
        there = weights.sum(0) > 0.0
        sums = {name: weights[:, there] @ one[there] for name, one in flat.items()}
        people = weights.sum(1)
        with np.errstate(invalid="ignore"):
            mean = {name: one / people[:, None] for name, one in sums.items()}
        money, about = "equivalent_variation", self.data
        found = {"people": people, **{name: mean[name][:, 0] for name in MEANS}}
        found[money] = sums[money][:, 0]
        variables = {name: (dim, one, dict(about[name].attrs)) for name, one in found.items()}
        variables[money][2]["long_name"] = "equivalent variation, sum over people"
        parts = ((dim, "term"), mean["contribution"], dict(about["contribution"].attrs))
        made = xr.Dataset({**variables, "contribution": parts})
        return made.assign_coords({dim: labels, "term": about["term"].values})

    @property
    def winners(self) -> pd.DataFrame:
        """Who gains, the largest gains first, and of equal ones most people; money is in all."""
        return self._sorted(1.0)

    @property
    def losers(self) -> pd.DataFrame:
        """Who loses, those with the largest losses first."""
        return self._sorted(-1.0)

    def _sorted(self, sign: float) -> pd.DataFrame:
        names = ["people", "gain", "equivalent_variation"]
        frame = self.to_dataframe(names)
        frame = frame[(frame["people"] > 0.0) & (sign * frame["gain"] > EVEN)]
        frame = frame.assign(money=frame["equivalent_variation"] * frame["people"])
        alike = np.round(-sign * frame["gain"].to_numpy() / EVEN)
        order = np.lexsort((-frame["people"].to_numpy(), alike))
        return frame.iloc[order]

    @hinted
    def to_dataset(self) -> xr.Dataset:
        """Return ``data``."""
        return self.data

    def _geography(self) -> Any:
        return self.before.model.geography

    def _noise(self) -> dict[str, float]:
        """Return what gains are known to: as well as both equilibria, in logs or in money."""
        errors = [one.error for one in (self.before, self.after) if one.error < EVEN]
        least = max([EXACT, *errors]) if len(errors) == 2 else EVEN
        money = float(np.nanmax(np.abs(self.data["income"].values)))
        gains = dict.fromkeys(("gain", "offered", "contribution"), money if self.additive else 1.0)
        return {name: least * one for name, one in (gains | {MEANS[2]: money}).items()}

    # --- pictures ---------------------------------------------------------------------

    @hinted
    def plot(self, *, by: str = "group", ax: Axes | None = None) -> Axes:
        """Draw what each term adds to the gain of each group, or in each place; dots are totals.

        Parameters
        ----------
        by : {"group", "region"}
            Whose.
        ax : Axes, optional
            Where to draw; a new figure by default.

        Returns
        -------
        Axes
            With a stack of bars for each, of up to 20: of more places those with the largest
            gains and losses.

        Examples
        --------
        >>> import nege
        >>> places = nege.geography.equidistant(2)
        >>> economy = nege.CorePeriphery(places, sigma=5, mu=0.4, trade_cost=2.0)
        >>> before, after = nege.solve(economy), nege.solve(economy.replace(trade_cost=1.8))
        >>> nege.compare(before, after).plot().get_xlabel()
        'gain, log points'
        """
        validation.known("by", by, ("group", "region"))
        found = self.by_group if by == "group" else self.by_region
        scale, label = (
            (1.0, f"gain ({self._unit()})") if self.additive else (100.0, "gain, log points")
        )
        return gains.split(scale * found["contribution"], scale * found["gain"], label, ax=ax)

    @hinted
    def plot_map(
        self,
        *,
        kind: str | None = None,
        offered: bool = False,
        names: bool | Sequence[str] | None = None,
        ax: Axes | None = None,
    ) -> Axes:
        """Draw the gain of people on a map, by where they lived before.

        Parameters
        ----------
        kind : str, optional
            Of whom; by default of all.
        offered : bool, default False
            Draw what places offer instead, which those who move away do not stay to have.
        names : True or sequence of str, optional
            Which places to name: True for the largest few that there is room for; or these.
        ax : Axes, optional
            Where to draw; a new figure by default.

        Returns
        -------
        Axes
            With a dot for each place, its area in proportion to its people; or polygons, filled.
            Colours are those of a change, as on ``equilibrium.plot.map``.

        Raises
        ------
        InputError
            For a geography without coordinates.

        Examples
        --------
        >>> import nege
        >>> economy = nege.Helpman(nege.geography.line(3), sigma=4, mu=0.7, trade_cost=1.5)
        >>> before, after = nege.solve(economy), nege.solve(economy.replace(trade_cost=1.3))
        >>> nege.compare(before, after).plot_map(offered=True).get_title()
        'what places offer, people'
        """
        kinds = [str(name) for name in self.data["kind"].values]
        if kind is not None:
            validation.known("kind", kind, kinds)
        offered = validation.flag("offered", offered)
        people = self.data["people"].values
        if kind is not None:
            people = people * np.array([[float(name == kind)] for name in kinds])
        mean = self._by_place(people)
        values = mean["offered" if offered else "gain"]
        percent = values.values if self.additive else 100.0 * np.expm1(values.values)
        count = len(self.before.model.geography)
        label = f"gain ({self._unit()})" if self.additive else "gain, %"
        of = kinds[0] if len(kinds) == 1 else ("all" if kind is None else kind)
        share = mean["people"].values / mean["people"].values.sum()
        return gains.on_map(
            by_place.where(self.before.model.geography, named=names),
            share[:count],
            percent[:count],
            f"{'what places offer' if offered else 'by person'}, {of}",
            label,
            ax,
        )

    # --- words ------------------------------------------------------------------------

    def _unit(self) -> str:
        return str(self.data["income"].attrs["units"])

    def _money(self, sums: Any) -> np.ndarray:
        """Return sums of money, of which what rounding leaves is nothing."""
        all_there_is = float(abs(self.data["income"] * self.data["people"]).sum())
        sums = np.asarray(sums)
        return np.where(np.abs(sums) <= EVEN * all_there_is, 0.0, sums)

    def _headline(self) -> str:
        model, total = self.before.model, self.total
        runs = [one.horizon for one in (self.before, self.after)]
        what = f"two {runs[0]}s" if runs[0] == runs[1] else f"a {runs[0]} and a {runs[1]}"
        gain, money = float(total["gain"]), float(self._money(total["equivalent_variation"]))
        verb = "gain" if gain > 0.0 else "lose"
        much = (
            f"{abs(gain):.4g} ({self._unit()})" if self.additive else f"{abs(np.expm1(gain)):.3%}"
        )
        mean = "None gains or loses" if abs(gain) <= EVEN else f"People {verb} {much} on average"
        return (
            f"Comparison of {what} of {model.article} {model.title} economy. {mean}; "
            f"equivalent variation {text_table.number(money, '+.5g')} ({self._unit()}) in all."
        )

    def _columns(self) -> tuple[list[str], xr.Dataset]:
        """Return what columns of the table are, and their numbers: all, and each group."""
        total, groups = self.total, self.by_group
        names = [str(name) for name in groups["group"].values]
        if len(names) == 1:
            return names, groups
        return ["all", *names[:COLUMNS]], xr.concat(
            [total.expand_dims("group"), groups.drop_vars("group").isel(group=slice(COLUMNS))],
            "group",
        )

    def _gains(self, columns: xr.Dataset) -> dict[str, np.ndarray]:
        """Return rows of the table between people and money: terms that are not nothing, and gain.

        In log points; or in the numeraire. What solves leave of a term is 0.
        """
        scale, least = 1.0 if self.additive else 100.0, self._noise()
        parts = columns["contribution"].transpose("term", "group").values
        found = dict(zip(map(str, columns["term"].values), parts, strict=True))
        found = {
            name: scale * np.where(np.abs(one) <= least["contribution"], 0.0, one)
            for name, one in found.items()
        }
        found = {name: one for name, one in found.items() if np.nan_to_num(one).any()}
        gain = columns["gain"].values
        return found | {"gain": scale * np.where(np.abs(gain) <= least["gain"], 0.0, gain)}

    def _table(self) -> tuple[list[str], list[list[str]]]:
        """Return heads and rows: terms by group."""
        head, columns = self._columns()

        def row(name: str, values: np.ndarray, form: str) -> list[str]:
            shown = ("" if np.isnan(x) else text_table.number(x, form) for x in values.tolist())
            return [name, *shown]

        rows = [row("people", columns["people"].values, ".4g")]
        rows += [row(name, one, "+.3f") for name, one in self._gains(columns).items()]
        rows.append(row(MONEY, self._money(columns["equivalent_variation"]), "+.4g"))
        return ["" if self.additive else "log points", *head], rows

    def _latex(self, digits: int) -> str:
        head, columns = self._columns()
        gains = self._gains(columns)
        every = np.abs(np.array([*gains.values()]))
        largest = float(np.nanmax(every, initial=0.0))
        decimals = max(0, digits - 1 - math.floor(math.log10(largest))) if largest > 0.0 else 0

        def fixed(value: float) -> str:
            shown = text_table.number(value, f".{decimals}f")
            return "--" if math.isnan(value) else f"${shown}$"

        def row(name: str, values: np.ndarray, shown: Callable[[float], str]) -> str:
            return tables.row([tables.escaped(name), *map(shown, values.tolist())])

        def significant(value: float) -> str:
            return tables.rounded(value, digits)

        people = row("people", columns["people"].values, significant)
        terms = [row(name, one, fixed) for name, one in gains.items()]
        money = row(MONEY, self._money(columns["equivalent_variation"]), significant)
        unit = self._unit() if self.additive else "log points of real income"
        words = f"People: before; gain and terms: {unit}, means over them; {MONEY}: {self._unit()}."
        words = f"{words} {self._nominal()}".strip()
        count = len(np.unique(self.data["group"].values))
        if count > COLUMNS:
            words += f" {count - COLUMNS} of {count} groups are left out."
        kinds = "l" + "r" * len(head)
        heads = ["", *map(tables.escaped, head)]
        parts = [[people, *terms[:-1]], [terms[-1], money]]
        return tables.tabular(kinds, heads, parts, tables.escaped(words))

    def _who(self) -> list[str]:
        """Say who wins and who loses."""
        everybody, lines = float(self.data["people"].sum()), []
        for who, frame in (("Winners", self.winners), ("Losers", self.losers)):
            if frame.empty:
                lines.append(f"{who}: none.")
                continue
            part = float(frame["people"].sum()) / everybody
            money = text_table.number(float(frame["money"].sum()), "+.5g")
            several = self.data.sizes["kind"] > 1
            names = [f"{at[0]} in {at[1]}" if several else str(at[1]) for at in frame.index[:NAMED]]
            more = f" and {len(frame) - NAMED} more" if len(frame) > NAMED else ""
            lines.append(
                f"{who}: {part:.1%} of people, {money} ({self._unit()}): {', '.join(names)}{more}."
            )
        return lines

    def _notes(self) -> list[str]:
        exact = (
            "utility is quasi-linear: gains are in the numeraire"
            if self.additive
            else "tastes are homothetic: income x (V after/V before - 1), at prices before"
        )
        lines = [f"Equivalent variation is exact, as {exact}."]
        if float(abs(self.data["contribution"].sel(term=MOVING)).max()) > EXACT:
            lines.append(
                "By person, by where they lived before: `moving` is what they gain by being able "
                "to leave. What a place offers who stays is .data.offered."
            )
        else:
            lines.append("By person and by place alike: nobody gains or loses by moving.")
        groups = len(np.unique(self.data["group"].values))
        if groups > COLUMNS:
            lines.append(f"{groups} groups: .by_group has all of them.")
        lines += filter(None, [self._nominal()])
        lines.append(
            "What is income and what is prices depends on the numeraire; the total does not."
        )
        return lines

    def _nominal(self) -> str:
        """Say which terms are not deflated, and what of the results is."""
        shown = self._gains(self._columns()[1])
        nominal = [name for name in INCOMES if name in shown and name != PUBLIC]
        if not nominal:
            return ""
        said = f"Nominal, not deflated: {', '.join(nominal)}; prices are terms of their own."
        if LAND in nominal and "group_income" in self.before.data:
            said += " group_income of results is real: of land it can fall where land rises here."
        return said

    def __repr__(self) -> str:
        head, rows = self._table()
        table = [f"  {line}" for line in text_table.aligned([head, *rows])]
        table.insert(len(table) - 2, "  " + "-" * (max(map(len, table)) - 2))
        words = [textwrap.fill(one, WIDTH) for one in (*self._who(), *self._notes())]
        return "\n".join([textwrap.fill(self._headline(), WIDTH), "", *table, "", *words])

    def _repr_html_(self) -> str:
        head, rows = self._table()

        def line(cells: Sequence[str], tag: str, style: str = "") -> str:
            made = [f'<{tag} style="text-align:left;{style}">{html.escape(cells[0])}</{tag}>']
            made += [
                f'<{tag} style="{RIGHT}{style}">{html.escape(cell)}</{tag}>' for cell in cells[1:]
            ]
            return f"<tr>{''.join(made)}</tr>"

        body = [line(row, "td") for row in rows[:-2]]
        body.append(line(rows[-2], "td", "border-top:1px solid #666;font-weight:bold;"))
        body.append(line(rows[-1], "td"))
        gain = float(self.total["gain"])
        better, worse = gain > EVEN, gain < -EVEN
        colour = banner.GOOD if better else banner.BAD if worse else banner.NEITHER
        words = "".join(f"<div>{html.escape(one)}</div>" for one in (*self._who(), *self._notes()))
        return banner.beside_bar(
            f"<b>{html.escape(self._headline())}</b>"
            f'<table style="margin:6px 0"><thead>{line(head, "th")}</thead>'
            f"<tbody>{''.join(body)}</tbody></table>{words}",
            colour,
        )


@hinted
def compare(before: Equilibrium, after: Equilibrium) -> Comparison:
    """Who gains, who loses, and why: two equilibria of one kind of economy, compared exactly.

    Real income of each kind of people in each place, split without a rest into wages, land,
    dividends and taxes, public goods, prices by industry, rents, amenities and moving, for
    every model of nege; and the equivalent variation: what people would have to be given before to
    be as well off as after.

    Parameters
    ----------
    before, after : Equilibrium
        Of the same model with the same places, industries and tastes; long or short runs.

    Returns
    -------
    Comparison
        ``data`` by kind of people, place and term; ``by_group``, ``by_region``, ``by_industry``,
        ``total``; ``winners`` and ``losers``; ``plot()`` and ``plot_map()``; tables as of all
        results, ``to_latex()``.

    Raises
    ------
    InputError
        Where a solve has failed, economies differ in model, places, industries, kinds of people
        or tastes; or people have moved in a short run although they differ in tastes.

    Notes
    -----
    By person, by where people lived before, who keep their tastes for places and leave if that is
    better; what a place offers who stays is ``data.offered``. Of :class:`Commuting` tastes for
    places to live in are kept, those for jobs are drawn anew.

    What labour, land, platforms and government have is not here: of industries it is
    ``group_income`` of the results, with :class:`nege.mechanisms.Jurisdictions` or a tax
    (``Jurisdictions("places")`` adds the accounts and changes nothing else).

    Not for changes of tastes: with other spending shares or elasticities of demand a gain would
    not be money.

    Examples
    --------
    >>> import nege
    >>> economy = nege.Helpman(nege.geography.line(3), sigma=4, mu=0.7, trade_cost=1.5)
    >>> before, after = nege.solve(economy), nege.solve(economy.replace(trade_cost=1.4))
    >>> found = nege.compare(before, after)
    >>> total = found.total
    >>> abs(float(total.contribution.sum() - total.gain)) < 1e-12
    True
    >>> found.losers.empty
    True
    """
    for name, one in (("before", before), ("after", after)):
        _check(name, one)
    _check_alike(before.model, after.model)
    here, there = (people_of(one.model, one.data) for one in (before, after))
    if [one.name for one in here] != [one.name for one in there]:
        kinds = in_words(one.name for one in here)
        cure = "Give both economies the same mechanisms, or compare each with its own like."
        raise InputError("after", in_words(one.name for one in there), f"of {kinds}, too", cure)
    model = before.model
    made = [_gain(a, b, before, after) for a, b in zip(here, there, strict=True)]
    return Comparison(before, after, _labelled(model, here, there, made), model.differences)


def _check(name: str, one: Any) -> None:
    """Refuse what is no equilibrium, or none that was found."""
    if not isinstance(one, Equilibrium):
        cure = "nege.solve(model) makes one; of a point of a sweep, or after a change, "
        cure += "nege.solve(model.replace(...)). A counterfactual has its own welfare_change."
        raise InputError(name, one, "an Equilibrium", cure)
    if not one.converged:
        cure = "What it has is no equilibrium: solve again, with other options or another start."
        raise InputError(name, f"a solve that ended {one.status.name}", "one that converged", cure)


def _check_alike(one: Any, other: Any) -> None:
    """Refuse economies whose people cannot be compared."""
    cure = "Compare economies of one model, as model and model.replace(...) are."
    if type(one) is not type(other):
        raise InputError("after", type(other).__name__, f"of {type(one).__name__}, too", cure)
    for dim, names in one.coordinates().items():
        if dim in ("region", "place", "industry") and list(names) != list(other.coordinates()[dim]):
            cure = "model.replace(...) keeps them; geography.select(...) takes some of the places."
            allowed = f"over the same {dim}s in the same order as before"
            raise InputError("after", list(other.coordinates()[dim]), allowed, cure)
    differ = [name for name in tastes(one) if not _equal(getattr(one, name), getattr(other, name))]
    if differ:
        cure = "Change what people like no further: with other tastes no sum of money is as good."
        raise InputError("after", in_words(differ), "of people with the same tastes", cure)


def _equal(one: Any, other: Any) -> bool:
    return np.array_equal(np.asarray(one, dtype=float), np.asarray(other, dtype=float))


class _Gain(NamedTuple):
    """The gains of one kind of people, by where they lived."""

    terms: dict[str, np.ndarray]  # which add up to those by person
    income: np.ndarray  # before
    ratio: np.ndarray  # mean of V after over V before
    stays: np.ndarray


def _gain(a: People, b: People, before: Equilibrium, after: Equilibrium) -> _Gain:
    """Return the gains of one kind of people."""
    additive = before.model.differences
    y0, y1 = (sum(one.incomes.values(), np.zeros(one.count.size)) for one in (a, b))
    with np.errstate(divide="ignore", invalid="ignore"):
        mean = np.ones(a.count.size) if additive else logarithmic_mean(y1, y0)
        terms = {name: change / mean for name, change in _changes(a.incomes, b.incomes)}
        terms |= dict(_changes(a.factors, b.factors))
        offered = b.level - a.level
    left = offered - sum(terms.values())
    size = np.nanmax(np.abs(np.append(offered[np.isfinite(offered)], 1.0)))
    if np.nanmax(np.abs(left[np.isfinite(left)]), initial=0.0) > EXACT * size:
        terms[REMAINDER] = left
    moving, ratio, stays = _by_person(a, b, before, after, offered)
    return _Gain({**terms, MOVING: moving}, y0, ratio, stays)


def _changes(one: Mapping[str, Any], other: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    for name in {**one, **other}:
        yield name, other.get(name, 0.0) - one.get(name, 0.0)


def logarithmic_mean(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """Return (a - b)/ln(a/b), which is a where both are the same."""
    change = a - b
    same = change == 0.0
    found: np.ndarray = np.where(same, b, change / np.where(same, 1.0, np.log1p(change / b)))
    return found


def _by_person(
    a: People, b: People, before: Equilibrium, after: Equilibrium, offered: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return what people have beyond what the place offers in which they lived; and who stays.

    The second is the mean of V after over V before.
    """
    moving, ones = np.zeros(a.count.size), np.ones(a.count.size)
    moved = np.max(np.abs(a.count / a.count.sum() - b.count / b.count.sum())) > STAYED
    with np.errstate(over="ignore"):
        alone = np.exp(offered)
    if not (a.moves or b.moves) or not moved:
        return moving, alone, ones
    if a.moves != b.moves or _within(a) != _within(b):
        cure = "Let people move within the same places before and after."
        raise InputError("after", "people who move otherwise", "of people who move alike", cure)
    scale, later = _scale(before), _scale(after)
    if scale is None or scale != later:
        cure = "Solve both as long runs under the same dynamics; or leave people where they are, "
        cure += "nege.short_run(model, before.data)."
        said = f"{_tastes_in_words(before)} before, {_tastes_in_words(after)} after"
        raise InputError("after", said, "of people who choose places alike", cure)
    among = np.zeros(a.count.size, int) if a.among is None else a.among
    gain, ratio, stays = (np.empty(a.count.size) for _ in range(3))
    for name in dict.fromkeys(among.tolist()):
        group = among == name
        if scale == 0.0:
            u0, u1 = (_mean_of(one.level[group], one.count[group]) for one in (a, b))
            with np.errstate(over="ignore"):
                gain[group], ratio[group], stays[group] = u1 - u0, np.exp(u1 - u0), np.nan
        else:
            here = a.level[group] + scale * _log_weights(before, group)
            there = b.level[group] + scale * _log_weights(after, group)
            found = lasting_tastes.gains(here, there, scale)
            gain[group], ratio[group], stays[group] = found
    with np.errstate(invalid="ignore"):
        return np.asarray(gain - offered), ratio, stays


def _mean_of(level: np.ndarray, count: np.ndarray) -> float:
    there = count > 0.0
    return float(level[there] @ count[there] / count.sum())


def _log_weights(found: Equilibrium, group: np.ndarray) -> np.ndarray:
    """Return ln of how well liked places are, as shares of those that people choose among."""
    model = found.model
    if not model.in_shares:  # Lbar is one on average there
        liked = np.log(vars(model)["home_weight"].values[group])
        return np.asarray(liked - np.log(np.exp(liked).mean()))
    assert found.dynamics is not None
    liked = np.asarray(model.motion(found.dynamics).log_weight)[group]
    return np.asarray(liked - np.logaddexp.reduce(liked))


def _within(one: People) -> list[str] | None:
    return None if one.among is None else one.among.tolist()


def _scale(found: Equilibrium) -> float | None:
    """Return how far people differ in tastes for places as they choose; None in a short run."""
    if not found.model.in_shares:
        return (
            None
            if found.horizon == "short run"
            else 1.0 / vars(found.model)["migration_elasticity"]
        )
    if found.dynamics is None or found.horizon == "short run":
        return 0.0
    motion = found.model.motion(found.dynamics)  # of some models tastes are a part
    return 1.0 / motion.intensity if motion.logit else 0.0


def _tastes_in_words(found: Equilibrium) -> str:
    scale = _scale(found)
    return found.horizon + ("" if not scale else f" with tastes of scale {scale:g}")


def _labelled(model: Any, here: list[People], there: list[People], made: list[_Gain]) -> xr.Dataset:
    """Return a comparison as a Dataset."""
    dim = "region" if "region" in model.coordinates() else "place"
    names = list(map(str, model.coordinates()[dim]))
    terms = list(dict.fromkeys(name for one in made for name in one.terms))
    rank = {name: i for i, name in enumerate(INCOMES)}
    terms.sort(key=lambda name: (name == MOVING, name == REMAINDER, rank.get(name, len(rank))))
    zero = np.zeros(len(names))
    parts = np.array([[one.terms.get(term, zero) for term in terms] for one in made])
    parts = parts.swapaxes(1, 2)
    count, later = (np.array([one.count for one in side]) for side in (here, there))
    y0, ratio, stays = (np.array(side) for side in zip(*(one[1:] for one in made), strict=True))
    nobody = ~np.isfinite(y0)
    parts = np.where(nobody[..., None], np.nan, parts)
    # A sum over terms as xarray makes it, so that they add up to the last bit but one.
    gain, offered = parts.sum(-1), parts[..., : terms.index(MOVING)].sum(-1)
    variation = gain if model.differences else y0 * (ratio - 1.0)
    by_kind = [one.name for one in here]
    within = np.array(
        [
            np.full(len(names), one.name)
            if one.among is None
            else [f"{one.name} in {g}" for g in one.among]
            for one in here
        ],
        dtype=str,
    )
    money, unit = _money(model), "numeraire" if model.differences else "1"
    in_logs = "utility" if model.differences else "log real income"

    def over(values: np.ndarray, words: str, units: str) -> Any:
        return ("kind", dim), values, {"long_name": words, "units": units}

    return xr.Dataset(
        {
            "people": over(count, "people before", "1"),
            "people_after": over(later, "people after", "1"),
            "income": over(y0, "income per head before", money),
            "gain": over(gain, f"gain of a person who lived there before, {in_logs}", unit),
            "offered": over(offered, f"gain that the place offers, {in_logs}", unit),
            "equivalent_variation": over(variation, "equivalent variation per head", money),
            "stays": over(np.where(nobody, np.nan, stays), "part of people who stay", "1"),
            "contribution": (
                ("kind", dim, "term"),
                parts,
                {"long_name": f"contribution to the gain, {in_logs}", "units": unit},
            ),
        },
        {"kind": by_kind, dim: names, "term": terms, "group": (("kind", dim), within)},
        {"model": repr(model)},
    )


def _money(model: Any) -> str:
    """Return what income is measured in."""
    name = next(name for name in ("wage", "profit", "income") if name in model.variables)
    unit = str(model.variables[name].unit)
    return "numeraire" if model.differences else unit.removesuffix(" per head")
