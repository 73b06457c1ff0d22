"""What was agreed with sellers about which goods leave first, and how long these have to keep.

Columns with defaults and a table: the release before can live with them.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0045"
down_revision = "0044"
branch_labels = None
depends_on = None

KNOWN = "rotation IN ('fefo', 'fifo', 'lefo')"


def upgrade() -> None:
    op.add_column("seller", sa.Column("rotation", sa.String(4), nullable=False, server_default="fefo"))
    op.add_column("seller", sa.Column("least_shelf_days", sa.Integer, nullable=False, server_default=sa.text("0")))
    op.create_check_constraint(op.f("ck_seller_rotation_known"), "seller", KNOWN)
    op.create_check_constraint(op.f("ck_seller_shelf_sane"), "seller", "least_shelf_days BETWEEN 0 AND 3650")
    op.add_column("product", sa.Column("rotation", sa.String(4), nullable=True))
    op.create_check_constraint(op.f("ck_product_rotation_known"), "product", KNOWN)
    op.create_table(
        "allocation_rule",
        sa.Column("id", sa.Uuid(), primary_key=True),
        sa.Column("seller_id", sa.Uuid(), sa.ForeignKey("seller.id"), nullable=False),
        sa.Column("rotation", sa.String(4), nullable=False),
        sa.Column("least_shelf_days", sa.Integer, nullable=False),
        sa.Column("reason", sa.String(200), nullable=False),
        sa.Column("changed_by", sa.Uuid(), nullable=False),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
    )
    op.create_index("ix_allocation_rule_seller", "allocation_rule", ["seller_id", "id"])


def downgrade() -> None:
    op.drop_table("allocation_rule")
    op.drop_constraint(op.f("ck_product_rotation_known"), "product")
    op.drop_column("product", "rotation")
    op.drop_constraint(op.f("ck_seller_shelf_sane"), "seller")
    op.drop_constraint(op.f("ck_seller_rotation_known"), "seller")
    op.drop_column("seller", "least_shelf_days")
    op.drop_column("seller", "rotation")
