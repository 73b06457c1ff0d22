"""Reading the ledger in the order of its moves, behind those who write it: nothing is read twice, nothing missed.

A move's number is drawn before its transaction commits, so a lower number may become visible after a higher one. What is
*settled* is decided by transaction ids: every posting has its id before it draws a number (it has locked rows). Read the
last number drawn, then take an id of one's own: all who drew up to that number have lower ids. Once they have all ended,
everything up to that number is visible for good. No lock is taken that a posting would wait for (decision 037).
"""

from __future__ import annotations

from sqlalchemy import BigInteger, String
from sqlalchemy.orm import Mapped, mapped_column

from wms.platform.database import Base
from wms.platform.statements import Statement


class Follower(Base):
    """How far a job has followed the ledger. `candidate`: a number that is settled once all before `candidate_xid` ended."""

    __tablename__ = "stock_follower"

    name: Mapped[str] = mapped_column(String(24), primary_key=True)
    move_id: Mapped[int] = mapped_column(BigInteger)
    candidate: Mapped[int] = mapped_column(BigInteger)
    candidate_xid: Mapped[int] = mapped_column(BigInteger)


_DRAWN = Statement("SELECT CASE WHEN is_called THEN last_value ELSE 0 END AS number FROM stock_move_id_seq")
_MINE = Statement("SELECT CAST(CAST(pg_current_xact_id() AS text) AS bigint)")
_WHERE = Statement("SELECT move_id FROM stock_follower WHERE name = :name")
_MAKE = Statement(
    "INSERT INTO stock_follower (name, move_id, candidate, candidate_xid) VALUES (:name, :from, 0, 0)"
    " ON CONFLICT DO NOTHING"
)
_LOCK = Statement("SELECT move_id, candidate, candidate_xid FROM stock_follower WHERE name = :name FOR UPDATE")
# Every transaction with an id below `:xid`, other than this one, has ended.
_ENDED = Statement(
    "SELECT CAST(CAST(pg_snapshot_xmax(pg_current_snapshot()) AS text) AS bigint) >= :xid AND NOT EXISTS ("
    "SELECT 1 FROM pg_snapshot_xip(pg_current_snapshot()) AS x WHERE CAST(CAST(x AS text) AS bigint) < :xid)"
)
_WAIT = Statement("UPDATE stock_follower SET candidate = :candidate, candidate_xid = :xid WHERE name = :name")
_GO_ON = Statement("UPDATE stock_follower SET move_id = greatest(move_id, :move) WHERE name = :name")


def my_transaction() -> int:
    """This transaction's id, higher than that of everybody who has written before."""
    return int(_MINE.scalar())


def all_ended_before(transaction_id: int) -> bool:
    """Whether all transactions with lower ids have ended: what they wrote is visible, or never will be."""
    return bool(_ENDED.scalar({"xid": transaction_id}))


def settled(name: str, *, beginning: int = 0) -> tuple[int, int]:
    """What this follower may read now: moves with numbers above the first and up to the second. Its row is locked.

    Called first thing in a transaction, which must not have written yet. `beginning`: where a follower starts that has
    never run. When the newest is not settled yet, what was the newest the last time is, sooner or later.
    """
    drawn = int(_DRAWN.scalar())
    known = _WHERE.scalar({"name": name})
    if known is not None and drawn <= known:
        return int(known), int(known)  # nothing new: no transaction id is spent, no row locked
    mine = my_transaction()
    _MAKE.run({"name": name, "from": beginning})
    row = _LOCK.first({"name": name})
    if all_ended_before(mine):
        return row.move_id, max(row.move_id, drawn)
    if row.candidate > row.move_id and all_ended_before(row.candidate_xid):
        return row.move_id, row.candidate
    if row.candidate <= row.move_id or row.candidate_xid > mine:  # an id of the future: restored from another cluster
        _WAIT.run({"name": name, "candidate": drawn, "xid": mine})
    return row.move_id, row.move_id


def go_on(name: str, move_id: int) -> None:
    """Everything up to this number has been dealt with, in this transaction."""
    _GO_ON.run({"name": name, "move": move_id})


def followed(name: str) -> int:
    """How far this follower has come; 0 before it ever ran."""
    return int(_WHERE.scalar({"name": name}) or 0)
