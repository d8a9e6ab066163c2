"""Many economies: grids, lists and random designs of parameters, and paths to follow.

Everything comes back as one Dataset, with what was varied in front. A point that
fails is recorded with its status and its residual; its variables are NaN there, so
that no picture shows a number that was not solved.
"""

from __future__ import annotations

import contextlib
import itertools
import logging
import math
import pathlib
import platform
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numba
import numpy as np
import xarray as xr

from nege import labelled, memory, settings, validation
from nege._version import __version__
from nege.errors import InputError
from nege.models import designs, parameter_axes
from nege.models.base import Model
from nege.models.designs import Block
from nege.progress import Progress, Steps, check_progress, no_tick, say, watched
from nege.solver_options import Logit, Replicator, SolverOptions, check_dynamics
from nege.solvers.checks import check_model, check_options
from nege.status import Status
from nege.sweeps import workers
from nege.sweeps.functionals import Evaluations, Table, check_of
from nege.sweeps.work_units import LongRuns, ShortRuns, SweepRequest
from nege.validation.keywords import hinted

__all__ = ["follow", "sweep"]

logger = logging.getLogger("nege")


FIRST_DIMENSION = "first"
FAILED = "failed"  # of overwrite


@hinted
def sweep(
    model: Model,
    parameters: Mapping[str, Sequence[float] | np.ndarray] | xr.Dataset,
    *,
    share: Any = None,
    start: Any = None,
    along: str | None = FIRST_DIMENSION,
    keep: Sequence[str] | None = None,
    dynamics: Replicator | Logit | None = None,
    options: SolverOptions | None = None,
    store: str | pathlib.Path | None = None,
    overwrite: bool | str = False,
    unit: int | None = None,
    processes: int | None = None,
    client: Any = None,
    progress: Progress = None,
    invalid: str = "raise",
    of: Any = None,
) -> xr.Dataset:
    """Long runs, short runs or any functional over a grid, a list or a random design of parameters.

    Natural continuation: in a grid every solve starts from the solution before it along one
    dimension, so that a line is what an economy goes through as that parameter changes; where
    several equilibria exist, it stays on its branch until that ends.

    Parameters
    ----------
    model : Model
        The economy to vary.
    parameters : mapping of str to 1-d array, or Dataset
        Values by parameter, e.g. ``{"online_trade_cost": [2, 1.5, 1], "sigma": [3, 5]}``,
        for a grid, visited in the order given; a Dataset over ``point`` for a list,
        as :func:`nege.random_points` makes one.
    share : DataArray, mapping or array, optional
        Distributions at which to solve short runs instead of long runs, as
        :func:`nege.short_run` takes them; its dimensions follow those of `parameters`.
    start : DataArray, mapping or array, optional
        Where each line starts; ``model.default_start()`` by default.
    along : str or None, optional
        The dimension followed: the first of a grid by default. None solves each point
        from `start`, independently of its neighbours, as lists and short runs do.
    keep : sequence of str, optional
        Which outputs to keep; all by default, ``status`` always. Long runs of industries
        have ``pattern`` too, one byte a point: what :func:`nege.patterns` says, as a code
        whose meaning is in its attributes.
    dynamics : Replicator or Logit, optional
        How people move.
    options : SolverOptions, optional
        Tolerances and limits.
    store : str or Path, optional
        Zarr store, filled unit by unit; needs ``pip install "nege[sweep]"``. Called
        again, the sweep does only what is missing. Memory does not grow with its size. A
        later nege goes on with it unless it answers anything otherwise; each unit knows by
        which version it was solved (``nege.load``).
    overwrite : bool or "failed", default False
        True replaces the store of another sweep. "failed" mends this one: points that converged
        stay as they are, the others are solved with the `options`, or asked `of` the function,
        that are given now, which ``mended`` then says of each. A line of `along` is followed
        anew from its beginning to the last that failed. The mended store is made beside, as
        ``NAME.mending``, where a mend that was stopped goes on, and takes the place of the old.
        A line of the log says how many are mended.
    unit : int, optional
        Points that are solved, written and resumed together, whole lines at least;
        about a second of work by default.
    processes : int, optional
        How many to solve in; what :func:`nege.options` says by default, else 1.
    client : dask.distributed.Client, optional
        Cluster to solve on. Only this process writes to the store.
    progress : bool or callable, optional
        Show a bar; by default where somebody watches, and only for work that lasts. Or
        ``callback(done, total, words)``, which hears of every step (``nege.progress``).
    invalid : {"raise", "record"}
        What becomes of points that are no economies, as ``model.replace`` would refuse
        them: an error before anything is solved, or the status INVALID and NaN.
    of : function, optional
        What to find out instead of long runs: a function of the economy at a point, to a
        number, a list of numbers, thresholds (:func:`nege.break_points`), a DataArray, a
        Dataset, or a mapping of these by name, each as long as it is. It is called at each point
        by itself; `share, start, along, keep, dynamics, options` do not go with it. In a store it
        is known by its code and what that reads around it; another one is refused there.

    Returns
    -------
    Dataset
        The model's variables over the swept dimensions in front, and ``status,
        residual, error, iterations`` per point, for long runs ``leading_eigenvalue,
        perturbed`` too. That eigenvalue is NaN where a solve needs none, because its
        equilibrium is proven to be the only one, unless `keep` names it. Variables are NaN
        where ``status`` is not zero. With a store, values are read from it where they are
        looked at.

        With `of` what the function returns, over the swept dimensions in front: ``value``, or
        what it names. Of lists, padded with NaN over ``item`` (``threshold``, if they are
        thresholds), ``value_count`` too; of thresholds ``value_mode``, what happens at each, and
        ``value_note``. None found is a list of none, and ``value_count`` is 0. Where the function
        raises (the status RAISED, or that of a solve that did not converge), or returns what is
        not finite, ``reason`` says why, and the sweep goes on.

    Raises
    ------
    InputError
        For an unknown parameter (naming those near it), an empty list, or points that
        the model refuses (naming the first, how many, and why); before anything is
        solved. For results that memory does not hold. For a store that cannot be
        written, that holds another sweep (naming what differs), or that another
        process is writing to. For an `of` that is no function, that raises a programming
        error before it has answered once, or that `processes` cannot import.

    Notes
    -----
    Each point is ``model.replace(...)`` of its parameters, or is not solved. Results are the
    same to the last bit with any number of processes or workers.

    Not for locating thresholds between points (:func:`nege.break_points`,
    :func:`nege.hysteresis`), nor for unstable equilibria (:func:`nege.bifurcation`).

    Examples
    --------
    >>> import nege
    >>> places = nege.geography.equidistant(2)
    >>> economy = nege.CorePeriphery(places, sigma=5, mu=0.4, trade_cost=2)
    >>> ds = nege.sweep(economy, {"trade_cost": [2.2, 1.5], "mu": [0.3, 0.4]})
    >>> ds.share.max("region").round(3).values
    array([[0.5, 0.5], [0.5, 1. ]])

    Break points over two parameters:

    >>> def breaks(economy):
    ...     return nege.break_points(economy, "trade_cost", (1.05, 5))
    >>> ds = nege.sweep(economy, {"sigma": [4, 5], "mu": [0.3, 0.4]}, of=breaks)
    >>> ds.value.isel(threshold=0).round(3).values
    array([[1.63 , 1.972], [1.422, 1.627]])
    """
    check_model(model)
    given_options, options = options, check_options(options)
    processes = settings.chosen("processes", processes)
    overwrite = _check_overwrite(overwrite)
    if overwrite == FAILED and store is None:
        raise InputError("store", None, "given with overwrite='failed'", "Say which one to mend.")
    if unit is not None:
        unit = validation.whole("unit", unit, at_least=1)
    client = workers.check_client(client)
    if client is None and processes > 1:
        workers.check_found_elsewhere("model", type(model))
    record = designs.records_refused(invalid)
    is_list = isinstance(parameters, xr.Dataset)
    varied = (
        designs.listed_points(model, "parameters", parameters, "point")
        if is_list
        else designs.grid_points(model, parameters)
    )
    if of is not None:
        given = {"share": share, "start": start, "keep": keep, "dynamics": dynamics}
        given |= {"options": given_options, "along": None if along == FIRST_DIMENSION else along}
        function = check_of(of, given, processes > 1)
        evaluations = Evaluations(model, varied, function, record, unit)
        if store is None:
            return _solve_into(Table(evaluations), processes, client, progress)
        from nege.sweeps.mending import store_for

        stored = store_for(store, evaluations, overwrite)
        return _solve_into(stored, processes, client, progress)
    if isinstance(along, str) and along == FIRST_DIMENSION:
        along = None if is_list or share is not None else next(iter(varied.sizes))
    asked = SweepRequest(model, varied, options, keep, unit, record)
    work: LongRuns | ShortRuns
    if share is None:
        along = parameter_axes.followed(along, varied.sizes)
        work = _long_runs(asked, start, dynamics, along)
    else:
        work = _short_runs(asked, share, {"start": start, "dynamics": dynamics, "along": along})
    if store is None:
        return _solve_into(ResultInMemory(work), processes, client, progress)
    from nege.sweeps.mending import store_for

    return _solve_into(store_for(store, work, overwrite), processes, client, progress)


