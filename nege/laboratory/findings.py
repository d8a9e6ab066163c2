"""What came out of a claim: shares, verdict, and prose that says what was run and why.

robust         holds on at least 95 per cent of at least 200 draws, unsolved ones counted
               against it, and no move of all parameters by a fifth turns it, as far as solved
contradicted   it holds on fewer than half of draws, unsolved ones counted for it, with all of
               Wilson's interval below
conditional    anything between, with the condition in words
too few draws  fewer than 200 of them, or most of them without a margin

A draw that is solved and still has no margin, as where no tax raises what is asked, is
*undefined*; it counts as an unsolved one.
not modelled   nothing here can carry it
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
import xarray as xr

from nege._version import __version__
from nege.errors import in_words
from nege.immutable import Immutable
from nege.laboratory import own_values, running, where
from nege.laboratory import prior as priors
from nege.laboratory.claim import Claim, NotModelled
from nege.laboratory.running import Run
from nege.models import terms
from nege.models.base import Model
from nege.results.tables import Tabular
from nege.validation.paths import MARK

ROBUST, CONDITIONAL, CONTRADICTED = "robust", "conditional", "contradicted"
FEW, NOT_MODELLED = "too few draws", "not modelled"
VERDICTS = (ROBUST, CONDITIONAL, CONTRADICTED, FEW, NOT_MODELLED)
ENOUGH = 200  # draws
NEARLY_ALL = 0.95
FIFTH = 0.2  # how far parameters move without a flip of a robust claim
NAMED = 3  # parameters that are named
TELLING = 50  # draws: with fewer, some parameter decides by chance
AXES = range(2)  # parameters whose factors are kept by draw, for a picture
UNDEFINED = "undefined"
FATES = (*running.FATES, UNDEFINED)  # what can become of a draw
#: What a factor scales, where it is not the parameter itself.
SCALED = {
    "productivity": "lead in productivity",
    "land": "lead in land",
    "remote_friction": "loss of remote work",
    "digital_cost": "log of digital trade cost",
    "trade_cost": "log of trade cost",
    "online_trade_cost": "log of digital trade cost",
    "consumption": "goods' part of spending",
}
SLIGHT = 0.02  # a part of variance too small to name


@dataclasses.dataclass(frozen=True, eq=False, repr=False)
class Finding(Immutable, Tabular):
    """A claim, examined: margins of all draws, and what they add up to.

    Attributes
    ----------
    claim : Claim
        What was examined.
    data : Dataset
        ``margin`` and ``fate`` over "draw", ``flip_margin`` and ``flip_fate`` over "flip" and the
        first fifty draws;
        ``other_margin`` and ``flip_other_margin`` from another start, where that was tried and
        ends in another equilibrium, NaN elsewhere;
        ``factor`` over "draw" and "parameter", ``decides`` and ``toward`` over "parameter",
        ``width``: how far all parameters move to the nearest flip, ``seen``: how far was looked.
        The attribute "at" has values of your own in words, where there are any.
    """

    claim: Claim
    data: xr.Dataset

    def _tabulated(self) -> xr.Dataset:
        """Return a row a draw: its margin, what became of it, and its parameters' factors."""
        names = self._terms(self.data.parameter.values)
        return self.data[["margin", "fate", "factor"]].assign_coords(parameter=names)

    def _terms(self, names: Iterable[str]) -> list[str]:
        """Return in words what the factors of parameters scale."""
        model = self.claim.experiment.model()
        return [_in_terms(model, str(name)) for name in names]

    @property
    def prior(self) -> xr.Dataset:
        """What draws vary: how, how far, and why, over "parameter"."""
        experiment = self.claim.experiment
        model = experiment.model()
        path = None if experiment.path is None else experiment.path(model)
        drawn = set(self.data.parameter.values.tolist())
        return priors.as_dataset([e for e in priors.entries(model, path) if e.name in drawn])

    @property
    def parameters(self) -> xr.Dataset:
        """What ``at=`` takes here, over "parameter": whole tables by name, and each entry.

        ``value`` (NaN where entries differ), ``over`` which dimensions, what is ``allowed``,
        ``set_to`` what the claim itself sets it in every state ("" where it is free), ``words``.
        """
        return own_values.parameters(self.claim)

    @property
    def share(self) -> where.Share:
        """On how many of the solved draws it holds."""
        return where.share(_held(self.data.margin))

    @property
    def flip_shares(self) -> dict[str, where.Share]:
        """On how many draws it holds where it is predicted not to, by the words for where."""
        return {
            str(words): where.share(_held(self.data.flip_margin.sel(flip=words)))
            for words in self.data.flip.values
        }

    @property
    def counts(self) -> dict[str, int]:
        """How many draws were solved, not unique, unsolved, refused, undefined."""
        fate = self.data.fate.values
        return {word: int((fate == word).sum()) for word in FATES}

    @property
    def beside(self) -> list[str]:
        """What became of draws that were not just solved, in words."""
        checked = min(self.data.sizes["draw"], running.CHECKED)
        said = {"not unique": f"not unique, of {checked} from two starts"}
        counts = {word: n for word, n in self.counts.items() if n and word != "solved"}
        return [f"{n} {said.get(word, word)}" for word, n in counts.items()]

    @property
    def verdict(self) -> str:
        """Robust, conditional, contradicted, or too few draws to say."""
        draws, found = self.data.sizes["draw"], self.share
        if draws < ENOUGH or found.of < draws / 2:
            return FEW
        unturned = min(float(self.data.width), float(self.data.seen)) >= FIFTH
        if found.held >= NEARLY_ALL * draws and unturned:
            return ROBUST
        at_most = np.arange(draws) < found.held + draws - found.of
        return CONTRADICTED if where.share(at_most).high < 0.5 else CONDITIONAL

    @property
    def condition(self) -> str:
        """Where it holds and where it does not, as a sentence; empty where no cut says so."""
        factors, margin = _solved(self.data)
        names = self.data.parameter.values
        cuts = where.condition(factors, margin) if margin.size >= TELLING else []
        usual = "its value here" if self.data.attrs.get("at") else "the reference"
        words = self._terms(names)
        return "; of these, ".join(_cut_in_words(cut, words, usual) for cut in cuts)

    @property
    def decisive(self) -> list[str]:
        """Parameters that decide most, with the part of the variance that each explains."""
        index, names = self.data.decides.values, self.data.parameter.values
        if self.share.of < TELLING:
            return []
        ranked = np.argsort(-index, kind="stable")[:NAMED]
        words = self._terms(names[ranked])
        told = zip(words, index[ranked], strict=True)
        return [f"{name} ({part:.0%})" for name, part in told if part > SLIGHT]

    @property
    def axes(self) -> list[str]:
        """The parameters by which a picture shows best where it holds."""
        cuts = where.condition(*_solved(self.data)) if self.share.of else []
        ranked = [cut.parameter for cut in cuts]
        ranked += np.argsort(-self.data.decides.values, kind="stable").tolist()
        names = self.data.parameter.values
        return [str(names[i]) for i in list(dict.fromkeys(ranked))[: len(AXES)]]

    @property
    def nearest(self) -> str:
        """The nearest flip, in words."""
        width, toward = float(self.data.width), self.data.toward
        if np.isnan(width):
            return ""
        if not np.isfinite(width):
            return _none_found(float(self.data.seen))
        names, weight = toward.parameter.values, toward.values
        ranked = [i for i in np.argsort(-abs(weight), kind="stable")[:NAMED] if weight[i]]
        ways = ["more" if weight[i] > 0 else "less" for i in ranked]
        told = zip(ways, self._terms(names[ranked]), strict=True)
        moved = in_words(f"{way} {name}" for way, name in told)
        return f"parameters moved by at most {width:.1%} at once, above all {moved}"

    def explain(self) -> str:
        """Say in prose what was run, what came out, and what flips it."""
        claim, prior, at = self.claim, self.data.attrs["prior"], self.data.attrs.get("at")
        lines = [
            f"Claim {claim.number} (section {claim.section}): {claim.words}",
            f"Examined in {claim.experiment.words}. It says that {claim.predicts}.",
        ]
        if not prior:
            margin, fate = float(self.data.margin[0]), str(self.data.fate.values[0])
            point = "At these values" if at else "At the reference point"
            told = _why_none(claim, margin, fate)
            does = f"{_in_a_word(margin)}{told}"
            lines.append(f"{point} it {does} (margin {margin:.3g}; {fate}).")
            lines += _from_another_start(margin, float(self.data.other_margin[0]))
        else:
            also = in_words(self.beside) if self.beside else ""
            lines.append(
                f"It holds on {self.share} of the prior {prior!r}"
                + (" around these values" if at else "")
                + (f"; {also}" if also else "")
                + f": {self.verdict}."
            )
            if self.condition:
                lines.append(f"It holds {self.condition}.")
            if self.decisive:
                lines.append(f"What decides most: {in_words(self.decisive)}.")
            if self.nearest:
                lines.append(f"Nearest flip: {self.nearest}.")
        for words, found in self.flip_shares.items():
            if not prior:
                margin = float(self.data.flip_margin.sel(flip=words)[0])
                fate = str(self.data.flip_fate.sel(flip=words).values[0])
                why = _why_none(claim, margin, fate)
                does = f"{_in_a_word(margin)}{' either' if why and why == told else why}"
                lines.append(f"Where {words} it {does}.")
                other = float(self.data.flip_other_margin.sel(flip=words)[0])
                lines += _from_another_start(margin, other)
            else:
                lines.append(f"Where {words} it holds on {found}.")
        lines.append(claim.why)
        return "\n".join(lines)

    def __repr__(self) -> str:
        if self.data.attrs["prior"] or "at" in self.data.attrs:
            return self.explain()
        asked = f'nege.claims("{self.claim.number}", at={{"sigma": 6.0}})'
        return f"{self.explain()}\nAt values of your own: {asked}; .parameters lists the names."


