"""What a mechanism of the industry model is: words, parameters, and what it adds where.

A mechanism is frozen and keyword-only, and has a name (by default its kind), by which dotted names
reach into it: ``economy.replace({"vat.rate": 0.12})``. It adds to an economy in one or both of two
ways. It may *lower* itself to numbers that the equations have already (``lower``, ``icebergs``,
``wedge``): nothing of its own compiles. Or it has equations of its own, functions
``(m, to, met, made)`` of one place by stage, called by their address: they alone compile, once.

    costs    after ln c, ln f and wedges have been written, before supply
    offers   after what firms offer has, with all taxes on it: what is drawn to a channel, and
             what they quote to ``trade`` or send to other places of it
    sales    after revenue has: transfers, and parts of sums that all places meet
    incomes  after what people earn has: transfers that depend on such sums, ``to.rents`` of land
    uses     after what is used and demanded has: labour, land, demand; what people pay more is
             added to ``to.living``, ln of the cost of living, what is better to ``to.real``
    people   after all else: who those are who have real income, and work
    border   the rows of the economy's own unknowns, from sums over places

There ``m`` has the parameters by name, as they are in that place, and says where the mechanism's
own unknowns, sums, links and notes stand: ``met[m.take]`` is a sum, ``made[m.take]`` the place's
part of it, zero before ``costs``. ``to`` says where all else stands (``layout.Slots``):
``met[to.wage]`` is the log wage. A mechanism writes by adding (``made[to.transfer] += ...``), and
never to what is not its own without that: mechanisms do not see each other. Numbers are dual
(``kernels.duals``).

One may say how places trade, pair by pair, instead of the sums of ``channels`` (``trade``). A
place sends it what it has in ``quotes``, and gets as much back:

    levels   (m, to, paid, received, pairs, met, made)
    changes  (m, to, own, paid, received, pairs, at, there, met, made)

write ``met[to.price]``, ``met[to.access]`` and ``met[to.brought]`` of all places, or their changes
along those in ``made``, from the freeness of trade by what buyers pay and by what firms receive of
it (empty where that is the same). `pairs` is for what is solved for by industry, channel, origin
and destination: the last that was found, to start from. There numbers are real.
"""

from __future__ import annotations

import dataclasses
import functools
import importlib.metadata
import inspect
import json
import logging
import math
import pathlib
import re
import sys
from collections import namedtuple
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any, ClassVar, NamedTuple, Self

import numpy as np
import xarray as xr

from nege import labelled, validation
from nege.errors import InputError, in_words, near, warn_of_namesake
from nege.models import storage
from nege.models.agglomeration.kinds import CHANNELS, INDUSTRY, ClosedForm
from nege.models.agglomeration.layout import NOWHERE, Slots
from nege.models.agglomeration.mechanisms import calls
from nege.models.agglomeration.mechanisms.parts import (
    Part,
    PartField,
    check_names,
    entries,
    of_names,
    unmasked,
)
from nege.models.entries import added, one_number
from nege.models.entries import labels as entry_labels
from nege.models.fields import Declared, Field, Number, Over, by_column
from nege.models.solutions import Variable
from nege.validation import Bounds

logger = logging.getLogger("nege")

CHECKED = "_checked"  # by which labels, and which fields of a mechanism
NAME = re.compile(r"[^\W\d]\w{0,39}")
ORDER = ("input", "industry", "place", "channel")  # of dimensions, in results


class Own(NamedTuple):
    """Something of a mechanism's own beside its parameters: an unknown, a sum, a note.

    It becomes a variable of results where it has words.
    """

    dims: tuple[str, ...] = ()  # beside place: "input", "industry", "channel"; "mode" without words
    words: str = ""
    unit: str = "wage bill"
    log: bool = True  # unknowns: whether they are solved for in logs
    start: float | str = 1.0  # unknowns: where they start, or the parameter that says so
    #: Shared unknowns that follow their row in time, as firms do, instead of holding at once: where
    #: they are looked for once their rest, or another's of them, has turned out unstable.
    ahead: float | None = None
    called: str = ""  # in results, where that is not the mechanism's name, a dot, and its own


class Split(NamedTuple):
    """A shared unknown that is the log of a share over each of some others, which are alike."""

    slot: int
    name: str
    among: float  # how many, the first included


class Wedge(NamedTuple):
    """Money between firms and buyers: a rate on the price before it, and who has that.

    All wedges are one chain, the commission first, then those of mechanisms in their order;
    ``jurisdictions`` has it. Which dimensions of `rate` are 1 long must not depend on its values.
    """

    rate: np.ndarray  # (industry, channel, origin, destination), 1 long where that is all alike
    collector: str = "destination"  # "origin", "destination", or the name of a place
    proceeds: Any = "everyone"  # or "owners", "residents", or how public money is spent
    buyers: str = "all"  # or "households"; then all origins are alike
    of_commission: bool = False  # whether it is a part of the commission instead
    cells: np.ndarray | None = None  # (industry, channel) that it is on at all, if not on every one
    by_channel: bool = False  # whether channels may differ, for what households pay
    housing: np.ndarray | None = None  # (place,), its rate on housing, likewise


class Choices(NamedTuple):
    """What somebody chooses who knows how the whole equilibrium responds (``chosen``).

    z, over industries, is what is not kept of what is sold: t = ln(1 - z). The names are those of
    the mechanism's own numbers, unknowns and sums.
    """

    what: str  # in words: "commission"
    names: tuple[str, ...]  # what it is chosen for
    start: np.ndarray  # z to start from
    lowest: np.ndarray  # z that may be tried
    held: str  # the number that has t
    kept: tuple[str, ...]  # shared unknowns, of which the rows are t less themselves
    sold: str  # the sum of what is sold
    hour: str  # and of what that is measured in
    #: (z, e, unknowns and sums by name) -> best choices, and what is earned: NaN where that is not
    #: what one who deviates alone would earn
    rule: Callable[[np.ndarray, np.ndarray, Mapping[str, np.ndarray]], tuple[Any, Any]]
    stored: Callable[[xr.Dataset], np.ndarray]  # z of a solved economy


