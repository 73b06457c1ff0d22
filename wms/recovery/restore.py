"""`python -m wms.recovery restore`: a backup into an empty place, then the audit.

Not a command of the application, for there is none to ask: the place is empty until this is done.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

import flask_migrate
from flask import Flask
from sqlalchemy import text

from config import ROOT, Config
from wms.app import create_app
from wms.cli import audit
from wms.platform import files
from wms.platform.database import db, session, transaction
from wms.platform.engines import Recovery, running_engines
from wms.platform.schema_version import known_revisions
from wms.platform.stores import LocalStore, Store, StoreDamaged, open_store
from wms.printing import service as printing
from wms.recovery import manifest as layout
from wms.recovery.backup import row_counts
from wms.recovery.manifest import Manifest
from wms.recovery.programs import RecoveryError, connect, major_of, programs_for

NUMBERS_SKIPPED = 1000  # by each counter: more than was given out between the backup and the loss


@dataclass(frozen=True)
class RestoreOrder:
    """What to restore. `until` and `wal_archive` are for base backups.

    `files_stand`: the store has the files already (it survived, or is a bucket of its own); nothing is copied.
    """

    source: Path
    until: datetime | None = None
    wal_archive: Path | None = None
    files_stand: bool = False
    skip_numbers: int = NUMBERS_SKIPPED


@dataclass
class Restored:
    """What came back. `ok` only when the counts are those of the manifest and the audit is clean."""

    manifest: Manifest
    files_copied: int = 0
    files_missing: list[str] = field(default_factory=list)
    files_redrawn: int = 0
    wrong_counts: dict[str, tuple[int, int]] = field(default_factory=dict)
    violations: dict[str, int] = field(default_factory=dict)
    checks: int = 0
    seconds: dict[str, float] = field(default_factory=dict)

    @property
    def ok(self) -> bool:
        return not self.wrong_counts and not self.violations and self.files_redrawn == len(self.files_missing)


def restore(config: Config, order: RestoreOrder, say: Callable[[str], None] = lambda _: None) -> Restored:
    """Restore as ordered. Raises RecoveryError, before anything is written, when the place or the backup is not fit."""
    manifest = layout.read_manifest(order.source)
    _require_fit(config, order, manifest)
    done = Restored(manifest)
    clock = _Stopwatch(done.seconds, say)
    layout.require_whole(order.source, manifest)
    clock.lap("checked")
    with _running(config, order, manifest) as running:
        if manifest.kind == "dump":
            _load_dump(running, order.source / layout.DUMP)
            with connect(running.database_url) as connection:
                found = row_counts(connection)
            done.wrong_counts = {
                table: (rows, found.get(table, 0)) for table, rows in manifest.rows.items() if rows != found.get(table)
            }
        clock.lap("database")
        app = create_app(running)
        try:
            _settle(app, order, done, clock)
        finally:
            with app.app_context():
                db.session.remove()
                db.engine.dispose()
    return done


def _require_fit(config: Config, order: RestoreOrder, manifest: Manifest) -> None:
    if manifest.schema_revision not in known_revisions():
        raise RecoveryError(
            f"the backup has schema {manifest.schema_revision}, which this release does not know: use that of the backup"
        )
    if manifest.key_check != layout.key_check(config):
        raise RecoveryError(
            "WMS_PII_KEY is not the one that the backup was made with: ID numbers could never be read again"
        )
    if not order.files_stand:
        if not manifest.files_included:
            raise RecoveryError("the backup was made without files: give --files-stand if the store has them")
        if any(open_store(config).listing()):
            raise RecoveryError(
                "the file store is not empty: choose another, or give --files-stand if they are its own"
            )
    if manifest.kind == "base":
        _require_log(config, order, manifest)
    elif order.until is not None:
        raise RecoveryError("a dump is of one moment only; a moment of choice needs a base backup")


def _require_log(config: Config, order: RestoreOrder, manifest: Manifest) -> None:
    if config.database_url:
        raise RecoveryError("a base backup is restored into the embedded PostgreSQL: unset DATABASE_URL")
    if order.wal_archive is None or not order.wal_archive.is_dir():
        raise RecoveryError("a base backup needs the log archive: give --wal FOLDER or set WMS_WAL_ARCHIVE")
    if order.until is not None and order.until < datetime.fromisoformat(manifest.made_at):
        raise RecoveryError(f"the moment lies before the backup ({manifest.made_at}): take an older one")


@contextmanager
def _running(config: Config, order: RestoreOrder, manifest: Manifest) -> Iterator[Config]:
    """The configuration with a running PostgreSQL: the one named, the embedded one, or one replayed from its log."""
    # Nothing needs the queue here; what is committed is found by the sweeper of the started system.
    queue = config.redis_url or f"unix://{config.instance_path}/no-queue-while-restoring"
    if config.database_url:
        yield config.with_engines(config.database_url, queue)
        return
    recovery = None
    if manifest.kind == "base":
        assert order.wal_archive is not None  # noqa: S101  # _require_fit
        base = [order.source / name for name in (layout.BASE, layout.BASE_WAL)]
        recovery = Recovery(base[0], base[1], order.wal_archive, order.until)
    with running_engines(config.instance_path, config.engine_account, valkey=False, recovery=recovery) as engines:
        yield config.with_engines(engines.postgres.url(), queue)


def _load_dump(config: Config, dump: Path) -> None:
    with connect(config.database_url) as connection:
        if row_counts(connection):
            raise RecoveryError("the database is not empty: restore into a new one")
        row = connection.execute("SHOW server_version").fetchone()
        programs = programs_for(major_of(str(row[0]) if row else ""))
    # All or nothing: a restore that fails leaves the place as empty as it was.
    arguments = ["--no-owner", "--no-privileges", "--exit-on-error", "--single-transaction"]
    database = session_database(config.database_url)
    programs.run("pg_restore", [*arguments, f"--dbname={database}", dump], config.database_url)
    with connect(config.database_url) as connection:
        connection.execute("ANALYZE")  # the planner's knowledge is not in a dump


def session_database(url: str) -> str:
    """The database's name alone; everything else of the address goes to pg_restore by environment."""
    return url.partition("?")[0].rpartition("/")[2]