def finding(
    claim: Claim,
    main: Run,
    flips: Iterable[Run],
    nearest: where.Nearest | None,
    prior: str,
    at: str = "",
) -> Finding:
    """Return what came out of a claim's runs, `at` values in words where it was placed at some."""
    margin = margins_of(claim, main)
    names = [str(name) for name in main.factors.data_vars]
    factors = np.stack([main.factors[name].values for name in names], 1)
    solved = np.isfinite(margin)
    index = np.zeros(len(names))
    if solved.sum() > where.BINS:
        index = where.decides(factors[solved], margin[solved])
    some = min(margin.size, running.CHECKED)
    listed = list(flips)
    flipped = [margins_of(claim, run) for run in listed]
    fates = [_fates(*each)[:some] for each in zip(listed, flipped, strict=True)]
    flipped = [each[:some] for each in flipped]
    others = [margins_from_another_start(claim, run)[:some] for run in listed]
    of_flips, shape = ("flip", "flip_draw"), (len(claim.flips), some)
    found = where.Nearest(np.nan, np.zeros(len(names))) if nearest is None else nearest
    data = xr.Dataset(
        {
            "margin": ("draw", margin),
            "fate": ("draw", _fates(main, margin)),
            "other_margin": ("draw", margins_from_another_start(claim, main)),
            "flip_margin": (of_flips, np.reshape(flipped, shape)),
            "flip_fate": (of_flips, np.array(fates, dtype="<U10").reshape(shape)),
            "flip_other_margin": (of_flips, np.reshape(others, shape)),
            "factor": (("draw", "parameter"), factors),
            "decides": ("parameter", index),
            "toward": ("parameter", found.weight),
            "width": found.width,
            "seen": found.seen,
        },
        {
            "draw": main.factors.draw.values,
            "flip": [f.words for f in claim.flips],
            "parameter": names,
        },
        {"prior": prior, **({"at": at} if at else {})},
    )
    return Finding(claim, data)


