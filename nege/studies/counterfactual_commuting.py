"""Exact hat algebra of ``Commuting``, as an economy in other units.

x^ is x after over x before, and s who of each pair of places works remotely before:

    kap^_ni^(-eta) = (1 - s_ni) kappa^_ni^(-eta) + s_ni r^ (kappa^r^_ni)^(-eta)
    Phi^_n         = sum_i lambda_ni D^_i y^_i^epsilon kap^_ni^(-epsilon)
    P^_n^(1-sigma) = sum_i pi_in L^_i (w^_i T^_in/A^_i)^(1-sigma)
    V^_n           = B^_n Phi^_n^(1/epsilon) P^_n^(-alpha) Q^_n^(-(1-alpha))
    U^             = (sum_n R_n V^_n^theta)^(1/theta),    R^_n = (V^_n/U^)^theta

or, where people move within groups g only, S_g of all people,

    U^_g           = (sum_{n in g} R_n/S_g V^_n^theta)^(1/theta),    R^_n = (V^_n/U^_g)^theta

Only lambda, pi, R, L and w of before count. They are an economy in units in which Phi, P, Q and
what every place supplies are one: with lambda for D y^epsilon kap^(-epsilon), pi for T^(1-sigma),
and for B what shares say of V, R^(1/theta), or V itself where residents stay. Its changes are
those of the equations above, and it is solved like any other. From r = 0, s r^ is
r (kappa^r/kappa)^(-eta). Without a table of its own kappa^r changes as kappa does.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import xarray as xr

from nege.errors import InputError
from nege.models.quantitative.commuting import PLACES, Commuting
from nege.models.quantitative.commuting_equations import Point, evaluate
from nege.results.equilibrium import Equilibrium
from nege.solver_options import SolverOptions
from nege.solvers.long_run import solve
from nege.solvers.short_run import short_run
from nege.status import Status
from nege.studies import factors
from nege.studies.after_moving import mean_change, who_moves_after
from nege.studies.inversion_quantitative import people_move
from nege.studies.remote_share import checked_share, weight_at

COMPARED = {
    "share": "residents",
    "employment": "jobs",
    "wage": "wage, relative to the mean of all people",
    "residents_wage": "mean wage of residents, relative to that of all people",
    "price_index": "price index of goods",
    "rent": "rent of a unit of floor space",
    "real_income": "expected real income of residents",
    "welfare": "expected utility, or where nobody moves mean expected real income",
    "group_welfare": "expected utility of a group, or in a short run mean expected real income",
}
AFTER = ("share", "employment", "commuting")
SAFE = 1e-6  # ln of the lowest cost, in units of its own, where it would be below one


def counterfactual_commuting(
    equilibrium: Equilibrium,
    *,
    trade_cost_change: Any = None,
    commuting_cost_change: Any = None,
    productivity_change: Any = None,
    amenity_change: Any = None,
    workplace_amenity_change: Any = None,
    housing_change: Any = None,
    mobility: Any = None,
    remote: Any = None,
    remote_share: Any = None,
    options: SolverOptions | None = None,
) -> xr.Dataset:
    """Return relative changes once people moved, or while they stay where a short run has them."""
    model, moves = equilibrium.model, equilibrium.dynamics
    assert isinstance(model, Commuting)
    if remote is not None and remote_share is not None:
        cure = "One follows from the other."
        raise InputError("remote_share", remote_share, "left out where remote is given", cure)
    if equilibrium.status not in (Status.CONVERGED, Status.UNSTABLE):
        shown = f"one that ended as {equilibrium.status.name}"
        cure = equilibrium.remedy
        raise InputError("equilibrium", shown, "a solve that converged", cure)
    places = model.regions
    trade = factors.of_costs("trade_cost_change", trade_cost_change, places)
    commute = factors.of_costs("commuting_cost_change", commuting_cost_change, places, PLACES)
    if trade_cost_change is not None:
        factors.check_costs("trade_cost_change", trade, model.costs(), model.trade_cost, places)
    if commuting_cost_change is not None:
        ways, given_cost = model.commuting_costs(), model.commuting_cost
        factors.check_costs("commuting_cost_change", commute, ways, given_cost, places)
    given = {
        "productivity": productivity_change,
        "amenity": amenity_change,
        "workplace_amenity": workplace_amenity_change,
        "housing": housing_change,
    }
    changed = {
        name: factors.of_places(f"{name}_change", value, model.geography)
        for name, value in given.items()
        if value is not None
    }
    share, wage = (equilibrium.data[name].values for name in ("share", "wage"))
    payoff = equilibrium.data["real_income"].values
    if moves is not None:  # shares say it
        payoff = _chosen(model, equilibrium.data)
    model = who_moves_after(model, equilibrium, mobility)
    before = Before(model, evaluate(model.arrays, np.log(wage), np.log(share)), payoff)
    modes, start = Modes(model, np.log(commute)), share

    def solved(weight: float) -> tuple[Equilibrium, float]:
        nonlocal start
        economy, unit = before.after(np.log(trade), modes.log_change(weight), changed)
        if moves is None:
            found = short_run(economy, share, options=options)
        else:
            found = solve(economy, start, dynamics=moves, options=options)
        assert isinstance(found, Equilibrium)
        start = found.data["share"].values  # the next one is near
        return found, unit

    def working_remotely(weight: float) -> float:
        found = solved(weight)[0].data
        return modes.share(weight, found["share"].values, found["commuting"].values)

    weight = model.remote
    if remote is not None:
        weight = model.fields["remote"].check(remote, model)
    elif remote_share is not None:
        wanted = checked_share(remote_share)

        def before_wages_change(weight: float) -> float:
            return modes.share(weight, share, before.commuting_at(modes.log_change(weight)))

        near = weight_at(wanted, before_wages_change)
        weight = weight_at(wanted, working_remotely, near)
    found, unit = solved(weight)
    known = {"share": share, "real_income": payoff}
    groups = model.group_welfare(known, moves)
    return _compared(equilibrium, found, unit, modes, weight, groups)


def _chosen(model: Commuting, data: xr.Dataset) -> np.ndarray:
    """Return expected real incomes at which residents live where they do, those of a long run."""
    share = data["share"].values
    if model.groups is None:
        return np.asarray(float(data["welfare"]) * share ** (1.0 / model.theta))
    of = model.groups.of
    within = share / model.groups.sums(share)[of]
    return np.asarray(data["group_welfare"].values[of] * within ** (1.0 / model.theta))


class Modes:
    """Both ways to commute, before and after their costs change; logs, residence by workplace."""

    def __init__(self, model: Commuting, log_change: np.ndarray) -> None:
        self.eta = model.eta
        with np.errstate(divide="ignore"):
            office = -self.eta * np.log(model.commuting_costs().values)
            home = -self.eta * np.log(model.remote_costs().values)
            self.known = np.logaddexp(office, np.log(model.remote) + home)
        dearer = np.zeros_like(home)
        if model.remote_cost is None:
            near, far = model.remote_days, 1.0 - model.remote_days
            dearer = near * np.diag(log_change)[:, None] + far * log_change
        self.office, self.home = office - self.eta * log_change, home - self.eta * dearer

    def _after(self, weight: float) -> tuple[np.ndarray, np.ndarray]:
        """Return what either mode, and both, are worth with a weight of the remote one."""
        with np.errstate(divide="ignore"):
            home = np.log(weight) + self.home
        return home, np.logaddexp(self.office, home)

    def log_change(self, weight: float) -> np.ndarray:
        """Return ln kap^, zero where nobody could and can commute."""
        _, both = self._after(weight)
        if np.any(np.isinf(self.known) & np.isfinite(both)):
            raise InputError(
                "remote",
                weight,
                "0 where commuting costs are infinite before",
                "What nobody did before has no change. Use "
                "nege.solve(model.replace(remote=...)), which knows costs in levels.",
            )
        with np.errstate(invalid="ignore"):
            return np.asarray(np.nan_to_num((self.known - both) / self.eta, posinf=np.inf))

    def remote(self, weight: float) -> np.ndarray:
        """Return who works remotely, of those who live in one place and work in another."""
        home, both = self._after(weight)
        with np.errstate(invalid="ignore"):
            return np.asarray(np.nan_to_num(np.exp(home - both)))

    def share(self, weight: float, residents: np.ndarray, commuting: np.ndarray) -> float:
        """Return who works remotely, of all."""
        return float(residents @ np.sum(commuting * self.remote(weight), axis=1))


class Before:
    """What is known of an economy, in the units in which hat algebra is its equations."""

    def __init__(self, model: Commuting, at: Point, payoff: np.ndarray) -> None:
        p, self.model, share = model.arrays, model, np.exp(at.log_share)
        supply = np.log(at.employment) + (1.0 - p.sigma) * (at.log_wage - p.log_productivity)
        log_flows = p.log_freeness + supply[:, None] - (1.0 - p.sigma) * at.log_price
        self.log_trade = log_flows / (1.0 - p.sigma)
        pull = p.log_workplace + p.taste * at.log_earned
        self.log_chosen = p.log_ease + pull - at.log_access[:, None]
        self.fundamentals = {
            "productivity": np.exp(at.log_wage + np.log(at.employment) / (1.0 - p.sigma)),
            "workplace_amenity": np.exp(-p.taste * at.log_earned),
            "housing": (1.0 - p.goods) * at.income * share,
            "amenity": payoff,
        }

    def after(
        self, log_trade: np.ndarray, log_commuting: np.ndarray, factor: dict[str, np.ndarray]
    ) -> tuple[Commuting, float]:
        """Return the economy after changes of costs and fundamentals, and its unit of goods."""
        trade = self.log_trade + log_trade
        commuting = log_commuting - self.log_chosen / self.model.taste
        # Costs have to be at least one: in other units all of them are so many times as high.
        units = [max(0.0, SAFE - float(costs.min())) for costs in (trade, commuting)]
        values = {name: x * factor.get(name, 1.0) for name, x in self.fundamentals.items()}
        values["amenity"] = values["amenity"] * np.exp(self.model.mu * units[0] + units[1])
        economy = self.model.replace(
            trade_cost=np.exp(trade + units[0]),
            commuting_cost=np.exp(commuting + units[1]),
            remote=0.0,
            remote_cost=None,
            **values,
        )
        return economy, float(np.exp(units[0]))

    def commuting_at(self, log_commuting: np.ndarray) -> np.ndarray:
        """Return who commutes where if only costs change, and no wage."""
        logs = self.log_chosen - self.model.taste * log_commuting
        found = np.exp(logs - logs.max(1, keepdims=True))
        return np.asarray(found / found.sum(1, keepdims=True))


def _compared(
    equilibrium: Equilibrium,
    found: Equilibrium,
    unit: float,
    modes: Modes,
    weight: float,
    groups: Mapping[str, np.ndarray],
) -> xr.Dataset:
    """Return the changed economy relative to the one before; `groups` has welfare of each then."""
    before, after = equilibrium.data, found.data
    one = {"price_index": unit, "rent": 1.0}  # in the units of before
    known: dict[str, Any] = {
        **{name: one.get(name, before.get(name)) for name in COMPARED},
        **groups,
    }
    ratios = {
        f"{name}_change": (after[name] / known[name]).assign_attrs(
            long_name=f"{meaning}, after over before", units="1"
        )
        for name, meaning in COMPARED.items()
        if name in after
    }
    for level in groups.values():
        change = mean_change(found.model, level, ratios["group_welfare_change"].values)
        ratios["welfare_change"] = ratios["welfare_change"].copy(data=change)
    levels = {
        name: after[name].assign_attrs(long_name=f"{after[name].long_name}, after the change")
        for name in AFTER
    }
    remotely = np.sum(after["commuting"].values * modes.remote(weight), axis=1)
    levels["remote_share"] = (
        before["share"]
        .copy(data=remotely)
        .assign_attrs(long_name="share of residents who work remotely, after the change", units="1")
    )
    proof = {"status": int(found.status), "residual": found.residual, "error": found.error}
    stay = found.dynamics is None or not people_move(found.model)
    moves = "residents stay" if stay else f"people move under {found.dynamics}"
    weights = {"remote": float(weight), "residual": found.residual}
    return xr.Dataset({**levels, **ratios, **weights}, attrs={**proof, "dynamics": moves})
