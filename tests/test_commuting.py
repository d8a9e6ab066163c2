"""Where people live and work: Monte, Redding & Rossi-Hansberg (2018), with remote work.

Golden numbers are those of an implementation apart from nege, by a fixed point and by Newton's
method, of the equations at the top of ``nege/models/quantitative/commuting.py``.
"""

import draws_commuting as draws
import numpy as np
import pytest

import nege
from nege.models.quantitative import commuting_solving as solving

pytestmark = pytest.mark.closed_form

DISTANCE = np.array([[1, 3, 5], [3, 1.5, 4], [5, 4, 2]])
TRADE, COST = DISTANCE**0.42, DISTANCE**0.47
OFF = ~np.eye(3, dtype=bool)
PLACES = nege.geography.from_distance(DISTANCE)
TOY = {
    **{"sigma": 4, "mu": 0.7, "taste": 4.6, "trade_cost": TRADE, "commuting_cost": COST},
    **{"productivity": [1.2, 1, 0.9], "amenity": [0.9, 1, 1.15]},
    **{"workplace_amenity": [1.3, 1, 0.8], "housing": [1, 1.5, 2.5]},
}


def toy(**changes):
    return nege.Commuting(PLACES, **{**TOY, **changes})


CHEAPER = {"commuting_cost": np.where(OFF, np.maximum(0.9 * COST, 1), COST)}
#: Of each long run: what differs from the base; residents, jobs, wages, prices, rents, welfare.
GOLDEN = {
    "base": (
        {},
        [0.4610540964, 0.2866141108, 0.2523317928],
        [0.6466319622, 0.2335100476, 0.1198579902],
        [1.0728382817, 0.9001057026, 0.8016549512],
        [0.9975351758, 1.3065398192, 1.5965273190],
        [0.2106803917, 0.0788388175, 0.0398531243],
        2.7837319376,
    ),
    "pooled": (
        {"rents": "pooled"},
        [0.4319872570, 0.2946839303, 0.2733288126],
        [0.5839983692, 0.2598870979, 0.1561145328],
        [1.0867419823, 0.9151051835, 0.8168389053],
        [1.0362366184, 1.3179254226, 1.5878261796],
        [0.1952495804, 0.0821909100, 0.0440141933],
        2.7878196547,
    ),
    "floor space is built": (
        {"housing_elasticity": 0.38},
        [0.5424660269, 0.2615917357, 0.1959422374],
        [0.7126199045, 0.2011887447, 0.0861913509],
        [1.0650885528, 0.8713823419, 0.7620762074],
        [0.9646472226, 1.2930954002, 1.5950370795],
        [0.3620575861, 0.1468304036, 0.0797217672],
        2.3193801535,
    ),
    "tastes for residences": (
        {"residence_taste": 2},
        [0.4075224804, 0.3072853206, 0.2851921990],
        [0.6011543376, 0.2577550676, 0.1410905948],
        [1.0761300115, 0.9187499797, 0.8240613969],
        [1.0204743039, 1.3145023766, 1.5994402417],
        [0.1868001363, 0.0853766582, 0.0454825220],
        3.7743585341,
    ),
    "remote": (
        {"remote": 0.3},
        [0.4365420859, 0.2895123360, 0.2739455781],
        [0.6527433335, 0.2320160219, 0.1152406446],
        [1.0639885504, 0.9084391437, 0.8218986530],
        [0.9889575510, 1.3082174924, 1.6082969899],
        [0.1943771824, 0.0808283540, 0.0451806861],
        3.1238088604,
    ),
    "remote, modes alike": (
        {"remote": 0.3, "mode_taste": 9.2},
        [0.4258542616, 0.2893618113, 0.2847839271],
        [0.6420436758, 0.2352889273, 0.1226673969],
        [1.0642084174, 0.9130790131, 0.8306553896],
        [0.9939170003, 1.3115575714, 1.6087366074],
        [0.1870807409, 0.0813354468, 0.0477950070],
        3.1439437483,
    ),
    "cheaper commuting": (
        CHEAPER,
        [0.4415215505, 0.2941475139, 0.2643309357],
        [0.6635662349, 0.2305435790, 0.1058901861],
        [1.0623968372, 0.9058766330, 0.8139119670],
        [0.9830025764, 1.3043980477, 1.6098145958],
        [0.1990793658, 0.0819952556, 0.0425996717],
        2.8762116951,
    ),
    "cheaper trade": (
        {"trade_cost": np.where(OFF, 0.9 * TRADE, TRADE)},
        [0.4419962744, 0.2955153369, 0.2624883887],
        [0.6411837539, 0.2407012798, 0.1181149663],
        [1.0764552189, 0.8999963163, 0.7887581023],
        [0.9891086834, 1.2240188654, 1.4734625624],
        [0.2026580146, 0.0814555915, 0.0414920107],
        2.8683124036,
    ),
}
SHORTER = {  # residents, jobs, wages, welfare
    "hybrid days": (
        {"commuting_cost": COST**0.7 * np.diag(COST)[:, None] ** 0.3},
        [0.4422095146, 0.2913530170, 0.2664374683],
        [0.6605969859, 0.2307295413, 0.1086734728],
        [1.0632971622, 0.9056262639, 0.8156026010],
        2.7837319376 * 1.0369407457,
    ),
    "half of days": (
        {"remote": 0.3, "remote_days": 0.5},
        [0.4518159326, 0.2885350908, 0.2596489766],
        [0.6547314314, 0.2314727140, 0.1137958545],
        [1.0675665623, 0.9027399978, 0.8090886927],
        2.7837319376 * 1.0782030489,
    ),
    "a weight for a share of .3": (
        {"remote": 0.1854970529},
        [0.4432378897, 0.2885505669, 0.2682115434],
        [0.6538715552, 0.2313407787, 0.1147876661],
        [1.0654119571, 0.9059708773, 0.8168945465],
        2.7837319376 * 1.0816442392,
    ),
}


