"""Two-step sign-in: the secret of a person's app, recovery codes, steps between password and code, roles that demand it.
And an index for the page of loads.

Expands only: a release that does not know the tables lets people in by the password alone.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("role", sa.Column("demands_second_step", sa.Boolean(), server_default=sa.false(), nullable=False))
    op.create_table(
        "second_factor",
        sa.Column("user_id", sa.Uuid(), sa.ForeignKey("app_user.id"), primary_key=True),
        sa.Column("secret_sealed", sa.LargeBinary(), nullable=False),
        sa.Column("secret_key", sa.String(16), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("confirmed_at", sa.DateTime(timezone=True)),
        sa.Column("last_step", sa.BigInteger(), nullable=False),
        sa.Column("wrong_codes", sa.Integer(), nullable=False),
    )
    op.create_table(
        "recovery_code",
        sa.Column("user_id", sa.Uuid(), sa.ForeignKey("app_user.id"), primary_key=True),
        sa.Column("number", sa.SmallInteger(), primary_key=True, autoincrement=False),
        sa.Column("code_hash", sa.String(200), nullable=False),
        sa.Column("used_at", sa.DateTime(timezone=True)),
    )
    op.create_table(
        "login_step",
        sa.Column("id", sa.Uuid(), primary_key=True),
        sa.Column("token_hash", sa.LargeBinary(), nullable=False, unique=True),
        sa.Column("user_id", sa.Uuid(), sa.ForeignKey("app_user.id"), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
    )
    op.create_index(op.f("ix_login_step_user_id"), "login_step", ["user_id"])
    op.create_index("ix_manifest_newest", "manifest", ["warehouse_id", "created_at"])


def downgrade() -> None:
    op.drop_index("ix_manifest_newest", "manifest")
    op.drop_table("login_step")
    op.drop_table("recovery_code")
    op.drop_table("second_factor")
    op.drop_column("role", "demands_second_step")
