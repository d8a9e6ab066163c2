"""Calibration: parameters are found again, errors are what they say, what is not told is named."""

import draws_calibration as draws
import numpy as np
import pandas as pd
import pytest
import xarray as xr

import nege
from nege.errors import InputError
from nege.solver_options import Replicator, SolverOptions
from nege.solvers.follow_dynamics import find_long_run
from nege.studies import moments, response
from nege.studies.calibration_points import SolvedPoints
from nege.studies.policy_objectives import target
from nege.studies.policy_points import PolicyPoints

pytestmark = pytest.mark.structure

LINE = nege.geography.line(3)
HELPMAN = nege.Helpman(LINE, sigma=4, mu=0.7, trade_cost=1.5, housing=[1.0, 2.0, 1.5])
ERRORS = {"share.1": 0.01, "wage.0": 0.02, "share.2": 0.01}
OVER = {"mu": (0.5, 0.74), "housing.1": (0.5, 5)}


def values(model, names):
    return draws.moments(model, names)


@pytest.fixture(scope="module")
def found():
    """Two parameters from three targets, which are exactly those of an economy."""
    exact = values(HELPMAN.replace({"mu": 0.65, "housing.1": 2.4}), ERRORS)
    return exact, nege.calibrate(HELPMAN, exact, OVER, errors=ERRORS, starts=2)


@pytest.mark.draws
@pytest.mark.parametrize("seed", [0, 1])  # one of either kind
def test_parameters_of_random_economies_are_found_again_without_noise(seed):
    draws.check(seed)


def test_every_search_ends_at_the_parameters_that_made_the_targets(found):
    _, found = found
    np.testing.assert_allclose(found.parameters.estimate, [0.65, 2.4], rtol=1e-9)
    assert found.starts.same.all()
    assert found.starts.converged.all()
    assert found.j_test.statistic < 1e-12
    assert found.j_test.degrees_of_freedom == 1
    assert "All targets are met" in repr(found)
    assert "Not established: other minima" in repr(found)


def test_sensitivity_is_how_estimates_move_with_targets(found):
    (exact, found), step = found, 1e-5
    ends = [
        nege.calibrate(
            found.model, {**exact, "wage.0": exact["wage.0"] + h}, OVER, errors=ERRORS, starts=1
        )
        for h in (-step, step)
    ]
    moved = (ends[1].parameters.estimate - ends[0].parameters.estimate) / (2 * step)
    known = found.sensitivity.sel(target="wage.0")
    np.testing.assert_allclose(known, moved, rtol=1e-5, atol=1e-7)


def test_standard_errors_are_those_of_the_delta_method(found):
    _, found = found
    m = found.jacobian.values
    weight = np.diag(1.0 / np.array(list(ERRORS.values())) ** 2)
    known = np.sqrt(np.diag(np.linalg.inv(m.T @ weight @ m)))
    np.testing.assert_allclose(found.parameters.standard_error, known, rtol=1e-9)
    assert (found.parameters.low > 0.0).all()
    covariance = np.diag(np.array(list(ERRORS.values())) ** 2)
    again = nege.calibrate(found.model, found.fit.value.to_series().to_dict(), OVER,
                           errors=covariance, starts=1)  # fmt: skip
    np.testing.assert_allclose(again.parameters.standard_error, known, rtol=1e-6)


def test_intervals_cover_and_draws_of_the_targets_agree_with_the_delta_method():
    """A few seeded draws of what `python -m benchmarks verify` counts over 50 economies."""
    rng, hits = np.random.default_rng(1), []
    exact = values(HELPMAN, ["share.1"])["share.1"]
    for _ in range(4):
        noisy = {"share.1": exact + 0.01 * rng.normal()}
        one = nege.calibrate(
            HELPMAN, noisy, {"mu": (0.4, 0.745)}, errors={"share.1": 0.01}, level=0.9, starts=1
        )
        hits.append(float(one.parameters.low[0]) <= 0.7 <= float(one.parameters.high[0]))
    assert sum(hits) >= 2  # fewer are one in 270 of intervals that cover nine times in ten
    drawn = nege.calibrate(
        HELPMAN, {"share.1": exact}, {"housing.1": (0.5, 8)}, errors={"share.1": 0.003}, draws=5,
        starts=1,
    )  # fmt: skip
    by_hand = 0.003 * float(drawn.sensitivity[0, 0])
    assert 0.4 < float(drawn.parameters.standard_error[0]) / by_hand < 1.7
    assert drawn.draws.converged.all()


def test_a_direction_that_no_target_tells_is_named_and_nothing_claimed_of_it():
    """A place's amenity and its housing^(1-mu) stand in one product."""
    found = nege.calibrate(
        HELPMAN, values(HELPMAN, ["share.0", "share.1"]),
        {"housing.0": (0.5, 2), "amenity.0": (0.5, 2)}, starts=1,
        errors={"share.0": 0.01, "share.1": 0.01},
    )  # fmt: skip
    assert not found.identified
    (direction,) = found.unidentified
    # In logs over the same interval: d ln amenity = -(1 - mu) d ln housing.
    assert direction["amenity.0"] / direction["housing.0"] == pytest.approx(-0.3, abs=1e-6)
    assert found.parameters.standard_error.isnull().all()
    assert "NOT IDENTIFIED: no target moves along" in repr(found)


