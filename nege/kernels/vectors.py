"""Vector loops that several kernels share: add a multiple, largest absolute value, copy."""

import math

from nege.kernels.jit import kernel


@kernel(arithmetic=True, inside=True)
def add_scaled(y, a, x):
    """Y += a x."""
    for i in range(y.size):
        y[i] += a * x[i]


@kernel(inside=True)
def largest(x):
    """Largest absolute value; infinity where any value is NaN, so that NaN passes no test."""
    top = 0.0
    finite = True
    for i in range(x.size):
        size = abs(x[i])
        top = max(top, size)
        finite = finite and math.isfinite(size)
    return top if finite else math.inf


@kernel(inside=True)
def copy(source, target):
    for i in range(source.size):
        target[i] = source[i]
