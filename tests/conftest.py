"""Settings that every test shares."""

import os

import hypothesis
import numpy as np
import pytest

import nege
from nege.sweeps import work_units

hypothesis.settings.register_profile(
    "nege", derandomize=True, deadline=None, max_examples=40, print_blob=True
)
hypothesis.settings.load_profile("nege")

if os.environ.get("NUMBA_DISABLE_JIT") == "1":
    # Kernels divide by zero on purpose, as NumPy does: without the JIT it warns of it.
    np.seterr(all="ignore")


@pytest.fixture
def nothing_is_solved(monkeypatch):
    """Fail a test as soon as a sweep or a path solves something."""
    monkeypatch.setattr(work_units, "find_long_run", lambda *_: pytest.fail("it solved something"))


@pytest.fixture
def two():
    """Two places of FKV: sigma = 5, mu = 0.4."""

    def economy(trade_cost, online=None, **more):
        parameters = {"sigma": 5.0, "mu": 0.4, **more}
        places = nege.geography.equidistant(2)
        return nege.CorePeriphery(places, trade_cost=trade_cost, online=online, **parameters)

    return economy
