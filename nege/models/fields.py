"""Fields of models: the one description of each parameter (name, dims, bounds, default, words).

A model lists its fields in order, ``sigma: float = fields.sigma()``. From them come its
constructor with the checks and the hints for wrong names, its signature and the section
"Parameters" of its documentation, what can be varied, its file, and what a TOML file may say.
"""

from __future__ import annotations

import dataclasses
import inspect
import textwrap
from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType
from typing import Any, ClassVar, Generic, TypeVar, dataclass_transform

import numpy as np
import xarray as xr

from nege import labelled, validation
from nege.errors import InputError
from nege.geography import Geography
from nege.geography.online import BOUNDS as OF_ONLINE
from nege.geography.online import OnlineRegion
from nege.immutable import Held, Immutable, frozen
from nege.models import trade_costs
from nege.models.storage import ONLINE
from nege.validation import Bounds
from nege.validation.keywords import hinted_call

REQUIRED = inspect.Parameter.empty
WIDTH = 92  # of documentation
SIGMA = Bounds(above=1.0, cure="With sigma <= 1 no number of varieties can be foregone.")
MU = Bounds(above=0.0, below=1.0, cure="It is a share of spending.")
POSITIVE = Bounds(above=0.0)
ANY = Bounds()
ONLINE_COST = Bounds(
    at_least=1.0, cure="It is an iceberg factor: 1 means that nothing melts on the way."
)
REGION = {**OF_ONLINE, "trade_cost": ONLINE_COST}  # of iceberg trade costs
RAISES = """
Raises
------
InputError
    Naming the argument, the value, what is allowed and what to do.
"""

Value = TypeVar("Value")
#: What is taken for numbers over labelled dimensions.
Values = float | Sequence[Any] | Mapping[str, float] | np.ndarray | xr.DataArray


class Labelled(Held, Generic[Value]):
    """Descriptor of values over places or industries: given in many forms, kept read-only."""

    def __get__(self, owner: Any, kind: type) -> Value:
        value: Value = super().__get__(owner, kind)
        return value

    def __set__(self, owner: Any, value: Values | None) -> None:
        super().__set__(owner, value)


@dataclasses.dataclass(frozen=True, kw_only=True, eq=False)
class Field:
    """One argument of a model: a parameter, its geography or its online region.

    Parameters
    ----------
    words : str
        What it is, as a phrase.
    unit : str
        "1" for a pure number, "" where there is none.
    dims : tuple of str
        Dimensions that it is over, e.g. ("industry", "place"); none for one number.
    bounds : Bounds
        Bounds of its numbers.
    default : object
        Its value where it is not given.
    instead : callable, optional
        (economy) -> what None stands for.
    varied : bool
        Whether sweeps can vary it.
    more : str
        Further sentences for its documentation.
    kw_only : bool
        Whether it has to be given by name.
    term : str
        What axes and columns call it where `words` say more than fits there; in brackets at its
        end its unit, where that is another one: "trade cost (iceberg factor)".
    """

    words: str
    unit: str = "1"
    dims: tuple[str, ...] = ()
    bounds: Bounds = ANY
    default: Any = REQUIRED
    instead: Callable[[Any], Any] | None = None
    varied: bool = False
    more: str = ""
    kw_only: bool = True
    term: str = ""
    #: Set by the class that it is declared in.
    name: str = ""
    #: What the signature says that it takes.
    takes: ClassVar[str] = "Any"
    #: Whether an economy may have one number for it, which has to be within the bounds.
    scalar: ClassVar[bool] = False

    def check(self, value: Any, economy: Any) -> Any:
        """Return a value as the economy keeps it.

        Parameters
        ----------
        value : object
            What was given.
        economy : Model
            The economy that is being made; it has its geography.

        Raises
        ------
        InputError
            Naming the field, the value, what is allowed and what to do.
        """
        raise NotImplementedError

    def hear(self, name: str, value: Any) -> None:
        """Warn of what is allowed but hardly meant; `value` is as it was given."""

    def form(self) -> str:
        """Say what may be given."""
        return self.takes

    def document(self) -> str:
        """Return its entry in the documentation of its model."""
        head = f"{self.name} : {self.form()}"
        if self.default is None:
            head += ", optional"
        elif self.default is not REQUIRED:
            head += f", default {self.default!r}"
        if self.unit:
            head += f" [{self.unit}]"
        said = f"{self.words[0].upper()}{self.words[1:]}. {self.more}".strip()
        lines = textwrap.wrap(head, WIDTH, subsequent_indent="        ", break_long_words=False)
        lines += textwrap.wrap(said, WIDTH, initial_indent="    ", subsequent_indent="    ")
        return "\n".join(lines)


