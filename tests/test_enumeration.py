"""All equilibria: closed forms, brute force, proofs that hold, and honesty where there is none."""

import itertools
import types

import draws
import numpy as np
import pytest
import reference
from hypothesis import given
from hypothesis import strategies as st

import nege
from nege.errors import DependencyError
from nege.models.indifference import FLOATS, Tastes
from nege.structure.enumeration import all_equilibria, completeness, krawczyk

pytestmark = pytest.mark.structure

MODELS = (nege.CorePeriphery, nege.FootlooseEntrepreneur)


def shares(found):
    return np.array([e.data["share"].values for e in found])


def kinds(found):
    return [e.stability.stable for e in found]


def random_economy(seed, kind):
    """Two or three places that differ in everything, with an online region that charges."""
    rng = np.random.default_rng([53, seed])
    n = 2 + seed % 2
    cost = np.exp(rng.uniform(0.05, 1.0, (n, n)))
    np.fill_diagonal(cost, 1.0)
    return kind(
        nege.geography.from_distance(1.0 - np.eye(n)),
        sigma=float(rng.uniform(1.5, 9)),
        mu=float(rng.uniform(0.1, 0.9)),
        trade_cost=cost,
        online=nege.OnlineRegion(
            trade_cost=float(rng.uniform(1, 2)), commission=0.13, amenity=1.07
        ),
        **{kind.immobile: rng.dirichlet(np.full(n, 2.0))},
    )


# --- two regions -------------------------------------------------------------------


@pytest.fixture(scope="module")
def five(two):
    """All equilibria between break and sustain, solved once."""
    return nege.equilibria(two(1.7))


def test_two_regions_between_break_and_sustain_have_five_equilibria(five):
    found = five
    assert found.complete
    expected = [0.0, 0.1651131645, 0.5, 0.8348868355, 1.0]
    np.testing.assert_allclose(shares(found)[:, 0], expected, atol=1e-10)
    assert kinds(found) == [True, False, True, False, True]
    assert found.index_sum == 1


@pytest.mark.parametrize(
    ("trade_cost", "expected", "stable"),
    [(2.1, [0.5], [True]), (1.5, [0.0, 0.5, 1.0], [True, False, True])],
)
def test_outside_of_it_dispersion_or_the_cores_alone_are_stable(two, trade_cost, expected, stable):
    found = nege.equilibria(two(trade_cost))
    assert found.complete
    np.testing.assert_allclose(shares(found)[:, 0], expected, atol=1e-12)
    assert kinds(found) == stable


def test_footloose_entrepreneurs_have_the_same_three_regimes():
    """Economics.md, section 2: sustain at freeness .6954423676, break at 23/33."""
    places = nege.geography.equidistant(2)
    for freeness, count in ((0.69, 1), (0.6962, 5), (0.70, 3)):
        economy = nege.FootlooseEntrepreneur(places, sigma=5, mu=0.4, trade_cost=freeness**-0.25)
        found = nege.equilibria(economy)
        assert found.complete
        assert len(found) == count


@pytest.mark.parametrize("block", range(3))
def test_a_grid_of_payoff_gaps_never_contradicts_the_proof(block):
    """30 of 500 draws of sigma, mu and the trade cost."""
    for seed in range(10 * block, 10 * block + 10):
        assert draws.check_two_regions(seed).complete, seed


def test_the_grid_finds_out_a_lost_equilibrium():
    def lossy(model):
        found = list(nege.equilibria(model))
        return type("Lossy", (list,), {"complete": True})(found[:-1])

    with pytest.raises(AssertionError):
        draws.check_two_regions(0, lossy)


# --- three regions -----------------------------------------------------------------


@pytest.mark.parametrize("seed", range(3))
def test_what_scipy_finds_for_three_regions_is_in_the_proof(seed):
    assert draws.check_three_regions(seed).complete


