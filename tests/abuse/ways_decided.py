"""The ways (see `ways.py`) of what people find and decide: counts, adjustments, differences, inspections, what nobody
announced, docks, cartons, loads, and prints that go elsewhere.
"""

from __future__ import annotations

import uuid
from datetime import timedelta

from sqlalchemy import select, update

from tests.abuse.ways import Ask, Scene, a_print, api, form, scan, way
from tests.floor.worker import CODES, Tablet
from tests.outbound.stage import BIN1, MUG
from wms.core import clock
from wms.inbound import service as inbound
from wms.inbound.models import Carton, Difference, DockAppointment, Inspection
from wms.inbound.rules import PlanDraft
from wms.inventory.adjusting import service as adjusting
from wms.inventory.adjusting.service import AdjustmentReason, Change
from wms.inventory.counting import planning
from wms.inventory.counting import service as counting
from wms.inventory.counting.models import CountTask
from wms.inventory.counting.rules import Rule
from wms.inventory.models import Balance
from wms.outbound.models import Order
from wms.outbound.service import release
from wms.platform.database import session
from wms.printing import service as printing
from wms.printing.service import PrinterDraft
from wms.shipping.models import Manifest

# --- counts


def count_task(scene: Scene, **rule: int) -> CountTask:
    """A bin of ten mugs that is to be counted."""
    scene.stock(MUG, 10)
    house = scene.cast.overseas
    scene.do(planning.set_rule, scene.cast.supervisor, house.id, Rule(**{"approve_above_minor": 10**9, **rule}))
    scene.do(planning.plan_bins, scene.cast.supervisor, house.id, [house.locations[BIN1]])
    found: CountTask = session().scalars(select(CountTask)).one()
    return found


def at_count(scene: Scene, counted: int) -> Tablet:
    """The picker's tablet in the bin, with so many mugs counted."""
    tablet = scene.tablet("count", scene.cast.overseas.labels[BIN1])
    if counted:
        tablet.scan(CODES[MUG], quantity=counted)
    return tablet


def reviewed(scene: Scene) -> CountTask:
    """Counted by the picker as one less, which is worth more than may be posted without a word."""
    task = count_task(scene, tolerance_units=5, approve_above_minor=0)
    at_count(scene, 9).scan("CMD-OK")
    return task


@way(("count", "take"), states="open counting")
def bin_taken_to_count(scene: Scene, state: str) -> Ask:
    task = count_task(scene)
    if state == "counting":  # by somebody who went home
        house = scene.cast.overseas
        scene.do(counting.take, scene.cast.receiver, house.id, house.locations[BIN1])
        lapsed = clock.now() - timedelta(minutes=1)
        scene.do(lambda: session().execute(update(CountTask).values(lease_until=lapsed)))
    return Ask({("count", "take"): task.id}, scan(scene.tablet("count"), scene.cast.overseas.labels[BIN1]))


@way(("count", "finish"), states="counting")
def bin_counted_right(scene: Scene, _state: str) -> Ask:
    task = count_task(scene)
    return Ask({("count", "finish"): task.id}, scan(at_count(scene, 10), "CMD-OK"))


@way(("count", "submit"), states="counting")
def bin_counted_beyond_the_limit(scene: Scene, _state: str) -> Ask:
    task = count_task(scene, tolerance_units=5, approve_above_minor=0)
    return Ask({("count", "submit"): task.id}, scan(at_count(scene, 9), "CMD-OK"))


@way(("count", "recount"), states="counting")
def bin_counted_otherwise(scene: Scene, _state: str) -> Ask:
    task = count_task(scene)
    return Ask({("count", "recount"): task.id}, scan(at_count(scene, 4), "CMD-OK"))


@way(("count", "put_back"), states="counting")
def count_left(scene: Scene, _state: str) -> Ask:
    task = count_task(scene)
    return Ask({("count", "put_back"): task.id}, scan(at_count(scene, 4), "CMD-BACK"))


