"""Printing through agents: agents, printers, what a bench prints where, and the claims of jobs.

Expands only: a release that does not know the columns makes jobs for browsers, as it always did.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

MOMENT = sa.DateTime(timezone=True)
UNDER_WAY = sa.text("state IN ('queued', 'claimed', 'fetched', 'dispatching', 'unknown')")
COLUMNS = (
    sa.Column("printer_id", sa.Uuid, sa.ForeignKey("printer.id", name="fk_print_job_printer_id")),
    sa.Column("batch_id", sa.Uuid),
    sa.Column("batch_seq", sa.Integer),
    sa.Column("claim_token", sa.BigInteger),
    sa.Column("claimed_by", sa.Uuid, sa.ForeignKey("print_agent.id", name="fk_print_job_claimed_by")),
    sa.Column("lease_until", MOMENT),
    sa.Column("spool_id", sa.String(120)),
    sa.Column("last_error", sa.String(120)),
)


def upgrade() -> None:
    op.execute(sa.schema.CreateSequence(sa.Sequence("print_claim")))
    _create_tables()
    for column in COLUMNS:
        op.add_column("print_job", column)
    op.create_index("ix_print_job_printer", "print_job", ["printer_id", "batch_seq"], postgresql_where=UNDER_WAY)
    op.create_index(
        "ix_print_job_batch", "print_job", ["batch_id", "batch_seq"], postgresql_where=sa.text("batch_id IS NOT NULL")
    )
    op.create_index(
        "ix_label_document_barcode", "label_document", ["barcode"], postgresql_where=sa.text("barcode IS NOT NULL")
    )
    op.create_check_constraint("batch_has_an_order", "print_job", "(batch_id IS NULL) = (batch_seq IS NULL)")


def _create_tables() -> None:
    op.create_table(
        "print_agent",
        sa.Column("id", sa.Uuid, primary_key=True),
        sa.Column("warehouse_id", sa.Uuid, sa.ForeignKey("warehouse.id"), nullable=False),
        sa.Column("name", sa.String(40), nullable=False),
        sa.Column("code_hash", sa.LargeBinary),
        sa.Column("code_expires_at", MOMENT),
        sa.Column("token_hash", sa.LargeBinary),
        sa.Column("host", sa.String(80)),
        sa.Column("version", sa.String(20)),
        sa.Column("pending", sa.Integer, nullable=False),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.Column("enrolled_at", MOMENT),
        sa.Column("seen_at", MOMENT),
        sa.Column("revoked_at", MOMENT),
        sa.UniqueConstraint("warehouse_id", "name"),
        sa.UniqueConstraint("token_hash"),
        sa.UniqueConstraint("code_hash"),
    )
    op.create_table(
        "printer",
        sa.Column("id", sa.Uuid, primary_key=True),
        sa.Column("warehouse_id", sa.Uuid, sa.ForeignKey("warehouse.id"), nullable=False),
        sa.Column("agent_id", sa.Uuid, sa.ForeignKey("print_agent.id"), nullable=False),
        sa.Column("name", sa.String(40), nullable=False),
        sa.Column("backend", sa.String(8), nullable=False),
        sa.Column("uri", sa.String(200), nullable=False),
        sa.Column("language", sa.String(4), nullable=False),
        sa.Column("dpi", sa.Integer, nullable=False),
        sa.Column("width_mm", sa.Float, nullable=False),
        sa.Column("height_mm", sa.Float, nullable=False),
        sa.Column("offset_x_mm", sa.Float, nullable=False),
        sa.Column("offset_y_mm", sa.Float, nullable=False),
        sa.Column("state", sa.String(10), nullable=False),
        sa.Column("reasons", sa.String(120), nullable=False),
        sa.Column("seen_at", MOMENT),
        sa.Column("paused_at", MOMENT),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.UniqueConstraint("warehouse_id", "name"),
        sa.CheckConstraint("width_mm BETWEEN 10 AND 320 AND height_mm BETWEEN 10 AND 460", name="medium"),
        sa.CheckConstraint("offset_x_mm BETWEEN -10 AND 10 AND offset_y_mm BETWEEN -10 AND 10", name="offset"),
        sa.CheckConstraint("dpi IN (203, 300, 600)", name="dpi"),
    )
    op.create_index("ix_printer_agent", "printer", ["agent_id"])
    op.create_table(
        "station_printer",
        sa.Column("id", sa.Uuid, primary_key=True),
        sa.Column("station_id", sa.Uuid, sa.ForeignKey("station.id"), nullable=False),
        sa.Column("kind", sa.String(12), nullable=False),
        sa.Column("width_mm", sa.Float, nullable=False),
        sa.Column("height_mm", sa.Float, nullable=False),
        sa.Column("printer_id", sa.Uuid, sa.ForeignKey("printer.id"), nullable=False),
        sa.Column("fallback_printer_id", sa.Uuid, sa.ForeignKey("printer.id")),
        sa.UniqueConstraint("station_id", "kind", "width_mm", "height_mm"),
        sa.CheckConstraint("fallback_printer_id <> printer_id", name="two_printers"),
    )
    op.create_index("ix_station_printer_printer", "station_printer", ["printer_id"])


def downgrade() -> None:
    op.drop_constraint("ck_print_job_batch_has_an_order", "print_job", type_="check")
    op.drop_index("ix_label_document_barcode", "label_document")
    for name in ("ix_print_job_batch", "ix_print_job_printer"):
        op.drop_index(name, "print_job")
    for column in reversed(COLUMNS):
        op.drop_column("print_job", column.name)
    for table in ("station_printer", "printer", "print_agent"):
        op.drop_table(table)
    op.execute(sa.schema.DropSequence(sa.Sequence("print_claim")))
