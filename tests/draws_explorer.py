"""Random economies explored at random: answers are what ``nege.solve`` finds, lines make them.

All of them for ``python -m benchmarks verify``; the suite takes a few.
"""

import pathlib
import tempfile

import draws_commuting
import draws_mechanisms
import family
import numpy as np
import pytest

import nege
from nege.explorer import Explorer

COUNT = 240
MOVES = 4
SWITCHED = 0.3  # of moves, those that turn a switch


def economy(seed):
    """Draw an economy of some kind, with or without tastes, and a start of its own or none."""
    rng = np.random.default_rng([2026, 21, seed])
    kinds = len(family.MEMBERS) + 2
    kind, dynamics = seed % kinds, None
    if kind < len(family.MEMBERS):
        member = family.MEMBERS[kind]
        model = member.draw(rng, int(rng.integers(2, 6)), member.online and rng.random() < 0.5)
        if rng.random() < 0.3:
            dynamics = nege.Logit(scale=0.2, weights=rng.uniform(0.5, 2.0, len(model.regions)))
    elif kind == len(family.MEMBERS):
        model = draws_commuting.economy(seed)
    else:
        model = draws_mechanisms.draw(seed)
    start = rng.dirichlet(np.ones(len(model.regions))) if model.in_shares and seed % 3 else None
    return Explorer(model, start=start, dynamics=dynamics)


def moved(explorer, rng, values):
    """Return values with one more control moved, or one more switch turned."""
    if explorer.switches and rng.random() < SWITCHED:
        name = str(rng.choice(list(explorer.switches)))
        return {**values, name: bool(rng.random() < 0.5)}
    controls = explorer.controls_at(values)
    control = controls[str(rng.choice(list(controls)))]
    return {**values, control.name: float(rng.uniform(control.lowest, control.highest))}


def run(script):
    """Run lines but for their pictures, in a folder with their files."""
    lines = [line for line in script.text.split("\n") if not any(w in line for w in PICTURES)]
    space = {}
    with tempfile.TemporaryDirectory() as folder:
        text = "\n".join(lines)
        for name, content in script.files.items():
            path = pathlib.Path(folder) / name
            path.write_bytes(content)
            text = text.replace(f'"{name}"', repr(str(path)))
        exec(compile(text, "lines", "exec"), space)
    return space


PICTURES = (".plot", "plt", "print(")


def check(seed):
    """Explore an economy; return the last answer that is an equilibrium."""
    rng, explorer = np.random.default_rng([2026, 22, seed]), economy(seed)
    values, last, found = {}, explorer.base, explorer.base
    for move in range(MOVES):
        asked = moved(explorer, rng, values)
        answer = explorer.answer(asked, since=last if rng.random() < 0.7 else None)
        check_answer(explorer, answer)
        if move == MOVES - 1 or answer.outcome != "solved":
            check_lines(explorer, answer)
        if answer.outcome == "solved":
            values, found = asked, answer
        last = answer
    if found is not last:
        check_lines(explorer, found)
    return found.equilibrium


def solved(explorer, answer, start):
    """Solve it once more, as anybody would."""
    how = {"dynamics": explorer.dynamics, "options": explorer.options}
    return nege.solve(explorer.economy(answer.values), start, **how)


def check_answer(explorer, answer):
    """Hold an answer to what ``nege.solve`` says of the same economy from the same start."""
    if answer.outcome == "refused":
        with pytest.raises(nege.InputError) as refusal:
            solved(explorer, answer, None)
        assert str(refusal.value) in answer.words
        return
    try:
        found = solved(explorer, answer, answer.start)
    except nege.ConvergenceError as error:
        found = error.equilibrium
        assert answer.outcome == "failed"
    else:
        assert answer.outcome == ("solved" if found.converged else "unstable")
    assert answer.data.identical(found.data)
    assert "\n".join([answer.headline, *answer.words, answer.open]) == found.banner()
    if answer.outcome != "solved":
        return
    np.testing.assert_allclose(answer.shares.sum("channel"), 1.0, rtol=1e-9)
    if answer.gains is not None:
        gains = nege.compare(answer.against.equilibrium, found)
        assert answer.gains.data.identical(gains.data)


def check_lines(explorer, answer):
    """Run the lines of an answer: they find what it has, or are refused as it is."""
    script = explorer.python(answer)
    if answer.outcome == "refused":
        with pytest.raises(nege.InputError) as refusal:
            run(script)
        assert refusal.value.argument in answer.words[0]
        return
    found = run(script)["found"]
    assert found.data.identical(answer.data)
    assert found.status is answer.equilibrium.status
