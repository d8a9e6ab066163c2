"""Platforms: what sellers online pay them, and who gains (claims 30, 32b, 37 to 40).

J platforms host sellers of an industry, who list on all of them at one net price. Buyers divide
what they buy online among them; the first leads, the others are alike. By platform j:

    N_j    = x_j + beta (1 - x_j)                     reach
    u_j    = theta [t_j + a s N_j + psi ln(1 + I_j/I0)]   attraction, theta = varsigma - 1
    x_j    = e^(u_j)/sum_i e^(u_i)                    its share of sales online
    1-z    : ln(sum_j e^(u_j)/J)/theta = ln(1-z)      buyers choose as if prices were c/(1-z)
    1-zeta = sum_j x_j (1-zeta_j)                     what firms keep of what buyers pay

At J = 1, ln(1-z) = t + a s + psi ln(1 + I/I0): the network (a) and investment (psi) draw buyers as
a lower price would. What a platform believes of its sales if it keeps less, e_j = dln(x_j
sales)/dt_j, firms, costs and spending given, follows from buyers' response

    e_on   = sum_q (sales_q/sales) (sigma-1) r_on,q [1 - S_on,q r_on,q/sum_c S_c,q r_c,q]
    dl     = (x_j theta/(1 - c x_j))/(theta - sum_i x_i (b N_i - c theta x_i)/(1 - c x_i))
    e_j    = (theta + (b N_j - c theta x_j) dl)/(1 - c x_j) - theta dl + e_on dl,
             b = a theta s e_on,  c = a theta s (1-beta)

so at J = 1 e_on/(1 - a s e_on), and with equal shares theta (1-1/J)/(1 - c/J) and a part of e_on.
Where the whole equilibrium responds, firms, people and prices, to what all platforms of an industry
keep, those of other industries given,

    e_on   = dln(sales/wbar)/dt                       by the implicit function theorem (``chosen``)
    e      = e_on at J = 1,  theta (1-1/J)/(1 - c/J) + e_on/J at equal shares, else not known

Pricing, where no number is given:

    profit        1-zeta_j = (1-kappa) e_j/[(1 + e_j)(1-pi)]
    average cost  1-zeta_j = (1-AC_j)/(1-pi),  AC_j = kappa + (F + I_j) wbar/(x_j sales)
                  over the whole economy: one AC of sums over industries
    contestable   1-zeta   = max{(1-AC_e) e^(-a s (1-beta)), that of profit},
                             AC_e = kappa_e + F_e wbar/sales
    investment    I0 + I_j = max{I0, psi e_j (zeta_j - kappa + (1-zeta_j) pi) x_j sales/wbar}

Steering: a part g of firms online are affiliates, whose demand is shifted by B; weights are
B/Bbar and 1/Bbar, Bbar = g B + 1 - g, so that attention is only moved. Buyers choose under the
weights, and have the real thing:

    entry of firms online   ln O - ln Bbar - ln(n f c) = 0    independent ones break even
    Pi_A   = O g (B-1)/(sigma Bbar)                affiliates' profit; firms spend R - Pi_A
    Ghat_q = G_q [1 - S_on,q (1 - Lambda^rho)]^(-1/rho),  rho = (sigma-1)/sigma,
             Lambda^rho = (g B^rho + 1 - g)/Bbar^rho      in costs and welfare, not in demand

Accounting: platforms use hours = sum_k [kappa_k sales_k/wbar + J F_k + sum_j I_j], of which a place
supplies h_p; their profit is Pi = sum zeta sales + Pi_A - hours wbar, in place of the commission.

    t       ln(1-zeta)               x    share           s     part of spending that is online
    zeta    commission               a    network         beta  interoperability
    z       buyers' wedge            psi  effect of investment   I0  its scale
    kappa   marginal_cost, per unit of buyers' sales, in labour  F  fixed_cost, in labour
    r_cq    how far sellers pass costs on, on average: 1 if firms are many (``oligopoly``)
    S_on,q  part of what q spends that is online            pi    Pi_A over net revenue online
    g       affiliates               ln B strength          wbar  sum_p h_p w_p
    h       platform_owner, or equal shares

What a dominant platform takes has an answer where it is one. ``number=1`` has the market: with
``ProfitMaximising()`` for good, with ``Contestable`` as long as no entrant can win all of it; the
smaller commission holds. Several that set commissions in a market that has tipped come to no rest:
in each that was tried, of two and of three, the one behind would earn a multiple at another
commission. First-order conditions, which ``ProfitMaximising(response="buyers")`` finds, are no best
answers there, as ``platform_gain`` says. What a lead is at commissions that are given (no pricing),
``platform_share`` says.

Equal shares last iff a theta s (1-beta) < J: the market tips beyond it (``tipping_index`` of equal
shares above one, that of the shares it tips to is below one: at J = 2 gradually, at J >= 3 with a
jump). With one platform channels are unique at given firms if a (sigma-1) s (1-s) < 1, and with
entry everywhere if that is below 1 - phi.

In one market, many firms: e = (sigma-1)(1-S) if sellers stay, (1-S)(sigma-1+phi)/(1-phi) if all
enter. Off: no pricing, no network, no cost, no investment, strength 0.
Source: after Rochet & Tirole (2003), Belleflamme & Peitz (2021).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

import numpy as np
import xarray as xr

from nege.errors import InputError
from nege.kernels.duals import exp, expm1, log, log1p, maximum
from nege.models import fields
from nege.models.agglomeration.kinds import ALONE, ClosedForm, by_industry, share
from nege.models.agglomeration.kinds import weight as some
from nege.models.agglomeration.layout import ONLINE, inner
from nege.models.agglomeration.mechanisms import deviations, uncovered
from nege.models.agglomeration.mechanisms.commission import hosts, owned
from nege.models.agglomeration.mechanisms.frame import (
    Choices,
    Mechanism,
    Own,
    Undefined,
    of_some,
)
from nege.models.agglomeration.mechanisms.parts import Part, part
from nege.models.fields import Labelled
from nege.models.solutions import Variable
from nege.validation import Bounds

GIVEN, AVERAGE, CONTESTABLE, PROFIT, CHOSEN = range(5)
INDUSTRY = ("industry",)
APART = 1e-6  # ln of the first platform's share over another's: from where on they are not alike
TIPPED = (
    "One platform is ahead of the others, and how the whole equilibrium responds to each is known "
    "of alike ones only. Ask what a platform takes that has the market: number=1, and "
    "Contestable(...) if others can win it. (Of several, ProfitMaximising(response='buyers') has "
    "first-order conditions, and platform_gain says whether they are best answers.)"
)
NOTHING, BETTER = 1e-9, 1e-6  # sold, too little to matter; gain of a deviation, too much
FAR_BETTER = 0.01  # likewise, where the rule is about more than buyers' response
OF_PLATFORM = ("industry", "platform")
LOSS = 1e-6  # of sales: from where on platforms at average cost do not cover it
SCOPE, RESPONSE = ("industry", "economy"), ("equilibrium", "buyers")
PART_OF = Bounds(at_least=0.0, at_most=1.0, cure="It is a part: 1 is all.")
COUNT = Bounds(at_least=1.0, at_most=1e3, cure="It is a number of platforms.")
CLOSE = Bounds(above=1.0, cure="Platforms are substitutes; above 1.")
FAVOURED = Bounds(at_least=0.0, at_most=50.0, cure="It is a log: 5 is 150 times as much.")
LABOUR = some("It is labour, which cannot be negative.")


# --- how platforms set what they keep ----------------------------------------------------


class ProfitMaximising(Part):
    """Each platform sets the commission at which its profit is largest, the others' given.

    Where the equilibrium responds (``chosen``), each commission on the way is an economy of its
    own, some forty in all: ``nege.solve``, ``sweep``, ``follow`` and ``equilibria`` find it, from
    ``commission`` or the one before; what follows one set of equations refuses it, and takes the
    commission that was found. Profit is in labour of hosts, so that fixed costs do not matter: in
    another numeraire a firm that sets prices for the whole economy would set others. One platform
    alone is compared with deviations, industry by industry; where it is best to keep more and
    more, the solve says so.

    Several have to be alike: in a market that has tipped there is no answer, and the question what
    a dominant platform takes is one to one platform (see ``Platforms``).

    Examples
    --------
    >>> import nege
    >>> nege.mechanisms.ProfitMaximising(response="buyers")
    ProfitMaximising(response='buyers')
    """

    response: str = fields.word(
        "who it thinks responds to its price",
        RESPONSE,
        default="equilibrium",
        more="The whole equilibrium, or buyers alone, where firms, costs and spending stay.",
    )
    kind: ClassVar[str] = "profit_maximising"


class AverageCost(Part):
    """Commissions just cover what platforms cost.

    Examples
    --------
    >>> import nege
    >>> nege.mechanisms.AverageCost(scope="economy")
    AverageCost(scope='economy')
    """

    scope: str = fields.word(
        "whose cost: each industry's, or all of them together", SCOPE, default="industry"
    )
    kind: ClassVar[str] = "average_cost"


class Contestable(Part):
    """One platform keeps as much as leaves an entrant, without its network, nothing to win.

    Or less, where it earns more so as buyers respond. As the whole equilibrium responds it may want
    less yet: then what ``ProfitMaximising()`` finds is smaller, and is the answer.

    Examples
    --------
    >>> import nege
    >>> rule = nege.mechanisms.Contestable(marginal_cost=0.03, fixed_cost=0.01)
    """

    marginal_cost: Labelled[xr.DataArray] = of_some(
        "labour of an entrant per unit of sales",
        share("It is in sales."),
        default=0.0,
        term="labour of an entrant per sale",
    )
    fixed_cost: Labelled[xr.DataArray] = of_some(
        "labour that an entrant needs at all",
        LABOUR,
        default=0.0,
        unit="labour",
        term="fixed cost of an entrant",
    )
    kind: ClassVar[str] = "contestable"


class Steering(Part):
    """A platform shows its affiliates before others, and has their profit.

    Examples
    --------
    >>> import nege
    >>> steering = nege.mechanisms.Steering(affiliates=0.2, strength=1.0)
    """

    affiliates: Labelled[xr.DataArray] = of_some(
        "part of firms online that are the platform's",
        PART_OF,
        default=0.0,
        term="share of the platform's own firms",
    )
    strength: Labelled[xr.DataArray] = of_some(
        "log of how much more buyers see of them",
        FAVOURED,
        default=0.0,
        term="strength of steering (log)",
    )
    kind: ClassVar[str] = "steering"


class Investment(Part):
    """What platforms invest draws buyers, and they invest while that pays.

    Examples
    --------
    >>> import nege
    >>> investment = nege.mechanisms.Investment(effect=0.02, scale=1e-4)
    """

    effect: Labelled[xr.DataArray] = of_some(
        "elasticity of what a platform is worth to its investment",
        some("Investment does not drive buyers away."),
        default=0.0,
        term="effect of the platform's investment (elasticity)",
    )
    scale: Labelled[xr.DataArray] = by_industry(
        "investment that counts as one",
        Bounds(at_least=1e-12, cure="Investment is measured by it."),
        default=1e-4,
        unit="labour",
        term="scale of the platform's investment",
    )
    kind: ClassVar[str] = "investment"


# --- equations ------------------------------------------------------------------------


@inner()
def _first(m, odds):
    """Return the share of the first platform, and of each of the others."""
    others = m.number - 1.0
    first = 1.0 / (1.0 + others * exp(-odds))
    if others > 0.0:
        return first, (1.0 - first) / others
    return first, 0.0 * first


@inner()
def _online_part(m, to, k, met, made):
    """Return the part of what a place spends on an industry that is online."""
    low, high = to.price + 2 * k, to.wedge + 2 * k
    offline = met[low] * exp((1.0 - m.sigma[k]) * made[high])
    online = met[low + 1] * exp((1.0 - m.sigma[k]) * made[high + 1])
    return online / (offline + online)


@inner()
def _fixed(m, k, met, sold):
    """Return the labour of all platforms that does not depend on sales; none where none host."""
    invested = expm1(met[m.invested + k]) + (m.number - 1.0) * expm1(met[m.rivals_invested + k])
    needed = m.scale[k] * invested
    if sold.real > 0.0:
        needed += m.number * m.fixed_cost[k]
    return needed


@inner()
def _respond(m, to, k, met, made):
    """Return dln S_on/dt of a place: what is passed on, less what draws all that it buys."""
    low, high = to.passed + 2 * k, to.wedge + 2 * k
    offline = made[low] * exp((1.0 - m.sigma[k]) * made[high])
    online = made[low + 1] * exp((1.0 - m.sigma[k]) * made[high + 1])
    of_channel = 0.0 * online + 1.0
    if met[to.price + 2 * k + 1].real > 0.0:
        of_channel = made[low + 1] / met[to.price + 2 * k + 1]
    return (m.sigma[k] - 1.0) * of_channel * (1.0 - online / (offline + online))


@inner()
def _hours(m, to, k, met, hour):
    """Return the labour that platforms of an industry use."""
    sold = met[m.sold + k]
    return m.marginal_cost[k] * sold / hour + _fixed(m, k, met, sold)


def _costs(m, to, met, made):
    for k in range(to.industries):
        odds, t = met[m.odds + k], met[m.net + k]
        first, other = _first(m, odds)
        reach = first + m.interoperability * (1.0 - first)
        drawn = t + m.network[k] * met[m.online + k] * reach
        drawn += m.effect[k] * met[m.invested + k]
        if m.number > 1.0:
            drawn += log((1.0 + (m.number - 1.0) * exp(-odds)) / m.number) / m.theta
        kept = first * exp(t) + (m.number - 1.0) * other * exp(met[m.rivals_net + k])
        kept = log(kept)
        made[m.kept + k] = kept
        made[to.net + 2 * k + 1] += kept - m.given[k]
        made[to.appeal + 2 * k + 1] += drawn - kept
        for j in range(to.industries):
            if m.loss[j] > 0.0:
                for mode in range(to.modes):
                    made[to.cost + to.modes * k + mode] += m.inputs[j, k] * met[m.missed + j]


def _sales(m, to, met, made):
    made[m.hour] = m.host * exp(met[to.wage])
    for k in range(to.industries):
        cell, online = to.modes * k + ONLINE, 2 * k + 1
        receipts, over = made[to.receipts + online], exp(-made[m.kept + k])
        made[m.sold + k] = receipts * over
        made[to.commission] += (over - exp(-m.given[k])) * receipts
        spending = exp(met[to.spending + k])
        part_online = _online_part(m, to, k, met, made)
        made[m.spent + k], made[m.bought + k] = spending, part_online * spending
        made[m.part_online + k], made[m.purchases + k] = part_online, part_online * spending
        made[m.respond + k] = _respond(m, to, k, met, made) * part_online * spending
        made[m.affiliated + k] = 0.0 * spending
        if m.shown[k] > 0.0 and made[to.revenue + cell].real > 0.0:
            access = met[to.access + online]
            # operating profit over revenue, times sigma: one where firms are many
            profit = exp(made[cell] - made[to.margin + cell]) / access
            theirs = m.gained[k] * profit * made[to.revenue + cell]
            made[m.affiliated + k] += theirs
            made[to.revenue + cell] -= theirs
            made[to.outlay + cell] -= theirs
        made[cell] -= m.shown[k]


def _incomes(m, to, met, made):
    if m.owner > 0.0:
        for k in range(to.industries):
            paid = _hours(m, to, k, met, met[m.hour]) * met[m.hour]
            made[to.transfer] += m.owner * (met[m.affiliated + k] - paid)


def _uses(m, to, met, made):
    for k in range(to.industries):
        paid = m.host * exp(met[to.wage]) * _hours(m, to, k, met, met[m.hour])
        made[to.labour] += paid
        taken = made[m.sold + k] - made[to.receipts + 2 * k + 1]
        made[m.taken + k] = taken
        made[m.profit + k] = taken + made[m.affiliated + k] - paid
        part_online = _online_part(m, to, k, met, made)
        missed = 0.0 * paid
        if m.loss[k] > 0.0:
            rho = (m.sigma[k] - 1.0) / m.sigma[k]
            missed = -log1p(-m.loss[k] * part_online) / rho
            made[to.living] += m.consumption[k] * met[m.missed + k]
        made[m.missed + k] = missed - met[m.missed + k]
        first, other = _first(m, met[m.odds + k])
        tips = m.network[k] * m.theta * met[m.online + k] * (1.0 - m.interoperability)
        index = 0.0 * tips
        if m.number > 1.0:
            index = tips * first * (1.0 - first) * m.number / (m.number - 1.0)
        if m.number > 2.0:
            index = maximum(index, tips * other)  # among the others
        made[m.index + k] = m.host * index


@inner()
def _elasticity(x, N, first, N_1, other, N_2, others, b, c, theta, e_on):
    """Return dln(x sales)/dt of a platform with share x and reach N, as buyers respond."""
    total = first * (b * N_1 - c * theta * first) / (1.0 - c * first)
    total += others * other * (b * N_2 - c * theta * other) / (1.0 - c * other)
    dl = x * theta / (1.0 - c * x) / (theta - total)
    return (theta + (b * N - c * theta * x) * dl) / (1.0 - c * x) - theta * dl + e_on * dl


def _border(m, to, met, made):
    beta, others, hour = m.interoperability, m.number - 1.0, made[m.hour]
    needed, sold_in_all, paid_in_all, kept_in_all = 0.0 * hour, 0.0 * hour, 0.0 * hour, 0.0 * hour
    for k in range(to.industries):
        first, other = _first(m, met[m.odds + k])
        sold = made[m.sold + k]
        needed += m.marginal_cost[k] * sold + _fixed(m, k, met, sold) * hour
        sold_in_all += sold
        paid_in_all += made[m.affiliated + k]
        kept = first * exp(met[m.net + k]) + others * other * exp(met[m.rivals_net + k])
        kept_in_all += kept * sold
    for k in range(to.industries):
        odds, s, a = met[m.odds + k], met[m.online + k], m.network[k]
        first, other = _first(m, odds)
        N_1, N_2 = first + beta * (1.0 - first), other + beta * (1.0 - other)
        t_1, t_2 = met[m.net + k], met[m.rivals_net + k]
        v_1, v_2 = met[m.invested + k], met[m.rivals_invested + k]
        sold = made[m.sold + k]
        made[m.online + k] = made[m.bought + k] / made[m.spent + k] - s
        lead = 0.0 * s
        if others > 0.0:
            lead = m.theta * (t_1 - t_2 + a * s * (N_1 - N_2) + m.effect[k] * (v_1 - v_2))
        made[m.odds + k] = lead - odds
        among = a * m.theta * s * (1.0 - beta) * other if others > 1.0 else 0.0 * s
        made[m.apart + k] = (among - 1.0) * met[m.apart + k]
        e_on = 0.0 * s + m.sigma[k] - 1.0  # of a first buyer
        if made[m.bought + k].real > 0.0:
            e_on = made[m.respond + k] / made[m.bought + k]
        e_1 = e_2 = e_on
        asks = m.rule == PROFIT or m.rule == CONTESTABLE or m.effect[k] > 0.0
        if asks and (others > 0.0 or a > 0.0):
            b, c = a * m.theta * s * e_on, a * m.theta * s * (1.0 - beta)
            of_all = first, N_1, other, N_2, others, b, c, m.theta, e_on
            e_1 = _elasticity(first, N_1, *of_all)
            e_2 = _elasticity(other, N_2, *of_all) if others > 0.0 else e_1
        kept = first * exp(t_1) + others * other * exp(t_2)
        theirs, sells = 0.0 * s + m.gained[k], sold.real > 0.0
        if sells:
            theirs = made[m.affiliated + k] / (kept * sold)
        # Rows in levels, over what is kept: finite where nothing that is kept covers the cost.
        row_1, row_2 = m.given[k] - t_1, m.given[k] - t_2
        if m.rule == CHOSEN:
            row_1, row_2 = m.held[k] - t_1, m.held[k] - t_2
        elif m.rule == AVERAGE and m.pooled > 0.0 and sold_in_all.real > 0.0:
            asked = (1.0 - needed / sold_in_all) / (1.0 - paid_in_all / kept_in_all)
            row_1, row_2 = asked * exp(-t_1) - 1.0, asked * exp(-t_2) - 1.0
        elif m.rule == AVERAGE:
            cost_1 = cost_2 = 0.0 * s + m.marginal_cost[k]
            if sells:
                cost_1 += (m.fixed_cost[k] + m.scale[k] * expm1(v_1)) * hour / (first * sold)
            if sells and others > 0.0:
                cost_2 += (m.fixed_cost[k] + m.scale[k] * expm1(v_2)) * hour / (other * sold)
            row_1 = (1.0 - cost_1) / (1.0 - theirs) * exp(-t_1) - 1.0
            row_2 = (1.0 - cost_2) / (1.0 - theirs) * exp(-t_2) - 1.0
        elif m.rule == CONTESTABLE:
            cost = 0.0 * s + m.entrant_marginal_cost[k]
            if sells:
                cost += m.entrant_fixed_cost[k] * hour / sold
            left = (1.0 - cost) * exp(-a * s * (1.0 - beta))
            if e_1.real > 0.0:  # its own choice, where that is less
                own = (1.0 - m.marginal_cost[k]) * e_1 / ((1.0 + e_1) * (1.0 - theirs))
                left = maximum(left, own)
            row_1 = left * exp(-t_1) - 1.0
        elif m.rule == PROFIT:
            rest = log1p(-m.marginal_cost[k] + 0.0 * s) - log1p(-theirs)
            row_1 = rest - log1p(1.0 / e_1) - t_1
            row_2 = rest - log1p(1.0 / e_2) - t_2
        if others == 0.0:
            row_2 = t_1 - t_2
        made[m.net + k], made[m.rivals_net + k] = row_1, row_2
        wanted_1, wanted_2 = 0.0 * s, 0.0 * s
        if m.effect[k] > 0.0 and sells:
            worth = m.effect[k] * sold / (hour * m.scale[k])
            margin = m.marginal_cost[k]
            one = worth * e_1 * first * (1.0 - margin - exp(t_1) * (1.0 - theirs))
            two = worth * e_2 * other * (1.0 - margin - exp(t_2) * (1.0 - theirs))
            if one.real > 1.0:
                wanted_1 = log(one)
            if two.real > 1.0:
                wanted_2 = log(two)
        made[m.invested + k], made[m.rivals_invested + k] = wanted_1 - v_1, wanted_2 - v_2


# --- the mechanism --------------------------------------------------------------------


class Platforms(Mechanism):
    """Platforms that host sellers online: what they keep, and how buyers divide among them.

    Without `pricing` they keep the economy's ``commission``. Results have by industry
    ``commission_paid``, ``platform_profit``, ``online_sales``, ``online_share``, the part of
    spending that is online, ``tipped``, 1 where one platform is ahead, and ``tipping_index`` of the
    shares that were found, above one where these do not last: once a market has tipped it is below
    one again; by industry and platform, the first one first, ``platform_commission``,
    ``platform_share`` and ``platform_investment``, and where they maximise profit or invest
    ``platform_gain``, above zero where a commission or an investment that was tried is better than
    the one found, if buyers alone respond. Who earns it, ``group_income`` (labour, land,
    platforms, government), is among the results where :class:`Jurisdictions` or a tax is there too:
    ``Jurisdictions("places")`` adds the accounts and changes nothing else.

    Notes
    -----
    What a dominant platform takes: ``number=1``, with ``ProfitMaximising()`` where nobody can win
    the market, with ``Contestable(...)`` where an entrant can; the smaller commission holds. Not by
    several that set commissions in a market that has ``tipped``: in each that was tried the one
    behind would earn a multiple at another commission.

    Examples
    --------
    >>> import nege
    >>> host = nege.mechanisms.Platforms(marginal_cost=0.02, fixed_cost={"services": 0.01},
    ...                                  pricing=nege.mechanisms.AverageCost())
    >>> found = nege.solve(nege.OnlineAgglomeration(digital_cost=1.1, mechanisms=[host]))
    >>> bool(abs(found.data.platform_profit.sel(industry="services")) < 1e-9)
    True
    """

    pricing: Part | None = part(
        "how they set what they keep",
        ProfitMaximising,
        AverageCost,
        Contestable,
        more="By default they keep the economy's `commission`, at which pricing starts too.",
    )
    number: float = fields.number(
        "number of platforms, one ahead and the others alike", COUNT, default=1.0, varied=False
    )
    substitution: float = fields.number(
        "elasticity of substitution between platforms",
        CLOSE,
        default=17.0,
        more="It matters where there are several.",
        term="substitution between platforms (elasticity)",
    )
    network: Labelled[xr.DataArray] = of_some(
        "log of what reaching everybody online is worth to buyers, as a lower price",
        some("Nobody is put off by others."),
        default=0.0,
        term="network effect of platforms (log)",
    )
    interoperability: float = fields.number(
        "part of another platform's users that can be reached",
        PART_OF,
        default=0.0,
        term="interoperability of platforms",
    )
    marginal_cost: Labelled[xr.DataArray] = of_some(
        "labour per unit of buyers' sales, at the wage of hosts",
        share("It is in sales."),
        default=0.0,
        term="marginal cost of platforms",
    )
    fixed_cost: Labelled[xr.DataArray] = of_some(
        "labour that a platform needs at all",
        LABOUR,
        default=0.0,
        unit="labour",
        term="fixed cost of platforms",
    )
    steering: Steering | None = part("whether they favour affiliates, and how much", Steering)
    investment: Investment | None = part("whether they invest, and what in", Investment)

    kind: ClassVar[str] = "platforms"
    alone: ClassVar[bool] = True
    rank: ClassVar[int] = -1  # what firms have left is what data are bought of
    equations: ClassVar = {
        **{"costs": _costs, "sales": _sales, "incomes": _incomes},
        **{"uses": _uses, "border": _border},
    }
    unknowns: ClassVar = {
        "missed": Own(
            INDUSTRY,
            "price index of what varieties are worth, over what buyers see",
            "1",
            called="steering_loss",
        ),
    }
    shared: ClassVar = {
        "net": Own(INDUSTRY, "what sellers keep on the first platform", "1", start=0.95),
        "rivals_net": Own(INDUSTRY, "what sellers keep on another", "1", start=0.95),
        "odds": Own(
            INDUSTRY,
            "log of the first platform's share over another's",
            "1",
            log=False,
            start=0.0,
            ahead=3.0,
        ),
        # Zero; grows where one of the others, which are alike, could get ahead of them.
        "apart": Own(INDUSTRY, log=False, start=0.0, ahead=0.0),
        "online": Own(
            INDUSTRY,
            "part of spending that is online",
            "1",
            log=False,
            start=0.0,
            called="online_share",
        ),
        "invested": Own(
            INDUSTRY, "ln(1 + investment/scale) of the first platform", "1", log=False, start=0.0
        ),
        "rivals_invested": Own(
            INDUSTRY, "ln(1 + investment/scale) of another", "1", log=False, start=0.0
        ),
    }
    sums: ClassVar = {
        "sold": Own(INDUSTRY, "sales online, at buyers' prices", called="online_sales"),
        "affiliated": Own(INDUSTRY, "profit of affiliates", called="affiliate_profit"),
        "hour": Own(),
    }
    totals: ClassVar = {
        "spent": Own(INDUSTRY),
        "bought": Own(INDUSTRY),
        "respond": Own(INDUSTRY),
        "taken": Own(INDUSTRY, "commission paid", called="commission_paid"),
        "profit": Own(INDUSTRY, "profit of platforms", called="platform_profit"),
        "index": Own(
            INDUSTRY,
            "of the shares found, tipped or not: above one they do not last, below one they do; "
            "a theta s (1-beta) over J where they are equal",
            "1",
            called="tipping_index",
        ),
    }
    notes: ClassVar = {
        "kept": Own(INDUSTRY),
        "part_online": Own(INDUSTRY, "part of a place's spending that is online", "1"),
        "purchases": Own(INDUSTRY, "what a place buys online", called="online_purchases"),
    }
    outcomes: ClassVar = {
        "tipped": Variable(
            INDUSTRY, "1 where one platform is ahead of the others, 0 where all are alike", "1"
        ),
        "platform_commission": Variable(OF_PLATFORM, "part of what buyers pay that it keeps", "1"),
        "platform_share": Variable(OF_PLATFORM, "share of a platform in sales online", "1"),
        "platform_investment": Variable(OF_PLATFORM, "investment of a platform", "labour"),
        "platform_gain": Variable(
            OF_PLATFORM,
            "most that it gains by another commission or investment tried, if buyers alone respond",
            "of what it earns",
        ),
    }

    # --- what kernels read --------------------------------------------------------------

    @classmethod
    def numbers(cls) -> dict[str, tuple[str, ...]]:
        """Return what its equations read, with their dimensions."""
        alone = dict.fromkeys(("rule", "pooled", "number", "theta", "interoperability"), ())
        of_industry = (
            *("network", "marginal_cost", "fixed_cost"),
            *("entrant_marginal_cost", "entrant_fixed_cost", "effect", "scale"),
            *("shown", "gained", "loss", "given", "held", "sigma", "consumption"),
        )
        found = {**alone, **dict.fromkeys(of_industry, INDUSTRY)}
        return {**found, "inputs": ("input", "industry"), "host": ("place",), "owner": ("place",)}

    def values(self, economy: Any) -> Mapping[str, Any]:
        """Return what these are in an economy."""
        none = np.zeros(len(economy.industries))
        rule, pooled, own = GIVEN, 0.0, self.pricing
        mine, theirs = vars(self), vars(economy)  # without the copies that attributes hand out
        given = np.log1p(-theirs["commission"].values)
        entrant = {"entrant_marginal_cost": none, "entrant_fixed_cost": none}
        if isinstance(own, AverageCost):
            rule, pooled = AVERAGE, float(own.scope == "economy")
        elif isinstance(own, Contestable):
            rule = CONTESTABLE
            entrant = {f"entrant_{name}": vars(own)[name] for name in own.fields}
        elif isinstance(own, ProfitMaximising):
            rule = PROFIT if own.response == "buyers" else CHOSEN
        invests = self.investment
        found = {
            **{"rule": float(rule), "pooled": pooled, "number": self.number},
            **{name: mine[name] for name in ("interoperability", "network", "marginal_cost")},
            **{"theta": self.substitution - 1.0, "fixed_cost": mine["fixed_cost"]},
            **entrant,
            "effect": none if invests is None else invests.effect,
            "scale": none + 1.0 if invests is None else invests.scale,
            **{"given": given, "held": given, "host": hosts(economy)},
            **{name: theirs[name] for name in ("sigma", "consumption", "inputs")},
            "owner": hosts(economy) * (economy.platform_owner is not None),
        }
        return {**found, **self._steered(economy)}

    def _steered(self, economy: Any) -> dict[str, np.ndarray]:
        """Return ln Bbar, affiliates' profit over profit, and 1 - Lambda^rho."""
        sigma, none = economy.sigma.values, np.zeros(len(economy.industries))
        if self.steering is None:
            return {"shown": none, "gained": none, "loss": none}
        g, strength = self.steering.affiliates.values, self.steering.strength.values
        more, rho = np.expm1(strength), (sigma - 1.0) / sigma
        mean = 1.0 + g * more
        loss = 1.0 - (1.0 + g * np.expm1(rho * strength)) / mean**rho
        return {"shown": np.log(mean), "gained": g * more / (sigma * mean), "loss": loss}

    # --- what is chosen by how the whole equilibrium responds ---------------------------

    def choices(self, economy: Any) -> Choices | None:
        """Return the commissions of platforms that know how the whole equilibrium responds."""
        own = self.pricing
        if not isinstance(own, ProfitMaximising) or own.response == "buyers":
            return None
        kappa = self.marginal_cost.values
        most = self._steered(economy)["gained"] * economy.sigma.values  # that pi can be

        def rule(z: Any, e_on: Any, known: Any) -> Any:
            kept = 1.0 - z
            theirs = known["affiliated"] / np.maximum(kept * known["sold"], 1e-300)
            e = self._believed(e_on, known)
            left = np.zeros_like(e)  # at e <= 0 nothing is lost by leaving less
            np.divide((1.0 - kappa) * e, (1.0 + e) * (1.0 - theirs), out=left, where=e > 0.0)
            earned = (1.0 - kappa - kept * (1.0 - theirs)) * known["sold"] / known["hour"]
            # What one of several platforms alone would earn is not known.
            return 1.0 - left, earned if self.number == 1.0 else np.full_like(e, np.nan)

        return Choices(
            what="commission",
            names=economy.industries,
            start=economy.commission.values,
            lowest=1.0 - (1.0 - kappa) / (1.0 - most),
            held="held",
            kept=("net", "rivals_net") if self.number > 1.0 else ("net",),
            sold="sold",
            hour="hour",
            rule=rule,
            stored=lambda data: 1.0 - data[f"{self.name}.net"].values,
        )

    def _believed(self, e_on: Any, known: Mapping[str, Any]) -> Any:
        """Return e of each platform, from the response to the commission of all of them."""
        J, theta = self.number, self.substitution - 1.0
        if J == 1.0:
            return e_on
        index = theta * self.network.values * known["online"] * (1.0 - self.interoperability) / J
        if (abs(known["odds"]) > APART).any() or (index >= 1.0).any():
            raise Undefined(TIPPED)
        return theta * (1.0 - 1.0 / J) / (1.0 - index) + e_on / J

    # --- what makes no sense ------------------------------------------------------------

    def refuses(self) -> Mapping[str, str]:
        """Return the mechanisms beside which it has no equations as it is."""
        found = {}
        if self.steering is not None:
            found["dual_mode"] = "Who is favoured among firms in both channels is not modelled."
            found["sourcing"] = "What steering costs those who buy inputs is said where all buy."
        if self.pricing is not None:
            found["digital_services_tax"] = (
                "What a platform asks that pays tax on what it keeps is said for given commissions."
            )
        return found

    def splits(self, economy: Any) -> Mapping[str, tuple[Sequence[str], float]]:
        """Return that sales are divided among platforms."""
        if self.number == 1.0:
            return {}
        return {"odds": ([f"first platform of {name}" for name in economy.industries], self.number)}

    def check(self, economy: Any) -> None:
        """Refuse what makes no market."""
        if self.number != round(self.number):
            cure = "One is a monopolist."
            raise InputError(f"{self.name}.number", self.number, "a whole number", cure)
        if isinstance(self.pricing, Contestable) and self.number > 1.0:
            cure = "Who contests a market wants all of it: take one platform."
            raise InputError(f"{self.name}.number", self.number, "1 in a contestable market", cure)
        needs = self.number * float(self.fixed_cost.values.sum())
        if not needs < 1.0:
            cure = "It is in labour, of which there is one unit in all. Lower it."
            allowed = "less than one in all industries and platforms"
            raise InputError(
                f"{self.name}.fixed_cost", self.fixed_cost.values.tolist(), allowed, cure
            )

    def coordinates(self, economy: Any) -> Mapping[str, Sequence[str]]:
        """Return the names of platforms, the first one first."""
        return {"platform": [str(j + 1) for j in range(int(self.number))]}

    def earnings(self, economy: Any, found: Mapping[str, Any]) -> Mapping[str, np.ndarray]:
        """Return what platforms earn beside the commission: affiliates' profit less their hours."""
        more = np.sum(found["platform_profit"]) - found["commission_revenue"]
        return {"platforms": owned(economy, found["population"]) * more}

    def outcome(self, economy: Any, p: Any, at: Any, found: Mapping[str, Any]) -> dict[str, Any]:
        """Return what each platform is like, and what it would gain by another commission."""
        count = int(self.number)

        def each(first: np.ndarray, other: np.ndarray) -> np.ndarray:
            return np.stack([first, *[other] * (count - 1)], axis=-1)

        own = {name: found[f"{self.name}.{name}"] for name in ("net", "rivals_net", "odds")}
        lead = 1.0 / (1.0 + (count - 1) * np.exp(-own["odds"]))
        own_numbers = self.values(economy)
        logs = each(found[f"{self.name}.invested"], found[f"{self.name}.rivals_invested"])
        share = each(lead, (1.0 - lead) / max(count - 1, 1))
        kept = each(own["net"], own["rivals_net"])
        gains = np.full(share.shape, np.nan)
        rule, wage = self.pricing, float(hosts(economy) @ found["wage"])
        # What one platform alone does is not what all of them do together, which its rule knows.
        sets = isinstance(rule, ProfitMaximising) and (rule.response == "buyers" or count > 1)
        many = all(one.trade is None for one in economy.mechanisms.values())
        for k in np.flatnonzero(found["online_sales"] > NOTHING) if many else ():
            effect = float(np.asarray(own_numbers["effect"])[k])
            if not (sets or effect > 0.0):
                continue
            net = float((share[k] * kept[k]).sum() * found["online_sales"][k])
            online = found[f"{self.name}.part_online"][k]
            market = deviations.Market(
                **{"kept": kept[k], "share": share[k], "theta": self.substitution - 1.0},
                **{"invested": logs[k], "effect": effect},
                unit=float(np.asarray(own_numbers["scale"])[k]) * wage,
                network=float(self.network.values[k]),
                interoperability=self.interoperability,
                cost=float(self.marginal_cost.values[k]),
                theirs=float(found["affiliate_profit"][k]) / net,
                sigma=float(economy.sigma.values[k]),
                online=online,
                spent=found["online_purchases"][k] / online,
            )
            gain = [deviations.gain(market, j, prices=sets) for j in range(min(count, 2))]
            gains[k] = [*gain, *gain[1:] * (count - 2)]
        return {
            "tipped": (np.abs(own["odds"]) > APART).astype(float),
            "platform_commission": 1.0 - kept,
            "platform_share": share,
            "platform_investment": np.asarray(own_numbers["scale"])[:, None] * np.expm1(logs),
            "platform_gain": gains,
        }

    # --- words --------------------------------------------------------------------------

    def caveats(self, data: xr.Dataset) -> tuple[str, ...]:
        """Say where a platform would rather do something else, or would not stay."""
        gains, said = data["platform_gain"], []
        deviates = isinstance(self.pricing, ProfitMaximising) or self.investment is not None
        # What all respond to is another first-order condition than what buyers alone do.
        much = BETTER if self._for_buyers() or self.investment is not None else FAR_BETTER
        alone = self.number == 1.0 and not self._for_buyers() and self.investment is None
        for k in map(str, gains["industry"].values):
            at = data.sel(industry=k)
            if not float(at["online_sales"]) > NOTHING:
                continue
            shares = at["platform_share"].values
            if tipped := np.ptp(shares) > APART:
                said.append(
                    f"The market for {k} has tipped: one platform has {shares.max():.1%} of sales "
                    f"online. (tipping_index, {float(at['tipping_index']):.3g}, is about these "
                    "shares, which last.)"
                )
            each = gains.sel(industry=k).values[:2]
            better = [(j, gain) for j, gain in enumerate(each, 1) if gain > much]
            said += [
                f"Platform {j} of {k} would earn {gain:.3g} times as much on top at another "
                "commission or investment, if buyers alone respond: what it does fulfils the "
                "first-order condition, but is no best answer."
                for j, gain in better
            ]
            if better and deviates and tipped:
                said.append(
                    f"Platforms of {k} that set commissions come to no rest where one is ahead. "
                    "What one takes that dominates is a question to number=1: ProfitMaximising(), "
                    "and Contestable(...) if others can win the market."
                )
            if deviates and not alone and np.isnan(each).any():
                said.append(
                    f"Whether a platform of {k} would earn more by itself at another commission "
                    "or investment was not compared."
                )
            if float(at["platform_profit"]) < -LOSS:
                said.append(
                    f"Platforms of {k} lose {-float(at['platform_profit']):.3g}: who hosts for "
                    "profit would leave."
                )
        return tuple(said)

    def _for_buyers(self) -> bool:
        """Whether commissions maximise profit as buyers respond."""
        return isinstance(self.pricing, ProfitMaximising) and self.pricing.response == "buyers"

    def why(self, economy: Any, options: Any) -> str:
        """Say which costs no commission covers, where that is so."""
        average = isinstance(self.pricing, AverageCost)
        return uncovered.why(self, economy, options) if average else ""

    def remark(self, data: xr.Dataset) -> str:
        """Say where shares do not last, or sales cannot bear what platforms cost."""
        said = []
        for name in map(str, data["industry"].values):
            at = data.sel(industry=name)
            index, spent = float(at["tipping_index"]), float(at["online_sales"])
            if index >= 1.0:
                said.append(
                    f"Shares of platforms in {name} do not last: a theta s (1-beta) is {index:.4g} "
                    f"of what they bear. Lower {self.name}.network, or raise "
                    f"{self.name}.interoperability."
                )
            lost = -float(at["platform_profit"])
            alone = isinstance(self.pricing, AverageCost) and self.pricing.scope == "industry"
            fixed = float(self.fixed_cost.sel(industry=name)) > 0.0 or self.investment is not None
            if alone and fixed:  # others have no cost but that of each sale
                cure = "or take AverageCost(scope='economy')"
                said.append(self._uncovered(f"what platforms in {name} cost", lost, spent, cure))
        if isinstance(self.pricing, AverageCost) and self.pricing.scope == "economy":
            lost, spent = -float(data["platform_profit"].sum()), float(data["online_sales"].sum())
            said.append(self._uncovered("what platforms cost", lost, spent))
        return " ".join(filter(None, said))

    def _uncovered(self, what: str, lost: float, spent: float, *cures: str) -> str:
        """Say that a commission which would just cover a cost was not found, where it was not."""
        if not abs(lost) > LOSS * max(spent, LOSS):
            return ""
        cure = ", ".join([f"Lower {self.name}.fixed_cost", *cures])
        last = f"they {'lose' if lost > 0.0 else 'gain'} {abs(lost):.3g} on sales of {spent:.3g}"
        return (
            f"No commission was found that just covers {what}: at the last one {last}, which fall "
            f"as it rises. {cure}."
        )

    # --- audit --------------------------------------------------------------------------

    def audit(self, stage: str, economy: Any, a: Any) -> None:
        """Put platforms into the published equations, in levels."""
        data, J, beta = a.data, int(self.number), self.interoperability
        names = ("net", "rivals_net", "odds", "invested", "rivals_invested")
        net, rival, odds, v_1, v_2 = (data[f"{self.name}.{name}"].values for name in names)
        first = 1.0 / (1.0 + (J - 1) * np.exp(-odds))
        # (platform, industry): the first, then all others, one by one
        x = np.array([first, *[(1.0 - first) / max(J - 1, 1)] * (J - 1)])
        kept = np.array([net, *[rival] * (J - 1)])
        v = np.array([v_1, *[v_2] * (J - 1)])
        s, theta, theirs = (
            data["online_share"].values,
            self.substitution - 1.0,
            self.values(economy),
        )
        psi, scale = np.asarray(theirs["effect"]), np.asarray(theirs["scale"])
        reach = x + beta * (1.0 - x)
        worth = kept * np.exp(self.network.values * s * reach + psi * v)
        w, host = data["wage"].values, hosts(economy)
        hour = float(host @ w)
        loss = data["steering_loss"].transpose("industry", "place").values
        invested = scale * np.expm1(v)
        sold = data["online_sales"].values
        fixed = J * self.fixed_cost.values * (sold > 0.0) + invested.sum(0)
        hours = self.marginal_cost.values * sold / hour + fixed
        affiliates = data["affiliate_profit"].values
        net_of_all = (x * kept).sum(0)
        if stage == "costs":
            a.index = a.index * loss
            a.cost = (
                a.cost * np.prod(loss[:, None] ** economy.inputs.values[:, :, None], 0)[..., None]
            )
            buyers = np.mean(worth**theta, axis=0) ** (1.0 / theta) if J > 1 else worth[0]
            a.net[..., ONLINE] = (
                a.net[..., ONLINE] * (net_of_all / (1.0 - economy.commission.values))[:, None]
            )
            a.appeal[..., ONLINE] = a.appeal[..., ONLINE] * (buyers / net_of_all)[:, None]
            a.commission[..., ONLINE] = (1.0 / net_of_all - 1.0)[:, None]
        elif stage == "incomes":
            left = float((affiliates - hours * hour).sum())
            a.earns["platforms"] = a.earns["platforms"] + left * owned(
                economy, data["population"].values
            )
            if economy.platform_owner is not None:
                a.transfer = a.transfer + host * left
        elif stage == "uses":
            a.used = a.used + host * w * hours.sum()
        elif stage == "trade":
            bbar = np.exp(theirs["shown"])[:, None, None, None] ** np.array([0.0, 1.0])[:, None]
            if (bbar > 1.0).any():
                mean = np.ones(a.received.shape) * a.over
                a.over = mean / bbar
        elif stage == "sales":
            self._audit_sales(economy, a, x, kept, reach, v, hours, hour, affiliates)

    def _audit_sales(
        self,
        economy: Any,
        a: Any,
        x: Any,
        kept: Any,
        reach: Any,
        v: Any,
        hours: Any,
        hour: Any,
        affiliates: Any,
    ) -> None:
        data = a.data
        s, sold = data["online_share"].values, data["online_sales"].values
        net = (x * kept).sum(0)
        a.everyone += float((affiliates - hours * hour).sum())
        receipts = a.receipts[..., ONLINE].sum(1)
        bought = a.sales[..., ONLINE]
        spent = a.sales.sum(-1)
        sides = {
            "online sales": (sold, receipts / net),
            "online share": (1.0 + s, 1.0 + bought.sum(1) / spent.sum(1)),
            "commission by industry": (
                data["commission_paid"].values,
                receipts * (1.0 / net - 1.0),
            ),
            "profit of platforms": (
                1.0 + data["platform_profit"].values,
                1.0 + data["commission_paid"].values + affiliates - hours * hour,
            ),
        }
        if self.steering is not None:
            g, B = self.steering.affiliates.values, np.exp(self.steering.strength.values)
            mean, rho = g * B + 1.0 - g, 1.0 - 1.0 / economy.sigma.values
            taste = (g * B**rho + 1.0 - g) / mean**rho
            online = bought / spent
            known = (1.0 - online * (1.0 - taste)[:, None]) ** (-1.0 / rho[:, None])
            sides["what steering loses"] = (
                data["steering_loss"].transpose("industry", "place").values,
                known,
            )
            profit = mean[:, None] * a.earned[..., ONLINE]
            share = (g * (B - 1.0) / (economy.sigma.values * mean))[:, None]
            a.diverted[..., ONLINE] = share * profit
            sides["profit of affiliates"] = (affiliates, (share * profit).sum(1))
        asked, invested = self._asked(economy, a, x, reach, kept, v, hour, bought / spent)
        sides["what platforms leave"] = (kept, asked)
        sides["investment of platforms"] = (np.exp(v), np.exp(invested))
        a.sides |= {f"{name} ({self.name})": both for name, both in sides.items()}

    def _asked(
        self, economy: Any, a: Any, x: Any, reach: Any, kept: Any, v: Any, hour: float, online: Any
    ) -> tuple[Any, Any]:
        """Return what each platform leaves sellers by its rule, and ln(1 + I/I0), by industry."""
        data, own, J, rule = a.data, self.values(economy), int(self.number), self.pricing
        s, sold = data["online_share"].values, data["online_sales"].values
        beta, theta, network = self.interoperability, own["theta"], self.network.values
        margin, fixed = self.marginal_cost.values, np.asarray(self.fixed_cost.values)
        invested = np.asarray(own["scale"]) * np.expm1(v)
        net, theirs = (x * kept).sum(0) * sold, data["affiliate_profit"].values
        of_net = np.divide(theirs, net, out=np.asarray(own["gained"]).copy(), where=net > 0.0)
        fixed = fixed * (sold > 0.0)
        bought, most = a.sales[..., ONLINE], economy.sigma.values - 1.0
        passed = a.passed * np.stack([1.0 - online, online], axis=-1)
        of_all = 1.0 - passed[..., ONLINE] / passed.sum(-1)
        responds, in_all = most[:, None] * a.passed[..., ONLINE] * of_all, bought.sum(1)
        e_on = np.divide((responds * bought).sum(1), in_all, out=most.copy(), where=in_all > 0.0)
        asked = np.broadcast_to(1.0 - economy.commission.values, x.shape).copy()
        wanted = np.zeros_like(x)
        chosen = isinstance(rule, ProfitMaximising) and rule.response == "equilibrium"
        for k in range(len(s)):
            # Buyers' response to each platform alone: dx = Q du, and what all sell, dl, together.
            q, one = np.diag(x[:, k]) - np.outer(x[:, k], x[:, k]), np.eye(J)
            own_part = one - theta * network[k] * s[k] * (1.0 - beta) * q
            of_all = theta * network[k] * s[k] * e_on[k] * (q @ reach[:, k])
            system = np.zeros((J + 1, J + 1))
            system[:J, :J], system[:J, J] = own_part, -of_all
            # theta dl = sum x du, du = theta dt + theta a [N s e_on dl + s (1-beta) dx]
            system[J, :J] = -theta * network[k] * s[k] * (1.0 - beta) * x[:, k]
            system[J, J] = theta - theta * network[k] * s[k] * e_on[k] * (x[:, k] @ reach[:, k])
            right = np.vstack([theta * q, theta * x[:, k]])
            moved = np.linalg.solve(system, right)
            e = np.diag(moved[:J]) / x[:, k] + e_on[k] * moved[J]
            if chosen:
                asked[:, k] = kept[:, k]  # as it was found: data do not have the response
            elif isinstance(rule, ProfitMaximising):
                asked[:, k] = (1.0 - margin[k]) * e / ((1.0 + e) * (1.0 - of_net[k]))
            elif isinstance(rule, AverageCost):
                cost = np.full(J, margin[k])
                if sold[k] > 0.0:
                    cost += (fixed[k] + invested[:, k]) * hour / (x[:, k] * sold[k])
                asked[:, k] = (1.0 - cost) / (1.0 - of_net[k])
            elif isinstance(rule, Contestable):
                cost = rule.marginal_cost.values[k]
                if sold[k] > 0.0:
                    cost += rule.fixed_cost.values[k] * hour / sold[k]
                own_choice = (1.0 - margin[k]) * e / ((1.0 + e) * (1.0 - of_net[k]))
                bound = (1.0 - cost) * np.exp(-network[k] * s[k] * (1.0 - beta))
                asked[:, k] = np.maximum(bound, np.where(e > 0.0, own_choice, 0.0))
            gain = 1.0 - margin[k] - kept[:, k] * (1.0 - of_net[k])
            worth = np.asarray(own["effect"])[k] * e * gain * x[:, k] * sold[k] / hour
            wanted[:, k] = np.log(np.maximum(1.0, worth / np.asarray(own["scale"])[k]))
        if isinstance(rule, AverageCost) and rule.scope == "economy" and sold.any():
            needed = (margin * sold + (J * fixed + invested.sum(0)) * hour).sum()
            theirs = data["affiliate_profit"].values.sum() / ((x * kept).sum(0) * sold).sum()
            asked[:] = (1.0 - needed / sold.sum()) / (1.0 - theirs)
        return asked, wanted


