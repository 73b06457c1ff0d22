"""A photo of the dock may show one line of its carton, and a seller may ask that a booking be counted blind.

Two columns and a rule, which no row there is can break: the release before can live with them.
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
    op.add_column("booking", sa.Column("count_blind", sa.Boolean(), nullable=False, server_default=sa.text("false")))


def downgrade() -> None:
    op.drop_column("booking", "count_blind")
    op.drop_constraint("line_of_carton", "inbound_file", type_="check")
    op.drop_column("inbound_file", "product_id")
