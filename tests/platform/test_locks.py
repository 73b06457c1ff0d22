"""The one order of row locks (DESIGN.md 3, law 5): asked for the other way round it is refused, whatever savepoints did between."""

from __future__ import annotations

from typing import Any

import pytest

from wms.platform.commands import next_posting_key
from wms.platform.database import commit, rollback, session
from wms.platform.locks import LockOrderViolation, Rank, claim

pytestmark = pytest.mark.usefixtures("db_session")


def test_ranks_are_locked_upwards_only() -> None:
    for rank in (Rank.DOCUMENT, Rank.DOCUMENT, Rank.BALANCE, Rank.COUNTER):
        claim(rank)
    with pytest.raises(LockOrderViolation, match="asked for BALANCE after COUNTER"):
        claim(Rank.BALANCE)


@pytest.mark.parametrize("end", [commit, rollback])
def test_each_transaction_begins_anew(end: Any) -> None:
    session().connection()
    claim(Rank.COUNTER)
    end()
    claim(Rank.DOCUMENT)


@pytest.mark.parametrize("is_kept", [True, False])
def test_a_savepoint_ends_and_the_transaction_goes_on(is_kept: bool) -> None:
    """Neither the locks held so far nor the numbering of its postings begin again."""
    claim(Rank.BALANCE)
    session().info["posting_key"] = ("command", 0)
    first = next_posting_key()
    savepoint = session().begin_nested()
    claim(Rank.SUMMARY)
    (savepoint.commit if is_kept else savepoint.rollback)()
    assert next_posting_key() != first
    assert session().info["posting_key"] == ("command", 2)
    with pytest.raises(LockOrderViolation, match="asked for BALANCE after SUMMARY"):
        claim(Rank.BALANCE)
