"""The embedded PostgreSQL's write-ahead log: kept in an archive, and replayed from a base backup up to a moment."""

from __future__ import annotations

import os
import shlex
import tarfile
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from wms.platform.engine_home import EngineError, make_folder
from wms.platform.processes import Account

ARCHIVE_SECONDS = 60  # a quiet system's last minute is what a lost disk may cost
RECOVERY_SIGNAL = "recovery.signal"


@dataclass(frozen=True)
class Recovery:
    """A base backup to start from. `until` None: to the end of the archive."""

    base: Path
    base_wal: Path
    wal_archive: Path
    until: datetime | None = None


def archive_settings(archive: Path, account: Account) -> dict[str, str]:
    """Settings with which PostgreSQL copies each finished file of its log. Raises EngineError if it could not."""
    make_folder(archive, account)
    if not account.can_enter(archive, and_write=True):
        raise EngineError(
            f"{account.name}, who runs PostgreSQL, cannot write to WMS_WAL_ARCHIVE ({archive}): "
            f"chown {account.name} {archive}, and let everybody enter the folders above it"
        )
    return {
        "wal_level": "replica",
        "max_wal_senders": "4",
        "archive_mode": "on",
        "archive_timeout": str(ARCHIVE_SECONDS),
        "archive_command": archive_command(archive),
    }


def archive_command(archive: Path) -> str:
    """A shell command that copies durably and never writes over another file.

    It succeeds for a file that was archived just before a crash, as PostgreSQL asks for it again then. Compressed: a quiet
    minute costs a file of 16 MB of which little is used, 23 GB a day.
    """
    target, draft = (f"{_quoted(archive)}/{name}" for name in ("%f.gz", ".%f.new"))
    return (
        f'if test -e {target}; then gzip -dc {target} | cmp -s - "%p"; '
        f'else gzip -c "%p" > {draft} && sync {draft} && mv {draft} {target} && sync {_quoted(archive)}; fi'
    )


def recovery_settings(recovery: Recovery, account: Account) -> dict[str, str]:
    """Settings for a replay. The archive is not written to: what is tried must not mix with what happened."""
    if not account.can_enter(recovery.wal_archive):
        raise EngineError(f"{account.name}, who runs PostgreSQL, cannot read the archive {recovery.wal_archive}")
    kept = f"{_quoted(recovery.wal_archive)}/%f.gz"
    settings = {
        "archive_mode": "off",
        "restore_command": f'test -f {kept} && gzip -dc {kept} > "%p"',
        "recovery_target_timeline": "latest",
        "recovery_target_action": "promote",
    }
    if recovery.until is not None:
        settings["recovery_target_time"] = recovery.until.isoformat()
    return settings


def lay_down(recovery: Recovery, data: Path, account: Account) -> None:
    """Unpack a base backup into an empty folder and give it to the engine's account."""
    # Early 3.11 has no filters; the archives are our own, their checksums were compared.
    careful: Any = {"filter": "data"} if hasattr(tarfile, "data_filter") else {}
    for archive, folder in ((recovery.base, data), (recovery.base_wal, data / "pg_wal")):
        with tarfile.open(archive) as packed:
            packed.extractall(folder, **careful)  # noqa: S202
    (data / RECOVERY_SIGNAL).touch()
    _give(data.rglob("*"), account)


def _give(paths: Iterable[Path], account: Account) -> None:
    for path in paths:
        path.chmod(0o700 if path.is_dir() else 0o600)
        if not account.is_current:
            os.chown(path, account.uid, account.gid)


def _quoted(path: Path) -> str:
    """For the shell, inside a setting where % has a meaning."""
    return shlex.quote(str(path)).replace("%", "%%")
