"""Section 5: policies: rules of trade, rights in data, taxes, platforms kept in check."""

from __future__ import annotations

from typing import Any

import numpy as np
import xarray as xr
from scipy.interpolate import BarycentricInterpolator

from nege.laboratory.challenges import (
    BLOCS,
    DATA,
    DUOPOLY,
    FREE,
    HALVES,
    MONOPOLY,
    NEUTRAL,
    OWN,
    OWNED,
    SOLD,
    STEERED,
)
from nege.laboratory.claim import Claim, Experiment, Flip
from nege.laboratory.economies import reference, simple
from nege.laboratory.observed import (
    GOODS,
    SAME,
    SERVICES,
    Observed,
    all_of,
    falls,
    online_share,
    rises,
)
from nege.models.agglomeration import mechanisms

mech: Any = mechanisms  # classes whose parameters are declared by fields

# --- rules of trade (33) ---------------------------------------------------------------

TARIFF = mech.Tariff("digital", {"north": 0.0}, channels="online")
RATES = (0.0, 0.02, 0.25, 2.0)


def _of_the_north(rate: float) -> dict[str, Any]:
    return {"digital.rate": xr.DataArray([rate, 0.0], {"jurisdiction": list(HALVES)})}


TARIFFS = Experiment(
    words="two blocs in the simple economy at step 15, one of which taxes what it buys online",
    model=simple(15, BLOCS, TARIFF, **OWNED),
    states={f"{rate:.0%}": _of_the_north(rate) for rate in RATES},
    large_rates=True,  # of 200 per cent: where revenue falls again
)


def _hump(x: xr.DataArray) -> xr.DataArray:
    """Return by how much the largest state between exceeds the first and the last."""
    most = x.isel(case=slice(1, -1)).max("case", skipna=False)
    return all_of(most - x.isel(case=0, drop=True), most - x.isel(case=-1, drop=True))


def _of_the_author(x: Observed) -> xr.DataArray:
    return x.jurisdiction_welfare.sel(jurisdiction="north", drop=True)


def _of_the_world(x: Observed) -> xr.DataArray:
    """Return by how much a bloc's people are better off on average without any tariff."""
    logs: Any = np.log(x.jurisdiction_welfare)
    mean = logs.mean("jurisdiction", skipna=False)
    loss = mean.isel(case=0, drop=True) - mean.isel(case=slice(1, None))
    return xr.DataArray(loss.min("case", skipna=False))


BORDER = mech.Friction("border", 1.2, crossing="border", industries=SERVICES, channels="offline")
ONE_MARKET = Experiment(
    words="the simple economy at step 3, with a border for services inside the country",
    model=simple(3, mech.Jurisdictions(HALVES), BORDER),
    states={f"{x - 1.0:.0%} of what crosses it is lost": {"border.factor": x} for x in (1.2, 1.0)},
)

# --- data (34, 36) ---------------------------------------------------------------------

MARKET = Experiment(
    words="the reference economy at step 11, as data become tradable",
    model=reference(11, DATA),
    states={"firms use their own": {**OWN, **FREE}, "consumers sell them at cost": SOLD},
)
PRICING = Experiment(
    words="the reference economy at step 11, by how data are priced",
    model=reference(11, DATA),
    states={"marginal cost": {}, "average cost": SOLD, "monopoly": MONOPOLY},
)


def _between(x: Observed) -> xr.DataArray:
    """Return whether average cost lies between, breaks even, and its price and welfare do."""
    services = {"industry": SERVICES}
    profit = x.data_profit.sel(services, drop=True)
    price = x.data_price.sel(services, drop=True)
    loses = -profit.sel(case="marginal cost", drop=True)
    return all_of(rises(price), falls(x.welfare), loses)


# --- taxes (35) ------------------------------------------------------------------------

PARTS = (0.2, 0.5, 0.8, 1.1)  # of the rate on shops; what raises as much is between
WASTED: dict[str, Any] = {"buyers": "households", "proceeds": mech.PublicGood(worth=0.0)}
SHOPS = mech.Tax("shops", 0.1, channels="offline", **WASTED)
UNIFORM = mech.Tax("uniform", 0.0, **WASTED)


