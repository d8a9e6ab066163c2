"""Industries that choose a place and a channel: residual and Jacobian, in logs.

Places p, q; industries k, l; channels c: 0 offline, 1 online; modes m of a firm: offline, online,
and where there is ``mechanisms.dual_mode`` both. What each mechanism of the model is, with its
symbols, is at the top of its file in ``mechanisms``; here they meet:

    n   firms                       G   price index             E   spending on varieties
    w   wage                        h   land rent               L   people
    w0  price of remote labour      D   dividend per head       phi exponent of variety

    c     = W^a h^b prod_l G_l^alpha_lk / A        a = 1 - sum alpha - b
    x_c   = n^phi (c/net_c)^(1-sigma)              supply of a firm, in each channel that it has
    P_qc  = sum_p x_c K_c,pq                       G = [sum_c P_c wedge_c^(1-sigma)]^(1/(1-sigma))
    Z_pc  = sum_q K_c,pq wedge_c^(-sigma) E G^(sigma-1)      access;  R = sum_c net_c x_c Z_c
    Y     = L (What + D) + (1-u) o C + transfer    S = Y + public
    P     = prod_k G_k^mu_k h^beta                 cost of living, which mechanisms add to

    net   what a firm keeps of what its buyer pays: 1 - lambda, and what taxes leave
    wedge what a buyer pays beside it, one without taxes at the destination

Mechanisms may make a channel as good as at a price lower by a factor e^appeal: buyers then choose
by that price, and pay the other.

and the equations: each place has one for each of its unknowns, the economy those of the last two,

    firms      ln R - ln(n f c)                    of each mode
    prices     ln P/(1-sigma) - ln G
    spending   ln(mu S + sum_l alpha_kl R_l) - ln E
    labour     ln sum a R (1-v) - ln((1-pi) L What)
    land       ln(beta S + sum b R) - ln(h H)
    people     ln target - ln L, target = Lbar (B V)^eps/sum, V = Y/(L P),
               the sum over places that people move between
    remote     ln sum a R v - ln sum pi L What
    numeraire  ln sum L What

By Walras' law they imply that D sum L is all land rent and the part u of C; the rest of C
is income of places in shares o. Firms spend their revenue, so that the same equations
serve while firms and people are on the move. The unknowns stand where their equations do:
ln n, ln G, ln E, ln w, ln h, ln L, and ln w0 with ``remote``, D itself with ``dividend``.
``layout.Slots`` names where; a mechanism may add to what stands there, or unknowns of its own.

A point where n = 0 is allowed where phi = 1.

Places meet through sums over places alone. So each equation is written once, for one place:
``costs``, ``sales`` and ``markets`` read what a place *meets* (its unknowns, those that all
share, and what comes to it from others: m, P, Z, C) and write what it *makes* (its rows, and what
goes to others), in the order of ``Slots``, in dual numbers (``kernels.duals``), which carry
derivatives along; sums over places are linear, and so their own. Equations of mechanisms that
come from elsewhere are called by their address, at the end of each stage.
Source: the equations are nege's own, after Tan & Xia (2022); README and docstrings say more.
"""

import math
from typing import NamedTuple

import numpy as np

from nege.kernels.duals import STEP, exp, log
from nege.kernels.jit import ARITHMETIC, kernel
from nege.models.agglomeration.layout import (
    DUAL,
    NO_FIRMS,
    NOWHERE,
    AgglomerationParameters,
    Couplings,
    Slots,
    between,
    inner,
    lent,
    slots,
    whole_stage,
)
from nege.models.agglomeration.layout import OFFLINE as OFFLINE
from nege.models.agglomeration.layout import ONLINE as ONLINE
from nege.models.agglomeration.mechanisms import (
    commission,
    diversity,
    inputs,
    land,
    migration,
    remote_work,
)
from nege.models.agglomeration.mechanisms.calls import (
    BORDER,
    CHANGES,
    COSTS,
    INCOMES,
    LEVELS,
    OFFERS,
    PEOPLE,
    SALES,
    USES,
    call,
    call_trade,
)
from nege.models.agglomeration.mechanisms.channels import traded
from nege.models.agglomeration.mechanisms.knowledge import heard, heard_of_both

