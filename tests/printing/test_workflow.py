"""Every state of a print with every action, written out: what leads where, and that nothing else does."""

from __future__ import annotations

import pytest

from wms.core.refusals import Refused
from wms.printing.models import PrintState
from wms.printing.workflow import PRINT_JOB

# state: {action: next state}; an action that is not here is refused in that state.
WRITTEN_OUT: dict[str, dict[str, str]] = {
    "queued": {"claim": "claimed", "arm": "dispatching", "confirm": "printed", "expire": "expired", "redirect": "queued",
               "cancel": "cancelled", "void": "voided"},
    "claimed": {"fetch": "fetched", "requeue": "queued", "confirm": "printed", "expire": "expired", "redirect": "queued",
                "cancel": "cancelled", "void": "voided"},
    "fetched": {"requeue": "queued", "arm": "dispatching", "confirm": "printed", "expire": "expired",
                "redirect": "queued", "cancel": "cancelled", "void": "voided"},
    "dispatching": {"sent": "dispatched", "prove_unsent": "failed_safe", "lose_sight": "unknown", "confirm": "printed",
                    "cancel": "cancelled"},
    "dispatched": {"lose_sight": "unknown", "confirm": "printed", "cancel": "cancelled"},
    "unknown": {"sent": "dispatched", "prove_unsent": "failed_safe", "retry": "queued", "confirm": "printed",
                "cancel": "cancelled"},
    "failed_safe": {"requeue": "queued", "expire": "expired", "cancel": "cancelled", "void": "voided"},
    "expired": {"queue_again": "queued", "redirect": "queued", "confirm": "printed", "cancel": "cancelled",
                "void": "voided"},
    "printed": {},
    "cancelled": {},
    "voided": {},
}  # fmt: skip


@pytest.mark.parametrize("state", list(PrintState))
@pytest.mark.parametrize("action", list(PRINT_JOB.moves))
def test_every_action_in_every_state(state: PrintState, action: str):
    wanted = WRITTEN_OUT[state].get(action)
    assert PRINT_JOB.permitted(action, state) == (wanted is not None)
    if wanted is not None:
        assert PRINT_JOB.apply(action, state) == wanted
        return
    with pytest.raises(Refused) as caught:
        PRINT_JOB.apply(action, state)
    assert caught.value.code == "not_allowed_now"
    assert set(caught.value.params["possible"]) == set(WRITTEN_OUT[state])


def test_the_table_names_every_state_and_action():
    assert set(WRITTEN_OUT) == set(PrintState)
    assert {action for moves in WRITTEN_OUT.values() for action in moves} == set(PRINT_JOB.moves)
    assert PRINT_JOB.final_states() == {"printed", "cancelled", "voided"}