def test_three_equidistant_regions_between_break_and_sustain():
    """Dispersion, three cores, and a saddle on the way to each: T_B 1.778279, T_S 2.182255."""
    places = nege.geography.equidistant(3)
    found = nege.equilibria(nege.CorePeriphery(places, sigma=5, mu=0.4, trade_cost=2.0))
    assert found.complete
    assert (len(found), len(found.stable)) == (7, 4)
    assert found.index_sum == 1
    for e in found:
        a, b, c = np.sort(e.data["share"].values)
        assert a == pytest.approx(b, abs=1e-12) or b == pytest.approx(c, abs=1e-12)


def test_between_take_off_and_collapse_dispersion_and_all_online_are_both_stable(two):
    """Sections 1.4 and 1.5: T = 2 takes off at 1.171319 and collapses at 1.759240."""
    for cost, count in ((1.1, 1), (1.3, 3), (1.9, 1)):
        found = nege.equilibria(two(2.0, nege.OnlineRegion(trade_cost=cost)))
        assert found.complete
        assert len(found) == count
        online = [float(e.data["share"].sel(region="online")) for e in found.stable]
        assert online == {1.1: [1.0], 1.3: [1.0, 0.0], 1.9: [0.0]}[cost]


def test_a_commission_leaves_people_both_online_and_in_one_place(two):
    """Section 1.9: zeta = .1, delta = 1.05 gives (.4499, 0, .5501)."""
    online = nege.OnlineRegion(trade_cost=1.05, commission=0.1)
    found = nege.equilibria(two(2.0, online))
    assert found.complete
    np.testing.assert_allclose(
        shares(found.stable), [[0, 0.4499, 0.5501], [0.4499, 0, 0.5501]], atol=5e-5
    )


# --- logit -------------------------------------------------------------------------


@pytest.mark.parametrize("scale", [0.002, 0.02])
def test_logit_equilibria_are_choice_probabilities_and_all_are_found(two, scale):
    """With little taste the five of the replicator are left, with much only dispersion."""
    dynamics = nege.Logit(scale=scale)
    found = nege.equilibria(two(1.7), dynamics=dynamics)
    assert found.complete
    assert len(found) == (5 if scale < 0.01 else 1)
    for e in found:
        nege.testing.assert_equilibrium(e, tolerance=1e-7)
        share, payoff = e.data["share"].values, e.data["real_wage"].values
        odds = np.log(share[0] / share[1])
        assert odds == pytest.approx(np.log(payoff[0] / payoff[1]) / scale, abs=1e-6)


@pytest.mark.parametrize(("scale", "least"), [(1e-4, 1.9557e-266), (5e-5, 0.0)])
def test_shares_that_doubles_do_not_hold_are_zero(two, scale, least):
    """At the cores of T = 1.5 the other place keeps exp(-gap/scale): 2e-266, and then 4e-532."""
    found = nege.equilibria(two(1.5), dynamics=nege.Logit(scale=scale))
    assert found.complete
    np.testing.assert_allclose(shares(found), [[least, 1], [0.5, 0.5], [1, least]], rtol=1e-4)
    assert (found.proven["high"].values > 0).all()
    for e in found:
        nege.testing.assert_equilibrium(e, tolerance=1e-7)


# --- the equations that are proven to be solved ------------------------------------


