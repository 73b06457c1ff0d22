"""What carriers say that goods would cost, and the lorries that were ordered of them.

Two tables and two columns; the check of a task's subject grows by the new one: the release before can live with them.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0046"
down_revision = "0045"
branch_labels = None
depends_on = None
JSONB = postgresql.JSONB(astext_type=sa.Text())


def upgrade() -> None:
    op.add_column(
        "service_rule", sa.Column("when_silent", sa.String(8), nullable=False, server_default=sa.text("'table'"))
    )
    _quotes()
    _collections()
    op.add_column("carrier_task", sa.Column("collection_id", sa.Uuid(), nullable=True))
    op.create_foreign_key(
        op.f("fk_carrier_task_collection_id"), "carrier_task", "collection", ["collection_id"], ["id"]
    )
    op.create_index(
        "ix_carrier_task_collection", "carrier_task", ["collection_id"],
        postgresql_where=sa.text("collection_id IS NOT NULL"),
    )  # fmt: skip
    op.drop_constraint(op.f("ck_carrier_task_one_subject"), "carrier_task", type_="check")
    op.create_check_constraint(
        op.f("ck_carrier_task_one_subject"), "carrier_task",
        "(action = 'manifest') = (manifest_id IS NOT NULL) AND (action IN ('collect', 'call_off')) ="
        " (collection_id IS NOT NULL) AND (action IN ('create', 'void')) = (parcel_id IS NOT NULL)",
    )  # fmt: skip


def _quotes() -> None:
    op.create_table(
        "carrier_quote",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("warehouse_id", sa.Uuid(), nullable=False),
        sa.Column("carrier_id", sa.Uuid(), nullable=False),
        sa.Column("service_id", sa.Uuid(), nullable=False),
        sa.Column("subject_kind", sa.String(16), nullable=False),
        sa.Column("subject_id", sa.Uuid(), nullable=False),
        sa.Column("state", sa.String(8), nullable=False),
        sa.Column("asked_of", sa.LargeBinary(), nullable=False),
        sa.Column("wanted_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("until", sa.DateTime(timezone=True), nullable=False),
        sa.Column("valid_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("currency", sa.String(3), nullable=True),
        sa.Column("base_minor", sa.BigInteger(), nullable=True),
        sa.Column("surcharges", JSONB, nullable=False),
        sa.Column("total_minor", sa.BigInteger(), nullable=True),
        sa.Column("days", sa.Integer(), nullable=True),
        sa.Column("fault", sa.String(40), nullable=True),
        sa.Column("facts", JSONB, nullable=True),
        sa.CheckConstraint(
            "(state = 'quoted') = (total_minor IS NOT NULL) AND (total_minor IS NULL OR (currency IS NOT NULL"
            " AND base_minor >= 0 AND total_minor >= base_minor))",
            name=op.f("ck_carrier_quote_quoted_has_a_price"),
        ),
        sa.CheckConstraint(
            "(state = 'wanted') = (valid_until IS NULL)", name=op.f("ck_carrier_quote_answers_hold_for_a_time")
        ),
        sa.ForeignKeyConstraint(["carrier_id"], ["carrier.id"], name=op.f("fk_carrier_quote_carrier_id")),
        sa.ForeignKeyConstraint(["service_id"], ["service.id"], name=op.f("fk_carrier_quote_service_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_carrier_quote")),
        sa.UniqueConstraint(
            "subject_kind", "subject_id", "service_id", name=op.f("uq_carrier_quote_subject_kind_subject_id_service_id")
        ),
    )
    op.create_index("ix_carrier_quote_wanted", "carrier_quote", ["until"], postgresql_where=sa.text("state = 'wanted'"))
    op.create_index("ix_carrier_quote_carrier", "carrier_quote", ["carrier_id", "wanted_at"])
    op.create_index("ix_carrier_quote_old", "carrier_quote", ["wanted_at"])


def _collections() -> None:
    op.create_table(
        "collection",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("warehouse_id", sa.Uuid(), nullable=False),
        sa.Column("carrier_id", sa.Uuid(), nullable=False),
        sa.Column("dock_id", sa.Uuid(), nullable=True),
        sa.Column("number", sa.String(40), nullable=False),
        sa.Column("state", sa.String(12), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("ready_at", sa.Time(), nullable=False),
        sa.Column("close_at", sa.Time(), nullable=False),
        sa.Column("parcels", sa.Integer(), nullable=False),
        sa.Column("bags", sa.Integer(), nullable=False),
        sa.Column("pallets", sa.Integer(), nullable=False),
        sa.Column("weight_g", sa.BigInteger(), nullable=False),
        sa.Column("remark", sa.String(120), nullable=False),
        sa.Column("carrier_reference", sa.String(64), nullable=True),
        sa.Column("agreed_from", sa.Time(), nullable=True),
        sa.Column("agreed_to", sa.Time(), nullable=True),
        sa.Column("fault", sa.String(40), nullable=True),
        sa.Column("facts", JSONB, nullable=True),
        sa.Column("manifest_id", sa.Uuid(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("created_by", sa.Uuid(), nullable=True),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "ready_at < close_at AND parcels >= 0 AND bags >= 0 AND pallets >= 0 AND weight_g > 0"
            " AND parcels + bags + pallets > 0",
            name=op.f("ck_collection_something_to_take"),
        ),
        sa.CheckConstraint(
            "state NOT IN ('confirmed', 'collected', 'missed') OR carrier_reference IS NOT NULL",
            name=op.f("ck_collection_confirmed_by_a_reference"),
        ),
        sa.CheckConstraint(
            "manifest_id IS NULL OR state = 'collected'", name=op.f("ck_collection_a_load_is_of_a_lorry_that_came")
        ),
        sa.ForeignKeyConstraint(["warehouse_id"], ["warehouse.id"], name=op.f("fk_collection_warehouse_id")),
        sa.ForeignKeyConstraint(["carrier_id"], ["carrier.id"], name=op.f("fk_collection_carrier_id")),
        sa.ForeignKeyConstraint(["manifest_id"], ["manifest.id"], name=op.f("fk_collection_manifest_id")),
        sa.ForeignKeyConstraint(
            ["warehouse_id", "dock_id"], ["location.warehouse_id", "location.id"],
            name=op.f("fk_collection_warehouse_id_dock_id"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_collection")),
        sa.UniqueConstraint("warehouse_id", "number", name=op.f("uq_collection_warehouse_id_number")),
    )  # fmt: skip
    op.create_index("ix_collection_day", "collection", ["warehouse_id", "day"])
    op.create_index("ix_collection_carrier", "collection", ["carrier_id", "day"])
    op.create_index(
        "ix_collection_manifest", "collection", ["manifest_id"], postgresql_where=sa.text("manifest_id IS NOT NULL")
    )
    op.create_index(
        "uq_collection_live", "collection", ["warehouse_id", "carrier_id", "dock_id", "day", "ready_at"], unique=True,
        postgresql_nulls_not_distinct=True, postgresql_where=sa.text("state IN ('wanted', 'confirmed')"),
    )  # fmt: skip


def downgrade() -> None:
    op.execute("DELETE FROM carrier_task WHERE collection_id IS NOT NULL")
    op.drop_constraint(op.f("ck_carrier_task_one_subject"), "carrier_task", type_="check")
    op.create_check_constraint(
        op.f("ck_carrier_task_one_subject"), "carrier_task",
        "(action = 'manifest') = (manifest_id IS NOT NULL) AND (action = 'manifest') = (parcel_id IS NULL)",
    )  # fmt: skip
    op.drop_index("ix_carrier_task_collection", "carrier_task")
    op.drop_constraint(op.f("fk_carrier_task_collection_id"), "carrier_task", type_="foreignkey")
    op.drop_column("carrier_task", "collection_id")
    op.drop_table("collection")
    op.drop_table("carrier_quote")
    op.drop_column("service_rule", "when_silent")
