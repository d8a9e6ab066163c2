"""The stylised turn on real maps: Chinese cities, and German counties where their data are."""

import pathlib
import sys

import matplotlib
import numpy as np
import pytest

import nege

sys.path.append(str(pathlib.Path(__file__).parents[1]))
from benchmarks import counties, real_places

pytestmark = pytest.mark.structure

matplotlib.use("Agg")

BETWEEN = "in between"
ORDER = ["co-located", "separated", "two-sided online"]
FOLDER = real_places.counties_folder()
with_counties = pytest.mark.skipif(
    FOLDER is None,
    reason="no data of the German counties: neither NEGE_COUNTIES nor ../shared/data has them",
)


@pytest.fixture(scope="module")
def chinese():
    economy, path = real_places.cities()
    return economy, nege.follow(economy, path)


def assert_solved(ds):
    assert (ds.status == nege.Status.CONVERGED).all()
    assert (ds.residual <= 1e-10).all()
    assert (ds.leading_eigenvalue < 0.0).all()


def test_all_steps_of_thirty_cities_are_solved_and_stable(chinese):
    economy, ds = chinese
    assert len(economy.geography) == 30
    assert ds.sizes["step"] == 20
    assert_solved(ds)
    last = {
        str(name): values.isel(step=-1, drop=True)
        for name, values in real_places.cities()[1].data_vars.items()
    }
    violations = economy.replace(last).audit(ds.isel(step=-1))
    assert max(violations.values()) <= 1e-9


def test_three_of_the_four_patterns_come_in_order_on_the_map_of_china(chinese):
    """One-sided online is missing: by then manufacturing is all over China, and no cluster."""
    _, ds = chinese
    seen = nege.patterns(ds)
    words = [word for word in seen.pattern.values.tolist() if word != BETWEEN]
    assert list(dict.fromkeys(words)) == ORDER
    assert words == sorted(words, key=ORDER.index)  # none comes back
    later = seen.sel(step=slice(9, 13))
    assert (later.online_share.sel(industry="services") > 0.9).all()
    assert (later.state.sel(industry="services") == "scattered").all()
    assert (later.state.sel(industry="manufacturing") == "mixed").all()


def test_separated_means_services_in_shanghai_and_manufacturing_around_it(chinese):
    seen = nege.patterns(chinese[1]).sel(step=0)
    where = {k: seen.place.values[seen.places.sel(industry=k)] for k in seen.industry.values}
    assert where["services"].tolist() == ["Shanghai"]
    assert set(where["manufacturing"]) == {"Nanjing", "Hangzhou", "Suzhou (04)", "Hefei"}


def test_services_gather_in_the_city_of_best_institutions_and_leave_it_again(chinese):
    _, ds = chinese
    cost = ds.total_cost.sum("channel").sel(industry="services")
    shanghai = (cost / cost.sum("place")).sel(place="Shanghai")
    home = real_places.cities()[0].home_weight.sel(place="Shanghai")
    assert float(shanghai.sel(step=1)) > 5 * float(home)
    assert float(shanghai.sel(step=17)) < float(home)
    assert float(ds.population.sel(step=1, place="Shanghai")) > float(
        ds.population.sel(step=17, place="Shanghai")
    )


def test_industries_separate_only_if_the_leading_city_is_near_to_where_people_are():
    """Claim 17b is conditional: from Chengdu services cannot serve the coast, and never gather."""
    economy, path = real_places.cities()
    remote = real_places.path(economy, "Chengdu")
    words = {}
    for city, steps in (("Shanghai", path), ("Chengdu", remote)):
        ds = nege.follow(economy, steps.sel(step=[-2, 0, 2, 4, 6]))
        assert_solved(ds)
        words[city] = nege.patterns(ds).pattern.values.tolist()
    assert words["Shanghai"] == ["co-located", "separated", "separated", BETWEEN, BETWEEN]
    assert words["Chengdu"] == [BETWEEN] * 5