class Undefined(Exception):  # noqa: N818  no error: there is no rule at such a point
    """What a rule raises where it does not say what is best, in words."""


class Name(Field):
    """What an economy calls a mechanism."""

    takes = "str"

    def check(self, value: Any, economy: Any) -> str:
        """Return a name that dotted names can start with."""
        if not isinstance(value, str) or not NAME.fullmatch(value):
            cure = 'For example "vat": dotted names start with it, "vat.rate".'
            raise InputError("name", value, "at most 40 letters, digits, underscores", cure)
        return value


class Industry(Field):
    """The name of an industry of the economy, or none."""

    takes = "str"

    def check(self, value: Any, economy: Any) -> str | None:
        """Return a name, which the mechanism looks for once the economy has it."""
        return None if value is None else validation.distinct_names(self.name, [value])[0]

    def form(self) -> str:
        """Say what it is."""
        return "name of an industry"


def industry(words: str, **about: Any) -> Any:
    """Declare the name of an industry."""
    return Industry(words=words, unit="", default=None, **about)


class Partial(Over):
    """Numbers over labelled dimensions of which some may be absent: NaN, where others stand."""

    takes = "Values"

    def check(self, value: Any, economy: Any) -> xr.DataArray:
        """Return numbers within the bounds by label, NaN where there are none."""
        labels = {dim: [str(name) for name in economy.labels()[dim]] for dim in self.dims}
        value = by_column(self.name, value, self.dims, economy)
        if isinstance(value, xr.DataArray) and self._kept(value, labels):
            return value
        found = np.full([len(names) for names in labels.values()], np.nan)
        if type(value) is float:  # as most are, often
            found[...] = self.bounds.number(self.name, value)
        else:
            self._put(found, value, labels, {})
        good = self.bounds.hold(found) | np.isnan(found)
        if not good.all():
            first = tuple(np.argwhere(~good)[0])
            at = ", ".join(repr(names[i]) for names, i in zip(labels.values(), first, strict=True))
            problem = f"The value for {at} is {found[first]:g}. {self.bounds.cure}".strip()
            raise InputError(self.name, value, self.bounds.words("finite numbers"), problem)
        found.flags.writeable = False
        return labelled.array(found, labels, self.name)

    def _kept(self, value: xr.DataArray, labels: Mapping[str, Sequence[str]]) -> bool:
        """Whether that is what it has made itself, of an economy with these labels."""
        return (
            (value.name, value.dims) == (self.name, self.dims)
            and not value.values.flags.writeable
            and all(value[dim].values.tolist() == list(labels[dim]) for dim in self.dims)
            and bool((self.bounds.hold(value.values) | np.isnan(value.values)).all())
        )

    def _put(
        self,
        found: np.ndarray,
        value: Any,
        labels: Mapping[str, Sequence[str]],
        where: Mapping[str, str],
    ) -> None:
        """Write into a table what is said of some labels."""
        left = {dim: names for dim, names in labels.items() if dim not in where}
        if value is None:
            return
        if isinstance(value, Mapping) and not isinstance(value, xr.Dataset):
            keys = [str(key) for key in value]
            if not keys:
                cure = "Leave it out where nothing is said of any."
                raise InputError(self.name, value, f"labels along one of {tuple(left)}", cure)
            fits = [dim for dim, names in left.items() if set(keys) <= set(names)]
            if not fits:
                every = [name for names in left.values() for name in names]
                bad = next((key for key in keys if key not in every), keys[0])
                self._known(bad, every)
                raise InputError(self.name, keys, f"labels along one of {tuple(left)}")
            if len({tuple(left[dim]) for dim in fits}) > 1:
                cure = f"They are labels of {fits[0]} and of {fits[1]}: give a labelled DataArray."
                raise InputError(self.name, keys, "labels of one dimension", cure)
            for key, inner in value.items():
                self._put(found, inner, labels, {**where, fits[0]: str(key)})
            return
        if np.isscalar(value) or getattr(value, "ndim", None) == 0:
            value = xr.DataArray(self.bounds.number(self.name, value))
        elif not (isinstance(value, xr.DataArray) and set(value.dims) & set(value.coords)):
            value = validation.table(self.name, value, left, **self.bounds._asdict())
        dims = [dim for dim in left if dim in value.dims]
        allowed = f"labelled, over some of {tuple(left)}"
        if len(dims) < value.ndim or not all(dim in value.coords for dim in dims):
            raise InputError(self.name, value, allowed)
        numbers = validation.real_array(self.name, value.transpose(*dims).values, allowed)
        named = {dim: [str(label) for label in value[dim].values] for dim in dims}
        said = xr.DataArray(numbers, named, dims)
        for dim in dims:
            said = said.dropna(dim, how="all")
            validation.distinct_names(self.name, said[dim].values.tolist())
            for label in said[dim].values.tolist():
                self._known(label, left[dim])
        full = said.reindex({dim: left[dim] for dim in dims}).values
        full = full.reshape([len(left[dim]) if dim in dims else 1 for dim in left])
        at = (labels[dim].index(where[dim]) if dim in where else slice(None) for dim in labels)
        part = found[(*at, ...)]
        part[...] = np.where(np.isnan(full), part, full)

    def _known(self, label: str, names: Sequence[str]) -> None:
        if label not in names:
            raise InputError(self.name, label, "labels of the economy", near(label, names))

    def form(self) -> str:
        """Say over what."""
        return f"{self.bounds.words('numbers')} over {', '.join(self.dims)}, or of some by name"


