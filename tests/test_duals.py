"""Dual numbers: every function's derivative, values that are not disturbed, and NaN that stays."""

import math
import re

import numba
import numpy as np
import pytest
from mpmath import mp

from nege.kernels import duals
from nege.kernels.jit import ARITHMETIC

pytestmark = pytest.mark.closed_form

FUNCTIONS = {
    "exp": (duals.exp, mp.exp, (-3.0, 0.0, 0.7)),
    "log": (duals.log, mp.log, (1e-300, 0.3, 4.0)),
    "expm1": (duals.expm1, mp.expm1, (-2.0, 1e-12, 0.5)),
    "log1p": (duals.log1p, mp.log1p, (-0.5, 1e-12, 3.0)),
}
SIGNS = (-2.0, 0.5)
PAIRS = {
    "power": (duals.power, lambda x, y: x**y, ((0.3, 2.5), (7.0, -0.4))),
    "logaddexp": (duals.logaddexp, lambda x, y: mp.log(mp.exp(x) + mp.exp(y)), ((700.0, 710.0),)),
    "maximum": (duals.maximum, max, ((0.3, 2.5), (7.0, -0.4))),
}


@pytest.mark.parametrize("name", FUNCTIONS)
def test_of_one_number(name):
    function, exact, points = FUNCTIONS[name]
    compiled = numba.njit(lambda x: function(x))
    for x in points:
        for call in (function, compiled):
            found = call(duals.dual(x, 2.0))
            assert found.real == pytest.approx(call(x), rel=1e-15)
            assert found.real == pytest.approx(float(exact(x)), rel=4e-16, abs=1e-300)
            slope = 2.0 * float(mp.diff(exact, mp.mpf(x), h=mp.mpf(x or 1) * mp.mpf("1e-8")))
            assert duals.derivative(found) == pytest.approx(slope, rel=1e-7)


@pytest.mark.parametrize("name", PAIRS)
def test_of_two_numbers(name):
    function, exact, points = PAIRS[name]
    compiled = numba.njit(lambda x, y: function(x, y))
    for x, y in points:
        for dx, dy in ((1.0, 0.0), (0.0, 1.0)):
            for call in (function, compiled):
                found = call(duals.dual(x, dx), duals.dual(y, dy))
                assert found.real == pytest.approx(float(exact(x, y)), rel=4e-15)
                high, low = exact(x + 1e-6 * dx, y + 1e-6 * dy), exact(x - 1e-6 * dx, y - 1e-6 * dy)
                slope = float(high - low) / 2e-6
                assert duals.derivative(found) == pytest.approx(slope, rel=1e-7, abs=1e-7)
        # One of two can be a plain number: it does not move.
        assert function(duals.dual(x, 1.0), y).real == pytest.approx(float(exact(x, y)), rel=4e-15)


@pytest.mark.parametrize("x", SIGNS)
def test_the_absolute_value_has_a_sign_for_its_slope(x):
    found = duals.absolute(duals.dual(x, 3.0))
    assert (found.real, duals.derivative(found)) == (abs(x), pytest.approx(3.0 * np.sign(x)))
    assert duals.absolute(x) == abs(x)


def test_products_of_derivatives_disturb_no_value():
    x, y = duals.dual(1e-100, 1e3), duals.dual(3.0, -1e3)
    assert (x * y).real == 1e-100 * 3.0
    assert duals.derivative(x * y) == pytest.approx(1e3 * 3.0 - 1e3 * 1e-100)


def test_derivatives_of_small_values_are_kept():
    assert duals.derivative(duals.log(duals.dual(1e-200, 1e-200))) == pytest.approx(1.0)
    assert duals.derivative(duals.exp(duals.dual(-450.0, 1.0))) == pytest.approx(math.exp(-450.0))


@pytest.mark.parametrize("function", [duals.maximum, duals.logaddexp, duals.power])
def test_nan_stays(function):
    for pair in ((math.nan, 1.0), (1.0, math.nan)):
        assert np.isnan(function(*pair).real)
        assert np.isnan(function(*map(complex, pair)).real)


@pytest.mark.skipif(numba.config.DISABLE_JIT, reason="nothing compiles without the JIT")
@pytest.mark.parametrize("first", [0, 1])
def test_who_needs_a_function_first_does_not_change_its_code(first):
    """Numba compiles it once a process, with what is not said taken from whoever calls it."""

    @duals._of_both(math.expm1, lambda x: complex(x.real, 0.5 * x.imag * x.real + x.imag))
    def function(x):
        """Return nothing that anybody needs."""

    def call(x):
        return function(x)

    callers = [numba.njit(fastmath=flags)(call) for flags in (ARITHMETIC, False)]
    callers[first](1.0 + 2.0j)
    (code,) = callers[first].inspect_llvm().values()
    said = [line.split("=")[1].split()[:2] for line in code.splitlines() if " = fmul" in line]
    assert ["fmul", "contract"] in said
    assert all(flags == ["fmul", "contract"] for flags in said)


@pytest.mark.skipif(numba.config.DISABLE_JIT, reason="nothing compiles without the JIT")
def test_products_of_complex_numbers_have_the_liberties_of_whoever_multiplies():
    """Numba compiles them once a process."""

    def product(x, y):
        return x * y / (x + y)

    for flags in (ARITHMETIC, False, ARITHMETIC):
        one = numba.njit(fastmath=flags)(product)
        one(1.0 + 2.0j, 3.0 + 4.0j)
        (code,) = one.inspect_llvm().values()
        found = [line for line in code.splitlines() if re.search(r" = f(mul|div) ", line)]
        assert found
        assert all(("reassoc" in line) == bool(flags) for line in found)
