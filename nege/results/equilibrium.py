"""A solved economy: data, evidence of convergence, what is not established, and its file."""

from __future__ import annotations

import dataclasses
import functools
import math
import pathlib
from collections.abc import Mapping
from typing import Any

import xarray as xr

from nege.errors import InputError, counted
from nege.immutable import Immutable, held
from nege.models.base import Model
from nege.plots.economies import EquilibriumPlot
from nege.results import banner, files
from nege.results.stability import Stability, find_stability, leading_rate, verdict
from nege.results.tables import Tabular
from nege.solver_options import Logit, Replicator, check_dynamics
from nege.status import Ended, Status
from nege.validation.keywords import hinted

__all__ = ["Equilibrium"]

PROVENANCE = "provenance_"  # what its attributes in files begin with
NOT_LOOKED_AT = (
    "Stability not looked at, as nothing here depended on it: `leading_eigenvalue` computes it, "
    "`with_stability()` every mode."
)
DIES_OUT = "Stable: every small deviation dies out; `leading_eigenvalue` computes how fast."
ALL = "equilibria"  # key of the provenance: how many there are, where that is proven


@held("data", "provenance")
@dataclasses.dataclass(frozen=True, eq=False, repr=False)
class Equilibrium(Immutable, Tabular):
    """A solved economy, short run or long run, with its evidence: status, residual, error bound.

    Made by :func:`nege.short_run` and :func:`nege.solve`. It never changes: arrays are read-only,
    and ``data`` is a new shell around them each time, to which variables can be added.
    (Datasets of sweeps and paths are the user's own.)

    Attributes
    ----------
    model : Model
        The economy that was solved.
    data : Dataset
        Its variables, by name, with meanings and units.
    status : Status
        How the solve ended.
    residual : float
        Largest violation that is left: of market clearing, and in a long run of
        equal payoffs among occupied regions or of no better payoff elsewhere.
    error : float
        Bound on log wages (short run), or estimate for shares (long run), of the
        distance to the exact solution.
    iterations : int
        Wage iterations (short run), or steps along the dynamics and Newton steps
        together (long run).
    horizon : str
        "short run" or "long run".
    dynamics : Replicator, Logit or None
        How people moved; None for a short run.
    perturbed : tuple of str
        In words, each small step by which the solve left an unstable stationary point or
        entered an empty region; empty where none was needed.
    leading_eigenvalue : float
        Growth rate of the fastest small deviation, entry of empty regions
        included, per unit of the dynamics' own time; negative means stable. Where
        the solve needed none, because the equilibrium is proven to be the only one, it is
        computed when first asked for. NaN for a short run.
    operator : str
        How freeness of trade was multiplied: "dense", "symmetric", "line" or "fourier".
    method : str
        By which the short run was solved: "newton", "anderson" or "plain"; "auto" for a
        long run, where it is chosen anew for each.
    rate : float
        Convergence rate: mean factor by which the residual fell in an iteration of the short
        run. NaN for a long run.
    words : tuple of str
        What else is known: of commissions that are chosen, with which others they were compared.
    provenance : mapping
        Version of nege and the options used.
    stability : Stability or None
        Every mode of deviation, where ``with_stability`` was asked for it.

    Notes
    -----
    Not made by hand: the evidence in it is that of a solve. :func:`nege.load` reads one back.

    Examples
    --------
    >>> import nege
    >>> places = nege.geography.equidistant(2)
    >>> economy = nege.CorePeriphery(places, sigma=5, mu=0.4, trade_cost=1.5)
    >>> found = nege.solve(economy, start=[0.6, 0.4])
    >>> found.status.name, found.residual < 1e-10, found.data.share.values.tolist()
    ('CONVERGED', True, [1.0, 0.0])
    """

    model: Model
    data: xr.Dataset  # or Deferred, to be made when it is asked for
    status: Status
    residual: float
    error: float
    iterations: int
    horizon: str
    dynamics: Replicator | Logit | None = None
    perturbed: tuple[str, ...] = ()
    _leading: float | None = math.nan  # None where it was not looked at
    operator: str = "dense"
    method: str = "auto"
    rate: float = float("nan")
    provenance: Mapping[str, Any] = dataclasses.field(default_factory=dict)
    stability: Stability | None = None
    words: tuple[str, ...] = ()

    @property
    def converged(self) -> bool:
        """Whether the solve succeeded; a limit reached is not success."""
        return self.status is Status.CONVERGED

    @functools.cached_property
    def leading_eigenvalue(self) -> float:
        """Growth rate of the fastest small deviation, computed here where the solve did not."""
        if self._leading is not None:
            return self._leading
        assert self.dynamics is not None  # a long run
        return leading_rate(self.model, self.data, self.provenance, self.dynamics)

    @property
    def remedy(self) -> str:
        """What to try where the solve failed, with the limit or tolerance that was hit; else ""."""
        return self.in_words()[1]

    @hinted
    def in_words(self) -> tuple[str, str]:
        """Return how the solve ended, and what to try."""
        long_run, proof = self.horizon == "long run", (self.residual, self.error, self.iterations)
        return Ended(self.status, long_run, *proof, self.provenance).in_words()

    @property
    def plot(self) -> EquilibriumPlot:
        """Pictures of this economy, e.g. ``equilibrium.plot.shares()``; needs matplotlib."""
        model = self.model
        online = None if model.online is None else model.online.name
        return EquilibriumPlot(self.data, model.geography, online, model.movers)

    @hinted
    def with_stability(self, *, dynamics: Replicator | Logit | None = None) -> Equilibrium:
        """Return the same economy with its stability, as :func:`nege.stability` finds it.

        Parameters
        ----------
        dynamics : Replicator or Logit, optional
            How people move; by default as in the solve.

        Returns
        -------
        Equilibrium
            With ``.stability``; files do not keep it.

        Raises
        ------
        InputError
            Where the economy is not at rest under these dynamics.

        Examples
        --------
        >>> import nege
        >>> places = nege.geography.equidistant(2)
        >>> economy = nege.CorePeriphery(places, sigma=5, mu=0.4, trade_cost=1.5)
        >>> found = nege.short_run(economy, [0.5, 0.5]).with_stability()
        >>> found.stability.stable
        False
        """
        return dataclasses.replace(self, stability=stability_of(self, dynamics))

    @hinted
    def to_netcdf(self, path: str | pathlib.Path) -> None:
        """Write data, model and proof to one netCDF file, which ``nege.load`` reads again.

        Parameters
        ----------
        path : str or Path
            The file to write, as a whole or not at all. One that nege wrote is replaced;
            anything else that stands there is left alone.

        Raises
        ------
        InputError
            Where the path cannot be written, or something that nege did not write is there.
        DependencyError
            Where h5netcdf is not installed.

        Notes
        -----
        Not for many economies: :func:`nege.sweep` keeps them in one store.

        Examples
        --------
        >>> import nege, os, tempfile
        >>> places = nege.geography.equidistant(2)
        >>> economy = nege.CorePeriphery(places, sigma=5, mu=0.4, trade_cost=2)
        >>> path = os.path.join(tempfile.mkdtemp(), "economy.nc")
        >>> nege.solve(economy).to_netcdf(path)
        >>> nege.load(path).data.share.values.round(6).tolist()
        [0.5, 0.5]
        """
        rate = self._known_eigenvalue()
        proof = {
            "status": int(self.status),
            "residual": self.residual,
            "error": self.error,
            "iterations": self.iterations,
            "horizon": self.horizon,
            "perturbed": "\n".join(self.perturbed),
            "words": "\n".join(self.words),
            "leading_eigenvalue": math.nan if rate is None else rate,
            "operator": self.operator,
            "method": self.method,
            "rate": self.rate,
        }
        provenance = {PROVENANCE + key: value for key, value in self.provenance.items()}
        data = self.data.assign_attrs({**proof, **provenance})
        files.write(path, data, self.model, self.dynamics)

    def _tabulated(self) -> xr.Dataset:
        if self.converged:
            return self.data
        about = {"long_name": "how the solve ended, see nege.Status"}
        return self.data.assign(status=xr.DataArray(int(self.status), attrs=about))

    def _noise(self) -> dict[str, float]:
        """Return what a balance is known to: as well as sales and purchases, its difference."""
        if "trade_balance" not in self.data or not self.error < 1.0:
            return {}
        return {"trade_balance": self.error * float(self.data["income"].max())}

    def banner(self) -> str:
        """Return in prose what was found, how far it is proven, and what is not established."""
        return "\n".join([self._headline(), *self._findings(), self._open_questions()])

    def __repr__(self) -> str:
        return banner.above(self.banner().split("\n"), self.data)

    def _repr_html_(self) -> str:
        colour = banner.GOOD if self.converged else banner.BAD
        return banner.html_above(self.banner().split("\n"), self.data, colour)

    def _headline(self) -> str:
        places = len(self.model.geography)
        online = "" if self.model.online is None else " and the online region"
        economy = f"{self.model.article} {self.model.title} economy"
        return f"{self.horizon.capitalize()} of {economy}: {places} places{online}"

    def _findings(self) -> list[str]:
        moved = "" if self.dynamics is None else self.model.moved_by(self.dynamics)
        if self.status is Status.UNSTABLE:
            lines = [
                f"At rest under {moved} (residual {self.residual:.1e}), but not a stable "
                "equilibrium.",
                self._verdict(),
            ]
        elif not self.converged:
            end = f"residual {self.residual:.1e} after {counted(self.iterations, 'iteration')}."
            why = f"NOT CONVERGED ({self.status.name}): "
            if knows_why(self):  # in words that follow
                lines = [f"{why}{end}"]
            else:
                message, remedy = self.in_words()
                lines = [f"{why}{message}; {end}", f"Remedy: {remedy}"]
        elif self.horizon == "short run":
            lines = [
                f"Converged: markets clear to {self.residual:.1e}; {self.model.settles} are within "
                f"{self.error:.1e} of the solution ({counted(self.iterations, 'iteration')})."
            ]
            if self.stability is not None:
                moved = self.model.moved_by(self.stability.dynamics)
                lines.append(f"At rest under {moved}. {self.stability}")
        else:
            lines = [
                f"Converged under {moved}: residual {self.residual:.1e} "
                f"({counted(self.iterations, 'step')}). {self.model.summary(self.data)}",
                self._verdict(),
            ]
        lines += self.words
        if self.converged:
            lines += self.model.caveats(self.data)
        if not self.converged and (remark := self.model.remark(self)):
            lines.append(remark)
        if self.perturbed:
            lines.append(
                f"Nudged by {self.model.nudge:.0e} on the way: {'; '.join(self.perturbed)}."
            )
        return lines

    def _verdict(self) -> str:
        if self.stability is not None:
            return str(self.stability)
        rate = self._known_eigenvalue()
        if rate is not None:
            return verdict(rate)
        return DIES_OUT if self.model.checks_stability else NOT_LOOKED_AT

    def _known_eigenvalue(self) -> float | None:
        """Return the leading eigenvalue, None where it has not been computed yet."""
        known: float | None = vars(self).get("leading_eigenvalue", self._leading)
        return known

    def _open_questions(self) -> str:
        if self.horizon == "short run" and self.stability is None:
            who = self.model.movers
            return f"Not established: whether {who} would stay; nege.solve finds where they go."
        if ALL in self.provenance:
            return f"One of {self.provenance[ALL]} equilibria, which are proven to be all."
        known = self.model.uniqueness(self.dynamics)
        if known is not None and known.unique:
            return f"There is no other equilibrium: {known.condition}, here {known.value:.4g}."
        return "Not established: whether there are other equilibria; another start may find one."


def stability_of(equilibrium: Equilibrium, dynamics: Replicator | Logit | None) -> Stability:
    """Return the stability of an economy at rest; refuse a solve that failed."""
    status = equilibrium.status
    if status not in (Status.CONVERGED, Status.UNSTABLE):
        shown = f"one that ended as {status.name}"
        raise InputError("equilibrium", shown, "a solve that converged", equilibrium.remedy)
    moves = check_dynamics(equilibrium.dynamics if dynamics is None else dynamics)
    return find_stability(equilibrium.model, equilibrium.data, equilibrium.provenance, moves)


def knows_why(result: Equilibrium) -> bool:
    """Whether the words of a failure say why: then what its status says in general misleads."""
    return result.status is Status.STUCK and bool(result.words)


def check_equilibrium(equilibrium: Any) -> None:
    """Refuse what is not an Equilibrium."""
    if not isinstance(equilibrium, Equilibrium):
        cure = "nege.solve(model) makes one."
        raise InputError("equilibrium", equilibrium, "an Equilibrium", cure)