def partial(dims: tuple[str, ...], words: str, bounds: Bounds, **about: Any) -> Any:
    """Declare numbers over dimensions of which some may be absent, where others stand."""
    return Partial(words=words, dims=dims, bounds=bounds, varied=True, **about)


class OfSome(Partial):
    """Numbers over labelled dimensions, of some labels by name; zero where others stand."""

    def check(self, value: Any, economy: Any) -> xr.DataArray:
        """Return numbers within the bounds by label."""
        if value is None:
            raise InputError(self.name, value, self.form(), "Zero is 0.")
        found = super().check(value, economy)
        if np.isnan(found.values).any():
            found = found.fillna(0.0)
            found.values.flags.writeable = False
        return found


def of_some(words: str, bounds: Bounds, **about: Any) -> Any:
    """Declare numbers of industries, some by name, zero of the others."""
    about = {"default": 0.0, "varied": True, **about}
    return OfSome(words=words, dims=INDUSTRY, bounds=bounds, **about)


class Mechanism(Declared):
    """Base of the mechanisms of the industry model: a name, parameters, and what they do.

    A subclass says its ``kind``, lists its fields, and lowers itself or has equations.
    """

    name: Any = Name(
        words="what the economy calls it",
        unit="",
        default=None,
        more="By default its kind. Dotted names start with it.",
        kw_only=False,
    )

    #: What it is called where nobody gives it a name, and in files.
    kind: ClassVar[str]
    #: Whether an economy may have only one of it.
    alone: ClassVar[bool] = False
    #: Whether an economy has one by default as soon as mechanisms have wedges; it is last.
    has_wedges: ClassVar[bool] = False
    #: Equations of its own, by stage.
    equations: ClassVar[Mapping[str, Callable[..., Any]]] = {}
    #: Unknowns of each place, with a row that stands where they do.
    unknowns: ClassVar[Mapping[str, Own]] = {}
    #: Unknowns of the whole economy; their row is the sum of what places make there.
    shared: ClassVar[Mapping[str, Own]] = {}
    #: Sums over places that all of them meet in ``incomes``.
    sums: ClassVar[Mapping[str, Own]] = {}
    #: Sums over places that ``border`` reads.
    totals: ClassVar[Mapping[str, Own]] = {}
    #: Whether ``costs`` looks at the firms of all places: ``met[to.everywhere + modes k + m]``.
    counts_firms: ClassVar[bool] = False
    #: What ``costs`` sends to other places, by tables of ``links``.
    sent: ClassVar[Mapping[str, Own]] = {}
    #: How places trade, levels and their changes, where a mechanism says that.
    trade: ClassVar[tuple[Callable[..., Any], Callable[..., Any]] | None] = None
    #: What ``offers`` sends to ``trade``, which brings as much.
    quotes: ClassVar[Mapping[str, Own]] = {}
    #: What it writes down for its later stages and for results.
    notes: ClassVar[Mapping[str, Own]] = {}
    #: Variables that it adds to results beside those that are its own.
    outcomes: ClassVar[Mapping[str, Variable]] = {}
    #: Variables of the model among these, that it has over more dimensions.
    refines: ClassVar[Sequence[str]] = ()
    #: What it is known to do in closed form, which tests check.
    closed_forms: ClassVar[Sequence[ClosedForm]] = ()
    #: Groups beside labour, land, platforms and government whose income it has; see ``earnings``.
    income_groups: ClassVar[Sequence[str]] = ()
    #: Modes of firms that it adds to those that sell offline, and online.
    modes: ClassVar[Sequence[str]] = ()
    #: Dimensions of its own, beside those of the economy, of what has no words; see ``lengths``.
    own_dims: ClassVar[Sequence[str]] = ()
    #: Kinds of mechanisms that it makes no sense with, and why.
    excludes: ClassVar[Mapping[str, str]] = {}
    #: Those of lower rank act first, whatever their order in the economy.
    rank: ClassVar[int] = 0

    _known: ClassVar[dict[str, type[Mechanism]]] = {}
    _home: ClassVar[tuple[str, int, int] | None] = None  # its file, as it was then

    def __init_subclass__(cls, internal: bool = False, **keywords: Any) -> None:
        super().__init_subclass__(**keywords)
        if "kind" in vars(cls):
            known = Mechanism._known.get(cls.kind)
            own = known is not None and known.__module__.startswith("nege.")
            if own and known.__module__ != cls.__module__:
                raise TypeError(f"{cls.kind!r} is a mechanism of nege: give another kind")
            wrong = set(cls.equations) - set(calls.STAGES)
            if wrong:
                raise TypeError(f"{sorted(wrong)} are no stages: {calls.STAGES}")
            if cls.trade and any("place" in dims for dims in cls.numbers().values()):
                raise TypeError("what says how places trade has no parameters of places")
            cls._check_own()
            cls._home = _stamped(cls)
            if not internal:  # a tool of nege's own, which users and files do not meet
                if known is not None:
                    cure = f"Give {cls.__name__} another kind."
                    warn_of_namesake(f"The mechanism {cls.kind!r}", known, cls, cure)
                Mechanism._known[cls.kind] = cls

    @classmethod
    def _check_own(cls) -> None:
        """Refuse what is declared beside the parameters, but cannot be written or named."""
        own = cls.own()
        if own and not cls.equations:
            raise TypeError(f"{sorted(own)} of {cls.kind!r} need equations that write them")
        if twice := set(cls.fields) & set(own):
            raise TypeError(f"{sorted(twice)} of {cls.kind!r} are parameters already")
        for name, (_, what) in own.items():
            dims = {"input", "industry", "channel"}
            if not what.words:
                dims |= {"mode", *cls.own_dims}
            if not set(what.dims) <= dims:
                cure = "input, industry, channel are its dims, and mode where it is no variable"
                raise TypeError(f"{name!r} of {cls.kind!r}: {cure}")

    @staticmethod
    def kinds() -> dict[str, type[Mechanism]]:
        """Return every mechanism by its kind, those of installed packages included."""
        _load_installed()
        return dict(Mechanism._known)

    def _fill(self, given: Mapping[str, Any]) -> None:
        """Hold what is given; numbers over labels are checked by the economy that has them."""
        name = given["name"] if given["name"] is not None else self.kind
        self._hold("name", self.fields["name"].check(name, None))
        for field, value in given.items():
            if field == "name":
                continue
            unmasked(f"{name}.{field}", value)
            self.fields[field].hear(f"{name}.{field}", value)
            alone = isinstance(self.fields[field], (Number, PartField))
            self._hold(field, self.fields[field].check(value, None) if alone else value)

    def replace(self, **changes: Any) -> Self:
        """Return a copy with some parameters changed."""
        check_names(self.name, type(self), changes)
        made = type(self)(**{**{name: vars(self)[name] for name in self.fields}, **changes})
        if CHECKED in vars(self):
            labels, known = vars(self)[CHECKED]
            vars(made)[CHECKED] = labels, known - set(changes)
        return made

    def __repr__(self) -> str:
        values = ((name, getattr(self, name)) for name in self.fields if name != "name")
        words = [
            f"{name}={value!r}"
            if isinstance(value, Part)
            else f"{name}={value:g}"
            if isinstance(value, float)
            else f"{name}=..."
            for name, value in values
            if value is not None
        ]
        first = [] if self.name == self.kind else [repr(self.name)]
        return f"{type(self).__name__}({', '.join([*first, *words])})"

    @classmethod
    def numbers(cls) -> dict[str, tuple[str, ...]]:
        """Return the parameters that its equations read, with their dimensions.

        All that are numbers, alone or over dimensions, by default.
        """
        every = cls.fields.values()
        return {field.name: field.dims for field in every if isinstance(field, (Number, Over))}

    def values(self, economy: Any) -> Mapping[str, Any]:
        """Return what these are in an economy: their own, by default."""
        return {name: vars(self)[name] for name in self.numbers()}

    def lower(self, economy: Any, tables: dict[str, np.ndarray]) -> None:
        """Change what the equations read already.

        Parameters
        ----------
        economy : OnlineAgglomeration
            That has it.
        tables : dict of str to array
            ``log_scale`` (industry, mode, place), and ``log_overhead`` on top of it, whatever
            sets it; ``log_productivity`` (industry, place); ``log_pay`` (place) and
            ``log_remote_pay`` (): what firms pay over wages; ``log_net`` (industry, channel): what
            the commission leaves.
        """

    def reads(self, field: str) -> Sequence[str] | None:
        """Return the labels of a table that it reads, as its other parameters are; None: all."""
        return None

    def check_read(self, field: str, label: str, value: Any) -> None:
        """Refuse a number, other than none, under a label that it does not read."""
        read = self.reads(field)
        if read is None or label in read or not np.any(np.nan_to_num(np.asarray(value, float))):
            return
        cure = f"It says nothing of {label!r}, as its other parameters are: leave it out."
        raise InputError(f"{self.name}.{field}", {label: value}, f"of {in_words(read)}", cure)

    def refuses(self) -> Mapping[str, str]:
        """Return the kinds of mechanisms that it makes no sense with as it is, and why."""
        return self.excludes

    def icebergs(self, economy: Any) -> np.ndarray | None:
        """Return ln of what melts on the way, (industry, channel, origin, destination)."""
        return None

    def wedge(self, economy: Any) -> Wedge | None:
        """Return what it has buyers pay beside what firms receive."""
        return None

    def between(self, economy: Any) -> list[np.ndarray]:
        """Return ln of what buyers pay over what firms receive, as ``icebergs`` are.

        That of all wedges that differ by origin and destination, from what has the chain.
        """
        return []

    def links(self, economy: Any, paid: np.ndarray) -> np.ndarray:
        """Return tables by which what it sends arrives, (sent, to, from).

        `paid` is the freeness of trade by what buyers pay, over industry, channel, origin and
        destination.
        """
        return np.zeros((0, 0, 0))

    def log_cost_unit(self, economy: Any) -> Any:
        """Return ln of what the units of its own tables multiply cost by, by industry."""
        return 0.0

    def log_start(self, economy: Any, rent: float, price_index: np.ndarray) -> Mapping[str, Any]:
        """Return by how much unknowns of its own start above ``Own.start``, in logs, by name.

        From the logs of the units of rent and, by industry, of price indices (``units``).
        """
        return {}

    def splits(self, economy: Any) -> Mapping[str, tuple[Sequence[str], float]]:
        """Return names and counts of its shared unknowns that are logs of shares over others'."""
        return {}

    def lengths(self, economy: Any) -> Mapping[str, int]:
        """Return the lengths of dimensions of its own; those of numbers are parameters too."""
        return {}

    def labels_given(self, economy: Any) -> Mapping[str, Sequence[str]]:
        """Return labels that it gives parameters of other mechanisms, by dimension."""
        return {}

    def coordinates(self, economy: Any) -> Mapping[str, Sequence[str]]:
        """Return labels along dimensions of its own in results."""
        return {}

    def groups(self, economy: Any) -> tuple[np.ndarray, np.ndarray] | None:
        """Return the group of each place, and shares of groups in people, who stay in them."""
        return None

    def outcome(self, economy: Any, p: Any, at: Any, found: Mapping[str, Any]) -> dict[str, Any]:
        """Return its ``outcomes`` from parameters of kernels, a point, and all else there."""
        return {}

    def earnings(self, economy: Any, found: Mapping[str, Any]) -> Mapping[str, np.ndarray]:
        """Return income of groups by place that is neither pay, rents, commission nor tax.

        From all else that is found. Together groups have all income: the audit adds them up.
        """
        return {}

    def choices(self, economy: Any) -> Choices | None:
        """Return what somebody in it chooses who knows how the whole equilibrium responds."""
        return None

    def check(self, economy: Any) -> None:
        """Refuse an economy that it makes no sense in, with all its other mechanisms."""

    def remark(self, data: xr.Dataset) -> str:
        """Say what it knows of why a solve failed, from the data of the last point; or nothing."""
        return ""

    def why(self, economy: Any, options: Any) -> str:
        """Say why an economy has no long run that is found, by solving others; or nothing."""
        return ""

    def past(self, firms: xr.DataArray) -> Self:
        """Return the same where these firms are there from before: itself, if nothing of it is."""
        return self

    def caveats(self, data: xr.Dataset) -> tuple[str, ...]:
        """Say what it knows of results that is no reason not to have them."""
        return ()

    def audit(self, stage: str, economy: Any, a: Any) -> None:
        """Add to the published equations in plain NumPy, in levels, stage by stage.

        `a` has ``data``, the stored results, ``kept``, a dict for what a mechanism needs in a later
        stage, and by name what may be added to:

        labour    ``hour`` (place), ``remote_hour``: what firms pay; ``keeps`` (industry), what
                  platforms do of prices; ``real`` (place), income of who lives there, as one
        costs     ``pay`` and ``far``, what labour costs firms and which part of that is remote;
                  ``cost``, ``scale``, ``overhead`` on top of it, ``outlay`` on labour, land and
                  inputs (industry, place, mode); ``net``, ``wedge``, ``appeal``, and ``commission``
                  over what firms receive (industry, place, channel); ``diverted``, revenue that
                  firms do not have; ``index``, price indices by what varieties are worth
                  (industry, place)
        incomes   ``at_work``, people who have the model's jobs, and ``paid_apart``, pay of others;
                  ``transfer``, ``public`` (place), of what buyers pay and firms do not receive:
                  the rest of that is everybody's; ``everyone``, what all get beside it;
                  ``rents`` of land of all kinds (place); ``earns``, a dict of what groups have by
                  place that is neither pay, rents, commission nor tax
        uses      ``work`` of firms (industry, place, mode); ``used``, labour beside it, ``land``
                  (place); ``demand`` (industry, place), or over channel too; ``worth``, income
                  per head that is only as good as that, and ``living``, what all prices are
                  over those of firms (place)
        people    ``work`` and ``used`` once more, and ``better`` (place), a factor on real income;
                  ``cost_of_living`` (place) is known
        trade     ``drawn`` (industry, place, channel), what sales there are multiplied by;
                  ``paid``, ``received`` (industry, origin, channel, destination): freeness of trade
                  by what buyers pay, and by what firms receive; ``over`` likewise, one: what entry
                  goes by, over revenue
        sales     ``sides``: both sides of its own equations by name, from ``receipts`` of firms
                  and ``sales`` to buyers, (industry, place, channel), sales by pair, ``flows``
                  (industry, origin, channel, destination), and ``earned``, what entry goes by
                  (industry, place, mode)
        rest      ``earned`` and ``fixed``, equal at rest, and ``entry``, the log of one over the
                  other, (industry, place, mode)
        """

    def attach(self, economy: Any) -> Self:
        """Return the mechanism as the economy has it: with every number checked, by label.

        What has been checked by the same labels already is not checked again.
        """
        labels = {dim: tuple(names) for dim, names in economy.labels().items()}
        by, known = vars(self).get(CHECKED, (None, frozenset()))
        known = known if by == labels else frozenset()
        if known == set(self.fields):
            return self
        made: Self = object.__new__(type(self))
        named: list[tuple[str, str, Any]] = []  # numbers given by label
        for name, field in self.fields.items():
            if name in known:
                vars(made)[name] = vars(self)[name]
                continue
            value = getattr(self, name)
            if name != "name":
                said = dataclasses.replace(field, name=f"{self.name}.{name}")
                if isinstance(value, Mapping):
                    named += [(name, str(x), one) for x, one in value.items() if np.isscalar(one)]
                value = said.check(value, economy)
            made._hold(name, value)
        for one in named:  # which labels it reads is known once all is checked
            made.check_read(*one)
        vars(made)[CHECKED] = labels, frozenset(self.fields)
        return made

    # --- what kernels read -----------------------------------------------------------

    @classmethod
    @functools.cache
    def compiled(cls) -> tuple[Any, int, int]:
        """Return what its equations read, by name, where they are, and where ``trade`` is.

        They compile now.
        """
        numbers, own = cls.numbers(), cls.own()
        called = re.sub(r"\W", "_", f"{cls.__module__}.{cls.__qualname__}_mechanism")
        named = namedtuple(called, (*numbers, *own), module=cls.__module__)  # type: ignore[misc]
        setattr(sys.modules[cls.__module__], called, named)
        files = {inspect.getsourcefile(f) or "" for f in cls.equations.values()}
        files.add(getattr(sys.modules[cls.__module__], "__file__", None) or "")
        key, sizes = (
            f"{cls.__module__}.{cls.__qualname__}",
            tuple(tuple(dim for dim in dims if dim != "place") for dims in numbers.values()),
        )
        paths, trades = tuple(sorted(files)), NOWHERE
        # Code of a file that was edited since would pass for code of the edited one.
        home = cls._home[0] if cls._home is not None and cls._home == _stamped(cls) else None
        if cls.trade is not None:
            trades = calls.address_of_trade(key, *cls.trade, named, sizes, paths, home)
        return named, calls.address_of(key, cls.equations, named, sizes, paths, home), trades

    @classmethod
    def own(cls) -> dict[str, tuple[str, Own]]:
        """Return all that is its own, by name, with the kind of slots that it takes."""
        groups = {"own": cls.unknowns, "shared": cls.shared, "pools": cls.sums}
        groups |= {"totals": cls.totals, "links": cls.sent, "notes": cls.notes}
        groups |= {"quotes": cls.quotes}
        return {
            name: (kind, what) for kind, group in groups.items() for name, what in group.items()
        }

    def packed(self, economy: Any) -> tuple[np.ndarray, list[int]]:
        """Return its numbers in each place, (place, ...), and where each of them is."""
        values, columns, where, at = self.values(economy), [], [], 0
        places = len(economy.geography)
        for name, dims in self.numbers().items():
            value = values[name]
            # xarray takes long to make an array of a table.
            plain = value.values if isinstance(value, xr.DataArray) else value
            array = np.asarray(plain, dtype=float)
            if "place" in dims:
                array = np.moveaxis(array, dims.index("place"), 0)
            else:
                array = np.broadcast_to(array, (places, *array.shape))
            table = array.reshape(places, -1)
            columns.append(table)
            where.append(at)
            at += table.shape[1]
        return np.concatenate(columns, axis=1) if columns else np.zeros((places, 0)), where


