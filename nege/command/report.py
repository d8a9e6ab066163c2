"""What a run says: its path as a table, and in plain words what happened along it."""

from __future__ import annotations

import numpy as np
import xarray as xr

from nege.command import report_industries, report_retail, typed
from nege.command.economy_file import PathSpecification
from nege.command.execution import RunResult, converged_steps
from nege.models import terms
from nege.models.base import Model
from nege.plots.agglomeration import has_industries
from nege.results import failed_points, text_table
from nege.status import Status


def path_table(run: RunResult, *, rows: int = 11) -> str:
    """Return the path as a table: at most `rows` of each arm, the ends always among them."""
    if report_retail.is_retail(run):
        return report_retail.path_table(run)
    if has_industries(run.result):
        return report_industries.path_table(run)
    specification, result = run.specification, run.result
    shown = _steps_shown(specification, rows)
    online = online_share(run)
    largest = place_shares(run).max("region").values
    varied = parameter_words(specification.parameter)
    varied = "digital cost" if varied == "digital trade cost" else text_table.words(varied)
    head = (varied, "online share", "largest city", "welfare", "residual", "iterations")
    table: list[tuple[str, ...] | str] = []
    for step in shown:
        if step == specification.turn + 1 or (step > specification.turn and step == shown[0]):
            table.append("  " + "- " * 20 + "and back")
        status = Status(int(result["status"][step]))
        if status is not Status.CONVERGED:
            table.append(f"{specification.values[step]:12.4f}  {status.name}: {status.message}")
            continue
        table.append(
            (
                f"{specification.values[step]:.4f}",
                f"{online[step]:.2%}",
                f"{largest[step]:.2%}",
                _welfare(result, step, ".5f"),
                f"{float(result['residual'][step]):.1e}",
                f"{int(result['iterations'][step])}",
            )
        )
    return "\n".join(text_table.lines(head, table))


def _welfare(result: xr.Dataset, step: int, form: str) -> str:
    """Return welfare at a step; a dash where the model has none."""
    return f"{float(result['welfare'][step]):{form}}" if "welfare" in result else "-"


def story(run: RunResult) -> str:
    """Return in plain words what happened along the path, also where something failed."""
    specification, result = run.specification, run.result
    failed = int((result["status"] != Status.CONVERGED).sum())
    total = result.sizes["step"]
    lines = []
    if failed:
        lines.append(
            f"{failed} of {total} steps did NOT converge; they are left out of what follows."
        )
        lines += _remedies(result)
    else:
        worst = float(result["residual"].max())
        lines.append(f"All {total} steps converged, residual at most {worst:.1e}.")
    if report_retail.is_retail(run):
        return "\n".join([*lines, *report_retail.story(run)])
    if has_industries(result):
        return "\n".join([*lines, *report_industries.story(run)])
    if np.isfinite(run.effective):
        model = specification.model
        which = "The" if model.online is None else "Without the online region the"
        lines.append(
            f"{which} shares of {model.movers} are as concentrated as those of {run.effective:.3g} "
            f"equal places, of {len(model.geography)} places (the effective number of places: one "
            "over the sum of squared shares, the inverse of the Herfindahl index)."
        )
    lines += _story_of_path(run)
    return "\n".join(lines)


def _remedies(result: xr.Dataset) -> list[str]:
    """Return what to try where steps failed, once for each way in which they did."""
    codes = result["status"].values
    lines = []
    for code in dict.fromkeys(codes[codes != Status.CONVERGED].tolist()):
        status, count = Status(code), int((codes == code).sum())
        message, remedy = failed_points.in_words(result, status)
        lines.append(f"{status.name} ({count} of them): {message}. {typed.remedy(remedy)}")
    return lines


SAME_ARMS_TOLERANCE = 1e-6  # arms nearer than this are called the same


