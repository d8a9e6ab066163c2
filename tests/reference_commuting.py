"""A slow, obvious NumPy reference for people who live in one place and work in another.

Written from the equations alone, in levels, apart from the package: plain damped iteration in both
directions, plain proportional fitting for the inversion. Tables of trade are over (origin,
destination), tables of commuting over (residence, workplace).
"""

from typing import NamedTuple

import numpy as np


class Economy(NamedTuple):
    """Everything given; `remote` is the weight of the remote mode, whose weight in offices is 1."""

    trade: np.ndarray
    commuting: np.ndarray
    productivity: np.ndarray
    amenity: np.ndarray
    workplace_amenity: np.ndarray
    housing: np.ndarray
    sigma: float = 4.0
    alpha: float = 0.7
    epsilon: float = 4.6
    theta: float = 4.6
    eta: float = 4.6
    delta: float = 0.0
    pooled: bool = False
    remote: float = 0.0
    remote_cost: np.ndarray | None = None


def of_model(model):
    """Read an economy back into plain arrays, by its public fields only."""
    distance = model.geography.distance.values

    def table(cost):
        return cost**distance if np.ndim(cost) == 0 else cost.values

    commuting, remote_cost = table(model.commuting_cost), model.remote_cost
    if remote_cost is None:
        remote_cost = own_cost(commuting, model.remote_days, model.remote_friction)
    else:
        remote_cost = remote_cost.values
    names = ("productivity", "amenity", "workplace_amenity", "housing")
    taste = model.taste
    return Economy(
        table(model.trade_cost),
        commuting,
        *(getattr(model, name).values for name in names),
        sigma=model.sigma,
        alpha=model.mu,
        epsilon=taste,
        theta=taste if model.residence_taste is None else model.residence_taste,
        eta=taste if model.mode_taste is None else model.mode_taste,
        delta=model.housing_elasticity,
        pooled=model.rents == "pooled",
        remote=model.remote,
        remote_cost=remote_cost,
    )


def own_cost(commuting, days=1.0, friction=0.0):
    """What remote work costs where a share of days is at home: by default, a job next door."""
    home = np.diag(commuting)[:, None]
    return (1 + friction) * home**days * commuting ** (1 - days)


def modes(e):
    """The powers of effective costs, and the share of each pair that works remotely."""
    office = e.commuting ** (-e.eta)
    if e.remote == 0:
        return e.commuting ** (-e.epsilon), np.zeros_like(office)
    cost = own_cost(e.commuting) if e.remote_cost is None else e.remote_cost
    remote = e.remote * cost ** (-e.eta)
    return (office + remote) ** (e.epsilon / e.eta), remote / (office + remote)


def incomes(e, wage):
    return wage + (1 - e.alpha) / e.alpha if e.pooled else wage / e.alpha


def outcome(e, wage, residents):
    """Every variable at wages and residents, whether or not anything is in equilibrium."""
    reach, remote = modes(e)
    income = incomes(e, wage)
    draw = e.workplace_amenity * income**e.epsilon * reach
    access = draw.sum(1)
    commuting = draw / access[:, None]
    jobs = residents @ commuting
    spent = e.alpha * (commuting @ income) * residents
    rent = ((1 - e.alpha) * (commuting @ income) * residents / e.housing) ** (1 / (1 + e.delta))
    sold = (jobs * (wage / e.productivity) ** (1 - e.sigma))[:, None] * e.trade ** (1 - e.sigma)
    price = sold.sum(0) ** (1 / (1 - e.sigma))
    real = e.amenity * access ** (1 / e.epsilon) / (price**e.alpha * rent ** (1 - e.alpha))
    flows = sold / sold.sum(0)
    demand = e.trade ** (1 - e.sigma) @ (price ** (e.sigma - 1) * spent)
    return {
        "residents": residents,
        "jobs": jobs,
        "wage": wage,
        "residents_wage": commuting @ wage,
        "price": price,
        "rent": rent,
        "real": real,
        "commuting": commuting,
        "flows": flows,
        "spent": spent,
        "paid": (e.productivity ** (e.sigma - 1) * demand) ** (1 / e.sigma),
        "chosen": real**e.theta / np.sum(real**e.theta),
        "welfare": np.sum(real**e.theta) ** (1 / e.theta),
        "remote_share": np.sum(residents[:, None] * commuting * remote),
        "remote_by_residence": np.sum(commuting * remote, 1),
        "remote": remote,
    }


