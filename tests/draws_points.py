"""Points of sweeps that may be no economies: each is solved as if alone, or refused as if alone."""

import dataclasses

import numpy as np
import pytest

import nege
from nege.solvers.follow_dynamics import find_long_run

COUNT = 40  # draws of each model, of which the suite takes some
SOME = range(0, COUNT, 20)
OPTIONS = nege.SolverOptions(limit_steps=40)  # some do not come to rest by then: that counts too
ONLINE = "online_"


def built(model, point):
    """Return the economy at a point from its constructor, or the refusal."""
    arguments = {field.name: getattr(model, field.name) for field in dataclasses.fields(model)}
    region = {name.removeprefix(ONLINE): x for name, x in point.items() if name not in arguments}
    arguments |= {name: x for name, x in point.items() if name in arguments}
    try:
        if region:
            arguments["online"] = dataclasses.replace(model.online, **region)
        return type(model)(**arguments)
    except nege.InputError as error:
        return error


def settled(model):
    """Return the economy that its constructor makes again: to divide shares by their sum rounds."""
    while not (again := built(model, {})).to_dataset().identical(model.to_dataset()):
        model = again
    return model


def around(rng, value):
    """Return a number near another or far from it, beyond its bounds now and then."""
    far = [value * np.exp(rng.normal()), 1.0 - value, -value, 0.0, 1.0, np.nan]
    near = value * np.exp(0.2 * rng.normal())
    return float(rng.choice([near] * 7 + far))


def varied(rng, model, count=2, size=2):
    """Return values of some of the numbers of a model."""
    known = model.scalars()
    names = rng.permutation(sorted(known))[:count]
    return {str(name): [around(rng, known[name]) for _ in range(size)] for name in names}


def same_long(ds, position, economy, found):
    """A point of a sweep is this long run, to the last bit."""
    assert ds.status[position] == found.status
    for name in ("residual", "error", "leading_eigenvalue", "iterations"):
        value = getattr(found, name)  # an eigenvalue that nobody asked for is None
        np.testing.assert_array_equal(ds[name][position], np.nan if value is None else value)
    solved = found.status is nege.Status.CONVERGED
    expected = economy.outcome(found.share, found.state, found.parameters) if solved else {}
    for name in economy.variables:
        np.testing.assert_array_equal(ds[name][position], expected.get(name, np.nan))


def same_refusal(ds, position, model):
    """A point of a sweep is one that was refused: it says so, and has no number."""
    assert ds.status[position] == nege.Status.INVALID
    for name in (*model.variables, "residual"):
        assert np.isnan(ds[name][position]).all(), name


def check_long_runs(model, start, ds, lines):
    """Each line of points, by position, is what an economy goes through, without refused ones."""
    for line in lines:
        share, state = start, model.start_state()
        for position, economy in line:
            if isinstance(economy, nege.InputError):
                same_refusal(ds, position, model)
                continue
            found = find_long_run(economy, share, state, nege.Replicator(), OPTIONS)
            same_long(ds, position, economy, found)
            if found.status is nege.Status.CONVERGED:
                share, state = found.share, found.state


def check_short_runs(model, share, grid, points):
    """Short runs at a distribution are those of the economies alone, or are refused."""
    swept = nege.sweep(model, grid, share=share, invalid="record")
    asked = nege.short_run(model, share[None], parameters=grid, invalid="record")
    for position, economy in points:
        if isinstance(economy, nege.InputError):
            same_refusal(swept, position, model)
            same_refusal(asked, position, model)
            continue
        alone = nege.short_run(economy, share[None])
        for name in (*model.variables, "status", "residual", "iterations"):
            np.testing.assert_array_equal(swept[name][position], alone[name][0])
        for name in (*model.variables, "status"):
            # Two equal regions start from the point before, wherever that was.
            np.testing.assert_allclose(asked[name][position][0], alone[name][0], rtol=1e-9)


def check_refused(call, model, refused, total):
    """All is refused as a whole, for the first reason, if any point is; before it is solved."""
    if refused:
        with pytest.raises(nege.InputError) as alone:
            model.replace(refused[0])
        with pytest.raises(nege.InputError) as caught:
            call()
        found, expected = caught.value, alone.value
        assert (found.argument, found.allowed) == (expected.argument, expected.allowed)
        count = f"first of {len(refused)} refused" if len(refused) > 1 else "only one refused"
        assert f"{count} of {total} points" in found.cure


def check_points(model, seed):
    """Draw a grid, and hold every way to ask for its points to what each of them is alone."""
    rng, model = np.random.default_rng([71, seed]), settled(model)
    grid = varied(rng, model)
    (a, b), names = grid.values(), tuple(grid)
    corners = [(x, y) for x in a for y in b]
    at = [dict(zip(names, corner, strict=True)) for corner in corners]
    economies = [built(model, point) for point in at]
    refused = [
        point
        for point, economy in zip(at, economies, strict=True)
        if isinstance(economy, nege.InputError)
    ]
    positions = [(0, 0), (0, 1), (1, 0), (1, 1)]
    points = list(zip(positions, economies, strict=True))
    start, more = model.default_start(), {"options": OPTIONS, "invalid": "record"}
    alone = nege.sweep(model, grid, along=None, **more)
    check_long_runs(model, start, alone, [[point] for point in points])
    line = nege.sweep(model, grid, along=names[0], **more)
    check_long_runs(model, start, line, [points[0::2], points[1::2]])
    path = dict(zip(names, zip(*corners, strict=True), strict=True))
    steps = nege.follow(model, path, **more)
    check_long_runs(model, start, steps, [list(enumerate(economies))])
    check_refused(lambda: nege.sweep(model, grid), model, refused, 4)
    check_refused(lambda: nege.follow(model, path), model, refused, 4)
    if model.in_shares:
        share = rng.dirichlet(np.ones(len(model.regions)))
        check_short_runs(model, share, grid, points)
        check_refused(lambda: nege.sweep(model, grid, share=share), model, refused, 4)
        check_refused(lambda: nege.short_run(model, share, parameters=grid), model, refused, 4)
    return len(refused)


def check_industries(seed):
    """Check numbers of industries online and offline, in two places."""
    return check_points(nege.OnlineAgglomeration(nege.geography.equidistant(2)), seed)


def check_member(member, seed):
    """Check a drawn economy of a model, or one of two equal places."""
    rng = np.random.default_rng([73, seed])
    online = bool(member.online and rng.random() < 0.5)
    model = member.equal(2, online) if rng.random() < 0.25 else member.draw(rng, 2, online)
    return check_points(model, seed)
