"""What a run says of a path that was calibrated to the online share of retail: years and facts."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import xarray as xr

from nege.command.execution import RunResult, converged_steps
from nege.errors import InputError
from nege.plots import agglomeration, by_place, maps, style
from nege.status import Status
from nege.studies import moments
from nege.studies.online_retail import SHARE, china_facts

if TYPE_CHECKING:
    from matplotlib.figure import Figure


def is_retail(run: RunResult) -> bool:
    """Whether a path is one of `online_retail`."""
    return SHARE in run.specification.path.coords


def path_table(run: RunResult) -> str:
    """Return the path as a table: a row for each year, what was observed beside what came out."""
    result, online = run.result, _online_goods(run)
    head = ["year", "retail online", "as put in", "cost of goods", "serv. online", "equal sellers"]
    head += ["largest city", "welfare", "residual"]
    lines = ["  ".join(f"{word:>14}" for word in head)]
    for i, year in enumerate(run.specification.values):
        status = Status(int(result["status"][i]))
        if status is not Status.CONVERGED:
            lines.append(f"{year:14}  {status.name}: {status.message}")
            continue
        cells = [
            f"{year:14}",
            f"{retail_share(run)[i]:14.2%}",
            f"{float(run.specification.path[SHARE][i]):14.2%}",
            f"{_costs(run)[i]:14.4f}",
            f"{_services_online(run)[i]:14.2%}",
            f"{1.0 / np.sum(online[i] ** 2):14.3g}",
            f"{float(result['population'][i].max()):14.2%}",
            f"{float(result['welfare'][i]):14.5f}",
            f"{float(result['residual'][i]):14.1e}",
        ]
        lines.append("  ".join(cells))
    lines += [
        "",
        "retail online: of what households buy of goods, at the prices they pay; serv. online: of",
        "services' sales; equal sellers: as many places of equal online sales of goods would be as",
        "concentrated as all are.",
    ]
    return "\n".join(lines)


def story(run: RunResult) -> list[str]:
    """Say what the calibrated path means, and what of it was held against other figures."""
    good = converged_steps(run.result)
    if good.size < 2:
        return []
    years, cost, share = run.specification.values, _costs(run), retail_share(run)
    first, last = good[0], good[-1]
    services, welfare = _services_online(run), run.result["welfare"].values
    odds = np.log(share / (1.0 - share))
    moved = np.log(cost[last] / cost[first])
    per_cent = float((odds[last] - odds[first]) / moved) if moved else float("nan")
    lines = [
        f"For {share[last]:.1%} of retail to be online in {years[last]}, and "
        f"{share[first]:.1%} in {years[first]}, the digital cost of goods goes from "
        f"{cost[first]:.4g} to {cost[last]:.4g}, by {cost[last] / cost[first] - 1.0:+.1%}. "
        "That holds given the parameters that were put in: with them one per cent of cost "
        f"moves the odds of buying online by {abs(per_cent):.0f} per cent.",
        f"Services are {services[first]:.1%} online in the first year and {services[last]:.1%} in "
        "the last. The first is what their digital cost, which was put in, makes of them; as it "
        "is held, the change is no finding on services, but what goods do to them.",
        _gains(run, first, last, float(welfare[last] / welfare[first] - 1.0)),
        *_moved(run, first, last),
    ]
    facts = _facts(run)
    if facts is None:
        lines.append(
            "No other figures are held against it: nege knows them of China's manufacturing in "
            "its cities from 2015 to 2021 alone. The online share is China's unless share = {...} "
            "of [path] says another."
        )
        return lines
    lines.append("Figures of China that were not put in (villages there, cities here):")
    for name in facts["fact"].values:
        one = facts.sel(fact=name)
        figures = f"{int(one.before)} to {int(one.after)}"
        if np.isfinite(float(one.data_before)):
            figures += f", China {_figure(name, one.data_before)} to "
            figures += _figure(name, one.data_after)
        figures += f", here {_figure(name, one.model_before)} to {_figure(name, one.model_after)}"
        lines.append(f"- {one.words.item()} ({figures}): {one.verdict.item()}.")
    return lines


def drawings(run: RunResult) -> dict[str, Figure]:
    """Draw years and facts, and maps of who sells online and where people go."""
    good = converged_steps(run.result)
    if good.size < 2:
        return {}
    figure = style.new_figure(12, 4.4)
    left, right = figure.subplots(1, 2, width_ratios=(1.0, 1.25))
    _draw_years(run, good, left)
    _draw_facts(run, right)
    figures = {"retail.png": figure}
    places = run.specification.model.geography.coordinates
    if places is not None:
        figures["cities.png"] = _cities(run, good, places)
    return figures


# --- what is read of the path --------------------------------------------------------


def retail_share(run: RunResult) -> np.ndarray:
    """Return the online share of what households buy of goods, recomputed year by year."""
    model, goods = run.specification.model, _goods(run)
    read, found = moments.retail(goods), []
    for i in range(run.result.sizes["step"]):
        costs = run.specification.path["digital_cost"].isel(step=i, drop=True)
        one = run.result.isel(step=i)
        at: Any = model.replace(digital_cost=costs)
        values = {
            name: one[name].transpose(*about.dims).values for name, about in at.variables.items()
        }
        solved = int(one["status"]) == Status.CONVERGED
        found.append(read(at, values) if solved else np.nan)
    return np.array(found)


def _goods(run: RunResult) -> list[str]:
    """Return the industries whose digital cost moves: those that make goods."""
    costs = run.specification.path["digital_cost"]
    moves = (costs != costs.isel(step=0)).any("step")
    return [str(name) for name in costs["industry"].values[moves.values]]


def _costs(run: RunResult) -> np.ndarray:
    """Return the digital cost of goods, by year."""
    costs = run.specification.path["digital_cost"].sel(industry=_goods(run)[0])
    return np.asarray(costs.values)


def _online_goods(run: RunResult) -> np.ndarray:
    """Return the share of each place in goods that are sold online, (step, place)."""
    cost = run.result["total_cost"].sel(industry=_goods(run), channel="online").sum("industry")
    online = cost.transpose("step", "place").values
    return np.asarray(online / online.sum(1, keepdims=True))


def _services_online(run: RunResult) -> np.ndarray:
    """Return the part of services' cost that is online, by year."""
    cost = run.result["total_cost"].drop_sel(industry=_goods(run))
    online = cost.sel(channel="online").sum(("industry", "place"))
    return np.asarray((online / cost.sum(("industry", "place", "channel"))).values)


