"""Platforms that tip: a pitchfork of two, a jump of more, in diagrams, loops and thresholds."""

import numpy as np
import pytest
from agglomerations import economy
from golden_platforms import MORE, THRESHOLDS

import nege
from nege import mechanisms as mech
from nege.models.agglomeration.kinds import ALONE
from nege.structure.symmetry import SymmetryOfPlaces, trivial_symmetry

pytestmark = pytest.mark.structure

THETA = 16.0
#: Nearly all is sold online, so that shares follow from a theta s (1-beta) alone.
ONLINE = {**ALONE, "commission": 0.05, "firm_scale": [[300.0, 1.0]]}


def online(number, network=0.2):
    platforms = mech.Platforms(number=number, network=network, substitution=THETA + 1.0)
    return nege.OnlineAgglomeration(**ONLINE, mechanisms=[platforms])


def at_step_9(number, network):
    platforms = mech.Platforms(
        number=number, network={"services": network}, marginal_cost=0.02, substitution=THETA + 1.0
    )
    return economy(9).with_mechanisms(platforms)


@pytest.mark.parametrize(
    ("number", "interval", "fold", "share"),
    [(2, (0.115, 0.135), None, None), (3, (0.165, 0.195), 2.74564358, 0.58480042)],
)
def test_shares_tip_at_j_and_of_three_jump_where_they_do_in_closed_form(
    number, interval, fold, share
):
    diagram = nege.bifurcation(online(number), "platforms.network", interval, depth=1)
    (tips,) = (THETA * diagram.points("break")).tolist()
    assert tips == pytest.approx(number, abs=1e-8)
    leads = [branch.share.sel(mover="first platform of one").values for branch in diagram.branches]
    (even,) = (b for b, x in zip(diagram.branches, leads, strict=True) if np.ptp(x) < 1e-9)
    (tipped,) = (b for b, x in zip(diagram.branches, leads, strict=True) if x.max() > 0.6)
    assert (even.orbit, tipped.orbit) == (1, number)
    first = tipped.share.sel(mover="first platform of one").values
    assert (first > 1.0 / number - 1e-9).all()
    # Of three two may lead, but not for long.
    behind = [b for b, x in zip(diagram.branches, leads, strict=True) if x.min() < 0.3]
    assert len(behind) == (number > 2)
    assert not any(b.stable[THETA * b.values > number + 1e-6].any() for b in behind)
    before = THETA * even.values < number
    assert (
        even.stable[np.abs(THETA * even.values - number) > 1e-6]
        == before[np.abs(THETA * even.values - number) > 1e-6]
    ).all()
    if fold is None:  # a pitchfork: stable from where it leaves
        assert diagram.points("fold").size == 0
        assert tipped.stable[first > 1.0 / number + 1e-6].all()
        return
    (special,) = (point for point in diagram.special_points if point.kind == "fold")
    assert THETA * special.value == pytest.approx(fold, abs=1e-7)
    assert float(special.share[-1]) == pytest.approx(share, abs=1e-6)
    assert (tipped.stable == (first > share))[np.abs(first - share) > 1e-4].all()


def test_interoperability_breaks_a_monopoly_at_one_less_j_over_the_network():
    found = nege.break_points(online(2), "platforms.interoperability", (0.2, 0.6))
    assert found.values == pytest.approx([1.0 - 2.0 / (0.2 * THETA)], abs=1e-9)
    assert "first platform of one gets ahead" in repr(found)


def test_in_general_equilibrium_three_platforms_jump_and_fall_back_where_another_method_says():
    known = {
        case["kind"]: case
        for case in THRESHOLDS
        if (case["of"], case["number"], case["pricing"]) == ("network", 3, "given")
    }
    # In few steps: each begins where the one before it ended, and the lead with it.
    along = "platforms.network.services"
    loop = nege.hysteresis(at_step_9(3, 0.18), along, (0.17, 0.195), points=6)
    down, up = loop.jumps
    assert down.value == pytest.approx(known["fold"]["at"], abs=1e-8)
    assert up.value == pytest.approx(known["break"]["at"], abs=1e-8)
    # What jumps is drawn, and of what is over platforms one of them.
    ax = loop.plot()
    assert ax.get_ylabel() == "share of a platform in sales online, services, 1"
    assert max(np.ptp(line.get_ydata()) for line in ax.lines) > 0.2
    loop.plot(
        "platform_share", industry="services", at={"platform": "3"}, ax=ax
    ).figure.canvas.draw()
    with pytest.raises(nege.InputError, match="Did you mean 'platform'"):
        loop.plot("platform_share", at={"platforms": "1"})


