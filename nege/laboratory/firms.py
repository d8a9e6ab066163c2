"""Section 3.2: which firms go online, and how; with what was missed at first (N5, N6, N7, N11)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import xarray as xr

from nege.laboratory.claim import Claim, Experiment, Flip
from nege.laboratory.economies import of_industry, reference, simple
from nege.laboratory.observed import (
    GOODS,
    SERVICES,
    Observed,
    all_of,
    density,
    falls,
    in_place,
    online_share,
    rises,
)
from nege.laboratory.turns import PATH
from nege.models.agglomeration import mechanisms as mech
from nege.models.agglomeration.model import OnlineAgglomeration
from nege.studies import scenarios

FARMING = "farming"
FROM_SECOND_TURN = slice(6, None)


def at_delivery(industry: str, cost: float) -> dict[str, Any]:
    """Return the change that makes online delivery of an industry cost so much."""
    return {"digital_cost": lambda m: of_industry(m, "digital_cost", industry, cost)}


def delivery(industry: str, *costs: float) -> dict[str, dict[str, Any]]:
    """Return states at several costs of online delivery of an industry."""
    return {f"delivery at {cost:g}": at_delivery(industry, cost) for cost in costs}


# --- statistics ----------------------------------------------------------------------


def firms_online(x: Observed, industry: str = SERVICES) -> xr.DataArray:
    """Return the part of an industry's firms that sell online alone."""
    mass = x.firm_mass.sel(industry=industry, drop=True).sum("place", skipna=False)
    return mass.sel(channel="online", drop=True) / mass.sum("channel", skipna=False)


def crowding(x: Observed, channel: str, industry: str = SERVICES) -> xr.DataArray:
    """Return how dense firms of a channel are where one of them is; 1 if they are even."""
    mass = x.firm_mass.sel(industry=industry, channel=channel, drop=True)
    part = mass / mass.sum("place", skipna=False)
    return (part**2 / (x.area / x.area.sum("place"))).sum("place", skipna=False)


def offline(x: Observed) -> xr.DataArray:
    """Return the part of all sales that is offline, by cost."""
    cost = x.total_cost.sum(["industry", "place"], skipna=False)
    return cost.sel(channel="offline", drop=True) / cost.sum("channel", skipna=False)


def jobs_in(x: Observed, place: str) -> xr.DataArray:
    """Return the part of all jobs that is in a place, by what they pay."""
    labour = 1.0 - x.parameter("inputs").sum("input") - x.parameter("land_share")
    pay = (labour * x.total_cost.sum("channel", skipna=False)).sum("industry", skipna=False)
    return pay.sel(place=place, drop=True) / pay.sum("place", skipna=False)


def adds_more(x: xr.DataArray) -> xr.DataArray:
    """Return by how much more x rises from state 0 to 1 than from state 2 to 3."""
    first, second, third, fourth = (x.isel(case=k, drop=True) for k in range(4))
    return (second - first) - (fourth - third)


def log(x: xr.DataArray) -> xr.DataArray:
    """Return natural logs."""
    logs: Any = np.log(x)
    return xr.DataArray(logs)


# --- firms online, and farms (20) ----------------------------------------------------

DELIVERY = Experiment(
    words="the reference economy at step 7, as services get cheaper to deliver online",
    model=reference(7),
    states=delivery(SERVICES, 1.75, 1.5, 1.25),
)
ENTRY = Experiment(
    words="the reference economy at step 8, as it gets cheaper to start a firm online",
    model=reference(8),
    states={
        f"{x:.0%} of the fixed cost offline": {"firm_scale": ((1.0, x), (1.0, x))}
        for x in (1.0, 0.75, 0.5)
    },
)


def farms(city: int = 0) -> Callable[[], OnlineAgglomeration]:
    """Return what makes four places of which one is a city, and the last three have most land."""

    def made() -> OnlineAgglomeration:
        lead = np.ones((3, 4))
        lead[:2, city] = 1.05, 1.25
        economy = OnlineAgglomeration(
            industries=(GOODS, SERVICES, FARMING),
            consumption=(0.41, 0.34, 0.10),
            land_share=(0.2, 0.02, 0.0),
            inputs=((0.2, 0.05, 0.1), (0.2, 0.15, 0.1), (0.0, 0.0, 0.0)),
            transport_cost=(0.4, 0.0, 0.2),
            search_cost=(0.0, 0.4, 0.8),
            digitisability=(0.0, 1.0, 0.0),
            digital_cost=(3.0, 1.4, 3.0),
            spillover=(0.06, 0.06, 0.0),
            productivity=lead,
        )
        return economy.with_mechanisms(
            mech.SiteBound(name=FARMING, share=0.5, stock=(0.1, 0.3, 0.3, 0.3))
        )

    return made


