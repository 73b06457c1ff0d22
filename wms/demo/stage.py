"""The set: migrated schema, demonstration cast, a building and people enough for the book. All of it before curtain up;
the replay itself uses nothing but the public API and the scan contract.
"""

from __future__ import annotations

from dataclasses import dataclass

import flask_migrate
from flask import Flask
from sqlalchemy import select, text

from config import Config
from wms.app import create_app
from wms.cli import audit
from wms.core.actor import SYSTEM
from wms.facility.models import HandlingUnit, Location, Warehouse
from wms.identity import service as identity
from wms.platform.database import session, transaction
from wms.seed import Extent, demo_key, seed_demo_cast

PIN = "470183"
WAREHOUSE = "DE1"


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


def set_stage(config: Config, tablets: int, products: int) -> Stage:
    """Build everything the book needs. Bins for all its products, a cart of totes for every picker, a badge each."""
    app = create_app(config)
    with app.app_context():
        flask_migrate.upgrade()
    aisles = max(2, min(40, products // 60 + 1))
    seed_demo_cast(app, Extent(aisles=aisles, bays=12, levels=4, totes=min(24 * max(2, tablets), 12 + products)))
    with app.app_context(), transaction():
        badges = [_hire(f"tablet{number:02}") for number in range(1, 4 * tablets + 3)]
        warehouse = session().scalars(select(Warehouse).where(Warehouse.code == WAREHOUSE)).one()
        totes = (
            session()
            .scalars(
                select(HandlingUnit.barcode)
                .where(HandlingUnit.warehouse_id == warehouse.id, HandlingUnit.kind == "tote")
                .order_by(HandlingUnit.code)
            )
            .all()
        )
        places = session().execute(select(Location.code, Location.barcode).where(Location.warehouse_id == warehouse.id))
        locations = {row.code: row.barcode for row in places}
    return Stage(app, "127.0.0.1", config.port, demo_key("ACME"), badges, list(totes), locations)


def _hire(name: str) -> str:
    """One more pair of hands on the floor; returns the badge."""
    user = identity.create_user(SYSTEM, f"{name}@demo", name.capitalize())
    identity.add_staff_role(SYSTEM, user.id, "floor")
    return identity.set_badge(SYSTEM, user.id, PIN)
