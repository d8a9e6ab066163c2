"""Equations of a model, of what happens inside a place, and how they make a short run.

The *state* is the vector of unknowns of the short run, for a given distribution of firms (log
wages in the core-periphery model); the *share* is the distribution itself. The short run is a
fixed point state = f(state), in which places meet only through trade (``operators``). So a
model says what happens inside a place r, as functions of one place,

    supply(p, r, share, state)           what it adds to price indices
    pool(p, r, share, state)             what it adds to a sum over all places (commissions)
    spending(p, r, share, state, pool)   what it spends on varieties
    respond(p, r, share, state, access)  f(state) - state, from market access
    payoff(p, r, share, state, price)    ln payoff (real wages, profits), from P = G^(1-sigma); the
                                         utility itself where the model compares differences

and everything else follows, whatever the geography: ``update`` puts them together, and their
derivatives are their values in dual numbers (``duals``). They use exp, log, ... of ``duals``.
`p` are the parameters by name, as the fields of the model are called; what has one value for each
place is read as ``p.farmers[r]``.

    prices  P_s = sum_r K_rs supply_r        access  z_r = sum_s K_rs spending_s/P_s

Models in which places meet in one more way say so as functions of all places at once:
``Together`` (a labour market of the world), ``Payoffs`` (payoffs explicit in shares).
"""

import dataclasses
import functools
import importlib
import inspect
import linecache
import re
import sys
from collections import namedtuple
from collections.abc import Callable, Iterator, Mapping
from operator import attrgetter
from pathlib import Path
from typing import Any, NamedTuple

import numba
import numpy as np
from numba import types
from numba.core import errors

from nege.kernels import function_table
from nege.kernels.duals import log
from nege.kernels.function_table import borrowed, call
from nege.kernels.jit import ARITHMETIC, kernel
from nege.kernels.operators import Operator, buy, trade
from nege.kernels.records import ROW, TABLE, reader, record
from nege.kernels.vectors import largest

# What equations are asked for, and where they write it.
POOL, GOODS, RESPOND, PAYOFF, NUMERAIRE, EXPONENTS, GAP, ROUNDING = range(8)

# How places meet.
BY_PLACE = 0  # through trade, and at most one sum over places
TOGETHER = 1  # in supply and spending as well; the state is ln price
PAYOFFS = 2  # payoffs are explicit in shares, and are the state

# How the error of a state is bounded.
ROW_SUMS = 0  # by row sums of the Jacobian of f, which is proven non-negative
MIXING = 1  # by how well trade mixes places, where f is homogeneous
CONDITION = 2  # by the linear system itself: nothing is known of the Jacobian
EXPLICIT = 3  # f does not depend on the state
OWN = 4  # by a formula of the model
RESIDUAL = 5  # not at all: the residual is what counts


class _Equations:
    """What is in the table of functions: compiled when compiled code asks where it is."""

    equations: int
    duals: int

    def for_code(self) -> tuple[Any, ...]:
        """Return the fields with addresses."""
        found = map(function_table.address_of, (self.equations, self.duals))
        return (*found, *tuple(self)[2:])  # type: ignore[arg-type]

    def __reduce__(self) -> tuple[Any, ...]:
        """Pickle and copy without numbers in the table, which mean nothing in another process."""
        made = _made_by[self.equations]
        return _again, (made.module, made.qualname, tuple(self)[2:])  # type: ignore[arg-type]


@record(_Equations, numbers=ROW, places=TABLE)
class Economy(NamedTuple):
    """What the kernels know of an economy, of whatever model: one type for all."""

    equations: int  # the model's equations, in the table of functions,
    duals: int  # and of the same in dual numbers
    meeting: int  # how places meet
    bound: int  # how errors are bounded
    pools: bool  # whether there is a sum over places in spending
    numeraire: bool  # whether the numeraire fixes the level of the state
    numbers: np.ndarray
    places: np.ndarray  # what each place has, a row for each parameter
    operator: Operator


economy_at = reader(Economy)  # in compiled code, by address


def _again(module: str, qualname: str, rest: tuple[Any, ...]) -> Economy:
    model = attrgetter(qualname)(importlib.import_module(module))
    return Economy(*model.compiled().declared, *rest)


# --- what a model says --------------------------------------------------------------

