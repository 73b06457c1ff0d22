"""The building and what stands in it. Coordinates are metres in the warehouse's own grid."""

from __future__ import annotations

import uuid
from enum import StrEnum

from sqlalchemy import (
    Boolean,
    CheckConstraint,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    Integer,
    Numeric,
    SmallInteger,
    String,
    UniqueConstraint,
    text,
)
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlalchemy.orm import Mapped, mapped_column

from wms.platform.database import Base, DocumentId, Instant


class WarehouseKind(StrEnum):
    BONDED = "bonded"  # 保税仓
    OVERSEAS = "overseas"  # 海外仓
    GENERAL = "general"


class LocationKind(StrEnum):
    """What a place is for. `COUNTS` says whether goods there can be sold (DESIGN.md section 4)."""

    STORAGE = "storage"
    BULK = "bulk"
    PICK_FACE = "pick_face"
    CROSS_DOCK = "cross_dock"
    DOCK = "dock"
    INSPECTION = "inspection"
    RETURNS = "returns"
    PACKING = "packing"
    TOTE = "tote"
    GATE = "gate"
    UNACCOUNTED = "unaccounted"


COUNTS = frozenset({LocationKind.STORAGE, LocationKind.BULK, LocationKind.PICK_FACE, LocationKind.CROSS_DOCK})


class HandlingUnitKind(StrEnum):
    TOTE = "tote"
    CARTON = "carton"
    PALLET = "pallet"
    PARCEL = "parcel"
    INNER = "inner"  # a box within a carton
    CART = "cart"  # holds the totes that are named after it, and no goods


class Temperature(StrEnum):
    """At what temperature goods are kept, and zones are. They have to be the same."""

    AMBIENT = "ambient"
    COOL = "cool"  # 2 to 8 °C
    FROZEN = "frozen"


class CustomsArea(StrEnum):
    """Which goods may stand in a zone of a bonded warehouse."""

    ANY = "any"
    BONDED = "bonded"  # duty suspended only
    FREE = "free"  # only goods that are not under bond


# Which way the label of a bin points, from where it hangs; empty: it hangs at the bin.
ARROWS = ("", "up", "down", "left", "right")


class Site(Base):
    """A building. The warehouse a seller books into is an alias of it."""

    __tablename__ = "site"

    id: Mapped[DocumentId]
    code: Mapped[str] = mapped_column(String(16), unique=True)
    name: Mapped[str] = mapped_column(String(120))
    country: Mapped[str] = mapped_column(String(2))


class Warehouse(Base):
    """What sellers book into. `regime` names the customs rules a bonded warehouse runs under (1210, 1239 …)."""

    __tablename__ = "warehouse"

    id: Mapped[DocumentId]
    site_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("site.id"))
    code: Mapped[str] = mapped_column(String(16), unique=True)
    name: Mapped[str] = mapped_column(String(120))
    kind: Mapped[str] = mapped_column(String(8))
    country: Mapped[str] = mapped_column(String(2))
    time_zone: Mapped[str] = mapped_column(String(40))
    currency: Mapped[str] = mapped_column(String(3))
    regime: Mapped[str | None] = mapped_column(String(8))
    before_release: Mapped[str] = mapped_column(String(8), default="nothing")  # nothing | pick | pack
    label_prefix: Mapped[str] = mapped_column(String(16), default="", unique=True)  # see facility/rules.py
    box_aim: Mapped[str] = mapped_column(String(8), default="fewest", server_default=text("'fewest'"))  # `cartons.Aim`
    is_active: Mapped[bool] = mapped_column(Boolean, default=True)
    created_at: Mapped[Instant]

    @property
    def is_bonded(self) -> bool:
        return self.kind == WarehouseKind.BONDED.value


class Zone(Base):
    __tablename__ = "zone"
    __table_args__ = (UniqueConstraint("warehouse_id", "code"), UniqueConstraint("warehouse_id", "id"))

    id: Mapped[DocumentId]
    warehouse_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("warehouse.id"))
    code: Mapped[str] = mapped_column(String(16))
    name: Mapped[str] = mapped_column(String(80))
    purpose: Mapped[str] = mapped_column(String(16))  # a LocationKind: what its locations are by default
    # Who may stand here, for all its bins (decision 023)
    owner_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("seller.id"))  # rented by one seller
    temperature: Mapped[str] = mapped_column(String(8), default=Temperature.AMBIENT.value)
    customs_area: Mapped[str] = mapped_column(String(8), default=CustomsArea.ANY.value)
    dangerous_classes: Mapped[list[str]] = mapped_column(ARRAY(String(3)), default=list)  # none: no dangerous goods


