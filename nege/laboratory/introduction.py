"""Section 1: why industry clusters, what digital trade does to that, and what online is."""

from __future__ import annotations

from typing import Any

import numpy as np
import xarray as xr

from nege.geography import equidistant
from nege.laboratory.claim import Claim, Experiment, Flip
from nege.laboratory.economies import reference
from nege.laboratory.observed import (
    SAME,
    SERVICES,
    Observed,
    all_of,
    falls,
    icebergs,
    online_share,
    rises,
)
from nege.models.agglomeration.model import OnlineAgglomeration
from nege.models.classical.core_periphery import CorePeriphery
from nege.studies import scenarios

# --- clustering feeds on itself (1) --------------------------------------------------

LEAD = 0.51


def _two_regions() -> CorePeriphery:
    return CorePeriphery(equidistant(2), sigma=5.0, mu=0.4, trade_cost=1.5)


CHEAP_TRADE = Experiment(
    words="Krugman's two regions at a trade cost of 1.5, of which one starts with 51 per cent",
    model=_two_regions,
    states={"in the end": {}},
    start=lambda model: [LEAD, 1.0 - LEAD],
)
FOLLOWING = Experiment(
    words="the reference economy at step 0, as people move more readily",
    model=reference(0),
    states={
        f"elasticity of migration times {x:g}": {
            "migration_elasticity": lambda m, x=x: x * m.migration_elasticity
        }
        for x in (0.25, 0.5, 1.0)
    },
)


def _lead_grows(x: Observed) -> xr.DataArray:
    """Return by how much the region that starts ahead is further ahead in the end."""
    return x.share.isel(case=0, region=0, drop=True) - LEAD


def _clusters(x: Observed) -> xr.DataArray:
    """Return how much more of each industry is in the metropolis, step by step."""
    cost = x.total_cost.sum("channel", skipna=False)
    return rises(cost.sel(place="metropolis", drop=True) / cost.sum("place", skipna=False))


# --- rents and people of the core, and the fate of clusters (2, 3) -------------------


def _turn(*steps: int) -> Any:
    return lambda economy: scenarios.digital_turn(economy).sel(step=list(steps))


TURNS = Experiment(
    words="the reference economy along its first two turns",
    model=reference(0),
    path=_turn(0, 3, 6, 9, 11),
)
GAINING = Experiment(
    words="the reference economy at step 6, as the metropolis gets better at services",
    model=reference(6),
    states={
        f"a lead times {x:g}": {"productivity": lambda m, x=x: _leading(m, x)}
        for x in (0.5, 1.0, 1.5)
    },
)


def _leading(economy: OnlineAgglomeration, times: float) -> xr.DataArray:
    """Return productivity where the lead of the best place in services is so many times its own."""
    lead = economy.productivity - 1.0
    return 1.0 + lead.where(lead.industry != SERVICES, times * lead)


def _rent(x: Observed) -> xr.DataArray:
    """Return the rent of the first place over the average of the others."""
    others = x.rent.isel(place=slice(1, None)).mean("place", skipna=False)
    return x.rent.isel(place=0, drop=True) / others


def _people(x: Observed) -> xr.DataArray:
    return x.population.isel(place=0, drop=True)


def _fates(x: Observed) -> xr.DataArray:
    """Return how far some cluster dissolves, another grows, and a third is born.

    A place is a cluster of an industry where its share is more than that of land. How far it
    dissolves is the lesser of how much it was above and how much it is below, at any two steps.
    """
    land = x.parameter("land")
    cost = x.total_cost.sum("channel", skipna=False)
    over = cost / cost.sum("place", skipna=False) - land / land.sum("place")
    before = over.isel(case=slice(None, -1)).drop_vars("case")
    after = over.isel(case=slice(1, None)).drop_vars("case")
    smaller: Any = np.minimum
    dims = [dim for dim in before.dims if dim not in ("draw", "case")]
    fates = (smaller(before, -after), smaller(before, after - before), smaller(-before, after))
    cells = [f.max("case", skipna=False).stack(cell=dims).transpose("draw", ...) for f in fates]
    return _apart(*(cell.values for cell in cells), draw=before.draw.values)


def _apart(*fates: np.ndarray, draw: np.ndarray) -> xr.DataArray:
    """Return the best that three different cells have to show, each for a fate of its own."""
    one, other, third = fates
    least = np.minimum(one[:, :, None, None], other[:, None, :, None])
    least = np.minimum(least, third[:, None, None, :])
    at = np.arange(one.shape[1])
    a, b, c = np.ix_(at, at, at)
    least = np.where((a == b) | (b == c) | (a == c), -np.inf, least)
    least = np.where(np.isnan(one).any(1)[:, None, None, None], np.nan, least)
    return xr.DataArray(least.max((1, 2, 3)), {"draw": draw})


# --- what online is (4, 5) -----------------------------------------------------------

NO_DISTANCE = Experiment(
    words="the reference economy where delivery online costs nothing and goods weigh nothing",
    model=reference(11),
    states={"digital cost of one": {"digital_cost": 1.0, "digitisability": 1.0}},
)
NO_DIFFERENCE = {
    **{"search_cost": 0.0, "digitisability": 0.0, "digital_cost": 1.0, "firm_scale": 1.0},
    **{"commission": 0.0, "online_spillover": 0.0},
}
MIRROR = Experiment(
    words="the reference economy where online trade costs what offline trade does, and teaches "
    "as much",
    model=reference(8),
    states={
        name: {**NO_DIFFERENCE, **changes}
        for name, changes in {
            "platforms take a commission": {"commission": 0.05},
            "no difference": {},
            "clients offline have to be searched for": {"search_cost": 0.05},
        }.items()
    },
)


