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

A point where n = 0 is allowed where phi = 1. Derivatives are in ``slopes``.
Source: the equations are nege's own, after Tan & Xia (2022); README and docstrings say more.
"""

from typing import NamedTuple

import numpy as np

from nege.kernels.jit import kernel

OFFLINE, ONLINE = 0, 1
WAGE, RENT, PEOPLE, LOCAL = 0, 1, 2, 3  # after the industries' own rows; how many
EARNED, REMOTE_USED, REMOTE_SOLD, COMMISSION = range(4)  # in Evaluation.totals


class Couplings(NamedTuple):
    """How places meet, by origin and destination: freeness of trade, reach of knowledge."""

    freeness: np.ndarray  # (K, 2, P, P), K_c
    reach: np.ndarray  # (K, P, P), e^(-rho d)

    @property
    def name(self):
        """What options and results call it."""
        return "dense"


class AgglomerationParameters(NamedTuple):
    """What the kernels know of the economy; (K,) unless said otherwise."""

    sigma: np.ndarray
    variety: np.ndarray  # phi
    consumption: np.ndarray  # mu
    housing: float  # beta
    inputs: np.ndarray  # (K, K), alpha
    land_share: np.ndarray  # b
    labour_share: np.ndarray  # a
    log_productivity: np.ndarray  # (K, P), ln Abar
    log_land: np.ndarray  # (P,), ln H
    log_home: np.ndarray  # (P,), ln Lbar + eps ln B
    migration: float  # eps
    spillover: np.ndarray  # gamma
    pool: np.ndarray  # chi
    hears_online: np.ndarray  # eta: offline firms, of the pool
    hears_offline: np.ndarray  # psi: online firms, of offline neighbours
    diversity: np.ndarray  # theta
    log_net: np.ndarray  # (K, 2), ln(1 - lambda)
    log_scale: np.ndarray  # (K, 2), ln f
    remote_share: np.ndarray  # r
    substitution: float  # s
    elasticity: float  # nu
    log_friction: float  # ln kappa
    pooled: float  # u
    owner: np.ndarray  # (P,), o
    operator: Couplings


class Evaluation(NamedTuple):
    """Everything at given unknowns that derivatives need; (K, 2, P) unless said otherwise."""

    firms: np.ndarray  # n
    mass: np.ndarray  # m
    mix: np.ndarray  # d ln Delta/d ln m
    supply: np.ndarray  # x
    access: np.ndarray  # Z
    revenue: np.ndarray  # R
    price: np.ndarray  # (K, P), P
    spent: np.ndarray  # (K, P), E G^(sigma-1)
    demand: np.ndarray  # (K, P), mu Y + sum alpha R
    far: np.ndarray  # (K, P), v
    away: np.ndarray  # (P,), pi
    earned: np.ndarray  # (P,), L What
    income: np.ndarray  # (P,), Y
    used: np.ndarray  # (P,), sum a R (1-v)
    land: np.ndarray  # (P,), beta Y + sum b R
    target: np.ndarray  # (P,)
    totals: np.ndarray  # (4,)


@kernel(arithmetic=True)
def gather(matrix, x, own, out):
    """out_p += sum_q matrix_pq x_q, or the place's own part alone."""
    for p in range(out.size):
        if own:
            out[p] += matrix[p, p] * x[p]
        else:
            total = 0.0
            for q in range(x.size):
                total += matrix[p, q] * x[q]
            out[p] += total


@kernel(arithmetic=True)
def scatter(matrix, x, own, out):
    """out_q += sum_p x_p matrix_pq, or the place's own part alone."""
    for p in range(x.size):
        if own:
            out[p] += matrix[p, p] * x[p]
        else:
            for q in range(out.size):
                out[q] += x[p] * matrix[p, q]


@kernel
def heard(p, firms, own, out):
    """Knowledge spillovers: the mass of firms that each learns from; linear, so its own tangent."""
    industries, _, places = firms.shape
    for k in range(industries):
        near = np.zeros((2, places))
        gather(p.operator.reach[k], firms[k, OFFLINE], own, near[OFFLINE])
        gather(p.operator.reach[k], firms[k, ONLINE], own, near[ONLINE])
        pool = 0.0
        for q in range(places):
            pool += firms[k, ONLINE, q]
        for q in range(places):
            known = p.pool[k] * (firms[k, ONLINE, q] if own else pool)
            out[k, OFFLINE, q] = near[OFFLINE, q] + near[ONLINE, q] + p.hears_online[k] * known
            out[k, ONLINE, q] = p.hears_offline[k] * near[OFFLINE, q] + near[ONLINE, q] + known


