"""Economies of platforms, data and few firms, for the suite and ``python -m benchmarks verify``."""

import numpy as np
import random_agglomerations as random

import nege
from nege import mechanisms as mech

COUNT = 200


def platforms(rng, industries):
    """Draw platforms: every pricing and part."""
    k = industries
    number, cost = float(rng.choice([1, 1, 2, 3])), rng.uniform(0.0, 0.05, k)
    needs = 10.0 ** rng.uniform(-6.0, -2.5, k) * (rng.uniform(size=k) < 0.5)
    contestable = mech.Contestable(marginal_cost=1.5 * cost, fixed_cost=2.0 * needs)
    pricing = [None, mech.AverageCost(), mech.AverageCost(scope="economy")]
    pricing += [mech.ProfitMaximising()] * 2  # by the whole equilibrium
    pricing += [contestable] * (number == 1.0)
    pricing += [mech.ProfitMaximising(response="buyers")] * 2
    shown = {"affiliates": rng.uniform(0.0, 0.5, k), "strength": rng.uniform(0.0, 1.5, k)}
    invests = {"effect": rng.uniform(0.0, 0.03, k), "scale": 10.0 ** rng.uniform(-5.0, -3.0)}
    return mech.Platforms(
        pricing=pricing[rng.integers(len(pricing))],
        number=number,
        substitution=rng.uniform(3.0, 20.0),
        network=rng.uniform(0.0, 0.2, k) * (rng.uniform() < 0.7),
        interoperability=rng.uniform() * (rng.uniform() < 0.7),
        marginal_cost=cost,
        fixed_cost=needs,
        steering=mech.Steering(**shown) if rng.uniform() < 0.4 else None,
        investment=mech.Investment(**invests) if rng.uniform() < 0.3 else None,
    )


def data(rng, industries):
    """Draw data: every pricing and owner, some industries that use none."""
    k = industries
    return mech.DataEconomy(
        weight=rng.uniform(0.0, 0.03, (k, 2)) * (rng.uniform(size=(k, 2)) < 0.7),
        substitution=rng.choice([1.5, 2.0, 3.0]),
        returns=rng.uniform(0.0, 0.6, k),
        scale=rng.uniform(0.2, 2.0, k),
        access=rng.uniform(0.1, 1.0),
        marginal_cost=rng.uniform(0.05, 0.3, k),
        fixed_cost=10.0 ** rng.uniform(-6.0, -2.5, k),
        pricing=str(rng.choice(["marginal", "average", "monopoly"])),
        owner=str(rng.choice(["platform", "consumers"])),
    )


def economy(seed):
    """Draw an economy in which platforms host sellers, with other blocks or without."""
    rng = np.random.default_rng([17, seed])
    industries = int(rng.integers(1, 4))
    blocks = [platforms(rng, industries)]
    if rng.uniform() < 0.35:
        conduct = str(rng.choice(["cournot", "bertrand"]))
        blocks.append(mech.Oligopoly(conduct, firms_per_mass=np.exp(rng.uniform(3.0, 6.0))))
    if rng.uniform() < 0.4:
        blocks.append(data(rng, industries))
    if rng.uniform() < 0.2:
        blocks.append(mech.Matching(vacancy_cost=0.05))
    # Nearer to one, firms that all but leave are fewer than a double can say.
    changes = {"variety": rng.uniform(0.6, 0.98, industries)}
    changes["migration_elasticity"] = rng.uniform(0.5, 8.0)
    if rng.uniform() < 0.15:  # corners: with remote labour its price may have none
        changes |= {"variety": 1.0, "remote_labour_share": 0.0}
    return random.random_model(4000 + seed, industries=industries, mechanisms=blocks, **changes)


def reason(found):
    """Say why there is no rest: what is known of the commissions tried, then of mechanisms."""
    return " ".join(filter(None, [*found.words, found.model.remark(found)]))


def check(seed):
    """Solve a drawn economy: published equations hold and it is stable, or it is said why not."""
    model = economy(seed)
    try:
        found = nege.solve(model)
    except nege.ConvergenceError as error:
        if not reason(error.equilibrium):
            raise AssertionError(f"draw {seed} says no reason: {error}") from error
        return error.equilibrium
    nege.testing.assert_equilibrium(found)
    assert found.leading_eigenvalue < 0.0
    return found
