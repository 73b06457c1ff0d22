"""States of a booking and of its cartons, and what leads where.

A carton moves by its table. A booking's state is never set by hand: `rules.booking_state` reads it off the seller's own
step and the cartons' states; the table of the booking says what the seller may do, and guards the rest.
"""

from __future__ import annotations

from enum import StrEnum

from wms.core.workflow import Workflow, move


class BookingState(StrEnum):
    DRAFT = "draft"
    SUBMITTED = "submitted"
    IN_TRANSIT = "in_transit"
    ARRIVED = "arrived"
    RECEIVING = "receiving"
    RECEIVED = "received"
    PUTAWAY = "putaway"
    COMPLETED = "completed"
    CANCELLED = "cancelled"


class CartonState(StrEnum):
    DECLARED = "declared"
    ARRIVED = "arrived"
    COUNTING = "counting"
    COUNTED = "counted"
    STOWING = "stowing"
    STOWED = "stowed"
    MISSING = "missing"


class DifferenceState(StrEnum):
    NOTED = "noted"  # its carton is still being counted
    OPEN = "open"  # the seller decides
    DECIDED = "decided"  # the warehouse does it
    SETTLED = "settled"


class AppointmentState(StrEnum):
    BOOKED = "booked"
    CANCELLED = "cancelled"
    KEPT = "kept"  # the first carton is here


class InspectionState(StrEnum):
    OPEN = "open"
    PASSED = "passed"
    FAILED = "failed"  # some units are not good any more
    DROPPED = "dropped"  # the carton is counted again


class UnknownState(StrEnum):
    WAITING = "waiting"
    CLAIMED = "claimed"  # a seller says it is theirs; the dock looks
    CLOSED = "closed"


_B = BookingState
_C = CartonState
_D = DifferenceState

BOOKING = Workflow(
    "booking",
    BookingState,
    _B.DRAFT,
    {
        # the seller's own steps
        "submit": move(_B.DRAFT, _B.SUBMITTED),
        "depart": move(_B.SUBMITTED, _B.IN_TRANSIT),
        "cancel": move([_B.DRAFT, _B.SUBMITTED, _B.IN_TRANSIT], _B.CANCELLED),
        # what follows from the cartons; a lost carton that turns up opens a completed booking again
        "arrive": move([_B.SUBMITTED, _B.IN_TRANSIT, _B.ARRIVED, _B.COMPLETED], _B.ARRIVED),
        "receive": move([_B.ARRIVED, _B.RECEIVING, _B.RECEIVED, _B.PUTAWAY, _B.COMPLETED], _B.RECEIVING),
        "close": move([_B.ARRIVED, _B.RECEIVING], _B.RECEIVED),
        "unreceive": move([_B.RECEIVING, _B.RECEIVED], _B.ARRIVED),  # its pallet was received by mistake
        "stow": move([_B.RECEIVING, _B.RECEIVED, _B.PUTAWAY], _B.PUTAWAY),
        "unstow": move([_B.PUTAWAY, _B.COMPLETED], _B.PUTAWAY),  # goods go back into a carton
        "unstow_all": move([_B.PUTAWAY, _B.COMPLETED], _B.RECEIVED),
        "complete": move(
            [_B.SUBMITTED, _B.IN_TRANSIT, _B.ARRIVED, _B.RECEIVING, _B.RECEIVED, _B.PUTAWAY], _B.COMPLETED
        ),
    },
)

# Until the first carton is here the announcement may be changed: packing lists come late.
EDITABLE = frozenset({_B.DRAFT, _B.SUBMITTED, _B.IN_TRANSIT})
# Where cartons may arrive, be counted, put away or be given up.
WORKABLE = frozenset(set(BookingState) - {_B.DRAFT, _B.CANCELLED})

CARTON = Workflow(
    "carton",
    CartonState,
    _C.DECLARED,
    {
        "arrive": move([_C.DECLARED, _C.MISSING], _C.ARRIVED),
        "count": move([_C.ARRIVED, _C.COUNTING], _C.COUNTING),
        "uncount": move(_C.COUNTING, _C.COUNTING),
        "recount": move([_C.ARRIVED, _C.COUNTING], _C.COUNTING),  # blind, and not what was announced
        "close": move([_C.ARRIVED, _C.COUNTING], _C.COUNTED),
        "reopen": move(_C.COUNTED, _C.COUNTING),
        "unreceive": move(_C.COUNTED, _C.ARRIVED),  # its pallet was received by mistake: nothing of it is counted
        "stow": move([_C.COUNTED, _C.STOWING], _C.STOWING),
        "finish": move([_C.COUNTED, _C.STOWING], _C.STOWED),
        "unstow": move([_C.STOWING, _C.STOWED], _C.STOWING),
        "unstow_all": move([_C.STOWING, _C.STOWED], _C.COUNTED),  # nothing of it is in a bin any more
        "lose": move(_C.DECLARED, _C.MISSING),
    },
)

# A carton counted again writes its differences anew: that is no move of this table, it is another count.
DIFFERENCE = Workflow(
    "difference",
    DifferenceState,
    _D.NOTED,
    {
        "announce": move(_D.NOTED, _D.OPEN),
        # until the warehouse has begun, the seller may think again
        "accept": move([_D.OPEN, _D.DECIDED], _D.SETTLED),
        "decide": move([_D.OPEN, _D.DECIDED], _D.DECIDED),
        "carry_out": move(_D.DECIDED, _D.SETTLED),
    },
)

APPOINTMENT = Workflow(
    "appointment",
    AppointmentState,
    AppointmentState.BOOKED,
    {
        "cancel": move(AppointmentState.BOOKED, AppointmentState.CANCELLED),
        "keep": move(AppointmentState.BOOKED, AppointmentState.KEPT),
    },
)

# What arrived and no booking announces.
UNKNOWN = Workflow(
    "unknown_arrival",
    UnknownState,
    UnknownState.WAITING,
    {
        "claim": move(UnknownState.WAITING, UnknownState.CLAIMED),
        "refuse_claim": move(UnknownState.CLAIMED, UnknownState.WAITING),
        "settle": move([UnknownState.WAITING, UnknownState.CLAIMED], UnknownState.CLOSED),
    },
)

INSPECTION = Workflow(
    "inspection",
    InspectionState,
    InspectionState.OPEN,
    {
        "pass": move(InspectionState.OPEN, InspectionState.PASSED),
        "fail": move(InspectionState.OPEN, InspectionState.FAILED),
        "drop": move(InspectionState.OPEN, InspectionState.DROPPED),
    },
)