@pytest.mark.parametrize("kind", MODELS)
@pytest.mark.parametrize("seed", range(6))
def test_equations_of_indifference_hold_where_tastes_make_any_distribution_one(kind, seed):
    """Any shares are a logit equilibrium for the right weights: no excess anywhere."""
    model = random_economy(seed, kind)
    rng = np.random.default_rng([59, seed])
    share = rng.dirichlet(np.ones(len(model.regions)))
    plain, scale = reference.of_model(model), float(rng.uniform(0.05, 0.3))
    net = 1 - plain["commission"]
    if kind is nege.CorePeriphery:
        less = {key: value for key, value in plain.items() if key != "amenity"}
        wage = reference.wages(share, **less)
        payoff = plain["amenity"] * wage * price(share, wage, plain) ** -model.mu
        supply = share * (wage / net) ** (1 - model.sigma)
    else:
        payoff = np.exp(reference.skilled_payoffs(share, **plain))
        supply = share * net ** (model.sigma - 1)
    tastes = Tastes(scale, share / payoff ** (1 / scale))
    equations = model.indifference(FLOATS, tastes)
    value = equations.at(list(17.0 * supply))  # only ratios count
    np.testing.assert_allclose(value.excess, 0, atol=1e-9)
    found = np.array(value.share)
    np.testing.assert_allclose(found / found.sum(), share, rtol=1e-9)
    assert np.ptp(np.log(supply)) <= equations.reach


def price(share, wage, plain):
    return reference.price_indices(wage, share, plain["cost"], plain["sigma"], plain["commission"])


@pytest.mark.parametrize("kind", MODELS)
@pytest.mark.parametrize("seed", range(3))
def test_excesses_obey_walras_law_and_have_the_sign_of_payoffs_of_empty_regions(kind, seed):
    model = random_economy(seed, kind)
    at = model.indifference(FLOATS, None).at
    n = len(model.regions)
    rng = np.random.default_rng([61, seed])
    excess = np.array(at(list(rng.dirichlet(np.ones(n)))).excess)
    assert excess.min() < 0 < excess.max()
    for r in range(n):
        alone = np.eye(n)[r]
        payoffs = draws.log_payoffs(model)(alone)
        excess = np.array(at(list(alone)).excess)
        assert excess[r] == pytest.approx(0, abs=1e-12)
        np.testing.assert_array_equal(
            np.sign(excess.round(10)), np.sign((payoffs - payoffs[r]).round(10))
        )


def test_tastes_that_leave_supplies_undetermined_are_not_proven(two):
    """At scale 1/(sigma - 1) supplies do not tell shares."""
    found = nege.equilibria(two(1.7), dynamics=nege.Logit(scale=0.25))
    assert not found.complete
    assert "no form" in found.reason
    assert len(found) == 1


# --- boxes -------------------------------------------------------------------------

BOX = st.tuples(*[st.floats(-3, 0) for _ in range(4)])


@given(BOX, BOX, st.integers(0, 2), st.integers(0, 2), st.integers(0, 999))
def test_boxes_of_different_leaders_are_compared_rightly(one, other, first, second, seed):
    def box(ends, leader):
        low, high = np.sort(np.reshape(ends, (2, 2)), axis=0)
        return krawczyk.Box(leader, *(tuple(np.insert(side, leader, 0.0)) for side in (low, high)))

    a, b = box(one, first), box(other, second)
    y = np.random.default_rng(seed).uniform(a.low, a.high, (50, 3))
    y -= y[:, [second]]  # the same ratios
    held = ((y >= np.array(b.low)) & (y <= np.array(b.high))).all(axis=1)
    match krawczyk.relation(a, b):
        case "inside":
            assert ((y >= np.array(b.low) - 1e-12) & (y <= np.array(b.high) + 1e-12)).all()
        case "apart":
            assert not held.any()


def test_each_equilibrium_lies_in_a_tight_box_of_its_own(five):
    found = five
    low, high = found.proven["low"].values, found.proven["high"].values
    assert (high - low).max() <= 1e-13
    assert (shares(found) >= low - 1e-12).all()
    assert (shares(found) <= high + 1e-12).all()
    apart = [(low[i] > high[j]).any() for i in range(5) for j in range(5) if i != j]
    assert all(apart)


# --- honesty -----------------------------------------------------------------------


