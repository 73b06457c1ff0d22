"""The demonstration cast: the people, goods and buildings that a first start shows. Published passwords; the
configuration refuses it in production. No stock: the demonstration receives its own.
"""

from __future__ import annotations

import uuid
from pathlib import Path
from typing import NamedTuple

from flask import Flask
from sqlalchemy import select, text

from config import Config
from wms.added_services.catalogue import ServiceDraft, define_service
from wms.catalog import service as catalog
from wms.catalog.queries import ids_of_sku
from wms.catalog.rules import Code
from wms.core.actor import SYSTEM
from wms.core.barcodes import OwnCode, format_own
from wms.core.checkdigits import gs1_check_digit
from wms.core.permissions import KEY_SCOPES
from wms.facility import queries as facility_queries
from wms.facility import service as facility
from wms.facility.models import HandlingUnitKind, LocationKind, Warehouse, WarehouseKind
from wms.facility.packaging import service as packaging
from wms.facility.rules import Plan
from wms.identity import service as identity
from wms.identity.models import Seller, User
from wms.identity.rules import write_key
from wms.platform import uploads
from wms.platform.database import session, transaction
from wms.platform.pictures import drawn_small
from wms.shipping import service as shipping
from wms.shipping.rules import NumberForm
from wms.shipping.service import ensure_house_carrier


class Person(NamedTuple):
    """One of the cast. `place` is a role's warehouse (None: every one) or, for sellers' people, seller codes."""

    name: str
    login: str
    role: str
    place: tuple[str, ...] | None
    language: str = "en"
    badge: str | None = None
    pin: str | None = None

    @property
    def password(self) -> str:
        return f"{self.login.split('@')[0]}-demo"


# Badges are fixed so that a printed sheet of them stays good; real ones are random.
PEOPLE = (
    Person("Ada Admin", "admin@demo", "admin", None),
    Person("Sam Supervisor", "supervisor@demo", "supervisor", None),
    Person("Rosa Receiver", "receiver@demo", "floor", None, "en", "DE00000000000000000000000000A001", "2468"),
    Person("王拣货", "picker@demo", "floor", None, "zh_CN", "DE00000000000000000000000000A002", "1357"),
    Person("林关务", "clerk@demo", "clerk", ("NGB1",), "zh_CN"),
    Person("Alice Acme", "acme@demo", "seller", ("ACME",)),
    Person("Rui Rival", "rival@demo", "seller", ("RIVAL",), "zh_CN"),
    Person("Agnes Agency", "agency@demo", "seller", ("ACME", "RIVAL")),
)
DEMO_KEYS = {
    "ACME": ("DEMOACME", "DemoKeyOfAcmeKnownToEverybodyNeverInProd000"),
    "RIVAL": ("DEMORIVA", "DemoKeyOfRivalKnownToEverybodyNeverInProd00"),
}

