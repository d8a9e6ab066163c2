"""Prepared solvers: what they refuse, what they keep, and that a failure is a status."""

import pickle
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
import xarray as xr

import nege
from nege.models import trade_costs

pytestmark = pytest.mark.faults

SHARES = np.array([0.7, 0.3])


def economy(**more):
    places = nege.geography.equidistant(2)
    return nege.CorePeriphery(places, **{"sigma": 5, "mu": 0.4, "trade_cost": 1.7, **more})


def same(found, other):
    """Whether two answers are the same, bit by bit."""
    for name, value in found._asdict().items():
        if name != "parameters":
            theirs = getattr(other, name)
            assert np.asarray(value).tobytes() == np.asarray(theirs).tobytes(), name
    return True


BAD = {
    "a list": [0.7, 0.3],
    "another type": np.array([1, 0]),
    "narrow": SHARES.astype(np.float32),
    "labelled": xr.DataArray(SHARES, {"region": ["0", "1"]}, "region"),
    "another shape": np.array([0.5, 0.3, 0.2]),
    "a row": SHARES[None],
    "negative": np.array([1.5, -0.5]),
    "NaN": np.array([np.nan, 1.0]),
    "infinite": np.array([np.inf, 0.0]),
    "huge": np.array([1e308, 1e308]),
    "counts": np.array([7.0, 3.0]),
    "nothing": np.zeros(2),
    "none": None,
}


@pytest.mark.parametrize("share", BAD.values(), ids=BAD)
def test_what_is_no_distribution_is_refused(share):
    solver = nege.prepare(economy())
    for call in (solver.short_run, solver.payoff_jacobian):
        with pytest.raises(nege.InputError, match=r"^share must be .*; got"):
            call(share)


def test_states_of_other_shapes_and_what_was_not_found_are_refused():
    solver = nege.prepare(economy())
    for state in ([0.0, 0.0], np.zeros(3), np.zeros(2, dtype=int)):
        with pytest.raises(nege.InputError, match="state must be an array of float64"):
            solver.payoff_jacobian(SHARES, state)
    for found in (None, SHARES, nege.short_run(economy(), SHARES)):
        with pytest.raises(nege.InputError, match="found must be what short_run"):
            solver.variables(found)
    three = nege.prepare(economy(online=nege.OnlineRegion(trade_cost=1.5)))
    with pytest.raises(nege.InputError, match="found must be of this economy"):
        three.variables(solver.short_run(SHARES))


def test_what_a_solver_cannot_be_made_of_is_refused_before_it_is_used():
    with pytest.raises(nege.InputError, match="model must be"):
        nege.prepare("CorePeriphery")
    with pytest.raises(nege.InputError, match="options must be"):
        nege.prepare(economy(), options=1e-9)
    with pytest.raises(nege.InputError, match="dynamics must be"):
        nege.prepare(economy(), dynamics="logit")
    with pytest.raises(nege.InputError, match="weights must be"):
        nege.prepare(economy(), dynamics=nege.Logit(scale=0.1, weights=[1, 2, 3]))
    with pytest.raises(nege.InputError, match="operator must be"):
        nege.prepare(economy(), options=nege.SolverOptions(operator="fourier"))


def test_shares_nearly_summing_to_one_are_scaled_as_the_labelled_call_does():
    near = SHARES * (1.0 + 1e-9)
    found, labelled = nege.prepare(economy()).short_run(near), nege.short_run(economy(), near)
    assert found.share.tobytes() == labelled.data.share.values.tobytes()
    assert near.tolist() == (SHARES * (1.0 + 1e-9)).tolist()


def test_a_failure_is_a_status_with_its_last_point_and_derivatives_there_are_nan():
    options = nege.SolverOptions(limit_iterations=1, limit_steps=1)
    solver = nege.prepare(economy(), options=options)
    with pytest.raises(nege.ConvergenceError) as caught:
        nege.short_run(economy(), SHARES, options=options)
    partial, found = caught.value.equilibrium, solver.short_run(SHARES)
    assert found.status is partial.status is not nege.Status.CONVERGED
    assert found.residual == partial.residual > 0.0
    assert solver.variables(found)["wage"].tolist() == partial.data.wage.values.tolist()
    assert np.isnan(solver.payoff_jacobian(SHARES)).all()
    assert solver.solve([0.6, 0.4]).status is not nege.Status.CONVERGED