@kernel
def _mix(mass, mix, log_variety):
    """Write ln Delta of each channel and place, and its slopes."""
    industries, _, places = mass.shape
    for c in range(2):
        for q in range(places):
            total = entropy = 0.0
            for k in range(industries):
                total += mass[k, c, q]
            for k in range(industries):
                share = mass[k, c, q] / total if total > 0.0 else 0.0
                mix[k, c, q] = share * np.log(share) if share > 0.0 else 0.0
                entropy -= mix[k, c, q]
            log_variety[c, q] = entropy - np.log(industries)
            for k in range(industries):
                share = mass[k, c, q] / total if total > 0.0 else 0.0
                mix[k, c, q] = -mix[k, c, q] - share * entropy


@kernel
def _allocate(industries, places):
    cell, pair = (industries, 2, places), (industries, places)
    return Evaluation(
        np.empty(cell),
        np.empty(cell),
        np.zeros(cell),
        np.empty(cell),
        np.zeros(cell),
        np.empty(cell),
        np.zeros(pair),
        np.empty(pair),
        np.empty(pair),
        np.zeros(pair),
        np.empty(places),
        np.empty(places),
        np.empty(places),
        np.empty(places),
        np.empty(places),
        np.empty(places),
        np.zeros(4),
    )


@kernel
def remote(x):
    """Where ln w0 stands."""
    return x.size - 2


@kernel
def dividend(x):
    """Where D stands."""
    return x.size - 1