@dataclasses.dataclass(frozen=True, kw_only=True, eq=False)
class Places(Field):
    """The geography, the one field that goes without its name."""

    count: int = 2  # of places, in an example
    takes: ClassVar[str] = "Geography"

    def check(self, value: Any, economy: Any) -> Geography:
        """Return a geography."""
        if value is None and self.instead is not None:
            value = self.instead(economy)
        if not isinstance(value, Geography):
            cure = (
                f"Make one with nege.geography.equidistant({self.count}), of a table of distances "
                "with nege.geography.from_distance(table), of coordinates with from_dataframe."
            )
            raise InputError("geography", value, "a Geography", cure)
        return value


@dataclasses.dataclass(frozen=True, kw_only=True, eq=False)
class Online(Field):
    """The online region, with bounds of what it has."""

    parameters: Mapping[str, Bounds]
    takes: ClassVar[str] = "OnlineRegion"

    def check(self, value: Any, economy: Any) -> OnlineRegion | None:
        """Return an online region, or none."""
        if value is not None and not isinstance(value, OnlineRegion):
            cure = "Use nege.OnlineRegion(trade_cost=...)."
            raise InputError("online", value, "an OnlineRegion", cure)
        if value is not None:
            for name, bounds in self.parameters.items():
                bounds.number(ONLINE + name, getattr(value, name))
        return value


class Number(Field):
    """One number within bounds."""

    takes = "float"
    scalar = True

    def check(self, value: Any, economy: Any) -> Any:
        """Return a number within the bounds."""
        return self.bounds.number(self.name, value)

    def form(self) -> str:
        """Say within which bounds."""
        return self.bounds.words("float")


@dataclasses.dataclass(frozen=True, kw_only=True, eq=False)
class Word(Field):
    """One of a few words."""

    choices: tuple[str, ...]
    takes: ClassVar[str] = "str"

    def check(self, value: Any, economy: Any) -> str:
        """Return one of the words."""
        return validation.known(self.name, value, self.choices)

    def form(self) -> str:
        """Say which."""
        return " or ".join(map(repr, self.choices))


class Over(Field):
    """Numbers over labelled dimensions, or one for all."""

    takes = "Values"

    def check(self, value: Any, economy: Any) -> Any:
        """Return numbers within the bounds, by label."""
        if value is None and self.instead is not None:
            value = self.instead(economy)
        value = by_column(self.name, value, self.dims, economy)
        labels = economy.labels()
        wanted = {dim: labels[dim] for dim in self.dims}
        found = validation.table(self.name, value, wanted, **self.bounds._asdict())
        found.name = self.name
        return found

    def form(self) -> str:
        """Say over what, and within which bounds."""
        by_name = any(dim in self.dims for dim in OF_PLACES)
        column = ", or the name of a column of the geography's table" if by_name else ""
        return f"{self.bounds.words('numbers')} over {' and '.join(self.dims)}{column}"


class Shares(Field):
    """Shares over the places, which sum to one; by default those of the population."""

    takes = "xr.DataArray | Mapping[str, float] | np.ndarray"

    def check(self, value: Any, economy: Any) -> xr.DataArray | None:
        """Return shares by label, with what they mean."""
        if value is not None:
            value = economy.geography.column(self.name, value)
            shares = validation.shares(self.name, value, economy.geography.names)
        elif self.instead is None:
            shares = economy.geography.population_share.values
        elif (shares := self.instead(economy)) is None:
            return None
        return labelled.array(
            frozen(np.asarray(shares, dtype=float)),
            {"region": economy.geography.names},
            self.name,
            {"long_name": self.words, "units": self.unit},
        )

    def form(self) -> str:
        """Say over what."""
        return "DataArray, mapping or array over region"


@dataclasses.dataclass(frozen=True, kw_only=True, eq=False)
class TradeCost(Field):
    """A trade cost: per unit of distance, or between any two places."""

    infinite: bool = False  # whether places may not trade at all
    takes: ClassVar[str] = "float | xr.DataArray | np.ndarray"
    scalar: ClassVar[bool] = True

    def check(self, value: Any, economy: Any) -> Any:
        """Return one number, or a table by label."""
        names = economy.geography.names
        return trade_costs.checked_cost(
            value,
            names,
            self.bounds,
            meaning=self.words,
            unit=self.unit,
            infinite=self.infinite,
        )

    def form(self) -> str:
        """Say within which bounds."""
        return f"{self.bounds.words('float')}, or array over origin and destination"


OF_PLACES = ("region", "place")  # what dimensions over the places of a geography are called