def test_a_start_says_who_leads():
    tipped = nege.solve(at_step_9(3, 0.2))
    assert float(tipped.data.tipping_index[1]) < 1.0
    assert tipped.data.tipped.values.tolist() == [0.0, 1.0]
    told = f"one platform has {float(tipped.data.platform_share[1].max()):.1%} of sales online"
    assert f"The market for services has tipped: {told}" in tipped.banner()
    about = tipped.data.tipping_index.attrs["long_name"]
    assert "of the shares found, tipped or not" in about
    assert "first of those alike" in " ".join(tipped.perturbed)
    between = at_step_9(3, 0.18)
    odds = [
        float(nege.solve(between, start=start).data["platforms.odds"][1])
        for start in (None, tipped.data)
    ]
    assert odds[0] == pytest.approx(0.0, abs=1e-12)
    assert odds[1] > 1.0
    wrong = tipped.data.assign({"platforms.odds": ("industry", [0.0, np.nan])})
    with pytest.raises(nege.InputError, match=r"platforms\.odds"):
        nege.solve(between, start=wrong)


@pytest.mark.parametrize("number", [2, 3])
def test_equal_shares_beyond_the_threshold_are_never_taken_for_lasting(number):
    even = nege.solve(at_step_9(number, 0.2), dynamics=nege.Replicator(allow_entry=False))
    assert even.status is nege.Status.UNSTABLE
    np.testing.assert_allclose(even.data["platforms.odds"], 0.0, atol=1e-12)
    assert even.data.tipped.values.tolist() == [0.0, 0.0]
    index = float(even.data.tipping_index[1])
    grows = float(nege.stability(even).eigenvalues.real.max())
    assert index > 1.0
    assert grows == pytest.approx(index - 1.0, rel=1e-6)


def test_of_two_either_may_lead_and_of_more_each():
    two = SymmetryOfPlaces(trivial_symmetry(1), 2, (2.0,), (True,))
    tipped, mirrored = np.array([0.5, 1.0, 0.7]), np.array([0.5, 1.0, 0.3])
    assert two.order == 2
    assert two.distance(tipped, mirrored) == pytest.approx(0.0, abs=1e-15)
    assert two.isotropy(tipped).order == 1
    three = two._replace(splits=(3.0,))
    even = np.array([0.5, 1.0, 1.0 / 3.0])
    assert three.isotropy(even).order == three.order == 3
    assert three.distance(tipped, mirrored) == pytest.approx(0.4)
    change = np.array([0.0, 0.0, 1.0])
    assert two.distance(change, -change) == 0.0


@pytest.mark.parametrize(
    ("network", "gains"),
    [
        (0.05, (False, False)),
        (0.112, (False, False)),
        (0.1135, (True, True)),  # a far higher commission pays, from .11309 on
        (0.2, (False, True)),  # the follower would rather be the first
    ],
)
def test_first_order_conditions_that_are_no_best_answers_are_told_from_those_that_are(
    network, gains
):
    model = at_step_9(2, network).replace({"platforms.pricing": BUYERS})
    found = nege.solve(model.replace({"platforms.network": network}))
    gain = found.data.platform_gain.sel(industry="services").values
    assert tuple(gain > 1e-6) == gains
    assert ("no best answer" in repr(found)) == any(gains)
    if network == 0.2:
        assert gain[1] == pytest.approx(4.1, abs=0.1)


BUYERS = mech.ProfitMaximising(response="buyers")


def test_platforms_have_a_dimension_of_their_own():
    data = nege.solve(at_step_9(3, 0.2)).data
    share = data.platform_share.sel(industry="services")
    assert data.platform.values.tolist() == ["1", "2", "3"]
    assert float(share.sum()) == pytest.approx(1.0, abs=1e-14)
    assert float(share[0]) > 0.8
    assert (share[1:] == share[1]).all()
    np.testing.assert_allclose(data.platform_commission, 0.05, atol=1e-13)
    assert np.isnan(data.platform_gain).all()


@pytest.mark.parametrize("pricing", [BUYERS, mech.ProfitMaximising()], ids=["buyers", "all"])
def test_everything_on_at_once_is_what_a_second_method_has(pricing):
    who = "buyers respond" if pricing is BUYERS else "equilibrium responds"
    known = MORE[f"everything on, {who}"]["values"]
    hosts = mech.Platforms(
        **{"number": 2, "network": 0.05, "interoperability": 0.5, "marginal_cost": 0.02},
        fixed_cost={"services": 0.01},
        steering=mech.Steering(affiliates=0.2, strength=0.5),
        pricing=pricing,
    )
    data = mech.DataEconomy.consumer_owned(weight={"services": 0.01}, fixed_cost=0.01)
    few = mech.Oligopoly("cournot", firms_per_mass=50)
    found = nege.solve(economy(9).with_mechanisms(hosts, data, few))  # whatever their order
    nege.testing.assert_equilibrium(found)
    services = found.data.sel(industry="services")
    got = {
        "welfare": services.welfare,
        "commission": services.platform_commission[0],
        "platform_profit": found.data.platform_profit.sum(),
        "data_price": services.data_price,
        "dividend": services.dividend,
    }
    for name, value in got.items():
        assert float(value) == pytest.approx(known[name], abs=2e-9), name


