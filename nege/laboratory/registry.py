"""All claims, and examining them: ``nege.claims``."""

from __future__ import annotations

import collections
import contextlib
import dataclasses
import functools
import importlib
import pathlib
import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
import xarray as xr

from nege import memory, settings, validation
from nege.errors import InputError, in_words
from nege.laboratory import own_values, where
from nege.laboratory import prior as priors
from nege.laboratory.claim import Claim, Experiment, NotModelled
from nege.laboratory.findings import Finding, finding, margins_of, summary
from nege.laboratory.grid import ClaimGrid
from nege.laboratory.running import CHECKED, Run, Work, run, run_factors
from nege.laboratory.table import ClaimTable
from nege.models import terms
from nege.progress import Progress, check_progress, watched
from nege.sweeps import workers
from nege.validation import paths
from nege.validation.keywords import hinted

#: Modules with claims, in the order of the paper.
PARTS = (
    "introduction",
    "externalities",
    "transaction_costs",
    "turns",
    "firms",
    "advantages",
    "challenges",
    "policies",
)
BYTES_PER_DRAW = 20_000  # outcomes of a path of eighteen steps
STORED = pathlib.Path(__file__).with_name("findings.nc")


@functools.cache
def registry() -> dict[str, Claim | NotModelled]:
    """Return every claim by its number, in the order of the paper."""
    found: dict[str, Claim | NotModelled] = {}
    for part in PARTS:
        for claim in importlib.import_module(f"nege.laboratory.{part}").CLAIMS:
            if claim.number in found:
                raise AssertionError(f"claim {claim.number} is there twice")
            found[claim.number] = claim
    return found


@hinted
def claims(
    number: str | None = None,
    *,
    at: Mapping[str, Any] | None = None,
    draws: int | None = None,
    prior: str = "near",
    rng: int = 0,
    store: str | pathlib.Path | None = None,
    processes: int | None = None,
    client: Any = None,
    progress: Progress = None,
) -> ClaimTable | Finding | ClaimGrid | NotModelled:
    """Every claim of Tan & Xia (2022) about digital trade, with the region where it holds.

    A claim is an experiment and the sign that the paper predicts of it, run at draws of a
    declared prior over all parameters: its verdict is a share of draws, what decides, and
    the nearest point at which the sign turns.

    Parameters
    ----------
    number : str, optional
        One claim, "31a", which is run now. By default all: their table.
    at : mapping of str to float, table or list, optional
        Values of your own for the economy of one claim, where they replace those it has, by the
        names that ``model.replace`` takes: ``{"sigma": 6, "digital_cost.services": 1.2}``; a table
        is a DataArray. A list is gone through, in every combination with other lists. Factors of
        draws multiply these values. ``nege.claims("31a").parameters`` lists the names.
    draws : int, optional
        How many points of the prior to run. By default the reference point alone for one claim,
        and for all of them what is stored with the package: 200 draws, not run again.
    prior : {"near", "wide"}
        Every parameter up to a fifth either way, or the literature's ranges.
    rng : int, default 0
        Seed of the draws; the first draws of more are the same.
    store : str or Path, optional
        Folder of sweeps, from which a run that was killed, or wants more draws, goes on;
        needs ``pip install "nege[sweep]"``.
    processes : int, optional
        How many to solve in; what :func:`nege.options` says by default, else 1.
    client : dask.distributed.Client, optional
        Cluster to solve on.
    progress : bool or callable, optional
        Show a bar, or hear of every step, as :func:`nege.sweep`.

    Returns
    -------
    ClaimTable, Finding, ClaimGrid or NotModelled
        The table of all; or what came out of one: ``.explain()`` says it in prose, ``.verdict``,
        ``.share``, ``.data``. Without draws it is solved from two starts, also where it flips, and
        ``.explain()`` says if they end in two equilibria. Of lists in `at` the margin over them,
        ``.data.margin``, with ``.plot()``.

    Raises
    ------
    InputError
        For a number that no claim has, naming those near it; for no or less than one draw. For
        values in `at` that the claim's economy does not have, or refuses, and for those that the
        claim itself sets in every state, saying to what.

    Notes
    -----
    Not an estimate: the reference economies are existence results. A verdict says on which part
    of the prior the sign is as predicted, not how likely the world is to be there.

    Examples
    --------
    >>> import nege
    >>> found = nege.claims("8a")
    >>> bool(found.data.margin > 0)
    True
    >>> print(found.explain().splitlines()[1])  # doctest: +ELLIPSIS
    Examined in the reference economy at step 9...
    >>> grid = nege.claims("1a", at={"trade_cost": [1.5, 2.1]})
    >>> grid.holds.values
    array([ True, False])
    """
    claim = None if number is None else claim_of(number)
    if draws is not None:
        draws = validation.whole("draws", draws, at_least=1)
        cure = "Run fewer draws, with another rng=... each time."
        memory.check("draws", draws, BYTES_PER_DRAW * draws, f"for {draws} draws", cure)
    prior = validation.known("prior", prior, priors.PRIORS)
    rng = validation.whole("rng", rng, at_least=0)
    processes = settings.chosen("processes", processes)
    folder = None if store is None else paths.located("store", store)
    work = Work(folder, processes, workers.check_client(client))
    check_progress(progress)
    if isinstance(claim, NotModelled):
        return claim
    if claim is not None:
        values, lists = own_values.separated(claim, {} if at is None else at)
        if lists and draws is not None:
            cure = "Give one value of each in at=, or no draws."
            raise InputError("draws", draws, "left out where `at` has lists", cure)
        if lists:
            return _grid(claim, values, lists, work, progress)
        if values:
            placed = own_values.placed(claim, values)
            return _examine([placed], draws, prior, rng, work, progress, tuple(values))[0]
        return _examine([claim], draws, prior, rng, work, progress)[0]
    if at is not None:
        cure = (
            'Economies of claims have different parameters: one claim, nege.claims("8b", at=...).'
        )
        raise InputError("at", at, "given together with the number of a claim", cure)
    if draws is None:
        return ClaimTable(stored())
    known = registry()
    run_now = [one for one in known.values() if isinstance(one, Claim)]
    missing = [one for one in known.values() if isinstance(one, NotModelled)]
    found = _examine(run_now, draws, prior, rng, work, progress)
    table = summary(found, missing, prior=prior, rng=rng)
    return ClaimTable(table.sel(claim=list(known)))


