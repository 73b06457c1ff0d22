"""Ways in which orders of single kinds are worked on: fetched at the counter, taken whole, sent to another warehouse."""

from __future__ import annotations

from tests.abuse.ways import Ask, Scene, form, scan, way
from tests.outbound.stage import MUG
from tests.outbound.test_pick_up import at_counter
from tests.outbound.test_whole import b2b, container, label
from tests.transfers.conftest import build
from wms.outbound.models import PickTask
from wms.shipping.models import Parcel


@way(("order", "ship"), ("parcel", "hand_over"), ("shipment", "hand_over"), states="packed")
def parcel_fetched_at_the_counter(scene: Scene, _state: str) -> Ask:
    order, number = at_counter(scene)
    shipment, parcel, _ = scene.waybill(order)
    return Ask(
        {("order", "ship"): order.id, ("parcel", "hand_over"): parcel.id, ("shipment", "hand_over"): shipment.id},
        scan(scene.tablet("pickup", order.number, "CMD-OK"), number),
    )


@way(("pick_task", "finish"), ("order", "pack"), ("parcel", "close"), states="open")
def carton_taken_whole(scene: Scene, _state: str) -> Ask:
    unit = container(scene, "CTN-1", {MUG: 6})
    order = b2b(scene, {MUG: 6})
    scene.wave(order)
    stop = scene.mine(PickTask, PickTask.order_id == order.id)
    parcel = scene.mine(Parcel, Parcel.owner_id == order.owner_id)
    return Ask(
        {("pick_task", "finish"): stop.id, ("order", "pack"): order.id, ("parcel", "close"): parcel.id},
        scan(scene.tablet("whole"), label(unit)),
    )


@way(("order", "promise"), states="short")
def transfer_made_on_its_page(scene: Scene, _state: str) -> Ask:
    scene.do(build)
    scene.stock(MUG, 10)
    fields = {"warehouse": "DE1", "to_warehouse": "DE2", "service": "HOUSE-STD", "reference": "MOVE-NEW",
              "lines.0.sku": MUG, "lines.0.quantity": "2", "action": "create"}  # fmt: skip
    return Ask({("order", "promise"): None}, form(scene.person("acme_person"), "/portal/transfers/new", **fields))