def test_targets_that_contradict_each_other_fail_the_j_test():
    wanted = {name: value * 1.05 for name, value in values(HELPMAN, ERRORS).items()}
    errors = dict.fromkeys(wanted, 0.002)
    found = nege.calibrate(HELPMAN, wanted, {"mu": (0.5, 0.74)}, errors=errors, starts=1)
    assert found.converged
    assert found.j_test.p_value < 1e-3
    assert "do NOT explain" in " ".join(repr(found).split())


def test_a_target_out_of_reach_ends_at_a_bound_and_says_so():
    found = nege.calibrate(HELPMAN, {"share.1": 0.9}, {"housing.1": (0.5, 3)}, starts=1)
    assert found.parameters.at_bound.all()
    assert found.parameters.estimate.item() == 3.0
    assert "AT A BOUND" in repr(found)
    assert "All targets are met" not in repr(found)


def test_series_of_targets_give_a_path_that_follow_takes():
    years = xr.DataArray([0.45, np.nan, 0.5], {"year": [1990, 2000, 2010]}, "year")
    wages = [values(HELPMAN.replace(mu=mu), ["wage.0"])["wage.0"] for mu in (0.66, 0.68)]
    wage = pd.Series(wages, [1990, 2000]).rename_axis("year")
    found = nege.calibrate(
        HELPMAN, {"share.1": years, "wage.0": wage}, {"mu": (0.4, 0.74)}, starts=1
    )
    assert found.path.step.values.tolist() == [1990, 2000, 2010]
    assert found.fit.gap.isnull().values.tolist() == [[False, False], [True, False], [False, True]]
    ds = nege.follow(HELPMAN, found.path)
    np.testing.assert_allclose(ds.wage.sel(region="0")[1], wages[1], atol=1e-9)
    np.testing.assert_allclose(ds.share.sel(region="1")[2], 0.5, atol=1e-9)


def test_what_a_search_cannot_reach_is_told_step_by_step_and_costs_the_next_one_nothing():
    """No place in the middle of a line has 90 per cent; nor does a step of any size overflow."""
    line = nege.Helpman(LINE, sigma=4, mu=0.7, trade_cost=1.5)
    seen = {"share.1": {1: 0.38, 2: 0.9, 3: 0.37}}
    path = nege.calibrate(line, seen, {"trade_cost": (1.1, 2)}, starts=1)
    assert [one.converged for one in path.steps][::2] == [True, True]
    np.testing.assert_allclose(path.fit.gap.values[::2], 0.0, atol=1e-9)
    assert abs(path.fit.gap.values[1]) > 0.1
    assert ("2: NOT CONVERGED" in repr(path)) == (not path.steps[1].converged)
    assert "All targets are met" not in repr(path.steps[1])


def test_a_target_that_nothing_moves_is_named():
    """Two equal places share everything in halves, whatever their goods weigh."""
    even = nege.CorePeriphery(nege.geography.equidistant(2), sigma=5, mu=0.4, trade_cost=2)
    wanted = {"share.0": 0.6, "price_index.0": 1.2}
    found = nege.calibrate(even, wanted, {"trade_cost": (1.9, 2.2)}, starts=1)
    assert found.unmoved == ("share.0",)
    assert found.converged
    assert "NOTHING in over= moves share.0, here: it stays -0.1" in repr(found)
    met = nege.calibrate(even, {"share.0": 0.5}, {"mu": (0.3, 0.4)}, starts=1)
    assert met.unmoved == ("share.0",)
    assert "NOTHING" not in repr(met)


def test_the_j_test_counts_only_what_targets_tell():
    """Three shares, two parameters in one product: two degrees are left, not one."""
    wanted = {"share.0": 0.30, "share.1": 0.40, "share.2": 0.31}
    found = nege.calibrate(
        HELPMAN, wanted, {"housing.0": (0.5, 2), "amenity.0": (0.5, 2)}, starts=2,
        errors=dict.fromkeys(wanted, 0.01),
    )  # fmt: skip
    assert len(found.unidentified) == 1
    assert found.j_test.degrees_of_freedom == 2
    counted = [int(word) for word in repr(found).split("Searches:")[1].split() if word.isdigit()]
    assert sum(counted) == found.starts.sizes["start"]


def test_parameters_that_a_model_refuses_together_are_steps_not_taken():
    """Beyond sigma (1 - mu) = 1 wages and people are still found; a function may refuse more."""
    refused = []

    def share(solved):
        if solved.model.mu > 0.72:
            refused.append(solved.model.mu)
            raise InputError("mu", solved.model.mu, "at most 0.72")
        return float(solved.data.share[1])

    exact = values(HELPMAN.replace(mu=0.715), ["share.1"])["share.1"]
    found = nege.calibrate(HELPMAN.replace(mu=0.5), {share: exact}, {"mu": (0.4, 0.9)}, starts=1)
    assert found.parameters.estimate.item() == pytest.approx(0.715, rel=1e-6)