@hinted
def follow(
    model: Model,
    path: xr.Dataset | Mapping[str, Sequence[float] | np.ndarray],
    start: Any = None,
    *,
    dynamics: Replicator | Logit | None = None,
    options: SolverOptions | None = None,
    progress: Progress = None,
    invalid: str = "raise",
) -> xr.Dataset:
    """History of an economy along a path of parameters: each long run starts from the last one.

    Parameters
    ----------
    model : Model
        The economy.
    path : Dataset or mapping
        Parameters over the dimension "step"; or lists of equal length by name.
    start : DataArray, mapping or array, optional
        Where the first step starts; ``model.default_start()`` by default.
    dynamics : Replicator or Logit, optional
        How people move.
    options : SolverOptions, optional
        Tolerances and limits.
    progress : bool or callable, optional
        Show a bar; by default where somebody watches, and only for work that lasts. Or
        ``callback(done, total, words)``, which hears of every step (``nege.progress``).
    invalid : {"raise", "record"}
        What becomes of steps that are no economies, as in :func:`sweep`.

    Returns
    -------
    Dataset
        The model's variables over "step" in front, the path's parameters as
        coordinates, and the proof of each step as in :func:`sweep`. After a step
        that failed, or is no economy, the next one starts from the last that converged.

    Raises
    ------
    InputError
        For an unknown parameter, an empty path, or steps that the model refuses; before
        anything is solved.

    Notes
    -----
    Not for the value at which an economy jumps: it lies between two steps, and
    :func:`nege.hysteresis` brackets it. A step is a long run, not a unit of time. Where firms
    have sunk cost (:class:`nege.mechanisms.Sunk`) those of a step are there before the next.

    Examples
    --------
    >>> import nege
    >>> places = nege.geography.equidistant(2)
    >>> online = nege.OnlineRegion(trade_cost=1.5)
    >>> economy = nege.CorePeriphery(places, sigma=5, mu=0.4, trade_cost=2, online=online)
    >>> ds = nege.follow(economy, {"online_trade_cost": [1.4, 1.1, 1.4, 1.8]})
    >>> ds.share.sel(region="online").round(3).values
    array([0., 1., 1., 0.])
    """
    check_model(model)
    steps = designs.listed_points(model, "path", path, "step")
    options = check_options(options)
    record = designs.records_refused(invalid)
    asked = SweepRequest(model, steps, options, None, None, record)
    work = _long_runs(asked, start, dynamics, "step")
    return _solve_into(ResultInMemory(work), 1, None, progress)


