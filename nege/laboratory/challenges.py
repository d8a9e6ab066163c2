"""Section 4.2: what is hard about digital trade: data, platforms, taxes, security; N1, N2, N8."""

from __future__ import annotations

from typing import Any

import numpy as np
import xarray as xr

from nege.errors import ConvergenceError, InputError
from nege.laboratory.claim import Claim, Experiment, Flip
from nege.laboratory.economies import of_services, reference, simple
from nege.laboratory.observed import (
    GOODS,
    SERVICES,
    Observed,
    all_of,
    falls,
    online_share,
    rises,
)
from nege.models.agglomeration import mechanisms
from nege.solvers.long_run import solve

mech: Any = mechanisms  # classes whose parameters are declared by fields

PLACES = mech.Jurisdictions("places")
HALVES = {"north": ["0", "1"], "south": ["2", "3"]}
BLOCS = mech.Jurisdictions(HALVES, movement="within", land="jurisdiction", people=[0.5, 0.5])
OWNED: dict[str, Any] = {
    "platform_owner": (0.25,) * 4
}  # by all places alike, so that blocs own what is theirs


def _closer(part: float, **more: Any) -> dict[str, Any]:
    """Return changes that leave a part of what delivering services online loses."""

    def cost(economy: Any) -> Any:
        now = float(economy.digital_cost.sel(industry=SERVICES))
        return of_services(economy, "digital_cost", 1.0 + (now - 1.0) * part)

    return {"digital_cost": cost, **more}


# --- data (29, N2) ---------------------------------------------------------------------

DATA = mech.DataEconomy(weight={SERVICES: 0.01}, fixed_cost={SERVICES: 0.005})
HOARDED = {"data_economy.access": 0.0}
OWN = {"data_economy.access": 0.1}
#: Ten who have a tenth of all data each, and a data centre each.
TEN = {**OWN, "data_economy.fixed_cost": lambda m: 10.0 * m.mechanisms["data_economy"].fixed_cost}
FREE = {"data_economy.fixed_cost": 0.0}
SOLD = {"data_economy.pricing": "average"}
MONOPOLY = {"data_economy.pricing": "monopoly", "data_economy.owner": "platform"}

RIGHTS = Experiment(
    words="the reference economy at step 11, as rights in data are cleared",
    model=reference(11, DATA),
    states={
        "nobody may use them": HOARDED,
        "firms use their own": {**OWN, **FREE},
        "consumers sell them at cost": SOLD,
    },
)
CENTRES = Experiment(
    words="the reference economy at step 11, by who keep a data centre",
    model=reference(11, DATA),
    states={"ten, each for its own": TEN, "none": HOARDED, "one that sells to all": MONOPOLY},
)

# --- platforms (30, 32b, N1) -----------------------------------------------------------

DUOPOLY = Experiment(
    words="two platforms in the simple economy at step 7, as online delivery gets cheaper",
    model=simple(7, mech.Platforms(number=2, network={SERVICES: 0.2})),
    states={"as it is": {}, "a third of it lost": _closer(1.0 / 3.0)},
)


def _more(economy: Any) -> Any:
    return economy.commission + 0.01


RENTS = Experiment(
    words="the reference economy at step 8, as online delivery gets cheaper",
    model=reference(8),
    states={
        "far": {},
        "far, one per cent more is taken": {"commission": _more},
        "near": _closer(0.4),
        "near, one per cent more is taken": _closer(0.4, commission=_more),
    },
)


def _elasticity(x: Observed, state: str) -> xr.DataArray:
    """Return the elasticity of a platform's sales of services to what sellers keep."""
    ends = []
    for which in (state, f"{state}, one per cent more is taken"):
        at = x.state(which)
        kept: Any = np.log(1.0 - at.parameter("commission").sel(industry=SERVICES))
        cost = at.total_cost.sel(industry=SERVICES, channel="online").sum("place", skipna=False)
        ends.append((np.log(cost) - kept - np.log(at.wage.mean("place", skipna=False)), kept))
    return xr.DataArray((ends[0][0] - ends[1][0]) / (ends[0][1] - ends[1][1]))


def _collects_more(x: Observed) -> xr.DataArray:
    income = x.income.sum("place", skipna=False)
    share = x.commission_revenue / income
    easier = _elasticity(x, "far") - _elasticity(x, "near")
    return all_of(easier, share.sel(case="near") - share.sel(case="far"))


