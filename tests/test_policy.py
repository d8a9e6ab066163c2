"""Optimal policy: known optima, gradients that add up to the objective, corners, kinks, jumps."""

import copy
import functools
import pickle
import re
from dataclasses import FrozenInstanceError

import numpy as np
import pytest
from agglomerations import economy
from test_tables import compiles

import nege
from nege.errors import InputError
from nege.models.agglomeration.kinds import AS_ONE
from nege.policy import optimise
from nege.status import Status
from nege.studies import optimal_policy

pytestmark = pytest.mark.family

TWO, LINE = nege.geography.equidistant(2), nege.geography.line(3)
#: share.0 = 1/2 + (1 + phi)/(1 - phi) (.6 - 1/2), phi = trade_cost^-4: all of it up to 1.5^(1/4)
CAPITAL = nege.FootlooseCapital(TWO, sigma=5, mu=0.4, trade_cost=1.5, expenditure=[0.6, 0.4])
ONLINE = nege.CorePeriphery(
    TWO, sigma=5, mu=0.4, trade_cost=1.5, online=nege.OnlineRegion(trade_cost=1.3, commission=0.1)
)
JUMPS = nege.CorePeriphery(
    TWO, sigma=5, mu=0.4, trade_cost=2, online=nege.OnlineRegion(trade_cost=1.3)
)
HELPMAN = nege.Helpman(LINE, sigma=4, mu=0.7, trade_cost=1.5)
LOGIT = nege.Logit(scale=0.1)


def share_of_first(found):
    return float(found.data.share[0])


# --- closed forms


def test_an_interior_optimum_that_is_known():
    """A share of .7 is reached at phi = 1/3; what misses it most is missed least there."""
    found = optimise(
        CAPITAL,
        {"trade_cost": (1.2, 2.0)},
        lambda economy: -((share_of_first(economy) - 0.7) ** 2),
        points=5,
    )
    assert found.kind == "interior"
    assert found.value == pytest.approx(3.0**0.25, abs=1e-7)
    phi = 1.0 / 3.0
    by_cost = 0.2 / (1.0 - phi) ** 2 * -4.0 * phi / found.value
    assert found.certificate.second_derivative == pytest.approx(-2.0 * by_cost**2, rel=1e-4)
    assert found.certified
    assert found.best >= found.certificate.best_elsewhere
    values = found.grid.trade_cost.values
    assert found.value in values
    assert (np.diff(values) > 0.0).all()
    assert float(found.grid.objective.sel(trade_cost=found.value)) == found.best
    for flag, name in ((True, "$T$"), (False, "trade cost")):
        rows = compiles(found.to_latex(symbols=flag))
        assert sum(row.startswith("$1.316$") for row in rows) == 1
        assert f"Best found: {name} of $1.316$, where" in found.to_latex(symbols=flag)


def test_a_corner_that_is_known_and_its_gradient():
    found = optimise(CAPITAL, {"trade_cost": (1.2, 2.0)}, "share.0", points=5)
    assert (found.kind, found.value) == ("lower bound", 1.2)
    phi = 1.2**-4
    assert found.best == pytest.approx(0.5 + 0.1 * (1.0 + phi) / (1.0 - phi), abs=1e-10)
    by_cost = 0.2 / (1.0 - phi) ** 2 * -4.0 * phi / 1.2
    assert found.certificate.gradient == pytest.approx(by_cost, rel=1e-9)
    assert found.certified
    other = optimise(CAPITAL, {"trade_cost": (1.2, 2.0)}, "share.1", points=5)
    assert (other.kind, other.value) == ("upper bound", 2.0)
    assert other.certificate.gradient > 0.0


def test_a_kink_is_no_interior_optimum():
    """Below 1.5^(1/4) all capital is in the larger region, beyond it leaves."""
    found = optimise(
        CAPITAL,
        {"trade_cost": (1.05, 1.6)},
        lambda economy: share_of_first(economy) + 0.1 * economy.model.trade_cost,
        points=6,
    )
    assert found.kind == "kink"
    assert found.value == pytest.approx(1.5**0.25, abs=1e-4)
    assert np.isnan(found.certificate.second_derivative)
    assert found.certified