def _check_overwrite(overwrite: Any) -> bool | str:
    """Return what becomes of a store that is there, or refuse it."""
    if isinstance(overwrite, str) and overwrite == FAILED:
        return FAILED
    if not isinstance(overwrite, (bool, np.bool_)):
        cure = (
            'True replaces the store, "failed" solves anew those of its points that did not '
            "converge."
        )
        raise InputError("overwrite", overwrite, 'True, False or "failed"', cure)
    return bool(overwrite)


def _long_runs(asked: SweepRequest, start: Any, dynamics: Any, along: str | None) -> LongRuns:
    model = asked.model
    begin = model.default_start() if start is None else model.check_start(start)
    return LongRuns(asked, begin, check_dynamics(dynamics), along)


def _short_runs(asked: SweepRequest, share: Any, given: Mapping[str, Any]) -> ShortRuns:
    for name, value in given.items():
        if value is not None:
            cure = "Where people are is given, so that each short run stands for itself."
            raise InputError(name, value, "left out where share is given", cure)
    if not asked.model.in_shares:
        cure = (
            "Firms are given, too, by their industries: of=lambda economy: "
            "nege.short_run(economy, found.data).data.welfare sweeps what you compute of each."
        )
        raise InputError("share", share, "left out for an economy of industries", cure)
    labelled = validation.many_shares("share", share, asked.model.regions)
    parameter_axes.apart("share", labelled, asked.points.coords)
    dims = {str(dim): size for dim, size in labelled.sizes.items() if dim != "region"}
    work = ShortRuns(asked, labelled.values, dims)
    work.coords.update({str(name): coord.variable for name, coord in labelled.coords.items()})
    return work


