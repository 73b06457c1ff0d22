"""The day's audit: when it is owed, that it is noted, and that only one host does it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from flask import Flask
from sqlalchemy import select, text

from wms import schedule
from wms.core import clock
from wms.platform import auditing, vitals
from wms.platform.auditing import AuditRun
from wms.platform.database import db, session, transaction

NOON = datetime(2026, 11, 28, 12, 0, tzinfo=UTC)
CLEAN = {"checks": [{"name": "balances", "rows": 5, "violations": []}]}


def noted(app: Flask) -> list[tuple[str, bool, int]]:
    with app.app_context():
        runs = session().scalars(select(AuditRun).order_by(AuditRun.finished_at)).all()
        return [(run.origin, run.ok, run.rows_read) for run in runs]


@pytest.mark.parametrize(
    ("began", "hour", "due"),
    [
        (None, 20, True),  # a house that was never audited
        (NOON - timedelta(hours=1), 11, False),  # at the hour itself
        (NOON - timedelta(hours=1, seconds=1), 11, True),  # just before it: that was yesterday's
        (NOON - timedelta(hours=15), 20, False),  # yesterday at nine in the evening, the hour is eight
        (NOON - timedelta(hours=17), 20, True),
        (NOON - timedelta(hours=11), 0, False),
        (NOON - timedelta(days=30), 12, True),
    ],
)
def test_the_audit_is_owed_once_a_day_from_its_hour_on(db_session, began, hour, due):
    if began is not None:
        run = auditing.note(CLEAN, "schedule", began)
        run.finished_at = began + timedelta(minutes=1)
        db_session.flush()
    assert auditing.is_due(hour, NOON) is due


def test_the_schedule_audits_notes_it_and_is_then_content(fresh_app):
    with fresh_app.app_context():
        schedule.audit_unless_another_does(fresh_app)
        config = fresh_app.extensions["wms_config"]
        with transaction():
            assert not auditing.is_due(config.audit_hour, clock.now())
    assert [(origin, ok) for origin, ok, _ in noted(fresh_app)] == [("schedule", True)]


def test_it_runs_beside_the_sweeper_once(fresh_app):
    with fresh_app.app_context():
        for _ in range(3):
            schedule.audit_books()
        for thread in schedule.threading.enumerate():
            if thread.name == "audit":
                thread.join(60)
        schedule.audit_books()  # not due any more
    assert [origin for origin, _, _ in noted(fresh_app)] == ["schedule"]


def test_while_another_host_audits_nobody_else_does(fresh_app):
    with fresh_app.app_context():
        with db.engine.connect() as other:
            assert other.execute(schedule._AUDITOR).scalar()
            schedule.audit_unless_another_does(fresh_app)
            assert noted(fresh_app) == []
            other.execute(schedule._AUDITOR_GOES)
        schedule.audit_unless_another_does(fresh_app)
        with db.engine.connect() as other:  # it has given the lock back
            assert other.execute(schedule._AUDITOR).scalar()
            other.execute(schedule._AUDITOR_GOES)
    assert len(noted(fresh_app)) == 1


def test_the_command_is_noted_too_and_names_what_is_wrong(fresh_app, cast):
    with fresh_app.app_context(), transaction():
        session().execute(
            text("INSERT INTO summary (warehouse_id, owner_id, product_id, customs_status, sellable, promised)"
                 " VALUES (:w, :o, :p, 'none', 5, 0)"),
            {"w": cast.overseas.id, "o": cast.ACME.id, "p": next(iter(cast.ACME.products.values()))},
        )  # fmt: skip
    with fresh_app.app_context():  # as the `flask` command gives it
        done = fresh_app.test_cli_runner().invoke(args=["audit"])
    assert isinstance(done.exception, SystemExit), done.exception
    assert done.exit_code == 1, done.output
    assert [(origin, ok) for origin, ok, _ in noted(fresh_app)] == [("command", False)]
    with fresh_app.app_context():
        found = vitals.degraded()
        run = auditing.last_audit()
    assert found["audit_violations"] == sum(run.violations.values()) > 0
    assert all(name in done.output for name in run.violations)


def test_an_old_audit_limps_and_none_is_a_new_house(fresh_app):
    with fresh_app.app_context():
        assert not {"audit_hours", "audit_violations"} & vitals.degraded().keys()
        with transaction():
            run = auditing.note(CLEAN, "schedule", clock.now())
            run.finished_at = clock.now() - timedelta(hours=40)
        assert vitals.degraded()["audit_hours"] == 40
