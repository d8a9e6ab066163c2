"""Where everything of an industry model stands: names for rows, and what kernels read.

What a place *meets* (its unknowns, those that all places share, sums over places, and what comes
to it from others) and what it *makes* (rows of equations, its parts of sums over places, and what
goes to others) are two vectors. ``Slots`` names what stands where in them. A row stands where its
unknown does, and a place's part of a sum where the sum does: so a mechanism that adds an unknown
or a sum adds a name, and no equation counts rows.
"""

import functools
from typing import NamedTuple

import numpy as np
from numba.extending import register_jitable

from nege.kernels.copied import COPIED, COPIED_OPTIMISED
from nege.kernels.function_table import borrowed

OFFLINE, ONLINE, DUAL = 0, 1, 2  # modes of a firm; the first two are channels as well
NOWHERE = -1  # an address that is none
NO_FIRMS = -1e300  # their log in dual numbers, where zero times infinity is no number

_jitable = functools.partial(register_jitable, error_model="numpy", fastmath=False)
#: Between places; called by kernels alone.
between = functools.partial(_jitable, **COPIED)
#: Inside a place, where a call would take as long as what it does.
inner = functools.partial(between, forceinline=True)
#: All that a place does between what others send to it.
whole_stage = functools.partial(_jitable, **COPIED_OPTIMISED, forceinline=True)


class Couplings(NamedTuple):
    """How places meet, by origin and destination: freeness of trade, reach of knowledge."""

    freeness: np.ndarray  # (K, 2, P, P), K_c of what buyers pay
    received: np.ndarray  # the same of what firms receive; empty where it is what buyers pay
    reach: np.ndarray  # (K, P, P), e^(-rho d)
    links: np.ndarray  # (I, P, P), from what places send to what arrives

    @property
    def name(self):
        """What options and results call it."""
        return "dense"


class Slots(NamedTuple):
    """Where things stand: k industry, m mode of a firm, c channel."""

    industries: int
    modes: int
    # what a place meets: its unknowns; their rows stand there in what it makes
    firm: int  # ln n, modes k + m
    price_index: int  # ln G, k
    spending: int  # ln E, k
    own: int  # unknowns of mechanisms
    wage: int  # ln w
    rent: int  # ln h
    people: int  # ln L; its row, up to what all places share, is ln target
    # unknowns of the whole economy, and sums over places: a place makes its part
    shared: int  # unknowns of mechanisms
    remote: int  # ln w0
    dividend: int  # D
    commission: int  # C
    pools: int  # sums of mechanisms, which places meet
    # what comes to it
    mass: int  # m, modes k + m
    everywhere: int  # n of all places, modes k + m; where mechanisms ask for it
    price: int  # P, 2k + c
    access: int  # Z, 2k + c
    arrives: int  # links of mechanisms
    brought: int  # by trade of a mechanism's own
    met: int  # how much that is
    # what a place makes beside rows and parts: sums that no place meets
    earned: int
    remote_used: int
    remote_sold: int
    totals: int  # of mechanisms
    supply: int  # sum of x, 2k + c
    spent: int  # E G^(sigma - 1), 2k + c
    sends: int  # links of mechanisms
    quoted: int  # to trade of a mechanism's own
    passed_on: int  # how much of what is made are rows or goes to others
    firms: int  # n, modes k + m
    margin: int  # ln[R/(n f c)] but for access, modes k + m
    revenue: int  # R, modes k + m
    outlay: int  # what firms spend of it on labour, land and inputs, modes k + m
    offer: int  # x of a mode in a channel, 2 (modes k + m) + c
    receipts: int  # R of a channel, 2k + c
    cost: int  # ln c, modes k + m
    scale: int  # ln f, modes k + m
    hour: int  # ln W, what labour costs firms, modes k + m; where equations are called
    net: int  # ln of what a firm keeps of its buyer's money, 2k + c
    wedge: int  # ln of what a buyer pays over it, 2k + c
    appeal: int  # ln of what a channel is worth to buyers beside its price, 2k + c
    passed: int  # P by how far each seller passes costs on, 2k + c
    far: int  # v, k
    transfer: int  # to the income of a place
    public: int  # spending beside that of its people
    rents: int  # what land of all kinds earns; where equations are called
    worth: int  # income per head that is only as good as that: what public money is
    income: int  # Y
    away: int  # pi
    stay: int  # ln(1 - pi): of the part of people who have local jobs
    what: int  # ln What
    demand: int  # for varieties, k
    work: int  # what firms spend on labour, modes k + m
    labour: int  # that is used here, in wages
    land: int  # spending on it
    living: int  # ln P, the cost of living: what households pay for their basket
    real: int  # ln V but for the amenity
    notes: int  # of mechanisms
    made: int  # how much that is


