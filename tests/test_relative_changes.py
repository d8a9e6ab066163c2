"""What a counterfactual prints: what was changed, how it converged, who gains; and when not."""

import copy
import pickle

import numpy as np
import pytest
import xarray as xr

import nege

pytestmark = pytest.mark.family

ECONOMY = nege.Helpman(nege.geography.line(3), sigma=4, mu=0.7, trade_cost=1.5)


@pytest.fixture(scope="module")
def before():
    return nege.solve(ECONOMY)


def test_a_counterfactual_prints_what_came_of_it_above_its_data(before):
    found = nege.counterfactual(before, trade_cost_change=0.9, amenity_change=[1.0, 1.0, 1.0])
    assert isinstance(found, xr.Dataset)
    words, data = repr(found).split("\n\n", 1)
    asked, proof, gain, people = words.split("\n")
    least = int(np.argmin(found.share_change.values))  # both ends of the line, but for rounding
    assert "long run of a Helpman economy: 3 places; trade_cost_change=0.9, amenity_ch" in asked
    assert f"residual {float(found.residual):.1e}; people move under" in proof
    assert gain == f"Real income of everybody rises by {float(found.welfare_change) - 1.0:.2%}."
    ends = 100.0 * (found.share_change.values - 1.0)
    assert people == f"People: from {ends[least]:+.2f} % ({least}) to {ends[1]:+.2f} % (1)."
    assert data.startswith("<xarray.Dataset>")
    assert all(line in found._repr_html_() for line in (asked, proof, gain))
    for same in (copy.deepcopy(found), pickle.loads(pickle.dumps(found))):
        assert repr(same) == repr(found)


def test_it_says_who_gains_where_that_differs(before):
    found = nege.counterfactual(before, trade_cost_change=0.9, mobility="none")
    assert "By group: 3 of 3 gain, 0 lose; from +2.39 % (0) to +2.96 % (1)." in repr(found)
    worse = nege.counterfactual(before, productivity_change=[0.8, 1.0, 1.0], mobility="none")
    assert "0 of 3 gain, 3 lose; from" in repr(worse)
    assert "on average falls by" in repr(worse)
    assert "People:" not in repr(worse)  # nobody moved
    assert "Real income stays as it is." in repr(nege.counterfactual(before))
    several = ECONOMY.replace(sigma=3, mu=0.9)  # strong agglomeration: not proven to be unique
    assert "whether there are other equilibria" in repr(nege.counterfactual(nege.solve(several)))


def test_what_is_made_of_it_prints_as_any_dataset(before):
    found = nege.counterfactual(before, trade_cost_change=0.9)
    for part in (found.sel(region=["0", "1"]), found.isel(region=0), found[["share"]], found - 1.0):
        assert repr(part).startswith("<xarray.")
        assert "Counterfactual" not in part._repr_html_()
    np.testing.assert_array_equal(found.nege.to_dataframe("share").share, found.share)
