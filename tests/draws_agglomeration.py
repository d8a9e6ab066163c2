"""Economies of industries, the same for the suite and for ``python -m benchmarks verify``."""

import agglomerations
import random_agglomerations as random

import nege

STEPS = agglomerations.STYLISED_TURN.sizes["step"]
STARTS, ECONOMIES = 20, 150


def check_step(seed):
    """Solve a step of the digital turn from a random start: the published economy, stable."""
    step = seed % STEPS
    model = agglomerations.economy(step)
    found = _solved(model, random.random_start(model, seed))
    usual = agglomerations.at(step).data.total_cost
    assert float(abs(found.data.total_cost - usual).max()) <= 1e-7 * float(usual.sum())
    return found


def economy(seed, **changes):
    """Draw an economy with everything in it, and a start."""
    model = random.random_model(1000 + seed, **changes)
    return model, random.random_start(model, seed)


def check_economy(seed):
    """Solve a random economy from a random start."""
    return _solved(*economy(seed))


def _solved(model, start):
    found = nege.solve(model, start)
    assert found.residual <= 1e-10
    assert found.leading_eigenvalue < 0.0
    violations = {**model.audit(found.data), **model.audit_motion(found.data, nege.Replicator())}
    assert max(violations.values()) <= 1e-9, violations
    return found
