"""A small world to move stock in: two sellers, an overseas and a bonded warehouse, one place of each kind."""

from __future__ import annotations

import itertools
import uuid
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date
from typing import Any, Protocol

import pytest
from flask import Flask
from sqlalchemy import select, text

from wms.catalog.models import Product
from wms.core import clock
from wms.core.actor import SYSTEM
from wms.core.ids import new_id
from wms.core.refusals import Refused
from wms.facility.models import HandlingUnit, Location, LocationKind, Site, Warehouse, Zone
from wms.identity.models import Seller
from wms.inventory import ledger, permits, service
from wms.inventory.allocations import Allocated, allocate
from wms.inventory.ledger import Posted, PostingDraft
from wms.inventory.models import Balance, Lot, Summary
from wms.inventory.promises import Pin, Promised, PromiseDraft, promise
from wms.inventory.rules import MoveDraft, Reason, Stock
from wms.inventory.sellable import book
from wms.inventory.service import Subject
from wms.platform.database import db, session

TEST = Subject("test", None)
_numbers = itertools.count(1)


class Owner(Protocol):
    """Whoever has an id: a seller's row, or the facts of the cast."""

    @property
    def id(self) -> uuid.UUID: ...


def _number() -> int:
    return next(_numbers)


def make_seller(code: str | None = None) -> Seller:
    code = code or f"S{_number()}"
    seller = Seller(code=code, name=f"Seller {code}", is_active=True, credit_state="good", created_at=clock.now())
    session().add(seller)
    session().flush()
    return seller


def make_product(seller: Seller | Owner, sku: str | None = None, **values: Any) -> Product:
    sku = sku or f"SKU-{_number()}"
    product = Product(
        owner_id=seller.id, sku=sku, name_en=sku, name_zh=sku, declared_weight_g=100, declared_length_mm=10,
        declared_width_mm=10, declared_height_mm=10, outbound_days=values.pop("outbound_days", 0),
        lot_controlled=values.pop("lot_controlled", False), expiry_controlled=values.pop("expiry_controlled", False),
        serial_control=values.pop("serial_control", "none"), cargo_attributes=[], velocity_class="C", is_active=True,
        version=1, created_at=clock.now(), updated_at=clock.now(), **values,
    )  # fmt: skip
    session().add(product)
    session().commit()
    return product


@dataclass
class House:
    """A warehouse and its places by kind; `bin2` is a second storage bin."""

    warehouse: Warehouse
    id: uuid.UUID
    places: dict[str, uuid.UUID] = field(default_factory=dict)

    def at(self, place: str) -> uuid.UUID:
        return self.places[place]

    def goods(
        self, product: Product, place: str = "storage", *, lot: uuid.UUID | None = None,
        unit: uuid.UUID | None = None, condition: str = "good",
    ) -> Stock:  # fmt: skip
        stock = service.goods(
            self.warehouse, product, self.at(place), lot_id=lot, handling_unit_id=unit, condition=condition
        )
        session().commit()  # a book item may have been made
        return stock

    def unit(self, kind: str = "tote", place: str = "tote") -> uuid.UUID:
        code = f"U{_number()}"
        unit = HandlingUnit(
            warehouse_id=self.id, kind=kind, code=code, barcode=code, location_id=self.at(place), state="open",
            created_at=clock.now(),
        )  # fmt: skip
        session().add(unit)
        session().commit()
        return unit.id

    def stocked(
        self, product: Product, quantity: int, place: str = "storage", *, serials: Sequence[str] = (), **narrower: Any
    ) -> Stock:
        """Receive at the dock and put away; in bond also booked. Returns the key of the goods in their place."""
        dock = self.goods(product, "dock", **narrower)
        target = self.goods(product, place, **narrower)
        service.receive(SYSTEM, dock, quantity, TEST, serials=serials)
        if dock.book_item_id is not None:
            session().commit()
            book(dock.book_item_id, quantity)
        session().commit()
        move(dock, target, quantity, Reason.PUTAWAY, serials=serials)
        session().commit()
        return target


def make_house(kind: str, time_zone: str, code: str | None = None) -> House:
    code = code or f"W{_number()}"
    site = Site(code=code, name=code, country="DE")
    session().add(site)
    session().flush()
    warehouse = Warehouse(
        site_id=site.id, code=code, name=code, kind=kind, country="DE", time_zone=time_zone, currency="EUR",
        before_release="nothing", label_prefix=code, is_active=True, created_at=clock.now(),
    )  # fmt: skip
    session().add(warehouse)
    session().flush()
    zone = Zone(warehouse_id=warehouse.id, code="Z", name="Z", purpose="storage")
    session().add(zone)
    session().flush()
    house = House(warehouse, warehouse.id)
    names = [(each.value, each.value) for each in LocationKind]
    names += [("bin2", "storage"), ("tote2", "tote"), ("storage3", "storage")]
    for order, (name, place_kind) in enumerate(names, 1):
        place = Location(
            warehouse_id=warehouse.id, zone_id=zone.id, code=name, barcode=f"L-{code}-{name}", kind=place_kind,
            walk_order=order, mixes_products=True, is_active=True,
        )  # fmt: skip
        session().add(place)
        session().flush()
        house.places[name] = place.id
    return house


