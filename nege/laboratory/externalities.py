"""Sections 2.1 and 2.2: inputs, workers and knowledge that are near, and online."""

from __future__ import annotations

from typing import Any

import numpy as np
import xarray as xr

from nege.laboratory.claim import Claim, Experiment, Flip
from nege.laboratory.economies import of_services, reference
from nege.laboratory.observed import (
    GOODS,
    SAME,
    SERVICES,
    Observed,
    all_of,
    bought_nearby,
    falls,
    firms,
    jobs_away,
    online_share,
    price_gap,
    rises,
)
from nege.models.agglomeration.mechanisms.matching import Matching

SECOND_TURN = Experiment(
    words="the reference economy at step 8, as online delivery of services gets cheaper",
    model=reference(8),
    states={
        f"digital cost of {x:g}": {"digital_cost": lambda m, x=x: of_services(m, "digital_cost", x)}
        for x in (1.55, 1.35, 1.2)
    },
)

DEARER_PLATFORMS = {
    f"{x:g} times the commission": {"commission": lambda m, x=x: x * m.commission}
    for x in (1.0, 2.0, 4.0)
}
PLATFORMS_TAKE_MORE = SECOND_TURN.but("platforms take more instead", states=DEARER_PLATFORMS)


def _of_goods(value: float) -> Any:
    """Return digital costs with another one of goods."""

    def found(economy: Any) -> xr.DataArray:
        cost: xr.DataArray = economy.digital_cost
        return cost.where(cost.industry != GOODS, value)

    return found


THIRD_TURN = Experiment(
    words="the reference economy at step 14, as online delivery of goods gets cheaper",
    model=reference(14),
    states={f"digital cost of {x:g}": {"digital_cost": _of_goods(x)} for x in (1.6, 1.3, 1.15)},
)

# --- inputs (6) ----------------------------------------------------------------------


def _apart(economy: Any) -> xr.DataArray:
    """Return input shares with goods that are made without services."""
    inputs: xr.DataArray = economy.inputs
    return inputs.where(~((inputs["input"] == SERVICES) & (inputs.industry == GOODS)), 0.0)


def _steady(x: Observed) -> xr.DataArray:
    """Return whether what firms spend, over what people do, is the same in all states."""
    cost = x.total_cost.sum(["place", "channel"], skipna=False)
    logs: Any = np.log(cost / x.income.sum("place", skipna=False))
    change: xr.DataArray = abs(logs - logs.isel(case=0, drop=True))
    return SAME - change.max([dim for dim in change.dims if dim != "draw"], skipna=False)


# --- workers (7) ---------------------------------------------------------------------

REMOTE = Experiment(
    words="the reference economy at step 8 with labour that may work remotely, as less of it is "
    "lost on the way",
    model=reference(8, remote_labour_share=(0.2, 0.5)),
    states={f"loss factor {x:g}": {"remote_friction": x} for x in (2.0, 1.5, 1.0)},
)
VACANCIES = (0.05, 0.15, 0.15, 0.15, 0.15, 0.15)  # easiest to fill where most people are


def _recruiting(part: float) -> Any:
    """Return costs of vacancies, of which a part comes down to that of the best place."""

    def found(economy: Any) -> xr.DataArray:
        cost: xr.DataArray = economy.mechanisms["matching"].vacancy_cost
        return cost + part * (cost.min() - cost)

    return found


RECRUITING = Experiment(
    words="the reference economy at step 6, where vacancies are easier to fill in the metropolis, "
    "as recruiting online brings other places up to it",
    model=reference(6, Matching(vacancy_cost=VACANCIES)),
    states={
        f"{x:.0%} of the difference gone": {"matching.vacancy_cost": _recruiting(x)}
        for x in (0.0, 0.5, 1.0)
    },
)


def _only_there(part: float) -> Any:
    """Return costs of vacancies, of which that of the best place alone falls by a part."""

    def found(economy: Any) -> xr.DataArray:
        cost: xr.DataArray = economy.mechanisms["matching"].vacancy_cost
        return cost.where(cost > cost.min(), (1.0 - part) * cost)

    return found


