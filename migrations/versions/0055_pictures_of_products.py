"""A product has a picture by which the floor knows it."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0055"
down_revision = "0054"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("product", sa.Column("picture_id", sa.Uuid(), nullable=True))
    op.create_foreign_key(op.f("fk_product_picture_id"), "product", "stored_file", ["picture_id"], ["id"])
    op.create_index("ix_product_picture", "product", ["picture_id"], postgresql_where=sa.text("picture_id IS NOT NULL"))


def downgrade() -> None:
    op.drop_index("ix_product_picture", "product")
    op.drop_constraint(op.f("fk_product_picture_id"), "product")
    op.drop_column("product", "picture_id")
