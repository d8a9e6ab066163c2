"""What policies cost at 400 places: products of a look at all equations, and a long run.

``policy.md`` 12 has the products: wedges that differ by origin, by destination, or are a factor of
each take none; one that differs by pair of places has firms receive at a freeness of their own, in
the same products, and one more for each industry and channel where its money is added up.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

import nege
from benchmarks import industries, measure
from nege import mechanisms as mech
from nege.models.agglomeration import equations
from nege.models.agglomeration.mechanisms.frame import Mechanism

Policy = Callable[[Sequence[str]], list[Mechanism]]
SIZE, FEW = 400, 4  # places that are timed, and in which products are counted
RETAIL = {"buyers": "households", "proceeds": mech.PublicGood(worth=0.0)}


def rates(places: Sequence[str]) -> dict[str, float]:
    """Return a tax rate for each place."""
    return dict(zip(places, np.linspace(0.0, 0.2, len(places)).tolist(), strict=True))


def halves(places: Sequence[str]) -> mech.Jurisdictions:
    """Return two countries."""
    half = len(places) // 2
    members = {"north": [*places[:half]], "south": [*places[half:]]}
    return mech.Jurisdictions(members, movement="within", land="jurisdiction")


def _by_place(*mechanisms: Callable[[Sequence[str]], Mechanism]) -> Policy:
    return lambda places: [mech.Jurisdictions("places"), *(one(places) for one in mechanisms)]


def _in_blocs(*mechanisms: Mechanism) -> Policy:
    return lambda places: [halves(places), *mechanisms]


def _alone(one: Mechanism) -> Policy:
    return lambda places: [one]


#: By name: the policy, and products beyond those of the economy without it, of P x P numbers.
POLICIES: dict[str, tuple[Policy, int]] = {
    "jurisdictions": (_by_place(), 0),
    "tax by origin": (_by_place(lambda p: mech.Tax("o", rates(p), base="origin")), 0),
    "tax by destination": (_by_place(lambda p: mech.Tax("d", rates(p))), 0),
    "origin x destination": (
        _by_place(
            lambda p: mech.Tax("o", rates(p), base="origin"), lambda p: mech.Tax("d", rates(p))
        ),
        0,
    ),
    # Then neither place adds up its money by itself: the order of a chain divides revenue.
    "destination, then origin": (
        _by_place(
            lambda p: mech.Tax("d", rates(p)), lambda p: mech.Tax("o", rates(p), base="origin")
        ),
        8,
    ),
    "tax of platforms": (
        _by_place(lambda p: mech.DigitalServicesTax("d", 0.03, pass_through=1.0)),
        0,
    ),
    "retail tax": (_by_place(lambda p: mech.Tax("v", rates(p), **RETAIL)), 0),
    "retail tax offline": (
        _by_place(lambda p: mech.Tax("v", rates(p), channels="offline", **RETAIL)),
        0,
    ),
    "border": (_in_blocs(mech.Friction("f", 1.1, crossing="border")), 0),
    "security": (_in_blocs(mech.Security("s", 0.05, across_borders=0.1)), 0),
    "tariff, to everyone": (_in_blocs(mech.Tariff("t", 0.1, proceeds="everyone")), 0),
    "digital tariff": (_in_blocs(mech.Tariff("t", 0.1, channels="online")), 2),
    "tariff": (_in_blocs(mech.Tariff("t", 0.1)), 4),
}
#: Those of policy.md 7 to 9 and of lock_in.md, likewise.
SMALL: dict[str, tuple[Policy, int]] = {
    "access": (_alone(mech.Access(entry_cost=0.9)), 0),
    "matching": (_alone(mech.Matching(vacancy_cost=0.05)), 0),
    "quality": (_alone(mech.Quality(seen=0.3, cost=0.01)), 0),
    "institutions": (_alone(mech.Institutions(quality=0.9, intensity=1.0)), 0),
    "make or buy": (_alone(mech.Sourcing(penalty=1.3)), 0),
    "own land": (_alone(mech.SiteBound("services", share=0.1)), 0),
    "two workers": (_alone(mech.Workers()), 0),
    "dual firms": (_alone(mech.DualMode()), 4),  # heard by, and hearing, all others: 2 each
    "sunk cost": (_alone(mech.Sunk(share=0.1)), 0),
    "posted prices": (_alone(mech.PostedPrices(posted=0.03)), 0),
    "buyers online": (_alone(mech.BuyerOnline(complementarity=0.5, households=0.3)), 0),
}


#: What a long run may take over that without, as policy.md 12 counts: half more, twice where
#: households' prices are not firms'.
MOST = {name: 2.0 if name.startswith("retail") else 1.5 for name in (*POLICIES, *SMALL)}


class _Counted(np.ndarray):
    """Numbers by pair of places, each of which is counted as it is read."""

    read = 0

    def __getitem__(self, key: Any) -> Any:
        found = super().__getitem__(key)
        if not isinstance(found, _Counted):
            _Counted.read += 1
        return found


def products(model: nege.OnlineAgglomeration) -> int:
    """Return how many products with P x P numbers a look at all equations takes.

    Counted: what sums over pairs of places is run in Python, and each number that it reads
    beside one of its vectors is a product's. Oligopoly has sums of its own.
    """
    p = model.arrays
    counted = type(p.operator)(*(table.view(_Counted) for table in p.operator))
    at = model._unknowns.with_movers(model.default_start(), model.start_state())
    point = equations.evaluate(p, at, np.empty_like(at))
    made, met = point.made.copy(), point.met.copy()
    _Counted.read, size = 0, p.place.size
    for sums in (equations.heard, equations.heard_of_both, equations.traded, equations.linked):
        sums(p._replace(operator=counted), made, False, met)
    if not np.allclose(met, point.met, rtol=1e-9, equal_nan=True):
        raise RuntimeError("in Python places meet otherwise than in compiled code")
    # Diagonals are read once more for where places do not meet, a Pth of each of those of trade.
    trade = p.operator.freeness.shape[0] * p.operator.freeness.shape[1]
    return (_Counted.read - trade * size) // size**2


def together(model: nege.OnlineAgglomeration, policy: Policy) -> nege.OnlineAgglomeration:
    """Return an economy with a policy."""
    return model.with_mechanisms(*policy(list(map(str, model.geography.names))))


def extra(policy: Policy) -> int:
    """Return the products that a policy takes beyond those of the economy without it."""
    model = industries.stylised_turn(FEW).model
    return products(together(model, policy)) - products(model)


def costs(policies: dict[str, tuple[Policy, int]], rounds: int) -> dict[str, float]:
    """Return the CPU time of long runs over that of the economy without, by policy."""
    model = industries.stylised_turn(SIZE).model
    calls = {"without": model} | {
        name: together(model, policy) for name, (policy, _) in policies.items()
    }
    taken = measure.together(
        {name: lambda one=one: nege.solve(one) for name, one in calls.items()}, rounds=rounds
    )
    return {name: measure.ratio(taken[name], taken["without"]) for name in policies}
