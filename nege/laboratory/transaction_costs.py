"""Sections 2.3 and 2.4: what firms find in a place, and what it costs to deal with others."""

from __future__ import annotations

from typing import Any

import xarray as xr

from nege.errors import ConvergenceError
from nege.laboratory.claim import Claim, Experiment, Flip
from nege.laboratory.economies import of_services, reference, simple
from nege.laboratory.externalities import DEARER_PLATFORMS, REMOTE, SECOND_TURN
from nege.laboratory.observed import (
    GOODS,
    SERVICES,
    Observed,
    all_of,
    bought_nearby,
    channels_of,
    density,
    falls,
    in_place,
    online_share,
    price_gap,
    rises,
    spread,
)
from nege.models.agglomeration.mechanisms.data_economy import DataEconomy
from nege.models.agglomeration.mechanisms.friction import Friction
from nege.models.agglomeration.mechanisms.institutions import Institutions
from nege.models.agglomeration.mechanisms.jurisdictions import Jurisdictions
from nege.models.agglomeration.mechanisms.quality import Quality
from nege.models.agglomeration.mechanisms.sourcing import COMPONENTS, Sourcing
from nege.models.agglomeration.mechanisms.sunk import Sunk
from nege.models.agglomeration.mechanisms.tax import Tax
from nege.models.agglomeration.mechanisms.workers import Workers
from nege.solvers.long_run import solve

PLACES = ("metropolis", "town", "north", "east", "south", "west")
CHEAPER = SECOND_TURN.states

# --- factors and demand (11, 12) -----------------------------------------------------

INTEREST = {place: 0.02 if place == "metropolis" else 0.08 for place in PLACES}


def _credit(channel: str) -> Tax:
    return Tax(name=channel, rate=INTEREST, base="origin", channels=channel, proceeds="everyone")


def _lending(rate: float, part: float) -> Any:
    """Return interest online that has come so far from what it is offline to a rate for all."""
    return lambda m: (1.0 - part) * m.mechanisms["offline"].rate + part * rate


def _credit_at(rate: float) -> dict[str, dict[str, Any]]:
    return {
        f"{part:.0%} of the way": {"online.rate": _lending(rate, part)} for part in (0.0, 0.5, 1.0)
    }


CREDIT = Experiment(
    words="the reference economy at step 8 with credit that is cheap in the metropolis, as credit "
    "for online sellers comes to cost 1 per cent everywhere",
    model=reference(8, Jurisdictions(members="places"), _credit("offline"), _credit("online")),
    states=_credit_at(0.01),
)
DATA = Experiment(
    words="the reference economy at step 8 with open data, as online delivery of services gets "
    "cheaper",
    model=reference(8, DataEconomy.open(weight={SERVICES: 0.01}, fixed_cost=0.01)),
    states=CHEAPER,
)


def _reviews(offline: float, online: float) -> Quality:
    return Quality(seen={"offline": offline, "online": online}, convexity=6.0, cost=0.01)


REVIEWS = Experiment(
    words="the reference economy at step 8 where buyers see more of quality online, as online "
    "delivery of services gets cheaper",
    model=reference(8, _reviews(0.3, 0.6)),
    states=CHEAPER,
)


def _quality(x: Observed) -> xr.DataArray:
    """Return the quality of services, averaged over channels by sales.

    z^eta = e/((1-e) q) with e = B (sigma-1)/eta, as firms choose it.
    """
    sigma, eta, cost, seen, commission = (
        x.parameter(name).sel(industry=SERVICES, drop=True)
        for name in ("sigma", "quality.convexity", "quality.cost", "quality.seen", "commission")
    )
    effort = seen * (sigma - 1.0) / eta
    chosen = (effort / ((1.0 - effort) * cost)) ** (1.0 / eta)
    spent = x.total_cost.sel(industry=SERVICES, drop=True).sum("place", skipna=False)
    sales = spent / channels_of(1.0 - commission)
    return (sales * chosen).sum("channel", skipna=False) / sales.sum("channel", skipna=False)


# --- institutions (14, N9) -----------------------------------------------------------

LEAD = 1.3  # of the metropolis in services, as its institutions make it
GOVERNMENT = Experiment(
    words="the reference economy at step 8 whose metropolis leads by its institutions alone, as "
    "digital government brings other places up to it",
    model=reference(
        8,
        Institutions(quality=[LEAD, 1.0, 1.0, 1.0, 1.0, 1.0], intensity=[0.0, 1.0]),
        productivity=[[1.0, 1.03, 1.0, 1.0, 1.0, 1.0], [1.0] * 6],
    ),
    states={f"{x:.0%} of the way": {"institutions.convergence": x} for x in (0.0, 0.5, 1.0)},
)


