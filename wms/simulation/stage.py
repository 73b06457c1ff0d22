"""The set: engines, a template database with the cast in a building of workable size, a copy of it for each seed."""

from __future__ import annotations

import contextlib
import os
import random
import shutil
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
from wms.facility.models import LocationKind, Site, Warehouse, WarehouseKind
from wms.facility.rules import Plan as Bins
from wms.identity import authentication
from wms.identity import service as identity
from wms.identity.models import Seller, User
from wms.inbound.rules import Terms
from wms.inbound.service import set_terms
from wms.inventory.counting.planning import set_rule
from wms.inventory.counting.rules import Rule
from wms.inventory.replenishment.faces import FaceLine, set_faces
from wms.outbound.service.sorting import make_wall
from wms.platform.database import db, session, transaction
from wms.platform.engines import Engines, running_engines
from wms.printing import service as printing
from wms.printing.service import PrinterDraft
from wms.seed import PEOPLE, Extent, demo_key, furnish, seed_demo_cast
from wms.simulation.timeline import virtual_time

TEMPLATE, DATABASE = "template_simulation", "simulation"
QUEUE = 15  # of Valkey's sixteen numbered databases
EXTENT = Extent(aisles=2, bays=5, levels=3, stations=2, totes=14)
PIN = "4711"
BUILT_AT = datetime(2026, 1, 5, 8, tzinfo=UTC)
JOBS = (
    "receiver", "stower", "picker", "second_picker", "packer", "gatekeeper", "returns_clerk", "mover", "sorter", "laner",
    "filler", "counter", "second_counter", "craftsman", "bagger", "clerk_at_counter",
)  # fmt: skip
WALL, SLOTS = "W1", 4
SECOND = Extent(aisles=1, bays=4, levels=2, stations=1, totes=6)
BEHIND = Bins("B-{aisle:02}-{bay:02}-{level}", (1, 1), (1, 4), (1, 2))
CROSSING = Bins("X-{aisle:02}-{bay:02}-{level}", (1, 1), (1, 2), (1, 1))
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
    bench: str | None = None  # the label of a bench that has a printer


@dataclass(frozen=True)
class Stage:
    """One seed's system."""

    app: Flask
    houses: dict[str, House]
    keys: dict[str, str]  # seller → API key
    agent: tuple[str, str]  # of the print agent at that bench: its token, and its printer


@dataclass
class Stages:
    """The engines of one run, and what is made on them. One application plays all seeds, each on a database of its own:
    its statements are compiled once.
    """

    engines: Engines
    folder: Path
    badges: dict[str, dict[str, str]] = field(default_factory=dict)
    agent: tuple[str, str] = ("", "")
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
        shutil.rmtree(self.app.extensions["wms_config"].files_root, ignore_errors=True)  # its labels
        authentication.tried.clear()
        try:
            keys = {code: demo_key(code) for code in ("ACME", "RIVAL")}
            yield Stage(self.app, _houses(self.app, self.badges), keys, self.agent)
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
                    _build_second()
                    with transaction():
                        self.badges = _hire_all()
                    _furnish()
                    with transaction():
                        self.agent = _plug_in_printer()
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
    badges = {code: {job: _hire(f"{job}.{code.lower()}") for job in JOBS} for code in ("DE1", "DE2", "NGB1")}
    # Simulated people sign in thousands of times. The form is production's, the cost is not.
    cheap = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
    session().execute(update(User).where(User.pin_hash.is_not(None)).values(pin_hash=cheap.hash(PIN)))
    for person in PEOPLE:
        changed = update(User).where(User.login == person.login).values(password_hash=cheap.hash(person.password))
        session().execute(changed)
    return badges


def _build_second() -> None:
    """Another overseas warehouse, which receives from the first and sends there."""
    with transaction():
        site = session().scalars(select(Site).where(Site.code == "HAM")).one()
        house = facility.create_warehouse(
            SYSTEM, site.id, "DE2", "Hamburg 2", WarehouseKind.OVERSEAS, country="DE", time_zone="Europe/Berlin",
            currency="EUR",
        )  # fmt: skip
        furnish(house, SECOND)


def _furnish() -> None:
    """A put wall in each house; in the big one of them that is not in bond a second zone, a place where goods that orders
    wait for go at once, pick faces, and a look into every bin that should be empty.
    """
    with transaction():
        houses = session().execute(select(Warehouse.id, Warehouse.code).order_by(Warehouse.code)).all()
    with transaction():
        rival = session().scalars(select(Seller.id).where(Seller.code == "RIVAL")).one()
        set_terms(SYSTEM, rival, Terms(counting="blind"))
    for house in houses:
        with transaction():
            make_wall(SYSTEM, house.id, WALL, SLOTS)
        if house.code != "DE1":
            continue
        with transaction():
            set_rule(SYSTEM, house.id, Rule(on_zero=True, daily_bins=0))
            facility.create_zone(SYSTEM, house.id, "B", "Shelves behind", LocationKind.STORAGE)
            facility.generate_locations(SYSTEM, house.id, "B", BEHIND, mixes_products=True)
            facility.create_zone(SYSTEM, house.id, "X", "Cross-dock", LocationKind.CROSS_DOCK)
            facility.generate_locations(SYSTEM, house.id, "X", CROSSING, mixes_products=True)
        with transaction():
            facility.create_zone(SYSTEM, house.id, "F", "Pick faces", LocationKind.PICK_FACE)
            codes = facility.generate_locations(SYSTEM, house.id, "F", FACES, mixes_products=True)
        with transaction():
            set_faces(SYSTEM, house.id, [FaceLine(code, *faced) for code, faced in zip(codes, FACED, strict=True)])


def _plug_in_printer() -> tuple[str, str]:
    """A printer at the first bench of DE1 for waybills, and the agent that serves it."""
    bench = session().execute(_BENCH).one()
    code = printing.add_agent(SYSTEM, bench.warehouse_id, "bench")
    issued = printing.enrol(code.text, "bench", "1")
    printer = printing.save_printer(SYSTEM, PrinterDraft(issued.id, "Bench 1", "raw", "socket://127.0.0.1:9100"))
    printing.bind_station(SYSTEM, bench.id, "waybill", printer.id)
    return issued.text, str(printer.id)


def _hire(name: str) -> str:
    user = identity.create_user(SYSTEM, f"{name}@simulation", name)
    identity.add_staff_role(SYSTEM, user.id, "floor")
    return identity.set_badge(SYSTEM, user.id, PIN)


_BENCH = text(
    "SELECT s.id, s.warehouse_id, s.barcode FROM station s JOIN warehouse w ON w.id = s.warehouse_id"
    " WHERE w.code = 'DE1' AND s.code = 'P01'"
)
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
                str(row.id),
                row.code,
                row.kind == "bonded",
                bins,
                all_of_them,
                units,
                badges[row.code],
                session().execute(_BENCH).one().barcode if row.code == "DE1" else None,
            )
    return houses