SELLERS = (("ACME", "Acme Trading"), ("RIVAL", "睿沃国际"))
SHOPS = (
    ("ACME", "amazon", "A1ACME", "Acme DE"), ("ACME", "shopify", "acme.example", "acme.example"),
    ("RIVAL", "temu", "rival-1", "Rival"), ("RIVAL", "tmall", "ruiwo", "睿沃旗舰店"),
)  # fmt: skip
# sku, English, Chinese, g, mm × mm × mm, HS code, customs unit, declared value in US cents, cargo
GOODS = (
    ("MUG-450-BLUE", "Travel mug 450 ml, blue", "旅行杯 450毫升 蓝色", 320, 90, 90, 200, "9617009000", "011", 620, ""),
    ("MUG-450-RED", "Travel mug 450 ml, red", "旅行杯 450毫升 红色", 320, 90, 90, 200, "9617009000", "011", 620, ""),
    ("CABLE-USBC-1M", "USB-C cable, 1 m", "USB-C 数据线 1米", 35, 120, 80, 20, "8544422900", "006", 180, ""),
    ("CABLE-USBC-2M", "USB-C cable, 2 m", "USB-C 数据线 2米", 55, 120, 80, 25, "8544422900", "006", 240, ""),
    ("PB-10000", "Power bank 10 Ah", "移动电源 10000mAh", 230, 150, 70, 16, "8507600090", "007", 1450, "battery"),
    ("LAMP-DESK-W", "Desk lamp, white", "台灯 白色", 980, 420, 180, 120, "9405210090", "007", 1890, "fragile"),
    ("T-SHIRT-01-M", "T-shirt, cotton, M", "纯棉T恤 M码", 180, 280, 220, 20, "6109100021", "011", 520, "textile"),
    ("T-SHIRT-01-L", "T-shirt, cotton, L", "纯棉T恤 L码", 195, 280, 220, 22, "6109100021", "011", 520, "textile"),
    ("SERUM-30ML", "Face serum 30 ml", "精华液 30毫升", 95, 45, 45, 120, "3304990039", "035", 1980, "liquid"),
    ("VITC-60", "Vitamin C, 60 tablets", "维生素C 60片", 110, 60, 60, 110, "2106909090", "035", 890, "food"),
    ("YOGA-MAT-6", "Yoga mat, 6 mm", "瑜伽垫 6毫米", 1150, 620, 130, 130, "9506911900", "007", 1320, ""),
    ("PUZZLE-1000", "Jigsaw puzzle, 1,000 pieces", "拼图 1000片", 740, 370, 270, 55, "9503008900", "007", 760, ""),
)  # fmt: skip
# code, name, kind, inside and outside in mm, empty g, gross g, cost in minor units
PACKAGING = (
    ("BAG-S", "Courier bag S", "bag", (240, 170, 40), (245, 175, 42), 12, 1_500, 6),
    ("BAG-L", "Courier bag L", "bag", (350, 250, 70), (355, 255, 73), 24, 3_000, 11),
    ("BOX-S", "Carton S", "carton", (200, 150, 110), (206, 156, 118), 85, 5_000, 28),
    ("BOX-M", "Carton M", "carton", (300, 230, 210), (306, 236, 218), 180, 12_000, 45),
    ("BOX-L", "Carton L", "carton", (450, 320, 300), (458, 328, 310), 410, 25_000, 82),
    ("BOX-LONG", "Carton, long", "carton", (680, 160, 160), (686, 166, 166), 290, 10_000, 74),
)
# What overseas warehouses usually do besides: code, English, Chinese, work, unit, effect on the book, proofs, asks first
SERVICES = (
    ("RELABEL", "Relabel as another SKU", "换标", "label", "unit", "relabel", (), False),
    ("LABEL", "Label goods that came without", "补贴标签", "label", "unit", "none", (), False),
    ("PHOTO", "Photos of goods", "拍照", "photo", "unit", "none", ("photo",), True),
    ("REPACK", "Repack", "换包装", "pack", "unit", "none", (), True),
    ("REINFORCE", "Reinforce cartons", "加固", "pack", "carton", "none", ("photo",), True),
    ("BUNDLE", "Bundle into sets", "组套", "kit", "unit", "kit", (), True),
    ("UNBUNDLE", "Take sets apart", "拆套", "kit", "unit", "unkit", (), True),
    ("SPLIT", "Split cartons", "分箱", "split", "carton", "none", ("count",), True),
    ("COUNT", "Count again", "清点", "count", "unit", "none", ("count",), False),
)
FOR_DIFFERENCES = "LABEL"  # follows from a seller's decision to relabel what differs
LOT_AND_EXPIRY = {"SERUM-30ML": 60, "VITC-60": 90}  # SKU → days before expiry after which it is not sold


class Extent(NamedTuple):
    """How much building each warehouse gets."""

    aisles: int = 8
    bays: int = 10
    levels: int = 3
    stations: int = 4
    totes: int = 24
    services: bool = True  # the catalogue of added services is filled
    pictures: bool = False  # products have pictures


FULL = Extent(pictures=True)
PICTURES = Path(__file__).parent / "demo" / "pictures"


def badge_of(person: Person) -> str:
    """The whole code on a demonstration badge, with its check character."""
    if person.badge is None:
        raise ValueError(f"{person.login} has no badge")
    return format_own(OwnCode.USER, person.badge)


