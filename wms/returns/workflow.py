"""States of a return order."""

from __future__ import annotations

from enum import StrEnum

from wms.core.workflow import Workflow, move


class ReturnState(StrEnum):
    ANNOUNCED = "announced"
    RECEIVING = "receiving"
    COMPLETED = "completed"
    CANCELLED = "cancelled"


S = ReturnState

RETURN = Workflow(
    "return",
    ReturnState,
    S.ANNOUNCED,
    {
        "receive": move([S.ANNOUNCED, S.RECEIVING], S.RECEIVING),
        "complete": move(S.RECEIVING, S.COMPLETED),
        "cancel": move(S.ANNOUNCED, S.CANCELLED),
    },
)

WORKFLOWS = [RETURN]
