"""Trade costs: their check, the operator that multiplies by the freeness of trade, its memory.

K_rs = T_rs^(1 - sigma), T_rs = trade_cost^distance_rs, and one more row and column for
the online region. The geography decides: circles and grids by Fourier transforms, lines
by two sweeps, tables by half of the matrix where trade costs are the same both ways.
"""

from __future__ import annotations

import functools
import math
from collections.abc import Sequence
from typing import Any

import numpy as np
import xarray as xr

from nege import labelled, memory, validation
from nege.errors import InputError
from nege.geography import Geography
from nege.geography.metrics import Circle, Grid, Line, Metric
from nege.immutable import frozen
from nege.kernels import operators
from nege.kernels.operators import Operator

SMALL = 128  # regions up to which the plain matrix is fastest
FEW = 16  # regions up to which a line is not worth its sweeps
FOURIER_PAYS = 2048  # regions from which transforms beat a matrix
BLOCK = 1 << 22  # numbers of a matrix that are made at a time
CLOSED = 1e300  # ln of an infinite trade cost, in derivatives: the freeness of trade is zero
VECTORS = 50  # of one number per region, that a solve keeps


ICEBERG = validation.Bounds(
    at_least=1.0, cure="It is an iceberg factor per unit of distance: 1 means free trade."
)
ADDEND = validation.Bounds(
    at_least=0.0, cure="It adds to the price, per unit of distance: 0 means free trade."
)


def checked_cost(
    value: Any,
    names: tuple[str, ...],
    bounds: validation.Bounds = ICEBERG,
    *,
    meaning: str = "iceberg trade cost",
    unit: str = "1",
    infinite: bool = False,
) -> float | xr.DataArray:
    """Check a trade cost: a factor per unit of distance, or a table by origin and destination.

    In a table it may be `infinite`, where a model allows that some places do not trade.
    """
    if validation.single(value):
        return bounds.number("trade_cost", value)
    least = bounds.at_least or 0.0
    matrix = validation.square("trade_cost", value, names, at_least=least, infinite=infinite)
    matrix.flags.writeable = False
    labels = {"origin": names, "destination": names}
    return labelled.array(matrix, labels, "trade_cost", {"long_name": meaning, "units": unit})


def choose(geography: Geography, by_distance: bool, symmetric: bool, compiled: bool) -> str:
    """Return the name of the operator that a geography asks for.

    Parameters
    ----------
    geography : Geography
        Places and their metric.
    by_distance : bool
        Whether trade costs are a factor per unit of distance.
    symmetric : bool
        Whether they are the same both ways.
    compiled : bool
        Whether the operator has to work inside compiled code, as in long runs.
    """
    n, metric = len(geography), geography.metric
    if by_distance and isinstance(metric, Line) and n > FEW:
        return "line"
    if by_distance and isinstance(metric, (Circle, Grid)) and n >= FOURIER_PAYS and not compiled:
        return "fourier"
    return "symmetric" if symmetric and n > SMALL else "dense"


def uses_fourier(operator: Any) -> bool:
    """Whether an operator runs from Python."""
    return getattr(operator, "kind", operators.DENSE) == operators.FOURIER


def name_of(operator: Any) -> str:
    """Return what an operator is called in options and results."""
    return str(operator.name) if hasattr(operator, "name") else operators.NAMES[operator.kind]


def operator_for(
    geography: Geography,
    trade_cost: float | xr.DataArray,
    online_cost: float | None,
    sigma: float,
    kind: str = "auto",
    *,
    compiled: bool = True,
) -> Operator:
    """Make the operator of a model's trade costs.

    The kind "row" is the freeness from the first place to all regions, which says everything where
    places are alike and moving them along changes nothing; it is no matrix to multiply by.

    Raises
    ------
    InputError
        Where the operator asked for does not fit the geography, or the memory.
    """
    by_distance = isinstance(trade_cost, float)
    power = (1.0 - sigma) * (math.log(trade_cost) if isinstance(trade_cost, float) else 1.0)
    border = -1.0 if online_cost is None else online_cost ** (1.0 - sigma)
    if kind == "row":
        row = np.exp(power * _rows(geography, trade_cost, 0, 1))
        whole = row if online_cost is None else np.append(row, [[border]], axis=1)
        return Operator(operators.DENSE, whole)
    symmetric = _symmetric(geography, trade_cost)
    if kind == "auto":
        kind = choose(geography, by_distance, symmetric, compiled)
    _check_kind(kind, geography, by_distance, symmetric, compiled)
    check_memory(kind, geography)
    if kind == "dense":
        return _dense(geography, trade_cost, power, border)
    if kind == "symmetric":
        half = _half(geography, trade_cost, power)
        return Operator(operators.SYMMETRIC, packed=half, online=border)
    if kind == "line":
        steps = np.diff(geography.metric.positions)  # type: ignore[attr-defined]
        return Operator(operators.LINE, packed=np.exp(power * steps), online=border)
    return _fourier(geography, power)._replace(online=border)


