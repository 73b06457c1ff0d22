"""States of what is done to stock on purpose: counts, adjustments, conversions, walks that fill pick faces. Services
apply them; nothing else changes a state.
"""

from __future__ import annotations

from enum import StrEnum

from wms.core.workflow import Workflow, move


class CountState(StrEnum):
    OPEN = "open"  # waits for somebody to count it (again)
    COUNTING = "counting"
    REVIEW = "review"  # a variance waits for a supervisor
    DONE = "done"
    CANCELLED = "cancelled"


C = CountState

COUNT = Workflow(
    "count",
    CountState,
    C.OPEN,
    {
        "take": move([C.OPEN, C.COUNTING], C.COUNTING),  # somebody who went home lets go after a while
        "finish": move(C.COUNTING, C.DONE),  # what was found is in the book
        "recount": move([C.COUNTING, C.REVIEW], C.OPEN),  # by somebody else
        "submit": move(C.COUNTING, C.REVIEW),
        "approve": move(C.REVIEW, C.DONE),
        "put_back": move(C.COUNTING, C.OPEN),
        "cancel": move([C.OPEN, C.COUNTING, C.REVIEW], C.CANCELLED),
    },
)


class AdjustmentState(StrEnum):
    REQUESTED = "requested"  # above the limit: somebody else has to approve
    POSTED = "posted"
    REJECTED = "rejected"
    REVERSED = "reversed"


A = AdjustmentState

ADJUSTMENT = Workflow(
    "adjustment",
    AdjustmentState,
    A.REQUESTED,
    {
        "post": move(A.REQUESTED, A.POSTED),
        "reject": move(A.REQUESTED, A.REJECTED),
        "reverse": move(A.POSTED, A.REVERSED),  # while the goods have not left or been declared
    },
)


class ConversionState(StrEnum):
    OFFERED = "offered"  # a change of owner: the other seller has still to agree
    OPEN = "open"  # its goods are promised to it
    SHORT = "short"  # they were lost or held: it is promised nothing
    DONE = "done"  # what was made of them is in the book; the rest was given back
    DECLINED = "declined"
    CANCELLED = "cancelled"  # before anything was made
    UNDONE = "undone"


V = ConversionState

CONVERSION = Workflow(
    "conversion",
    ConversionState,
    V.OFFERED,
    {
        "agree": move(V.OFFERED, V.OPEN),  # the other seller; without one the asking is the agreeing
        "decline": move(V.OFFERED, V.DECLINED),
        "convert": move(V.OPEN, V.OPEN),  # some of it
        "finish": move(V.OPEN, V.DONE),  # the last of it
        "give_back": move(V.OPEN, V.SHORT),
        "promise": move(V.SHORT, V.OPEN),  # other goods
        "stop": move([V.OPEN, V.SHORT], V.DONE),  # some was made, no more will be
        "cancel": move([V.OFFERED, V.OPEN, V.SHORT], V.CANCELLED),
        "undo": move(V.DONE, V.UNDONE),  # by the mirrors of its postings
    },
)


class ReplenishState(StrEnum):
    OPEN = "open"
    WALKING = "walking"  # somebody fetches it
    DONE = "done"
    SHORT = "short"  # the reserve bin held less than the book says
    CANCELLED = "cancelled"


class MoveState(StrEnum):
    OPEN = "open"
    MOVING = "moving"  # somebody carries it out
    DONE = "done"
    CANCELLED = "cancelled"  # by a supervisor, or because something else stands in its bins now


R = ReplenishState
M = MoveState

MOVE = Workflow(
    "move_task",
    MoveState,
    M.OPEN,
    {
        "take": move([M.OPEN, M.MOVING], M.MOVING),  # somebody who went home lets go after a while
        "finish": move(M.MOVING, M.DONE),
        "put_back": move(M.MOVING, M.OPEN),
        "cancel": move([M.OPEN, M.MOVING], M.CANCELLED),
        "undo": move(M.DONE, M.OPEN),
        "withdraw": move(M.DONE, M.CANCELLED),  # undone, when the same is asked for anew
    },
)

REPLENISHMENT = Workflow(
    "replenishment",
    ReplenishState,
    R.OPEN,
    {
        "take": move([R.OPEN, R.WALKING], R.WALKING),  # somebody who went home lets go after a while
        "bring": move(R.WALKING, R.WALKING),  # a part of it
        "finish": move(R.WALKING, R.DONE),
        "put_back": move(R.WALKING, R.OPEN),
        "report_short": move(R.WALKING, R.SHORT),
        "undo": move([R.WALKING, R.DONE], R.WALKING),  # what was brought last stands in reserve again
        "cancel": move([R.OPEN, R.WALKING], R.CANCELLED),
    },
)