@pytest.mark.parametrize("case", GOLDEN)
def test_golden_long_runs_of_three_places(case):
    changes, *wanted, welfare = GOLDEN[case]
    found = nege.solve(toy(**changes))
    nege.testing.assert_equilibrium(found, tolerance=1e-12)
    for name, values in zip(
        ("share", "employment", "wage", "price_index", "rent"), wanted, strict=True
    ):
        np.testing.assert_allclose(found.data[name], values, rtol=0, atol=6e-11, err_msg=name)
    assert abs(float(found.data.welfare) - welfare) < 6e-11


@pytest.mark.parametrize("case", SHORTER)
def test_golden_long_runs_with_other_costs_of_commuting(case):
    changes, *wanted, welfare = SHORTER[case]
    found = nege.solve(toy(**changes))
    nege.testing.assert_equilibrium(found, tolerance=1e-12)
    for name, values in zip(("share", "employment", "wage"), wanted, strict=True):
        np.testing.assert_allclose(found.data[name], values, rtol=0, atol=6e-11, err_msg=name)
    assert abs(float(found.data.welfare) - welfare) < 2e-10


def test_golden_commuting_trade_and_payoffs_of_the_base():
    found = nege.solve(toy()).data
    wanted = {
        "residents_wage": [1.0662253832, 0.9627434615, 0.9213129891],
        "real_income": [2.3525019701, 2.1215272897, 2.0635800441],
        "commuting": [
            [0.9644448290, 0.0307673746, 0.0047877964],
            [0.3814291523, 0.5855849910, 0.0329858567],
            [0.3671663597, 0.2040476209, 0.4287860194],
        ],
    }
    for name, values in wanted.items():
        np.testing.assert_allclose(found[name], values, rtol=0, atol=6e-11)
    bought = [
        [0.8982201160, 0.5055839627, 0.4846463848],
        [0.0796227016, 0.4284676100, 0.2271739382],
        [0.0221571824, 0.0659484273, 0.2881796770],
    ]
    flows = toy().trade_flows(found)
    np.testing.assert_allclose(flows / flows.sum("origin"), bought, rtol=0, atol=6e-11)
    np.testing.assert_allclose(flows.sum("destination"), found.wage * found.employment, rtol=1e-12)


