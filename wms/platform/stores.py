"""Where the bytes of files lie: a folder, or a bucket of an S3-compatible server. Objects are named by their SHA-256.

A store only grows and forgets: the same bytes have the same name, so writing twice is writing once, and a copy made
later than a database dump holds every object that the dump names (`wms.recovery`).
"""

from __future__ import annotations

import hashlib
import os
import re
import tempfile
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Protocol

from config import Config
from wms.platform.outbox import Away

SHA256 = re.compile(r"[0-9a-f]{64}")
DRAFT = ".new-"
BATCH = 1000  # objects told at once: what one S3 listing holds


class StoreAway(Away):
    """The store does not answer, or not in time. Nothing was lost: the same call may be made again."""


class StoreDamaged(Exception):
    """An object's bytes are not those of its name: the disk or somebody changed them."""


@dataclass(frozen=True)
class Kept:
    """An object as a listing tells it. `name` is its SHA-256, or what a killed writer left behind."""

    name: str
    written_at: datetime


class Store(Protocol):
    """Every store has these. Each may raise StoreAway; none is called inside a transaction that holds locks."""

    def put(self, content: bytes) -> str:
        """Store the bytes durably; returns their SHA-256. An object that is there becomes freshly written."""

    def get(self, sha256: str) -> bytes:
        """The bytes; FileNotFoundError when they are gone, StoreDamaged when they are not what they were."""

    def delete(self, name: str) -> None:
        """Remove an object; nothing happens when it is gone."""

    def delete_old(self, name: str, deadline: datetime) -> bool:
        """Remove an object that nobody has written since the deadline; whether it was removed."""

    def listing(self) -> Iterator[list[Kept]]:
        """All that is kept, in batches."""


def open_store(config: Config) -> Store:
    """The store that the configuration names. Nothing is asked of it yet."""
    if not config.s3_bucket:
        return LocalStore(config.files_root)
    from wms.platform.s3_store import S3Store, s3_client  # only an installation with a bucket has the package

    return S3Store(s3_client(config), config.s3_bucket)


def checked(content: bytes, sha256: str) -> bytes:
    """The content, if it has this SHA-256; StoreDamaged otherwise."""
    if hashlib.sha256(content).hexdigest() != sha256:
        raise StoreDamaged(f"object {sha256} has other bytes than it was stored with")
    return content


class LocalStore:
    """Objects in a folder, `ab/cd/<sha256>`."""

    def __init__(self, root: Path) -> None:
        self.root = root

    def path_of(self, sha256: str) -> Path:
        return self.root / sha256[:2] / sha256[2:4] / sha256

    def put(self, content: bytes) -> str:
        sha256 = hashlib.sha256(content).hexdigest()
        target = self.path_of(sha256)
        with suppress(FileNotFoundError):
            os.utime(target)  # freshly wanted: the orphan sweep must not take it before its row is committed
            return sha256
        target.parent.mkdir(parents=True, exist_ok=True)
        handle, temporary = tempfile.mkstemp(dir=target.parent, prefix=DRAFT)
        try:
            with os.fdopen(handle, "wb") as stream:
                stream.write(content)
                stream.flush()
                os.fsync(stream.fileno())
            Path(temporary).replace(target)
            _sync_folder(target.parent)
        except BaseException:
            Path(temporary).unlink(missing_ok=True)
            raise
        return sha256

    def get(self, sha256: str) -> bytes:
        return checked(self.path_of(sha256).read_bytes(), sha256)

    def delete(self, name: str) -> None:
        if name.startswith(DRAFT):
            for left in self.root.glob(f"??/??/{name}"):
                left.unlink(missing_ok=True)
        else:
            self.path_of(name).unlink(missing_ok=True)

    def delete_old(self, name: str, deadline: datetime) -> bool:
        if not name.startswith(DRAFT):  # nobody writes a draft twice
            written_at = _written_at(self.path_of(name))
            if written_at is None or written_at > deadline:
                return False
        self.delete(name)
        return True

    def listing(self) -> Iterator[list[Kept]]:
        batch: list[Kept] = []
        for path in self.root.glob("??/??/*"):
            written_at = _written_at(path)
            if written_at is None:
                continue
            batch.append(Kept(path.name, written_at))
            if len(batch) == BATCH:
                yield batch
                batch = []
        if batch:
            yield batch


def _written_at(path: Path) -> datetime | None:
    """None when it is gone: a writer has just given it its name, or another sweeper was faster."""
    try:
        return datetime.fromtimestamp(path.stat().st_mtime, UTC)
    except FileNotFoundError:
        return None


def _sync_folder(folder: Path) -> None:
    """The name as durable as the bytes: a rename is in the folder, which has a write cache of its own."""
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