def _stamped(kind: type[Mechanism]) -> tuple[str, int, int] | None:
    """Return the file of a mechanism with its date and size; None where there is none."""
    file = getattr(sys.modules.get(kind.__module__), "__file__", None)
    if not file:
        return None
    try:
        found = pathlib.Path(file).stat()
    except OSError:
        return None
    return str(file), found.st_mtime_ns, found.st_size


def acting(economy: Any) -> tuple[Mechanism, ...]:
    """Return all mechanisms of an economy that act, in the order in which they do."""
    found: tuple[Mechanism, ...] = economy.mechanisms.acting
    return found


def with_equations(economy: Any) -> list[Mechanism]:
    """Return the mechanisms of an economy that have equations, in the order in which they act."""
    return [one for one in economy.mechanisms.acting if one.equations]


def counts(economy: Any) -> dict[str, int]:
    """Return how many slots of each kind mechanisms take."""
    kinds = ("own", "shared", "pools", "links", "totals", "notes", "quotes")
    found, added = dict.fromkeys(kinds, 0), with_equations(economy)
    for mechanism in added:
        sizes = _sizes(economy, mechanism)
        for kind, what in mechanism.own().values():
            found[kind] += math.prod(sizes[dim] for dim in what.dims)
    cells = len(economy.industries) * len(economy.modes)
    found["everywhere"] = cells * any(one.counts_firms for one in added)
    return found


