"""A little life for page tests: ACME's goods booked, counted, put away; orders in several states; one of them shipped.

Everything through the services, in a committed transaction, in a database that a test has for itself.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from typing import Any, NamedTuple

from flask import Flask
from flask.sessions import SecureCookieSessionInterface
from sqlalchemy import select, text
from werkzeug.test import TestResponse

from tests.cast import Cast
from tests.engines import Databases, create_app, dispose
from wms.inbound import service as inbound
from wms.inbound.models import Booking, Carton
from wms.inbound.rules import BookingDraft, CartonDraft, LineDraft
from wms.inbound.service import CountDraft
from wms.outbound.models import Demand, Order, PickTask
from wms.outbound.service import handover, intake, packing, picking, waves
from wms.outbound.service.waybills import prepare_wave
from wms.platform.database import session, transaction
from wms.returns import service as returns
from wms.returns.models import ReturnOrder

MUG, LAMP, SHIRT, SERUM = "MUG-450-BLUE", "LAMP-DESK-W", "T-SHIRT-01-M", "SERUM-30ML"


class Known(NamedTuple):
    """A document by what people call it."""

    id: uuid.UUID
    number: str
    reference: str


class Life(NamedTuple):
    app: Flask
    booking: Known  # completed, with one unit short and one damaged
    coming: Known
    draft: Known
    shipped: Known
    waved: Known
    promised: Known
    short: Known
    returned: Known

    def ask(self, statement: str, **values: Any) -> Any:
        """One value of the database as it is now."""
        with self.app.app_context():
            return session().execute(text(statement), values).scalar()


@contextmanager
def living(engines: Databases, cast: Cast) -> Iterator[Life]:
    """An application on a database of its own with the whole story in it, which each test process tells once."""
    template, known = engines.told_template("template_life", lambda app: once(app, cast))
    name = engines.copy(template=template)
    app = create_app(engines.config(name))
    try:
        yield Life(app, *known)
    finally:
        dispose(app)
        engines.engines.postgres.drop_database(name)


def once(app: Flask, cast: Cast) -> list[Known]:
    with app.app_context(), transaction():
        documents = tell(cast)
        return [Known(each.id, each.number, each.reference) for each in documents]


def tell(cast: Cast) -> list[Booking | Order | ReturnOrder]:
    """The whole story in DE1."""
    booking = receive(cast)
    coming = inbound.create_booking(cast.acme, announce("PO-2", [[(MUG, 24)], [(LAMP, 6)]]), submitted=True)
    draft = inbound.create_booking(cast.acme, announce("PO-3", [[(SHIRT, 10)]]))
    shipped = ship(cast, order(cast, "SHOP-1", [(MUG, 2), (LAMP, 1)]))
    waved = order(cast, "SHOP-2", [(MUG, 1)])
    fresh()
    waves.release_wave(cast.supervisor, cast.overseas.id)
    fresh()
    promised = order(cast, "SHOP-3", [(MUG, 3), (LAMP, 2)])
    short = order(cast, "SHOP-4", [(SHIRT, 500)])
    fresh()
    body = {"order": shipped.number, "reason": "changed_mind", "lines": [{"sku": MUG, "quantity": 1}]}
    returned = returns.announce(cast.acme, body)
    fresh()
    return [booking, coming, draft, shipped, waved, promised, short, returned]


def fresh() -> None:
    """What a commit would do between two commands: the climb through the lock ranks begins anew."""
    session().flush()
    session().info.pop("locks", None)


def announce(reference: str, cartons: list[list[tuple[str, int]]], warehouse: str = "DE1") -> BookingDraft:
    drafts = [
        CartonDraft(number, [LineDraft(sku, quantity) for sku, quantity in lines])
        for number, lines in enumerate(cartons, 1)
    ]
    return BookingDraft(warehouse, drafts, reference)


def receive(cast: Cast) -> Booking:
    """Two cartons: the first a unit short, the second with a damaged one; all of it put away."""
    booking = inbound.create_booking(
        cast.acme, announce("PO-1", [[(MUG, 24), (SERUM, 12)], [(LAMP, 8)]]), submitted=True
    )
    fresh()
    inbound.arrive_booking(cast.receiver, booking.id)
    mug, serum, lamp = (cast.ACME.products[sku] for sku in (MUG, SERUM, LAMP))
    counts = [
        [CountDraft(mug, 23), CountDraft(serum, 12, batch="L26-08", expires_on=date(2029, 8, 31))],
        [CountDraft(lamp, 7), CountDraft(lamp, 1, condition="damaged")],
    ]
    cartons = session().scalars(select(Carton).where(Carton.booking_id == booking.id).order_by(Carton.number)).all()
    bins = [cast.overseas.locations[code] for code in ("A-01-01-1", "A-01-02-1", "A-01-03-1")]
    for carton, drafts in zip(cartons, counts, strict=True):
        fresh()
        inbound.count_many(cast.receiver, carton.id, drafts)
        fresh()
        inbound.close_carton(cast.receiver, carton.id)
        for place, draft in enumerate(drafts):
            fresh()
            inbound.put_away(
                cast.receiver, carton.id, draft.product_id, draft.quantity, bins[place + (carton.number - 1)],
                condition=draft.condition,
            )  # fmt: skip
    fresh()
    return booking


def order(
    cast: Cast,
    reference: str,
    lines: list[tuple[str, int]],
    warehouse: str = "DE1",
    id_number: str | None = None,
    **more: Any,
) -> Order:
    """`more`: what else its body says. With an ID number it goes to somebody in China, as bonded goods do."""
    buyer = {"name": "Anna Schmidt", "country": "DE", "city": "Berlin", "postcode": "10115",
             "address1": "Invalidenstraße 117"}  # fmt: skip
    if id_number is not None:
        buyer |= {
            "country": "CN",
            "city": "杭州",
            "postcode": "310000",
            "phone": "0571-12345678",
            "id_number": id_number,
        }
    body: dict[str, Any] = {
        "reference": reference, "warehouse": warehouse, "service": "HOUSE-STD",
        "consignee": buyer,
        "lines": [{"sku": sku, "quantity": quantity, "unit_value_minor": 1290, "currency": "EUR"}
                  for sku, quantity in lines], **more,
    }  # fmt: skip
    made = intake.create_order(cast.acme, body)
    fresh()
    return session().get_one(Order, made.id)


def ship(cast: Cast, made: Order) -> Order:
    """Wave, pick, pack, hand over."""
    handover.hand_over(cast.picker, cast.overseas.id, pack(cast, made))
    fresh()
    session().refresh(made)
    return made


def pack(cast: Cast, made: Order) -> str:
    """Wave, pick, pack; the number on its waybill."""
    wave = waves.release_wave(cast.supervisor, cast.overseas.id, order_ids=[made.id])
    fresh()
    prepare_wave(wave.id)
    fresh()
    batch = picking.take_batch(cast.picker, cast.overseas.id)
    assert batch is not None
    fresh()
    picking.assign_tote(cast.picker, made.id, tote(cast))
    for task in session().scalars(select(PickTask).where(PickTask.order_id == made.id)).all():
        fresh()
        picking.pick(cast.picker, task.id, task.quantity)
    fresh()
    session().refresh(made)
    packing.start_packing(cast.picker, made.tote_id)  # type: ignore[arg-type]
    for demand in session().scalars(select(Demand).where(Demand.order_id == made.id)).all():
        for _ in range(demand.quantity):
            fresh()
            packing.verify(cast.picker, made.id, demand.product_id, 1)
    fresh()
    packing.weigh(cast.picker, made.id, packing.expected_weight(made.id).expected_g)
    number = str(packing.parcel_of(made.id).tracking_number)
    fresh()
    packing.close_parcel(cast.picker, made.id, number)
    fresh()
    return number


def tote(cast: Cast) -> uuid.UUID:
    from wms.facility.models import HandlingUnit

    query = select(HandlingUnit.id).where(
        HandlingUnit.warehouse_id == cast.overseas.id, HandlingUnit.kind == "tote", HandlingUnit.state == "open"
    )
    return session().scalars(query.order_by(HandlingUnit.code)).first()  # type: ignore[return-value]


def said(app: Flask, answer: TestResponse) -> list[str]:
    """What the next page will say above its content: the flashed words in the cookie of an answer."""
    name = app.config["SESSION_COOKIE_NAME"]
    value = answer.headers["Set-Cookie"].split(f"{name}=", 1)[1].split(";")[0]
    serializer = SecureCookieSessionInterface().get_signing_serializer(app)
    assert serializer is not None
    return [words for _tone, words in serializer.loads(value)["_flashes"]]