def test_golden_short_run():
    found = nege.short_run(toy(), [0.5, 0.3, 0.2])
    nege.testing.assert_equilibrium(found, tolerance=1e-12)
    wanted = {
        "employment": [0.6787661040, 0.2315905898, 0.0896433062],
        "wage": [1.0677319791, 0.8898185776, 0.7717934348],
        "price_index": [0.9793463945, 1.2922729012, 1.6014496391],
        "rent": [0.2273995577, 0.0819277228, 0.0313121147],
        "commuting": [
            [0.9660048707, 0.0298785981, 0.0041165313],
            [0.3902107196, 0.5808220550, 0.0289672254],
            [0.3935022639, 0.2120233714, 0.3944743647],
        ],
    }
    for name, values in wanted.items():
        np.testing.assert_allclose(found.data[name], values, rtol=0, atol=6e-11, err_msg=name)
    payoff = found.data.real_income.values
    assert abs(np.sum(payoff**4.6) ** (1 / 4.6) - 2.7942060334) < 6e-11
    # Those who stay where they are do not choose: welfare is the mean of what they have.
    assert found.data.welfare == pytest.approx(payoff @ [0.5, 0.3, 0.2], rel=1e-14)


@pytest.mark.parametrize(
    ("changes", "total", "by_residence"),
    [
        ({"remote": 0.3}, 0.4063986190, [0.3101982274, 0.4309517400, 0.5337490529]),
        ({"remote": 0.3, "mode_taste": 9.2}, 0.5675155444, None),
        ({"remote": 0.3, "remote_days": 0.5}, 0.2925208398, None),
        ({"remote": 0.1854970529}, 0.3, None),
        ({}, 0.0, [0.0, 0.0, 0.0]),
    ],
)
def test_golden_shares_of_remote_work(changes, total, by_residence):
    found = nege.solve(toy(**changes)).data
    assert abs(float(found.share @ found.remote_share) - total) < 6e-11
    if by_residence is not None:
        np.testing.assert_allclose(found.remote_share, by_residence, rtol=0, atol=6e-11)


def test_golden_gains_from_remote_work_in_parts():
    """What people gain is U after over U before, which `compare` has in parts."""
    made = nege.compare(nege.solve(toy()), nege.solve(toy(remote=0.3)))
    assert abs(np.exp(float(made.total.gain)) - 1.1221658300) < 1e-10
    parts = made.data.contribution
    assert (parts.sel(term="commuting") > 0.0).all()
    np.testing.assert_allclose(parts.sum("term"), made.data.gain, rtol=0, atol=1e-12)


# --- what it is made of, and what changes nothing ------------------------------------


@pytest.mark.parametrize("rents", ["local", "pooled"])
def test_without_commuting_it_is_helpman_with_tastes(rents):
    """R_n is proportional to V_n^theta there too, and amenities of jobs are amenities of places."""
    theta, at_work = 3.0, np.array(TOY["workplace_amenity"])
    model = toy(commuting_cost=np.where(OFF, np.inf, 1), residence_taste=theta, rents=rents)
    liked = TOY["amenity"] * at_work ** (1 / 4.6)
    helpman = nege.Helpman(
        PLACES,
        **{name: TOY[name] for name in ("sigma", "mu", "trade_cost", "productivity", "housing")},
        amenity=liked,
        rents=rents,
    )
    wanted = nege.solve(helpman, dynamics=nege.Logit(scale=1 / theta)).data
    found = nege.solve(model)
    nege.testing.assert_equilibrium(found, tolerance=1e-12)
    for name in ("share", "wage", "price_index", "real_income", "rent", "income"):
        np.testing.assert_allclose(found.data[name], wanted[name], rtol=1e-9, err_msg=name)
    np.testing.assert_array_equal(found.data.commuting, np.eye(3))
    # Logit leaves out what it is worth to have three places to choose from.
    assert float(found.data.welfare) == pytest.approx(3 ** (1 / theta) * float(wanted.welfare))
    assert model.uniqueness().unique == (rents == "local")


def test_dear_commuting_comes_near_to_none():
    dear = [np.where(OFF, cost, 1) for cost in (3, 10, 100, np.inf)]
    even = [1.0, 1.0, 1.0]
    shares = [nege.solve(toy(commuting_cost=c, workplace_amenity=even)).data.share for c in dear]
    off = [float(abs(share - shares[-1]).max()) for share in shares[:-1]]
    np.testing.assert_allclose(off, [1.4e-3, 6.2e-6, 1.6e-10], rtol=0.05)


def test_where_commuting_is_free_nobody_cares_where_the_job_is():
    found = nege.solve(toy(commuting_cost=np.ones((3, 3)), productivity=[1, 2, 3])).data
    wanted = np.array(TOY["workplace_amenity"]) * found.wage.values**4.6
    np.testing.assert_allclose(found.commuting, np.tile(wanted / wanted.sum(), (3, 1)), rtol=1e-12)
    np.testing.assert_allclose(found.employment, wanted / wanted.sum(), rtol=1e-12)