def places_of(economy: Any, to: Slots) -> list[dict[str, tuple[str, int, int]]]:
    """Return where what each mechanism has of its own stands: kind, slot, how many."""
    free = {"own": to.own, "shared": to.shared, "pools": to.pools, "totals": to.totals}
    free |= {"links": to.sends, "notes": to.notes, "quotes": to.quoted}
    found = []
    for mechanism in with_equations(economy):
        stands, sizes = {}, _sizes(economy, mechanism)
        for name, (kind, what) in mechanism.own().items():
            size = math.prod(sizes[dim] for dim in what.dims)
            stands[name] = kind, free[kind], size
            free[kind] += size
        found.append(stands)
    return found


def splits(economy: Any) -> list[Split]:
    """Return what is divided among those that are alike, in an economy with mechanisms."""
    added, stand = with_equations(economy), places_of(economy, economy._unknowns.to)
    return [
        Split(stands[name][1] + i, each, among)
        for one, stands in zip(added, stand, strict=True)
        for name, (names, among) in one.splits(economy).items()
        for i, each in enumerate(names)
    ]


def ahead(economy: Any, to: Slots) -> np.ndarray:
    """Return where shared unknowns that move are looked for; NaN of those that do not."""
    found = np.full(to.remote - to.shared, np.nan)
    stand = places_of(economy, to)
    for mechanism, stands in zip(with_equations(economy), stand, strict=True):
        for name, what in mechanism.shared.items():
            _, slot, size = stands[name]
            if what.ahead is not None:
                found[slot - to.shared : slot - to.shared + size] = what.ahead
    return found