def _uniform(part: float) -> dict[str, Any]:
    return {"shops.rate": 0.0, "uniform.rate": lambda m: part * m.mechanisms["shops"].rate}


REFORM = Experiment(
    words="the simple economy at step 8, shops taxed by a tenth, no commission",
    model=simple(8, SHOPS, UNIFORM, commission=0.0),
    states={
        "shops alone": {"uniform.rate": 0.0},
        **{f"all alike, {part:.0%} of that rate": _uniform(part) for part in PARTS},
    },
)


def _at_equal_revenue(x: Observed) -> xr.DataArray:
    """Return what a uniform tax gains in ln U that raises as much, in real terms.

    Welfare at that revenue is read off the polynomial through the uniform rates, among which
    revenue has to rise in the rate and to be what is raised before: beyond them it may be anything.
    """
    raised = x.group_income.sel(group="government").values
    logs = np.log(x.welfare.values)
    gain = np.full(raised.shape[0], np.nan)
    for at, (real, utility) in enumerate(zip(raised, logs, strict=True)):
        rises_throughout = np.isfinite(real).all() and (np.diff(real[1:]) > 0.0).all()
        if rises_throughout and real[1] <= real[0] <= real[-1]:
            gain[at] = BarycentricInterpolator(real[1:], utility[1:])(real[0]) - utility[0]
    return xr.DataArray(gain, {"draw": x.welfare.draw.values})


# --- platforms (37 to 40) --------------------------------------------------------------

ALIKE = Experiment(
    words="two platforms in the simple economy at step 9 that maximise profit",
    model=simple(
        9,
        mech.Platforms(
            number=2,
            network={SERVICES: 0.05},
            marginal_cost={SERVICES: 0.02},
            pricing=mech.ProfitMaximising(response="buyers"),
        ),
    ),
    states={
        f"{part:.0%} of the other's users reached": {"platforms.interoperability": part}
        for part in (0.0, 1.0)
    },
)


def _lead_is_gone(x: Observed) -> xr.DataArray:
    """Return whether the first of two platforms has a lead that ends at half of the market."""
    share = x.platform_share.sel(industry=SERVICES, platform="1", drop=True)
    return all_of(falls(share), SAME - abs(share.isel(case=-1, drop=True) - 0.5))


def _contestable(network: float) -> Any:
    pricing = mech.Contestable(marginal_cost={SERVICES: 0.03}, fixed_cost={SERVICES: 0.01})
    costs = {"marginal_cost": {SERVICES: 0.02}, "fixed_cost": {SERVICES: 0.01}}
    return simple(9, mech.Platforms(pricing=pricing, network={SERVICES: network}, **costs))


def _first_commission(x: Observed) -> xr.DataArray:
    return x.platform_commission.sel(industry=SERVICES, platform="1", drop=True)


def _entry(part: float) -> dict[str, Any]:
    name = "platforms.pricing.fixed_cost"
    return {name: lambda m: part * m.mechanisms["platforms"].pricing.fixed_cost}


BARRIERS = Experiment(
    words="a platform in the simple economy at step 9 that others may enter against",
    model=_contestable(0.0),
    states={
        "with barriers": _entry(1.0),
        "without": _entry(0.0),
    },
)


def _keeps(times: float) -> dict[str, Any]:
    def commission(economy: Any) -> Any:
        cost = economy.mechanisms["platforms"].marginal_cost
        return times * cost

    return {"commission": commission}


INNOVATION = Experiment(
    words="a platform that invests in the simple economy at step 8, by what it may take",
    model=simple(
        8,
        mech.Platforms(
            marginal_cost={SERVICES: 0.02}, investment=mech.Investment(effect={SERVICES: 0.02})
        ),
    ),
    states={
        "what it costs": _keeps(1.0),
        "twice": _keeps(2.0),
        "three and a half times": _keeps(3.5),
        "ten times": _keeps(10.0),
    },
)


