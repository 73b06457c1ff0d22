"""The fixtures keep what they promise: isolation between tests, real commits where promised."""

from __future__ import annotations

import psycopg
import pytest
from flask import Flask
from sqlalchemy import text

from config import ROOT
from tests.conftest import BUILT_ONCE, together
from tests.engines import Databases
from wms.platform.engine_home import EngineError
from wms.platform.engines import running_engines

MAKE = text("CREATE TABLE fixture_probe (x integer)")
ADD = text("INSERT INTO fixture_probe VALUES (1)")
EXISTS = text("SELECT to_regclass('fixture_probe') IS NOT NULL")


@pytest.mark.parametrize("round_number", [1, 2])
def test_what_a_test_commits_is_gone_in_the_next(db_session, round_number):
    assert db_session.execute(EXISTS).scalar() is False
    db_session.execute(MAKE)
    db_session.execute(ADD)
    db_session.commit()
    db_session.rollback()
    assert db_session.execute(text("SELECT count(*) FROM fixture_probe")).scalar() == 1


def test_a_rollback_undoes_only_what_came_after_the_commit(db_session):
    db_session.execute(MAKE)
    db_session.commit()
    db_session.execute(ADD)
    db_session.rollback()
    assert db_session.execute(text("SELECT count(*) FROM fixture_probe")).scalar() == 0


@pytest.mark.parametrize("round_number", [1, 2])
def test_commits_are_real_in_a_database_of_ones_own(fresh_app: Flask, engines: Databases, round_number):
    from wms.platform.database import db

    with fresh_app.app_context():
        assert db.session.execute(EXISTS).scalar() is False
        db.session.execute(MAKE)
        db.session.commit()
    with fresh_app.app_context(), db.engine.connect() as other:
        assert other.execute(EXISTS).scalar() is True


def test_the_migrated_schema_is_in_every_copy(fresh_app: Flask):
    from wms.platform.database import db

    with fresh_app.app_context(), db.engine.connect() as connection:
        assert connection.execute(text("SELECT version_num FROM alembic_version")).scalar()


def test_queues_start_empty(redis_client):
    assert redis_client.dbsize() == 0
    assert redis_client.config_get("maxmemory-policy") == {"maxmemory-policy": "noeviction"}


def test_the_application_is_no_superuser_and_reaches_nothing_over_tcp(engines: Databases):
    url = engines.engines.postgres.url(engines.copy("rights_probe")).replace("+psycopg", "")
    with psycopg.connect(url) as connection:
        assert connection.execute("SHOW listen_addresses").fetchone() == ("",)
        row = connection.execute("SELECT rolsuper, rolcreatedb FROM pg_roles WHERE rolname = current_user").fetchone()
    assert row == (False, False)


def test_a_second_pair_on_the_same_folder_is_refused(engines: Databases):
    with pytest.raises(EngineError, match="already running, started by process"):
        with running_engines(engines.folder, "wms-engines", fast=True):
            pass


@pytest.mark.parametrize("place", BUILT_ONCE)
def test_what_is_built_once_is_there(place: str) -> None:
    assert (ROOT / place).exists()


def test_tests_that_share_a_building_go_together_and_others_one_by_one() -> None:
    ids = [
        "tests/faults/test_book.py::test_a[1]",
        "tests/faults/test_faults.py::test_b",
        "tests/core/test_ids.py::test_c",
    ]
    assert [together(each) for each in ids] == ["tests/faults/", "tests/faults/", ids[2]]