def test_one_number_of_a_part_of_platforms_is_a_parameter_like_others():
    steering = mech.Steering(affiliates=0.2, strength=0.5)
    model = economy(9).with_mechanisms(mech.Platforms(steering=steering))
    one = model.replace({"platforms.steering.strength.services": 1.0})
    assert one.mechanisms["platforms"].steering.strength.values.tolist() == [0.5, 1.0]
    swept = nege.sweep(model, {"platforms.steering.strength.services": [0.5, 1.0]})
    assert swept.welfare[1] < swept.welfare[0]
    with pytest.raises(nege.InputError, match="strength"):
        nege.sweep(model, {"platforms.steering.strength.farming": [0.5, 1.0]})
    data = mech.DataEconomy(weight=0.01, fixed_cost={"services": 0.01})
    held = model.with_mechanisms(data).mechanisms["data_economy"].fixed_cost
    assert held.values.tolist() == [0.0, 0.01]


def caveats(found):
    return " ".join(found.model.caveats(found.data))


def test_first_order_points_of_investment_and_of_a_duopoly_are_looked_at_too():
    hosts = {"marginal_cost": 0.02}
    for effect, bad in ((0.02, False), (0.3, True)):  # beyond psi e = 1 profit is least there
        invests = mech.Platforms(investment=mech.Investment(effect=effect))
        found = nege.solve(economy(9).with_mechanisms(invests))
        assert bool((found.data.platform_gain > 1e-6).any()) == bad
        assert ("no best answer" in caveats(found)) == bad
    for network, bad in ((0.05, False), (0.12, True)):
        one = mech.Platforms(number=2, network=network, pricing=mech.ProfitMaximising(), **hosts)
        assert ("no best answer" in caveats(nege.solve(economy(9).with_mechanisms(one)))) == bad
    one = mech.Platforms(number=2, network=0.1, pricing=BUYERS, **hosts)
    few = mech.Oligopoly(firms_per_mass=50)
    assert "not compared" in caveats(nege.solve(economy(9).with_mechanisms(one, few)))


def test_a_contestable_platform_asks_no_more_than_it_would_by_itself():
    def asked(pricing):
        found = nege.solve(
            economy(9).with_mechanisms(mech.Platforms(marginal_cost=0.02, pricing=pricing))
        )
        nege.testing.assert_equilibrium(found)
        return found.data.platform_commission.sel(industry="services", platform="1")

    own = asked(BUYERS)
    np.testing.assert_allclose(asked(mech.Contestable(marginal_cost=0.3)), own, atol=1e-9)
    np.testing.assert_allclose(asked(mech.Contestable(marginal_cost=0.05)), 0.05, atol=1e-12)


def test_platforms_that_lose_and_firms_that_are_less_than_one_are_told():
    dear = mech.Platforms(marginal_cost=0.02, fixed_cost={"services": 0.2})
    assert "would leave" in caveats(nege.solve(economy(9).with_mechanisms(dear)))
    less = mech.Oligopoly("cournot", firms_per_mass=0.3, across=4.0)
    found = nege.solve(economy(9).with_mechanisms(less))
    assert (found.data.largest_share > 1.0).all()
    assert "less than one firm" in repr(found)
    enough = nege.solve(economy(9).with_mechanisms(mech.Oligopoly(firms_per_mass=50)))
    assert (enough.data.largest_share < 0.1).all()
    assert not caveats(enough)


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        (lambda m: nege.sweep(m, {"platforms.number": [1, 2]}), "platforms.number"),
        (lambda m: m.replace({"platforms.steering": mech.Steering(strength=800)}), "at most 50"),
        (lambda m: m.with_mechanisms(mech.DigitalServicesTax(rate=0.5)), "pays tax"),
    ],
)
def test_what_platforms_cannot_say_is_refused(wrong, said):
    model = economy(9).with_mechanisms(mech.Platforms(pricing=mech.AverageCost()))
    with pytest.raises(nege.InputError, match=said):
        wrong(model)


def test_a_commission_beyond_all_that_is_tried_is_a_failed_solve_like_others():
    hosts = mech.Platforms(marginal_cost=0.96, pricing=mech.ProfitMaximising())
    with pytest.raises(nege.ConvergenceError, match="commission"):
        nege.solve(economy(9).with_mechanisms(hosts))


def test_claim_30b_a_monopolists_commission_rises_with_its_market_and_in_wages_it_is_another():
    def at(step):
        hosts = mech.Platforms(marginal_cost=0.02, pricing=mech.ProfitMaximising())
        return nege.solve(economy(step).with_mechanisms(hosts)).data.sel(industry="services")

    found = [float(at(step).platform_commission[0]) for step in (8, 11)]
    np.testing.assert_allclose(found, [0.08370843, 0.17704227], atol=1e-7)
    model = economy(9).with_mechanisms(mech.Platforms(marginal_cost=0.02))
    best = nege.policy.optimise(
        model,
        over={"commission.services": (0.02, 0.3)},
        objective="platform_profit.services",
        points=5,
    )
    assert best.value == pytest.approx(0.12977174, abs=1e-7)  # .13012996 in hosts' labour
