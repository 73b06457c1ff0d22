"""What this machine has done with each job, on disk before it goes on; and the words that the server has not heard yet.

States: *claimed* · *arming* (the server is being asked for leave) · *dispatching* (from here on it may have been sent) ·
*sent* (the printer or its queue has it and is still looked after) · *done* · *unsent* (surely not sent) · *lost*.
"""

from __future__ import annotations

import sqlite3
import threading
from dataclasses import dataclass
from pathlib import Path

_TABLES = """
CREATE TABLE IF NOT EXISTS job (
    job_id TEXT PRIMARY KEY, claim_token INTEGER NOT NULL, printer_id TEXT NOT NULL, once INTEGER NOT NULL,
    state TEXT NOT NULL, spool_id TEXT, next_seq INTEGER NOT NULL
);
CREATE TABLE IF NOT EXISTS word (
    number INTEGER PRIMARY KEY AUTOINCREMENT, job_id TEXT NOT NULL, claim_token INTEGER NOT NULL, seq INTEGER NOT NULL,
    type TEXT NOT NULL, detail TEXT NOT NULL
);
"""
OPEN = ("claimed", "arming", "dispatching", "sent")
MAY_HAVE_PRINTED = ("dispatching", "sent", "done", "lost")
KEEP_JOBS = 50_000  # weeks of a busy bench; a job's id is remembered at least that long


@dataclass(frozen=True)
class Entry:
    """One job as the journal has it."""

    job_id: str
    claim_token: int
    printer_id: str
    once: bool
    state: str
    spool_id: str | None


@dataclass(frozen=True)
class Word:
    """One thing to be told: `seq` numbers the words about a job for the server, which takes each once."""

    number: int
    job_id: str
    claim_token: int
    seq: int
    type: str
    detail: str


class Journal:
    """One file. Every change is on disk when the call returns (`synchronous = FULL`)."""

    def __init__(self, path: Path) -> None:
        self._lock = threading.RLock()
        self._file = sqlite3.connect(path, isolation_level=None, check_same_thread=False, timeout=10)
        for line in ("PRAGMA journal_mode = WAL", "PRAGMA synchronous = FULL"):
            self._file.execute(line).fetchall()
        self._file.executescript(_TABLES)

    def close(self) -> None:
        self._file.close()

    def begin(self, job_id: str, claim_token: int, printer_id: str, *, once: bool, next_seq: int) -> bool:
        """Note a claim. False when this machine may have printed the job before and it must be printed once only:
        the server has forgotten that (a restored backup), this file has not.
        """
        with self._lock:
            known = self.find(job_id)
            if known is not None and once and known.state in MAY_HAVE_PRINTED:
                self._write(
                    "UPDATE job SET claim_token = ?, next_seq = ? WHERE job_id = ?", claim_token, next_seq, job_id
                )
                return False
            self._write(
                "INSERT INTO job VALUES (?, ?, ?, ?, 'claimed', NULL, ?) ON CONFLICT (job_id) DO UPDATE SET"
                " claim_token = excluded.claim_token, printer_id = excluded.printer_id, state = 'claimed',"
                " spool_id = NULL, next_seq = excluded.next_seq",
                job_id, claim_token, printer_id, int(once), next_seq,
            )  # fmt: skip
            self._write("DELETE FROM job WHERE rowid <= (SELECT max(rowid) FROM job) - ?", KEEP_JOBS)
        return True

    def mark(self, job_id: str, state: str) -> None:
        """The next step of a job, before it is taken."""
        self._write("UPDATE job SET state = ? WHERE job_id = ?", state, job_id)

    def note_spool(self, job_id: str, spool_id: str) -> None:
        """What the printer calls the job."""
        self._write("UPDATE job SET spool_id = ? WHERE job_id = ?", spool_id, job_id)

    def settle(self, job_id: str, state: str, word: str, detail: str) -> None:
        """What came of a job, and the word about it: both or neither."""
        with self._lock:
            self._file.execute("BEGIN IMMEDIATE")
            try:
                self._file.execute(
                    "INSERT INTO word (job_id, claim_token, seq, type, detail)"
                    " SELECT job_id, claim_token, next_seq, ?, ? FROM job WHERE job_id = ?",
                    (word, detail[:120], job_id),
                )
                self._file.execute(
                    "UPDATE job SET state = ?, next_seq = next_seq + 1 WHERE job_id = ?", (state, job_id)
                )
            except BaseException:
                self._file.execute("ROLLBACK")
                raise
            self._file.execute("COMMIT")

    def find(self, job_id: str) -> Entry | None:
        return next(iter(self._entries("WHERE job_id = ?", job_id)), None)

    def open_jobs(self, printer_id: str) -> list[Entry]:
        """What is not finished on one printer, oldest first."""
        places = ", ".join("?" * len(OPEN))
        return self._entries(f"WHERE printer_id = ? AND state IN ({places}) ORDER BY rowid", printer_id, *OPEN)

    def words(self, most: int = 50) -> list[Word]:
        """What the server has not heard, in order."""
        with self._lock:
            rows = self._file.execute(
                "SELECT number, job_id, claim_token, seq, type, detail FROM word ORDER BY number LIMIT ?", (most,)
            ).fetchall()
        return [Word(*row) for row in rows]

    def heard(self, word: Word) -> None:
        """The server has it, or does not want it."""
        self._write("DELETE FROM word WHERE number = ?", word.number)

    def pending(self) -> int:
        with self._lock:
            return int(self._file.execute("SELECT count(*) FROM word").fetchone()[0])

    def _entries(self, condition: str, *values: object) -> list[Entry]:
        with self._lock:
            rows = self._file.execute(
                f"SELECT job_id, claim_token, printer_id, once, state, spool_id FROM job {condition}", values
            ).fetchall()
        return [Entry(row[0], row[1], row[2], bool(row[3]), row[4], row[5]) for row in rows]

    def _write(self, statement: str, *values: object) -> None:
        with self._lock:
            self._file.execute(statement, values)
