"""Every pair of state and action, and that the tables say what the services do."""

from __future__ import annotations

from typing import Any, cast

import pytest

from wms.core.refusals import Refused
from wms.core.workflow import Workflow
from wms.outbound.workflow import ORDER, WORKFLOWS

# action → the states it is allowed in, written out again on purpose
ALLOWED = {
    "order": {
        "promise": {"short"},
        "declare": {"short", "promised"},
        "release_customs": {"awaiting_customs"},
        "lose_stock": {"promised", "awaiting_customs", "waved"},
        "wave": {"promised"},
        "start_picking": {"waved"},
        "finish_picking": {"picking"},
        "pack": {"picked"},
        "unpack": {"packed"},
        "ship": {"packed"},
        "cancel": {"short", "awaiting_customs", "promised", "waved", "picking", "picked", "packed"},
        "destroy": {"picked"},
        "take_off": {"shipped"},
    },
    "wave": {"finish": {"released"}, "reopen": {"done"}},
    "batch": {"take": {"open", "picking"}, "finish": {"open", "picking"}, "reopen": {"done"}},
    "pick_task": {"finish": {"open"}, "report_short": {"open"}, "set_aside": {"open"}, "take_up": {"set_aside"},
                  "cancel": {"open", "set_aside", "held"}, "hold": {"open"}, "resume": {"held"}},
    "order_hold": {"end": {"open"}},
    "interception": {"accept": {"requested"}, "refuse": {"requested"}, "withdraw": {"requested"}},
}  # fmt: skip
FLOWS = cast("list[Workflow[Any]]", WORKFLOWS)
PAIRS: list[tuple[Workflow[Any], str, str]] = [
    (workflow, action, state.value)
    for workflow in FLOWS
    for action in workflow.moves
    for state in workflow.states
]  # fmt: skip


@pytest.mark.parametrize(
    ("workflow", "action", "state"), PAIRS, ids=[f"{flow.name}-{action}-{state}" for flow, action, state in PAIRS]
)
def test_an_action_is_allowed_exactly_where_the_table_says(workflow, action, state) -> None:
    if state in ALLOWED[workflow.name][action]:
        assert workflow.apply(action, state).value == workflow.moves[action].target
        return
    with pytest.raises(Refused) as raised:
        workflow.apply(action, state)
    assert raised.value.code == "not_allowed_now"
    assert raised.value.params["state"] == state


def test_what_ends_an_order() -> None:
    assert ORDER.final_states() == {"cancelled"}
    assert {action for action in ORDER.moves if ORDER.permitted(action, "shipped")} == {"take_off"}
