"""Orders and the work on them. `order_line` is what the seller ordered; `demand` is what the warehouse owes for it."""

from __future__ import annotations

import uuid
from datetime import date
from typing import Annotated, Any

from sqlalchemy import (
    Boolean,
    CheckConstraint,
    Date,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    Integer,
    LargeBinary,
    Numeric,
    SmallInteger,
    String,
    Text,
    UniqueConstraint,
    text,
)
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlalchemy.orm import Mapped, mapped_column

from wms.outbound.attachments.models import OrderPaper  # noqa: F401 - its table
from wms.outbound.extras.models import OrderExtra  # noqa: F401 - its table
from wms.outbound.routing.models import OrderRoute, OrderRouting  # noqa: F401 - their tables
from wms.platform.database import Base, Data, DocumentId, Instant, Reference
from wms.platform.listing import indexes_of

Metres = Annotated[float | None, mapped_column(Numeric(10, 1, asdecimal=False))]


class Order(Base):
    """An outbound order (出库单). `reference` is the seller's own number, unique for ever."""

    __tablename__ = "outbound_order"
    __table_args__ = (
        UniqueConstraint("owner_id", "reference"),
        UniqueConstraint("owner_id", "id"),
        ForeignKeyConstraint(["owner_id", "shop_id"], ["shop.seller_id", "shop.id"]),
        *indexes_of("outbound_order", ("shipped", "cancelled")),
        Index("ix_outbound_order_changed", "owner_id", "updated_at"),  # sellers' systems ask for it every few minutes
        # Written once, when an order leaves: the days of a seller, the days and the newest of a warehouse.
        Index("ix_outbound_order_shipped", "owner_id", "shipped_at", "warehouse_id",
              postgresql_where=text("shipped_at IS NOT NULL")),
        Index("ix_outbound_order_gone", "warehouse_id", "shipped_at", postgresql_where=text("shipped_at IS NOT NULL")),
        Index("ix_outbound_order_work", "warehouse_id", "state", "priority", "ordered_at"),
        CheckConstraint("holds >= 0", name="holds_counted"),
    )  # fmt: skip

    id: Mapped[DocumentId]
    number: Mapped[str] = mapped_column(String(40), unique=True)
    owner_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("seller.id"))
    shop_id: Mapped[uuid.UUID | None]
    warehouse_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("warehouse.id"))
    service_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("service.id"))  # None: nobody carries it
    reference: Mapped[str] = mapped_column(String(50))
    kind: Mapped[str] = mapped_column(String(16))  # rules.KINDS
    state: Mapped[str] = mapped_column(String(20))
    customs_state: Mapped[str] = mapped_column(String(8), default="none")  # none | waiting | released | refused
    priority: Mapped[int] = mapped_column(Integer, default=0)
    version: Mapped[int] = mapped_column(Integer, default=1)
    remark: Mapped[str | None] = mapped_column(String(255))
    wave_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("wave.id"), index=True)
    shipment_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("shipment.id"))
    tote_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("handling_unit.id"), index=True)
    cancel_reason: Mapped[str | None] = mapped_column(String(32))
    ordered_at: Mapped[Instant]
    created_at: Mapped[Instant]
    updated_at: Mapped[Instant]
    shipped_at: Mapped[Instant | None]
    # Kept here, so that no step of the floor asks another table: open rows of `order_hold`, and the newest interception's
    # state while it is asked or refused (`none` otherwise).
    holds: Mapped[int] = mapped_column(Integer, default=0, server_default="0")
    interception: Mapped[str] = mapped_column(String(10), default="none", server_default="none")

    # What it is promised by its cut-off (`deadlines.py`), and what becomes of it without stock (`rules.Fill`).
    release_by: Mapped[Instant | None]
    ship_by: Mapped[Instant | None]
    fill_rule: Mapped[str] = mapped_column(String(12), default="fill_all", server_default="fill_all")
    back_order_of: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("outbound_order.id"), index=True)

    @property
    def is_stopped(self) -> bool:
        """Held or being intercepted: it joins no wave, and is not picked, packed or handed over."""
        return self.holds > 0 or self.interception == "requested"


