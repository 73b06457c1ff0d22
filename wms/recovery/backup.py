"""`flask backup`: database and files into a folder, readable there by `python -m wms.recovery restore`."""

from __future__ import annotations

import os
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import orjson
import psycopg
from flask import current_app
from psycopg import sql
from psycopg.conninfo import conninfo_to_dict

from config import Config
from wms.core import clock
from wms.platform import files
from wms.platform.engine_home import SOCKET_FOLDER_PREFIX
from wms.platform.engines import ADMIN_ROLE
from wms.platform.stores import LocalStore, StoreDamaged
from wms.recovery import manifest as layout
from wms.recovery.manifest import Manifest
from wms.recovery.programs import Programs, RecoveryError, connect, major_of, plain, programs_for

SEGMENT_BYTES = 16 * 1024 * 1024


@dataclass(frozen=True)
class Made:
    """What a backup did. `damaged` and `missing` name objects that could not be copied as they were stored."""

    folder: Path
    manifest: Manifest
    copied: int
    missing: list[str]
    damaged: list[str]
    pruned: list[str]
    seconds: float


@dataclass(frozen=True)
class Snapshot:
    """One state of the database: what a dump of it holds. `files`: size by SHA-256."""

    id: str
    revision: str
    postgres: str
    rows: dict[str, int]
    files: dict[str, int]


def make_backup(to: Path, *, base: bool = False, with_files: bool = True, keep: int | None = None) -> Made:
    """Back up the application at hand into a new folder of `to`.

    `base`: a base backup of the embedded PostgreSQL, from which its archived log leads to any later moment; otherwise a
    dump, which any PostgreSQL can take. `keep`: afterwards forget all but the newest so many of the same kind.
    """
    began = time.monotonic()
    config: Config = current_app.extensions["wms_config"]
    to.mkdir(parents=True, exist_ok=True, mode=0o700)  # everything about everybody is in it
    moment = clock.now()
    folder = to / layout.backup_name(moment)
    with files.objects_kept():
        with _draft(folder) as draft:
            programs, taken, wal_start = _take_base(config, draft) if base else _take_dump(config, draft)
            copied, missing, damaged = _copy_files(taken.files, to / layout.FILES) if with_files else (0, [], [])
            layout.write_file_list(draft, sorted(taken.files))
            manifest = Manifest(
                kind="base" if base else "dump",
                made_at=moment.isoformat(),
                postgres=taken.postgres,
                programs=programs.version,
                schema_revision=taken.revision,
                file_count=len(taken.files),
                file_bytes=sum(taken.files.values()),
                files_included=with_files,
                key_check=layout.key_check(config),
                parts={part.name: layout.sha256_of(part) for part in sorted(draft.iterdir())},
                rows=taken.rows,
                wal_start=wal_start,
            )
            layout.write_manifest(draft, manifest)
        pruned = prune(to, keep, config.wal_archive) if keep is not None else []
    return Made(folder, manifest, copied, missing, damaged, pruned, time.monotonic() - began)


@contextmanager
def _draft(folder: Path) -> Iterator[Path]:
    """A folder under another name until it is whole and on disk: a killed backup is never taken for one."""
    if folder.exists():
        raise RecoveryError(f"{folder} exists already")
    draft = folder.with_name(f".{folder.name}.new")
    shutil.rmtree(draft, ignore_errors=True)
    draft.mkdir(mode=0o700)
    try:
        yield draft
    except BaseException:
        shutil.rmtree(draft, ignore_errors=True)
        raise
    for path in (*draft.iterdir(), draft):
        _sync(path)
    draft.rename(folder)
    _sync(folder.parent)