PASSED_ON = Experiment(
    words="the reference economy at step 11, as platforms take five per cent more",
    model=reference(11),
    states={"before": {}, "after": {"commission": lambda m: m.commission + 0.05}},
)


def _paid_by_buyers(x: Observed) -> xr.DataArray:
    """Return by how much more prices of services rise than the commission, where least."""
    price: Any = np.log(x.price_index.sel(industry=SERVICES, drop=True))
    kept: Any = np.log(1.0 - x.parameter("commission").sel(industry=SERVICES, drop=True))
    return rises(price + kept)


STEERED = Experiment(
    words="the simple economy at step 9, a fifth of firms online the platform's own",
    model=simple(9, mech.Platforms(steering=mech.Steering(affiliates={SERVICES: 0.2}))),
    states={
        f"buyers see {np.exp(x):.2g} times as much of these": {
            "platforms.steering.strength": xr.DataArray([0.0, x], {"industry": [GOODS, SERVICES]})
        }
        for x in (0.0, 1.0)
    },
)

NEUTRAL = STEERED.where("no affiliates", {"platforms.steering.affiliates": 0.0})


def _independents(x: Observed) -> xr.DataArray:
    """Return the part of sales online that is left to sellers who are not affiliates."""
    part = x.parameter("platforms.steering.affiliates").sel(industry=SERVICES)
    more: Any = np.exp(x.parameter("platforms.steering.strength").sel(industry=SERVICES))
    return xr.DataArray(online_share(x) * (1.0 - part) / (1.0 - part + part * more))


SQUEEZE = (0.03, 0.08)  # what the commission rises by: rents bear the first, not the second


def _posted(economy: Any) -> float:
    return float(economy.commission.sel(industry=SERVICES))


def _before(economy: Any) -> Any:
    """Return the firms that are there before the commission rises."""
    try:
        return solve(economy.replace({"posted_prices.posted": _posted(economy)})).data.firm_mass
    except ConvergenceError as error:
        raise InputError("sunk.before", "no firms", "those of an economy that is solved") from error


def _squeezed(by: float) -> dict[str, Any]:
    return {
        "posted_prices.posted": _posted,
        "sunk.before": _before,
        "commission": lambda m: of_services(m, "commission", _posted(m) + by),
    }


SQUEEZED = Experiment(
    words="the simple economy at step 9 with sunk cost and posted prices, as platforms take more",
    model=simple(9, mech.PostedPrices(posted=0.05, pass_through=0.0), mech.Sunk(share=0.2)),
    states={
        "before": _squeezed(0.0),
        "a little": _squeezed(SQUEEZE[0]),
        "much": _squeezed(SQUEEZE[1]),
    },
)


def _order(x: Observed) -> xr.DataArray:
    """Return whether rents go first, then firms, and prices rise as firms go."""
    on = {"industry": SERVICES, "channel": "online"}
    rents = x.data["sunk.quasi_rent"].sel(on).sum("place", skipna=False)
    firms = x.firm_mass.sel(on).sum("place", skipna=False)
    price = x.price_index.sel(industry=SERVICES)
    first, then = ["before", "a little"], ["a little", "much"]
    later = price.diff("case").diff("case").min("place", skipna=False).isel(case=0, drop=True)
    return all_of(falls(rents.sel(case=first)), falls(firms.sel(case=then)), later)


# --- taxes (31) ------------------------------------------------------------------------

TAXES = PLACES, mech.Tax("by_seller", 0.1, base="origin"), mech.Tax("by_buyer", 0.0)
BASES = Experiment(
    words="the simple economy at step 11, places that tax sales each for itself",
    model=simple(11, *TAXES),
    states={
        "taxed where sellers are": {},
        "taxed where buyers are": {
            "by_seller.rate": 0.0,
            "by_buyer.rate": lambda m: m.mechanisms["by_seller"].rate,
        },
    },
)


def _to_the_periphery(x: Observed) -> xr.DataArray:
    """Return what other places than the first gain, and the first loses, of revenue."""
    revenue = x.revenue.sel(wedge=["by_seller", "by_buyer"]).sum("wedge", skipna=False)
    core, rest = revenue.isel(jurisdiction=0), revenue.isel(jurisdiction=slice(1, None))
    return all_of(falls(core), rises(rest.sum("jurisdiction", skipna=False)))


