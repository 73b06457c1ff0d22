"""The ways (see `ways.py`) of what is worked on behind the orders: pick faces filled, conversions, added services, and what
remote carriers are asked.
"""

from __future__ import annotations

import io
from datetime import timedelta
from typing import Any

from sqlalchemy import select, update

from tests.abuse.ways import Ask, Scene, form, scan, way
from tests.cast import Caller
from tests.floor.worker import CODES, Tablet
from tests.outbound.stage import BIN1, BIN2, BIN3, MUG, RED
from wms.added_services import catalogue, working
from wms.added_services import service as added
from wms.added_services.catalogue import ServiceDraft
from wms.added_services.models import ServiceRequest
from wms.added_services.service import Asked
from wms.added_services.working import Report
from wms.core import clock
from wms.facility.models import Location
from wms.inventory.converting import asking
from wms.inventory.converting import service as converting
from wms.inventory.converting.asking import Wanted
from wms.inventory.converting.models import Conversion
from wms.inventory.converting.rules import RecipeKind
from wms.inventory.converting.service import Made
from wms.inventory.relocating import service as relocating
from wms.inventory.relocating.models import MoveTask
from wms.inventory.replenishment import faces, planning
from wms.inventory.replenishment import service as replenishment
from wms.inventory.replenishment.models import ReplenishTask
from wms.outbound.models import Order
from wms.platform.database import session
from wms.shipping import service as shipping
from wms.shipping.carriers import FILE, FILE_CAPABILITIES
from wms.shipping.models import CarrierTask, Parcel, Shipment

# --- moves that were asked for


def to_move(scene: Scene, state: str = "open") -> MoveTask:
    """Six mugs that are to go to another bin; `moving` in the picker's hands."""
    house = scene.cast.overseas
    scene.stock(MUG, 6)
    places = (house.locations[BIN1], house.locations[BIN3])
    wanted = relocating.Wanted(1, scene.cast.ACME.products[MUG], *places, None, 7.5)
    scene.do(relocating.ask_for, scene.cast.supervisor, house.id, [wanted])
    if state == "moving":
        scene.do(relocating.take_next, scene.cast.picker, house.id)
    session().expire_all()
    return session().scalars(select(MoveTask)).one()


@way(("move_task", "take"), states="open moving")
def move_taken(scene: Scene, state: str) -> Ask:
    return Ask({("move_task", "take"): to_move(scene, state).id}, scan(scene.tablet("move"), "CMD-OK"))


@way(("move_task", "finish"), states="moving")
def move_made(scene: Scene, _state: str) -> Ask:
    task, labels = to_move(scene), scene.cast.overseas.labels
    tablet = scene.tablet("move", "CMD-OK", labels[BIN1], CODES[MUG])
    return Ask({("move_task", "finish"): task.id}, scan(tablet, labels[BIN3]))


def _just_made(scene: Scene) -> Tablet:
    labels = scene.cast.overseas.labels
    tablet = scene.tablet("move", "CMD-OK", labels[BIN1], CODES[MUG])
    assert tablet.scan(labels[BIN3])["code"] == "move_made"
    return tablet


@way(("move_task", "undo"), states="done")
def move_taken_back(scene: Scene, _state: str) -> Ask:
    task = to_move(scene)
    return Ask({("move_task", "undo"): task.id}, scan(_just_made(scene), "CMD-UNDO"))


@way(("move_task", "withdraw"), states="done")
def move_taken_back_when_asked_for_anew(scene: Scene, _state: str) -> Ask:
    """What an order has claimed stayed in the bin, and is asked to be moved, too."""
    house, task = scene.cast.overseas, to_move(scene)
    scene.wave(scene.order({MUG: 2}))
    tablet = _just_made(scene)
    places = (house.locations[BIN1], house.locations[BIN2])
    wanted = relocating.Wanted(1, scene.cast.ACME.products[MUG], *places, None, 7.5)
    scene.do(relocating.ask_for, scene.cast.supervisor, house.id, [wanted])
    return Ask({("move_task", "withdraw"): task.id}, scan(tablet, "CMD-UNDO"))


@way(("move_task", "put_back"), states="moving")
def move_left_for_later(scene: Scene, _state: str) -> Ask:
    task = to_move(scene)
    return Ask({("move_task", "put_back"): task.id}, scan(scene.tablet("move", "CMD-OK"), "CMD-SKIP"))


@way(("move_task", "cancel"), states="open moving")
def move_dropped(scene: Scene, state: str) -> Ask:
    task = to_move(scene, state)
    send = form(scene.person("supervisor"), f"/office/slotting/{task.warehouse_id}/moves/{task.id}/cancel")
    return Ask({("move_task", "cancel"): task.id}, send)


