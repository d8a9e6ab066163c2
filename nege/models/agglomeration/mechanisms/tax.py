"""Taxes on sales, tariffs, and a tax on what platforms take: wedges of ``jurisdictions``.

    t_kc  = rate (1 - leak_c)(1 - intangible_k)       effective rate, on the price before it
    zeta' = zeta/(1 - psi t_D)                        commission of a platform that pays t_D of it
                                                      and passes on a part psi

``Tax`` is on sales from ``origins`` to ``destinations``, in ``channels``, of ``industries``, and
belongs to the jurisdiction of the seller (base "origin") or of the buyer (base "destination").
``Tariff`` is the same on what comes from another jurisdiction, and belongs to that of the buyer.
``DigitalServicesTax`` is on the commission on sales to a jurisdiction; owners keep the rest of it.
A negative rate is a subsidy, which those pay who would have the proceeds. Undeclared sales and
undeclared value are rates: t (1 - leak). Money that is collected but kept by sellers is a rate
too, t(1 - l)/(1 + l t), and goes to buyers by free entry. Off: rate = 0.

Where the base is does not matter if land and revenue are local and there is no commission
(Lockwood, de Meza & Myles 1994); else a destination base has more revenue than an origin base
where a place buys more than it sells, by the rate times that, at small rates. A uniform retail
tax on goods and housing that is spent where it is raised changes no allocation.
Best tariff of one of two countries in Armington trade, the other's t_F = 0: 1/((sigma - 1) s_FF),
s_FF foreign's share of spending on its own (Gros 1987).
Source: those named; Agrawal & Wildasin (2020) for origin offline, destination online.
"""

from __future__ import annotations

import contextlib
import dataclasses
import json
import warnings
from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

import numpy as np
import xarray as xr

from nege import validation
from nege.errors import InputError, in_words, near, outside
from nege.models import fields
from nege.models.agglomeration.kinds import CHANNELS
from nege.models.agglomeration.layout import ONLINE
from nege.models.agglomeration.mechanisms.frame import NATION, Mechanism, Wedge, partial
from nege.models.fields import Field, Labelled
from nege.validation import Bounds
from nege.validation.keywords import hinted_call

RATE = Bounds(above=-1.0, cure="A subsidy of all of the price or more leaves nothing to pay.")
PART = Bounds(at_least=0.0, at_most=1.0, cure="It is a part of what is taxed: 0.3 for 30 %.")
HOUSING = "housing"
PROCEEDS = ("everyone", "owners", "residents")


@dataclasses.dataclass(frozen=True)
class PublicGood:
    """Proceeds that a jurisdiction spends on what households buy: X_q = L_q Γ_g/L_g in place q.

    Each resident then has ω X_q L_q^(−ϱ) as if it were income.

    Parameters
    ----------
    worth : float >= 0, default 1
        What a unit of it is worth (ω): 1 as good as private money, 0 wasted.
    rivalry : float in [0, 1], default 1
        1 where each has a share of it, 0 where all have all of it (ϱ).

    Raises
    ------
    InputError
        For a number out of these bounds.

    Examples
    --------
    >>> import nege
    >>> parks = nege.mechanisms.PublicGood(worth=1.2)
    >>> nege.mechanisms.Tax("vat", 0.1, proceeds=parks).proceeds.worth
    1.2
    """

    worth: float = 1.0
    rivalry: float = 1.0

    def __post_init__(self) -> None:
        worth = Bounds(at_least=0.0).number("worth", self.worth)
        object.__setattr__(self, "worth", worth)
        rivalry = Bounds(at_least=0.0, at_most=1.0).number("rivalry", self.rivalry)
        object.__setattr__(self, "rivalry", rivalry)


PublicGood.__init__ = hinted_call(PublicGood.__init__)  # type: ignore[method-assign]


# --- kinds of fields ------------------------------------------------------------------


class Proceeds(Field):
    """Who has what is collected."""

    takes = "str | PublicGood"

    def check(self, value: Any, economy: Any) -> Any:
        """Return a word, or how public money is spent."""
        if isinstance(value, str) and value.startswith("{"):  # from a file
            with contextlib.suppress(json.JSONDecodeError):
                value = json.loads(value)
        if isinstance(value, Mapping):
            value = PublicGood(**{str(key): number for key, number in value.items()})
        if isinstance(value, PublicGood):
            return value
        return validation.known(self.name, value, PROCEEDS)

    def form(self) -> str:
        """Say what may be given."""
        return f"{', '.join(map(repr, PROCEEDS))} or PublicGood"