def test_an_unstable_rest_point_is_a_status_too():
    pure = nege.Replicator(allow_entry=False)
    found = nege.prepare(economy(trade_cost=1.5), dynamics=pure).solve([0.5, 0.5])
    labelled = nege.solve(economy(trade_cost=1.5), [0.5, 0.5], dynamics=pure)
    assert found.status is labelled.status is nege.Status.UNSTABLE


def test_arrays_are_the_callers_own_and_what_is_given_stays():
    solver, given = nege.prepare(economy()), SHARES.copy()
    given.flags.writeable = False
    first = solver.short_run(given)
    kept = [part.copy() if isinstance(part, np.ndarray) else part for part in first]
    for array in (first.share, first.state, solver.payoff_jacobian(given), first.state):
        array[:] = 0.0
    again = solver.short_run(given)
    assert same(again, again._replace(share=kept[0], state=kept[1]))
    assert again.state is not first.state


def test_layout_does_not_matter():
    solver, wide = nege.prepare(economy()), np.zeros((2, 5))
    wide[:, 0] = SHARES
    assert same(solver.short_run(wide[:, 0]), solver.short_run(SHARES))
    state = solver.short_run(SHARES).state
    wide[:, 1] = state
    expected = solver.payoff_jacobian(SHARES, state)
    assert solver.payoff_jacobian(wide[:, 0], wide[:, 1]).tobytes() == expected.tobytes()


def test_threads_share_a_solver_and_processes_can_be_sent_one():
    solver = nege.prepare(economy(online=nege.OnlineRegion(trade_cost=1.3)))
    shares = np.random.default_rng(0).dirichlet(np.ones(3), 64)
    alone = [solver.short_run(share) for share in shares]
    with ThreadPoolExecutor(8) as pool:
        together = list(pool.map(solver.short_run, shares))
    sent = pickle.loads(pickle.dumps(solver))
    for share, one, other in zip(shares, alone, together, strict=True):
        assert same(one, other)
        assert same(one, sent.short_run(share))


def test_another_parameter_makes_another_solver():
    options, tastes = nege.SolverOptions(tolerance_residual=1e-9), nege.Logit(scale=0.2)
    solver = nege.prepare(economy(), dynamics=tastes, options=options)
    changed = solver.replace({"mu": 0.3}, sigma=6)
    assert repr(changed.model) == repr(economy(mu=0.3, sigma=6))
    assert (changed.dynamics, changed.options) == (tastes, options)
    assert same(
        changed.short_run(SHARES),
        nege.prepare(economy(mu=0.3, sigma=6), options=options).short_run(SHARES),
    )
    assert solver.model.sigma == 5
    with pytest.raises(nege.InputError, match="sigma"):
        solver.replace(sigma=0.5)


def test_transforms_and_the_matrix_that_stands_in_for_them_are_those_of_the_call(monkeypatch):
    monkeypatch.setattr(trade_costs, "FOURIER_PAYS", 8)
    even, all_at_one = np.full(12, 1 / 12), np.eye(12)[0]
    for share, cost, operator in ((even, 1.3, "fourier"), (all_at_one, 5, "dense")):
        model = nege.CorePeriphery(nege.geography.racetrack(12), sigma=5, mu=0.4, trade_cost=cost)
        found = nege.prepare(model).short_run(share)
        assert found.status is nege.Status.CONVERGED
        assert trade_costs.name_of(found.parameters.operator) == operator
        labelled = nege.short_run(model, share)
        assert labelled.operator == operator
        for name, values in nege.prepare(model).variables(found).items():
            assert values.tobytes() == labelled.data[name].values.tobytes(), name
        assert np.isfinite(nege.prepare(model).payoff_jacobian(share)).all()


def test_industries_have_long_runs_and_say_what_is_not_served():
    solver = nege.prepare(nege.OnlineAgglomeration())
    found, labelled = solver.solve(), nege.solve(nege.OnlineAgglomeration())
    assert found.status is labelled.status
    for name, values in solver.variables(found).items():
        assert values.tobytes() == labelled.data[name].values.tobytes(), name
    for call in (solver.short_run, solver.payoff_jacobian):
        with pytest.raises(nege.InputError, match="prepared solver serves solve"):
            call(SHARES)