# --- pick faces


def to_fill(scene: Scene) -> ReplenishTask:
    """Thirty mugs in reserve, and a pick face that wants twenty."""
    house = scene.cast.overseas
    scene.stock(MUG, 30)
    face = house.locations[BIN2]
    scene.do(lambda: session().execute(update(Location).where(Location.id == face).values(kind="pick_face")))
    scene.do(faces.set_face, scene.cast.supervisor, face, scene.cast.ACME.products[MUG], 5, 20)
    scene.do(planning.plan, house.id)
    session().expire_all()
    return session().scalars(select(ReplenishTask)).one()


def at_the_reserve(scene: Scene) -> Tablet:
    return scene.tablet("replenish", "CMD-OK", scene.cast.overseas.labels[BIN1])


def _in_hand(scene: Scene, units: int) -> Tablet:
    tablet = at_the_reserve(scene)
    assert tablet.scan(CODES[MUG], quantity=units)["code"] == "face_in_hand"
    return tablet


@way(("replenishment", "take"), states="open walking")
def face_walk_taken(scene: Scene, state: str) -> Ask:
    task = to_fill(scene)
    if state == "walking":  # by somebody who went home
        scene.do(replenishment.take_next, scene.cast.receiver, scene.cast.overseas.id)
        lapsed = clock.now() - timedelta(minutes=1)
        scene.do(lambda: session().execute(update(ReplenishTask).values(lease_until=lapsed)))
    return Ask({("replenishment", "take"): task.id}, scan(scene.tablet("replenish"), "CMD-OK"))


@way(("replenishment", "bring"), states="walking")
def face_filled_in_part(scene: Scene, _state: str) -> Ask:
    task = to_fill(scene)
    tablet = _in_hand(scene, 5)
    return Ask({("replenishment", "bring"): task.id}, scan(tablet, scene.cast.overseas.labels[BIN2]))


@way(("replenishment", "finish"), states="walking")
def face_filled(scene: Scene, _state: str) -> Ask:
    task = to_fill(scene)
    tablet = _in_hand(scene, 20)
    return Ask({("replenishment", "finish"): task.id}, scan(tablet, scene.cast.overseas.labels[BIN2]))


@way(("replenishment", "put_back"), states="walking")
def face_walk_left(scene: Scene, _state: str) -> Ask:
    task = to_fill(scene)
    return Ask({("replenishment", "put_back"): task.id}, scan(scene.tablet("replenish", "CMD-OK"), "CMD-SKIP"))


@way(("replenishment", "report_short"), states="walking")
def reserve_short(scene: Scene, _state: str) -> Ask:
    task = to_fill(scene)
    tablet = at_the_reserve(scene)
    assert tablet.scan("CMD-SHORT")["code"] == "short_reserve_confirm"
    return Ask({("replenishment", "report_short"): task.id}, scan(tablet, "CMD-SHORT"))


@way(("replenishment", "undo"), states="done walking")
def face_emptied_again(scene: Scene, state: str) -> Ask:
    task = to_fill(scene)
    tablet = _in_hand(scene, 20 if state == "done" else 5)
    assert tablet.scan(scene.cast.overseas.labels[BIN2])["code"] == "face_filled"
    return Ask({("replenishment", "undo"): task.id}, scan(tablet, "CMD-UNDO"))


@way(("replenishment", "cancel"), states="open walking")
def face_walk_called_off(scene: Scene, state: str) -> Ask:
    task = to_fill(scene)
    if state == "walking":
        at_the_reserve(scene)
    send = form(scene.person("supervisor"), f"/office/replenishment/{task.warehouse_id}/tasks/{task.id}/cancel")
    return Ask({("replenishment", "cancel"): task.id}, send)


# --- conversions


def conversion(scene: Scene, state: str, done: int = 0) -> Conversion:
    """Four blue mugs that are to become red ones."""
    scene.stock(MUG, 10)
    boss, house = scene.cast.supervisor, scene.cast.overseas
    wanted = Wanted(RecipeKind.RELABEL, MUG, 4, to_sku=RED)
    made = scene.do(asking.ask, boss, house.id, scene.cast.ACME.id, wanted)
    if state == "done":
        done = 4
    if done:
        scene.do(converting.convert, boss, made.id, Made(done))
    if state == "short":
        scene.do(converting.give_back, boss, made.id)
    return made


