"""Industries that choose a place and a channel: residual and Jacobian, in logs.

Places p, q; industries k, l; channels c: 0 offline, 1 online. With lambda_kc = 0 offline
and zeta_k online,

    n   firms                       G   price index             E   spending on varieties
    w   wage                        h   land rent               L   people
    w0  price of remote labour      D   dividend per head       phi exponent of variety

    m_k0  = sum_q e^(-rho d) (n_k0 + n_k1) + eta chi N_k    reachable mass, N_k = sum_p n_k1
    m_k1  = sum_q e^(-rho d) (psi n_k0 + n_k1) + chi N_k
    A     = Abar m^gamma Delta^theta,  Delta = exp(-sum_k s_k ln s_k)/K, s_k = m_k/sum_l m_l
    W     = [(1-r) w^(1-s) + r w0^(1-s)]^(1/(1-s)) online, w offline;  v = r (w0/W)^(1-s)
    c     = W^a h^b prod_l G_l^alpha_lk / A,  price = c/(1 - lambda)
    x     = n^phi price^(1-sigma)                           supply
    P_q   = sum_pc x K_c,pq                                 G = P^(1/(1-sigma))
    Z_p   = sum_q K_c,pq E_q G_q^(sigma-1)                  access;  R = (1-lambda) x Z
    What  = (w^nu + (w0/kappa)^nu)^(1/nu),  pi = (w0/(kappa What))^nu
    Y     = L (What + D) + (1-u) o C                        C = sum lambda/(1-lambda) R

and the equations, of which each place has 4K + 3 and the economy two,

    firms      ln R - ln(n f c)                             rows 2k + c
    prices     ln P/(1-sigma) - ln G                        rows 2K + k
    spending   ln(mu Y + sum_l alpha_kl R_l) - ln E         rows 3K + k
    labour     ln sum a R (1-v) - ln((1-pi) L What)         row 4K
    land       ln(beta Y + sum b R) - ln(h H)               row 4K + 1
    people     ln target - ln L, target = Lbar (B V)^eps/sum, V = Y/(L prod G^mu h^beta)
    remote     ln sum a R v - ln sum pi L What              ``remote(x)``
    numeraire  ln sum L What                                ``dividend(x)``

By Walras' law they imply that D sum L is all land rent and the part u of C; the rest of C
is income of places in shares o. Firms spend their revenue, so that the same equations
serve while firms and people are on the move. The unknowns stand where their equations do:
ln n, ln G, ln E, ln w, ln h, ln L, and ln w0 with ``remote``, D itself with ``dividend``.

A point where n = 0 is allowed where phi = 1.

Places meet through sums over places alone. So each equation is written once, for one place:
``supply``, ``sales`` and ``markets`` read what a place *meets* (its unknowns, those that all
share, and what comes to it from others: m, P, Z, C) and write what it *makes* (its rows, and what
goes to others), in the order of ``Slots``, in dual numbers (``kernels.duals``), which carry
derivatives along; sums over places are linear, and so their own.
Source: the equations are nege's own, after Tan & Xia (2022); README and docstrings say more.
"""

import functools
import math
from typing import NamedTuple

import numpy as np
from numba.extending import register_jitable

from nege.kernels.duals import STEP, exp, expm1, log, log1p, logaddexp
from nege.kernels.jit import ARITHMETIC, kernel

OFFLINE, ONLINE = 0, 1
WAGE, RENT, PEOPLE, LOCAL = 0, 1, 2, 3  # after the industries' own rows; how many
EARNED, REMOTE_USED, REMOTE_SOLD, COMMISSION = range(4)  # in Evaluation.totals
NO_FIRMS = -1e300  # their log in dual numbers, where zero times infinity is no number


#: Called by kernels alone, and so without what Python needs to call compiled code.
inner = functools.partial(register_jitable, error_model="numpy", no_cfunc_wrapper=True)


class Couplings(NamedTuple):
    """How places meet, by origin and destination: freeness of trade, reach of knowledge."""

    freeness: np.ndarray  # (K, 2, P, P), K_c
    reach: np.ndarray  # (K, P, P), e^(-rho d)

    @property
    def name(self):
        """What options and results call it."""
        return "dense"


