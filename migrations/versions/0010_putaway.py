"""Where goods may stand, bins kept for goods on their way, containers within containers, holds with a beginning and
an end.

Expands only: every new column has a default that means what the release before it did.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import ARRAY

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

NOW = sa.DateTime(timezone=True)


def upgrade() -> None:
    _places()
    _products()
    _reservations()
    _units_and_holds()


def _places() -> None:
    op.add_column("zone", sa.Column("owner_id", sa.Uuid(), sa.ForeignKey("seller.id", name="fk_zone_owner_id")))
    op.add_column("zone", sa.Column("temperature", sa.String(8), nullable=False, server_default="ambient"))
    op.add_column("zone", sa.Column("customs_area", sa.String(8), nullable=False, server_default="any"))
    op.add_column("zone", sa.Column("dangerous_classes", ARRAY(sa.String(3)), nullable=False, server_default="{}"))
    owner = sa.ForeignKey("seller.id", name="fk_location_owner_id")
    op.add_column("location", sa.Column("owner_id", sa.Uuid(), owner))
    op.add_column("location", sa.Column("max_units", sa.Integer()))
    op.add_column("location", sa.Column("mixes_lots", sa.Boolean(), nullable=False, server_default=sa.true()))
    op.add_column("location", sa.Column("velocity_class", sa.String(1), nullable=False, server_default=""))
    op.add_column("location", sa.Column("fill", sa.SmallInteger(), nullable=False, server_default="0"))
    op.create_check_constraint(op.f("ck_location_max_units_positive"), "location", "max_units IS NULL OR max_units > 0")
    op.create_index(
        "ix_location_empty", "location", ["zone_id", "kind", "velocity_class", "walk_order"],
        postgresql_where=sa.text("fill = 0 AND is_active"),
    )  # fmt: skip
    op.create_index(
        "ix_location_shared", "location", ["zone_id", "walk_order"],
        postgresql_where=sa.text("fill = 1 AND mixes_products"),
    )  # fmt: skip


def _products() -> None:
    op.add_column("product", sa.Column("temperature", sa.String(8), nullable=False, server_default="ambient"))
    op.add_column("product", sa.Column("dangerous_class", sa.String(3)))


def _reservations() -> None:
    op.create_table(
        "fixed_bin",
        sa.Column("location_id", sa.Uuid(), nullable=False),
        sa.Column("product_id", sa.Uuid(), nullable=False),
        sa.Column("warehouse_id", sa.Uuid(), nullable=False),
        sa.Column("created_at", NOW, nullable=False),
        sa.PrimaryKeyConstraint("location_id", "product_id", name="pk_fixed_bin"),
        sa.ForeignKeyConstraint(["product_id"], ["product.id"], name="fk_fixed_bin_product_id"),
        sa.ForeignKeyConstraint(["warehouse_id", "location_id"], ["location.warehouse_id", "location.id"],
                                name="fk_fixed_bin_warehouse_id_location_id"),
    )  # fmt: skip
    op.create_index("ix_fixed_bin_product", "fixed_bin", ["product_id", "warehouse_id"])
    op.create_table(
        "bin_reservation",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("warehouse_id", sa.Uuid(), nullable=False),
        sa.Column("location_id", sa.Uuid(), nullable=False),
        sa.Column("product_id", sa.Uuid(), nullable=False),
        sa.Column("lot_id", sa.Uuid()),
        sa.Column("customs_status", sa.String(20), nullable=False),
        sa.Column("quantity", sa.Integer(), nullable=False),
        sa.Column("weight_g", sa.BigInteger(), nullable=False),
        sa.Column("volume_mm3", sa.BigInteger(), nullable=False),
        sa.Column("holder_kind", sa.String(16), nullable=False),
        sa.Column("holder_id", sa.Uuid(), nullable=False),
        sa.Column("reserved_by", sa.Uuid(), nullable=False),
        sa.Column("created_at", NOW, nullable=False),
        sa.Column("expires_at", NOW, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_bin_reservation"),
        sa.ForeignKeyConstraint(["location_id"], ["location.id"], name="fk_bin_reservation_location_id"),
        sa.ForeignKeyConstraint(["product_id"], ["product.id"], name="fk_bin_reservation_product_id"),
        sa.CheckConstraint("quantity > 0", name=op.f("ck_bin_reservation_quantity_positive")),
    )
    op.create_index("uq_bin_reservation_holder", "bin_reservation", ["holder_kind", "holder_id"], unique=True)
    op.create_index("ix_bin_reservation_location", "bin_reservation", ["location_id"])
    op.create_index("ix_bin_reservation_expires_at", "bin_reservation", ["expires_at"])


def _units_and_holds() -> None:
    parent = sa.ForeignKey("handling_unit.id", name="fk_handling_unit_parent_id")
    op.add_column("handling_unit", sa.Column("parent_id", sa.Uuid(), parent))
    op.create_check_constraint(op.f("ck_handling_unit_not_in_itself"), "handling_unit", "parent_id <> id")
    op.create_index(
        "ix_handling_unit_parent", "handling_unit", ["parent_id"], postgresql_where=sa.text("parent_id IS NOT NULL")
    )
    op.add_column("stock_hold", sa.Column("note", sa.String(255)))
    op.add_column("stock_hold", sa.Column("begins_at", NOW))
    op.add_column("stock_hold", sa.Column("ends_at", NOW))
    op.add_column("stock_hold", sa.Column("has_begun", sa.Boolean(), nullable=False, server_default=sa.true()))
    op.create_check_constraint(
        op.f("ck_stock_hold_ends_after_it_begins"), "stock_hold",
        "ends_at IS NULL OR ends_at > coalesce(begins_at, created_at)",
    )  # fmt: skip
    op.create_index("ix_stock_hold_to_begin", "stock_hold", ["begins_at"],
                    postgresql_where=sa.text("ended_at IS NULL AND NOT has_begun"))  # fmt: skip
    op.create_index("ix_stock_hold_to_end", "stock_hold", ["ends_at"],
                    postgresql_where=sa.text("ended_at IS NULL AND ends_at IS NOT NULL"))  # fmt: skip
    op.create_index("ix_stock_move_lot", "stock_move", ["lot_id", "id"],
                    postgresql_where=sa.text("lot_id IS NOT NULL"))  # fmt: skip


def downgrade() -> None:
    op.drop_index("ix_stock_move_lot", "stock_move")
    op.drop_constraint(op.f("ck_stock_hold_ends_after_it_begins"), "stock_hold")
    for column in ("has_begun", "ends_at", "begins_at", "note"):
        op.drop_column("stock_hold", column)
    op.drop_column("handling_unit", "parent_id")
    op.drop_table("bin_reservation")
    op.drop_table("fixed_bin")
    for column in ("dangerous_class", "temperature"):
        op.drop_column("product", column)
    op.drop_index("ix_location_shared", "location")
    op.drop_index("ix_location_empty", "location")
    for column in ("fill", "velocity_class", "mixes_lots", "max_units", "owner_id"):
        op.drop_column("location", column)
    for column in ("dangerous_classes", "customs_area", "temperature", "owner_id"):
        op.drop_column("zone", column)
