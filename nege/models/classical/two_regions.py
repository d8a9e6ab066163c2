"""Short runs of core-periphery economies of two regions, many at a time.

In two regions one number decides everything: q = ln(w_1/w_2), the root of

    h(q) = sigma q - ln(z_1/z_2) - sigma ln((1-zeta_1)/(1-zeta_2)),
    z_r = sum_s K_rs Y_s/P_s

with wages on the numeraire. h rises in q, because the wage map contracts, so Newton's
method within a bracket cannot fail. Here a row of economies is worked on together, in
short loops without branches that the compiler turns into vector instructions: the scheme
for two equal regions on a grid of trade costs and shares.

    k       freeness of trade between the two      f, g   shares of farmers in both
    lambda  share of workers in the first          x = lambda (w_1/w_2)^(1-sigma)

Errors of q are bounded as in ``fixed_point``: residual and rounding over the slope of h/sigma.
"""

import numpy as np

from nege.kernels.codes import CONVERGED, LIMIT, NEWTON, STALLED
from nege.kernels.jit import kernel
from nege.kernels.operators import DENSE
from nege.kernels.rounding import EPS, TINY
from nege.kernels.vmath import exp, log
from nege.models.solutions import Many

LANES = 128  # economies worked on together; the buffers of so many fit the first cache
LIMIT_NEWTON = 60
LONGEST_STEP = 1.0  # in q


@kernel(arithmetic=True)
def _powers(q, power, out):
    for j in range(q.size):
        out[j] = exp(power * q[j])


@kernel(arithmetic=True)
def _slopes(k, f, g, mu, sigma, share, other, ratio, x, access, slope):
    """z_1/z_2 and h'(q), without a division more than is needed."""
    for j in range(share.size):
        a = share[j]
        b = other[j]
        w2 = 1.0 / (a * ratio[j] + b)
        w1 = ratio[j] * w2
        first = a * x[j]
        p1 = first + k * b
        p2 = k * first + b
        both = 1.0 / (p1 * p2)
        i1 = both * p2
        i2 = both * p1
        d1 = (mu * a * w1 + (1.0 - mu) * f) * i1
        d2 = (mu * b * w2 + (1.0 - mu) * g) * i2
        z1 = d1 + k * d2
        z2 = k * d1 + d2
        moved = mu * a * b * w1 * w2
        grown = (1.0 - sigma) * first
        s1 = (moved - d1 * grown) * i1
        s2 = (-moved - d2 * k * grown) * i2
        inverse = 1.0 / (z1 * z2)
        slope[j] = sigma - ((s1 + k * s2) * z2 - (k * s1 + s2) * z1) * inverse
        access[j] = z1 * z1 * inverse


@kernel(arithmetic=True)
def _errors(k, f, g, mu, sigma, share, other, q, x, left, slope, error):
    """Bound errors of q, right after ``_slopes`` at q."""
    spent = (1.0 - mu) * max(min(f, g), k * max(f, g))  # of which a region sells so much, or more
    fixed = EPS * (8.0 * abs(np.log(k)) + 40.0)
    for j in range(q.size):
        first = share[j] * x[j]
        p1 = first + k * other[j]
        p2 = k * first + other[j]
        least = p1 if p1 < p2 else p2
        lost = 8.0 * TINY * (1.0 + first) / (least * spent)
        rounding = fixed + lost + EPS * 10.0 * sigma * abs(q[j])
        error[j] = (sigma * left[j] + rounding) / slope[j] + 4.0 * EPS


@kernel(arithmetic=True)
def _advance(q, access, slope, sigma, tolerance, left, steps):
    """Newton's step where it is needed: what is solved stays, with the residual it has."""
    for j in range(q.size):
        h = sigma * q[j] - log(access[j])
        left[j] = abs(h) / sigma
        move = h / slope[j]
        move = LONGEST_STEP if move > LONGEST_STEP else move
        move = -LONGEST_STEP if move < -LONGEST_STEP else move
        solved = left[j] <= tolerance
        q[j] -= 0.0 if solved else move
        steps[j] += 0.0 if solved else 1.0


@kernel
def _largest(values):
    top = 0.0
    for j in range(values.size):
        if not values[j] <= top:  # so that NaN is carried on
            top = values[j]
            if top != top:
                return np.inf
    return top


@kernel
def _bisect(k, f, g, mu, sigma, a, b, tolerance):
    """Newton's method inside a bracket, for the rare economy that the row leaves over."""
    low, high, q = -60.0, 60.0, 0.0
    share, other, at = np.array([a]), np.array([b]), np.empty(1)
    left, error = np.empty(1), np.empty(1)
    ratio, x, access, slope = np.empty(1), np.empty(1), np.empty(1), np.empty(1)
    for _ in range(200):
        at[0] = q
        _powers(at, 1.0, ratio)
        _powers(at, 1.0 - sigma, x)
        _slopes(k, f, g, mu, sigma, share, other, ratio, x, access, slope)
        h = sigma * q - np.log(access[0])
        left[0] = abs(h) / sigma
        if left[0] <= tolerance:
            _errors(k, f, g, mu, sigma, share, other, at, x, left, slope, error)
            return q, left[0], error[0]
        if h > 0.0:
            high = q
        elif h < 0.0:
            low = q
        else:
            return q, np.inf, np.inf
        q -= h / slope[0]
        if not low < q < high:
            q = 0.5 * (low + high)
    return q, np.inf, np.inf