__all__ = ["AgglomerationParameters", "Couplings", "Slots", "heard", "slots", "traded"]


class Evaluation(NamedTuple):
    """Everything at given unknowns."""

    met: np.ndarray  # (slots, P), what places meet
    made: np.ndarray  # (slots, P), what they make
    target: np.ndarray  # (P,)
    totals: np.ndarray  # sums over places, from ``shared`` to the end of ``totals``
    #: What trade of a mechanism's own solves for, by industry, channel, origin, destination.
    pairs: np.ndarray


# --- inside a place -------------------------------------------------------------------


@inner()
def _others(p, stage, q, met, made):
    """Let mechanisms that are called by address add to what stands there."""
    for i in range(p.calls.size):
        call(p.calls[i], stage, p.numbers[i, q], p.slot_table, p.where[i], met, made)


@inner()
def _worth(p, k, c, made):
    """Return what access to a buyer is worth to a firm, in logs, but for its cost."""
    to, sigma = p.slots, p.industry[k].sigma
    worth = sigma * made[to.net + 2 * k + c]
    if p.has_calls:
        worth += (sigma - 1.0) * made[to.appeal + 2 * k + c]
    return worth


@whole_stage()
def costs(p, q, met, made):
    """Costs, supply and spending on varieties, and what entry would earn but for access."""
    to = p.slots
    if p.has_calls:
        made[:] = 0.0  # mechanisms add to what is their own, too
    for k in range(to.industries):
        firm = p.industry[k]
        common = firm.labour_share * (met[to.wage] + p.place[q].log_pay)
        common += firm.land_share * met[to.rent] - p.log_productivity[k, q]
        common += inputs.log_cost(p, k, met)
        beyond = remote_work.hire(p, q, k, met, made)
        remote = firm.labour_share * beyond
        for m in range(to.modes):
            cell = to.modes * k + m
            made[to.scale + cell] = p.log_scale[k, m, q]
            made[to.cost + cell] = common + remote if m != OFFLINE else common
            if p.has_calls:
                made[to.hour + cell] = met[to.wage] + p.place[q].log_pay
                if m != OFFLINE:
                    made[to.hour + cell] += beyond
            if firm.spillover > 0.0:
                if met[to.mass + cell].real == 0.0:
                    made[to.cost + cell] = math.inf  # nobody to learn from: no product
                else:
                    made[to.cost + cell] -= firm.spillover * log(met[to.mass + cell])
        for c in range(2):
            made[to.net + 2 * k + c], made[to.wedge + 2 * k + c] = p.channel[k, c].log_net, 0.0
            made[to.appeal + 2 * k + c] = 0.0
    if p.has_diversity:
        for m in range(to.modes):
            known = diversity.log_variety(p, m, met)
            for k in range(to.industries):
                made[to.cost + to.modes * k + m] -= p.industry[k].diversity * known
    if p.has_calls:
        _others(p, COSTS, q, met, made)
    for k in range(to.industries):
        firm, supplied = p.industry[k], to.supply + 2 * k
        spending = met[to.spending + k] + (firm.sigma - 1.0) * met[to.price_index + k]
        spent = exp(spending)
        for c in range(2):
            made[supplied + c], made[to.spent + 2 * k + c] = 0.0, spent
            if p.has_wedges:
                wedge = firm.sigma * made[to.wedge + 2 * k + c]
                made[to.spent + 2 * k + c] = exp(spending - wedge)
        for m in range(to.modes):
            cell = to.modes * k + m
            cost = made[to.cost + cell]
            for c in range(2):
                made[to.offer + 2 * cell + c] = 0.0
            if cost.real == math.inf:
                made[to.margin + cell] = -math.inf
                continue
            margin = -firm.sigma * cost - made[to.scale + cell]
            if firm.variety < 1.0:
                margin -= (1.0 - firm.variety) * met[cell]
            if m != DUAL:
                margin += _worth(p, k, m, made)
            made[to.margin + cell] = margin
            low, high = (m, m + 1) if m != DUAL else (0, 2)
            for c in range(low, high):
                price = cost - made[to.net + 2 * k + c]
                if p.has_calls:
                    price -= made[to.appeal + 2 * k + c]
                offer = exp(firm.variety * met[cell] + (1.0 - firm.sigma) * price)
                made[to.offer + 2 * cell + c] = offer
                made[supplied + c] += offer
    if p.has_offers:
        _others(p, OFFERS, q, met, made)