def _sync(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


@contextmanager
def snapshot(url: str, *, count_rows: bool = True) -> Iterator[Snapshot]:
    """A state of the database that stays visible, also to pg_dump, until the end of the block."""
    with connect(url) as connection:
        connection.execute("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY")
        name = _one(connection, "SELECT pg_export_snapshot()")
        version = _one(connection, "SHOW server_version").split()[0]
        revision = _one(connection, "SELECT version_num FROM alembic_version")
        named: dict[str, int] = dict(
            connection.execute("SELECT sha256, max(size_bytes) FROM stored_file GROUP BY 1").fetchall()
        )
        rows = row_counts(connection) if count_rows else {}
        yield Snapshot(name, revision, version, rows, named)


def _one(connection: psycopg.Connection, statement: str) -> str:
    row = connection.execute(statement.encode()).fetchone()
    return str(row[0]) if row else ""


def row_counts(connection: psycopg.Connection) -> dict[str, int]:
    """Exact counts of every table; of a partitioned one as a whole."""
    tables = connection.execute(
        "SELECT relname FROM pg_class WHERE relkind IN ('r', 'p') AND NOT relispartition"
        " AND relnamespace = 'public'::regnamespace ORDER BY 1"
    ).fetchall()
    counts = {}
    for (table,) in tables:
        row = connection.execute(sql.SQL("SELECT count(*) FROM {}").format(sql.Identifier(table))).fetchone()
        counts[table] = int(row[0]) if row else 0
    return counts


def _take_dump(config: Config, draft: Path) -> tuple[Programs, Snapshot, str]:
    with snapshot(config.database_url) as taken:
        programs = programs_for(major_of(taken.postgres))
        arguments = ["--format=custom", "--compress=1", "--no-owner", "--no-privileges", f"--snapshot={taken.id}"]
        programs.run("pg_dump", [*arguments, f"--file={draft / layout.DUMP}"], config.database_url)
    return programs, taken, ""


def _take_base(config: Config, draft: Path) -> tuple[Programs, Snapshot, str]:
    """pg_basebackup of the embedded engine, and the first log file that it needs.

    The files are those that the database names at its end; a moment restored later may name more.
    """
    url = _engine_url(config.database_url)
    with connect(url) as connection:
        archiving = _one(connection, "SHOW archive_mode") == "on"
        programs = programs_for(major_of(_one(connection, "SHOW server_version")))
    if not archiving:
        raise RecoveryError("without WMS_WAL_ARCHIVE a base backup leads to no later moment; make a plain backup")
    into = draft / "taking"
    programs.run(
        "pg_basebackup",
        ["-D", into, "--format=tar", "--gzip", "--wal-method=stream", "--checkpoint=fast", "--no-password"],
        url,
    )
    for part in into.iterdir():
        part.rename(draft / part.name)
    into.rmdir()
    with snapshot(config.database_url, count_rows=False) as taken:
        return programs, taken, _first_segment(draft / "backup_manifest")


def _engine_url(url: str) -> str:
    """The address of the embedded engine as its own role. Raises RecoveryError for any other server."""
    host = str(conninfo_to_dict(plain(url)).get("host") or "")
    if not Path(host).name.startswith(SOCKET_FOLDER_PREFIX):
        raise RecoveryError(
            "base backups are made of the embedded PostgreSQL only; a server of your own has its own tools for this "
            "(pg_basebackup, pgBackRest, the provider's snapshots), see docs/deployment.md"
        )
    return f"postgresql://{ADMIN_ROLE}@/postgres?host={host}"


def _first_segment(backup_manifest: Path) -> str:
    """The name of the log file in which a base backup begins."""
    first: dict[str, Any] = orjson.loads(backup_manifest.read_bytes())["WAL-Ranges"][0]
    high, low = (int(part, 16) for part in first["Start-LSN"].split("/"))
    return f"{first['Timeline']:08X}{high:08X}{low // SEGMENT_BYTES:08X}"


def _copy_files(named: dict[str, int], to: Path) -> tuple[int, list[str], list[str]]:
    """Copy what is not there yet. Copied, missing and damaged ones; a damaged one here is copied anew."""
    source, target = files.store(), LocalStore(to)
    copied = 0
    missing, damaged = [], []
    for sha256, size in named.items():
        there = target.path_of(sha256)
        if there.exists() and there.stat().st_size == size:
            continue
        try:
            content = source.get(sha256)
        except FileNotFoundError:
            missing.append(sha256)
        except StoreDamaged:
            damaged.append(sha256)
        else:
            there.unlink(missing_ok=True)
            target.put(content)
            copied += 1
    return copied, missing, damaged


def prune(to: Path, keep: int, wal_archive: Path | None) -> list[str]:
    """Forget all but the newest `keep` backups of each kind, files that none of the others names, and the log that no
    base backup left here needs. What a person's erasure removed is thereby gone from the backups too, in time.
    """
    found = [(each, layout.read_manifest(each)) for each in layout.backups_in(to)]
    gone: list[str] = []
    for kind in ("dump", "base"):
        for folder, _ in [pair for pair in found if pair[1].kind == kind][:-keep]:
            shutil.rmtree(folder)
            gone.append(folder.name)
    left = [pair for pair in found if pair[0].name not in gone]
    wanted = {name for folder, _ in left for name in layout.read_file_list(folder)}
    store = LocalStore(to / layout.FILES)
    for batch in store.listing():
        for each in batch:
            if each.name not in wanted:
                store.delete(each.name)
    starts = sorted(manifest.wal_start for _, manifest in left if manifest.kind == "base")
    if starts and wal_archive is not None:
        _prune_log(wal_archive, starts[0])
    return gone


def _prune_log(archive: Path, first: str) -> None:
    """Remove log files before this one. Their names begin with the timeline, which says nothing of their age."""
    for path in archive.iterdir():
        if len(path.name) >= 24 and not path.name.startswith(".") and path.name[8:24] < first[8:24]:
            path.unlink(missing_ok=True)
