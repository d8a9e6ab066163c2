"""Economies and unknowns at which residuals of industries are stored: 48 random points.

``python tests/stored_residuals.py`` stores what the code at hand has; the file is of the code
before mechanisms had files of their own.
"""

import itertools
import pathlib

import numpy as np
from random_agglomerations import random_model, random_unknowns

from nege.models.agglomeration import equations

STORED = pathlib.Path(__file__).parent / "residuals_of_industries.npz"
#: With and without remote work, owners of platforms, diversity; six economies of each.
POINTS = list(itertools.product((False, True), (False, True), (False, True), range(6)))


def economy(remote, owners, diversity, seed):
    """Return an economy of two industries in four places."""
    off = {} if remote else {"remote_labour_share": 0.0}
    off |= {} if diversity else {"diversity": 0.0}
    owner = {"platform_owner": [0.4, 0.3, 0.2, 0.1] if owners else None}
    return random_model(seed, places=4, industries=2, **off, **owner)


def residual(remote, owners, diversity, seed):
    """Return what the equations leave at a random point."""
    model = economy(remote, owners, diversity, seed)
    x = random_unknowns(model, 1000 + seed)
    excess = np.empty_like(x)
    equations.evaluate(model.arrays, x, excess)
    return excess


if __name__ == "__main__":
    np.savez_compressed(STORED, residuals=np.array([residual(*point) for point in POINTS]))
