"""A warehouse may want its orders in the cheapest boxes instead of the fewest.

A column: the release before can live with it.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0044"
down_revision = "0043"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("warehouse", sa.Column("box_aim", sa.String(8), nullable=False, server_default=sa.text("'fewest'")))


def downgrade() -> None:
    op.drop_column("warehouse", "box_aim")
