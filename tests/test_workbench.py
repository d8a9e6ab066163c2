"""The workbench of policy: several instruments, given revenue, equal yield, Nash equilibria."""

import copy
import dataclasses
import functools
import pickle
from dataclasses import FrozenInstanceError

import draws_policies
import numpy as np
import pytest
import xarray as xr
from agglomerations import economy
from scipy.optimize import brentq

import nege
from nege import mechanisms as mech
from nege.errors import InputError
from nege.policy import cost_of_funds, equal_yield, nash, optimise
from nege.solver_options import Replicator, SolverOptions
from nege.studies import policy_points, real_terms, tax_game
from nege.studies.policy_objectives import target
from nege.studies.policy_points import PolicyPoints

pytestmark = pytest.mark.family

TWO = nege.geography.equidistant(2)
#: share.0 = 1/2 + (1 + phi)/(1 - phi) (.6 - 1/2), phi = trade_cost^-4
CAPITAL = nege.FootlooseCapital(TWO, sigma=5, mu=0.4, trade_cost=1.5, expenditure=[0.6, 0.4])
JUMPS = nege.CorePeriphery(
    TWO, sigma=5, mu=0.4, trade_cost=2, online=nege.OnlineRegion(trade_cost=1.3)
)
ONLINE = nege.CorePeriphery(
    TWO, sigma=5, mu=0.4, trade_cost=1.5, online=nege.OnlineRegion(trade_cost=1.3, commission=0.1)
)
LOGIT = nege.Logit(scale=0.1)
SMALL = nege.OnlineAgglomeration(TWO, digital_cost=1.1)


def around(model, bounds, objectives, dynamics=None):
    return PolicyPoints(
        model,
        bounds,
        [target(model, one) for one in objectives],
        model.default_start(),
        dynamics or Replicator(),
        SolverOptions(),
    )


# --- gradients

MATCHING = economy(9).with_mechanisms(nege.mechanisms.Matching(vacancy_cost=0.1))
KINDS = economy(9).with_mechanisms(mech.Workers())
POLICIES = [
    (
        KINDS,
        {"commission.services": (0.0, 0.3), "commission.manufacturing": (0.0, 0.3)},
        ["welfare.skilled", "welfare.unskilled", "worker_welfare.skilled", "real_income.skilled.0"],
        None,
    ),
    (
        MATCHING,
        {"commission.services": (0.0, 0.3), "matching.vacancy_cost": (0.0, 0.3)},
        ["welfare", "commission_revenue", "wage.0"],
        None,
    ),
    (
        ONLINE,
        {"online_commission": (0.0, 0.3), "trade_cost": (1.2, 2.0)},
        ["welfare", "share.online"],
        LOGIT,
    ),
]


@pytest.mark.parametrize(("model", "bounds", "objectives", "dynamics"), POLICIES)
def test_gradients_forwards_are_those_backwards_and_of_solved_economies(
    model, bounds, objectives, dynamics
):
    """By one solve for each instrument, by one transposed solve for all, and by differences."""
    points = around(model, bounds, objectives, dynamics)
    here = points.reach(points.present())
    found = here.gradients()
    np.testing.assert_allclose(here.backwards(), found, atol=1e-10)
    for j, unit in enumerate(np.eye(here.policy.size)):
        aside = [points.reach(here.policy + step * unit).values for step in (-1e-4, 1e-4)]
        np.testing.assert_allclose((aside[1] - aside[0]) / 2e-4, found[:, j], atol=3e-6)


def test_every_kind_of_people_is_an_objective_by_its_name():
    found, labels = nege.solve(KINDS), KINDS.coordinates()["worker"]
    for who in labels:
        expected = float(found.data.worker_welfare.sel(worker=who))
        assert target(KINDS, f"welfare.{who}").of(found) == expected
    with pytest.raises(InputError, match=r"welfare\.skilled, welfare\.unskilled"):
        target(KINDS, "welfare.rich")
    both = mech.Jurisdictions({"skilled": ["0", "1"], "rest": ["2", "3"]})
    with pytest.raises(InputError, match=r"jurisdiction_welfare\.skilled"):
        target(KINDS.with_mechanisms(both), "welfare.skilled")


def test_rates_that_are_equal_change_together():
    both = "commission.services", "commission.manufacturing"
    apart = around(economy(9), dict.fromkeys(both, (0.0, 0.3)), ["welfare"])
    equal = around(economy(9), {both: (0.0, 0.3)}, ["welfare"])
    found = equal.reach(equal.present()).gradients()
    expected = apart.reach(apart.present()).gradients().sum(1, keepdims=True)
    np.testing.assert_allclose(found, expected, rtol=1e-9)


# --- several instruments


def share_of_first(found):
    return float(found.data.share[0])


def test_an_optimum_of_two_instruments_that_is_known():
    """A share of .7 is reached at phi = 1/3; spending on manufactures is chosen apart."""
    found = optimise(
        CAPITAL,
        {"trade_cost": (1.2, 2.0), "mu": (0.2, 0.6)},
        lambda e: -((share_of_first(e) - 0.7) ** 2) - (e.model.mu - 0.37) ** 2,
        points=3,
        starts=1,
    )
    assert (found.kind, found.certified) == ("interior", True)
    assert found.policy["trade_cost"] == pytest.approx(3.0**0.25, abs=1e-7)
    assert found.policy["mu"] == pytest.approx(0.37, abs=1e-7)
    phi = 1.0 / 3.0
    by_cost = 0.2 / (1.0 - phi) ** 2 * -4.0 * phi / 3.0**0.25
    curved = max(-2.0 * (0.8 * by_cost) ** 2, -2.0 * 0.4**2)  # by widths of the intervals
    assert found.certificate.curvature == pytest.approx(curved, rel=1e-3)