def freeness_slope(
    geography: Geography,
    trade_cost: float | xr.DataArray,
    online_cost: float | None,
    sigma: float,
    name: str,
) -> Operator:
    """Return dK by one parameter: K = exp((1 - sigma) ln T), ln T = distance ln(trade_cost).

    Zero where the freeness of trade does not depend on it.

    Raises
    ------
    InputError
        For "trade_cost" where it is a table, or where the memory does not suffice.
    """
    check_memory("dense", geography)
    n = len(geography)
    size = n + (online_cost is not None)
    log_cost, slope = np.zeros((size, size)), np.zeros((size, size))
    log_cost[:n, :n] = _rows(geography, trade_cost, 0, n)
    if isinstance(trade_cost, float):
        if name == "trade_cost":
            slope[:n, :n] = log_cost[:n, :n] / trade_cost
        log_cost *= math.log(trade_cost)
    elif name == "trade_cost":
        raise not_single(name)
    if online_cost is not None:
        log_cost[n, :n] = log_cost[:n, n] = math.log(online_cost)
        if name == "online_trade_cost":
            slope[n, :n] = slope[:n, n] = 1.0 / online_cost
    log_cost[np.isinf(log_cost)] = CLOSED
    by_cost = -log_cost if name == "sigma" else (1.0 - sigma) * slope
    return Operator(
        operators.DENSE, np.ascontiguousarray((by_cost * np.exp((1.0 - sigma) * log_cost)).T)
    )


def is_closed(trade_cost: float | xr.DataArray) -> bool:
    """Whether some places do not trade: at infinite cost."""
    return not isinstance(trade_cost, float) and bool(np.isinf(trade_cost.values).any())


def table(
    geography: Geography, trade_cost: float | xr.DataArray, online_cost: float | None
) -> np.ndarray:
    """Return iceberg costs, origin by destination, the online region last: for audits."""
    n = len(geography)
    cost = np.ones((n + (online_cost is not None),) * 2)
    if isinstance(trade_cost, float):
        cost[:n, :n] = trade_cost ** geography.metric.dense()
    else:
        cost[:n, :n] = trade_cost.values
    if online_cost is not None:
        cost[:n, n] = cost[n, :n] = online_cost
    return cost


def between(
    places: Sequence[str],
    values: np.ndarray,
    dims: tuple[str, str] = ("origin", "destination"),
    words: str = "trade cost",
    unit: str = "iceberg factor",
) -> xr.DataArray:
    """Return costs between places with their names."""
    about = {"long_name": words, "units": unit}
    return labelled.array(values, dict.fromkeys(dims, places), words.replace(" ", "_"), about)


def not_single(name: str) -> InputError:
    """Return the refusal of a derivative by a table of trade costs."""
    return InputError(
        "parameter",
        name,
        "one that is a single number in this economy",
        "Its trade costs are given as a table: give one per unit of distance instead.",
    )


def needed(geography: Geography, kind: str) -> int:
    """Return the bytes that a short run with an operator needs, geography included."""
    n = len(geography)
    table = 8 * n * n if hasattr(geography.metric, "values") else 0
    matrix = {"dense": 8 * n * n, "symmetric": 4 * n * (n + 1), "line": 8 * n}
    if kind == "fourier":
        return table + 8 * n * (VECTORS + (12 if isinstance(geography.metric, Grid) else 4))
    return table + matrix[kind] + 8 * n * VECTORS


def memory_by_operator(geography: Geography, trade_cost: float | xr.DataArray) -> dict[str, int]:
    """Return the bytes of every operator that fits, the default one first."""
    kinds = fitting(geography, isinstance(trade_cost, float), _symmetric(geography, trade_cost))
    return {kind: needed(geography, kind) for kind in kinds}


def fitting(geography: Geography, by_distance: bool, symmetric: bool) -> list[str]:
    """Return the operators that a geography allows, the default first."""
    allowed = ["dense"]
    if symmetric:
        allowed.append("symmetric")
    if by_distance and isinstance(geography.metric, Line):
        allowed.append("line")
    if by_distance and isinstance(geography.metric, (Circle, Grid)):
        allowed.append("fourier")
    first = choose(geography, by_distance, symmetric, compiled=False)
    return sorted(allowed, key=lambda kind: kind != first)


def _symmetric(geography: Geography, trade_cost: float | xr.DataArray) -> bool:
    if isinstance(trade_cost, float):
        return geography.symmetric
    return bool(np.array_equal(trade_cost.values, trade_cost.values.T))