#: What kernels know of an industry, of its two channels, of a place: fields of packed records.
INDUSTRY = np.dtype(
    [
        ("sigma", float),
        ("variety", float),  # phi
        ("consumption", float),  # mu
        ("land_share", float),  # b
        ("labour_share", float),  # a
        ("spillover", float),  # gamma
        ("pool", float),  # chi
        ("hears_online", float),  # eta: offline firms, of the pool
        ("hears_offline", float),  # psi: online firms, of offline neighbours
        ("diversity", float),  # theta
        ("remote_share", float),  # r
    ]
)
#: 1 - lambda, its log, ln f
CHANNEL = np.dtype([("net", float), ("log_net", float), ("log_scale", float)])
#: ln H, ln Lbar + eps ln B, o
PLACE = np.dtype([("log_land", float), ("log_home", float), ("owner", float)])


class AgglomerationParameters(NamedTuple):
    """What the kernels know of the economy: few arrays, since each one costs compile time."""

    industry: np.ndarray  # (K,) of INDUSTRY
    channel: np.ndarray  # (K, 2) of CHANNEL
    place: np.ndarray  # (P,) of PLACE
    log_productivity: np.ndarray  # (K, P), ln Abar
    inputs: np.ndarray  # (K, K), alpha
    housing: float  # beta
    migration: float  # eps
    substitution: float  # s
    elasticity: float  # nu
    log_friction: float  # ln kappa
    pooled: float  # u
    uses_land: bool  # whether land has a price at all
    has_remote: bool  # whether anybody hires remote labour
    has_diversity: bool  # whether anybody learns from other industries
    slots: "Slots"
    operator: Couplings


class Slots(NamedTuple):
    """Where things stand in what places meet and make; first the unknowns, and their rows."""

    firm: int  # ln n, 2k + c
    price_index: int  # ln G
    spending: int  # ln E
    wage: int  # ln w
    rent: int  # ln h
    people: int  # ln L; its row, up to what all places share, is ln target
    remote: int  # met: ln w0
    dividend: int  # D
    commission: int  # C
    mass: int  # m, 2k + c
    price: int  # P
    access: int  # Z, 2k + c
    met: int  # how much that is
    supply: int  # made: x, 2k + c
    spent: int  # E G^(sigma - 1)
    parts: int  # of the four totals
    passed_on: int  # how much of what is made are rows or goes to others
    firms: int  # n, 2k + c
    margin: int  # ln[(1-lambda) x/(n f c)], 2k + c
    revenue: int  # R, 2k + c
    far: int  # v
    income: int  # Y
    away: int  # pi
    made: int  # how much that is


@functools.cache
def slots(industries):
    """Where things stand."""
    unknowns, each, both = 4 * industries + LOCAL, industries, 2 * industries
    own = {"firm": 0, "price_index": both, "spending": both + each}
    own |= {"wage": 4 * each + WAGE, "rent": 4 * each + RENT, "people": 4 * each + PEOPLE}
    met = {"remote": 1, "dividend": 1, "commission": 1, "mass": both, "price": each, "access": both}
    made = {"supply": both, "spent": each, "parts": 4, "passed_on": 0, "firms": both}
    made |= {"margin": both, "revenue": both, "far": each, "income": 1, "away": 1}
    for sizes, end in ((met, "met"), (made, "made")):
        place = unknowns
        for name, size in sizes.items():
            own[name], place = place, place + size
        own[end] = place
    return Slots(**own)


class Evaluation(NamedTuple):
    """Everything at given unknowns."""

    met: np.ndarray  # (slots, P), what places meet
    made: np.ndarray  # (slots, P), what they make
    target: np.ndarray  # (P,)
    totals: np.ndarray  # (4,)


# --- inside a place -------------------------------------------------------------------