def test_who_has_no_tastes_takes_the_best_job():
    commuters = [
        float(
            nege.solve(
                toy(taste=taste, residence_taste=4.6, workplace_amenity=[1, 1, 1])
            ).data.commuting[1, 0]
        )
        for taste in (10, 40, 200)
    ]
    np.testing.assert_allclose(commuters, [0.217, 0.021, 0.0], rtol=0, atol=6e-4)


@pytest.mark.parametrize(
    ("changes", "factor"),
    [
        ({"commuting_cost": COST / 0.9}, 0.9),
        ({"commuting_cost": COST / 0.9, "remote": 0.0, "rents": "pooled"}, 0.9),
        ({"remote": 0.3, "remote_days": 0.0}, 1.3 ** (1 / 4.6)),
        ({"remote": 0.3, "remote_cost": COST}, 1.3 ** (1 / 4.6)),
    ],
)
def test_what_is_the_same_everywhere_moves_nobody(changes, factor):
    rents = {"rents": changes.get("rents", "local")}
    before, after = nege.solve(toy(**rents)).data, nege.solve(toy(**changes)).data
    np.testing.assert_allclose(after.share, before.share, rtol=1e-11)
    assert float(after.welfare / before.welfare) == pytest.approx(factor, rel=1e-12)


def test_costs_per_unit_of_distance_are_powers_of_it():
    by_number = toy(trade_cost=1.2, commuting_cost=1.3, remote=0.2, remote_friction=0.1)
    kappa = 1.3**DISTANCE
    by_table = toy(
        trade_cost=1.2**DISTANCE,
        commuting_cost=kappa,
        remote=0.2,
        remote_cost=1.1 * np.diag(kappa)[:, None] * np.ones(3),
    )
    found, wanted = nege.solve(by_number).data, nege.solve(by_table).data
    for name in by_number.variables:
        np.testing.assert_allclose(found[name], wanted[name], rtol=1e-12)


# --- several equilibria ---------------------------------------------------------------

TWO = nege.Commuting(
    nege.geography.equidistant(2), sigma=2, mu=0.9, taste=20, trade_cost=1.3, commuting_cost=1.5
)


def test_golden_multiplicity():
    """The even spread has a closed form, and is unstable; residents leave it for one of two."""
    even = nege.solve(TWO, [0.5, 0.5], dynamics=nege.Replicator(allow_entry=False))
    price, access = 1 / (0.5 * (1 + 1 / 1.3)), (1 + 1.5**-20.0) ** (1 / 20) / 0.9
    rent = 0.1 / 0.9 / 2
    wanted = 2 ** (1 / 20) * access / (price**0.9 * rent**0.1)
    assert float(even.data.welfare) == pytest.approx(wanted, rel=1e-12)
    assert abs(wanted - 1.3753771642) < 6e-11
    assert even.status is nege.Status.UNSTABLE
    assert not nege.stability(even).stable
    for start, large in ((None, 0), ([0.5, 0.5], 1), ([0.9, 0.1], 0)):
        found = nege.solve(TWO, start)
        nege.testing.assert_equilibrium(found, tolerance=1e-12)
        assert bool(found.perturbed) == (start == [0.5, 0.5])  # others leave by themselves
        large = int(np.argmax(found.data.share.values))
        small = 1 - large
        assert abs(float(found.data.share[large]) - 0.774537702816) < 6e-13
        assert abs(float(found.data.employment[large]) - 0.774745256132) < 6e-13
        ratio = float(found.data.wage[large] / found.data.wage[small])
        assert abs(ratio - 1.070937440130) < 6e-13
        assert abs(float(found.data.welfare) - 1.3867475491) < 6e-11
        assert found.leading_eigenvalue < 0.0
    assert not TWO.uniqueness().unique


def test_thresholds_diagrams_and_all_equilibria_are_served_by_its_law_of_motion():
    (broken,) = nege.break_points(TWO, "trade_cost", (1.05, 2))
    rates = [
        nege.stability(nege.short_run(TWO.replace(trade_cost=broken * by), [0.5, 0.5])).margin
        for by in (1 - 1e-7, 1, 1 + 1e-7)
    ]
    assert rates[0] * rates[2] < 0.0
    assert abs(rates[1]) < 1e-9
    found = nege.equilibria(TWO, starts=2)
    assert len(found) == 3
    assert found.index_sum == 1
    with pytest.raises(nege.InputError, match="no core is ever sustained"):
        nege.sustain_points(TWO, "trade_cost", (1.05, 2), core="0")