def _neutral(x: Observed) -> xr.DataArray:
    """Return whether welfare and the online share rise as steering ends."""
    end = x.data.case.values[::-1]
    back = x.states(end)
    return all_of(rises(back.welfare), rises(online_share(back)))


CLAIMS = (
    Claim(
        number="33a",
        section="5",
        words="Tariffs on digital trade are a question for rules: they raise money up to a point.",
        predicts="revenue of a digital tariff first rises with its rate and then falls",
        experiment=TARIFFS,
        margin=lambda x: _hump(x.revenue.sel(wedge="digital", jurisdiction="north", drop=True)),
        why="What is taxed is bought at home, or offline.",
    ),
    Claim(
        number="33b",
        section="5",
        words="A country alone can gain by a small digital tariff.",
        predicts="people of a bloc are better off with a tariff of two per cent than without",
        experiment=TARIFFS,
        margin=lambda x: rises(_of_the_author(x.states(["0%", "2%"]))),
        flips=(
            Flip(
                words="the tariff is large",
                experiment=TARIFFS.but(
                    "no tariff, or a large one",
                    states={"0%": _of_the_north(0.0), "2%": _of_the_north(0.6)},
                ),
            ),
            Flip(
                words="what it raises is wasted",
                experiment=TARIFFS.but(
                    "its revenue wasted",
                    model=simple(
                        *(15, BLOCS, TARIFF.replace(proceeds=mech.PublicGood(worth=0.0))), **OWNED
                    ),
                    states={"0%": _of_the_north(0.0), "2%": _of_the_north(0.02)},
                ),
            ),
        ),
        why="Others get less for what they sell; a large tariff loses the trade itself.",
    ),
    Claim(
        number="33c",
        section="5",
        words="Countries together lose by it, which is why rules are worth it.",
        predicts="people of both blocs lose on average at every rate",
        experiment=TARIFFS,
        margin=_of_the_world,
        flips=(
            Flip(
                words="what is bought online abroad is subsidised",
                experiment=TARIFFS.but(
                    "which subsidises it",
                    states={"0%": _of_the_north(0.0), "a subsidy": _of_the_north(-0.02)},
                ),
            ),
        ),
        why="What one gains in prices the other loses, and there is too little trade online to "
        "begin with: commissions are a tax on it, and others learn from who sells there.",
    ),
    Claim(
        number="33d",
        section="5",
        words="The domestic market for services should be one.",
        predicts="welfare rises as a border for services inside the country goes",
        experiment=ONE_MARKET,
        margin=lambda x: rises(x.welfare),
        why="A border wastes part of what crosses it. One market also gathers services where they "
        "are made best.",
    ),
    Claim(
        number="34",
        section="5",
        words="Rights in data first, and then prices for them.",
        predicts="use of data and welfare rise as data can be sold rather than only used at home",
        experiment=MARKET,
        margin=lambda x: all_of(
            rises(x.data_use.sel(industry=SERVICES, drop=True)), rises(x.welfare)
        ),
        why="All data are used by all, and what they cost is paid by those who use them.",
    ),
    Claim(
        number="35",
        section="5",
        words="Tax shops and trade online alike.",
        predicts="welfare is higher under a uniform tax than under one on shops that raises the "
        "same",
        experiment=REFORM,
        margin=_at_equal_revenue,
        flips=(
            Flip(
                words="platforms take a tenth already",
                experiment=REFORM.but(
                    "with a commission", model=simple(8, SHOPS, UNIFORM, commission=0.1)
                ),
            ),
        ),
        why="Equal wedges are best where nothing else is wedged. A commission that is a transfer "
        "is a tax online already: equal taxes on top of it make total wedges unequal.",
        undefined=f"no uniform tax at {PARTS[0]:.0%} to {PARTS[-1]:.0%} of the rate on shops "
        "raises the same, or a higher one raises no more",
    ),
    Claim(
        number="36",
        section="5",
        words="Data cost much to have and little to use: price them at average cost.",
        predicts="price rises and welfare falls from marginal cost to average cost to monopoly, "
        "and marginal cost does not cover the fixed cost",
        experiment=PRICING,
        margin=_between,
        flips=(
            Flip(
                words="there is no fixed cost",
                experiment=PRICING.but(
                    "no fixed cost",
                    states={
                        "marginal cost": FREE,
                        "average cost": {**SOLD, **FREE},
                        "monopoly": {**MONOPOLY, **FREE},
                    },
                ),
            ),
        ),
        why="Average cost needs no money from elsewhere, and asks no more than that. Where the "
        "fixed cost is more than a monopolist could earn, no price covers it.",
    ),
    Claim(
        number="37a",
        section="5",
        words="Let users of one platform reach those of others: then none takes all.",
        predicts="the first platform's lead is gone where all can be reached",
        experiment=DUOPOLY.but(
            "delivery cheap, by what can be reached",
            states={
                f"{part:.0%} reached": {
                    **DUOPOLY.states["a third of it lost"],
                    "platforms.interoperability": part,
                }
                for part in (0.0, 1.0)
            },
        ),
        margin=_lead_is_gone,
        flips=(
            Flip(
                words="networks are worth little, so that no platform has a lead",
                experiment=DUOPOLY.but(
                    "small network, delivery cheap",
                    states={
                        f"{part:.0%} reached": {
                            **DUOPOLY.states["a third of it lost"],
                            "platforms.network": xr.DataArray(
                                [0.0, 0.05], {"industry": [GOODS, SERVICES]}
                            ),
                            "platforms.interoperability": part,
                        }
                        for part in (0.0, 1.0)
                    },
                ),
            ),
        ),
        why="What draws buyers to the larger platform is whom they reach on it.",
    ),
    Claim(
        number="37b",
        section="5",
        words="Then platforms compete harder, and take less.",
        predicts="commissions fall with the part of the other's users that can be reached",
        experiment=ALIKE,
        margin=lambda x: falls(_first_commission(x)),
        flips=(
            Flip(
                words="there is one platform, which others may enter against",
                experiment=ALIKE.but("contestable instead", model=_contestable(0.05)),
            ),
        ),
        why="Contradicted where platforms are alike: a commission cut wins users, who draw more "
        "users, the less so the more all can be reached anyway. It holds against entrants.",
    ),
    Claim(
        number="38",
        section="5",
        words="Algorithms should be neutral, and show how they work.",
        predicts="welfare and the online share of services rise as steering ends",
        experiment=STEERED,
        margin=_neutral,
        flips=(Flip(words="the platform has no sellers of its own", experiment=NEUTRAL),),
        why="Buyers see what they want again, and come back.",
    ),
    Claim(
        number="39",
        section="5",
        words="Keep it cheap to enter and leave, so that who could come in holds platforms down.",
        predicts="commissions fall and welfare rises as an entrant's fixed cost falls",
        experiment=BARRIERS,
        margin=lambda x: all_of(falls(_first_commission(x)), rises(x.welfare)),
        flips=(
            Flip(
                words="an entrant's running cost is three tenths of sales, so that it is no threat",
                experiment=BARRIERS.where(
                    "an inefficient entrant", {"platforms.pricing.marginal_cost": 0.3}
                ),
            ),
        ),
        why="Who takes more than an entrant's average cost is undercut, unless buyers are tied.",
    ),
    Claim(
        number="40",
        section="5",
        words="Weigh innovation, competition and welfare against each other.",
        predicts="welfare is highest at some commission between cost and ten times that",
        experiment=INNOVATION,
        margin=lambda x: _hump(x.welfare),
        flips=(
            Flip(
                words="platforms do not invest",
                experiment=INNOVATION.where("no investment", {"platforms.investment.effect": 0.0}),
            ),
        ),
        why="A margin pays for investment that buyers gain by, and is paid by buyers.",
    ),
)