@inner()
def supply(p, q, met, made):
    """Costs, supply and spending on varieties, and what entry would earn but for access."""
    to, industries = p.slots, p.industry.size
    wage, beyond = met[to.wage], met[to.remote] - met[to.wage]
    for c in range(2):
        known, log_variety = 0.0 * wage, 0.0 * wage - math.log(industries)
        for k in range(industries if p.has_diversity else 0):
            known += met[to.mass + 2 * k + c]
        for k in range(industries if p.has_diversity else 0):
            if met[to.mass + 2 * k + c].real > 0.0:
                share = met[to.mass + 2 * k + c] / known
                log_variety -= share * log(share)
        for k in range(industries):
            firm, channel, cell = p.industry[k], p.channel[k, c], 2 * k + c
            cost = firm.labour_share * wage + firm.land_share * met[to.rent]
            cost -= p.log_productivity[k, q]
            for j in range(industries):
                cost += p.inputs[j, k] * met[to.price_index + j]
            if c == OFFLINE:
                log_index = met[to.price_index + k]
                spending = met[to.spending + k] + (firm.sigma - 1.0) * log_index
                made[to.spent + k], made[to.far + k] = exp(spending), 0.0
            elif firm.remote_share > 0.0:
                gap = (1.0 - p.substitution) * beyond
                online = firm.remote_share * expm1(gap)  # W^(1-s) = w^(1-s) (1 + online)
                made[to.far + k] = firm.remote_share * exp(gap) / (1.0 + online)
                if p.substitution == 1.0:
                    cost += firm.labour_share * firm.remote_share * beyond
                else:
                    cost += firm.labour_share * log1p(online) / (1.0 - p.substitution)
            if firm.diversity > 0.0:
                cost -= firm.diversity * log_variety
            if firm.spillover > 0.0:
                if met[to.mass + cell].real == 0.0:
                    made[to.supply + cell] = 0.0
                    made[to.margin + cell] = -math.inf  # nobody to learn from: no product
                    continue
                cost -= firm.spillover * log(met[to.mass + cell])
            log_price = (1.0 - firm.sigma) * (cost - channel.log_net)
            made[to.supply + cell] = exp(firm.variety * met[cell] + log_price)
            made[to.margin + cell] = log_price - cost + channel.log_net - channel.log_scale
            if firm.variety < 1.0:
                made[to.margin + cell] -= (1.0 - firm.variety) * met[cell]


@inner()
def sales(p, q, met, made):
    """Revenue and commission, and the rows of firms."""
    to, commission = p.slots, 0.0 * met[p.slots.wage]
    for k in range(p.industry.size):
        for c in range(2):
            access, cell = met[to.access + 2 * k + c], 2 * k + c
            net = p.channel[k, c].net
            made[cell] = made[to.margin + cell] + log(access)
            made[to.revenue + cell] = net * made[to.supply + cell] * access
            commission += (1.0 / net - 1.0) * made[to.revenue + cell]
    made[to.parts + COMMISSION] = commission