@pytest.mark.parametrize(
    ("changes", "unique"),
    [
        ({"taste": 3.0}, True),
        ({"taste": 3.0, "remote": 0.3, "housing_elasticity": 0.4}, True),
        ({"taste": 3.01}, False),
        ({"taste": 3.0, "residence_taste": 2.9}, False),
        ({"taste": 3.0, "rents": "pooled"}, False),
        ({"commuting_cost": np.where(OFF, np.inf, 1.0)}, True),
        ({"commuting_cost": np.where(OFF, np.inf, 1.0), "mu": 0.9, "taste": 5.5}, False),
        ({"commuting_cost": np.where(OFF, np.inf, 1.0), "remote": 0.1}, False),  # remotely they do
        ({"commuting_cost": np.where(OFF, np.inf, 1.0), "housing_elasticity": 0.1}, False),
    ],
)
def test_uniqueness_is_claimed_where_it_is_proven(changes, unique):
    assert toy(**changes).uniqueness().unique == unique


# --- how it is solved -----------------------------------------------------------------


@pytest.mark.parametrize("seed", range(0, draws.COUNT, 50))
def test_random_economies_from_several_starts_by_both_methods(seed):
    draws.check(seed)


@pytest.mark.parametrize("draw", [draws.economy, draws.in_groups])
@pytest.mark.parametrize("seed", range(2))
def test_of_many_places_the_error_is_estimated_without_derivatives(draw, seed, monkeypatch):
    model = draw(seed)
    exact = nege.solve(model)
    monkeypatch.setattr(solving, "MANY", 1)  # as if these were many
    found = nege.solve(model)
    nege.testing.assert_equilibrium(found, tolerance=1e-11)
    nobody_moves = model.groups is not None and model.groups.largest == 1
    assert found._leading == (-np.inf if nobody_moves else None)
    off = np.max(np.abs(np.log(found.data.share / exact.data.share).values))
    assert off <= found.error + exact.error < 1e-9


@pytest.mark.parametrize("most", [4, 8, 12])
def test_a_failed_solve_carries_its_last_point_and_how_far_it_is(most):
    exact = nege.solve(toy()).data
    how = nege.SolverOptions(method="plain", limit_steps=most)
    with pytest.raises(nege.ConvergenceError, match="did not converge") as caught:
        nege.solve(toy(), options=how)
    partial = caught.value.equilibrium
    assert partial.status is nege.Status.LIMIT
    assert partial.iterations == most
    off = np.max(np.abs(np.log(partial.data.share / exact.share).values))
    assert 1e-6 < off <= partial.error


@pytest.mark.parametrize("taste", [3e3, 1e8])
@pytest.mark.parametrize("mode_taste", [None, 1e9])
def test_audits_know_large_elasticities(taste, mode_taste):
    model = nege.Commuting(
        nege.geography.line(3),
        sigma=4,
        mu=0.7,
        taste=taste,
        residence_taste=2,
        mode_taste=mode_taste,
        trade_cost=1.5,
        commuting_cost=[[1, 2, np.inf], [2, 1, 2], [np.inf, 2, 1]],
        remote=0.3,
        remote_days=0.5,
    )
    nege.testing.assert_equilibrium(nege.solve(model))


def test_where_access_to_jobs_is_out_of_range_the_cure_is_taste():
    with pytest.raises(nege.ConvergenceError, match=r"Raise taste\."):
        nege.solve(toy(taste=1e-3))


def test_what_is_not_finite_never_passes():
    """Wages so far apart that prices overflow."""
    extreme = toy(sigma=200, productivity=[1e-300, 1, 1e300], commuting_cost=np.ones((3, 3)))
    for call in (lambda: nege.solve(extreme), lambda: nege.short_run(extreme, [0.5, 0.3, 0.2])):
        with pytest.raises(nege.ConvergenceError) as caught:
            call()
        assert not caught.value.equilibrium.converged


def test_the_family_keeps_its_promises_to_commuters(monkeypatch):
    """Audit, order of places, unit of distance, derivatives by everything, files."""
    monkeypatch.setattr(nege.testing, "DRAWS", 1)
    nege.testing.check_model(nege.Commuting, seed=3)


