"""Random economies of commuters, the same for the suite and for ``python -m benchmarks verify``."""

import numpy as np
import reference_commuting as reference

import nege

COUNT = 400
STARTS = 3
#: Variables, and what the slow reference makes of the wages and residents found; at rest it makes
#: the same wages and residents.
WRITTEN_APART = {
    **{"wage": "paid", "share": "chosen", "employment": "jobs", "price_index": "price"},
    **{"rent": "rent", "real_income": "real", "commuting": "commuting", "welfare": "welfare"},
    **{"residents_wage": "residents_wage", "remote_share": "remote_by_residence"},
}
OF_GROUPS = {**WRITTEN_APART, "wage": "wage", "share": "residents"}  # of a rest of its own
FUNDAMENTALS = ("productivity", "amenity", "workplace_amenity", "housing")
SAME = 1e-7  # of shares, by which long runs that are one may be off each other


def economy(seed):
    """Draw an economy of 2 to 6 places that differ in everything; every second one is unique."""
    rng = np.random.default_rng([20, seed])
    n = int(rng.integers(2, 7))
    points = rng.random((n, 2))
    distance = np.hypot(*(points[:, None] - points).T)
    np.fill_diagonal(distance, rng.uniform(0.0, 0.2, n) * distance.max())
    sigma = 1.0 + float(np.exp(rng.uniform(np.log(0.5), np.log(8.0))))
    taste = float(np.exp(rng.uniform(np.log(0.5), np.log(20.0))))
    more = {}
    if seed % 2:
        taste = (sigma - 1.0) * rng.uniform(0.1, 1.0)
    else:
        more["residence_taste"] = float(np.exp(rng.uniform(np.log(0.5), np.log(20.0))))
        more["rents"] = str(rng.choice(["local", "pooled"]))
    if rng.random() < 0.5:
        more["remote"] = float(np.exp(rng.uniform(-4.0, 1.0)))
        more["mode_taste"] = taste * rng.uniform(1.0, 3.0)
        more["remote_days"] = rng.uniform(0.0, 1.0)
        more["remote_friction"] = rng.uniform(0.0, 0.2)
    return nege.Commuting(
        nege.geography.from_distance(distance),
        **{"sigma": sigma, "mu": rng.uniform(0.1, 0.9), "taste": taste},
        **{"trade_cost": np.exp(rng.uniform(0.05, 1.5))},
        **{"commuting_cost": np.exp(rng.uniform(0.05, 2.0))},
        **{"housing_elasticity": rng.choice([0.0, rng.uniform(0.0, 2.0)])},
        **{name: np.exp(rng.normal(0.0, 0.4, n)) for name in FUNDAMENTALS},
        **more,
    )


def in_groups(seed):
    """The same economies, whose people move only among places with one of two labels."""
    model, rng = economy(seed), np.random.default_rng([22, seed])
    n = len(model.regions)
    label = ["a", *rng.choice(["a", "b"], n - 1)]
    return model.replace(mobility=label, people=rng.uniform(0.5, 2.0, n))


def check_groups(seed):
    """Both methods give a stable rest, at which sweeps over groups in plain NumPy rest too."""
    model = in_groups(seed)
    found = nege.solve(model)
    nege.testing.assert_equilibrium(found)
    assert not found.leading_eigenvalue > 0.0
    plain = nege.solve(model, options=nege.SolverOptions(method="plain"))
    apart = np.abs(np.log(plain.data.share / found.data.share).values).max()
    # Of several long runs a start leads each method to one.
    free_is_one = model.replace(mobility="free", people=None).uniqueness().unique
    assert not free_is_one or apart <= plain.error + found.error, (apart, plain.error, found.error)
    label, people = model.mobility.values, model.people.values
    here = found.data.share.values
    for name in dict.fromkeys(label.tolist()):
        g = label == name
        np.testing.assert_allclose(here[g].sum(), people[g].sum(), rtol=1e-13)
    now = reference.outcome(reference.of_model(model), found.data.wage.values, here)
    np.testing.assert_allclose(now["paid"], now["wage"], rtol=1e-9)
    for g, name in enumerate(dict.fromkeys(label.tolist())):
        inside = label == name
        liked = now["real"][inside] ** model.theta
        np.testing.assert_allclose(here[inside], people[inside].sum() * liked / liked.sum(), 1e-9)
        wanted = liked.sum() ** (1.0 / model.theta)
        np.testing.assert_allclose(found.data.group_welfare[g], wanted, rtol=1e-9)
    return found


def check(seed):
    """Solve from several starts, by both methods; everything holds, and unique is unique."""
    model, rng = economy(seed), np.random.default_rng([21, seed])
    n = len(model.regions)
    ends = []
    for _ in range(STARTS):
        start = 0.02 / n + 0.98 * rng.dirichlet(np.ones(n))
        found = nege.solve(model, start)
        nege.testing.assert_equilibrium(found)
        assert not found.leading_eigenvalue > 0.0
        nege.testing.assert_equilibrium(nege.short_run(model, start))
        ends.append(found)
    unique = model.uniqueness().unique
    assert unique == bool(seed % 2)
    if unique:
        apart = [np.abs((one.data.share - ends[0].data.share).values).max() for one in ends]
        assert max(apart) <= SAME, apart
    plain = nege.solve(model, ends[0].data.share, options=nege.SolverOptions(method="plain"))
    off = np.abs(np.log(plain.data.share / ends[0].data.share).values).max()
    assert off <= plain.error + ends[0].error, (off, plain.error, ends[0].error)
    plain = reference.outcome(
        reference.of_model(model), *(ends[0].data[name].values for name in ("wage", "share"))
    )
    for name, wanted in WRITTEN_APART.items():
        np.testing.assert_allclose(ends[0].data[name], plain[wanted], rtol=1e-9, err_msg=name)
    return found
