"""The one exception tree of nege.

``NegeError`` is the root. What the user can mend in the call is an
:class:`InputError`; what the solver could not do is a
:class:`ConvergenceError`, which carries what it reached; what is not installed
is a :class:`DependencyError`.
"""

from __future__ import annotations

import importlib
import itertools
import re
import sys
import unicodedata
import warnings
from collections.abc import Iterable, Sequence
from types import ModuleType
from typing import TYPE_CHECKING, Any, ClassVar

from nege.kernels.compiling import uninterrupted

__all__ = ["ConvergenceError", "DependencyError", "InputError", "NegeError", "require"]


class NegeError(Exception):
    """Root of every error that nege raises on purpose."""


class InputError(NegeError, ValueError):
    """Bad input: an argument that is refused, with what is allowed and what to do.

    Parameters
    ----------
    argument : str
        Name of the argument, as the caller wrote it.
    value : object
        What was given.
    allowed : str
        What is allowed, completing the sentence "<argument> must be ...".
    cure : str, optional
        What to do about it, a full sentence.

    Examples
    --------
    >>> import nege
    >>> places = nege.geography.equidistant(2)
    >>> economy = nege.CorePeriphery(places, sigma=5, mu=0.4, trade_cost=1.5)
    >>> try:
    ...     economy.replace(sigma=0.5)
    ... except nege.InputError as error:
    ...     print(error)
    sigma must be a finite number above 1; got 0.5. With sigma <= 1 no number of varieties can be
    foregone.
    """

    def __init__(self, argument: str, value: object, allowed: str, cure: str = "") -> None:
        super().__init__(argument, value, allowed, cure)
        self.argument, self.value, self.allowed, self.cure = argument, value, allowed, cure

    def __str__(self) -> str:
        return f"{self.argument} must be {self.allowed}; got {shorten(self.value)}." + (
            f" {self.cure}" if self.cure else ""
        )


class ConvergenceError(NegeError, RuntimeError):
    """A solve that ended without an equilibrium; it carries what was reached.

    Parameters
    ----------
    message : str
        What happened and what to try.
    equilibrium : nege.Equilibrium
        The partial result: its status, its residual and the last point.

    Examples
    --------
    >>> import nege
    >>> places = nege.geography.equidistant(2)
    >>> economy = nege.CorePeriphery(places, sigma=5, mu=0.4, trade_cost=1.5)
    >>> try:
    ...     nege.solve(economy, options=nege.SolverOptions(limit_steps=1))
    ... except nege.ConvergenceError as error:
    ...     print(error.equilibrium.status.name)
    LIMIT
    """

    def __init__(self, message: str, equilibrium: Any) -> None:
        super().__init__(message, equilibrium)
        self.equilibrium = equilibrium

    def __str__(self) -> str:
        return str(self.args[0])


class DependencyError(NegeError, ImportError):
    """An optional library that the call needs is not installed."""


class MissingError(AttributeError):
    """An attribute that there is not: it says what has it, or what does it, when it is read.

    Looking for an attribute is often a question (``hasattr``), to which nobody reads the answer.
    """

    def __init__(self, owner: Any, name: str) -> None:
        super().__init__(name)
        self.owner, self.missing = owner, name

    def __reduce__(self) -> tuple[Any, ...]:
        return AttributeError, (str(self),)

    def __str__(self) -> str:
        kind, name = type(self.owner).__name__, self.missing
        said = f"{'an' if kind[0] in 'AEIOU' else 'a'} {kind} has no attribute {name!r}"
        told: str = self.owner._elsewhere(name)
        if not told:
            public = [one for one in dir(self.owner) if not one.startswith("_")]
            close = alike(name, public)
            told = f"did you mean {in_words(map(repr, close), 'or')}?" if close else ""
        return f"{said}: {told}" if told else said


class Guide:
    """What says, for an attribute that it does not have, where that is, or what does it."""

    #: What draws something that has no picture of its own.
    _pictured: ClassVar[str] = ""

    if not TYPE_CHECKING:  # to whom every attribute would be there

        def __getattr__(self, name: str) -> Any:
            if name.startswith("_") or hasattr(type(self), name):
                return object.__getattribute__(self, name)  # raises, as a property raised itself
            raise MissingError(self, name)

    def _elsewhere(self, name: str) -> str:
        """Return where an attribute is to be found, in words; "" where nobody knows."""
        return self._pictured if name == "plot" else ""


