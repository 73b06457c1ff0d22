"""The counts of one process, in a file of fixed size that outlives it; `/metrics` adds the files up.

A process takes the first *slot* of the folder whose lock is free and goes on from what stands in it: counters never
fall when a process ends, and there are as many files as processes ever ran at once, however many work-horses came and
went. The lock ends with the process, so that a held lock means a living one. The file's blocks are reserved when it is
made: a disk that fills up later cannot kill the process with a bus error.

Layout, in the machine's own byte order: a header of 64 bytes (magic, bytes used, process id, start as Unix time, role),
then records: length of the key, number of doubles, the key as JSON padded to 8 bytes, the doubles. `used` grows after
the record is whole, so that a reader needs no lock.
"""

from __future__ import annotations

import fcntl
import mmap
import os
import struct
import threading
import time
from bisect import bisect_left
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import orjson
import structlog

log = structlog.get_logger(__name__)

Key = tuple[str, ...]  # name of the metric, then its label values

MAGIC = b"WMSMET01"
SIZE = 512 * 1024  # some 2,500 counters and histograms: three times what all routes and topics together make
MOST_SLOTS = 1024
RETRY_SECONDS = 60.0  # after a folder that could not be written
_HEADER = struct.Struct("=8sQQd16s")
_USED = struct.Struct("=Q")
_USED_AT = 8
_SIZES = struct.Struct("=II")
HEADER_BYTES = 64


class Recorder:
    """What this process counts. Safe between threads; after a fork the child takes a slot of its own."""

    def __init__(self) -> None:
        self.folder: Path | None = None
        self.role = ""
        self.volatile: frozenset[str] = frozenset()  # names that begin at 0 with each process
        self._lock = threading.Lock()
        self._forget()

    def _forget(self) -> None:
        self._file: int | None = None
        self._mapped: mmap.mmap | None = None
        self._doubles: memoryview[float] | None = None
        self._places: dict[Key, int] = {}
        self._used = 0
        self._not_before = 0.0

    def configure(self, folder: Path, role: str, volatile: frozenset[str]) -> None:
        """From now on count in this folder. The slot is taken with the first count."""
        with self._lock:
            self._close()
            self.folder, self.role, self.volatile = folder, role, volatile

    def take_slot(self) -> None:
        """Be seen, before anything is counted."""
        with self._lock:
            if self._mapped is None:
                self._open()

    def count(self, key: Key, amount: float = 1.0) -> None:
        with self._lock:
            place = self._places.get(key) or self._place(key, 1)
            if place and self._doubles is not None:
                self._doubles[place] += amount

    def observe(self, key: Key, bounds: Sequence[float], value: float) -> None:
        """Count `value` in the bucket of the first bound that is not below it, and add it to the sum behind them."""
        bucket, last = bisect_left(bounds, value), len(bounds) + 1
        with self._lock:
            place = self._places.get(key) or self._place(key, last + 1)
            if place and self._doubles is not None:
                self._doubles[place + bucket] += 1.0
                self._doubles[place + last] += value

    def _place(self, key: Key, numbers: int) -> int:
        """Where this key's doubles begin, counted in doubles; 0 when there is no file, or no room in it."""
        if self._mapped is None and not self._open():
            return 0
        found = self._places.get(key)
        if found is not None:
            return found
        text = orjson.dumps(key)
        begin = self._used + _SIZES.size + len(text)
        begin += -begin % 8
        end = begin + 8 * numbers
        mapped: mmap.mmap = self._mapped  # type: ignore[assignment]
        if end > SIZE:
            return 0
        _SIZES.pack_into(mapped, self._used, len(text), numbers)
        mapped[self._used + _SIZES.size : self._used + _SIZES.size + len(text)] = text
        _USED.pack_into(mapped, _USED_AT, end)
        self._used = end
        self._places[key] = begin // 8
        return begin // 8

    def _open(self) -> bool:
        now = time.monotonic()
        if self.folder is None or now < self._not_before:
            return False
        try:
            self._file = _take_slot(self.folder)
        except OSError as fault:  # a full disk, a folder that is not ours: work goes on uncounted
            self._not_before = now + RETRY_SECONDS
            log.warning("metrics.away", error=type(fault).__name__)
            return False
        self._mapped = mmap.mmap(self._file, SIZE)
        self._doubles = memoryview(self._mapped).cast("d")
        magic, used, *_ = _HEADER.unpack_from(self._mapped)
        self._used = used if magic == MAGIC else HEADER_BYTES
        header = (MAGIC, self._used, os.getpid(), time.time(), self.role.encode()[:16])
        _HEADER.pack_into(self._mapped, 0, *header)
        for key, begin, numbers in _records(self._mapped, self._used):
            self._places[key] = begin // 8
            if key[0] in self.volatile:
                self._mapped[begin : begin + 8 * numbers] = bytes(8 * numbers)
        return True

    def _close(self) -> None:
        if self._doubles is not None:
            self._doubles.release()
        if self._mapped is not None:
            self._mapped.close()
        if self._file is not None:
            os.close(self._file)
        self._forget()

    def close(self) -> None:
        """Give the slot back."""
        with self._lock:
            self._close()

    def after_fork(self) -> None:
        """In the child: the slot stays the parent's. Nothing is written, and nothing of the parent's lock is kept."""
        self._lock = threading.Lock()
        self._close()