@kernel
def by_place(p, x):
    """Return the unknowns of places as a table, one row each."""
    places = p.log_land.size
    return x[: x.size - 2].reshape(places, (x.size - 2) // places)


@kernel
def _supply(p, x, at, excess):
    """Knowledge, costs and supply; leaves ln[(1-lambda) x/(n f c)] in the rows of firms."""
    rows, out = by_place(p, x), by_place(p, excess)
    industries, places = at.price.shape
    far_wage, wage = x[remote(x)], 4 * industries + WAGE
    log_variety = np.zeros((2, places))
    for k in range(industries):
        for c in range(2):
            for q in range(places):
                at.firms[k, c, q] = np.exp(rows[q, 2 * k + c])
    heard(p, at.firms, False, at.mass)
    if p.diversity.any():
        _mix(at.mass, at.mix, log_variety)
    for k in range(industries):
        for q in range(places):
            gap = (1.0 - p.substitution) * (far_wage - rows[q, wage])
            online = p.remote_share[k] * np.expm1(gap)  # W^(1-s) = w^(1-s) (1 + online)
            inputs = p.land_share[k] * rows[q, wage + 1] - p.log_productivity[k, q]
            for j in range(industries):
                inputs += p.inputs[j, k] * rows[q, 2 * industries + j]
            for c in range(2):
                cost = inputs + p.labour_share[k] * rows[q, wage]
                if c == ONLINE and p.remote_share[k] > 0.0:
                    at.far[k, q] = p.remote_share[k] * np.exp(gap) / (1.0 + online)
                    if p.substitution == 1.0:
                        extra = p.remote_share[k] * (far_wage - rows[q, wage])
                    else:
                        extra = np.log1p(online) / (1.0 - p.substitution)
                    cost += p.labour_share[k] * extra
                if p.spillover[k] > 0.0:
                    cost -= p.spillover[k] * np.log(at.mass[k, c, q])
                cost -= p.diversity[k] * log_variety[c, q]
                log_firms = rows[q, 2 * k + c]
                log_price = (1.0 - p.sigma[k]) * (cost - p.log_net[k, c])
                at.supply[k, c, q] = np.exp(p.variety[k] * log_firms + log_price)
                out[q, 2 * k + c] = p.log_net[k, c] + log_price - p.log_scale[k, c] - cost
                if p.variety[k] < 1.0:
                    out[q, 2 * k + c] -= (1.0 - p.variety[k]) * log_firms
                if at.mass[k, c, q] == 0.0 and p.spillover[k] > 0.0:
                    out[q, 2 * k + c] = -np.inf  # no firm to learn from: productivity is zero


@kernel
def _trade(p, x, at, excess):
    """Price indices, access and revenue; completes the rows of firms and prices."""
    rows, out = by_place(p, x), by_place(p, excess)
    industries, places = at.price.shape
    for k in range(industries):
        for c in range(2):
            scatter(p.operator.freeness[k, c], at.supply[k, c], False, at.price[k])
        for q in range(places):
            log_index = rows[q, 2 * industries + k]
            out[q, 2 * industries + k] = np.log(at.price[k, q]) / (1.0 - p.sigma[k]) - log_index
            spending = rows[q, 3 * industries + k] + (p.sigma[k] - 1.0) * log_index
            at.spent[k, q] = np.exp(spending)
        for c in range(2):
            gather(p.operator.freeness[k, c], at.spent[k], False, at.access[k, c])
            net = np.exp(p.log_net[k, c])
            for q in range(places):
                out[q, 2 * k + c] += np.log(at.access[k, c, q])
                at.revenue[k, c, q] = net * at.supply[k, c, q] * at.access[k, c, q]
                at.totals[COMMISSION] += (1.0 / net - 1.0) * at.revenue[k, c, q]


@kernel
def _markets(p, x, at, excess):
    """Labour, land, income and spending: the rows that hold inside places, and of the economy."""
    rows, out = by_place(p, x), by_place(p, excess)
    industries, places = at.price.shape
    wage = 4 * industries + WAGE
    for q in range(places):
        log_wage, people = rows[q, wage], np.exp(rows[q, wage + PEOPLE])
        log_what, log_stay, at.away[q] = log_wage, 0.0, 0.0
        if p.remote_share.any():
            gain = p.elasticity * (x[remote(x)] - p.log_friction - log_wage)
            log_stay = -np.logaddexp(0.0, gain)  # ln(1 - pi)
            log_what -= log_stay / p.elasticity
            at.away[q] = 1.0 / (1.0 + np.exp(-gain))
        at.earned[q] = people * np.exp(log_what)
        at.totals[EARNED] += at.earned[q]
        at.totals[REMOTE_SOLD] += at.away[q] * at.earned[q]
        at.income[q] = at.earned[q] + people * x[dividend(x)]
        at.income[q] += (1.0 - p.pooled) * p.owner[q] * at.totals[COMMISSION]
        at.used[q], at.land[q] = 0.0, p.housing * at.income[q]
        real = np.log(at.income[q]) - rows[q, wage + PEOPLE] - p.housing * rows[q, wage + RENT]
        for k in range(industries):
            at.demand[k, q] = p.consumption[k] * at.income[q]
            online = p.labour_share[k] * at.revenue[k, ONLINE, q] * at.far[k, q]
            revenue = at.revenue[k, OFFLINE, q] + at.revenue[k, ONLINE, q]
            at.used[q] += p.labour_share[k] * revenue - online
            at.totals[REMOTE_USED] += online
            at.land[q] += p.land_share[k] * revenue
            real -= p.consumption[k] * rows[q, 2 * industries + k]
            for j in range(industries):
                sold = at.revenue[j, OFFLINE, q] + at.revenue[j, ONLINE, q]
                at.demand[k, q] += p.inputs[k, j] * sold
            out[q, 3 * industries + k] = np.log(at.demand[k, q]) - rows[q, 3 * industries + k]
        out[q, wage] = np.log(at.used[q]) - log_stay - rows[q, wage + PEOPLE] - log_what
        out[q, wage + RENT] = np.log(at.land[q]) - rows[q, wage + RENT] - p.log_land[q]
        at.target[q] = p.migration * real + p.log_home[q]


@kernel
def evaluate(p, x, excess):
    """Write the residual of every equation at the unknowns x; return the point."""
    industries, places = p.log_productivity.shape
    at, out = _allocate(industries, places), by_place(p, excess)
    _supply(p, x, at, excess)
    _trade(p, x, at, excess)
    _markets(p, x, at, excess)
    people = 4 * industries + PEOPLE
    top, total = -np.inf, 0.0
    for q in range(places):
        top = max(top, at.target[q])
    for q in range(places):
        total += np.exp(at.target[q] - top)
    for q in range(places):
        log_target = at.target[q] - top - np.log(total)
        at.target[q] = np.exp(log_target)
        out[q, people] = log_target - by_place(p, x)[q, people]
    excess[remote(x)] = 0.0
    if p.remote_share.any():
        excess[remote(x)] = np.log(at.totals[REMOTE_USED] / at.totals[REMOTE_SOLD])
    excess[dividend(x)] = np.log(at.totals[EARNED])
    if not uses_land(p):
        for q in range(places):
            out[q, 4 * industries + RENT] = 0.0
    return at


@kernel
def uses_land(p):
    """Whether land has a price at all."""
    return p.housing > 0.0 or p.land_share.any()
