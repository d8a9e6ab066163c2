"""Linear stability on the tangent space of the simplex: deviations that keep the sum of shares."""

from __future__ import annotations

import numpy as np


def tangent(slopes: np.ndarray, share: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return an orthonormal basis of the tangent space of the simplex, and the stability matrix.

    Parameters
    ----------
    slopes : (n, n) array
        dF_r/d ln share_j of the attraction of occupied regions.
    share : (n,) array
        Their shares.
    """
    basis = np.linalg.qr(np.column_stack([share, np.eye(share.size)]))[0][:, 1:]
    with np.errstate(all="ignore"):  # of shares next to nothing: what is not finite is not known
        matrix = slopes - share @ slopes
        return basis, np.asarray(basis.T @ matrix @ basis)


def leading_rate(matrix: np.ndarray) -> float:
    """Return the largest real part of the eigenvalues; NaN where it is undefined."""
    if not np.isfinite(matrix).all():
        return np.nan
    return float(np.max(np.linalg.eigvals(matrix).real))
