"""Inbound in depth: what differs is decided and settled, files of the dock.

Expands only. A release that does not know the new columns writes differences that are noted and receipts without a
finding; a booking it completes is not closed until something of it is settled by a newer one.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

INSTANT = sa.DateTime(timezone=True)
CLOSED = "('counted', 'stowing', 'stowed', 'missing')"


def upgrade() -> None:
    _differences()
    _files()
    _transport()
    _measures()
    _arrivals()
    _inspections()


def _differences() -> None:
    op.add_column("booking", sa.Column("closed_at", INSTANT))
    for name in ("unlabelled", "mixed"):
        op.add_column("carton_line", sa.Column(name, sa.Integer, nullable=False, server_default="0"))
    op.create_check_constraint(
        op.f("ck_carton_line_found_within"), "carton_line",
        "unlabelled BETWEEN 0 AND received_good + received_damaged AND mixed BETWEEN 0 AND"
        " received_good + received_damaged",
    )  # fmt: skip
    op.add_column("receipt", sa.Column("finding", sa.String(12)))
    op.alter_column("difference", "kind", type_=sa.String(12), existing_nullable=False)
    op.add_column("difference", sa.Column("state", sa.String(8), nullable=False, server_default="noted"))
    op.add_column("difference", sa.Column("due_at", INSTANT))
    op.add_column("difference", sa.Column("decision", sa.String(8)))
    op.add_column("difference", sa.Column("relabel_to", sa.Uuid, sa.ForeignKey("product.id")))
    op.add_column("difference", sa.Column("remark", sa.String(255), nullable=False, server_default=""))
    op.add_column("difference", sa.Column("by_default", sa.Boolean, nullable=False, server_default="false"))
    for name in ("decided_by", "settled_by"):
        op.add_column("difference", sa.Column(name, sa.Uuid))
    for name in ("decided_at", "settled_at"):
        op.add_column("difference", sa.Column(name, INSTANT))
    op.add_column("difference", sa.Column("posting_id", sa.Uuid, sa.ForeignKey("stock_posting.id")))
    # Nobody was asked about those of cartons closed before: they stay as they were received.
    op.execute(
        "UPDATE difference d SET state = 'settled', decision = 'accept', by_default = true, settled_at = c.counted_at,"
        f" decided_at = c.counted_at FROM carton c WHERE c.id = d.carton_id AND c.state IN {CLOSED}"
    )
    op.execute("UPDATE booking SET closed_at = completed_at WHERE state = 'completed'")
    op.create_index("ix_difference_due", "difference", ["due_at"], postgresql_where=sa.text("state = 'open'"))
    op.create_index("ix_difference_decided", "difference", ["booking_id"],
                    postgresql_where=sa.text("state = 'decided'"))  # fmt: skip
    op.create_check_constraint(op.f("ck_difference_open_until"), "difference", "state <> 'open' OR due_at IS NOT NULL")
    op.create_check_constraint(
        op.f("ck_difference_decided_how"), "difference", "state NOT IN ('decided', 'settled') OR decision IS NOT NULL"
    )
    op.create_table(
        "inbound_terms",
        sa.Column("owner_id", sa.Uuid, sa.ForeignKey("seller.id"), primary_key=True),
        sa.Column("decide_hours", sa.Integer, nullable=False),
        sa.Column("default_decision", sa.String(8), nullable=False),
        sa.Column("min_shelf_days", sa.Integer),
        sa.Column("changed_by", sa.Uuid, nullable=False),
        sa.Column("changed_at", INSTANT, nullable=False),
        sa.CheckConstraint("min_shelf_days BETWEEN 0 AND 3650", name=op.f("ck_inbound_terms_shelf_sane")),
        sa.CheckConstraint("decide_hours BETWEEN 1 AND 720", name=op.f("ck_inbound_terms_hours_sane")),
        sa.CheckConstraint(
            "default_decision IN ('accept', 'return', 'destroy')", name=op.f("ck_inbound_terms_default_known")
        ),
    )


def _files() -> None:
    op.create_table(
        "inbound_file",
        sa.Column("id", sa.Uuid, primary_key=True),
        sa.Column("owner_id", sa.Uuid),
        sa.Column("booking_id", sa.Uuid),
        sa.Column("carton_id", sa.Uuid, sa.ForeignKey("carton.id")),
        sa.Column("arrival_id", sa.Uuid, sa.ForeignKey("unidentified_arrival.id")),
        sa.Column("kind", sa.String(12), nullable=False),
        sa.Column("name", sa.String(120), nullable=False),
        sa.Column("note", sa.String(255), nullable=False),
        sa.Column("file_id", sa.Uuid, sa.ForeignKey("stored_file.id"), nullable=False),
        sa.Column("added_by", sa.Uuid, nullable=False),
        sa.Column("added_at", INSTANT, nullable=False),
        sa.ForeignKeyConstraint(["owner_id", "booking_id"], ["booking.owner_id", "booking.id"]),
        sa.CheckConstraint("(booking_id IS NULL) <> (arrival_id IS NULL)", name=op.f("ck_inbound_file_of_one_thing")),
        sa.CheckConstraint(
            "(booking_id IS NULL) = (owner_id IS NULL)", name=op.f("ck_inbound_file_owned_with_booking")
        ),
    )
    op.create_index("ix_inbound_file_booking", "inbound_file", ["booking_id", "id"])
    op.create_index("ix_inbound_file_arrival", "inbound_file", ["arrival_id"],
                    postgresql_where=sa.text("arrival_id IS NOT NULL"))  # fmt: skip


def _transport() -> None:
    op.add_column("booking", sa.Column("air_waybill", sa.String(12)))
    op.add_column("carton", sa.Column("pallet", sa.Integer))
    op.create_table(
        "dock_appointment",
        sa.Column("id", sa.Uuid, primary_key=True),
        sa.Column("warehouse_id", sa.Uuid, sa.ForeignKey("warehouse.id"), nullable=False),
        sa.Column("location_id", sa.Uuid, sa.ForeignKey("location.id"), nullable=False),
        sa.Column("owner_id", sa.Uuid, nullable=False),
        sa.Column("booking_id", sa.Uuid, nullable=False),
        sa.Column("starts_at", INSTANT, nullable=False),
        sa.Column("ends_at", INSTANT, nullable=False),
        sa.Column("state", sa.String(10), nullable=False),
        sa.Column("note", sa.String(120), nullable=False),
        sa.Column("made_by", sa.Uuid, nullable=False),
        sa.Column("made_at", INSTANT, nullable=False),
        sa.ForeignKeyConstraint(["owner_id", "booking_id"], ["booking.owner_id", "booking.id"]),
        sa.CheckConstraint("starts_at < ends_at", name=op.f("ck_dock_appointment_ends_later")),
    )
    op.create_index("uq_dock_appointment_booking", "dock_appointment", ["booking_id"], unique=True,
                    postgresql_where=sa.text("state = 'booked'"))  # fmt: skip
    op.create_index("ix_dock_appointment_calendar", "dock_appointment", ["location_id", "starts_at"])
    op.create_index("ix_dock_appointment_day", "dock_appointment", ["warehouse_id", "starts_at"])


def _measures() -> None:
    op.add_column("product_barcode", sa.Column("level", sa.String(6), nullable=False, server_default="each"))
    op.execute("UPDATE product_barcode SET level = 'case' WHERE quantity > 1")
    op.create_check_constraint(
        op.f("ck_product_barcode_level_known"), "product_barcode", "level IN ('each', 'inner', 'case', 'pallet')"
    )
    sizes = ("weight_g", "length_mm", "width_mm", "height_mm")
    op.create_table(
        "measurement",
        sa.Column("id", sa.Uuid, primary_key=True),
        sa.Column("owner_id", sa.Uuid, nullable=False),
        sa.Column("product_id", sa.Uuid, nullable=False),
        sa.Column("carton_id", sa.Uuid, sa.ForeignKey("carton.id"), nullable=False),
        *(sa.Column(f"declared_{name}", sa.Integer, nullable=False) for name in sizes),
        *(sa.Column(name, sa.Integer, nullable=False) for name in sizes),
        sa.Column("deviates", sa.Boolean, nullable=False),
        sa.Column("measured_by", sa.Uuid, nullable=False),
        sa.Column("measured_at", INSTANT, nullable=False),
        sa.ForeignKeyConstraint(["owner_id", "product_id"], ["product.owner_id", "product.id"]),
    )
    op.create_index("ix_measurement_product", "measurement", ["product_id", "id"])
    op.create_index("ix_measurement_deviating", "measurement", ["owner_id", "id"],
                    postgresql_where=sa.text("deviates"))  # fmt: skip


def _arrivals() -> None:
    op.add_column("booking", sa.Column("dock_cartons", sa.Integer))
    op.add_column("booking", sa.Column("dock_counted_by", sa.Uuid))
    op.add_column("booking", sa.Column("dock_counted_at", INSTANT))
    op.create_index("ix_booking_container", "booking", ["container_number"],
                    postgresql_where=sa.text("container_number IS NOT NULL"))  # fmt: skip
    op.add_column("unidentified_arrival", sa.Column("state", sa.String(8), nullable=False, server_default="waiting"))
    op.add_column("unidentified_arrival", sa.Column("claimed_owner_id", sa.Uuid, sa.ForeignKey("seller.id")))
    op.add_column("unidentified_arrival", sa.Column("claim_note", sa.String(255), nullable=False, server_default=""))
    op.add_column("unidentified_arrival", sa.Column("claimed_at", INSTANT))
    op.execute("UPDATE unidentified_arrival SET state = 'closed' WHERE closed_at IS NOT NULL")
    op.create_index("ix_unidentified_code", "unidentified_arrival", ["code"],
                    postgresql_where=sa.text("closed_at IS NULL"))  # fmt: skip
    op.create_check_constraint(
        op.f("ck_unidentified_arrival_closed_when"), "unidentified_arrival",
        "(state = 'closed') = (closed_at IS NOT NULL)",
    )  # fmt: skip
    op.create_check_constraint(
        op.f("ck_unidentified_arrival_claimed_by"), "unidentified_arrival",
        "state <> 'claimed' OR claimed_owner_id IS NOT NULL",
    )  # fmt: skip


def _inspections() -> None:
    op.create_table(
        "sampling_plan",
        sa.Column("id", sa.Uuid, primary_key=True),
        sa.Column("warehouse_id", sa.Uuid, sa.ForeignKey("warehouse.id"), nullable=False),
        sa.Column("owner_id", sa.Uuid, sa.ForeignKey("seller.id")),
        sa.Column("product_id", sa.Uuid),
        sa.Column("first_receipts", sa.Integer, nullable=False),
        sa.Column("every_nth", sa.Integer),
        sa.Column("sample_units", sa.Integer, nullable=False),
        sa.Column("is_active", sa.Boolean, nullable=False),
        sa.Column("made_by", sa.Uuid, nullable=False),
        sa.Column("made_at", INSTANT, nullable=False),
        sa.ForeignKeyConstraint(["owner_id", "product_id"], ["product.owner_id", "product.id"]),
        sa.CheckConstraint(
            "first_receipts >= 0 AND sample_units > 0 AND (every_nth IS NULL OR every_nth > 0)",
            name=op.f("ck_sampling_plan_numbers_sane"),
        ),
        sa.CheckConstraint(
            "first_receipts > 0 OR every_nth IS NOT NULL", name=op.f("ck_sampling_plan_draws_something")
        ),
        sa.CheckConstraint(
            "product_id IS NULL OR owner_id IS NOT NULL", name=op.f("ck_sampling_plan_product_of_owner")
        ),
    )
    op.create_index("ix_sampling_plan_active", "sampling_plan", ["warehouse_id"],
                    postgresql_where=sa.text("is_active"))  # fmt: skip
    op.create_table(
        "sampling_count",
        sa.Column("plan_id", sa.Uuid, sa.ForeignKey("sampling_plan.id"), primary_key=True),
        sa.Column("product_id", sa.Uuid, sa.ForeignKey("product.id"), primary_key=True),
        sa.Column("seen", sa.Integer, nullable=False),
    )
    op.create_table(
        "inspection",
        sa.Column("id", sa.Uuid, primary_key=True),
        sa.Column("plan_id", sa.Uuid, sa.ForeignKey("sampling_plan.id"), nullable=False),
        sa.Column("warehouse_id", sa.Uuid, sa.ForeignKey("warehouse.id"), nullable=False),
        sa.Column("owner_id", sa.Uuid, nullable=False),
        sa.Column("booking_id", sa.Uuid, nullable=False),
        sa.Column("carton_id", sa.Uuid, sa.ForeignKey("carton.id"), nullable=False),
        sa.Column("product_id", sa.Uuid, sa.ForeignKey("product.id"), nullable=False),
        sa.Column("hold_id", sa.Uuid, sa.ForeignKey("stock_hold.id"), nullable=False),
        sa.Column("quantity", sa.Integer, nullable=False),
        sa.Column("sample", sa.Integer, nullable=False),
        sa.Column("state", sa.String(8), nullable=False),
        sa.Column("failed", sa.Integer, nullable=False),
        sa.Column("condition", sa.String(12)),
        sa.Column("remark", sa.String(255), nullable=False),
        sa.Column("posting_id", sa.Uuid, sa.ForeignKey("stock_posting.id")),
        sa.Column("drawn_at", INSTANT, nullable=False),
        sa.Column("decided_by", sa.Uuid),
        sa.Column("decided_at", INSTANT),
        sa.ForeignKeyConstraint(["owner_id", "booking_id"], ["booking.owner_id", "booking.id"]),
        sa.CheckConstraint("failed BETWEEN 0 AND quantity", name=op.f("ck_inspection_failed_within")),
        sa.CheckConstraint("(state = 'failed') = (failed > 0)", name=op.f("ck_inspection_failed_some")),
    )
    op.create_index("ix_inspection_carton", "inspection", ["carton_id"])
    op.create_index("ix_inspection_open", "inspection", ["warehouse_id"], postgresql_where=sa.text("state = 'open'"))


def downgrade() -> None:
    for name in ("inspection", "sampling_count", "sampling_plan"):
        op.drop_table(name)
    for name in ("claimed_at", "claim_note", "claimed_owner_id", "state"):
        op.drop_column("unidentified_arrival", name)
    op.drop_index("ix_unidentified_code", "unidentified_arrival")
    op.drop_index("ix_booking_container", "booking")
    for name in ("dock_counted_at", "dock_counted_by", "dock_cartons"):
        op.drop_column("booking", name)
    op.drop_table("measurement")
    op.drop_column("product_barcode", "level")
    op.drop_table("dock_appointment")
    op.drop_column("carton", "pallet")
    op.drop_column("booking", "air_waybill")
    op.drop_table("inbound_file")
    op.drop_table("inbound_terms")
    op.execute("DELETE FROM difference WHERE kind IN ('unlabelled', 'mixed')")
    for name in ("posting_id", "settled_at", "decided_at", "settled_by", "decided_by", "by_default", "remark",
                 "relabel_to", "decision", "due_at", "state"):  # fmt: skip
        op.drop_column("difference", name)
    op.alter_column("difference", "kind", type_=sa.String(8), existing_nullable=False)
    op.drop_column("receipt", "finding")
    for name in ("mixed", "unlabelled"):
        op.drop_column("carton_line", name)
    op.drop_column("booking", "closed_at")
