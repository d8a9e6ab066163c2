"""Dual numbers: a value and a derivative in one complex number, so that equations differentiate.

A number moves as x + i h x', h = ``STEP``. Sums, products and quotients of complex numbers then
are those of derivatives, since h squared is lost beside any value; the functions below act on
the value and multiply the derivative by their slope. So an equation written once with them gives
its value for real numbers, and for complex ones its derivative along any direction, exact to
rounding: nothing is subtracted (Squire & Trapp 1998, SIAM Review 40, with the functions that
complex numbers would have more than one branch of taken by value).

They work in compiled code and in plain Python alike. What compares numbers compares ``value``.
"""

import functools
import math
from collections.abc import Callable
from typing import Any

from numba import types
from numba.extending import overload

from nege.kernels import vmath
from nege.kernels.jit import kernel

STEP = 1e-100  # its square is lost beside a value, and no derivative above 1e-220 is

# All of them are said: one that is not is that of the kernel which happens to need the function
# first in this process, so that the same equations would compile to other bits in another order.
OPTIONS = {"error_model": "numpy", "fastmath": vmath.CONTRACTED}

Function = Callable[..., Any]


def dual(x: float, slope: float) -> complex:
    """Return the dual number of a value and a derivative."""
    return complex(x, STEP * slope)


def derivative(x: complex) -> float:
    """Return the derivative that a dual number carries."""
    return float(x.imag) / STEP


def value(x: Any) -> Any:
    """Return the value of a number, dual or not."""
    return x.real


def _of_both(for_real: Function, for_dual: Function) -> Callable[[Function], Function]:
    """Make a function of one number, real or dual, from the two that it is."""

    def make(declared: Function) -> Function:
        @functools.wraps(declared)
        def function(x: Any) -> Any:
            return for_dual(x) if isinstance(x, complex) else for_real(x)

        @overload(function, jit_options=OPTIONS)
        def _typed(x):
            return for_dual if isinstance(x, types.Complex) else for_real

        return function

    return make


def _dual_exp(x):
    level = vmath.exp(x.real)
    return complex(level, level * x.imag)


def _dual_log(x):
    return complex(vmath.log(x.real), x.imag / x.real)


def _dual_expm1(x):
    return complex(math.expm1(x.real), vmath.exp(x.real) * x.imag)


def _dual_log1p(x):
    return complex(math.log1p(x.real), x.imag / (1.0 + x.real))


@_of_both(lambda x: vmath.exp(x), _dual_exp)
def exp(x: Any) -> Any:
    """Return e^x."""


@_of_both(lambda x: vmath.log(x), _dual_log)
def log(x: Any) -> Any:
    """Return ln x."""


@_of_both(lambda x: math.expm1(x), _dual_expm1)
def expm1(x: Any) -> Any:
    """Return e^x - 1, exact where x is small."""


@_of_both(lambda x: math.log1p(x), _dual_log1p)
def log1p(x: Any) -> Any:
    """Return ln(1 + x), exact where x is small."""


@kernel(inside=True)
def power(x, exponent):
    """Return x^exponent, x > 0."""
    return exp(exponent * log(x))


@kernel(inside=True)
def absolute(x):
    """Return |x|."""
    return x if x.real >= 0.0 else -x


@kernel(inside=True)
def maximum(x, y):
    """Return the larger of two numbers by value, the first of two that are equal, NaN if one is."""
    larger = y.real > x.real or y.real != y.real
    return y if larger else x


@kernel(inside=True)
def logaddexp(x, y):
    """Return ln(e^x + e^y), without overflow."""
    high = maximum(x, y)
    if high.real == -math.inf:
        return high
    return high + log1p(exp(x + y - 2.0 * high))
