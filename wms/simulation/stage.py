"""The set: engines, a template database with the cast in a building of workable size, a copy of it for each seed."""

from __future__ import annotations

import contextlib
import os
import random
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

import flask_migrate
from argon2 import PasswordHasher
from flask import Flask
from sqlalchemy import select, text, update

from config import ROOT, Config
from wms.app import create_app
from wms.core.actor import SYSTEM
from wms.facility import service as facility
from wms.facility.models import LocationKind, Warehouse, WarehouseKind
from wms.facility.rules import Plan as Bins
from wms.identity import authentication
from wms.identity import service as identity
from wms.identity.models import User
from wms.inventory.replenishment.faces import FaceLine, set_faces
from wms.outbound.service.sorting import make_wall
from wms.platform.database import db, session, transaction
from wms.platform.engines import Engines, running_engines
from wms.seed import PEOPLE, Extent, demo_key, seed_demo_cast
from wms.simulation.timeline import virtual_time

TEMPLATE, DATABASE = "template_simulation", "simulation"
QUEUE = 15  # of Valkey's sixteen numbered databases
EXTENT = Extent(aisles=2, bays=5, levels=3, stations=2, totes=14)
PIN = "4711"
BUILT_AT = datetime(2026, 1, 5, 8, tzinfo=UTC)
JOBS = (
    "receiver", "stower", "picker", "second_picker", "packer", "gatekeeper", "returns_clerk", "mover", "sorter", "laner",
    "filler", "counter", "second_counter", "craftsman",
)  # fmt: skip
WALL, SLOTS = "W1", 4
FACES = Bins("F-{aisle:02}-{bay:02}-{level}", (1, 1), (1, 3), (1, 1))
# Which products are picked from a bin that is kept filled: seller, SKU, minimum, maximum.
FACED = (("ACME", "MUG-450-BLUE", 5, 12), ("ACME", "CABLE-USBC-1M", 6, 16), ("RIVAL", "T-SHIRT-01-M", 5, 12))


@dataclass(frozen=True)
class House:
    """A warehouse as people see it: codes and labels on its walls."""

    id: str
    code: str
    bonded: bool
    bins: dict[str, str]  # code → what its label reads, of the shelves
    places: dict[str, str]  # the same of every place
    units: dict[str, str]  # totes and slots of the put wall: code → what the label reads
    badges: dict[str, str]  # job → badge


@dataclass(frozen=True)
class Stage:
    """One seed's system."""

    app: Flask
    houses: dict[str, House]
    keys: dict[str, str]  # seller → API key


@dataclass
class Stages:
    """The engines of one run, and what is made on them. One application plays all seeds, each on a database of its own:
    its statements are compiled once.
    """

    engines: Engines
    folder: Path
    badges: dict[str, dict[str, str]] = field(default_factory=dict)
    app: Flask | None = None

    def config(self, database: str) -> Config:
        base = Config.from_environ({
            "WMS_ENV": "test", "WMS_INSTANCE": str(self.folder / database), "WMS_LOG_LEVEL": "ERROR",
        })  # fmt: skip
        return base.with_engines(self.engines.postgres.url(database), self.engines.valkey.url(QUEUE))

    @contextlib.contextmanager
    def open(self) -> Iterator[Stage]:
        """A fresh system for one seed."""
        if not self.badges:
            self._build_template()
        self.app = self.app or create_app(self.config(DATABASE))
        self.engines.postgres.drop_database(DATABASE)
        self.engines.postgres.create_database(DATABASE, template=TEMPLATE)
        self.app.extensions["wms_redis"].flushdb()
        self.app.extensions.pop("wms_counters", None)  # blocks of numbers of the database before
        authentication.tried.clear()
        try:
            yield Stage(self.app, _houses(self.app, self.badges), {code: demo_key(code) for code in ("ACME", "RIVAL")})
        finally:
            _dispose(self.app)

    def close(self) -> None:
        self.engines.postgres.drop_database(DATABASE)
        self.engines.postgres.drop_database(TEMPLATE)

    def _build_template(self) -> None:
        self.engines.postgres.drop_database(TEMPLATE)
        self.engines.postgres.create_database(TEMPLATE)
        app = create_app(self.config(TEMPLATE))
        dice = random.Random("stage")  # noqa: S311 - ids of the set, the same for every seed and every run
        try:
            with virtual_time(lambda: BUILT_AT, dice):
                with app.app_context():
                    flask_migrate.upgrade(directory=str(ROOT / "migrations"))
                seed_demo_cast(app, EXTENT)
                with app.app_context():
                    with transaction():
                        self.badges = _hire_all()
                    _furnish()
        finally:
            _dispose(app)