def demo_key(seller_code: str) -> str:
    """The published API key of a seller of the cast."""
    return write_key(*DEMO_KEYS[seller_code])


# Rows to show at the first start: who, login or badge, password or PIN, first page.
DEMO_LOGINS = (
    [(person.name, person.login, person.password, "/login") for person in PEOPLE]
    + [(person.name, badge_of(person), person.pin, "/floor/badge") for person in PEOPLE if person.badge and person.pin]
    + [(f"{code} by API", "Authorization: Bearer", demo_key(code), "/api/") for code in DEMO_KEYS]
)


def seed_demo_cast(app: Flask, extent: Extent = FULL) -> bool:
    """Put the cast into a database without sellers; True when it was added. Safe to repeat and to run twice at once."""
    config: Config = app.extensions["wms_config"]
    if config.is_production:
        raise RuntimeError("the demonstration cast has published passwords and keys: never in production")
    with app.app_context(), transaction():
        session().execute(text("SELECT pg_advisory_xact_lock(hashtextextended('wms.seed', 7))"))
        identity.ensure_roles()
        if session().scalar(select(Seller.id).limit(1)) is not None:
            return False
        _build(extent)
    if extent.pictures:
        with app.app_context():
            _show_goods()
    return True


def _build(extent: Extent) -> None:
    sellers = {code: identity.create_seller(SYSTEM, code, name).id for code, name in SELLERS}
    for code, platform, account, name in SHOPS:
        identity.create_shop(SYSTEM, sellers[code], platform, account, name)
    warehouses = _build_warehouses(extent)
    for person in PEOPLE:
        _hire(person, sellers, warehouses)
    for code, seller_id in sellers.items():
        identity.issue_api_key(SYSTEM, seller_id, "Demonstration", sorted(KEY_SCOPES), parts=DEMO_KEYS[code])
    for number, code in enumerate(sellers):
        _list_goods(code, number)
    ensure_house_carrier(SYSTEM)
    if extent.services:
        _offer_services()


def _show_goods() -> None:
    """Every product gets the drawing that is named as its SKU."""
    for path in sorted(PICTURES.glob("*.png")):
        kept = drawn_small(uploads.checked(path.read_bytes(), path.name, uploads.PHOTOS), "/file").keep()
        with transaction():
            for product_id in ids_of_sku(path.stem):
                catalog.set_picture(SYSTEM, product_id, kept)


def _offer_services() -> None:
    for code, english, chinese, work, unit, effect, proofs, asks_first in SERVICES:
        define_service(SYSTEM, ServiceDraft(
            code, english, chinese, work, unit, effect, proofs=proofs, asks_first=asks_first,
            for_differences=code == FOR_DIFFERENCES,
        ))  # fmt: skip


def _build_warehouses(extent: Extent) -> dict[str, uuid.UUID]:
    hamburg = facility.create_site(SYSTEM, "HAM", "Hamburg Billbrook", "DE")
    ningbo = facility.create_site(SYSTEM, "NGB", "宁波北仑保税区", "CN")
    overseas = facility.create_warehouse(
        SYSTEM, hamburg.id, "DE1", "Hamburg 1", WarehouseKind.OVERSEAS,
        country="DE", time_zone="Europe/Berlin", currency="EUR",
    )  # fmt: skip
    bonded = facility.create_warehouse(
        SYSTEM, ningbo.id, "NGB1", "宁波保税 1", WarehouseKind.BONDED, country="CN", time_zone="Asia/Shanghai",
        currency="CNY", regime="1210", before_release="pick",
    )  # fmt: skip
    for warehouse in (overseas, bonded):
        furnish(warehouse, extent)
    _contract_carrier()
    return {warehouse.code: warehouse.id for warehouse in (overseas, bonded)}


def _contract_carrier() -> None:
    """The house carrier and what it offers from every warehouse."""
    carrier = shipping.create_carrier(SYSTEM, "HOUSE", "House carrier")
    shipping.add_number_range(SYSTEM, carrier.id, NumberForm("plain", "HC"))
    shipping.add_service(SYSTEM, carrier.id, "HOUSE-STD", "House standard")
    shipping.add_service(SYSTEM, carrier.id, "HOUSE-EXP", "House express")