# --- what is known exactly ------------------------------------------------------------

DEAR: dict[str, Any] = {**ALONE, "firm_scale": [[3000.0, 1.0]]}  # offline: all sales are online


def _lead(make: Any, solve: Any) -> tuple[Any, Any]:
    """Sides of ln(x_1/x_2) = v (x_1 - x_2), v = a theta s (1-beta), just where the market tips."""
    found, known = [], []
    for number, beta in ((2, 0.0), (3, 0.0), (4, 0.5)):
        v = 1.02 * number
        platforms = Platforms(number=number, network=v / 16.0 / (1.0 - beta), interoperability=beta)
        odds = float(solve(make(**DEAR, mechanisms=[platforms])).data["platforms.odds"][0])
        first = 1.0 / (1.0 + (number - 1.0) * np.exp(-odds))
        found.append(odds)
        known.append(v * (first - (1.0 - first) / (number - 1.0)))
        assert odds > 0.4  # not the equal shares, which solve it too
    return found, known


def _lock_in(make: Any, solve: Any) -> tuple[Any, Any]:
    """Sides of (1-phi) ln[s/(1-s)] = (sigma-1) a (s-1/2)."""
    a = 0.3
    economy = make(**{**ALONE, "digital_cost": np.exp(a / 2.0)}, mechanisms=[Platforms(network=a)])
    s = solve(economy).data.online_share.values
    return 0.2 * np.log(s / (1.0 - s)), 4.0 * a * (s - 0.5)