def _metropolis_at(part: float) -> Any:
    """Return the quality of contracts, with so much of the metropolis' lead."""

    def found(economy: Any) -> xr.DataArray:
        quality: xr.DataArray = economy.mechanisms["institutions"].quality
        return quality.min() + part * (quality - quality.min())

    return found


def _leading(*parts: float) -> dict[str, dict[str, Any]]:
    return {f"{x:.0%} of the lead": {"institutions.quality": _metropolis_at(x)} for x in parts}


def _swapped(table: xr.DataArray) -> xr.DataArray:
    """Return numbers of two industries with each having those of the other."""
    return table.copy(data=table.values[::-1])


def _needing(swapped: bool = False) -> dict[str, dict[str, Any]]:
    def times(x: float) -> Any:
        def found(economy: Any) -> xr.DataArray:
            intensity: xr.DataArray = economy.mechanisms["institutions"].intensity
            return x * (_swapped(intensity) if swapped else intensity)

        return found

    return {f"{x:g} times": {"institutions.intensity": times(x)} for x in (0.5, 1.0, 2.0)}


CONTRACTS = Experiment(
    words="four places of which one has better contracts, at step 6, as services need them more",
    model=simple(
        6,
        Institutions(quality=[1.0, 0.8, 0.8, 0.8], intensity=[0.0, 0.5]),
        productivity=1.0,
    ),
    states=_needing(),
)
SKILL = Experiment(
    words="four places of which one leads in services, at step 6, with workers of two kinds",
    model=simple(6, Workers(skilled=0.3, skill=[0.2, 0.6])),
    states={"services need more skill": {}},
)


def _sits_where_contracts_hold(x: Observed) -> xr.DataArray:
    services, goods = (in_place(x, "0", name) for name in (SERVICES, GOODS))
    return all_of(rises(services), (services - goods).min("case", skipna=False))


def _skill_in_city(x: Observed) -> xr.DataArray:
    """Return by how much more of skilled people than of others are in the city."""
    odds = x.data["workers.odds"]
    kinds = (x.population * odds / (1.0 + odds), x.population / (1.0 + odds))
    skilled, others = (
        (kind / kind.sum("place", skipna=False)).sel(place="0", drop=True) for kind in kinds
    )
    return (skilled - others).min("case", skipna=False)


# --- transaction costs (15, 16, N4) --------------------------------------------------

NOT_EASED = "as it is"


def _only(component: str) -> Any:
    """Return what technology can take away, of one component alone."""

    def found(economy: Any) -> xr.DataArray:
        eased: xr.DataArray = economy.mechanisms["sourcing"].eased
        return eased.where(eased.component == component, 0.0)

    return found


def _eased(**also: Any) -> dict[str, dict[str, Any]]:
    """Return states in which one component after another is taken away, and more with it."""
    states: dict[str, dict[str, Any]] = {NOT_EASED: {"sourcing.progress": 0.0}}
    for name in COMPONENTS:
        states[name] = {"sourcing.progress": 1.0, "sourcing.eased": _only(name), **also}
    return states


def _inside(times: float) -> Any:
    """Return what it takes firms to make an input themselves, times a number."""
    return lambda m: times * m.mechanisms["sourcing"].penalty


SIZES = dict(zip(COMPONENTS, (0.3, 0.1, 0.2, 0.05, 0.15, 0.1), strict=True))  # no estimates
DEALING = Experiment(
    words="four places at step 8 where firms make or buy services, and components of transaction "
    "cost add from 5 to 30 per cent to what they buy",
    model=simple(8, Sourcing(penalty={SERVICES: 1.3}, transaction_cost=SIZES)),
    states=_eased(),
)
INSIDE_TOO = DEALING.but(
    "organising a firm gets easier by two fifths meanwhile, more than any component saves",
    states=_eased(**{"sourcing.penalty": _inside(0.6)}),
)
MAKE_OR_BUY = Experiment(
    words="the reference economy at step 8 where firms make or buy services, as online delivery "
    "of these gets cheaper",
    model=reference(8, Sourcing(penalty={SERVICES: 1.3})),
    states=CHEAPER,
)


