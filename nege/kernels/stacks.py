"""Many parameter points of one model, so that one compiled call serves all."""

from typing import Any, NamedTuple

import numpy as np

from nege.kernels import records
from nege.kernels.equations import Economy

economy_at = records.reader(Economy)


class Many(NamedTuple):
    """States and reports of many short runs, by parameter point and distribution."""

    states: np.ndarray  # (N, M, R)
    status: np.ndarray  # (N, M), as everything below
    residual: np.ndarray
    error: np.ndarray
    rate: np.ndarray
    iterations: np.ndarray
    method: np.ndarray