@dataclasses.dataclass(frozen=True, kw_only=True, eq=False)
class Among(Field):
    """Some labels of a dimension: one, several, or None for all."""

    of: str  # dimension
    also: tuple[str, ...] = ()
    takes: ClassVar[str] = "str | Sequence[str]"

    def check(self, value: Any, economy: Any) -> tuple[str, ...] | None:
        """Return labels that there are."""
        if value is None:
            return None
        if isinstance(value, xr.DataArray):  # from a file
            value = [str(name) for name in np.ravel(value.values)]
        given = [value] if isinstance(value, str) else value
        names = validation.distinct_names(self.name, validation.texts(self.name, given))
        known = [*map(str, economy.labels()[self.of]), *self.also]
        for name in names:
            if name not in known:
                raise InputError(self.name, name, f"among {known}", near(name, known))
        if not names:
            raise InputError(self.name, value, "one name at least, or None for all")
        return tuple(names)

    def form(self) -> str:
        """Say what may be given."""
        return f"names over {self.of}"


def among(of: str, words: str, **about: Any) -> Any:
    """Declare some labels of a dimension."""
    return Among(words=words, of=of, unit="", default=None, **about)


class Place(Field):
    """One place, or None."""

    takes = "str"

    def check(self, value: Any, economy: Any) -> str | None:
        """Return a place that there is."""
        if value is None:
            return None
        return validation.known(self.name, value, tuple(map(str, economy.geography.names)))


class LargeRateWarning(RuntimeWarning):
    """A rate above 100 per cent, likelier meant as a number of per cent."""


class Rate(fields.Over):
    """A rate, or rates of jurisdictions or places by name, zero where none is given."""

    def check(self, value: Any, economy: Any) -> Any:
        """Return a number, or rates by label."""
        value = economy.geography.column(self.name, value)
        if np.isscalar(value) or getattr(value, "ndim", None) == 0:
            return self.bounds.number(self.name, value)
        labels = {dim: [str(x) for x in economy.labels()[dim]] for dim in ("jurisdiction", "place")}
        given = None
        if isinstance(value, Mapping):
            given = [str(key) for key in value]
            value = {str(key): rate for key, rate in value.items()}
        elif isinstance(value, xr.DataArray) and value.ndim == 1 and value.coords:
            given = [str(x) for x in value[value.dims[0]].values]
            value = dict(zip(given, value.values, strict=True))
        if given is None:
            value = validation.real_array(self.name, value, "a number, or rates by label")
            fits = [dim for dim, names in labels.items() if len(names) == np.size(value)]
            dim = fits[0] if fits else "jurisdiction"
            return self._table(value, {dim: labels[dim]})
        for dim, names in labels.items():
            if given and set(given) <= set(names):
                return self._table({**dict.fromkeys(names, 0.0), **value}, {dim: names})
        every = [*labels["jurisdiction"], *labels["place"]]
        bad = next((name for name in given if name not in every), given)
        allowed = "a number, or rates by jurisdictions of the economy or its places"
        raise InputError(self.name, bad, allowed, near(bad, every) if isinstance(bad, str) else "")

    def hear(self, name: str, value: Any) -> None:
        """Warn of more than 100 per cent, which is likelier a number of per cent.

        No law of economics forbids it, as of a tariff that nothing passes. Of a part of something,
        as a commission, 1 is too much by itself.
        """
        if self.bounds.below is not None:
            return  # it is refused
        given = list(value.values()) if isinstance(value, Mapping) else value
        with contextlib.suppress(TypeError, ValueError, OverflowError):  # which is refused later
            if (np.asarray(given, dtype=float) > 1.0).any():
                warnings.warn(
                    f"{name} is more than 1, which is 100 per cent of the price before it: 10 % is "
                    "written 0.10, as 10 would be 1000 %.",
                    LargeRateWarning,
                    stacklevel=outside(),
                )

    def _table(self, value: Any, wanted: Mapping[str, list[str]]) -> xr.DataArray:
        found = validation.table(self.name, value, wanted, **self.bounds._asdict())
        found.name = self.name
        return found

    def form(self) -> str:
        """Say over what, and within which bounds."""
        return f"{self.bounds.words('float')}, or by jurisdiction or place, 0 where not given"


def rated(words: str, bounds: Bounds = RATE, **about: Any) -> Any:
    """Declare a rate."""
    dims = ("jurisdiction",)
    return Rate(words=words, dims=dims, bounds=bounds, varied=True, default=0.0, **about)


