"""People along a line without spillovers, in closed form: Allen & Arkolakis (2014), section 2.

On [-pi, pi], with equal fundamentals and trade costs exp(tau x distance), L to the power of
(sigma-1)/(2 sigma-1) is proportional to cos(kappa i), kappa tan(kappa pi) = (sigma-1) tau.
"""

import numpy as np
from scipy.optimize import brentq

import nege

SIGMA, TAU = 5.0, 0.1
FEW, MANY = (101, 201, 401), (101, 201, 401, 801, 1601, 3201)


def kappa():
    return brentq(lambda k: k * np.tan(k * np.pi) - (SIGMA - 1) * TAU, 1e-9, 0.5 - 1e-9)


def largest_error(cells):
    """Of people relative to the centre, in that power, against the continuum's cosine.

    Cells are equal and sit at their midpoints. Of an even number none lies in the centre: there
    it is the cosine of its place.
    """
    middle = (np.arange(cells) + 0.5) * 2 * np.pi / cells - np.pi
    model = nege.AllenArkolakis(
        nege.geography.line(middle),
        sigma=SIGMA,
        productivity_spillover=0.0,
        amenity_spillover=0.0,
        trade_cost=float(np.exp(TAU)),
    )
    power = nege.solve(model).data["share"].values ** ((SIGMA - 1) / (2 * SIGMA - 1))
    centre = cells // 2
    exact = np.cos(kappa() * middle) / np.cos(kappa() * middle[centre])
    return float(np.max(np.abs(power / power[centre] - exact)))


def orders(errors, cells):
    """Powers of the width of a cell with which errors fall."""
    steps = np.log(np.divide(cells[1:], cells[:-1]))
    return np.log(np.divide(errors[:-1], errors[1:])) / steps