def _story_of_path(run: RunResult) -> list[str]:
    specification, result = run.specification, run.result
    shares = result["share"].values
    values, turn, online = specification.values, specification.turn, online_share(run)
    name = terms.in_prose(specification.model, specification.parameter)
    good = converged_steps(result)
    if good.size < 2:
        return []
    first, last = good[0], good[good <= turn][-1]
    moved = []
    if specification.model.online is not None:
        moved.append(f"the online share goes from {online[first]:.1%} to {online[last]:.1%}")
    if "welfare" in result:
        ends = (_welfare(result, step, ".4f") for step in (first, last))
        moved.append("welfare goes from {} to {}".format(*ends))
    lines = []
    if moved:
        change = f"As the {name} goes from {values[first]:g} to {values[last]:g}"
        lines.append(f"{change}, {', and '.join(moved)}.")
    top = int(np.argmax(place_shares(run).values[first]))
    share = place_shares(run).values[:, top]
    if places_have_names(specification.model):
        lines.append(
            f"{specification.model.geography.names[top]}, the largest place at the start, goes "
            f"from {share[first]:.1%} to {share[last]:.1%} of all {specification.model.movers}."
        )
    for jump in run.jumps:
        way = "on the way" if jump.step <= turn else "on the way back"
        lines.append(
            f"A jump {way}: between {jump.values[0]:.5g} and {jump.values[1]:.5g} the share of "
            f"{jump.region} goes from {jump.share[0]:.1%} to {jump.share[1]:.1%}."
        )
    if not run.jumps:
        steps = np.abs(np.diff(shares[good], axis=0))
        lines.append(f"No jump: the largest change of a share in one step is {steps.max():.1%}.")
    if turn + 1 < len(values):
        apart = np.abs(shares[: turn + 1] - shares[turn:][::-1])
        worst = float(np.nanmax(apart))
        lines.append(
            "It comes back the way it went: all shares agree to "
            f"{max(worst, 1e-16):.0e}, so there is no hysteresis."
            if worst <= SAME_ARMS_TOLERANCE and not _loops(run)
            else "It does not come back the way it went: it jumps at other values. That is "
            "hysteresis."
            if worst <= SAME_ARMS_TOLERANCE
            else f"It does not come back the way it went: a share differs by up to {worst:.0%} of "
            f"{specification.model.movers} at the same value. That is hysteresis."
        )
    return lines


def _loops(run: RunResult) -> bool:
    """Whether jumps on the way and on the way back are at different values."""
    turn = run.specification.turn
    there = sorted(sorted(jump.values) for jump in run.jumps if jump.step <= turn)
    back = sorted(sorted(jump.values) for jump in run.jumps if jump.step > turn)
    if len(there) != len(back):
        return True
    pairs = zip(there, back, strict=True)
    return any(one[1] < other[0] or other[1] < one[0] for one, other in pairs)


def parameter_words(parameter: str) -> str:
    """Return what a parameter is called in prose."""
    return {"online_trade_cost": "digital trade cost"}.get(parameter, parameter.replace("_", " "))


def places_have_names(model: Model) -> bool:
    """Whether places bear names of their own rather than numbers."""
    return not all(name.isdigit() for name in model.geography.names)


def place_shares(run: RunResult) -> xr.DataArray:
    """Return the shares of the physical places along the path."""
    return run.result["share"].isel(region=slice(0, len(run.specification.model.geography)))


def online_share(run: RunResult) -> np.ndarray:
    """Return the share of the online region along the path; zero where there is none."""
    online = run.specification.model.online
    if online is None:
        return np.zeros(run.result.sizes["step"])
    return np.asarray(run.result["share"].sel(region=online.name).values)


def _steps_shown(specification: PathSpecification, rows: int) -> list[int]:
    last = len(specification.values) - 1
    arms = [(0, specification.turn)]
    if last > specification.turn:
        arms.append((specification.turn + 1, last))
    return [
        int(step)
        for low, high in arms
        for step in np.unique(np.linspace(low, high, min(rows, high - low + 1)).round())
    ]
