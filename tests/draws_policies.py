"""Random economies with random policies, solved and audited; policies from random starts."""

import agglomerations
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


# --- multiplicity: policies at steps of the stylised turn, from random starts ----------------

STARTS, SPREAD = 20, 2.0  # starts, and how far their firms differ, in logs
SAME = 1e-6  # of total cost: equilibria nearer than that are one
HALVES = {"north": ["0", "1"], "south": ["2", "3"]}
PLACES = mech.Jurisdictions("places")
BLOCS = mech.Jurisdictions(HALVES, movement="within", land="jurisdiction", people=[0.5, 0.5])
EVERYONE = {"base": "origin", "proceeds": "everyone"}
POLICIES = {
    "none": (8, []),
    "retail tax": (8, [PLACES, mech.Tax("vat", 0.1, buyers="households")]),
    "turnover tax": (6, [PLACES, mech.Tax("turnover", 0.3, base="origin")]),
    "tax on shops": (8, [mech.Tax("shops", 0.1, channels="offline", buyers="households")]),
    "tax where platforms are": (11, [PLACES, mech.Tax("web", 0.1, collector="0")]),
    "digital services tax": (9, [mech.DigitalServicesTax("dst", 0.3)]),
    "digital tariff": (
        15,
        [BLOCS, mech.Tariff("tariff", {"north": 0.2, "south": 0.1}, channels="online")],
    ),
    "tariff": (8, [BLOCS, mech.Tariff("tariff", 0.2)]),
    "border": (
        3,
        [mech.Jurisdictions(HALVES), mech.Friction("border", 1.2, crossing="border")],
    ),
    "park": (
        11,
        [mech.Tax("park", -0.1, industries="manufacturing", origins="1", **EVERYONE)],
    ),
    "insecurity": (8, [BLOCS, mech.Security("cyber", 0.05, across_borders=0.15)]),
    "subsidy": (8, [mech.Tax("web", -0.05, channels="online", **EVERYONE)]),
}


def ends(name, starts=range(STARTS)):
    """Return the distinct stable equilibria under a policy, and which starts lead to none.

    A short run has to clear wherever firms and people start.
    """
    step, policy = POLICIES[name]
    owners = {"platform_owner": (0.25,) * 4} if BLOCS in policy else {}
    model = agglomerations.economy(step, **owners).with_mechanisms(*policy)
    found, lost = [], {}
    for seed in starts:
        start = random.random_start(model, seed, SPREAD)
        try:
            nege.short_run(model, start)
            end = nege.solve(model, start)
        except nege.ConvergenceError as error:
            horizon, status = error.equilibrium.horizon, error.equilibrium.status
            lost[seed] = f"{horizon} {status.name}"
            continue
        assert end.leading_eigenvalue < 0.0
        violations = {**model.audit(end.data), **model.audit_motion(end.data, nege.Replicator())}
        assert max(violations.values()) <= 1e-9, violations
        if all(float(abs(end.data.total_cost - one.data.total_cost).max()) > SAME for one in found):
            found.append(end)
    return found, lost


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
    return agglomerations.economy(step).with_mechanisms(mech.Jurisdictions(places), shops, web)


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
