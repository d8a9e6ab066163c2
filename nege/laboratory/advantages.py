"""Section 4.1: what is better about agglomeration online."""

from __future__ import annotations

import xarray as xr

from nege.laboratory.claim import Claim, Experiment, Flip, NotModelled
from nege.laboratory.economies import of_industry, reference, simple
from nege.laboratory.firms import ENTRY, adds_more, delivery, log
from nege.laboratory.observed import (
    GOODS,
    SERVICES,
    Observed,
    all_of,
    falls,
    firms,
    price_gap,
    rises,
)
from nege.models.agglomeration import mechanisms as mech
from nege.studies import scenarios

# --- fusion (23) ---------------------------------------------------------------------

MAKE_OR_BUY = mech.Sourcing(penalty={SERVICES: 1.3}, elasticity=4.0)
FUSION = Experiment(
    words="the reference economy at step 7, whose firms make services or buy them, as these get "
    "cheaper to deliver online",
    model=reference(7, MAKE_OR_BUY),
    states=delivery(SERVICES, 1.75, 1.4, 1.05),
)
FIRST_TURN = Experiment(
    words="the reference economy at step 0, whose firms make services or buy them, as these get "
    "easier to find",
    model=reference(0, MAKE_OR_BUY),
    states={
        f"search at {cost:g}": {
            "search_cost": lambda m, cost=cost: of_industry(m, "search_cost", SERVICES, cost)
        }
        for cost in (2.0, 0.9, 0.25)
    },
)


def fused(x: Observed) -> xr.DataArray:
    """Return what industries buy of each other, over all that they use."""
    return x.data["sourcing.fused"] / x.total_cost.sum(["industry", "place", "channel"])


def bought_apart(x: Observed) -> xr.DataArray:
    """Return how much more of their services some makers of goods buy than others elsewhere."""
    share = x.data["sourcing.bought"].sel(input=SERVICES, industry=GOODS, drop=True)
    return share.max("place", skipna=False) - share.min("place", skipna=False)


# --- work (24, N10) ------------------------------------------------------------------


def remote(step: int) -> Experiment:
    """Return work that gets easier to do from elsewhere."""
    return Experiment(
        words=f"the simple economy at step {step}, as less of remote work is lost on the way",
        model=simple(step, remote_labour_share=(0.2, 0.5)),
        states={f"{x:g} for one that counts": {"remote_friction": x} for x in (2.0, 1.5, 1.0)},
    )


UNPAID = Experiment(
    words="the simple economy at step 9, where half of remote work is lost, as firms online need "
    "more of it",
    model=simple(9, remote_friction=2.0),
    states={
        f"{x:.0%} of labour in services": {"remote_labour_share": (0.4 * x, x)}
        for x in (0.0, 0.25, 0.5)
    },
)
TIES = Experiment(
    words="the simple economy at step 7, as remote work gets easier for people who leave home "
    "for little or for much",
    model=simple(7, remote_labour_share=(0.2, 0.5)),
    states={
        f"migration elasticity {ties:g}, {x:g} for one that counts": {
            "migration_elasticity": ties,
            "remote_friction": x,
        }
        for ties in (3.0, 12.0)
        for x in (2.0, 1.0)
    },
)


def from_home(x: Observed) -> xr.DataArray:
    """Return the part of people who do not live where their homes are."""
    home = x.parameter("home_weight")
    return 0.5 * abs(x.population - home / home.sum("place")).sum("place", skipna=False)


REST = tuple(place for place in scenarios.PLACES if place != "town")


def infrastructure(worth: float) -> Experiment:
    """Return a town that taxes what its people buy, and spends it on what they have in common."""
    places = mech.Jurisdictions(members={"park": ["town"], "rest": list(REST)})
    levy = mech.Tax(
        name="park",
        rate=0.0,
        base="destination",
        buyers="households",
        destinations="town",
        proceeds=mech.PublicGood(worth=worth),
    )
    return Experiment(
        words="the reference economy at step 11, as the town spends on infrastructure worth "
        f"{worth:g} of what it costs",
        model=reference(11, places, levy),
        states={f"{x:.0%} of what people buy": {"park.rate": x} for x in (0.0, 0.05, 0.1)},
    )


# --- data (25) -----------------------------------------------------------------------

USERS = {SERVICES: 0.01}


