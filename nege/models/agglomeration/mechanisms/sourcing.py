"""Make or buy: an input is many tasks, each bought at arm's length or made with own labour.

    P_lk  = [(t_lk G_l)^-eta + (g_lk W_k)^-eta]^(-1/eta)     what an input costs its user k
    o_lk  = (t_lk G_l)^-eta/P_lk^-eta                        share of it that is bought
    ln c_k     += alpha_lk (ln P_lk - ln G_l)
    demand_l   -= alpha_lk (1 - o_lk) R_k                    made instead, with labour:
    labour     += alpha_lk (1 - o_lk) R_k
    t_lk  = friction_lk prod_i (1 + x_i (1 - e_i D))         transaction cost, at arm's length

    G  price index     W  what labour costs its user     R  what users spend
    g    penalty       of making it oneself, over what a specialist takes; without one it is bought
    eta  elasticity    of the share bought: tasks differ in what making them takes (Frechet)
    x    transaction_cost, e  eased, by component; D  progress of digital technology, 0 to 1

Components: search for prices and partners, bargaining, specificity of assets, uncertainty,
contracting and monitoring (Coase, Williamson). Known: d ln P = o d ln G + (1-o) d ln W,
d ln(o/(1-o)) = -eta d ln(t G/(g W)), and d ln t/d ln(1 + x_i (1 - e_i D)) = 1 for each component.
So digital technology makes the market larger and the firm smaller; what that does to places
depends on where services are (claims 15, 16, 23). Off: no penalty, no transaction cost, exactly.
Results: ``bought`` is o over users' modes, ``fused`` what industries buy of others.
Source: Grossman & Helpman (2002), Eaton & Kortum (2002) for the Frechet form.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, ClassVar

import numpy as np
import xarray as xr

from nege import validation
from nege.kernels.duals import exp, logaddexp
from nege.models import fields
from nege.models.agglomeration.kinds import AS_ONE, ClosedForm, positive, weight
from nege.models.agglomeration.layout import between
from nege.models.agglomeration.mechanisms.frame import Mechanism, Own, partial
from nege.models.fields import Labelled, Over
from nege.validation import Bounds

COMPONENTS = ("search", "bargaining", "specificity", "uncertainty", "contracting", "monitoring")
PAIRS = ("input", "industry")
PART = Bounds(at_least=0.0, at_most=1.0, cure="It is a part: 0 is none, 1 all of it.")
OVER_MARKET = Bounds(at_least=1.0, cure="At arm's length an input costs its price, at the least.")


class OverComponents(Over):
    """Numbers over the components of transaction cost, or one for all."""

    def check(self, value: Any, economy: Any) -> Any:
        """Return numbers within the bounds, by component; those that are not named are none."""
        if isinstance(value, Mapping) and not isinstance(value, xr.Dataset) and value:
            for name in value:
                validation.known(self.name, name, COMPONENTS)
            value = {name: value.get(name, self.default) for name in COMPONENTS}
        wanted = {"component": COMPONENTS}
        found = validation.table(self.name, value, wanted, **self.bounds._asdict())
        found.name = self.name
        return found


def over_components(words: str, bounds: Bounds, **about: Any) -> Any:
    """Declare numbers over the components of transaction cost."""
    return OverComponents(words=words, dims=("component",), bounds=bounds, varied=True, **about)


@between()
def _logs(m, to, met, made, j, k, mode):
    """Return ln P, and ln o, of an input of firms of an industry and mode."""
    bought = met[to.price_index + j] + m.log_friction[j, k]
    if m.log_penalty[j, k] == np.inf:
        return bought, 0.0 * bought
    odds = m.elasticity * (bought - made[to.hour + to.modes * k + mode] - m.log_penalty[j, k])
    log_share = -logaddexp(0.0 * odds, odds)
    return bought + log_share / m.elasticity, log_share


def _costs(m, to, met, made):
    for k in range(to.industries):
        for mode in range(to.modes):
            for j in range(to.industries):
                if m.inputs[j, k] > 0.0:
                    price, _ = _logs(m, to, met, made, j, k, mode)
                    dearer = price - met[to.price_index + j]
                    made[to.cost + to.modes * k + mode] += m.inputs[j, k] * dearer


def _uses(m, to, met, made):
    made[m.fused] = 0.0
    for k in range(to.industries):
        for j in range(to.industries):
            needed, bought = 0.0 * met[to.wage], 0.0 * met[to.wage]
            for mode in range(to.modes):
                outlay = made[to.outlay + to.modes * k + mode]
                part = 1.0 + 0.0 * outlay
                if m.inputs[j, k] > 0.0:
                    _, log_share = _logs(m, to, met, made, j, k, mode)
                    part = exp(log_share)
                needed += outlay
                bought += part * outlay
                inside = m.inputs[j, k] * (1.0 - part) * outlay
                made[to.demand + j] -= inside
                made[to.work + to.modes * k + mode] += inside
            made[m.bought + to.industries * j + k] = bought / needed if needed.real > 0.0 else part
            if j != k:
                made[m.fused] += m.inputs[j, k] * bought


class Sourcing(Mechanism):
    """Inputs that firms buy or make, as transaction costs have it.

    Examples
    --------
    >>> import nege
    >>> choice = nege.mechanisms.Sourcing(penalty={"services": 1.3})
    >>> found = nege.solve(nege.OnlineAgglomeration(mechanisms=[choice]))
    >>> share = found.data["sourcing.bought"].sel(input="services", industry="manufacturing")
    >>> share.round(4).values[:2]
    array([0.7534, 0.1838])
    """

    penalty: Labelled[xr.DataArray] = partial(
        PAIRS,
        "labour that making an input takes, over that of who sells it",
        positive("It is in hours of own labour per unit of the input."),
        default=None,
        more="An input of which none is given is bought.",
        term="labour penalty of making inputs",
    )
    friction: Labelled[xr.DataArray] = fields.over(
        PAIRS,
        "factor on the price of an input that is bought",
        OVER_MARKET,
        default=1.0,
        varied=True,
        term="friction of bought inputs (factor)",
    )
    elasticity: float = fields.number(
        "elasticity of what is bought over what is made in the cost of both",
        positive("Tasks differ: without limit the cheaper way takes all."),
        default=4.0,
        term="make-or-buy elasticity",
    )
    transaction_cost: Labelled[xr.DataArray] = over_components(
        "what a component adds to the price of an input that is bought, as a part of it",
        weight("It is a cost."),
        default=0.0,
        term="transaction cost of bought inputs",
    )
    eased: Labelled[xr.DataArray] = over_components(
        "part of a component that digital technology can take away",
        PART,
        default=1.0,
        term="part of transaction cost that can be eased",
    )
    progress: float = fields.number(
        "how far digital technology has come",
        PART,
        default=0.0,
        term="progress of digital technology",
    )

    kind: ClassVar[str] = "sourcing"
    alone: ClassVar[bool] = True
    equations: ClassVar[Mapping[str, Callable[..., Any]]] = {"costs": _costs, "uses": _uses}
    notes: ClassVar[Mapping[str, Own]] = {
        "bought": Own(PAIRS, "share of an input that its users buy", "1")
    }
    totals: ClassVar[Mapping[str, Own]] = {
        "fused": Own(words="inputs that industries buy of other industries")
    }

    @classmethod
    def numbers(cls) -> dict[str, tuple[str, ...]]:
        """Return what its equations read: transaction costs as one factor by input and user."""
        pairs = dict.fromkeys(("inputs", "log_friction", "log_penalty"), PAIRS)
        return {**pairs, "elasticity": ()}

    def values(self, economy: Any) -> Mapping[str, Any]:
        """Return what these are in an economy."""
        penalty = np.log(np.where(np.isnan(self.penalty), np.inf, self.penalty))
        found = {"inputs": economy.inputs, "elasticity": self.elasticity}
        return {**found, "log_friction": np.log(self.market_cost()), "log_penalty": penalty}

    def market_cost(self) -> xr.DataArray:
        """Return t, what an input costs at arm's length over its price, by input and industry."""
        left = 1.0 + self.transaction_cost * (1.0 - self.eased * self.progress)
        return self.friction * left.prod("component")

    def _audit_shares(self, economy: Any, a: Any) -> tuple[Any, Any]:
        """Return P/G and o over input, industry, place and mode."""
        G = a.data["price_index"].transpose("industry", "place").values[:, None, :, None]
        market = self.market_cost().values[..., None, None] * G
        penalty = np.where(np.isnan(self.penalty), np.inf, self.penalty)[..., None, None]
        bought, made = market**-self.elasticity, (penalty * a.pay[None]) ** -self.elasticity
        price = (bought + made) ** (-1.0 / self.elasticity)
        return price / G, bought / (bought + made)

    def audit(self, stage: str, economy: Any, a: Any) -> None:
        """Put both ways into the published equations, in levels."""
        alpha = economy.inputs.values[..., None, None]
        if stage == "costs":
            dearer, _ = self._audit_shares(economy, a)
            a.cost = a.cost * (dearer**alpha).prod(0)
        elif stage == "uses":
            _, share = self._audit_shares(economy, a)
            inside = alpha * (1.0 - share) * a.outlay[None]
            a.demand = a.demand - inside.sum((1, 3))
            a.work = a.work + inside.sum(0)
            spent = a.outlay.sum(-1)
            bought = (share * a.outlay[None]).sum(-1) / np.where(spent > 0.0, spent, 1.0)
            others = 1.0 - np.eye(len(economy.industries))
            fused = (others[..., None] * economy.inputs.values[..., None] * bought * spent).sum()
            stored = a.data[f"{self.name}.bought"].transpose(*PAIRS, "place").values
            a.sides |= {
                f"share bought of {self.name}": (
                    stored[:, spent > 0.0],
                    np.broadcast_to(bought, stored.shape)[:, spent > 0.0],
                ),
                f"inputs of other industries of {self.name}": (
                    a.data[f"{self.name}.fused"].values,
                    fused,
                ),
            }