FARMS = Experiment(
    words="a city and three rural places that farm, as farms can sell online",
    model=farms(),
    states=delivery(FARMING, 3.0, 1.5, 1.05),
)


def off_land(x: Observed) -> xr.DataArray:
    """Return how far farming is from where its land is."""
    cost = x.total_cost.sel(industry=FARMING, drop=True).sum("channel", skipna=False)
    stock = x.parameter("farming.stock")
    gap = cost / cost.sum("place", skipna=False) - stock / stock.sum("place")
    return 0.5 * abs(gap).sum("place", skipna=False)


def rural_rent(x: Observed) -> xr.DataArray:
    """Return what land of farms earns, by rural place."""
    return x.data["farming.site_rent"].isel(place=slice(1, None))


# --- clusters, parks and villages (21) -----------------------------------------------


def both_ways(words: str, steps: Sequence[int]) -> Experiment:
    """Return steps of the reference path on which a firm may sell both ways."""
    return Experiment(
        words=f"the reference path {words}, of firms that may sell both ways",
        model=lambda: scenarios.metropolis_and_town().with_mechanisms(mech.DualMode()),
        path=lambda m: scenarios.digital_turn(m).sel(step=list(steps)),
    )


def dual_in_town(x: Observed) -> xr.DataArray:
    """Return the part of the town's manufacturing that sells both ways."""
    here = x.total_cost.sel(industry=GOODS, place="town", drop=True)
    return here.sel(channel="dual", drop=True) / here.sum("channel", skipna=False)


def park(where: str, **origins: Any) -> Experiment:
    """Return manufacturing that is supported somewhere, paid for by everyone."""
    support = mech.Tax(
        name="park", rate=0.0, base="origin", industries=GOODS, proceeds="everyone", **origins
    )
    return Experiment(
        words=f"the reference economy at step 14, as manufacturing {where} is supported",
        model=reference(14, support),
        states={f"{x:.0%} of sales": {"park.rate": -x} for x in (0.0, 0.05, 0.1)},
    )


VILLAGE = "north"


def village(*mechanisms: Any) -> Callable[[], OnlineAgglomeration]:
    """Return what makes the reference economy at step 14, villages of which cannot sell online."""
    return lambda: scenarios.remote_villages(reference(14, *mechanisms)())


def entry_at(place: str, cost: float, **where: str) -> dict[str, Any]:
    """Return the change that makes entry online cost so much in a place."""

    def table(economy: OnlineAgglomeration) -> xr.DataArray:
        access: Any = economy.mechanisms["access"]
        found: xr.DataArray = access.entry_cost.copy(deep=True)
        found.loc[{"place": place, "channel": "online", **where}] = cost
        return found

    return {"access.entry_cost": table}


SELLING = Experiment(
    words="the reference economy at step 14, as it gets easier to sell online from one of its "
    "remote villages",
    model=village(),
    states={f"entry at {cost:g}": entry_at(VILLAGE, cost) for cost in (4.0, 2.0, 1.0)},
)
BUYING = SELLING.but(
    "but to buy there",
    model=village(
        mech.Friction(
            name="post",
            factor=1.5,
            channels="online",
            destinations=VILLAGE,
            origins=[place for place in scenarios.PLACES if place != VILLAGE],
        )
    ),
    states={f"parcels at {cost:g}": {"post.factor": cost} for cost in (1.5, 1.25, 1.0)},
)


def village_wage(x: Observed) -> xr.DataArray:
    """Return the wage of the village over that of the metropolis."""
    return x.wage.sel(place=VILLAGE, drop=True) / x.wage.sel(place="metropolis", drop=True)


# --- distributed production, villages again, logistics, buyers (N5, N6, N7, N11) ------


def linked(part: float) -> dict[str, Any]:
    """Return the change that leaves a part of the goods that goods are made of."""

    def table(economy: OnlineAgglomeration) -> xr.DataArray:
        found = xr.DataArray(economy.inputs).copy(deep=True)
        found.loc[{"input": GOODS, "industry": GOODS}] *= part
        return found

    return {"inputs": table}


MODULES = Experiment(
    words="the reference economy at step 12, all goods shipped, with and without goods that are "
    "made of goods",
    model=reference(12, digitisability=(0.0, 1.0)),
    states={
        f"{words} goods of goods, delivery at {cost:g}": linked(part) | at_delivery(GOODS, cost)
        for words, part in (("with", 1.0), ("without", 0.0))
        for cost in (2.0, 1.2)
    },
)


