"""The resolution that a file of labels was drawn for, and papers of several pages.

Two columns with defaults: an earlier release draws for 203 dpi and one page, as they say.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0020"
down_revision = "0019"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("label_bundle", sa.Column("dpi", sa.Integer(), nullable=False, server_default="203"))
    op.create_check_constraint("dpi", "label_bundle", "dpi IN (203, 300, 600)")
    op.add_column("label_document", sa.Column("sheets", sa.Integer(), nullable=False, server_default="1"))
    op.create_check_constraint("sheets", "label_document", "sheets BETWEEN 1 AND 100")


def downgrade() -> None:
    op.drop_constraint(op.f("ck_label_document_sheets"), "label_document")
    op.drop_column("label_document", "sheets")
    op.drop_constraint(op.f("ck_label_bundle_dpi"), "label_bundle")
    op.drop_column("label_bundle", "dpi")
