"""States of a file of orders."""

from __future__ import annotations

from enum import StrEnum

from wms.core.workflow import Workflow, move


class ImportState(StrEnum):
    CHECKING = "checking"
    CHECKED = "checked"
    FAILED = "failed"  # it cannot be read as orders at all
    CREATING = "creating"
    DONE = "done"
    DROPPED = "dropped"


S = ImportState

ORDER_IMPORT = Workflow(
    "order_import",
    ImportState,
    S.CHECKING,
    {
        "check": move(S.CHECKING, S.CHECKED),
        "fail": move(S.CHECKING, S.FAILED),
        "create": move(S.CHECKED, S.CREATING),
        "finish": move(S.CREATING, S.DONE),
        "drop": move([S.CHECKING, S.CHECKED, S.CREATING], S.DROPPED),
    },
)

WORKFLOWS = [ORDER_IMPORT]
