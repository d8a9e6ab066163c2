"""Numbers that policy.md and lock_in.md print, to the last digit; ``verify`` has all of them."""

import re

import draws_golden as golden
import pytest

pytestmark = pytest.mark.closed_form


@pytest.mark.filterwarnings("ignore:.* is more than 1, which")  # a tariff of 200 per cent is meant
@pytest.mark.parametrize("name", golden.POLICY)
def test_numbers_of_policy_are_met_to_their_last_digit(name):
    golden.POLICY[name]()


@pytest.mark.parametrize("name", list(golden.LOCK_IN)[::8])
def test_numbers_of_lock_in_are_met_to_their_last_digit(name):
    golden.LOCK_IN[name]()


def test_a_wrong_last_digit_is_noticed():
    for wrong in ("1.60557062", "1.6055705", "1.62"):
        with pytest.raises(AssertionError, match=re.escape(wrong)):
            golden.met([1.6055706049], wrong)
    golden.met([1.6055706049], "1.60557060")
    golden.crossed(lambda x: x**2 - 2.0, "1.41421356")
    with pytest.raises(AssertionError, match=re.escape("1.41421358")):
        golden.crossed(lambda x: x**2 - 2.0, "1.41421358")