def _of(label: str, dim: str, names: list[str]) -> Any:
    def table(x: float) -> xr.DataArray:
        return xr.DataArray([x if name == label else 0.0 for name in names], {dim: names})

    return table


_online = _of("online", "channel", ["offline", "online"])
_services = _of(SERVICES, "industry", [GOODS, SERVICES])

HIDDEN = Experiment(
    words="the simple economy at step 8 with a tax of a tenth on all sales",
    model=simple(8, mech.Tax("t", 0.1, leak={"offline": 0.0, "online": 0.5})),
    states={f"{x:.0%} of sales online hidden": {"t.leak": _online(x)} for x in (0.0, 0.5)},
)
INTANGIBLE = Experiment(
    words="the simple economy at step 8 with a tax of a tenth on all sales",
    model=simple(8, mech.Tax("t", 0.1, intangible={GOODS: 0.0, SERVICES: 0.5})),
    states={
        f"{x:.0%} of the value of services untaxed": {"t.intangible": _services(x)}
        for x in (0.0, 0.5)
    },
)


def _revenue(x: Observed) -> xr.DataArray:
    return x.revenue.sel(wedge="t").sum("jurisdiction", skipna=False)


# --- security (32a, 32c) ---------------------------------------------------------------

ATTACKS = Experiment(
    words="the simple economy at step 8, as more of what is sold online is at risk",
    model=simple(8, mech.Security("cyber", 0.05)),
    states={
        "safe": {"cyber.vulnerability": 0.0},
        "all of it": {},
    },
)


def _as_risky(economy: Any) -> float:
    """Return the iceberg of what attacks and protection take."""
    return float(1.0 / (1.0 - sum(economy.mechanisms["cyber"].protection())))


OFFLINE_TOO = Experiment(
    words="the simple economy at step 8, as much lost offline as online",
    model=simple(8, mech.Security("cyber", 0.05), mech.Friction("theft", 1.0, channels="offline")),
    states={
        "safe": {"cyber.vulnerability": 0.0, "theft.factor": 1.0},
        "all of it": {"theft.factor": _as_risky},
    },
)
ABROAD = Experiment(
    words="two blocs in the simple economy at step 9, as sales across borders get riskier",
    model=simple(9, BLOCS, mech.Security("cyber", 0.05, across_borders=0.05), **OWNED),
    states={
        "as at home": {},
        "three times as much": {
            "cyber.across_borders": lambda m: 3.0 * m.mechanisms["cyber"].across_borders
        },
    },
)


def _part_abroad(x: Observed) -> xr.DataArray:
    """Return the part of trade that crosses a border."""
    home = sum(x.trade.sel(seller=g, buyer=g, drop=True) for g in HALVES)
    return 1.0 - home / x.trade.sum(["seller", "buyer"], skipna=False)


# --- clusters and countries (N8) -------------------------------------------------------

PARK = mech.Tax("park", 0.0, base="origin", industries=GOODS, origins="1")
CLUSTER = Experiment(
    words="two blocs in the simple economy at step 11, one of which builds up a cluster",
    model=simple(11, BLOCS, PARK, **OWNED),
    states={"without": {}, "with a tenth of its sales paid": {"park.rate": -0.1}},
)


def _competitive(x: Observed) -> xr.DataArray:
    """Return whether a bloc sells more of all goods, and its people are better off."""
    cost = x.total_cost.sel(industry=GOODS).sum("channel", skipna=False)
    part = cost.sel(place=HALVES["north"]).sum("place", skipna=False) / cost.sum(
        "place", skipna=False
    )
    return all_of(rises(part), rises(x.jurisdiction_welfare.sel(jurisdiction="north")))