class CutOffRow(Base):
    """When a carrier's truck leaves a warehouse, for all of its services or one (`deadlines.CutOff` explains the numbers).

    `priority`: of orders that bring none of their own.
    """

    __tablename__ = "cut_off"
    __table_args__ = (
        Index(
            "uq_cut_off", "warehouse_id", "carrier_id", "service_id", unique=True, postgresql_nulls_not_distinct=True
        ),
        CheckConstraint(
            "0 <= orders_until AND orders_until < truck_at AND truck_at < 1440 AND work_minutes BETWEEN 0 AND 1440"
            " AND weekdays BETWEEN 1 AND 127 AND priority BETWEEN 0 AND 9",
            name="times_of_a_day",
        ),
    )

    id: Mapped[DocumentId]
    warehouse_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("warehouse.id"))
    carrier_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("carrier.id"))
    service_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("service.id"))
    orders_until: Mapped[int] = mapped_column(Integer)
    truck_at: Mapped[int] = mapped_column(Integer)
    work_minutes: Mapped[int] = mapped_column(Integer)
    weekdays: Mapped[int] = mapped_column(Integer)
    priority: Mapped[int] = mapped_column(Integer)


class ClosedDay(Base):
    """A day on which a warehouse sends nothing, by its own calendar."""

    __tablename__ = "closed_day"

    warehouse_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("warehouse.id"), primary_key=True)
    day: Mapped[date] = mapped_column(Date, primary_key=True)


class OrderTerms(Base):
    """What a seller's orders do without enough stock, where the order does not say (`rules.Fill`). `pack_photo`: every
    parcel is photographed before it is closed. `pack_slip`: every order gets a packing slip into its first parcel.
    """

    __tablename__ = "order_terms"

    owner_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("seller.id"), primary_key=True)
    fill_rule: Mapped[str] = mapped_column(String(12))
    pack_photo: Mapped[bool] = mapped_column(Boolean, default=False, server_default=text("false"))
    pack_slip: Mapped[bool] = mapped_column(Boolean, default=False, server_default=text("false"))


class Consignee(Base):
    """The buyer. The only table with personal data of consignees; `flask erase` empties the row and keeps the order."""

    __tablename__ = "consignee"

    order_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("outbound_order.id"), primary_key=True)
    name: Mapped[str | None] = mapped_column(String(80))
    company: Mapped[str | None] = mapped_column(String(80))
    phone: Mapped[str | None] = mapped_column(String(32))
    email: Mapped[str | None] = mapped_column(String(120))
    country: Mapped[str] = mapped_column(String(2))
    state: Mapped[str | None] = mapped_column(String(60))
    city: Mapped[str | None] = mapped_column(String(60))
    postcode: Mapped[str | None] = mapped_column(String(16))
    address1: Mapped[str | None] = mapped_column(String(120))
    address2: Mapped[str | None] = mapped_column(String(120))
    address3: Mapped[str | None] = mapped_column(String(120))
    district: Mapped[str | None] = mapped_column(String(60))
    id_number_sealed: Mapped[bytes | None] = mapped_column(LargeBinary)  # AES-GCM, bound to the order
    id_number_key: Mapped[str | None] = mapped_column(String(16))
    id_number_index: Mapped[bytes | None] = mapped_column(LargeBinary, index=True)  # blind index for quota checks
    tax_ids_sealed: Mapped[bytes | None] = mapped_column(LargeBinary)  # `extras.service.seal_ids`
    tax_ids_key: Mapped[str | None] = mapped_column(String(16))
    erased_at: Mapped[Instant | None]


class OrderLine(Base):
    __tablename__ = "order_line"
    __table_args__ = (
        UniqueConstraint("order_id", "position"),
        ForeignKeyConstraint(["owner_id", "order_id"], ["outbound_order.owner_id", "outbound_order.id"]),
        ForeignKeyConstraint(["owner_id", "product_id"], ["product.owner_id", "product.id"]),
        CheckConstraint("quantity > 0", name="quantity_positive"),
    )

    id: Mapped[DocumentId]
    owner_id: Mapped[Reference]
    order_id: Mapped[Reference] = mapped_column(index=True)
    position: Mapped[int] = mapped_column(Integer)
    product_id: Mapped[Reference]
    quantity: Mapped[int] = mapped_column(Integer)
    batch: Mapped[str | None] = mapped_column(String(40))
    min_expires_on: Mapped[date | None] = mapped_column(Date)
    condition: Mapped[str] = mapped_column(String(12), default="good")
    handling_unit_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("handling_unit.id"))  # out of this container
    unit_value_minor: Mapped[int | None] = mapped_column(Integer)
    currency: Mapped[str | None] = mapped_column(String(3))


