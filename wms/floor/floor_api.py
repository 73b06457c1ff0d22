"""`/floor/v1`: start work, scan, scan many. Business refusals are 200 with `ok: false`, stored and replayed."""

from __future__ import annotations

import uuid
from typing import Any

import orjson
from flask import Blueprint, Response, request
from flask_babel import gettext as _
from marshmallow import Schema, ValidationError
from sqlalchemy import select
from sqlalchemy.exc import IntegrityError

from wms.core.permissions import Permission
from wms.core.refusals import RefusalKind, Refused, invalid, not_found
from wms.facility.models import Warehouse
from wms.floor import contract, hands, putaway_api
from wms.floor.beside import asked_for
from wms.floor.contract import Scan
from wms.floor.models import FloorTask
from wms.floor.scenarios import SCENARIOS
from wms.floor.schemas import ScanIn, ScansIn, TaskIn
from wms.floor.words import advice, left_alone, sentence
from wms.platform.access import actor, requires
from wms.platform.commands import Command, Done, Keeping, Outcome, execute, plan_once, settle
from wms.platform.database import session
from wms.platform.http import command_id, run_command
from wms.platform.problems import problem, refusal_problem
from wms.platform.schemas import field_errors
from wms.platform.statements import looking

blueprint = Blueprint("floor_api", __name__, url_prefix="/floor/v1")
BLUEPRINTS = [blueprint, putaway_api.blueprint]
_SCAN, _SCANS, _TASK = ScanIn(), ScansIn(), TaskIn()


def _body(schema: Schema) -> dict[str, Any]:
    """The loaded JSON body, or a refusal naming every wrong field."""
    data = request.get_json()
    try:
        loaded: dict[str, Any] = schema.load(data)
    except ValidationError as fault:
        raise Refused(
            "invalid_input", {}, kind=RefusalKind.INVALID, errors=field_errors(fault.normalized_messages())
        ) from fault
    return loaded


@blueprint.post("/tasks")
@requires(Permission.FLOOR_WORK)
def start() -> Response:
    """Begin a scenario, or resume one's own."""
    body = _body(_TASK)
    scenario = SCENARIOS.get(body["kind"])
    warehouse = session().scalar(select(Warehouse).where(Warehouse.code == body["warehouse"]))
    if scenario is None or warehouse is None:
        raise not_found("scenario" if scenario is None else "warehouse")
    outcome = run_command(
        "floor.start",
        body,
        lambda: contract.start_task(actor(), scenario, warehouse.id),
        lambda task: {"task_id": str(task.id)},
    )
    if isinstance(outcome, Refused):
        return refusal_problem(outcome)
    return _json({"next": _screen(uuid.UUID(outcome.answer["task_id"]))})


@blueprint.get("/tasks/<uuid:task_id>")
@requires(Permission.FLOOR_WORK)
def current(task_id: uuid.UUID) -> Response:
    """The step a task is at, and what its screen shows."""
    return _json({"next": _screen(task_id)})


@blueprint.post("/scans")
@requires(Permission.FLOOR_WORK)
def scan() -> Response:
    """One scan. `Idempotency-Key` is the scan's id."""
    body = _body(_SCAN)
    if command_id() != str(body["scan_id"]):
        raise invalid("/scan_id", "invalid")
    known: dict[uuid.UUID, FloorTask] = {}
    outcome = _execute(body, known)
    settle()  # the first answer to this scan may have been lost with the process that did not wait
    if isinstance(outcome, Refused) and outcome.code == "stale_step":
        return _stale(body["task_id"])
    if isinstance(outcome, Refused) and outcome.kind in (RefusalKind.INVALID, RefusalKind.NOT_FOUND):
        return refusal_problem(outcome)
    answer = _answer(outcome)
    answer["next"] = _screen(body["task_id"], known.get(body["task_id"]))
    response = _json(answer)
    if outcome.replayed:
        response.headers["Idempotent-Replay"] = "true"
    return response


@blueprint.post("/scans/batch")
@requires(Permission.FLOOR_WORK)
def scan_many() -> Response:
    """Many scans in one body, each a command and a transaction of its own, in order.

    Stops at the first refusal (later scans were made without knowing of it) unless `stop_at_refusal` is false. The
    answer is given when the last one, and so all before it, are on disk.
    """
    body = _body(_SCANS)
    results: list[dict[str, Any]] = []
    known: dict[uuid.UUID, FloorTask] = {}
    for item in body["scans"]:
        outcome = _execute(item, known, durable=item is body["scans"][-1])
        results.append({"scan_id": str(item["scan_id"]), **_answer(outcome)})
        if isinstance(outcome, Refused) and body["stop_at_refusal"]:
            break
    settle()
    task_id = body["scans"][len(results) - 1]["task_id"]
    return _json({"results": results, "next": _screen(task_id, known.get(task_id))})