def _facts(run: RunResult) -> xr.Dataset | None:
    """Return figures that were not targeted; None where they are not of these places or years."""
    model: Any = run.specification.model
    try:
        return china_facts(model, run.result)
    except InputError:
        return None


def _figure(fact: str, value: Any) -> str:
    """Return a number of places, a correlation, or a share, as it is read."""
    form = {"growth": ",.0f", "industry": "+.2f"}.get(fact, ".0%")
    return f"{float(value):{form}}"


def _gains(run: RunResult, first: int, last: int, welfare: float) -> str:
    """Say who gains: everybody before tastes are known, or whoever stays where he is."""
    income = run.result["real_income"].transpose("step", "place").values
    change = income[last] / income[first] - 1.0
    names = run.specification.model.geography.names
    least, most = int(np.argmin(change)), int(np.argmax(change))
    return (
        f"Welfare, which people expect before they know their tastes for places, changes by "
        f"{welfare:+.2%}; real income of those who stay from {change[least]:+.2%} "
        f"({names[least]}) to {change[most]:+.2%} ({names[most]})."
    )


def _moved(run: RunResult, first: int, last: int) -> list[str]:
    """Say which city gains people, and which loses."""
    people = run.result["population"].transpose("step", "place").values
    names = run.specification.model.geography.names
    change = people[last] / people[first] - 1.0
    most, least = int(np.argmax(change)), int(np.argmin(change))
    moved = 0.5 * float(np.abs(people[last] - people[first]).sum())
    return [
        f"At least {moved:.1%} of people live elsewhere then: {names[most]} gains most "
        f"({change[most]:+.1%}), {names[least]} loses most ({change[least]:+.1%})."
    ]


# --- pictures -------------------------------------------------------------------------


