"""Data: a by-product of selling online, which firms that may use it buy (claims 25, 29, 34, 36).

    D_k     = (access N_k/N0_k)^chi_k                  stock;  N_k = sum_p n_kp online
    c^(1-e) = c0^(1-e) + omega_kc (p_k/D_k)^(1-e)      unit cost; a use of richer data is worth more
    v       = omega (p/D)^(1-e)/c^(1-e)                its share: of revenue R firms spend v R on
                                                       data, (1-v) R on labour, land and inputs
    U_k     = sum_p v R/p_k                            uses of data
    hours   = m_k U_k + F_k                            in data centres, shares h_p in each place
    wbar    = sum_p h_p w_p                            what an hour costs them
    price   ln p_k - ln[...] = 0:  m wbar                              marginal cost
                                   m wbar + F wbar/U                   average cost
                                   m wbar [1 + 1/((e-1)(1-vbar))]      monopoly
    vbar    = sum v^2 R/sum v R
    Pi_k    = p U - (m U + F) wbar                     profit: everybody's, in the dividend, or of
                                                       the owners of platforms

    c0     unit cost without data      e  substitution     m    marginal_cost, in labour
    omega  weight                      chi  returns        F    fixed_cost, in labour
    n      firms online, dual ones     N0  scale           h    platform_owner, or equal shares
           (``dual_mode``) included

The monopolist takes revenue as given: then ln U falls by 1 + (e-1)(1-vbar) with ln p. Under
marginal cost F is paid out of the dividend. Off: access = 0 or omega = 0, and then F is not spent,
nor where nobody sells online; that is so at e < 1 too, where D = 0 would stop those who need data.

Returns increase: at given prices of data ln c falls by chi v with ln N. Costs fall faster than
firms enter unless chi v < 1, v that of firms online: results have it as ``data_feedback``. (A
monopolist's price rises with v, and bears a little more.) In one place
with one industry, e = 2, Y = R_online/wbar and b = omega/m at N0 = 1, N = Y (1 + b N^chi): at
chi = 1 N = Y/(1 - b Y) if b Y < 1; at chi = 2 N = [1 - sqrt(1 - 4 b Y^2)]/(2 b Y) up to a fold at
4 b Y^2 = 1, where chi v = 1, and beyond it no equilibrium.
Source: after Jones & Tonetti (2020), Farboodi & Veldkamp (2021).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar, Self

import numpy as np
import xarray as xr

from nege.errors import InputError
from nege.kernels.duals import exp, log, log1p, logaddexp
from nege.models import fields
from nege.models.agglomeration.kinds import ALONE, ClosedForm, by_industry, positive
from nege.models.agglomeration.kinds import weight as some
from nege.models.agglomeration.layout import OFFLINE, ONLINE
from nege.models.agglomeration.mechanisms.commission import hosts
from nege.models.agglomeration.mechanisms.frame import Mechanism, OfSome, Own, of_some
from nege.models.fields import Labelled
from nege.validation import Bounds
from nege.validation.keywords import hinted

PRICING, OWNERS = ("marginal", "average", "monopoly"), ("consumers", "platform")
NEAR = 0.99  # from where on chi v is said to be what a solve failed of
NOBODY = 1e-12  # firms online over the scale of data: fewer leave no data to speak of
LOSS = 1e-6  # of spending on data: losses under average cost from which on no price covers costs
PART = Bounds(at_least=0.0, at_most=1.0, cure="It is a part of the stock: 1 is all of it.")


class Users(OfSome):
    """Weights over industry and channel; over industry alone those of firms online."""

    def check(self, value: Any, economy: Any) -> xr.DataArray:
        """Return weights by label, zero where none is given."""
        labels = economy.labels()
        return super().check(_online(value, labels["industry"], labels["channel"]), economy)


def _online(value: Any, industries: Any, channels: Any) -> Any:
    """Return what is said of industries alone as said of their firms online."""
    if isinstance(value, xr.DataArray) and value.coords and value.dims:
        return value if "channel" in value.dims else value.expand_dims(channel=channels[ONLINE:])
    if isinstance(value, Mapping):
        if value and set(map(str, value)) <= set(channels) - set(industries):
            return value
        return {k: v if isinstance(v, Mapping) else {"online": v} for k, v in value.items()}
    return {"online": value} if np.ndim(value) < 2 else value


def users(words: str, **about: Any) -> Any:
    """Declare who can use something."""
    return Users(words=words, dims=("industry", "channel"), **about)


# --- equations ------------------------------------------------------------------------


def _costs(m, to, met, made):
    for k in range(to.industries):
        firms = 0.0 * met[to.wage]
        for mode in range(ONLINE, to.modes):
            firms += met[to.everywhere + to.modes * k + mode]
        made[m.participants + k] = firms
        for mode in range(to.modes):
            cell = to.modes * k + mode
            made[m.part + cell] = 0.0
            omega = m.weight[k, OFFLINE if mode == OFFLINE else ONLINE]
            cost = made[to.cost + cell]
            if omega == 0.0 or m.access == 0.0 or cost.real == np.inf:
                continue
            if firms.real == 0.0:
                if m.substitution < 1.0:
                    made[to.cost + cell] = np.inf  # no data, no product
                continue
            stock = m.returns[k] * log(m.access * firms / m.scale[k])
            odds = log(omega) + (1.0 - m.substitution) * (met[m.price + k] - stock - cost)
            both = logaddexp(0.0 * odds, odds)
            made[m.part + cell] = exp(odds - both)
            made[to.cost + cell] += both / (1.0 - m.substitution)


def _sales(m, to, met, made):
    made[m.hour] = m.host * exp(met[to.wage])
    for k in range(to.industries):
        made[m.use + k], made[m.squared + k] = 0.0, 0.0
        for mode in range(to.modes):
            cell = to.modes * k + mode
            spent = made[m.part + cell] * made[to.revenue + cell]
            made[to.outlay + cell] -= spent
            made[m.use + k] += spent * exp(-met[m.price + k])
            made[m.squared + k] += made[m.part + cell] * spent


def _incomes(m, to, met, made):
    if m.owner > 0.0:
        for k in range(to.industries):
            hours = m.marginal_cost[k] * met[m.use + k]
            if made[m.participants + k].real > 0.0:
                hours += m.fixed_cost[k]
            profit = met[m.use + k] * exp(met[m.price + k]) - hours * met[m.hour]
            made[to.transfer] += m.owner * profit


def _uses(m, to, met, made):
    for k in range(to.industries):
        firms, hours = made[m.participants + k], m.marginal_cost[k] * met[m.use + k]
        made[m.stock + k], made[m.feedback + k] = 0.0, 0.0
        if firms.real > 0.0:
            hours += m.fixed_cost[k]
            if m.access > 0.0:
                stock = m.returns[k] * log(m.access * firms / m.scale[k])
                made[m.stock + k] = m.host * exp(stock)
            for mode in range(ONLINE, to.modes):
                cell = to.modes * k + mode
                part = exp(met[cell]) / firms
                made[m.feedback + k] += m.returns[k] * part * made[m.part + cell]
        paid = m.host * exp(met[to.wage]) * hours
        made[to.labour] += paid
        made[m.profit + k] = m.host * met[m.use + k] * exp(met[m.price + k]) - paid


def _border(m, to, met, made):
    for k in range(to.industries):
        hour, use, price = made[m.hour], made[m.use + k], met[m.price + k]
        asked = log(m.marginal_cost[k] * hour)
        if m.rule == 1.0 and use.real > 0.0:
            asked += log1p(m.fixed_cost[k] / (m.marginal_cost[k] * use))
        if m.rule == 2.0:
            share = 0.0 * use
            if use.real > 0.0:
                share = made[m.squared + k] / (use * exp(price))
            asked += log1p(1.0 / ((m.substitution - 1.0) * (1.0 - share)))
        made[m.price + k] = asked - price


# --- the mechanism --------------------------------------------------------------------


class DataEconomy(Mechanism):
    """Data as a by-product of selling online, and who may use them at what price.

    Firms online leave data, ``D = (access N/scale)^returns``; firms with a `weight` use them as a
    factor, and data centres, where the owners of platforms are, sell that. Presets say who owns
    them: ``hoarded``, ``firm_owned``, ``platform_owned``, ``consumer_owned``, ``open``. Results
    have by industry ``data_price``, ``data_use``, ``data_stock``, ``data_profit``, and
    ``data_feedback``, chi v, which an equilibrium at given prices of data needs below 1.

    Examples
    --------
    >>> import nege
    >>> data = nege.mechanisms.DataEconomy.consumer_owned(weight={"services": 0.01})
    >>> found = nege.solve(nege.OnlineAgglomeration(digital_cost=1.2, mechanisms=[data]))
    >>> float(found.data.data_feedback.sel(industry="services")) < 1.0
    True
    """

    weight: Labelled[xr.DataArray] = users(
        "weight of data in unit cost, of those who can use them",
        bounds=some("0 means that they use no data."),
        default=0.0,
        varied=True,
        more="Over industry alone it is that of firms online; dual firms use data as they do.",
        term="weight of data in cost",
    )
    substitution: float = fields.number(
        "elasticity of substitution between data and all else",
        positive("Below 1 firms cannot do without data, above 1 they can."),
        default=2.0,
        more="Not 1.",
        term="substitution of data (elasticity)",
    )
    returns: Labelled[xr.DataArray] = by_industry(
        "elasticity of the stock of data to firms online",
        some("More firms do not leave less data."),
        default=1.0,
        term="returns to data (elasticity)",
    )
    scale: Labelled[xr.DataArray] = by_industry(
        "firms online at which the stock is one, where all of it is open",
        positive("Firms are counted in it."),
        default=1.0,
        unit="firms",
        term="scale of data",
    )
    access: float = fields.number(
        "part of data that users can lawfully reach",
        PART,
        default=1.0,
        term="accessible part of data",
    )
    marginal_cost: Labelled[xr.DataArray] = by_industry(
        "labour that a use of data takes",
        positive("Without cost data would be used without end."),
        default=0.1,
        unit="labour",
        term="cost of a use of data",
    )
    fixed_cost: Labelled[xr.DataArray] = of_some(
        "labour that it takes to keep data at all",
        some("It is labour."),
        unit="labour",
        more="Not spent in an industry whose data nobody uses.",
        term="fixed cost of data",
    )
    pricing: str = fields.word("what a use of data costs", PRICING, default="marginal")
    owner: str = fields.word("who has the profit", OWNERS, default="consumers")

    kind: ClassVar[str] = "data_economy"
    alone: ClassVar[bool] = True
    rank: ClassVar[int] = 1  # beside all other cost, once that is written
    counts_firms: ClassVar[bool] = True
    income_groups: ClassVar = ("data",)
    equations: ClassVar = {
        **{"costs": _costs, "sales": _sales, "incomes": _incomes},
        **{"uses": _uses, "border": _border},
    }
    shared: ClassVar = {
        "price": Own(
            ("industry",), "price of a use of data", start="marginal_cost", called="data_price"
        )
    }
    sums: ClassVar = {
        "use": Own(("industry",), "uses of data", "1", called="data_use"),
        "hour": Own(),
    }
    totals: ClassVar = {
        "squared": Own(("industry",)),
        "profit": Own(("industry",), "profit of those who sell data", called="data_profit"),
        "stock": Own(("industry",), "stock of data that users reach", "1", called="data_stock"),
        "feedback": Own(
            ("industry",),
            "fall of costs of firms online by data, in percent, where they are 1 % more: chi v",
            "1",
            called="data_feedback",
        ),
    }
    notes: ClassVar = {"part": Own(("industry", "mode")), "participants": Own(("industry",))}

    # --- who owns data ----------------------------------------------------------------

    @classmethod
    def hoarded(cls, name: str | None = None, **parameters: Any) -> Self:
        """Return data that nobody may use: the economy is one without them.

        Parameters
        ----------
        name : str, optional
            What the economy calls it.
        **parameters
            All others but `access`, `pricing` and `owner`.

        Examples
        --------
        >>> import nege
        >>> nege.mechanisms.DataEconomy.hoarded(weight=0.01).access
        0.0
        """
        return cls._preset(name, parameters, access=0.0, pricing="marginal", owner="consumers")

    @classmethod
    @hinted
    def firm_owned(cls, own: float, name: str | None = None, **parameters: Any) -> Self:
        """Return data of which each firm uses its own, without a market or its fixed cost.

        Parameters
        ----------
        own : float in [0, 1]
            Part of all data that a firm's own are.
        name : str, optional
            What the economy calls it.
        **parameters
            All others but `access`, `fixed_cost`, `pricing` and `owner`.

        Examples
        --------
        >>> import nege
        >>> nege.mechanisms.DataEconomy.firm_owned(0.1, weight=0.01).access
        0.1
        """
        filled = {"access": PART.number("own", own), "fixed_cost": 0.0}
        return cls._preset(name, parameters, **filled, pricing="marginal", owner="consumers")

    @classmethod
    def platform_owned(cls, name: str | None = None, **parameters: Any) -> Self:
        """Return data that platforms sell as a monopolist, for their owners.

        Parameters
        ----------
        name : str, optional
            What the economy calls it.
        **parameters
            All others but `access`, `pricing` and `owner`.

        Examples
        --------
        >>> import nege
        >>> nege.mechanisms.DataEconomy.platform_owned(weight=0.01).pricing
        'monopoly'
        """
        return cls._preset(name, parameters, access=1.0, pricing="monopoly", owner="platform")

    @classmethod
    def consumer_owned(cls, name: str | None = None, **parameters: Any) -> Self:
        """Return data that consumers own, and let be sold at what they cost on average.

        Parameters
        ----------
        name : str, optional
            What the economy calls it.
        **parameters
            All others but `access`, `pricing` and `owner`.

        Examples
        --------
        >>> import nege
        >>> nege.mechanisms.DataEconomy.consumer_owned(weight=0.01).pricing
        'average'
        """
        return cls._preset(name, parameters, access=1.0, pricing="average", owner="consumers")

    @classmethod
    def open(cls, name: str | None = None, **parameters: Any) -> Self:
        """Return data that everybody may use at marginal cost; everybody pays the fixed cost.

        Parameters
        ----------
        name : str, optional
            What the economy calls it.
        **parameters
            All others but `access`, `pricing` and `owner`.

        Examples
        --------
        >>> import nege
        >>> nege.mechanisms.DataEconomy.open(weight=0.01).pricing
        'marginal'
        """
        return cls._preset(name, parameters, access=1.0, pricing="marginal", owner="consumers")

    @classmethod
    def _preset(cls, name: str | None, given: Mapping[str, Any], **filled: Any) -> Self:
        for twice in set(given) & set(filled):
            cure = "nege.mechanisms.DataEconomy(...) takes it."
            raise InputError(twice, given[twice], "left to this form of ownership", cure)
        return cls(name=name, **given, **filled)

    # --- what kernels read --------------------------------------------------------------

    @classmethod
    def numbers(cls) -> dict[str, tuple[str, ...]]:
        """Return the parameters that its equations read, with their dimensions."""
        return {**super().numbers(), "rule": (), "host": ("place",), "owner": ("place",)}

    def values(self, economy: Any) -> Mapping[str, Any]:
        """Return what these are in an economy."""
        own = {name: getattr(self, name) for name in super().numbers()}
        rule = float(PRICING.index(self.pricing))
        shares = {"host": hosts(economy), "owner": self._owners(economy)}
        return {**own, "fixed_cost": self._fixed(), "rule": rule, **shares}

    def _used(self) -> Any:
        """Whether anybody may and can use data, by industry."""
        return (self.weight.values > 0.0).any(1) & (self.access > 0.0)

    def _fixed(self) -> Any:
        return self.fixed_cost.values * self._used()

    def _owners(self, economy: Any) -> Any:
        """Shares of places in profits; zero where everybody has them, in the dividend."""
        apart = self.owner == "platform" and economy.platform_owner is not None
        return hosts(economy) * apart

    def _sellers(self, economy: Any, people: np.ndarray) -> np.ndarray:
        """Return the shares of places in profits, whoever has them."""
        apart = self._owners(economy)
        return np.asarray(apart if apart.any() else people / people.sum())

    def earnings(self, economy: Any, found: Mapping[str, Any]) -> Mapping[str, np.ndarray]:
        """Return what those who sell data earn."""
        return {"data": self._sellers(economy, found["population"]) * found["data_profit"].sum()}

    def check(self, economy: Any) -> None:
        """Refuse what has no equilibrium, whatever the economy."""
        if self.substitution == 1.0:
            cure = "There weights that do not sum to one make no index: take 0.9 or 1.1."
            raise InputError(f"{self.name}.substitution", self.substitution, "not 1", cure)
        if self.pricing == "monopoly" and not self.substitution > 1.0:
            cure = "Else a monopolist asks for ever more: take another pricing."
            allowed = "above 1 with monopoly pricing"
            raise InputError(f"{self.name}.substitution", self.substitution, allowed, cure)
        if not self._fixed().sum() < 1.0:
            cure = "It is in labour, of which there is one unit in all. Lower it."
            allowed = "less than one in all industries that use data"
            value = self.fixed_cost.values.tolist()
            raise InputError(f"{self.name}.fixed_cost", value, allowed, cure)

    # --- words --------------------------------------------------------------------------

    def remark(self, data: xr.Dataset) -> str:
        """Say where data feed on themselves, die out, or are not worth their cost."""
        feedback, said = data["data_feedback"], []
        names = [str(name) for name in feedback["industry"].values]
        for name, chi_v in zip(names, feedback.values, strict=True):
            if chi_v >= NEAR:
                said.append(
                    f"Data of {name} feed on themselves: costs fall by chi v = {chi_v:.4g} with "
                    "firms online, and at given prices an equilibrium needs less than 1. Lower "
                    f"{self.name}.weight or {self.name}.returns, or raise {self.name}.scale or "
                    f"{self.name}.marginal_cost."
                )
        firms = data["firm_mass"].transpose("industry", "place", "channel").values[..., ONLINE:]
        nobody = firms.sum((1, 2)) < NOBODY * self.scale.values
        for name, lost in zip(names, nobody & self._used(), strict=True):
            if lost and self.substitution < 1.0:
                said.append(
                    f"Firms of {name} that need data (substitution below 1) die out, since too few "
                    f"sell online to leave any. Lower {self.name}.returns, {self.name}.weight or "
                    f"{self.name}.scale, or raise {self.name}.substitution above 1."
                )
        profit, use = data["data_profit"].values, data["data_use"] * data["data_price"]
        for name, gain, spent in zip(names, profit, use.values, strict=True):
            if self.pricing == "average" and gain < -LOSS * spent:
                said.append(
                    f"No price was found at which data of {name} cover their cost ({gain:.3g} at "
                    f"the last one). Lower {self.name}.fixed_cost, or take another pricing."
                )
        return " ".join(said)

    # --- audit --------------------------------------------------------------------------

    def audit(self, stage: str, economy: Any, a: Any) -> None:
        """Put data into the published equations, in levels."""
        e, m = self.substitution, self.marginal_cost.values
        X = a.data["total_cost"].transpose("industry", "place", "channel").values
        n = a.data["firm_mass"].transpose("industry", "place", "channel").values[..., ONLINE:]
        price, use, profit = (a.data[f"data_{name}"].values for name in ("price", "use", "profit"))
        N, w, host = n.sum((1, 2)), a.data["wage"].values, hosts(economy)
        hours = m * use + self._fixed() * (N > 0.0)
        if stage == "costs":
            omega = np.zeros((len(N), 1, X.shape[-1]))
            omega[:, 0] = self.weight.values[:, [OFFLINE, *[ONLINE] * n.shape[-1]]]
            stock = (self.access * N / self.scale.values) ** self.returns.values
            stock = np.where((self.access > 0.0) & (N > 0.0), stock, 0.0)
            with np.errstate(divide="ignore", over="ignore", invalid="ignore"):
                of_data = omega * ((price / stock) ** (1.0 - e))[:, None, None]
                of_data = np.where(omega * self.access > 0.0, of_data, 0.0)
                rest = a.cost ** (1.0 - e)
                part = np.where(a.cost < np.inf, of_data / (rest + of_data), 0.0)
                used = (part > 0.0) & (a.cost < np.inf)
                a.cost = np.where(used, (rest + of_data) ** (1.0 / (1.0 - e)), a.cost)
            a.outlay = a.outlay * (1.0 - part)
            a.kept[self.name] = part, stock
        elif stage == "incomes":
            sellers = self._sellers(economy, a.data["population"].values)
            a.earns["data"] = a.earns["data"] + sellers * profit.sum()
            a.transfer = a.transfer + self._owners(economy) * profit.sum()
        elif stage == "uses":
            a.used = a.used + host * w * hours.sum()
        elif stage == "sales":
            part, stock = a.kept[self.name]
            spent, hour = (part * X).sum((1, 2)), host @ w
            a.everyone = a.everyone + profit.sum()
            some = use > 0.0
            share = np.where(some, (part**2 * X).sum((1, 2)) / np.where(some, spent, 1.0), 0.0)
            asked = m * hour
            if self.pricing == "average":
                asked = asked + np.where(some, self._fixed() * hour / np.where(some, use, 1.0), 0.0)
            elif self.pricing == "monopoly":
                asked = asked * (1.0 + 1.0 / ((e - 1.0) * (1.0 - share)))
            online = (part[..., ONLINE:] * n).sum((1, 2)) / np.where(N > 0.0, N, 1.0)
            a.sides |= {
                f"uses of {self.name}": (price * use, spent),
                f"price of {self.name}": (price, asked),
                f"profit of {self.name}": (hours * hour, price * use - profit),
                f"stock of {self.name}": (a.data["data_stock"].values, stock),
                f"feedback of {self.name}": (
                    a.data["data_feedback"].values,
                    self.returns.values * online,
                ),
            }


# --- what is known exactly ------------------------------------------------------------


def _participants(returns: float, weights: tuple[float, ...], known: Any) -> Any:
    def sides(make: Any, solve: Any) -> tuple[Any, Any]:
        found = []
        for omega in weights:
            data = DataEconomy(weight=[[omega, omega]], returns=returns)
            firms = solve(make(**ALONE, mechanisms=[data])).data.firm_mass
            found.append(float(firms.sel(channel="online").sum()))
        return found, known(np.array(weights) / 0.1)

    return sides


def _fold(b: Any) -> Any:
    return (1.0 - np.sqrt(1.0 - b)) / b  # at Y = 1/2


def _monopoly(make: Any, solve: Any) -> tuple[Any, Any]:
    found, weights = [], np.array([0.02, 0.1])
    for omega in weights:
        data = DataEconomy(weight=[[omega, omega]], returns=0.0, pricing="monopoly")
        found.append(float(solve(make(**ALONE, mechanisms=[data])).data.data_price[0]))
    return found, 0.1 + np.sqrt(0.01 + 0.1 * weights)


def _open_to_nobody(make: Any, solve: Any) -> tuple[Any, Any]:
    economy = make(digital_cost=1.3)
    data = DataEconomy.hoarded(weight=0.1, fixed_cost=0.1)
    found = solve(economy.with_mechanisms(data)).data
    return found.total_cost.values, solve(economy).data.total_cost.values


DataEconomy.closed_forms = [
    ClosedForm(
        "at chi = 1 firms online are Y/(1 - b Y)",
        _participants(1.0, (0.01, 0.05, 0.08, 0.0999), lambda b: 0.5 / (1.0 - 0.5 * b)),
        1e-8,
    ),
    ClosedForm(
        "at chi = 2 they are [1 - sqrt(1 - 4 b Y^2)]/(2 b Y), up to the fold",
        _participants(2.0, (0.01, 0.05, 0.08, 0.0999), _fold),
        1e-8,
    ),
    ClosedForm("a monopolist asks m + sqrt(m^2 + m omega)", _monopoly),
    ClosedForm("hoarded data change nothing", _open_to_nobody),
]
