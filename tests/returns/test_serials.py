"""Numbered units come back as themselves: in the lot they left in, and never one for the other."""

from __future__ import annotations

import uuid

import pytest
from sqlalchemy import text

from tests.inbound.dock import product
from tests.outbound.stage import BIN1, BIN2, BIN3, Stage, in_days
from wms.catalog.models import Product
from wms.core.actor import SYSTEM
from wms.facility.models import LocationKind, Warehouse
from wms.facility.queries import system_location
from wms.inventory import service as inventory
from wms.inventory.rules import Reason
from wms.outbound.models import Order
from wms.outbound.service import packing, picking
from wms.platform.database import session
from wms.returns import service
from wms.returns.models import ReturnOrder
from wms.returns.service import Disposition

PHONE, TEST = "PHONE-R", inventory.Subject("test", None)


def stocked(stage: Stage, key: uuid.UUID, numbers: list[str], place: str = BIN1, batch: str | None = None) -> None:
    warehouse = session().get_one(Warehouse, stage.cast.overseas.id)
    found = session().get_one(Product, key)
    lot = stage.do(inventory.lot_of, found, batch, in_days(400) if batch else None)
    goods = inventory.goods(warehouse, found, system_location(warehouse.id, LocationKind.DOCK).id, lot_id=lot)
    stage.do(inventory.receive, SYSTEM, goods, len(numbers), TEST, serials=numbers)
    stage.do(inventory.relocate, SYSTEM, goods, stage.cast.overseas.locations[place], len(numbers), TEST,
             reason=Reason.PUTAWAY, serials=numbers)  # fmt: skip


def shipped(stage: Stage, key: uuid.UUID, *numbers: str, sku: str = PHONE, named: bool = True) -> Order:
    order = stage.order({sku: len(numbers)})
    stage.wave(order)
    stage.take()
    stage.tote(order)
    left = list(numbers)
    for task in stage.tasks(order):
        here = [number for number in left if not named or is_in(number, task.balance_id)][: task.quantity]
        left = [number for number in left if number not in here]
        stage.do(picking.pick, stage.cast.picker, task.id, task.quantity, None, here if named else ())
    for number in numbers:
        stage.do(packing.verify, stage.cast.picker, order.id, key, 1, serial=number)
    stage.do(packing.weigh, stage.cast.picker, order.id, packing.expected_weight(order.id).expected_g)
    tracking = str(stage.parcel(order).tracking_number)
    stage.do(packing.close_parcel, stage.cast.picker, order.id, tracking)
    stage.hand_over(tracking)
    return order


def is_in(number: str, balance_id: int) -> bool:
    query = text("SELECT 1 FROM serial WHERE number = :number AND balance_id = :row")
    return session().execute(query, {"number": number, "row": balance_id}).scalar() is not None


def announce(stage: Stage, order: Order, units: int, sku: str = PHONE) -> ReturnOrder:
    body = {"order": order.number, "reason": "other", "lines": [{"sku": sku, "quantity": units}]}
    return stage.do(service.announce, stage.cast.acme, body)


def places(key: uuid.UUID) -> dict[str, tuple[str, str | None, str | None, str | None]]:
    """Every number: state, bin, quality, batch."""
    session().expire_all()
    rows = session().execute(
        text("SELECT s.number, s.state, l.code, b.condition, lot.batch FROM serial s LEFT JOIN balance b"
             " ON b.id = s.balance_id LEFT JOIN location l ON l.id = b.location_id LEFT JOIN lot ON lot.id = b.lot_id"
             " WHERE s.product_id = :p"), {"p": key},
    )  # fmt: skip
    return {row.number: (row.state, row.code, row.condition, row.batch) for row in rows}


@pytest.fixture
def phone(stage: Stage) -> uuid.UUID:
    return product(stage.cast.acme_person, PHONE, serial_control="full")


def test_only_numbers_of_the_order_come_back_and_each_is_settled_for_itself(stage: Stage, phone: uuid.UUID) -> None:
    stocked(stage, phone, ["A", "B", "C", "D"])
    order, other = shipped(stage, phone, "A", "B"), shipped(stage, phone, "C")
    found = announce(stage, order, 2)
    desk, receiver = stage.cast.overseas, stage.cast.receiver
    for given, code in ((["A"], "serials_required"), (["A", "C"], "serial_other"), (["A", "D"], "serial_other"),
                        (["A", "NEW"], "serial_other"), ([], "serials_required")):  # fmt: skip
        assert stage.refused(service.receive, receiver, found.id, phone, 2, given).code == code
    stage.do(service.receive, receiver, found.id, phone, 2, ["A", "B"])
    at_desk = ("in_stock", "RETURNS", "inspect", None)
    assert (places(phone)["A"], places(phone)["B"]) == (at_desk, at_desk)
    restock = (service.inspect, receiver, found.id, phone, 1, Disposition.RESTOCK, desk.locations[BIN3])
    assert stage.refused(*restock).code == "serials_required"
    assert stage.refused(*restock, ["C"]).code == "serial_not_here"
    stage.do(*restock, ["B"])
    stage.do(service.inspect, receiver, found.id, phone, 1, Disposition.SCRAP)  # the last one there: no question
    assert places(phone) == {
        "A": ("void", None, None, None), "B": ("in_stock", BIN3, "good", None), "C": ("shipped", None, None, None),
        "D": ("in_stock", BIN1, "good", None),
    }  # fmt: skip
    again = announce(stage, other, 1)
    stage.do(service.receive, receiver, again.id, phone, 1, ["C"])
    stage.do(service.inspect, receiver, again.id, phone, 1, Disposition.DAMAGED, None, ["C"])
    assert places(phone)["C"] == ("in_stock", "RETURNS", "damaged", None)


def test_a_unit_comes_back_in_the_lot_it_left_in(stage: Stage) -> None:
    key = product(stage.cast.acme_person, PHONE, serial_control="full", lot_controlled=True, expiry_controlled=True)
    stocked(stage, key, ["E1"], BIN1, "EARLY")
    stocked(stage, key, ["L1"], BIN2, "LATE")
    order = shipped(stage, key, "E1", "L1")
    found = announce(stage, order, 1)
    stage.do(service.receive, stage.cast.receiver, found.id, key, 1, ["L1"])
    assert places(key)["L1"] == ("in_stock", "RETURNS", "inspect", "LATE")
    stage.do(service.inspect, stage.cast.receiver, found.id, key, 1, Disposition.SCRAP)


def test_a_number_captured_at_exit_may_leave_again_after_its_return(stage: Stage) -> None:
    key = product(stage.cast.acme_person, PHONE, serial_control="exit")
    stage.cast.ACME.products[PHONE] = key
    try:
        stage.stock(PHONE, 2)
    finally:
        del stage.cast.ACME.products[PHONE]
    order = shipped(stage, key, "X1", named=False)
    assert places(key) == {"X1": ("shipped", None, None, None)}
    found = announce(stage, order, 1)
    assert stage.refused(service.receive, stage.cast.receiver, found.id, key, 1, ["X2"]).code == "serial_other"
    stage.do(service.receive, stage.cast.receiver, found.id, key, 1, ["X1"])
    stage.do(service.inspect, stage.cast.receiver, found.id, key, 1, Disposition.RESTOCK,
             stage.cast.overseas.locations[BIN3])  # fmt: skip
    assert places(key)["X1"][0] == "void"
    shipped(stage, key, "X1", named=False)
    assert places(key)["X1"][0] == "shipped"