def leaking(term: str) -> Any:
    """Declare what part of sales is not declared."""
    words = "part of sales that escapes it, by channel"
    return partial(("channel",), words, PART, default=None, more="By default none.", term=term)


# --- lowering -------------------------------------------------------------------------


def groups(economy: Any) -> tuple[np.ndarray, list[str]]:
    """Return the number of each place's jurisdiction, and their names."""
    for one in economy.mechanisms.acting:
        if one.has_wedges:
            found: tuple[np.ndarray, list[str]] = one.of_places(economy)
            return found
    return np.zeros(len(economy.geography), int), [NATION]


def by_place(economy: Any, rate: Any) -> np.ndarray:
    """Return a rate of each place, or the one of all, (1,)."""
    if not isinstance(rate, xr.DataArray):
        return np.full(1, rate)
    if rate.dims == ("place",):
        return np.asarray(rate.values)
    return np.asarray(rate.values[groups(economy)[0]])


def crossing(economy: Any) -> np.ndarray:
    """Return which pairs of places are of two jurisdictions."""
    group, _ = groups(economy)
    return np.asarray(group[:, None] != group)


def check_border(economy: Any, argument: str, value: Any) -> None:
    """Refuse what is of a border, or of one of several jurisdictions, where there is one nation."""
    if not crossing(economy).any():
        cure = 'Add nege.mechanisms.Jurisdictions({"north": ["0"], "south": ["1"]}), or "places".'
        raise InputError(argument, value, "in an economy of several jurisdictions", cure)


def mask(names: tuple[str, ...] | None, labels: Any) -> np.ndarray:
    """Return 1 where a label is among names."""
    return np.array([1.0 if names is None or str(x) in names else 0.0 for x in labels])


def check_acts(one: Any, economy: Any) -> None:
    """Refuse parts that escape a tax, if nothing of them is taxed."""
    for field, of in (("leak", "channels"), ("intangible", "industries")):
        named = getattr(one, of, None)
        table = getattr(one, field, None)
        if table is None or named is None:
            continue
        some = np.nan_to_num(table.values) > 0.0
        read = mask(named, table[table.dims[0]].values) > 0.0
        if some.any() and not (some & read).any():
            cure = f"Leave it out, or name others as {of}: nothing that escapes is taxed."
            given = table.values.tolist()
            raise InputError(f"{one.name}.{field}", given, f"of {in_words(named)}", cure)


def cells(one: Any, economy: Any) -> np.ndarray:
    """Return (industry, channel) that a mechanism is about."""
    industries = mask(one.industries, economy.industries)
    return np.asarray(industries[:, None] * mask(one.channels, CHANNELS))