def test_at_a_threshold_boxes_are_left_around_the_point_that_changes(two, monkeypatch):
    """By a clock that tells how often it is looked at, once for each box: a thousand of them."""
    clock = types.SimpleNamespace(monotonic=itertools.count().__next__)
    monkeypatch.setattr(completeness, "time", clock)
    found = nege.equilibria(two(7**0.25), seconds=1000)  # the break point of dispersion
    assert not found.complete
    low, high = found.left["low"].values, found.left["high"].values
    assert found.left.sizes["box"] > 0
    assert ((low > 0.49) & (high < 0.51)).all()
    np.testing.assert_allclose(shares(found)[:, 0], [0, 0.5, 1], atol=1e-3)
    assert np.isnan(found.proven["low"].values[1]).all()
    assert not repr(found).startswith("All")
    assert "3 equilibria found" in repr(found)
    assert "2 of these are proven to exist" in repr(found)
    assert found.index_sum is None


def test_without_time_nothing_is_claimed(two):
    found = nege.equilibria(two(1.7), seconds=1e-9)
    assert not found.complete
    np.testing.assert_array_equal(found.left["low"].min("box"), [0, 0])
    np.testing.assert_array_equal(found.left["high"].max("box"), [1, 1])
    assert "found" in repr(found)
    assert "All" not in repr(found)


def test_without_flint_there_is_a_search_that_says_what_to_install(two, monkeypatch):
    def missing(module, extra, purpose):
        raise DependencyError(f'install "nege[{extra}]"')

    monkeypatch.setattr(all_equilibria, "require", missing)
    found = nege.equilibria(two(1.7))
    assert not found.complete
    assert "nege[verify]" in found.reason
    assert "nege[verify]" in repr(found)
    np.testing.assert_allclose(
        shares(found)[:, 0], [0, 0.1651131645, 0.5, 0.8348868355, 1], atol=1e-9
    )


def test_a_proof_that_misses_an_equilibrium_is_found_out(two, monkeypatch):
    true = completeness.prove

    def wrong(*arguments):
        proof = true(*arguments)
        return proof._replace(roots=proof.roots[1:])

    monkeypatch.setattr(all_equilibria, "prove", wrong)
    with pytest.raises(nege.NegeError, match="contradict"):
        nege.equilibria(two(1.7))
    with pytest.raises(nege.NegeError, match="contradict"):
        nege.equilibria(two(1.7), starts=0)


def test_a_proof_of_what_is_none_is_found_out(two, monkeypatch):
    true = completeness.prove

    def wrong(*arguments):
        proof = true(*arguments)
        middle = np.array([0.3, 0.7])
        return proof._replace(roots=[*proof.roots, completeness.ShareBounds(middle, middle)])

    monkeypatch.setattr(all_equilibria, "prove", wrong)
    with pytest.raises(nege.NegeError, match="contradict"):
        nege.equilibria(two(1.7))


# --- more than three regions -------------------------------------------------------


def test_four_regions_are_searched_and_one_of_each_orbit_is_listed():
    """Dispersion (1), cores (4), and saddles between; the indices of all sum to one."""
    places = nege.geography.equidistant(4)
    found = nege.equilibria(nege.CorePeriphery(places, sigma=5, mu=0.4, trade_cost=2.1))
    assert not found.complete
    assert "found" in repr(found)
    assert "All" not in repr(found)
    assert found.index_sum == 1
    sizes = dict(zip(found.orbits.tolist(), shares(found).tolist(), strict=False))
    np.testing.assert_allclose(sizes[1], 0.25)
    assert [round(max(e.data["share"].values), 6) for e in found.stable] == [0.25, 1.0]
    for e in found:
        nege.testing.assert_equilibrium(e)


def test_a_racetrack_of_six_has_no_equilibrium_missing_by_the_sum_of_indices():
    places = nege.geography.racetrack(6)
    found = nege.equilibria(nege.CorePeriphery(places, sigma=5, mu=0.4, trade_cost=1.4))
    assert found.index_sum == 1
    assert len(found) == 13


