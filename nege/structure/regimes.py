"""Regimes: which pattern of an economy is stable, at every point of a sweep.

Three patterns are decided by theory, each at the point itself:

    dispersed         the even spread over places, nobody online: every eigenvalue of
                      (I - 1 lambda') dF/d ln lambda negative, no entry online (break points)
    core-periphery    everybody in one place, whichever: no other region pays more (sustain points)
    online            everybody in the online region: no place pays more (collapse)

A core-periphery economy is a black hole if the even spread over places has a positive eigenvalue
at every trade cost from next to free to next to none, freeness 0.999 to 1e-8. In the
core-periphery model that is mu >= (sigma-1)/sigma (Fujita, Krugman & Venables 1999, ch. 4).
"""

from __future__ import annotations

import pathlib
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, cast

import numpy as np
import xarray as xr

from nege.errors import InputError, NegeError
from nege.models.agglomeration.patterns import PATTERNS as OF_INDUSTRIES
from nege.models.agglomeration.patterns import patterns
from nege.models.base import Model
from nege.progress import Progress
from nege.results.equilibrium import Equilibrium
from nege.results.stability import Stability
from nege.solvers.checks import check_model
from nege.solvers.long_run import solve
from nege.solvers.short_run import short_run
from nege.structure.stability import stability
from nege.sweeps.sweep import sweep
from nege.validation.keywords import hinted

__all__ = ["regimes"]

DISPERSED, CORE, BLACK_HOLE = "dispersed", "core-periphery", "black hole"
ONLINE, PARTLY, UNEVEN = "online", "partly online", "uneven"
PATTERNS = (DISPERSED, CORE, BLACK_HOLE, ONLINE, PARTLY, UNEVEN)
MULTIPLE, UNKNOWN = "multiple", "unknown"
REGIME = {"long_name": "what is stable"}

FREENESS = (*np.geomspace(1e-8, 0.1, 15), *np.linspace(0.15, 0.95, 17), 0.99, 0.999)
MULTIPLES = np.geomspace(1e-3, 1e3, 49)  # of a trade cost that is added
LEAN = 0.9  # of people in one region, where a solve starts
SAME_SHARE = 1e-6


@hinted
def regimes(
    model: Model,
    parameters: Mapping[str, Sequence[float] | np.ndarray] | xr.Dataset,
    *,
    store: str | pathlib.Path | None = None,
    overwrite: bool | str = False,
    processes: int | None = None,
    client: Any = None,
    progress: Progress = None,
    invalid: str = "raise",
) -> xr.Dataset:
    """Regimes over parameters: where an economy is dispersed, core-periphery, online, or several.

    Local stability of the even spread, of each place as the core, and of the online region is read
    off eigenvalues and entry conditions at each point (Fujita, Krugman & Venables 1999, ch. 5), as
    break and sustain points are. States in between are those that solves reach: from next to the
    even spread, and from most people in one region. A black hole is a core-periphery economy whose
    even spread is stable at no trade cost.

    Parameters
    ----------
    model : Model
        The economy to vary. Of industries (:class:`nege.OnlineAgglomeration`) the pattern of the
        long run from the default start is told, as :func:`nege.patterns` does.
    parameters : mapping of str to 1-d array, or Dataset
        A grid, or a list of points, as of :func:`nege.sweep`.
    store, overwrite, processes, client, progress, invalid
        As of :func:`nege.sweep`.

    Returns
    -------
    Dataset
        ``regime``, a word over what was varied: "dispersed", "core-periphery", "black hole",
        "online", "partly online", "uneven", "multiple: ..." with what is stable, or "unknown";
        ``stable`` over ``pattern`` too; ``status`` and ``reason`` of each point. As read by
        :func:`nege.load` from a `store`, an unknown one is empty.

    Raises
    ------
    InputError
        For groups between which nobody moves, and what :func:`nege.sweep` refuses.

    Notes
    -----
    People move by replicator dynamics. A state in between that no start reaches is not seen:
    :func:`nege.equilibria` looks for all. Not for where exactly a regime ends, which
    :func:`nege.break_points` and :func:`nege.sustain_points` say.

    Examples
    --------
    >>> import nege
    >>> places = nege.geography.equidistant(2)
    >>> economy = nege.CorePeriphery(places, sigma=5, mu=0.4, trade_cost=2)
    >>> nege.regimes(economy, {"trade_cost": [1.5, 1.7, 2.0]}).regime.values.tolist()
    ['core-periphery', 'multiple: dispersed, core-periphery', 'dispersed']
    """
    check_model(model)
    if model.in_shares and model.groups is not None:
        cure = "nege.sweep(..., of=...) finds out what you ask of each."
        raise InputError("model", model, "one whose people may live anywhere", cure)
    several = len(model.coordinates().get("industry", ())) > 1
    if not model.in_shares and not several:
        cure = "Its numbers are in nege.patterns(nege.sweep(...))."
        raise InputError("model", model, "one of people, or of at least two industries", cure)
    of = _of_regions if model.in_shares else _of_industries
    given: dict[str, Any] = {"processes": processes, "client": client, "progress": progress}
    given |= {"store": store, "overwrite": overwrite}
    found = sweep(model, parameters, of=of, invalid=invalid, **given)
    front = found["status"].dims
    if "stable" not in found:  # no point has an answer
        words = PATTERNS if model.in_shares else OF_INDUSTRIES
        shape = tuple(found.sizes[dim] for dim in front)
        found = found.assign_coords(pattern=list(words))
        found["stable"] = ((*front, "pattern"), np.zeros((*shape, len(words)), dtype=bool))
        found["regime"] = (front, np.full(shape, ""), REGIME)
    found["regime"] = found["regime"].where(found["regime"] != "", UNKNOWN).assign_attrs(REGIME)
    return found[["regime", "stable", "status", "reason"]]