@kernel
def grid(freeness, shares, farmers, sigma, mu, tolerance, log_ratio, numbers, counts):
    """Solve two equal regions for every freeness and every share.

    Parameters
    ----------
    freeness : (N,) array
        Of trade between the two, each in (0, 1]; best in order, as each row starts
        from the one before it.
    shares : (M,) array
        Of workers in the first region, in [0, 1].
    farmers, sigma, mu : float
        Share of farmers in the first region; the model's parameters.
    tolerance : float
        On the residual |q - (f_1 - f_2)(q)| of log relative wages.
    log_ratio : (N, M) array
        Written: q.
    numbers, counts : (N, M, 2) arrays
        Written: residual and error of q; how each solve ended, and its steps.
    """
    others, g = 1.0 - shares, 1.0 - farmers
    given = sigma, mu, tolerance, log_ratio, numbers, counts
    solve(freeness, shares, others, farmers, g, *given)


@kernel
def solve(freeness, shares, others, f, g, sigma, mu, tolerance, log_ratio, numbers, counts):
    """Do the same for given shares of both regions: one minus a share may lose all of it."""
    m = shares.size
    ratio, x = np.empty(LANES), np.empty(LANES)
    access, slope, left = np.empty(LANES), np.empty(LANES), np.empty(LANES)
    steps, error = np.empty(LANES), np.empty(LANES)
    for start in range(0, m, LANES):
        stop = min(m, start + LANES)
        n = stop - start
        part, rest = shares[start:stop], others[start:stop]
        e, p, z, d, h, c = ratio[:n], x[:n], access[:n], slope[:n], left[:n], steps[:n]
        q, before = np.zeros(n), np.zeros(n)
        for i in range(freeness.size):
            k = freeness[i]
            for j in range(n):
                c[j] = 1.0
                last = q[j]
                if i > 1 and abs(last - before[j]) <= LONGEST_STEP:
                    q[j] += last - before[j]  # the secant through the two rows before
                before[j] = last
            for _ in range(LIMIT_NEWTON):
                _powers(q, 1.0, e)
                _powers(q, 1.0 - sigma, p)
                _slopes(k, f, g, mu, sigma, part, rest, e, p, z, d)
                _advance(q, z, d, sigma, tolerance, h, c)
                if _largest(h) <= tolerance:
                    break
            _errors(k, f, g, mu, sigma, part, rest, q, p, h, d, error)
            for j in range(n):
                if not h[j] <= tolerance:
                    q[j], h[j], error[j] = _bisect(k, f, g, mu, sigma, part[j], rest[j], tolerance)
                log_ratio[i, start + j] = q[j]
                numbers[i, start + j, 0] = h[j]
                numbers[i, start + j, 1] = error[j]
                counts[i, start + j, 0] = CONVERGED if h[j] <= tolerance else LIMIT
                counts[i, start + j, 1] = int(c[j])
                if not np.isfinite(q[j]):
                    q[j] = 0.0


def short_runs(freeness, shares, farmers, sigma, mu, options):
    """Return the short runs of two equal regions for every freeness and every share.

    As ``grid``, with the shares of both regions in each row and states as other solvers
    give them. An error bound that is not met leaves a solve STALLED.
    """
    order = np.argsort(freeness)
    first, others = np.ascontiguousarray(shares.T)
    shape = freeness.size, first.size
    q, numbers = np.empty(shape), np.empty((*shape, 2))
    counts = np.empty((*shape, 2), dtype=np.int64)
    tolerance = options.tolerance_residual
    for low in range(0, first.size, LANES):  # an interrupt ends it in between
        some = slice(low, low + LANES)
        part = q[:, some].copy(), numbers[:, some].copy(), counts[:, some].copy()
        given = farmers[0], farmers[1], sigma, mu, tolerance
        solve(freeness[order], first[some], others[some], *given, *part)
        q[:, some], numbers[:, some], counts[:, some] = part
    back = np.argsort(order)
    q, numbers, counts = q[back], numbers[back], counts[back]
    second = -np.log(first * np.exp(q) + others)
    status = counts[..., 0]
    status[(status == CONVERGED) & ~(numbers[..., 1] <= options.tolerance_error)] = STALLED
    return Many(
        np.stack([q + second, second], axis=-1),
        status,
        numbers[..., 0],
        numbers[..., 1],
        np.full(shape, np.nan),
        counts[..., 1],
        np.full(shape, NEWTON),
    )


@kernel(arithmetic=True)
def _gaps(q, x, k, mu, sigma, share, out):
    """Ln omega_1 - ln omega_2 = q + mu/(sigma-1) (ln P_1 - ln P_2)."""
    for j in range(q.size):
        first = share[j] * x[j]
        b = 1.0 - share[j]
        ratio = (first + k * b) / (k * first + b)
        out[j] = q[j] + mu / (sigma - 1.0) * log(ratio)


@kernel
def payoff_gaps(freeness, shares, sigma, mu, log_ratio, out):
    """Write ln omega_1 - ln omega_2 for a solved grid."""
    x = np.empty(shares.size)
    for i in range(freeness.size):
        _powers(log_ratio[i], 1.0 - sigma, x)
        _gaps(log_ratio[i], x, freeness[i], mu, sigma, shares, out[i])


def at_once(compiled, points, shares, options):
    """Return the short runs of some parameter points, None where they are not of this kind."""
    first = compiled.parameters(points[0])
    same = (np.array_equal(point.numbers, points[0].numbers) for point in points)
    if first.farmers.size != 2 or first.log_net.any() or not all(same):
        return None
    if points[0].operator.kind != DENSE:
        return None
    freeness = np.array([point.operator.table for point in points])
    if not (freeness[:, 0, 0] == 1.0).all() or not (freeness[:, 1, 1] == 1.0).all():
        return None
    between = freeness[:, 0, 1]
    if not (between == freeness[:, 1, 0]).all():
        return None
    return short_runs(between, shares, first.farmers, first.sigma, first.mu, options)