#: Functions of nege, by the arguments that they take first, and other words for them.
OF_MODELS = {
    **dict.fromkeys(("solve", "run", "fit", "simulate", "equilibrium"), "nege.solve({})"),
    **dict.fromkeys(("short_run", "prices"), "nege.short_run({}, share)"),
    **dict.fromkeys(("equilibria", "all_equilibria", "enumerate"), "nege.equilibria({})"),
    **{
        name: f"nege.{name}({{}}, parameter, (low, high))"
        for name in ("bifurcation", "break_points", "sustain_points", "hysteresis")
    },
    **{name: f"nege.{name}({{}}, {{{{parameter: values}}}})" for name in ("sweep", "regimes")},
    "follow": "nege.follow({}, path)",
    "calibrate": "nege.calibrate({}, targets, over)",
    "invert": "nege.invert({}, employment=..., wage=...)",
    "explore": "nege.explore({})",
    "prepare": "nege.prepare({})",
    "stability": "nege.solve({}).with_stability()",
    **dict.fromkeys(
        ("optimise", "optimize", "optimal_policy"),
        "nege.policy.optimise({}, {{parameter: (low, high)}})",
    ),
    "nash": "nege.policy.nash({}, players)",
    "equal_yield": "nege.policy.equal_yield({}, rate, instead_of)",
    "counterfactual": "nege.counterfactual(equilibrium, trade_cost_change=...)",
    "compare": "nege.compare(before, after), of two equilibria,",
    "decompose": "nege.decompose({}, after)",
}


#: Of these what draws itself, and what has its pictures under ``.nege.plot``.
DRAWS_ITSELF = ("bifurcation", "hysteresis", "optimise", "nash", "equal_yield", "compare")
DRAWS_AS_DATA = ("sweep", "follow", "regimes")


def drawn(name: str, model: str) -> str:
    """Say how a picture is made that bears the name of what has it; "" where none does."""
    if name not in OF_MODELS:
        return ""
    call = OF_MODELS[name].format(model).removesuffix(", of two equilibria,")
    of = call.partition("(")[0].rpartition(".")[2]
    if of in DRAWS_ITSELF:
        return f"{call}.plot() draws it"
    if of in DRAWS_AS_DATA:
        return f"{call}.nege.plot has its pictures"
    return f"{call} does that"


def require(module: str, extra: str, purpose: str) -> ModuleType:
    """Import an optional library, or say how to install it."""
    try:
        if module in sys.modules:
            return importlib.import_module(module)
        # Interrupted, an import would leave parts behind that the next one cannot put together.
        whole = uninterrupted(importlib.import_module, module, f"importing {module}")
        imported: ModuleType = whole(module)
        return imported
    except ImportError as error:
        raise DependencyError(
            f"{purpose} needs {module.partition('.')[0]}, which is not installed. "
            f'Install it with: pip install "nege[{extra}]"'
        ) from error


