"""Orders: holds as a list, interceptions with their answer.

Expands only: every new column has a default that means what the release before it did.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0012"
branch_labels = None
depends_on = None

NOW = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.add_column("outbound_order", sa.Column("holds", sa.Integer(), nullable=False, server_default="0"))
    op.add_column("outbound_order", sa.Column("interception", sa.String(10), nullable=False, server_default="none"))
    op.create_check_constraint(op.f("ck_outbound_order_holds_counted"), "outbound_order", "holds >= 0")
    _holds()
    _interceptions()


def _holds() -> None:
    op.create_table(
        "order_hold",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("warehouse_id", sa.Uuid(), nullable=False),
        sa.Column("order_id", sa.Uuid(), nullable=False),
        sa.Column("side", sa.String(10), nullable=False),
        sa.Column("reason", sa.String(24), nullable=False),
        sa.Column("note", sa.String(255)),
        sa.Column("keeps_stock", sa.Boolean(), nullable=False),
        sa.Column("state", sa.String(8), nullable=False),
        sa.Column("placed_at", NOW, nullable=False),
        sa.Column("placed_by", sa.Uuid(), nullable=False),
        sa.Column("placed_by_name", sa.String(80), nullable=False),
        sa.Column("ended_at", NOW),
        sa.Column("ended_by", sa.Uuid()),
        sa.Column("ended_by_name", sa.String(80)),
        sa.Column("overruled", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_order_hold"),
        sa.ForeignKeyConstraint(["order_id"], ["outbound_order.id"], name="fk_order_hold_order_id"),
        sa.CheckConstraint("(state = 'ended') = (ended_at IS NOT NULL)", name=op.f("ck_order_hold_ended_is_dated")),
    )
    op.create_index("ix_order_hold_order", "order_hold", ["order_id"])
    op.create_index(
        "uq_order_hold_open", "order_hold", ["order_id", "side", "reason"], unique=True,
        postgresql_where=sa.text("state = 'open'"),
    )  # fmt: skip


def _interceptions() -> None:
    op.create_table(
        "interception",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("warehouse_id", sa.Uuid(), nullable=False),
        sa.Column("order_id", sa.Uuid(), nullable=False),
        sa.Column("reason", sa.String(24), nullable=False),
        sa.Column("state", sa.String(10), nullable=False),
        sa.Column("resume_state", sa.String(20), nullable=False),
        sa.Column("requested_at", NOW, nullable=False),
        sa.Column("requested_by", sa.Uuid(), nullable=False),
        sa.Column("requested_by_name", sa.String(80), nullable=False),
        sa.Column("answered_at", NOW),
        sa.Column("answered_by", sa.Uuid()),
        sa.Column("answered_by_name", sa.String(80)),
        sa.Column("refusal", sa.String(24)),
        sa.PrimaryKeyConstraint("id", name="pk_interception"),
        sa.ForeignKeyConstraint(["order_id"], ["outbound_order.id"], name="fk_interception_order_id"),
        sa.CheckConstraint(
            "(state = 'requested') = (answered_at IS NULL)", name=op.f("ck_interception_answer_is_dated")
        ),
    )
    waiting = sa.text("state = 'requested'")
    op.create_index("ix_interception_order", "interception", ["order_id", "requested_at"])
    op.create_index("uq_interception_open", "interception", ["order_id"], unique=True, postgresql_where=waiting)
    op.create_index("ix_interception_asked", "interception", ["warehouse_id", "requested_at"], postgresql_where=waiting)


def downgrade() -> None:
    op.drop_table("interception")
    op.drop_table("order_hold")
    op.drop_constraint("ck_outbound_order_holds_counted", "outbound_order")
    op.drop_column("outbound_order", "interception")
    op.drop_column("outbound_order", "holds")