def test_a_multiplier_that_is_known():
    """The highest cost at which .7 of capital is in the first place, and what more would cost."""
    found = optimise(
        CAPITAL,
        {"trade_cost": (1.2, 2.0)},
        lambda e: e.model.trade_cost,
        subject_to={"share.0": (0.7, None)},
        points=3,
        starts=1,
    )
    assert (found.kind, found.certified) == ("constrained", True)
    assert found.policy["trade_cost"] == pytest.approx(3.0**0.25, abs=1e-8)
    phi = 1.0 / 3.0
    by_cost = 0.2 / (1.0 - phi) ** 2 * -4.0 * phi / 3.0**0.25
    assert found.certificate.multipliers["share.0"] == pytest.approx(1.0 / by_cost, rel=1e-6)
    assert "one more of it adds" in repr(found)


@functools.cache
def given_commissions():
    return optimise(
        economy(9),
        {"commission.services": (0.0, 0.2), "commission.manufacturing": (0.0, 0.2)},
        subject_to={"commission_revenue": (0.04, None)},
        points=4,
        starts=1,
    )


def test_given_revenue_is_raised_and_priced_by_the_slopes():
    found = given_commissions()
    assert found.kind == "constrained"
    assert float(found.equilibrium.data.commission_revenue) == pytest.approx(0.04, abs=1e-10)
    points = around(found.model, found.bounds, ["welfare", "commission_revenue"])
    by_welfare, by_revenue = points.reach(np.array(list(found.policy.values()))).gradient(0)
    price = found.certificate.multipliers["commission_revenue"]
    assert price == pytest.approx(by_welfare / by_revenue, rel=1e-7)
    assert price < 0.0
    nege.testing.assert_equilibrium(found.equilibrium)


def test_what_cannot_be_met_is_said_with_how_near_it_is():
    with pytest.raises(nege.ConvergenceError, match=r"met at none .* at the nearest") as caught:
        optimise(
            CAPITAL,
            {"trade_cost": (1.4, 2.0)},
            "share.1",
            subject_to={"share.0": 0.99},
            points=3,
            starts=1,
        )
    assert caught.value.equilibrium.converged


def test_where_a_branch_ends_is_said(monkeypatch):
    """Back from where the online region is left: the loop of hysteresis jumps at 1.1713."""
    monkeypatch.setattr(policy_points, "FINEST", 0.01)
    points = around(JUMPS, {"online_trade_cost": (1.0, 1.5), "mu": (0.35, 0.45)}, ["welfare"])
    assert points.reach(np.array([1.3, 0.4])) is not None
    assert points.reach(np.array([1.1, 0.4])) is not None
    ((before, after),) = points.jumps
    assert before[0] >= 1.17131921 >= after[0]
    assert before[0] - after[0] <= 0.01


# --- equal yield


@functools.cache
def yields():
    return equal_yield(
        economy(9),
        "commission.services",
        amount=0.05,
        of="commission_revenue",
        between=(0.0, 0.3),
        points=4,
    )


def test_both_rates_raise_as_much_and_the_lower_one_is_returned():
    found = yields()
    for rate in (found.value, found.upper):
        there = nege.solve(economy(9, **{"commission.services": rate}))
        assert float(there.data.commission_revenue) == pytest.approx(0.05, abs=1e-10)
    assert found.value < found.peak.rate < found.upper
    assert found.slope > 0.0
    assert abs(found.peak.slope) < 1e-6
    assert found.iterations <= 8
    assert found.equilibrium.leading_eigenvalue < 0.0
    before = nege.solve(economy(9)).data.welfare
    gain = np.log(float(found.equilibrium.data.welfare / before))
    assert found.gain == pytest.approx(gain, abs=1e-10)


def test_more_than_the_peak_is_refused_with_the_peak():
    with pytest.raises(nege.ConvergenceError, match="the peak is") as caught:
        equal_yield(
            SMALL, "commission.services", amount=0.9, of="commission_revenue",
            between=(0.0, 0.3), points=4,
        )  # fmt: skip
    assert caught.value.equilibrium.converged


def test_the_falling_root_alone_is_given_and_said_to_be_beyond_the_peak():
    both = yields()
    found = equal_yield(
        economy(9), "commission.services", amount=0.05, of="commission_revenue",
        between=(0.16, 0.3), points=3,
    )  # fmt: skip
    assert found.value == pytest.approx(both.upper, abs=1e-9)
    assert (found.beyond_peak, found.certified) == (True, True)
    assert np.isnan(found.upper)
    assert found.slope < 0.0
    assert "FALLING side" in repr(found)
    (root,) = (line for line in found.plot().lines if line.get_gid() == "root")
    assert root.get_markerfacecolor() == "white"
    assert [root.slope > 0.0 for root in both.roots] == [True, False]
    assert not both.beyond_peak


#: Of capital in the first place: .5 + .1 (1 + phi)/(1 - phi), which falls in the trade cost.
AT_BOUNDS = [0.5 + 0.1 * (1.0 + cost**-4.0) / (1.0 - cost**-4.0) for cost in (1.2, 2.0)]


@pytest.mark.parametrize(
    ("of", "amount", "rate", "beyond"),
    [
        ("share.0", 0.7, 3.0**0.25, True),
        ("share.0", AT_BOUNDS[0], 1.2, True),
        ("share.0", AT_BOUNDS[1], 2.0, True),
        ("share.1", 1.0 - AT_BOUNDS[1], 2.0, False),
    ],
)
def test_rates_are_found_wherever_they_are_between_the_bounds(of, amount, rate, beyond):
    found = equal_yield(CAPITAL, "trade_cost", amount=amount, of=of, between=(1.2, 2.0), points=4)
    assert found.value == pytest.approx(rate, abs=1e-8)
    assert found.beyond_peak == (beyond and rate > 1.2)  # at the peak itself it is not beyond it


