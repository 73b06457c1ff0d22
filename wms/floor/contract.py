"""The wire contract of one scan (reference: floor app, section 5): a scenario's step in, the next step out.

A scan is a command of its own under its client-made `scan_id`. The task row is not locked while the work is done;
its version is compared and set at the end of the transaction, so that of two answers to one step only one counts.
"""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from functools import cache
from typing import Any, Protocol

import orjson
from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm.attributes import set_committed_value

from wms.core import clock
from wms.core.actor import Actor
from wms.core.barcodes import ScannerFault, check_scanner
from wms.core.ids import new_id
from wms.core.refusals import RefusalKind, Refused, not_found
from wms.floor import hands
from wms.floor.models import FloorTask
from wms.platform.commands import Keeping
from wms.platform.database import session
from wms.platform.statements import Statement


@dataclass(frozen=True)
class Scan:
    """What a device sent, already checked."""

    scan_id: uuid.UUID
    raw: str
    source: str = "wedge"
    quantity: int | None = None
    weight_g: int | None = None
    batch: str | None = None
    expires_on: date | None = None
    made_on: date | None = None
    serial: str | None = None
    device_id: str | None = None
    device_seq: int | None = None


@dataclass(frozen=True)
class Step:
    """Where a scan led: the next step, what the person then holds, and what to tell them.

    `carried`: what was read for the next step, so that a scan of the same body and the screen need not read it again. Not
    kept: whoever changes anything reads it under lock. `put_down`: what was in hand stands in its new place, and a posting
    says so; otherwise what is no longer in hand is back where it was taken from (`hands`).
    """

    step: str
    data: dict[str, Any]
    tone: str = "ok"  # ok | next | done | warn
    code: str = "scan_ok"
    params: dict[str, Any] = field(default_factory=dict)
    can_undo: bool = False
    carried: Any = field(default=None, compare=False)
    put_down: bool = False


class Scenario(Protocol):
    """One kind of work on the floor."""

    kind: str

    def start(self, actor: Actor, warehouse_id: uuid.UUID) -> Step:
        """The first step for somebody who begins this work."""

    def scan(self, actor: Actor, task: FloorTask, scan: Scan) -> Step:
        """Apply one scan; refuses by raising, and then nothing has changed."""

    def view(self, actor: Actor, task: FloorTask) -> dict[str, Any]:
        """What the screen of the current step shows: codes, names, quantities; never personal data."""


def start_task(actor: Actor, scenario: Scenario, warehouse_id: uuid.UUID) -> FloorTask:
    """Begin a scenario, or resume the one this person is in."""
    if not actor.sees_warehouse(warehouse_id):
        raise not_found("warehouse")
    running = session().scalar(
        select(FloorTask).where(
            FloorTask.user_id == actor.id, FloorTask.kind == scenario.kind, FloorTask.closed_at.is_(None)
        )
    )
    if running is not None and running.warehouse_id == warehouse_id:
        return running
    if running is not None:
        hands.let_go(running.data, {}, put_down=False)
        running.closed_at = clock.now()
        session().flush()
    first = scenario.start(actor, warehouse_id)
    now = clock.now()
    task = FloorTask(
        id=new_id(), warehouse_id=warehouse_id, user_id=actor.id, kind=scenario.kind, step=first.step,
        data=first.data, version=1, created_at=now, updated_at=now,
    )  # fmt: skip
    session().add(task)
    session().flush()
    return task


_LOAD = Statement(
    "SELECT id, warehouse_id, user_id, kind, step, data, version FROM floor_task"
    " WHERE id = :task AND user_id = :user AND closed_at IS NULL"
)


def load_task(actor: Actor, task_id: uuid.UUID) -> FloorTask:
    """The person's own task; 404 for anybody else's."""
    row = _LOAD.first({"task": task_id, "user": actor.id})
    if row is None:
        raise not_found("task")
    return FloorTask(**row._asdict())  # not the session's: a scan compares and sets the row itself