def by_column(argument: str, value: Any, dims: Sequence[str], economy: Any) -> Any:
    """Return the columns of the geography's table that texts name, over the places.

    A text is one column; a mapping of texts has one for each label of another dimension, as
    ``{"services": "jobs_services", "goods": "jobs_goods"}``.
    """
    places = next((dim for dim in OF_PLACES if dim in dims), None)
    if places is None:
        return value
    if isinstance(value, str):
        return economy.geography.column(argument, value).rename(region=places)
    if len(dims) == 1 or not isinstance(value, Mapping) or isinstance(value, xr.Dataset):
        return value
    given = list(value.values())
    if not any(isinstance(one, str) for one in given) or not all(map(np.isscalar, given)):
        return value
    over = next((dim for dim in dims if set(map(str, value)) & set(economy.labels()[dim])), None)
    if over in (None, places):
        return value
    geography, names = economy.geography, list(economy.geography.names)
    rows = [geography.column(f"{argument}[{key!r}]", one) for key, one in value.items()]
    table = np.array([np.broadcast_to(np.asarray(row), len(names)) for row in rows])
    return xr.DataArray(table, {over: list(map(str, value)), places: names}, (over, places))


# --- how a model declares them -------------------------------------------------------


def geography(**about: Any) -> Any:
    """Declare the places."""
    return Places(words="places and distances, from ``nege.geography``", unit="", **about)


def online(words: str = "the online region", **about: Any) -> Any:
    """Declare an online region that is reached at an iceberg trade cost."""
    return Online(words=words, unit="", **{"parameters": REGION, **about})


def number(words: str, bounds: Bounds, **about: Any) -> Any:
    """Declare one number."""
    return Number(words=words, bounds=bounds, **{"varied": True, **about})


def word(words: str, choices: tuple[str, ...], **about: Any) -> Any:
    """Declare one of a few words."""
    return Word(words=words, choices=choices, unit="", **about)


def over(dims: tuple[str, ...], words: str, bounds: Bounds, **about: Any) -> Any:
    """Declare numbers over labelled dimensions."""
    return Over(words=words, dims=dims, bounds=bounds, **about)


def shares(words: str, **about: Any) -> Any:
    """Declare shares over the places."""
    more = "Of each place; they sum to one. By default in proportion to population, where the "
    more += "geography has one, else equal."
    return Shares(words=words, dims=("region",), **{"more": more, **about})


def sigma(words: str = "elasticity of substitution between varieties", **about: Any) -> Any:
    """Declare the elasticity of substitution."""
    return number(words, SIGMA, **{"term": "elasticity of substitution", **about})


def mu(words: str = "share of spending on manufactures", **about: Any) -> Any:
    """Declare a share of spending."""
    return number(words, MU, **about)


def trade_cost(
    words: str = "iceberg trade cost",
    bounds: Bounds = trade_costs.ICEBERG,
    more: str = "The factor per unit of distance, T_rs = trade_cost ** distance_rs; or the factors "
    "themselves.",
    **about: Any,
) -> Any:
    """Declare a trade cost."""
    about = {"term": "trade cost (iceberg factor)", "dims": ("origin", "destination"), **about}
    return TradeCost(words=words, bounds=bounds, more=more, varied=True, **about)


# --- what is made from them ----------------------------------------------------------


