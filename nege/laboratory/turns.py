"""Section 3.1: the three turns, from one place for everything to two industries online.

The four phases are those of ``nege.patterns``. Their definition gives the margins: how far the
numbers that a phase needs are on the right side of its borders, the least of them.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import xarray as xr

from nege.errors import ConvergenceError
from nege.laboratory.claim import Claim, Experiment, Flip
from nege.laboratory.economies import of_industry, reference
from nege.laboratory.observed import (
    GOODS,
    SERVICES,
    Observed,
    all_of,
    density,
    falls,
    firm_size,
    firms,
    in_place,
    meets,
    online_share,
    rises,
)
from nege.models.agglomeration import mechanisms as mech
from nege.models.agglomeration.model import OnlineAgglomeration
from nege.solvers.long_run import solve
from nege.studies import scenarios

# --- phases, by state ----------------------------------------------------------------


def co_located(x: Observed) -> xr.DataArray:
    """Return how far industries are inside phase one: clustered together, offline."""
    return all_of(_two_clusters(x), x.patterns.correlation.fillna(0.0) - 0.5)


def separated(x: Observed) -> xr.DataArray:
    """Return how far they are inside phase two: clustered apart, offline."""
    return all_of(_two_clusters(x), -x.patterns.correlation.fillna(0.0))


def one_sided(x: Observed) -> xr.DataArray:
    """Return how far they are inside phase three: services online, and goods clustered."""
    online = all_of(online_share(x) - 0.5, 0.5 - online_share(x, GOODS))
    return all_of(online, 1.5 - density(x), density(x, GOODS) - 2.0)


def two_sided(x: Observed) -> xr.DataArray:
    """Return how far they are inside phase four: both online, and scattered."""
    online = all_of(online_share(x) - 0.5, online_share(x, GOODS) - 0.5)
    return all_of(online, 1.5 - density(x), 1.5 - density(x, GOODS))


def _two_clusters(x: Observed) -> xr.DataArray:
    offline = all_of(0.5 - online_share(x), 0.5 - online_share(x, GOODS))
    return all_of(offline, density(x) - 2.0, density(x, GOODS) - 2.0)


PHASES = (co_located, separated, one_sided, two_sided)


def sometime(margin: xr.DataArray) -> xr.DataArray:
    """Return the margin of the state in which it is largest."""
    return margin.max("case", skipna=False)


def over_all(x: xr.DataArray) -> xr.DataArray:
    """Return by how much something rises from the first state to the last."""
    return x.isel(case=-1, drop=True) - x.isel(case=0, drop=True)


def in_order(x: Observed) -> xr.DataArray:
    """Return the least number of steps from the last of a phase to the first of the next.

    -1 where a phase is missing, negative where one comes back.
    """
    margins = xr.concat([phase(x) for phase in PHASES], "phase")
    there = margins > 0.0
    steps = xr.DataArray(np.arange(there.sizes["case"], dtype=float), dims="case")
    first = steps.where(there, np.inf).min("case")
    last = steps.where(there, -np.inf).max("case")
    gap = first.isel(phase=slice(1, None)) - last.isel(phase=slice(None, -1))
    every = there.any("case").all("phase")
    least = gap.min("phase").where(every, -1.0)
    return least.where(margins.notnull().all(["case", "phase"]))


def date(share: xr.DataArray) -> xr.DataArray:
    """Return how many states pass before an industry is mostly online."""
    before = (share <= 0.5).astype(float).cumprod("case").sum("case")
    return before.where(share.notnull().all("case"))


# --- the reference path, and others --------------------------------------------------

#: The first turn, in which it gets easier to find services; and where they can come to be apart.
FIRST, APART = range(6), range(3, 9)
BASE = scenarios.metropolis_and_town()

PATH = Experiment(
    words="the reference path",
    model=scenarios.metropolis_and_town,
    path=scenarios.digital_turn,
)


def cheap_search(economy: OnlineAgglomeration) -> xr.Dataset:
    """Return the reference path on which services are easy to find from the beginning."""
    found = scenarios.digital_turn(economy)
    last = found.search_cost.isel(step=-1, drop=True)
    return found.assign(search_cost=last.broadcast_like(found.search_cost).transpose("step", ...))


def alike(industry: str) -> xr.DataArray:
    """Return productivity without any place's lead in an industry."""
    return of_industry(BASE, "productivity", industry, 1.0)


def steps_of(path: Any, *steps: int) -> Any:
    """Return what makes some steps of a path: what a flip has to show is seen there."""
    return lambda economy: path(economy).sel(step=list(steps))


def on_path(words: str, path: Any, *mechanisms: Any, **changes: Any) -> Experiment:
    """Return a path of the reference economy with changes."""

    def made() -> OnlineAgglomeration:
        economy = BASE.replace(changes)
        return economy.with_mechanisms(*mechanisms) if mechanisms else economy

    return PATH.but(words, model=made, path=path)