@pytest.mark.parametrize(
    ("amount", "between", "words"),
    [
        (0.9, (1.2, 2.0), r"the most, at a bound, is 0\.78.*, at 1\.2\. Ask for less"),
        (0.3, (1.2, 2.0), r"the least is 0\.61.*, at 2\. Widen the bounds"),
    ],
)
def test_where_no_rate_raises_the_amount_the_message_is_true(amount, between, words):
    with pytest.raises(nege.ConvergenceError, match=words) as caught:
        equal_yield(CAPITAL, "trade_cost", amount=amount, of="share.0", between=between, points=4)
    assert caught.value.equilibrium.converged


def test_an_amount_that_is_jumped_over_is_raised_by_no_rate(monkeypatch):
    """The online region is left as a whole: half of it is never there."""
    monkeypatch.setattr(policy_points, "FINEST", 0.01)
    with pytest.raises(nege.ConvergenceError, match="where the equilibrium jumps"):
        equal_yield(
            JUMPS, "online_trade_cost", amount=0.5, of="share.online", between=(1.0, 1.4), points=3
        )


def test_shares_of_one_factor_have_an_equal_yield_too():
    """Of which a bracket is narrowed: .7 of capital in the first place, at phi = 1/3."""
    found = equal_yield(
        CAPITAL, "trade_cost", amount=0.3, of="share.1", between=(1.2, 2.0), points=4
    )
    assert found.value == pytest.approx(3.0**0.25, abs=1e-9)
    assert found.iterations == 0
    assert np.isnan(found.upper)


# --- games


class Armington:
    """Two countries with a good each, which tax imports: policy.md 4.1."""

    def __init__(self, trade_cost=1.5, home=0.5, sigma=5.0):
        self.sigma, self.trade_cost, self.people = sigma, trade_cost, (home, 1.0 - home)
        self.low, self.high = np.zeros(2), np.ones(2)

    def countries(self, log_wage, rates):
        """Share of imports in spending, spending, and price index of each."""
        wages = 1.0, np.exp(log_wage)
        for q, o in ((0, 1), (1, 0)):
            own = self.people[q] * wages[q] ** (1.0 - self.sigma)
            price = self.trade_cost * (1.0 + rates[q]) * wages[o]
            away = self.people[o] * price ** (1.0 - self.sigma)
            share = away / (own + away)
            spending = wages[q] * self.people[q] / (1.0 - rates[q] / (1.0 + rates[q]) * share)
            yield share, spending, (own + away) ** (1.0 / (1.0 - self.sigma))

    def balance(self, log_wage, rates):
        (m, home, _), (x, foreign, _) = self.countries(log_wage, rates)
        return m * home / (1.0 + rates[0]) - x * foreign / (1.0 + rates[1])

    def welfare(self, player, rates):
        """Real income per head; complex rates with the response of wages to first order."""
        log_wage = brentq(lambda v: self.balance(v, np.real(rates)), -3.0, 3.0, xtol=1e-15)
        by_wage = self.balance(log_wage + 1e-30j, np.real(rates)).imag / 1e-30
        moved = log_wage - 1j * self.balance(log_wage, rates).imag / by_wage
        _, spending, index = list(self.countries(moved, rates))[player]
        return spending / index / self.people[player]

    def payoff(self, player, rates):
        return self.welfare(player, rates.astype(complex)).real

    def slope(self, player, rates):
        rates = rates.astype(complex)
        rates[player] += 1e-30j
        return self.welfare(player, rates).imag / 1e-30


@pytest.mark.parametrize(
    ("trade_cost", "rate", "welfare", "free"),
    [
        (1.2, 0.28448077, 0.90609505, 0.92784000),
        (1.5, 0.26523092, 0.86970022, 0.87965865),
        (2.0, 0.25501845, 0.85038960, 0.85373824),
    ],
)
def test_the_tariffs_of_two_equal_countries(trade_cost, rate, welfare, free):
    """(sigma - 1) t = 1 + tau^(1 - sigma) (1 + t)^-sigma, and both lose."""
    game = Armington(trade_cost)
    found = tax_game.play(game, np.array([0.0, 0.5]), 9, 50)
    assert found.settled
    np.testing.assert_allclose(found.profile, rate, atol=1e-8)
    t = found.profile
    np.testing.assert_allclose(4.0 * t, 1.0 + trade_cost**-4.0 * (1.0 + t) ** -5.0, atol=1e-11)
    scale = game.payoff(0, np.zeros(2)) / free
    np.testing.assert_allclose(found.payoffs / scale, welfare, atol=1e-8)
    assert tax_game.kinds(found, game) == ("interior", "interior")
    assert found.radius < 0.1
    assert (found.gains < 0.0).all()


@pytest.mark.parametrize(
    ("home", "foreign_rate", "rate"),
    [
        (0.5, 0.0, 0.27877658),
        (0.3, 0.0, 0.26750100),
        (0.7, 0.0, 0.29673245),
        (0.3, 0.3, 0.25870102),
    ],
)
def test_the_best_response_is_that_of_gros(home, foreign_rate, rate):
    """t = (1 - a s)/((sigma - 1)(1 - s)), s what foreign spends on home's goods."""
    game = Armington(home=home)
    rounds = tax_game._Rounds(game, 9, 1)
    rounds.sharp = tax_game.ROOT
    found = rounds._global(0, np.array([0.0, foreign_rate]))
    assert found == pytest.approx(rate, abs=1e-8)