def offer(scene: Scene) -> Conversion:
    scene.stock(MUG, 10)
    wanted = Wanted(RecipeKind.OWNER, MUG, 4, to_seller="RIVAL")
    return scene.do(asking.ask, scene.cast.acme, scene.cast.overseas.id, scene.cast.ACME.id, wanted)


def _desk(scene: Scene, action: str, key: Any, step: str, **fields: Any) -> Ask:
    send = form(scene.person("supervisor"), f"/office/conversions/{key}/{step}", **fields)
    return Ask({("conversion", action): key}, send)


@way(("conversion", "convert"), states="open")
def part_converted(scene: Scene, state: str) -> Ask:
    return _desk(scene, "convert", conversion(scene, state).id, "convert", quantity="1")


@way(("conversion", "finish"), states="open")
def all_converted(scene: Scene, state: str) -> Ask:
    return _desk(scene, "finish", conversion(scene, state).id, "convert", quantity="4")


@way(("conversion", "give_back"), states="open")
def converted_goods_given_back(scene: Scene, state: str) -> Ask:
    return _desk(scene, "give_back", conversion(scene, state).id, "give_back")


@way(("conversion", "promise"), states="short")
def other_goods_kept(scene: Scene, state: str) -> Ask:
    return _desk(scene, "promise", conversion(scene, state).id, "promise")


@way(("conversion", "cancel"), states="offered open short")
def conversion_given_up(scene: Scene, state: str) -> Ask:
    found = offer(scene) if state == "offered" else conversion(scene, state)
    return _desk(scene, "cancel", found.id, "cancel")


@way(("conversion", "stop"), states="open short")
def begun_conversion_given_up(scene: Scene, state: str) -> Ask:
    return _desk(scene, "stop", conversion(scene, state, done=1).id, "cancel")


@way(("conversion", "undo"), states="done")
def conversion_taken_back(scene: Scene, state: str) -> Ask:
    return _desk(scene, "undo", conversion(scene, state).id, "undo")


@way(("conversion", "agree"), states="offered")
def offer_agreed_to(scene: Scene, _state: str) -> Ask:
    found = offer(scene)
    send = form(scene.person("rival_person"), f"/portal/offers/{found.id}/agree", sku=MUG)
    return Ask({("conversion", "agree"): found.id}, send)


@way(("conversion", "decline"), states="offered")
def offer_declined(scene: Scene, _state: str) -> Ask:
    found = offer(scene)
    send = form(scene.person("rival_person"), f"/portal/offers/{found.id}/decline")
    return Ask({("conversion", "decline"): found.id}, send)


@way(("conversion", "cancel"), states="offered")
def offer_withdrawn(scene: Scene, _state: str) -> Ask:
    found = offer(scene)
    send = form(scene.person("acme_person"), f"/portal/offers/{found.id}/withdraw")
    return Ask({("conversion", "cancel"): found.id}, send)


# --- added services


def service_request(scene: Scene, state: str, done: int = 0) -> ServiceRequest:
    """Two mugs to be looked at, that got that far; `done`: one of them before it was left."""
    scene.stock(MUG, 10)
    boss, hand = scene.cast.supervisor, scene.cast.picker
    scene.do(catalogue.define_service, boss, ServiceDraft("LOOK", "Look at it", "查看", "photo"))
    asked = Asked("LOOK", 2, MUG)
    found = scene.do(added.ask, scene.cast.acme, scene.cast.overseas.id, scene.cast.ACME.id, asked)
    if state != "requested":
        scene.do(added.accept, boss, found.id)
    if done:
        scene.do(working.take, hand, found.id)
        scene.do(working.report, hand, found.id, Report(done))
        scene.do(working.put_back, hand, found.id)
    return found


def _decided(scene: Scene, key: Any, action: str, step: str, **fields: Any) -> Ask:
    send = form(scene.person("supervisor"), f"/office/services/requests/{key}/{step}", **fields)
    return Ask({("service_request", action): key}, send)


def _withdrawn(scene: Scene, found: ServiceRequest, action: str) -> Ask:
    session().expire_all()
    version = session().get_one(ServiceRequest, found.id).version
    send = form(scene.person("acme_person"), f"/portal/services/{found.id}/cancel", version=str(version))
    return Ask({("service_request", action): found.id}, send)


@way(("service_request", "accept"), states="requested")
def service_accepted(scene: Scene, state: str) -> Ask:
    return _decided(scene, service_request(scene, state).id, "accept", "accept")


@way(("service_request", "reject"), states="requested")
def service_rejected(scene: Scene, state: str) -> Ask:
    return _decided(scene, service_request(scene, state).id, "reject", "reject", answer="no room")


