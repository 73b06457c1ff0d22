"""Added services at a bench: take the next work, do it, scan what is done, show it by photo or weight, finish.

What is scanned is what has come about: the new label of relabelled goods, the kit that was made, else the item or the
container itself. A bin says where what was made goes from now on. New labels for an order's units are put on when the
order is picked: its tote, scanned in the place of OK, takes that work. OK finishes, BACK leaves it to others; a photo, and why
less was done than asked for, have a page of their own (`wms.floor.serving`).
"""

from __future__ import annotations

import uuid
from typing import Any

from wms.added_services import queries, working
from wms.added_services.models import Effect, ProofKind
from wms.added_services.working import Report
from wms.core.actor import Actor
from wms.core.refusals import Refused
from wms.facility.models import Location
from wms.floor import service_work
from wms.floor.beside import read_beside
from wms.floor.contract import Scan, Step, hand
from wms.floor.models import FloorTask
from wms.floor.queries import goods
from wms.floor.resolver import Found, Kind, Scope, resolve
from wms.platform.database import session
from wms.platform.statements import Statement

TAKE, DO, WEIGH = "take_work", "do_work", "weigh"
EXPECTED = {TAKE: (Kind.TOTE,), DO: (Kind.PRODUCT, Kind.UNIT, Kind.TOTE, Kind.CARTON, Kind.LOCATION), WEIGH: ()}
CONTAINERS = frozenset({Kind.UNIT, Kind.TOTE, Kind.CARTON})

_CARTON_UNIT = Statement("SELECT handling_unit_id FROM carton WHERE id = :carton")