@dataclass_transform(
    kw_only_default=True,
    frozen_default=True,
    field_specifiers=(geography, online, number, word, over, shares, sigma, mu, trade_cost),
)
class Declared:
    """Base of what is made from its fields: constructor, documentation, names of parameters."""

    #: Every field by name, in the order of the constructor.
    fields: ClassVar[Mapping[str, Field]] = MappingProxyType({})
    #: Fields that are checked before the geography: where several are wrong the first is named.
    asked_first: ClassVar[tuple[str, ...]] = ()
    #: Parameters that ``replace`` and sweeps take, without the online region's.
    parameters: ClassVar[tuple[str, ...]]
    #: Parameters that may be DataArrays; those over the places take None for their default.
    labelled: ClassVar[tuple[str, ...]] = ()
    #: Bounds of every parameter that may be a number, the online region's included.
    bounds: ClassVar[Mapping[str, Bounds]] = {}
    #: Parameters of the online region that can be varied.
    online_parameters: ClassVar[tuple[str, ...]] = tuple(ONLINE + name for name in OF_ONLINE)

    #: None where a model does not declare one.
    online: OnlineRegion | None = None

    def __init_subclass__(cls, **keywords: Any) -> None:
        super().__init_subclass__(**keywords)
        own = {
            name: dataclasses.replace(value, name=name)
            for name, value in vars(cls).items()
            if isinstance(value, Field)
        }
        for name, field in own.items():
            if field.dims:
                setattr(cls, name, Labelled(name))
            else:
                delattr(cls, name)
        if own:
            inherited: dict[str, Field] = {}
            for base in reversed(cls.__mro__[1:]):
                inherited |= vars(base).get("fields", {})
            cls.fields = MappingProxyType({**inherited, **own})
            cls._tabulate()
            if "__init__" not in vars(cls):  # else nobody knows what it wants of numbers
                cls.bounds = cls._bounds()
                cls.__init__ = _constructor(cls.fields, cls.__qualname__)  # type: ignore[method-assign]
            dataclasses.dataclass(frozen=True, init=False, eq=False, repr=False)(cls)
        if issubclass(cls, Immutable):  # says what to do instead, which that of dataclass does not
            cls.__setattr__ = Immutable.__setattr__  # type: ignore[method-assign]
        if "__init__" in vars(cls):
            cls.__init__ = hinted_call(cls.__init__)  # type: ignore[method-assign]
        if own and cls.__doc__:
            cls.__doc__ = _documented(cls.__doc__, cls.fields)

    @classmethod
    def _tabulate(cls) -> None:
        """Set the names of parameters: in order, but plain numbers and tables of them first."""
        every = cls.fields.values()
        cls.labelled = tuple(field.name for field in every if field.dims)
        varied = [field for field in every if field.varied]
        plain = [field.name for field in varied if isinstance(field, (Number, Over))]
        cls.parameters = (*plain, *(field.name for field in varied if field.name not in plain))
        online = cls.fields.get("online")
        if isinstance(online, Online):
            beside = [name for name in cls.fields if name.startswith(ONLINE)]
            cls.online_parameters = (*(ONLINE + name for name in online.parameters), *beside)

    @classmethod
    def _bounds(cls) -> dict[str, Bounds]:
        """Return the bounds of parameters that may be one number."""
        bounds = {field.name: field.bounds for field in cls.fields.values() if field.scalar}
        online = cls.fields.get("online")
        if isinstance(online, Online):
            bounds |= {ONLINE + name: found for name, found in online.parameters.items()}
        return bounds

    def _fill(self, given: Mapping[str, Any]) -> None:
        """Check and set every field: the geography and the online region, then the others."""
        order = dict.fromkeys((*self.asked_first, "geography", "online", *self.fields))
        for name in order:
            if name in given:  # a subclass with a constructor of its own may have more
                self._hold(name, self.fields[name].check(given[name], self))
        self.check_together()

    def _hold(self, name: str, value: Any) -> None:
        """Set a field, frozen as the economy is."""
        object.__setattr__(self, name, value)

    def check_together(self) -> None:
        """Refuse values that are each within bounds, but make no economy together."""
        raise NotImplementedError

    def labels(self) -> Mapping[str, Sequence[str]]:
        """Return the names along the dimensions that fields are over."""
        raise NotImplementedError


def _constructor(fields: Mapping[str, Field], owner: str) -> Any:
    """Return a constructor that takes the fields, with a signature that shows them."""
    first = [name for name, field in fields.items() if not field.kw_only]
    defaults = {name: f.default for name, f in fields.items() if f.default is not REQUIRED}

    def __init__(self: Any, *arguments: Any, **keywords: Any) -> None:  # noqa: N807
        self._fill({**defaults, **dict(zip(first, arguments, strict=False)), **keywords})

    __init__.__qualname__ = f"{owner}.__init__"
    shown = [inspect.Parameter("self", inspect.Parameter.POSITIONAL_OR_KEYWORD)]
    for name, field in sorted(fields.items(), key=lambda item: item[1].kw_only):
        takes = f"{field.takes} | None" if field.default is None else field.takes
        kind = inspect.Parameter.KEYWORD_ONLY if field.kw_only else shown[0].kind
        shown.append(inspect.Parameter(name, kind, default=field.default, annotation=takes))
    signature = inspect.Signature(shown, return_annotation="None")
    __init__.__signature__ = signature  # type: ignore[attr-defined]
    return __init__


def _documented(text: str, fields: Mapping[str, Field]) -> str:
    """Return documentation with the sections about arguments in front of its other sections."""
    lines = inspect.cleandoc(text).splitlines()
    heads = [i for i, line in enumerate(lines[1:]) if line and set(line) == {"-"}]
    cut = heads[0] if heads else len(lines)
    entries = "\n".join(field.document() for field in fields.values())
    about = f"Parameters\n----------\n{entries}\n{RAISES}"
    front, rest = ("\n".join(part).strip() for part in (lines[:cut], lines[cut:]))
    return f"{front}\n\n{about}\n{rest}".rstrip() + "\n"