class Demand(Base):
    """What the warehouse owes for a line. Promise, allocation, pick, pack, customs line and return point at it."""

    __tablename__ = "demand"
    __table_args__ = (
        ForeignKeyConstraint(["owner_id", "order_id"], ["outbound_order.owner_id", "outbound_order.id"]),
        ForeignKeyConstraint(["owner_id", "product_id"], ["product.owner_id", "product.id"]),
        CheckConstraint(
            "0 <= shipped AND shipped <= verified AND verified <= picked AND picked <= quantity AND quantity > 0",
            name="steps_in_order",
        ),
    )

    id: Mapped[DocumentId]
    owner_id: Mapped[Reference]
    order_id: Mapped[Reference] = mapped_column(index=True)
    order_line_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("order_line.id"))
    product_id: Mapped[Reference]
    quantity: Mapped[int] = mapped_column(Integer)
    book_item_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("book_item.id"))
    promise_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("promise.id"))
    picked: Mapped[int] = mapped_column(Integer, default=0)
    verified: Mapped[int] = mapped_column(Integer, default=0)
    shipped: Mapped[int] = mapped_column(Integer, default=0)


class Wave(Base):
    """Orders released together (波次). `planned_m`: metres of its walks as planned; `bin_order_m`: of the same walks from bin
    to bin by code; `unplanned_m`: of carts filled as the orders came, walked by code.
    """

    __tablename__ = "wave"
    __table_args__ = (
        Index("ix_wave_open", "warehouse_id", "state"),
        Index("ix_wave_newest", "warehouse_id", "released_at", "id"),
    )

    id: Mapped[DocumentId]
    warehouse_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("warehouse.id"))
    number: Mapped[str] = mapped_column(String(40), unique=True)
    state: Mapped[str] = mapped_column(String(12))
    created_at: Mapped[Instant]
    released_at: Mapped[Instant | None]
    planned_m: Mapped[Metres]
    bin_order_m: Mapped[Metres]
    unplanned_m: Mapped[Metres]


class PickBatch(Base):
    """One walk of one cart (拣货单). `picker_id` holds it while the lease runs. `wall`: its goods are picked together, into
    the tote `tote_id`, and sorted at that put wall (播种墙) afterwards; None: each order into a tote of its own. `is_lane`: of
    orders of one piece, picked together into the container `tote_id`, which the bench packs from (单件快线). `zone_id`: a walk
    that was parted by zones, for a picker who works there.
    """

    __tablename__ = "pick_batch"
    __table_args__ = (Index("ix_pick_batch_open", "warehouse_id", "state", "created_at"),)

    id: Mapped[DocumentId]
    warehouse_id: Mapped[Reference]
    wave_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("wave.id"), index=True)
    state: Mapped[str] = mapped_column(String(12))  # open | picking | done
    picker_id: Mapped[uuid.UUID | None]
    lease_until: Mapped[Instant | None]
    created_at: Mapped[Instant]
    planned_m: Mapped[Metres]
    bin_order_m: Mapped[Metres]
    wall: Mapped[str | None] = mapped_column(String(8))
    tote_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("handling_unit.id"))
    zone_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("zone.id"))
    is_lane: Mapped[bool] = mapped_column(Boolean, default=False, server_default=text("false"))