@whole_stage()
def sales(p, q, met, made):
    """Revenue and commission, and the rows of firms."""
    to, taken = p.slots, 0.0 * met[p.slots.wage]
    made[to.transfer], made[to.public] = taken, taken
    for k in range(to.industries):
        for c in range(2):
            made[to.receipts + 2 * k + c] = 0.0
            made[to.passed + 2 * k + c] = met[to.price + 2 * k + c]  # all of it
        for m in range(to.modes):
            cell = to.modes * k + m
            revenue, reached = 0.0 * taken, 0.0 * taken
            low, high = (m, m + 1) if m != DUAL else (0, 2)
            for c in range(low, high):
                net = 0.0 * taken + p.channel[k, c].net
                if p.has_wedges:
                    net = exp(made[to.net + 2 * k + c])
                access = met[to.access + 2 * k + c]
                received = net * made[to.offer + 2 * cell + c] * access
                taken += commission.take(p, k, c, received)
                made[to.receipts + 2 * k + c] += received
                revenue += received
                reached += access * exp(_worth(p, k, c, made)) if m == DUAL else access
            made[to.revenue + cell], made[to.outlay + cell] = revenue, revenue
            made[cell] = made[to.margin + cell] + log(reached)
    made[to.commission] = taken
    if p.has_calls:
        _others(p, SALES, q, met, made)


@whole_stage()
def markets(p, q, met, made):
    """Income, and the rows of prices, spending, labour, land and people."""
    to, people = p.slots, exp(met[p.slots.people])
    remote_work.earn(p, met, made)
    earned = people * exp(made[to.what])
    made[to.income] = earned + people * met[to.dividend] + commission.income(p, q, met)
    made[to.earned], made[to.remote_sold] = earned, made[to.away] * earned
    made[to.worth] = 0.0 * earned
    if p.has_calls:
        made[to.rents] = land.earned(p, q, met)
        _others(p, INCOMES, q, met, made)
    made[to.income] += made[to.transfer]
    spending = made[to.income] + made[to.public]
    made[to.labour], made[to.remote_used] = 0.0, 0.0
    made[to.land] = p.housing * spending
    made[to.living] = migration.log_living(p, met)
    made[to.real] = log(made[to.income]) - met[to.people]
    for k in range(to.industries):
        firm, outlay = p.industry[k], 0.0 * earned
        for m in range(to.modes):
            spent = made[to.outlay + to.modes * k + m]
            made[to.work + to.modes * k + m] = firm.labour_share * spent
            outlay += spent
        made[to.land] += firm.land_share * outlay
        made[to.demand + k] = firm.consumption * spending + inputs.demand(p, k, made)
    if p.has_calls:
        _others(p, USES, q, met, made)
    made[to.real] -= made[to.living]
    if p.has_calls:
        _others(p, PEOPLE, q, met, made)
    for k in range(to.industries):
        firm, price = p.industry[k], 0.0 * earned
        for m in range(to.modes):
            work = made[to.work + to.modes * k + m]
            if m != OFFLINE:
                made[to.remote_used] += work * made[to.far + k]
                work -= work * made[to.far + k]
            made[to.labour] += work
        for c in range(2):
            paid = met[to.price + 2 * k + c]
            if p.has_wedges:
                paid = paid * exp((1.0 - firm.sigma) * made[to.wedge + 2 * k + c])
            price += paid
        log_index = met[to.price_index + k]
        made[to.price_index + k] = log(price) / (1.0 - firm.sigma) - log_index
        made[to.spending + k] = log(made[to.demand + k]) - met[to.spending + k]
    made[to.wage] = log(made[to.labour]) - made[to.stay] - met[to.people] - made[to.what]
    land.clear(p, q, met, made)
    made[to.people] = p.migration * made[to.real] + p.place[q].log_home