def margins_of(claim: Claim, run: Run) -> np.ndarray:
    """Return the margin of a claim by draw, NaN where a state of it was not solved."""
    found = claim.margin(run.observed).transpose("draw").values.astype(float)
    bad = np.isin(run.fate.values, ["unsolved", "refused"])
    return np.where(bad, np.nan, found)


def _fates(run: Run, margin: np.ndarray) -> np.ndarray:
    """Return what became of each draw, given its margin."""
    fate = run.fate.values
    undefined = ~np.isfinite(margin) & np.isin(fate, ["solved", "not unique"])
    return np.where(undefined, UNDEFINED, fate)


def margins_from_another_start(claim: Claim, run: Run) -> np.ndarray:
    """Return the margin of a claim by draw where another start ends elsewhere, NaN where not."""
    apart = run.fate.values == "not unique"
    if run.another is None or not apart.any():
        return np.full(apart.shape, np.nan)
    found = claim.margin(run.another).transpose("draw").values.astype(float)
    return np.where(apart, found, np.nan)


def _held(margin: xr.DataArray) -> np.ndarray:
    values = margin.values[np.isfinite(margin.values)]
    return np.asarray(values > where.ROUNDING)


def _in_a_word(margin: float) -> str:
    """Return what a claim does at one point."""
    return "has no answer" if np.isnan(margin) else "holds" if margin > where.ROUNDING else "fails"


def _why_none(claim: Claim, margin: float, fate: str) -> str:
    """Return why a claim has no answer at one point, after a colon; nothing where it has one."""
    whys = {
        UNDEFINED: claim.undefined,
        "unsolved": "one of its states was not solved",
        "refused": "in one of its states values are such that there is no economy",
    }
    return f": {whys[fate]}" if np.isnan(margin) and fate in whys else ""


def _from_another_start(margin: float, other: float) -> list[str]:
    """Say what a claim does in the equilibrium that another start ends in, where there is one."""
    if np.isnan(other):
        return []
    same = _in_a_word(margin) == _in_a_word(other)
    does = f"it {_in_a_word(other)}{' too' if same else ''} (margin {other:.3g})"
    depends = "" if same else ": the answer depends on where the economy comes from"
    return [f"From another start, which ends in another equilibrium, {does}{depends}."]