#: Symbols of the literature, and other ways to say it, with what nege calls them. A symbol that
#: means several things suggests those that are known where it was used.
SYMBOLS: dict[str, tuple[str, ...]] = {
    **dict.fromkeys(
        ("tau", "t", "iceberg", "tariff", "freeness"),
        ("trade_cost", "transport_cost", "online_trade_cost"),
    ),
    "phi": ("trade_cost", "variety"),  # freeness, trade_cost^(1 - sigma); weight of variety
    **dict.fromkeys(("lambda", "lambda_", "lam", "shares"), ("share", "start")),
    **dict.fromkeys(
        ("rho", "epsilon", "eps", "elasticity"), ("sigma", "migration_elasticity", "taste")
    ),
    "theta": ("transport_cost", "residence_taste", "sigma"),
    "mu": ("consumption", "alpha"),
    "alpha": ("inputs", "productivity_spillover", "mu"),
    "beta": ("amenity_spillover", "housing", "mu"),
    **dict.fromkeys(("io", "input_output", "intermediates"), ("inputs",)),
    "gamma": ("spillover", "agriculture"),
    "chi": ("online_spillover",),
    "eta": ("hears_online", "mode_taste"),
    "psi": ("hears_offline",),
    "xi": ("digitisability",),
    "delta": ("digital_cost", "spillover_decay", "housing_elasticity"),
    **dict.fromkeys(("zeta", "fee"), ("commission", "online_commission")),
    "kappa": ("scale", "commuting_cost", "remote_friction"),
    "r": ("remote",),
    "d": ("workplace_amenity",),
    "nu": ("remote_elasticity",),
    **dict.fromkeys(("s", "temperature"), ("scale",)),
    "a": ("productivity",),
    "b": ("amenity", "weights", "online_amenity"),
    "h": ("housing", "land", "unskilled"),
    **dict.fromkeys(
        ("l", "labor", "workers", "population"),
        ("farmers", "unskilled", "workers", "labour", "expenditure", "home_weight", "employment"),
    ),
    **dict.fromkeys(("sectors", "sector", "industry"), ("industries",)),
    **dict.fromkeys(("distance", "places", "regions", "network"), ("geography",)),
    **dict.fromkeys(("tol", "tolerance", "atol", "rtol"), ("tolerance_residual",)),
    **dict.fromkeys(("maxiter", "max_iter"), ("limit_iterations", "limit_steps")),
    **dict.fromkeys(("cost", "price"), ("trade_cost",)),
}
GREEK = "GREEK SMALL LETTER "
SHORT = 3  # letters of the shortest part of a name, or beginning of one, that says which it is
#: Slips up to which one name may be another, by the letters of the longer one: more is chance.
SLIPS = {5: 1, 8: 2}
MOST_SLIPS = 3  # of longer ones
CAMEL = re.compile(r"(?<=[a-z])(?=[A-Z])")
WORDS = re.compile(r"[^\W_]+")  # of a name


def meant(name: object, known: Iterable[str]) -> list[str]:
    """Return known names that a wrong one may mean: as a symbol, or else as it is written."""
    known = [str(option) for option in known]
    word = name if isinstance(name, str) else shorten(name)
    letter = unicodedata.name(word, "") if len(word) == 1 else ""
    if letter.startswith(GREEK):
        word = letter.removeprefix(GREEK).lower().replace("lamda", "lambda")
        if word in known:
            return [word]
    if same := [option for option in known if option.casefold() == word.casefold()]:
        return same
    symbols = [option for option in SYMBOLS.get(word.lower(), ()) if option in known]
    if symbols:
        close = alike(word, symbols)
        return [*close, *(option for option in symbols if option not in close)]
    if close := alike(word, known):
        return close
    for symbol, options in SYMBOLS.items():
        if min(len(symbol), len(word)) >= SHORT and slips(symbol, word.lower()) == 1:
            symbols += [option for option in options if option in known]
    return list(dict.fromkeys(symbols))[:3]


def alike(word: str, known: Iterable[str]) -> list[str]:
    """Return up to three names that are a word but for slips, or of which it is a part.

    Upper case and what stands between words of a name make no difference.
    """
    plain, said = _plain(word), []
    for name in known:
        option = _plain(name)
        found = _unlike(plain, option)
        if found is not None:
            said.append((found, slips(plain, option), slips(word, name), name))
    said.sort(key=lambda one: one[:3])
    return [name for *_, name in said[:3]]


def _plain(name: str) -> str:
    """Return the words of a name in lower case."""
    return "_".join(WORDS.findall(CAMEL.sub("_", name))).casefold()


def _unlike(word: str, name: str) -> int | None:
    """Return 0 for one that is the other but for slips, 1 and 2 for parts, None for others."""
    if _slipped(word, name):
        return 0
    if min(len(word), len(name)) < SHORT:
        return None
    words, names = set(word.split("_")), set(name.split("_"))
    left_out = len(words) > 1 and words <= names
    if name.startswith(word) or left_out or any(_slipped(word, part) for part in _parts(name)):
        return 1
    return 2 if names <= words or any(_slipped(part, name) for part in _parts(word)) else None