@dataclass
class World:
    seller: Seller
    other_seller: Seller
    overseas: House
    bonded: House
    product: Product
    bonded_product: Product


def make_world() -> World:
    seller, other = make_seller(), make_seller()
    return World(
        seller, other,
        make_house("overseas", "America/Los_Angeles"), make_house("bonded", "Asia/Shanghai"),
        make_product(seller), make_product(seller, customs_item_number=f"ITEM-{_number()}"),
    )  # fmt: skip


def make_lot(product: Product, expires_on: date | None = None, batch: str | None = None) -> uuid.UUID:
    lot = Lot(
        owner_id=product.owner_id, product_id=product.id, batch=batch, expires_on=expires_on, created_at=clock.now()
    )
    session().add(lot)
    session().commit()
    return lot.id


def post(reason: Reason, *moves: MoveDraft, **values: Any) -> Posted:
    return ledger.post(SYSTEM, PostingDraft(reason, "test", None, moves, **values))


def move(source: Stock | str, target: Stock | str, quantity: int, reason: Reason = Reason.MOVE, **more: Any) -> Posted:
    return post(reason, MoveDraft(source, target, quantity, **more))


def promised(house: House, product: Product, quantity: int, pin: Pin | None = None, **more: Any) -> list[Promised]:
    """One promised demand of a subject of its own, committed."""
    given = promise([draft_of(house, product, quantity, pin, **more)])
    session().commit()
    return given


def draft_of(house: House, product: Product, quantity: int, pin: Pin | None = None, **more: Any) -> PromiseDraft:
    return PromiseDraft(
        "demand", more.pop("subject_id", None) or new_id(), house.id, product.owner_id, product.id, quantity,
        bonded=house.warehouse.is_bonded, pin=pin, **more,
    )  # fmt: skip


def permit(house: House, stock: Stock, quantity: int, kind: str = "release") -> uuid.UUID:
    assert stock.book_item_id is not None
    given = permits.issue_permit(
        warehouse_id=house.id, kind=kind, document="DOC", subject_kind="test", subject_id=new_id(),
        product_id=stock.product_id, book_item_id=stock.book_item_id, quantity=quantity,
    )  # fmt: skip
    session().commit()
    return given


def balance(stock: Stock) -> Balance:
    session().expire_all()
    found = service.find_balance(stock)
    assert found is not None
    return found


def amounts(stock: Stock) -> tuple[int, int]:
    """(on hand, allocated) of a row."""
    row = balance(stock)
    return row.on_hand, row.allocated


def summary(house: House, product: Product) -> tuple[int, int]:
    """(sellable, promised) of a product in a warehouse, over its book items."""
    session().expire_all()
    rows = session().scalars(
        select(Summary).where(
            Summary.warehouse_id == house.id, Summary.product_id == product.id,
            Summary.customs_status.in_(["none", "bonded"]),
        )
    ).all()  # fmt: skip
    return sum(row.sellable for row in rows), sum(row.promised for row in rows)


def book_line(stock: Stock) -> tuple[int, int, int]:
    """(booked, unbooked, promised) of a row's book item."""
    row = session().execute(
        text("SELECT booked, unbooked, promised FROM book_item WHERE id = :id"), {"id": stock.book_item_id}
    ).one()  # fmt: skip
    return row.booked, row.unbooked, row.promised


def allocated(house: House, *subjects: uuid.UUID) -> list[Allocated]:
    """Bins chosen for these demands, committed."""
    given = allocate(house.id, "demand", subjects).allocated
    session().commit()
    return given


def refusal(call: Callable[..., Any], *arguments: Any, **more: Any) -> Refused:
    """The refusal of a call, undone as the command boundary undoes it."""
    with pytest.raises(Refused) as raised:
        call(*arguments, **more)
    session().rollback()
    return raised.value


@contextmanager
def isolated(app: Flask) -> Iterator[None]:
    """What the `db_session` fixture does, for several rounds within one test: one connection, rolled back."""
    with app.app_context():
        engine = db.engine
        connection = engine.connect()
        outer = connection.begin()
        db.engines[None] = connection  # type: ignore[index]  # what every new session binds to
        db.session.session_factory.configure(join_transaction_mode="create_savepoint")
        try:
            yield
        finally:
            db.session.remove()
            db.session.session_factory.configure(join_transaction_mode="conditional_savepoint")
            db.engines[None] = engine  # type: ignore[index]
            outer.rollback()
            connection.close()
