"""People of the opening day doing their work, each step a use case and a transaction of its own, as on any other day."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import date, datetime
from typing import Any, TypeVar

from sqlalchemy import select

from wms.catalog.models import Product
from wms.core import clock
from wms.core.actor import Actor
from wms.customs import service as customs
from wms.demo.client import DemoError
from wms.facility.models import HandlingUnit, Location, LocationKind, Warehouse
from wms.identity.models import User
from wms.identity.queries import actor_of_user
from wms.inbound import service as inbound
from wms.inbound.models import Booking, Carton
from wms.inbound.rules import BookingDraft, CartonDraft, LineDraft
from wms.inbound.service import CountDraft
from wms.inventory.models import Balance
from wms.inventory.service import Subject
from wms.outbound.models import Demand, Order, PickTask
from wms.outbound.schemas import OrderIn
from wms.outbound.service import handover, intake, packing, picking, waves, whole
from wms.platform import outbox
from wms.platform.database import session, transaction
from wms.shipping import service as shipping
from wms.shipping.models import Manifest

T = TypeVar("T")
Lines = Mapping[str, int]  # SKU → units
UNIT_SCANS_UP_TO = 12  # the warehouse's verification profile: more of a line are keyed in


def do(step: Callable[..., T], *arguments: Any, **named: Any) -> T:
    with transaction():
        return step(*arguments, **named)


@contextmanager
def at(moment: datetime) -> Iterator[None]:
    """The block happens at that moment."""
    former = clock.use(lambda: moment)
    try:
        yield
    finally:
        clock.use(former)


def run_jobs(*features: str) -> None:
    """Perform what waits of these features, and what follows from it."""
    while mine := [each for each in outbox.due_jobs(age_seconds=-60) if each[1].split(".")[0] in features]:
        for job_id, _topic in mine:
            outbox.perform(job_id)


class Hands:
    """The cast at work in one warehouse, for one seller."""

    def __init__(self, seller_login: str, warehouse: str) -> None:
        self.owner = person(seller_login)
        self.receiver, self.picker = person("receiver@demo"), person("picker@demo")
        self.supervisor, self.clerk = person("supervisor@demo"), person("clerk@demo")
        self.house = session().scalars(select(Warehouse).where(Warehouse.code == warehouse)).one()
        rows = session().scalars(select(Product).where(Product.owner_id.in_(self.owner.seller_ids or ())))
        self.goods = {row.sku: row for row in rows}

    # Inbound

    def book(self, reference: str, cartons: Sequence[Lines], *, submitted: bool = True, **more: Any) -> Booking:
        drafts = [
            CartonDraft(number, [LineDraft(sku, units) for sku, units in lines.items()])
            for number, lines in enumerate(cartons, 1)
        ]
        draft = BookingDraft(self.house.code, drafts, reference, **more)
        return do(inbound.create_booking, self.owner, draft, submitted=submitted)

    def cartons(self, booking: Booking) -> Sequence[Carton]:
        return session().scalars(select(Carton).where(Carton.booking_id == booking.id).order_by(Carton.number)).all()

    def count(self, carton: Carton, counts: Sequence[CountDraft]) -> None:
        do(inbound.count_many, self.receiver, carton.id, counts)
        do(inbound.close_carton, self.receiver, carton.id)

    def stow(self, carton: Carton, counts: Sequence[CountDraft]) -> None:
        """Each count to the bin that the house suggests."""
        for counted in counts:
            condition = counted.condition
            place = do(inbound.suggest_place, self.receiver, carton.id, counted.product_id, counted.quantity,
                       condition=condition)  # fmt: skip
            if place is None:
                raise DemoError(f"no bin has room for {counted.quantity} of {counted.product_id}")
            do(inbound.put_away, self.receiver, carton.id, counted.product_id, counted.quantity, place.location_id,
               condition=condition)  # fmt: skip

    def stow_closed(self, carton: Carton) -> None:
        """The carton as it is to the bin that the house suggests."""
        holder = Subject("demo", carton.id)
        place = do(inbound.suggest_unopened, self.receiver, carton.id, holder)
        if place is None:
            raise DemoError(f"no bin has room for {carton.barcode}")
        do(inbound.put_away_unopened, self.receiver, carton.id, place.location_id, holder=holder)

    def arrived(self, reference: str, cartons: Sequence[Lines]) -> Sequence[Carton]:
        """Booked and at the dock."""
        booking = self.book(reference, cartons, transport="express")
        do(inbound.arrive_booking, self.receiver, booking.id)
        return self.cartons(booking)

    def unaccounted(self, sku: str) -> Balance:
        """What waits for customs of a product."""
        return session().get_one(Balance, self._first(sku, LocationKind.UNACCOUNTED)[0])

    def bin_of(self, sku: str) -> str:
        """The code of a bin in which the product stands."""
        return self._first(sku, LocationKind.STORAGE)[1]

    def _first(self, sku: str, kind: LocationKind) -> tuple[int, str]:
        """The first row of a product in a place of this kind, and the code of the place."""
        rows = select(Balance.id, Location.code).join(Location, Location.id == Balance.location_id)
        mine = rows.where(
            Balance.warehouse_id == self.house.id, Balance.product_id == self.goods[sku].id, Balance.is_there
        )
        row = session().execute(mine.where(Location.kind == kind.value).order_by(Balance.id).limit(1)).one()
        return row.id, row.code

    def as_announced(self, lines: Lines, best_before: date) -> list[CountDraft]:
        drafts = []
        for sku, units in lines.items():
            product = self.goods[sku]
            lot = {"batch": f"L{best_before:%y%m}", "expires_on": best_before} if product.lot_controlled else {}
            drafts.append(CountDraft(product.id, units, **lot))  # type: ignore[arg-type]
        return drafts

    def receive(self, reference: str, cartons: Sequence[Lines], best_before: date, **more: Any) -> Booking:
        """Booked, arrived, counted as announced and put away."""
        booking = self.book(reference, cartons, **more)
        do(inbound.arrive_booking, self.receiver, booking.id)
        for carton, lines in zip(self.cartons(booking), cartons, strict=True):
            counts = self.as_announced(lines, best_before)
            self.count(carton, counts)
            self.stow(carton, counts)
        return booking

    def enter_in_book(self, document: str, lines: Lines) -> None:
        for sku, units in lines.items():
            number = str(self.goods[sku].customs_item_number)
            do(customs.record_book_receipt, self.clerk, self.house.id, number, document, units)

    # Outbound

    def order(
        self, reference: str, lines: Lines, consignee: Mapping[str, Any], *, container: str | None = None, **more: Any
    ) -> uuid.UUID:
        """`container`: the number of the closed carton that its lines are all of."""
        body = {
            "reference": reference, "warehouse": self.house.code, "service": "HOUSE-STD", "consignee": dict(consignee),
            "lines": [{"sku": sku, "quantity": units, "unit_value_minor": self.goods[sku].declared_value_minor,
                       "currency": self.goods[sku].declared_currency, "container": container}
                      for sku, units in lines.items()],
        } | more  # fmt: skip
        return do(intake.create_order, self.owner, OrderIn().load(body)).id

    def wave(self, orders: Sequence[uuid.UUID]) -> None:
        do(waves.release_wave, self.supervisor, self.house.id, order_ids=orders)
        run_jobs("outbound")

    def take_walk(self) -> None:
        if do(picking.take_batch, self.picker, self.house.id) is None:
            raise DemoError(f"no walk waits in {self.house.code}")

    def stops(self, order_id: uuid.UUID) -> Sequence[PickTask]:
        query = select(PickTask).where(PickTask.order_id == order_id, PickTask.state == "open")
        return session().scalars(query.order_by(PickTask.walk_order, PickTask.id)).all()

    def pick(self, order_id: uuid.UUID, *, stops: int | None = None) -> None:
        """Into a free tote; only so many stops of it where the walk still goes on."""
        free = select(HandlingUnit.id).where(
            HandlingUnit.warehouse_id == self.house.id, HandlingUnit.kind == "tote", HandlingUnit.subject_id.is_(None)
        )
        tote = session().scalars(free.order_by(HandlingUnit.code).limit(1)).one()
        do(picking.assign_tote, self.picker, order_id, tote)
        for stop in self.stops(order_id)[:stops]:
            do(picking.pick, self.picker, stop.id, stop.quantity)

    def pack(self, order_id: uuid.UUID) -> str:
        """Checked, weighed, labelled, closed; the tracking number."""
        tote = session().get_one(Order, order_id, populate_existing=True).tote_id
        if tote is None:
            raise DemoError(f"order {order_id} is in no tote")
        do(packing.start_packing, self.picker, tote)
        for demand in session().scalars(select(Demand).where(Demand.order_id == order_id)).all():
            singly = demand.quantity <= UNIT_SCANS_UP_TO
            for _ in range(demand.quantity if singly else 1):
                units = 1 if singly else demand.quantity
                do(packing.verify, self.picker, order_id, demand.product_id, units)
        do(packing.weigh, self.picker, order_id, packing.expected_weight(order_id).expected_g)
        number = str(packing.parcel_of(order_id).tracking_number)
        do(packing.close_parcel, self.picker, order_id, number)
        return number

    def ship(self, orders: Sequence[uuid.UUID], *, leave: bool = True) -> None:
        """A wave of these orders, picked, packed and, unless they are to stand at the gate, handed over."""
        self.wave(orders)
        self.take_walk()
        for order_id in orders:
            self.pick(order_id)
        for order_id in orders:
            number = self.pack(order_id)
            if leave:
                do(handover.hand_over, self.picker, self.house.id, number)

    def ship_whole(self, order_id: uuid.UUID, carton: Carton) -> None:
        """An order of one closed carton: a wave, one scan, the load."""
        self.wave([order_id])
        unit = session().get_one(Carton, carton.id, populate_existing=True).handling_unit_id
        if unit is None:
            raise DemoError(f"{carton.barcode} is not here")
        taken = do(whole.take_whole, self.picker, unit)
        do(handover.hand_over, self.picker, self.house.id, str(taken.tracking_number))

    def truck_leaves(self) -> None:
        """The driver signs for what is on the load."""
        open_ = select(Manifest.id).where(Manifest.warehouse_id == self.house.id, Manifest.state == "open")
        for manifest_id in session().scalars(open_).all():
            do(shipping.close_manifest, self.supervisor, manifest_id)


def person(login: str) -> Actor:
    return actor_of_user(session().scalars(select(User.id).where(User.login == login)).one())
