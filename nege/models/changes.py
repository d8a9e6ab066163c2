"""Changing parameters: their bounds and joint limits, and ``replace``, for all models.

A constructor asks about one economy, a sweep about all of its points: by the same bounds and
conditions, which work on numbers and on arrays alike. So a change of numbers needs no
constructor, and no economy goes unchecked.
"""

from __future__ import annotations

import dataclasses
import functools
from collections.abc import Callable, Iterable, Mapping
from typing import Any, Self

import numpy as np
import xarray as xr

from nege.errors import InputError
from nege.geography import Geography
from nege.geography.online import OnlineRegion
from nege.models import entries, storage
from nege.models.fields import Declared
from nege.validation import Bounds

ONLINE = storage.ONLINE
ONLINE_PARAMETERS = ("trade_cost", "commission", "amenity")
#: Dimensions over places: what has one belongs to the geography that it was made for.
OVER_PLACES = {"region", "place", "origin", "destination", "residence", "workplace"}

#: Whether numbers go together, elementwise, and what to say of those of this economy.
Limit = tuple[Any, Callable[[], InputError]]


class Changeable(Declared):
    """Base of models: bounds of parameters, joint limits of several, and ``replace``."""

    geography: Geography

    def limits(self, at: Mapping[str, Any]) -> Iterable[Limit]:
        """Yield joint limits of several parameters, and the refusal of those of this economy.

        All that the constructor wants of several numbers belongs here, and nothing of one.

        Parameters
        ----------
        at : mapping of str to float or array
            Numbers that are within their bounds, by name, as ``scalars`` returns them.
        """
        return ()

    def scalars(self) -> dict[str, float]:
        """Return the parameters that are one number here, by name, the online region's too."""
        held = vars(self)
        online = held.get("online")
        found = {}
        kind: Any = type(self)
        for name in _bounds(kind):
            owner = held if name in held else vars(online) if online else {}
            value = owner.get(name if owner is held else name.removeprefix(ONLINE))
            if isinstance(value, float):
                found[name] = value
        return found

    def accepts(self, changes: Mapping[str, Any]) -> Any:
        """Whether other values of ``scalars`` are within bounds and joint limits, elementwise."""
        good: Any = True
        for name, values in changes.items():
            good = good & self.bounds[name].hold(values)
        with np.errstate(all="ignore"):  # beyond its bounds a number may be anything
            for holds, _ in self.limits({**self.scalars(), **changes}):
                good = good & holds
        return good

    def check_limits(self, scalars: Mapping[str, float] | None = None) -> None:
        """Refuse an economy whose parameters violate a joint limit."""
        for holds, refusal in self.limits(self.scalars() if scalars is None else scalars):
            if not holds:
                raise refusal()

    def with_numbers(self, changes: Mapping[str, Any], scalars: Mapping[str, float]) -> Self:
        """Return the economy with others of its scalars, checked like any other economy."""
        checked = {name: self.bounds[name].number(name, value) for name, value in changes.items()}
        kind: Any = type(self)
        made: Self = object.__new__(kind)
        held = vars(self)
        fields = vars(made)
        for name in self.fields:
            fields[name] = checked.get(name, held[name])
        online = {n.removeprefix(ONLINE): checked[n] for n in changes if n not in held}
        if online:
            fields["online"] = dataclasses.replace(fields["online"], **online)
        made.check_limits({**scalars, **checked})
        return made

    def varied(self) -> tuple[str, ...]:
        """Return the names that sweeps can vary, those of the online region included."""
        if self.online is None:
            return self.parameters
        return (*self.parameters, *self.online_parameters)

    def replace(self, changes: Mapping[str, Any] | None = None, /, **more: Any) -> Self:
        """Return a copy of the economy with some parameters changed.

        Parameters
        ----------
        changes : mapping, optional
            New values by name; "digital_cost.services" is one number of the table digital_cost.
            One step of a path is such a mapping, too: ``path.sel(step=9)``.
        **more
            The same as keywords. Parameters of the online region are
            ``online_trade_cost, online_commission, online_amenity``.

        Returns
        -------
        Model
            Checked like any other; this one stays as it is. Where nothing changes but
            numbers, that takes microseconds.

        Raises
        ------
        InputError
            For a parameter that the model does not have, naming those near it.

        Examples
        --------
        >>> import nege
        >>> places = nege.geography.equidistant(2)
        >>> economy = nege.CorePeriphery(places, sigma=5, mu=0.4, trade_cost=1.5)
        >>> economy.replace(trade_cost=2, mu=0.3)
        CorePeriphery(2 places, sigma=5, mu=0.3, trade_cost=2)
        """
        if changes is not None and not isinstance(changes, Mapping):
            raise InputError(
                "changes", changes, "a mapping of names to values", 'For example {"sigma": 6}.'
            )
        changes = {**(changes or {}), **more}
        single = all(
            type(x) is float or np.isscalar(x) or getattr(x, "ndim", None) == 0
            for x in changes.values()
        )
        scalars = self.scalars() if single else {}
        if single and changes.keys() <= scalars.keys():
            return self.with_numbers(changes, scalars)
        changes = entries.whole(self, changes)
        arguments = {name: vars(self)[name] for name in self.fields}
        online = {key: changes.pop(key) for key in list(changes) if self._is_online(key)}
        for name in changes:
            if name not in arguments:
                known = [*arguments, *(ONLINE + name for name in ONLINE_PARAMETERS)]
                known += entries.names(self, name)
                cure = entries.cure(self, name, known)
                raise InputError("parameter", name, "one of the model's", cure)
        arguments.update(changes)
        moved = getattr(arguments["geography"], "names", None) != self.geography.names
        stale = [
            name
            for name, value in arguments.items()
            if moved
            and isinstance(value, xr.DataArray)
            and OVER_PLACES & set(value.dims)
            and name not in changes
        ]
        if stale:
            optional = " and ".join(name for name in stale if self.fields[name].default is None)
            raise InputError(
                "geography",
                arguments["geography"],
                f"given together with {' and '.join(stale)} where the places are others",
                f"For {optional}, None is the default." if optional else "",
            )
        if online:
            if not isinstance(arguments.get("online"), OnlineRegion):
                raise InputError(
                    "parameter",
                    next(iter(online)),
                    "a parameter of the model",
                    "It has no online region: give it online=nege.OnlineRegion(trade_cost=...).",
                )
            arguments["online"] = dataclasses.replace(
                arguments["online"],
                **{key.removeprefix(ONLINE): value for key, value in online.items()},
            )
        return self._with_fields(arguments, set(changes) | ({"online"} if online else set()))

    def _with_fields(self, arguments: Mapping[str, Any], changed: set[str]) -> Self:
        """Return the economy of some arguments, of which only a few are not this one's own.

        What is not new has been checked before, and stays right where places are the same.
        """
        kind: Any = type(self)
        by_fields = kind._fill is Declared._fill and bool(_bounds(kind))
        if not by_fields or changed & {"geography", "online"}:
            made: Self = kind(**arguments)
            return made
        made = object.__new__(kind)
        vars(made).update({name: vars(self)[name] for name in self.fields})
        for name in dict.fromkeys((*self.asked_first, *self.fields)):
            if name in changed:
                made._hold(name, self.fields[name].check(arguments[name], made))
        made.check_together()
        return made

    def without_online(self) -> Self:
        """Return the economy without its online region."""
        return self.replace(online=None)

    @staticmethod
    def _is_online(key: str) -> bool:
        return str(key).startswith(ONLINE) and key.removeprefix(ONLINE) in ONLINE_PARAMETERS


@functools.cache
def _bounds(cls: Any) -> Mapping[str, Bounds]:
    """Return the bounds of a class, if they were written for its constructor."""
    maker = next(base for base in cls.__mro__ if "__init__" in vars(base))
    found: Mapping[str, Bounds] = cls.bounds if "bounds" in vars(maker) else {}
    return found