def claim_of(number: Any) -> Claim | NotModelled:
    """Return a claim by its number, or say which are near it."""
    known = registry()
    if isinstance(number, str) and number not in known:
        parts = [name for name in known if re.fullmatch(rf"{re.escape(number)}[a-z]+", name)]
        if parts:
            cure = f"It has parts: {in_words(parts)}."
            raise InputError("number", number, "the number of a claim", cure)
        stem = re.match(r"[a-z]?\d+", number, re.IGNORECASE)
        alike = rf"{stem[0]}([a-z]+\d*)?" if stem else "(?!)"
        if beside := [name for name in known if re.fullmatch(alike, name, re.IGNORECASE)]:
            cure = f"Did you mean {in_words(map(repr, beside), 'or')}?"
            raise InputError("number", number, "the number of a claim", cure)
        word = re.escape(number.strip().removesuffix("s"))
        said = [one for one in known if word and re.search(rf"\b{word}", known[one].words, re.I)]
        if said:
            cure = f"Claims that speak of it: {in_words(said[:12])}. nege.claims() has them all."
            raise InputError("number", number, "the number of a claim", cure)
    return known[validation.known("number", number, list(known))]


def stored() -> xr.Dataset:
    """Return the table that comes with the package."""
    if not STORED.exists():
        raise InputError("draws", None, "a number of draws", "No table is stored: say how many.")
    with xr.open_dataset(STORED, engine="scipy") as found:
        return found.load()