def _sizes(economy: Any, mechanism: Mechanism) -> dict[str, int]:
    k = len(economy.industries)
    sizes = {"input": k, "industry": k, "channel": len(CHANNELS), "mode": len(economy.modes)}
    return {**sizes, **mechanism.lengths(economy)}


class Named(Mapping[str, Mechanism]):
    """Mechanisms of an economy by name, in the order in which they act; cannot be changed."""

    def __init__(self, mechanisms: Iterable[Mechanism] = (), implied: Any = ()) -> None:
        self._held = {one.name: one for one in mechanisms}
        #: All that act, those included that others bring with them, in the order in which they do.
        self.acting: tuple[Mechanism, ...] = (*self._held.values(), *implied)

    def __getitem__(self, name: str) -> Mechanism:
        return self._held[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._held)

    def __len__(self) -> int:
        return len(self._held)

    def __repr__(self) -> str:
        return repr(self._held)


def checked(given: Iterable[Any]) -> None:
    """Refuse what is no mechanism, and one name for two."""
    names: list[str] = []
    for one in given:
        if not isinstance(one, Mechanism):
            cure = "For example [nege.mechanisms.Access(entry_cost=1.2)]."
            raise InputError("mechanisms", one, "mechanisms of nege.mechanisms", cure)
        if one.name in names:
            cure = "Of this kind there can be one." if one.alone else "Give it another name."
            raise InputError("mechanisms", one.name, "a name of its own for each", cure)
        names.append(one.name)


def check(economy: Any) -> None:
    """Let mechanisms refuse an economy, as it is made or changed."""
    for one in acting(economy):
        one.check(economy)


NATION = "nation"  # where there are no other jurisdictions
OVER = "finite, over industry, channel, origin and destination"