Equation = Callable[..., Any]


@dataclasses.dataclass(frozen=True, kw_only=True)
class Places:
    """What happens inside a place, of which short runs, dynamics and their derivatives follow.

    Each equation is a function of numbers, for one place `r`, that returns a number. It is given

    ========  ====================================================================================
    `p`       parameters by the names of the class's fields: ``p.sigma``, ``p.labour[r]``; also
              ``p.log_net[r]`` and ``p.log_amenity[r]``, ln(1 - commission) and ln amenity of
              the online region, zero elsewhere
    `r`       the number of the place, from zero; the online region is the last
    `share`   of what moves, in the place: people, firms, capital
    `state`   u, the unknown of the short run in the place, e.g. the logarithm of its wage
    `pool`    the sum over places of what the equation `pool` returns; 0 without one
    `access`  market access, z_r = sum_s K_rs spending_s/P_s with K = trade_cost^(1-sigma)
    `price`   P_r = sum_s K_sr supply_s, which is G^(1-sigma) of the price index G: ln G is
              ``log(price)/(1 - p.sigma)``
    ========  ====================================================================================

    Parameters
    ----------
    supply : callable
        (p, r, share, state): what the place's firms add to P, e.g. share times wage^(1-sigma).
    spending : callable
        (p, r, share, state, pool): what the place spends on varieties, in the numeraire.
    respond : callable
        (p, r, share, state, access): f(state) - state of the short run, the fixed point
        state = f(state). Of a wage that clears the market, w^sigma = z, it is
        ``log(access)/p.sigma - state``.
    payoff : callable
        (p, r, share, state, price): logarithm of what those who move compare; the utility itself
        where the class says ``differences = True``.
    pool : callable, optional
        (p, r, share, state): what the place adds to the sum that `spending` is given.
    numeraire : callable, optional
        (p, r, share, state): what the place adds to a sum that is one wherever markets clear
        (Walras), in proportion to exp(state): all states are shifted alike until it is. It fixes
        the level of iterated wages; leave it out where the state is explicit. Where f answers a
        common factor with the same factor, take ``MIXING``: no linear system has that.
    exponents : callable, optional
        (p, r, share, state): how large the numbers are, at most, of which ``exp`` is taken and
        which are added in exponents. By default twice what the supply of a share of one says.
    bound : int
        How the error is bounded; by default from the linear system of the short run itself, which
        takes tables over all regions.

    Notes
    -----
    What compares numbers compares ``duals.value``; |x| is ``duals.absolute``, the larger of two
    ``duals.maximum``: Python's own lose the derivative, or do not compile.

    Examples
    --------
    >>> import nege
    >>> nege.CorePeriphery.equations.supply.__doc__
    'x_r = lambda_r (w_r/(1-zeta_r))^(1-sigma).'
    """

    supply: Equation
    spending: Equation
    respond: Equation
    payoff: Equation
    pool: Equation | None = None
    numeraire: Equation | None = None
    exponents: Equation | None = None
    bound: int = CONDITION


@dataclasses.dataclass(frozen=True, kw_only=True)
class Together:
    """Equations of all places at once, where they share more than trade.

    Each is given the parameters `p` by name, then arrays over places, and writes the last ones. The
    state is the logarithm of `price`; `share`, `price` and `access` are as in ``Places``.

    Parameters
    ----------
    goods : callable
        (p, share, state, supply, spending): writes what each place adds to P and what it spends.
    payoffs : callable
        (p, share, state, price, access, out): writes the logarithm of what those who move compare.
    gap : callable
        (p): what a residual is divided by to bound the error.
    rounding : callable
        (p, share, state): a bound of what rounding adds to prices.
    bound : int
        How the error is bounded: by `gap`.
    """

    goods: Equation
    payoffs: Equation
    gap: Equation
    rounding: Equation
    bound: int = OWN


@dataclasses.dataclass(frozen=True, kw_only=True)
class Payoffs:
    """Payoffs that are explicit in shares: there is no short run to iterate.

    `p` are the parameters by name, `cost` is the table of what trade costs, by destination and
    origin, `share` an array over places. The state is the payoff.

    Parameters
    ----------
    payoffs : callable
        (p, cost, share, out): writes the payoff of each place.
    rounding : callable
        (p, cost, share): a bound of the absolute error that rounding adds to payoffs.
    bound : int
        How the error is bounded: nothing depends on the state.
    """

    payoffs: Equation
    rounding: Equation
    bound: int = EXPLICIT