# --- knowledge (8) -------------------------------------------------------------------

POOL = Experiment(
    words="the reference economy at step 9, as the pool of online knowledge grows",
    model=reference(9),
    states={f"pool of {x:g}": {"online_spillover": x} for x in (0.0, 1.0, 2.0)},
)


def _productivity(x: Observed) -> xr.DataArray:
    """Return how productive services are by place, in logs, over both channels by their cost.

    What inputs cost over what a unit does: W^a h^b prod G^alpha/c, without remote labour.
    """
    inputs = x.parameter("inputs").sel(industry=SERVICES, drop=True)
    land = x.parameter("land_share").sel(industry=SERVICES, drop=True)
    labour = 1.0 - inputs.sum("input") - land
    prices: Any = np.log(x.price_index.rename(industry="input"))
    log_inputs: Any = labour * np.log(x.wage) + land * np.log(x.rent)
    log_inputs = log_inputs + (inputs * prices).sum("input", skipna=False)
    cost = x.total_cost.sel(industry=SERVICES, drop=True)
    unit = cost / x.firm_mass.sel(industry=SERVICES, drop=True)
    scale = x.parameter("firm_scale").sel(industry=SERVICES, drop=True)
    part = cost / cost.sum("channel", skipna=False)
    logs: Any = log_inputs - (part * np.log(unit / scale)).sum("channel", skipna=False)
    return xr.DataArray(logs)


def _gap(logs: xr.DataArray) -> xr.DataArray:
    return logs.max("place", skipna=False) - logs.min("place", skipna=False)


# --- diversity (9, 10) ---------------------------------------------------------------


def _diversity(x: Observed) -> xr.DataArray:
    """Return how many industries a firm of services is in reach of, as if equal in size.

    Over place and channel: the exponential of the entropy of m and m + chi N, as in the model.
    """
    mass, decay = x.firm_mass, x.parameter("spillover_decay")
    distance = xr.DataArray(
        np.asarray(x.model.geography.distance),
        {"place": mass.place.values, "listener": mass.place.values},
        ("place", "listener"),
    )
    near: Any = np.exp(-decay * distance)
    heard = (mass.sum("channel", skipna=False) * near).sum("place", skipna=False)
    heard = heard.rename(listener="place")
    pool = mass.sel(channel="online", drop=True).sum("place", skipna=False)
    online = heard + x.parameter("online_spillover") * pool
    offline = heard + x.parameter("hears_online") * x.parameter("online_spillover") * pool
    reached = xr.concat([offline, online], "channel").assign_coords(channel=["offline", "online"])
    part = reached / reached.sum("industry", skipna=False)
    found: Any = np.exp(-(part * np.log(part)).sum("industry", skipna=False))
    return xr.DataArray(found)


def _within_reach(x: Observed) -> xr.DataArray:
    """Return the same by place, over both channels by what services have there."""
    cost = x.total_cost.sel(industry=SERVICES, drop=True)
    part = cost / cost.sum("channel", skipna=False)
    return (part * _diversity(x)).sum("channel", skipna=False)


def _wider_online(x: Observed) -> xr.DataArray:
    """Return by how much the least diversity online exceeds that offline, averaged by people."""
    found = _diversity(x)
    online = found.sel(channel="online", drop=True).min("place", skipna=False)
    offline = found.sel(channel="offline", drop=True) * x.population
    return (online - offline.sum("place", skipna=False)).min("case", skipna=False)


def _specialised(x: Observed) -> xr.DataArray:
    """Return which part of services would have to move to be spread as manufacturing is."""
    cost = x.total_cost.sum("channel", skipna=False)
    share = cost / cost.sum("place", skipna=False)
    apart = abs(share.sel(industry=GOODS, drop=True) - share.sel(industry=SERVICES, drop=True))
    return 0.5 * apart.sum("place", skipna=False)