def _examine(
    chosen: Sequence[Claim],
    draws: int | None,
    prior: str,
    rng: int,
    work: Work,
    progress: Progress,
    at: tuple[str, ...] = (),
) -> list[Finding]:
    """Return what came out of claims; an experiment that several read is run once.

    `at` are names of parameters at whose values a single claim was placed.
    """
    groups = _groups(chosen)
    processes = work.processes if len(groups) > 1 and work.client is None else 1
    if processes > 1:  # each group in one of them
        work = dataclasses.replace(work, processes=1)
    how: Any = _Examination(draws, prior, rng, work)  # in place of a sweep's work
    if at:
        how = dataclasses.replace(how, placed=chosen[0], at=at)
    found: dict[str, xr.Dataset] = {}
    total = sum(_runs_of(claim) for claim in chosen)
    with watched(progress, total, "runs of claims") as tick:
        blocks: Any = iter(groups)
        units: Any = workers.solve_units(how, blocks, processes, None, tick)
        with contextlib.closing(units):
            for group, data in units:
                found |= data
                if processes > 1:
                    tick(sum(_runs_of(registry()[number]) for number in group))
    return [Finding(claim, found[claim.number]) for claim in chosen]


def _runs_of(claim: Any) -> int:
    """Return how many runs a claim takes: its own, where it flips, and the nearest flip."""
    return 2 + len(claim.flips)


def _groups(chosen: Sequence[Claim]) -> list[tuple[str, ...]]:
    """Return the numbers of claims in groups that have no experiment in common."""
    groups: list[tuple[set[Experiment], list[str]]] = []
    for claim in chosen:
        read = {claim.experiment, *(flip.experiment for flip in claim.flips)}
        numbers = [claim.number]
        apart = []
        for others, known in groups:
            if others & read:
                read, numbers = read | others, known + numbers
            else:
                apart.append((others, known))
        groups = [*apart, (read, numbers)]
    return [tuple(numbers) for _, numbers in groups]


@dataclasses.dataclass(frozen=True)
class _Examination:
    """How claims are examined, with the interface of a sweep's work: groups are its blocks."""

    draws: int | None
    prior: str
    rng: int
    work: Work
    placed: Claim | None = None  # one claim at values of one's own, of the parameters `at`
    at: tuple[str, ...] = ()

    def warm(self, group: tuple[str, ...]) -> None:
        """Compile what all claims use, once."""
        alone = dataclasses.replace(self, draws=None, work=Work(starts=1, progress=False))
        alone.solve(group[:1])

    def solve(
        self, group: tuple[str, ...], tick: Callable[[int], Any] = lambda steps: None
    ) -> dict[str, xr.Dataset]:
        """Return the data of each claim's finding."""
        chosen: list[Any] = [self.placed or registry()[number] for number in group]
        said = own_values.briefly(chosen[0].experiment.model(), self.at) if self.at else ""
        runs = _Runs(chosen, self.draws, self.prior, self.rng, self.work)
        found = {}
        for claim in chosen:
            main, flips = runs.get(claim.experiment), []
            tick(1)
            for flip in claim.flips:
                flips.append(runs.get(flip.experiment))
                tick(1)
            nearest = None if self.draws is None else runs.nearest(claim, main)
            drawn = "" if self.draws is None else self.prior
            found[claim.number] = finding(claim, main, flips, nearest, drawn, said).data
            tick(1)
        return found


@dataclasses.dataclass(frozen=True)
class _Points:
    """A grid of values, with the interface of a sweep's work: positions in it are its blocks."""

    number: str
    values: Mapping[str, Any]
    lists: Mapping[str, np.ndarray]
    work: Work

    def at(self, position: tuple[int, ...]) -> dict[str, float]:
        """Return the values that differ among points."""
        lists = self.lists.items()
        return {name: float(each[i]) for (name, each), i in zip(lists, position, strict=True)}

    def claim(self, position: tuple[int, ...]) -> Claim:
        """Return the claim at a point, without where it flips."""
        claim: Any = registry()[self.number]
        alone = dataclasses.replace(claim, flips=())
        return own_values.placed(alone, {**self.values, **self.at(position)})

    def warm(self, position: tuple[int, ...]) -> None:
        """Compile what all points use, once."""
        self.solve(position)

    def solve(
        self, position: tuple[int, ...], tick: Callable[[int], Any] = lambda steps: None
    ) -> dict[str, Any]:
        """Return margin and fate at a point."""
        claim = self.claim(position)
        main = run_factors(claim.experiment, _reference(claim.experiment), work=self.work)
        data = finding(claim, main, (), None, "").data
        tick(1)
        return {"margin": float(data.margin[0]), "fate": str(data.fate.values[0])}