CLAIMS = (
    Claim(
        number="29",
        section="4.2",
        words="As long as nobody knows whose data are, they are neither priced nor traded.",
        predicts="welfare rises from data that nobody may use to data that firms use of their own "
        "to data that consumers sell",
        experiment=RIGHTS,
        margin=lambda x: rises(x.welfare),
        flips=(
            Flip(
                words="each that uses its own data bears the fixed cost of keeping them",
                experiment=RIGHTS.but(
                    "own data at a fixed cost",
                    states={
                        "nobody may use them": HOARDED,
                        "firms use their own": TEN,
                        "consumers sell them at cost": SOLD,
                    },
                ),
            ),
        ),
        why="Data can be used again without being used up, so the more may use them the more they "
        "are worth; but they have to be worth their fixed cost.",
    ),
    Claim(
        number="30a",
        section="4.2",
        words="Networks and increasing returns make one platform all but a monopolist.",
        predicts="the first platform's share rises as people come online",
        experiment=DUOPOLY,
        margin=lambda x: rises(x.platform_share.sel(industry=SERVICES, platform="1", drop=True)),
        flips=(
            Flip(
                words="users of one platform reach those of the other",
                experiment=DUOPOLY.where("interoperable", {"platforms.interoperability": 0.9}),
            ),
            Flip(
                words="to be on the same platform as others is worth little",
                experiment=DUOPOLY.where(
                    "small network", {"platforms.network": lambda m: _services(0.05)}
                ),
            ),
        ),
        why="A lead grows once networks, times how close platforms are as substitutes, times the "
        "share of buying that is online, outweigh the number of platforms; that share grows.",
    ),
    Claim(
        number="30b",
        section="4.2",
        words="Platforms collect what their sellers gain from being together online.",
        predicts="as online delivery gets cheaper a platform's sales depend less on what it leaves "
        "sellers, so that it can take more, and its part of income rises",
        experiment=RENTS,
        margin=_collects_more,
        flips=(
            Flip(
                words="clients are found at no cost offline, and nothing is learnt online",
                experiment=RENTS.but(
                    "offline as good",
                    states={
                        **dict(list(RENTS.states.items())[:2]),
                        **{
                            name: {**changes, "search_cost": 0.0, "online_spillover": 0.0}
                            for name, changes in list(RENTS.states.items())[2:]
                        },
                    },
                ),
            ),
        ),
        why="The better online is compared with offline, the less sellers and buyers can leave.",
    ),
    Claim(
        number="30c",
        section="4.2",
        words="In the end consumers pay for it.",
        predicts="prices of services rise everywhere by as much as the commission, or more",
        experiment=PASSED_ON,
        margin=_paid_by_buyers,
        flips=(
            Flip(
                words="most is bought offline",
                experiment=PASSED_ON.but("at step 8", model=reference(8)),
            ),
        ),
        why="Sellers earn nothing before and after, so buyers pay all of it; and more, as services "
        "are made with services, and as fewer firms offer less variety and less to learn from.",
    ),
    Claim(
        number="31a",
        section="4.2",
        words="Trade among many parties online moves tax bases from where sellers are to others.",
        predicts="taxing sales where buyers are gives the periphery more revenue and the core less",
        experiment=BASES,
        margin=_to_the_periphery,
        flips=(
            Flip(
                words="the core buys more than it sells, living on its rents",
                experiment=BASES.but("at step 6", model=simple(6, *TAXES)),
            ),
        ),
        why="It moves revenue to places that buy more than they sell. The core sells more "
        "than it buys only where its land earns more than its people own of all rents.",
    ),
    Claim(
        number="31b",
        section="4.2",
        words="What is sold online is hidden from the tax office more easily.",
        predicts="the more is hidden, the less is collected, and the more is sold online",
        experiment=HIDDEN,
        margin=lambda x: all_of(falls(_revenue(x)), rises(online_share(x))),
        flips=(
            Flip(
                words="as much is hidden offline",
                experiment=HIDDEN.but(
                    "as much hidden offline",
                    states={
                        f"{x:.0%} of sales online hidden": {
                            "t.leak": xr.DataArray([x, x], {"channel": ["offline", "online"]})
                        }
                        for x in (0.0, 0.5)
                    },
                ),
            ),
        ),
        why="What is hidden is a lower rate online, and sales go to where they are taxed less.",
    ),
    Claim(
        number="31c",
        section="4.2",
        words="What is intangible is hard to value, and so to tax.",
        predicts="revenue falls with the part of the value of services that escapes",
        experiment=INTANGIBLE,
        margin=lambda x: falls(_revenue(x)),
        flips=(
            Flip(
                words="the rate is beyond the one at which revenue is largest",
                experiment=INTANGIBLE.but(
                    "services sold online alone taxed, by half",
                    model=simple(
                        8,
                        mech.Tax(
                            "t", 0.5, channels="online", intangible={GOODS: 0.0, SERVICES: 0.5}
                        ),
                    ),
                ),
            ),
        ),
        why="It is the same as a lower rate, which collects less unless the rate is too high.",
    ),
    Claim(
        number="32a",
        section="4.2",
        words="Attacks and failures put trade online at risk.",
        predicts="the online share of services and welfare fall with the risk",
        experiment=ATTACKS,
        margin=lambda x: all_of(falls(online_share(x)), falls(x.welfare)),
        flips=(Flip(words="as much is lost offline", experiment=OFFLINE_TOO),),
        why="Losses and protection are like a higher cost of delivery; firms spend at most 1/e of "
        "the loss on protection. Where few are online yet, a cluster that keeps more of its firms "
        "can be worth more than what is lost.",
    ),
    Claim(
        number="32b",
        section="4.2",
        words="Platforms that know more favour their own by what they show.",
        predicts="sellers who are not affiliates lose sales, and welfare falls, with how much "
        "affiliates are favoured",
        experiment=STEERED,
        margin=lambda x: all_of(falls(_independents(x)), falls(x.welfare)),
        flips=(Flip(words="the platform has no sellers of its own", experiment=NEUTRAL),),
        why="Attention is only moved, to what buyers would not have chosen; that makes buying "
        "online worth less, and drives some of it away.",
    ),
    Claim(
        number="32c",
        section="4.2",
        words="Across borders security is worse.",
        predicts="as it gets riskier to sell online across borders, less is sold online, and a "
        "smaller part of trade crosses borders",
        experiment=ABROAD,
        margin=lambda x: all_of(falls(online_share(x)), falls(_part_abroad(x))),
        flips=(
            Flip(
                words="it gets riskier at home alone",
                experiment=ABROAD.but(
                    "riskier at home instead",
                    states={
                        "as at home": {},
                        "three times as much": {
                            "cyber.vulnerability": lambda m: (
                                3.0 * m.mechanisms["cyber"].vulnerability
                            )
                        },
                    },
                ),
            ),
        ),
        why="What is at risk abroad is bought at home instead, or offline.",
    ),
    Claim(
        number="N1",
        section="4.2",
        words="Platforms take their sellers' gains first, then squeeze sellers out, and at last "
        "consumers pay.",
        predicts="as the commission rises rents fall first, then firms leave, and prices rise more "
        "as they leave than before",
        experiment=SQUEEZED,
        margin=_order,
        flips=(
            Flip(
                words="prices follow the commission",
                experiment=SQUEEZED.where("prices follow", {"posted_prices.pass_through": 1.0}),
            ),
            Flip(
                words="nothing is sunk, so that there are no rents to take",
                experiment=SQUEEZED.where("nothing sunk", {"sunk.share": 0.0}),
            ),
        ),
        why="Sellers who cannot get their investment back stay while they cover what can be saved; "
        "where platforms bind prices, these rise only as varieties are lost. Rents last for a rise "
        "of the commission by the sunk part of fixed cost over sigma.",
    ),
    Claim(
        number="N2",
        section="4.2",
        words="A data centre costs much to have and little to use, so small firms and consumers "
        "have none, and who has one is a monopolist of data.",
        predicts="welfare is higher without data than where own data bear the fixed cost, and "
        "higher still where one monopolist sells to all",
        experiment=CENTRES,
        margin=lambda x: rises(x.welfare),
        flips=(
            Flip(
                words="keeping data costs nothing",
                experiment=CENTRES.but(
                    "no fixed cost",
                    states={
                        "ten, each for its own": {**OWN, **FREE},
                        "none": HOARDED,
                        "one that sells to all": {**MONOPOLY, **FREE},
                    },
                ),
            ),
        ),
        why="A fixed cost is worth bearing for everybody's data, not for one's own.",
    ),
    Claim(
        number="N8",
        section="4.2",
        words="Clusters make their country competitive.",
        predicts="a bloc that supports a cluster sells more of all goods and is better off",
        experiment=CLUSTER,
        margin=_competitive,
        flips=(
            Flip(
                words="firms learn nothing from each other",
                experiment=CLUSTER.where("no spillovers", {"spillover": 0.0}),
            ),
        ),
        why="What firms learn from neighbours is a gain that the market does not pay for; without "
        "it support sells goods too cheaply to others.",
    ),
)
