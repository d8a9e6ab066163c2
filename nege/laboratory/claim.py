"""A claim is an experiment, a statistic of it, and the sign that the paper predicts.

An experiment is an economy in several states, each with some parameters changed; a claim reads
a *margin* off what they end in: positive where the claim holds, negative where it does not.

    margin = smallest of the changes that the claim predicts, each with the sign that makes
             it positive where it is as predicted

Only its sign counts, so that no verdict hangs on a cut-off.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping
from typing import Any, ClassVar

import xarray as xr

from nege.immutable import Immutable
from nege.laboratory.observed import Observed
from nege.models.base import Model

#: Values of parameters, or what gives them for an economy that has been drawn.
Changes = Mapping[str, Any]


@dataclasses.dataclass(frozen=True, kw_only=True, eq=False)
class Experiment(Immutable):
    """An economy in several states: what a claim is examined in.

    Parameters
    ----------
    words : str
        Which economy, as a phrase: "the reference economy at step 9".
    model : callable
        Makes the economy, with its mechanisms.
    states : mapping of str to mapping
        What changes, by the words for each state, in the order of time. A value may be a
        function of the economy that has been drawn: ``lambda m: 2.0 * m.commission``; or a word,
        where a parameter is one: ``{"data_economy.pricing": "monopoly"}``.
    path : callable, optional
        Makes the Dataset over "step" of what moves; then each step is a state, and `states`
        may be left out.
    start : callable, optional
        Where every solve starts, of the economy; the model's own start by default.
    large_rates : bool, default False
        Whether rates above 100 per cent are meant, of which taxes and tariffs warn otherwise.
    """

    words: str
    model: Callable[[], Model]
    states: Mapping[str, Changes] = dataclasses.field(default_factory=dict)
    path: Callable[[Any], xr.Dataset] | None = None
    start: Callable[[Any], Any] | None = None
    large_rates: bool = False

    def but(self, words: str, **changes: Any) -> Experiment:
        """Return the same with some of its arguments changed, and words for what is different."""
        return dataclasses.replace(self, words=f"{self.words}, {words}", **changes)

    def where(self, words: str, changes: Changes) -> Experiment:
        """Return the same with parameters changed in every state, before what changes there."""
        states = {name: {**changes, **own} for name, own in self.states.items()}
        return self.but(words, states=states)


@dataclasses.dataclass(frozen=True, kw_only=True)
class Flip:
    """Where a claim is predicted not to hold: words for it, and the experiment that shows it."""

    words: str
    experiment: Experiment


@dataclasses.dataclass(frozen=True, kw_only=True, eq=False)
class Claim(Immutable):
    """A sentence of the paper that can be run.

    Parameters
    ----------
    number : str
        Its number in the list of claims: "31a", "N3".
    section : str
        Section of the paper: "2.1".
    words : str
        What the paper says, in our words.
    predicts : str
        The sign that is looked at, in words.
    experiment : Experiment
        What is run.
    margin : callable
        Of what the experiment ended in: over "draw", positive where the claim holds.
    flips : tuple of Flip
        Where economics says that the sign is another, or that there is no effect.
    why : str
        The economics of it: why it holds, of what it is conditional, or why it does not hold.
    undefined : str
        Why there may be no margin where all states are solved.
    """

    number: str
    section: str
    words: str
    predicts: str
    _pictured: ClassVar = (
        'nege.claims("1a", at={"trade_cost": [1.3, 1.6, 1.9]}).plot() draws one over lists of yours'
    )

    experiment: Experiment
    margin: Callable[[Observed], xr.DataArray]
    flips: tuple[Flip, ...] = ()
    why: str
    undefined: str = "what it compares is not defined there, as a share of what nobody makes"


@dataclasses.dataclass(frozen=True, kw_only=True, repr=False)
class NotModelled(Immutable):
    """A sentence of the paper that nothing here can carry, and why."""

    number: str
    section: str
    words: str
    why: str

    def explain(self) -> str:
        """Say in prose what it is and why nothing carries it."""
        head = f"Claim {self.number} (section {self.section}): {self.words}"
        return f"{head}\nNot modelled: {self.why}"

    def __repr__(self) -> str:
        return self.explain()
