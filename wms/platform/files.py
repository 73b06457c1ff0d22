"""Content-addressed files: the object first (temporary, fsync, rename), then the row; orphans are swept.

The same bytes are stored once and counted; the object goes when its last reference goes or its erase date passes.
"""

from __future__ import annotations

import hashlib
import os
import tempfile
import uuid
from datetime import date
from pathlib import Path

from flask import current_app
from sqlalchemy import Date, Index, Integer, String, text
from sqlalchemy.orm import Mapped, mapped_column

from wms.core import clock
from wms.platform.database import Base, DocumentId, Instant, session


class StoredFile(Base):
    """One reference to an object. Several rows may share a `sha256`."""

    __tablename__ = "stored_file"
    __table_args__ = (Index("ix_stored_file_sha256", "sha256"), Index("ix_stored_file_erase_on", "erase_on"))

    id: Mapped[DocumentId]
    sha256: Mapped[str] = mapped_column(String(64))
    size_bytes: Mapped[int] = mapped_column(Integer)
    media_type: Mapped[str] = mapped_column(String(80))
    erase_on: Mapped[date | None] = mapped_column(Date)
    created_at: Mapped[Instant]


class LocalStore:
    """Objects in a folder, `ab/cd/<sha256>`. The S3-compatible store has the same three methods."""

    def __init__(self, root: Path) -> None:
        self.root = root

    def path_of(self, sha256: str) -> Path:
        return self.root / sha256[:2] / sha256[2:4] / sha256

    def put(self, content: bytes) -> str:
        """Store the bytes durably; returns their SHA-256. Storing the same bytes twice is one object."""
        sha256 = hashlib.sha256(content).hexdigest()
        target = self.path_of(sha256)
        if target.exists():
            os.utime(target)  # freshly wanted: the orphan sweep must not take it before its row is committed
            return sha256
        target.parent.mkdir(parents=True, exist_ok=True)
        handle, temporary = tempfile.mkstemp(dir=target.parent, prefix=".new-")
        try:
            with os.fdopen(handle, "wb") as stream:
                stream.write(content)
                stream.flush()
                os.fsync(stream.fileno())
            Path(temporary).replace(target)
        except BaseException:
            Path(temporary).unlink(missing_ok=True)
            raise
        return sha256

    def get(self, sha256: str) -> bytes:
        """The bytes; FileNotFoundError when they are gone."""
        return self.path_of(sha256).read_bytes()

    def delete(self, sha256: str) -> None:
        self.path_of(sha256).unlink(missing_ok=True)


def store() -> LocalStore:
    found: LocalStore = current_app.extensions["wms_files"]
    return found


def save_file(content: bytes, media_type: str, erase_on: date | None = None) -> uuid.UUID:
    """Store an object and insert its row with the current transaction; returns the row's id."""
    sha256 = store().put(content)
    row = StoredFile(
        sha256=sha256,
        size_bytes=len(content),
        media_type=media_type,
        erase_on=erase_on,
        created_at=clock.now(),
    )
    session().add(row)
    session().flush()
    return row.id


def read_file(file_id: uuid.UUID) -> tuple[bytes, str] | None:
    """The bytes and media type of a stored file; None when it was erased."""
    row = session().get(StoredFile, file_id)
    return None if row is None else (store().get(row.sha256), row.media_type)


def erase_file(file_id: uuid.UUID) -> None:
    """Drop a reference; the object goes with the last one at the next sweep."""
    session().execute(text("DELETE FROM stored_file WHERE id = :id"), {"id": file_id})


def remove_unnamed(sha256: str) -> bool:
    """Delete an object at once when no row names it: for content that must be forgotten and is not made again."""
    if _is_named(sha256):
        return False
    store().delete(sha256)
    return True


def sweep_orphans(older_than_seconds: float = 3600.0) -> int:
    """Delete objects that no row names and that are old enough not to be on their way; returns how many."""
    removed = 0
    deadline = clock.now().timestamp() - older_than_seconds
    for path in store().root.glob("??/??/*"):
        if path.stat().st_mtime > deadline:
            continue
        if path.name.startswith(".new-") or not _is_named(path.name):
            path.unlink(missing_ok=True)
            removed += 1
    return removed


def _is_named(sha256: str) -> bool:
    statement = text("SELECT EXISTS (SELECT 1 FROM stored_file WHERE sha256 = :sha256)")
    return bool(session().execute(statement, {"sha256": sha256}).scalar())