def _in_python(function, arithmetic=True):
    return getattr(function, "py_func", function)


def _compiled(function, arithmetic=True):
    """Compile a function of one place, in place: it is part of what calls it."""
    if hasattr(function, "py_func"):
        return function
    flags = ARITHMETIC if arithmetic else False
    # As part of the loop over places: a call would count references to every parameter.
    part = {"inline": "always", "no_cpython_wrapper": True, "no_cfunc_wrapper": True}
    return numba.njit(error_model="numpy", nogil=True, fastmath=flags, **part)(function)


def _of_places(read, given: Places, real: bool, part):
    supply, spending = part(given.supply), part(given.spending)
    respond, payoff = part(given.respond), part(given.payoff)
    pooled, numeraire = part(given.pool or _nothing), part(given.numeraire or _nothing)
    by_supply = given.exponents is None
    exponents = part(given.exponents or _nothing)

    def equations(which, numbers, places, table, share, state, pool, price, access, out, other):
        p = read(numbers, places)
        if which == GOODS:
            for r in range(state.size):
                out[r] = supply(p, r, share[r], state[r])
            for r in range(state.size):
                other[r] = spending(p, r, share[r], state[r], pool)
        elif which == RESPOND:
            for r in range(state.size):
                out[r] = respond(p, r, share[r], state[r], access[r])
        elif which == PAYOFF:
            for r in range(state.size):
                out[r] = payoff(p, r, share[r], state[r], price[r])
        elif which == POOL:
            for r in range(state.size):
                out[r] = pooled(p, r, share[r], state[r])
        elif real:  # what follows is never differentiated
            if which == NUMERAIRE:
                for r in range(state.size):
                    out[r] = numeraire(p, r, share[r], state[r])
            elif by_supply:
                for r in range(state.size):
                    supplied = supply(p, r, 1.0, state[r])  # none is exact
                    size = abs(log(supplied)) if supplied != 0.0 else 0.0
                    out[r] = 2.0 * (abs(state[r]) + size)
            else:
                for r in range(state.size):
                    out[r] = exponents(p, r, share[r], state[r])

    return equations


def _nothing(p, r, share, state):
    return 0.0 * share


def _of_all(read, given: Together, real: bool, part):
    goods, payoffs = part(given.goods, False), part(given.payoffs, False)
    gap, rounding = part(given.gap, False), part(given.rounding, False)

    def equations(which, numbers, places, table, share, state, pool, price, access, out, other):
        p = read(numbers, places)
        if which == GOODS:
            goods(p, share, state, out, other)
        elif which == RESPOND:
            for r in range(state.size):
                out[r] = log(price[r]) - state[r]
        elif which == PAYOFF:
            payoffs(p, share, state, price, access, out)
        elif real:
            out[0] = gap(p) if which == GAP else rounding(p, share, state)

    return equations


def _of_payoffs(read, given: Payoffs, real: bool, part):
    payoffs, rounding = part(given.payoffs), part(given.rounding)

    def equations(which, numbers, places, table, share, state, pool, price, access, out, other):
        p = read(numbers, places)
        if which == RESPOND:
            payoffs(p, table, share, out)
            for r in range(state.size):
                out[r] -= state[r]
        elif which == PAYOFF:
            for r in range(state.size):
                out[r] = state[r]
        elif real:
            out[0] = rounding(p, table, share)

    return equations


MEETING = {
    Places: (BY_PLACE, _of_places),
    Together: (TOGETHER, _of_all),
    Payoffs: (PAYOFFS, _of_payoffs),
}