class PickTask(Base):
    """One stop of a walk (拣货任务): so many of one allocation for one order. `walk_order`: its place in the walk. `why`
    this bin out of `choices` (`inventory/choosing.py`); both empty for stops found later.
    """

    __tablename__ = "pick_task"
    __table_args__ = (
        Index("ix_pick_task_walk", "batch_id", "walk_order", "id"),
        Index("ix_pick_task_demand", "demand_id"),
        UniqueConstraint("allocation_id"),
        CheckConstraint("picked >= 0 AND picked <= quantity AND quantity > 0", name="picked_within"),
        CheckConstraint("sorted >= 0 AND sorted <= picked", name="sorted_within"),
    )

    id: Mapped[DocumentId]
    warehouse_id: Mapped[Reference]
    batch_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("pick_batch.id"))
    order_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("outbound_order.id"), index=True)
    demand_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("demand.id"))
    allocation_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("allocation.id"))
    balance_id: Mapped[int] = mapped_column(ForeignKey("balance.id"))
    location_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("location.id"))
    product_id: Mapped[Reference]
    walk_order: Mapped[int] = mapped_column(Integer)
    quantity: Mapped[int] = mapped_column(Integer)
    picked: Mapped[int] = mapped_column(Integer, default=0)
    state: Mapped[str] = mapped_column(String(12))
    skipped: Mapped[int] = mapped_column(Integer, default=0)
    why: Mapped[str | None] = mapped_column(String(16))
    choices: Mapped[int | None] = mapped_column(SmallInteger)
    sorted: Mapped[int] = mapped_column(Integer, default=0, server_default=text("0"))  # of `picked`, at a put wall


class Verification(Base):
    """A check at packing: so many units of a demand seen, and by which profile."""

    __tablename__ = "verification"
    __table_args__ = (Index("ix_verification_demand", "demand_id"),)

    id: Mapped[DocumentId]
    warehouse_id: Mapped[Reference]
    demand_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("demand.id"))
    profile: Mapped[str] = mapped_column(String(20))
    quantity: Mapped[int] = mapped_column(Integer)
    serial: Mapped[str | None] = mapped_column(String(40))
    parcel_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("parcel.id"))  # empty: in the box that is open
    actor_id: Mapped[Reference]
    created_at: Mapped[Instant]


class Weighing(Base):
    """A parcel of one product, closed and on a scale, in a box that is known: what weights are learned from."""

    __tablename__ = "weighing"
    __table_args__ = (
        Index("ix_weighing_product", "product_id", "weighed_at"),
        Index("ix_weighing_packaging", "packaging_id", "weighed_at"),
        CheckConstraint("units > 0 AND weight_g > 0", name="positive"),
    )

    parcel_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("parcel.id"), primary_key=True)
    product_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("product.id"))
    packaging_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("packaging.id"))
    units: Mapped[int] = mapped_column(Integer)
    weight_g: Mapped[int] = mapped_column(Integer)  # gross
    weighed_at: Mapped[Instant]


class LearnedWeight(Base):
    """What one unit of a product weighs by its last parcels, while they agree. A proposal: it overwrites nothing."""

    __tablename__ = "learned_weight"

    product_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("product.id"), primary_key=True)
    weight_g: Mapped[int] = mapped_column(Integer)
    parcels: Mapped[int] = mapped_column(Integer)
    learned_at: Mapped[Instant]


class LearnedTare(Base):
    """What a box or bag weighs with its filling by the last parcels of measured products, while they agree."""

    __tablename__ = "learned_tare"

    packaging_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("packaging.id"), primary_key=True)
    weight_g: Mapped[int] = mapped_column(Integer)
    parcels: Mapped[int] = mapped_column(Integer)
    learned_at: Mapped[Instant]


class OrderException(Base):
    """Something a supervisor has to decide. Open while `resolved_at` is empty."""

    __tablename__ = "order_exception"
    __table_args__ = (
        Index("ix_order_exception_open", "warehouse_id", "created_at", postgresql_where=text("resolved_at IS NULL")),
    )

    id: Mapped[DocumentId]
    warehouse_id: Mapped[Reference]
    order_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("outbound_order.id"), index=True)
    kind: Mapped[str] = mapped_column(String(24))  # short_at_pick | damaged | weight | customs_refused
    detail: Mapped[str | None] = mapped_column(Text)  # ids and numbers only
    created_at: Mapped[Instant]
    resolved_at: Mapped[Instant | None]
    resolution: Mapped[str | None] = mapped_column(String(24))