def test_a_search_that_knows_it_missed_some_says_so():
    places = nege.geography.equidistant(12)
    found = nege.equilibria(nege.CorePeriphery(places, sigma=5, mu=0.4, trade_cost=2.5))
    assert found.index_sum != 1
    assert "Some are missing" in repr(found)


# --- the result --------------------------------------------------------------------


def test_basins_are_sampled_the_same_each_time_and_as_wide_as_saddles_allow(two):
    """On a line the basin of dispersion lies between the saddles."""
    one = nege.equilibria(two(1.7), basins=80, rng=5)
    again = nege.equilibria(two(1.7), basins=80, rng=5)
    np.testing.assert_array_equal(one.basins, again.basins)
    width = 0.8348868355 - 0.1651131645
    np.testing.assert_allclose(one.basins[[1, 3]], 0)
    assert float(one.basins[2]) == pytest.approx(width, abs=4 * np.sqrt(0.25 / 80))
    assert float(one.basins.sum()) == pytest.approx(1)
    assert "Basins are shares of 80 random starts" in repr(one)


def test_it_is_a_sequence_that_reads_as_prose(two, five):
    found = five
    assert repr(found).startswith("All 5 equilibria of a core-periphery economy")
    assert "proven" in found._repr_html_()
    assert found[0] is next(iter(found))
    assert found[1:3] == (found[1], found[2])
    assert "proven to be all" in repr(found[0])
    only = repr(nege.equilibria(two(2.1)))
    assert only.startswith("The only equilibrium")
    with pytest.raises(AttributeError):
        found.complete = False


def test_the_dataset_holds_variables_stability_and_bounds(two):
    found = nege.equilibria(two(1.7), basins=10)
    data = found.to_dataset()
    assert data.sizes == {"equilibrium": 5, "region": 2}
    np.testing.assert_array_equal(data["share"], shares(found))
    np.testing.assert_array_equal(data["stable"], kinds(found))
    assert (data["proven_low"] <= data["share"] + 1e-12).all()
    assert (data["rate"] < 0).values.tolist() == kinds(found)
    assert float(data["basin"].sum()) <= 1 + 1e-12


def test_files_keep_that_all_are_known(five, tmp_path):
    five[2].to_netcdf(tmp_path / "one.nc")
    assert "One of 5 equilibria" in repr(nege.load(tmp_path / "one.nc"))


@pytest.mark.parametrize(
    ("arguments", "argument"),
    [
        ({"dynamics": nege.Replicator(allow_entry=False)}, "dynamics"),
        ({"dynamics": "replicator"}, "dynamics"),
        ({"seconds": 0.0}, "seconds"),
        ({"seconds": np.nan}, "seconds"),
        ({"starts": -1}, "starts"),
        ({"basins": 2.5}, "basins"),
        ({"rng": "seed"}, "rng"),
        ({"rng": -1}, "rng"),
        ({"options": 3}, "options"),
    ],
)
def test_bad_input_is_refused_by_name(two, arguments, argument):
    with pytest.raises(nege.InputError) as caught:
        nege.equilibria(two(1.7), **arguments)
    assert caught.value.argument == argument
    with pytest.raises(nege.InputError):
        nege.equilibria("an economy")


def test_an_equilibrium_that_theory_knows_to_be_the_only_one_is_proven_for_any_number_of_places():
    found = nege.equilibria(
        nege.Helpman(nege.geography.line(4), sigma=5, mu=0.7, trade_cost=1.3), starts=4
    )
    assert found.complete
    assert (len(found), found.boxes, found.left.sizes["box"]) == (1, 0, 0)
    assert "The only equilibrium" in repr(found)
    assert "sigma (1 - mu) > 1" in repr(found)
    many = nege.equilibria(
        nege.Helpman(nege.geography.equidistant(2), sigma=5, mu=0.85, trade_cost=2), starts=4
    )
    assert not many.complete
    assert len(many) == 3