class Service:
    kind = "service"

    def start(self, actor: Actor, warehouse_id: uuid.UUID) -> Step:
        return Step(TAKE, {})

    def scan(self, actor: Actor, task: FloorTask, scan: Scan) -> Step:
        """Steps: take_work (OK) → do_work, one scan for what is done each time → (OK) → weigh, where it is asked for →
        take_work.
        """
        found = resolve(scan.raw, self._scope(task), list(EXPECTED[task.step]))
        if found.kind is Kind.COMMAND:
            return self._command(actor, task, found, scan)
        if found.kind is Kind.LOCATION:
            return self._place(task, found)
        if task.step == TAKE:
            assert found.id is not None
            return self._take(actor, task, service_work.work_of_tote(found.id), "no_service_here")
        if found.kind in CONTAINERS:
            return self._container(actor, task, found, scan)
        return self._product(actor, task, found, scan)

    def _scope(self, task: FloorTask) -> Scope:
        owner = task.data.get("owner_id")
        return Scope(task.warehouse_id, uuid.UUID(owner) if owner else None)

    def _command(self, actor: Actor, task: FloorTask, found: Found, scan: Scan) -> Step:
        if task.step == TAKE:
            if found.command != "OK":
                raise Refused("command_not_here", {})
            return self._take(actor, task, service_work.next_work(task.warehouse_id, actor.id), "no_service_work")
        request_id = uuid.UUID(task.data["request_id"])
        if found.command == "BACK" and task.step == WEIGH:
            return Step(DO, task.data, "warn", "step_back")
        if found.command == "BACK":
            working.put_back(actor, request_id)
            return Step(TAKE, {}, "warn", "service_left")
        if found.command != "OK":
            raise Refused("command_not_here", {})
        if task.step == WEIGH:
            if scan.weight_g is None:
                raise Refused("scale_first", {})
            working.add_weight(actor, request_id, scan.weight_g)
        elif self._wants_weight(actor, request_id):
            return Step(WEIGH, task.data, "next", "service_weigh")
        working.finish(actor, request_id)
        return Step(TAKE, {}, "done", "service_finished")

    def _wants_weight(self, actor: Actor, request_id: uuid.UUID) -> bool:
        row = queries.request_row(actor, request_id)
        there = {proof.kind for proof in queries.proofs_of(request_id)}
        return row.done > 0 and ProofKind.WEIGHT in row.proofs and ProofKind.WEIGHT not in there

    def _take(self, actor: Actor, task: FloorTask, request_id: uuid.UUID | None, without: str) -> Step:
        if request_id is None:
            raise Refused(without, {})
        taken = working.take(actor, request_id)
        data = {"request_id": str(taken.id), "owner_id": str(taken.owner_id)}
        return Step(DO, data, "next", "service_taken_on", {"number": taken.number})

    def _place(self, task: FloorTask, found: Found) -> Step:
        """What is made from now on stands there."""
        return Step(DO, hand(task.data, location_id=str(found.id)), "ok", "service_place", {"location": found.code})

    def _container(self, actor: Actor, task: FloorTask, found: Found, scan: Scan) -> Step:
        row = queries.request_row(actor, uuid.UUID(task.data["request_id"]))
        unit_id = _CARTON_UNIT.scalar({"carton": found.id}) if found.kind is Kind.CARTON else found.id
        if row.product_id is not None or unit_id is None or unit_id != row.handling_unit_id:
            raise Refused("wrong_item", {"wanted": row.sku or row.container or "–"})
        return self._report(actor, task, row, Report(scan.quantity or 1))

    def _product(self, actor: Actor, task: FloorTask, found: Found, scan: Scan) -> Step:
        row = queries.request_row(actor, uuid.UUID(task.data["request_id"]))
        wanted = row.to_product_id if row.effect in {Effect.RELABEL, Effect.GRADE} else row.product_id
        if found.id != wanted and (wanted is not None or row.handling_unit_id is not None):
            raise Refused("wrong_item", {"wanted": row.to_sku or row.sku or row.container})
        place = task.data.get("location_id")
        found = read_beside(found, scan)
        made = Report(
            scan.quantity or (len(found.numbers) or found.pack), uuid.UUID(place) if place else None,
            _lots(found), *_numbers(row, found),
        )  # fmt: skip
        return self._report(actor, task, row, made)

    def _report(self, actor: Actor, task: FloorTask, row: Any, made: Report) -> Step:
        if made.quantity > row.quantity - row.done:
            raise Refused("quantity_too_large", {"left": row.quantity - row.done})
        found = working.report(actor, uuid.UUID(task.data["request_id"]), made)
        params = {"done": found.done, "quantity": found.quantity}
        return Step(DO, task.data, "next" if found.done == found.quantity else "ok", "service_counted", params)

    def view(self, actor: Actor, task: FloorTask) -> dict[str, Any]:
        request_id = task.data.get("request_id") or service_work.next_work(task.warehouse_id, actor.id)
        if request_id is None:
            return {}
        row = queries.request_row(actor, uuid.UUID(str(request_id)))
        place = task.data.get("location_id")
        proofs = [proof.kind for proof in queries.proofs_of(row.id)]
        return {
            "request_id": str(row.id), "number": row.number, "work": {"name_en": row.service_en, "name_zh": row.service_zh},
            "unit": row.unit, "effect": row.effect, "quantity": row.quantity, "done": row.done, "note": row.note,
            "container": row.container, **goods(row.product_id),
            "made": goods(row.to_product_id) if row.to_product_id else None,
            "photos": proofs.count(ProofKind.PHOTO), "wants_photo": ProofKind.PHOTO in row.proofs,
            "places": [{"code": each.code, "sku": each.sku, "quantity": each.quantity} for each in service_work.places_of(row)],
            "target": session().get_one(Location, uuid.UUID(place)).code if place else None,
        }  # fmt: skip


def _lots(found: Found) -> dict[uuid.UUID, tuple[str | None, Any]]:
    """The batch and expiry read on what was made."""
    if found.id is None or (found.batch is None and found.expires_on is None):
        return {}
    return {found.id: (found.batch, found.expires_on)}


def _numbers(row: Any, found: Found) -> tuple[dict[uuid.UUID, list[str]], dict[uuid.UUID, list[str]]]:
    """A scanned number: of what goes where one to one goods keep theirs, or a kit is taken apart; else of what comes."""
    if not found.numbers or found.id is None:
        return {}, {}
    if row.effect in {Effect.RELABEL, Effect.GRADE}:
        return {row.product_id: found.numbers}, {found.id: found.numbers}
    if row.effect == Effect.UNKIT:
        return {found.id: found.numbers}, {}
    return {}, {found.id: found.numbers}