class Tax(Mechanism):
    """A tax on sales, or a subsidy: a part of the price before it that a jurisdiction collects.

    With ``buyers="all"`` it is a turnover tax, which cascades through inputs; with "households" a
    retail tax, or a value-added tax with full credit, paid after all others. A subsidy that is
    more than those who pay for it earn has no equilibrium.

    Examples
    --------
    >>> import nege
    >>> vat = nege.mechanisms.Tax("vat", 0.1, buyers="households", leak={"online": 0.3})
    >>> economy = nege.OnlineAgglomeration(mechanisms=[vat])
    >>> found = nege.solve(economy.replace({"vat.rate": 0.12}))
    >>> float(found.data.revenue.sel(wedge="vat").sum()) > 0.0
    True
    """

    rate: Labelled[Any] = rated(
        "rate on the price before it, 0.1 for 10 %",
        more="Above 1 it is warned of. By jurisdiction it is that of the base.",
        kw_only=False,
        term="tax rate",
    )
    base: str = fields.word(
        "whose jurisdiction taxes: the seller's, or the buyer's",
        ("origin", "destination"),
        default="destination",
    )
    buyers: str = fields.word("who pays it", ("all", "households"), default="all")
    industries: Any = among(
        "industry",
        "industries whose sales it is on",
        also=(HOUSING,),
        more='By default all goods; "housing" too is one where households pay.',
    )
    channels: Any = among("channel", "channels of these sales", more="By default both.")
    origins: Any = among("place", "places of sellers", more="By default all.")
    destinations: Any = among("place", "places of buyers", more="By default all.")
    leak: Labelled[xr.DataArray] = leaking(term="part of sales that escapes the tax")
    intangible: Labelled[xr.DataArray] = partial(
        ("industry",),
        "part of value that escapes it",
        PART,
        default=None,
        more="By default none.",
        term="part of value that escapes the tax",
    )
    collector: Any = Place(
        words="a place whose jurisdiction has all of it",
        unit="",
        default=None,
        more="For example that of the platforms' headquarters. By default that of the base.",
    )
    proceeds: Any = Proceeds(words="who has what is collected", unit="", default="residents")

    kind: ClassVar[str] = "tax"

    def reads(self, field: str) -> Sequence[str] | None:
        """Return the channels and industries that it is on."""
        return {"leak": self.channels, "intangible": self.industries}.get(field)

    def check(self, economy: Any) -> None:
        """Refuse what would say something of nothing: no channel of housing, no rate of nobody."""
        if self.industries is not None and HOUSING in self.industries:
            given = {
                "channels": None if self.channels is None else list(self.channels),
                "leak": self._part(self.leak),
                "intangible": self._part(self.intangible),
            }
            for field, value in given.items():
                if value is not None:
                    allowed = "left out beside 'housing', which is sold in no channel, as no goods"
                    cure = "Have one tax on housing, and another on goods."
                    raise InputError(f"{self.name}.{field}", value, allowed, cure)
        check_acts(self, economy)
        if self.collector is not None:
            check_border(economy, f"{self.name}.collector", self.collector)
        side = "origins" if self.base == "origin" else "destinations"
        named = getattr(self, side)
        if named is None or not isinstance(self.rate, xr.DataArray):
            return
        group, labels = groups(economy)
        places = [str(name) for name in economy.geography.names]
        taxed = (
            named
            if self.rate.dims == ("place",)
            else {labels[group[places.index(p)]] for p in named}
        )
        for label, rate in zip(self.rate[self.rate.dims[0]].values, self.rate.values, strict=True):
            if rate != 0.0 and str(label) not in taxed:
                cure = f"{side} are {in_words(named)}: name more of them, or leave the rate out."
                allowed = f"rates of those whose sales are taxed, {in_words(sorted(taxed))}"
                raise InputError(f"{self.name}.rate", {str(label): float(rate)}, allowed, cure)

    @staticmethod
    def _part(table: Any) -> Any:
        """Return a table of parts, None where there are none."""
        return table.values.tolist() if np.nan_to_num(table.values).any() else None

    def wedge(self, economy: Any) -> Wedge:
        """Return its rate between a firm and its buyer, and who has it."""
        where, names = cells(self, economy), economy.geography.names
        left = (1.0 - np.nan_to_num(self.leak.values)) * where
        left = left * (1.0 - np.nan_to_num(self.intangible.values))[:, None]
        rate = by_place(economy, self.rate)
        rate = rate[:, None] if self.base == "origin" else rate[None]
        for names_of, axis in ((self.origins, 1), (self.destinations, 0)):
            if names_of is not None:
                rate = rate * np.expand_dims(mask(names_of, names), axis)
        housing = None
        if self.industries is not None and HOUSING in self.industries:
            housing = np.broadcast_to(rate[0], (len(names),))
        return Wedge(
            left[:, :, None, None] * rate,
            collector=self.collector or self.base,
            proceeds=self.proceeds,
            buyers=self.buyers,
            cells=where > 0.0,
            by_channel=self.channels is not None or not np.isnan(self.leak.values).all(),
            housing=housing,
        )


class Tariff(Mechanism):
    """A tax on what crosses the border of the buyer's jurisdiction, which has it.

    Examples
    --------
    >>> import nege
    >>> from nege import mechanisms as mech
    >>> halves = mech.Jurisdictions({"north": ["0", "1"], "south": ["2", "3"]})
    >>> digital = mech.Tariff("digital", {"north": 0.05}, channels="online")
    >>> economy = nege.OnlineAgglomeration(mechanisms=[halves, digital])
    >>> float(economy.replace({"digital.rate.north": 0.1}).mechanisms["digital"].rate[0])
    0.1
    """

    rate: Labelled[Any] = rated(
        "rate on the price before it, 0.1 for 10 %",
        more="Above 1 it is warned of. By the buyer's jurisdiction.",
        kw_only=False,
        term="import tariff",
    )
    industries: Any = among("industry", "industries that it is on", more="By default all.")
    channels: Any = among("channel", "channels that it is on", more="By default both.")
    leak: Labelled[xr.DataArray] = leaking(term="part of sales that escapes the tariff")
    proceeds: Any = Proceeds(words="who has what is collected", unit="", default="residents")

    kind: ClassVar[str] = "tariff"

    def reads(self, field: str) -> Sequence[str] | None:
        """Return the channels that it is on."""
        return {"leak": self.channels}.get(field)

    def check(self, economy: Any) -> None:
        """Refuse a nation without borders, and a leak of what is not taxed."""
        check_border(economy, self.name, self.kind)
        check_acts(self, economy)

    def wedge(self, economy: Any) -> Wedge:
        """Return its rate between a firm and its buyer, and who has it."""
        where = cells(self, economy)
        left = where * (1.0 - np.nan_to_num(self.leak.values))
        rate = by_place(economy, self.rate)[None] * crossing(economy)
        return Wedge(left[:, :, None, None] * rate, proceeds=self.proceeds, cells=where > 0.0)


