"""Economies drawn at random, each with several mechanisms drawn at random: solved, and audited.

Every other one has jurisdictions with taxes too, whose groups have to add up.

All of them for ``python -m benchmarks verify``; the suite takes a part.
"""

import numpy as np
from random_agglomerations import random_model

import nege
from nege import mechanisms as mech

COUNT = 200
MOST = 4  # mechanisms of one economy


def mechanisms(rng, industries):
    """Return a mechanism of each kind, drawn at random."""
    return [
        mech.Access(entry_cost={industries[0]: float(rng.uniform(0.8, 1.5))}),
        mech.BuyerOnline(complementarity=rng.random(2), households=float(rng.random())),
        mech.DataEconomy(weight=float(rng.uniform(0.0, 0.01))),
        mech.DualMode(scale=float(rng.uniform(1.0, 2.0))),
        mech.Institutions(intensity=rng.random(2), convergence=float(rng.random())),
        mech.Matching(vacancy_cost=float(rng.uniform(0.0, 0.2)), remote_vacancy_cost=0.05),
        mech.Oligopoly(),
        mech.PostedPrices(posted=0.0, pass_through=float(rng.random())),
        mech.Quality(seen=rng.uniform(0.2, 0.6, (2, 2)), cost=0.01),
        mech.SiteBound("site", industry=industries[1], share=float(rng.uniform(0.0, 0.15))),
        mech.Sourcing(
            penalty=rng.uniform(1.0, 2.0, (2, 2)),
            transaction_cost={"search": 0.2, "contracting": 0.1},
            progress=float(rng.random()),
        ),
        mech.Sunk(share=rng.uniform(0.0, 0.5, 2), before=float(rng.uniform(0.01, 0.2))),
        mech.Workers(skilled=float(rng.uniform(0.2, 0.8)), skill=rng.uniform(0.1, 0.9, 2)),
    ]


def draw(seed):
    """Draw an economy with mechanisms that go together."""
    rng = np.random.default_rng([2026, 18, seed])
    # At a variety of all but one some firms are everywhere that are too few for a number.
    changes = {"industries": 2, "variety": rng.uniform(0.6, 0.95, 2)}
    model = random_model(seed, places=int(rng.integers(2, 6)), **changes)
    chosen = []
    for one in rng.permutation(np.array(mechanisms(rng, model.industries), dtype=object)):
        apart = any(one.kind in two.excludes or two.kind in one.excludes for two in chosen)
        if not apart and len(chosen) < MOST:
            chosen.append(one)
    return model.with_mechanisms(*chosen, *(taxes(seed, model, chosen) if seed % 2 else []))


def taxes(seed, model, chosen):
    """Draw jurisdictions, who own land or not, with taxes, and platforms where these may be."""
    rng = np.random.default_rng([2026, 21, seed])
    blocs = rng.integers(0, 3, len(model.geography))
    members = {f"bloc {g}": [model.geography.names[p] for p in np.flatnonzero(blocs == g)]
               for g in np.unique(blocs)}  # fmt: skip
    land = str(rng.choice(["everyone", "jurisdiction", "place"]))
    steering = mech.Steering(affiliates=float(rng.uniform(0.0, 0.5)), strength=float(rng.random()))
    hosts = mech.Platforms(marginal_cost=0.01, fixed_cost=0.01, steering=steering)
    apart = any("platforms" in one.refuses() or one.kind in hosts.refuses() for one in chosen)
    words = [str(rng.choice(["everyone", "owners", "residents"])) for _ in range(2)]
    return [
        mech.Jurisdictions(members, land=land),
        mech.Tax("by_seller", float(rng.uniform(0.0, 0.2)), base="origin", proceeds=words[0]),
        mech.Tax("online", float(rng.uniform(0.0, 0.2)), channels="online", proceeds=words[1]),
        *([] if apart else [hosts]),
    ]


def check(seed):
    """Solve it: an equilibrium by the equations as they are published, and no deviation grows."""
    found = nege.solve(draw(seed))
    nege.testing.assert_equilibrium(found)
    assert not found.leading_eigenvalue > 1e-6
