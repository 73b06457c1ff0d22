"""States of orders, waves and pick tasks, each a table. Services apply them; nothing else changes a state."""

from __future__ import annotations

from enum import StrEnum

from wms.core.workflow import Workflow, move


class OrderState(StrEnum):
    SHORT = "short"  # waiting for stock
    AWAITING_CUSTOMS = "awaiting_customs"  # promised, not released, and nothing may be done before release
    PROMISED = "promised"  # ready for a wave
    WAVED = "waved"  # bins allocated, on a pick list
    PICKING = "picking"
    PICKED = "picked"
    PACKED = "packed"
    SHIPPED = "shipped"
    CANCELLED = "cancelled"


S = OrderState

ORDER = Workflow(
    "order",
    OrderState,
    S.SHORT,
    {
        "promise": move(S.SHORT, S.PROMISED),
        "declare": move([S.SHORT, S.PROMISED], S.AWAITING_CUSTOMS),
        "release_customs": move(S.AWAITING_CUSTOMS, S.PROMISED),
        "lose_stock": move([S.PROMISED, S.AWAITING_CUSTOMS, S.WAVED], S.SHORT),
        "wave": move(S.PROMISED, S.WAVED),
        "start_picking": move(S.WAVED, S.PICKING),
        "finish_picking": move(S.PICKING, S.PICKED),
        "pack": move(S.PICKED, S.PACKED),
        "unpack": move(S.PACKED, S.PICKED),  # a parcel is opened again
        "ship": move(S.PACKED, S.SHIPPED),
        "destroy": move(S.PICKED, S.SHIPPED),  # an order of that kind: gone for good, before a witness
        "cancel": move([S.SHORT, S.AWAITING_CUSTOMS, S.PROMISED, S.WAVED, S.PICKING, S.PICKED, S.PACKED], S.CANCELLED),
        "take_off": move(S.SHIPPED, S.PACKED),  # a parcel of it is off the load, before the truck left
    },
)
# Where an order stays: what was handed over goes back only while its truck stands in the yard.
ENDED = frozenset({S.SHIPPED.value, S.CANCELLED.value})


class WaveState(StrEnum):
    RELEASED = "released"
    DONE = "done"


WAVE = Workflow(
    "wave",
    WaveState,
    WaveState.RELEASED,
    {
        "finish": move(WaveState.RELEASED, WaveState.DONE),
        "reopen": move(WaveState.DONE, WaveState.RELEASED),  # goods were lost, and found elsewhere
    },
)


class BatchState(StrEnum):
    OPEN = "open"
    PICKING = "picking"
    DONE = "done"


BATCH = Workflow(
    "batch",
    BatchState,
    BatchState.OPEN,
    {
        "take": move([BatchState.OPEN, BatchState.PICKING], BatchState.PICKING),
        "finish": move([BatchState.OPEN, BatchState.PICKING], BatchState.DONE),
        "reopen": move(BatchState.DONE, BatchState.OPEN),  # for a put wall: its goods are sorted by their walk
    },
)


class TaskState(StrEnum):
    OPEN = "open"
    SET_ASIDE = "set_aside"  # customs refused the order: on no walk, its claim stands
    HELD = "held"  # its order is stopped: on no walk until that is lifted
    DONE = "done"
    SHORT = "short"
    CANCELLED = "cancelled"


TASK = Workflow(
    "pick_task",
    TaskState,
    TaskState.OPEN,
    {
        "finish": move(TaskState.OPEN, TaskState.DONE),
        "report_short": move(TaskState.OPEN, TaskState.SHORT),
        "set_aside": move(TaskState.OPEN, TaskState.SET_ASIDE),
        "take_up": move(TaskState.SET_ASIDE, TaskState.OPEN),
        "cancel": move([TaskState.OPEN, TaskState.SET_ASIDE, TaskState.HELD], TaskState.CANCELLED),
        "hold": move(TaskState.OPEN, TaskState.HELD),
        "resume": move(TaskState.HELD, TaskState.OPEN),
    },
)


class HoldState(StrEnum):
    OPEN = "open"
    ENDED = "ended"


ORDER_HOLD = Workflow("order_hold", HoldState, HoldState.OPEN, {"end": move(HoldState.OPEN, HoldState.ENDED)})


class InterceptionState(StrEnum):
    REQUESTED = "requested"
    ACCEPTED = "accepted"  # the order is cancelled, its goods go back
    REFUSED = "refused"  # the order goes on where it stood
    WITHDRAWN = "withdrawn"  # who asked took it back; the order goes on


N = InterceptionState

INTERCEPTION = Workflow(
    "interception",
    InterceptionState,
    N.REQUESTED,
    {
        "accept": move(N.REQUESTED, N.ACCEPTED),
        "refuse": move(N.REQUESTED, N.REFUSED),
        "withdraw": move(N.REQUESTED, N.WITHDRAWN),
    },
)

WORKFLOWS = [ORDER, WAVE, BATCH, TASK, ORDER_HOLD, INTERCEPTION]
