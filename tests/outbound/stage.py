"""The floor of a test: stock put into bins, orders taken in and worked on, each step a transaction of its own."""

from __future__ import annotations

import itertools
import uuid
from collections.abc import Callable
from dataclasses import replace
from datetime import date, timedelta
from typing import Any, TypeVar

import pytest
from sqlalchemy import select, text

from tests.cast import Cast, WarehouseFacts
from wms.catalog.models import Product
from wms.core import clock
from wms.core.actor import SYSTEM
from wms.core.refusals import Refused
from wms.customs import service as customs
from wms.facility.models import HandlingUnit, LocationKind, Warehouse
from wms.facility.queries import system_location
from wms.inventory import service as inventory
from wms.inventory.models import Balance
from wms.inventory.rules import Reason, Stock
from wms.inventory.waiting import LET_GO_TOPIC
from wms.outbound.models import Demand, Order, PickBatch, PickTask
from wms.outbound.schemas import OrderIn
from wms.outbound.service import boxes, handover, intake, orders, packing, picking, putback, release, waves
from wms.platform import outbox
from wms.platform.database import session, transaction
from wms.shipping.models import Parcel

T = TypeVar("T")
MUG, RED, CABLE, SERUM, LAMP = "MUG-450-BLUE", "MUG-450-RED", "CABLE-USBC-1M", "SERUM-30ML", "LAMP-DESK-W"
BIN1, BIN2, BIN3 = "A-01-01-1", "A-01-02-1", "A-02-01-1"
ID_NUMBER = "11010519491231002X"
RECEIPT = inventory.Subject("test", None)
_numbers = itertools.count(1)


def in_days(number: int) -> date:
    """A date, counted from today in the overseas warehouse."""
    return clock.today("Europe/Berlin") + timedelta(days=number)


def body(lines: dict[str, int] | list[dict[str, Any]], **more: Any) -> dict[str, Any]:
    """An order as a seller's system sends it."""
    listed = [{"sku": sku, "quantity": units} for sku, units in lines.items()] if isinstance(lines, dict) else lines
    consignee = {"name": "Anna Schmidt", "phone": "+49 30 1234567", "country": "DE", "city": "Berlin",
                 "postcode": "10115", "address1": "Invalidenstraße 117"}  # fmt: skip
    consignee |= more.pop("consignee", {})
    return {"reference": f"SHOP-{next(_numbers)}", "warehouse": "DE1", "service": "HOUSE-STD", "lines": listed,
            "consignee": consignee, **more}  # fmt: skip