def _slipped(one: str, other: str) -> bool:
    """Whether two names may be meant to be the same."""
    longer = max(len(one), len(other))
    most = next((most for length, most in SLIPS.items() if longer <= length), MOST_SLIPS)
    if longer <= 2:  # "um" for "mu", "ax" for "a"
        return sorted(one) == sorted(other) or one[:1] == other or other[:1] == one
    return abs(len(one) - len(other)) <= most and slips(one, other) <= most


def _parts(name: str) -> list[str]:
    """Return words in a row of a name of several, but not single short ones."""
    words = name.split("_")
    ends = itertools.combinations(range(len(words) + 1), 2)
    parts = ("_".join(words[i:j]) for i, j in ends if j - i < len(words))
    return [part for part in parts if len(part) > SHORT]


def slips(one: str, other: str) -> int:
    """Return how many letters are missing, too many, wrong, or swapped with the next (Damerau)."""
    before: list[int] = []
    last: list[int] = [*range(len(other) + 1)]
    for i, letter in enumerate(one):
        row: list[int] = [i + 1]
        for j, there in enumerate(other):
            found = min(last[j] + (letter != there), last[j + 1] + 1, row[j] + 1)
            if i and j and letter == other[j - 1] and there == one[i - 1]:
                found = min(found, before[j - 1] + 1)
            row.append(found)
        before, last = last, row
    return last[-1]


def outside() -> int:
    """Return the stack level of the line that called nege, for a warning by who calls this."""
    level, frame = 1, sys._getframe(1)
    while frame.f_back is not None and str(frame.f_globals.get("__name__")).startswith("nege."):
        level, frame = level + 1, frame.f_back
    return level


def warn_of_namesake(called: str, earlier: type, later: type, cure: str) -> None:
    """Warn that two files have a class of one name: results on disk bear no more than the name."""
    files = [
        getattr(sys.modules.get(one.__module__), "__file__", None) or one.__module__
        for one in (earlier, later)
    ]
    if earlier.__module__ != later.__module__ and files[0] != files[1]:
        message = (
            f"{called} is in two files: {files[0]} and {files[1]}. From now on what is stored "
            f"under that name, by either, is read as of the second. {cure}"
        )
        warnings.warn(message, RuntimeWarning, stacklevel=outside())


def of_system(error: Exception) -> str:
    """Return what the system says of a file, without the name, which may be as long as it likes."""
    said = getattr(error, "strerror", None) or str(error)
    return said if len(said) <= 200 else f"{said[:200]}..."


def near(name: object, known: Iterable[str]) -> str:
    """Say which known names are close to a wrong one, and which exist."""
    known = [str(option) for option in known]
    close = meant(name, known)
    hint = f"Did you mean {' or '.join(map(repr, close))}? " if close else ""
    return hint + listed(known)


def listed(known: Sequence[str]) -> str:
    """Say which names exist."""
    if not known:
        return "There are none."
    if len(known) > 20:
        return f"There are {len(known)} names, from {known[0]!r} to {known[-1]!r}."
    return f"Known: {', '.join(known)}."


def counted(count: int, one: str, many: str = "") -> str:
    """Return a number with what it counts: "1 step", "2 steps"; `many` of words not in s."""
    return f"{count} {one if count == 1 else many or one + 's'}"


def in_words(names: Iterable[str], word: str = "and") -> str:
    """Return names as in a sentence."""
    *most, last = names
    return f"{', '.join(most)} {word} {last}" if most else last


def joined(errors: Sequence[InputError]) -> InputError:
    """Return several refusals as one that says them all, the first one in front."""
    first, *more = errors
    cure = " ".join([*([first.cure] if first.cure else []), *(f"Also, {error}" for error in more)])
    return InputError(first.argument, first.value, first.allowed, cure)


def shorten(value: Any) -> str:
    """Return what a value looks like, in a line."""
    # A path is worth its length; an array is not.
    limit = 300 if isinstance(value, str) else 80
    try:
        text = " ".join(repr(value).split())
    except Exception:  # what cannot say what it is must not hide what is wrong with it
        text = f"a {type(value).__name__} that cannot be shown"
    return text if len(text) <= limit else text[: limit - 3] + "..."