def _solve_into(table: Any, processes: int, client: Any, progress: Progress) -> xr.Dataset:
    """Solve what is missing, wherever the results go."""
    work = table.work
    work.check()
    check_progress(progress)  # before a store is made
    total = math.prod(work.sizes.values())
    with _told_what_is_left(table, total) as watching, table:
        missing = [_count_points(block) for block in table.missing()]
        solved, name = total - sum(missing), _named(table)
        found = np.zeros(len(Status), dtype=np.int64)
        told = len(missing), platform.python_version(), numba.__version__, np.__version__
        logger.log(
            logging.DEBUG if name is None else logging.INFO,
            "%s: %s, units to do: %d; nege %s, Python %s, Numba %s, NumPy %s; processes: %s",
            *(name or "a sweep", "resumed" if solved else "started", told[0], __version__),
            *(*told[1:], "of a cluster" if client is not None else processes),
        )
        # One unit is no work for several, and only from here its points are seen one by one.
        several = len(list(itertools.islice(table.missing(), processes)))
        here = client is None and several <= 1
        with (
            watched(progress, total, "economies", solved, name) as steps,
            contextlib.closing(
                workers.solve_units(
                    work, table.missing(), several, client, steps if here else no_tick
                )
            ) as results,
        ):
            watching.append(steps)
            for block, values in results:
                table.write(block, values)
                ended = values["status"]
                if work.wanted is not None:
                    ended = ended[work.wanted[block]]
                found += np.bincount(np.ravel(ended), minlength=len(found))
                if not here:
                    steps(_count_points(block))
        counts = [f"{n} {Status(k).name.lower()}" for k, n in enumerate(found.tolist()) if n]
        level = logging.DEBUG if name is None else logging.INFO
        logger.log(level, "%s: now solved: %s", name or "a sweep", ", ".join(counts) or "none")
    if remark := getattr(table, "remark", ""):
        say(f"{_named(table)}: {remark}", progress)
    result: xr.Dataset = table.dataset()
    return result


@contextlib.contextmanager
def _told_what_is_left(table: Any, total: int) -> Iterator[list[Steps]]:
    """Add to what ends a sweep, such as Ctrl-C, how much of it is kept, and how to go on."""
    watching = list[Steps]()  # once it is solved: who knows how far it is
    try:
        yield watching
    except InputError:
        raise  # it says so itself, or the same call would not get any further
    except BaseException as error:
        path = getattr(table, "path", None)
        if path is not None:
            kept = total - sum(map(_count_points, table.missing()))
            told = f"are in {path}; the same call goes on from there."
            error.add_note(f"Stopped: {kept} of {total} points {told}")
        elif isinstance(error, KeyboardInterrupt):
            solved = sum(steps.done for steps in watching)
            is_path = table.work.points.argument == "path"
            cure = "." if is_path else ": store=... keeps what is finished."
            error.add_note(f"Stopped: {solved} of {total} points were solved, and are lost{cure}")
        raise


def _named(table: Any) -> str | None:
    """Return what a log calls a sweep: its store; without one it has no name."""
    path = getattr(table, "path", None)
    return None if path is None else f"sweep into {path}"


def _count_points(block: Block) -> int:
    return math.prod(part.stop - part.start for part in block)


class ResultInMemory:
    """Results of a sweep in memory, with the interface of a store."""

    def __init__(self, work: LongRuns | ShortRuns) -> None:
        self.work = work
        self.values: dict[str, np.ndarray] = {}
        shape = tuple(work.sizes.values())
        cure = "Keep less of them (keep=[...]), or give store=...: then memory does not grow."
        given = work.points.argument, f"{math.prod(shape)} points"
        memory.check(*given, work.size(shape), "for their results in memory", cure)

    def __enter__(self) -> ResultInMemory:
        self.values = self.work.empty()
        return self

    def __exit__(self, *error: object) -> None: ...

    def missing(self) -> Iterator[Block]:
        return self.work.blocks()

    def write(self, block: Block, values: Mapping[str, np.ndarray]) -> None:
        for name, value in values.items():
            self.values[name][block] = value

    def dataset(self) -> xr.Dataset:
        return xr.Dataset(
            {
                name: labelled.variable(output.dims, self.values[name], output.attributes)
                for name, output in self.work.outputs.items()
            },
            coords=self.work.labels,
            attrs=self.work.about,
        )
