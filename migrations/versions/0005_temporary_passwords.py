"""A password given by who manages people is good for a day and for choosing one's own.

Expands only: a release that does not know the column lets a temporary password live on.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("app_user", sa.Column("password_expires_at", sa.DateTime(timezone=True)))


def downgrade() -> None:
    op.drop_column("app_user", "password_expires_at")