@functools.cache
def slots(
    industries,
    modes=2,
    own=0,
    shared=0,
    pools=0,
    everywhere=0,
    links=0,
    totals=0,
    notes=0,
    quotes=0,
):
    """Where things stand, with so many things of mechanisms."""
    k, cells = industries, modes * industries
    here = {"firm": cells, "price_index": k, "spending": k, "own": own}
    here |= {"wage": 1, "rent": 1, "people": 1}
    summed = {"shared": shared, "remote": 1, "dividend": 1, "commission": 1, "pools": pools}
    met = {"mass": cells, "everywhere": everywhere, "price": 2 * k, "access": 2 * k}
    met |= {"arrives": links, "brought": quotes, "met": 0}
    made = {"earned": 1, "remote_used": 1, "remote_sold": 1, "totals": totals}
    made |= {"supply": 2 * k, "spent": 2 * k, "sends": links}
    made |= {"quoted": quotes, "passed_on": 0}
    made |= {"firms": cells, "margin": cells, "revenue": cells, "outlay": cells}
    made |= {
        "offer": 2 * cells,
        "receipts": 2 * k,
        "cost": cells,
        "scale": cells,
        "hour": cells,
        "net": 2 * k,
        "wedge": 2 * k,
        "appeal": 2 * k,
        "passed": 2 * k,
    }
    made |= {"far": k, "transfer": 1, "public": 1, "rents": 1, "worth": 1, "income": 1}
    made |= {"away": 1, "stay": 1, "what": 1, "demand": k, "work": cells}
    made |= {"labour": 1, "land": 1, "living": 1, "real": 1, "notes": notes, "made": 0}
    found, place = {}, 0
    for name, size in (here | summed).items():
        found[name], place = place, place + size
    for sizes in (met, made):
        at = place
        for name, size in sizes.items():
            found[name], at = at, at + size
    return Slots(industries=k, modes=modes, **found)


class AgglomerationParameters(NamedTuple):
    """What the kernels know of the economy: few arrays, since each one costs compile time."""

    industry: np.ndarray  # (K,) of INDUSTRY
    channel: np.ndarray  # (K, 2) of CHANNEL
    place: np.ndarray  # (P,) of PLACE
    log_productivity: np.ndarray  # (K, P), ln Abar
    log_scale: np.ndarray  # (K, modes, P), ln f
    inputs: np.ndarray  # (K, K), alpha
    housing: float  # beta
    migration: float  # eps
    substitution: float  # s
    elasticity: float  # nu
    log_friction: float  # ln kappa
    log_remote_pay: float  # what an hour of remote labour costs firms over its price, in logs
    pooled: float  # u
    groups: int  # of places between which people move
    uses_land: bool  # whether land has a price at all
    has_remote: bool  # whether anybody hires remote labour
    has_diversity: bool  # whether anybody learns from other industries
    has_wedges: bool  # whether mechanisms put wedges between firms and buyers
    has_calls: bool  # whether equations of mechanisms are called by address
    has_offers: bool  # whether any of them follow what firms offer
    has_trades: bool  # whether one of them says how places trade
    slots: Slots
    operator: Couplings
    calls: np.ndarray  # addresses of the equations of mechanisms
    trades: np.ndarray  # and of how places trade, NOWHERE if it is for others to say
    numbers: np.ndarray  # (mechanism, P, ...), what they read
    where: np.ndarray  # (mechanism, ...), and where
    slot_table: np.ndarray  # the slots once more, for equations that are called by address
    ahead: np.ndarray  # of mechanisms' unknowns that all share: see ``frame.Own``; NaN of others


@inner()
def lent(p):
    """Return the parameters as arrays that nobody counts references to.

    Counting them takes as long as half the equations of a place do.
    """
    c = p.operator
    return AgglomerationParameters(
        borrowed(p.industry),
        borrowed(p.channel),
        borrowed(p.place),
        borrowed(p.log_productivity),
        borrowed(p.log_scale),
        borrowed(p.inputs),
        p.housing,
        p.migration,
        p.substitution,
        p.elasticity,
        p.log_friction,
        p.log_remote_pay,
        p.pooled,
        p.groups,
        p.uses_land,
        p.has_remote,
        p.has_diversity,
        p.has_wedges,
        p.has_calls,
        p.has_offers,
        p.has_trades,
        p.slots,
        Couplings(borrowed(c.freeness), borrowed(c.received), borrowed(c.reach), borrowed(c.links)),
        borrowed(p.calls),
        borrowed(p.trades),
        borrowed(p.numbers),
        borrowed(p.where),
        borrowed(p.slot_table),
        borrowed(p.ahead),
    )