def furnish(warehouse: Warehouse, extent: Extent) -> None:
    """Bins, benches and totes."""
    facility.create_zone(SYSTEM, warehouse.id, "A", "Shelves", LocationKind.STORAGE)
    plan = Plan("A-{aisle:02}-{bay:02}-{level}", (1, extent.aisles), (1, extent.bays), (1, extent.levels))
    facility.generate_locations(
        SYSTEM, warehouse.id, "A", plan, max_weight_g=200_000, max_volume_cm3=480_000, mixes_products=True
    )
    bench = facility_queries.system_location(warehouse.id, LocationKind.PACKING)
    for number in range(1, extent.stations + 1):
        facility.create_station(SYSTEM, warehouse.id, f"P{number:02}", f"Bench {number}", bench.id)
    dock = facility_queries.system_location(warehouse.id, LocationKind.DOCK)
    facility.create_station(SYSTEM, warehouse.id, "D01", "Dock 1", dock.id)
    for code, name, kind, inner, outer, empty_g, max_g, cost in PACKAGING:
        sides = {f"{where}_{side}_mm": size for where, sizes in (("inner", inner), ("outer", outer))
                 for side, size in zip(("length", "width", "height"), sizes, strict=True)}  # fmt: skip
        values = {"name": name, "kind": kind, **sides, "empty_g": empty_g, "max_g": max_g, "cost_minor": cost,
                  "takes_dangerous": kind == "carton"}  # fmt: skip
        packaging.add_packaging(SYSTEM, warehouse.id, code, values)
    parking = facility_queries.system_location(warehouse.id, LocationKind.TOTE)
    for number in range(1, extent.totes + 1):
        facility.create_handling_unit(SYSTEM, warehouse.id, HandlingUnitKind.TOTE, f"{number:04}", parking.id)


def _hire(person: Person, sellers: dict[str, uuid.UUID], warehouses: dict[str, uuid.UUID]) -> User:
    user = identity.create_user(SYSTEM, person.login, person.name, language=person.language)
    identity.set_password(SYSTEM, user.id, person.password, published=True)
    if person.badge is not None and person.pin is not None:
        identity.set_badge(SYSTEM, user.id, person.pin, badge_of(person))
    if person.role == "seller":
        for code in person.place or ():
            identity.add_membership(SYSTEM, user.id, sellers[code])
    else:
        for place in person.place or (None,):
            identity.add_staff_role(SYSTEM, user.id, person.role, warehouses[place] if place else None)
    return user


def _list_goods(seller_code: str, number: int) -> None:
    """The same dozen for both sellers, under the same SKUs: what belongs to whom must never depend on the code. Some
    EANs are shared too, as brands' goods are; each seller has case codes of their own.
    """
    for row, (sku, english, chinese, grams, length, width, height, hs, unit, cents, cargo) in enumerate(GOODS):
        shared = row % 3 == 0
        digits = f"69{0 if shared else number + 1}{row:09}"
        ean = digits + gs1_check_digit(digits)
        codes = [
            Code(ean),
            Code(f"{seller_code}:{sku}", "seller"),
            Code(f"{seller_code}:{sku}:CASE12", "seller", 12),
        ]
        expiry_days = LOT_AND_EXPIRY.get(sku)
        data = {
            "sku": sku, "name_en": english, "name_zh": chinese, "declared_weight_g": grams,
            "declared_length_mm": length, "declared_width_mm": width, "declared_height_mm": height,
            "cargo_attributes": [cargo] if cargo else [], "lot_controlled": expiry_days is not None,
            "expiry_controlled": expiry_days is not None, "outbound_days": expiry_days or 0,
            "customs_name_en": english, "customs_name_zh": chinese, "hs_code": hs, "origin_country": "CN",
            "declared_value_minor": cents, "declared_currency": "USD",
            "customs_item_number": str(row + 1 + 100 * number),
            "customs_unit": unit, "customs_unit_factor": 1,
        }  # fmt: skip
        catalog.create_product(SYSTEM, data, codes, seller=seller_code)