@way(("service_request", "cancel"), states="requested accepted")
def service_withdrawn(scene: Scene, state: str) -> Ask:
    return _withdrawn(scene, service_request(scene, state), "cancel")


@way(("service_request", "stop"), states="accepted")
def begun_service_withdrawn(scene: Scene, state: str) -> Ask:
    return _withdrawn(scene, service_request(scene, state, done=1), "stop")


@way(("service_request", "take"), states="accepted")
def service_taken_on(scene: Scene, state: str) -> Ask:
    found = service_request(scene, state)
    return Ask({("service_request", "take"): found.id}, scan(scene.tablet("service"), "CMD-OK"))


@way(("service_request", "report"), states="working")
def service_reported(scene: Scene, _state: str) -> Ask:
    found = service_request(scene, "accepted")
    return Ask({("service_request", "report"): found.id}, scan(scene.tablet("service", "CMD-OK"), CODES[MUG]))


@way(("service_request", "finish"), states="working")
def service_finished(scene: Scene, _state: str) -> Ask:
    found = service_request(scene, "accepted")
    tablet = scene.tablet("service", "CMD-OK", CODES[MUG], CODES[MUG])
    return Ask({("service_request", "finish"): found.id}, scan(tablet, "CMD-OK"))


@way(("service_request", "put_back"), states="working")
def service_left(scene: Scene, _state: str) -> Ask:
    found = service_request(scene, "accepted")
    return Ask({("service_request", "put_back"): found.id}, scan(scene.tablet("service", "CMD-OK"), "CMD-BACK"))


@way(("service_request", "put_back"), states="working")
def service_given_to_others(scene: Scene, _state: str) -> Ask:
    found = service_request(scene, "accepted")
    scene.tablet("service", "CMD-OK")
    return _decided(scene, found.id, "put_back", "put_back")


# --- what carriers are asked


def carrier_task(scene: Scene, state: str) -> tuple[CarrierTask, Order]:
    """A number that the post is to give for an order in work."""
    boss = scene.cast.admin
    carrier = scene.do(shipping.create_carrier, boss, "POST", "Post", kind=FILE, capabilities=FILE_CAPABILITIES)
    scene.do(shipping.add_service, boss, carrier.id, "POST-STD", "Post")
    scene.stock(MUG, 10)
    order = scene.order({MUG: 2}, service="POST-STD")
    scene.wave(order)
    scene.jobs()
    task = scene.mine(CarrierTask, CarrierTask.action == "create")
    # What the carrier answered is not this file's: the row says so.
    attempts = 0 if state == "waiting" else 1
    scene.do(
        lambda: session().execute(update(CarrierTask).values(state=state, attempts=attempts, updated_at=clock.now()))
    )
    session().expire_all()
    return task, order


@way(("carrier_task", "again"), states="refused failed")
def carrier_asked_again(scene: Scene, state: str) -> Ask:
    task, _ = carrier_task(scene, state)
    send = form(scene.person("supervisor"), f"/office/carriers/tasks/{task.id}")
    return Ask({("carrier_task", "again"): task.id}, send)


@way(("carrier_task", "bring"), ("shipment", "number"), ("shipment", "label"), states="waiting")
def number_brought_by_file(scene: Scene, state: str) -> Ask:
    task, _ = carrier_task(scene, state)
    parcel = session().get_one(Parcel, task.parcel_id)
    shipment_id, carrier_id = parcel.shipment_id, session().get_one(Shipment, parcel.shipment_id).carrier_id
    boss, table = scene.person("supervisor"), f"reference,tracking_number\n{parcel.client_reference},POST123456789\n"

    def send(command_id: str) -> Any:
        file = (io.BytesIO(table.encode()), "numbers.csv")
        data = {"command_id": command_id, "warehouse": "DE1", "file": file}
        return boss.post(f"/office/carriers/{carrier_id}/numbers", data=data)

    return Ask(
        {
            ("carrier_task", "bring"): task.id, ("shipment", "number"): shipment_id, ("shipment", "label"): shipment_id
        }, send,
    )  # fmt: skip


def _order_given_up(person: Caller, order: Order) -> Any:
    return form(person, f"/portal/orders/{order.id}/cancel", reason="buyer_cancelled", version=order.version)


@way(("carrier_task", "drop"), states="waiting asking refused failed")
def order_of_a_remote_carrier_cancelled(scene: Scene, state: str) -> Ask:
    task, order = carrier_task(scene, state)
    session().refresh(order)
    return Ask({("carrier_task", "drop"): task.id}, _order_given_up(scene.person("acme_person"), order))