ALIKE = {
    **{"industries": ["one"], "sigma": 5.0, "variety": 1.0, "consumption": 1.0, "housing": 0.0},
    **{"inputs": 0.0, "land_share": 0.0, "spillover": 0.0, "commission": 0.0, "search_cost": 0.0},
    **{"digital_cost": 1e6, "digitisability": 0.0, "migration_elasticity": 0.0},
}
COUNTRIES = mech.Jurisdictions({"home": ["0"], "foreign": ["1"]}, movement="within")


def tariffs(trade_cost, home, **changes):
    """The tariff game of two countries in the limit of nege that has closed forms."""
    model = nege.OnlineAgglomeration(
        TWO,
        **{**ALIKE, **changes},
        transport_cost=np.log(trade_cost),
        home_weight=[home, 1.0 - home],
        mechanisms=[COUNTRIES, mech.Tariff("t", {"home": 0.25, "foreign": 0.28})],
    )
    players = {name: f"t.rate.{name}" for name in ("home", "foreign")}
    return nash(model, players, between=(0.1, 0.4), points=3)


@pytest.mark.parametrize(
    ("trade_cost", "home", "rate", "welfare"),
    [
        (1.2, 0.5, 0.28448077, 0.90609505),
        (1.5, 0.3, None, None),
    ],
)
def test_tariffs_of_nege_are_those_of_the_closed_form(trade_cost, home, rate, welfare):
    """(sigma - 1) t = 1 + tau^(1 - sigma)(1 + t)^-sigma where they are equal; each best otherwise.

    t = (1 - a s)/((sigma - 1)(1 - s)), s what the other spends on the player's goods.
    """
    found = tariffs(trade_cost, home)
    assert found.certified
    assert found.certificate.kinds == ("interior", "interior")
    t = np.array(list(found.rates.values()))
    game = Armington(trade_cost, home)
    log_wage = brentq(lambda v: game.balance(v, t), -3.0, 3.0, xtol=1e-15)
    imports = np.array([share for share, _, _ in game.countries(log_wage, t)])[::-1]
    other = t[::-1] / (1.0 + t[::-1])
    np.testing.assert_allclose(t, (1.0 - other * imports) / (4.0 * (1.0 - imports)), atol=1e-9)
    if rate is not None:
        np.testing.assert_allclose(t, rate, atol=1e-8)
        np.testing.assert_allclose(4.0 * t, 1.0 + trade_cost**-4.0 * (1.0 + t) ** -5.0, atol=1e-9)
        np.testing.assert_allclose(list(found.payoffs.values()), welfare, atol=1e-8)


def test_a_channel_that_is_too_dear_for_a_number_is_refused_and_no_game_of_nan():
    """1e100^-4 is no number of double precision, as 1e60^-4 still is."""
    with pytest.raises(nege.ConvergenceError, match="double precision"):
        tariffs(1.5, 0.5, digital_cost=1e100)


class Game:
    """Payoffs of two players, of which slopes are central differences."""

    def __init__(self, first, second):
        self.payoffs = first, second
        self.low, self.high = np.zeros(2), np.ones(2)

    def payoff(self, player, rates):
        return self.payoffs[player](*rates)

    def slope(self, player, rates):
        aside = np.zeros(2)
        aside[player] = 1e-5
        return (self.payoff(player, rates + aside) - self.payoff(player, rates - aside)) / 2e-5


def test_who_chases_and_who_flees_have_no_equilibrium():
    game = Game(lambda x, y: -((x - y) ** 2), lambda x, y: (x - y) ** 2)
    found = tax_game.play(game, np.array([0.2, 0.6]), 5, 10)
    assert not found.settled or "none" in tax_game.kinds(found, game)


def test_a_better_maximum_far_away_is_followed():
    """Two humps of the first player's payoff; which is higher depends on the second's rate."""
    game = Game(
        lambda x, y: np.exp(-100 * (x - 0.2) ** 2) + 2 * y * np.exp(-100 * (x - 0.8) ** 2),
        lambda x, y: -((y - 0.9) ** 2),
    )
    found = tax_game.play(game, np.array([0.2, 0.1]), 11, 30)
    np.testing.assert_allclose(found.profile, [0.8, 0.9], atol=1e-6)
    assert found.settled
    assert (found.gains <= 1e-9).all()


def test_bounds_that_players_would_pass_are_best_responses():
    game = Game(lambda x, y: x + y, lambda x, y: -y - x)
    found = tax_game.play(game, np.array([0.5, 0.5]), 5, 10)
    assert found.profile.tolist() == [1.0, 0.0]
    assert tax_game.kinds(found, game) == ("upper bound", "lower bound")
    assert found.radius == 0.0


def test_best_responses_that_do_not_contract_are_no_unique_equilibrium():
    game = Game(
        lambda x, y: -((x - 0.5 - 1.5 * (y - 0.5)) ** 2),
        lambda x, y: -((y - 0.5 + 1.5 * (x - 0.5)) ** 2),
    )
    found = tax_game.play(game, np.array([0.5, 0.5]), 5, 10)
    assert found.radius == pytest.approx(1.5, rel=1e-6)


# --- taxes: golden numbers of policy.md 3 and 4

WASTED = mech.PublicGood(worth=0.0)


def taxed(step, *taxes, places=False):
    """An economy of the stylised turn in which households are taxed, spent on what is worth 0."""
    more = [mech.Jurisdictions("places")] if places else []
    on = {"buyers": "households", "proceeds": WASTED}
    every = [mech.Tax(*one, **on, **how) for one, how in taxes]
    return economy(step).with_mechanisms(*more, *every)


