"""The set: migrated schema, demonstration cast, a building and people enough for the book. All of it before curtain up;
the replay itself uses nothing but the public API and the scan contract.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import flask_migrate
from flask import Flask
from sqlalchemy import select, text

from config import Config
from wms.app import create_app
from wms.cli import audit
from wms.core.actor import SYSTEM
from wms.demo.kinds import OTHER_HOUSE
from wms.facility import service as facility
from wms.facility.models import HandlingUnit, Location, LocationKind, Warehouse, WarehouseKind
from wms.facility.queries import floor_of
from wms.facility.rules import Plan as Bins
from wms.identity import service as identity
from wms.outbound import carts
from wms.outbound.models import Wave
from wms.outbound.service import reading, sorting
from wms.platform.database import session, transaction
from wms.seed import Extent, demo_key, furnish, seed_demo_cast

PIN = "470183"
WAREHOUSE = "DE1"
WALL, WALL_SLOTS = "W1", 8
FACES = Bins("F-{aisle:02}-{bay:02}-{level}", (1, 1), (1, 12), (1, 2))


@dataclass(frozen=True)
class Stage:
    """What the players are given: the address, a key, badges, and the codes printed on the building."""

    app: Flask
    host: str
    port: int
    key: str
    badges: list[str]
    totes: list[str]
    locations: dict[str, str]  # code → what its label reads
    units: dict[str, str]  # totes and slots of the put wall, the same
    slots: frozenset[str]  # what the labels of the wall's slots read
    faces: list[str]  # codes of the bins that can be pick faces
    shelves: frozenset[str]  # codes of these and of all bins on shelves
    elsewhere: dict[str, str]  # places of the other house: code → what the label reads

    def audit_violations(self) -> int:
        """How many rows break an invariant (`flask audit`)."""
        with self.app.app_context():
            return sum(len(check["violations"]) for check in audit()["checks"])

    def lost_jobs(self) -> int:
        """Outbox rows neither done nor explained."""
        with self.app.app_context(), transaction():
            return int(
                session()
                .execute(text("SELECT count(*) FROM outbox_job WHERE state <> 'done' AND last_error IS NULL"))
                .scalar_one()
            )

    def open_jobs(self) -> int:
        with self.app.app_context(), transaction():
            return int(
                session().execute(text("SELECT count(*) FROM outbox_job WHERE state IN ('new', 'leased')")).scalar_one()
            )

    def bins_in_doubt(self) -> int:
        """Bins that a job will have counted."""
        with self.app.app_context(), transaction():
            found = session().execute(_DOUBTS, {"house": WAREHOUSE}).scalar_one()
            return int(found)

    def metres(self, walks: Iterable[Sequence[str]]) -> tuple[float, float]:
        """Metres through these bins (each walk the codes in the order they were gone to), and of the same walks from bin
        to bin by code.
        """
        with self.app.app_context():
            house = session().scalars(select(Warehouse).where(Warehouse.code == WAREHOUSE)).one()
            floor = floor_of(house.id)
            rows = session().scalars(select(Location).where(Location.warehouse_id == house.id))
            bins = {row.code: reading.bin_of(floor, row) for row in rows}
        walked = by_code = 0
        for walk in walks:
            in_order = sorted(set(walk), key=lambda code: (bins[code].walk_order, code))
            walked += carts.length_of(floor.layout, [bins[code].place for code in walk])
            by_code += carts.length_of(floor.layout, [bins[code].place for code in in_order])
        return carts.metres_of(walked), carts.metres_of(by_code)

    def waves(self) -> tuple[int, float]:
        """How many waves there were, and the metres of carts filled as their orders came, walked by code."""
        with self.app.app_context():
            rows = session().scalars(select(Wave.unplanned_m)).all()
            return len(rows), round(float(sum(row for row in rows if row is not None)), 1)

    def zone_walks(self) -> int:
        """Walks of a put wall that were parted by zone."""
        with self.app.app_context():
            return int(
                session().execute(text("SELECT count(*) FROM pick_batch WHERE zone_id IS NOT NULL")).scalar_one()
            )

    def book(self) -> dict[tuple[str, str, str], int]:
        """(bin, SKU, condition) → units, of what is on shelves, loose or in a closed carton."""
        with self.app.app_context():
            rows = session().execute(_BOOK, {"house": WAREHOUSE})
            return {(row.bin, row.sku, row.condition): int(row.units) for row in rows}


_DOUBTS = text(
    "SELECT count(*) FROM stock_hold h JOIN warehouse w ON w.id = h.warehouse_id WHERE w.code = :house"
    " AND h.scope = 'balance' AND h.ended_at IS NULL"
)
_BOOK = text(
    "SELECT l.code AS bin, p.sku, b.condition, sum(b.on_hand) AS units FROM balance b"
    " JOIN location l ON l.id = b.location_id JOIN warehouse w ON w.id = b.warehouse_id"
    " JOIN product p ON p.id = b.product_id WHERE w.code = :house"
    " AND l.kind IN ('storage', 'pick_face') AND b.on_hand <> 0 GROUP BY 1, 2, 3"
)


def set_stage(config: Config, tablets: int, products: int) -> Stage:
    """Build everything the book needs. Bins for all its products, a cart of totes for every picker, a badge each."""
    app = create_app(config)
    with app.app_context():
        flask_migrate.upgrade()
    aisles = max(2, min(40, products // 60 + 1))
    front = aisles - aisles // 2  # the rest is a zone of its own, whose walks meet those of the first at the put wall
    seed_demo_cast(app, Extent(aisles=front, bays=12, levels=4, totes=min(24 * max(2, tablets), 12 + products)))
    with app.app_context(), transaction():
        hands = max(4 * tablets + 2, 2 * tablets + 10)
        badges = [_hire(f"tablet{number:02}") for number in range(1, hands + 1)]
        warehouse = session().scalars(select(Warehouse).where(Warehouse.code == WAREHOUSE)).one()
        slots = frozenset(each.barcode for each in sorting.make_wall(SYSTEM, warehouse.id, WALL, WALL_SLOTS))
        facility.create_zone(SYSTEM, warehouse.id, "F", "Pick faces", LocationKind.PICK_FACE)
        facility.generate_locations(SYSTEM, warehouse.id, "F", FACES, max_weight_g=200_000, max_volume_cm3=480_000)
        facility.create_zone(SYSTEM, warehouse.id, "B", "Shelves behind", LocationKind.STORAGE)
        behind = Bins("A-{aisle:02}-{bay:02}-{level}", (front + 1, aisles), (1, 12), (1, 4))
        facility.generate_locations(
            SYSTEM, warehouse.id, "B", behind, max_weight_g=200_000, max_volume_cm3=480_000, mixes_products=True
        )
        other = _other_house(warehouse)
        containers = session().execute(
            select(HandlingUnit.code, HandlingUnit.barcode)
            .where(HandlingUnit.warehouse_id == warehouse.id, HandlingUnit.kind == "tote")
            .order_by(HandlingUnit.code)
        )
        units = {row.code: row.barcode for row in containers}
        places = session().execute(select(Location.code, Location.barcode).where(Location.warehouse_id == warehouse.id))
        locations = {row.code: row.barcode for row in places}
        there = session().execute(select(Location.code, Location.barcode).where(Location.warehouse_id == other.id))
        elsewhere = {row.code: row.barcode for row in there}
    faces = sorted(code for code in locations if code.startswith("F-"))
    totes = [barcode for barcode in units.values() if barcode not in slots]
    return Stage(
        app, "127.0.0.1", config.port, demo_key("ACME"), badges, totes, locations, units, slots, faces,
        frozenset(code for code in locations if code.startswith(("A-", "F-"))), elsewhere,
    )  # fmt: skip


def _other_house(first: Warehouse) -> Warehouse:
    """The warehouse that transfers go to: a dock and shelves."""
    made = facility.create_warehouse(
        SYSTEM, first.site_id, OTHER_HOUSE, "Hamburg 2", WarehouseKind.OVERSEAS, country=first.country,
        time_zone=first.time_zone, currency=first.currency,
    )  # fmt: skip
    furnish(made, Extent(aisles=1, bays=8, levels=3, stations=1, totes=0))
    return made


def _hire(name: str) -> str:
    """One more pair of hands on the floor; returns the badge."""
    user = identity.create_user(SYSTEM, f"{name}@demo", name.capitalize())
    identity.add_staff_role(SYSTEM, user.id, "floor")
    return identity.set_badge(SYSTEM, user.id, PIN)