@contextlib.contextmanager
def own_stages() -> Iterator[Stages]:
    """Engines in a temporary folder, for nothing but simulations: never those of a running system."""
    with tempfile.TemporaryDirectory(prefix="wms-simulation-") as name:
        folder = Path(name)
        folder.chmod(0o755)  # ours: as root, the engines run as another account that has to reach it
        account = os.environ.get("WMS_ENGINE_ACCOUNT", "wms-engines")
        with running_engines(folder, account, fast=True) as engines:
            yield Stages(engines, folder)


def _dispose(app: Flask) -> None:
    with app.app_context():
        db.session.remove()
        db.engine.dispose()


def _hire_all() -> dict[str, dict[str, str]]:
    """A pair of hands for each job in each warehouse; secrets of everybody cost little to check here."""
    badges = {code: {job: _hire(f"{job}.{code.lower()}") for job in JOBS} for code in ("DE1", "NGB1")}
    # Simulated people sign in thousands of times. The form is production's, the cost is not.
    cheap = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
    session().execute(update(User).where(User.pin_hash.is_not(None)).values(pin_hash=cheap.hash(PIN)))
    for person in PEOPLE:
        changed = update(User).where(User.login == person.login).values(password_hash=cheap.hash(person.password))
        session().execute(changed)
    return badges


def _furnish() -> None:
    """A put wall in each house, and pick faces where nothing is in bond."""
    with transaction():
        houses = session().execute(select(Warehouse.id, Warehouse.kind).order_by(Warehouse.code)).all()
    for house in houses:
        with transaction():
            make_wall(SYSTEM, house.id, WALL, SLOTS)
        if house.kind == WarehouseKind.BONDED:
            continue
        with transaction():
            facility.create_zone(SYSTEM, house.id, "F", "Pick faces", LocationKind.PICK_FACE)
            codes = facility.generate_locations(SYSTEM, house.id, "F", FACES, mixes_products=True)
        with transaction():
            set_faces(SYSTEM, house.id, [FaceLine(code, *faced) for code, faced in zip(codes, FACED, strict=True)])


def _hire(name: str) -> str:
    user = identity.create_user(SYSTEM, f"{name}@simulation", name)
    identity.add_staff_role(SYSTEM, user.id, "floor")
    return identity.set_badge(SYSTEM, user.id, PIN)


_WAREHOUSES = text("SELECT id, code, kind FROM warehouse ORDER BY code")
_PLACES = text("SELECT code, barcode, kind FROM location WHERE warehouse_id = :id ORDER BY code")
_TOTES = text("SELECT code, barcode FROM handling_unit WHERE warehouse_id = :id AND kind = 'tote' ORDER BY code")


def _houses(app: Flask, badges: dict[str, dict[str, str]]) -> dict[str, House]:
    houses = {}
    with app.app_context():
        for row in session().execute(_WAREHOUSES).all():
            places = session().execute(_PLACES, {"id": row.id}).all()
            bins = {each.code: each.barcode for each in places if each.kind == "storage"}
            all_of_them = {each.code: each.barcode for each in places}
            units = {each.code: each.barcode for each in session().execute(_TOTES, {"id": row.id})}
            houses[row.code] = House(
                str(row.id), row.code, row.kind == "bonded", bins, all_of_them, units, badges[row.code]
            )
    return houses