def test_claim_35_flips_with_a_commission_at_a_uniform_rate_that_raises_what_shops_did():
    """Claim 35: with a commission, equal taxes on shops and online lose."""
    model = taxed(8, (("shops", 0.1), {"channels": "offline"}), (("uniform", 0.0), {}))
    found = equal_yield(model, "uniform.rate", "shops.rate", between=(0.0, 0.2), points=3)
    assert found.value == pytest.approx(0.05543925, abs=1e-8)
    assert found.amount == pytest.approx(0.06680986, abs=1e-8)
    assert float(found.before.data.welfare) == pytest.approx(1.79753068, abs=1e-8)
    assert float(found.equilibrium.data.welfare) == pytest.approx(1.78805549, abs=1e-8)
    assert found.gain == pytest.approx(-0.00528517, abs=1e-8)
    assert found.iterations <= 6


REFORMS = [  # step, changes, real resources used online; tax raised before, its equal, gain
    (8, {"commission": 0.0}, False, 0.06494239, 0.05323512, 0.00356722),
    (8, {"commission": 0.0, "spillover": 0.0}, False, 0.07403913, 0.05655630, 0.00825496),
    (8, {"commission": 0.0}, True, 0.06440660, 0.05460241, 0.00303659),
    (7, {"commission": 0.0, "spillover": 0.0}, False, None, 0.06757154, 0.01222322),
]
TAXED_ALREADY = [
    (8, {"spillover": 0.0}, 0.08289393, 0.06416838, -0.00217661),
    (7, {}, None, 0.06618654, -0.00041417),
]


def reformed(step, changes, used_up, amount, rate, gain):
    """From a tax on shops to one of all, at equal revenue, as printed; the gain."""
    model = taxed(step, (("shops", 0.1), {"channels": "offline"}), (("uniform", 0.0), {}))
    more = [mech.Friction("platforms", 1.0 / 0.95, channels="online")] if used_up else []
    model = model.replace(changes).with_mechanisms(*more)
    found = equal_yield(model, "uniform.rate", "shops.rate", between=(0.0, 0.15), points=3)
    if amount is not None:
        assert found.amount == pytest.approx(amount, abs=1e-8)
    assert found.value == pytest.approx(rate, abs=1e-8)
    assert found.gain == pytest.approx(gain, abs=1e-8)
    return found.gain


@pytest.mark.parametrize(("step", "changes", "used_up", "amount", "rate", "gain"), REFORMS)
def test_claim_35_equal_taxes_gain_if_no_commission_is_a_tax_already(
    step, changes, used_up, amount, rate, gain
):
    """With or without a pool, and where platforms use up what they take."""
    assert reformed(step, changes, used_up, amount, rate, gain) > 0.0


@pytest.mark.parametrize(("step", "changes", "amount", "rate", "gain"), TAXED_ALREADY)
def test_claim_35_flips_where_a_commission_that_is_a_transfer_taxes_online_sales_already(
    step, changes, amount, rate, gain
):
    assert reformed(step, changes, False, amount, rate, gain) < 0.0


FUNDS = [
    ({"industries": ["manufacturing", "services", "housing"]}, 0.1, 1.0, 0.13604393),
    ({}, 0.1, 1.04860831, 0.11521095),
    ({"channels": "offline"}, 0.0, 0.68685004, 0.0),
    ({"channels": "online"}, 0.0, 1.70721858, 0.0),
    ({"channels": "online"}, 0.1, -7.40797171, 0.01558933),
]


@pytest.mark.parametrize(("of", "rate", "cost", "revenue"), FUNDS)
def test_what_funds_cost(of, rate, cost, revenue):
    solved = nege.solve(taxed(8, (("vat", rate), of), places=True))
    found = cost_of_funds(solved, "vat.rate")
    assert float(found) == found.value == pytest.approx(cost, abs=6e-9)  # of what is printed
    assert float(solved.data.group_income.sel(group="government")) == pytest.approx(
        revenue, abs=1e-8
    )
    assert found.beyond_peak == (cost < 0.0)
    mean = float(found.by_place @ solved.data.population)  # by the envelope theorem
    assert mean == pytest.approx(found.value, rel=1e-9)  # also from a rate of zero
    assert len(found.plot().patches) == 4
    aside = [nege.solve(solved.model.replace({"vat.rate": rate + 1e-4}), solved.data).data]
    aside.append(solved.data)
    by_welfare = np.log(float(aside[0].welfare / aside[1].welfare)) / 1e-4
    assert by_welfare == pytest.approx(found.welfare_slope, abs=2e-4)


EVERYTHING = ["manufacturing", "services", "housing"]
STEERED = mech.Platforms(fixed_cost=0.01, steering=mech.Steering(affiliates=0.3, strength=1.0))


@pytest.mark.parametrize(
    ("beside", "proceeds", "worth", "said"),
    [
        (STEERED, WASTED, 0.0, "marginal cost of public funds."),
        (STEERED, "residents", 1.0, "marginal excess burden, as the money is paid back"),
        (STEERED, mech.PublicGood(worth=0.4), 0.4, "less what people value"),
        (mech.Workers(), WASTED, 0.0, "marginal cost of public funds."),
    ],
)
def test_t4_costs_one_beside_others_less_what_people_have_of_it(beside, proceeds, worth, said):
    """All that is real has one deflator, with what steering loses, and for both kinds of people."""
    vat = mech.Tax("vat", 0.1, industries=EVERYTHING, buyers="households", proceeds=proceeds)
    model = economy(8).with_mechanisms(mech.Jurisdictions("places"), vat, beside)
    found = cost_of_funds(nege.solve(model), "vat.rate")
    # Welfare goes by (1 + w t)/(1 + t), so that one more unit costs (1 - w)/(1 + w t).
    assert found.value == pytest.approx((1.0 - worth) / (1.0 + 0.1 * worth), abs=2e-8)
    assert said in repr(found)
    assert found.to_dataset().attrs["kind"] == found.kind