def by_product(returns: float) -> Experiment:
    """Return data that grow with participants at some rate, as services go online."""
    data = mech.DataEconomy.open(weight=USERS, fixed_cost=0.01, returns=returns)
    return Experiment(
        words="the simple economy at step 7, as services get cheaper to deliver online and leave "
        f"data that grow by {returns:g} per cent for one of participants",
        model=simple(7, data),
        states=delivery(SERVICES, 1.4, 1.3, 1.2),
    )


def reached(fixed_cost: float) -> Experiment:
    """Return data of which more can be used, at some fixed cost of their centre."""
    data = mech.DataEconomy.open(weight=USERS, fixed_cost=fixed_cost)
    return Experiment(
        words="the simple economy at step 8, as more of the data can be used, whose centre costs "
        f"{fixed_cost:g}",
        model=simple(8, data),
        states={f"{x:.0%} of data": {"data_economy.access": x} for x in (0.0, 0.5, 1.0)},
    )


def participants(x: Observed) -> xr.DataArray:
    """Return the mass of service firms online."""
    mass = x.firm_mass.sel(industry=SERVICES, channel="online", drop=True)
    return mass.sum("place", skipna=False)


def data_each(x: Observed) -> xr.DataArray:
    """Return data of services per participant."""
    return x.data_stock.sel(industry=SERVICES, drop=True) / participants(x)


# --- entry, information, competition (26 to 28) --------------------------------------

FEW = mech.Oligopoly("cournot", firms_per_mass=50.0)
KNOWN = Experiment(
    words="the simple economy at step 7, of few firms, as buyers know more of them",
    model=simple(7, FEW),
    states={f"{x:.0%} known": {"oligopoly.awareness": x} for x in (0.5, 0.75, 1.0)},
)


def rivals(scale: float) -> Experiment:
    """Return few firms, as services go online, of which online ones have another fixed cost."""
    return Experiment(
        words="the simple economy at step 7, of few firms, as services get cheaper to deliver "
        f"online, with fixed costs that are {scale:g} of those offline",
        model=simple(7, FEW, firm_scale=((1.0, 1.0), (1.0, scale))),
        states=delivery(SERVICES, 1.4, 1.2, 1.05),
    )


def markup(x: Observed) -> xr.DataArray:
    """Return the markup on services that people pay, on average."""
    asked = x.markup.sel(industry=SERVICES, drop=True)
    return (asked * x.population).sum("place", skipna=False)