def _check_kind(
    kind: str, geography: Geography, by_distance: bool, symmetric: bool, compiled: bool
) -> None:
    allowed = fitting(geography, by_distance, symmetric)
    if kind not in allowed:
        raise InputError(
            "operator",
            kind,
            f"one that this geography allows: {', '.join(allowed)}",
            "Lines, circles and grids have their own; half a matrix needs costs that are the same "
            "both ways.",
        )
    if kind == "fourier" and compiled:
        raise InputError(
            "operator",
            kind,
            "one that works in a long run: " + ", ".join(a for a in allowed if a != "fourier"),
            "Fourier transforms serve short runs.",
        )


def check_dense(kind: str, geography: Geography) -> None:
    """Refuse any operator but the whole matrix, and that where the memory does not hold it."""
    if kind not in ("auto", "dense", "row"):
        cure = "Trade costs that add to prices have no other."
        raise InputError("operator", kind, "dense for this model", cure)
    check_memory("dense", geography)


def check_memory(kind: str, geography: Geography) -> None:
    """Refuse an operator that the free memory does not hold."""
    memory.check(
        "geography",
        f"{len(geography)} places",
        needed(geography, kind),
        f"for the {kind} operator",
        "A racetrack, line or grid needs no matrix; costs that are the same both ways need "
        "half of one. nege.estimate_memory(model) compares them.",
    )


def _dense(
    geography: Geography, trade_cost: float | xr.DataArray, power: float, border: float
) -> Operator:
    n = len(geography)
    size = n + (border >= 0.0)
    freeness = np.ones((size, size))
    for start, stop in _blocks(n):
        freeness[:n, start:stop] = np.exp(power * _rows(geography, trade_cost, start, stop)).T
    if border >= 0.0:
        freeness[:n, n] = freeness[n, :n] = border
    return Operator(operators.DENSE, freeness)


def _half(geography: Geography, trade_cost: float | xr.DataArray, power: float) -> np.ndarray:
    """Lower half, row after row, made in blocks so that the whole never exists."""
    n = len(geography)
    half = np.empty(n * (n + 1) // 2)
    for start, stop in _blocks(n):
        rows = np.exp(power * _rows(geography, trade_cost, start, stop))
        for i in range(start, stop):
            half[i * (i + 1) // 2 : (i + 1) * (i + 2) // 2] = rows[i - start, : i + 1]
    return half


def _blocks(n: int) -> list[tuple[int, int]]:
    size = max(1, BLOCK // n)
    return [(start, min(n, start + size)) for start in range(0, n, size)]


def _rows(
    geography: Geography, trade_cost: float | xr.DataArray, start: int, stop: int
) -> np.ndarray:
    """Distances, or the logarithms of given trade costs, from some origins to all."""
    if isinstance(trade_cost, float):
        few = len(geography) <= SMALL
        return (
            _distances(geography.metric)[start:stop] if few else geography.metric.rows(start, stop)
        )
    return np.asarray(np.log(trade_cost.values[start:stop]))


def furthest(geography: Geography) -> float:
    """Return the largest distance between two places."""
    if len(geography) <= SMALL:
        return float(_distances(geography.metric).max())
    return float(max(geography.metric.rows(*part).max() for part in _blocks(len(geography))))


@functools.lru_cache(8)
def _distances(metric: Metric) -> np.ndarray:
    """Return all distances, of few places: a parameter that varies asks for them each time."""
    return frozen(metric.dense())


def _fourier(geography: Geography, power: float) -> Operator:
    """Spectrum of the kernel: on a circle as it is, on a grid with room for no wrapping round."""
    import scipy.fft

    metric = geography.metric
    if isinstance(metric, Circle):
        steps = np.arange(metric.n, dtype=float)
        kernel = np.exp(power * np.minimum(steps, metric.n - steps))
        spectrum = np.ascontiguousarray(scipy.fft.rfft(kernel).real)
        return _transform(spectrum, (metric.n,), power)
    assert isinstance(metric, Grid)
    ny, nx = (scipy.fft.next_fast_len(2 * n - 1, real=True) for n in (metric.ny, metric.nx))
    y, x = (np.minimum(np.arange(n), n - np.arange(n)) for n in (ny, nx))
    kernel = np.exp(power * np.hypot(y[:, None], x[None, :]))
    spectrum = np.ascontiguousarray(scipy.fft.rfft2(kernel).real)
    return _transform(spectrum, (metric.ny, metric.nx, ny, nx), power)


def _transform(spectrum: np.ndarray, shape: tuple[int, ...], power: float) -> Operator:
    flat = spectrum.ravel()
    return Operator(operators.FOURIER, packed=flat, shape=np.array(shape), power=power)