def _grid(
    claim: Claim,
    values: Mapping[str, Any],
    lists: Mapping[str, np.ndarray],
    work: Work,
    progress: Progress,
) -> ClaimGrid:
    """Return the margin of a claim over every combination of lists of values."""
    alone = dataclasses.replace(work, processes=1, client=None, progress=False)
    how: Any = _Points(claim.number, values, lists, alone)
    dims = {name: (name, each) for name, each in lists.items()}
    shape = tuple(map(len, lists.values()))
    for position in np.ndindex(shape):  # before anything is solved
        try:
            how.claim(position)
        except InputError as error:
            said = ", ".join(f"{name}={value:g}" for name, value in how.at(position).items())
            cure = f"{error.cure} That is at {said}.".strip()
            raise InputError(error.argument, error.value, error.allowed, cure) from error
    margin, fate = np.full(shape, np.nan), np.full(shape, "", dtype="<U10")
    with watched(progress, margin.size, "points of a claim") as tick:
        blocks: Any = iter(np.ndindex(shape))
        units: Any = workers.solve_units(how, blocks, work.processes, work.client, tick)
        with contextlib.closing(units):
            for position, found in units:
                margin[position], fate[position] = found["margin"], found["fate"]
                if work.processes > 1 or work.client is not None:
                    tick(1)
    about = {"long_name": f"margin of claim {claim.number}"}
    model = claim.experiment.model()
    over = {name: (*held, terms.about(model, name)) for name, held in dims.items()}
    data = xr.Dataset({"margin": (list(dims), margin, about), "fate": (list(dims), fate)}, over)
    return ClaimGrid(own_values.placed(claim, values) if values else claim, data)


class _Runs:
    """Runs of experiments, each kept as long as a claim still has to read it."""

    def __init__(
        self, chosen: Sequence[Claim], draws: int | None, prior: str, rng: int, work: Work
    ) -> None:
        self.draws, self.prior, self.rng, self.work = draws, prior, rng, work
        every = [e for c in chosen for e in (c.experiment, *(f.experiment for f in c.flips))]
        self.wanted = collections.Counter(every)
        #: Those of claims, whichever are chosen, have two starts; draws of where they flip, one.
        self.own = {one.experiment for one in registry().values() if isinstance(one, Claim)}
        self.own |= {one.experiment for one in chosen}
        self.done: dict[Experiment, Run] = {}

    def get(self, experiment: Experiment) -> Run:
        """Return the run of an experiment."""
        if experiment not in self.done:
            # At one point each answer is one that is read: does it depend on the start?
            work = self._work(2 if experiment in self.own or self.draws is None else 1)
            if self.draws is None:
                self.done[experiment] = run_factors(experiment, _reference(experiment), work=work)
            else:
                # Where a claim flips, fewer draws say so.
                count = self.draws if experiment in self.own else min(self.draws, CHECKED)
                self.done[experiment] = run(
                    experiment, count, prior=self.prior, rng=self.rng, work=work
                )
        found = self.done[experiment]
        self.wanted[experiment] -= 1
        if not self.wanted[experiment]:
            del self.done[experiment]
        return found

    def nearest(self, claim: Claim, main: Run) -> where.Nearest:
        """Return the nearest point at which a claim flips."""
        names, work = list(main.factors.data_vars), self._work(1)

        def margins(factors: np.ndarray) -> np.ndarray:
            columns = {n: ("draw", f) for n, f in zip(names, factors.T, strict=True)}
            points = xr.Dataset(columns, {"draw": np.arange(len(factors))})
            return margins_of(claim, run_factors(claim.experiment, points, work=work))

        drawn = np.stack([main.factors[name].values for name in names], 1)
        return where.nearest(margins, drawn, margins_of(claim, main))

    def _work(self, starts: int) -> Work:
        return dataclasses.replace(self.work, starts=starts, progress=False)


def _reference(experiment: Experiment) -> xr.Dataset:
    """Return factors of one: the economy as it is."""
    model = experiment.model()
    listed = priors.entries(model, None if experiment.path is None else experiment.path(model))
    return xr.Dataset({e.name: ("draw", [1.0]) for e in listed}, {"draw": [0]})