def _on_average(x: Observed) -> xr.DataArray:
    """Return diversity within reach of an average firm of services."""
    cost = x.total_cost.sel(industry=SERVICES, drop=True).sum("channel", skipna=False)
    weight = cost / cost.sum("place", skipna=False)
    return (weight * _within_reach(x)).sum("place", skipna=False)


CLAIMS = (
    Claim(
        number="6a",
        section="2.1",
        words="Online every firm has the whole market for its inputs, so they are cheaper.",
        predicts="services, and goods that are made with them, get cheaper in every place as "
        "services are delivered online at less cost",
        experiment=SECOND_TURN,
        margin=lambda x: falls(x.price_index),
        flips=(
            Flip(
                words="goods are made without services",
                experiment=SECOND_TURN.where("goods made without services", {"inputs": _apart}),
            ),
        ),
        why="What is delivered at less cost is cheaper, and so is what is made with it. Goods "
        "without services gain nothing from it, and lose workers to those that do.",
    ),
    Claim(
        number="6d",
        section="2.1",
        words="And there are more varieties of services to choose from.",
        predicts="the number of firms of services rises as online delivery gets cheaper",
        experiment=SECOND_TURN,
        margin=lambda x: rises(firms(x)),
        flips=(
            Flip(
                words="firms online learn nothing from each other",
                experiment=SECOND_TURN.where("without a pool", {"online_spillover": 0.0}),
            ),
        ),
        why="Cheaper delivery leaves spending on services much as it is, and how many firms that "
        "keeps is decided by what one costs. Firms cost less as they learn from all who are "
        "online, and their own inputs get cheaper; without that they may be fewer.",
    ),
    Claim(
        number="6b",
        section="2.1",
        words="Services that had to be near become tradable.",
        predicts="a smaller part of services is bought in the buyer's own place as online "
        "delivery gets cheaper",
        experiment=SECOND_TURN,
        margin=lambda x: falls(bought_nearby(x)),
        flips=(Flip(words="platforms take more instead", experiment=PLATFORMS_TAKE_MORE),),
        why="What can be had from anywhere at the same price is bought from everywhere. What "
        "platforms take drives buyers back to those who are near.",
    ),
    Claim(
        number="6c",
        section="2.1",
        words="Whatever anybody makes can be anybody's input at once.",
        predicts="what firms spend stays in proportion to what people earn, however much is online",
        experiment=SECOND_TURN.where("without commission", {"commission": 0.0}),
        margin=_steady,
        flips=(Flip(words="platforms take a commission", experiment=SECOND_TURN),),
        why="A property: the multiplier of inputs is the same in both channels. A commission is "
        "what breaks it: what platforms take of sales buys no inputs.",
    ),
    Claim(
        number="7a",
        section="2.1",
        words="Workers need no longer live where their employers are.",
        predicts="a larger part of jobs is away from where people live as remote work loses less",
        experiment=REMOTE,
        margin=lambda x: rises(jobs_away(x)),
        why="Firms take labour from where it is cheap to live.",
    ),
    Claim(
        number="7b",
        section="2.1",
        words="Finding workers and jobs costs next to nothing online, and all gain.",
        predicts="welfare rises as recruiting online makes vacancies easier to fill",
        experiment=RECRUITING,
        margin=lambda x: rises(x.welfare),
        flips=(
            Flip(
                words="vacancies get harder to fill",
                experiment=RECRUITING.but(
                    "getting harder instead",
                    states={
                        f"{x:g} times the cost": {
                            "matching.vacancy_cost": lambda m, x=x: (
                                x * m.mechanisms["matching"].vacancy_cost
                            )
                        }
                        for x in (1.0, 1.5, 2.0)
                    },
                ),
            ),
        ),
        why="Labour that is not lost in searching makes goods. It is near to a property: search is "
        "a loss here, and nothing else.",
    ),
    Claim(
        number="7c",
        section="2.1",
        words="So the cities' pools of labour lose what drew people there.",
        predicts="the metropolis' share of people falls as recruiting online makes places alike",
        experiment=RECRUITING,
        margin=lambda x: falls(x.population.sel(place="metropolis", drop=True)),
        flips=(
            Flip(
                words="it is in the metropolis that vacancies get easier to fill",
                experiment=RECRUITING.but(
                    "in the metropolis alone",
                    states={
                        f"{x:.0%} less there": {"matching.vacancy_cost": _only_there(x)}
                        for x in (0.0, 0.4, 0.8)
                    },
                ),
            ),
        ),
        why="A thick market is a reason to be there only while it is thicker than others. A cost "
        "of search that is the same everywhere moves nobody.",
    ),
    Claim(
        number="8a",
        section="2.1",
        words="Knowledge spills over more online, where what was tacit is written down.",
        predicts="welfare rises with the weight of the online pool of knowledge",
        experiment=POOL,
        margin=lambda x: rises(x.welfare),
        why="What anybody online has learnt costs the others nothing, and makes all who are there "
        "more productive.",
    ),
    Claim(
        number="8b",
        section="2.1",
        words="So firms go online.",
        predicts="the online share of services rises with the weight of the pool",
        experiment=POOL,
        margin=lambda x: rises(online_share(x)),
        flips=(
            Flip(
                words="everybody hears the pool, online or not",
                experiment=POOL.where("heard by all", {"hears_online": 1.0}),
            ),
        ),
        why="The pool draws firms online only so far as those offline cannot hear it.",
    ),
    Claim(
        number="8c",
        section="2.1",
        words="New ways of doing business are imitated everywhere soon.",
        predicts="services' productivity differs less among places as the pool grows",
        experiment=POOL,
        margin=lambda x: falls(_gap(_productivity(x))),
        why="What is learnt online is the same for all who are there, so it counts most where "
        "there is little to be learnt next door. Time is not in it: this is who knows how much "
        "in the end, not how fast.",
    ),
    Claim(
        number="9",
        section="2.2",
        words="Learning from other industries is not tied to a diverse city any more.",
        predicts="how diverse the industries within reach are differs less among places as online "
        "delivery of goods gets cheaper",
        experiment=THIRD_TURN,
        margin=lambda x: falls(_gap(_within_reach(x))),
        flips=(Flip(words="services alone go online", experiment=SECOND_TURN),),
        why="Everybody online reaches the same pool, which is as diverse as the industries that "
        "are in it. While it is services alone, whoever goes online hears less of goods than "
        "before.",
    ),
    Claim(
        number="9b",
        section="2.2",
        words="Online there is more diversity than in a city.",
        predicts="a firm online, even where it reaches least, learns from more diverse industries "
        "than one offline does on average, places weighted by people",
        experiment=THIRD_TURN.but(
            "once goods are online too",
            states={name: THIRD_TURN.states[name] for name in ["digital cost of 1.15"]},
        ),
        margin=_wider_online,
        flips=(Flip(words="services alone go online", experiment=SECOND_TURN),),
        why="A pool of all industries is more diverse than most places. It is not more diverse "
        "than every place: one that has both industries in equal parts cannot be bettered.",
    ),
    Claim(
        number="10",
        section="2.2",
        words="What is specialised gets more so, and what is diverse gets more diverse.",
        predicts="industries live further apart while firms of services reach more diversity, as "
        "online delivery of goods gets cheaper",
        experiment=THIRD_TURN,
        margin=lambda x: all_of(rises(_specialised(x)), rises(_on_average(x))),
        why="One pays for the other here. Goods that can be sold online leave their town, so "
        "places become alike and the pool diverse. Earlier, while cheaper search parts "
        "industries, places specialise and what is within reach gets less diverse. It would take "
        "places that specialise because the pool is diverse.",
    ),
    Claim(
        number="13",
        section="2.3",
        words="Suppliers are as near from any place.",
        predicts="prices of services differ less among places as online delivery gets cheaper",
        experiment=SECOND_TURN,
        margin=lambda x: falls(price_gap(x)),
        flips=(Flip(words="platforms take more instead", experiment=PLATFORMS_TAKE_MORE),),
        why="What is delivered online costs the same everywhere, and ever more of it is bought.",
    ),
)
