"""Counts of bins, and how far jobs have followed the ledger.

New tables only: a release that does not know them is not disturbed by them.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0011"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "layer_pool",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("warehouse_id", sa.Uuid(), nullable=False),
        sa.Column("owner_id", sa.Uuid(), nullable=False),
        sa.Column("product_id", sa.Uuid(), nullable=False),
        sa.Column("book_item_id", sa.Uuid()),
        sa.Column("fresh", sa.Integer(), nullable=False),
        sa.Column("away", sa.Integer(), nullable=False),
        sa.CheckConstraint("fresh >= 0 AND away >= 0", name=op.f("ck_layer_pool_not_negative")),
        sa.PrimaryKeyConstraint("id", name="pk_layer_pool"),
    )
    op.create_index(
        "uq_layer_pool_key",
        "layer_pool",
        ["owner_id", "product_id", "warehouse_id", "book_item_id"],
        unique=True,
        postgresql_nulls_not_distinct=True,
    )
    op.create_table(
        "stock_follower",
        sa.Column("name", sa.String(length=24), nullable=False),
        sa.Column("move_id", sa.BigInteger(), nullable=False),
        sa.Column("candidate", sa.BigInteger(), nullable=False),
        sa.Column("candidate_xid", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("name", name="pk_stock_follower"),
    )
    op.create_table(
        "stock_layer",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("warehouse_id", sa.Uuid(), nullable=False),
        sa.Column("owner_id", sa.Uuid(), nullable=False),
        sa.Column("product_id", sa.Uuid(), nullable=False),
        sa.Column("book_item_id", sa.Uuid()),
        sa.Column("opened_on", sa.Date(), nullable=False),
        sa.Column("move_id", sa.BigInteger(), nullable=False),
        sa.Column("posting_id", sa.Uuid(), nullable=False),
        sa.Column("subject_kind", sa.String(length=24), nullable=False),
        sa.Column("subject_id", sa.Uuid()),
        sa.Column("quantity", sa.Integer(), nullable=False),
        sa.Column("remaining", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "remaining >= 0 AND remaining <= quantity AND quantity >= 0", name=op.f("ck_stock_layer_remaining_within")
        ),
        sa.PrimaryKeyConstraint("id", name="pk_stock_layer"),
    )
    op.create_index(
        "ix_stock_layer_open",
        "stock_layer",
        ["owner_id", "product_id", "warehouse_id", "opened_on", "move_id"],
        postgresql_where=sa.text("remaining > 0"),
    )
    op.create_index("ix_stock_layer_posting", "stock_layer", ["posting_id"])
    op.create_table(
        "layer_use",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("layer_id", sa.Uuid(), nullable=False),
        sa.Column("move_id", sa.BigInteger(), nullable=False),
        sa.Column("posting_id", sa.Uuid(), nullable=False),
        sa.Column("quantity", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["layer_id"], ["stock_layer.id"], name="fk_layer_use_layer_id"),
        sa.PrimaryKeyConstraint("id", name="pk_layer_use"),
    )
    op.create_index("ix_layer_use_layer", "layer_use", ["layer_id"])
    op.create_index("ix_layer_use_posting", "layer_use", ["posting_id"])
    op.create_table(
        "count_rule",
        sa.Column("warehouse_id", sa.Uuid(), nullable=False),
        sa.Column("tolerance_units", sa.Integer(), nullable=False),
        sa.Column("tolerance_percent", sa.Integer(), nullable=False),
        sa.Column("approve_above_minor", sa.BigInteger(), nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("days_a", sa.Integer(), nullable=False),
        sa.Column("days_b", sa.Integer(), nullable=False),
        sa.Column("days_c", sa.Integer(), nullable=False),
        sa.Column("daily_bins", sa.Integer(), nullable=False),
        sa.Column("on_zero", sa.Boolean(), nullable=False),
        sa.Column("on_doubt", sa.Boolean(), nullable=False),
        sa.CheckConstraint("approve_above_minor >= 0 AND daily_bins >= 0", name=op.f("ck_count_rule_not_negative")),
        sa.CheckConstraint("days_a > 0 AND days_b > 0 AND days_c > 0", name=op.f("ck_count_rule_days_positive")),
        sa.CheckConstraint(
            "tolerance_units >= 0 AND tolerance_percent BETWEEN 0 AND 100", name=op.f("ck_count_rule_tolerance_within")
        ),
        sa.ForeignKeyConstraint(["warehouse_id"], ["warehouse.id"], name="fk_count_rule_warehouse_id"),
        sa.PrimaryKeyConstraint("warehouse_id", name="pk_count_rule"),
    )
    op.create_table(
        "stock_count",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("warehouse_id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.String(length=40), nullable=False),
        sa.Column("kind", sa.String(length=12), nullable=False),
        sa.Column("planned_by", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["warehouse_id"], ["warehouse.id"], name="fk_stock_count_warehouse_id"),
        sa.PrimaryKeyConstraint("id", name="pk_stock_count"),
        sa.UniqueConstraint("number", name="uq_stock_count_number"),
    )
    op.create_index("ix_stock_count_warehouse", "stock_count", ["warehouse_id", "created_at"])
    op.create_table(
        "stock_month_end",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("warehouse_id", sa.Uuid(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("moment", sa.DateTime(timezone=True), nullable=False),
        sa.Column("low_move_id", sa.BigInteger(), nullable=False),
        sa.Column("high_move_id", sa.BigInteger(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["warehouse_id"], ["warehouse.id"], name="fk_stock_month_end_warehouse_id"),
        sa.PrimaryKeyConstraint("id", name="pk_stock_month_end"),
        sa.UniqueConstraint("warehouse_id", "day", name="uq_stock_month_end_warehouse_id_day"),
    )
    op.create_table(
        "count_task",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("count_id", sa.Uuid(), nullable=False),
        sa.Column("warehouse_id", sa.Uuid(), nullable=False),
        sa.Column("location_id", sa.Uuid(), nullable=False),
        sa.Column("state", sa.String(length=12), nullable=False),
        sa.Column("round", sa.Integer(), nullable=False),
        sa.Column("base", postgresql.JSONB(), nullable=False),
        sa.Column("counter_id", sa.Uuid()),
        sa.Column("counted_by", postgresql.ARRAY(sa.Uuid()), nullable=False),
        sa.Column("lease_until", sa.DateTime(timezone=True)),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("finished_at", sa.DateTime(timezone=True)),
        sa.Column("decided_by", sa.Uuid()),
        sa.ForeignKeyConstraint(["count_id"], ["stock_count.id"], name="fk_count_task_count_id"),
        sa.ForeignKeyConstraint(["location_id"], ["location.id"], name="fk_count_task_location_id"),
        sa.PrimaryKeyConstraint("id", name="pk_count_task"),
    )
    op.create_index("ix_count_task_count", "count_task", ["count_id"])
    op.create_index(
        "ix_count_task_done", "count_task", ["location_id", "finished_at"], postgresql_where=sa.text("state = 'done'")
    )
    op.create_index(
        "ix_count_task_waiting",
        "count_task",
        ["warehouse_id", "state"],
        postgresql_where=sa.text("state IN ('open', 'counting', 'review')"),
    )
    op.create_index(
        "uq_count_task_location_open",
        "count_task",
        ["location_id"],
        unique=True,
        postgresql_where=sa.text("state IN ('open', 'counting', 'review')"),
    )
    op.create_table(
        "count_line",
        sa.Column("id", sa.BigInteger(), nullable=False),
        sa.Column("task_id", sa.Uuid(), nullable=False),
        sa.Column("warehouse_id", sa.Uuid(), nullable=False),
        sa.Column("round", sa.Integer(), nullable=False),
        sa.Column("owner_id", sa.Uuid(), nullable=False),
        sa.Column("product_id", sa.Uuid(), nullable=False),
        sa.Column("lot_id", sa.Uuid()),
        sa.Column("handling_unit_id", sa.Uuid()),
        sa.Column("condition", sa.String(length=12), nullable=False),
        sa.Column("counted", sa.Integer(), nullable=False),
        sa.Column("serials", postgresql.ARRAY(sa.String(length=40)), nullable=False),
        sa.Column("lost", postgresql.ARRAY(sa.String(length=40)), nullable=False),
        sa.Column("found", postgresql.ARRAY(sa.String(length=40)), nullable=False),
        sa.Column("book", sa.Integer()),
        sa.Column("variance", sa.Integer()),
        sa.Column("versions", postgresql.JSONB()),
        sa.Column("value_minor", sa.BigInteger()),
        sa.Column("currency", sa.String(length=3)),
        sa.Column("counted_by", sa.Uuid(), nullable=False),
        sa.Column("counted_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("posting_id", sa.Uuid()),
        sa.CheckConstraint("counted >= 0", name=op.f("ck_count_line_counted_not_negative")),
        sa.ForeignKeyConstraint(["posting_id"], ["stock_posting.id"], name="fk_count_line_posting_id"),
        sa.ForeignKeyConstraint(["task_id"], ["count_task.id"], name="fk_count_line_task_id"),
        sa.PrimaryKeyConstraint("id", name="pk_count_line"),
    )
    op.create_index(
        "ix_count_line_owner",
        "count_line",
        ["owner_id", "product_id", "counted_at"],
        postgresql_where=sa.text("variance <> 0"),
    )
    op.create_index(
        "uq_count_line_goods",
        "count_line",
        ["task_id", "round", "owner_id", "product_id", "lot_id", "handling_unit_id", "condition"],
        unique=True,
        postgresql_nulls_not_distinct=True,
    )
    op.create_table(
        "stock_adjustment",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("warehouse_id", sa.Uuid(), nullable=False),
        sa.Column("owner_id", sa.Uuid(), nullable=False),
        sa.Column("product_id", sa.Uuid(), nullable=False),
        sa.Column("balance_id", sa.BigInteger(), nullable=False),
        sa.Column("change", sa.Integer(), nullable=False),
        sa.Column("to_condition", sa.String(length=12)),
        sa.Column("units", sa.Integer(), nullable=False),
        sa.Column("serials", postgresql.ARRAY(sa.String(length=40)), nullable=False),
        sa.Column("reason", sa.String(length=24), nullable=False),
        sa.Column("note", sa.String(length=200)),
        sa.Column("value_minor", sa.BigInteger()),
        sa.Column("currency", sa.String(length=3)),
        sa.Column("state", sa.String(length=12), nullable=False),
        sa.Column("requested_by", sa.Uuid(), nullable=False),
        sa.Column("decided_by", sa.Uuid()),
        sa.Column("posting_id", sa.Uuid()),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("decided_at", sa.DateTime(timezone=True)),
        sa.CheckConstraint(
            "(change <> 0) <> (to_condition IS NOT NULL)", name=op.f("ck_stock_adjustment_quantity_or_condition")
        ),
        sa.CheckConstraint("to_condition IS NULL OR units > 0", name=op.f("ck_stock_adjustment_units_positive")),
        sa.ForeignKeyConstraint(["balance_id"], ["balance.id"], name="fk_stock_adjustment_balance_id"),
        sa.ForeignKeyConstraint(["posting_id"], ["stock_posting.id"], name="fk_stock_adjustment_posting_id"),
        sa.PrimaryKeyConstraint("id", name="pk_stock_adjustment"),
    )
    op.create_index(
        "ix_stock_adjustment_waiting",
        "stock_adjustment",
        ["warehouse_id"],
        postgresql_where=sa.text("state = 'requested'"),
    )
    op.create_index("ix_stock_adjustment_warehouse", "stock_adjustment", ["warehouse_id", "created_at"])
    op.create_table(
        "stock_month_end_row",
        sa.Column("balance_id", sa.BigInteger(), nullable=False),
        sa.Column("month_end_id", sa.Uuid(), nullable=False),
        sa.Column("owner_id", sa.Uuid(), nullable=False),
        sa.Column("product_id", sa.Uuid(), nullable=False),
        sa.Column("on_hand", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["balance_id"], ["balance.id"], name="fk_stock_month_end_row_balance_id"),
        sa.ForeignKeyConstraint(["month_end_id"], ["stock_month_end.id"], name="fk_stock_month_end_row_month_end_id"),
        sa.PrimaryKeyConstraint("balance_id", "month_end_id", name="pk_stock_month_end_row"),
    )
    op.create_index("ix_stock_month_end_row_month_end_id", "stock_month_end_row", ["month_end_id"])


def downgrade() -> None:
    op.drop_index("ix_stock_month_end_row_month_end_id", "stock_month_end_row")
    op.drop_table("stock_month_end_row")
    op.drop_index("ix_stock_adjustment_warehouse", "stock_adjustment")
    op.drop_index("ix_stock_adjustment_waiting", "stock_adjustment")
    op.drop_table("stock_adjustment")
    op.drop_index("uq_count_line_goods", "count_line")
    op.drop_index("ix_count_line_owner", "count_line")
    op.drop_table("count_line")
    op.drop_index("uq_count_task_location_open", "count_task")
    op.drop_index("ix_count_task_waiting", "count_task")
    op.drop_index("ix_count_task_done", "count_task")
    op.drop_index("ix_count_task_count", "count_task")
    op.drop_table("count_task")
    op.drop_table("stock_month_end")
    op.drop_index("ix_stock_count_warehouse", "stock_count")
    op.drop_table("stock_count")
    op.drop_table("count_rule")
    op.drop_index("ix_layer_use_posting", "layer_use")
    op.drop_index("ix_layer_use_layer", "layer_use")
    op.drop_table("layer_use")
    op.drop_index("ix_stock_layer_posting", "stock_layer")
    op.drop_index("ix_stock_layer_open", "stock_layer")
    op.drop_table("stock_layer")
    op.drop_table("stock_follower")
    op.drop_index("uq_layer_pool_key", "layer_pool")
    op.drop_table("layer_pool")