def _bought(x: Observed) -> xr.DataArray:
    """Return the part of services that firms buy of those that they need."""
    needed = x.parameter("inputs").sel(input=SERVICES, drop=True)
    needed = needed * x.total_cost.sum("channel", skipna=False)
    dims = ["industry", "place"]
    share: xr.DataArray = x.data["sourcing.bought"].sel(input=SERVICES, drop=True)
    return (share * needed).sum(dims, skipna=False) / needed.sum(dims, skipna=False)


def _without(component: str) -> Any:
    """Return the margin of a component: more is bought once it is gone, and all are better off."""

    def margin(x: Observed) -> xr.DataArray:
        both = x.states([NOT_EASED, component])
        return all_of(rises(_bought(both)), rises(both.welfare))

    return margin


def _component(number: str, component: str, words: str, also: str = "") -> Claim:
    return Claim(
        number=number,
        section="2.4",
        words=words,
        predicts="firms buy more of the services they need, and welfare rises, once "
        f"{component} costs nothing",
        experiment=DEALING,
        margin=_without(component),
        flips=(Flip(words="organising a firm gets easier by more", experiment=INSIDE_TOO),),
        why="What is lost in dealing with others is lost to all, and it is what keeps services "
        "inside firms. Nothing but its size tells one component from another in this. What helps "
        f"firms to organise themselves pulls the other way.{also}",
    )


def _search(*costs: float) -> dict[str, dict[str, Any]]:
    return {
        f"search cost of {x:g}": {"search_cost": lambda m, x=x: of_services(m, "search_cost", x)}
        for x in costs
    }


SEARCH = Experiment(
    words="four places at step 0, as finding clients of services offline gets cheaper",
    model=simple(0),
    states=_search(1.5, 1.0, 0.6, 0.4),
)
SEARCH_IN_METROPOLIS = Experiment(
    words="the reference economy at step 0, as finding clients of services offline gets cheaper",
    model=reference(0),
    states=_search(2.0, 0.9, 0.4, 0.1),
)
HAGGLING = Experiment(
    words="the reference economy at step 8 where a sixth of what services bring online is lost in "
    "agreeing on prices, as that is saved",
    model=reference(
        8, Friction(name="haggling", factor=1.2, channels="online", industries=SERVICES)
    ),
    states={f"a factor of {x:g} on costs": {"haggling.factor": x} for x in (1.2, 1.1, 1.0)},
)


# --- specific assets (N3) ------------------------------------------------------------

FROM_CLUSTER = {"digital_cost": 1.6, "digitisability": 0.2}  # of goods: steps 13 and 17
FROM_ONLINE = {"digital_cost": 1.05, "digitisability": 0.4}


def _grown(past: dict[str, float]) -> Any:
    """Return the firms of each economy as it was with other costs of goods, nothing sunk."""

    def found(economy: Any) -> xr.DataArray:
        changes: dict[str, Any] = {"sunk.share": 0.0}
        for name, value in past.items():
            table = getattr(economy, name)
            changes[name] = table.where(table.industry != GOODS, value)
        try:
            firms: xr.DataArray = solve(economy.replace(changes)).data.firm_mass
        except ConvergenceError:  # no past to come from: counted as no economy
            firms = xr.full_like(economy.mechanisms["sunk"].before, -1.0)
        return firms

    return found


HISTORY = Experiment(
    words="the reference economy at step 14 where two fifths of manufacturing's fixed cost are "
    "sunk, after costs of step 17 and after costs of step 13",
    model=reference(14, Sunk(share=[0.4, 0.0])),
    states={
        "after goods were online": {"sunk.before": _grown(FROM_ONLINE)},
        "after they were clustered": {"sunk.before": _grown(FROM_CLUSTER)},
    },
)


def _locked_in(x: Observed) -> xr.DataArray:
    return all_of(rises(density(x, GOODS)), falls(online_share(x, GOODS)))


