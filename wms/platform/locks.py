"""The one ranked order of row locks (law 5). Asking for a lower rank after a higher one is refused.

Every operation is assumed to run twice at once. Two transactions that both lock in this order cannot wait for each
other in a circle; rows of one rank are locked by ascending id in one statement.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from enum import IntEnum
from typing import Any, TypeVar

from sqlalchemy import select

from wms.platform.database import Base, session
from wms.platform.metrics import tally


class Rank(IntEnum):
    COMMAND = 0
    DOCUMENT = 1
    TASK = 2
    HANDLING_UNIT = 3
    PROMISE = 4  # a promise and the claims below it change together: it comes before the rows they stand on
    BALANCE = 5
    SUMMARY = 6
    BOOK_ITEM = 7
    PERMIT = 8
    COUNTER = 9


NAMES = {rank: rank.name.lower() for rank in Rank}  # as metrics name them


class LockOrderViolation(RuntimeError):
    """A programming fault: this code path could deadlock with another one."""


def claim(rank: Rank) -> None:
    """Declare that rows of `rank` are about to be locked (also by a conditional UPDATE)."""
    info = session().info
    highest = info.get("locks", Rank.COMMAND)
    if rank < highest:
        raise LockOrderViolation(f"asked for {rank.name} after {Rank(highest).name}")
    info["locks"] = rank
    tally.rank = NAMES[rank]


Model = TypeVar("Model", bound=Base)


def lock(rank: Rank, model: type[Model], ids: Iterable[Any]) -> Sequence[Model]:
    """Lock the rows with these ids by ascending id and return them fresh, in that order. Missing ids are left out.

    FOR NO KEY UPDATE: our keys never change, so a foreign key that points at a locked row need not wait for it.
    """
    wanted = sorted(set(ids))
    claim(rank)
    if not wanted:
        tally.rank = None
        return []
    key: Any = model.__mapper__.all_orm_descriptors["id"]
    statement = (
        select(model)
        .where(key.in_(wanted))
        .order_by(key)
        .with_for_update(key_share=True)
        .execution_options(populate_existing=True)
    )
    return session().scalars(statement).all()


def lock_one(rank: Rank, model: type[Model], key: Any) -> Model | None:
    """Lock one row; None when it does not exist."""
    found = lock(rank, model, [key])
    return found[0] if found else None