@inner()
def border(p, met, made):
    """Write the rows of the whole economy, from sums over places that stand in `made`."""
    remote_work.border(p, made)
    made[p.slots.dividend] = log(made[p.slots.earned])
    if p.has_calls:
        _others(p, BORDER, 0, met, made)


# --- between places -------------------------------------------------------------------
#
# With `own` places do not meet: each sum over them keeps the place's own part.


@between(fastmath=ARITHMETIC)
def linked(p, made, own, met):
    """Write what arrives by the links of mechanisms: sum_q links_pq sent_q."""
    to, places = p.slots, p.place.size
    for i in range(p.operator.links.shape[0]):
        for q in range(places):
            low, high = (q, q + 1) if own else (0, places)
            total = 0.0
            for r in range(low, high):
                total += p.operator.links[i, q, r] * made[to.sends + i, r]
            met[to.arrives + i, q] = total


@between()
def _trade(p, which, own, at, met, made):
    """Let a mechanism say how places trade, and what that brings."""
    o = p.operator
    for i in range(p.trades.size):
        if p.trades[i] != NOWHERE:
            given = p.numbers[i, 0], p.slot_table, p.where[i], o.freeness, o.received, at.pairs
            call_trade(p.trades[i], which, own, *given, at.met, at.made, met, made)


@between(fastmath=ARITHMETIC)
def counted(p, made, own, met):
    """Write the firms of all places, of each industry and mode, where mechanisms ask for it."""
    to, places = p.slots, p.place.size
    for i in range(to.price - to.everywhere):
        total = 0.0
        for q in range(places):
            total += made[to.firms + i, q]
        for q in range(places):
            met[to.everywhere + i, q] = made[to.firms + i, q] if own else total


# --- the whole economy ----------------------------------------------------------------


@inner()
def _bordered(p, at, met, made, slopes, rows):
    """Write the rows of the economy; with `slopes` their derivatives in sums and unknowns."""
    to = p.slots
    first, count = to.shared, to.supply - to.shared
    shared = to.commission - to.shared
    met[:], made[:] = 0.0, 0.0
    tried = count + shared if slopes.size > 0 else 0
    for j in range(-1, tried):
        for i in range(count):
            made[first + i] = at.totals[i]
        for i in range(to.mass - to.shared):
            met[first + i] = at.met[first + i, 0]
        for i in range(to.mass - to.commission):
            met[to.commission + i] = at.totals[shared + i]
        if j >= count:
            met[first + j - count] += complex(0.0, STEP)
        elif j >= 0:
            made[first + j] += complex(0.0, STEP)
        border(p, met, made)
        for i in range(shared):
            if j < 0:
                rows[i] = made[first + i].real
            else:
                slopes[i, j] = made[first + i].imag / STEP