def _settle(app: Flask, order: RestoreOrder, done: Restored, clock: _Stopwatch) -> None:
    """What follows in the restored database: migrations, files, numbers, audit."""
    with app.app_context():
        flask_migrate.upgrade(directory=str(ROOT / "migrations"))
        clock.lap("schema")
        backup_files = None if order.files_stand else LocalStore(order.source.parent / layout.FILES)
        done.files_copied, done.files_missing = _bring_files(files.store(), backup_files)
        with transaction():
            done.files_redrawn = printing.redraw(done.files_missing)
        clock.lap("files")
        with transaction():
            session().execute(text("UPDATE counter SET next_value = next_value + :by"), {"by": order.skip_numbers})
        found: dict[str, Any] = audit()
        done.checks = len(found["checks"])
        done.violations = {each["name"]: len(each["violations"]) for each in found["checks"] if each["violations"]}
        clock.lap("audit")


def _bring_files(store: Store, source: LocalStore | None) -> tuple[int, list[str]]:
    """Copy what the database names; how many, and which are nowhere. With no source they are only looked for."""
    names = list(session().execute(text("SELECT DISTINCT sha256 FROM stored_file ORDER BY 1")).scalars())
    session().rollback()
    if source is None:
        there = {each.name for batch in store.listing() for each in batch}
        return 0, [name for name in names if name not in there]
    copied, missing = 0, []
    for name in names:
        try:
            store.put(source.get(name))
            copied += 1
        except (FileNotFoundError, StoreDamaged):
            missing.append(name)
    return copied, missing


class _Stopwatch:
    """Seconds of each part, told as they pass."""

    def __init__(self, seconds: dict[str, float], say: Callable[[str], None]) -> None:
        self.seconds = seconds
        self.say = say
        self.last = time.monotonic()

    def lap(self, name: str) -> None:
        now = time.monotonic()
        self.seconds[name] = now - self.last
        self.last = now
        self.say(f"{self.seconds[name]:8.1f} s  {name}")