def _count_decision(scene: Scene, task: CountTask, action: str) -> Ask:
    return Ask({("count", action): task.id}, form(scene.person("admin"), f"/office/counts/bins/{task.id}/{action}"))


@way(("count", "approve"), states="review")
def count_approved(scene: Scene, _state: str) -> Ask:
    return _count_decision(scene, reviewed(scene), "approve")


@way(("count", "recount"), states="review")
def count_ordered_again(scene: Scene, _state: str) -> Ask:
    return _count_decision(scene, reviewed(scene), "recount")


@way(("count", "cancel"), states="open counting review")
def count_given_up(scene: Scene, state: str) -> Ask:
    if state == "review":
        return _count_decision(scene, reviewed(scene), "cancel")
    task = count_task(scene)
    if state == "counting":
        at_count(scene, 4)
    return _count_decision(scene, task, "cancel")


# --- adjustments


def adjustment(scene: Scene, state: str) -> uuid.UUID:
    """Two mugs lost, by the supervisor: waiting for another's word, or posted."""
    scene.stock(MUG, 10)
    limit = Rule(approve_above_minor=0 if state == "requested" else 10**9)
    scene.do(planning.set_rule, scene.cast.supervisor, scene.cast.overseas.id, limit)
    row = session().scalars(select(Balance.id).where(Balance.on_hand == 10)).one()
    made = scene.do(adjusting.request, scene.cast.supervisor, row, Change(-2), AdjustmentReason.LOST)
    return made.id


def _adjustment_decision(scene: Scene, state: str, action: str, path: str) -> Ask:
    key = adjustment(scene, state)
    return Ask({("adjustment", action): key}, form(scene.person("admin"), f"/office/adjustments/{key}/{path}"))


@way(("adjustment", "post"), states="requested")
def adjustment_approved(scene: Scene, state: str) -> Ask:
    return _adjustment_decision(scene, state, "post", "approve")


@way(("adjustment", "reject"), states="requested")
def adjustment_rejected(scene: Scene, state: str) -> Ask:
    return _adjustment_decision(scene, state, "reject", "reject")


@way(("adjustment", "reverse"), states="posted")
def adjustment_reversed(scene: Scene, state: str) -> Ask:
    return _adjustment_decision(scene, state, "reverse", "reverse")


# --- differences, inspections, cartons


def short_carton(scene: Scene) -> Carton:
    """Two of three mugs were in it: one is missing."""
    carton = scene.carton(others=1)
    scene.tablet("receive", carton.barcode, CODES[MUG], CODES[MUG], "CMD-OK")
    session().expire_all()
    return carton


def difference(scene: Scene, state: str) -> uuid.UUID:
    carton = short_carton(scene)
    found: Difference = scene.mine(Difference, Difference.carton_id == carton.id)
    if state == "decided":
        scene.do(inbound.decide, scene.cast.acme_person, found.id, "recount")
    return found.id


@way(("difference", "announce"), states="noted")
def carton_closed_short(scene: Scene, _state: str) -> Ask:
    carton = scene.carton(others=1)
    tablet = scene.tablet("receive", carton.barcode, CODES[MUG], CODES[MUG])
    return Ask({("difference", "announce"): None, ("carton", "close"): carton.id}, scan(tablet, "CMD-OK"))


@way(("difference", "accept"), states="open decided")
def difference_accepted(scene: Scene, state: str) -> Ask:
    key = difference(scene, state)
    send = form(scene.person("acme_person"), f"/portal/differences/{key}", decision="accept")
    return Ask({("difference", "accept"): key}, send)


@way(("difference", "decide"), states="open decided")
def difference_decided(scene: Scene, state: str) -> Ask:
    key = difference(scene, state)
    send = form(scene.person("acme_person"), f"/portal/differences/{key}", decision="recount", remark="look again")
    return Ask({("difference", "decide"): key}, send)