class DigitalServicesTax(Mechanism):
    """A tax on the commission of platforms, which the jurisdiction of the buyer has.

    What platforms do not pass on their owners bear: then it is a transfer, and no price changes
    but through who has the money. A platform without cost of its own would pass on nothing; one
    without profit all of it.

    Examples
    --------
    >>> import nege
    >>> dst = nege.mechanisms.DigitalServicesTax("dst", 0.03, pass_through=1.0)
    >>> found = nege.solve(nege.OnlineAgglomeration(digital_cost=1.2, mechanisms=[dst]))
    >>> round(float(found.data.revenue.sel(wedge="dst").sum() / found.data.commission_revenue), 9)
    0.03
    """

    rate: Labelled[Any] = rated(
        "part of the commission",
        Bounds(at_least=0.0, below=1.0, cure="It is a part of the commission: 0.03 for 3 %."),
        more="By the buyer's jurisdiction; one number where something of it is passed on.",
        kw_only=False,
        term="digital services tax (share of commission)",
    )
    pass_through: float = fields.number(
        "part of it that platforms pass on",
        Bounds(at_least=0.0, at_most=1.0),
        default=0.0,
        term="part of the digital services tax passed on",
    )
    proceeds: Any = Proceeds(words="who has what is collected", unit="", default="residents")

    kind: ClassVar[str] = "digital_services_tax"

    def refuses(self) -> Mapping[str, str]:
        """Return what sets commissions itself, if something is passed on."""
        cure = "Platforms set commissions themselves: pass_through is for given ones."
        known = {"platforms": cure, "posted_prices": "Prices follow the economy's commission."}
        return known if self.pass_through > 0.0 else {}

    def check(self, economy: Any) -> None:
        """Refuse commissions that would differ by buyer, or be all of the price."""
        if self.pass_through > 0.0 and isinstance(self.rate, xr.DataArray):
            cure = "One commission is for all buyers: give one rate, or pass_through=0."
            raise InputError(f"{self.name}.rate", self.rate.values.tolist(), "one number", cure)
        alike = [one for one in economy.mechanisms.values() if isinstance(one, DigitalServicesTax)]
        if not sum(np.max(np.asarray(one.rate)) for one in alike) < 1.0:
            allowed = "less than all of the commission, with other taxes on it"
            raise InputError(
                f"{self.name}.rate", np.asarray(self.rate).tolist(), allowed, "Lower it."
            )
        taken = economy.commission.values
        for one in economy.mechanisms.values():
            taken = taken * (one.factor() if isinstance(one, DigitalServicesTax) else 1.0)
        if not (taken < 1.0).all():
            allowed = "such that commissions stay below 1 with what is passed on"
            raise InputError(f"{self.name}.rate", self.rate, allowed, "Lower it, or pass_through.")

    def factor(self) -> float:
        """Return what commissions are over those without it."""
        return 1.0 if self.pass_through == 0.0 else 1.0 / (1.0 - self.pass_through * self.rate)

    def lower(self, economy: Any, tables: dict[str, np.ndarray]) -> None:
        """Raise the commission by what is passed on."""
        zeta = -np.expm1(tables["log_net"][:, ONLINE])
        if self.pass_through > 0.0:
            tables["log_net"][:, ONLINE] = np.log1p(-zeta * self.factor())

    def wedge(self, economy: Any) -> Wedge:
        """Return its part of the commission, and who has it."""
        rate = by_place(economy, self.rate)[None] * np.ones((1, 1))
        online = mask(("online",), CHANNELS)[None, :, None, None]
        where = np.ones((len(economy.industries), 1)) * (online[:, :, 0, 0] > 0.0)
        return Wedge(
            online * rate, proceeds=self.proceeds, of_commission=True, cells=where.astype(bool)
        )

    def audit(self, stage: str, economy: Any, a: Any) -> None:
        """Raise the commission by what is passed on."""
        if stage == "labour":
            a.keeps = a.keeps * self.factor()