@pytest.mark.parametrize(
    "beside", [mech.Workers(), mech.BuyerOnline(complementarity=0.5, households=0.6)]
)
def test_income_and_revenue_are_deflated_alike(beside):
    solved = nege.solve(economy(8).with_mechanisms(mech.Tax("t", 0.1), beside))
    found, data = cost_of_funds(solved, "t.rate"), solved.data
    assert found.private_income == pytest.approx(float(data.group_income.sum()), rel=1e-11)
    revenue = data.revenue.sel(wedge="t").sum() * (data.population / data.living_cost).sum()
    known = float(data.group_income.sel(group="government"))
    assert float(revenue) == pytest.approx(known, rel=1e-11)
    assert "excess burden" in repr(found)
    for cost, said in ((-0.5, "people gain by it"), (0.5, "that is what costs people")):
        beyond = dataclasses.replace(found, beyond_peak=True, value=cost)
        assert f"a lower rate raises more, and {said}." in repr(beyond)


def test_what_raises_nothing_for_governments_has_no_cost_of_funds():
    ours = economy(8, platform_owner=[0.25] * 4).with_mechanisms(
        mech.Tax("t", 0.1, proceeds="owners")
    )
    with pytest.raises(nege.InputError, match="parameter must be one that changes"):
        cost_of_funds(nege.solve(ours), "t.rate")


def test_money_of_which_a_part_is_paid_back_is_said_to_be():
    mixed = mech.Tax("a", 0.1, proceeds=WASTED), mech.Tax("b", 0.1, proceeds="everyone")
    said = real_terms.kind_of_cost(economy(8).with_mechanisms(*mixed))
    assert "less what of them is paid back" in said


def test_the_best_difference_of_taxes_at_equal_yield():
    """Total wedges nearly equal: 1.0865 offline; 1.0134 online, on which 5 per cent are already."""
    model = taxed(
        8, (("shops", 0.086), {"channels": "offline"}), (("web", 0.014), {"channels": "online"})
    )
    found = optimise(
        model,
        {"shops.rate": (0.07, 0.1), "web.rate": (0.0, 0.03)},
        subject_to={"revenue": 0.06680986},
        points=3,
        starts=1,
    )
    assert (found.kind, found.certified) == ("constrained", True)
    assert found.policy["shops.rate"] == pytest.approx(0.08654567, abs=1e-8)
    assert found.policy["web.rate"] == pytest.approx(0.01342668, abs=1e-8)
    assert found.best == pytest.approx(1.79830647, abs=1e-8)
    assert "the marginal cost of public funds." in repr(found)
    for name in found.policy:  # what revenue costs by either
        cost = cost_of_funds(found.equilibrium, name).value
        assert found.cost_of_funds == pytest.approx(cost, rel=1e-7)


@functools.cache
def digital_tariffs():
    halves = mech.Jurisdictions(
        {"north": ["0", "1"], "south": ["2", "3"]},
        **{"movement": "within", "land": "jurisdiction", "people": [0.5, 0.5]},
    )
    tariff = mech.Tariff("digital", {"north": 0.09, "south": 0.066}, channels="online")
    model = economy(15, platform_owner=(0.25,) * 4).with_mechanisms(halves, tariff)
    players = {name: f"digital.rate.{name}" for name in ("north", "south")}
    return nash(model, players, between=(0.06, 0.1), points=3)


def test_claim_33_digital_tariffs_of_two_blocs_cost_both():
    """One alone would gain (what flips it)."""
    found = digital_tariffs()
    assert found.certified
    rates, payoffs = list(found.rates.values()), list(found.payoffs.values())
    np.testing.assert_allclose(rates, [0.09009619, 0.06637254], atol=1e-8)
    np.testing.assert_allclose(payoffs, [2.01567861, 1.95027364], atol=1e-8)
    assert found.certificate.kinds == ("interior", "interior")
    assert found.certificate.radius < 0.1
    points = around(found.model, {"digital.rate.north": (0.0, 0.2)}, ["welfare.north"])
    points.model = found.model.replace({"digital.rate.south": 0.0})
    low, high = (points.reach(np.array([0.09740246 + h])).gradient(0)[0] for h in (-1e-8, 1e-8))
    assert low > 0.0 > high


def test_tables_of_a_game_say_below_what_their_columns_are_and_its_picture_names_its_lines():
    found = digital_tariffs()
    text = found.to_latex()
    for words in tax_game.MEANINGS.values():
        assert words in text
    assert text.count("by how much its best rate rises") == 1
    points = {"rate": [0.06, 0.1], "response": [0.09, 0.09]}
    curves = xr.concat([xr.Dataset({k: ("point", v) for k, v in points.items()})] * 2, "player")
    drawn = dataclasses.replace(found, curves=curves.assign_coords(player=list(found.rates)))
    ax = drawn.plot()
    assert all(not line.get_label().startswith("_") for line in ax.lines)
    assert len(ax.get_legend().texts) == len(ax.lines) == 4


