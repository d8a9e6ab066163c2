"""Bounds on the rounding error of sums over places: prices and market access.

Prices and market access are sums of positive numbers, so nothing cancels, and relative errors
of terms go into the sum by its weights. In units of eps = 2^-52:

    K = exp(x)       is off by at most 2 |x| + 1: its exponent is a product of rounded numbers
    a sum of n       adds n roundings; many cancel, so that beyond 100 it is 10 sqrt(n)
    ln K             weighs in a sum  price_s = sum_r K_rs supply_r  at most
                     ln n + ln(largest supply/price_s), K <= 1: with shares w_r of the sum,
                     sum w ln(1/K) = entropy of w + sum w ln supply - ln price_s

What leaves the range of numbers is lost as a whole: a term below ``TINY``, of which each sum has
n at most, as large as the largest supply if it is K that is below.

Higham, N. J. (2002), Accuracy and Stability of Numerical Algorithms, ch. 3; Higham & Mary
(2019), SIAM J. Sci. Comput. 41, for the square root (off with a probability below 1e-20).
"""

import math

from nege.kernels.jit import kernel

EPS = 2.0**-52
TINY = 4e-308  # what exp, K and products lose below the normal numbers


@kernel(inside=True)
def additions(n):
    """Return the rounding error of a sum of n terms, in units of eps."""
    return min(float(n), 10.0 * math.sqrt(n))


@kernel(inside=True)
def of_sum(n, largest, total):
    """Bound the relative error of sum_r K_rs supply_r, given the largest supply and the sum.

    Supplies are taken as they are.
    """
    if not 0.0 < total < math.inf:
        return math.inf
    logs = math.log(n) + max(0.0, math.log(largest / total))
    lost = n * TINY * (1.0 + largest) / total
    return EPS * (2.0 * logs + 4.0 * additions(n) + 4.0) + lost
