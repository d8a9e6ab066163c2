"""Why platforms at average cost have no commission: what they would earn at some that are given.

A commission that just covers cost lies where profit, (zeta - kappa) sales less fixed cost, changes
its sign: it is -F at zeta = kappa, where sales online are largest. So commissions from there on are
tried, without the rule, one for all industries in parts of what marginal cost leaves. Where profit
is below zero at all of them, nothing covers F; where sales at kappa are less than F, nothing can.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from nege.errors import in_words
from nege.solver_options import Replicator, SolverOptions
from nege.status import Status

PARTS = (0.0, 0.02, 0.05, 0.1, 0.2, 0.4)  # of what is left of sales after marginal cost


def why(platforms: Any, economy: Any, options: SolverOptions) -> str:
    """Say which costs no commission covers, and what would help; nothing where that is not so.

    Parameters
    ----------
    platforms : Platforms
        At average cost.
    economy : OnlineAgglomeration
        That has them, and no equilibrium that was found.
    options : SolverOptions
        To solve it with, at commissions that are given.
    """
    kappa = platforms.marginal_cost.values
    rates, found = [], []
    for part in PARTS:
        rate = kappa + part * (1.0 - kappa)
        known = _at(platforms, economy, rate, options)
        if known is not None:
            rates.append(rate)
            found.append(known)
    if not found:
        return ""
    profit, sold = (np.array([one[name] for one in found]) for name in ("profit", "sold"))
    needs = platforms.number * platforms.fixed_cost.values * found[0]["hour"]
    together = platforms.pricing.scope == "economy"
    borne_by_all = bool((profit.sum(1) >= 0.0).any())
    said = []
    for k in np.flatnonzero(needs > 0.0):
        if together or (profit[:, k] >= 0.0).any():
            continue
        name, best = economy.industries[k], int(np.argmax(profit[:, k]))
        text = _sentence(name, rates[0][k], rates[best][k], profit[best, k], sold[:, k], needs[k])
        cures = [
            f"Lower {platforms.name}.fixed_cost.{name} ({platforms.fixed_cost.values[k]:g})",
            f"digital_cost.{name} ({economy.digital_cost.values[k]:g}), so that more is sold there",
        ]
        others = ", or take AverageCost(scope='economy'): together they can bear it"
        said.append(f"{text} {' or '.join(cures)}{others if borne_by_all else ''}.")
    if together and not borne_by_all:
        best = int(np.argmax(profit.sum(1)))
        each = [f"{x:.3g} for {n}" for n, x in zip(economy.industries, rates[best], strict=True)]
        said.append(
            f"No commission covers what platforms cost: of {len(rates)} that were tried they lose "
            f"least, {-profit[best].sum():.3g}, at {in_words(each)}, on sales online of "
            f"{sold[best].sum():.3g}; fixed costs are {needs.sum():.3g}. Lower "
            f"{platforms.name}.fixed_cost, or digital_cost, so that more is sold there."
        )
    return " ".join(said)


def _sentence(
    name: str, least: float, rate: float, profit: float, sold: np.ndarray, needs: float
) -> str:
    """Say of an industry why its fixed cost is not covered."""
    head = f"No commission covers what platforms in {name} cost:"
    if sold[0] < needs:
        return (
            f"{head} at {least:.3g}, marginal cost alone, sales online are {sold[0]:.3g}, less "
            f"than the fixed cost of {needs:.3g}, and they fall as it rises."
        )
    return (
        f"{head} sales online fall too fast as it rises, from {sold[0]:.3g} at {least:.3g}, "
        f"marginal cost alone. Of {sold.size} that were tried they lose least, {-profit:.3g}, at "
        f"{rate:.3g}; the fixed cost is {needs:.3g}."
    )


def _at(
    platforms: Any, economy: Any, rate: np.ndarray, options: SolverOptions
) -> dict[str, Any] | None:
    """Return what platforms earn and sell at commissions that are given; None if not found."""
    others = [one for one in economy.mechanisms.values() if one.name != platforms.name]
    given = economy.replace(commission=rate, mechanisms=[platforms.replace(pricing=None), *others])
    run = given.own_long_run(given.default_start(), given.start_state(), Replicator(), options)
    if run.status is not Status.CONVERGED:
        return None
    found = given.outcome(run.share, run.state, run.parameters)
    hour = float(given.arrays.place["owner"] @ found["wage"])
    return {"profit": found["platform_profit"], "sold": found["online_sales"], "hour": hour}