def _execute(body: dict[str, Any], known: dict[uuid.UUID, FloorTask], durable: bool = True) -> Outcome:
    """One scan as a command. `known`: the tasks as the scans before left them, so that they are not read again; when
    one turns out to have been moved on by another device, the scan is taken once more with the task as it is.
    """
    for last_try in (False, True):
        try:
            return _attempt(body, known, durable)
        except IntegrityError as fault:
            if not contract.came_too_late(fault):
                raise
            known.clear()
            if last_try or body["step_token"] is not None:
                return Refused("stale_step", {}, kind=RefusalKind.STALE)
    raise AssertionError("unreachable")


def _attempt(body: dict[str, Any], known: dict[uuid.UUID, FloorTask], durable: bool) -> Outcome:
    given = Scan(**{name: body[name] for name in Scan.__dataclass_fields__})
    who = actor()
    command = Command(str(given.scan_id), who.scope, "floor.scan", body)
    task_id = body["task_id"]
    taken: list[contract.Step] = []

    def use_case() -> contract.Step:
        task = known[task_id] = known.get(task_id) or contract.load_task(who, task_id)
        if given.source == "typed" and not who.may(Permission.FLOOR_TYPE):
            raise Refused("command_not_here", {})
        return contract.apply_scan(who, SCENARIOS[task.kind], task, given, body["step_token"])

    def last(step: contract.Step, keeping: Keeping) -> None:
        contract.move_on(who, known[task_id], given, step, keeping)
        taken[:] = [step]

    outcome = execute(
        command, use_case, lambda step: contract.answer_of(step, known[task_id]), last=last, durable=durable, travels=True,
    )  # fmt: skip
    if taken and isinstance(outcome, Done) and not outcome.replayed:
        contract.advance(known[task_id], taken[0])
    elif taken or outcome.replayed:
        # Committed by an earlier try, undone by one, or done by another delivery: what the task is now has to be read.
        known.pop(task_id, None)
    return outcome


def _answer(outcome: Outcome) -> dict[str, Any]:
    """The contract's answer: what happened in the reader's words, and, in short, the step that follows."""
    if isinstance(outcome, Done):
        told = outcome.answer
        feedback = {"tone": told["tone"], "code": told["code"], "params": told["params"]}
        undo = {"label": _("Undo"), "command": "CMD-UNDO"} if told["can_undo"] else None
        short = {"state": told["step"], "step_token": told["step_token"], "task_id": told["task_id"]}
    else:
        feedback = {"tone": "error", "code": outcome.code, "params": outcome.params}
        feedback["detail"] = advice(outcome.code, outcome.params)
        feedback["ask"] = asked_for(outcome)
        undo, short = None, None
    feedback["title"] = sentence(feedback["code"], feedback["params"])
    answer: dict[str, Any] = {"ok": isinstance(outcome, Done), "feedback": {"detail": "", "actions": [], **feedback}}
    answer["undo"] = undo
    if short is not None:
        answer["next"] = short
    return answer


def _screen(task_id: uuid.UUID, known: FloorTask | None = None) -> dict[str, Any]:
    with looking():  # what a view reads is true for itself: no transaction is begun and rolled back for it
        plan_once()
        task = known or contract.load_task(actor(), task_id)
        data = SCENARIOS[task.kind].view(actor(), task)
        if hands.LEFT in task.data:
            data = {**data, "hint": left_alone()}
    return {
        "task_id": str(task.id), "kind": task.kind, "state": task.step, "step_token": task.step_token, "data": data
    }  # fmt: skip


def _stale(task_id: uuid.UUID) -> Response:
    """409 with the step the task is at now, so that the device can show it."""
    response = problem(409, "stale_step")
    body = orjson.loads(response.data)
    body["current"] = _screen(task_id)
    response.data = orjson.dumps(body, default=str)
    return response


def _json(body: dict[str, Any]) -> Response:
    return Response(orjson.dumps(body, default=str), mimetype="application/json")
