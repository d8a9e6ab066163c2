"""What somebody new to nege stumbles over is answered with the way on."""

import copy
import pickle
from dataclasses import FrozenInstanceError

import pytest

import nege
from nege import memory

pytestmark = pytest.mark.faults

TWO = nege.geography.equidistant(2)
ECONOMY = nege.CorePeriphery(TWO, sigma=5, mu=0.4, trade_cost=2)
INDUSTRIES = nege.OnlineAgglomeration()
THREE = 3.0


def test_a_status_is_printed_as_a_word_and_compared_as_a_number():
    assert [str(one) for one in nege.Status] == [one.name for one in nege.Status]
    assert f"{nege.Status.LIMIT}" == "LIMIT"
    assert nege.Status(1) == 1


def test_a_variable_looked_for_in_the_equilibrium_itself_is_found_for_the_reader():
    found = nege.short_run(ECONOMY, [0.5, 0.5])
    for one in (found, copy.copy(found), copy.deepcopy(found), pickle.loads(pickle.dumps(found))):
        with pytest.raises(AttributeError, match=r"'wage' of its own: \.data\.wage has it"):
            _ = one.wage
        with pytest.raises(AttributeError, match="'Equilibrium' object has no attribute 'wages'"):
            _ = one.wages
    assert not hasattr(found, "share")


@pytest.mark.parametrize("model", [ECONOMY, INDUSTRIES], ids=lambda model: type(model).__name__)
@pytest.mark.parametrize("name", ["sigma", "commission", "anything"])
def test_who_assigns_to_a_model_is_told_of_replace(model, name):
    with pytest.raises(FrozenInstanceError, match=rf"never changes; \.replace\({name}=...\)"):
        setattr(model, name, THREE)
    assert vars(model).get(name) is not THREE


def test_a_public_name_written_otherwise_can_be_suggested():
    with pytest.raises(AttributeError) as caught:
        _ = nege.corePeriphery
    assert (caught.value.name, caught.value.obj) == ("corePeriphery", nege)


@pytest.mark.parametrize(
    ("call", "cure"),
    [
        (lambda: ECONOMY.replace(sigma="5"), "It is text: a number is written 5, without quotes."),
        (lambda: ECONOMY.replace(sigma="five"), "With sigma <= 1"),
        (lambda: ECONOMY.replace(sigma=True), "True and False are no numbers"),
        (lambda: ECONOMY.replace(sigma=[5, 4]), "Its shape is (2,). With sigma <= 1"),
        (lambda: nege.solve(ECONOMY, [True, False]), "True and False are no numbers"),
        (
            lambda: INDUSTRIES.replace({"digital_cost.service": 1.1}),
            "Did you mean 'digital_cost.services'",
        ),
        (
            lambda: nege.sweep(INDUSTRIES, {"digital_cost.service": [1.1]}),
            "Did you mean 'digital_cost.services'",
        ),
        (
            lambda: INDUSTRIES.replace(nege.scenarios.stylised_turn()),
            "It is over step, too: take one of them, .sel(step=...).",
        ),
    ],
)
def test_a_refusal_has_a_cure_that_fits(call, cure):
    with pytest.raises(nege.InputError) as caught:
        call()
    assert cure in caught.value.cure


def test_one_step_of_a_path_is_a_change():
    path = nege.scenarios.stylised_turn()
    one = INDUSTRIES.replace(path.sel(step=9))
    assert one.digital_cost.equals(path.digital_cost.sel(step=9, drop=True))


def test_memory_is_told_in_digits():
    with pytest.raises(nege.InputError, match="it needs 40,000 GB, and"):
        memory.check("n", 1, 40_000 * 10**9, "for this", "Less.")