CLAIMS = (
    Claim(
        number="23a",
        section="4.1",
        words="Industries fuse, as distance no longer keeps them apart.",
        predicts="industries buy more of each other, and make less themselves, as services get "
        "cheaper to deliver",
        experiment=FUSION,
        margin=lambda x: rises(fused(x)),
        flips=(Flip(words="services get easier to find offline", experiment=FIRST_TURN),),
        why="Bought services get cheaper where firms are. In the first turn manufacturing leaves "
        "the city that has the services, and makes more of them itself.",
    ),
    Claim(
        number="23b",
        section="4.1",
        words="How much industries buy of each other no longer depends on where they are.",
        predicts="makers of goods buy more equal parts of their services across places",
        experiment=FUSION,
        margin=lambda x: falls(bought_apart(x)),
        why="Online a service costs the same everywhere.",
    ),
    Claim(
        number="24a",
        section="4.1",
        words="People work online, for as many hours as they have.",
        predicts="more of pay is for remote work as less of it is lost",
        experiment=remote(7),
        margin=lambda x: rises(x.remote_share.mean("place", skipna=False)),
        why="Who may choose works where an hour brings more.",
    ),
    Claim(
        number="24b",
        section="4.1",
        words="Fewer have to leave home for work.",
        predicts="fewer people live away from home as less of remote work is lost",
        experiment=remote(7),
        margin=lambda x: falls(from_home(x)),
        flips=(Flip(words="services have left the city", experiment=remote(11)),),
        why="Jobs of the city can be had at home. Where they have left it anyway, remote work "
        "lets the city's people stay who would follow them.",
    ),
    Claim(
        number="24c",
        section="4.1",
        words="All gain by it.",
        predicts="welfare rises as less of remote work is lost",
        experiment=remote(7),
        margin=lambda x: rises(x.welfare),
        flips=(Flip(words="firms need remote work that is lost by half", experiment=UNPAID),),
        why="Less is lost. That work can be remote is itself no gain, if firms online cannot do "
        "without it and it is dear.",
    ),
    Claim(
        number="25a",
        section="4.1",
        words="Data are a by-product of selling online, and grow faster than who takes part.",
        predicts="participants, and data for each of them, rise as delivery gets cheaper",
        experiment=by_product(2.0),
        margin=lambda x: all_of(rises(participants(x)), rises(data_each(x))),
        flips=(Flip(words="more data of the same say less", experiment=by_product(0.5)),),
        why="That delivery brings participants is found; that data grow faster is assumed, and "
        "is what the paper says.",
    ),
    Claim(
        number="25b",
        section="4.1",
        words="Data bring in more participants.",
        predicts="more service firms are online the more of data can be used",
        experiment=reached(0.01),
        margin=lambda x: rises(participants(x)),
        why="Data make firms online, who alone use them, more productive.",
    ),
    Claim(
        number="25c",
        section="4.1",
        words="Data make everybody better off.",
        predicts="welfare rises the more of data can be used",
        experiment=reached(0.01),
        margin=lambda x: rises(x.welfare),
        flips=(Flip(words="their centre costs ten times as much", experiment=reached(0.1)),),
        why="What one firm learns of data another can still use. Their centre has to be paid "
        "whether much is used or little.",
    ),
    Claim(
        number="26",
        section="4.1",
        words="It takes less to enter.",
        predicts="there are more firms of services as it gets cheaper to start online",
        experiment=ENTRY,
        margin=lambda x: rises(firms(x)),
        why="At free entry sales of a firm are what it takes to run one.",
    ),
    Claim(
        number="27a",
        section="4.1",
        words="Buyers know more of what is sold, so sellers can ask less.",
        predicts="the highest markup of services falls as buyers know more sellers",
        experiment=KNOWN,
        margin=lambda x: falls(x.markup.sel(industry=SERVICES, drop=True).max("place")),
        why="A seller that is one of many that a buyer knows loses more by asking more.",
    ),
    Claim(
        number="27b",
        section="4.1",
        words="So prices become more alike.",
        predicts="prices of services differ less across places as buyers know more sellers",
        experiment=KNOWN,
        margin=lambda x: falls(price_gap(x)),
        why="Markups become more alike, but places differ in costs and in what firms there are, "
        "and which firms come depends on what is known of them as well.",
    ),
    Claim(
        number="28a",
        section="4.1",
        words="Firms on platforms are many, and compete harder.",
        predicts="the markup that people pay on services falls as these go online, at half the "
        "fixed cost",
        experiment=rivals(0.5),
        margin=lambda x: falls(markup(x)),
        flips=(Flip(words="it takes four times as much online", experiment=rivals(4.0)),),
        why="A buyer meets sellers of all places online, and a seller has a small part of each "
        "market, so its markup is low. It falls as long as sellers online are smaller than those "
        "that they replace.",
    ),
    Claim(
        number="28b",
        section="4.1",
        words="They compete harder though it takes no less to be there.",
        predicts="the markup that people pay on services falls as these go online, at the same "
        "fixed cost",
        experiment=rivals(1.0),
        margin=lambda x: falls(markup(x)),
        why="Sellers online are no smaller then. There are most of them while both channels are "
        "used; as one of them takes all there are fewer again, with higher markups.",
    ),
    Claim(
        number="N10a",
        section="4.1",
        words="Leaving home has a cost of its own, which flexible work spares people.",
        predicts="easier remote work adds more to welfare where people are tied to home",
        experiment=TIES,
        margin=lambda x: adds_more(log(x.welfare)),
        why="Who would not leave can take jobs from elsewhere; who leaves easily has them anyway.",
    ),
    Claim(
        number="N10b",
        section="4.1",
        words="Parks keep people and firms by their infrastructure.",
        predicts="the town has more people the more it spends on infrastructure",
        experiment=infrastructure(1.5),
        margin=lambda x: rises(x.population.sel(place="town", drop=True)),
        flips=(
            Flip(words="infrastructure is worth half its cost", experiment=infrastructure(0.5)),
        ),
        why="People come for what is worth more to them than its tax, and firms for them.",
    ),
    NotModelled(
        number="N10c",
        section="4.1",
        words="People work for several employers, and firms share employees.",
        why="Hours of work are sold in one market each, near and remote, so nobody counts "
        "employers; that takes contracts between people and firms that are told apart.",
    ),
)
