"""Who can move where: everybody everywhere, nobody, or each only among regions of one label.

Equations, for groups g of regions, on top of those of a model:

    sum_{r in g} L_r = M_g             nobody crosses: the people of a group are given
    V_r = V_g             r in g       payoffs are equal within a group, or with tastes of scale s
    L_r = M_g B_r V_r^(1/s) / sum_{q in g} B_q V_q^(1/s)

    L    share of people                 V   payoff (real income, amenity included)
    M    share of people of a group      B   weight of a region, under tastes

Goods are traded by all with all, so groups meet in markets. They are reached by replicator or
logit dynamics in which everybody compares with the mean of his own group:

    d ln L_r/dt = V_r/mean_g V - 1,      mean_g V = sum_{q in g} L_q V_q / M_g

and likewise F_r - mean_g F under tastes (``population_dynamics``). They conserve every M_g, so
that R regions in G groups have R - G deviations and as many eigenvalues.

Uniqueness. Where every group is one region nobody can move: a long run is the short run, of
which quantitative models have one. Where one group has all regions, the condition of the model
holds as it is. Else nothing is known, and the condition is *not* enough: the proof of Allen,
Arkolakis & Li (2024) bounds by how much two equilibria differ over all places, from which one
common payoff drops out; payoffs of several groups do not. A counterexample with sigma (1-mu) =
1.25 > 1: a rich town b1 with little labour and a poor one a1 with much are one country, b2 and a2
another, and each poor town buys from the rich town of the other country. Whoever moves from a1 to
b1 makes b1 better, and life in a2 as well; so people leave b2 for a2, and a1 gets worse. Both
countries concentrate in opposite ways, and the even state is unstable, where free mobility has
one stable long run. So groups are solved by their dynamics: it is the long run that people reach.

Sources: Redding, S. & Rossi-Hansberg, E. (2017), Annual Review of Economics 9, sec. 3 (two
countries); Allen, T., Arkolakis, C. & Li, X. (2024), American Economic Review: Insights 6. The
counterexample is nege's own (tests/test_mobility.py).
"""

from __future__ import annotations

import dataclasses
import functools
import math
from collections.abc import Mapping
from typing import Any, ClassVar

import numpy as np
import pandas as pd  # type: ignore[import-untyped]
import xarray as xr

from nege import labelled, validation
from nege.errors import InputError, near
from nege.immutable import frozen
from nege.kernels.population_dynamics import HIGHEST, Dynamics
from nege.models.fields import Field
from nege.models.solutions import Uniqueness
from nege.validation.labels import positions

FREE, NONE = "free", "none"
LARGEST_CODE = 2.0**53  # to which floats hold whole numbers
SPREAD = 0.01  # of each group, which starts spread over its regions and not where people are