class Stage:
    """`cast` with hands. Every method commits, and raises `Refused` with nothing done."""

    def __init__(self, cast: Cast) -> None:
        self.cast = cast

    def do(self, use_case: Callable[..., T], *arguments: Any, **more: Any) -> T:
        with transaction():
            return use_case(*arguments, **more)

    def refused(self, use_case: Callable[..., Any], *arguments: Any, **more: Any) -> Refused:
        """The refusal of a use case, whose transaction is rolled back."""
        with pytest.raises(Refused) as raised:
            self.do(use_case, *arguments, **more)
        return raised.value

    # Stock

    def stock(
        self, sku: str, quantity: int, place: str = BIN1, *, house: WarehouseFacts | None = None,
        batch: str | None = None, expires_on: date | None = None, days_old: int = 0,
    ) -> Stock:  # fmt: skip
        """Receive, book where bonded, and put away into a bin."""
        house = house or self.cast.overseas
        former = clock.use(lambda: now) if (now := clock.now() - timedelta(days=days_old)) and days_old else None
        try:
            with transaction():
                warehouse = session().get_one(Warehouse, house.id)
                product = session().get_one(Product, self.cast.ACME.products[sku])
                lot = inventory.lot_of(product, batch, expires_on)
                dock = system_location(house.id, LocationKind.DOCK).id
                arrived = inventory.goods(warehouse, product, dock, lot_id=lot)
                inventory.receive(SYSTEM, arrived, quantity, RECEIPT)
            if arrived.book_item_id is not None:
                self._book(house, str(product.customs_item_number), quantity)
            place_id = house.locations[place]
            self.do(inventory.relocate, SYSTEM, arrived, place_id, quantity, RECEIPT, reason=Reason.PUTAWAY)
        finally:
            if former is not None:
                clock.use(former)
        return replace(arrived, location_id=place_id)

    def _book(self, house: WarehouseFacts, item: str, quantity: int) -> None:
        document = f"RECEIPT-{next(_numbers)}"
        self.do(customs.record_book_receipt, self.cast.customs_clerk, house.id, item, document, quantity)

    def free(self, sku: str, house: WarehouseFacts | None = None) -> tuple[int, int]:
        """(sellable, promised) of ACME's product."""
        row = session().execute(
            text("SELECT coalesce(sum(sellable), 0), coalesce(sum(promised), 0) FROM summary WHERE warehouse_id = :w"
                 " AND product_id = :p AND customs_status IN ('none', 'bonded')"),
            {"w": (house or self.cast.overseas).id, "p": self.cast.ACME.products[sku]},
        ).one()  # fmt: skip
        return int(row[0]), int(row[1])

    def amounts(self, stock: Stock) -> tuple[int, int]:
        """(on hand, allocated) of a row."""
        row = inventory.find_balance(stock)
        return (0, 0) if row is None else (row.on_hand, row.allocated)

    # Orders

    def order(self, lines: dict[str, int] | list[dict[str, Any]], **more: Any) -> Order:
        made = self.do(intake.create_order, self.cast.acme, OrderIn().load(body(lines, **more)))
        return session().get_one(Order, made.id)

    def bonded_order(self, lines: dict[str, int], **more: Any) -> Order:
        consignee = {"country": "CN", "city": "杭州", "id_number": ID_NUMBER}
        return self.order(lines, warehouse="NGB1", consignee=consignee, **more)

    def release(self, order: Order, document: str = "CEB-1") -> Order:
        return self.do(release.record_release, self.cast.customs_clerk, order.id, document)

    def cancel(self, order: Order) -> Order:
        return self.do(orders.cancel_order, self.cast.acme, order.id, None, "buyer_cancelled")

    def state(self, order: Order) -> str:
        session().expire_all()
        return session().get_one(Order, order.id).state

    def demands(self, order: Order) -> list[Demand]:
        session().expire_all()
        return list(session().scalars(select(Demand).where(Demand.order_id == order.id).order_by(Demand.id)))

    def jobs(self, *topics: str) -> list[str]:
        """Perform what waits, in order, until nothing of `topics` is left; by default outbound's own, and who waits for what
        was let go.
        """
        done: list[str] = []
        while True:
            rows = session().execute(
                text("SELECT id, topic FROM outbox_job WHERE state = 'new' ORDER BY sequence")
            ).all()  # fmt: skip
            session().rollback()
            mine = [
                row
                for row in rows
                if (row.topic in topics if topics else row.topic.startswith(("outbound.", LET_GO_TOPIC)))
            ]
            if not mine:
                return done
            for row in mine:
                assert outbox.perform(row.id), row.topic
                done.append(row.topic)

    # Work

    def wave(self, *chosen: Order, house: WarehouseFacts | None = None) -> Any:
        """Release a wave and prepare its waybills."""
        only = [order.id for order in chosen] or None
        wave = self.do(waves.release_wave, self.cast.supervisor, (house or self.cast.overseas).id, order_ids=only)
        self.jobs("outbound.prepare_waybills")
        return wave

    def tasks(self, order: Order) -> list[PickTask]:
        session().expire_all()
        statement = select(PickTask).where(PickTask.order_id == order.id)
        return list(session().scalars(statement.order_by(PickTask.walk_order, PickTask.id)))

    def totes(self, house: WarehouseFacts | None = None) -> list[uuid.UUID]:
        """The warehouse's free totes."""
        statement = select(HandlingUnit.id).where(
            HandlingUnit.warehouse_id == (house or self.cast.overseas).id, HandlingUnit.kind == "tote",
            HandlingUnit.subject_id.is_(None),
        )  # fmt: skip
        return list(session().scalars(statement.order_by(HandlingUnit.code)))

    def tote(self, order: Order, house: WarehouseFacts | None = None) -> uuid.UUID:
        """Bind the order to a free tote."""
        tote = self.totes(house)[0]
        self.do(picking.assign_tote, self.cast.picker, order.id, tote)
        return tote

    def take(self, house: WarehouseFacts | None = None) -> PickBatch:
        batch = self.do(picking.take_batch, self.cast.picker, (house or self.cast.overseas).id)
        assert batch is not None
        return batch

    def pick_all(self, order: Order, house: WarehouseFacts | None = None) -> None:
        """Walk the order's open stops with one tote."""
        self.take(house)
        if session().get_one(Order, order.id, populate_existing=True).tote_id is None:
            self.tote(order, house)
        for task in self.tasks(order):
            if task.state == "open":
                self.do(picking.pick, self.cast.picker, task.id, task.quantity - task.picked)

    def verify_all(self, order: Order) -> None:
        for line in packing.pack_lines(order.id):
            while line.left:
                units = 1 if line.quantity <= 12 else line.left
                self.do(packing.verify, self.cast.picker, order.id, line.product_id, units)
                line = next(each for each in packing.pack_lines(order.id) if each.product_id == line.product_id)

    def parcel(self, order: Order) -> Parcel:
        session().expire_all()
        return packing.parcel_of(order.id)

    def pack(self, order: Order) -> str:
        """Verify, weigh, label, close; returns the tracking number."""
        self.verify_all(order)
        return self._close(order)

    def hand_over(self, number: str, house: WarehouseFacts | None = None) -> handover.HandedOver:
        return self.do(handover.hand_over, self.cast.picker, (house or self.cast.overseas).id, number)

    def packed(self, lines: dict[str, int]) -> tuple[Order, str]:
        """A new order, packed; and its tracking number."""
        order = self.order(lines)
        self.wave(order)
        self.pick_all(order)
        return order, self.pack(order)

    def packed_in_two(self, lines: dict[str, int]) -> tuple[Order, tuple[str, str]]:
        """A new order in two parcels, one unit of the first product in the first; and their tracking numbers."""
        order = self.order(lines)
        self.wave(order)
        self.pick_all(order)
        first = packing.pack_lines(order.id)[0]
        self.do(packing.verify, self.cast.picker, order.id, first.product_id, 1)
        self.do(boxes.begin_next, self.cast.picker, order.id)
        return order, (self._close(order), self.pack(order))

    def _close(self, order: Order) -> str:
        self.do(packing.weigh, self.cast.picker, order.id, packing.expected_weight(order.id).expected_g)
        number = str(self.parcel(order).tracking_number)
        self.do(packing.close_parcel, self.cast.picker, order.id, number)
        return number

    def shipped(self, lines: dict[str, int]) -> Order:
        order, number = self.packed(lines)
        self.hand_over(number)
        return order

    def put_back_all(self, order: Order, place: str = BIN3, house: WarehouseFacts | None = None) -> int:
        """Bring everything of a cancelled order to a bin; returns how many units."""
        house = house or self.cast.overseas
        rows = session().execute(
            select(Balance.handling_unit_id, Balance.product_id, Balance.on_hand)
            .join(HandlingUnit, HandlingUnit.id == Balance.handling_unit_id)
            .where(HandlingUnit.subject_kind == putback.PUT_BACK, HandlingUnit.subject_id == order.id,
                   Balance.on_hand > 0)
        ).all()  # fmt: skip
        for unit, product, units in rows:
            self.do(putback.put_back, self.cast.picker, unit, product, units, house.locations[place])
        return sum(row.on_hand for row in rows)

    def parcel_unit(self, order: Order) -> uuid.UUID:
        """The order's first parcel as a thing that holds stock."""
        session().expire_all()
        query = text(
            "SELECT p.handling_unit_id FROM parcel p JOIN shipment s ON s.id = p.shipment_id WHERE s.subject_id = :order"
            " AND p.state <> 'voided' ORDER BY p.n LIMIT 1"
        )
        return session().execute(query, {"order": order.id}).scalar_one()
