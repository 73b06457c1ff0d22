"""What orders are packed in, and which checked units went into which parcel.

A parcel packed by an older release names neither: all checks of its order are its own, which is how they are read. Any
release can live with the new columns; they are empty until the new one packs.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None

NOW = sa.DateTime(timezone=True)
SIDES = [f"{where}_{side}_mm" for where in ("inner", "outer") for side in ("length", "width", "height")]


def upgrade() -> None:
    op.create_table(
        "packaging",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("warehouse_id", sa.Uuid(), nullable=False),
        sa.Column("owner_id", sa.Uuid()),
        sa.Column("code", sa.String(16), nullable=False),
        sa.Column("barcode", sa.String(40), nullable=False),
        sa.Column("name", sa.String(60), nullable=False),
        sa.Column("kind", sa.String(8), nullable=False),
        *(sa.Column(name, sa.Integer(), nullable=False) for name in (*SIDES, "empty_g", "max_g", "cost_minor")),
        sa.Column("takes_dangerous", sa.Boolean(), nullable=False),
        sa.Column("is_active", sa.Boolean(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("created_at", NOW, nullable=False),
        sa.Column("updated_at", NOW, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_packaging"),
        sa.ForeignKeyConstraint(["warehouse_id"], ["warehouse.id"], name="fk_packaging_warehouse_id"),
        sa.ForeignKeyConstraint(["owner_id"], ["seller.id"], name="fk_packaging_owner_id"),
        sa.UniqueConstraint("warehouse_id", "code", name="uq_packaging_warehouse_id_code"),
        sa.CheckConstraint(
            "inner_length_mm > 0 AND inner_width_mm > 0 AND inner_height_mm > 0", name=op.f("ck_packaging_inner_positive")
        ),
        sa.CheckConstraint(
            "outer_length_mm >= inner_length_mm AND outer_width_mm >= inner_width_mm"
            " AND outer_height_mm >= inner_height_mm", name=op.f("ck_packaging_outer_around_inner"),
        ),
        sa.CheckConstraint(
            "empty_g >= 0 AND max_g > empty_g AND cost_minor >= 0", name=op.f("ck_packaging_weights_and_cost")
        ),
    )  # fmt: skip
    op.create_index("ix_packaging_barcode", "packaging", ["barcode"], unique=True)
    op.create_table(
        "packing_insert",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("warehouse_id", sa.Uuid(), nullable=False),
        sa.Column("owner_id", sa.Uuid()),
        sa.Column("country", sa.String(2)),
        sa.Column("name", sa.String(80), nullable=False),
        sa.Column("created_at", NOW, nullable=False),
        sa.Column("ended_at", NOW),
        sa.PrimaryKeyConstraint("id", name="pk_packing_insert"),
        sa.ForeignKeyConstraint(["warehouse_id"], ["warehouse.id"], name="fk_packing_insert_warehouse_id"),
        sa.ForeignKeyConstraint(["owner_id"], ["seller.id"], name="fk_packing_insert_owner_id"),
    )
    op.create_index(
        "ix_packing_insert_current", "packing_insert", ["warehouse_id"], postgresql_where=sa.text("ended_at IS NULL")
    )
    op.create_index(
        "ix_handling_unit_lane", "handling_unit", ["warehouse_id"], postgresql_where=sa.text("subject_kind = 'lane'")
    )
    op.add_column("parcel", sa.Column("units", sa.Integer()))
    for column in ("packaging_id", "planned_packaging_id"):
        key = sa.ForeignKey("packaging.id", name=f"fk_parcel_{column}")
        op.add_column("parcel", sa.Column(column, sa.Uuid(), key))
    op.add_column("parcel", sa.Column("is_weighed", sa.Boolean(), nullable=False, server_default="true"))
    op.create_check_constraint(op.f("ck_parcel_units_positive"), "parcel", "units > 0")
    key = sa.ForeignKey("parcel.id", name="fk_verification_parcel_id")
    op.add_column("verification", sa.Column("parcel_id", sa.Uuid(), key))
    _create_weighings()


def _create_weighings() -> None:
    op.create_table(
        "weighing",
        sa.Column("parcel_id", sa.Uuid(), nullable=False),
        sa.Column("product_id", sa.Uuid(), nullable=False),
        sa.Column("packaging_id", sa.Uuid(), nullable=False),
        sa.Column("units", sa.Integer(), nullable=False),
        sa.Column("weight_g", sa.Integer(), nullable=False),
        sa.Column("weighed_at", NOW, nullable=False),
        sa.PrimaryKeyConstraint("parcel_id", name="pk_weighing"),
        sa.ForeignKeyConstraint(["parcel_id"], ["parcel.id"], name="fk_weighing_parcel_id"),
        sa.ForeignKeyConstraint(["product_id"], ["product.id"], name="fk_weighing_product_id"),
        sa.ForeignKeyConstraint(["packaging_id"], ["packaging.id"], name="fk_weighing_packaging_id"),
        sa.CheckConstraint("units > 0 AND weight_g > 0", name=op.f("ck_weighing_positive")),
    )
    op.create_index("ix_weighing_product", "weighing", ["product_id", "weighed_at"])
    op.create_index("ix_weighing_packaging", "weighing", ["packaging_id", "weighed_at"])
    for name, of in (("learned_weight", "product"), ("learned_tare", "packaging")):
        op.create_table(
            name,
            sa.Column(f"{of}_id", sa.Uuid(), nullable=False),
            sa.Column("weight_g", sa.Integer(), nullable=False),
            sa.Column("parcels", sa.Integer(), nullable=False),
            sa.Column("learned_at", NOW, nullable=False),
            sa.PrimaryKeyConstraint(f"{of}_id", name=f"pk_{name}"),
            sa.ForeignKeyConstraint([f"{of}_id"], [f"{of}.id"], name=f"fk_{name}_{of}_id"),
        )


def downgrade() -> None:
    for table in ("learned_tare", "learned_weight", "weighing"):
        op.drop_table(table)
    op.drop_column("parcel", "is_weighed")
    op.drop_column("verification", "parcel_id")
    op.drop_constraint(op.f("ck_parcel_units_positive"), "parcel", type_="check")
    for column in ("planned_packaging_id", "packaging_id", "units"):
        op.drop_column("parcel", column)
    op.drop_index("ix_handling_unit_lane", "handling_unit")
    op.drop_table("packing_insert")
    op.drop_table("packaging")
