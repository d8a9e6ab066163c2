"""China's online retail: figures, cities, the path that reproduces the share, and what it says."""

import numpy as np
import pytest
import xarray as xr
from scipy.optimize import brentq

import nege
from nege.errors import InputError
from nege.studies import moments

pytestmark = pytest.mark.structure

SHARES = {2015: 0.108, 2016: 0.126, 2019: 0.207, 2020: 0.249, 2021: 0.245}


@pytest.fixture(scope="module")
def china():
    economy = nege.scenarios.chinese_cities(5)
    path = nege.scenarios.online_retail(economy)
    return economy, path, nege.follow(economy, path)


def share_of_retail(model, data):
    """Return the share that is put in, from the published equations: the slow reference."""
    values = {str(name): one.values for name, one in data.data_vars.items()}
    sales, spending = moments._audited_purchases(model, values)
    goods = sales[model.industries.index("manufacturing")]
    return float(np.average(goods[:, 1] / goods.sum(-1), weights=spending))


def test_figures_are_those_that_were_published_with_their_sources():
    known = nege.scenarios.china_online()
    found = known.online_share_of_retail.dropna("year").to_series().to_dict()
    assert found == SHARES
    assert float(known.taobao_villages.sel(year=2021)) == 7023
    inland = (known.villages_midwest_northeast / known.taobao_villages).sel(year=[2015, 2020])
    np.testing.assert_allclose(1.0 - inland, [0.978, 0.937], atol=5e-4)
    assert all(one.attrs["source"] and one.attrs["long_name"] for one in known.values())


def test_people_of_the_first_year_are_those_of_the_data(china):
    economy, _, ds = china
    people = economy.geography.population_share.values
    np.testing.assert_allclose(ds.population[0], people, rtol=1e-9)
    assert (ds.status == nege.Status.CONVERGED).all()
    assert (ds.leading_eigenvalue < 0.0).all()
    amenity = nege.invert(economy, population=economy.home_weight).amenity / economy.amenity
    assert float(amenity.max() / amenity.min()) == pytest.approx(1.0, abs=1e-9)


def test_the_path_reproduces_the_share_of_each_year_and_is_what_bisection_finds(china):
    economy, path, ds = china
    assert path.step.values.tolist() == list(SHARES)
    for year, share in SHARES.items():
        costs = path.digital_cost.sel(step=year)
        model = economy.replace(digital_cost=costs.drop_vars(("step", "online_share_of_retail")))
        assert share_of_retail(model, ds.sel(step=year)) == pytest.approx(share, abs=1e-9)
    assert (path.digital_cost.sel(industry="services") == 3.0).all()

    def gap(cost):
        model = economy.replace({"digital_cost.manufacturing": cost})
        return share_of_retail(model, nege.solve(model).data) - SHARES[2019]

    known = float(path.digital_cost.sel(step=2019, industry="manufacturing"))
    assert brentq(gap, known - 0.05, known + 0.05, xtol=1e-9) == pytest.approx(known, abs=1e-7)


def test_shares_of_ones_own_make_a_path_of_all_goods_together():
    economy = nege.OnlineAgglomeration(
        nege.geography.equidistant(2), industries=("cars", "steel", "advice"), sigma=5.0,
        consumption=(0.3, 0.2, 0.4), housing=0.1, inputs=0.05, land_share=0.05,
        transport_cost=0.2, search_cost=0.3, digitisability=0.5, digital_cost=1.5,
    )  # fmt: skip
    kinds = {"cars": "goods", "steel": "goods", "advice": "services"}
    path = nege.scenarios.online_retail(economy, share={1: 0.2, 2: 0.4}, industries=kinds)
    cars, steel, advice = path.digital_cost.transpose("industry", "step").values
    np.testing.assert_array_equal(cars, steel)
    assert (advice == 1.5).all()
    assert cars[1] < cars[0]


def test_facts_have_both_figures_and_a_verdict_that_follows_from_them(china):
    economy, _, ds = china
    facts = nege.scenarios.china_facts(economy, ds)
    coast = facts.sel(fact="coast")
    np.testing.assert_allclose([coast.data_before, coast.data_after], [0.978, 0.937], atol=5e-4)
    assert (coast.before.item(), coast.after.item()) == (2015, 2020)
    # Put all sellers onto the coast, and the verdict turns.
    inland = ds.total_cost.place == "Chengdu"
    online = (ds.total_cost.industry == "manufacturing") & (ds.total_cost.channel == "online")
    moved = ds.assign(total_cost=ds.total_cost.where(~(inland & online), 1e-12))
    assert coast.verdict.item().startswith("not reproduced")
    turned = nege.scenarios.china_facts(economy, moved).sel(fact="coast")
    assert turned.verdict.item().startswith("reproduced")
    assert float(turned.model_before) == pytest.approx(1.0)


def test_a_figure_that_can_only_come_out_one_way_is_no_test_until_it_can(china):
    """All sell more as the share rises; few have no neighbours; more is sold where more is made."""
    economy, _, ds = china
    verdicts = nege.scenarios.china_facts(economy, ds).verdict
    assert verdicts.sel(fact="growth").item().startswith("no test")
    assert verdicts.sel(fact="clusters").item().startswith("no test")
    assert not verdicts.sel(fact="industry").item().startswith("reproduced")
    # Halve one city's sales in the last year: then it could have come out otherwise.
    cost = ds.total_cost.copy()
    cost[{"step": -1, "place": 0}] = 0.1 * cost[{"step": 0, "place": 0}]
    moved = nege.scenarios.china_facts(economy, ds.assign(total_cost=cost))
    assert moved.verdict.sel(fact="growth").item().startswith("reproduced in direction")


def test_what_is_not_of_china_is_refused():
    elsewhere = nege.OnlineAgglomeration(nege.geography.equidistant(3))
    with pytest.raises(InputError, match="cities of China"):
        nege.scenarios.china_facts(elsewhere, xr.Dataset())
    with pytest.raises(InputError, match="at most"):
        nege.scenarios.chinese_cities(5000)
    with pytest.raises(InputError, match="share at 3"):
        nege.scenarios.online_retail(elsewhere, share={3: 0.99999})
