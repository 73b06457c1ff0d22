"""The house: every table of the first release."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import ARRAY

from wms.core.permissions import ROLE_PERMISSIONS

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

TABLES = Path(__file__).with_suffix(".sql")


def upgrade() -> None:
    op.execute("CREATE TABLE schema_parent (revision text PRIMARY KEY, parent text)")
    for statement in TABLES.read_text().split(";\n"):
        if statement.strip():
            op.execute(sa.text(statement.replace(":", "\\:")))
    op.execute("CREATE TABLE command_default PARTITION OF command DEFAULT")
    today = datetime.now(UTC).date()
    for offset in range(-31, 8):
        day = today + timedelta(days=offset)
        op.execute(
            f"CREATE TABLE command_{day:%Y%m%d} PARTITION OF command"
            f" FOR VALUES FROM ('{day}') TO ('{day + timedelta(days=1)}')"
        )
    roles = sa.table("role", sa.column("name"), sa.column("is_staff"), sa.column("permissions", ARRAY(sa.Text)))
    op.bulk_insert(
        roles,
        [
            {"name": name, "is_staff": name != "seller", "permissions": sorted(permissions)}
            for name, permissions in ROLE_PERMISSIONS.items()
        ],
    )
    op.execute(
        """
        CREATE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
            RAISE EXCEPTION '% is append-only', TG_TABLE_NAME USING ERRCODE = 'restrict_violation';
        END $$
        """
    )
    for table in ("stock_posting", "stock_move", "event"):
        op.execute(
            f"CREATE TRIGGER {table}_append_only BEFORE UPDATE OR DELETE ON {table}"
            " FOR EACH ROW EXECUTE FUNCTION refuse_change()"
        )
        op.execute(
            f"CREATE TRIGGER {table}_no_truncate BEFORE TRUNCATE ON {table}"
            " FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()"
        )


def downgrade() -> None:
    raise RuntimeError("the first release has nothing before it; restore a backup instead")