def _of_industries(model: Model) -> xr.Dataset:
    reached = str(patterns(solve(model))["pattern"].item())
    return _stable({reached}, OF_INDUSTRIES)


def _of_regions(model: Model) -> xr.Dataset:
    regions, places = len(model.regions), len(model.geography)
    even = np.append(np.full(places, 1.0 / places), np.zeros(regions - places))
    found = set()
    if _is_stable(model, even):
        found.add(DISPERSED)
    if model.corners:
        corners = np.eye(regions)
        if any(_is_stable(model, corner) for corner in corners[:places]):
            hole = DISPERSED not in found and _never_spreads(model, even)
            found.add(BLACK_HOLE if hole else CORE)
        if regions > places and _is_stable(model, corners[-1]):
            found.add(ONLINE)
    for start in _starts(model, even):
        share = np.asarray(solve(model, start).data["share"].values, dtype=float)
        online = float(share[places:].sum())
        corner = model.corners and np.max(share) > 1.0 - SAME_SHARE
        if corner or np.max(np.abs(share - even)) < SAME_SHARE:
            continue  # of which theory has spoken
        found.add(PARTLY if online > SAME_SHARE else UNEVEN)
    if not found:
        raise NegeError("No pattern was found to be stable: deviations neither grow nor shrink.")
    return _stable(found, PATTERNS)


def _stable(found: set[str], words: Sequence[str]) -> xr.Dataset:
    names = [word for word in words if word in found]
    regime = names[0] if len(names) == 1 else f"{MULTIPLE}: {', '.join(names)}"
    held = [word in found for word in words]
    told = {"long_name": "whether the pattern is stable"}
    return xr.Dataset(
        {"regime": ((), regime, REGIME), "stable": ("pattern", held, told)},
        {"pattern": list(words)},
    )


def _starts(model: Model, even: np.ndarray) -> Iterator[np.ndarray]:
    """Yield where solves start: next to the even spread, and leaning to one region."""
    yield model.default_start()
    regions = len(model.regions)
    for k in {0, regions - 1} if regions > len(even[even > 0.0]) else {0}:
        yield LEAN * np.eye(regions)[k] + (1.0 - LEAN) * np.full(regions, 1.0 / regions)


def _stability_at(model: Model, share: np.ndarray) -> Stability | None:
    """Return the stability of a distribution; None where it is not at rest, as places differ."""
    at = cast(Equilibrium, short_run(model, share))
    try:
        return stability(at)
    except InputError as error:
        if error.argument != "equilibrium":
            raise
        return None


def _is_stable(model: Model, share: np.ndarray) -> bool:
    """Whether a distribution is at rest, and small deviations from it die out."""
    found = _stability_at(model, share)
    return found is not None and found.stable


def _never_spreads(model: Model, even: np.ndarray) -> bool:
    """Whether the even spread over places is unstable whatever trade costs."""
    known = model.scalars()
    if "trade_cost" not in known:
        return False
    if model.differences and "sigma" not in known:  # cost that is added
        costs = known["trade_cost"] * MULTIPLES
    else:
        costs = np.array(FREENESS) ** (1.0 / (1.0 - known["sigma"]))
    costs = costs[np.broadcast_to(model.accepts({"trade_cost": costs}), costs.shape)]
    return len(costs) > 0 and all(_spreads_apart(model, even, float(cost)) for cost in costs)


def _spreads_apart(model: Model, even: np.ndarray, cost: float) -> bool:
    """Whether some deviation from the even spread over places grows at a trade cost."""
    found = _stability_at(model.replace(trade_cost=cost), even)
    return found is not None and bool(np.max(found.eigenvalues.values.real, initial=-np.inf) > 0.0)