def _none_found(seen: float) -> str:
    if not seen:
        return "not looked for, as the point itself has no margin"
    if seen < where.RAY[-1]:
        return f"none found within {seen:.0%} of every parameter; further out some are not solved"
    return "none found within a half of every parameter"


def _solved(data: xr.Dataset) -> tuple[np.ndarray, np.ndarray]:
    good = np.isfinite(data.margin.values)
    return data.factor.values[good], data.margin.values[good]


def _cut_in_words(cut: where.Cut, names: Sequence[str], usual: str) -> str:
    side, other = (
        ("at least", "less") if cut.above > cut.below else ("less than", "at least as much")
    )
    share, rest = max(cut.above, cut.below), min(cut.above, cut.below)
    return (
        f"on {share:.0%} of draws where {names[cut.parameter]} is {side} {cut.at:.2f} "
        f"of {usual}, and on {rest:.0%} where it is {other}"
    )


def _in_terms(model: Model, name: str) -> str:
    """Return in words what the factor of a parameter scales, by its dotted name."""
    head, *labels = name.split(".")
    if head not in SCALED:
        return terms.about(model, name)["long_name"]
    return f"{SCALED[head]} of {', '.join(labels)}" if labels else SCALED[head]


def summary(
    found: Iterable[Finding], missing: Iterable[NotModelled], *, prior: str, rng: int
) -> xr.Dataset:
    """Return the table of claims: a row each in the order given, and the margins of all draws."""
    listed, beside = list(found), list(missing)
    claims = [one.claim.number for one in listed] + [one.number for one in beside]
    rows = [_row(one) for one in listed]
    table: dict[str, Any] = {}
    for name, empty in _EMPTY.items():
        values = [row[name] for row in rows] + [getattr(one, name, empty) for one in beside]
        table[name] = ("claim", np.array(values))
    table["verdict"][1][len(rows) :] = NOT_MODELLED
    draws = max((one.data.sizes["draw"] for one in listed), default=0)
    margin = np.full((len(claims), draws), np.nan, dtype=np.float32)
    fate = np.full((len(claims), draws), -1, dtype=np.int8)
    factor = np.full((len(claims), len(AXES), draws), np.nan, dtype=np.float32)
    axis = np.full((len(claims), len(AXES)), "", dtype="<U80")
    for at, one in enumerate(listed):
        margin[at] = one.data.margin.values
        fate[at] = [FATES.index(word) for word in one.data.fate.values]
        axes = one.axes
        for which, (name, words) in enumerate(zip(axes, one._terms(axes), strict=True)):
            factor[at, which] = one.data.factor.sel(parameter=name).values
            axis[at, which] = words
    flips = [(one.claim.number, words, s) for one in listed for words, s in one.flip_shares.items()]
    of_flips = {
        "flip_claim": np.array([number for number, *_ in flips], dtype=str),
        "flip_words": np.array([words for _, words, _ in flips], dtype=str),
        "flip_held": np.array([s.held for *_, s in flips], dtype=int),
        "flip_of": np.array([s.of for *_, s in flips], dtype=int),
    }
    return xr.Dataset(
        {
            **table,
            "margin": (("claim", "draw"), margin),
            "fate": (("claim", "draw"), fate, {"flag_meanings": ", ".join(FATES)}),
            "axis": (("claim", "rank"), axis),
            "factor": (("claim", "rank", "draw"), factor),
            **{name: ("flip", values) for name, values in of_flips.items()},
        },
        {"claim": claims, "draw": np.arange(draws)},
        {"prior": prior, "rng": rng, "nege_version": __version__, MARK: "claims"},
    )


#: What a row of the table has, and what stands where nothing was run.
_EMPTY: dict[str, Any] = {
    **dict.fromkeys(("section", "words", "predicts", "examined", "verdict"), ""),
    **dict.fromkeys(("held", "of"), 0),
    **dict.fromkeys(("share", "low", "high"), np.nan),
    **dict.fromkeys(("not_unique", "unsolved", "refused", "undefined"), 0),
    "width": np.nan,
    **dict.fromkeys(("beside", "condition", "decisive", "nearest", "why"), ""),
}


def _row(one: Finding) -> dict[str, Any]:
    claim, share, counts = one.claim, one.share, one.counts
    return {
        **{name: getattr(claim, name) for name in ("section", "words", "predicts", "why")},
        **{"examined": claim.experiment.words, "verdict": one.verdict},
        **{"held": share.held, "of": share.of, "share": share.value},
        **{"low": share.low, "high": share.high, "width": float(one.data.width)},
        **{word.replace(" ", "_"): n for word, n in counts.items() if word != "solved"},
        **{"condition": one.condition, "decisive": ", ".join(one.decisive)},
        **{"nearest": one.nearest, "beside": ", ".join(one.beside)},
    }