def test_remoteness_stops_to_matter_only_when_goods_are_online_too(chinese):
    economy, ds = chinese
    people = economy.home_weight
    remote = (economy.geography.distance.values @ people.values).argsort().argsort()

    def by_rank(step):
        relative = (ds.population.sel(step=step) / people).values.argsort().argsort()
        return float(np.corrcoef(remote, relative)[0, 1])

    assert by_rank(-2) < -0.4
    assert by_rank(11) < -0.4  # services are online, goods are not
    assert abs(by_rank(17)) < 0.3


def test_no_city_is_a_district_of_another():
    geography = real_places.chinese_cities()
    distance = geography.distance.values + np.diag(np.full(len(geography), np.inf))
    assert 1e3 * distance.min() >= real_places.APART
    assert "Pudong" not in geography.names


def test_each_pattern_that_occurs_has_a_map(chinese, tmp_path):
    economy, ds = chinese
    some = ds.sel(step=[-2, 1, 11])
    files = real_places.draw(economy, some, tmp_path)
    names = ["timeline.png", "co-located.png", "separated.png", "in_between.png"]
    assert [file.name for file in files] == names
    assert all(file.stat().st_size > 10_000 for file in files)


def test_a_folder_without_the_data_is_none(tmp_path, monkeypatch):
    monkeypatch.setenv("NEGE_COUNTIES", str(tmp_path))
    assert real_places.counties_folder() is None
    (tmp_path / "distance_matrix.csv").touch()
    assert real_places.counties_folder() == tmp_path


@with_counties
def test_german_counties_go_online_and_stay_stable_and_are_no_pattern():
    """Land is by area here: services stay as dense as people are, in and around the cities."""
    economy, path = real_places.counties(FOLDER)
    assert len(economy.geography) == 401
    ds = nege.follow(economy, path.sel(step=[0, 11, 17]))
    assert_solved(ds)
    seen = nege.patterns(ds)
    assert seen.pattern.values.tolist() == [BETWEEN] * 3
    assert (seen.online_share > 0.5).values.tolist() == [[False] * 2, [False, True], [True] * 2]
    assert (seen.state.sel(industry="services") == "clustered").all()
    assert (seen.density.sel(industry="manufacturing") < 1.7).all()
    assert (seen.correlation < 0.0).all()
    cost = ds.total_cost.sum("channel")
    berlin = (cost / cost.sum("place")).sel(place="Berlin, Stadt (11000)")
    assert float(berlin.sel(step=0, industry="services")) > 2 * float(
        berlin.sel(step=0, industry="manufacturing")
    )


@with_counties
def test_counties_are_laid_out_as_far_apart_as_they_are():
    economy, _ = real_places.counties(FOLDER)
    places = economy.geography.coordinates
    names = places.region.values
    x, y = (places[axis].values for axis in "xy")
    drawn = np.hypot(x[:, None] - x, y[:, None] - y)
    true = economy.geography.distance.values * real_places.GERMAN_UNIT / 1e5
    far = true > 1.0
    assert np.quantile(np.abs(drawn / np.where(far, true, 1.0) - 1)[far], 0.95) < 0.05
    where = {name.split(",")[0]: (x[i], y[i]) for i, name in enumerate(names)}
    assert where["Flensburg"][1] > where["München"][1]
    assert where["Berlin"][0] > where["Köln"][0]


@pytest.fixture(scope="module")
def studied():
    return counties.study(FOLDER)


@with_counties
def test_counties_are_an_equilibrium_of_what_is_recovered_and_hat_algebra_equals_levels(
    studied, tmp_path
):
    found, ds, worst, _ = studied
    assert found.equilibrium.model.uniqueness().unique
    assert found.violation <= counties.EXACT
    assert found.astray <= counties.ROUND_TRIP
    assert worst <= counties.SAME
    nege.testing.assert_equilibrium(found.equilibrium)
    assert (ds["welfare_change"].diff("removed") > 0.0).all()
    assert counties.draw(found.equilibrium, ds, tmp_path / "map.png").stat().st_size > 10_000


@with_counties
def test_where_distance_gets_cheaper_jobs_leave_dense_places_in_helpmans_model(studied):
    found, ds, _, _ = studied
    density = found.equilibrium.data["share"].values / found.equilibrium.model.housing.values
    change = np.log(ds["share_change"].isel(removed=-1).values)
    assert np.corrcoef(np.log(density), change)[0, 1] < -0.5