@kernel
def _evaluate(given, x, own, at, excess):
    p = lent(given)
    to, places, met, made = p.slots, p.place.size, at.met, at.made
    shared = places * to.shared
    meets = np.empty((places, to.met), np.complex128)  # the same by place, in dual numbers
    makes = np.zeros((places, to.made), np.complex128)
    for q in range(places):
        for i in range(to.shared):
            met[i, q] = x[q * to.shared + i]
        for i in range(to.shared, to.commission):
            met[i, q] = x[shared + i - to.shared]
        for i in range(to.price_index):
            made[to.firms + i, q] = math.exp(met[i, q])
    heard(p, made, own, met)
    heard_of_both(p, made, own, met)
    counted(p, made, own, met)
    for q in range(places):
        for i in range(to.price):
            meets[q, i] = met[i, q] if met[i, q] != -math.inf else NO_FIRMS
        costs(p, q, meets[q], makes[q])
        for i in range(to.supply, to.passed_on):
            made[i, q] = makes[q, i].real
    traded(p, made, own, met)
    linked(p, made, own, met)
    if p.has_trades:
        _trade(p, LEVELS, own, at, met, made)
    at.totals[:] = 0.0
    pools = to.mass - to.commission
    for q in range(places):
        for i in range(to.price, to.met):
            meets[q, i] = met[i, q]
        sales(p, q, meets[q], makes[q])
        for i in range(pools):
            at.totals[to.commission - to.shared + i] += makes[q, to.commission + i].real
    top, total = np.full(p.groups, -math.inf), np.zeros(p.groups)
    for q in range(places):
        for i in range(pools):
            met[to.commission + i, q] = at.totals[to.commission - to.shared + i]
            meets[q, to.commission + i] = met[to.commission + i, q]
        markets(p, q, meets[q], makes[q])
        for i in range(to.made):
            if i < to.firms or i >= to.margin:
                made[i, q] = makes[q, i].real
        for i in range(to.shared, to.supply):
            if i < to.commission or i >= to.earned:
                at.totals[i - to.shared] += made[i, q]
        group = int(p.place[q].group)
        top[group] = max(top[group], made[to.people, q])
    for q in range(places):
        group = int(p.place[q].group)
        total[group] += math.exp(made[to.people, q] - top[group])
    for q in range(places):
        group = int(p.place[q].group)
        log_target = made[to.people, q] - top[group] - math.log(total[group])
        log_target += p.place[q].log_group
        at.target[q] = math.exp(log_target)
        for i in range(to.shared):
            excess[q * to.shared + i] = made[i, q]
        excess[q * to.shared + to.people] = log_target - met[to.people, q]
    _bordered(p, at, meets[0], makes[0], np.empty((0, 0)), excess[shared:])


def evaluate(p, x, excess, last=None):
    """Write the residual of every equation at the unknowns x; return the point.

    What is solved for by pairs of places starts from the last point, where there is one.
    """
    to, places = p.slots, p.place.size
    pairs = (to.industries, 2, places, places) if p.has_trades else (0, 0, 0, 0)
    at = Evaluation(
        np.empty((to.met, places)),
        np.empty((to.made, places)),
        np.empty(places),
        np.empty(to.supply - to.shared),
        np.zeros(pairs) if last is None else last.pairs.copy(),
    )
    try:
        _evaluate(p, x, False, at, excess)
    except ZeroDivisionError:  # of dual numbers: as real ones, that is no number
        excess[:] = np.nan
    return at


# --- derivatives ----------------------------------------------------------------------


@kernel
def differentiate(given, at, out, busy, rows):
    """Write the slopes of all that places pass on in all that they meet, (met, made, P).

    `busy` says which of them are not zero in all places; `rows` are those of the economy's own
    equations in its sums and its unknowns.
    """
    p = lent(given)
    to = p.slots
    met, made = np.empty(to.met, np.complex128), np.zeros(to.made, np.complex128)
    out[:], busy[:] = 0.0, False
    for q in range(p.place.size):
        for i in range(to.met):
            met[i] = at.met[i, q] if at.met[i, q] != -math.inf else NO_FIRMS
        for stage in range(3):
            # What comes in late needs no second look at what comes first.
            if stage == 1:
                costs(p, q, met, made)
            if stage == 2:
                sales(p, q, met, made)
            for j in range(to.met):
                enters = 0
                if p.has_calls:
                    enters = 0  # nobody knows what equations from elsewhere look at
                elif j == to.people or (to.shared <= j < to.mass and j != to.remote):
                    enters = 2
                elif j >= to.price:
                    enters = 2 if j < to.access else 1
                idle = j == to.remote and not p.has_remote
                if enters != stage or idle:
                    continue
                met[j] += complex(0.0, STEP)
                if stage == 0:
                    costs(p, q, met, made)
                if stage <= 1:
                    sales(p, q, met, made)
                markets(p, q, met, made)
                met[j] = met[j].real
                for i in range(to.passed_on):
                    if made[i].imag != 0.0:
                        out[j, i, q], busy[j, i] = made[i].imag / STEP, True
    _bordered(p, at, met, made, rows, rows[0])


