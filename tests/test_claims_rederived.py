"""Three claims, drawn at random, once more: slow NumPy from the published equations.

Drawn by ``numpy.random.default_rng(2022)`` among those without mechanisms: 7a, 18b3, 19c1. Each
economy is solved by `reference_agglomeration`, which shares nothing with the package, at a draw
of the prior; the margin is then worked out here, by loops.
"""

import numpy as np
import pytest
import reference_agglomeration as slow

from nege.laboratory import prior, running
from nege.laboratory.registry import registry

pytestmark = pytest.mark.draws

GOODS, SERVICES = 0, 1
DRAW = 3


def examined(number):
    """The claim's margin at a draw, what it was read off, and the economies, state by state."""
    claim = registry()[number]
    experiment = claim.experiment
    model = experiment.model()
    path = experiment.path(model) if experiment.path else None
    listed = prior.entries(model, path)
    factors = prior.design(listed, DRAW + 1, "near", 1).rename(point="draw").isel(draw=[DRAW])
    run = running.run_factors(experiment, factors, work=running.Work(starts=1))
    assert (run.fate == "solved").all()
    given = run.observed.parameters.isel(draw=0)
    economies = [
        slow.of_model(model.replace({str(n): t for n, t in given.isel(case=case).items()}))
        for case in range(given.sizes["case"])
    ]
    return float(claim.margin(run.observed)[0]), run.observed, economies


def settled(economies):
    """Unknowns at rest of one economy after the other."""
    found = []
    for e in economies:
        found.append(slow.solve(e, found[-1] if found else None, 20.0 if found else 0.5))
    return found


def online_share(u, k):
    """Sales online over all sales of an industry, by what they cost."""
    online = whole = 0.0
    for p in range(u["revenue"].shape[1]):
        online += u["revenue"][k, p, slow.ONLINE]
        whole += u["revenue"][k, p, slow.ONLINE] + u["revenue"][k, p, slow.OFFLINE]
    return online / whole


def jobs_away(e, u):
    """Half of the differences between places in their shares of pay and of people."""
    pay = np.zeros(len(e.land))
    for k in range(2):
        labour = 1.0 - sum(e.inputs[m][k] for m in range(2)) - e.land_share[k]
        for p in range(len(pay)):
            for c in (slow.OFFLINE, slow.ONLINE):
                pay[p] += labour * u["revenue"][k, p, c]
    away = sum(abs(pay[p] / pay.sum() - u["population"][p]) for p in range(len(pay)))
    return 0.5 * away


def test_claim_7a_by_hand():
    margin, _, economies = examined("7a")
    away = [jobs_away(e, u) for e, u in zip(economies, settled(economies), strict=True)]
    assert min(np.diff(away)) == pytest.approx(margin, abs=1e-8)


def test_claim_18b3_by_hand():
    margin, _, economies = examined("18b3")
    share = [online_share(u, SERVICES) for u in settled(economies)]
    assert min(np.diff(share)) == pytest.approx(margin, abs=1e-8)


def test_claim_19c1_by_hand():
    """When each industry is mostly online, counted in steps; some of them solved once more."""
    margin, observed, economies = examined("19c1")
    again = (9, 14)
    found = settled([economies[step] for step in again])
    passed = []
    for k, name in ((SERVICES, "services"), (GOODS, "manufacturing")):
        cost = observed.total_cost.isel(draw=0).sel(industry=name).sum("place")
        share = (cost.sel(channel="online") / cost.sum("channel")).values
        np.testing.assert_allclose(
            [online_share(u, k) for u in found], share[list(again)], atol=1e-8
        )
        passed.append(next((step for step, x in enumerate(share) if x > 0.5), len(share)))
    assert passed[1] - passed[0] == margin
    assert all(step in again for step in passed)  # where it turns is where it was solved again