class OrderHold(Base):
    """A hold on an order (订单冻结); an order may have several. `side` may end it: seller, warehouse or system."""

    __tablename__ = "order_hold"
    __table_args__ = (
        Index("ix_order_hold_order", "order_id"),
        Index("uq_order_hold_open", "order_id", "side", "reason", unique=True, postgresql_where=text("state = 'open'")),
        CheckConstraint("(state = 'ended') = (ended_at IS NOT NULL)", name="ended_is_dated"),
    )

    id: Mapped[DocumentId]
    warehouse_id: Mapped[Reference]
    order_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("outbound_order.id"))
    side: Mapped[str] = mapped_column(String(10))
    reason: Mapped[str] = mapped_column(String(24))
    note: Mapped[str | None] = mapped_column(String(255))
    keeps_stock: Mapped[bool] = mapped_column(Boolean)
    state: Mapped[str] = mapped_column(String(8))
    placed_at: Mapped[Instant]
    placed_by: Mapped[Reference]
    placed_by_name: Mapped[str] = mapped_column(String(80))
    ended_at: Mapped[Instant | None]
    ended_by: Mapped[uuid.UUID | None]
    ended_by_name: Mapped[str | None] = mapped_column(String(80))
    overruled: Mapped[bool] = mapped_column(Boolean, default=False)  # ended by a supervisor for another side


class Interception(Base):
    """A request to stop an order (截单), and its answer. `resume_state`: where the order stood and goes on if refused."""

    __tablename__ = "interception"
    __table_args__ = (
        Index("ix_interception_order", "order_id", "requested_at"),
        Index("uq_interception_open", "order_id", unique=True, postgresql_where=text("state = 'requested'")),
        Index("ix_interception_asked", "warehouse_id", "requested_at", postgresql_where=text("state = 'requested'")),
        CheckConstraint("(state = 'requested') = (answered_at IS NULL)", name="answer_is_dated"),
    )

    id: Mapped[DocumentId]
    warehouse_id: Mapped[Reference]
    order_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("outbound_order.id"))
    reason: Mapped[str] = mapped_column(String(24))
    state: Mapped[str] = mapped_column(String(10))
    resume_state: Mapped[str] = mapped_column(String(20))
    requested_at: Mapped[Instant]
    requested_by: Mapped[Reference]
    requested_by_name: Mapped[str] = mapped_column(String(80))
    answered_at: Mapped[Instant | None]
    answered_by: Mapped[uuid.UUID | None]
    answered_by_name: Mapped[str | None] = mapped_column(String(80))
    refusal: Mapped[str | None] = mapped_column(String(24))  # why it was refused


class Destruction(Base):
    """That the goods of an order were destroyed, and before whom."""

    __tablename__ = "destruction"

    order_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("outbound_order.id"), primary_key=True)
    units: Mapped[int] = mapped_column(Integer)
    witness: Mapped[str] = mapped_column(String(80))
    note: Mapped[str | None] = mapped_column(String(255))
    done_at: Mapped[Instant]
    done_by: Mapped[Reference]
    done_by_name: Mapped[str] = mapped_column(String(80))


class WaveSetting(Base):
    """What a cart holds and how fast people are, for planning (`carts.Settings` where there is none)."""

    __tablename__ = "wave_setting"
    __table_args__ = (
        CheckConstraint("cart_totes > 0 AND metres_per_minute > 0 AND minutes_per_wave > 0 AND planning_ms > 0"
                        " AND seconds_per_walk >= 0 AND seconds_per_stop >= 0 AND seconds_per_unit >= 0",
                        name="positive"),
        CheckConstraint("(tote_units IS NULL OR tote_units > 0) AND (tote_volume_cm3 IS NULL OR tote_volume_cm3 > 0)"
                        " AND (tote_weight_g IS NULL OR tote_weight_g > 0)", name="tote"),
        CheckConstraint("lane_orders > 0", name="lane_orders_positive"),
    )  # fmt: skip

    warehouse_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("warehouse.id"), primary_key=True)
    cart_totes: Mapped[int] = mapped_column(Integer)
    tote_units: Mapped[int | None] = mapped_column(Integer)
    tote_volume_cm3: Mapped[int | None] = mapped_column(Integer)
    tote_weight_g: Mapped[int | None] = mapped_column(Integer)
    metres_per_minute: Mapped[int] = mapped_column(Integer)
    seconds_per_walk: Mapped[int] = mapped_column(Integer)
    seconds_per_stop: Mapped[int] = mapped_column(Integer)
    seconds_per_unit: Mapped[int] = mapped_column(Integer)
    minutes_per_wave: Mapped[int] = mapped_column(Integer)
    planning_ms: Mapped[int] = mapped_column(Integer)
    lane_orders: Mapped[int] = mapped_column(Integer, server_default=text("48"))


