"""States of a service that was asked for. Services apply them; nothing else changes a state."""

from __future__ import annotations

from enum import StrEnum

from wms.core.workflow import Workflow, move


class RequestState(StrEnum):
    REQUESTED = "requested"  # waits for the operator's word
    ACCEPTED = "accepted"  # waits for somebody to do it
    REJECTED = "rejected"
    WORKING = "working"
    DONE = "done"
    CANCELLED = "cancelled"


R = RequestState

SERVICE = Workflow(
    "service_request",
    RequestState,
    R.REQUESTED,
    {
        "accept": move(R.REQUESTED, R.ACCEPTED),
        "reject": move(R.REQUESTED, R.REJECTED),
        "take": move(R.ACCEPTED, R.WORKING),
        "put_back": move(R.WORKING, R.ACCEPTED),  # for somebody else; what was done of it stays done
        "report": move(R.WORKING, R.WORKING),
        "finish": move(R.WORKING, R.DONE),
        "cancel": move([R.REQUESTED, R.ACCEPTED], R.CANCELLED),  # nothing was done of it
        "stop": move(R.ACCEPTED, R.DONE),  # some of it was, no more will be
    },
)