@way(("difference", "carry_out"), states="decided")
def difference_carried_out(scene: Scene, state: str) -> Ask:
    """The book stays: it was counted again in the bin."""
    key = difference(scene, state)
    return Ask(
        {("difference", "carry_out"): key},
        form(scene.person("supervisor"), f"/office/inbound/differences/{key}", stock="no"),
    )


@way(("carton", "recount"), states="arrived counting")
def carton_counted_blind_and_short(scene: Scene, state: str) -> Ask:
    """Nothing yet, or two of three mugs: it is to be counted once more before that is believed."""
    carton = scene.carton(others=1)
    scene.do(inbound.choose_counting, scene.cast.supervisor, carton.booking_id, "blind")
    counted = (CODES[MUG], CODES[MUG]) if state == "counting" else ()
    tablet = scene.tablet("receive", carton.barcode, *counted)
    return Ask({("carton", "recount"): carton.id}, scan(tablet, "CMD-OK"))


def _carton_step(scene: Scene, carton: Carton, step: str) -> Ask:
    action = {"missing": "lose", "reopen": "reopen"}[step]
    send = form(scene.person("supervisor"), f"/office/arrivals/bookings/{carton.booking_id}/cartons/{carton.id}/{step}")
    return Ask({("carton", action): carton.id}, send)


@way(("carton", "lose"), states="declared")
def carton_given_up(scene: Scene, _state: str) -> Ask:
    return _carton_step(scene, scene.carton(others=1), "missing")


@way(("carton", "reopen"), states="counted")
def carton_opened_again(scene: Scene, _state: str) -> Ask:
    return _carton_step(scene, short_carton(scene), "reopen")


@way(("carton", "reopen"), states="counted")
def carton_opened_again_by_its_difference(scene: Scene, _state: str) -> Ask:
    key = difference(scene, "decided")
    carton = session().get_one(Difference, key).carton_id
    send = form(scene.person("supervisor"), f"/office/inbound/differences/{key}", stock="yes")
    return Ask({("carton", "reopen"): carton}, send)


def inspection(scene: Scene) -> tuple[Carton, Inspection]:
    """A carton of which one mug was drawn to be looked into."""
    scene.do(inbound.make_plan, scene.cast.supervisor, scene.cast.overseas.id, PlanDraft(1, None, 1), seller="ACME")
    carton = scene.carton(others=1)
    scene.tablet("receive", carton.barcode, "CMD-FULL", "CMD-OK")
    return carton, scene.mine(Inspection, Inspection.carton_id == carton.id)


def _inspected(scene: Scene, action: str, failed: int) -> Ask:
    _, found = inspection(scene)
    send = form(scene.person("supervisor"), f"/office/inspections/{found.id}", failed=str(failed))
    return Ask({("inspection", action): found.id}, send)


@way(("inspection", "pass"), states="open")
def inspection_passed(scene: Scene, _state: str) -> Ask:
    return _inspected(scene, "pass", 0)


@way(("inspection", "fail"), states="open")
def inspection_failed(scene: Scene, _state: str) -> Ask:
    return _inspected(scene, "fail", 1)


@way(("inspection", "drop"), ("carton", "reopen"), states="open")
def inspection_dropped_with_its_count(scene: Scene, _state: str) -> Ask:
    carton, found = inspection(scene)
    ask = _carton_step(scene, carton, "reopen")
    return Ask({("inspection", "drop"): found.id, **ask.documents}, ask.send)


# --- docks, and what nobody announced


@way(("appointment", "cancel"), states="booked")
def appointment_cancelled(scene: Scene, _state: str) -> Ask:
    made = appointment(scene, scene.carton())
    send = form(scene.person("acme_person"), f"/portal/bookings/{made.booking_id}/appointment/cancel")
    return Ask({("appointment", "cancel"): made.id}, send)


@way(("appointment", "keep"), states="booked")
def lorry_came(scene: Scene, _state: str) -> Ask:
    carton = scene.carton(others=1)
    made = appointment(scene, carton)
    return Ask({("appointment", "keep"): made.id}, scan(scene.tablet("receive"), carton.barcode))