def test_slopes_by_entries_are_those_of_dual_numbers_and_of_differences():
    bounds, options = {"mu": (0.5, 0.8), "trade_cost": (1.2, 2.0)}, SolverOptions()
    share, moves = HELPMAN.default_start(), Replicator()
    run = find_long_run(HELPMAN, share, HELPMAN.start_state(), moves, options)
    for name, interval in bounds.items():
        exact, along = (
            kind(HELPMAN, name, interval, moves, options)
            for kind in (response._OfShares, response._OfSharesAlong)
        )
        value = float(getattr(HELPMAN, name))
        a, b = (one.respond(value, HELPMAN, run).shares for one in (exact, along))
        np.testing.assert_allclose(a, b, atol=1e-9)
    wanted = [target(HELPMAN, name) for name in ("wage.0", "share.1", "welfare")]
    given = HELPMAN, bounds, wanted, share, moves, options
    policy = np.array([0.7, 1.5])
    slopes, solved = (
        kind(*given).reach(policy).gradients() for kind in (PolicyPoints, SolvedPoints)
    )
    np.testing.assert_allclose(slopes, solved, atol=1e-7)


@pytest.fixture(scope="module")
def economy():
    vat = nege.mechanisms.Tax("vat", 0.2, base="destination", channels="online")
    return nege.OnlineAgglomeration(
        nege.geography.equidistant(2), digital_cost=1.1, commission=0.1, mechanisms=[vat]
    )


def test_retail_is_what_households_pay_in_both_ways_of_reading_it(economy):
    """Without mechanisms from results; with them, and as a check, from the published equations."""
    plain = nege.solve(economy.without("vat"))
    values = {str(name): one.values for name, one in plain.data.data_vars.items()}
    fast, spent = moments._purchases(plain.model, values)
    slow, spending = moments._audited_purchases(plain.model, values)
    np.testing.assert_allclose(
        fast / fast.sum(-1, keepdims=True), slow / slow.sum(-1, keepdims=True), rtol=1e-9
    )
    np.testing.assert_allclose(spent, spending, rtol=1e-12)
    # A tax on what is sold online is in the prices that buyers pay there, and drives them away.
    name = "online_share_of_retail.manufacturing"
    taxed = target(economy, name).of(nege.solve(economy))
    assert taxed < target(plain.model, name).of(plain)


BAD = {
    "no targets": ({"targets": {}}, "targets"),
    "a number as targets": ({"targets": 3.0}, "targets"),
    "an unknown moment": ({"targets": {"shares.1": 0.4}}, "share"),
    "text as a value": ({"targets": {"share.1": "0.4"}}, "targets"),
    "NaN": ({"targets": {"share.1": float("nan")}}, "targets"),
    "a list, without labels": ({"targets": {"share.1": [0.4, 0.5]}}, "label"),
    "fewer targets than parameters": (
        {"over": {"mu": (0.5, 0.7), "sigma": (3, 5)}},
        "at least as many as parameters",
    ),
    "an unknown parameter": ({"over": {"my": (0.5, 0.7)}}, "mu"),
    "bounds the wrong way": ({"over": {"mu": (0.7, 0.5)}}, "first below"),
    "the same parameter twice": ({"over": {"mu": (0.5, 0.7), ("mu",): (0.5, 0.7)}}, "different"),
    "errors of something else": ({"errors": {"share.2": 0.1}}, "share.1"),
    "negative errors": ({"errors": {"share.1": -0.1}}, "at least 0"),
    "errors of zero": ({"errors": {"share.1": 0.0}}, "above 0"),
    "no covariance": ({"errors": [[-1.0]]}, "covariance"),
    "a covariance that knows a combination exactly": (
        {"targets": {"share.1": 0.4, "share.2": 0.2}, "errors": [[1e-4, 2e-4], [2e-4, 4e-4]]},
        "full rank",
    ),
    "a function that is no number": ({"targets": {lambda _: np.nan: 0.4}}, "one finite number"),
    "a function that is an array": (
        {"targets": {lambda found: found.data.share.values: 0.4}},
        "one finite number",
    ),
    "draws without errors": ({"draws": 5}, "errors"),
    "weights of zero": ({"weights": {"share.1": 0.0}}, "above 0"),
    "a level of one": ({"level": 1.0}, "level"),
    "no starts": ({"starts": 0}, "starts"),
    "a year without a figure": (
        {
            "targets": {"share.1": {1: 0.4}, "share.2": {1: 0.2, 2: 0.2}},
            "over": {"mu": (0.5, 0.7), "sigma": (3, 5)},
        },
        "at least as many",
    ),
}


@pytest.mark.faults
@pytest.mark.parametrize("case", BAD)
def test_bad_input_is_refused_by_name_before_the_work(case):
    changed, words = BAD[case]
    given = {"targets": {"share.1": 0.4}, "over": {"mu": (0.5, 0.7)}, **changed}
    with pytest.raises(InputError, match=words):
        nege.calibrate(HELPMAN, **given)
