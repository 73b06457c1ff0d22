"""A process refuses an older schema than its own and accepts one newer by one (expand → deploy → contract)."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from pathlib import Path

from alembic.script import ScriptDirectory
from sqlalchemy import text
from sqlalchemy.exc import ProgrammingError

from wms.platform.database import rollback, session

MIGRATIONS = Path(__file__).parents[2] / "migrations"


@dataclass(frozen=True)
class SchemaState:
    found: str | None
    wanted: str
    usable: bool


@cache
def known_revisions() -> tuple[str, ...]:
    """This release's revisions, oldest first."""
    script = ScriptDirectory(str(MIGRATIONS))
    return tuple(revision.revision for revision in reversed(list(script.walk_revisions())))


def schema_state() -> SchemaState:
    """The database's revision beside ours. A revision we do not know is newer: it must name ours as its parent."""
    wanted = known_revisions()[-1]
    try:
        found = session().execute(text("SELECT version_num FROM alembic_version")).scalar()
    except ProgrammingError:
        rollback()
        return SchemaState(None, wanted, False)
    if found == wanted:
        return SchemaState(found, wanted, True)
    parent = (
        session()
        .execute(
            text("SELECT 1 FROM schema_parent WHERE revision = :found AND parent = :wanted"),
            {"found": found, "wanted": wanted},
        )
        .scalar()
    )
    return SchemaState(found, wanted, parent is not None)
