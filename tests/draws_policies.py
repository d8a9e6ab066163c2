"""Random economies with random policies: chains of wedges of every form, solved and audited."""

import draws_platforms
import numpy as np
import random_agglomerations as random
from draws_platforms import reason

import nege
from nege import mechanisms as mech

COUNT = 200
PROCEEDS = ("everyone", "owners", "residents")


def policies(seed, model):
    """Draw jurisdictions and up to five policies for an economy."""
    rng = np.random.default_rng([18, seed])
    places = [str(name) for name in model.geography.names]
    blocs = rng.integers(0, rng.integers(1, len(places) + 1), len(places))
    members = {
        f"bloc {g}": [p for p, of in zip(places, blocs, strict=True) if of == g]
        for g in np.unique(blocs)
    }
    borders = len(members) > 1
    made = [
        mech.Jurisdictions(
            members,
            movement=str(rng.choice(["everywhere", "within"])),
            land=str(rng.choice(["everyone", "jurisdiction", "place"])),
        )
    ]

    def some(names):
        return None if rng.random() < 0.5 else [str(rng.choice(names))]

    def proceeds():
        if rng.random() < 0.3:
            return mech.PublicGood(worth=rng.uniform(0.0, 1.5), rivalry=rng.random())
        return str(rng.choice(PROCEEDS))

    def sides(base, rate):
        """Places of the other side alone, where rates are of each on the side of the base."""
        named = {"origins": some(places), "destinations": some(places)}
        return {**named, **({f"{base}s": None} if isinstance(rate, dict) else {})}

    for i in range(int(rng.integers(1, 6))):
        rates = {g: rng.uniform(-0.1, 0.3) for g in members}
        rate = rates if rng.random() < 0.5 else float(rng.uniform(-0.1, 0.3))
        common = {"proceeds": proceeds(), "leak": rng.random() if rng.random() < 0.3 else None}
        where = {"channels": some(["offline", "online"]), "industries": some(model.industries)}
        kind = rng.choice(["turnover", "retail", "tariff", "platforms", "friction", "security"])
        if kind == "turnover":
            base = str(rng.choice(["origin", "destination"]))
            named = sides(base, rate)
            collector = str(rng.choice(places)) if rng.random() < 0.2 and borders else None
            given = {**common, **where, **named}
            one = mech.Tax(f"p{i}", rate, base=base, collector=collector, **given)
        elif kind == "retail":
            if rng.random() < 0.3:  # which is sold in no channel
                where = {"industries": [*model.industries, "housing"]}
                common = {"proceeds": common["proceeds"]}
            one = mech.Tax(f"p{i}", rate, buyers="households", **common, **where)
        elif kind == "tariff" and borders:
            one = mech.Tariff(f"p{i}", rate, **{**common, **where})
        elif kind == "platforms":
            one = mech.DigitalServicesTax(
                *(f"p{i}", float(rng.uniform(0.0, 0.3))),
                pass_through=float(rng.random()),
                proceeds=common["proceeds"],
            )
        elif kind == "friction" and borders:
            one = mech.Friction(f"p{i}", rng.uniform(1.0, 1.3), crossing="border", **where)
        else:
            risk, abroad = rng.uniform(0.0, 0.2, 2)
            one = mech.Security(f"p{i}", risk, across_borders=abroad if borders else None)
        made.append(one)
    return made


def blocks(seed, model):
    """Draw what policies act on beside the economy itself: sites, kinds of people, platforms."""
    rng = np.random.default_rng([18, 2, seed])
    k = len(model.industries)
    labour = 1.0 - model.inputs.sum("input").values - model.land_share.values
    at = int(rng.integers(k))
    every = [
        mech.SiteBound(
            "site",
            industry=model.industries[at],
            share=rng.uniform(0.0, 0.6) * labour[at],
            stock=rng.dirichlet(np.full(len(model.geography), 3.0)),
        ),
        mech.Workers(skilled=rng.uniform(0.2, 0.6), skill=rng.uniform(0.1, 0.9, k)),
        mech.BuyerOnline(complementarity=rng.random(k), households=rng.random()),
        draws_platforms.platforms(rng, k),
    ]
    return [every[i] for i in rng.permutation(len(every)) if rng.random() < 0.5]


def economy(seed):
    """Draw an economy with policies and such blocks, of what does not go together the first."""
    model = random.random_model(5000 + seed)
    # Next to 1 some firms everywhere are too few for double precision, whatever the policy.
    model = model.replace(variety=np.minimum(model.variety, 0.95))
    borders, *drawn = policies(seed, model)
    model, more = model.with_mechanisms(borders), blocks(seed, model)
    for one in (*drawn, *more) if seed % 2 else (*more, *drawn):
        try:
            model = model.with_mechanisms(one)
        except nege.InputError:  # with a cure, each of which a test names
            continue
    return model


def check(seed):
    """Solve a random economy with random policies, and audit it, or have it say why not."""
    try:
        found = nege.solve(economy(seed))
    except nege.ConvergenceError as error:
        if not reason(error.equilibrium):
            raise
        return error.equilibrium
    model = found.model
    violations = {**model.audit(found.data), **model.audit_motion(found.data, nege.Replicator())}
    assert max(violations.values()) <= 1e-9, violations
    assert found.leading_eigenvalue < 0.0
    return found


# --- tax competition, after Agrawal & Wildasin (2020) --------------------------------------

#: Rates of the core and of the rest in equilibrium, by step, and bounds that hold both.
COMPETITION = {6: ((0.1112, 0.1058), (0.08, 0.14)), 8: ((0.0493, 0.0545), (0.03, 0.08))}


def rates_of(who):
    """The one rate of a jurisdiction: of shops, and of what comes by post."""
    return f"shops.rate.{who}", f"web.rate.{who}"


def competition(step, rate):
    """Core and rest tax offline sales at origin, and online ones at destination."""
    places = {"core": ["0"], "rest": ["1", "2", "3"]}
    rates, loved = dict.fromkeys(places, rate), mech.PublicGood(worth=1.3)
    shops = mech.Tax("shops", rates, base="origin", channels="offline", proceeds=loved)
    web = mech.Tax("web", rates, base="destination", channels="online", proceeds=loved)
    path = nege.scenarios.stylised_turn().sel(step=step).drop_vars("step")
    model = nege.OnlineAgglomeration().replace({str(name): table for name, table in path.items()})
    return model.with_mechanisms(mech.Jurisdictions(places), shops, web)


def check_competition(step):
    """Play the game at a step of the stylised turn: certified, and the rates that are known."""
    known, bounds = COMPETITION[step]
    players = {who: rates_of(who) for who in ("core", "rest")}
    model = competition(step, sum(bounds) / 2.0)
    found = nege.policy.nash(model, players, between=bounds, points=3)
    assert found.certified, found
    rates = np.array([found.rates[who] for who in players])
    np.testing.assert_allclose(rates, known, atol=5e-5)
    return rates
