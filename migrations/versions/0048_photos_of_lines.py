"""A photo of the dock may show one line of its carton.

A column and its rule, which no row there is can break: the release before can live with it.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0048"
down_revision = "0047"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("inbound_file", sa.Column("product_id", sa.Uuid(), sa.ForeignKey("product.id"), nullable=True))
    op.create_check_constraint("line_of_carton", "inbound_file", "product_id IS NULL OR carton_id IS NOT NULL")


def downgrade() -> None:
    op.drop_constraint("line_of_carton", "inbound_file", type_="check")
    op.drop_column("inbound_file", "product_id")