def icebergs(economy: Any) -> list[np.ndarray]:
    """Return the ``icebergs`` of mechanisms that have any, checked."""
    places, found = len(economy.geography), []
    shape = len(economy.industries), len(CHANNELS), places, places
    for one in economy.mechanisms.values():
        table = one.icebergs(economy)
        if table is None:
            continue
        if np.shape(table) != shape or not np.isfinite(table).all():
            raise InputError(f"{one.name}.icebergs", table, f"{OVER}: {shape}")
        found.append(np.asarray(table))
    return found


def wedges(economy: Any) -> dict[str, Wedge]:
    """Return the ``wedge`` of mechanisms that have one, by name in their order, checked."""
    places, found = len(economy.geography), {}
    shape = len(economy.industries), len(CHANNELS), places, places
    for one in economy.mechanisms.values():
        wedge = one.wedge(economy)
        if wedge is None:
            continue
        rate = np.asarray(wedge.rate, dtype=float)
        fits = rate.ndim == len(shape)
        fits = fits and all(n in (1, full) for n, full in zip(rate.shape, shape, strict=True))
        if not (fits and np.isfinite(rate).all() and (rate > -1.0).all()):
            allowed = f"above -1, {OVER}: {shape}, or 1 where all are alike"
            raise InputError(f"{one.name}.wedge", wedge.rate, allowed)
        found[one.name] = wedge._replace(rate=rate)
    return found


def _unknown(argument: str, kind: str, known: Iterable[str]) -> InputError:
    """Return the refusal of a kind of mechanism that nobody has defined."""
    cure = near(kind, known)
    cure += " Of your own, import its file, or register it by an entry point of nege.mechanisms."
    return InputError(argument, kind, "a kind of mechanism", cure)


def of_table(argument: str, table: Any) -> list[Any]:
    """Return mechanisms by name, of which some may be tables of parameters, as in TOML files."""
    if not isinstance(table, Mapping):
        raise InputError(argument, table, "a mapping of names to mechanisms, or to their tables")
    found, known = [], Mechanism.kinds()
    for name, one in table.items():
        if not isinstance(one, (Mapping, Mechanism)):
            cure = f"Its parameters go by name, as in {name} = {{rate = 0.1}}."
            raise InputError(f"{argument}.{name}", one, "a mechanism, or a table of one", cure)
        if isinstance(one, Mapping):
            kind = str(one.get("kind", name))
            if kind not in known:
                raise _unknown(f"{name}.kind", kind, known)
            own = {key: value for key, value in one.items() if key != "kind"}
            one = of_names(name, known[kind], {"name": name, **own})
        if isinstance(one, Mechanism) and one.name != name:
            cure = f"Leave the name to the mapping, or write {one.name!r} there too."
            if one.name != one.kind:
                raise InputError(f"{name}.name", one.name, "under its own name", cure)
            one = one.replace(name=name)
        found.append(one)
    return found


class WithLabels:
    """An economy that is being made, with labels that its mechanisms give each other."""

    def __init__(self, economy: Any, more: Mapping[str, Sequence[str]]) -> None:
        self._economy, self._more = economy, more

    def __getattr__(self, name: str) -> Any:
        return getattr(self._economy, name)

    def labels(self) -> dict[str, Sequence[str]]:
        """Return the names along the dimensions that fields are over."""
        return {**self._economy.labels(), **self._more}


def _implied(given: Sequence[Mechanism]) -> list[Mechanism]:
    """Return what mechanisms bring with them: what has wedges, where one of them is given."""
    taxed = any(type(one).wedge is not Mechanism.wedge for one in given)
    if not taxed or any(one.has_wedges for one in given):
        return []
    return [kind() for kind in Mechanism._known.values() if kind.has_wedges]


class Mechanisms(Field):
    """Mechanisms that an economy has beside those that it is made of."""

    takes = "Sequence[Mechanism]"

    def form(self) -> str:
        """Say what they are."""
        return "mechanisms of ``nege.mechanisms``, each under a name of its own"

    def check(self, value: Any, economy: Any) -> Named:
        """Return mechanisms with their numbers checked, each under a name of its own."""
        if value is None:
            return Named()
        given = of_table(self.name, value) if isinstance(value, Mapping) else value
        given = list(given) if isinstance(given, (list, tuple)) else [given]
        checked(given)
        for one in given:
            same = one.alone and sum(type(other) is type(one) for other in given) > 1
            if one.name in economy.fields or same:
                cure = "Of this kind there can be one." if same else "Give it another name."
                raise InputError("mechanisms", one.name, "a name of its own for each", cure)
            refused = one.refuses()
            both = next((two for two in given if two.kind in refused), None)
            if both is not None:
                cure = f"{refused[both.kind]} Leave one of both out."
                raise InputError("mechanisms", both.name, f"none beside {one.name!r}", cure)
        modes = [mode for one in given for mode in one.modes]
        if len(modes) > 1:
            cure = "Firms sell offline, online, or in one other way."
            raise InputError("mechanisms", modes, "at most one mode of firms more", cure)
        implied = _implied(given)
        labels: dict[str, Sequence[str]] = {}
        for one in (*given, *implied):
            labels |= one.labels_given(economy)
        known = WithLabels(economy, labels)
        attached = [one.attach(known) for one in sorted(given, key=lambda one: one.rank)]
        implied = [one.attach(known) for one in implied]
        results = [*type(economy).variables]
        for one in (*attached, *implied):
            for name in variables([one]):
                if name in results and name not in one.refines:
                    cure = f"Variables of {one.name!r} bear its name, or none that there is."
                    raise InputError("mechanisms", name, "a variable of its own", cure)
                results.append(name)
        return Named(attached, implied)


def mechanisms(words: str, **about: Any) -> Any:
    """Declare the mechanisms of an economy."""
    return Mechanisms(words=words, unit="", default=None, **about)


