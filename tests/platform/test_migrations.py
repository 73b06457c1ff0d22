"""The migrated schema is the one the models describe, and old migrations do not move with the models."""

from __future__ import annotations

from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from flask import Flask
from sqlalchemy import text

from wms.platform.database import Base, db
from wms.platform.schema_version import known_revisions, schema_state


def test_migrations_lead_to_the_models(app: Flask) -> None:
    with app.app_context(), db.engine.connect() as connection:
        context = MigrationContext.configure(
            connection,
            opts={
                "include_name": lambda name, kind, _: not (kind == "table" and (name or "").startswith("command_")),
                "compare_type": True,
            },
        )
        known = {"schema_parent"}  # kept by migrations/env.py itself
        found = [
            change
            for change in compare_metadata(context, Base.metadata)
            if not (change[0] == "remove_table" and change[1].name in known)
        ]
    assert found == []


def test_checks_and_triggers_are_there(app: Flask) -> None:
    """What autogenerate does not compare: the CHECKs of every model, and the append-only triggers."""
    wanted = {
        f"{constraint.name}"
        for table in Base.metadata.tables.values()
        for constraint in table.constraints
        if type(constraint).__name__ == "CheckConstraint"
    }
    with app.app_context(), db.engine.connect() as connection:
        checks = set(connection.execute(text("SELECT conname FROM pg_constraint WHERE contype = 'c'")).scalars())
        triggers = set(connection.execute(text("SELECT tgname FROM pg_trigger WHERE NOT tgisinternal")).scalars())
    assert wanted - checks == set()
    kept = ("stock_posting", "stock_move", "serial_move", "event", "posting_recipe", "posting_recipe_leg")
    assert {f"{table}_{what}" for table in kept for what in ("append_only", "no_truncate")} <= triggers  # fmt: skip


def test_a_process_knows_its_schema_and_refuses_an_older_one(app: Flask) -> None:
    with app.app_context():
        state = schema_state()
        assert state.usable and state.found == known_revisions()[-1]
