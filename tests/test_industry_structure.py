"""Thresholds, diagrams, loops and searches of industries, against equations written apart."""

import functools
import itertools
import math

import agglomeration_system as system
import agglomerations
import matplotlib as mpl
import numpy as np
import pytest
from scipy.optimize import brentq

import nege
from nege.structure import one_parameter
from nege.structure.branches import joint_continuation
from nege.structure.symmetry import SymmetryOfPlaces, symmetry_of_places

pytestmark = pytest.mark.structure

mpl.use("Agg")
PURE = nege.Replicator(allow_entry=False)
AT_STEP_6 = {"productivity": 1.0, "search_cost": (0.0, 0.4), "digital_cost": (3.0, 1.4)}


@pytest.fixture(scope="module", autouse=True)
def fewer_values():
    """Look for roots at fewer values: how many lie close to each other ``test_thresholds`` says."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(one_parameter, "INTERVAL_SAMPLES", 33)
        yield


def alike(places, **changes):
    """Step 6 of the old reference path, its places alike."""
    geography = nege.geography.equidistant(places)
    return nege.OnlineAgglomeration(geography, **{**AT_STEP_6, "spillover": 0.12, **changes})


@functools.cache
def clustered(places):
    """Dixit-Stiglitz services in one place, and the search cost up to which they stay there."""
    model = alike(places, variety=(0.8, 1.0), spillover=0.06)
    return model, nege.sustain_points(model, "search_cost.services", (0.2, 1.5))


def even(model):
    places = len(model.geography)
    return {"firm_mass": np.full((2, places, 2), 0.3 / places), "population": [1 / places] * places}


def at_rest(model, data):
    """The kernels' unknowns of a solved economy, by its variables alone."""
    order = ("industry", "channel", "place")
    n, X = (data[name].transpose(*order).values for name in ("firm_mass", "total_cost"))
    G = data.price_index.transpose("industry", "place").values
    E = model.consumption.values[:, None] * data.income.values + model.inputs.values @ X.sum(1)
    wage, rent, people = (data[name].values for name in ("wage", "rent", "population"))
    x = np.log(system.flat(n, G, E, wage, rent, people, 1.0, 1.0))
    x[-2:] = 0.0, float(data.dividend)
    return x


def movers_of(model):
    places, industries = len(model.geography), len(model.industries)
    rows = np.zeros((places, 4 * industries + 3), dtype=bool)
    rows[:, : 2 * industries] = rows[:, -1] = True
    return np.append(rows.ravel(), [False, False])


