"""Where aisles stand, what carts hold, plans of waves before they are released, and rules that release them by the clock.

Expands only: new tables, and columns that a release without them leaves empty.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import ARRAY, JSONB

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None

NOW = sa.DateTime(timezone=True)
METRES = sa.Numeric(10, 1, asdecimal=False)


def upgrade() -> None:
    _layouts()
    _settings()
    _plans()
    _rules()
    for name in ("planned_m", "bin_order_m", "unplanned_m"):
        op.add_column("wave", sa.Column(name, METRES))
    for name in ("planned_m", "bin_order_m"):
        op.add_column("pick_batch", sa.Column(name, METRES))
    op.add_column("pick_task", sa.Column("why", sa.String(16)))
    op.add_column("pick_task", sa.Column("choices", sa.SmallInteger()))
    _walls()


def _walls() -> None:
    op.create_table(
        "put_wall_slot",
        sa.Column("unit_id", sa.Uuid(), sa.ForeignKey("handling_unit.id"), nullable=False),
        sa.Column("warehouse_id", sa.Uuid(), sa.ForeignKey("warehouse.id"), nullable=False),
        sa.Column("wall", sa.String(8), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("unit_id"),
        sa.UniqueConstraint("warehouse_id", "wall", "number", name=op.f("uq_put_wall_slot_warehouse_id_wall_number")),
    )
    op.create_index(
        "ix_handling_unit_to_sort",
        "handling_unit",
        ["warehouse_id"],
        postgresql_where=sa.text("subject_kind = 'batch'"),
    )
    op.add_column("pick_batch", sa.Column("wall", sa.String(8)))
    op.add_column(
        "pick_batch", sa.Column("tote_id", sa.Uuid(), sa.ForeignKey("handling_unit.id", name="fk_pick_batch_tote_id"))
    )
    op.add_column("pick_task", sa.Column("sorted", sa.Integer(), nullable=False, server_default="0"))
    op.create_check_constraint(op.f("ck_pick_task_sorted_within"), "pick_task", "sorted >= 0 AND sorted <= picked")


def _layouts() -> None:
    op.create_table(
        "picking_layout",
        sa.Column("warehouse_id", sa.Uuid(), sa.ForeignKey("warehouse.id"), nullable=False),
        sa.Column("aisle_pitch_mm", sa.Integer(), nullable=False),
        sa.Column("bay_pitch_mm", sa.Integer(), nullable=False),
        sa.Column("cross_aisle_mm", sa.Integer(), nullable=False),
        sa.Column("blocks", sa.Integer(), nullable=False),
        sa.Column("bays_face", sa.Boolean(), nullable=False),
        sa.Column("one_way", JSONB(), nullable=False),
        sa.Column("starts", JSONB(), nullable=False),
        sa.Column("ends", JSONB(), nullable=False),
        sa.PrimaryKeyConstraint("warehouse_id"),
        sa.CheckConstraint("aisle_pitch_mm > 0 AND bay_pitch_mm > 0 AND cross_aisle_mm >= 0 AND blocks > 0",
                           name=op.f("ck_picking_layout_sizes")),
    )  # fmt: skip
    op.create_table(
        "zone_layout",
        sa.Column("zone_id", sa.Uuid(), sa.ForeignKey("zone.id"), nullable=False),
        sa.Column("first_aisle", sa.Integer(), nullable=False),
        sa.Column("first_block", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("zone_id"),
        sa.CheckConstraint("first_aisle > 0 AND first_block > 0", name=op.f("ck_zone_layout_from_one")),
    )


def _settings() -> None:
    op.create_table(
        "wave_setting",
        sa.Column("warehouse_id", sa.Uuid(), sa.ForeignKey("warehouse.id"), nullable=False),
        sa.Column("cart_totes", sa.Integer(), nullable=False),
        sa.Column("tote_units", sa.Integer()),
        sa.Column("tote_volume_cm3", sa.Integer()),
        sa.Column("tote_weight_g", sa.Integer()),
        sa.Column("metres_per_minute", sa.Integer(), nullable=False),
        sa.Column("seconds_per_walk", sa.Integer(), nullable=False),
        sa.Column("seconds_per_stop", sa.Integer(), nullable=False),
        sa.Column("seconds_per_unit", sa.Integer(), nullable=False),
        sa.Column("minutes_per_wave", sa.Integer(), nullable=False),
        sa.Column("planning_ms", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("warehouse_id"),
        sa.CheckConstraint("cart_totes > 0 AND metres_per_minute > 0 AND minutes_per_wave > 0 AND planning_ms > 0"
                           " AND seconds_per_walk >= 0 AND seconds_per_stop >= 0 AND seconds_per_unit >= 0",
                           name=op.f("ck_wave_setting_positive")),
        sa.CheckConstraint("(tote_units IS NULL OR tote_units > 0) AND (tote_volume_cm3 IS NULL OR tote_volume_cm3 > 0)"
                           " AND (tote_weight_g IS NULL OR tote_weight_g > 0)", name=op.f("ck_wave_setting_tote")),
    )  # fmt: skip


def _plans() -> None:
    op.create_table(
        "wave_plan",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("warehouse_id", sa.Uuid(), sa.ForeignKey("warehouse.id"), nullable=False),
        sa.Column("made_by", sa.Uuid(), nullable=False),
        sa.Column("made_at", NOW, nullable=False),
        sa.Column("selection", JSONB(), nullable=False),
        sa.Column("plan", JSONB(), nullable=False),
        sa.Column("wave_id", sa.Uuid(), sa.ForeignKey("wave.id")),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("ix_wave_plan_made_at", "wave_plan", ["made_at"])


def _rules() -> None:
    op.create_table(
        "wave_rule",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("warehouse_id", sa.Uuid(), sa.ForeignKey("warehouse.id"), nullable=False),
        sa.Column("name", sa.String(60), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("times", ARRAY(sa.String(5)), nullable=False),
        sa.Column("cut_off", sa.String(5)),
        sa.Column("selection", JSONB(), nullable=False),
        sa.Column("fewest", sa.Integer(), nullable=False),
        sa.Column("is_active", sa.Boolean(), nullable=False),
        sa.Column("looked_at", NOW),
        sa.Column("last_wave_id", sa.Uuid(), sa.ForeignKey("wave.id")),
        sa.Column("last_refusal", sa.String(40)),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("warehouse_id", "name", name=op.f("uq_wave_rule_warehouse_id_name")),
    )


def downgrade() -> None:
    op.drop_constraint(op.f("ck_pick_task_sorted_within"), "pick_task")
    op.drop_column("pick_task", "sorted")
    op.drop_column("pick_batch", "tote_id")
    op.drop_column("pick_batch", "wall")
    op.drop_index("ix_handling_unit_to_sort", "handling_unit")
    op.drop_table("put_wall_slot")
    op.drop_column("pick_task", "choices")
    op.drop_column("pick_task", "why")
    for name in ("planned_m", "bin_order_m"):
        op.drop_column("pick_batch", name)
    for name in ("planned_m", "bin_order_m", "unplanned_m"):
        op.drop_column("wave", name)
    for table in ("wave_rule", "wave_plan", "wave_setting", "zone_layout", "picking_layout"):
        op.drop_table(table)