def _take_slot(folder: Path) -> int:
    """An open and locked slot file with its blocks reserved."""
    folder.mkdir(parents=True, exist_ok=True)
    for number in range(MOST_SLOTS):
        file = os.open(folder / f"slot-{number}", os.O_RDWR | os.O_CREAT, 0o600)
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(file)
            continue
        try:
            os.posix_fallocate(file, 0, SIZE)
        except OSError:
            os.close(file)
            raise
        return file
    raise OSError(f"all {MOST_SLOTS} slots are taken")


def _records(content: mmap.mmap | bytes, used: int) -> Iterator[tuple[Key, int, int]]:
    """(key, first byte of its doubles, how many) of each whole record."""
    at = HEADER_BYTES
    while at + _SIZES.size <= used:
        length, numbers = _SIZES.unpack_from(content, at)
        text = content[at + _SIZES.size : at + _SIZES.size + length]
        begin = at + _SIZES.size + length
        begin += -begin % 8
        yield tuple(orjson.loads(text)), begin, numbers
        at = begin + 8 * numbers


@dataclass(frozen=True)
class Slot:
    """One process' file as it is now. `alive`: a process holds it."""

    number: int
    alive: bool
    pid: int
    started: float  # Unix time
    role: str
    values: dict[Key, tuple[float, ...]]


def read_slots(folder: Path) -> list[Slot]:
    """Every slot of the folder, in order."""
    found = []
    for path in folder.glob("slot-*"):
        with suppress(FileNotFoundError):
            slot = _read(path)
            if slot is not None:
                found.append(slot)
    return sorted(found, key=lambda slot: slot.number)


def _read(path: Path) -> Slot | None:
    file = os.open(path, os.O_RDWR)
    try:
        header = os.pread(file, HEADER_BYTES, 0)
        if len(header) < HEADER_BYTES or not header.startswith(MAGIC):
            return None
        _, used, pid, started, role = _HEADER.unpack_from(header)
        content = os.pread(file, used, 0)
        values = {
            key: struct.unpack_from(f"={numbers}d", content, begin) for key, begin, numbers in _records(content, used)
        }
        number = int(path.name.removeprefix("slot-"))
        return Slot(number, _is_held(file), pid, started, role.rstrip(b"\0").decode(), values)
    finally:
        os.close(file)


def _is_held(file: int) -> bool:
    """Whether a process has the slot. For that moment a starting one takes the next slot instead: no harm."""
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    return False


def clear(folder: Path) -> None:
    """Begin anew: the supervisor does so before it starts anything."""
    for path in folder.glob("slot-*"):
        path.unlink(missing_ok=True)