def better(place: str, lead: float) -> dict[str, Any]:
    """Return the change that makes services of a place so much more productive."""

    def table(economy: OnlineAgglomeration) -> xr.DataArray:
        found = xr.DataArray(economy.productivity).copy(deep=True)
        found.loc[{"industry": SERVICES, "place": place}] *= lead
        return found

    return {"productivity": table}


FROM_THERE: Any = {SERVICES: {"3": {"online": 2.0}}}
PLACE_AND_ACCESS = Experiment(
    words="the simple economy at step 11, as it gets easier to sell online from a place that is "
    "better or like others",
    model=simple(11, mech.Access(entry_cost=FROM_THERE)),
    states={
        f"lead of {lead:g}, entry at {cost:g}": better("3", lead)
        | entry_at("3", cost, industry=SERVICES)
        for lead in (1.1, 1.0)
        for cost in (2.0, 1.0)
    },
)


def customised(seen: float = 0.3) -> Any:
    """Return goods whose quality buyers see, offline as well as online."""
    return mech.Quality(seen=((seen, seen), (0.3, 0.3)), convexity=6.0, cost=0.01)


def roads(channel: str) -> Experiment:
    """Return roads for goods bought through a channel, at two costs of delivery."""
    lost = mech.Friction(
        name="roads", factor=1.15, channels=channel, industries=GOODS, destinations=["1", "2", "3"]
    )
    return Experiment(
        words="the simple economy at step 8, in which buyers see the quality of goods, as roads "
        f"get better for goods bought {channel}",
        model=simple(8, lost, customised()),
        states={
            f"delivery at {cost:g}, roads at {factor:g}": at_delivery(GOODS, cost)
            | {"roads.factor": factor}
            for cost in (1.1, 1.3)
            for factor in (1.15, 1.0)
        },
    )


TO_ORDER = Experiment(
    words="the simple economy at step 14, as goods ordered online are made to measure",
    model=simple(14, customised()),
    states={
        f"{seen:g} of quality valued online": {"quality.seen": ((0.3, seen), (0.3, 0.3))}
        for seen in (0.3, 0.35, 0.4)
    },
)
BUYERS = Experiment(
    words="the reference economy at step 9, services easier to deliver to who buys online, as "
    "goods go online",
    model=reference(9, mech.BuyerOnline(complementarity=(0.0, 0.5))),
    states=delivery(GOODS, 2.0, 1.3, 1.05),
)