@dataclasses.dataclass(frozen=True, eq=False)
class Groups:
    """Groups of regions between which nobody moves: sums, means and growth rates within them.

    Parameters
    ----------
    labels : tuple of str
        Of the groups.
    of : (R,) array of int
        The group of each region.
    people : (R,) array
        Share of people of each region before anybody moves.
    """

    labels: tuple[str, ...]
    of: np.ndarray
    people: np.ndarray

    @functools.cached_property
    def order(self) -> np.ndarray:
        """Regions, group by group."""
        return np.argsort(self.of, kind="stable")

    @functools.cached_property
    def first(self) -> np.ndarray:
        """Where each group begins in that order."""
        return np.searchsorted(self.of[self.order], np.arange(len(self.labels)))

    @functools.cached_property
    def total(self) -> np.ndarray:
        """Share of people of each group."""
        return self.sums(self.people)

    @property
    def largest(self) -> int:
        """How many regions the largest group has; one where nobody can move."""
        return int(np.bincount(self.of).max())

    def sums(self, values: np.ndarray) -> np.ndarray:
        """Return the sum over each group, along the last dimension."""
        return np.asarray(np.add.reduceat(values[..., self.order], self.first, axis=-1))

    def means(self, share: np.ndarray, values: np.ndarray) -> np.ndarray:
        """Return the mean of the people of each group, along the last dimension."""
        return np.asarray(self.sums(share * values) / self.sums(share))

    def log_sums(self, logs: np.ndarray) -> np.ndarray:
        """Return the log of the sum of exponentials over each group, along the last dimension."""
        top = np.maximum.reduceat(logs[..., self.order], self.first, axis=-1)
        return np.asarray(top + np.log(self.sums(np.exp(logs - top[..., self.of]))))

    def levels(self, logs: np.ndarray) -> np.ndarray:
        """Return what to take from ln shares, by region, so that groups keep their people."""
        return np.asarray((self.log_sums(logs) - np.log(self.total))[self.of])

    def shares(self, logs: np.ndarray) -> np.ndarray:
        """Return shares in proportion to exponentials within each group."""
        return np.asarray(np.exp(logs - self.levels(logs)))

    def rescaled(self, share: np.ndarray) -> np.ndarray:
        """Return shares in the proportions given within each group, with its people."""
        return np.asarray(share * (self.total / self.sums(share))[self.of])

    def spread(self, share: np.ndarray) -> np.ndarray:
        """Return where people start: where they are, but for a few who are spread as given."""
        return (1.0 - SPREAD) * self.people + SPREAD * self.rescaled(share)

    def growth(
        self, dynamics: Dynamics, share: np.ndarray, log_payoff: np.ndarray
    ) -> tuple[np.ndarray, float]:
        """Return growth rates of shares and the residual: ``population_dynamics.mismatch``."""
        there = share > 0.0
        with np.errstate(all="ignore"):  # what is not finite is no rest
            found = dynamics.intensity * log_payoff + dynamics.log_weight
            if dynamics.dispersion > 0.0:
                found = found - np.where(there, dynamics.dispersion * np.log(share), 0.0)
            if dynamics.logit:
                found = found - self.means(share, np.where(there, found, 0.0))[self.of]
            else:
                inside = np.where(there, found, -np.inf)
                top = np.maximum.reduceat(inside[self.order], self.first)
                paid = np.exp(np.minimum(found - top[self.of], HIGHEST))
                found = paid / self.means(share, paid)[self.of] - 1.0
            gaps = np.where(there, np.abs(found), np.maximum(0.0, found))
            residual = float(np.max(gaps))
        return np.asarray(found), residual if math.isfinite(residual) else math.inf

    def uniqueness(self, known: Uniqueness, *, plain: bool) -> Uniqueness:
        """Return whether the long run is proven to be unique, from what is with free mobility.

        `plain` says whether the short run is unique: trade is balanced, and open everywhere.
        """
        if self.largest == 1 and plain:
            words = "nobody can move, and markets clear in one way; regions in the largest group"
            return Uniqueness(True, 1.0, words)
        if len(self.labels) == 1:
            return known
        more = "which is known where everybody can move everywhere, and not within groups"
        return Uniqueness(False, known.value, f"{known.condition}, {more}")


# --- the two fields ------------------------------------------------------------------


class Mobility(Field):
    """Who can move where: a word, or a label of each region."""

    takes: ClassVar[str] = "str | Sequence[Any] | Mapping[str, Any] | np.ndarray | xr.DataArray"

    def check(self, value: Any, economy: Any) -> Any:
        """Return one of the words, or labels by region."""
        value = FREE if value is None else value
        if isinstance(value, str) and value in (FREE, NONE):
            return value
        names = economy.geography.names
        allowed = f"{FREE!r}, {NONE!r}, or a label for each of the {len(names)} regions"
        if isinstance(value, str) and value not in economy.geography.columns:
            cure = near(value, (FREE, NONE, *economy.geography.columns))
            raise InputError(self.name, value, f"{allowed}, or the column that has them", cure)
        value = economy.geography.column(self.name, value)
        labels = _labels(self.name, value, names, allowed)
        about = {"long_name": self.words, "units": ""}
        return labelled.array(frozen(labels), {"region": names}, self.name, about)

    def form(self) -> str:
        """Say what may be given."""
        return f"{FREE!r}, {NONE!r}, or a label for each region"


class People(Field):
    """Shares of people over the regions, before anybody moves."""

    takes: ClassVar[str] = "Sequence[float] | Mapping[str, float] | np.ndarray | xr.DataArray"

    def check(self, value: Any, economy: Any) -> xr.DataArray | None:
        """Return shares by label, or None where they are not given."""
        if value is None:
            return None
        names = economy.geography.names
        value = economy.geography.column(self.name, value)
        given = validation.vector(self.name, value, names, at_least=0.0)
        if not (given > 0.0).any():
            raise InputError(self.name, value, "people in some region", "All of them are zero.")
        shares = given / given.max()  # first: a sum of numbers this large may overflow
        about = {"long_name": self.words, "units": self.unit}
        return labelled.array(frozen(shares / shares.sum()), {"region": names}, self.name, about)

    def form(self) -> str:
        """Say over what."""
        return "numbers of at least 0 over region"


def who_moves(also: str = "", **about: Any) -> Any:
    """Declare who can move where; `also` is what else there is to say of it in a model."""
    more = (
        "Everybody everywhere ('free'); nobody, so that the long run is the short run where "
        "people are ('none'); or people move only among regions with the same label, as of a "
        "country: by name, in the order of the regions, or the name of a column of the geography. "
        f"Goods are traded in any case. {also}"
    ).strip()
    return Mobility(
        words="who can move where",
        unit="",
        dims=("region",),
        **{"default": FREE, "more": more, **about},
    )