@inner()
def markets(p, q, met, made):
    """Income, and the rows of prices, spending, labour, land and people."""
    to, industries, place = p.slots, p.industry.size, p.place[q]
    log_wage, log_people = met[to.wage], met[to.people]
    people, nothing = exp(log_people), 0.0 * log_wage
    log_what, log_stay, away = log_wage, nothing, nothing
    if p.has_remote:
        gain = p.elasticity * (met[to.remote] - p.log_friction - log_wage)
        log_stay = -logaddexp(nothing, gain)  # ln(1 - pi)
        log_what -= log_stay / p.elasticity
        away = exp(gain + log_stay)
    earned = people * exp(log_what)
    income = earned + people * met[to.dividend]
    income += (1.0 - p.pooled) * place.owner * met[to.commission]
    used, land, far = nothing, p.housing * income, nothing
    real = log(income) - log_people - p.housing * met[to.rent]
    for k in range(industries):
        firm, log_index = p.industry[k], met[to.price_index + k]
        made[to.price_index + k] = log(met[to.price + k]) / (1.0 - firm.sigma) - log_index
        revenue = made[to.revenue + 2 * k + OFFLINE] + made[to.revenue + 2 * k + ONLINE]
        online = firm.labour_share * made[to.revenue + 2 * k + ONLINE] * made[to.far + k]
        used += firm.labour_share * revenue - online
        far += online
        land += firm.land_share * revenue
        real -= firm.consumption * log_index
        demand = firm.consumption * income
        for cell in range(2 * industries):
            demand += p.inputs[k, cell // 2] * made[to.revenue + cell]
        made[to.spending + k] = log(demand) - met[to.spending + k]
    made[to.wage] = log(used) - log_stay - log_people - log_what
    made[to.rent] = 0.0
    if p.uses_land:
        made[to.rent] = log(land) - met[to.rent] - place.log_land
    made[to.people] = p.migration * real + place.log_home
    made[to.parts + EARNED], made[to.parts + REMOTE_USED] = earned, far
    made[to.parts + REMOTE_SOLD] = away * earned
    made[to.income], made[to.away] = income, away


# --- between places -------------------------------------------------------------------
#
# With `own` places do not meet: each sum over them keeps the place's own part.


@inner(fastmath=ARITHMETIC)
def heard(p, made, own, met):
    """Knowledge spillovers: the mass of firms that each learns from."""
    to, places = p.slots, p.place.size
    for k in range(p.industry.size):
        firm, reach = p.industry[k], p.operator.reach[k]
        here, there = to.firms + 2 * k + OFFLINE, to.firms + 2 * k + ONLINE
        pool = 0.0
        for q in range(places):
            pool += made[there, q]
        for q in range(places):
            low, high = (q, q + 1) if own else (0, places)
            offline = online = 0.0
            for r in range(low, high):
                offline += reach[q, r] * made[here, r]
                online += reach[q, r] * made[there, r]
            known = firm.pool * (made[there, q] if own else pool)
            met[to.mass + 2 * k + OFFLINE, q] = offline + online + firm.hears_online * known
            met[to.mass + 2 * k + ONLINE, q] = firm.hears_offline * offline + online + known


@inner(fastmath=ARITHMETIC)
def traded(p, made, own, met):
    """P_q = sum_pc x_p K_c,pq and Z_p = sum_q K_c,pq E_q G_q^(sigma-1), in one look at each K."""
    to, places = p.slots, p.place.size
    for k in range(p.industry.size):
        price, spent = met[to.price + k], made[to.spent + k]
        for q in range(places):
            price[q] = 0.0
        for c in range(2):
            freeness = p.operator.freeness[k, c]
            for r in range(places):
                low, high = (r, r + 1) if own else (0, places)
                supplied, access = made[to.supply + 2 * k + c, r], 0.0
                for q in range(low, high):
                    price[q] += supplied * freeness[r, q]
                    access += freeness[r, q] * spent[q]
                met[to.access + 2 * k + c, r] = access


# --- the whole economy ----------------------------------------------------------------


@kernel
def _evaluate(p, x, own, at, excess):
    to, places, met, made = p.slots, p.place.size, at.met, at.made
    shared = places * to.remote
    meets = np.empty((places, to.met), np.complex128)  # the same by place, in dual numbers
    makes = np.empty((places, to.made), np.complex128)
    for q in range(places):
        for i in range(to.remote):
            met[i, q] = x[q * to.remote + i]
        met[to.remote, q], met[to.dividend, q] = x[shared], x[shared + 1]
        for i in range(to.price_index):
            made[to.firms + i, q] = math.exp(met[i, q])
    heard(p, made, own, met)
    for q in range(places):
        for i in range(to.price):
            meets[q, i] = met[i, q] if met[i, q] != -math.inf else NO_FIRMS
        supply(p, q, meets[q], makes[q])
        for i in range(to.supply, to.parts):
            made[i, q] = makes[q, i].real
    traded(p, made, own, met)
    at.totals[:] = 0.0
    for q in range(places):
        for i in range(to.price, to.met):
            meets[q, i] = met[i, q]
        sales(p, q, meets[q], makes[q])
        at.totals[COMMISSION] += makes[q, to.parts + COMMISSION].real
    top, total = -math.inf, 0.0
    for q in range(places):
        met[to.commission, q] = at.totals[COMMISSION]
        meets[q, to.commission] = at.totals[COMMISSION]
        markets(p, q, meets[q], makes[q])
        for i in range(to.made):
            if i < to.firms or i >= to.margin:
                made[i, q] = makes[q, i].real
        for i in range(COMMISSION):
            at.totals[i] += made[to.parts + i, q]
        top = max(top, made[to.people, q])
    for q in range(places):
        total += math.exp(made[to.people, q] - top)
    for q in range(places):
        log_target = made[to.people, q] - top - math.log(total)
        at.target[q] = math.exp(log_target)
        for i in range(to.remote):
            excess[q * to.remote + i] = made[i, q]
        excess[q * to.remote + to.people] = log_target - met[to.people, q]
    excess[shared] = 0.0
    if p.has_remote:
        excess[shared] = math.log(at.totals[REMOTE_USED] / at.totals[REMOTE_SOLD])
    excess[shared + 1] = math.log(at.totals[EARNED])


def evaluate(p, x, excess):
    """Write the residual of every equation at the unknowns x; return the point."""
    to, places = p.slots, p.place.size
    at = Evaluation(
        np.empty((to.met, places)),
        np.empty((to.made, places)),
        np.empty(places),
        np.empty(4),
    )
    _evaluate(p, x, False, at, excess)
    return at


# --- derivatives ----------------------------------------------------------------------


@kernel
def differentiate(p, at, out):
    """Write the slopes of all that places pass on in all that they meet, (met, made, P)."""
    to = p.slots
    met, made = np.empty(to.met, np.complex128), np.empty(to.made, np.complex128)
    out[:] = 0.0
    for q in range(p.place.size):
        for i in range(to.met):
            met[i] = at.met[i, q] if at.met[i, q] != -math.inf else NO_FIRMS
        for stage in range(3):
            # What comes in late needs no second look at what comes first.
            supply(p, q, met, made)
            sales(p, q, met, made)
            for j in range(to.met):
                enters = 0
                if j == to.people or j == to.dividend or j == to.commission:
                    enters = 2
                elif j >= to.price:
                    enters = 1 if j >= to.access else 2
                idle = j == to.remote and not p.has_remote
                if enters != stage or idle:
                    continue
                met[j] += complex(0.0, STEP)
                if stage == 0:
                    supply(p, q, met, made)
                if stage <= 1:
                    sales(p, q, met, made)
                markets(p, q, met, made)
                met[j] = met[j].real
                for i in range(to.passed_on):
                    out[j, i, q] = made[i].imag / STEP


@inner(fastmath=ARITHMETIC)
def _respond(slopes, low, high, met, made):
    """Write what places make, from one slot to another, of changes in what they meet."""
    places = met.shape[1]
    for i in range(low, high):
        for q in range(places):
            made[i, q] = 0.0
    for j in range(met.shape[0]):
        first = 0
        while first < places and met[j, first] == 0.0:
            first += 1
        if first < places:
            for i in range(low, high):
                for q in range(places):
                    made[i, q] += slopes[j, i, q] * met[j, q]


@kernel
def tangents(p, at, slopes, directions, own, parts, out):
    """Write the change of every equation along each row of directions.

    Parameters
    ----------
    at, slopes
        As ``evaluate`` and ``differentiate`` leave them.
    directions, out : (M, N) arrays
        Changes of the unknowns, and of the equations. Along unit vectors, `out` is the
        transposed Jacobian.
    own : bool
        Whether places do not meet, so that one direction serves all places at once.
    parts : (M, 4, P) array
        Each place's part of the economy's totals.
    """
    to, places = p.slots, p.place.size
    shared, commission = places * to.remote, to.parts + COMMISSION
    met, made = np.empty((to.met, places)), np.empty((to.margin, places))
    for m in range(directions.shape[0]):
        x, change, total = directions[m], out[m], np.zeros(4)
        met[:] = 0.0
        for q in range(places):
            for i in range(to.remote):
                met[i, q] = x[q * to.remote + i]
            met[to.remote, q], met[to.dividend, q] = x[shared], x[shared + 1]
            for i in range(to.price_index):
                made[to.firms + i, q] = at.made[to.firms + i, q] * met[i, q]
        heard(p, made, own, met)
        _respond(slopes, to.supply, to.parts, met, made)
        traded(p, made, own, met)
        _respond(slopes, commission, to.passed_on, met, made)
        for q in range(places):
            total[COMMISSION] += made[commission, q]
        for q in range(places):
            met[to.commission, q] = made[commission, q] if own else total[COMMISSION]
        _respond(slopes, to.firm, to.supply, met, made)
        _respond(slopes, to.parts, commission, met, made)
        common = 0.0
        for q in range(places):
            common += at.target[q] * made[to.people, q]
            for i in range(4):
                parts[m, i, q] = made[to.parts + i, q]
                total[i] += made[to.parts + i, q]
        for q in range(places):
            for i in range(to.remote):
                change[q * to.remote + i] = made[i, q]
            rest = at.target[q] * made[to.people, q] if own else common
            change[q * to.remote + to.people] -= rest + met[to.people, q]
        change[shared] = 0.0
        if p.has_remote:
            change[shared] = total[REMOTE_USED] / at.totals[REMOTE_USED]
            change[shared] -= total[REMOTE_SOLD] / at.totals[REMOTE_SOLD]
        change[shared + 1] = total[EARNED] / at.totals[EARNED]