def test_prepared_solvers_sweeps_grids_and_files_give_the_same():
    model = toy(commuting_cost=np.where(OFF, np.where(COST > 2, np.inf, COST), COST), remote=0.1)
    solver, found = nege.prepare(model), nege.solve(model)
    np.testing.assert_array_equal(solver.solve().share, found.data.share)
    swept = nege.sweep(model, {"remote": [0.0, 0.1]}, keep=["share", "commuting"])
    np.testing.assert_allclose(swept.share[1], found.data.share, rtol=1e-13)  # from its neighbour
    assert swept.commuting.dims == ("remote", "residence", "workplace")
    grid = nege.short_run(model, [[0.5, 0.3, 0.2], [0.2, 0.3, 0.5]], parameters={"sigma": [3, 4]})
    one = nege.short_run(model, [0.2, 0.3, 0.5])
    np.testing.assert_array_equal(grid.wage[1, 1], one.data.wage)
    jacobian = solver.payoff_jacobian(np.array([0.2, 0.3, 0.5]))
    off, direction = 1e-5, np.array([1.0, -0.5, -0.5])
    ends = [
        np.log(nege.short_run(model, one.data.share.values + t * direction).data.real_income)
        for t in (-off, off)
    ]
    np.testing.assert_allclose(jacobian @ direction, (ends[1] - ends[0]) / (2 * off), rtol=1e-7)


# --- what is refused ------------------------------------------------------------------

NAN_COST = np.where(COST > 2, np.nan, COST)
REFUSED = {
    "below one": ({"commuting_cost": 0.9}, "commuting_cost", "at least 1"),
    "a table below one": ({"commuting_cost": COST - 0.5}, "commuting_cost", "From '0' to '0'"),
    "no number": ({"commuting_cost": NAN_COST}, "commuting_cost", "nan"),
    "infinite at home": ({"commuting_cost": np.full((3, 3), np.inf)}, "commuting_cost", "inf"),
    "one that is infinite": ({"commuting_cost": np.inf}, "commuting_cost", "finite"),
    "another shape": ({"commuting_cost": COST[:2]}, "commuting_cost", "Its shape is"),
    "text": ({"commuting_cost": "dear"}, "commuting_cost", ""),
    "a number for remote work": ({"remote_cost": 1.2}, "remote_cost", "remote_days"),
    "both": ({"remote_cost": COST, "remote_days": 0.5}, "remote_days", "leave one of them out"),
    "modes unlike": ({"mode_taste": 4.0}, "mode_taste", "at least as large as taste"),
    "no tastes": ({"taste": 0.0}, "taste", "Frechet"),
    "a weight below zero": ({"remote": -0.1}, "remote", "no share"),
    "more than all days": ({"remote_days": 1.5}, "remote_days", "part of all days"),
    "floor space that shrinks": ({"housing_elasticity": -0.1}, "housing_elasticity", "at least 0"),
    "an online region": ({"online": nege.OnlineRegion(trade_cost=1.2)}, "parameter", "online"),
}


@pytest.mark.faults
@pytest.mark.parametrize("case", REFUSED)
def test_bad_economies_are_refused_with_a_cure(case):
    changes, argument, words = REFUSED[case]
    with pytest.raises(nege.InputError) as caught:
        toy(**changes)
    assert caught.value.argument == argument
    assert words in str(caught.value)


@pytest.mark.faults
@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: nege.short_run(toy(), [1, 0, 0]), "Nobody lives in 1"),
        (lambda: nege.solve(toy(), dynamics=nege.Logit(scale=0.2)), "residence_taste is 1/scale"),
        (lambda: nege.solve(toy(), options=nege.SolverOptions(method="anderson")), "newton"),
        (lambda: nege.solve(toy(), options=nege.SolverOptions(operator="line")), "dense"),
        (
            lambda: nege.short_run(
                toy(), [0.5, 0.3, 0.2], parameters={"sigma": [3, 4]}, along="sigma"
            ),
            "by itself",
        ),
        (lambda: toy().replace(taste=5.0, mode_taste=4.8), "at least as large"),
        (lambda: nege.sweep(toy(mode_taste=5.0), {"taste": [4.0, 6.0]}), "at least as large"),
        (lambda: toy().direction("trade_cost"), "single number"),
    ],
)
def test_what_it_does_not_do_is_refused_with_a_cure(call, words):
    with pytest.raises(nege.InputError, match=words):
        call()
