"""A fault befalls the COMMIT itself, also where that travels with the last statements of a command."""

from __future__ import annotations

import pytest
from flask import Flask
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from tests.cast import Cast
from wms.platform.database import db, session
from wms.platform.statements import Statement, commit_with
from wms.simulation.faults import Crash, Fault, Trap, fitted

RENAME = Statement("UPDATE seller SET name = 'Renamed'")


def together() -> None:
    commit_with(lambda: RENAME.send())
    session().commit()


def by_itself() -> None:
    session().execute(text("UPDATE seller SET name = 'Renamed'"))
    session().commit()


@pytest.mark.parametrize("commit", [together, by_itself])
@pytest.mark.parametrize(
    ("fault", "raised", "happened"),
    [
        (Fault.CONNECTION_LOST, DBAPIError, False),
        (Fault.CRASH_BEFORE_COMMIT, Crash, False),
        (Fault.CRASH_AFTER_COMMIT, Crash, True),
    ],
)
def test_what_was_to_be_committed_is_there_only_after_it(fresh_app: Flask, cast: Cast, commit, fault, raised, happened):
    trap = Trap()
    with fresh_app.app_context():
        session().rollback()
        with fitted(db.engine, trap):
            with trap.set(fault), pytest.raises(raised):
                commit()
            session().invalidate()
            session().close()
            found = session().scalars(text("SELECT name FROM seller")).all()
            session().rollback()
    assert trap.sprung == 1
    assert (set(found) == {"Renamed"}) is happened
