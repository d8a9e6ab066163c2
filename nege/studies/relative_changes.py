"""Relative changes of a counterfactual: a Dataset that says above its data what came of it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import xarray as xr

from nege import validation
from nege.results import banner, text_table
from nege.results.equilibrium import Equilibrium
from nege.status import Status

WHOLE = 1e-6  # by which shares of all places may differ from one: they may be rounded
EVEN = 1e-9  # gains that are smaller are none
BEFORE, CHANGED, OTHERS = "before", "changed", "others"  # attributes that say what was asked


class RelativeChanges(xr.Dataset):  # type: ignore[no-untyped-call]
    """After over before; it prints what was changed, how it converged, and who gains.

    What is made of it, such as one variable or some of the places, prints as any other Dataset.
    """

    __slots__ = ()

    def __repr__(self) -> str:
        data = self._plain()
        return banner.above(self._words(), data) if self._is_whole() else repr(data)

    def _repr_html_(self) -> str:
        data = self._plain()
        if not self._is_whole():
            return str(data._repr_html_())
        good = self.attrs["status"] == Status.CONVERGED
        return banner.html_above(self._words(), data, banner.GOOD if good else banner.BAD)

    def _plain(self) -> xr.Dataset:
        return xr.Dataset(self.data_vars, self.coords, self.attrs)

    def _is_whole(self) -> bool:
        """Whether everything is still there that the words are about."""
        names = {"share", "share_change", "real_income_change", "welfare_change", "residual"}
        if not names <= set(self.data_vars) or not {BEFORE, CHANGED, "status"} <= set(self.attrs):
            return False
        return self["share"].dims == ("region",) and abs(float(self["share"].sum()) - 1.0) < WHOLE

    def _words(self) -> list[str]:
        about = self.attrs
        lines = [
            f"Counterfactual to a {about[BEFORE]}; {about[CHANGED]}.",
            f"Converged: residual {float(self['residual']):.1e}; {about['dynamics']}"
            + (f"; deficits: {about['deficits']}." if about.get("deficits") else "."),
            *self._gains(),
        ]
        moved = self["share_change"]
        if np.abs(moved.values - 1.0).max() > EVEN:
            lines.append(f"People: {_ends(moved)}.")
        return [*lines, *([about[OTHERS]] if about.get(OTHERS) else [])]

    def _gains(self) -> list[str]:
        """Say what becomes of real income: of everybody, and where that differs of whom."""
        mean = float(self["welfare_change"])
        verb = "rises" if mean > 1.0 else "falls"
        lines = [f"Real income of everybody {verb} by {abs(mean - 1.0):.2%}."]
        if abs(mean - 1.0) <= EVEN:
            lines = ["Real income stays as it is."]
        name = "group_welfare_change"
        found = self[name] if name in self else self["real_income_change"]
        values = found.values
        if np.ptp(values) <= EVEN:
            return lines
        gain, lose = int((values > 1.0 + EVEN).sum()), int((values < 1.0 - EVEN).sum())
        who = "By group" if name in self else "By place, of who lives there"
        return [
            lines[0].replace("of everybody", "on average"),
            f"{who}: {gain} of {values.size} gain, {lose} lose; {_ends(found)}.",
        ]


def _ends(changes: xr.DataArray) -> str:
    """Return the largest and the smallest of some changes, with whose they are."""
    (dim,) = changes.dims
    percent = 100.0 * (changes.values - 1.0)
    named = [
        f"{text_table.number(percent[k], '+.2f')} % ({changes[dim].values[k]})"
        for k in (int(np.argmax(percent)), int(np.argmin(percent)))
    ]
    return f"from {named[1]} to {named[0]}"


def told(changes: xr.Dataset, before: Equilibrium, given: Mapping[str, Any]) -> RelativeChanges:
    """Return relative changes that know what was asked."""
    model, moves = before.model, before.dynamics
    places = len(model.geography)
    online = "" if model.online is None else " and the online region"
    economy = f"{before.horizon} of {model.article} {model.title} economy: {places} places{online}"
    asked = [f"{name}={_shown(value)}" for name, value in given.items() if value is not None]
    about = {BEFORE: economy, CHANGED: ", ".join(asked) or "nothing changes"}
    known = model.uniqueness(moves)
    if before.horizon == "long run" and not (known is not None and known.unique):
        about[OTHERS] = (
            "Not established: whether there are other equilibria; people reach this one from where "
            "they are."
        )
    return RelativeChanges(changes.data_vars, changes.coords, {**changes.attrs, **about})


def _shown(value: Any) -> str:
    """Return an argument in a word: a number, a text, or that it is a table."""
    if isinstance(value, str):
        return repr(value)
    if validation.single(value):
        return f"{float(value):g}"
    return "a table"
