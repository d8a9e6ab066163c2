"""Solves that fail say which limit or tolerance was hit; tables of failed points print whole."""

import numpy as np
import pandas as pd
import pytest
import xarray as xr

import nege
from nege.results import tables, text_table
from nege.status import Ended, Status

pytestmark = pytest.mark.faults

PLAIN = {"method": "plain"}
HELPMAN = nege.Helpman(nege.geography.line(3), sigma=4, mu=0.7, trade_cost=1.5)


@pytest.mark.parametrize(
    ("limits", "short", "hit"),
    [
        ({"limit_steps": 5}, False, "limit_steps=50), which was 5"),
        ({"limit_iterations": 1, **PLAIN}, False, "limit_iterations=10), which was 1"),
        ({"limit_iterations": 1, **PLAIN}, True, "limit_iterations=10), which was 1"),
    ],
)
def test_the_remedy_names_the_limit_that_was_hit_and_what_to_try(two, limits, short, hit):
    options = nege.SolverOptions(**limits)
    solve, start = (nege.short_run, [0.7, 0.3]) if short else (nege.solve, None)
    with pytest.raises(nege.ConvergenceError) as told:
        solve(two(1.5), start, options=options)
    partial = told.value.equilibrium
    for text in (str(told.value), partial.remedy, partial.banner()):
        assert f"Raise SolverOptions({hit}, or start nearer by." in text
        assert text.count("limit_") == 1
    given = {"share": [0.7, 0.3]} if short else {"along": None}
    ds = nege.sweep(two(1.5), {"trade_cost": [1.5]}, options=options, **given)
    assert ds.nege.failed().remedy[0] == partial.remedy
    assert ds.isel(trade_cost=0).nege.failed().remedy[0] == partial.remedy


@pytest.mark.parametrize("name", ["limit_steps", "limit_iterations"])
def test_a_joint_long_run_ends_by_either_limit_and_says_which(name):
    with pytest.raises(nege.ConvergenceError, match=rf"Options\({name}=20\), which was 2,"):
        nege.solve(HELPMAN, options=nege.SolverOptions(**{name: 2}))


def test_a_tolerance_that_did_not_hold_is_named_with_one_that_would():
    options = nege.SolverOptions(tolerance_residual=1e-17, tolerance_error=1e-17)
    with pytest.raises(nege.ConvergenceError, match="rounding") as told:
        nege.solve(HELPMAN, options=options)
    error, remedy = told.value.equilibrium.error, told.value.equilibrium.remedy
    wider = float(remedy.split("tolerance_error=")[1].split(")")[0])
    assert error <= wider <= 10.0 * error
    assert f"the error is {error:.1e}, beyond 1e-17." in remedy
    assert "tolerance_payoff" not in remedy
    unknown = Ended(Status.STALLED, True, np.nan, np.inf, 3, vars(nege.SolverOptions()))
    assert unknown.in_words() == (Status.STALLED.message, Status.STALLED.remedy)
    for status in set(Status) - {Status.LIMIT, Status.STALLED}:  # nothing that has a value was hit
        assert "SolverOptions" not in status.remedy


@pytest.mark.parametrize("varied", [1, 9])
def test_failed_points_print_whole_in_a_narrow_terminal(two, varied):
    options = nege.SolverOptions(limit_steps=40)
    ds = nege.sweep(two(2.0), {"trade_cost": [2.2, 1.6, 1.5]}, options=options)
    names = [f"a_parameter_of_some_length_{i}" for i in range(varied)]
    more = {name: ("trade_cost", [0.0, 1.0, 2.0]) for name in names}
    failed = ds.assign_coords(more).nege.failed()
    assert isinstance(failed, pd.DataFrame)
    with pd.option_context("display.width", 80, "display.max_colwidth", 20):
        text = repr(failed)
    assert max(map(len, text.splitlines())) <= 80
    assert "..." not in text
    words = " ".join(text.split())
    for name in (*more, "trade_cost", "status", "1.6", "1.5", *failed.remedy, *failed.reason):
        assert name in words
    assert words.startswith("2 of 3 points have no values.")
    assert words.count(failed.remedy[0]) == 1  # once for all that it helps
    assert repr(failed[["status"]]) == "  status\n0  LIMIT\n1  LIMIT"
    assert "limit_steps=400" in failed._repr_html_()
    assert repr(ds.isel(trade_cost=[0]).nege.failed()) == "No point failed: all 1 have values."


def test_of_many_failed_points_some_are_shown_and_the_rest_counted():
    reasons = [f"because of {i}" for i in range(30)]
    front = ("n", np.full(30, int(Status.RAISED)))
    text = repr(xr.Dataset({"status": front, "reason": ("n", reasons)}).nege.failed())
    assert "because of 19" in text
    assert "because of 20" not in text
    assert "10 more points and 10 more reasons: .to_string() has all of them." in text


@pytest.mark.parametrize("zero", [-0.0, -1e-9, 1e-9])
def test_no_table_has_a_negative_zero(two, zero):
    assert text_table.number(zero, "+.3f") == "0.000"
    assert text_table.number(-1e-4, "+.1e") == "-1.0e-04"
    assert tables.rounded(-0.0, 4) == "$0$"
    nothing = xr.Dataset({"change": ("region", [-0.0, 1.0])})
    assert "-0" not in nothing.nege.to_dataframe().to_string()
    found = nege.compare(*[nege.short_run(two(2.0), [0.7, 0.3])] * 2)
    tiny = found.data.assign(contribution=found.data.contribution + 1e-5 * np.sign(zero or -1.0))
    tiny["gain"] = tiny.contribution.sum("term")
    shown = nege.studies.comparison.Comparison(found.before, found.after, tiny, False)
    for text in (repr(shown), shown.to_latex(digits=1), shown._repr_html_()):
        assert "-0.000" not in text