def _nearer(x: Observed) -> xr.DataArray:
    """Return by how much the same sellers reach any buyer more cheaply online than offline.

    In logs of price indices over all sellers, platforms' commission left out; of the buyer and
    the industry where it is least.
    """
    sigma, mass = x.parameter("sigma"), x.firm_mass
    price = x.total_cost / mass / x.parameter("firm_scale")
    supply = (mass ** x.parameter("variety") * price ** (1.0 - sigma)).sum("channel", skipna=False)
    reached = (supply * icebergs(x) ** (1.0 - sigma)).sum("place", skipna=False)
    offline, online = (reached.sel(channel=c, drop=True) for c in ("offline", "online"))
    logs: Any = np.log(online / offline) / (sigma - 1.0)
    return xr.DataArray(logs.min([dim for dim in logs.dims if dim != "draw"], skipna=False))


def _mirrors(x: Observed) -> xr.DataArray:
    """Return whether half is online where channels are alike, and any difference tells."""
    every = [online_share(x, name) for name in x.industry.values.tolist()]
    alike = [SAME - abs(share.isel(case=1, drop=True) - 0.5) for share in every]
    return all_of(*alike, *(rises(share) for share in every))


CLAIMS = (
    Claim(
        number="1a",
        section="1",
        words="Clustering is cumulative: where industry leads a little, more of it comes.",
        predicts="a region that starts with 51 per cent of industry ends with more",
        experiment=CHEAP_TRADE,
        margin=_lead_grows,
        flips=(
            Flip(
                words="trade between the regions is dear",
                experiment=CHEAP_TRADE.where("dear trade", {"trade_cost": 2.1}),
            ),
        ),
        why="More firms mean cheaper goods and a larger market, which draw workers and firms; "
        "rivals are nearer too, and where trade is dear that is what counts. The border between "
        "the two is Krugman's break point. Which region it is is left to history: another start "
        "ends in the other one.",
    ),
    Claim(
        number="1b",
        section="1",
        words="Firms and workers draw each other into the same place.",
        predicts="the more readily people move, the more of both industries is in the metropolis",
        experiment=FOLLOWING,
        margin=_clusters,
        flips=(
            Flip(
                words="services reach all places online, as at step 11",
                experiment=Experiment(
                    words="the reference economy at step 11, as people move more readily",
                    model=reference(11),
                    states=FOLLOWING.states,
                ),
            ),
        ),
        why="People bring demand and work to where firms are, and so more firms. It takes trade "
        "that has to be near: once services are delivered from anywhere they do not hold the "
        "metropolis together.",
    ),
    Claim(
        number="2a",
        section="1",
        words="As remote contact gets cheap, land in the clusters gets dearer.",
        predicts="the metropolis' rent, over that of other places, rises along the turns",
        experiment=TURNS,
        margin=lambda x: rises(_rent(x)),
        flips=(Flip(words="the metropolis gets better at services", experiment=GAINING),),
        why="Rent is what being there is worth. What makes it worth less to be in the metropolis "
        "lowers its rent, and people leave with it, not because of it. Rents rise where the core "
        "gains an advantage of its own, and then people come.",
    ),
    Claim(
        number="2b",
        section="1",
        words="So people leave the clusters.",
        predicts="the metropolis' share of people falls along the turns",
        experiment=TURNS,
        margin=lambda x: falls(_people(x)),
        flips=(Flip(words="the metropolis gets better at services", experiment=GAINING),),
        why="They leave as soon as what is made there can be had elsewhere, and it is the jobs "
        "that go, not rents that drive them out.",
    ),
    Claim(
        number="3",
        section="1",
        words="Some clusters dissolve, some grow stronger, and some are born.",
        predicts="along the turns one industry of some place falls below its share by land, "
        "another gets further above it, and a third rises above it",
        experiment=TURNS,
        margin=_fates,
        flips=(
            Flip(
                words="nothing but delivery online changes, at step 0",
                experiment=Experiment(
                    words="the reference economy at step 0, as online delivery gets cheaper",
                    model=reference(0),
                    states={f"digital cost of {x:g}": {"digital_cost": x} for x in (3.0, 2.5, 2.0)},
                ),
            ),
        ),
        why="Industries differ in what they need, and places in what they have: services leave "
        "goods, goods gather where land is cheap, and services spread. Where delivery online is "
        "still dear beside what a cluster saves, it moves nobody.",
    ),
    Claim(
        number="4",
        section="1",
        words="Online there is no distance between any two.",
        predicts="at no digital cost the same sellers reach every buyer more cheaply online",
        experiment=NO_DISTANCE,
        margin=_nearer,
        flips=(
            Flip(
                words="delivery online costs what it did at the start",
                experiment=NO_DISTANCE.but(
                    "dear online",
                    states={"as at step 0": {"digital_cost": 3.0, "digitisability": 0.0}},
                ),
            ),
        ),
        why="A property: without distance the nearest seller is no nearer than any other. While "
        "delivery online has a cost, buyers in a cluster have their sellers next door.",
    ),
    Claim(
        number="5",
        section="1",
        words="What is sold online is just as real: only the transaction differs.",
        predicts="where channels cost the same half of sales is online, less with a commission, "
        "and more where clients offline have to be searched for",
        experiment=MIRROR,
        margin=_mirrors,
        flips=(
            Flip(
                words="firms online learn from each other wherever they are",
                experiment=MIRROR.but(
                    "with a pool of knowledge online",
                    states={
                        name: {**changes, "online_spillover": 1.0}
                        for name, changes in MIRROR.states.items()
                    },
                ),
            ),
        ),
        why="A property: tastes and technology do not ask how a thing is sold, so that channels "
        "differ in costs alone. The pool of online knowledge is the one exception: it makes "
        "firms better by being there.",
    ),
)