def without(words: str, *steps: int, **changes: Any) -> Flip:
    """Return steps of the reference path of an economy without something."""
    path = steps_of(scenarios.digital_turn, *steps)
    return Flip(words=words, experiment=on_path(words, path, **changes))


NOTHING_LEARNT = without(
    "firms of manufacturing learn nothing", *range(3, 14), spillover=(0.0, 0.10)
)
GOODS_FIRST = Flip(
    words="goods go online before services",
    experiment=PATH.but("goods first", path=scenarios.manufacturing_first),
)

# --- conditions of the second turn ---------------------------------------------------


def caught_up(part: float) -> Any:
    """Return what makes productivity by which places have closed part of the gap in services."""

    def productivity(economy: OnlineAgglomeration) -> xr.DataArray:
        table = xr.DataArray(economy.productivity)
        closed = table + part * (table.max("place") - table)
        return table.where(table.industry != SERVICES, closed)

    return productivity


def scarce(part: float, *places: str) -> Any:
    """Return what makes land of which places, by default all, have but a part."""

    def land(economy: OnlineAgglomeration) -> xr.DataArray:
        table = xr.DataArray(economy.land)
        chosen = table.place.isin(places or list(scenarios.PLACES))
        return table.where(~chosen, part * table)

    return land


def incumbents(economy: OnlineAgglomeration) -> xr.DataArray:
    """Return the firms that are there before goods can be delivered online."""
    never = of_industry(economy, "digital_cost", GOODS, scenarios.DELIVERY[0])
    try:
        found = solve(economy.replace({"digital_cost": never, "sunk.share": 0.0}))
    except ConvergenceError:  # a negative number of firms has the draw refused
        return xr.DataArray(-1.0 * economy.productivity * economy.firm_scale)
    return xr.DataArray(found.data.firm_mass)


INSTITUTIONS = Experiment(
    words="the reference economy at step 8, as other places catch up with the best institutions",
    model=reference(8, productivity=BASE.productivity),
    states={f"{x:.0%} of the gap closed": {"productivity": caught_up(x)} for x in (0.0, 0.5, 1.0)},
)
CORE = Experiment(
    words="the reference economy at step 8, as land gets scarce",
    model=reference(8),
    states={
        f"{x:.0%} of the metropolis's land": {"land": scarce(x, "metropolis")}
        for x in (1.0, 0.75, 0.5)
    },
)
WRITTEN = Experiment(
    words="the reference economy at step 9, were services shipped as goods are, as more of them "
    "is digital",
    model=reference(9, transport_cost=(0.25, 0.25)),
    states={
        f"{x:.0%} digital": {
            "digitisability": lambda m, x=x: of_industry(m, "digitisability", SERVICES, x)
        }
        for x in (0.4, 0.7, 1.0)
    },
)
SPECIFIC = Experiment(
    words="the reference economy at step 14, of the firms that were there before goods could be "
    "sold online, as more of their cost is sunk",
    model=reference(14, mech.Sunk(share=0.0, before=1e-3)),
    states={
        f"{u:.0%} sunk": {"sunk.share": (u, 0.0), "sunk.before": incumbents}
        for u in (0.0, 0.2, 0.4)
    },
)


def entry_online(scale: float) -> Experiment:
    """Return delivery of services that gets cheaper where an online firm's fixed cost differs."""
    return Experiment(
        words="the reference economy at step 7, as services get cheaper to deliver online, with "
        f"fixed costs that are {scale:g} of those offline",
        model=reference(7, firm_scale=((1.0, 1.0), (1.0, scale))),
        states={
            f"delivery at {cost:g}": {
                "digital_cost": lambda m, cost=cost: of_industry(m, "digital_cost", SERVICES, cost)
            }
            for cost in (1.75, 1.5, 1.25)
        },
    )


# --- the third turn ------------------------------------------------------------------


THIRD_TURN = steps_of(scenarios.digital_turn, 12, 14, 17)
SAME_DELIVERY = Experiment(
    words="the reference economy at step 6, as both industries get cheaper to deliver at once",
    model=reference(6),
    states={
        f"delivery at {cost:g}": {"digital_cost": (cost, cost)}
        for cost in (2.0, 1.75, 1.55, 1.35, 1.2, 1.05)
    },
)
SHIPPED = Experiment(
    words="the reference economy at step 15, as more of goods has to be shipped",
    model=reference(15),
    states={f"{x:.0%} shipped": {"digitisability": (1.0 - x, 1.0)} for x in (0.0, 0.5, 1.0)},
)