def before_moving(**about: Any) -> Any:
    """Declare where people are before anybody moves."""
    more = (
        "Only where `mobility` is not 'free': what counts of it in a long run is how many each "
        "group has. In any unit; by default in proportion to population, where the geography has "
        "one, else equal."
    )
    return People(
        words="people of each region before anybody moves",
        dims=("region",),
        **{"default": None, "more": more, **about},
    )


def groups_of(model: Any) -> Groups | None:
    """Return the groups of an economy with both fields; None where everybody moves freely.

    Raises
    ------
    InputError
        Where people are given that cannot act, an online region belongs to no group, or a group
        has nobody in it.
    """
    asked, given = model.mobility, model.people
    if isinstance(asked, str) and asked == FREE:
        if given is not None:
            raise InputError(
                "people",
                given.values,
                "left out where mobility is free",
                "Where people are before they move does not matter if all can move everywhere: "
                "people=None; or say who can move where, for example mobility='none'.",
            )
        return None
    if model.online is not None:
        raise InputError(
            "mobility",
            asked if isinstance(asked, str) else asked.values,
            "'free' where there is an online region",
            "It is open to people of every group, so that labels cannot say who is there. Make it "
            "a place of the geography with its own trade costs, and give it the label of those "
            "who can work there: nege.geography.from_distance(...), trade_cost=a DataArray.",
        )
    names = model.geography.names
    if isinstance(asked, str):
        labels, of = tuple(names), np.arange(len(names))
    else:
        labels = tuple(dict.fromkeys(asked.values.tolist()))
        at = {label: position for position, label in enumerate(labels)}
        of = np.array([at[label] for label in asked.values.tolist()])
    shares = model.geography.population_share if given is None else given
    found = Groups(labels, of, shares.values)
    if not (found.total > 0.0).all():
        empty = labels[int(np.argmin(found.total))]
        raise InputError(
            "people" if given is not None else "mobility",
            shares.values,
            "such that there is somebody in every group",
            f"There is nobody in {empty}, and nobody can come: leave its regions out of the "
            "geography, or say in people= how many there are.",
        )
    return found


def _labels(argument: str, value: Any, names: tuple[str, ...], allowed: str) -> list[str]:
    """Return a label for each region as text, matched by name where the value has names."""
    if isinstance(value, (set, frozenset)):
        raise InputError(argument, value, allowed, "A set has no order: give a list or a mapping.")
    index: pd.Index | None = None
    written = isinstance(value, Mapping) and not isinstance(value, xr.Dataset)
    if written:
        index, given = pd.Index(list(value), dtype=object, tupleize_cols=False), [*value.values()]
    elif isinstance(value, pd.Series):
        index, given = value.index, value.tolist()
    elif isinstance(value, xr.DataArray):
        if value.dims != ("region",):
            raise InputError(argument, value.dims, allowed, "Rename its dims: it is over region.")
        index = value.indexes.get("region")
        given = value.values.tolist()
    elif isinstance(value, (list, tuple)):
        given = list(value)
    elif isinstance(value, (np.ndarray, pd.Index, pd.api.extensions.ExtensionArray)):
        if getattr(value, "ndim", 1) != 1:
            raise InputError(argument, value, allowed, f"Its shape is {np.shape(value)}.")
        given = value.tolist()
    else:
        cure = "People move only among regions with the same label, as of a country."
        raise InputError(argument, value, allowed, cure)
    if index is not None:
        order = positions(argument, index, names, allowed, written=written)
        given = given if order is None else [given[place] for place in order]
    if len(given) != len(names):
        shown = ", ".join(names[:4]) + (f", ... {names[-1]}" if len(names) > 4 else "")
        cure = f"There are {len(given)} labels. The regions are {shown}."
        raise InputError(argument, value, allowed, cure)
    return [
        _text(argument, label, place, allowed) for label, place in zip(given, names, strict=True)
    ]


def _text(argument: str, label: Any, place: str, allowed: str) -> str:
    """Return a label as text: text, a whole number, or True and False."""
    if isinstance(label, str) and validation.unwritable(label):
        cure = f"That of {place!r} has control characters, which no file can hold."
        raise InputError(argument, label, allowed, cure)
    if isinstance(label, str) and label.strip():
        return str(label)
    if isinstance(label, (bool, int, np.bool_, np.integer)):
        return str(label)
    if isinstance(label, float) and abs(label) < LARGEST_CODE and label.is_integer():
        return str(int(label))  # codes of which a table made floats
    problem = f"That of {place!r} is {label!r}"
    if isinstance(label, float) and math.isfinite(label):
        cure = f"{problem}: a measured number is no label. Is it the wrong column?"
    elif isinstance(label, (float, str)) or label is None or label is pd.NA or label is pd.NaT:
        cure = f"{problem}, which is missing: whose people could move there? Give it a label."
    else:
        cure = f"{problem}: labels are text or whole numbers."
    raise InputError(argument, label, allowed, cure)
