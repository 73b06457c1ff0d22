"""The ways (see `ways.py`) of a file of orders: its good orders made, and the whole dropped."""

from __future__ import annotations

import base64
import uuid

from tests.abuse.ways import Ask, Scene, api, way
from tests.outbound.stage import MUG
from wms.exchange import service
from wms.platform.tables import write_table

HEADING = ("reference", "sku", "quantity", "recipient", "country", "city", "postcode", "address1")
ORDER = ("FILE-1", MUG, "1", "Anna Schmidt", "DE", "Berlin", "10115", "Invalidenstraße 117")


def file_of_orders(scene: Scene, state: str) -> uuid.UUID:
    """One good order in a file that got that far."""
    scene.stock(MUG, 10)
    content = base64.b64encode(write_table(HEADING, [ORDER])).decode()
    body = {"name": "orders.csv", "content": content, "warehouse": "DE1", "service": "HOUSE-STD"}
    made = uuid.UUID(scene.api.post("/api/v1/order-imports", body).json["id"])
    if state != "checking":
        scene.jobs(service.CHECK_TOPIC)
    if state == "creating":
        scene.do(service.create, scene.cast.acme, made)
    return made


def _asked(scene: Scene, state: str, action: str) -> Ask:
    key = file_of_orders(scene, state)
    return Ask({("order_import", action): key}, api(scene, f"/api/v1/order-imports/{key}/{action}", {}))


@way(("order_import", "create"), states="checked")
def good_orders_of_a_file_made(scene: Scene, state: str) -> Ask:
    return _asked(scene, state, "create")


@way(("order_import", "drop"), states="checked checking creating")
def file_of_orders_dropped(scene: Scene, state: str) -> Ask:
    return _asked(scene, state, "drop")