class Compiled:
    """The equations of a model, compiled when they are first asked for.

    Parameters
    ----------
    module, name : str
        Of the model: where it is, and what it is called.
    numbers, rows : tuple of str
        What its parameters are called: those that are one number, and those of each place.
    given : Places, Together or Payoffs
        What it says.
    """

    def __init__(
        self,
        module: str,
        name: str,
        numbers: tuple[str, ...],
        rows: tuple[str, ...],
        given: Any,
    ) -> None:
        # Compiled functions are named after the bare names of their arguments' types: so that two
        # models are not taken for each other, these hold the module.
        self.module, self.qualname, self.name = module, name, f"{module}.{name}"
        self.numbers, self.rows, self.given = numbers, rows, given
        called = re.sub(r"\W", "_", f"{self.name}_parameters")
        self.named = namedtuple(called, (*numbers, *rows), module=module)  # type: ignore[misc]
        # Where cached code, which holds its name, finds it in another process.
        setattr(sys.modules[module], called, self.named)
        own = getattr(sys.modules[module], "__file__", None) or ""
        self.files = tuple(dict.fromkeys((own, *_files(given))))

    @functools.cached_property
    def declared(self) -> tuple[int, int]:
        """The equations in the table of functions: in real numbers, and in dual ones."""
        kinds = (True, function_table.REAL), (False, function_table.DUAL)
        numbers = [
            function_table.declare(
                self._made(real, _in_python), functools.partial(self._compile, real, signature)
            )
            for real, signature in kinds
        ]
        _made_by.update(dict.fromkeys(numbers, self))
        return numbers[0], numbers[1]

    def _made(self, real: bool, part: Equation) -> Equation:
        return MEETING[type(self.given)][1](part(self._reader()), self.given, real, part)

    def _compile(self, real: bool, signature: Any) -> Any:
        function = self._made(real, _compiled)
        function.__name__ = function.__qualname__ = self.named.__name__
        key = repr((self.name, self.numbers, self.rows))
        try:
            return function_table.compile_for(function, signature, self.files, key)
        except errors.TypingError as error:
            raise TypeError(_what_does_not_compile(self, str(error))) from error

    def economy(
        self, numbers: Mapping[str, Any], rows: Mapping[str, Any], operator: Operator
    ) -> Economy:
        """Return the parameters of an economy, by name, as kernels read them."""
        size = len(rows[self.rows[0]])
        places = np.empty((len(self.rows), size))
        for k, name in enumerate(self.rows):
            places[k] = rows[name]
        values = np.array([numbers[name] for name in self.numbers], dtype=float)
        return Economy(
            *self.declared,
            MEETING[type(self.given)][0],
            self.given.bound,
            getattr(self.given, "pool", None) is not None,
            getattr(self.given, "numeraire", None) is not None,
            values,
            places,
            operator,
        )

    def parameters(self, economy: Economy) -> Any:
        """Return the parameters of an economy by name: numbers, then arrays over regions."""
        return self.named(*economy.numbers.tolist(), *economy.places)

    def _reader(self) -> Equation:
        """Return what gives parameters their names again, in compiled code."""
        taken = [f"numbers[{k}]" for k in range(len(self.numbers))]
        taken += [f"rows[{k}]" for k in range(len(self.rows))]
        scope = {"named": self.named, "borrowed": borrowed}
        source = f"rows = borrowed(places); return named({', '.join(taken)})"
        exec(f"def read(numbers, places): {source}", scope)
        return scope["read"]


_made_by: dict[int, Compiled] = {}  # by the number of its equations


def _files(given: Any) -> Iterator[str]:
    """Yield the source files of equations; an empty name where one has none, or no fixed text."""
    for field in dataclasses.fields(given):
        function = getattr(given, field.name)
        if field.name == "bound" or function is None:
            continue
        plain = getattr(function, "py_func", function)
        if not inspect.isfunction(plain):
            raise TypeError(f"{field.name} must be a function written in Python; got {function!r}")
        # What a function closes over is in no file.
        yield "" if plain.__closure__ else plain.__code__.co_filename


# --- short run ------------------------------------------------------------------------


@kernel
def pool_at(economy, share, state, out):
    """Return the sum over places that spending is given; `out` is scratch."""
    e, total = economy, 0.0
    if e.pools:
        given = e.numbers, e.places, e.operator.table, share, state
        call(e.equations, POOL, *given, 0.0, state, state, out, out)
        for r in range(state.size):
            total += out[r]
    return total


@kernel
def goods(economy, share, state, supply, spending):
    """Write what each place adds to price indices, and what it spends."""
    e = economy
    pool = pool_at(e, share, state, supply)
    given = e.numbers, e.places, e.operator.table, share, state
    call(e.equations, GOODS, *given, pool, state, state, supply, spending)