class Location(Base):
    """A bin (库位): zone-aisle-bay-level-position. `walk_order` is the order a picker passes them."""

    __tablename__ = "location"
    __table_args__ = (
        UniqueConstraint("warehouse_id", "code"),
        UniqueConstraint("warehouse_id", "id"),
        UniqueConstraint("barcode"),
        ForeignKeyConstraint(["warehouse_id", "zone_id"], ["zone.warehouse_id", "zone.id"]),
        Index("ix_location_walk", "warehouse_id", "kind", "walk_order"),
        Index(
            "ix_location_empty", "zone_id", "kind", "velocity_class", "walk_order",
            postgresql_where=text("fill = 0 AND is_active"),
        ),
        Index("ix_location_shared", "zone_id", "walk_order", postgresql_where=text("fill = 1 AND mixes_products")),
        CheckConstraint("max_weight_g IS NULL OR max_weight_g > 0", name="max_weight_positive"),
        CheckConstraint("max_units IS NULL OR max_units > 0", name="max_units_positive"),
    )  # fmt: skip

    id: Mapped[DocumentId]
    warehouse_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("warehouse.id"))
    zone_id: Mapped[uuid.UUID] = mapped_column(index=True)
    code: Mapped[str] = mapped_column(String(24))
    barcode: Mapped[str] = mapped_column(String(40))
    kind: Mapped[str] = mapped_column(String(16))
    walk_order: Mapped[int] = mapped_column(Integer)
    aisle: Mapped[int | None] = mapped_column(Integer)
    bay: Mapped[int | None] = mapped_column(Integer)
    level: Mapped[int | None] = mapped_column(Integer)
    x_m: Mapped[float | None] = mapped_column(Numeric(8, 2, asdecimal=False))
    y_m: Mapped[float | None] = mapped_column(Numeric(8, 2, asdecimal=False))
    max_weight_g: Mapped[int | None] = mapped_column(Integer)
    max_volume_cm3: Mapped[int | None] = mapped_column(Integer)
    max_units: Mapped[int | None] = mapped_column(Integer)  # pieces
    mixes_products: Mapped[bool] = mapped_column(Boolean, default=False)
    mixes_lots: Mapped[bool] = mapped_column(Boolean, default=True)
    owner_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("seller.id"))  # where its zone is not rented whole
    velocity_class: Mapped[str] = mapped_column(String(1), default="")  # meant for goods of class A, B or C; else ""
    is_active: Mapped[bool] = mapped_column(Boolean, default=True)
    label_arrow: Mapped[str] = mapped_column(String(5), default="", server_default=text("''"))
    # A hint for finding bins, kept by putaway and a job: 0 empty, 1 with room, 2 full. Nothing relies on it.
    fill: Mapped[int] = mapped_column(SmallInteger, default=0)


class Station(Base):
    """A bench or dock desk that a login binds to."""

    __tablename__ = "station"
    __table_args__ = (UniqueConstraint("warehouse_id", "code"), UniqueConstraint("barcode"))

    id: Mapped[DocumentId]
    warehouse_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("warehouse.id"))
    code: Mapped[str] = mapped_column(String(16))
    barcode: Mapped[str] = mapped_column(String(40))
    name: Mapped[str] = mapped_column(String(80))
    location_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("location.id"))


class HandlingUnit(Base):
    """A labelled thing that holds stock (容器): tote, carton, pallet, parcel. It stands at one location, alone or in
    another one (pallet → carton → inner), with which it moves.
    """

    __tablename__ = "handling_unit"
    __table_args__ = (
        UniqueConstraint("warehouse_id", "code"),
        Index("ix_handling_unit_barcode", "barcode"),
        Index("ix_handling_unit_totes", "warehouse_id", "code", postgresql_where=text("kind = 'tote'")),
        Index("ix_handling_unit_put_back", "warehouse_id", postgresql_where=text("subject_kind = 'put_back'")),
        Index("ix_handling_unit_lane", "warehouse_id", postgresql_where=text("subject_kind = 'lane'")),
        Index("ix_handling_unit_to_sort", "warehouse_id", postgresql_where=text("subject_kind = 'batch'")),
        Index("ix_handling_unit_damage", "warehouse_id", postgresql_where=text("subject_kind = 'damage'")),
        # Totes and parcels of an order in work, and what stands at a bench for nobody else.
        Index("ix_handling_unit_of_order", "subject_id", postgresql_where=text("subject_kind = 'order'")),
        Index("ix_handling_unit_parent", "parent_id", postgresql_where=text("parent_id IS NOT NULL")),
        CheckConstraint("parent_id <> id", name="not_in_itself"),
    )

    id: Mapped[DocumentId]
    warehouse_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("warehouse.id"))
    kind: Mapped[str] = mapped_column(String(8))
    code: Mapped[str] = mapped_column(String(40))
    barcode: Mapped[str] = mapped_column(String(48))
    location_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("location.id"))
    state: Mapped[str] = mapped_column(String(12), default="open")  # open | in_use | closed | gone
    subject_kind: Mapped[str | None] = mapped_column(String(16))
    subject_id: Mapped[uuid.UUID | None]
    parent_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("handling_unit.id"))  # the one it stands in
    created_at: Mapped[Instant]


class PickingLayout(Base):
    """How the aisles of a warehouse stand, as walks are planned on (`layout.py`, docs/waves.md). None: by the codes of
    its bins, with the sizes of `layout.Settings`.
    """

    __tablename__ = "picking_layout"
    __table_args__ = (
        CheckConstraint("aisle_pitch_mm > 0 AND bay_pitch_mm > 0 AND cross_aisle_mm >= 0 AND blocks > 0", name="sizes"),
    )

    warehouse_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("warehouse.id"), primary_key=True)
    aisle_pitch_mm: Mapped[int] = mapped_column(Integer)
    bay_pitch_mm: Mapped[int] = mapped_column(Integer)
    cross_aisle_mm: Mapped[int] = mapped_column(Integer)
    blocks: Mapped[int] = mapped_column(Integer)
    bays_face: Mapped[bool] = mapped_column(Boolean)  # odd and even bays stand opposite each other
    one_way: Mapped[list[list[int]]] = mapped_column(JSONB)  # [aisle, block or 0 for all, 1 up or -1 down]
    starts: Mapped[list[list[int]]] = mapped_column(JSONB)  # [cross aisle, aisle], counted from 1
    ends: Mapped[list[list[int]]] = mapped_column(JSONB)  # none: where a walk began


class ZoneLayout(Base):
    """Where a zone stands among the aisles of its warehouse. None: beside the zone before it."""

    __tablename__ = "zone_layout"
    __table_args__ = (CheckConstraint("first_aisle > 0 AND first_block > 0", name="from_one"),)

    zone_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("zone.id"), primary_key=True)
    first_aisle: Mapped[int] = mapped_column(Integer)
    first_block: Mapped[int] = mapped_column(Integer)
