"""Pick faces have a minimum and a maximum, and walks fill them from reserve.

Expands only: a bin that was a product's own has no limits, and is filled by nobody, as before.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None

NOW = sa.DateTime(timezone=True)
OPEN = sa.text("state IN ('open', 'walking')")


def upgrade() -> None:
    op.add_column("fixed_bin", sa.Column("minimum", sa.Integer()))
    op.add_column("fixed_bin", sa.Column("maximum", sa.Integer()))
    op.create_check_constraint(
        op.f("ck_fixed_bin_limits_together"), "fixed_bin", "(minimum IS NULL) = (maximum IS NULL)"
    )
    op.create_check_constraint(
        op.f("ck_fixed_bin_minimum_below_maximum"), "fixed_bin", "minimum >= 0 AND maximum > minimum"
    )
    op.create_index(
        "ix_fixed_bin_face",
        "fixed_bin",
        ["warehouse_id", "location_id"],
        postgresql_where=sa.text("maximum IS NOT NULL"),
    )
    op.add_column("awaited_stock", sa.Column("at_pick", sa.Boolean(), nullable=False, server_default=sa.false()))
    op.create_table(
        "replenish_task",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("warehouse_id", sa.Uuid(), nullable=False),
        sa.Column("owner_id", sa.Uuid(), nullable=False),
        sa.Column("product_id", sa.Uuid(), nullable=False),
        sa.Column("location_id", sa.Uuid(), nullable=False),
        sa.Column("balance_id", sa.BigInteger(), nullable=False),
        sa.Column("allocation_id", sa.Uuid(), nullable=False),
        sa.Column("quantity", sa.Integer(), nullable=False),
        sa.Column("moved", sa.Integer(), nullable=False),
        sa.Column("urgency", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(12), nullable=False),
        sa.Column("worker_id", sa.Uuid()),
        sa.Column("lease_until", NOW),
        sa.Column("posting_id", sa.Uuid()),
        sa.Column("created_at", NOW, nullable=False),
        sa.Column("finished_at", NOW),
        sa.CheckConstraint(
            "quantity > 0 AND moved >= 0 AND moved <= quantity", name=op.f("ck_replenish_task_moved_within")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_replenish_task")),
        sa.ForeignKeyConstraint(
            ["warehouse_id", "location_id"], ["location.warehouse_id", "location.id"],
            name=op.f("fk_replenish_task_warehouse_id_location_id"),
        ),
        sa.ForeignKeyConstraint(
            ["owner_id", "product_id"], ["product.owner_id", "product.id"],
            name=op.f("fk_replenish_task_owner_id_product_id"),
        ),
        sa.ForeignKeyConstraint(["balance_id"], ["balance.id"], name=op.f("fk_replenish_task_balance_id")),
        sa.ForeignKeyConstraint(["allocation_id"], ["allocation.id"], name=op.f("fk_replenish_task_allocation_id")),
        sa.ForeignKeyConstraint(["posting_id"], ["stock_posting.id"], name=op.f("fk_replenish_task_posting_id")),
    )  # fmt: skip
    op.create_index("ix_replenish_task_open", "replenish_task", ["warehouse_id", "urgency"], postgresql_where=OPEN)
    op.create_index(
        "ix_replenish_task_product", "replenish_task", ["product_id", "warehouse_id"], postgresql_where=OPEN
    )


def downgrade() -> None:
    op.drop_table("replenish_task")
    op.drop_column("awaited_stock", "at_pick")
    op.drop_index("ix_fixed_bin_face", "fixed_bin")
    op.drop_constraint(op.f("ck_fixed_bin_minimum_below_maximum"), "fixed_bin")
    op.drop_constraint(op.f("ck_fixed_bin_limits_together"), "fixed_bin")
    op.drop_column("fixed_bin", "maximum")
    op.drop_column("fixed_bin", "minimum")
