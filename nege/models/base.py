"""Base class of all models: regions, parameters by name, welfare, labels of results.

A model is frozen. ``arrays`` is the only place where labelled input becomes what compiled kernels
read: an ``Economy`` of numbers and arrays, the same for all models in shares.
"""

from __future__ import annotations

import functools
import importlib
import importlib.metadata
import logging
from collections.abc import Collection, Mapping, Sequence
from typing import Any, ClassVar

import numpy as np
import xarray as xr

from nege import labelled, memory, validation
from nege.errors import OF_MODELS, InputError, in_words, warn_of_namesake
from nege.geography import Geography
from nege.immutable import Deferred, Immutable
from nege.kernels.equations import Compiled, Payoffs, Places, Together
from nege.kernels.fixed_point import Options
from nege.kernels.population_dynamics import Dynamics
from nege.models import fields, storage
from nege.models.changes import ONLINE as ONLINE
from nege.models.changes import ONLINE_PARAMETERS as ONLINE_PARAMETERS
from nege.models.changes import Changeable
from nege.models.indifference import Arithmetic, Indifference, Tastes
from nege.models.mobility import Groups
from nege.models.rest import EquationsOfRest
from nege.models.shipped import SHIPPED
from nege.models.solutions import Deviations, LongRun, Many, ShortRun, Uniqueness, Variable
from nege.solver_options import Logit, Replicator, SolverOptions

logger = logging.getLogger("nege")

BY_PAYOFF = Replicator()
#: What readers look for in a model, and find elsewhere.
PICTURES = ("plot", "show", "draw", "map", "shares", "plots")
MECHANISMS = (
    *("mechanisms", "with_mechanisms", "without", "add_mechanism"),
    *("tax", "taxes", "tariff", "tariffs", "subsidy", "policy"),
)
CHANGED = ("set", "update", "copy", "change", "set_params", "with_parameters", "assign")
JACOBIANS = 7  # tables over regions that Newton's method on a long run holds at a time