@between(fastmath=ARITHMETIC)
def _respond(slopes, busy, low, high, met, made):
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
                if busy[j, i]:
                    for q in range(places):
                        made[i, q] += slopes[j, i, q] * met[j, q]


@kernel
def tangents(given, at, slopes, busy, rows, directions, own, parts, out):
    """Write the change of every equation along each row of directions.

    Parameters
    ----------
    at, slopes, busy, rows
        As ``evaluate`` and ``differentiate`` leave them.
    directions, out : (M, N) arrays
        Changes of the unknowns, and of the equations. Along unit vectors, `out` is the
        transposed Jacobian.
    own : bool
        Whether places do not meet, so that one direction serves all places at once.
    parts : (M, T, P) array
        Each place's part of the economy's sums.
    """
    p = lent(given)
    to, places = p.slots, p.place.size
    shared, count = places * to.shared, to.supply - to.shared
    unknowns, pools = to.commission - to.shared, to.mass - to.commission
    met, made = np.empty((to.met, places)), np.empty((to.margin, places))
    common = np.empty(p.groups)
    for m in range(directions.shape[0]):
        x, change, total = directions[m], out[m], np.zeros(count)
        met[:] = 0.0
        for q in range(places):
            for i in range(to.shared):
                met[i, q] = x[q * to.shared + i]
            for i in range(unknowns):
                met[to.shared + i, q] = x[shared + i]
            for i in range(to.price_index):
                made[to.firms + i, q] = at.made[to.firms + i, q] * met[i, q]
        heard(p, made, own, met)
        heard_of_both(p, made, own, met)
        counted(p, made, own, met)
        _respond(slopes, busy, to.supply, to.passed_on, met, made)
        traded(p, made, own, met)
        linked(p, made, own, met)
        if p.has_trades:
            _trade(p, CHANGES, own, at, met, made)
        _respond(slopes, busy, to.commission, to.commission + pools, met, made)
        for i in range(to.commission, to.commission + pools):
            for q in range(places):
                total[i - to.shared] += made[i, q]
        for i in range(to.commission, to.commission + pools):
            for q in range(places):
                met[i, q] = made[i, q] if own else total[i - to.shared]
        _respond(slopes, busy, to.firm, to.commission, met, made)
        _respond(slopes, busy, to.earned, to.supply, met, made)
        common[:] = 0.0
        for q in range(places):
            common[int(p.place[q].group)] += at.target[q] * made[to.people, q]
            for i in range(count):
                parts[m, i, q] = made[to.shared + i, q]
                if i < unknowns or i >= unknowns + pools:
                    total[i] += made[to.shared + i, q]
        for q in range(places):
            for i in range(to.shared):
                change[q * to.shared + i] = made[i, q]
            rest = common[int(p.place[q].group)]
            if own:
                rest = at.target[q] * made[to.people, q]
            rest *= math.exp(-p.place[q].log_group)
            change[q * to.shared + to.people] -= rest + met[to.people, q]
        for j in range(unknowns):
            moved = 0.0
            for i in range(count):
                moved += rows[j, i] * total[i]
            for i in range(unknowns):
                moved += rows[j, count + i] * x[shared + i]
            change[shared + j] = moved


@kernel
def jacobian(given, at, slopes, busy, rows, directions, parts, out):
    """Differentiate, and write the change of every equation along each direction."""
    differentiate(given, at, slopes, busy, rows)
    tangents(given, at, slopes, busy, rows, directions, False, parts, out)