def _one_commission(make: Any, solve: Any) -> tuple[Any, Any]:
    """Sides of zeta = (1 + kappa e)/(1 + e), e = (sigma-1)(1-s), where buyers respond."""
    cost, found, known = 0.05, [], []
    for digital_cost in (1.05, 1.0):
        platforms = Platforms(pricing=ProfitMaximising(response="buyers"), marginal_cost=cost)
        economy = make(**{**ALONE, "digital_cost": digital_cost}, mechanisms=[platforms])
        data = solve(economy).data
        e = 4.0 * (1.0 - float(data.online_share[0]))
        found.append(1.0 - float(data["platforms.net"][0]))
        known.append((1.0 + cost * e) / (1.0 + e))
    return found, known


def _steering_loss(make: Any, solve: Any) -> tuple[Any, Any]:
    """1/Lambda, and firms 1/Bbar where affiliates' profit is income that is spent."""
    g, rho, found, known = 0.3, 0.8, [], []
    for strength in (0.5, 1.0, 2.0):
        steering = Steering(affiliates=g, strength=strength)
        economy = make(**DEAR, mechanisms=[Platforms(steering=steering)])
        data = solve(economy).data
        B = np.exp(strength)
        mean = g * B + 1.0 - g
        found += [float(data.steering_loss[0, 0]), float(data.firm_mass.sum())]
        known += [mean / (g * B**rho + 1.0 - g) ** (1.0 / rho)]
        known += [1.0 / (mean * (1.0 - g * (B - 1.0) / (5.0 * mean)))]
    return found, known


Platforms.closed_forms = [
    ClosedForm("the first platform leads by ln(x_1/x_2) = a theta s (1-beta) (x_1-x_2)", _lead),
    ClosedForm("(1-phi) ln[s/(1-s)] = (sigma-1) a (s-1/2) where channels lock in", _lock_in),
    ClosedForm("a monopolist asks (1 + kappa e)/(1 + e), e = (sigma-1)(1-s)", _one_commission),
    ClosedForm(
        "steering loses 1/Lambda, and as many firms as independent ones bear", _steering_loss
    ),
]
