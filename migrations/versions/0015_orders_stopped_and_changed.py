"""Orders: holds as a list, interceptions with their answer; cut-offs and what they promise; back orders.

Expands only: every new column has a default that means what the release before it did.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None

NOW = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.add_column("outbound_order", sa.Column("holds", sa.Integer(), nullable=False, server_default="0"))
    op.add_column("outbound_order", sa.Column("interception", sa.String(10), nullable=False, server_default="none"))
    op.create_check_constraint(op.f("ck_outbound_order_holds_counted"), "outbound_order", "holds >= 0")
    _holds()
    _interceptions()
    _promises()
    _destructions()


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


def _promises() -> None:
    op.add_column("outbound_order", sa.Column("release_by", NOW))
    op.add_column("outbound_order", sa.Column("ship_by", NOW))
    op.add_column("outbound_order", sa.Column("fill_rule", sa.String(12), nullable=False, server_default="fill_all"))
    first = sa.ForeignKey("outbound_order.id", name="fk_outbound_order_back_order_of")
    op.add_column("outbound_order", sa.Column("back_order_of", sa.Uuid(), first))
    op.create_index("ix_outbound_order_back_order_of", "outbound_order", ["back_order_of"])
    # What was promised until now: a day. Two hours of it are work.
    op.execute(
        "UPDATE outbound_order SET ship_by = ordered_at + interval '24 hours', release_by = ordered_at + interval"
        " '22 hours' WHERE state NOT IN ('shipped', 'cancelled')"
    )
    op.create_table(
        "cut_off",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("warehouse_id", sa.Uuid(), nullable=False),
        sa.Column("carrier_id", sa.Uuid(), nullable=False),
        sa.Column("service_id", sa.Uuid()),
        sa.Column("orders_until", sa.Integer(), nullable=False),
        sa.Column("truck_at", sa.Integer(), nullable=False),
        sa.Column("work_minutes", sa.Integer(), nullable=False),
        sa.Column("weekdays", sa.Integer(), nullable=False),
        sa.Column("priority", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_cut_off"),
        sa.ForeignKeyConstraint(["warehouse_id"], ["warehouse.id"], name="fk_cut_off_warehouse_id"),
        sa.ForeignKeyConstraint(["carrier_id"], ["carrier.id"], name="fk_cut_off_carrier_id"),
        sa.ForeignKeyConstraint(["service_id"], ["service.id"], name="fk_cut_off_service_id"),
        sa.CheckConstraint(
            "0 <= orders_until AND orders_until < truck_at AND truck_at < 1440 AND work_minutes BETWEEN 0 AND 1440"
            " AND weekdays BETWEEN 1 AND 127 AND priority BETWEEN 0 AND 9",
            name=op.f("ck_cut_off_times_of_a_day"),
        ),
    )
    op.create_index(
        "uq_cut_off", "cut_off", ["warehouse_id", "carrier_id", "service_id"], unique=True,
        postgresql_nulls_not_distinct=True,
    )  # fmt: skip
    op.create_table(
        "closed_day",
        sa.Column("warehouse_id", sa.Uuid(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.PrimaryKeyConstraint("warehouse_id", "day", name="pk_closed_day"),
        sa.ForeignKeyConstraint(["warehouse_id"], ["warehouse.id"], name="fk_closed_day_warehouse_id"),
    )
    op.create_table(
        "order_terms",
        sa.Column("owner_id", sa.Uuid(), nullable=False),
        sa.Column("fill_rule", sa.String(12), nullable=False),
        sa.PrimaryKeyConstraint("owner_id", name="pk_order_terms"),
        sa.ForeignKeyConstraint(["owner_id"], ["seller.id"], name="fk_order_terms_owner_id"),
    )


def _destructions() -> None:
    # What is destroyed is carried by nobody. The release before this one makes no such order.
    op.alter_column("outbound_order", "service_id", nullable=True)
    op.create_table(
        "destruction",
        sa.Column("order_id", sa.Uuid(), nullable=False),
        sa.Column("units", sa.Integer(), nullable=False),
        sa.Column("witness", sa.String(80), nullable=False),
        sa.Column("note", sa.String(255)),
        sa.Column("done_at", NOW, nullable=False),
        sa.Column("done_by", sa.Uuid(), nullable=False),
        sa.Column("done_by_name", sa.String(80), nullable=False),
        sa.PrimaryKeyConstraint("order_id", name="pk_destruction"),
        sa.ForeignKeyConstraint(["order_id"], ["outbound_order.id"], name="fk_destruction_order_id"),
    )


def downgrade() -> None:
    op.drop_table("destruction")
    op.alter_column("outbound_order", "service_id", nullable=False)
    for table in ("order_terms", "closed_day", "cut_off"):
        op.drop_table(table)
    op.drop_index("ix_outbound_order_back_order_of", "outbound_order")
    for column in ("back_order_of", "fill_rule", "ship_by", "release_by"):
        op.drop_column("outbound_order", column)
    op.drop_table("interception")
    op.drop_table("order_hold")
    op.drop_constraint("ck_outbound_order_holds_counted", "outbound_order")
    op.drop_column("outbound_order", "interception")
    op.drop_column("outbound_order", "holds")