class WavePlan(Base):
    """A wave as it was shown before its release: `plan` as `carts.Plan`. Kept for a day."""

    __tablename__ = "wave_plan"

    id: Mapped[DocumentId]
    warehouse_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("warehouse.id"))
    made_by: Mapped[Reference]
    made_at: Mapped[Instant] = mapped_column(index=True)
    selection: Mapped[Data]
    plan: Mapped[Data]
    wave_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("wave.id"))


class WaveRule(Base):
    """A wave that is released by the clock: at these times of the warehouse's day, of orders before `cut_off`, when at
    least `fewest` are ready. `selection` as `carts.Selection`.
    """

    __tablename__ = "wave_rule"
    __table_args__ = (UniqueConstraint("warehouse_id", "name"),)

    id: Mapped[DocumentId]
    warehouse_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("warehouse.id"))
    name: Mapped[str] = mapped_column(String(60))
    position: Mapped[int] = mapped_column(Integer)
    times: Mapped[list[str]] = mapped_column(ARRAY(String(5)))  # HH:MM
    cut_off: Mapped[str | None] = mapped_column(String(5))
    selection: Mapped[dict[str, Any]] = mapped_column(JSONB)
    fewest: Mapped[int] = mapped_column(Integer)
    is_active: Mapped[bool] = mapped_column(Boolean)
    looked_at: Mapped[Instant | None]
    last_wave_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("wave.id"))
    last_refusal: Mapped[str | None] = mapped_column(String(40))


class PutWallSlot(Base):
    """A slot of a put wall (播种墙): a container of its own, that holds one order until it is packed."""

    __tablename__ = "put_wall_slot"
    __table_args__ = (UniqueConstraint("warehouse_id", "wall", "number"),)

    unit_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("handling_unit.id"), primary_key=True)
    warehouse_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("warehouse.id"))
    wall: Mapped[str] = mapped_column(String(8))
    number: Mapped[int] = mapped_column(Integer)


class PickDamage(Base):
    """Units that a picker found damaged at a stop of `order_id`, with the reason and a photo where one was taken."""

    __tablename__ = "pick_damage"
    __table_args__ = (
        Index("ix_pick_damage_newest", "warehouse_id", "created_at", postgresql_where=text("undone_at IS NULL")),
        Index("ix_pick_damage_tote", "tote_id", postgresql_where=text("tote_id IS NOT NULL")),
        CheckConstraint("quantity > 0", name="quantity_positive"),
    )

    id: Mapped[DocumentId]
    warehouse_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("warehouse.id"))
    order_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("outbound_order.id"), index=True)
    product_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("product.id"))
    location_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("location.id"))
    tote_id: Mapped[uuid.UUID | None] = mapped_column(
        ForeignKey("handling_unit.id")
    )  # on its way to a place, in this one
    quantity: Mapped[int] = mapped_column(Integer)
    reason: Mapped[str] = mapped_column(String(12))  # damage.REASONS
    note: Mapped[str] = mapped_column(String(255))
    file_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("stored_file.id"))
    file_name: Mapped[str | None] = mapped_column(String(120))
    posting_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("stock_posting.id"))
    actor_id: Mapped[Reference]
    created_at: Mapped[Instant]
    undone_at: Mapped[Instant | None]


class ParcelPhoto(Base):
    """What a packer photographed of an open parcel, for its seller."""

    __tablename__ = "parcel_photo"
    __table_args__ = (Index("ix_parcel_photo_order", "order_id", "taken_at"),)

    id: Mapped[DocumentId]
    warehouse_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("warehouse.id"))
    order_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("outbound_order.id"))
    parcel_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("parcel.id"))
    file_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("stored_file.id"))
    name: Mapped[str] = mapped_column(String(120))
    taken_by: Mapped[Reference]
    taken_at: Mapped[Instant]