def variables(mechanisms: Iterable[Mechanism]) -> dict[str, Variable]:
    """Return what mechanisms add to results: all of their own that has words, as "vat.revenue"."""
    found = {}
    for one in mechanisms:
        for name, (kind, what) in one.own().items():
            dims = what.dims if kind in ("shared", "pools", "totals") else (*what.dims, "place")
            if what.words:
                dims = tuple(sorted(dims, key=ORDER.index))
                found[what.called or f"{one.name}.{name}"] = Variable(dims, what.words, what.unit)
        found |= one.outcomes
    return found


def tables_over(mechanisms: Mapping[str, Mechanism], dim: str) -> list[str]:
    """Return the dotted names of tables that say something along a dimension."""
    return [
        path
        for name, one in mechanisms.items()
        for path, field, value in entries(one, name)
        if dim in field.dims and not np.isnan(np.asarray(value, dtype=float)).all()
    ]


def dotted(mechanisms: Mapping[str, Mechanism]) -> tuple[str, ...]:
    """Return the dotted names of parameters that can be varied."""
    return tuple(
        path
        for name, one in mechanisms.items()
        for path, field, _ in entries(one, name)
        if field.varied
    )


def _changed(one: Any, name: str, rest: str, path: str, value: Any) -> Any:
    """Return a mechanism, or a part of one, with a parameter of dotted name `rest` changed."""
    field, _, labels = rest.partition(".")
    if field not in one.fields or field == "name":
        known = [path for path, *_ in entries(one, name)]
        raise InputError("parameter", path, "one of the model's", near(path, known))
    held = getattr(one, field)
    if labels and isinstance(held, Part):
        value = _changed(held, f"{name}.{field}", labels, path, value)
    elif labels:
        value = _with_entry(one, field, labels, path, value)
    return one.replace(**{field: value})


def _with_entry(one: Any, field: str, labels: str, path: str, value: Any) -> Any:
    """Return a table of a mechanism with one number changed."""
    table = vars(one).get(field)
    dims = [str(dim) for dim in getattr(table, "dims", ())]
    at = entry_labels(dims, table, labels) if dims else None
    if at is None:
        whole = path.removesuffix(f".{labels}")
        cure = "" if dims else one_number(whole)
        raise InputError("parameter", path, f"{whole}, or an entry of it by label", cure)
    table = table.copy(deep=True)
    table.loc[at] = one.fields[field].bounds.number(path, value)
    if isinstance(one, Mechanism):  # a part of one reads all of its own
        one.check_read(field, labels, value)
    return table


def reached(mechanisms: Mapping[str, Mechanism], changes: Mapping[str, Any]) -> list[Mechanism]:
    """Return mechanisms with parameters changed by their dotted names."""
    made = dict(mechanisms)
    for path, value in changes.items():
        name, _, rest = str(path).partition(".")
        if name not in made:
            known = [one for key, held in made.items() for one, *_ in entries(held, key)]
            cure = added(path, known, (), mechanisms)
            raise InputError("parameter", path, "one of the model's", cure)
        for whole in changes:
            if str(path).startswith(f"{whole}."):
                allowed = f"given without {whole}, of which it is an entry"
                raise InputError(str(path), value, allowed)
        made[name] = _changed(made[name], name, rest, str(path), value)
    return list(made.values())


# --- files ---------------------------------------------------------------------------


def stored(data: xr.Dataset, mechanisms: Mapping[str, Mechanism]) -> xr.Dataset:
    """Add mechanisms to a stored model: their kinds by name, their parameters by dotted names."""
    kinds = [f"{name}: {one.kind}" for name, one in mechanisms.items()]
    if kinds:
        data.attrs[f"{storage.PREFIX}mechanisms"] = ", ".join(kinds)
    tables = {}
    for name, one in mechanisms.items():
        for path, field, value in entries(one, name):
            key = f"{storage.PREFIX}{path}"
            if isinstance(value, Part):
                data.attrs[key] = value.kind
            elif isinstance(value, xr.DataArray):
                tables[key] = storage.table(value)
            elif isinstance(value, tuple):
                tables[key] = xr.DataArray(list(value), dims=f"names_{name}_{field.name}")
            elif isinstance(value, (int, float, str)) and field.name != "name":
                data.attrs[key] = value
            elif value is not None and field.name != "name":
                data.attrs[key] = json.dumps(dataclasses.asdict(value))
    return data.assign(tables)


def restored(arguments: dict[str, Any]) -> None:
    """Put mechanisms of a stored model into its arguments, in place of their dotted parameters."""
    own: dict[str, dict[str, Any]] = {}
    for path in [name for name in arguments if "." in name]:
        name, _, rest = path.partition(".")
        field, _, inner = rest.partition(".")
        value = arguments.pop(path)
        if inner:  # of a part, which is its kind where that is said
            held = own.setdefault(name, {}).get(field)
            held = held if isinstance(held, dict) else {} if held is None else {"kind": held}
            own[name][field] = {**held, inner: value}
        elif isinstance(held := own.setdefault(name, {}).get(field), dict):
            own[name][field] = {**held, "kind": value}
        else:
            own[name][field] = value
    made, known = [], Mechanism.kinds()
    for line in filter(None, str(arguments.get("mechanisms", "")).split(", ")):
        name, kind = line.split(": ")
        if kind not in known:
            raise _unknown("mechanism", kind, known)
        made.append(known[kind](name=name, **own.get(name, {})))
    if made:
        arguments["mechanisms"] = made


@functools.cache
def _load_installed() -> None:
    """Load the mechanisms that installed packages register."""
    for entry in importlib.metadata.entry_points(group="nege.mechanisms"):
        try:
            entry.load()
        except Exception as error:  # of somebody else's package: all others are fine
            logger.warning(
                "the mechanism %s (%s) cannot be loaded: %s", entry.name, entry.value, error
            )