CLAIMS = (
    Claim(
        number="11a",
        section="2.3",
        words="Digital finance gives firms credit wherever they are.",
        predicts="more services are online and fewer people in the metropolis as credit for "
        "online sellers gets cheap everywhere",
        experiment=CREDIT,
        margin=lambda x: all_of(
            rises(online_share(x)), falls(x.population.sel(place="metropolis", drop=True))
        ),
        flips=(
            Flip(
                words="credit online gets dearer",
                experiment=CREDIT.but("at 12 per cent instead", states=_credit_at(0.12)),
            ),
        ),
        why="Cheap credit is one of the things that a metropolis has and others have not. Interest "
        "is a cost of selling: those who pay less of it online sell there, from anywhere.",
    ),
    Claim(
        number="11b",
        section="2.3",
        words="Firms find skilled labour online.",
        predicts="wages differ less among places as remote work loses less",
        experiment=REMOTE,
        margin=lambda x: falls(spread(x.wage)),
        why="It does where the metropolis pays most: who can work for its firms from elsewhere is "
        "paid as they pay there. Where the town pays most it is for goods, which hands make on "
        "the spot, and the gap may widen.",
    ),
    Claim(
        number="11c",
        section="2.3",
        words="Data become a factor of production that activity online supplies.",
        predicts="the stock of data about services grows as online delivery gets cheaper",
        experiment=DATA,
        margin=lambda x: rises(x.data_stock.sel(industry=SERVICES, drop=True)),
        flips=(
            Flip(
                words="platforms take more instead",
                experiment=DATA.but("platforms take more instead", states=DEARER_PLATFORMS),
            ),
        ),
        why="Each firm online leaves data. More of them make data cheaper to use, which brings "
        "more firms.",
    ),
    Claim(
        number="12",
        section="2.3",
        words="Many demanding buyers who review what they buy raise quality.",
        predicts="the average quality of services rises as online delivery gets cheaper",
        experiment=REVIEWS,
        margin=lambda x: rises(_quality(x)),
        flips=(
            Flip(
                words="buyers see less of quality online",
                experiment=REVIEWS.but(
                    "who see more of it offline", model=reference(8, _reviews(0.6, 0.3))
                ),
            ),
        ),
        why="A firm makes its goods as good as buyers can tell. So it depends on whether reviews "
        "show more than seeing and touching does.",
    ),
    Claim(
        number="14",
        section="2.3",
        words="Digital government gives every place the institutions that cities had.",
        predicts="services get less dense as institutions elsewhere come up to the metropolis'",
        experiment=GOVERNMENT,
        margin=lambda x: falls(density(x)),
        flips=(
            Flip(
                words="it is the metropolis whose institutions get better",
                experiment=GOVERNMENT.but("which widens instead", states=_leading(1.0, 1.5, 2.0)),
            ),
        ),
        why="Better contracts are why services are in the metropolis. What all places have is no "
        "reason to be in one.",
    ),
    Claim(
        number="14b",
        section="2.3",
        words="And all gain by it.",
        predicts="welfare rises as institutions elsewhere come up to the metropolis'",
        experiment=GOVERNMENT,
        margin=lambda x: rises(x.welfare),
        flips=(
            Flip(
                words="institutions converge down",
                experiment=GOVERNMENT.but("which is lost instead", states=_leading(1.0, 0.5, 0.0)),
            ),
        ),
        why="More places are good to be in. It is the level that counts, not that places are "
        "alike: the metropolis may come down to the others as well.",
    ),
    _component(
        *("15a", "search", "Partners and prices are found at once."),
        also=" Search that grows with distance is claim 16.",
    ),
    _component(
        *("15b", "bargaining", "Terms are posted and compared, not bargained over."),
        also=" What it does to prices is claim N4.",
    ),
    _component(
        *("15c", "specificity", "Assets serve many buyers, and so depend less on one."),
        also=" What it does to clusters is claim N3.",
    ),
    _component("15d", "uncertainty", "Data make trade more frequent and less uncertain."),
    _component(
        *("15e", "contracting", "Contracts are standard, and executed by machines."),
        also=" Courts that differ among places are claim N9.",
    ),
    _component("15f", "monitoring", "What partners do can be seen and rated."),
    Claim(
        number="16",
        section="2.4",
        words="Distance made dealing costly and so made clusters; where dealing is cheap they "
        "erode.",
        predicts="services get less dense as searching for their clients gets cheaper",
        experiment=SEARCH,
        margin=lambda x: falls(density(x)),
        flips=(
            Flip(
                words="searching is cheap already",
                experiment=SEARCH.but("from where it is cheap", states=_search(0.4, 0.2, 0.0)),
            ),
            Flip(
                words="it is delivery online that gets cheaper",
                experiment=Experiment(
                    words="four places at step 7, as online delivery of services gets cheaper",
                    model=simple(7),
                    states={
                        f"digital cost of {x:g}": {
                            "digital_cost": lambda m, x=x: of_services(m, "digital_cost", x)
                        }
                        for x in (1.4, 1.2, 1.1)
                    },
                ),
            ),
        ),
        why="Offline it has a hump. While distance is dear services are where their clients are; "
        "as it gets cheaper they first gather where they are best, and serve others from there; "
        "only when it is nearly nothing does place stop mattering. Online it erodes clusters.",
    ),
    Claim(
        number="16c",
        section="2.4",
        words="So they do where a metropolis has everything.",
        predicts="services get less dense as searching for their clients gets cheaper, from a "
        "metropolis that has both industries",
        experiment=SEARCH_IN_METROPOLIS,
        margin=lambda x: falls(density(x)),
        flips=(Flip(words="services have yet to gather", experiment=SEARCH),),
        why="Where nearly all of both industries is in one place there is nothing left to gather: "
        "goods leave first, and clients take services with them. The hump is of economies that "
        "start spread.",
    ),
    Claim(
        number="16b",
        section="2.4",
        words="Where dealing is cheap firms buy rather than make, and not from next door.",
        predicts="firms buy more of the services they need, and a smaller part of services nearby, "
        "as online delivery gets cheaper",
        experiment=MAKE_OR_BUY,
        margin=lambda x: all_of(rises(_bought(x)), falls(bought_nearby(x))),
        flips=(
            Flip(
                words="organising a firm gets easier by a fifth each time as well",
                experiment=MAKE_OR_BUY.but(
                    "and organising a firm by a fifth each time",
                    states={
                        name: {**changes, "sourcing.penalty": _inside(times)}
                        for (name, changes), times in zip(
                            CHEAPER.items(), (1.0, 0.8, 0.64), strict=True
                        )
                    },
                ),
            ),
        ),
        why="The border of the firm is where buying costs what making does. Delivery that gets "
        "cheaper moves it towards the market, and the market away from the place.",
    ),
    Claim(
        number="N3",
        section="2.4",
        words="Assets that serve one use or partner alone hold firms where they are.",
        predicts="manufacturing is denser, and less of it online, where it comes from a cluster "
        "than where it comes from online, at the same costs",
        experiment=HISTORY,
        margin=_locked_in,
        flips=(
            Flip(
                words="nothing is sunk",
                experiment=HISTORY.where("nothing sunk", {"sunk.share": 0.0}),
            ),
        ),
        why="Those who have paid stay for less than would bring anybody there. So a cluster lives "
        "on at costs at which none would form, and what is online stays there as well.",
    ),
    Claim(
        number="N4",
        section="2.4",
        words="Big data find prices, and nobody has to bargain.",
        predicts="prices of services differ less among places as agreeing on prices online costs "
        "less",
        experiment=HAGGLING,
        margin=lambda x: falls(price_gap(x)),
        flips=(
            Flip(
                words="it is offline that agreeing gets cheaper",
                experiment=HAGGLING.but(
                    "offline instead",
                    model=reference(
                        8,
                        Friction(
                            name="haggling", factor=1.2, channels="offline", industries=SERVICES
                        ),
                    ),
                ),
            ),
        ),
        why="What is bought online costs the same everywhere, and more is bought there. Cheaper "
        "haggling in shops takes trade back to where every place has prices of its own.",
    ),
    Claim(
        number="N9",
        section="2.3",
        words="Services need institutions: they live by contracts.",
        predicts="more of services than of goods is where contracts hold best, and the more so "
        "the more services need them",
        experiment=CONTRACTS,
        margin=_sits_where_contracts_hold,
        flips=(
            Flip(
                words="goods are what needs contracts",
                experiment=CONTRACTS.but("goods need them instead", states=_needing(swapped=True)),
            ),
        ),
        why="A place where contracts hold is worth most to those who have to agree on most in "
        "advance; others leave the dear land there to them.",
    ),
    Claim(
        number="N9b",
        section="2.3",
        words="And they need skills, which are in the city.",
        predicts="more of skilled people than of others live in the city that leads in services",
        experiment=SKILL,
        margin=_skill_in_city,
        flips=(
            Flip(
                words="goods need more skill",
                experiment=SKILL.where(
                    "goods need more skill",
                    {"workers.skill": lambda m: _swapped(m.mechanisms["workers"].skill)},
                ),
            ),
        ),
        why="Skilled people are where the industry is that needs them. Where goods are made with "
        "more skill they leave the city with goods.",
    ),
)