def solve_within(e, label, people, limit=100_000):
    """The long run of people who move among places of one label: (10') one group at a time.

    Sweeps over groups, whose people choose by their own payoffs while all others stay.
    """
    label, people = np.asarray(label), np.asarray(people) / np.sum(people)
    groups = [label == name for name in dict.fromkeys(label.tolist())]
    move = 1 / (1 + e.theta * (1 - e.alpha) / (1 + e.delta))
    adjust = min(1.0, e.sigma / (1 + e.epsilon))
    wage, here = np.ones(len(people)), np.empty(len(people))
    for g in groups:
        here[g] = people[g].sum() / g.sum()
    for _ in range(limit):
        wage_before, before = wage, here.copy()
        for g in groups:
            now = outcome(e, wage, here)
            paid = wage ** (1 - adjust) * now["paid"] ** adjust
            wage = paid / (now["jobs"] @ paid)
            wanted = here[g] ** (1 - move) * (now["real"][g] ** e.theta) ** move
            here[g] = people[g].sum() * wanted / wanted.sum()
        if np.max(np.abs(wage / wage_before - 1)) + np.max(np.abs(here / before - 1)) < 1e-14:
            break
    else:
        raise AssertionError(f"no rest in {limit} sweeps")
    now = outcome(e, wage / (outcome(e, wage, here)["jobs"] @ wage), here)
    now["groups"] = np.array([np.sum(now["real"][g] ** e.theta) ** (1 / e.theta) for g in groups])
    now["welfare"] = float(np.array([people[g].sum() for g in groups]) @ now["groups"])
    return now


def solve(e, residents=None, start=None, limit=100_000):
    """Iterate wages and, in the long run, residents until nothing moves by more than 1e-14."""
    count = len(e.amenity)
    move = 1 / (1 + e.theta * (1 - e.alpha) / (1 + e.delta))
    adjust = min(1.0, e.sigma / (1 + e.epsilon))
    wage, here = np.ones(count), np.full(count, 1 / count) if residents is None else residents
    if start is not None:
        wage, here = start
    for _ in range(limit):
        wage = wage / (outcome(e, wage, here)["jobs"] @ wage)
        now = outcome(e, wage, here)
        new_wage = wage ** (1 - adjust) * now["paid"] ** adjust
        new_here = here
        if residents is None:
            new_here = here ** (1 - move) * now["chosen"] ** move
            new_here = new_here / new_here.sum()
        new_wage = new_wage / (now["jobs"] @ new_wage)
        off = max(np.max(np.abs(new_wage / wage - 1)), np.max(np.abs(new_here / here - 1)))
        wage, here = new_wage, new_here
        if off < 1e-14:
            break
    else:
        raise AssertionError(f"no rest in {limit} iterations")
    wage = wage / (outcome(e, wage, here)["jobs"] @ wage)
    return outcome(e, wage, here)


def residual(e, found):
    """Largest violation of goods markets, and of choice of residence."""
    again = outcome(e, found["wage"], found["residents"])
    return (
        np.max(np.abs(again["paid"] / found["wage"] - 1)),
        np.max(np.abs(again["chosen"] / found["residents"] - 1)),
    )


def with_remote_share(e, wanted):
    """The weight of remote work at which just so many work remotely: bisection in logs."""
    low, high = -60.0, 20.0
    for _ in range(200):
        middle = 0.5 * (low + high)
        share = solve(e._replace(remote=np.exp(middle)))["remote_share"]
        low, high = (middle, high) if share < wanted else (low, middle)
        if high - low < 1e-13:
            break
    return e._replace(remote=float(np.exp(0.5 * (low + high))))


def balanced(weight, kernel, target, limit=100_000):
    """omega with target_i = sum_n weight_n omega_i k_ni / sum_j omega_j k_nj, mean of logs zero."""
    omega = np.ones(len(target))
    for _ in range(limit):
        drawn = omega * kernel
        predicted = weight @ (drawn / drawn.sum(1, keepdims=True))
        if np.max(np.abs(predicted / target - 1)) < 1e-14:
            break
        omega = omega * target / predicted
        omega = omega / np.exp(np.mean(np.log(omega)))
    return omega


def invert(e, jobs, residents, wage, rent=None):
    """The fundamentals behind data; those of `e` do not count, but for its housing."""
    jobs, residents = jobs / jobs.sum(), residents / residents.sum()
    omega = balanced(residents, modes(e)[0], jobs)
    if wage is None:
        wage = omega ** (1 / e.epsilon)
    wage = wage / (wage @ jobs)
    income = incomes(e, wage)
    liked = omega / income**e.epsilon
    bare = e._replace(workplace_amenity=liked / np.exp(np.mean(np.log(liked))))
    now = outcome(bare, wage, residents)
    supply = balanced(now["spent"], e.trade.T ** (1 - e.sigma), wage * jobs)
    made = (supply * wage ** (e.sigma - 1) / jobs) ** (1 / (e.sigma - 1))
    bare = bare._replace(productivity=made / np.exp(np.mean(np.log(made))))
    if rent is not None:
        now = outcome(bare, wage, residents)
        earned = (now["commuting"] @ income) * residents
        stock = (1 - e.alpha) * earned / rent ** (1 + e.delta)
        bare = bare._replace(housing=stock / np.exp(np.mean(np.log(stock))))  # an index: no unit
    now = outcome(bare._replace(amenity=np.ones(len(jobs))), wage, residents)
    good = residents ** (1 / e.theta) / now["real"]
    return bare._replace(amenity=good / np.exp(np.mean(np.log(good))))