@pytest.mark.filterwarnings("ignore:.* is more than 1, which")  # a tariff of 200 per cent is meant
def test_claim_33_revenue_of_a_digital_tariff_has_a_hump_and_a_small_one_gains():
    """Policy.md 4.2. Flips: a large tariff hurts its author; the world loses at every rate."""
    model = digital_tariffs().model.replace({"digital.rate.south": 0.0})
    rates = [0.0, 0.02, 0.1, 0.2, 0.26896134, 0.6, 2.0]
    found = nege.sweep(model, {"digital.rate.north": rates})
    raised = found.revenue.sel(wedge="digital", jurisdiction="north").values
    gain = np.log(found.jurisdiction_welfare / found.jurisdiction_welfare[0]).values
    known = [0.0, 0.00799021, 0.03441687, 0.05369657, 0.05732008, 0.03362571, 0.00385170]
    np.testing.assert_allclose(raised, known, atol=1e-8)
    own = [0.0, 0.0031039, 0.0084333, -0.0014289, None, -0.1104946, -0.1767510]
    other = [0.0, -0.0069450, -0.0326634, -0.0616152, None, -0.1284890, -0.1518583]
    there = [at for at, known in enumerate(own) if known is not None]
    np.testing.assert_allclose(
        gain[there], np.array([own, other], dtype=float).T[there], rtol=0.0, atol=1e-7
    )
    first = around(model, {"digital.rate.north": (0.0, 0.5)}, ["welfare.north", "welfare.south"])
    slopes = first.reach(np.zeros(1)).gradients()[:, 0] / found.jurisdiction_welfare[0].values
    np.testing.assert_allclose(slopes, [0.17314397, -0.35323786], atol=2e-8)
    assert int(raised.argmax()) == 4
    assert gain[1, 0] > 0.0 > gain[3, 0]
    assert (gain[1:].mean(1) < 0.0).all()


@pytest.mark.parametrize(("step", "rate", "core"), [(6, 0.1085, 1.0), (8, 0.052, -1.0)])
def test_agrawal_and_wildasins_core_loses_its_premium_as_people_go_online(step, rate, core):
    """At a rate that all have, the core gains by a higher one, and once people are online, not.

    Each best response is then on its side of the common rate. The game itself is played by
    ``python -m benchmarks verify``.
    """
    model = draws_policies.competition(step, rate)
    for who, sign in (("core", core), ("rest", -core)):
        points = around(model, {draws_policies.rates_of(who): (0.0, 0.3)}, [f"welfare.{who}"])
        assert sign * points.reach(points.present()).gradients()[0, 0] > 0.001


# --- the calls by which policy.md 13 asks


def test_the_calls_of_the_text():
    """What is spelt otherwise here: ``losses=`` of Security, ``nege.policy.optimise``."""
    model = economy(8).with_mechanisms(
        mech.Jurisdictions(
            {"north": ["0", "1"], "south": ["2", "3"]}, movement="within", land="jurisdiction"
        ),
        mech.Tax(
            "vat", 0.10, base="destination", buyers="households", leak={"online": 0.3},
            intangible={"services": 0.2}, proceeds=mech.PublicGood(worth=1.2, rivalry=1.0),
        ),
        mech.Tax("turnover", 0.01),
        mech.Tax(
            "park", -0.10, base="origin", industries="manufacturing", origins="1",
            proceeds="everyone",
        ),
        mech.Tariff("digital", {"north": 0.05}, channels="online"),
        mech.DigitalServicesTax("dst", 0.03, pass_through=1.0),
        mech.Friction(
            "border", 1.2, crossing="border", industries="services", channels="offline"
        ),
        mech.Security(
            "cyber", vulnerability=0.05, across_borders=0.15, effectiveness=30.0,
            losses="exponential",
        ),
    )  # fmt: skip
    assert model.replace({"vat.rate": 0.12}).mechanisms["vat"].rate == 0.12
    found = nege.solve(model)
    wedges = ["commission", "vat", "turnover", "park", "digital", "dst"]
    assert set(found.data.revenue.wedge.values) == set(wedges)
    assert set(found.data.group_income.group.values) == {
        "labour",
        "land",
        "platforms",
        "government",
    }
    assert found.data.jurisdiction_welfare.dims == ("jurisdiction",)
    assert found.data.real_income.dims == found.data.trade_balance.dims == ("place",)
    rates = nege.sweep(model, {"digital.rate.north": [0.0, 0.5]})
    raised = rates.revenue.sel(wedge="digital", jurisdiction="north")
    assert raised[1] > raised[0] == 0.0
    assert cost_of_funds(found, "vat.rate").revenue_slope > 0.0
    reform = equal_yield(
        model, "vat.rate", instead_of="turnover.rate", between=(0.1, 0.2), points=3
    )
    assert reform.certified
    best = optimise(
        model,
        over={"vat.rate": (0.05, 0.15)},
        objective="welfare",
        subject_to={"revenue": reform.amount},
        points=3,
        starts=1,
    )
    assert best.policy["vat.rate"] == pytest.approx(0.1, abs=1e-7)  # which raises it now


@pytest.mark.parametrize(
    "added",
    [
        [mech.Matching(vacancy_cost=0.1), mech.DualMode(scale=1.8)],
        [mech.Quality(seen={"online": 0.6, "offline": 0.3}, convexity=6, cost=0.01)],
        [mech.Sourcing(penalty=1.3, friction=1.1, elasticity=4), mech.Access(entry_cost=1.1)],
        [mech.SiteBound("farming", industry="services", share=0.2, stock=[0.1, 0.3, 0.3, 0.3])],
        [mech.Workers(skilled=0.3, skill={"manufacturing": 0.2, "services": 0.6})],
    ],
    ids=lambda added: added[0].kind,
)
def test_the_mechanisms_of_the_text(added):
    """They go into an economy as they are spelt; golden numbers of each are elsewhere."""
    model = economy(8).with_mechanisms(*added)
    assert [*model.mechanisms] == [one.name for one in added]
    assert all(f"{one.name}." in "".join(model.to_dataset().variables) for one in added)


# --- results