def _odds(make: Any, solve: Any) -> tuple[Any, Any]:
    """In one place odds of buying are (t G/(g w))^-eta."""
    economy = make(**AS_ONE, commission=0.0)
    penalty: Any = {"services": {"services": 1.5, "manufacturing": 1.2}}
    choice = Sourcing(
        penalty=penalty,
        transaction_cost={"search": 0.3, "contracting": 0.1},
        eased={"search": 0.5},
        progress=0.4,
        elasticity=3.0,
    )
    data = solve(economy.with_mechanisms(choice)).data
    bought = data["sourcing.bought"].sel(input="services", place="0").values
    dear = (1.0 + 0.3 * (1.0 - 0.5 * 0.4)) * (1.0 + 0.1 * (1.0 - 0.4))
    ratio = dear * float(data.price_index[1, 0] / data.wage[0]) / np.array([1.2, 1.5])
    return bought / (1.0 - bought), ratio**-3.0


def _wasted(make: Any, solve: Any) -> tuple[Any, Any]:
    """Have what is only bought be dearer: a loss of productivity, t^-alpha."""
    economy = make(digital_cost=1.3)
    dear = solve(economy.with_mechanisms(Sourcing(friction=1.2))).data.welfare.values
    lost = economy.productivity * 1.2 ** -economy.inputs.sum("input").values[:, None]
    return dear, solve(economy.replace(productivity=lost)).data.welfare.values


Sourcing.closed_forms = [
    ClosedForm("odds of buying an input are (t G/(g W))^-eta", _odds),
    ClosedForm("transaction cost of what is bought all the same is productivity lost", _wasted),
]
