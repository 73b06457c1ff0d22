"""Carriers that are asked over a network or by file: how each is reached, what it is asked, what it said of a parcel.

All new tables but a column each of `parcel`, `carrier` and `shipment`, which
earlier releases leave empty: any release can live with it.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None

INSTANT = sa.DateTime(timezone=True)
OPEN = sa.text("state NOT IN ('done', 'dropped')")


def upgrade() -> None:
    op.add_column("parcel", sa.Column("carrier_reference", sa.String(64)))
    op.add_column("carrier", sa.Column("number_format", sa.String(16)))
    op.create_table(
        "carrier_account",
        sa.Column("id", sa.Uuid(), primary_key=True),
        sa.Column("carrier_id", sa.Uuid(), sa.ForeignKey("carrier.id"), nullable=False),
        sa.Column("base_url", sa.String(200), nullable=False),
        sa.Column("token_sealed", sa.LargeBinary(), nullable=False),
        sa.Column("token_key", sa.String(16), nullable=False),
        sa.Column("updated_at", INSTANT, nullable=False),
        sa.UniqueConstraint("carrier_id"),
    )
    op.create_table(
        "carrier_task",
        sa.Column("id", sa.Uuid(), primary_key=True),
        sa.Column("carrier_id", sa.Uuid(), sa.ForeignKey("carrier.id"), nullable=False),
        sa.Column("warehouse_id", sa.Uuid(), nullable=False),
        sa.Column("action", sa.String(8), nullable=False),
        sa.Column("state", sa.String(8), nullable=False),
        sa.Column("parcel_id", sa.Uuid(), sa.ForeignKey("parcel.id")),
        sa.Column("manifest_id", sa.Uuid(), sa.ForeignKey("manifest.id")),
        sa.Column("client_reference", sa.String(48), nullable=False),
        sa.Column("carrier_reference", sa.String(64)),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("rounds", sa.Integer(), nullable=False),
        sa.Column("fault", sa.String(40)),
        sa.Column("facts", JSONB()),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.Column("updated_at", INSTANT, nullable=False),
        sa.CheckConstraint(
            "(action = 'manifest') = (manifest_id IS NOT NULL) AND (action = 'manifest') = (parcel_id IS NULL)",
            name="one_subject",
        ),
    )
    op.create_index(
        "uq_carrier_task_open", "carrier_task", ["client_reference", "action"], unique=True, postgresql_where=OPEN
    )
    op.create_index("ix_carrier_task_open", "carrier_task", ["warehouse_id", "created_at"], postgresql_where=OPEN)
    op.create_index("ix_carrier_task_parcel", "carrier_task", ["parcel_id"])
    op.create_index("ix_carrier_task_manifest", "carrier_task", ["manifest_id"])
    op.create_table(
        "parcel_tracking",
        sa.Column("parcel_id", sa.Uuid(), sa.ForeignKey("parcel.id"), primary_key=True),
        sa.Column("state", sa.String(20), nullable=False),
        sa.Column("began_at", INSTANT, nullable=False),
        sa.Column("asked_at", INSTANT),
        sa.Column("next_at", INSTANT),
        sa.Column("faults", sa.Integer(), nullable=False),
        sa.Column("fault", sa.String(40)),
    )
    op.create_index(
        "ix_parcel_tracking_due", "parcel_tracking", ["next_at"], postgresql_where=sa.text("next_at IS NOT NULL")
    )
    op.create_table(
        "tracking_event",
        sa.Column("id", sa.Uuid(), primary_key=True),
        sa.Column("parcel_id", sa.Uuid(), sa.ForeignKey("parcel.id"), nullable=False),
        sa.Column("state", sa.String(20), nullable=False),
        sa.Column("code", sa.String(40), nullable=False),
        sa.Column("place", sa.String(80), nullable=False),
        sa.Column("happened_at", INSTANT, nullable=False),
        sa.Column("told_at", INSTANT, nullable=False),
        sa.Column("fingerprint", sa.LargeBinary(), nullable=False),
        sa.UniqueConstraint("parcel_id", "fingerprint"),
    )
    op.add_column("shipment", sa.Column("choice", JSONB()))
    op.create_table(
        "rate_table",
        sa.Column("service_id", sa.Uuid(), sa.ForeignKey("service.id"), primary_key=True),
        sa.Column("rows", JSONB(), nullable=False),
        sa.Column("updated_at", INSTANT, nullable=False),
    )
    op.create_table(
        "service_rule",
        sa.Column("id", sa.Uuid(), primary_key=True),
        sa.Column("service_id", sa.Uuid(), sa.ForeignKey("service.id"), nullable=False),
        sa.Column("owner_id", sa.Uuid(), sa.ForeignKey("seller.id")),
        sa.Column("warehouse_id", sa.Uuid(), sa.ForeignKey("warehouse.id")),
        sa.Column("rule", sa.String(8), nullable=False),
        sa.Column("candidates", JSONB(), nullable=False),
        sa.Column("updated_at", INSTANT, nullable=False),
    )
    op.create_index(
        "uq_service_rule", "service_rule", ["service_id", "owner_id", "warehouse_id"], unique=True,
        postgresql_nulls_not_distinct=True,
    )  # fmt: skip


def downgrade() -> None:
    op.drop_table("service_rule")
    op.drop_table("rate_table")
    op.drop_column("shipment", "choice")
    op.drop_table("tracking_event")
    op.drop_table("parcel_tracking")
    op.drop_table("carrier_task")
    op.drop_table("carrier_account")
    op.drop_column("carrier", "number_format")
    op.drop_column("parcel", "carrier_reference")
