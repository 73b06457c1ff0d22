"""Labels are restyled in the office: designs in versions, their pictures, and on each label the version that drew it;
and what a seller asks for at once is kept as a set.

Expands only: a release that does not know the tables draws every label with its built-in template. The roles of the
operator get the permission to design where they already may reprint.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

PERMISSION = "labels.design"


def upgrade() -> None:
    op.create_table(
        "label_design",
        sa.Column("id", sa.Uuid, primary_key=True),
        sa.Column("kind", sa.String(32), nullable=False),
        sa.Column("width_mm", sa.Float, nullable=False),
        sa.Column("height_mm", sa.Float, nullable=False),
        sa.Column("owner_id", sa.Uuid, sa.ForeignKey("seller.id", name="fk_label_design_owner_id")),
        sa.Column("newest", sa.Integer, nullable=False),
        sa.Column("published", sa.Integer),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "width_mm BETWEEN 20 AND 300 AND height_mm BETWEEN 20 AND 300", name=op.f("ck_label_design_size")
        ),
    )
    op.create_index(
        "uq_label_design_place", "label_design", ["kind", "width_mm", "height_mm", "owner_id"], unique=True,
        postgresql_nulls_not_distinct=True,
    )  # fmt: skip
    op.create_table(
        "label_design_version",
        sa.Column("id", sa.Uuid, primary_key=True),
        sa.Column(
            "design_id", sa.Uuid, sa.ForeignKey("label_design.id", name="fk_label_design_version_design_id"),
            nullable=False,
        ),
        sa.Column("number", sa.Integer, nullable=False),
        sa.Column("data", postgresql.JSONB, nullable=False),
        sa.Column("note", sa.String(120)),
        sa.Column("restored_from", sa.Integer),
        sa.Column("made_by", sa.Uuid, nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("published_by", sa.Uuid),
        sa.Column("published_at", sa.DateTime(timezone=True)),
        sa.UniqueConstraint("design_id", "number", name="uq_label_design_version_design_id_number"),
        sa.CheckConstraint("number > 0", name=op.f("ck_label_design_version_number")),
    )  # fmt: skip
    op.create_table(
        "label_picture",
        sa.Column("sha256", sa.String(64), primary_key=True),
        sa.Column("content", sa.LargeBinary, nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("octet_length(content) BETWEEN 1 AND 1000000", name=op.f("ck_label_picture_size")),
    )
    op.create_table(
        "label_set",
        sa.Column("id", sa.Uuid, primary_key=True),
        sa.Column("owner_id", sa.Uuid, sa.ForeignKey("seller.id", name="fk_label_set_owner_id")),
        sa.Column("title", sa.String(80), nullable=False),
        sa.Column("bundle_ids", postgresql.ARRAY(sa.Uuid), nullable=False),
        sa.Column("requested_by", sa.Uuid, nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
    )
    op.add_column("label_document", sa.Column("refusal_facts", postgresql.JSONB))
    op.add_column("label_document", sa.Column("design_version_id", sa.Uuid))
    op.create_foreign_key(
        "fk_label_document_design_version_id", "label_document", "label_design_version", ["design_version_id"], ["id"]
    )
    op.execute(
        f"UPDATE role SET permissions = array_append(permissions, '{PERMISSION}')"
        f" WHERE 'labels.reprint' = ANY(permissions) AND NOT '{PERMISSION}' = ANY(permissions)"
    )


def downgrade() -> None:
    op.execute(f"UPDATE role SET permissions = array_remove(permissions, '{PERMISSION}')")
    op.drop_column("label_document", "design_version_id")
    op.drop_column("label_document", "refusal_facts")
    op.drop_table("label_set")
    op.drop_table("label_picture")
    op.drop_table("label_design_version")
    op.drop_table("label_design")