def appointment(scene: Scene, carton: Carton) -> DockAppointment:
    start = clock.now().replace(minute=0, second=0, microsecond=0) + timedelta(hours=2)
    return scene.do(inbound.make_appointment, scene.cast.acme_person, carton.booking_id, start, 60)


def arrival(scene: Scene, state: str) -> uuid.UUID:
    found = scene.do(inbound.register_arrival, scene.cast.receiver, scene.cast.overseas.id, "LABEL-OF-NOBODY").id
    if state == "claimed":
        scene.do(inbound.claim_arrival, scene.cast.acme_person, found, "LABEL-OF-NOBODY")
    return found


@way(("unknown_arrival", "claim"), states="waiting")
def arrival_claimed(scene: Scene, state: str) -> Ask:
    key = arrival(scene, state)
    send = form(scene.person("acme_person"), f"/portal/arrivals/{key}", code="LABEL-OF-NOBODY")
    return Ask({("unknown_arrival", "claim"): key}, send)


def _arrival_settled(scene: Scene, state: str, action: str, outcome: str) -> Ask:
    key = arrival(scene, state)
    send = form(scene.person("supervisor"), f"/office/arrivals/{key}", outcome=outcome)
    return Ask({("unknown_arrival", action): key}, send)


@way(("unknown_arrival", "refuse_claim"), states="claimed")
def claim_refused(scene: Scene, state: str) -> Ask:
    return _arrival_settled(scene, state, "refuse_claim", "refuse_claim")


@way(("unknown_arrival", "settle"), states="waiting claimed")
def arrival_sent_back(scene: Scene, state: str) -> Ask:
    return _arrival_settled(scene, state, "settle", "sent_back")


# --- orders that customs refuses, loads, prints


def refused_walk(scene: Scene) -> Order:
    """A bonded order that waits for its picker before customs has spoken."""
    scene.stock(MUG, 10, house=scene.cast.bonded)
    order = scene.bonded_order({MUG: 2})
    scene.wave(house=scene.cast.bonded)
    return order


@way(("pick_task", "set_aside"), ("batch", "finish"), states="open")
def walked_order_refused_by_customs(scene: Scene, _state: str) -> Ask:
    order = refused_walk(scene)
    (task,) = scene.tasks(order)
    send = form(
        scene.person("customs_clerk"), f"/office/customs/{order.id}/refuse", document="CEB-9", reason="names differ"
    )
    return Ask({("pick_task", "set_aside"): task.id, ("batch", "finish"): task.batch_id}, send)


@way(("pick_task", "cancel"), states="open set_aside")
def walked_order_cancelled(scene: Scene, state: str) -> Ask:
    order = refused_walk(scene)
    if state == "set_aside":
        scene.do(release.record_refusal, scene.cast.customs_clerk, order.id, "CEB-9", "names differ")
    (task,) = scene.tasks(order)
    send = api(scene, f"/api/v1/orders/{order.id}/cancel", {}, Order, order.id)
    return Ask({("pick_task", "cancel"): task.id}, send)


@way(("manifest", "close"), states="open")
def load_closed(scene: Scene, _state: str) -> Ask:
    scene.order_at("shipped")
    manifest = scene.mine(Manifest, Manifest.state == "open")
    send = form(scene.person("supervisor"), f"/office/manifests/{manifest.id}/close")
    return Ask({("manifest", "close"): manifest.id}, send)


@way(("print_job", "redirect"), states="queued")
def print_sent_elsewhere(scene: Scene, _state: str) -> Ask:
    _, job = a_print(scene, armed=False)
    agent = scene.do(printing.add_agent, scene.cast.supervisor, scene.cast.overseas.id, "bench PC").id
    printer = scene.do(printing.save_printer, scene.cast.supervisor, PrinterDraft(agent, "printer", "file", "out")).id
    send = form(scene.person("supervisor"), f"/office/prints/{job.id}/redirect", printer=str(printer))
    return Ask({("print_job", "redirect"): job.id}, send)
