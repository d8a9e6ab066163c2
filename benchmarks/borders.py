"""Two countries between which nobody moves: table 1 of Redding & Rossi-Hansberg (2017).

    python -m benchmarks.borders [--data ../shared/data/rrh2017]

A grid of 30 x 30 places, Helpman's economy (sigma = 5, goods share .75), productivities drawn;
trade cost distance^.33, times 2 between any two different places and times 2 again across the
border in the middle. Half of all people are in each country and move within it. What is gained
where the country border falls, and where the borders between places do: each by one call, that
of ``nege.counterfactual`` on the solved economy. Distance is that of paths over the eight
neighbours of a place, diagonals being sqrt(2); a place to itself is 1.

The draws are those of the published example (``a.csv``); they are not part of nege.
"""

from __future__ import annotations

import argparse
import os
import pathlib
import time

import numpy as np

import nege

ROOT = pathlib.Path(__file__).resolve().parents[1]
SIDE, SELF, POWER, BORDER = 30, 1.0, 0.33, 2.0
PRINTED = {  # welfare gains in per cent: west and east, and where all can move
    "no country border": ((0.262, 0.193), 0.181),
    "no border between places": ((2.295, 1.317), 1.464),
}


def folder(given: str | None = None) -> pathlib.Path | None:
    """Return where the draws are: given, named by NEGE_RRH2017, or beside the repository."""
    beside = ROOT.parent / "shared" / "data" / "rrh2017"
    found = pathlib.Path(given or os.environ.get("NEGE_RRH2017") or beside)
    return found if (found / "a.csv").is_file() else None


def economy(
    where: pathlib.Path, mobility: str | None = None
) -> tuple[nege.Helpman, dict[str, np.ndarray]]:
    """Return the economy, and trade costs after over before of each question."""
    column, row = np.divmod(np.arange(SIDE**2), SIDE)
    across, down = (np.abs(np.subtract.outer(x, x)) for x in (column, row))
    distance = np.maximum(across, down) + (np.sqrt(2.0) - 1.0) * np.minimum(across, down)
    np.fill_diagonal(distance, SELF)
    west = column < SIDE // 2
    logs = np.loadtxt(where / "a.csv")
    for country in (west, ~west):
        logs[country] -= logs[country].mean()
    apart = np.where(np.eye(west.size, dtype=bool), 1.0, BORDER)
    border = np.where(west[:, None] != west, BORDER, 1.0)
    model = nege.Helpman(
        nege.geography.from_distance(distance),
        sigma=5,
        mu=0.75,
        housing=100,
        productivity=np.exp(logs),
        trade_cost=distance**POWER * apart * border,
        mobility=np.where(west, "west", "east") if mobility is None else mobility,
    )
    return model, dict(zip(PRINTED, (1.0 / border, 1.0 / apart), strict=True))


def gains(model: nege.Helpman, changes: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    """Return welfare gains in per cent, of each group or of everybody; print how long it takes."""
    began = time.process_time()
    before = nege.solve(model)
    print(f"solved: {time.process_time() - began:.1f} s of CPU, residual {before.residual:.0e}")
    found = {}
    for name, change in changes.items():
        began = time.process_time()
        after = nege.counterfactual(before, trade_cost_change=change)
        who = "welfare_change" if model.groups is None else "group_welfare_change"
        found[name] = 100.0 * (after[who].values - 1.0)
        took = time.process_time() - began
        print(f"{name}: {found[name].round(3)} per cent, {took:.1f} s of CPU")
    return found


def check(where: pathlib.Path) -> None:
    """Hold what comes out to what is printed, to its last digit."""
    for k, mobility in enumerate((None, "free")):
        for name, found in gains(*economy(where, mobility)).items():
            assert np.abs(found - PRINTED[name][k]).max() <= 5.1e-4, (name, found)


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.borders", description=__doc__)
    parser.add_argument("--data", help="folder with a.csv")
    where = folder(parser.parse_args().data)
    if where is None:
        parser.error("no draws of the published example: name their folder with --data")
    check(where)


if __name__ == "__main__":
    main()