@kernel
def respond(economy, share, state, price, access, change):
    """Write f(state) - state, from prices and market access."""
    e = economy
    given = e.numbers, e.places, e.operator.table, share, state
    call(e.equations, RESPOND, *given, 0.0, price, access, change, change)


@kernel
def payoff(economy, share, state, price, access, out):
    """Write ln payoff of every region at a cleared state (real wages, profits)."""
    e = economy
    given = e.numbers, e.places, e.operator.table, share, state
    call(e.equations, PAYOFF, *given, 0.0, price, access, out, out)


@kernel
def update(economy, share, state, work, change):
    """Write f(state) - state; leaves supply, spending, price and access in work[0:4]."""
    e = economy
    if e.meeting != PAYOFFS:
        goods(e, share, state, work[0], work[1])
        trade(e.operator, work[0], work[1], work[2], work[3])
    respond(e, share, state, work[2], work[3], change)


@kernel
def payoff_at(economy, share, state, work, out):
    """Write ln payoff of every region at a state, with the prices that go with it."""
    e = economy
    if e.meeting == BY_PLACE:
        goods(e, share, state, work[0], work[1])
        buy(e.operator, work[0], work[2])
    elif e.meeting == TOGETHER:
        goods(e, share, state, work[0], work[1])
        trade(e.operator, work[0], work[1], work[2], work[3])
    payoff(e, share, state, work[2], work[3], out)


@kernel
def normalise(economy, share, state):
    """Normalise the state to the numeraire; nothing to do where its level is determined."""
    e, total = economy, 0.0
    if e.numeraire:
        terms = np.empty(state.size)
        given = e.numbers, e.places, e.operator.table, share, state
        call(e.equations, NUMERAIRE, *given, 0.0, state, state, terms, terms)
        for r in range(state.size):
            total += terms[r]
        shift = np.log(total)
        for r in range(state.size):
            state[r] -= shift


@kernel
def unit(economy, state):
    """Return the unit of errors of a state: one, as states are logarithms (relative errors).

    Errors of payoffs are absolute up to one, relative to the largest above.
    """
    return max(1.0, largest(state)) if economy.meeting == PAYOFFS else 1.0


@kernel(late=types.float64)
def own(economy, which, share, state):
    """Return the one number that a model says of itself: GAP or ROUNDING."""
    e, out = economy, np.empty(state.size)
    given = e.numbers, e.places, e.operator.table, share, state
    call(e.equations, which, *given, 0.0, state, state, out, out)
    return out[0]


@kernel
def exponents(economy, share, state, out):
    """Return how large the exponents are that the equations take: the largest over places."""
    e, top = economy, 0.0
    given = e.numbers, e.places, e.operator.table, share, state
    call(e.equations, EXPONENTS, *given, 0.0, state, state, out, out)
    for r in range(state.size):
        top = max(top, out[r])
    return top


def _what_does_not_compile(compiled: Compiled, said: str) -> str:
    """Say which equation it is, in which line, and why, in Numba's first words about it."""
    lines = [line.strip() for line in said.splitlines() if line.strip()]
    reason = next((line for line in lines if not line.startswith("Failed in")), said[:200])
    reason = re.sub(r" of type \S*_parameters\(.*", " of p", reason)
    if (unknown := re.match(r"Unknown attribute '(\w+)' of p", reason)) is not None:
        known = ", ".join((*compiled.numbers, *compiled.rows))
        reason = f"p has no {unknown[1]!r}, it has {known}"
    for file, number in re.findall(r'File "([^"]*)", line (\d+)', said)[::-1]:
        for field in dataclasses.fields(compiled.given):
            equation = getattr(compiled.given, field.name)
            plain = getattr(equation, "py_func", equation)
            if not inspect.isfunction(plain):
                continue
            code, line = plain.__code__, int(number)
            last = max(row for *_, row in code.co_lines() if row)
            same = Path(file).name == Path(code.co_filename).name
            if same and code.co_firstlineno <= line <= last:
                text = linecache.getline(code.co_filename, line).strip()
                where = f"{field.name} ({plain.__name__}, line {line} of {code.co_filename})"
                return f"{compiled.name}: {where} does not compile: {text!r}: {reason}"
    return f"the equations of {compiled.name} do not compile: {'; '.join(lines)[:600]}"