class Model(Changeable, Immutable):
    """Base of the models: a geography, parameters, and perhaps an online region.

    A subclass lists its fields, and says ``title``, ``variables``, ``equations`` and ``audit``.
    """

    geography: Geography = fields.geography(kw_only=False)

    title: ClassVar[str]
    #: What happens inside a place, of which short runs, derivatives and dynamics follow.
    equations: ClassVar[Places | Together | Payoffs]
    variables: ClassVar[Mapping[str, Variable]]
    #: The payoff: the variable that the mobile factor compares between regions.
    payoff: ClassVar[str]
    #: Whether payoffs are compared by differences (a utility, maybe negative), not by ratios.
    differences: ClassVar[bool] = False
    #: Who, or what, moves between regions, in the plural.
    movers: ClassVar[str] = "workers"
    #: Meaning and unit of parameters that are not what they are in other models.
    words: ClassVar[Mapping[str, tuple[str, str]]] = {}
    #: Whether its long run is a distribution of one mobile factor over regions.
    in_shares: ClassVar[bool] = True
    #: Whether a long run is accepted only where small deviations die out, known how fast or not.
    checks_stability: ClassVar[bool] = False
    #: The unknowns of the short run, in words.
    settles: ClassVar[str] = "log wages"
    #: Whether corner equilibria exist: regions that are empty in a long run.
    corners: ClassVar[bool] = True
    #: Size of the step by which a solve leaves an unstable rest point.
    nudge: ClassVar[float] = 1e-6
    _known: ClassVar[dict[str, type[Model]]] = {}

    def __init_subclass__(cls, **keywords: Any) -> None:
        super().__init_subclass__(**keywords)
        if "title" in vars(cls):  # a model, not what several have in common
            if not _is_own(cls):
                _load_shipped()
            for known in Model._known.values():
                alike = cls.__name__ == known.__name__ or cls.title == known.title
                called = f"{known.__name__} ({known.title!r})"
                if alike and known.__module__ != cls.__module__ and _is_own(known):
                    message = f"{called} is a model of nege"
                    raise TypeError(f"{message}: give {cls.__qualname__} another name and title")
                if alike:
                    cure = f"Give {cls.__name__} ({cls.title!r}) another name and title."
                    warn_of_namesake(f"The model {called}", known, cls, cure)
            Model._known[cls.__name__] = cls

    def _elsewhere(self, name: str) -> str:
        """Say what answers a question that a model does not answer itself."""
        if name in OF_MODELS:
            return f"{OF_MODELS[name].format('model')} does that"
        if name in self.variables or name == "data":
            where = "data" if name == "data" else f"data.{name}"
            return f"it is solved for: nege.solve(model).{where}"
        if name in PICTURES:
            return "nege.solve(model).plot draws a solution, nege.bifurcation(...).plot() a diagram"
        known = vars(self).get("mechanisms")
        if known is not None and (name in MECHANISMS or name in known):
            one = f".mechanisms[{name!r}] is it, and " if name in known else ""
            return f"{one}.with_mechanisms(nege.mechanisms.Tax(name, rate)) returns one with a tax"
        if name in MECHANISMS:
            return (
                "taxes, tariffs, platforms and other mechanisms belong to "
                "nege.OnlineAgglomeration(geography, mechanisms=[...])"
            )
        return ".replace(parameter=value) returns another" if name in CHANGED else ""

    @staticmethod
    def kinds() -> dict[str, type[Model]]:
        """Return every model by its title, those of installed packages last."""
        return {model.title: model for model in _every().values()}

    def labels(self) -> Mapping[str, Sequence[str]]:
        """Return the names along the dimensions that fields are over."""
        return {"region": self.geography.names}

    def check_together(self) -> None:
        """Refuse values that are each within bounds, but make no economy together."""
        if self.online is not None and self.online.name in self.geography.names:
            raise InputError(
                "geography",
                self.online.name,
                "free of the online region's name",
                "Rename that place, or give OnlineRegion(name=...) another name.",
            )
        self.check_limits()

    def __repr__(self) -> str:
        values = ((name, getattr(self, name)) for name in self.parameters)
        words = [
            f"{name}={value:g}" if isinstance(value, float) else f"{name}=given by DataArray"
            for name, value in values
            if value is not None
        ]
        if self.online is not None:
            words.append(f"online={self.online}")
        return f"{type(self).__name__}({len(self.geography)} places, {', '.join(words)})"

    @property
    def article(self) -> str:
        """What goes before its title in a sentence."""
        return "an" if self.title[0] in "aeiouA" else "a"

    @property
    def regions(self) -> tuple[str, ...]:
        """Names of all regions, the online one last."""
        names = self.geography.names
        return names if self.online is None else (*names, self.online.name)

    @classmethod
    @functools.cache
    def compiled(cls) -> Compiled:
        """Return the equations of the model as kernels call them, compiled when first used.

        They are those of the class that it derives from where they are the same.
        """
        numbers, rows = cls.numbers_of(), cls.rows()
        parent: Any = cls.__base__
        if getattr(parent, "equations", None) is cls.equations and (
            (parent.numbers_of(), parent.rows()) == (numbers, rows)
        ):
            found: Compiled = parent.compiled()
            return found
        return Compiled(cls.__module__, cls.__qualname__, numbers, rows, cls.equations)

    @classmethod
    def by_kernels(cls) -> bool:
        """Whether kernels solve its short runs, from what it says happens inside a place."""
        return hasattr(cls, "equations")

    @classmethod
    def numbers_of(cls) -> tuple[str, ...]:
        """Return what kernels call the parameters that are one number: as the fields are called."""
        return tuple(name for name in cls.parameters if name != "trade_cost")

    @classmethod
    def rows(cls) -> tuple[str, ...]:
        """Return what kernels call the parameters that each region has."""
        raise NotImplementedError

    @functools.cached_property
    def arrays(self) -> Any:
        """The economy as kernels read it, with the operator of the geography."""
        return self.make_arrays()

    @functools.cached_property
    def short_run_arrays(self) -> Any:
        """The same for short runs alone, which may use Fourier transforms."""
        first = next(iter(self.memory()))
        return self.make_arrays(compiled=False) if first == "fourier" else self.arrays

    def arrays_for(self, operator: str, *, compiled: bool) -> Any:
        """Return the economy as kernels read it, for an operator of choice, "auto" included."""
        if operator != "auto":
            return self.make_arrays(operator, compiled=compiled)
        return self.arrays if compiled else self.short_run_arrays

    def make_arrays(self, operator: str = "auto", *, compiled: bool = True) -> Any:
        """Return the economy as kernels read it, with an operator of choice."""
        raise NotImplementedError

    def direction(self, name: str) -> Any:
        """Return the derivative of every parameter of the kernels by one of ``varied()``.

        An Economy, too; its operator is dense and holds the derivative of the freeness of trade.

        Parameters
        ----------
        name : str
            A parameter that is a number, e.g. "sigma" or "online_trade_cost".

        Raises
        ------
        InputError
            For a parameter that the model does not have, or that is not one number.
        """
        raise NotImplementedError

    def outcome(
        self, share: np.ndarray, state: np.ndarray, parameters: Any = None
    ) -> dict[str, np.ndarray]:
        """Return every variable of the economy at a share and its cleared state.

        Parameters
        ----------
        share, state : (..., R) arrays
            The distribution, and the unknowns of the short run; both may have further dimensions
            in front.
        parameters : Economy, optional
            ``arrays``, unless another operator was chosen.

        Returns
        -------
        dict of str to array
            By the names in ``variables``, each over its dimensions, those in front first.
        """
        raise NotImplementedError

    def short_runs_at_once(
        self, points: list[Any], shares: np.ndarray, options: Options
    ) -> Many | None:
        """Return short runs of a grid by a method of the model's own, None where it has none.

        Parameters
        ----------
        points : list of Economy
            As ``make_arrays`` returns them.
        shares : (M, R) array
            Distributions.
        options : Options
            Of the short run.
        """
        return None

    def indifference(self, arithmetic: Arithmetic, tastes: Tastes | None) -> Indifference | None:
        """Return the equilibrium conditions in explicit form: equal payoffs in occupied regions.

        None where they have no such form: then nothing is proven about the number
        of equilibria.

        Parameters
        ----------
        arithmetic : Arithmetic
            Kind of numbers that the equations work on.
        tastes : Tastes or None
            Of people under logit dynamics; None where they follow payoffs alone.
        """
        return None

    @property
    def indices_sum_to_one(self) -> bool:
        """Whether indices of all equilibria sum to one, as on a simplex that nobody can leave."""
        return self.in_shares

    @property
    def mobile_weight(self) -> float:
        """Weight of the mobile factor's mean payoff in welfare; 0 where it is capital or firms."""
        return 0.0

    def immobile_welfare(self, values: Mapping[str, np.ndarray]) -> Any:
        """Return the welfare of immobile people, from the other variables."""
        return 0.0

    def welfare(
        self, values: Mapping[str, np.ndarray], dynamics: Replicator | Logit | None = None
    ) -> Any:
        """Return welfare from the other variables, in the unit of payoffs.

        Mobile people count by their mean payoff, under logit tastes by their expected utility
        (``Logit.expected``); immobile ones by their real income.
        """
        moving = (dynamics or BY_PAYOFF).expected(self, values["share"], values[self.payoff])
        return self.mobile_weight * moving + self.immobile_welfare(values)

    def memory(self) -> dict[str, int]:
        """Return the bytes that a short run needs, by operator, the default one first."""
        raise NotImplementedError

    def long_run_memory(self, tables: int = JACOBIANS) -> dict[str, int]:
        """Return the same for a long run, whose Jacobians are tables over regions."""
        more = memory.table(len(self.regions), tables)
        return {kind: size + more for kind, size in self.memory().items() if kind != "fourier"}

    def check_memory(self, work: str = "for a long run", tables: int = JACOBIANS) -> None:
        """Refuse work with Jacobians that the free memory does not hold."""
        if memory.table(len(self.regions), 2 * tables) > memory.LITTLE:
            places = f"{len(self.regions)} regions"
            needed = next(iter(Model.long_run_memory(self, tables).values()))
            memory.check("model", places, needed, work, "Fewer places, or the short run alone.")

    def audit(self, data: xr.Dataset) -> dict[str, float]:
        """Recompute every equation from stored variables; the relative violation of each by name.

        Written in plain NumPy from the published equations, apart from the kernels.
        """
        raise NotImplementedError(
            f"{type(self).__qualname__} has no method audit(self, data): what recomputes each "
            "equation from data[name].values, and returns the relative violations by name "
            "(nege.models.ces.differences of pairs of arrays)"
        )

    def own_short_run(
        self, share: np.ndarray, state: np.ndarray, options: SolverOptions
    ) -> ShortRun | None:
        """Return the short run by a solver of the model's own, None for the usual one."""
        return None

    def own_deviations(
        self, data: xr.Dataset, dynamics: Replicator | Logit, options: SolverOptions
    ) -> Deviations | None:
        """Return what small deviations from a solved economy do, None for the usual way."""
        return None

    def own_leading_rate(
        self, data: xr.Dataset, dynamics: Replicator | Logit, options: SolverOptions
    ) -> float | None:
        """Return the growth rate of the fastest deviation from rest, None for the usual way."""
        return None

    def own_long_run(
        self,
        share: np.ndarray,
        state: np.ndarray,
        dynamics: Replicator | Logit,
        options: SolverOptions,
    ) -> LongRun | None:
        """Return the long run from a start by a solver of the model's own, None for the usual one.

        `share` is the mobile factors, from ``default_start`` or ``check_share``; `state` is where
        markets start.
        """
        return None

    def motion(self, dynamics: Replicator | Logit) -> Dynamics:
        """Return how those who move respond to payoffs, as kernels read it."""
        return dynamics.for_kernels(self)

    def moved_by(self, dynamics: Replicator | Logit) -> str:
        """Say in words by what those who move are moved: of some models tastes are a part."""
        return str(dynamics)

    def own_law_of_motion(self, dynamics: Replicator | Logit, options: SolverOptions) -> Any | None:
        """Return a ``law_of_motion.LawOfMotion`` of the model's own, None for the usual one."""
        return None

    def own_past(self, share: np.ndarray) -> Model:
        """Return the model as it is after an equilibrium: itself, where the past is no matter."""
        return self

    def equations_of_rest(
        self, dynamics: Replicator | Logit, options: SolverOptions
    ) -> EquationsOfRest:
        """Return what is zero at rest under some dynamics, movers and markets together.

        Of models with several mobile groups; of those in shares the law of motion says it.
        """
        raise NotImplementedError

    def check_explicit(self, why: str) -> None:
        """Refuse an economy of whose rest the equations of rest are not all, saying why."""

    def state_of(self, data: xr.Dataset) -> np.ndarray:
        """Return the unknowns of a solved economy, of models that give equations of rest."""
        raise NotImplementedError

    def uniqueness(self, dynamics: Replicator | Logit | None = None) -> Uniqueness | None:
        """Return whether only one long run is proven to exist; None where no condition is known.

        By default for people who follow payoffs alone.
        """
        return None

    @property
    def groups(self) -> Groups | None:
        """Groups of regions between which nobody moves; None where everybody moves freely."""
        return None

    def default_start(self) -> np.ndarray:
        """Return the uniform distribution with a fixed tilt of up to one per cent.

        share_r is proportional to 1 + 0.02 (frac(0.618034 (r + 1)) - 0.5): irregular, so
        that it shares no symmetry with any geography.
        """
        position = np.arange(1, len(self.regions) + 1)
        share = 1.0 + 0.02 * (np.modf(0.6180339887498949 * position)[0] - 0.5)
        return np.asarray(share / share.sum())

    def random_start(self, rng: np.random.Generator) -> np.ndarray:
        """Return a random distribution to start from, uniform over all of them."""
        return rng.dirichlet(np.ones(len(self.regions)))

    def summary(self, data: xr.Dataset) -> str:
        """Say in a sentence where firms and people are in a long run."""
        share = data["share"].values
        occupied = int(np.count_nonzero(share > 0.0))
        top = int(np.argmax(share))
        return (
            f"{occupied} of {share.size} regions occupied; the largest, {self.regions[top]}, has "
            f"{share[top]:.1%}."
        )

    def remark(self, result: Any) -> str:
        """Say why a solve failed, from its last point; nothing where its status is all there is."""
        return ""

    def caveats(self, data: xr.Dataset) -> tuple[str, ...]:
        """Say what is known of results that is no reason not to have them."""
        return ()

    def compared(self, data: xr.Dataset) -> np.ndarray:
        """Return payoffs as the dynamics compare them: positive, up to a common factor."""
        values = np.asarray(data[self.payoff].values)
        return np.exp(values - np.max(values)) if self.differences else values

    def audit_motion(
        self, data: xr.Dataset, dynamics: Replicator | Logit | None
    ) -> dict[str, float]:
        """Return the violations of shares that sum to one, and of rest under some dynamics."""
        share = data["share"].values
        found = {
            "shares sum to one": abs(float(np.sum(share)) - 1.0),
            "shares not negative": float(np.maximum(0.0, -np.min(share))),
        }
        if self.mobile_weight and "welfare" in self.variables:
            values = {name: data[name].values for name in self.variables}
            wanted, payoff = float(self.welfare(values, dynamics)), values[self.payoff]
            # Of a utility, which may be about zero, relative to what is added up.
            size = abs(wanted) + self.mobile_weight * float(np.sum(share * np.abs(payoff)))
            found["welfare"] = abs(float(values["welfare"]) - wanted) / size
        if dynamics is not None:
            found["complementarity"] = dynamics.gap(self, share, self.compared(data))
        return found

    def start_state(self) -> np.ndarray:
        """Return the state to start a short run from when nothing better is known."""
        raise NotImplementedError

    def start_of(self, data: xr.Dataset) -> Any:
        """Return a solved economy as a start: where those who move are, and what it says beside."""
        return data["share"]

    def state_from(self, start: Any) -> np.ndarray:
        """Return the state to start a long run from, with what a start says of it beside shares."""
        return self.start_state()

    def common_slope(self, parameters: Any, share: np.ndarray, state: np.ndarray) -> Any:
        """Return how what kernels leave out of all payoffs alike, in logs, answers to shares."""
        return 0.0

    def online_thresholds(self, trade_cost: float) -> tuple[float, float] | None:
        """Return the digital trade costs of take-off and collapse between two equal places.

        In closed form, with this model's other parameters, without commission or
        amenity; None where none is known.
        """
        return None

    def label(
        self,
        share: np.ndarray,
        state: np.ndarray,
        parameters: Any = None,
        dynamics: Replicator | Logit | None = None,
    ) -> xr.Dataset:
        """Return the solved economy as a Dataset, with names and units."""
        data: xr.Dataset = self.label_later(share, state, parameters, dynamics)()
        return data

    def label_later(
        self,
        share: np.ndarray,
        state: np.ndarray,
        parameters: Any = None,
        dynamics: Replicator | Logit | None = None,
    ) -> Any:
        """Return the same as Deferred: solved, and labelled where somebody looks at it."""
        values = self.long_run_values(share, state, parameters, dynamics)
        self.check_returned(values)
        found = Deferred(self._labelled, {name: values[name] for name in self.variables}, dynamics)
        for name, array in found.arrays.items():
            if array.shape != self._shapes[name]:
                shape, kind = self._shapes[name], type(self).__qualname__
                message = f"outcome of {kind}: {name} is of shape {array.shape}, not {shape}"
                raise ValueError(message)
        return found

    def _labelled(
        self, arrays: dict[str, np.ndarray], dynamics: Replicator | Logit | None
    ) -> xr.Dataset:
        data = self._blank.copy(
            data={
                name: labelled.variable(self.variables[name].dims, array)
                for name, array in arrays.items()
            }
        )
        for name in ("welfare", "group_welfare") if isinstance(dynamics, Logit) else ():
            if name in data:
                data[name].attrs.update(self.describe(name, dynamics))
        return data

    def long_run_values(
        self,
        share: np.ndarray,
        state: np.ndarray,
        parameters: Any,
        dynamics: Replicator | Logit | None,
    ) -> dict[str, np.ndarray]:
        """Return ``outcome``, with welfare as those who move by some dynamics have it."""
        values = self.outcome(share, state, parameters)
        if self.mobile_weight and "welfare" in values and isinstance(dynamics, Logit):
            values["welfare"] = self.welfare(values, dynamics)
        return values

    def named(
        self, values: Mapping[str, np.ndarray], front: tuple[str, ...] = ()
    ) -> dict[str, Any]:
        """Return values with their dimensions, those in front first, and their meanings."""
        self.check_returned(values)
        return {
            name: (front + variable.dims, values[name], self.describe(name))
            for name, variable in self.variables.items()
        }

    @classmethod
    def check_returned(cls, values: Collection[str]) -> None:
        """Refuse variables of the class that ``outcome`` does not return."""
        if missing := [name for name in cls.variables if name not in values]:
            raise TypeError(
                f"{in_words(map(repr, missing))} of the variables of {cls.__qualname__} must be "
                f"returned by its method outcome, which returns {in_words(values)}. Write\n"
                "    def outcome(self, share, state, parameters=None):\n"
                "        found = super().outcome(share, state, parameters)\n"
                f'        return {{**found, "{missing[0]}": ...}}  # an array over its dimensions\n'
                "into the class, or take the name out of variables."
            )

    @functools.cached_property
    def _shapes(self) -> dict[str, tuple[int, ...]]:
        sizes = {dim: len(labels) for dim, labels in self.coordinates().items()}
        return {name: tuple(sizes[dim] for dim in v.dims) for name, v in self.variables.items()}

    @functools.cached_property
    def _blank(self) -> xr.Dataset:
        # Made once: names, units and indexes are most of what a small Dataset costs.
        blank = {
            name: labelled.variable(about.dims, np.zeros(self._shapes[name]), self.describe(name))
            for name, about in self.variables.items()
        }
        return xr.Dataset(blank, coords=labelled.coordinates(self.coordinates()))

    def describe(self, variable: str, dynamics: Replicator | Logit | None = None) -> dict[str, str]:
        """Return the attributes of a variable: what it means, its unit, and what tastes change."""
        about = self.variables[variable]
        words = {"long_name": about.meaning, "units": about.unit}
        if variable == "welfare" and self.mobile_weight and isinstance(dynamics, Logit):
            words["comment"] = f"{self.movers} count by their expected utility"
        return words

    def coordinates(self) -> dict[str, Any]:
        """Return the labels of every dimension of the model's variables."""
        return {"region": list(self.regions)}

    def check_share(self, share: Any, argument: str = "share") -> np.ndarray:
        """Return a distribution over the regions as an array, checked."""
        share = self.geography.column(argument, share)
        return validation.shares(argument, share, self.regions)

    def check_start(self, start: Any) -> np.ndarray:
        """Return where a long run starts, checked."""
        return self.check_share(start, "start")

    def to_dataset(self) -> xr.Dataset:
        """Return the model as a Dataset from which ``from_dataset`` makes it again."""
        return storage.to_dataset(self)

    @classmethod
    def restore(cls, arguments: dict[str, Any]) -> None:
        """Put into a stored model's arguments what is no field by itself."""

    @staticmethod
    def from_dataset(stored: xr.Dataset) -> Model:
        """Make a model again from what ``to_dataset`` returned."""
        model: Model = storage.from_dataset(stored, _every())
        return model


def _is_own(model: type[Model]) -> bool:
    """Whether a model is one of this package."""
    return model.__module__.startswith("nege.")


def _every() -> dict[str, type[Model]]:
    """Return every model by the name of its class: those of nege, then those of others."""
    _load_shipped()
    _load_installed()
    return {name: Model._known[name] for name in SHIPPED} | Model._known


def _load_shipped() -> None:
    """Load the models of nege, each of which makes itself known."""
    for module in SHIPPED.values():
        importlib.import_module(module)


@functools.cache
def _load_installed() -> None:
    """Load the models that installed packages register, each of which makes itself known."""
    for entry in importlib.metadata.entry_points(group="nege.models"):
        try:
            entry.load()
        except Exception as error:  # of somebody else's package: all other models are fine
            logger.warning("the model %s (%s) cannot be loaded: %s", entry.name, entry.value, error)