CLAIMS = (
    Claim(
        number="17a",
        section="3.1",
        words="As long as services cannot be had from afar they are where manufacturing is.",
        predicts="at first both industries are clustered, offline, and together",
        experiment=PATH,
        margin=lambda x: co_located(x).isel(case=0, drop=True),
        flips=(
            Flip(
                words="services are easy to find from the beginning",
                experiment=PATH.but(
                    "search cheap from the beginning", path=steps_of(cheap_search, 0)
                ),
            ),
        ),
        why="Firms of manufacturing pay for the distance to what they buy most, services, and "
        "these for that to their buyers; so neither leaves the other.",
    ),
    Claim(
        number="17b1",
        section="3.1",
        words="In the first turn manufacturing leaves for cheap land, and services stay in the big "
        "city with its institutions and skills.",
        predicts="at some step they are clustered, offline, and in different places",
        experiment=PATH,
        margin=lambda x: sometime(separated(x)),
        flips=(
            NOTHING_LEARNT,
            without("institutions are alike everywhere", *APART, productivity=alike(SERVICES)),
            without("no goods are made of goods", *APART, inputs=((0.0, 0.03), (0.28, 0.05))),
        ),
        why="Once services are easy to get from afar, land decides for manufacturing and "
        "institutions for services. That two clusters come of it, and not one cluster and a "
        "scattered industry, takes what firms gain from neighbours of their own kind.",
    ),
    Claim(
        number="17b2",
        section="3.1",
        words="In the first turn the two come to be apart.",
        predicts="services are met less where goods are made, and the metropolis has less of goods",
        experiment=PATH,
        margin=lambda x: all_of(
            -over_all(meets(x).isel(case=FIRST)),
            -over_all(in_place(x, "metropolis", GOODS).isel(case=FIRST)),
        ),
        why="Cheaper search is all that changes in the first turn. Manufacturing no longer pays "
        "for its distance to services, and does pay for land of the metropolis.",
    ),
    Claim(
        number="17b3",
        section="3.1",
        words="In the first turn services gather in the big city.",
        predicts="services are denser at the end of the first turn than at its beginning",
        experiment=PATH,
        margin=lambda x: over_all(density(x).isel(case=FIRST)),
        flips=(
            Flip(
                words="the stylised path, on which the city is small at first",
                experiment=Experiment(
                    words="the stylised path of four places",
                    model=OnlineAgglomeration,
                    path=steps_of(scenarios.stylised_turn, *FIRST),
                ),
            ),
        ),
        why="Manufacturing takes buyers of services with it as it leaves, and who can serve from "
        "afar can also be afar. Services gather only where the city did not have nearly all of "
        "them before, so that what it gains from distant buyers is more than what it loses.",
    ),
    Claim(
        number="18a",
        section="3.1",
        words="In the second turn services go online and disperse, while manufacturing stays "
        "clustered offline.",
        predicts="at some step services are online and scattered, goods neither",
        experiment=PATH,
        margin=lambda x: sometime(one_sided(x)),
        flips=(NOTHING_LEARNT,),
        why="Online firms hear all others wherever they are, so services need no place. Goods "
        "stay clustered by what their firms learn nearby and buy of each other; without that "
        "they are scattered before.",
    ),
    Claim(
        number="18b1",
        section="3.1",
        words="The second turn needs institutions that converge.",
        predicts="more services are online where other places have caught up",
        experiment=INSTITUTIONS,
        margin=lambda x: rises(online_share(x)),
        why="Good institutions anywhere let firms do without the metropolis and what is learnt "
        "there. They go online rather than serve their own place because there is as much to "
        "learn; without a common pool how many are online hardly depends on it, either way.",
    ),
    Claim(
        number="18b2",
        section="3.1",
        words="The second turn needs costs that rise in the core.",
        predicts="more services are online where land of the metropolis is scarcer",
        experiment=CORE,
        margin=lambda x: rises(online_share(x)),
        flips=(
            Flip(
                words="land is scarcer everywhere",
                experiment=CORE.but(
                    "everywhere",
                    states={f"{x:.0%} of all land": {"land": scarce(x)} for x in (1.0, 0.75, 0.5)},
                ),
            ),
        ),
        why="Dear land takes people, and services for them, out of the metropolis to places that "
        "have too few firms to learn from but those online. Only what it costs more than "
        "elsewhere counts.",
    ),
    Claim(
        number="18b3",
        section="3.1",
        words="Services turn first because more of them can be digital.",
        predicts="more services are online where more of what they are is digital",
        experiment=WRITTEN,
        margin=lambda x: rises(online_share(x)),
        flips=(
            Flip(
                words="services have no weight to be shipped",
                experiment=WRITTEN.where("weightless", {"transport_cost": (0.25, 0.0)}),
            ),
        ),
        why="What is digital saves its freight online and only there; what weighs nothing has "
        "none to save.",
    ),
    Claim(
        number="18b4",
        section="3.1",
        words="Manufacturing stays because its assets are specific.",
        predicts="goods are denser and less online where more of their firms' cost is sunk",
        experiment=SPECIFIC,
        margin=lambda x: all_of(rises(density(x, GOODS)), falls(online_share(x, GOODS))),
        flips=(
            Flip(
                words="next to no firms were there before",
                experiment=SPECIFIC.but(
                    "of new firms",
                    states={
                        f"{u:.0%} sunk": {"sunk.share": (u, 0.0), "sunk.before": 1e-9}
                        for u in (0.0, 0.2, 0.4)
                    },
                ),
            ),
        ),
        why="A firm that would not come may stay, as leaving does not bring its assets back. It "
        "holds those who are there; who comes has nothing sunk.",
    ),
    Claim(
        number="18c",
        section="3.1",
        words="Small service firms dissolve into self-employed people on platforms.",
        predicts="firms of services become more and smaller as delivery gets cheaper, online at "
        "half the fixed cost",
        experiment=entry_online(0.5),
        margin=lambda x: all_of(rises(firms(x)), falls(firm_size(x) / x.wage.mean("place"))),
        flips=(Flip(words="it takes twice as much online", experiment=entry_online(2.0)),),
        why="A firm is as large as its fixed cost demands. Services that go where that is low are "
        "made by more and smaller firms, and by fewer and larger ones where it is high.",
    ),
    Claim(
        number="19a",
        section="3.1",
        words="In the third turn manufacturing goes online too, and is made in scattered places.",
        predicts="at the end both industries are online and scattered, three fifths of freight "
        "kept",
        experiment=PATH,
        margin=lambda x: two_sided(x).isel(case=-1, drop=True),
        flips=(
            Flip(
                words="all goods have to be shipped",
                experiment=PATH.but("freight kept", path=steps_of(scenarios.freight_kept, 17)),
            ),
            without("firms of manufacturing hear nothing online", 17, online_spillover=(0.0, 2.0)),
        ),
        why="Firms online learn from each other wherever they are, which scatters them; freight "
        "alone, which is the same offline, does not keep goods there.",
    ),
    Claim(
        number="19b",
        section="3.1",
        words="Manufacturing online makes services online more convenient in turn.",
        predicts="services go further online as goods do, if who buys online is served better",
        experiment=on_path(
            "at steps 12, 14 and 17, services easier to deliver to who buys online",
            THIRD_TURN,
            mech.BuyerOnline(complementarity=(0.0, 0.5)),
        ),
        margin=lambda x: rises(online_share(x)),
        flips=(
            Flip(
                words="it makes no difference how buyers buy",
                experiment=on_path("at steps 12, 14 and 17", THIRD_TURN),
            ),
        ),
        why="Firms that sell online buy online, where services reach them more easily. By the "
        "third turn nearly all services are online, and manufacturing that leaves its cluster "
        "takes buyers to places that services served online before: the second is often more.",
    ),
    Claim(
        number="19c1",
        section="3.1",
        words="Manufacturing goes online later than services.",
        predicts="services are mostly online before goods are",
        experiment=PATH,
        margin=lambda x: date(online_share(x, GOODS)) - date(online_share(x)),
        flips=(GOODS_FIRST,),
        why="On a path the order is that of its own steps: delivery of services gets cheap first.",
    ),
    Claim(
        number="19c2",
        section="3.1",
        words="Even if both can be delivered at the same cost, services go first.",
        predicts="on average over costs of delivery more of services is online than of goods",
        experiment=SAME_DELIVERY,
        margin=lambda x: (online_share(x) - online_share(x, GOODS)).mean("case", skipna=False),
        flips=(
            Flip(
                words="goods need no more freight online than services",
                experiment=SAME_DELIVERY.where("goods all digital", {"digitisability": 1.0}),
            ),
        ),
        why="Goods carry their freight with them online, services have none. Goods that need not "
        "be shipped would save it online, and go first.",
    ),
    Claim(
        number="19c3",
        section="3.1",
        words="Manufacturing has a long way to go, as things have to be moved.",
        predicts="less of goods is online the more of them has to be shipped",
        experiment=SHIPPED,
        margin=lambda x: falls(online_share(x, GOODS)),
        flips=(
            Flip(
                words="goods weigh nothing",
                experiment=SHIPPED.where("weightless", {"transport_cost": 0.0}),
            ),
        ),
        why="What is digital saves its freight online; what is shipped pays it either way.",
    ),
    Claim(
        number="19d",
        section="3.1",
        words="The phases come in this order, and none comes back.",
        predicts="all four phases are there, each after the last step of the one before",
        experiment=PATH,
        margin=in_order,
        flips=(GOODS_FIRST,),
        why="The order is that of what falls first: search for services, their delivery, then "
        "that of goods. Where goods can be sold online first, services are never clustered apart "
        "from a cluster of goods.",
    ),
)
