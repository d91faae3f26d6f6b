"""The numbers of a need or an offer, whatever they are."""

from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from node.features.resources import quantities


@given(
    whole=st.decimals(0, 10**6, places=3),
    left=st.decimals(0, 10**6, places=3),
)
def test_the_state_follows_from_the_numbers(whole: Decimal, left: Decimal) -> None:
    state = quantities.state_of(str(whole), left, any_agreed=False)

    assert (state == "promised") == (left == 0)
    assert (state == "open") == (left == whole != 0)