@pytest.mark.parametrize(
    ("changes", "commission"),
    [
        ({"digital_cost": 1.0}, 0.05085003),
        ({"digital_cost": 9.0 ** (1 / 20)}, 0.04153880),
        ({"digital_cost": 1.0, "firm_scale": [[1.0, 9.0**-0.25]]}, 0.08218605),
    ],
)
def test_the_commission_of_a_monopolist_where_all_sellers_enter(changes, commission):
    """zeta = 1/(1 + e), e = (1 - s)(sigma - 1 + phi)/(1 - phi), of one place and one industry."""
    one = nege.OnlineAgglomeration(
        **{**AS_ONE, **changes},
        **{"industries": ["services"], "consumption": 0.85, "housing": 0.15, "inputs": 0.0},
        **{
            "spillover": 0.0,
            "land_share": 0.0,
            "sigma": 5.0,
            "variety": 0.8,
            "digitisability": 0.0,
        },
    )
    found = optimise(one, {"commission": (0.0, 0.2)}, "commission_revenue", points=5)
    assert found.kind == "interior"
    assert found.value == pytest.approx(commission, abs=6e-9)
    cost = found.equilibrium.data.total_cost.sum("place").squeeze()
    sales = cost / [1.0, 1.0 - found.value]
    share = float(sales.sel(channel="online") / sales.sum())
    assert found.value == pytest.approx(1.0 / (1.0 + 24.0 * (1.0 - share)), abs=1e-9)
    assert found.certificate.second_derivative < 0.0
    assert found.certificate.stable


@functools.cache
def commission_of_services(objective):
    return optimise(economy(9), {"commission.services": (0.0, 0.3)}, objective, points=7)


def test_the_planner_of_the_digital_turn_takes_no_commission():
    """Golden numbers: dlnU/dln(1 - zeta) = .15705013 and U = 1.95900487 at .05."""
    found = commission_of_services("welfare")
    assert (found.kind, found.value) == ("lower bound", 0.0)
    assert found.certificate.gradient < 0.0
    now = found.grid.sel({"commission.services": 0.05})
    assert float(now.objective) == pytest.approx(1.95900487, abs=5e-9)
    assert float(now.commission_revenue) == pytest.approx(0.04154661, abs=5e-9)
    assert float(now.gradient) == pytest.approx(-1.95900487 * 0.15705013 / 0.95, rel=5e-8)


def test_the_monopolist_of_the_digital_turn_takes_more():
    found = commission_of_services("commission_revenue")
    assert found.kind == "interior"
    assert 0.12 < found.value < 0.13
    for aside in (-1e-3, 1e-3):
        there = nege.solve(economy(9, **{"commission.services": found.value + aside}))
        assert float(there.data.commission_revenue) < found.best


# --- gradients


MATCHING = economy(9).with_mechanisms(nege.mechanisms.Matching(vacancy_cost=0.1))
GRADIENTS = [
    (ONLINE, "online_commission", 0.1, "welfare", LOGIT),
    (ONLINE, "sigma", 5.0, "wage.online", LOGIT),
    (ONLINE, "online_trade_cost", 1.3, "share.online", LOGIT),
    (JUMPS, "trade_cost", 2.0, "welfare", None),
    (HELPMAN, "trade_cost", 1.5, "share.1", None),
    (HELPMAN, "mu", 0.7, "welfare", None),
    (HELPMAN, "trade_cost", 1.5, "welfare", LOGIT),
    (economy(9), "digital_cost.services", None, "welfare", None),
    (economy(9), "commission", 0.05, "population.0", None),
    (economy(6), "migration_elasticity", None, "firm_mass.services.0.offline", None),
    (MATCHING, "matching.vacancy_cost", 0.1, "welfare", None),
]


@pytest.mark.parametrize(("model", "name", "value", "objective", "dynamics"), GRADIENTS)
def test_gradients_add_up_to_the_change_of_the_objective(model, name, value, objective, dynamics):
    """By Simpson's rule, to the fourth power of the interval."""
    if value is None:
        field, _, label = name.partition(".")
        held = getattr(model, field)
        value = float(held.sel(industry=label) if label else held)
    half = 2e-3 * value
    interval = (value - half, value + half)
    found = optimise(model, {name: interval}, objective, points=3, dynamics=dynamics)
    start, middle, end = found.grid.gradient.values
    change = float(found.grid.objective[-1] - found.grid.objective[0])
    assert abs(change) > 1e-7
    assert half / 3.0 * (start + 4.0 * middle + end) == pytest.approx(change, rel=1e-7, abs=3e-12)


def test_a_function_is_differentiated_like_the_variable_that_it_returns():
    interval = {"trade_cost": (1.2, 2.0)}
    named = optimise(HELPMAN, interval, "share.1", points=5)
    asked = optimise(HELPMAN, interval, lambda found: float(found.data.share[1]), points=5)
    assert named.kind == asked.kind == "interior"
    assert asked.value == pytest.approx(named.value, abs=1e-6)
    np.testing.assert_allclose(asked.grid.gradient, named.grid.gradient, atol=1e-7)
    second = named.certificate.second_derivative
    assert asked.certificate.second_derivative == pytest.approx(second, rel=1e-3)


# --- what else there is along the interval


def test_a_jump_is_found_where_the_loop_of_hysteresis_has_it():
    found = optimise(JUMPS, {"online_trade_cost": (1.0, 1.5)}, points=5)
    ((before, after),) = found.certificate.jumps
    assert before <= 1.17131921 <= after
    assert after - before <= 1e-3
    assert "jumps between" in repr(found)
    assert found.kind == "lower bound"
    low, high = (found.grid.share.sel(online_trade_cost=v, region="online") for v in (1.0, 1.5))
    assert (float(low), float(high)) == (1.0, 0.0)


