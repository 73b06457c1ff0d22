"""What a backup says of itself, and how a folder of backups is laid out.

DIR/files/ab/cd/<sha256>        the files of all backups, each once
DIR/20261128T205500Z/           one backup
    manifest.json  files.txt.gz  and database.dump, or base.tar.gz, pg_wal.tar.gz and backup_manifest
"""

from __future__ import annotations

import gzip
import hashlib
import hmac
import re
from dataclasses import asdict, dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

import orjson

from config import Config
from wms.recovery.programs import RecoveryError

FORMAT = 1
MANIFEST = "manifest.json"
FILE_LIST = "files.txt.gz"
DUMP = "database.dump"
BASE = "base.tar.gz"
BASE_WAL = "pg_wal.tar.gz"
FILES = "files"
NAME = re.compile(r"\d{8}T\d{6}Z")


@dataclass(frozen=True)
class Manifest:
    """`parts`: SHA-256 by file name. `rows`: exact counts by table in the snapshot (dumps only).

    `wal_start`: the first log file a base backup needs. `key_check` tells whether another installation has the same
    WMS_PII_KEY, without telling the key.
    """

    kind: str  # dump | base
    made_at: str
    postgres: str
    programs: str
    schema_revision: str
    file_count: int
    file_bytes: int
    files_included: bool
    key_check: str
    parts: dict[str, str]
    rows: dict[str, int] = field(default_factory=dict)
    wal_start: str = ""
    format: int = FORMAT


def write_manifest(folder: Path, manifest: Manifest) -> None:
    (folder / MANIFEST).write_bytes(orjson.dumps(asdict(manifest), option=orjson.OPT_INDENT_2))


def read_manifest(folder: Path) -> Manifest:
    """The manifest of a finished backup. Raises RecoveryError when the folder is none."""
    path = folder / MANIFEST
    if not path.exists():
        inside = sorted(each.name for each in backups_in(folder)) if folder.is_dir() else []
        hint = f"; name one of those in it: {', '.join(inside)}" if inside else ""
        raise RecoveryError(f"{folder} is not a backup: it has no {MANIFEST}{hint}")
    try:
        told: dict[str, Any] = orjson.loads(path.read_bytes())
        if told.get("format") != FORMAT:
            raise RecoveryError(f"{path} has format {told.get('format')}; this release reads {FORMAT}")
        return Manifest(**told)
    except (orjson.JSONDecodeError, TypeError) as fault:
        raise RecoveryError(f"{path} cannot be read: {fault}") from fault


def require_whole(folder: Path, manifest: Manifest) -> None:
    """Raise RecoveryError unless every part is there with the bytes it was made with."""
    for name, sha256 in manifest.parts.items():
        part = folder / name
        if not part.exists():
            raise RecoveryError(f"{part} is missing: the backup is not whole")
        if sha256_of(part) != sha256:
            raise RecoveryError(f"{part} has other bytes than it was made with: the backup is damaged")


def sha256_of(path: Path) -> str:
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def backups_in(folder: Path) -> list[Path]:
    """Finished backups, oldest first."""
    return sorted(each for each in folder.iterdir() if NAME.fullmatch(each.name) and (each / MANIFEST).exists())


def backup_name(moment: datetime) -> str:
    return f"{moment:%Y%m%dT%H%M%SZ}"


def write_file_list(folder: Path, names: list[str]) -> None:
    (folder / FILE_LIST).write_bytes(gzip.compress("\n".join(names).encode(), mtime=0))


def read_file_list(folder: Path) -> list[str]:
    return gzip.decompress((folder / FILE_LIST).read_bytes()).decode().split()


def key_check(config: Config) -> str:
    return hmac.new(config.pii_key.encode(), b"wms backup", hashlib.sha256).hexdigest()[:16]
