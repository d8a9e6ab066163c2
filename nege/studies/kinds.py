"""Studies that each kind of model answers in its own way: who answers, and from what."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

from nege.errors import InputError, in_words
from nege.models.base import Model

OTHERWISE = (
    "Of others, solve before and after: after = nege.solve(model.replace(...), "
    "start=before.data), and nege.compare(before, after)."
)


class Kind(NamedTuple):
    """A kind of models, and the study of it.

    Parameters
    ----------
    models : type
        The class that they are of.
    names : tuple of str
        What users call these models.
    study : callable
        Takes the model, or a solved one, then by name what the study is made from: what has no
        default has to be given.
    """

    models: type[Model]
    names: tuple[str, ...]
    study: Callable[..., Any]

    @property
    def takes(self) -> Mapping[str, bool]:
        """What the study takes by name, and whether it has to be given."""
        return _taken(self.study)


@functools.cache
def _taken(study: Callable[..., Any]) -> dict[str, bool]:
    taken = list(inspect.signature(study).parameters.values())[1:]
    return {parameter.name: parameter.default is parameter.empty for parameter in taken}


def answer(
    called: str, kinds: Sequence[Kind], model: Any, subject: Any, given: Mapping[str, Any]
) -> Any:
    """Return what the study of a model's kind answers; of several kinds the first that fits.

    Parameters
    ----------
    called : str
        The public function, for errors.
    kinds : sequence of Kind
        Those that answer, the more special ones first.
    model : Model
        The economy.
    subject : object
        What the study is of: the model, or an equilibrium of it.
    given : mapping
        Every argument of the public function by name, None where it was left out.

    Raises
    ------
    InputError
        For a model of no such kind, an argument that its kind does not take, saying which do,
        or one that it needs.
    """
    kind = next((kind for kind in kinds if isinstance(model, kind.models)), None)
    if kind is None:
        names = [f"nege.{name}" for kind in kinds for name in kind.names]
        cure = f"For example {names[0]}(...)." if subject is model else OTHERWISE
        raise InputError("model", model, in_words(names, "or"), cure)
    said = {name: value for name, value in given.items() if value is not None}
    for name, value in said.items():
        if name not in kind.takes:
            others = [n for other in kinds if name in other.takes for n in other.names]
            serves = f"It is for {in_words(others)}. " if others else ""
            takes = in_words([n for n in given if n in kind.takes])
            allowed = f"left out for {model.article} {model.title} economy"
            raise InputError(name, value, allowed, f"{serves}Here {called} takes {takes}.")
    needed = [name for name, must in kind.takes.items() if must]
    if missing := [name for name in needed if name not in said]:
        cure = f"For {model.article} {model.title} economy {called} needs {in_words(needed)}."
        raise InputError(in_words(missing), None, "given", cure)
    return kind.study(subject, **said)