def _draw_years(run: RunResult, good: np.ndarray, ax: Any) -> None:
    years = run.specification.values
    observed = 100 * run.specification.path[SHARE].values
    ax.plot(years[good], 100 * retail_share(run)[good], color=style.BLUE, label="goods, model")
    ax.plot(years, observed, "o", mfc="white", color=style.BLUE, label="goods, put in")
    services = 100 * _services_online(run)[good]
    ax.plot(years[good], services, "--", color=style.ORANGE, label="services, model (cost held)")
    for i in good:
        cost = f"{_costs(run)[i]:.3f}"
        ax.annotate(
            cost,
            (years[i], observed[i]),
            (-3, 8),  # above: services may lie right below
            textcoords="offset points",
            ha="right" if i else "center",
            fontsize=8,
            color=style.GREY,
        )
    ax.set_xticks(years)
    ax.margins(x=0.08, y=0.12)
    ax.set_ylim(bottom=0.0)
    ax.set_xlabel("year")
    ax.set_ylabel("sold online (%)")
    ax.set_title("Online share put in, and the digital cost of goods behind it", loc="left")
    ax.legend(frameon=False, loc="best")
    ax.spines[["top", "right"]].set_visible(False)


MIDDLE = 50.0  # per cent, below which there is more room on the right


def _draw_facts(run: RunResult, ax: Any) -> None:
    """Draw figures that were not put in, from the first year that is known to the last."""
    facts = _facts(run)
    if facts is None:
        ax.set_axis_off()
        return
    shown = [name for name in ("coast", "clusters") if name in facts["fact"].values]
    for row, name in enumerate(shown):
        one = facts.sel(fact=name)
        for where, side, colour in ((0.14, "data", style.VERMILION), (-0.14, "model", style.BLUE)):
            ends = [100 * float(one[f"{side}_{end}"]) for end in ("before", "after")]
            at = -row + where
            head = {"arrowstyle": "-|>", "color": colour, "linewidth": 2.0}
            ax.annotate(
                "", (ends[1], at), (ends[0], at), arrowprops={**head, "shrinkA": 0, "shrinkB": 0}
            )
            ax.plot(ends[:1], [at], "o", color=colour, markersize=5)
            who = "China" if side == "data" else "model"
            right = min(ends) < MIDDLE
            ax.annotate(
                f"{who}: {ends[0]:.0f} to {ends[1]:.0f}",
                (max(ends) if right else min(ends), at),
                (10 if right else -10, 0),
                textcoords="offset points",
                ha="left" if right else "right",
                va="center",
                color=colour,
            )
    labels = [
        f"{facts.words.sel(fact=name).item()} (%)\n{int(facts.before.sel(fact=name))} to "
        f"{int(facts.after.sel(fact=name))}\n{facts.verdict.sel(fact=name).item().split(':')[0]}"
        for name in shown
    ]
    ax.set_yticks([-float(row) for row in range(len(shown))], labels)
    ax.set_xlim(-3, 105)
    ax.set_ylim(-len(shown) + 0.3, 0.6)
    ax.set_xlabel("per cent")
    ax.set_title("Not put in: where sellers are (villages in China, cities here)", loc="left")
    ax.spines[["top", "right", "left"]].set_visible(False)
    ax.tick_params(left=False)


def _cities(run: RunResult, good: np.ndarray, places: xr.Dataset) -> Figure:
    result, years = run.result, run.specification.values
    figure = style.new_figure(15, 4.6)
    axes = figure.subplots(1, 3)
    (goods, *_), first, last = _goods(run), good[0], good[-1]
    for step, ax, bar in ((first, axes[0], False), (last, axes[1], axes[:2])):
        agglomeration.industry_map(places, result.isel(step=step), industry=goods, ax=ax, bar=bar)
        ax.set_title(f"{years[step]}, cost of {ax.get_title(loc='left')}", loc="left")
    people = result["population"].transpose("step", "place").values
    change = 100 * (people[last] / people[first] - 1.0)
    maps.changes(places, people[last], change, ax=axes[2])
    named = by_place.where(run.specification.model.geography, False, named=True)
    named.name(axes[2], people[last])
    axes[2].set_title(f"change of people, {years[first]} to {years[last]}", loc="left")
    return figure