def apply_scan(actor: Actor, scenario: Scenario, task: FloorTask, scan: Scan, step_token: str | None) -> Step:
    """Let the scenario take the scan; refuses `stale_step` when the person saw another step than the present one.

    `step_token` None means "whatever comes": only the batch form may leave it out. The task is moved on by `move_on`.
    """
    if step_token is not None and step_token != task.step_token:
        raise Refused("stale_step", {}, kind=RefusalKind.STALE)
    if scanner_is_well(scan.raw):
        return Step(task.step, task.data, code="scanner_well")
    following = scenario.scan(actor, task, scan)
    hands.let_go(task.data, following.data, put_down=following.put_down)
    if hands.LEFT in following.data:  # it was read
        following = replace(following, data=hand(following.data, **{hands.LEFT: None}))
    return following


def scanner_is_well(raw: str) -> bool:
    """Whether this is a perfect scan of the self-test card. The card scanned with a fault is refused, naming the fault
    (`scanner_caps_lock`, `scanner_input_method`, `scanner_keyboard_layout`); any other scan is not the card.
    """
    faults = check_scanner(raw)
    if faults:
        raise Refused(_SCANNER_FAULTS[faults[0]], {})
    return faults is not None


_SCANNER_FAULTS = {
    ScannerFault.CAPS_LOCK: "scanner_caps_lock",
    ScannerFault.INPUT_METHOD: "scanner_input_method",
    ScannerFault.KEYBOARD_LAYOUT: "scanner_keyboard_layout",
}


# The step, the record of its scan and its answer, in one statement and as the last one of the transaction. A task that was
# moved on meanwhile is not found, and a record without a task breaks the column's rule: the fault undoes all of a scan
# that came too late, without a question and its answer in between.
@cache
def _move_on(keeping: str | None) -> Statement:
    kept = "" if keeping is None else f"kept AS ({keeping}), "
    return Statement(
        f"WITH {kept}moved AS (UPDATE floor_task SET step = :step, data = CAST(:data AS jsonb), version = version + 1,"
        " updated_at = :received WHERE id = :task AND version = :version AND closed_at IS NULL RETURNING id)"
        " INSERT INTO scan_event (scan_id, warehouse_id, task_id, user_id, device_id, device_seq, step, source, received_at)"
        " VALUES (:scan, :warehouse, (SELECT id FROM moved), :user, :device, :sequence, :before, :source, :received)"
    )


def move_on(actor: Actor, task: FloorTask, scan: Scan, following: Step, keeping: Keeping | None = None) -> None:
    """Send the task to its next step, with what keeps the scan's answer where the scan is a command. The fault of a task
    that was moved on by somebody else: see `came_too_late`.
    """
    parameters = {
        **({} if keeping is None else keeping.parameters),
        "task": task.id, "version": task.version, "step": following.step,
        "data": orjson.dumps(following.data).decode(), "received": clock.now(), "scan": scan.scan_id,
        "warehouse": task.warehouse_id, "user": actor.id, "device": scan.device_id, "sequence": scan.device_seq,
        "before": task.step, "source": scan.source,
    }  # fmt: skip
    _move_on(keeping and keeping.sql).send(parameters)


def came_too_late(fault: IntegrityError) -> bool:
    """Whether a transaction failed because its task had been moved on."""
    diagnosis = getattr(fault.orig, "diag", None)
    return diagnosis is not None and (diagnosis.table_name, diagnosis.column_name) == ("scan_event", "task_id")


def advance(task: FloorTask, following: Step) -> None:
    """What the row says after `move_on`, without reading it again."""
    for name, value in (("step", following.step), ("data", following.data), ("version", task.version + 1)):
        set_committed_value(task, name, value)
    task.carry(following.carried)


def answer_of(step: Step, task: FloorTask) -> dict[str, Any]:
    """The stored answer of an accepted scan of the task as it was: codes and parameters, words are made at the edge."""
    return {
        "task_id": str(task.id),
        "step": step.step,
        "step_token": f"{task.id}.{task.version + 1}",
        "tone": step.tone,
        "code": step.code,
        "params": step.params,
        "can_undo": step.can_undo,
    }


def hand(data: Mapping[str, Any], **changes: Any) -> dict[str, Any]:
    """The data in hand with some entries changed; None drops an entry."""
    merged = {**data, **changes}
    return {key: value for key, value in merged.items() if value is not None}