def test_the_best_may_be_the_edge_of_a_jump(monkeypatch):
    """The online region is left by nobody who is there: the cost is as high as it can be."""
    monkeypatch.setattr(optimal_policy, "FINEST", 1e-3)  # where it is the test before says
    found = optimise(
        JUMPS,
        {"online_trade_cost": (1.0, 1.5)},
        lambda economy: float(economy.data.share[-1]) + 0.1 * economy.model.online.trade_cost,
        points=5,
    )
    assert (found.kind, found.certified) == ("jump", False)
    assert "NOT CERTIFIED" in repr(found)
    assert found.value == found.certificate.jumps[0][0]


def test_where_nothing_responds_the_instrument_stays_where_it_is():
    found = optimise(JUMPS, {"online_trade_cost": (1.2, 1.5)}, "welfare", points=4)
    assert (found.kind, found.value, found.certified) == ("flat", 1.3, False)


def test_values_without_an_equilibrium_are_said_and_are_nan():
    few = nege.SolverOptions(limit_steps=1)
    with pytest.raises(nege.ConvergenceError) as caught:
        optimise(ONLINE, {"online_trade_cost": (1.1, 1.5)}, points=3, options=few)
    assert caught.value.equilibrium.status is Status.LIMIT


def test_the_result_is_immutable_and_can_be_kept_and_drawn():
    found = optimise(HELPMAN, {"mu": (0.6, 0.8)}, points=3)
    with pytest.raises(FrozenInstanceError):
        found.value = 1.0
    with pytest.raises(ValueError, match="read-only"):
        found.grid.objective.values[0] = 1.0
    for other in (copy.deepcopy(found), pickle.loads(pickle.dumps(found))):
        assert repr(other) == repr(found)
        assert other.grid.identical(found.grid)
    nege.testing.assert_equilibrium(found.equilibrium)
    assert float(found.equilibrium.data.welfare) == found.best
    assert 0.7 in found.grid.mu  # where it stands now
    assert found.before.model.mu == 0.7
    bars = sorted(bar.get_width() for bar in found.plot_gains().patches)
    change = found.equilibrium.data.real_income / found.before.data.real_income - 1.0
    assert bars == pytest.approx(sorted(100.0 * change.values))
    ax = found.plot()
    assert (ax.get_xlabel(), ax.get_ylabel()) == ("share of spending on goods", "welfare")
    (best,) = (line for line in ax.lines if line.get_gid() == "best")
    assert best.get_xdata()[0] == found.value


def test_every_step_is_heard_of():
    heard = []
    optimise(
        HELPMAN, {"mu": (0.6, 0.8)}, points=3, progress=lambda done, total, _: heard.append(
            (done, total)
        )
    )  # fmt: skip
    assert heard[0][0] == 0
    assert heard[-1][0] == heard[-1][1] > 3


# --- errors


BAD = [
    ({"over": {}}, "over", "mapping"),
    ({"over": "mu"}, "over", "mapping"),
    ({"over": {"mu": (0.6, 0.8), "sigma": (4, 0.5)}}, "sigma", "first below"),
    ({"over": {"tau": (0.6, 0.8)}}, "parameter", "one of the model's"),
    ({"over": {"mu": (0.8, 0.6)}}, "mu", "first below"),
    ({"over": {"mu": (0.6, 1.5)}}, "mu", "below 1"),
    ({"over": {"mu": (0.6, np.nan)}}, "mu", "finite"),
    ({"objective": "utility"}, "objective", "variable"),
    ({"objective": "wage"}, "objective", r"wage\.0"),
    ({"objective": "wage.7"}, "objective", "one number"),
    ({"objective": "welfare.0"}, "objective", "one number"),
    ({"objective": 3}, "objective", "function"),
    ({"objective": lambda: 1.0}, "objective", "one argument"),
    ({"objective": lambda found: None}, "objective", "a finite number"),
    ({"objective": lambda found: np.nan}, "objective", "a finite number"),
    ({"points": 2}, "points", "at least 3"),
    ({"points": 10**15}, "points", "fewer points"),
    ({"start": [0.5, 0.5]}, "start", "distribution|region|number"),
    ({"dynamics": "logit"}, "dynamics", "nege.Replicator"),
    ({"model": 3}, "model", "a model"),
]


@pytest.mark.parametrize(
    ("changes", "argument", "words"), BAD, ids=lambda x: re.sub(r" at 0x\w+", "", str(x))[:40]
)
def test_what_is_no_question_is_refused_by_name(changes, argument, words):
    good = {"model": HELPMAN, "over": {"mu": (0.6, 0.8)}, "objective": "welfare", "points": 3}
    with pytest.raises(InputError, match=words) as caught:
        optimise(**{**good, **changes})
    assert str(caught.value).startswith(argument)