def test_none_is_said_to_be_better_only_where_none_is():
    found = given_commissions()
    assert "None of" in repr(found)
    assert found.certificate.better == 0
    about = found.certificate._replace(better=2, best_elsewhere=found.best + 1.0)
    other = dataclasses.replace(found, kind="search", certificate=about)
    assert not other.certified
    assert "None of" not in repr(other)
    assert f"2 of {about.evaluated} other policies all over the box are better" in repr(other)
    assert "NOT CERTIFIED" in repr(other)
    assert "Subject to commission_revenue at least 0.04: one more" in repr(found)
    assert "1 climb ended at" in repr(found)
    alone = dataclasses.replace(found, certificate=about._replace(evaluated=0, better=0))
    assert "It was compared with no other policies" in repr(alone)


def test_a_deviation_that_leads_nowhere_is_no_certificate():
    found = digital_tariffs()
    payoffs = found.deviations.payoff.copy()
    payoffs[0, -1] = np.nan
    other = dataclasses.replace(found, deviations=found.deviations.assign(payoff=payoffs))
    assert not other.certified
    assert "of 2, and 1 lead to no economy that was found" in repr(other)


def test_results_are_immutable_and_can_be_kept_and_drawn():
    game = digital_tariffs()
    for found, field in ((given_commissions(), "best"), (yields(), "value"), (game, "rates")):
        with pytest.raises(FrozenInstanceError):
            setattr(found, field, 1.0)
        for other in (copy.deepcopy(found), pickle.loads(pickle.dumps(found))):
            assert repr(other) == repr(found)
            assert other.to_dataset().identical(found.to_dataset())
        assert len(found.plot_gains().patches) == 4
    assert [line.get_label() for line in found.plot().lines][:3:2] == [
        f"{name} (digital: import tariff of {name})" for name in found.rates
    ]
    assert yields().plot().get_xlabel() == "commission of services (share of sales)"
    assert given_commissions().plot().get_ylabel() == (
        "commission of manufacturing (share of sales)"
    )
    assert "Best responses contract" in repr(game)
    from_nothing = dataclasses.replace(game, before=dict.fromkeys(game.before, 0.0))
    assert "from 0; a maximum" in repr(from_nothing)


def test_every_economy_is_heard_of():
    heard = []
    equal_yield(
        CAPITAL, "trade_cost", amount=0.3, of="share.1", between=(1.2, 2.0), points=3,
        progress=lambda done, total, words: heard.append((done, total, words)),
    )  # fmt: skip
    assert heard[0][0] == 0
    assert heard[-1][0] == heard[-1][1] > 3
    assert heard[-1][2] == "economies"


# --- errors

RATES = {"commission.services": (0.0, 0.3), "commission.manufacturing": (0.0, 0.3)}
PLAYERS = {"a": "commission.services", "b": "commission.manufacturing"}
BAD = [
    (optimise, {"subject_to": 3}, "subject_to", "mapping"),
    (optimise, {"subject_to": {"revenues": 1}}, "subject_to", "variable"),
    (optimise, {"subject_to": {"welfare": (2, 1)}}, "subject_to", "below the upper"),
    (optimise, {"subject_to": {"welfare": (1, 2, 3)}}, "subject_to", "limit"),
    (optimise, {"subject_to": {"welfare": np.nan}}, "subject_to", "finite"),
    (optimise, {"starts": 0}, "starts", "at least 1"),
    (optimise, {"over": {**RATES, "commision": (0, 1)}}, "parameter", "commission"),
    (equal_yield, {"parameter": "comission"}, "parameter", "one of the model's"),
    (equal_yield, {"parameter": "commission"}, "parameter", "one number"),
    (equal_yield, {"of": "revenues"}, "of", "variable"),
    (equal_yield, {"of": lambda found: 1.0}, "of", "the name"),
    (equal_yield, {"between": (1, 0)}, "between", "first below"),
    (equal_yield, {"amount": np.inf}, "amount", "finite"),
    (equal_yield, {"instead_of": "commission.services"}, "instead_of", "other rates"),
    (equal_yield, {"instead_of": 3}, "instead_of", "name of a rate"),
    (nash, {"players": {"a": "commission.services"}}, "players", "at least two"),
    (nash, {"players": dict.fromkeys("ab", "commission.services")}, "players", "of its own"),
    (nash, {"players": {"a": ("commission.services",), "b": "housing"}}, "players", "several"),
    (nash, {"players": {"a": tuple(PLAYERS.values()), "b": PLAYERS["a"]}}, "players", "of its own"),
    (nash, {"objective": "welfare"}, "players", "'welfare' there is"),
    (nash, {"players": {**PLAYERS, "b": "housing.b"}}, "parameter", "'housing' is one number"),
    (nash, {"objective": 3}, "objective", "variable"),
    (nash, {"objective": {"a": "welfare"}}, "objective", "one for each"),
    (nash, {"between": {"a": (0, 1)}}, "between", "bounds of each"),
    (nash, {"between": (0, 2)}, "commission", "below 1"),
    (nash, {"curves": 1}, "curves", "at least 2"),
    (nash, {"rounds": 0}, "rounds", "at least 1"),
]
GOOD = {
    optimise: {"over": RATES, "points": 3},
    equal_yield: {
        **{"parameter": "commission.services", "of": "commission_revenue", "points": 3},
        "between": (0.0, 0.3),
    },
    nash: {
        **{"players": PLAYERS, "objective": dict.fromkeys("ab", "welfare")},
        "between": (0.0, 0.3),
    },
}


@pytest.mark.parametrize(("function", "changes", "argument", "words"), BAD)
def test_what_is_no_question_is_refused_by_name(function, changes, argument, words):
    model = SMALL.replace({"commission.services": 0.1})
    with pytest.raises(InputError, match=words) as caught:
        function(**{"model": model, **GOOD[function], **changes})
    assert str(caught.value).startswith(argument)