CLAIMS = (
    Claim(
        number="20a1",
        section="3.2",
        words="More and more firms are online only.",
        predicts="the part of service firms that is online rises as delivery gets cheaper",
        experiment=DELIVERY,
        margin=lambda x: rises(firms_online(x)),
        why="Who is online reaches every buyer at the same falling cost.",
    ),
    Claim(
        number="20a2",
        section="3.2",
        words="Firms that are online only are scattered.",
        predicts="service firms online are less crowded than those offline",
        experiment=DELIVERY,
        margin=lambda x: (crowding(x, "offline") - crowding(x, "online")).isel(case=-1, drop=True),
        why="They hear of all others wherever they are and serve all places alike, so they are "
        "where land and people are; those offline are where their buyers and neighbours are.",
    ),
    Claim(
        number="20a3",
        section="3.2",
        words="It takes little to start online, which small new firms use.",
        predicts="the part of service firms that is online rises as their fixed cost falls",
        experiment=ENTRY,
        margin=lambda x: rises(firms_online(x)),
        why="A lower fixed cost makes more firms of the same sales.",
    ),
    Claim(
        number="20b1",
        section="3.2",
        words="Industries that are bound to a place sell online.",
        predicts="the online share of farming rises as delivery gets cheaper",
        experiment=FARMS,
        margin=lambda x: rises(online_share(x, FARMING)),
        why="What cannot move can still be sold elsewhere.",
    ),
    Claim(
        number="20b2",
        section="3.2",
        words="They stay where they are: only marketing moves.",
        predicts="farming gets nearer to where its land is",
        experiment=FARMS,
        margin=lambda x: falls(off_land(x)),
        why="Offline some farming is near the city because buyers are. Online all buyers are as "
        "near, and land alone decides.",
    ),
    Claim(
        number="20b3",
        section="3.2",
        words="Their producers get better prices.",
        predicts="land of farms earns more in each rural place as delivery gets cheaper",
        experiment=FARMS,
        margin=lambda x: rises(rural_rent(x)),
        flips=(
            Flip(
                words="one of the rural places is the city",
                experiment=FARMS.but("the city among them", model=farms(city=1)),
            ),
        ),
        why="Remote farms reach the city's buyers. Farms beside the city lose the buyers that "
        "were theirs alone.",
    ),
    Claim(
        number="21a",
        section="3.2",
        words="Clusters that have grown go online as they are, and are then both.",
        predicts="more of the town's manufacturing sells both ways as goods begin to go online",
        experiment=both_ways("at steps 11 to 13", (11, 12, 13)),
        margin=lambda x: rises(dual_in_town(x)),
        flips=(
            Flip(
                words="delivery is nearly free",
                experiment=both_ways("at steps 15 to 17", (15, 16, 17)),
            ),
        ),
        why="Who has a plant adds a channel to it, as long as both are worth having. Once delivery "
        "is nearly free, offline is not, and firms that are online alone take over. Firms that "
        "sell both ways hear the others online, so they need a cluster less than offline ones.",
    ),
    Claim(
        number="21b",
        section="3.2",
        words="Parks live on where support adds to what is online.",
        predicts="goods are denser at the end of the third turn where their old cluster is "
        "supported",
        experiment=park("in the town", origins="town"),
        margin=lambda x: rises(density(x, GOODS)),
        flips=(Flip(words="all places are supported alike", experiment=park("everywhere")),),
        why="Online firms hear each other anywhere, so a small advantage in cost decides where "
        "they are. Support that all have decides nothing.",
    ),
    Claim(
        number="21c",
        section="3.2",
        words="Online trade makes clusters in villages.",
        predicts="jobs and wages of a village rise as it gets easier to sell online from there",
        experiment=SELLING,
        margin=lambda x: all_of(rises(jobs_in(x, VILLAGE)), rises(village_wage(x))),
        flips=(Flip(words="it gets easier to buy online there", experiment=BUYING),),
        why="Selling brings demand for what a village makes, and firms. Buying makes it cheap to "
        "live there, so people come and work for less.",
    ),
    Claim(
        number="22",
        section="3.2",
        words="Firms that are offline only have become rare.",
        predicts="the part of sales that is offline falls at each step from the second turn on",
        experiment=PATH,
        margin=lambda x: falls(offline(x).isel(case=FROM_SECOND_TURN)),
        why="What falls from then on is the cost of selling online. In the first turn it was that "
        "of serving distant clients in person. Services, nearly all online by the third turn, "
        "may come back a little when goods scatter, by less than goods go online.",
    ),
    Claim(
        number="N5",
        section="4.1",
        words="The third turn distributes production: modules that are joined online.",
        predicts="cheaper delivery scatters goods more if they are made of goods",
        experiment=MODULES,
        margin=lambda x: adds_more(-density(x, GOODS)),
        why="Makers of parts hold their users near as long as parts are bought nearby; without "
        "parts there is hardly a cluster to leave. Most of it is knowledge that travels online: "
        "where nothing is to be heard there the difference is much smaller.",
    ),
    Claim(
        number="N6",
        section="3.2",
        words="Village and platform make each other grow.",
        predicts="access to selling online adds more to a place that is better, in shares",
        experiment=PLACE_AND_ACCESS,
        margin=lambda x: adds_more(in_place(x, "3")),
        why="Where firms learn from each other, more of them make each better; where they "
        "do not, little is left. In proportion to what a place has, access adds most to the weak.",
    ),
    Claim(
        number="N7a",
        section="3.2",
        words="Logistics and digital trade are complements.",
        predicts="better roads add more to welfare where goods are cheaper to sell online",
        experiment=roads("online"),
        margin=lambda x: adds_more(log(x.welfare)),
        flips=(Flip(words="roads serve what is bought offline", experiment=roads("offline")),),
        why="Roads are worth what is shipped on them.",
    ),
    Claim(
        number="N7b",
        section="3.2",
        words="Demand for customised goods takes them online.",
        predicts="more of goods is online the more of their quality is valued there",
        experiment=TO_ORDER,
        margin=lambda x: rises(online_share(x, GOODS)),
        flips=(
            Flip(
                words="shops make to measure too",
                experiment=TO_ORDER.but(
                    "in shops as well",
                    states={
                        f"{seen:g} of quality valued": {"quality.seen": ((seen, seen), (0.3, 0.3))}
                        for seen in (0.3, 0.35, 0.4)
                    },
                ),
            ),
        ),
        why="Firms make what buyers can tell apart; what both channels can do draws to neither.",
    ),
    Claim(
        number="N11",
        section="3.1",
        words="Buyers and sellers who are online serve each other better.",
        predicts="services, still on their way online, follow goods that go there",
        experiment=BUYERS,
        margin=lambda x: rises(online_share(x)),
        flips=(
            Flip(
                words="it makes no difference how buyers buy",
                experiment=BUYERS.where("no difference", {"buyer_online.complementarity": 0.0}),
            ),
        ),
        why="A firm of manufacturing that sells online buys its services there. Without that, "
        "goods that scatter bring services buyers nearby, and take them offline.",
    ),
)
