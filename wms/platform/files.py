"""Content-addressed files: the object first (temporary, fsync, rename), then the row; orphans are swept.

The same bytes are stored once and counted; the object goes when its last reference goes or its erase date passes.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, timedelta
from functools import partial

from flask import current_app
from sqlalchemy import Date, Index, Integer, String, select, text
from sqlalchemy.orm import Mapped, mapped_column

from wms.core import clock
from wms.core.refusals import not_found
from wms.platform.database import Base, DocumentId, Instant, after_commit, db, end_reading, session
from wms.platform.stores import DRAFT, Store


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


def store() -> Store:
    found: Store = current_app.extensions["wms_files"]
    return found


@dataclass(frozen=True)
class Kept:
    """An object that lies in the store and that no row names yet. The sweep leaves it alone for an hour."""

    sha256: str
    size_bytes: int
    media_type: str


def keep(content: bytes, media_type: str) -> Kept:
    """Put an object into the store, outside any transaction: the command that follows names it with `name_file`.

    Raises StoreAway.
    """
    end_reading()
    return Kept(store().put(content), len(content), media_type)


def name_file(kept: Kept, erase_on: date | None = None) -> uuid.UUID:
    """The row of an object that was put first, with the transaction of the command."""
    row = StoredFile(**vars(kept), erase_on=erase_on, created_at=clock.now())
    session().add(row)
    session().flush()
    return row.id


def save_file(content: bytes, media_type: str, erase_on: date | None = None) -> uuid.UUID:
    """Store an object, then insert its row with the transaction that begins here; returns the row's id.

    The store may be across a network: what was read before is let go first (law 8), so call this before any change
    of the transaction. Raises StoreAway.
    """
    end_reading()
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
    """The bytes and media type of a stored file; None when it was erased.

    Like `save_file`, for transactions that have only read. Raises StoreAway, FileNotFoundError and StoreDamaged.
    """
    row = session().get(StoredFile, file_id)
    if row is None:
        return None
    sha256, media_type = row.sha256, row.media_type
    end_reading()
    return store().get(sha256), media_type


def read_named(file_id: uuid.UUID, name: str, noun: str) -> tuple[bytes, str, str]:
    """(bytes, media type, name), as a page hands a file out; refuses as not found, by `noun`, what was erased."""
    found = read_file(file_id)
    if found is None:
        raise not_found(noun)
    return found[0], found[1], name


def erase_file(file_id: uuid.UUID) -> None:
    """Drop a reference; the object goes with the last one at the next sweep."""
    session().execute(text("DELETE FROM stored_file WHERE id = :id"), {"id": file_id})


def forget_files(file_ids: Sequence[uuid.UUID]) -> None:
    """Content that must be forgotten: the references now, the objects once that is committed. No row names them any more."""
    hashes = session().scalars(select(StoredFile.sha256).where(StoredFile.id.in_(file_ids))).all()
    for file_id in file_ids:
        erase_file(file_id)
    for sha256 in hashes:
        after_commit(partial(remove_unnamed, sha256))


# Held shared by whoever deletes an object, exclusively by a backup: every object that the database's snapshot names is
# still there when the backup comes to copy it. A number of ours; nothing else uses two-part advisory locks.
KEEP_OBJECTS = (1_193_046, 1)
_MAY_DELETE = text("SELECT pg_try_advisory_xact_lock_shared(:a, :b)")


def remove_unnamed(sha256: str) -> bool:
    """Delete an object at once when no row names it: for content that must be forgotten and is not made again.

    While a backup runs it stays until the next sweep.
    """
    if _named([sha256]) or not _may_delete():
        return False
    end_reading()
    store().delete(sha256)
    return True


def sweep_orphans(older_than_seconds: float = 3600.0) -> int:
    """Delete objects that no row names and that are old enough not to be on their way; returns how many."""
    removed = 0
    deadline = clock.now() - timedelta(seconds=older_than_seconds)
    end_reading()
    for batch in store().listing():
        old = [each.name for each in batch if each.written_at <= deadline]
        named = _named([name for name in old if not name.startswith(DRAFT)])
        allowed = _may_delete()
        end_reading()
        if not allowed:  # a backup is being made
            break
        for name in old:
            # By its age once more: the same bytes may have been put since, for a row that is not committed yet.
            if name not in named and store().delete_old(name, deadline):
                removed += 1
    return removed


@contextmanager
def objects_kept() -> Iterator[None]:
    """Nobody deletes an object inside the block. A killed holder frees the others: the lock is its connection's."""
    numbers = {"a": KEEP_OBJECTS[0], "b": KEEP_OBJECTS[1]}
    with db.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text("SELECT pg_advisory_lock(:a, :b)"), numbers)
        try:
            yield
        finally:
            connection.execute(text("SELECT pg_advisory_unlock(:a, :b)"), numbers)


def _may_delete() -> bool:
    return bool(session().execute(_MAY_DELETE, {"a": KEEP_OBJECTS[0], "b": KEEP_OBJECTS[1]}).scalar())


def _named(names: Iterable[str]) -> set[str]:
    """Those of these objects that a row names."""
    statement = text("SELECT DISTINCT sha256 FROM stored_file WHERE sha256 = ANY(:names)")
    return set(session().execute(statement, {"names": list(names)}).scalars())
