"""A database of the first release, as it was left, becomes one of today; and processes know which databases are theirs.

`release-0001.dump` was made by that release's own code (see freeze_release.py), not by today's idea of it.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from pathlib import Path

import flask_migrate
import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from flask import Flask
from sqlalchemy import text

from config import ROOT
from tests.cast import load
from tests.engines import Databases, create_app, dispose
from tests.life import order
from wms.cli import audit
from wms.platform import schema_version
from wms.platform.database import Base, db, session, transaction
from wms.platform.schema_version import known_revisions, schema_state
from wms.recovery.backup import row_counts
from wms.recovery.programs import connect, programs_for

RELEASE = Path(__file__).parent / "release-0001.dump"
MIGRATIONS = str(ROOT / "migrations")
STOPS_OLDER = {"0036", "0038", "0040", "0054"}  # what the release before would write is not enough any more
GROWS = {"schema_parent"}  # each migration notes itself


@pytest.fixture
def old(engines: Databases) -> Iterator[Flask]:
    """Today's application on the first release's database."""
    postgres = engines.engines.postgres
    postgres.create_database("old_release")
    config = engines.config("old_release")
    arguments = ["--no-owner", "--no-privileges", "--exit-on-error", "--dbname=old_release", RELEASE]
    programs_for(18).run("pg_restore", arguments, config.database_url)
    app = create_app(config)
    yield app
    dispose(app)
    postgres.drop_database("old_release")


def counts(app: Flask) -> dict[str, int]:
    with connect(app.extensions["wms_config"].database_url) as connection:
        return row_counts(connection)


def ask(app: Flask, statement: str) -> object:
    with app.app_context():
        return session().execute(text(statement)).scalar()


def upgrade(app: Flask, revision: str = "head") -> None:
    with app.app_context():
        flask_migrate.upgrade(directory=MIGRATIONS, revision=revision)
        db.session.remove()


def test_the_first_releases_database_is_upgraded_with_everything_in_it(old: Flask):
    before = counts(old)
    assert (before["stock_move"] > 10, before["outbound_order"], ask(old, "SELECT version_num FROM alembic_version")) \
        == (True, 4, "0001")  # fmt: skip
    moves = ask(old, "SELECT md5(string_agg(t::text, '' ORDER BY id)) FROM stock_move t")
    assert old.test_client().get("/readyz").json == {
        "ready": False, "reason": "schema", "found": "0001", "wanted": known_revisions()[-1],
    }  # fmt: skip
    upgrade(old)
    after = counts(old)
    assert {table: after.get(table) for table in before if table not in GROWS} \
        == {table: rows for table, rows in before.items() if table not in GROWS}  # fmt: skip
    assert ask(old, "SELECT md5(string_agg(t::text, '' ORDER BY id)) FROM stock_move t") == moves
    with old.app_context():
        assert audit()["ok"]
    assert old.test_client().get("/readyz").status_code == 200


def test_the_upgraded_database_is_the_one_of_the_models_and_works(old: Flask):
    upgrade(old)
    with old.app_context(), db.engine.connect() as connection:
        context = MigrationContext.configure(
            connection,
            opts={
                "include_name": lambda name, kind, _: not (kind == "table" and (name or "").startswith("command_")),
                "compare_type": True,
            },
        )
        found = [each for each in compare_metadata(context, Base.metadata) if each[1] is not None]
    assert [each for each in found if each[0] != "remove_table" or each[1].name != "schema_parent"] == []
    cast = load(old)
    with old.app_context():
        with transaction():
            assert order(cast, "AFTER-THE-UPGRADE", [("MUG-450-BLUE", 1)]).state == "promised"
        assert audit()["ok"]


def test_machines_that_start_together_upgrade_one_after_the_other(old: Flask):
    """While another migrates, ours waits, however long that takes; then it finds what is left to do."""
    url = old.extensions["wms_config"].database_url
    waiting = "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted"
    thread = threading.Thread(target=upgrade, args=(old,))
    with connect(url) as other:
        other.execute("SELECT pg_advisory_lock(hashtextextended('wms migrations', 0))")
        thread.start()
        deadline = time.monotonic() + 30
        while other.execute(waiting).fetchone() != (1,):
            assert time.monotonic() < deadline
            time.sleep(0.01)
        assert other.execute("SELECT version_num FROM alembic_version").fetchone() == ("0001",)
    thread.join(30)
    assert ask(old, "SELECT version_num FROM alembic_version") == known_revisions()[-1]
    mine = "(SELECT oid FROM pg_database WHERE datname = current_database())"
    assert ask(old, f"SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND database = {mine}") == 0


def test_a_release_works_on_its_own_schema_and_on_one_newer_by_one(old: Flask, monkeypatch: pytest.MonkeyPatch):
    """Every release (it knows the revisions up to its own) on every schema from the first to today's."""
    revisions = known_revisions()
    for found, revision in enumerate(revisions):
        if found:
            upgrade(old, revision)
        for own in range(len(revisions)):
            monkeypatch.setattr(schema_version, "known_revisions", lambda own=own: revisions[: own + 1])
            with old.app_context():
                state = schema_state()
            usable = found == own or (found == own + 1 and revision not in STOPS_OLDER)
            assert (state.found, state.wanted, state.usable) == (revision, revisions[own], usable)
