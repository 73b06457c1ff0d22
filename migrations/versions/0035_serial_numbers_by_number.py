"""A serial number is looked up without its product.

An index: any release can live with it.
"""

from __future__ import annotations

from alembic import op

revision = "0035"
down_revision = "0034"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_index("ix_serial_number", "serial", ["number"])


def downgrade() -> None:
    op.drop_index("ix_serial_number", "serial")
