"""Orders that go to another warehouse, and orders that somebody fetches at the counter.

Expands only: new tables, and a column that earlier releases leave empty.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0023"
down_revision = "0022"
branch_labels = None
depends_on = None

INSTANT = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.add_column("booking", sa.Column("transfer_order_id", sa.Uuid()))
    op.create_index(
        "uq_booking_transfer", "booking", ["transfer_order_id"], unique=True,
        postgresql_where=sa.text("transfer_order_id IS NOT NULL"),
    )  # fmt: skip
    op.create_table(
        "transfer_order",
        sa.Column("order_id", sa.Uuid(), sa.ForeignKey("outbound_order.id"), primary_key=True),
        sa.Column("to_warehouse_id", sa.Uuid(), sa.ForeignKey("warehouse.id"), nullable=False),
    )
    op.create_index(op.f("ix_transfer_order_to_warehouse_id"), "transfer_order", ["to_warehouse_id"])
    op.create_table(
        "transfer_line",
        sa.Column("order_id", sa.Uuid(), sa.ForeignKey("outbound_order.id"), primary_key=True),
        sa.Column("product_id", sa.Uuid(), sa.ForeignKey("product.id"), primary_key=True),
        sa.Column("sent", sa.Integer(), nullable=False),
        sa.Column("lost", sa.Integer(), nullable=False),
        sa.Column("found", sa.Integer(), nullable=False),
        sa.Column("settled_at", INSTANT),
        sa.CheckConstraint(
            "sent >= 0 AND lost >= 0 AND found >= 0 AND (lost = 0 OR found = 0)",
            name=op.f("ck_transfer_line_one_difference"),
        ),
        sa.CheckConstraint(
            "settled_at IS NOT NULL OR (lost = 0 AND found = 0)", name=op.f("ck_transfer_line_differs_when_settled")
        ),
    )
    _pick_up()


def _pick_up() -> None:
    op.create_table(
        "pick_up",
        sa.Column("order_id", sa.Uuid(), sa.ForeignKey("outbound_order.id"), primary_key=True),
        sa.Column("code", sa.String(6), nullable=False),
        sa.Column("wrong_codes", sa.Integer(), nullable=False, server_default="0"),
        sa.Column("ready_at", INSTANT),
        sa.Column("keep_until", INSTANT),
        sa.Column("reminded_at", INSTANT),
        sa.Column("collected_at", INSTANT),
        sa.Column("collected_by", sa.Uuid()),
        sa.Column("collected_by_name", sa.String(80)),
        sa.Column("checked", sa.String(8)),
        sa.CheckConstraint("(collected_at IS NULL) = (checked IS NULL)", name=op.f("ck_pick_up_collected_is_checked")),
        sa.CheckConstraint("wrong_codes >= 0", name=op.f("ck_pick_up_wrong_codes_counted")),
    )
    op.create_index(
        "ix_pick_up_waiting", "pick_up", ["keep_until"],
        postgresql_where=sa.text("ready_at IS NOT NULL AND collected_at IS NULL AND reminded_at IS NULL"),
    )  # fmt: skip


def downgrade() -> None:
    op.drop_table("pick_up")
    op.drop_table("transfer_line")
    op.drop_table("transfer_order")
    op.drop_index("uq_booking_transfer", "booking")
    op.drop_column("booking", "transfer_order_id")
