"""Every pair of state and action of a return."""

from __future__ import annotations

import pytest

from wms.core.refusals import Refused
from wms.returns.workflow import RETURN, ReturnState

ALLOWED = {"receive": {"announced", "receiving"}, "complete": {"receiving"}, "cancel": {"announced"}}


@pytest.mark.parametrize("state", [each.value for each in ReturnState])
@pytest.mark.parametrize("action", RETURN.moves)
def test_an_action_is_allowed_exactly_where_the_table_says(action: str, state: str) -> None:
    if state in ALLOWED[action]:
        assert RETURN.apply(action, state).value == RETURN.moves[action].target
        return
    with pytest.raises(Refused) as raised:
        RETURN.apply(action, state)
    assert raised.value.code == "not_allowed_now"


def test_what_ends_a_return() -> None:
    assert RETURN.final_states() == {"completed", "cancelled"}