def even_state(model, x):
    """The even state near some unknowns, by Newton's method on equations written apart."""
    p, size = system.of_model(model), len(x) - 2
    own = 4 * len(model.industries) + 3
    member = np.zeros((x.size, own + 1))
    member[:size, :own] = np.tile(np.eye(own), (size // own, 1))
    member[-1, -1] = 1.0
    rows = [*range(own), x.size - 1]
    for _ in range(30):
        step = np.linalg.solve(system.jacobian(p, x)[rows] @ member, -system.residual(p, x)[rows])
        x = x + member @ step
        if np.max(np.abs(step)) < 1e-12:
            return x
    raise AssertionError("no even state")


def rates_by_differences(model, x, step=1e-5):
    """Growth rates of firms and people by central differences of equations written apart."""
    p = system.of_model(model)
    used = np.arange(x.size) != x.size - 2  # nobody hires remote labour here
    ends = [[system.residual(p, x + s * step * e) for e in np.eye(x.size)] for s in (1.0, -1.0)]
    j = (np.subtract(*ends).T / (2.0 * step))[np.ix_(used, used)]
    moving = movers_of(model)[used]
    other = ~moving
    follow = np.linalg.solve(j[np.ix_(other, other)], j[np.ix_(other, moving)])
    reduced = j[np.ix_(moving, moving)] - j[np.ix_(moving, other)] @ follow
    return np.linalg.eigvals(reduced)


# --- thresholds ------------------------------------------------------------------------


def test_the_even_state_of_step_6_breaks_where_an_eigenvalue_by_differences_changes_sign():
    model = alike(4)
    first, *_ = found = nege.break_points(model, "spillover", (0.05, 0.125))
    assert len(found) == 1
    assert first.multiplicity == 3
    assert first.mode.startswith("any place against the others, 3 deviations, led by services")

    x = at_rest(model, nege.solve(model, even(model), dynamics=PURE).data)

    def leading(spillover):
        at = model.replace(spillover=spillover)
        return float(rates_by_differences(at, even_state(at, x)).real.max())

    root = brentq(leading, first - 0.002, first + 0.002, xtol=1e-11)
    assert float(first) == pytest.approx(root, abs=1e-8)
    assert leading(0.12) == pytest.approx(0.0305, abs=5e-5)
    assert abs(first.direction).idxmax().item().startswith("services offline")


def test_break_points_in_one_number_of_a_table():
    model, name = alike(3), "search_cost.services"
    (found,) = nege.break_points(model, name, (0.2, 0.3))
    x = at_rest(model, nege.solve(model, even(model), dynamics=PURE).data)
    at = model.replace({name: float(found)})
    rates = np.sort(abs(rates_by_differences(at, even_state(at, x))))
    assert rates[:2] == pytest.approx([0.0, 0.0], abs=1e-7)
    assert rates[2] > 1e-3


def test_an_even_state_that_lasts_says_so():
    found = nege.break_points(alike(3, spillover=0.0), "digital_cost", (1.1, 3.0))
    assert len(found) == 0
    assert "The even state is stable all through." in repr(found)


@pytest.mark.parametrize("places", [2, 3])
def test_a_core_is_sustained_up_to_where_entry_pays(places):
    """Dixit-Stiglitz services in one place: below the threshold they stay, above others enter."""
    model, (found,) = clustered(places)
    assert found.mode.startswith("entry of services offline in 1")
    start = even(model)
    start["firm_mass"][1, 1:] = 0.0
    entered = []
    for factor in (0.999, 1.001):
        at = nege.solve(model.replace({"search_cost.services": factor * found}), start)
        firms = at.data.firm_mass.sel(industry="services").sum("channel")
        entered.append(bool((firms[1:] > 0.0).any()))
    assert entered == [False, True]
    # At the threshold what the first firm would earn is what it costs, by equations written apart.
    exact = model.replace({"search_cost.services": float(found)})
    data = nege.solve(exact, start, dynamics=PURE).data
    n = data.firm_mass.transpose("industry", "channel", "place").values.copy()
    n[n == 0.0] = 1e-13
    tiny = data.assign(firm_mass=(("industry", "channel", "place"), n))
    _, residual = system.evaluate(
        system.of_model(exact), *system.unflat(system.of_model(exact), at_rest(exact, tiny))
    )
    assert residual["firms"][1, 0, 1:] == pytest.approx(np.zeros(places - 1), abs=1e-9)


def test_where_the_core_itself_jumps_between_channels_is_no_sustain_point():
    """Its firms sell all offline or all online; what entry earns changes sign without a zero."""
    model = alike(2, variety=(0.8, 1.0), spillover=0.1)
    found = nege.sustain_points(model, "digital_cost.services", (1.02, 2.0))
    assert len(found) == 0
    assert "jumps to another state of its firms at 1.129" in repr(found)


def test_a_core_without_a_threshold_says_whether_it_is_sustained():
    model, found = clustered(2)
    (at,) = found.values
    for interval, word in (
        ((0.9 * at, 0.95 * at), "sustained all"),
        ((1.1 * at, 1.2 * at), "never"),
    ):
        assert word in repr(nege.sustain_points(model, "search_cost.services", interval))


@pytest.mark.faults
@pytest.mark.parametrize(
    ("tool", "match"),
    [
        (lambda: nege.break_points(nege.OnlineAgglomeration(), "spillover", (0.05, 0.1)), "differ"),
        (lambda: nege.sustain_points(alike(3), "spillover", (0.05, 0.1)), "variety = 1"),
        (lambda: nege.sustain_points(alike(3, variety=1.0), "commission", (0, 0.1)), "employer"),
        (lambda: nege.sustain_points(alike(2), "commission", (0, 0.1), core=["0", "1"]), "some"),
        (lambda: nege.sustain_points(alike(2), "commission", (0, 0.1), core="online"), "core"),
        (lambda: nege.bifurcation(alike(2), "digital_cost.goods", (1.1, 2)), "one of the model's"),
        (lambda: nege.bifurcation(alike(2), "digital_cost.services", (0.5, 2)), "at least 1"),
    ],
)
def test_what_has_no_answer_is_refused_with_the_reason(tool, match):
    with pytest.raises(nege.InputError, match=match):
        tool()


@pytest.mark.faults
@pytest.mark.parametrize("tool", [nege.bifurcation, nege.hysteresis, nege.break_points])
def test_tastes_are_the_models_own(tool):
    with pytest.raises(nege.InputError, match="migration_elasticity"):
        tool(alike(2), "spillover", (0.05, 0.1), dynamics=nege.Logit(scale=0.1))


# --- diagrams --------------------------------------------------------------------------


@pytest.fixture(scope="module")
def diagram():
    return nege.bifurcation(alike(3), "spillover", (0.085, 0.14), depth=1)


def test_every_point_of_a_diagram_is_at_rest_by_equations_written_apart(diagram):
    assert diagram.lost == ()
    assert all(branch.complete for branch in diagram.branches)
    found = diagram.to_dataset()
    for k in range(0, found.sizes["point"], 40):
        data = found.isel(point=k)
        model = diagram.model.replace(spillover=float(data.spillover))
        assert np.max(np.abs(system.residual(system.of_model(model), at_rest(model, data)))) < 1e-9


def test_a_diagram_holds_every_equilibrium_that_a_search_finds_and_knows_its_stability(diagram):
    model = diagram.model.replace(spillover=0.097)
    there = diagram.at(0.097)
    assert there.stable.values.any()
    assert not there.stable.values.all()
    for one, orbit in zip(
        (found := nege.equilibria(model, starts=6)), found.orbits.tolist(), strict=True
    ):
        rate = one.leading_eigenvalue
        near = int(np.argmin(abs(there.rate.values - rate)))
        assert float(there.rate[near]) == pytest.approx(rate, abs=1e-6)
        assert int(there.orbit[near]) == orbit
        assert bool(there.stable[near]) == one.stability.stable
        np.testing.assert_allclose(
            np.sort(there.population[near]), np.sort(one.data.population), atol=1e-7
        )


@pytest.fixture(scope="module")
def exact(diagram):
    return nege.break_points(diagram.model, "spillover", (0.085, 0.14))


def test_a_diagram_breaks_where_thresholds_say(diagram, exact):
    for value in exact.values:
        assert np.min(abs(diagram.points("break") - value)) < 1e-10
    (first,) = (p for p in diagram.special_points if abs(p.value - exact.values[0]) < 1e-10)
    assert first.dimension == 2
    assert len(first.leads) >= 2  # the pitchfork: one place gains, or one loses
    assert diagram.classes == (("0", "1", "2"),)


def test_stability_of_a_diagram_is_that_of_differences(diagram):
    for branch in diagram.branches:
        for k in (len(branch.values) // 3, 2 * len(branch.values) // 3):
            model = diagram.model.replace(spillover=float(branch.values[k]))
            rates = rates_by_differences(model, at_rest(model, branch.data.isel(point=k)))
            if np.min(abs(rates.real)) > 1e-5:
                assert int((rates.real > 0.0).sum()) == branch.unstable[k]


def test_a_diagram_of_industries_is_drawn_by_industry(diagram):
    ax = diagram.plot("largest", industry="services")
    assert ax.get_ylabel() == "largest share of services"
    assert {line.get_gid() for line in ax.lines} >= {"stable", "unstable"}
    assert diagram.plot("online", industry="services").get_ylabel() == (
        "share of services sold online"
    )
    assert "people" in diagram.plot().get_ylabel()
    with pytest.raises(nege.InputError, match="industry"):
        diagram.plot(industry="farming")
    with pytest.raises(nege.InputError, match="region"):
        diagram.plot("online")


def test_the_several_states_at_strong_spillovers_are_branches():
    found = nege.bifurcation(alike(4), "spillover", (0.1495, 0.1505), depth=0)
    there = found.at(0.15)
    assert sorted(there.orbit.values[there.stable.values]) == [4, 4, 6, 6]
    cost = there.total_cost.sel(industry="services").sum("channel")
    shares = np.sort((cost / cost.sum("place")).values)[there.stable.values]
    np.testing.assert_allclose(np.sort(shares[:, -1]), [0.333, 0.419, 0.495, 0.997], atol=2e-3)


def test_the_turn_in_digital_cost_is_one_stable_branch_on_the_reference_path():
    """Step 6 of the path with its city: as online sales get cheaper services go there, smoothly."""
    model = agglomerations.economy(6)
    found = nege.bifurcation(model, "digital_cost.services", (1.02, 2.0), depth=0)
    (branch,) = found.branches
    assert branch.stable.all()
    assert found.special_points == ()
    cost = branch.data.total_cost.sel(industry="services")
    online = (cost.sel(channel="online").sum("place") / cost.sum(["place", "channel"])).values
    assert (np.diff(online[np.argsort(branch.values)]) < 0.0).all()
    assert (online.max(), online.min()) == pytest.approx((0.98, 0.0), abs=0.02)
    exact = nege.solve(model.replace({"digital_cost.services": 1.25}))
    np.testing.assert_allclose(
        found.at(1.25).total_cost[0], exact.data.total_cost, rtol=1e-8, atol=1e-12
    )


def test_branches_of_firms_that_can_be_absent_go_on_where_they_enter():
    model, sustained = clustered(2)
    found = nege.bifurcation(model, "search_cost.services", (0.2, 0.8), depth=1)
    (entry,) = sustained.values
    (point,) = (p for p in found.special_points if abs(p.value - entry) < 1e-9)
    assert point.kind == "entry"
    core = found.branches[point.branch]
    (empty,) = (
        mover
        for mover in core.share.mover.values
        if mover.startswith("services offline") and (core.share.sel(mover=mover) == 0.0).all()
    )
    assert core.stable[core.values < entry - 1e-6].all()
    assert not core.stable[core.values > entry + 1e-6].any()
    (inside,) = (found.branches[k] for k in point.leads)
    assert (inside.share.sel(mover=empty).values[1:] > 0.0).all()
    assert not inside.stable[1:].any()


# --- there and back --------------------------------------------------------------------


@pytest.fixture(scope="module")
def loop(diagram):
    return nege.hysteresis(diagram.model, "spillover", (0.085, 0.14), points=5)


def test_a_loop_of_industries_jumps_where_branches_end(diagram, loop, exact):
    ends = [*diagram.points("break"), *diagram.points("fold")]
    assert len(loop.jumps) >= 2
    for jump in loop.jumps:
        assert np.min(abs(np.array(ends) - jump.value)) < 1e-8
    up = [jump for jump in loop.jumps if jump.arm == "up"]
    assert [jump.value for jump in up] == pytest.approx([exact.values[0]], abs=1e-9)
    assert up[0].region.startswith("services")
    assert "Hysteresis" in repr(loop)
    ax = loop.plot(industry="services", region="1")
    assert ax.get_ylabel() == "share of services in 1"
    assert loop.plot("welfare").get_ylabel() == diagram.model.variables["welfare"].meaning
    assert loop.plot("price_index", industry="services", region="2").get_ylabel().endswith(", 2")


def test_a_loop_is_where_its_jumps_lead_however_long_its_steps(diagram, loop):
    """Of two branches that are stable beyond a jump a long step may find the other one."""
    shorter = nege.hysteresis(diagram.model, "spillover", (0.085, 0.14), points=8)
    for one in (loop, shorter):
        down = [jump.value for jump in one.jumps if jump.arm == "down"]
        assert down == pytest.approx([0.101134213, 0.0958019143, 0.0911859785], abs=1e-8)


def test_a_loop_that_does_not_come_back_says_so(diagram):
    model = diagram.model.replace(spillover=0.14)
    start = even(model)  # manufacturing in one place, services in the two others
    start["firm_mass"][0, :2] *= 1e-3
    start["firm_mass"][1, 2] *= 1e-3
    loop = nege.hysteresis(model, "spillover", (0.11, 0.14), points=5, start=start)
    (jump,) = loop.jumps
    assert jump.value == pytest.approx(0.123746589, abs=1e-8)
    assert "It does not close: back at 0.14" in repr(loop)
    # What the jump leads to is what the path goes on with.
    cost = loop.data.total_cost.sel(arm="down", industry="services", spillover=0.11)
    largest = float((cost / cost.sum()).sum("channel").max())
    assert largest == pytest.approx(0.996, abs=1e-3)


def test_a_loop_claims_nothing_of_points_that_did_not_converge(diagram):
    short = nege.SolverOptions(limit_steps=12)
    loop = nege.hysteresis(diagram.model, "spillover", (0.085, 0.14), points=4, options=short)
    assert (loop.data.status != nege.Status.CONVERGED).any()
    assert "No jump where both points are known" in repr(loop)
    assert "No hysteresis where both points are known" in repr(loop)


def test_a_path_without_a_break_has_no_loop():
    loop = nege.hysteresis(alike(3, spillover=0.0), "digital_cost.services", (1.1, 2.0), points=3)
    assert loop.jumps == ()
    assert float(loop.apart.max()) < 1e-7


# --- symmetry --------------------------------------------------------------------------


@pytest.mark.parametrize(
    "geography",
    [nege.geography.equidistant(3), nege.geography.racetrack(4), nege.geography.line(3)],
    ids=["equidistant", "racetrack", "line"],
)
def test_symmetries_of_several_entries_a_place_are_those_of_brute_force(geography):
    """Against every permutation of places, on vectors of three entries each."""
    model = nege.OnlineAgglomeration(geography, productivity=1.0)
    group = symmetry_of_places([model], 3)
    distance, n = geography.metric.dense(), len(geography)
    every = [
        np.array(g)
        for g in itertools.permutations(range(n))
        if np.allclose(distance[np.ix_(g, g)], distance)
    ]
    assert group.order == len(every)
    rng = np.random.default_rng(3)
    x = rng.normal(size=(n, 3))
    x[1] = x[0]  # as symmetric as may be
    kept = [g for g in every if np.allclose(x[g], x)]
    assert group.isotropy(x.ravel()).order == len(kept)
    y = rng.normal(size=(n, 3))
    nearest = min(float(np.abs(x[g] - y).max()) for g in every)
    assert group.distance(x.ravel(), y.ravel()) >= nearest - 1e-12  # of twins a near one will do
    for g in every:
        assert group.distance(x[g].ravel(), x.ravel()) < 1e-12
    orbits = {frozenset(int(g[p]) for g in every) for p in range(n)}
    assert {frozenset((cell // 3).tolist()) for cell in group.cells()} == orbits
    assert len(group.cells()) == 3 * len(orbits)


def test_a_symmetry_that_only_the_equations_know_to_be_broken_is_not_used():
    """Owners of platforms are a table over places, too: what differs there breaks symmetry."""
    model = alike(3, platform_owner=[1.0, 0.0, 0.0])
    group = symmetry_of_places([model], 5)
    assert isinstance(group, SymmetryOfPlaces)
    assert group.order == math.factorial(2)


def test_places_of_other_jurisdictions_are_not_alike():
    nations = nege.mechanisms.Jurisdictions({"north": ["0"], "south": ["1", "2"]})
    group = symmetry_of_places([alike(3, mechanisms=[nations])], 5)
    assert group.order == math.factorial(2)


@pytest.mark.parametrize(
    ("mechanism", "order"),
    [
        (nege.mechanisms.Access(entry_cost={"services": {"2": {"online": 2.0}}}), 2),
        (nege.mechanisms.DualMode(), 6),
        (nege.mechanisms.Oligopoly("bertrand"), 6),
    ],
    ids=["access", "dual mode", "oligopoly"],
)
def test_mechanisms_have_their_say_in_symmetry_and_are_followed(mechanism, order, monkeypatch):
    monkeypatch.setattr(
        joint_continuation, "RANDOM_STARTS", 2
    )  # of each orbit one, or each of its images
    model = alike(3, spillover=0.06, mechanisms=[mechanism])
    found = nege.bifurcation(model, "digital_cost.services", (1.5, 1.6), depth=0)
    (branch,) = found.branches
    assert branch.stable.all()
    assert math.prod(math.factorial(len(names)) for names in found.classes) == order
    exact = nege.solve(model.replace({"digital_cost.services": 1.55}))
    np.testing.assert_allclose(
        np.sort(found.at(1.55).population[0]), np.sort(exact.data.population), rtol=1e-8
    )


# --- quantitative models ---------------------------------------------------------------


@pytest.mark.parametrize(
    "model",
    [
        nege.Helpman(nege.geography.equidistant(3), sigma=4, mu=0.9, trade_cost=1.5),
        nege.AllenArkolakis(
            nege.geography.equidistant(3),
            **{"sigma": 4, "trade_cost": 1.5, "productivity_spillover": 0.3},
            amenity_spillover=-0.2,
        ),
    ],
    ids=["Helpman", "Allen-Arkolakis"],
)
def test_every_tool_serves_quantitative_models_and_they_agree(model):
    (broken,) = nege.break_points(model, "trade_cost", (1.05, 8))
    found = nege.bifurcation(model, "trade_cost", (1.05, 8), depth=1)
    assert found.points("break") == pytest.approx([broken], rel=1e-9)
    loop = nege.hysteresis(model, "trade_cost", (1.05, 8), points=7)
    up = [jump.value for jump in loop.jumps if jump.arm == "up"]
    assert up == pytest.approx([broken], rel=1e-8)
    for factor, stable in ((0.99, True), (1.01, False)):
        at = model.replace(trade_cost=factor * broken)
        assert nege.stability(nege.short_run(at, np.full(3, 1 / 3))).stable is stable
    every = nege.equilibria(model.replace(trade_cost=1.05 * broken), starts=4)
    assert every.index_sum == 1
    with pytest.raises(nege.InputError, match="empty"):
        nege.sustain_points(model, "trade_cost", (1.05, 8))
